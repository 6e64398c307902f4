//! Objects as files: read in one go, or where the reader says what it needs.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path as FilePath;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::SystemTime;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, OBJECT_STORE_COALESCE_DEFAULT, ObjectMeta, ObjectStore, coalesce_ranges};

use super::client::Client;
use super::told::told;
use crate::error::{Error, ErrorKind, Result};
use crate::io::path::Stamp;

/// So much of the end of an object is read when it is opened: footers are there, and of small objects it is all.
const END: u64 = 64 << 10;
/// Who reads one byte after the other gets ever larger pieces, the next of them while the last is used.
const FIRST: u64 = 256 << 10;
const LARGEST: u64 = 8 << 20;

/// An object that was found.
#[derive(Clone, Debug)]
pub(in crate::io) struct Object {
    client: Arc<Client>,
    key: Path,
    bytes: u64,
}

impl Object {
    pub(super) fn new(client: Arc<Client>, meta: ObjectMeta) -> Self {
        Self { client, key: meta.location, bytes: meta.size }
    }

    /// The number of bytes that it had when it was found.
    pub(in crate::io) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Opens it as it is now: reads its end.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] for what the store refuses.
    pub(in crate::io) fn open(&self, address: &FilePath) -> Result<(Reader, Stamp)> {
        let mut reader = Reader::new(self, address, 0, None);
        // Stores refuse the end of what is empty, and some of them an end that is longer than the whole.
        let range = (self.bytes > 0).then_some(GetRange::Bounded(self.bytes.saturating_sub(END)..self.bytes));
        let options = GetOptions { range, ..GetOptions::default() };
        let (store, key) = (Arc::clone(&self.client.store), self.key.clone());
        let got = self.client.wait(async move {
            let got = store.get_opts(&key, options).await?;
            let (meta, range) = (got.meta.clone(), got.range.clone());
            got.bytes().await.map(|bytes| (meta, range, bytes))
        })?;
        let (meta, range, bytes) = got.map_err(|e| reader.told(e))?;
        reader.length = meta.size;
        reader.tag.clone_from(&meta.e_tag);
        if !bytes.is_empty() {
            reader.known.push((range.start, bytes));
        }
        let stamp = Stamp::of_object(meta.size, SystemTime::from(meta.last_modified), meta.e_tag);
        Ok((reader, stamp))
    }

    /// Opens it as it was seen before. Whether it still is that one is known with the first bytes.
    pub(in crate::io) fn reopen(&self, address: &FilePath, stamp: &Stamp) -> Reader {
        Reader::new(self, address, stamp.length(), stamp.tag().map(str::to_owned))
    }
}

/// An object that is read.
pub(in crate::io) struct Reader {
    object: Object,
    address: String,
    length: u64,
    /// What the store calls the content that is meant.
    tag: Option<String>,
    /// Where the next byte is read, for those who read on.
    position: u64,
    /// Bytes that are here, each run of them behind the other.
    known: Vec<(u64, Bytes)>,
    /// The piece that is read on from, and how large the next one is.
    piece: (u64, Bytes),
    next: u64,
    ahead: Option<Ahead>,
}

/// A piece that was asked for and is not here yet.
struct Ahead {
    range: Range<u64>,
    /// In a lock for no other reason than that readers may be shared.
    bytes: Mutex<mpsc::Receiver<Result<Bytes, object_store::Error>>>,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("address", &self.address).field("length", &self.length).finish_non_exhaustive()
    }
}

impl Reader {
    fn new(object: &Object, address: &FilePath, length: u64, tag: Option<String>) -> Self {
        Self {
            object: object.clone(),
            address: address.display().to_string(),
            length,
            tag,
            position: 0,
            known: Vec::new(),
            piece: (0, Bytes::new()),
            next: FIRST,
            ahead: None,
        }
    }

    pub(in crate::io) fn length(&self) -> u64 {
        self.length
    }

    /// Asks for these bytes together; those that lie close to one another come with what is between them.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] for what the store refuses.
    pub(in crate::io) fn fetch(&mut self, ranges: Vec<Range<u64>>) -> Result<()> {
        let missing: Vec<Range<u64>> =
            ranges.into_iter().filter(|r| !r.is_empty() && self.here(r.start, r.end - r.start).is_none()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let (store, key, tag) = (Arc::clone(&self.object.client.store), self.object.key.clone(), self.tag.clone());
        let asked = missing.clone();
        let got = self.object.client.wait(async move {
            let get = |range| bytes_of(Arc::clone(&store), key.clone(), tag.clone(), range);
            coalesce_ranges(&asked, get, OBJECT_STORE_COALESCE_DEFAULT).await
        })?;
        let got: Vec<Bytes> = got.map_err(|e| self.told(e))?;
        for (range, bytes) in missing.into_iter().zip(got) {
            self.whole(&range, &bytes)?;
            self.known.push((range.start, bytes));
        }
        Ok(())
    }

    /// Bytes from a place on, some at least, unless the object ends there.
    ///
    /// # Errors
    /// What the store refuses.
    pub(in crate::io) fn from(&self, start: u64) -> io::Result<Bytes> {
        let run = self.known.iter().find(|(at, bytes)| *at <= start && start - at < bytes.len() as u64);
        if let Some((at, bytes)) = run {
            // Both are parts of what is in memory.
            return Ok(bytes.slice((start - at) as usize..));
        }
        let end = (start + FIRST).min(self.length);
        self.get(start.min(end)..end)
    }

    /// Exactly so many bytes from a place on.
    ///
    /// # Errors
    /// What the store refuses, and an end before them.
    pub(in crate::io) fn exactly(&self, start: u64, length: usize) -> io::Result<Bytes> {
        if let Some(bytes) = self.here(start, length as u64) {
            return Ok(bytes);
        }
        let end = start.saturating_add(length as u64);
        if end > self.length {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("{} ends before byte {end}", self.address)));
        }
        self.get(start..end)
    }

    /// Bytes that are in memory.
    fn here(&self, start: u64, length: u64) -> Option<Bytes> {
        let holds = |at: u64, bytes: &Bytes| at <= start && start + length <= at + bytes.len() as u64;
        let (at, bytes) = self.known.iter().find(|(at, bytes)| holds(*at, bytes))?;
        let from = (start - at) as usize;
        Some(bytes.slice(from..from + length as usize))
    }

    fn get(&self, range: Range<u64>) -> io::Result<Bytes> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        let ahead = self.ask(range).map_err(io::Error::other)?;
        self.answer(ahead)
    }

    fn ask(&self, range: Range<u64>) -> Result<Ahead> {
        let (store, key, tag) = (Arc::clone(&self.object.client.store), self.object.key.clone(), self.tag.clone());
        let bytes = self.object.client.begin(bytes_of(store, key, tag, range.clone()))?;
        Ok(Ahead { range, bytes: Mutex::new(bytes) })
    }

    fn answer(&self, ahead: Ahead) -> io::Result<Bytes> {
        let bytes = ahead.bytes.into_inner().unwrap_or_else(PoisonError::into_inner);
        let got = bytes.recv().map_err(|_| io::Error::other("a request of a store ended without an answer"))?;
        let bytes = got.map_err(|e| io::Error::other(self.told(e)))?;
        self.whole(&ahead.range, &bytes).map_err(io::Error::other)?;
        Ok(bytes)
    }

    /// Refuses an answer with another number of bytes than was asked for.
    fn whole(&self, range: &Range<u64>, bytes: &Bytes) -> Result<()> {
        let wanted = range.end - range.start;
        if bytes.len() as u64 == wanted {
            return Ok(());
        }
        let said = format!(
            "{} gave {} bytes where {wanted} were asked for; it changed, or the store is at fault",
            self.address,
            bytes.len()
        );
        Err(Error::new(ErrorKind::Io, said).with("path", &self.address))
    }

    fn told(&self, error: object_store::Error) -> Error {
        let was_seen = self.tag.is_some();
        if was_seen && matches!(error, object_store::Error::NotFound { .. }) {
            let said = format!("{} is gone since it was loaded; load it again", self.address);
            return Error::new(ErrorKind::Io, said).with("path", &self.address);
        }
        told(&self.object.client, &self.address, error)
    }

    /// The piece that the position is in.
    fn read_on(&mut self) -> io::Result<()> {
        let at = self.position;
        let inside = |(start, bytes): &(u64, Bytes)| *start <= at && at < start + bytes.len() as u64;
        if inside(&self.piece) || at >= self.length {
            return Ok(());
        }
        if let Some(known) = self.known.iter().find(|run| inside(run)) {
            self.piece = known.clone();
            return Ok(());
        }
        let ready = self.ahead.take().filter(|ahead| ahead.range.start == at);
        let is_on = ready.is_some();
        let ahead = match ready {
            Some(ahead) => ahead,
            None => self.ask(at..(at + FIRST).min(self.length)).map_err(io::Error::other)?,
        };
        let end = ahead.range.end;
        // Where one piece follows the other, the next is on its way before this one is here.
        self.next = if is_on { (self.next * 2).min(LARGEST) } else { FIRST };
        if end < self.length {
            self.ahead = Some(self.ask(end..(end + self.next).min(self.length)).map_err(io::Error::other)?);
        }
        self.piece = (at, self.answer(ahead)?);
        Ok(())
    }
}

/// Some bytes of an object, if it still is the one that was seen.
async fn bytes_of(
    store: Arc<dyn ObjectStore>,
    key: Path,
    tag: Option<String>,
    range: Range<u64>,
) -> Result<Bytes, object_store::Error> {
    let options = GetOptions { range: Some(GetRange::Bounded(range)), if_match: tag.clone(), ..GetOptions::default() };
    let got = store.get_opts(&key, options).await?;
    // Not every server looks at the condition.
    if tag.is_some() && got.meta.e_tag != tag {
        let source = "the server gave another version".into();
        return Err(object_store::Error::Precondition { path: key.to_string(), source });
    }
    got.bytes().await
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_on()?;
        let (start, bytes) = &self.piece;
        let from = self.position.checked_sub(*start).and_then(|from| usize::try_from(from).ok());
        let left = from.and_then(|from| bytes.get(from..)).unwrap_or_default();
        let taken = left.len().min(buffer.len());
        buffer[..taken].copy_from_slice(&left[..taken]);
        self.position += taken as u64;
        Ok(taken)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
        };
        self.position = place.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "a place before the start"))?;
        Ok(self.position)
    }
}

//! Where a file is, and the file once it is open: on this machine, or in a store.

use std::fs;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::ops::{Deref, Range};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::errors::Result as ParquetResult;
use parquet::file::reader::{ChunkReader, Length};

use super::path::{Stamp, changed, failed};
use super::store::Object;
use crate::error::Result;

/// A file that was found. It is its path, as messages say it: an address, where it is in a store.
#[derive(Clone, Debug)]
pub(super) struct Location {
    path: Arc<Path>,
    object: Option<Object>,
}

impl From<PathBuf> for Location {
    fn from(path: PathBuf) -> Self {
        Self { path: path.into(), object: None }
    }
}

impl Deref for Location {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.path
    }
}

impl Location {
    /// An object of a store, under its address.
    #[cfg(feature = "store")]
    pub(super) fn in_store(address: PathBuf, object: Object) -> Self {
        Self { path: address.into(), object: Some(object) }
    }

    /// Opens the file as it is now.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) where that cannot be.
    pub(super) fn open(&self) -> Result<(Handle, Stamp)> {
        match &self.object {
            None => {
                let file = fs::File::open(&self.path).map_err(|e| failed("cannot be opened", self, e))?;
                let stamp = Stamp::of(&file.metadata().map_err(|e| failed("cannot be opened", self, e))?);
                Ok((Handle::Local(file), stamp))
            }
            Some(object) => object.open(self).map(|(file, stamp)| (Handle::Remote(Box::new(file)), stamp)),
        }
    }

    /// Opens a file again that was seen before.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) when it is gone or another one; of an object this may be told when it is read.
    pub(super) fn reopen(&self, stamp: &Stamp) -> Result<Handle> {
        match &self.object {
            None => {
                let (file, now) = self.open()?;
                if now == *stamp { Ok(file) } else { Err(changed(self)) }
            }
            Some(object) => Ok(Handle::Remote(Box::new(object.reopen(self, stamp)))),
        }
    }

    /// The number of bytes, where it is known at no cost.
    pub(super) fn bytes(&self) -> u64 {
        match &self.object {
            None => self.metadata().map_or(0, |m| m.len()),
            Some(object) => object.bytes(),
        }
    }
}

/// A file that is open.
#[derive(Debug)]
pub(super) enum Handle {
    Local(fs::File),
    Remote(Box<super::store::Reader>),
}

impl Handle {
    /// Says which bytes will be read, so that those of a store are asked for together; others are read as they are asked for.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) where a store does not give them.
    pub(super) fn announce(&mut self, ranges: impl FnOnce() -> Vec<Range<u64>>) -> Result<()> {
        match self {
            Self::Local(_) => Ok(()),
            Self::Remote(object) => object.fetch(ranges()),
        }
    }
}

impl Read for Handle {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Local(file) => file.read(buffer),
            Self::Remote(object) => object.read(buffer),
        }
    }
}

impl Seek for Handle {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::Local(file) => file.seek(to),
            Self::Remote(object) => object.seek(to),
        }
    }
}

impl Length for Handle {
    fn len(&self) -> u64 {
        match self {
            Self::Local(file) => Length::len(file),
            Self::Remote(object) => object.length(),
        }
    }
}

impl ChunkReader for Handle {
    type T = Chunk;

    fn get_read(&self, start: u64) -> ParquetResult<Chunk> {
        match self {
            Self::Local(file) => file.get_read(start).map(Chunk::Local),
            // Headers of pages are read so, of which nobody says how long they are.
            Self::Remote(object) => Ok(Chunk::Remote(Cursor::new(object.from(start)?))),
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<bytes::Bytes> {
        match self {
            Self::Local(file) => file.get_bytes(start, length),
            Self::Remote(object) => Ok(object.exactly(start, length)?),
        }
    }
}

/// Some bytes of an open file, one after the other.
pub(super) enum Chunk {
    Local(BufReader<fs::File>),
    Remote(Cursor<bytes::Bytes>),
}

impl Read for Chunk {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Local(file) => file.read(buffer),
            Self::Remote(bytes) => bytes.read(buffer),
        }
    }
}

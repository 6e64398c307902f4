//! The end of a save into a store: files that were written on this machine go up, and count all at once.

use std::fs;
use std::io::Read as _;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion, WriteMultipart};

use super::StoreOptions;
use super::client::Client;
use super::list::listed;
use super::manifest::{self, Manifest};
use super::told::told;
use crate::error::{Error, ErrorKind, Result};
use crate::io::stage::{is_foreign, unique};
use crate::run::Cancel;

/// Larger files go up in pieces of at least this size.
const PIECE: u64 = 8 << 20;
/// A store takes ten thousand pieces of a file.
const PIECES: u64 = 9_000;
/// So many small files, or pieces of a large one, are under way at once.
const AT_ONCE: usize = 4;
/// A save that is alive says so this often; one that was silent for so long is dead.
const BEAT: Duration = Duration::from_secs(60);
const DEAD: Duration = Duration::from_secs(10 * 60);

/// Where a save goes.
#[derive(Debug)]
pub(in crate::io) struct Target {
    client: Arc<Client>,
    key: String,
    address: String,
}

/// What there is already.
#[derive(Debug)]
pub(in crate::io) enum There {
    Nothing,
    Object,
    /// The names of its files, hidden ones too.
    Folder(Vec<String>),
}

impl Target {
    /// # Errors
    /// [`ErrorKind::Unsupported`] for what is only read; as loads do.
    pub(in crate::io) fn open(address: &FilePath, options: &StoreOptions) -> Result<Self> {
        let (client, key) = Client::of(address, options)?;
        let shown = address.display().to_string();
        if !client.lists {
            let said = format!("{shown} is on a web server, which is only read; save into an object store or on this machine");
            return Err(Error::new(ErrorKind::Unsupported, said).with("path", shown));
        }
        let key = key.trim_end_matches('/').to_owned();
        if key.is_empty() {
            let said = format!("{shown} is a whole bucket; save into a folder of it");
            return Err(Error::new(ErrorKind::Io, said).with("path", shown));
        }
        Ok(Self { client, key, address: shown.trim_end_matches('/').to_owned() })
    }

    /// What there is, once what a dead save has left is gone.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] for what the store refuses, and where another save is under way.
    pub(in crate::io) fn look(&self) -> Result<There> {
        let (store, key) = (self.store(), self.client.key(&self.key)?);
        match self.client.wait(async move { store.head(&key).await })? {
            Ok(_) => return Ok(There::Object),
            Err(object_store::Error::NotFound { .. }) => {}
            Err(e) => return Err(self.told(e)),
        }
        let mut names = self.names()?;
        if names.iter().any(|name| name == manifest::NAME) {
            self.recover()?;
            names = self.names()?;
        }
        Ok(beside(names))
    }

    /// Puts one file there, in one step.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] where it shall be new and is not; [`ErrorKind::Io`]; those of the token.
    pub(in crate::io) fn put(&self, file: &FilePath, is_new: bool, cancel: &Cancel) -> Result<()> {
        let (store, key) = (self.store(), self.client.key(&self.key)?);
        if is_new && !matches!(self.look()?, There::Nothing) {
            return Err(self.exists());
        }
        let (file, cancel) = (file.to_path_buf(), cancel.clone());
        let failed = Arc::new(AtomicBool::new(false));
        let put = self.client.wait(async move { upload(store, file, key, is_new, cancel, failed).await })?;
        put.map_err(|e| self.failed(e))
    }

    /// Lets files of a folder of this machine be the folder, or be in it, all at once, if what is there then may be replaced or added to.
    ///
    /// # Errors
    /// [`ErrorKind::Io`], also where another save is under way; those of the token and of `may`. Then it is as it was.
    pub(in crate::io) fn put_all(
        &self,
        id: &str,
        folder: &FilePath,
        files: &[PathBuf],
        replaces: bool,
        may: impl FnOnce(&There) -> Result<()>,
        cancel: &Cancel,
    ) -> Result<()> {
        let names: Vec<String> = files.iter().map(|file| file.to_string_lossy().into_owned()).collect();
        let manifest = Manifest { id: id.to_owned(), replaces, files: names };
        self.announce(&manifest)?;
        // Another save may have ended since this one looked; from now on none can.
        let allowed = self.names().and_then(|names| may(&beside(names)));
        if let Err(e) = allowed.and_then(|()| self.upload_all(&manifest, folder, cancel)) {
            return match self.was_ended(id) {
                // Another took it for dead when all of its files were there, and ended it in its place.
                Ok(true) => Ok(()),
                // What cannot be removed now is passed over by readers, and removed by the next save.
                Ok(false) => {
                    let _ = self.forget(&manifest);
                    Err(e)
                }
                // Its files may count.
                Err(_) => Err(e),
            };
        }
        // The new is what counts by now. What cannot be removed is removed by the next save.
        if let Err(e) = self.settle(&manifest, None) {
            tracing::warn!(error = %e, "what a save replaced stays for now");
        }
        Ok(())
    }

    /// The error for what must not be replaced.
    pub(in crate::io) fn exists(&self) -> Error {
        let said =
            format!("{} is there already, and the mode of the save does not replace it; use SaveMode::Overwrite", self.address);
        Error::new(ErrorKind::AlreadyExists, said).with("path", &self.address)
    }

    fn store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.client.store)
    }

    fn told(&self, error: object_store::Error) -> Error {
        told(&self.client, &self.address, error)
    }

    fn failed(&self, error: Failed) -> Error {
        match error {
            Failed::Store(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => self.exists(),
            Failed::Store(e) => self.told(e),
            Failed::Local(e, path) => crate::io::path::failed("cannot be read again", &path, e),
            Failed::Stopped(e) => e,
            Failed::Lost | Failed::Other => self.lost(),
        }
    }

    /// The names of all files below the target.
    fn names(&self) -> Result<Vec<String>> {
        let inner = |meta: &object_store::ObjectMeta| {
            meta.location.as_ref().strip_prefix(self.key.as_str()).unwrap_or_default().trim_start_matches('/').to_owned()
        };
        let all = listed(&self.client, &self.key, &self.address)?;
        Ok(all.iter().map(inner).filter(|name| !name.is_empty()).collect())
    }

    fn key_of(&self, name: &str) -> Result<Path> {
        self.client.key(&format!("{}/{name}", self.key))
    }

    /// Says that a save is under way; one at a time.
    fn announce(&self, manifest: &Manifest) -> Result<()> {
        let (store, key, text) = (self.store(), self.key_of(manifest::NAME)?, manifest.text());
        let put = self.client.wait(async move {
            let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
            store.put_opts(&key, PutPayload::from(text), options).await
        })?;
        match put {
            // An answer that was lost on the way makes a store refuse the same the second time; and some take it though there is one.
            Ok(_) | Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                if self.is_said(manifest)? { Ok(()) } else { Err(self.busy()) }
            }
            Err(e) => Err(self.told(e)),
        }
    }

    /// Whether the save that is said to be under way is this one.
    fn is_said(&self, manifest: &Manifest) -> Result<bool> {
        Ok(self.read()?.is_some_and(|note| note.manifest.id == manifest.id))
    }

    fn busy(&self) -> Error {
        let said = format!(
            "another save into {} is under way; save again when it has ended (one that was killed is given up after {} minutes)",
            self.address,
            DEAD.as_secs() / 60
        );
        Error::new(ErrorKind::Io, said).with("path", &self.address)
    }

    fn lost(&self) -> Error {
        let said = format!(
            "the save into {} was silent for {} minutes, so that another gave it up; nothing of it is there, save again",
            self.address,
            DEAD.as_secs() / 60
        );
        Error::new(ErrorKind::Io, said).with("path", &self.address)
    }

    /// Whether another has ended a save that it took for dead, with its files.
    fn was_ended(&self, id: &str) -> Result<bool> {
        let (store, key) = (self.store(), self.key_of(&manifest::ended(id))?);
        match self.client.wait(async move { store.head(&key).await })? {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(e) => Err(self.told(e)),
        }
    }

    fn note(&self, name: &str) -> Result<()> {
        let (store, key) = (self.store(), self.key_of(name)?);
        let put = self.client.wait(async move { store.put(&key, PutPayload::default()).await })?;
        put.map(drop).map_err(|e| self.told(e))
    }

    /// What time it is to the store: clocks of two machines may be far apart.
    fn now(&self) -> Result<chrono::DateTime<chrono::Utc>> {
        let name = format!("{}.{}", manifest::CLOCK, unique());
        self.note(&name)?;
        let (store, key) = (self.store(), self.key_of(&name)?);
        let seen = self.client.wait(async move { store.head(&key).await })?;
        self.remove(std::iter::once(name))?;
        seen.map(|meta| meta.last_modified).map_err(|e| self.told(e))
    }

    /// What is said of a save.
    fn read(&self) -> Result<Option<Note>> {
        let (store, key) = (self.store(), self.key_of(manifest::NAME)?);
        let got = self.client.wait(async move {
            let got = store.get(&key).await?;
            let version = UpdateVersion { e_tag: got.meta.e_tag.clone(), version: got.meta.version.clone() };
            let at = got.meta.last_modified;
            got.bytes().await.map(|bytes| (bytes, at, version))
        })?;
        match got {
            Ok((bytes, at, version)) => {
                Manifest::parse(&String::from_utf8_lossy(&bytes), &format!("{}/{}", self.address, manifest::NAME))
                    .map(|manifest| Some(Note { manifest, at, version }))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(self.told(e)),
        }
    }

    /// Ends what a dead save has begun: forward where all is there, else back.
    fn recover(&self) -> Result<()> {
        let Some(Note { mut manifest, at, version }) = self.read()? else { return Ok(()) };
        if self.now()?.signed_duration_since(at).to_std().unwrap_or_default() < DEAD {
            return Err(self.busy());
        }
        // Only one ends it, and its writer notices, should it be alive after all.
        let given_up = std::mem::replace(&mut manifest.id, unique());
        let (store, key, text) = (self.store(), self.key_of(manifest::NAME)?, manifest.text());
        let put = self.client.wait(async move {
            let options = PutOptions { mode: PutMode::Update(version), ..PutOptions::default() };
            store.put_opts(&key, PutPayload::from(text), options).await
        })?;
        match put {
            Ok(_) => {}
            Err(e) if is_of_another(&e) => return Err(self.busy()),
            Err(e) => return Err(self.told(e)),
        }
        let names = self.names()?;
        match manifest.is_complete(names.iter().map(String::as_str)) {
            true => {
                // Its writer would remove its files, not knowing that they count by now.
                let ended = manifest::ended(&given_up);
                self.note(&ended)?;
                self.settle(&manifest, Some(&ended))
            }
            false => self.forget(&manifest),
        }
    }

    fn upload_all(&self, manifest: &Manifest, folder: &FilePath, cancel: &Cancel) -> Result<()> {
        let (mut small, mut large) = (Vec::new(), Vec::new());
        for name in &manifest.files {
            let (file, key) = (folder.join(name), self.key_of(name)?);
            let is_small = fs::metadata(&file).is_ok_and(|m| m.len() <= PIECE);
            if is_small { small.push((file, key)) } else { large.push((file, key)) }
        }
        let (store, cancel) = (self.store(), cancel.clone());
        let held = Holding { store: self.store(), key: self.key_of(manifest::NAME)?, text: manifest.text() };
        let sent = self.client.wait(async move {
            let failed = Arc::new(AtomicBool::new(false));
            let upload = |(file, key)| {
                let (store, cancel, failed) = (Arc::clone(&store), cancel.clone(), Arc::clone(&failed));
                async move {
                    let sent = upload(store, file, key, false, cancel, Arc::clone(&failed)).await;
                    if sent.is_err() {
                        failed.store(true, Ordering::Relaxed);
                    }
                    sent
                }
            };
            // All that have begun come to their end: a file that came after the others were removed would stay and be seen.
            // Of a large one so many pieces are under way, and no other file: more would share a slow line, and each take too long.
            let small = futures::stream::iter(small).map(&upload).buffer_unordered(AT_ONCE);
            let uploads = small.chain(futures::stream::iter(large).then(&upload)).collect::<Vec<Result<(), Failed>>>();
            let beats = async {
                loop {
                    tokio::time::sleep(BEAT).await;
                    // One that is missed is made up for by the next.
                    if let Err(Failed::Lost) = held.confirm().await {
                        return;
                    }
                }
            };
            let (uploads, beats) = (std::pin::pin!(uploads.fuse()), std::pin::pin!(beats.fuse()));
            let done = match futures::future::select(uploads, beats).await {
                futures::future::Either::Left((done, _)) => done,
                futures::future::Either::Right(((), uploads)) => {
                    failed.store(true, Ordering::Relaxed);
                    uploads.await;
                    return Err(Failed::Lost);
                }
            };
            let (others, own): (Vec<_>, Vec<_>) =
                done.into_iter().filter_map(Result::err).partition(|e| matches!(e, Failed::Other));
            match own.into_iter().chain(others).next() {
                Some(e) => Err(e),
                None => held.confirm().await,
            }
        })?;
        sent.map_err(|e| self.failed(e))
    }

    /// Removes what does not count any more, but for one note, and says that the save has ended.
    fn settle(&self, manifest: &Manifest, kept: Option<&str>) -> Result<()> {
        if manifest.replaces {
            let old = self.names()?;
            // Listed before it is asked: another that has ended this save since, and saved others, has its files not in the list.
            if !self.is_said(manifest)? {
                return Ok(());
            }
            let stays = |name: &str| name == manifest::NAME || kept == Some(name) || manifest.counts(name, true);
            let old = old.into_iter().filter(|name| !stays(name));
            // What is no data came after this save had looked.
            self.remove(old.filter(|name| !is_foreign(FilePath::new(name))))?;
        }
        self.end(manifest)
    }

    /// Removes what a save has brought that does not count, and says that it has ended.
    fn forget(&self, manifest: &Manifest) -> Result<()> {
        let there = self.names()?;
        self.remove(there.into_iter().filter(|name| manifest.files.contains(name)))?;
        self.end(manifest)
    }

    /// Says that a save has ended, unless it was given up and another is under way.
    fn end(&self, manifest: &Manifest) -> Result<()> {
        if self.is_said(manifest)? { self.remove([manifest::NAME.to_owned()].into_iter()) } else { Ok(()) }
    }

    fn remove(&self, names: impl Iterator<Item = String>) -> Result<()> {
        let keys = names.map(|name| self.key_of(&name)).collect::<Result<Vec<_>>>()?;
        let store = self.store();
        let removed = self.client.wait(async move {
            let remove = |key: Path| {
                let store = Arc::clone(&store);
                async move {
                    match store.delete(&key).await {
                        // Somebody was faster.
                        Err(object_store::Error::NotFound { .. }) => Ok(()),
                        other => other,
                    }
                }
            };
            futures::stream::iter(keys).map(remove).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await
        })?;
        removed.map(drop).map_err(|e| self.told(e))
    }
}

/// What is said of a save that is under way, when, and which version of it this is.
struct Note {
    manifest: Manifest,
    at: chrono::DateTime<chrono::Utc>,
    version: UpdateVersion,
}

/// The note of one's own save.
struct Holding {
    store: Arc<dyn ObjectStore>,
    key: Path,
    text: String,
}

impl Holding {
    /// Says again that the save is under way, if nobody has given it up.
    async fn confirm(&self) -> Result<(), Failed> {
        // Looked at first, because not every store looks at the condition.
        let options = PutOptions { mode: PutMode::Update(self.seen().await?), ..PutOptions::default() };
        match self.store.put_opts(&self.key, PutPayload::from(self.text.clone()), options).await {
            Ok(_) => Ok(()),
            // An answer that was lost on the way makes a store refuse the second time.
            Err(e) if is_of_another(&e) => self.seen().await.map(drop),
            Err(e) => Err(Failed::Store(e)),
        }
    }

    /// The version of the note that is there, if it is this one.
    async fn seen(&self) -> Result<UpdateVersion, Failed> {
        let got = match self.store.get(&self.key).await {
            Err(object_store::Error::NotFound { .. }) => return Err(Failed::Lost),
            got => got?,
        };
        let version = UpdateVersion { e_tag: got.meta.e_tag.clone(), version: got.meta.version.clone() };
        if got.bytes().await? == self.text { Ok(version) } else { Err(Failed::Lost) }
    }
}

/// Whether a store refuses to replace a version because there is another one, or none.
fn is_of_another(error: &object_store::Error) -> bool {
    use object_store::Error as E;
    matches!(error, E::AlreadyExists { .. } | E::Precondition { .. } | E::NotFound { .. })
}

/// What there is besides notes.
fn beside(mut names: Vec<String>) -> There {
    names.retain(|name| !name.starts_with(manifest::OWN));
    if names.is_empty() { There::Nothing } else { There::Folder(names) }
}

/// Why a file is not there.
enum Failed {
    Store(object_store::Error),
    Local(std::io::Error, PathBuf),
    Stopped(Error),
    /// The save was given up by another one.
    Lost,
    /// Another file of the save failed.
    Other,
}

impl From<object_store::Error> for Failed {
    fn from(error: object_store::Error) -> Self {
        Self::Store(error)
    }
}

/// Puts a file of this machine into a store. It is there with its last byte, or not at all.
async fn upload(
    store: Arc<dyn ObjectStore>,
    path: PathBuf,
    key: Path,
    is_new: bool,
    cancel: Cancel,
    failed: Arc<AtomicBool>,
) -> Result<(), Failed> {
    let goes_on = || match failed.load(Ordering::Relaxed) {
        true => Err(Failed::Other),
        false => cancel.check().map_err(Failed::Stopped),
    };
    goes_on()?;
    let wrong = |e| Failed::Local(e, path.clone());
    let size = fs::metadata(&path).map_err(wrong)?.len();
    if size <= PIECE {
        let bytes = fs::read(&path).map_err(wrong)?;
        let mode = if is_new { PutMode::Create } else { PutMode::Overwrite };
        let bytes = Bytes::from(bytes);
        let payload = PutPayload::from(bytes.clone());
        return match store.put_opts(&key, payload, PutOptions { mode, ..PutOptions::default() }).await {
            // An answer that was lost on the way makes a store refuse the same the second time.
            Err(e) if is_new && is_of_another(&e) && store.get(&key).await?.bytes().await? == bytes => Ok(()),
            put => put.map(drop).map_err(Failed::Store),
        };
    }
    let piece = PIECE.max(size.div_ceil(PIECES));
    let mut file = fs::File::open(&path).map_err(wrong)?;
    let length = usize::try_from(piece).unwrap_or(usize::MAX);
    let mut pieces = WriteMultipart::new_with_chunk_size(store.put_multipart(&key).await?, length);
    let sent = async {
        loop {
            goes_on()?;
            let mut bytes = Vec::with_capacity(length);
            if file.by_ref().take(piece).read_to_end(&mut bytes).map_err(wrong)? == 0 {
                // Stores take no condition for what comes in pieces: this is as late as it can be asked.
                return match is_new && store.head(&key).await.is_ok() {
                    true => Err(Failed::Store(object_store::Error::AlreadyExists { path: key.to_string(), source: "".into() })),
                    false => Ok::<(), Failed>(()),
                };
            }
            pieces.wait_for_capacity(AT_ONCE).await?;
            pieces.put(Bytes::from(bytes));
        }
    };
    match sent.await {
        Ok(()) => pieces.finish().await.map(drop).map_err(Failed::Store),
        Err(e) => {
            // Pieces that stay are invisible, and go by the rules of the bucket.
            let _ = pieces.abort().await;
            Err(e)
        }
    }
}

//! The end of a save into a store: files that were written on this machine go up, and count all at once.

use std::fs;
use std::io::Read as _;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, WriteMultipart};

use super::StoreOptions;
use super::client::Client;
use super::list::listed;
use super::manifest::{self, Manifest};
use super::told::told;
use crate::error::{Error, ErrorKind, Result};
use crate::run::Cancel;

/// Larger files go up in pieces of at least this size.
const PIECE: u64 = 8 << 20;
/// A store takes ten thousand pieces of a file.
const PIECES: u64 = 9_000;
/// So many files, and pieces of each, are under way at once.
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
            self.recover(&names)?;
            names = self.names()?;
        }
        Ok(if names.is_empty() { There::Nothing } else { There::Folder(names) })
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
        let put = self.client.wait(async move { upload(store, file, key, is_new, cancel).await })?;
        put.map_err(|e| self.failed(e))
    }

    /// Lets files of a folder of this machine be the folder, or be in it, all at once.
    ///
    /// # Errors
    /// [`ErrorKind::Io`], also where another save is under way; those of the token. Then it is as it was.
    pub(in crate::io) fn put_all(
        &self,
        id: &str,
        folder: &FilePath,
        files: &[PathBuf],
        replaces: bool,
        cancel: &Cancel,
    ) -> Result<()> {
        let names: Vec<String> = files.iter().map(|file| file.to_string_lossy().into_owned()).collect();
        let manifest = Manifest { id: id.to_owned(), replaces, files: names };
        self.announce(&manifest)?;
        let sent = self.upload_all(&manifest, folder, cancel).and_then(|()| match self.is_said(&manifest)? {
            true => Ok(()),
            // A store that does not look at conditions.
            false => Err(self.busy()),
        });
        if let Err(e) = sent {
            // What cannot be removed now is passed over by readers, and removed by the next save.
            let _ = self.forget(&manifest);
            return Err(e);
        }
        // The new is what counts by now. What cannot be removed is removed by the next save.
        if let Err(e) = self.settle(&manifest) {
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
        Ok(self.read()?.is_some_and(|(there, _)| there.id == manifest.id))
    }

    fn busy(&self) -> Error {
        let said = format!(
            "another save into {} is under way; save again when it has ended (one that was killed is given up after {} minutes)",
            self.address,
            DEAD.as_secs() / 60
        );
        Error::new(ErrorKind::Io, said).with("path", &self.address)
    }

    /// What is said of a save, and how long ago.
    fn read(&self) -> Result<Option<(Manifest, Duration)>> {
        let (store, key) = (self.store(), self.key_of(manifest::NAME)?);
        let got = self.client.wait(async move {
            let got = store.get(&key).await?;
            let at = got.meta.last_modified;
            got.bytes().await.map(|bytes| (bytes, at))
        })?;
        match got {
            Ok((bytes, at)) => {
                let age = chrono::Utc::now().signed_duration_since(at).to_std().unwrap_or_default();
                Manifest::parse(&String::from_utf8_lossy(&bytes), &format!("{}/{}", self.address, manifest::NAME))
                    .map(|manifest| Some((manifest, age)))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(self.told(e)),
        }
    }

    /// Ends what a dead save has begun: forward where all is there, else back.
    fn recover(&self, names: &[String]) -> Result<()> {
        let Some((manifest, age)) = self.read()? else { return Ok(()) };
        if age < DEAD {
            return Err(self.busy());
        }
        match manifest.is_complete(names.iter().map(String::as_str)) {
            true => self.settle(&manifest),
            false => self.forget(&manifest),
        }
    }

    fn upload_all(&self, manifest: &Manifest, folder: &FilePath, cancel: &Cancel) -> Result<()> {
        let mut files = Vec::with_capacity(manifest.files.len());
        for name in &manifest.files {
            files.push((folder.join(name), self.key_of(name)?));
        }
        let (store, cancel) = (self.store(), cancel.clone());
        let (note, text) = (self.key_of(manifest::NAME)?, manifest.text());
        let sent = self.client.wait(async move {
            let beating = Arc::clone(&store);
            let upload = |(file, key)| upload(Arc::clone(&store), file, key, false, cancel.clone());
            let uploads = futures::stream::iter(files).map(upload).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>();
            let beats = async {
                loop {
                    tokio::time::sleep(BEAT).await;
                    // One that is missed is made up for by the next.
                    let _ = beating.put(&note, PutPayload::from(text.clone())).await;
                }
            };
            let (uploads, beats) = (std::pin::pin!(uploads.fuse()), std::pin::pin!(beats.fuse()));
            match futures::future::select(uploads, beats).await {
                futures::future::Either::Left((done, _)) => done.map(drop),
                futures::future::Either::Right(((), _)) => Ok(()),
            }
        })?;
        sent.map_err(|e| self.failed(e))
    }

    /// Removes what does not count any more, and says that the save has ended.
    fn settle(&self, manifest: &Manifest) -> Result<()> {
        if manifest.replaces {
            let old = self.names()?.into_iter().filter(|name| name != manifest::NAME && !manifest.counts(name, true));
            self.remove(old)?;
        }
        self.remove([manifest::NAME.to_owned()].into_iter())
    }

    /// Removes what a save has brought that does not count, and says that it has ended.
    fn forget(&self, manifest: &Manifest) -> Result<()> {
        let there = self.names()?;
        self.remove(there.into_iter().filter(|name| manifest.files.contains(name)))?;
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

/// Why a file is not there.
enum Failed {
    Store(object_store::Error),
    Local(std::io::Error, PathBuf),
    Stopped(Error),
}

impl From<object_store::Error> for Failed {
    fn from(error: object_store::Error) -> Self {
        Self::Store(error)
    }
}

/// Puts a file of this machine into a store. It is there with its last byte, or not at all.
async fn upload(store: Arc<dyn ObjectStore>, path: PathBuf, key: Path, is_new: bool, cancel: Cancel) -> Result<(), Failed> {
    cancel.check().map_err(Failed::Stopped)?;
    let wrong = |e| Failed::Local(e, path.clone());
    let size = fs::metadata(&path).map_err(wrong)?.len();
    if size <= PIECE {
        let bytes = fs::read(&path).map_err(wrong)?;
        let mode = if is_new { PutMode::Create } else { PutMode::Overwrite };
        store.put_opts(&key, PutPayload::from(bytes), PutOptions { mode, ..PutOptions::default() }).await?;
        return Ok(());
    }
    let piece = PIECE.max(size.div_ceil(PIECES));
    let mut file = fs::File::open(&path).map_err(wrong)?;
    let length = usize::try_from(piece).unwrap_or(usize::MAX);
    let mut pieces = WriteMultipart::new_with_chunk_size(store.put_multipart(&key).await?, length);
    let sent = async {
        loop {
            cancel.check().map_err(Failed::Stopped)?;
            let mut bytes = Vec::with_capacity(length);
            if file.by_ref().take(piece).read_to_end(&mut bytes).map_err(wrong)? == 0 {
                return Ok::<(), Failed>(());
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

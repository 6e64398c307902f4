//! A file as it was when it was loaded, for engines that read it later and by themselves.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::{Error, ErrorKind, Result};

/// What a file was like at some time. An engine that remembers a footer, or that takes a file which is gone for no rows, asks before
/// each run whether the file is still that one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    path: PathBuf,
    length: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    /// A file as it is.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] for one that cannot be looked at.
    pub fn of(path: impl AsRef<Path>) -> Result<Self> {
        let looked = std::path::absolute(path.as_ref()).and_then(|path| Ok((std::fs::metadata(&path)?, path)));
        let (metadata, path) = looked.map_err(|e| {
            let path = path.as_ref().display().to_string();
            Error::new(ErrorKind::Io, format!("{path} cannot be opened: {e}")).with_source(e).with("path", path)
        })?;
        Ok(Self { path, length: metadata.len(), modified: metadata.modified().ok() })
    }

    /// The whole path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file is what it was.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] where it changed or is gone.
    pub fn check(&self) -> Result<()> {
        if Self::of(&self.path)? == *self {
            return Ok(());
        }
        let path = self.path.display().to_string();
        Err(Error::new(ErrorKind::Io, format!("{path} changed since it was loaded; load it again")).with("path", path))
    }
}

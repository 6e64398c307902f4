//! What stands in for stores in a program that was built without any.

use std::convert::Infallible;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::{StoreOptions, unknown};
use crate::error::{Error, Result};
use crate::io::path::{Found, Stamp};
use crate::run::Cancel;

/// An object of a store, of which there is none.
#[derive(Clone, Debug)]
pub(in crate::io) struct Object(Infallible);

impl Object {
    pub(in crate::io) fn open(&self, _: &Path) -> Result<(Reader, Stamp)> {
        match self.0 {}
    }

    pub(in crate::io) fn reopen(&self, _: &Path, _: &Stamp) -> Reader {
        match self.0 {}
    }

    pub(in crate::io) fn bytes(&self) -> u64 {
        match self.0 {}
    }
}

/// The same, open.
#[derive(Debug)]
pub(in crate::io) struct Reader(Infallible);

impl Reader {
    pub(in crate::io) fn fetch(&mut self, _: Vec<Range<u64>>) -> Result<()> {
        match self.0 {}
    }

    pub(in crate::io) fn length(&self) -> u64 {
        match self.0 {}
    }

    pub(in crate::io) fn from(&self, _: u64) -> io::Result<bytes::Bytes> {
        match self.0 {}
    }

    pub(in crate::io) fn exactly(&self, _: u64, _: usize) -> io::Result<bytes::Bytes> {
        match self.0 {}
    }
}

impl io::Read for Reader {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match self.0 {}
    }
}

impl io::Seek for Reader {
    fn seek(&mut self, _: io::SeekFrom) -> io::Result<u64> {
        match self.0 {}
    }
}

/// Where a save goes, which is nowhere.
#[derive(Debug)]
pub(in crate::io) struct Target(Infallible);

/// What there is already.
#[derive(Debug)]
#[expect(dead_code, reason = "there is nothing to be found without a store")]
pub(in crate::io) enum There {
    Nothing,
    Object,
    Folder(Vec<String>),
}

impl Target {
    /// # Errors
    /// [`Unsupported`](crate::ErrorKind::Unsupported), naming the feature that would save there.
    pub(in crate::io) fn open(address: &Path, _: &StoreOptions) -> Result<Self> {
        Err(unknown(&address.display().to_string()))
    }

    pub(in crate::io) fn look(&self) -> Result<There> {
        match self.0 {}
    }

    pub(in crate::io) fn put(&self, _: &Path, _: bool, _: &Cancel) -> Result<()> {
        match self.0 {}
    }

    pub(in crate::io) fn put_all(
        &self,
        _: &str,
        _: &Path,
        _: &[PathBuf],
        _: bool,
        _: impl FnOnce(&There) -> Result<()>,
        _: &Cancel,
    ) -> Result<()> {
        match self.0 {}
    }

    pub(in crate::io) fn exists(&self) -> Error {
        match self.0 {}
    }
}

/// # Errors
/// [`Unsupported`](crate::ErrorKind::Unsupported), naming the feature that would read the address.
pub(in crate::io) fn find(address: &Path, _: bool, _: &StoreOptions, _: &mut Vec<Found>) -> Result<()> {
    Err(unknown(&address.display().to_string()))
}

//! What stands in for stores in a program that was built without any.

use std::convert::Infallible;
use std::io;
use std::ops::Range;
use std::path::Path;

use super::{StoreOptions, unknown};
use crate::error::Result;
use crate::io::path::{Found, Stamp};

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

/// # Errors
/// [`Unsupported`](crate::ErrorKind::Unsupported), naming the feature that would read the address.
pub(in crate::io) fn find(address: &Path, _: bool, _: &StoreOptions, _: &mut Vec<Found>) -> Result<()> {
    Err(unknown(&address.display().to_string()))
}

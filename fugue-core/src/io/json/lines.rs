//! The lines of one file of text, without those that are blank.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::io::location::Handle;
use crate::io::packed::unpacked;
use crate::io::path::{failed, invalid};

/// One line after the other.
pub(super) struct Lines {
    path: PathBuf,
    reader: BufReader<Box<dyn Read + Send>>,
    line: Vec<u8>,
    number: u64,
}

impl Lines {
    pub(super) fn new(path: &Path, file: Handle) -> Result<Self> {
        let reader = BufReader::with_capacity(1 << 16, unpacked(path, file)?);
        Ok(Self { path: path.to_path_buf(), reader, line: Vec::new(), number: 0 })
    }

    /// Goes to the next line that is not blank; false when there is none.
    pub(super) fn next(&mut self) -> Result<bool> {
        loop {
            self.line.clear();
            let read = self.reader.read_until(b'\n', &mut self.line).map_err(|e| failed("cannot be read", &self.path, e))?;
            if read == 0 {
                return Ok(false);
            }
            self.number += 1;
            // The mark that some programs begin text with.
            if self.number == 1 && self.line.starts_with(b"\xef\xbb\xbf") {
                self.line.drain(..3);
            }
            if !self.line.trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }

    /// The line.
    pub(super) fn text(&self) -> Result<&str> {
        std::str::from_utf8(&self.line).map_err(|e| {
            let why = format!("byte {} is not UTF-8; convert the file", e.valid_up_to() + 1);
            invalid(&self.path, self.number, &why).with_source(e)
        })
    }

    /// Its number, counted from one.
    pub(super) fn number(&self) -> u64 {
        self.number
    }
}

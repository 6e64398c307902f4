//! The records of one CSV file, with the line that each begins at.

use std::io::Read;
use std::path::{Path, PathBuf};

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::Dialect;
use crate::error::{Error, ErrorKind, Result};
use crate::io::location::Handle;
use crate::io::packed::unpacked;
use crate::io::path::{failed, invalid};

/// Records of a fixed number of fields, one after the other.
pub(super) struct Records {
    path: PathBuf,
    reader: Reader<Box<dyn Read + Send>>,
    record: ByteRecord,
    width: usize,
    header: bool,
}

impl Records {
    /// From the start of a file; the header, where there is one, comes first.
    pub(super) fn new(path: &Path, file: Handle, dialect: &Dialect, width: usize) -> Result<Self> {
        // Records of another width are noticed here and not by the parser, whose message does not name the file.
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(dialect.delimiter)
            .quote(dialect.quote)
            .buffer_capacity(1 << 16)
            .from_reader(unpacked(path, file)?);
        Ok(Self { path: path.to_path_buf(), reader, record: ByteRecord::new(), width, header: dialect.header })
    }

    /// The names in the header.
    pub(super) fn header(mut self) -> Result<Vec<String>> {
        if !self.advance()? {
            return Err(self.invalid("there is no header, because the file is empty"));
        }
        (0..self.record.len()).map(|i| self.text(i).map(str::to_owned)).collect()
    }

    /// Goes to the next record of data; false when there is none.
    pub(super) fn next(&mut self) -> Result<bool> {
        if std::mem::take(&mut self.header) {
            self.advance()?;
        }
        if !self.advance()? {
            return Ok(false);
        }
        if self.record.len() != self.width {
            return Err(self.invalid(&format!("{} fields, and there are {} columns", self.record.len(), self.width)));
        }
        Ok(true)
    }

    /// A field of the record.
    pub(super) fn field(&self, place: usize) -> &[u8] {
        self.record.get(place).unwrap_or_default()
    }

    /// A field of the record as text.
    pub(super) fn text(&self, place: usize) -> Result<&str> {
        std::str::from_utf8(self.field(place))
            .map_err(|e| self.invalid(&format!("field {} is not UTF-8; convert the file", place + 1)).with_source(e))
    }

    /// The line that the record begins at, counted from one.
    pub(super) fn line(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::line)
    }

    fn advance(&mut self) -> Result<bool> {
        self.reader.read_byte_record(&mut self.record).map_err(|e| match e.into_kind() {
            csv::ErrorKind::Io(e) => failed("cannot be read", &self.path, e),
            other => Error::new(ErrorKind::Io, format!("{} cannot be read as CSV: {other:?}", self.path.display()))
                .with("path", self.path.display().to_string()),
        })
    }

    fn invalid(&self, why: &str) -> Error {
        invalid(&self.path, self.line(), why)
    }
}

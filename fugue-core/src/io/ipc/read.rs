//! One file that is read: with a footer, or as a stream.

use std::io::{BufReader, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::reader::{FileReader, StreamReader};
use arrow::record_batch::RecordBatch;

use super::{check, io_of};
use crate::error::{Error, ErrorKind, Result};
use crate::io::location::Handle;
use crate::io::path::failed;

/// What a file with a footer begins with.
const MAGIC: &[u8; 6] = b"ARROW1";

pub(super) enum Reader {
    File(FileReader<BufReader<Handle>>),
    Stream(StreamReader<BufReader<Handle>>),
}

impl Reader {
    /// Reads the start; of a file that is damaged it may be all that can be read.
    pub(super) fn open(path: &Path, mut file: Handle, columns: Option<Vec<usize>>) -> Result<Self> {
        let mut magic = [0; 6];
        let starts = file.read_exact(&mut magic).is_ok() && magic == *MAGIC;
        guard(path, || if starts { check::file(&mut file) } else { check::stream(&mut file) })?;
        file.rewind().map_err(|e| failed("cannot be read", path, e))?;
        let file = BufReader::with_capacity(1 << 16, file);
        guard(path, || match starts {
            true => FileReader::try_new(file, columns).map(Self::File),
            false => StreamReader::try_new(file, columns).map(Self::Stream),
        })
    }

    pub(super) fn schema(&self) -> SchemaRef {
        match self {
            Self::File(reader) => reader.schema(),
            Self::Stream(reader) => reader.schema(),
        }
    }

    pub(super) fn next(&mut self, path: &Path) -> Result<Option<RecordBatch>> {
        guard(path, || match self {
            Self::File(reader) => reader.next().transpose(),
            Self::Stream(reader) => reader.next().transpose(),
        })
    }
}

/// Runs a piece of the library. Damaged files give errors, and some of them panics: these become errors too.
fn guard<T>(path: &Path, work: impl FnOnce() -> Result<T, ArrowError>) -> Result<T> {
    let unreadable = |why: &str| {
        let shown = path.display().to_string();
        Error::new(ErrorKind::Io, format!("{shown} cannot be read as Arrow: {why}")).with("path", shown)
    };
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(e)) => Err(match io_of(e) {
            Ok(io) => unreadable(&io.to_string()).with_source(io),
            Err(other) => unreadable(&other.to_string()).with_source(other),
        }),
        Err(_) => Err(unreadable("the decoder gave up, so its content is damaged")),
    }
}

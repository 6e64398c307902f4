//! Files: what can be read again and again ([`LazySource`]), and core's own readers and writers of Parquet and CSV.
//!
//! All of it blocks; the actions of a session call it away from the threads of an async runtime. Paths are those of this machine.
//! A load takes a file, or a folder of files of one format, which are read in the order of their names, columns by name, the first file
//! deciding; names that begin with `_` or `.` are passed over, anything else in the folder is an error. A save writes one file, whole or
//! not at all.

mod csv;
mod files;
mod format;
mod keys;
mod options;
mod packed;
mod parquet;
mod path;
mod scan;
mod source;
mod stamp;
mod target;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use files::FileSource;
pub use format::Format;
pub use options::{Columns, Compression, LoadOptions, SaveMode, SaveOptions};
pub use scan::{Pushdown, Scan, ScanCounts};
pub use source::{BatchIter, LazySource, MemorySource};
pub use stamp::Stamp;

use crate::error::{Error, ErrorKind, Result};
use crate::run::Cancel;
use crate::schema::{self, Schema};

/// Opens a file, a folder of files or what a pattern matches: finds out about its columns, reads no rows (but for the inference of CSV types).
///
/// # Errors
/// [`ErrorKind::Io`] for what is not there or cannot be read, [`ErrorKind::Unsupported`] for an unknown format,
/// [`ErrorKind::ColumnNotFound`], [`ErrorKind::SchemaInvalid`], [`ErrorKind::SchemaMismatch`] for columns,
/// [`ErrorKind::SettingInvalid`] for settings that contradict one another, [`ErrorKind::ValueInvalid`] for malformed CSV.
pub fn open(path: impl AsRef<Path>, options: &LoadOptions, cancel: &Cancel) -> Result<Arc<dyn LazySource>> {
    open_all(&[path.as_ref().to_path_buf()], options, cancel)
}

/// Opens several files or folders as one source; the first file decides about the columns.
///
/// # Errors
/// As [`open`].
pub fn open_all(paths: &[PathBuf], options: &LoadOptions, cancel: &Cancel) -> Result<Arc<dyn LazySource>> {
    let (found, format) = path::files(paths, options.format, options.hive.unwrap_or(true))?;
    options.only_for(format)?;
    Ok(Arc::new(FileSource::open(&found, format, options, cancel)?))
}

/// Saves batches of the contract's layout as one file, and returns the number of rows.
///
/// Missing parent folders are made. A target that is there already is replaced once everything is written, or refused, by the mode;
/// whatever fails, it stays as it was, and nothing else is left behind. A folder of data is replaced too, but not one that holds
/// anything else.
///
/// # Errors
/// [`ErrorKind::AlreadyExists`] by the mode, [`ErrorKind::Unsupported`] for an unknown format, [`ErrorKind::SchemaInvalid`] for columns
/// that the format cannot hold, [`ErrorKind::SettingInvalid`] for settings of another format, [`ErrorKind::Io`], and the errors of the
/// batches as they are.
pub fn save(path: impl AsRef<Path>, schema: &Schema, batches: BatchIter, options: &SaveOptions, cancel: &Cancel) -> Result<u64> {
    let path = path.as_ref();
    let format = options.format.map_or_else(|| Format::of(path), Ok)?;
    options.only_for(format)?;
    if schema.is_empty() {
        return Err(Error::new(ErrorKind::SchemaInvalid, "a frame without columns cannot be saved"));
    }
    // Of no cost where the layout is the contract's already; a batch of other columns is an error and not a damaged file.
    let own = schema.clone();
    let batches: BatchIter = Box::new(batches.map(move |batch| schema::normalise(&batch?, &own)));
    let (target, file) = target::Target::create(path, options.mode)?;
    let (rows, file) = match format {
        Format::Parquet => parquet::write(file, target.path(), schema, batches, options.compression.unwrap_or_default(), cancel)?,
        Format::Csv => {
            let dialect = csv::Dialect::new(options.header, options.delimiter, options.quote, options.null.as_deref())?;
            csv::write(file, target.path(), schema, batches, &dialect, cancel)?
        }
        _ => return Err(Error::new(ErrorKind::Unsupported, format!("files of {format} are not written"))),
    };
    // What was given up while the last rows were written does not replace anything.
    cancel.check()?;
    target.commit(file)?;
    Ok(rows)
}

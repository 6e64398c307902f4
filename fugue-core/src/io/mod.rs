//! Files: what can be read again and again ([`LazySource`]), and core's own readers and writers of Parquet, CSV, JSON lines and Arrow.
//!
//! All of it blocks; the actions of a session call it away from the threads of an async runtime. Paths are those of this machine; what is read
//! may also be the address of an object store (`s3://bucket/folder`, features `s3`, `gcs`, `azure`, `http`), reached as [`StoreOptions`] say.
//!
//! A load takes a file, a folder of files of one format (also in folders of it), or a pattern. Files are read in the order of their names,
//! columns by name, the first file deciding; names that begin with `_` or `.` are passed over, anything else in a folder is an error. Folders
//! named `key=value` are columns. What a reader asks for ([`Scan`]) decides what is read: columns; of filters those over keys, by which whole
//! files are passed over, and in Parquet those that statistics of row groups tell of; and how many rows are enough.
//!
//! A save writes one file or a folder of them, whole or not at all ([`Staging`]); into a store too, from a copy in the folder for temporary files
//! that goes up in the end.

mod csv;
mod files;
mod format;
mod ipc;
mod json;
mod keys;
mod location;
mod options;
mod packed;
mod parquet;
mod path;
mod scan;
mod sink;
mod source;
mod stage;
mod stamp;
mod store;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use files::FileSource;
pub use format::Format;
pub use options::{Columns, Compression, LoadOptions, SaveMode, SaveOptions};
pub use scan::{Pushdown, Scan, ScanCounts};
pub(crate) use source::check_projection;
pub use source::{BatchIter, LazySource, MemorySource};
pub use stage::{Part, PartPlan, PartWriter, Staging};
pub use stamp::Stamp;
pub use store::StoreOptions;

use crate::error::Result;
use crate::run::{Cancel, Reporter};
use crate::schema::Schema;

/// Opens a file, a folder of files or what a pattern matches: finds out about its columns, reads no rows (but for the inference of CSV types).
///
/// # Errors
/// [`ErrorKind::Io`] for what is not there or cannot be read, [`ErrorKind::Unsupported`] for an unknown format,
/// [`ErrorKind::ColumnNotFound`], [`ErrorKind::SchemaInvalid`], [`ErrorKind::SchemaMismatch`] for columns,
/// [`ErrorKind::SettingInvalid`] for settings that contradict one another, [`ErrorKind::ValueInvalid`] for malformed CSV.
///
/// [`ErrorKind::Io`]: crate::ErrorKind::Io
/// [`ErrorKind::Unsupported`]: crate::ErrorKind::Unsupported
/// [`ErrorKind::ColumnNotFound`]: crate::ErrorKind::ColumnNotFound
/// [`ErrorKind::SchemaInvalid`]: crate::ErrorKind::SchemaInvalid
/// [`ErrorKind::SchemaMismatch`]: crate::ErrorKind::SchemaMismatch
/// [`ErrorKind::SettingInvalid`]: crate::ErrorKind::SettingInvalid
/// [`ErrorKind::ValueInvalid`]: crate::ErrorKind::ValueInvalid
pub fn open(path: impl AsRef<Path>, options: &LoadOptions, cancel: &Cancel) -> Result<Arc<dyn LazySource>> {
    open_all(&[path.as_ref().to_path_buf()], options, cancel)
}

/// Opens several files or folders as one source; the first file decides about the columns.
///
/// # Errors
/// As [`open`].
pub fn open_all(paths: &[PathBuf], options: &LoadOptions, cancel: &Cancel) -> Result<Arc<dyn LazySource>> {
    let (found, format) = path::files(paths, options.format, options.hive.unwrap_or(true), &options.stores)?;
    options.only_for(format)?;
    Ok(Arc::new(FileSource::open(&found, format, options, cancel)?))
}

/// Saves batches of the contract's layout, and returns the number of rows: one file, or a folder of them where the options say keys, a number of
/// files, or that rows are added.
///
/// Missing parent folders are made. A target that is there already is replaced once everything is written, added to, or refused, by the
/// mode; whatever fails, it stays as it was, and nothing else is left behind. A folder is replaced only when it holds nothing but data. A
/// program that is killed leaves the target as it was or complete; what it has written besides is in a hidden folder, which the next save of the
/// target removes. See [`Staging`].
///
/// # Errors
/// Those of [`Staging::open`] and [`Staging::commit`], and those of the batches as they are.
pub fn save(path: impl AsRef<Path>, schema: &Schema, batches: BatchIter, options: &SaveOptions, cancel: &Cancel) -> Result<u64> {
    save_with(path.as_ref(), schema, batches, options, 1, cancel)
}

/// The same with several threads, where there is more than one file.
pub(crate) fn save_with(
    path: &Path,
    schema: &Schema,
    batches: BatchIter,
    options: &SaveOptions,
    threads: usize,
    cancel: &Cancel,
) -> Result<u64> {
    let options = options.clone().resolved(None, threads)?;
    write(Staging::open(path, schema, &options, cancel)?, batches, threads, cancel, &Reporter::default())
}

pub(crate) use stage::{tell, write};

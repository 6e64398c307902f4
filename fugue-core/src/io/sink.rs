//! One file that is written, in any format.

use std::fs::File;
use std::path::Path;

use arrow::record_batch::RecordBatch;

use super::Format;
use super::csv::{self, CsvSink, Dialect};
use super::ipc::{self, IpcSink};
use super::json::{self, JsonSink};
use super::options::SaveOptions;
use super::packed::Packer;
use super::parquet::{self, ParquetSink};
use super::path::failed;
use crate::error::Result;
use crate::schema::Schema;

/// What batches of the contract's layout are written into.
pub(super) trait Sink: Send {
    fn write(&mut self, batch: &RecordBatch) -> Result<()>;

    /// About how many bytes it holds in memory.
    fn held(&self) -> usize {
        0
    }

    /// Writes the end, and gives the file back.
    fn finish(self: Box<Self>) -> Result<File>;
}

/// Begins a file, that may be encoded by so many threads. `path` is what messages say.
pub(super) fn open(
    file: File,
    path: &Path,
    format: Format,
    schema: &Schema,
    options: &SaveOptions,
    name: Option<&Path>,
    threads: usize,
) -> Result<Box<dyn Sink>> {
    let (packing, level) = options.packing(format, name)?;
    let packer = |file| Packer::new(file, packing, level).map_err(|e| failed("cannot be written", path, e));
    Ok(match format {
        Format::Parquet => Box::new(ParquetSink::new(file, path, schema, options, threads)?),
        Format::Csv => Box::new(CsvSink::new(packer(file)?, path, schema, dialect(options)?)?),
        Format::Json => Box::new(JsonSink::new(packer(file)?, path, schema)?),
        Format::Arrow => Box::new(IpcSink::new(file, path, schema, options)?),
    })
}

/// Refuses, before anything is written, columns that the format cannot hold and settings that it has not.
pub(super) fn check(format: Format, schema: &Schema, options: &SaveOptions) -> Result<()> {
    options.only_for(format)?;
    match format {
        Format::Parquet => parquet::holds(schema),
        Format::Csv => csv::writable(schema).and_then(|()| dialect(options).map(drop)),
        Format::Json => json::holds(schema),
        Format::Arrow => ipc::compression(options).map(drop),
    }
}

fn dialect(options: &SaveOptions) -> Result<Dialect> {
    Dialect::new(options.header, options.delimiter, options.quote, options.null.as_deref())
}

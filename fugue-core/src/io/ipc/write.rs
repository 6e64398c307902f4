//! The Arrow writer: batches without views, which other readers may not know, and which would drag whole buffers along.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::CompressionType;
use arrow::ipc::writer::{FileWriter, IpcWriteOptions};

use super::io_of;
use crate::error::{Error, ErrorKind, Result};
use crate::io::Format;
use crate::io::options::{Compression, SaveOptions, no_compression};
use crate::io::parquet::plain;
use crate::io::path::failed;
use crate::io::sink::Sink;
use crate::schema::Schema;

/// Rows of a block of the file.
const BLOCK_ROWS: usize = 1 << 16;

/// An Arrow file that is written.
pub(in crate::io) struct IpcSink {
    writer: FileWriter<BufWriter<File>>,
    layout: SchemaRef,
    path: PathBuf,
}

impl IpcSink {
    /// Writes the start.
    ///
    /// # Errors
    /// [`ErrorKind::SettingInvalid`] for a compression that Arrow has not, [`ErrorKind::Io`].
    pub(in crate::io) fn new(file: File, path: &Path, schema: &Schema, options: &SaveOptions) -> Result<Self> {
        let layout: SchemaRef = plain(&schema.to_arrow()).into();
        let (compression, level) = compression(options)?;
        let told = |e| wrong(path, e);
        let ipc = IpcWriteOptions::default().try_with_compression(compression).map_err(told)?;
        let ipc = if level.is_some() { ipc.try_with_compression_level(level).map_err(told)? } else { ipc };
        let file = BufWriter::with_capacity(1 << 16, file);
        let writer = FileWriter::try_new_with_options(file, &layout, ipc).map_err(told)?;
        Ok(Self { writer, layout, path: path.to_owned() })
    }

    /// Text of more bytes than 32 bits count goes into several blocks.
    fn block(&mut self, batch: &RecordBatch) -> Result<()> {
        match compact(batch, &self.layout) {
            Ok(plain) => self.writer.write(&plain).map_err(|e| wrong(&self.path, e)),
            Err(_) if batch.num_rows() > 1 => {
                let half = batch.num_rows() / 2;
                self.block(&batch.slice(0, half))?;
                self.block(&batch.slice(half, batch.num_rows() - half))
            }
            Err(e) => Err(wrong(&self.path, e)),
        }
    }
}

impl Sink for IpcSink {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let rows = batch.num_rows();
        (0..rows).step_by(BLOCK_ROWS).try_for_each(|start| self.block(&batch.slice(start, BLOCK_ROWS.min(rows - start))))
    }

    fn finish(self: Box<Self>) -> Result<File> {
        let file = self.writer.into_inner().map_err(|e| wrong(&self.path, e))?;
        file.into_inner().map_err(|e| failed("cannot be written", &self.path, e.into_error()))
    }
}

/// Refuses a compression that Arrow has not.
pub(in crate::io) fn compression(options: &SaveOptions) -> Result<(Option<CompressionType>, Option<i32>)> {
    Ok(match options.compression {
        None | Some(Compression::None) => (None, None),
        Some(Compression::Lz4) => (Some(CompressionType::LZ4_FRAME), None),
        Some(Compression::Zstd(level)) => (Some(CompressionType::ZSTD), Some(level)),
        Some(other) => return Err(no_compression(other, Format::Arrow)),
    })
}

fn compact(batch: &RecordBatch, layout: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let columns =
        batch.columns().iter().zip(layout.fields()).map(|(array, field)| match array.data_type() == field.data_type() {
            true => Ok(ArrayRef::clone(array)),
            false => cast_with_options(array, field.data_type(), &options),
        });
    RecordBatch::try_new(SchemaRef::clone(layout), columns.collect::<Result<_, _>>()?)
}

fn wrong(path: &Path, cause: ArrowError) -> Error {
    match io_of(cause) {
        Ok(io) => failed("cannot be written", path, io),
        Err(other) => {
            let shown = path.display().to_string();
            Error::new(ErrorKind::Io, format!("{shown} cannot be written: {other}")).with("path", shown).with_source(other)
        }
    }
}

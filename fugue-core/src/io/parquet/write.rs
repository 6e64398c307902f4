//! The Parquet writer: batches to one file, row group by row group.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field as ArrowField, Schema as ArrowSchema};
use parquet::arrow::add_encoded_arrow_schema_to_metadata;
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::basic::{Compression as Codec, GzipLevel, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::encode::Encoder;
use crate::error::{Error, ErrorKind, Result};
use crate::io::options::{Compression, SaveOptions};
use crate::io::path::failed;
use crate::io::sink::Sink;
use crate::schema::{Field, Schema, Type};

/// Row groups end at so many rows, or so many encoded bytes, which also bounds what the writer holds.
const GROUP_ROWS: usize = 1 << 20;
const GROUP_BYTES: usize = 256 << 20;

/// A Parquet file that is written.
pub(in crate::io) struct ParquetSink {
    writer: Writer,
    path: PathBuf,
}

enum Writer {
    Here(Box<ArrowWriter<File>>),
    OnThreads(Box<Encoder>),
}

impl ParquetSink {
    /// Writes the start. With more than one thread columns are encoded beside one another.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaInvalid`] for a type that Parquet has not, [`ErrorKind::SettingInvalid`] for a bad level, [`ErrorKind::Io`].
    pub(in crate::io) fn new(file: File, path: &Path, schema: &Schema, options: &SaveOptions, threads: usize) -> Result<Self> {
        holds(schema)?;
        let statistics = if options.statistics.unwrap_or(true) { EnabledStatistics::Page } else { EnabledStatistics::None };
        let rows = options.row_group_rows.unwrap_or(GROUP_ROWS).max(1);
        let mut properties = WriterProperties::builder()
            .set_compression(codec(options.compression.unwrap_or_default())?)
            .set_max_row_group_row_count(Some(rows))
            .set_max_row_group_bytes(Some(GROUP_BYTES))
            .set_statistics_enabled(statistics)
            .set_created_by(concat!("fugue-rs ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let layout = schema.to_arrow();
        add_encoded_arrow_schema_to_metadata(&plain(&layout), &mut properties);
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let here = ArrowWriter::try_new_with_options(file, Arc::clone(&layout), options).map_err(|e| wrong(path, e))?;
        let writer = match threads.min(layout.fields().len()) {
            0 | 1 => Writer::Here(Box::new(here)),
            threads => {
                let encoder = Encoder::new(here, &layout, threads, rows, GROUP_BYTES).map_err(|e| wrong(path, e))?;
                Writer::OnThreads(Box::new(encoder))
            }
        };
        Ok(Self { writer, path: path.to_owned() })
    }
}

impl Sink for ParquetSink {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let written = match &mut self.writer {
            Writer::Here(writer) => writer.write(batch),
            Writer::OnThreads(encoder) => encoder.write(batch),
        };
        written.map_err(|e| wrong(&self.path, e))
    }

    fn held(&self) -> usize {
        match &self.writer {
            Writer::Here(writer) => writer.memory_size(),
            Writer::OnThreads(encoder) => encoder.held(),
        }
    }

    fn finish(self: Box<Self>) -> Result<File> {
        let file = match self.writer {
            Writer::Here(writer) => writer.into_inner(),
            Writer::OnThreads(encoder) => encoder.finish(),
        };
        file.map_err(|e| wrong(&self.path, e))
    }
}

/// Refuses columns that Parquet has not.
pub(in crate::io) fn holds(schema: &Schema) -> Result<()> {
    schema.fields().iter().try_for_each(|field| writable(field.ty()).map_err(|e| e.with("column", field.name())))
}

fn codec(compression: Compression) -> Result<Codec> {
    Ok(match compression {
        Compression::Snappy => Codec::SNAPPY,
        Compression::None => Codec::UNCOMPRESSED,
        Compression::Gzip => Codec::GZIP(GzipLevel::default()),
        Compression::Lz4 => Codec::LZ4_RAW,
        Compression::Zstd(level) => Codec::ZSTD(ZstdLevel::try_new(level).map_err(|e| {
            Error::new(ErrorKind::SettingInvalid, format!("zstd has no level {level}; levels are 1 to 22")).with_source(e)
        })?),
    })
}

fn wrong(path: &Path, cause: ParquetError) -> Error {
    match cause {
        ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
            Ok(io) => failed("cannot be written", path, *io),
            Err(other) => Error::new(ErrorKind::Io, format!("{} cannot be written: {other}", path.display())).with_source(other),
        },
        other => Error::new(ErrorKind::Io, format!("{} cannot be written: {other}", path.display()))
            .with("path", path.display().to_string())
            .with_source(other),
    }
}

/// Parquet has no group without fields and no decimal with digits cut off before the point.
fn writable(ty: &Type) -> Result<()> {
    let refuse = |why: &str| Err(Error::new(ErrorKind::SchemaInvalid, why));
    match ty {
        Type::Struct(fields) if fields.is_empty() => {
            refuse("a struct without fields cannot be saved as Parquet; drop the column")
        }
        Type::Struct(fields) => fields.iter().map(Field::ty).try_for_each(writable),
        Type::List(item) => writable(item),
        Type::Map(key, value) => writable(key).and_then(|()| writable(value)),
        Type::Decimal(_, scale) if *scale < 0 => refuse("a decimal with a negative scale cannot be saved as Parquet; cast it"),
        _ => Ok(()),
    }
}

/// The schema that is stored for other readers to see: without views, which older ones do not know.
pub(in crate::io) fn plain(schema: &ArrowSchema) -> ArrowSchema {
    ArrowSchema::new(
        schema.fields().iter().map(|f| ArrowField::clone(f).with_data_type(plain_type(f.data_type()))).collect::<Vec<_>>(),
    )
}

fn plain_type(data_type: &DataType) -> DataType {
    let inner = |f: &Arc<ArrowField>| Arc::new(ArrowField::clone(f).with_data_type(plain_type(f.data_type())));
    match data_type {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::List(f) => DataType::List(inner(f)),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(inner).collect()),
        DataType::Map(f, sorted) => DataType::Map(inner(f), *sorted),
        other => other.clone(),
    }
}

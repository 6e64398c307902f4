//! The footer of one file: which columns there are, in which layout they are asked for, and how many rows.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field as ArrowField, Fields, Schema as ArrowSchema, TimeUnit};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::basic::Type as Physical;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;

use crate::error::{Error, ErrorKind, Result};
use crate::io::location::Location;
use crate::io::options::Columns;
use crate::io::path::Stamp;
use crate::schema::{Field, Schema};

/// What is known of a file without reading its rows.
#[derive(Clone, Debug)]
pub(super) struct Footer {
    pub(super) path: Location,
    pub(super) stamp: Stamp,
    pub(super) metadata: ArrowReaderMetadata,
}

impl Footer {
    pub(super) fn read(path: Location) -> Result<Self> {
        let (file, stamp) = path.open()?;
        let metadata = guard(&path, || {
            let plain = readable(&path, ArrowReaderMetadata::load(&file, ArrowReaderOptions::default()))?;
            let hinted = ArrowReaderOptions::default().with_schema(hints(&plain));
            // A file whose layouts take no hint is read as it is; the batches are brought to the contract's layout in any case.
            Ok(ArrowReaderMetadata::try_new(Arc::clone(plain.metadata()), hinted).unwrap_or(plain))
        })?;
        if metadata.schema().fields().len() != metadata.parquet_schema().root_schema().get_fields().len() {
            // Positions would mean other columns than names do.
            return Err(unreadable(&path, "it has a column of a group without fields"));
        }
        Ok(Self { path, stamp, metadata })
    }

    /// The path, as messages say it.
    pub(super) fn shown(&self) -> String {
        self.path.display().to_string()
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows_before(self.groups())
    }

    /// Number of rows in the row groups before one.
    pub(super) fn rows_before(&self, group: usize) -> u64 {
        (0..group.min(self.groups())).map(|g| self.rows_in(g)).sum()
    }

    /// Number of rows of a row group.
    pub(super) fn rows_in(&self, group: usize) -> u64 {
        u64::try_from(self.metadata.metadata().row_group(group).num_rows()).unwrap_or(0)
    }

    /// Number of row groups.
    pub(super) fn groups(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.metadata.schema().fields().iter().position(|f| f.name() == name)
    }

    /// The names of all columns, for messages.
    pub(super) fn names(&self) -> String {
        self.metadata.schema().fields().iter().map(|f| f.name().as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The column at a position. Only those that are asked for need a type that is admitted.
    pub(super) fn field(&self, root: usize) -> Result<Field> {
        Field::from_arrow(self.metadata.schema().field(root))
    }

    /// The columns that a load gives from this file.
    pub(super) fn schema(&self, columns: &Columns) -> Result<Schema> {
        let arrow = self.metadata.schema();
        match columns {
            Columns::All | Columns::Text(_) => Schema::from_arrow(arrow),
            Columns::Typed(schema) => Ok(schema.clone()),
            Columns::Named(names) => Schema::new(
                names
                    .iter()
                    .map(|n| match self.position(n) {
                        Some(root) => self.field(root),
                        None => {
                            let said = format!("there is no column {n:?}; the columns are: {}", self.names());
                            Err(Error::new(ErrorKind::ColumnNotFound, said).with("column", n))
                        }
                    })
                    .collect::<Result<Vec<_>>>()?,
            ),
        }
    }

    /// Where the columns of a row group are in the file.
    pub(super) fn ranges(&self, group: usize, roots: &[usize]) -> Vec<Range<u64>> {
        let leaves = self.metadata.metadata().row_group(group).columns().iter().enumerate();
        let wanted = leaves.filter(|(leaf, _)| roots.contains(&self.metadata.parquet_schema().get_column_root_idx(*leaf)));
        let range = |(_, chunk): (usize, &ColumnChunkMetaData)| {
            let (start, length) = chunk.byte_range();
            start..start + length
        };
        wanted.map(range).collect()
    }

    /// Uncompressed bytes of the columns of a row group, by column of the file.
    pub(super) fn sizes(&self, group: usize) -> Vec<u64> {
        let mut sizes = vec![0; self.metadata.schema().fields().len()];
        let leaves = self.metadata.metadata().row_group(group).columns();
        for (leaf, chunk) in leaves.iter().enumerate() {
            if let Some(size) = sizes.get_mut(self.metadata.parquet_schema().get_column_root_idx(leaf)) {
                *size += u64::try_from(chunk.uncompressed_size()).unwrap_or(0);
            }
        }
        sizes
    }
}

/// Runs a piece of the reader. Corrupt files give errors, and some of them panics deep in decoders: these become errors too.
pub(super) fn guard<T>(path: &Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result,
        Err(_) => Err(unreadable(path, "the decoder gave up, so its content is damaged")),
    }
}

/// An error of the reader as ours.
pub(super) fn readable<T>(path: &Path, result: Result<T, ParquetError>) -> Result<T> {
    result.map_err(|e| unreadable(path, &e.to_string()).with_source(e))
}

pub(super) fn unreadable(path: &Path, why: &str) -> Error {
    Error::new(ErrorKind::Io, format!("{} cannot be read as Parquet: {why}", path.display()))
        .with("path", path.display().to_string())
}

/// The file's own schema, but with views for text and bytes: they then point into the pages that were read, without a copy.
fn hints(plain: &ArrowReaderMetadata) -> Arc<ArrowSchema> {
    let roots = plain.parquet_schema().root_schema().get_fields();
    let fields: Fields = plain
        .schema()
        .fields()
        .iter()
        .zip(roots)
        .map(|(field, root)| {
            // The old 96 bit timestamps reach from year 1 to 9999, which nanoseconds in 64 bits do not; writers of them (Spark) keep
            // microseconds.
            let old = root.is_primitive() && root.get_physical_type() == Physical::INT96;
            let data_type = if old { DataType::Timestamp(TimeUnit::Microsecond, None) } else { views(field.data_type()) };
            ArrowField::clone(field).with_data_type(data_type)
        })
        .collect();
    Arc::new(ArrowSchema::new_with_metadata(fields, plain.schema().metadata().clone()))
}

fn views(data_type: &DataType) -> DataType {
    let inner = |f: &Arc<ArrowField>| Arc::new(ArrowField::clone(f).with_data_type(views(f.data_type())));
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
        DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
        DataType::Dictionary(_, value) if matches!(views(value), DataType::Utf8View | DataType::BinaryView) => views(value),
        DataType::List(f) => DataType::List(inner(f)),
        DataType::LargeList(f) => DataType::LargeList(inner(f)),
        DataType::FixedSizeList(f, n) => DataType::FixedSizeList(inner(f), *n),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(inner).collect()),
        DataType::Map(f, sorted) => DataType::Map(inner(f), *sorted),
        other => other.clone(),
    }
}

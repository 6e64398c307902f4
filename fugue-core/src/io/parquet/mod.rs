//! Parquet: a file or a folder of files as a lazy source, and the writer.

mod footer;
mod lanes;
mod scan;
mod write;

use std::path::PathBuf;

pub(super) use write::write;

use self::footer::Footer;
use self::lanes::Lanes;
use self::scan::{Column, Unit};
use crate::cast::can_cast;
use crate::error::{Error, ErrorKind, Result};
use crate::io::options::Columns;
use crate::io::source::{BatchIter, LazySource, check_projection, projected};
use crate::run::{Cancel, Pool};
use crate::schema::{Field, Schema, SubMicrosecond};

/// Parquet files as one source. Footers are read once, when it is opened; the first file says which columns there are, and those of
/// the others are found by name.
#[derive(Debug)]
pub struct ParquetSource {
    schema: Schema,
    files: Vec<File>,
    rows: u64,
    below: SubMicrosecond,
}

/// A file, and where the columns of the source are in it.
#[derive(Debug)]
struct File {
    footer: Footer,
    columns: Vec<Column>,
}

impl ParquetSource {
    /// Reads the footers.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] for a file that is no Parquet, [`ErrorKind::ColumnNotFound`] for a column that was asked for and is not there,
    /// [`ErrorKind::SchemaInvalid`] for one with a type that is not admitted, [`ErrorKind::SchemaMismatch`] for files that differ.
    pub(super) fn open(paths: Vec<PathBuf>, columns: &Columns, below: SubMicrosecond, cancel: &Cancel) -> Result<Self> {
        let mut files: Vec<File> = Vec::with_capacity(paths.len());
        let mut schema = None;
        let mut rows = 0;
        for path in paths {
            cancel.check()?;
            let footer = Footer::read(path)?;
            let wanted = match &schema {
                None => {
                    let first = footer.schema(columns).map_err(|e| e.with("path", footer.shown()))?;
                    &*schema.insert(first)
                }
                Some(first) => first,
            };
            let cast = matches!(columns, Columns::Typed(_));
            let first = files.first().map(|f| f.footer.shown());
            let columns =
                wanted.fields().iter().map(|f| find(&footer, f, cast, first.as_deref())).collect::<Result<Vec<Column>>>()?;
            rows += footer.rows();
            files.push(File { footer, columns });
        }
        let schema = schema.ok_or_else(|| Error::new(ErrorKind::Io, "no file was given"))?;
        Ok(Self { schema, files, rows, below })
    }

    fn units(&self, projection: Option<&[usize]>, parts: usize) -> Result<Vec<Vec<Unit>>> {
        check_projection(&self.schema, projection)?;
        let all: Vec<usize> = (0..self.schema.len()).collect();
        let wanted = projection.unwrap_or(&all);
        let mut groups = Vec::new();
        for file in &self.files {
            let columns: Vec<Column> = wanted.iter().filter_map(|&i| file.columns.get(i).cloned()).collect();
            for group in 0..file.footer.groups() {
                groups.push(Unit::split(&file.footer, group, &columns, parts, self.below));
            }
        }
        Ok(groups)
    }
}

impl LazySource for ParquetSource {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn describe(&self) -> String {
        let first = self.files.first().map(|f| f.footer.shown()).unwrap_or_default();
        match self.files.len() {
            0 | 1 => format!("parquet {first}"),
            n => format!("parquet {first} and {} more", n - 1),
        }
    }

    fn rows(&self) -> Option<u64> {
        Some(self.rows)
    }

    fn scan(&self, projection: Option<&[usize]>, cancel: &Cancel) -> Result<BatchIter> {
        let schema = projected(&self.schema, projection)?;
        Ok(Box::new(Lanes::new(schema.to_arrow(), self.units(projection, 1)?, None, cancel)))
    }

    fn scan_parallel(&self, projection: Option<&[usize]>, pool: &Pool, cancel: &Cancel) -> Result<BatchIter> {
        let schema = projected(&self.schema, projection)?;
        let groups: usize = self.files.iter().map(|f| f.footer.groups()).sum();
        // Few row groups cannot keep all threads busy to the end: their columns are then decoded apart from one another. Twice as many
        // parts as threads, since parts of the same size in bytes do not take the same time.
        let parts = if groups >= 4 * pool.threads() { 1 } else { 2 * pool.threads() };
        Ok(Box::new(Lanes::new(schema.to_arrow(), self.units(projection, parts)?, Some(pool), cancel)))
    }
}

/// Where a column of the source is in one file.
fn find(footer: &Footer, field: &Field, cast: bool, first: Option<&str>) -> Result<Column> {
    let Some(root) = footer.position(field.name()) else {
        let said = match first {
            Some(first) => format!("{} has no column {:?}, which {first} has", footer.shown(), field.name()),
            None => format!("{} has no column {:?}; its columns are: {}", footer.shown(), field.name(), footer.names()),
        };
        let kind = if first.is_some() { ErrorKind::SchemaMismatch } else { ErrorKind::ColumnNotFound };
        return Err(Error::new(kind, said).with("column", field.name()).with("path", footer.shown()));
    };
    // A column of nulls alone has no type; it takes the one that was asked for.
    let untyped = footer.metadata.schema().field(root).data_type().is_null();
    let stored = if cast && untyped { field.clone() } else { footer.field(root).map_err(|e| e.with("path", footer.shown()))? };
    if cast && !can_cast(stored.ty(), field.ty()) {
        let said =
            format!("column {:?} is {} in {}, and there is no cast to {}", field.name(), stored.ty(), footer.shown(), field.ty());
        return Err(Error::new(ErrorKind::SchemaMismatch, said).with("column", field.name()).with("path", footer.shown()));
    }
    if !cast && stored.ty() != field.ty() {
        let said = format!(
            "column {:?} is {} in {}, and {} in {}; give the columns with their types, then all files are cast to these",
            field.name(),
            stored.ty(),
            footer.shown(),
            field.ty(),
            first.unwrap_or("the first file")
        );
        return Err(Error::new(ErrorKind::SchemaMismatch, said).with("column", field.name()).with("path", footer.shown()));
    }
    Ok(Column { root, stored, wanted: field.clone() })
}

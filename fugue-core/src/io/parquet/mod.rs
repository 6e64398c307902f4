//! Parquet: files as they are read, in parallel and without what statistics rule out, and the writer.

mod encode;
mod footer;
mod lanes;
mod prune;
mod scan;
mod write;

pub(super) use write::{ParquetSink, holds, plain};

use self::footer::Footer;
use self::lanes::Lanes;
use self::scan::{Column, Unit};
use crate::cast::can_cast;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::Typed;
use crate::io::files::{FileBatches, Request, Stored, batches};
use crate::io::location::Location;
use crate::io::options::Columns;
use crate::io::scan::add;
use crate::run::Cancel;
use crate::schema::{Field, Schema, SubMicrosecond};

/// Parquet files. Footers are read once, when they are opened; the first file says which columns there are, and those of the others are
/// found by name.
#[derive(Debug)]
pub(super) struct ParquetFiles {
    schema: Schema,
    files: Vec<File>,
    below: SubMicrosecond,
}

/// A file, and where the columns of the source are in it.
#[derive(Debug)]
struct File {
    footer: Footer,
    columns: Vec<Column>,
}

impl ParquetFiles {
    /// Reads the footers.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] for a file that is no Parquet, [`ErrorKind::ColumnNotFound`] for a column that was asked for and is not there,
    /// [`ErrorKind::SchemaInvalid`] for one with a type that is not admitted, [`ErrorKind::SchemaMismatch`] for files that differ.
    pub(super) fn open(paths: Vec<Location>, columns: &Columns, below: SubMicrosecond, cancel: &Cancel) -> Result<Self> {
        let mut files: Vec<File> = Vec::with_capacity(paths.len());
        let mut schema = None;
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
            files.push(File { footer, columns });
        }
        let schema = schema.ok_or_else(|| Error::new(ErrorKind::Io, "no file was given"))?;
        Ok(Self { schema, files, below })
    }

    /// The row groups that have to be read: file, group, and the number of rows.
    fn groups(&self, request: &Request<'_>) -> Vec<(usize, usize)> {
        let mut groups = Vec::new();
        let (mut all, mut rows) = (0, 0);
        for &file in &request.files {
            let Some(File { footer, columns }) = self.files.get(file) else { continue };
            let kept = prune::kept(footer, columns, &request.filters);
            all += kept.len();
            for (group, _) in kept.into_iter().enumerate().filter(|(_, keep)| *keep) {
                if request.limit.is_none_or(|limit| rows < limit) {
                    rows += footer.rows_in(group);
                    groups.push((file, group));
                }
            }
        }
        add(&request.counts.groups_skipped, (all - groups.len()) as u64);
        groups
    }
}

impl Stored for ParquetFiles {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn rows(&self, file: usize) -> Option<u64> {
        self.files.get(file).map(|f| f.footer.rows())
    }

    fn scan(&self, request: Request<'_>) -> Result<FileBatches> {
        let schema = self.schema.project(Some(&request.columns))?;
        let groups = self.groups(&request);
        // Few row groups cannot keep all threads busy to the end: their columns are then decoded apart from one another. Twice as many
        // parts as threads, since parts of the same size in bytes do not take the same time.
        let threads = request.pool.map_or(0, crate::run::Pool::threads);
        let parts = if request.pool.is_none() || groups.len() >= 4 * threads { 1 } else { 2 * threads };
        let mut units = Vec::with_capacity(groups.len());
        for (file, group) in groups {
            let Some(File { footer, columns }) = self.files.get(file) else { continue };
            let columns: Vec<Column> = request.columns.iter().filter_map(|&i| columns.get(i).cloned()).collect();
            let mut split = Unit::split(footer, group, &columns, parts, self.below);
            if let Some(limit) = request.limit {
                split.iter_mut().for_each(|unit| unit.at_most(limit));
            }
            if let Some(first) = split.first_mut() {
                first.counts = Some(std::sync::Arc::clone(request.counts));
            }
            units.push((file, split));
        }
        let mut lanes = Lanes::new(schema.to_arrow(), units, request.pool, request.cancel);
        Ok(batches(move || lanes.try_next()))
    }

    fn prunes(&self, filter: &Typed) -> bool {
        prune::is_of_use(filter)
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

//! Arrow IPC: files of both kinds as they are read, and the writer of the kind with a footer.

mod check;
mod read;
mod write;

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;

pub(super) use write::{IpcSink, compression};

use self::read::Reader;
use super::files::{FileBatches, Request, Stored, batches};
use super::location::Location;
use super::options::Columns;
use super::path::Stamp;
use super::source::project;
use crate::cast::can_cast;
use crate::error::{Error, ErrorKind, Result};
use crate::run::Cancel;
use crate::schema::{Field, Schema, SubMicrosecond, conform, normalise_with};

/// Arrow files. Their schemas are read once, when they are opened; the first file says which columns there are, and those of the others are
/// found by name.
#[derive(Debug)]
pub(super) struct IpcFiles {
    schema: Schema,
    files: Arc<[File]>,
    below: SubMicrosecond,
}

#[derive(Debug)]
struct File {
    path: Location,
    stamp: Stamp,
    /// For each column of the source where it is, and what it is there.
    columns: Vec<(usize, Field)>,
}

impl IpcFiles {
    /// # Errors
    /// [`ErrorKind::Io`] for a file that is no Arrow, [`ErrorKind::ColumnNotFound`] for a column that was asked for and is not there,
    /// [`ErrorKind::SchemaInvalid`] for one with a type that is not admitted, [`ErrorKind::SchemaMismatch`] for files that differ.
    pub(super) fn open(paths: Vec<Location>, columns: &Columns, below: SubMicrosecond, cancel: &Cancel) -> Result<Self> {
        let mut files: Vec<File> = Vec::with_capacity(paths.len());
        let mut schema: Option<Schema> = None;
        for path in paths {
            cancel.check()?;
            let (file, stamp) = path.open()?;
            let layout = Reader::open(&path, file, None)?.schema();
            let told = |e: Error| e.with("path", path.display().to_string());
            let wanted = match &schema {
                Some(schema) => schema.clone(),
                None => schema.insert(first(&layout, columns).map_err(told)?).clone(),
            };
            let cast = matches!(columns, Columns::Typed(_));
            let before = files.first().map(|f| f.path.display().to_string());
            let places = wanted.fields().iter().map(|f| find(&layout, f, cast, before.as_deref()).map_err(told));
            files.push(File { columns: places.collect::<Result<_>>()?, path: path.clone(), stamp });
        }
        let schema = schema.ok_or_else(|| Error::new(ErrorKind::Io, "no file was given"))?;
        Ok(Self { schema, files: files.into(), below })
    }
}

/// The columns that a load gives, by the first file.
fn first(layout: &SchemaRef, columns: &Columns) -> Result<Schema> {
    match columns {
        Columns::All | Columns::Text(_) => Schema::from_arrow(layout),
        Columns::Typed(schema) => Ok(schema.clone()),
        Columns::Named(names) => {
            let field = |name: &String| match layout.index_of(name) {
                Ok(place) => Field::from_arrow(layout.field(place)),
                Err(_) => Err(missing(layout, name, None)),
            };
            Schema::new(names.iter().map(field).collect::<Result<Vec<_>>>()?)
        }
    }
}

fn missing(layout: &SchemaRef, name: &str, first: Option<&str>) -> Error {
    let names: Vec<&str> = layout.fields().iter().map(|f| f.name().as_str()).collect();
    let (kind, beside) = match first {
        Some(first) => (ErrorKind::SchemaMismatch, format!(", which {first} has")),
        None => (ErrorKind::ColumnNotFound, String::new()),
    };
    let said = format!("there is no column {name:?}{beside}; the columns are: {}", names.join(", "));
    Error::new(kind, said).with("column", name)
}

/// Where a column of the source is in one file, and what it is there.
fn find(layout: &SchemaRef, field: &Field, cast: bool, first: Option<&str>) -> Result<(usize, Field)> {
    let place = layout.index_of(field.name()).map_err(|_| missing(layout, field.name(), first))?;
    // A column of nulls alone has no type; it takes the one that was asked for.
    let untyped = layout.field(place).data_type().is_null();
    let stored = if cast && untyped { field.clone() } else { Field::from_arrow(layout.field(place))? };
    let fits = if cast { can_cast(stored.ty(), field.ty()) } else { stored.ty() == field.ty() };
    if fits {
        return Ok((place, stored));
    }
    let said = format!(
        "column {:?} is {}, and {} is wanted{}",
        field.name(),
        stored.ty(),
        field.ty(),
        if cast {
            "; there is no such cast"
        } else {
            ", as in the first file; give the columns with their types, then all are cast"
        }
    );
    Err(Error::new(ErrorKind::SchemaMismatch, said).with("column", field.name()))
}

impl Stored for IpcFiles {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn scan(&self, request: Request<'_>) -> Result<FileBatches> {
        let schema = self.schema.project(Some(&request.columns))?;
        let mut scan = Scan {
            files: Arc::clone(&self.files),
            schema,
            columns: request.columns,
            below: self.below,
            cancel: request.cancel.clone(),
            numbers: request.files,
            file: 0,
            open: None,
            row: 0,
        };
        Ok(batches(move || scan.try_next()))
    }
}

/// The batches of files, one after the other.
struct Scan {
    files: Arc<[File]>,
    schema: Schema,
    columns: Vec<usize>,
    below: SubMicrosecond,
    cancel: Cancel,
    numbers: Vec<usize>,
    /// The next of them.
    file: usize,
    open: Option<Reader>,
    /// The number of its next row in the file.
    row: u64,
}

impl Scan {
    fn try_next(&mut self) -> Result<Option<(usize, RecordBatch)>> {
        while let Some(&number) = self.numbers.get(self.file) {
            let Some(file) = self.files.get(number) else { break };
            self.cancel.check()?;
            let wanted: Vec<&(usize, Field)> = self.columns.iter().filter_map(|&i| file.columns.get(i)).collect();
            let mut sorted: Vec<usize> = wanted.iter().map(|(place, _)| *place).collect();
            sorted.sort_unstable();
            let reader = match &mut self.open {
                Some(reader) => reader,
                none => {
                    self.row = 0;
                    none.insert(Reader::open(&file.path, file.path.reopen(&file.stamp)?, Some(sorted.clone()))?)
                }
            };
            let Some(batch) = reader.next(&file.path)? else {
                self.open = None;
                self.file += 1;
                continue;
            };
            let places: Vec<usize> = wanted.iter().map(|(place, _)| sorted.partition_point(|s| s < place)).collect();
            let stored = Schema::new(wanted.iter().map(|(_, field)| field.clone()))?;
            let ours = project(&batch, &places)
                .and_then(|b| normalise_with(&b, &stored, self.below))
                .and_then(|b| conform(&b, &self.schema))
                .map_err(|e| super::path::in_file(e, self.row).with("path", file.path.display().to_string()))?;
            self.row += batch.num_rows() as u64;
            return Ok(Some((number, ours)));
        }
        Ok(None)
    }
}

/// The cause of an error of the library, where it is one of the operating system.
fn io_of(error: ArrowError) -> std::result::Result<std::io::Error, ArrowError> {
    match error {
        ArrowError::IoError(_, inner) => Ok(inner),
        other => Err(other),
    }
}

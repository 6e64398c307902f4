//! JSON lines: one object per line, as they are read, and the writer.
//!
//! Values are read and written by the casts of the contract between text and the type of the column. A field that a record has not is null.

mod build;
mod infer;
mod lines;
mod parse;
mod write;

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;

pub(super) use write::{JsonSink, holds};

use self::infer::Kind;
use self::lines::Lines;
use self::parse::{Json, parse};
use crate::error::{Error, ErrorKind, Result};
use crate::io::files::{FileBatches, Request, Stored, batches};
use crate::io::location::Location;
use crate::io::options::Columns;
use crate::io::path::{Stamp, invalid};
use crate::run::Cancel;
use crate::schema::fault::Fault;
use crate::schema::{Field, Schema};

/// A batch ends at so many rows or so many bytes of text.
const BATCH_ROWS: usize = 16384;
const BATCH_BYTES: usize = 8 << 20;

/// Files of JSON lines. Where no schema is given all of their records are read once, when they are opened; else records are read until each
/// column was seen.
#[derive(Debug)]
pub(super) struct JsonFiles {
    schema: Schema,
    files: Arc<[(Location, Stamp)]>,
}

impl JsonFiles {
    /// # Errors
    /// [`ErrorKind::ColumnNotFound`] for a column that no record has, [`ErrorKind::SchemaInvalid`] for one that JSON cannot hold, and where
    /// there is no record to tell the columns; [`ErrorKind::ValueInvalid`] naming the line for what is no JSON; [`ErrorKind::Io`].
    pub(super) fn open(paths: Vec<Location>, columns: &Columns, cancel: &Cancel) -> Result<Self> {
        let stamped = paths.into_iter().map(|path| {
            let stamp = path.open()?.1;
            Ok((path, stamp))
        });
        let files: Arc<[(Location, Stamp)]> = stamped.collect::<Result<Vec<_>>>()?.into();
        let wanted: Vec<String> = match columns {
            Columns::All | Columns::Text(_) => Vec::new(),
            Columns::Named(names) => names.clone(),
            Columns::Typed(schema) => {
                holds(schema)?;
                schema.names().map(str::to_owned).collect()
            }
        };
        let typed = matches!(columns, Columns::Typed(_));
        let mut fields: Vec<(String, Kind)> = Vec::new();
        let mut records = 0_u64;
        'files: for (path, stamp) in &*files {
            if typed && wanted.iter().all(|name| fields.iter().any(|(n, _)| n == name)) {
                break;
            }
            let mut lines = Lines::new(path, path.reopen(stamp)?)?;
            while lines.next()? {
                if records.is_multiple_of(4096) {
                    cancel.check()?;
                }
                records += 1;
                let record = record(path, lines.number(), lines.text()?)?;
                let Json::Object(values, _) = &record else { continue };
                for (name, value) in values {
                    let place = fields.iter().position(|(n, _)| n == name).unwrap_or_else(|| {
                        fields.push((name.to_string(), Kind::default()));
                        fields.len() - 1
                    });
                    fields[place].1.see(value);
                }
                if typed && wanted.iter().all(|name| fields.iter().any(|(n, _)| n == name)) {
                    break 'files;
                }
            }
        }
        let shown = files.first().map(|(path, _)| path.display().to_string()).unwrap_or_default();
        let known = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, kind)| kind);
        if let Some(name) = wanted.iter().find(|name| known(name).is_none() && (!typed || records > 0)) {
            let names: Vec<&str> = fields.iter().map(|(n, _)| n.as_str()).collect();
            let said = format!("{shown} has no column {name:?} in any record; its columns are: {}", names.join(", "));
            return Err(Error::new(ErrorKind::ColumnNotFound, said).with("column", name).with("path", shown));
        }
        let schema = match columns {
            Columns::Typed(schema) => schema.clone(),
            Columns::Named(names) => {
                Schema::new(names.iter().filter_map(|n| known(n).map(|kind| Field::new(n.as_str(), kind.ty()))))?
            }
            Columns::All | Columns::Text(_) if fields.is_empty() => {
                let said = format!("{shown} has no record that tells the columns; give them with their types");
                return Err(Error::new(ErrorKind::SchemaInvalid, said).with("path", shown));
            }
            Columns::All | Columns::Text(_) => Schema::new(fields.iter().map(|(n, kind)| Field::new(n.as_str(), kind.ty())))?,
        };
        Ok(Self { schema, files })
    }
}

/// A line as an object.
fn record<'a>(path: &Path, line: u64, text: &'a str) -> Result<Json<'a>> {
    match parse(text) {
        Ok(record @ Json::Object(..)) => Ok(record),
        Ok(Json::List(..)) => Err(invalid(path, line, "a list, and every line has to be an object; write one object per line")),
        Ok(_) => Err(invalid(path, line, "no object, and every line has to be one")),
        Err(wrong) => {
            let place = text.get(..wrong.at).unwrap_or(text).chars().count() + 1;
            let whole = text.trim() == "[" || text.trim() == "{";
            let hint = if whole { "; every line has to be an object of its own" } else { "" };
            Err(invalid(path, line, &format!("character {place}: {}{hint}", wrong.why)))
        }
    }
}

impl Stored for JsonFiles {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn scan(&self, request: Request<'_>) -> Result<FileBatches> {
        let schema = self.schema.project(Some(&request.columns))?;
        let mut scan = Scan {
            files: Arc::clone(&self.files),
            layout: schema.to_arrow(),
            schema,
            most: request.limit.map_or(BATCH_ROWS, |rows| BATCH_ROWS.min(usize::try_from(rows).unwrap_or(BATCH_ROWS)).max(1)),
            cancel: request.cancel.clone(),
            numbers: request.files,
            file: 0,
            open: None,
        };
        Ok(batches(move || scan.try_next()))
    }
}

/// The batches of files, one after the other.
struct Scan {
    files: Arc<[(Location, Stamp)]>,
    schema: Schema,
    layout: SchemaRef,
    /// Rows of a batch.
    most: usize,
    cancel: Cancel,
    numbers: Vec<usize>,
    /// The next of them.
    file: usize,
    open: Option<Lines>,
}

impl Scan {
    fn try_next(&mut self) -> Result<Option<(usize, RecordBatch)>> {
        while let Some(&number) = self.numbers.get(self.file) {
            let Some((path, stamp)) = self.files.get(number) else { break };
            self.cancel.check()?;
            let lines = match &mut self.open {
                Some(lines) => lines,
                none => none.insert(Lines::new(path, path.reopen(stamp)?)?),
            };
            let (mut text, mut ends, mut numbers) = (String::new(), Vec::new(), Vec::new());
            while ends.len() < self.most && text.len() < BATCH_BYTES && lines.next()? {
                text.push_str(lines.text()?);
                ends.push(text.len());
                numbers.push(lines.number());
            }
            if ends.is_empty() {
                self.open = None;
                self.file += 1;
                continue;
            }
            let mut start = 0;
            let mut records = Vec::with_capacity(ends.len());
            for (&end, &line) in ends.iter().zip(&numbers) {
                records.push(record(path, line, text.get(start..end).unwrap_or_default())?);
                start = end;
            }
            let columns = self.schema.fields().iter().map(|field| {
                let values: Vec<Option<&Json<'_>>> = records.iter().map(|r| build::part(r, field.name())).collect();
                build::column(&values, field.ty()).map_err(|fault| misfit(fault, field, path, &numbers))
            });
            let columns = columns.collect::<Result<Vec<ArrayRef>>>()?;
            let options = RecordBatchOptions::new().with_row_count(Some(records.len()));
            return Ok(Some((number, RecordBatch::try_new_with_options(Arc::clone(&self.layout), columns, &options)?)));
        }
        Ok(None)
    }
}

fn misfit(fault: Fault, field: &Field, path: &Path, lines: &[u64]) -> Error {
    match fault {
        Fault::Value { row, field: inner, message } => {
            let line = lines.get(row).copied().unwrap_or_default();
            let inner = if inner.is_empty() { String::new() } else { format!(", in {inner}") };
            invalid(path, line, &format!("column {:?}{inner}: {message}", field.name())).with("column", field.name())
        }
        other => Error::from(other).with("column", field.name()).with("path", path.display().to_string()),
    }
}

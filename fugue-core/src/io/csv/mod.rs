//! CSV: files as they are read, and the writer.
//!
//! Values are read and written by the casts of the contract between text and the type of the column, so that a file means the same as a
//! cast of its text. Lines without any field are passed over.

mod infer;
mod records;
mod scan;
mod write;

use std::path::Path;
use std::sync::Arc;

pub(super) use write::{CsvSink, holds as writable};

use self::records::Records;
use self::scan::Scan;
use crate::error::{Error, ErrorKind, Result};
use crate::io::files::{FileBatches, Request, Stored, batches};
use crate::io::location::Location;
use crate::io::options::{Columns, LoadOptions};
use crate::io::path::Stamp;
use crate::run::Cancel;
use crate::schema::{Field, Schema, Type};

/// CSV files. Their headers are read once, when they are opened, and where types are inferred, all of their records.
#[derive(Clone, Debug)]
pub(super) struct CsvFiles {
    schema: Schema,
    files: Arc<[File]>,
    dialect: Dialect,
}

/// A file, how many fields its records have, and where the columns of the source are in them.
#[derive(Debug)]
struct File {
    path: Location,
    stamp: Stamp,
    width: usize,
    positions: Vec<usize>,
}

/// How records are cut into fields, and which of them are null.
#[derive(Clone, Debug)]
pub(super) struct Dialect {
    header: bool,
    delimiter: u8,
    quote: u8,
    /// None for the empty field.
    null: Option<String>,
}

impl Dialect {
    /// The settings, or their defaults.
    ///
    /// # Errors
    /// [`ErrorKind::SettingInvalid`] for a delimiter or a quote that cannot be one.
    pub(super) fn new(header: Option<bool>, delimiter: Option<u8>, quote: Option<u8>, null: Option<&str>) -> Result<Self> {
        let (delimiter, quote) = (delimiter.unwrap_or(b','), quote.unwrap_or(b'"'));
        for (setting, byte) in [("delimiter", delimiter), ("quote", quote)] {
            if !byte.is_ascii() || matches!(byte, b'\r' | b'\n') || (setting == "delimiter" && byte == quote) {
                let said = format!(
                    "{:?} cannot be the {setting}; use one ASCII character that is no line end, another one for each",
                    byte as char
                );
                return Err(Error::new(ErrorKind::SettingInvalid, said).with("setting", setting));
            }
        }
        let null = null.filter(|n| !n.is_empty()).map(str::to_owned);
        Ok(Self { header: header.unwrap_or(true), delimiter, quote, null })
    }

    /// Whether a field of a column of text, or of another type, is null.
    fn is_null(&self, field: &[u8], text: bool) -> bool {
        match &self.null {
            None => field.is_empty(),
            Some(null) => field == null.as_bytes() || (field.is_empty() && !text),
        }
    }
}

impl CsvFiles {
    /// Reads the headers, and infers the types where that is asked for or no schema is given.
    ///
    /// # Errors
    /// [`ErrorKind::SettingInvalid`] for settings that contradict one another, [`ErrorKind::ColumnNotFound`],
    /// [`ErrorKind::SchemaInvalid`] for columns that a CSV cannot hold, [`ErrorKind::SchemaMismatch`] for files that differ,
    /// [`ErrorKind::ValueInvalid`] for malformed files, [`ErrorKind::Io`].
    pub(super) fn open(paths: Vec<Location>, columns: &Columns, options: &LoadOptions, cancel: &Cancel) -> Result<Self> {
        let dialect = Dialect::new(options.header, options.delimiter, options.quote, options.null.as_deref())?;
        let typed = match columns {
            Columns::Typed(schema) => Some(schema),
            _ => None,
        };
        if options.infer == Some(true) && typed.is_some() {
            let said = "types are both given and to be inferred; leave out one of them";
            return Err(Error::new(ErrorKind::SettingInvalid, said).with("setting", "infer"));
        }
        typed.iter().flat_map(|s| s.fields()).try_for_each(holds)?;
        let mut wanted = match columns {
            Columns::All | Columns::Text(_) => None,
            Columns::Named(names) => Some(names.clone()),
            Columns::Typed(schema) => Some(schema.names().map(str::to_owned).collect()),
        };
        let mut files: Vec<File> = Vec::with_capacity(paths.len());
        for path in paths {
            cancel.check()?;
            let (header, stamp) = header(&path, &dialect, wanted.as_deref())?;
            let wanted = wanted.get_or_insert_with(|| header.clone());
            let first = files.first().map(|f| &*f.path);
            let positions = wanted.iter().map(|n| find(&header, n, &path, first)).collect::<Result<_>>()?;
            files.push(File { path, stamp, width: header.len(), positions });
        }
        let names = wanted.unwrap_or_default();
        let schema = match typed {
            Some(schema) => schema.clone(),
            None => {
                let types = match options.infer {
                    Some(false) => vec![Type::Str; names.len()],
                    _ => infer::infer(&files, &dialect, names.len(), cancel)?,
                };
                Schema::new(names.into_iter().zip(types).map(|(n, t)| Field::new(n, t)))?
            }
        };
        Ok(Self { schema, files: files.into(), dialect })
    }
}

impl Stored for CsvFiles {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn scan(&self, request: Request<'_>) -> Result<FileBatches> {
        let schema = self.schema.project(Some(&request.columns))?;
        let mut scan = Scan::new(Arc::clone(&self.files), self.dialect.clone(), schema, request);
        Ok(batches(move || scan.try_next()))
    }
}

/// Whether a column of this type can stand in a CSV.
fn holds(field: &Field) -> Result<()> {
    if field.ty().is_nested() || *field.ty() == Type::Bytes {
        let said =
            format!("column {:?} has a type that a CSV cannot hold; save it as Parquet, or turn it into text", field.name());
        return Err(Error::new(ErrorKind::SchemaInvalid, said).with("column", field.name()));
    }
    Ok(())
}

/// The names of the fields of a file, from its header or, where it has none, from the caller.
fn header(path: &Location, dialect: &Dialect, given: Option<&[String]>) -> Result<(Vec<String>, Stamp)> {
    let (file, stamp) = path.open()?;
    match (dialect.header, given) {
        (true, _) => Ok((Records::new(path, file, dialect, 0)?.header()?, stamp)),
        (false, Some(names)) => Ok((names.to_vec(), stamp)),
        (false, None) => {
            let said = "a CSV without header needs its columns: give their names or a schema with .columns(…)";
            Err(Error::new(ErrorKind::SettingInvalid, said).with("setting", "header").with("path", path.display().to_string()))
        }
    }
}

/// Where a column is among the fields of a file.
fn find(header: &[String], name: &str, path: &Path, first: Option<&Path>) -> Result<usize> {
    let mut places = header.iter().enumerate().filter(|(_, n)| *n == name).map(|(i, _)| i);
    let shown = path.display();
    let (kind, said) = match (places.next(), places.next(), first) {
        (Some(place), None, _) => return Ok(place),
        (Some(_), Some(_), _) => (ErrorKind::SchemaInvalid, format!("column {name:?} stands twice in the header of {shown}")),
        (None, _, Some(first)) => {
            (ErrorKind::SchemaMismatch, format!("{shown} has no column {name:?}, which {} has", first.display()))
        }
        (None, _, None) => {
            (ErrorKind::ColumnNotFound, format!("{shown} has no column {name:?}; its columns are: {}", header.join(", ")))
        }
    };
    Err(Error::new(kind, said).with("column", name).with("path", shown.to_string()))
}

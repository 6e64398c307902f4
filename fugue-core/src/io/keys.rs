//! Columns that are not in files but in the names of their folders: typed, filtered by, and laid beside the rows.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray, UInt32Array};
use arrow::compute::{take, take_record_batch};
use arrow::record_batch::RecordBatch;

use super::path::Found;
use crate::cast::cast;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Typed, evaluate};
use crate::schema::fault::Fault;
use crate::schema::{Field, Schema, Type};

/// The columns that folders say, with a value for each file.
#[derive(Debug)]
pub(super) struct Keys {
    fields: Vec<Field>,
    values: Vec<ArrayRef>,
    files: usize,
}

impl Keys {
    /// The keys of files, with the types that the caller knows or else those that all values have: whole numbers as they are usually
    /// written are long, all else is text.
    ///
    /// # Errors
    /// [`ErrorKind::ValueInvalid`] for a value that has not the type, naming the file.
    pub(super) fn new(found: &[Found], known: impl Fn(&str) -> Option<Type>) -> Result<Self> {
        let names: Vec<&str> = found.first().map(|f| f.keys.iter().map(|(n, _)| n.as_str()).collect()).unwrap_or_default();
        let (mut fields, mut values) = (Vec::with_capacity(names.len()), Vec::with_capacity(names.len()));
        for (place, name) in names.into_iter().enumerate() {
            let texts: Vec<Option<&str>> =
                found.iter().map(|f| f.keys.get(place).and_then(|(_, value)| value.as_deref())).collect();
            let ty = known(name).unwrap_or_else(|| infer(&texts));
            let texts: ArrayRef = Arc::new(StringViewArray::from_iter(texts));
            values.push(cast(&texts, &ty).map_err(|fault| misfit(fault, name, found))?);
            fields.push(Field::new(name, ty));
        }
        Ok(Self { fields, values, files: found.len() })
    }

    pub(super) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The place of a key.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|f| f.name() == name)
    }

    /// The files for which conditions over the keys, by their places, are true; each is asked of the files that those before it left.
    ///
    /// # Errors
    /// Those of the conditions.
    pub(super) fn kept(&self, conditions: &[Typed]) -> Result<Vec<usize>> {
        let mut kept: Vec<usize> = (0..self.files).collect();
        if conditions.is_empty() {
            return Ok(kept);
        }
        let layout = Schema::new(self.fields.iter().cloned())?.to_arrow();
        let all = RecordBatch::try_new(layout, self.values.clone())?;
        for condition in conditions {
            let rows = kept.iter().map(|&file| row(file)).collect::<Result<Vec<u32>>>()?;
            let mask = evaluate(condition, &take_record_batch(&all, &UInt32Array::from(rows))?)?;
            let mask = mask.as_boolean_opt().ok_or_else(|| Error::new(ErrorKind::Unexpected, "a condition is no bool"))?;
            let mut rows = 0..;
            kept.retain(|_| rows.next().is_some_and(|row| mask.is_valid(row) && mask.value(row)));
        }
        Ok(kept)
    }

    /// The value of a key for a file, so many times.
    pub(super) fn column(&self, key: usize, file: usize, rows: usize) -> Result<ArrayRef> {
        Ok(take(&self.values[key], &UInt32Array::from_value(row(file)?, rows), None)?)
    }
}

fn row(file: usize) -> Result<u32> {
    u32::try_from(file).map_err(|_| Error::new(ErrorKind::Io, "there are too many files"))
}

fn infer(values: &[Option<&str>]) -> Type {
    let mut seen = values.iter().flatten().peekable();
    // "007" would come back as another text.
    let is_long = |v: &&str| v.parse::<i64>().is_ok_and(|n| n.to_string() == **v);
    if seen.peek().is_some() && seen.all(is_long) { Type::Int64 } else { Type::Str }
}

fn misfit(fault: Fault, name: &str, found: &[Found]) -> Error {
    match fault {
        Fault::Value { row, message, .. } => {
            let path = found.get(row).map(|f| f.path.display().to_string()).unwrap_or_default();
            let said = format!("the folders above {path} say of the key {name:?} what it cannot be: {message}");
            Error::new(ErrorKind::ValueInvalid, said).with("column", name).with("path", path)
        }
        other => Error::from(other).with("column", name),
    }
}

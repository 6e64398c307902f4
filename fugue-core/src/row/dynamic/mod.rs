//! Rows whose columns are known only at run time: a record of named values.

mod read;
mod value;
mod write;

use std::fmt;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::record_batch::RecordBatch;

pub use value::{FromValue, Value};

use self::read::ValueReader;
use self::write::ValueWriter;
use super::layout::hint;
use super::nulls::{Nulls, invalid};
use super::support::assemble;
use super::{Row, RowLayout};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Schema, Type, quote};

/// A row of named values; also the value of a struct column.
///
/// ```
/// use fugue_core::row::{Record, Value};
///
/// let mut record = Record::from_iter([("city", "Bern"), ("country", "CH")]);
/// record.set("people", 134_000);
/// assert_eq!(record.value("people"), Some(&Value::Int(134_000)));
/// assert_eq!(record.take::<String>("city")?, "Bern");
/// # Ok::<(), fugue_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    // Shared by all records of a batch.
    names: Arc<Vec<Arc<str>>>,
    values: Vec<Value>,
}

impl Record {
    /// A record without values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of a name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.position(name).map(|at| &self.values[at])
    }

    /// Takes the value of a name out, as a Rust type; a null stays behind.
    ///
    /// # Errors
    /// `ColumnNotFound` for a name that is not here, `ValueInvalid` for a value that the type cannot hold; it stays then.
    pub fn take<T: FromValue>(&mut self, name: &str) -> Result<T> {
        let Some(at) = self.position(name) else {
            let message = format!(
                "the record has no {name:?}; it has: {}{}",
                self.names.join(", "),
                hint(name, self.names.iter().map(|n| &**n))
            );
            return Err(Error::new(ErrorKind::ColumnNotFound, message).with("column", name));
        };
        let value = std::mem::take(&mut self.values[at]);
        T::from_value(value).map_err(|value| {
            let message = format!("{name:?} is {} and cannot be taken as {}", value.describe(), std::any::type_name::<T>());
            self.values[at] = value;
            Error::new(ErrorKind::ValueInvalid, message).with("column", name)
        })
    }

    /// Sets the value of a name; a new name stands last.
    pub fn set(&mut self, name: impl AsRef<str>, value: impl Into<Value>) -> &mut Self {
        let name = name.as_ref();
        match self.position(name) {
            Some(at) => self.values[at] = value.into(),
            None => {
                Arc::make_mut(&mut self.names).push(Arc::from(name));
                self.values.push(value.into());
            }
        }
        self
    }

    /// The names and values, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.names.iter().map(|n| &**n).zip(&self.values)
    }

    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| &**n == name)
    }

    /// Takes a value out, where a null then stands; looks first where it stood in the schema.
    fn extract(&mut self, name: &str, likely: usize) -> Option<Value> {
        let at = if self.names.get(likely).is_some_and(|n| &**n == name) { likely } else { self.position(name)? };
        Some(std::mem::take(&mut self.values[at]))
    }
}

/// A column of one row.
///
/// # Errors
/// `ValueInvalid` for a value that the type cannot hold without loss.
pub(crate) fn column_of(value: Value, ty: &Type) -> Result<ArrayRef> {
    let mut writer = ValueWriter::new(ty, 1)?;
    writer.push(value).map_err(|message| Error::new(ErrorKind::ValueInvalid, message))?;
    writer.finish()
}

impl<N: AsRef<str>, V: Into<Value>> FromIterator<(N, V)> for Record {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(values: I) -> Self {
        let mut record = Self::new();
        for (name, value) in values {
            record.set(name, value);
        }
        record
    }
}

/// `{a: 1, b: "x"}`
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        value::join(f, "{", self.iter(), "}", |(name, value), f| {
            write!(f, "{}: ", quote(name))?;
            value.write_inside(f)
        })
    }
}

/// The columns of a batch, resolved for records.
#[derive(Debug)]
pub struct RecordReader<'a> {
    names: Arc<Vec<Arc<str>>>,
    columns: Vec<ValueReader<'a>>,
}

/// The builders of the columns of a declared schema.
#[derive(Debug)]
pub struct RecordWriter {
    schema: Schema,
    columns: Vec<ValueWriter>,
    rows: usize,
}

impl Row for Record {
    type Of<'a> = Self;
    type Reader<'a> = RecordReader<'a>;
    type Writer = RecordWriter;

    fn layout() -> RowLayout {
        RowLayout::dynamic("Record")
    }

    fn reader(batch: &RecordBatch) -> Result<Self::Reader<'_>> {
        let fields = batch.schema_ref().fields();
        let names = Arc::new(fields.iter().map(|f| Arc::from(f.name().as_str())).collect());
        let columns = fields
            .iter()
            .zip(batch.columns())
            .map(|(field, column)| ValueReader::new(column.as_ref(), Nulls::Allow, field.name()))
            .collect::<Result<_>>()?;
        Ok(RecordReader { names, columns })
    }

    fn read<'a>(reader: &Self::Reader<'a>, row: usize) -> Self::Of<'a> {
        Self { names: Arc::clone(&reader.names), values: reader.columns.iter().map(|c| c.value(row)).collect() }
    }

    fn writer(schema: &Schema, capacity: usize) -> Result<Self::Writer> {
        let columns = schema.fields().iter().map(|f| ValueWriter::new(f.ty(), capacity)).collect::<Result<_>>()?;
        Ok(RecordWriter { schema: schema.clone(), columns, rows: 0 })
    }

    /// Values go to columns by name: further ones are dropped, a missing one is an error. Each is cast, without loss only.
    fn write(mut self, writer: &mut Self::Writer) -> Result<()> {
        for (at, (field, column)) in writer.schema.fields().iter().zip(&mut writer.columns).enumerate() {
            let Some(value) = self.extract(field.name(), at) else {
                let message = format!(
                    "the record has no value for column {:?} of the declared schema; it has: {}{}",
                    field.name(),
                    self.names.join(", "),
                    hint(field.name(), self.names.iter().map(|n| &**n))
                );
                return Err(Error::new(ErrorKind::SchemaMismatch, message).with("column", field.name()));
            };
            column.push(value).map_err(|refused| {
                let message = format!("{refused}; convert the value, or declare the column with its type");
                invalid(field.name(), writer.rows, &message)
            })?;
        }
        writer.rows += 1;
        Ok(())
    }

    fn finish(writer: Self::Writer) -> Result<RecordBatch> {
        let arrays = writer.columns.into_iter().map(ValueWriter::finish).collect::<Result<_>>()?;
        assemble(&writer.schema, arrays, writer.rows)
    }
}

//! Plain values, rows and tables of the suite: its own, so that no engine's code decides what a value is.

mod read;
#[cfg(test)]
mod tests;
mod write;

use std::cmp::Ordering;
use std::fmt;

use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::{Schema, Type};

pub use read::read_column;
pub use write::write_column;

/// One value. What a whole number means (a count, a day, a microsecond, a decimal's digits) is told by the column's type.
#[derive(Clone, Debug)]
pub enum OwnValue {
    /// No value.
    Null,
    /// True or false.
    Bool(bool),
    /// Every type that is a whole number inside: integers, days, times, instants, and decimals without their point.
    Int(i128),
    /// Both widths of floats; the wider holds each narrower one exactly.
    Float(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Self>),
    /// The fields of a struct, in their order.
    Struct(Vec<Self>),
    /// The entries of a map, in their order.
    Map(Vec<(Self, Self)>),
}

/// One row: a value per column.
pub type OwnRow = Vec<OwnValue>;

/// A schema and rows.
#[derive(Clone)]
pub struct Table {
    /// The columns.
    pub schema: Schema,
    /// The rows, each as long as the schema.
    pub rows: Vec<OwnRow>,
}

impl OwnValue {
    /// The one that stands for all values that are equal to it: zeros, inside lists and structs too, have no sign.
    #[must_use]
    pub fn without_sign(self) -> Self {
        match self {
            Self::Float(x) => Self::Float(x + 0.0),
            Self::List(items) => Self::List(items.into_iter().map(Self::without_sign).collect()),
            Self::Struct(fields) => Self::Struct(fields.into_iter().map(Self::without_sign).collect()),
            other => other,
        }
    }

    /// Whether it is null. NaN is not.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Text from a string slice.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The whole number, where it is one.
    #[must_use]
    pub fn as_int(&self) -> Option<i128> {
        match self {
            Self::Int(i) => Some(*i),
            _ => None,
        }
    }

    /// The order of the contract: nulls last, NaN one value above infinity, zeros equal, text by bytes, nested by parts.
    ///
    /// Values of different kinds never stand in one column; they get some order all the same, so that a wrong answer can be shown.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Null, Self::Null) => Ordering::Equal,
            (Self::Null, _) => Ordering::Greater,
            (_, Self::Null) => Ordering::Less,
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Float(a), Self::Float(b)) => order_floats(*a, *b),
            (Self::Text(a), Self::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Self::Bytes(a), Self::Bytes(b)) => a.cmp(b),
            (Self::List(a), Self::List(b)) | (Self::Struct(a), Self::Struct(b)) => order_rows(a, b),
            (Self::Map(a), Self::Map(b)) => {
                let pairs = a.iter().zip(b).map(|((k, v), (l, w))| k.order(l).then_with(|| v.order(w)));
                first_difference(pairs).then(a.len().cmp(&b.len()))
            }
            _ => self.kind().cmp(&other.kind()),
        }
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Int(_) => 2,
            Self::Float(_) => 3,
            Self::Text(_) => 4,
            Self::Bytes(_) => 5,
            Self::List(_) => 6,
            Self::Struct(_) => 7,
            Self::Map(_) => 8,
        }
    }
}

/// The order of rows: column by column, each as [`OwnValue::order`] says.
#[must_use]
pub fn order_rows(left: &[OwnValue], right: &[OwnValue]) -> Ordering {
    first_difference(left.iter().zip(right).map(|(a, b)| a.order(b))).then(left.len().cmp(&right.len()))
}

fn first_difference(mut orders: impl Iterator<Item = Ordering>) -> Ordering {
    orders.find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

fn order_floats(a: f64, b: f64) -> Ordering {
    match (a.is_nan(), b.is_nan()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        // Neither is NaN, so a comparison exists; zeros of both signs are equal in it.
        (false, false) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
    }
}

impl PartialEq for OwnValue {
    fn eq(&self, other: &Self) -> bool {
        self.order(other).is_eq()
    }
}

impl Eq for OwnValue {}

impl PartialOrd for OwnValue {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for OwnValue {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order(other)
    }
}

impl fmt::Display for OwnValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(b) => write!(f, "{b}"),
            Self::Int(i) => write!(f, "{i}"),
            // Signs and payloads of NaN do not count, and neither does the sign of zero; but a reader wants to see them.
            Self::Float(x) if x.is_nan() => write!(f, "NaN(0x{:x})", x.to_bits()),
            Self::Float(x) => write!(f, "{x:?}"),
            Self::Text(t) => write!(f, "{t:?}"),
            Self::Bytes(b) => {
                f.write_str("0x")?;
                b.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
            Self::List(items) => write_all(f, '[', items.iter(), ']'),
            Self::Struct(items) => write_all(f, '{', items.iter(), '}'),
            Self::Map(entries) => {
                f.write_str("<")?;
                for (i, (key, value)) in entries.iter().enumerate() {
                    write!(f, "{}{key}: {value}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str(">")
            }
        }
    }
}

fn write_all<'v>(f: &mut fmt::Formatter<'_>, open: char, items: impl Iterator<Item = &'v OwnValue>, close: char) -> fmt::Result {
    write!(f, "{open}")?;
    for (i, item) in items.enumerate() {
        write!(f, "{}{item}", if i == 0 { "" } else { ", " })?;
    }
    write!(f, "{close}")
}

/// A row as a reader of a failing test wants it.
#[must_use]
pub fn show_row(row: &[OwnValue]) -> String {
    let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
    format!("[{}]", cells.join(", "))
}

impl Table {
    /// A table of rows.
    #[must_use]
    pub fn new(schema: Schema, rows: Vec<OwnRow>) -> Self {
        Self { schema, rows }
    }

    /// A table without rows.
    #[must_use]
    pub fn empty(schema: Schema) -> Self {
        Self { schema, rows: Vec::new() }
    }

    /// Reads batches that must have the layout of the contract for the schema.
    ///
    /// # Errors
    /// A message that names the batch and the column that has another layout or that cannot be read.
    pub fn from_batches(schema: &Schema, batches: &[RecordBatch]) -> Result<Self, String> {
        let mut rows = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
        for (number, batch) in batches.iter().enumerate() {
            let names: Vec<String> = batch.schema().fields().iter().map(|f| f.name().clone()).collect();
            if !names.iter().map(String::as_str).eq(schema.names()) {
                return Err(format!("batch {number} has the columns {names:?}, but the schema is {schema}"));
            }
            let mut columns = Vec::with_capacity(schema.len());
            for (field, array) in schema.fields().iter().zip(batch.columns()) {
                if *array.data_type() != field.ty().to_arrow() {
                    return Err(format!(
                        "batch {number}, column {:?}: the layout is {}, but the contract's for {:?} is {}",
                        field.name(),
                        array.data_type(),
                        field.ty(),
                        field.ty().to_arrow()
                    ));
                }
                columns.push(read_column(array).map_err(|e| format!("batch {number}, column {:?}: {e}", field.name()))?);
            }
            let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
            for _ in 0..batch.num_rows() {
                rows.push(columns.iter_mut().filter_map(Iterator::next).collect());
            }
        }
        Ok(Self { schema: schema.clone(), rows })
    }

    /// The rows as one batch in the layout of the contract.
    ///
    /// # Errors
    /// A message that names the column whose values do not fit its type.
    pub fn to_batch(&self) -> Result<RecordBatch, String> {
        self.to_batch_of(0..self.rows.len())
    }

    /// Some of the rows as one batch in the layout of the contract.
    ///
    /// # Errors
    /// As [`to_batch`](Self::to_batch).
    pub fn to_batch_of(&self, range: std::ops::Range<usize>) -> Result<RecordBatch, String> {
        let rows = &self.rows[range];
        let mut arrays = Vec::with_capacity(self.schema.len());
        for (i, field) in self.schema.fields().iter().enumerate() {
            let cells: Vec<&OwnValue> = rows.iter().map(|row| &row[i]).collect();
            let array = write_column(&field.ty().to_arrow(), &cells).map_err(|e| format!("column {:?}: {e}", field.name()))?;
            arrays.push(array);
        }
        let options = fugue_core::arrow::record_batch::RecordBatchOptions::new().with_row_count(Some(rows.len()));
        RecordBatch::try_new_with_options(self.schema.to_arrow(), arrays, &options).map_err(|e| e.to_string())
    }

    /// The rows cut into batches of the given sizes; what is left over goes into a last one. A size of zero gives an empty batch.
    ///
    /// # Errors
    /// As [`to_batch`](Self::to_batch).
    pub fn to_batches(&self, sizes: &[usize]) -> Result<Vec<RecordBatch>, String> {
        let mut batches = Vec::with_capacity(sizes.len() + 1);
        let mut from = 0;
        for size in sizes {
            let to = (from + size).min(self.rows.len());
            batches.push(self.to_batch_of(from..to)?);
            from = to;
        }
        if from < self.rows.len() || batches.is_empty() {
            batches.push(self.to_batch_of(from..self.rows.len())?);
        }
        Ok(batches)
    }

    /// The position of a column.
    ///
    /// # Errors
    /// A message with the name.
    pub fn position(&self, name: &str) -> Result<usize, String> {
        self.schema.names().position(|n| n == name).ok_or_else(|| format!("the table has no column {name:?}"))
    }

    /// Appends a column of row numbers, which makes any presort that ends in it a total order.
    ///
    /// # Errors
    /// A message where the name is taken.
    pub fn with_row_numbers(mut self, name: &str) -> Result<Self, String> {
        let number = fugue_core::Field::new(name, Type::Int64);
        self.schema = Schema::new(self.schema.fields().iter().cloned().chain([number])).map_err(|e| e.to_string())?;
        for (i, row) in self.rows.iter_mut().enumerate() {
            row.push(OwnValue::Int(i as i128));
        }
        Ok(self)
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 20;
        writeln!(f, "{} rows of {}", self.rows.len(), self.schema)?;
        for row in self.rows.iter().take(SHOWN) {
            writeln!(f, "  {}", show_row(row))?;
        }
        if self.rows.len() > SHOWN {
            writeln!(f, "  … and {} more", self.rows.len() - SHOWN)?;
        }
        Ok(())
    }
}

impl From<()> for OwnValue {
    fn from((): ()) -> Self {
        Self::Null
    }
}

impl From<i32> for OwnValue {
    fn from(value: i32) -> Self {
        Self::Int(i128::from(value))
    }
}

impl From<i64> for OwnValue {
    fn from(value: i64) -> Self {
        Self::Int(i128::from(value))
    }
}

impl From<f64> for OwnValue {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<bool> for OwnValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for OwnValue {
    fn from(value: &str) -> Self {
        Self::text(value)
    }
}

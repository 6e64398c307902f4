//! What `#[derive(Row)]` calls; public for the generated code and for cells written by hand.

use arrow::array::{Array, ArrayRef, AsArray, NullBufferBuilder, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field as ArrowField};
use arrow::record_batch::RecordBatchOptions;

pub use arrow::array::{Array as ArrayLike, ArrayRef as Column};
pub use arrow::record_batch::RecordBatch;

#[doc(hidden)]
pub use super::rest::{KeepsRest, RestWriter};

use super::Plain;
use super::layout::{RowField, RowLayout, missing, struct_type, writable};
use super::nulls::{Nulls, mismatch};
use crate::cast::cast_array;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Schema, Type};

/// What a slice or vector at a function's door may hold: rows, plain values, batches. Lets `#[transformer]` point at the argument
/// that is at fault.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a row nor a plain value",
    label = "not a row",
    note = "write `#[derive(Row)]` above the struct (`use fugue::Row`); its fields name the columns",
    note = "for columns that are known only at run time use `Record`"
)]
pub trait Data {}

#[diagnostic::do_not_recommend]
impl<T: Plain> Data for T {}
impl Data for super::Record {}
impl Data for RecordBatch {}
impl Data for () {}

/// One column of a batch by name.
///
/// # Errors
/// `ColumnNotFound` naming the column and what there is.
pub fn column<'a>(batch: &'a RecordBatch, name: &str, row_type: &str) -> Result<&'a dyn Array> {
    let schema = batch.schema_ref();
    match schema.column_with_name(name) {
        Some((index, _)) => Ok(batch.column(index).as_ref()),
        None => Err(missing(name, schema.fields().iter().map(|f| f.name().as_str()), row_type)),
    }
}

/// The members of a struct column while they are resolved.
#[derive(Debug)]
pub struct Members<'a> {
    array: &'a StructArray,
    live: Option<NullBuffer>,
    name: String,
}

impl<'a> Members<'a> {
    /// Takes a column for one of structs.
    ///
    /// # Errors
    /// `SchemaMismatch` when it is none, `ValueInvalid` for a null that is forbidden.
    pub fn new(array: &'a dyn Array, nulls: Nulls<'_>, name: &str, wanted: impl FnOnce() -> Type) -> Result<Self> {
        let Some(found) = array.as_struct_opt() else {
            return Err(mismatch(name, &wanted(), array.data_type()));
        };
        nulls.check(array, name)?;
        Ok(Self { array: found, live: nulls.values(array), name: name.to_owned() })
    }

    /// One member by name, and its own name as `outer.inner`.
    ///
    /// # Errors
    /// `ColumnNotFound` naming the member and what there is.
    pub fn member(&self, name: &str) -> Result<(&'a dyn Array, String)> {
        let path = format!("{}.{name}", self.name);
        match self.array.column_names().iter().position(|n| *n == name) {
            Some(index) => Ok((self.array.column(index).as_ref(), path)),
            None => Err(missing(&path, self.array.column_names().into_iter(), "the struct")),
        }
    }

    /// What the members do with nulls: only rows in which the struct stands are read.
    #[must_use]
    pub fn nulls(&self) -> Nulls<'_> {
        Nulls::forbid(self.live.as_ref())
    }
}

/// The builders of the columns of rows.
#[derive(Debug)]
pub struct RowWriter<W> {
    /// One builder per field.
    pub columns: W,
    /// Rows written so far.
    pub rows: usize,
    schema: Schema,
}

impl<W> RowWriter<W> {
    /// Builders for rows of a schema.
    ///
    /// # Errors
    /// `SchemaMismatch` when the type cannot write the schema.
    pub fn new(layout: &RowLayout, schema: &Schema, columns: W) -> Result<Self> {
        layout.check_output(schema)?;
        Ok(Self { columns, rows: 0, schema: schema.clone() })
    }

    /// Takes the builders out, and leaves what puts their columns together.
    pub fn into_parts(self) -> (W, Assembly) {
        (self.columns, Assembly { schema: self.schema, rows: self.rows })
    }
}

/// Puts finished columns together.
#[derive(Debug)]
pub struct Assembly {
    pub(super) schema: Schema,
    pub(super) rows: usize,
}

impl Assembly {
    /// The batch of the declared schema, from columns by name.
    ///
    /// # Errors
    /// `SchemaMismatch` naming a column that was not written.
    pub fn batch(self, columns: Vec<(&str, Column)>) -> Result<RecordBatch> {
        let arrays = self
            .schema
            .fields()
            .iter()
            .map(|field| match columns.iter().find(|(name, _)| *name == field.name()) {
                Some((_, array)) => relabel(array, field.ty(), field.name()),
                None => Err(Error::new(ErrorKind::SchemaMismatch, "the column was not written").with("column", field.name())),
            })
            .collect::<Result<Vec<_>>>()?;
        assemble(&self.schema, arrays, self.rows)
    }
}

/// A batch of a schema; knows its rows even without columns.
pub(super) fn assemble(schema: &Schema, arrays: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(schema.to_arrow(), arrays, &options)?)
}

/// Gives timestamps the declared zone; everything else stands already.
pub(super) fn relabel(array: &ArrayRef, declared: &Type, name: &str) -> Result<ArrayRef> {
    let wanted = declared.to_arrow();
    if *array.data_type() == wanted {
        return Ok(array.clone());
    }
    let found = Type::from_arrow(array.data_type())?;
    if writable(&found, declared) {
        return cast_array(array, declared).map_err(|e| e.with("column", name));
    }
    Err(mismatch(name, declared, array.data_type()))
}

/// The builders of a struct column.
#[derive(Debug)]
pub struct StructWriter<W> {
    /// One builder per field.
    pub columns: W,
    /// Which rows are null.
    pub nulls: NullBufferBuilder,
}

impl<W> StructWriter<W> {
    /// Builders of a struct column.
    pub fn new(columns: W, capacity: usize) -> Self {
        Self { columns, nulls: NullBufferBuilder::new(capacity) }
    }
}

/// The array of a struct column.
///
/// # Errors
/// Whatever arrow finds.
pub fn struct_array(columns: Vec<(&str, Column)>, mut nulls: NullBufferBuilder) -> Result<Column> {
    let rows = nulls.len();
    let (fields, arrays): (Vec<_>, Vec<_>) =
        columns.into_iter().map(|(name, array)| (ArrowField::new(name, array.data_type().clone(), true), array)).unzip();
    Ok(std::sync::Arc::new(StructArray::try_new_with_length(fields.into(), arrays, nulls.finish(), rows)?))
}

/// The struct type of fields.
#[must_use]
pub fn struct_of(fields: &[RowField]) -> Type {
    struct_type(fields)
}

/// The values of a dictionary, one per row; `None` for other arrays.
pub(super) fn decode(array: &dyn Array) -> Result<Option<ArrayRef>> {
    match array.as_any_dictionary_opt() {
        Some(found) => Ok(Some(arrow::compute::take(found.values(), found.keys(), None)?)),
        None => Ok(None),
    }
}

/// The keys and values of a dictionary; `None` for other arrays. Keys of nulls may point behind the values.
pub(super) fn dictionary(array: &dyn Array) -> Option<(Vec<usize>, &dyn Array)> {
    let found = array.as_any_dictionary_opt()?;
    let keys = if found.values().is_empty() { vec![0; array.len()] } else { found.normalized_keys() };
    Some((keys, found.values().as_ref()))
}

/// Whether a data type has values that must be looked at before they are read.
pub(super) fn checked_by_value(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(f) | DataType::LargeList(f) | DataType::FixedSizeList(f, _) | DataType::ListView(f) => {
            checked_by_value(f.data_type())
        }
        DataType::LargeListView(f) => checked_by_value(f.data_type()),
        DataType::Struct(fields) => fields.iter().any(|f| checked_by_value(f.data_type())),
        DataType::Dictionary(_, value) => checked_by_value(value),
        DataType::Map(_, _) => true,
        DataType::Decimal32(_, _) | DataType::Decimal64(_, _) | DataType::Decimal128(_, _) => true,
        other => other.is_temporal(),
    }
}

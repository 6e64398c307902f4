//! Batches into the contract's layout, and into a schema that was declared.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType, FieldRef, Schema as ArrowSchema};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use super::layout::{SubMicrosecond, canonical};
use super::{Schema, Type, quote};
use crate::cast;
use crate::error::{Error, ErrorKind, Result};

/// The batch in the contract's layout. `to` is the schema that the batch means: its names in its order, and its types in any
/// layout and unit; only a column of null type takes whatever type is declared. Columns that have the layout are not copied.
///
/// # Errors
/// [`ErrorKind::SchemaMismatch`] when the batch does not mean the schema. [`ErrorKind::ValueInvalid`] naming column and row:
/// nanoseconds that do not make a whole microsecond, a map with a key twice.
pub fn normalise(batch: &RecordBatch, to: &Schema) -> Result<RecordBatch> {
    normalise_with(batch, to, SubMicrosecond::Refuse)
}

/// As [`normalise`], saying what becomes of nanoseconds.
///
/// # Errors
/// As [`normalise`].
pub fn normalise_with(batch: &RecordBatch, to: &Schema, below: SubMicrosecond) -> Result<RecordBatch> {
    if is_same(batch, to) {
        return Ok(batch.clone());
    }
    let own = batch.schema_ref();
    if !own.fields().iter().map(|f| f.name().as_str()).eq(to.names()) {
        let message = format!("the columns are {}, but {} were declared", listed(own), to);
        return Err(Error::new(ErrorKind::SchemaMismatch, message));
    }
    let columns = batch.columns().iter().zip(to.fields());
    let columns = columns.map(|(array, field)| column(array, field.ty(), below).map_err(|e| e.with("column", field.name())));
    assemble(batch, to, columns.collect::<Result<_>>()?)
}

/// One column in the contract's layout, as [`normalise`] does it.
///
/// # Errors
/// As [`normalise`], without the name of the column.
pub fn normalise_array(array: &ArrayRef, to: &Type) -> Result<ArrayRef> {
    column(array, to, SubMicrosecond::Refuse)
}

/// The batch as the declared schema: columns found by name, in the declared order, cast to the declared types (see
/// [`cast_array`](crate::cast::cast_array)). Columns that were not declared are dropped; those that conform are not copied.
///
/// Made to be called for every small batch that user code returns: a batch that carries the very Arrow schema of `to`
/// costs one comparison of pointers.
///
/// # Errors
/// [`ErrorKind::SchemaMismatch`] naming a column that is missing, that stands twice, or whose type has no cast;
/// [`ErrorKind::ValueInvalid`] naming column, row and value of a failing cast.
pub fn conform(batch: &RecordBatch, to: &Schema) -> Result<RecordBatch> {
    if is_same(batch, to) {
        return Ok(batch.clone());
    }
    let own = batch.schema_ref();
    let places = places(own, to)?;
    let mut columns = Vec::with_capacity(to.len());
    for (i, (field, target)) in to.fields().iter().zip(to.arrow().fields()).enumerate() {
        let array = batch.column(places.as_ref().map_or(i, |places| places[i]));
        let column = if array.data_type() == target.data_type() && !field.ty().has_map() {
            Arc::clone(array)
        } else {
            cast::cast(array, field.ty()).map_err(|fault| Error::from(fault).with("column", field.name()))?
        };
        columns.push(column);
    }
    assemble(batch, to, columns)
}

/// Whether the batch has the columns of the schema in the contract's layout, in order: [`conform`] would only change its label.
pub(crate) fn is_alike(batch: &RecordBatch, to: &Schema) -> bool {
    let (own, to_arrow) = (batch.schema_ref().fields(), to.arrow().fields());
    let same = |(a, b): (&FieldRef, &FieldRef)| a.name() == b.name() && a.data_type() == b.data_type();
    own.len() == to_arrow.len() && own.iter().zip(to_arrow).all(same) && !to.has_maps()
}

fn column(array: &ArrayRef, to: &Type, below: SubMicrosecond) -> Result<ArrayRef> {
    if !matches!(array.data_type(), DataType::Null) {
        let means = Type::from_arrow(array.data_type())?;
        if means != *to {
            let message = format!("the column is {means}, but {to} was declared; cast it");
            return Err(Error::new(ErrorKind::SchemaMismatch, message));
        }
    }
    Ok(canonical(array, to, below)?)
}

/// Whether the batch says by its schema's pointer that it conforms. Keys of maps must be looked at all the same.
fn is_same(batch: &RecordBatch, to: &Schema) -> bool {
    Arc::ptr_eq(batch.schema_ref(), to.arrow()) && !to.has_maps()
}

fn assemble(batch: &RecordBatch, to: &Schema, columns: Vec<ArrayRef>) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(to.to_arrow(), columns, &options)?)
}

/// Where each declared column stands in the batch; nothing when each stands where it was declared.
fn places(own: &ArrowSchema, to: &Schema) -> Result<Option<Vec<usize>>> {
    let fields = own.fields();
    let in_order = fields.len() == to.len() && fields.iter().map(|f| f.name().as_str()).eq(to.names());
    if in_order {
        return Ok(None);
    }
    let mut table: HashMap<&str, (usize, bool)> = HashMap::with_capacity(fields.len());
    for (i, field) in fields.iter().enumerate() {
        table.entry(field.name()).and_modify(|(_, twice)| *twice = true).or_insert((i, false));
    }
    let place = |name: &str| match table.get(name) {
        Some((i, false)) => Ok(*i),
        found => {
            let what = if found.is_some() { "stands twice" } else { "is missing" };
            let message =
                format!("column {} of the declared schema {what} in the data, whose columns are: {}", quote(name), listed(own));
            Err(Error::new(ErrorKind::SchemaMismatch, message).with("column", name))
        }
    };
    to.names().map(place).collect::<Result<_>>().map(Some)
}

fn listed(schema: &ArrowSchema) -> String {
    if schema.fields().is_empty() {
        return "none".to_owned();
    }
    schema.fields().iter().map(|f| quote(f.name())).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;

//! Columns of DataFusion's plans as columns of a portable schema.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, FieldRef, Fields, Schema as ArrowSchema, SchemaRef};
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::{Column, DFSchema, DFSchemaRef};
use datafusion::logical_expr::{Expr, LogicalPlan};
use fugue_core::{Result, Schema, Type};

use crate::error::from_native;

/// The portable schema of a plan.
///
/// # Errors
/// [`SchemaInvalid`](fugue_core::ErrorKind::SchemaInvalid) naming a column whose type has no place in it, and for a name that stands
/// twice.
pub(crate) fn schema_of(plan: &LogicalPlan) -> Result<Schema> {
    Schema::from_arrow(plan.schema().as_arrow())
}

/// The columns of a node of ours: without a table's name before them.
pub(crate) fn columns_of(arrow: &SchemaRef) -> Result<DFSchemaRef> {
    Ok(DFSchema::try_from(SchemaRef::clone(arrow)).map_err(from_native)?.into())
}

/// A column of a plan by its position: names may be qualified, and hold dots.
pub(crate) fn column(plan: &LogicalPlan, position: usize) -> Expr {
    let (table, field) = plan.schema().qualified_field(position);
    Expr::Column(Column::new(table.cloned(), field.name()))
}

/// Whether DataFusion compares and hashes values of a type as the contract does. It tells apart the bits of NaN, and nested values
/// hold floats or have a layout of their own.
pub(crate) fn is_plain(ty: &Type) -> bool {
    !ty.is_float() && !ty.is_nested()
}

/// The layout in which rows go through networks and files: text and bytes not in views, whose buffers would all go along with every
/// share of the rows.
pub(crate) fn plain_schema(schema: &SchemaRef) -> SchemaRef {
    let fields: Fields = schema.fields().iter().map(plain_field).collect();
    Arc::new(ArrowSchema::new_with_metadata(fields, schema.metadata().clone()))
}

fn plain_field(field: &FieldRef) -> FieldRef {
    Arc::new(field.as_ref().clone().with_data_type(plain_type(field.data_type())))
}

pub(crate) fn plain_type(ty: &DataType) -> DataType {
    match ty {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::List(item) => DataType::List(plain_field(item)),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(plain_field).collect()),
        DataType::Map(entries, sorted) => DataType::Map(plain_field(entries), *sorted),
        other => other.clone(),
    }
}

/// A column with more bytes of text is cut into several batches: offsets have 32 bits.
const PLAIN_BYTES: usize = 1 << 30;

/// Rows in that layout.
///
/// # Errors
/// `EngineFailed` for one value that is larger than the layout allows.
pub(crate) fn plain_batches(batch: &RecordBatch, schema: &SchemaRef) -> Result<Vec<RecordBatch>> {
    if batch.schema_ref().fields() == schema.fields() {
        return Ok(vec![batch.clone()]);
    }
    if batch.num_rows() > 1 && batch.columns().iter().any(|c| text_bytes(c) > PLAIN_BYTES) {
        let half = batch.num_rows() / 2;
        let mut cut = plain_batches(&batch.slice(0, half), schema)?;
        cut.extend(plain_batches(&batch.slice(half, batch.num_rows() - half), schema)?);
        return Ok(cut);
    }
    let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| cast(column, field.data_type()));
    let columns = columns.collect::<std::result::Result<Vec<_>, _>>()?;
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(vec![RecordBatch::try_new_with_options(Arc::clone(schema), columns, &rows)?])
}

fn text_bytes(column: &ArrayRef) -> usize {
    match column.data_type() {
        DataType::Utf8View => column.as_string_view().total_buffer_bytes_used(),
        DataType::BinaryView => column.as_binary_view().total_buffer_bytes_used(),
        _ => 0,
    }
}

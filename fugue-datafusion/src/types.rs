//! Columns of DataFusion's plans as columns of a portable schema.

use datafusion::arrow::datatypes::SchemaRef;
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

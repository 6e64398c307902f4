//! Relational operations as plans of DataFusion. What would not answer as the contract says is left to core, which derives it.

mod aggregate;
mod join;
mod plans;
mod select;
mod sets;
mod take;

pub use plans::Plans;

use datafusion::common::Column;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, SortExpr};
use fugue_core::Type;
use fugue_core::expr::TypedSort;
use fugue_core::relational::{Join, SelectPlan, SetOp};
use fugue_core::{Result, Schema};

use crate::error::from_native;
use crate::expr::canonical;
use crate::frame::DataFusionFrame;
use crate::travel::Site;
use crate::types::{column, is_plain};

/// Filter, grouping, having, projection, distinct.
///
/// # Errors
/// `EngineFailed` for what DataFusion does not plan.
fn select(frame: &DataFusionFrame, plan: &SelectPlan, site: Option<Site>) -> Result<Option<DataFusionFrame>> {
    select::select(frame, plan, site)
}

/// A join of two frames.
///
/// # Errors
/// `EngineFailed` for what DataFusion does not plan.
fn join(left: &DataFusionFrame, right: &DataFusionFrame, join: &Join) -> Result<Option<DataFusionFrame>> {
    join::join(left, right, join)
}

/// A set operation over two frames.
///
/// # Errors
/// `EngineFailed` for what DataFusion does not plan.
fn set_op(left: &DataFusionFrame, right: &DataFusionFrame, op: &SetOp) -> Result<Option<DataFusionFrame>> {
    sets::set_op(left, right, op)
}

/// All rows in an order, or the first so many.
///
/// # Errors
/// `EngineFailed` for what DataFusion does not plan.
fn sort(frame: &DataFusionFrame, order: &[TypedSort], limit: Option<u64>) -> Result<Option<DataFusionFrame>> {
    let schema = frame.schema();
    // The heap of DataFusion for the first rows panics where it is to hold none.
    if limit == Some(0) || order.iter().any(|key| schema.fields()[key.column].ty().is_nested()) {
        return Ok(None);
    }
    let limit = limit.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
    let by: Vec<SortExpr> = order.iter().map(|sort| ordered(schema, frame.plan(), sort)).collect();
    let plan = LogicalPlanBuilder::from(frame.plan().clone()).sort_with_limit(by, limit);
    finish(schema, plan.and_then(LogicalPlanBuilder::build)).map(Some)
}

/// The first rows of each key.
///
/// # Errors
/// `EngineFailed` for what DataFusion does not plan.
fn take(frame: &DataFusionFrame, keys: &[usize], order: &[TypedSort], rows: u64) -> Result<Option<DataFusionFrame>> {
    take::take(frame, keys, order, rows)
}

/// So many rows.
///
/// # Errors
/// `EngineFailed` for what DataFusion does not plan.
fn limit(frame: &DataFusionFrame, rows: u64) -> Result<Option<DataFusionFrame>> {
    // The number is a signed literal in the plan.
    let rows = usize::try_from(rows.min(i64::MAX as u64)).unwrap_or(usize::MAX);
    let plan = LogicalPlanBuilder::from(frame.plan().clone()).limit(0, Some(rows));
    finish(frame.schema(), plan.and_then(LogicalPlanBuilder::build)).map(Some)
}

/// The plan as a frame, whose columns it has under these names.
fn finish(schema: &Schema, plan: datafusion::common::Result<LogicalPlan>) -> Result<DataFusionFrame> {
    Ok(DataFusionFrame::new(schema.clone(), plan.map_err(from_native)?))
}

/// A column of a step that we gave its name, without a table's name before it. The name is taken as it stands, with dots and all.
fn named(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

/// A column of a plan to tell rows apart by, or to order them by.
fn key(schema: &Schema, plan: &LogicalPlan, position: usize) -> Expr {
    let value = column(plan, position);
    if schema.fields()[position].ty().is_float() { canonical(value) } else { value }
}

fn ordered(schema: &Schema, plan: &LogicalPlan, sort: &TypedSort) -> SortExpr {
    SortExpr::new(key(schema, plan, sort.column), !sort.descending, sort.nulls_first)
}

/// All columns of a plan under the names of a schema.
fn renamed(plan: LogicalPlan, columns: Vec<Expr>, schema: &Schema) -> datafusion::common::Result<LogicalPlan> {
    let columns: Vec<Expr> = columns.into_iter().zip(schema.names()).map(|(column, name)| column.alias(name)).collect();
    LogicalPlanBuilder::from(plan).project(columns)?.build()
}

/// Whether DataFusion groups by values of a type as the contract compares them, at least by their canonical form.
fn is_key(ty: &Type) -> bool {
    is_plain(ty) || ty.is_float()
}

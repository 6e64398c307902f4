//! The first rows of each key: numbered by a window in the order asked for.

use datafusion::common::Result as NativeResult;
use datafusion::functions_window::row_number::row_number_udwf;
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{Expr, ExprFunctionExt, LogicalPlan, LogicalPlanBuilder, lit};
use fugue_core::Result;
use fugue_core::expr::TypedSort;

use super::{finish, is_key, key, named, ordered, renamed};
use crate::frame::DataFusionFrame;
use crate::types::column;

pub(super) fn take(frame: &DataFusionFrame, keys: &[usize], order: &[TypedSort], rows: u64) -> Result<Option<DataFusionFrame>> {
    let schema = frame.schema();
    let compared = keys.iter().copied().chain(order.iter().map(|sort| sort.column));
    if !compared.into_iter().all(|i| is_key(schema.fields()[i].ty())) {
        return Ok(None);
    }
    finish(schema, planned(frame, keys, order, rows)).map(Some)
}

fn planned(frame: &DataFusionFrame, keys: &[usize], order: &[TypedSort], rows: u64) -> NativeResult<LogicalPlan> {
    let schema = frame.schema();
    let own = (0..schema.len()).map(|i| column(frame.plan(), i).alias(format!("_c{i}")));
    let plan = LogicalPlanBuilder::from(frame.plan().clone()).project(own.collect::<Vec<_>>())?.build()?;
    let number = Expr::from(WindowFunction::new(row_number_udwf(), Vec::new()))
        .partition_by(keys.iter().map(|&i| key(schema, &plan, i)).collect())
        .order_by(order.iter().map(|sort| ordered(schema, &plan, sort)).collect())
        .build()?;
    let columns = (0..schema.len()).map(|i| named(&format!("_c{i}"))).collect();
    let taken = LogicalPlanBuilder::from(plan).window([number.alias("_n")])?.filter(named("_n").lt_eq(lit(rows)))?.build()?;
    renamed(taken, columns, schema)
}

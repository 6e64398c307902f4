//! Set operations: both sides stacked, and for each row how often either side has it.

use datafusion::functions_aggregate::expr_fn::sum;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, lit};
use fugue_core::Result;
use fugue_core::relational::{SetKind, SetOp};

use super::{finish, is_key, named, renamed};
use crate::error::from_native;
use crate::expr::canonical;
use crate::frame::DataFusionFrame;
use crate::types::column;

pub(super) fn set_op(left: &DataFusionFrame, right: &DataFusionFrame, op: &SetOp) -> Result<Option<DataFusionFrame>> {
    if op.kind == SetKind::Union && op.all {
        let left = side(left, None).map_err(from_native)?;
        let right = side(right, None).map_err(from_native)?;
        let both = LogicalPlanBuilder::from(left).union(right).and_then(LogicalPlanBuilder::build).map_err(from_native)?;
        let columns = (0..op.schema.len()).map(|i| column(&both, i)).collect();
        return finish(&op.schema, renamed(both, columns, &op.schema)).map(Some);
    }
    // A row that stands several times in the result is more than grouping gives.
    if op.all || !op.schema.fields().iter().all(|f| is_key(f.ty())) {
        return Ok(None);
    }
    finish(&op.schema, counted(left, right, op)).map(Some)
}

/// A side under names of ours, which it shares with the other, with a mark of its own.
fn side(frame: &DataFusionFrame, mark: Option<[i64; 2]>) -> datafusion::common::Result<LogicalPlan> {
    let columns = frame.schema().fields().iter().enumerate().map(|(i, field)| {
        let value = column(frame.plan(), i);
        let value = if mark.is_some() && field.ty().is_float() { canonical(value) } else { value };
        value.alias(format!("_c{i}"))
    });
    let marks = mark.into_iter().flat_map(|[l, r]| [lit(l).alias("_l"), lit(r).alias("_r")]);
    LogicalPlanBuilder::from(frame.plan().clone()).project(columns.chain(marks).collect::<Vec<_>>())?.build()
}

fn counted(left: &DataFusionFrame, right: &DataFusionFrame, op: &SetOp) -> datafusion::common::Result<LogicalPlan> {
    let both = LogicalPlanBuilder::from(side(left, Some([1, 0]))?).union(side(right, Some([0, 1]))?)?.build()?;
    let keys: Vec<Expr> = (0..op.schema.len()).map(|i| named(&format!("_c{i}"))).collect();
    let counts = vec![sum(named("_l")).alias("_ls"), sum(named("_r")).alias("_rs")];
    let grouped = LogicalPlanBuilder::from(both).aggregate(keys.clone(), counts)?;
    let (on_left, on_right) = (named("_ls").gt(lit(0_i64)), named("_rs"));
    let kept = match op.kind {
        SetKind::Union => grouped,
        SetKind::Subtract => grouped.filter(on_left.and(on_right.eq(lit(0_i64))))?,
        SetKind::Intersect => grouped.filter(on_left.and(on_right.gt(lit(0_i64))))?,
    };
    renamed(kept.build()?, keys, &op.schema)
}

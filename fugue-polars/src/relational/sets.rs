//! Set operations: both sides stacked, and for each row how often either side has it.

use fugue_core::Result;
use fugue_core::relational::{SetKind, SetOp};
use polars::prelude::{Expr, LazyFrame, PolarsResult, UnionArgs, col, concat, lit};

use super::{canonical_columns, given, is_key, named, native, unnamed};
use crate::expr::numbered;
use crate::frame::PolarsFrame;

pub(super) fn set_op(left: &PolarsFrame, right: &PolarsFrame, op: &SetOp) -> Result<Option<PolarsFrame>> {
    let stacked = op.kind == SetKind::Union && op.all;
    // A row that stands several times in the result is more than grouping gives.
    if !stacked && (op.all || !op.schema.fields().iter().all(|f| is_key(f.ty()))) {
        return Ok(None);
    }
    let (schema, op) = (op.schema.clone(), op.clone());
    native("set operation", vec![left.clone(), right.clone()], schema, move |inputs| {
        let [left, right] = given(inputs)?;
        let (l, r) = (named(left, &op.schema), named(right, &op.schema));
        if stacked {
            return Ok(unnamed(both(l, r)?, &op.schema));
        }
        let keys = |plan: LazyFrame| plan.select(canonical_columns(&op.schema));
        Ok(unnamed(counted(keys(l), keys(r), &op)?, &op.schema))
    })
    .map(Some)
}

/// The plans have the same columns.
fn both(left: LazyFrame, right: LazyFrame) -> PolarsResult<LazyFrame> {
    concat([left, right], UnionArgs::default())
}

fn counted(left: LazyFrame, right: LazyFrame, op: &SetOp) -> PolarsResult<LazyFrame> {
    let marked = |plan: LazyFrame, l: i64, r: i64| plan.with_columns([lit(l).alias("_l"), lit(r).alias("_r")]);
    let keys: Vec<Expr> = (0..op.schema.len()).map(|i| col(numbered(i))).collect();
    let grouped = both(marked(left, 1, 0), marked(right, 0, 1))?.group_by(keys).agg([col("_l").sum(), col("_r").sum()]);
    let (on_left, on_right) = (col("_l").gt(lit(0_i64)), col("_r"));
    Ok(match op.kind {
        SetKind::Union => grouped,
        SetKind::Subtract => grouped.filter(on_left.and(on_right.eq(lit(0_i64)))),
        SetKind::Intersect => grouped.filter(on_left.and(on_right.gt(lit(0_i64)))),
    })
}

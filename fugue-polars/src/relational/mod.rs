//! Relational operations as plans of Polars. What would not answer as the contract says is left to core, which derives it.

mod aggregate;
mod full;
mod join;
mod select;
mod sets;
mod take;

use std::sync::Arc;

use fugue_core::engine::Relational;
use fugue_core::expr::TypedSort;
use fugue_core::relational::{Join, SelectPlan, SetOp};
use fugue_core::{ErrorKind, Result, Schema, Type};
use polars::prelude::{Expr, IdxSize, LazyFrame, PolarsResult, SortMultipleOptions, by_name, col, polars_err};

use crate::engine::PolarsEngine;
use crate::expr::{canonical, numbered};
use crate::frame::{Native, Node, PolarsFrame};
use crate::types;

impl Relational<PolarsFrame> for PolarsEngine {
    fn select(&self, frame: &PolarsFrame, select: &SelectPlan) -> Result<Option<PolarsFrame>> {
        match select::select(frame, select) {
            // A constant that cannot be computed is an error of its rows, if there are any; the derived select tells.
            Err(error) if error.kind() == ErrorKind::ValueInvalid => Ok(None),
            selected => selected,
        }
    }

    fn join(&self, left: &PolarsFrame, right: &PolarsFrame, join: &Join) -> Result<Option<PolarsFrame>> {
        join::join(left, right, join)
    }

    fn set_op(&self, left: &PolarsFrame, right: &PolarsFrame, op: &SetOp) -> Result<Option<PolarsFrame>> {
        sets::set_op(left, right, op)
    }

    fn sort(&self, frame: &PolarsFrame, order: &[TypedSort], limit: Option<u64>) -> Result<Option<PolarsFrame>> {
        let schema = frame.schema().clone();
        if order.iter().any(|key| schema.fields()[key.column].ty().is_nested()) {
            return Ok(None);
        }
        let options = SortMultipleOptions::default()
            .with_order_descending_multi(order.iter().map(|key| key.descending).collect::<Vec<_>>())
            .with_nulls_last_multi(order.iter().map(|key| !key.nulls_first).collect::<Vec<_>>());
        let by: Vec<Expr> = order.iter().map(|key| col(numbered(key.column))).collect();
        let output = schema.clone();
        native("sort", vec![frame.clone()], schema, move |inputs| {
            let [input] = given(inputs)?;
            let sorted = named(input, &output).sort_by_exprs(by.clone(), options.clone());
            let sorted = match limit {
                Some(rows) => sorted.limit(IdxSize::try_from(rows).unwrap_or(IdxSize::MAX)),
                None => sorted,
            };
            Ok(unnamed(sorted, &output))
        })
        .map(Some)
    }

    fn take(&self, frame: &PolarsFrame, keys: &[usize], order: &[TypedSort], rows: u64) -> Result<Option<PolarsFrame>> {
        take::take(frame, keys, order, rows)
    }

    fn streams(&self, frame: &PolarsFrame) -> bool {
        // Rows of calls are in memory before a query over them begins.
        matches!(frame.node(), Node::Source(_) | Node::Map { .. } | Node::Comap { .. })
    }

    fn limit(&self, frame: &PolarsFrame, rows: u64) -> Result<Option<PolarsFrame>> {
        let rows = IdxSize::try_from(rows).unwrap_or(IdxSize::MAX);
        native("limit", vec![frame.clone()], frame.schema().clone(), move |inputs| {
            let [input] = given(inputs)?;
            Ok(input.clone().limit(rows))
        })
        .map(Some)
    }
}

/// A frame that Polars makes of others.
fn native(
    what: &'static str,
    inputs: Vec<PolarsFrame>,
    schema: Schema,
    plan: impl Fn(&[LazyFrame]) -> PolarsResult<LazyFrame> + Send + Sync + 'static,
) -> Result<PolarsFrame> {
    known(what, inputs, schema, Vec::new(), plan)
}

/// Such a frame, of which it is known which columns have no null.
fn known(
    what: &'static str,
    inputs: Vec<PolarsFrame>,
    schema: Schema,
    full: Vec<bool>,
    plan: impl Fn(&[LazyFrame]) -> PolarsResult<LazyFrame> + Send + Sync + 'static,
) -> Result<PolarsFrame> {
    types::polars_schema_of(&schema)?;
    Ok(PolarsFrame::new(schema, Node::Native(Native { what, inputs, plan: Arc::new(plan), full })))
}

/// The plans of as many inputs as an operation has.
fn given<const N: usize>(inputs: &[LazyFrame]) -> PolarsResult<&[LazyFrame; N]> {
    inputs.try_into().map_err(|_| polars_err!(ComputeError: "{} inputs where there are {N}; please report it", inputs.len()))
}

/// The columns of a frame under numbers, as [`lower`](crate::expr::lower) reads them.
fn named(input: &LazyFrame, schema: &Schema) -> LazyFrame {
    let columns = schema.names().enumerate().map(|(i, name)| by_name([name], true, false).as_expr().alias(numbered(i)));
    input.clone().select(columns.collect::<Vec<_>>())
}

/// Numbered columns under the names of a schema, in its order.
fn unnamed(plan: LazyFrame, schema: &Schema) -> LazyFrame {
    let columns = schema.names().enumerate().map(|(i, name)| col(numbered(i)).alias(name));
    plan.select(columns.collect::<Vec<_>>())
}

/// Numbered columns as keys: floats that are equal have equal bits.
fn canonical_columns(schema: &Schema) -> Vec<Expr> {
    schema.fields().iter().enumerate().map(|(i, field)| canonical(col(numbered(i)), field.ty()).alias(numbered(i))).collect()
}

/// Whether Polars groups, joins and orders values of a type as the contract does.
fn is_key(ty: &Type) -> bool {
    !ty.is_nested()
}

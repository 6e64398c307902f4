//! Select: filter, grouping, having, projection and distinct as nodes of a plan.

use fugue_core::Result;
use fugue_core::expr::Typed;
use fugue_core::relational::SelectPlan;
use polars::prelude::{Expr, LazyFrame, UniqueKeepStrategy, col};

use super::aggregate::Aggregates;
use super::{canonical_columns, full, given, is_key, known, named, unnamed};
use crate::expr::{condition, key, lower, numbered};
use crate::frame::PolarsFrame;

pub(super) fn select(frame: &PolarsFrame, select: &SelectPlan) -> Result<Option<PolarsFrame>> {
    if !select.windows.is_empty() || (select.distinct && !select.output.fields().iter().all(|f| is_key(f.ty()))) {
        return Ok(None);
    }
    let filter = select.filter.as_ref().map(condition).transpose()?;
    let having = select.having.as_ref().map(condition).transpose()?;
    let columns = select.columns.iter().enumerate().map(|(i, c)| Ok(lower(c)?.alias(numbered(i))));
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let full = full::columns(frame);
    let group = match &select.group {
        None => None,
        Some(group) if !group.keys.iter().all(|k| is_key(&k.ty)) => return Ok(None),
        Some(group) => {
            let Some(aggregates) = Aggregates::new(group, &select.input, &full)? else { return Ok(None) };
            let keys = group.keys.iter().map(key).collect::<Result<Vec<_>>>()?;
            Some((keys, aggregates))
        }
    };
    // A projection of constants has one row to Polars, however many its input has.
    let reads = |e: &Typed| !e.columns().is_empty();
    let reads = match &select.group {
        None => select.columns.iter().any(reads),
        // Keys that are all the same, as a pattern that is null makes them.
        Some(group) if !group.keys.is_empty() && !group.keys.iter().any(reads) => false,
        Some(group) => {
            let aggregates = || group.aggregates.iter().flat_map(|a| a.arg.iter().chain(&a.filter));
            aggregates().next().is_none() || group.keys.iter().chain(aggregates()).any(reads)
        }
    };
    if !reads {
        return Ok(None);
    }
    let (input, output, distinct) = (select.input.clone(), select.output.clone(), select.distinct);
    let plan = move |inputs: &[LazyFrame]| {
        let [first] = given(inputs)?;
        let mut plan = named(first, &input);
        if let Some(filter) = &filter {
            plan = plan.filter(filter.clone());
        }
        if let Some((keys, aggregates)) = &group {
            plan = grouped(plan, keys, aggregates);
        }
        if let Some(having) = &having {
            plan = plan.filter(having.clone());
        }
        plan = plan.select(columns.clone());
        if distinct {
            plan = plan.select(canonical_columns(&output)).unique(None, UniqueKeepStrategy::Any);
        }
        Ok(unnamed(plan, &output))
    };
    let full = full::selected(select, &full);
    known("select", vec![frame.clone()], select.output.clone(), full, plan).map(Some)
}

/// Keys and aggregates under the numbers of their places in the group.
fn grouped(plan: LazyFrame, keys: &[Expr], aggregates: &Aggregates) -> LazyFrame {
    let key_name = |i: usize| format!("_k{i}");
    let named_keys = keys.iter().enumerate().map(|(i, key)| key.clone().alias(key_name(i)));
    let inputs: Vec<Expr> = named_keys.chain(aggregates.inputs.iter().cloned()).collect();
    let plan = if inputs.is_empty() { plan } else { plan.select(inputs) };
    let plan = if keys.is_empty() {
        plan.select(aggregates.calls.clone())
    } else {
        let keys: Vec<Expr> = (0..keys.len()).map(|i| col(key_name(i))).collect();
        plan.group_by(keys).agg(aggregates.calls.clone())
    };
    let keys = (0..keys.len()).map(|i| col(key_name(i)));
    let all = keys.chain(aggregates.outputs.iter().cloned()).enumerate().map(|(i, value)| value.alias(numbered(i)));
    plan.select(all.collect::<Vec<_>>())
}

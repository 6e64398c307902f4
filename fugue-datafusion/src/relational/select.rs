//! Select: filter, grouping, having, projection and distinct as nodes of a plan.

use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use fugue_core::Result;
use fugue_core::expr::Typed;
use fugue_core::relational::{Group, SelectPlan};

use super::aggregate::Aggregates;
use super::{finish, is_key, named, renamed};
use crate::error::from_native;
use crate::expr::{Lower, canonical};
use crate::frame::DataFusionFrame;
use crate::travel::Site;
use crate::types::column;

pub(super) fn select(frame: &DataFusionFrame, select: &SelectPlan, site: Option<Site>) -> Result<Option<DataFusionFrame>> {
    let distinct = !select.distinct || select.output.fields().iter().all(|f| is_key(f.ty()));
    if !select.windows.is_empty() || !distinct {
        return Ok(None);
    }
    let mut plan = filtered(frame.plan().clone(), select.filter.as_ref(), site)?;
    if let Some(group) = &select.group {
        let Some(grouped) = grouped(plan, group, site)? else { return Ok(None) };
        plan = filtered(grouped, select.having.as_ref(), site)?;
    }
    let lower = Lower { plan: &plan, site };
    let columns = select.columns.iter().map(|c| lower.expr(c)).collect::<Result<Vec<_>>>()?;
    let mut plan = renamed(plan, columns, &select.output).map_err(from_native)?;
    if select.distinct {
        plan = distinct_of(plan, select).map_err(from_native)?;
    }
    finish(&select.output, Ok(plan)).map(Some)
}

fn filtered(plan: LogicalPlan, condition: Option<&Typed>, site: Option<Site>) -> Result<LogicalPlan> {
    let Some(condition) = condition else { return Ok(plan) };
    let condition = Lower { plan: &plan, site }.expr(condition)?;
    LogicalPlanBuilder::from(plan).filter(condition).and_then(LogicalPlanBuilder::build).map_err(from_native)
}

/// The groups under the names of the group's schema, or nothing where an aggregate or a key is not for DataFusion.
fn grouped(plan: LogicalPlan, group: &Group, site: Option<Site>) -> Result<Option<LogicalPlan>> {
    if !group.keys.iter().all(|k| is_key(&k.ty)) {
        return Ok(None);
    }
    let lower = Lower { plan: &plan, site };
    let Some(aggregates) = Aggregates::new(group, &lower)? else { return Ok(None) };
    let keys = group.keys.iter().enumerate().map(|(i, key)| Ok(lower.key(key)?.alias(key_name(i))));
    let mut inputs = keys.collect::<Result<Vec<_>>>()?;
    inputs.extend(aggregates.inputs);
    // A projection of nothing loses the number of rows.
    if inputs.is_empty() {
        inputs.push(datafusion::logical_expr::lit(true).alias("_row"));
    }
    let made = || {
        let keys: Vec<_> = (0..group.keys.len()).map(|i| named(&key_name(i))).collect();
        let grouped =
            LogicalPlanBuilder::from(plan.clone()).project(inputs)?.aggregate(keys.clone(), aggregates.calls)?.build()?;
        let columns = keys.into_iter().chain(aggregates.outputs).collect();
        renamed(grouped, columns, &group.schema)
    };
    made().map(Some).map_err(from_native)
}

fn key_name(key: usize) -> String {
    format!("_k{key}")
}

/// Grouping by all columns, floats in their canonical form.
fn distinct_of(plan: LogicalPlan, select: &SelectPlan) -> datafusion::common::Result<LogicalPlan> {
    let fields = select.output.fields();
    if !fields.iter().any(|f| f.ty().is_float()) {
        return LogicalPlanBuilder::from(plan).distinct()?.build();
    }
    let columns = fields.iter().enumerate().map(|(i, field)| {
        let value = column(&plan, i);
        if field.ty().is_float() { canonical(value) } else { value }
    });
    let columns = columns.collect();
    LogicalPlanBuilder::from(renamed(plan, columns, &select.output)?).distinct()?.build()
}

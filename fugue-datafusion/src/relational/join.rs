//! Joins: both sides under names of ours, so that none clash, then the columns that the contract says.

use datafusion::common::{Column, JoinType};
use datafusion::functions::expr_fn::coalesce;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use fugue_core::relational::{Join, JoinKind};
use fugue_core::{Result, Schema};

use super::{finish, is_key, named, renamed};
use crate::expr::canonical;
use crate::frame::DataFusionFrame;
use crate::types::column;

pub(super) fn join(left: &DataFusionFrame, right: &DataFusionFrame, join: &Join) -> Result<Option<DataFusionFrame>> {
    if !join.keys.iter().all(|&(l, _)| is_key(join.left.fields()[l].ty())) {
        return Ok(None);
    }
    finish(&join.output, planned(left, right, join)).map(Some)
}

fn planned(left: &DataFusionFrame, right: &DataFusionFrame, join: &Join) -> datafusion::common::Result<LogicalPlan> {
    let left_keys: Vec<usize> = join.keys.iter().map(|k| k.0).collect();
    let right_keys: Vec<usize> = join.keys.iter().map(|k| k.1).collect();
    let (l, r) = (side(left, &join.left, &left_keys, 'l')?, side(right, &join.right, &right_keys, 'r')?);
    let on = |side: char, keys: &[usize], schema: &Schema| -> Vec<Column> {
        keys.iter().map(|&k| Column::new_unqualified(key_name(side, k, schema))).collect()
    };
    let on = (on('l', &left_keys, &join.left), on('r', &right_keys, &join.right));
    let builder = LogicalPlanBuilder::from(l);
    let joined = match join.kind {
        JoinKind::Cross => builder.cross_join(r)?,
        JoinKind::Inner => builder.join(r, JoinType::Inner, on, None)?,
        JoinKind::LeftOuter => builder.join(r, JoinType::Left, on, None)?,
        JoinKind::RightOuter => builder.join(r, JoinType::Right, on, None)?,
        JoinKind::FullOuter => builder.join(r, JoinType::Full, on, None)?,
        JoinKind::Semi => builder.join(r, JoinType::LeftSemi, on, None)?,
        JoinKind::Anti => builder.join(r, JoinType::LeftAnti, on, None)?,
    };
    renamed(joined.build()?, columns(join), &join.output)
}

/// The columns of the result, in its order.
fn columns(join: &Join) -> Vec<Expr> {
    let of_left = (0..join.left.len()).map(|i| {
        let own = named(&format!("_l{i}"));
        let Some(&(_, r)) = join.keys.iter().find(|(l, _)| *l == i) else { return own };
        let other = named(&format!("_r{r}"));
        match join.kind {
            JoinKind::RightOuter => other,
            JoinKind::FullOuter => coalesce(vec![own, other]),
            _ => own,
        }
    });
    let of_right = (0..join.right.len()).filter(|i| !join.keys.iter().any(|(_, r)| r == i)).map(|i| named(&format!("_r{i}")));
    match join.kind {
        JoinKind::Semi | JoinKind::Anti => of_left.collect(),
        _ => of_left.chain(of_right).collect(),
    }
}

/// The columns of a side under names of ours; keys that are floats stand there once more in their canonical form.
fn side(frame: &DataFusionFrame, schema: &Schema, keys: &[usize], name: char) -> datafusion::common::Result<LogicalPlan> {
    let own = (0..schema.len()).map(|i| column(frame.plan(), i).alias(format!("_{name}{i}")));
    let floats = keys.iter().filter(|&&k| schema.fields()[k].ty().is_float());
    let canonicals = floats.map(|&k| canonical(column(frame.plan(), k)).alias(key_name(name, k, schema)));
    LogicalPlanBuilder::from(frame.plan().clone()).project(own.chain(canonicals).collect::<Vec<_>>())?.build()
}

fn key_name(side: char, key: usize, schema: &Schema) -> String {
    if schema.fields()[key].ty().is_float() { format!("_{side}k{key}") } else { format!("_{side}{key}") }
}

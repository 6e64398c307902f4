//! Joins: both sides under names of ours, so that none clash, then the columns that the contract says.

use fugue_core::Result;
use fugue_core::relational::{Join, JoinKind};
use polars::prelude::{Expr, JoinArgs, JoinCoalesce, JoinType, LazyFrame, UniqueKeepStrategy, by_name, coalesce, col, lit};

use super::{given, is_key, native};
use crate::frame::PolarsFrame;

/// A key that all rows share, for pairs of all rows; and a mark of rows that were found.
const ALL: &str = "_all";

pub(super) fn join(left: &PolarsFrame, right: &PolarsFrame, join: &Join) -> Result<Option<PolarsFrame>> {
    if !join.keys.iter().all(|&(l, _)| is_key(join.left.fields()[l].ty())) {
        return Ok(None);
    }
    let (output, join) = (join.output.clone(), join.clone());
    native("join", vec![left.clone(), right.clone()], output, move |inputs| {
        let [left, right] = given(inputs)?;
        Ok(planned(left, right, &join))
    })
    .map(Some)
}

fn planned(left: &LazyFrame, right: &LazyFrame, join: &Join) -> LazyFrame {
    let side = |input: &LazyFrame, names: &mut dyn Iterator<Item = &str>, side: char| {
        let columns = names.enumerate().map(|(i, name)| by_name([name], true, false).as_expr().alias(format!("_{side}{i}")));
        input.clone().select(columns.collect::<Vec<_>>()).with_column(lit(true).alias(format!("{ALL}_{side}")))
    };
    let (l, r) = (side(left, &mut join.left.names(), 'l'), side(right, &mut join.right.names(), 'r'));
    let (mut on_left, mut on_right): (Vec<Expr>, Vec<Expr>) =
        join.keys.iter().map(|(l, r)| (col(format!("_l{l}")), col(format!("_r{r}")))).unzip();
    let args = |how: JoinType| {
        let mut args = JoinArgs::new(how);
        args.coalesce = JoinCoalesce::KeepColumns;
        args
    };
    let found = format!("{ALL}_r");
    let joined = match join.kind {
        JoinKind::Cross => {
            on_left = vec![col(format!("{ALL}_l"))];
            on_right = vec![col(&found)];
            l.join(r, on_left, on_right, args(JoinType::Inner))
        }
        JoinKind::Inner => l.join(r, on_left, on_right, args(JoinType::Inner)),
        JoinKind::LeftOuter => l.join(r, on_left, on_right, args(JoinType::Left)),
        JoinKind::RightOuter => l.join(r, on_left, on_right, args(JoinType::Right)),
        JoinKind::FullOuter => l.join(r, on_left, on_right, args(JoinType::Full)),
        // Each key once on the right, so that no row of the left is found twice.
        JoinKind::Semi | JoinKind::Anti => {
            let keys: Vec<Expr> = on_right.iter().cloned().chain([col(&found)]).collect();
            let keys = r.select(keys).unique(None, UniqueKeepStrategy::Any);
            let marked = l.join(keys, on_left, on_right, args(JoinType::Left));
            let marked_row = col(&found);
            marked.filter(if join.kind == JoinKind::Semi { marked_row.is_not_null() } else { marked_row.is_null() })
        }
    };
    let columns = columns(join).into_iter().zip(join.output.names()).map(|(column, name)| column.alias(name));
    joined.select(columns.collect::<Vec<_>>())
}

/// The columns of the result, in its order.
fn columns(join: &Join) -> Vec<Expr> {
    let of_left = (0..join.left.len()).map(|i| {
        let own = col(format!("_l{i}"));
        let Some(&(_, r)) = join.keys.iter().find(|(l, _)| *l == i) else { return own };
        let other = col(format!("_r{r}"));
        match join.kind {
            JoinKind::RightOuter => other,
            JoinKind::FullOuter => coalesce(&[own, other]),
            _ => own,
        }
    });
    let of_right = (0..join.right.len()).filter(|i| !join.keys.iter().any(|(_, r)| r == i)).map(|i| col(format!("_r{i}")));
    match join.kind {
        JoinKind::Semi | JoinKind::Anti => of_left.collect(),
        _ => of_left.chain(of_right).collect(),
    }
}

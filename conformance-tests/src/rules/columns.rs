//! Columns of expressions beside the values that must come out: many in one query, each told apart where it differs.

use fugue_core::expr::{Expr, col};
use fugue_core::{DataFrame, Schema};

use crate::bench::Bench;
use crate::compare::Compare;
use crate::failure::{Failure, Outcome, ensure};
use crate::generate::Lane;
use crate::oracle::UNIQUE;
use crate::value::{OwnRow, OwnValue, Table};

/// Values of a column, written down; a null is `()`.
macro_rules! values {
    ($($cell:expr),* $(,)?) => { vec![$($crate::value::OwnValue::from($cell)),*] };
}
pub(super) use values;

/// An expression, the type that it must have, and its values.
pub(super) struct Computed {
    expr: Expr,
    ty: &'static str,
    values: Vec<OwnValue>,
}

/// An expression, the type that it must have, and its values.
pub(super) fn is(expr: Expr, ty: &'static str, values: Vec<OwnValue>) -> Computed {
    Computed { expr, ty, values }
}

/// Computes expressions over the rows of a table, on each lane; on some over so many rows that engines work in several batches and by other
/// ways than with few.
pub(super) fn computes(t: &Bench, table: &Table, columns: &[Computed]) -> Outcome {
    t.on_each_lane(|lane| {
        let times = if lane.chunks > 3 && !lane.sorted { 1_001_usize.div_ceil(table.rows.len().max(1)) } else { 1 };
        let repeat = |rows: &[OwnRow]| std::iter::repeat_n(rows, times).flatten().cloned().collect::<Vec<_>>();
        let input = Table::new(table.schema.clone(), repeat(&table.rows)).with_row_numbers(UNIQUE)?;
        let named = columns.iter().enumerate().map(|(i, c)| c.expr.clone().alias(&format!("c{i}")));
        let frame = t.frame(lane, &input)?.select(std::iter::once(col(UNIQUE)).chain(named).collect::<Vec<_>>())?;
        let mut rows = t.collect(&frame)?.rows;
        rows.sort();
        compare(columns, &frame, rows.iter().map(|row| &row[1..]), times)
    })
}

/// Aggregates all rows of a table, on each lane: each expression has one value.
pub(super) fn aggregates(t: &Bench, table: &Table, columns: &[Computed]) -> Outcome {
    t.on_each_lane(|lane| {
        let named = columns.iter().enumerate().map(|(i, c)| c.expr.clone().alias(&format!("c{i}")));
        let frame = t.frame(lane, table)?.aggregate(named.collect::<Vec<_>>())?;
        let rows = t.collect(&frame)?.rows;
        compare(columns, &frame, rows.iter().map(Vec::as_slice), 1)
    })
}

fn compare<'r>(columns: &[Computed], frame: &DataFrame, rows: impl Iterator<Item = &'r [OwnValue]>, times: usize) -> Outcome {
    let rows: Vec<&[OwnValue]> = rows.collect();
    let types: Vec<_> = frame.schema().fields().iter().rev().take(columns.len()).rev().map(|f| f.ty().clone()).collect();
    for (i, column) in columns.iter().enumerate() {
        let wanted = Schema::parse(&format!("v:{}", column.ty))?;
        let ty = types.get(i).ok_or_else(|| format!("there are only {} columns", types.len()))?;
        ensure(wanted.fields()[0].ty() == ty, || format!("{} is a {ty}, and must be a {}", column.expr, column.ty))?;
        let expected = std::iter::repeat_n(&column.values, times).flatten().map(|v| vec![v.clone()]).collect();
        let got = rows.iter().map(|row| vec![row[i].clone()]).collect();
        let compare = Compare::exact().ordered();
        compare
            .tables(&Table::new(wanted.clone(), expected), &Table::new(wanted, got))
            .map_err(|e| Failure::from(e).while_trying(column.expr.to_string()))?;
    }
    Ok(())
}

/// Asks that an expression over rows is an error when the rows are asked for, at the latest.
pub(super) fn fails(t: &Bench, lane: &Lane, table: &Table, expr: &Expr) -> Outcome {
    let frame = t.frame(lane, table)?.select([expr.clone().alias("c")]);
    let result = frame.and_then(|f| fugue_core::blocking::wait(f.collect()));
    crate::failure::expect_error(result, &[fugue_core::ErrorKind::ValueInvalid], &expr.to_string()).map(|_| ())
}

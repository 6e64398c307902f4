//! Queries in SQL: their text means the same on every engine. Engines without SQL have them answered by DataFusion, which the program of
//! the tests must then have.

mod errors;
mod lines;
mod names;
mod nulls;
mod queries;
mod random;
mod values;
mod windows;

use fugue_core::{DataFrame, Schema, blocking};

use crate::bench::Bench;
use crate::compare::Compare;
use crate::failure::{Failure, Outcome, ensure};
use crate::generate::Lane;
use crate::oracle::UNIQUE;
use crate::value::{OwnRow, OwnValue, Table};

pub use errors::*;
pub use lines::*;
pub use names::*;
pub use nulls::*;
pub use queries::*;
pub use random::*;
pub use values::*;
pub use windows::*;

/// The frame that a query over tables gives, on a lane.
///
/// # Errors
/// What the engine says to it.
fn query(t: &Bench, lane: &Lane, text: &str, tables: &[(&str, &Table)]) -> Result<DataFrame, Failure> {
    let frames = tables.iter().map(|(name, table)| Ok((*name, t.frame(lane, table)?))).collect::<Result<Vec<_>, Failure>>()?;
    asked(t, lane, text, frames.iter().map(|(name, frame)| (*name, frame)))
}

/// The frame that a query over frames gives, on a lane.
///
/// # Errors
/// What the engine says to it.
fn asked<'f>(
    t: &Bench,
    lane: &Lane,
    text: &str,
    frames: impl IntoIterator<Item = (&'f str, &'f DataFrame)>,
) -> Result<DataFrame, Failure> {
    blocking::wait(t.session(lane)?.sql(text, frames)).map_err(|e| Failure::from(e).while_trying(text))
}

/// Asks queries over tables for rows, in any order, on each lane.
fn answers(t: &Bench, tables: &[(&str, &Table)], queries: &[(&str, Table)]) -> Outcome {
    t.on_each_lane(|lane| {
        let frames =
            tables.iter().map(|(name, table)| Ok((*name, t.frame(lane, table)?))).collect::<Result<Vec<_>, Failure>>()?;
        queries.iter().try_for_each(|(text, expected)| {
            let answer = asked(t, lane, text, frames.iter().map(|(name, frame)| (*name, frame)))?;
            t.same(expected, &answer).map_err(|e| e.while_trying(text))
        })
    })
}

/// An expression in SQL, the type that it must have, and its values.
struct Said {
    text: &'static str,
    ty: &'static str,
    values: Vec<OwnValue>,
}

/// An expression in SQL, the type that it must have, and its values.
fn says(text: &'static str, ty: &'static str, values: Vec<OwnValue>) -> Said {
    Said { text, ty, values }
}

/// Computes expressions over the rows of a table `t`, in one query, on each lane; on some over more rows than a batch has.
fn says_all(t: &Bench, table: &Table, columns: &[Said]) -> Outcome {
    let list: Vec<String> = columns.iter().enumerate().map(|(i, c)| format!("{} AS c{i}", c.text)).collect();
    t.on_each_lane(|lane| {
        let times = if lane.chunks > 3 && !lane.sorted { 1_001_usize.div_ceil(table.rows.len().max(1)) } else { 1 };
        let repeat = |rows: &[OwnRow]| std::iter::repeat_n(rows, times).flatten().cloned().collect::<Vec<_>>();
        let input = Table::new(table.schema.clone(), repeat(&table.rows)).with_row_numbers(UNIQUE)?;
        let answer = query(t, lane, &format!("SELECT {UNIQUE}, {} FROM t", list.join(", ")), &[("t", &input)])?;
        let mut rows = t.collect(&answer)?.rows;
        rows.sort();
        let rows: Vec<&[OwnValue]> = rows.iter().map(|row| &row[1..]).collect();
        compare(columns, &answer, &rows, times)
    })
}

/// Computes aggregates over all rows of a table `t`, in one query, on each lane: each has one value.
fn says_of_all(t: &Bench, table: &Table, columns: &[Said]) -> Outcome {
    let list: Vec<String> = columns.iter().enumerate().map(|(i, c)| format!("{} AS c{i}", c.text)).collect();
    t.on_each_lane(|lane| {
        let answer = query(t, lane, &format!("SELECT {} FROM t", list.join(", ")), &[("t", table)])?;
        let rows = t.collect(&answer)?.rows;
        let rows: Vec<&[OwnValue]> = rows.iter().map(Vec::as_slice).collect();
        compare(columns, &answer, &rows, 1)
    })
}

fn compare(columns: &[Said], answer: &DataFrame, rows: &[&[OwnValue]], times: usize) -> Outcome {
    let types: Vec<_> = answer.schema().fields().iter().rev().take(columns.len()).rev().map(|f| f.ty().clone()).collect();
    ensure(types.len() == columns.len(), || format!("there are only {} columns", types.len()))?;
    for (i, column) in columns.iter().enumerate() {
        let wanted = Schema::parse(&format!("v:{}", column.ty))?;
        let ty = wanted.fields()[0].ty();
        ensure(*ty == types[i], || format!("{} is a {}, and must be a {}", column.text, types[i], column.ty))?;
        let expected = std::iter::repeat_n(&column.values, times).flatten().map(|v| vec![v.clone()]).collect();
        let got = rows.iter().map(|row| vec![row[i].clone()]).collect();
        // Aggregates of floats alone may be a little apart; queries call them by these words.
        let loose = ["avg(", "stddev", "var_", "sum("].iter().any(|word| column.text.contains(word));
        let compare = if loose { Compare::float_aggregates() } else { Compare::exact() }.ordered();
        compare
            .tables(&Table::new(wanted.clone(), expected), &Table::new(wanted, got))
            .map_err(|e| Failure::from(e).while_trying(column.text))?;
    }
    Ok(())
}

//! What must come out: an interpreter that goes row by row and shares no code with engines or the core's kernels.
//!
//! It takes the text of schemas and the table of types (`Type::to_arrow`) from the core, which have tests of their own there. The
//! reference engine of the suite's tests is made of it, so what that engine passes says nothing of the order of a presort; what its
//! faults fail does.

pub mod expr;
mod program;
pub mod sql;
#[cfg(test)]
mod tests;
mod trace;
pub mod verb;
mod written;

use std::cmp::Ordering;
use std::collections::BTreeMap;

use fugue_core::Schema;

pub use program::{CoProgram, Program, UNIQUE};
pub use trace::{Calls, Expect};

use crate::value::{OwnRow, OwnValue, Table};

/// Which keys of a zip are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Those that every input has.
    Inner,
    /// Those of the first input.
    Left,
    /// Those of the last input.
    Right,
    /// Those of any input.
    Full,
    /// No keys: one call with everything.
    Cross,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Inner, Self::Left, Self::Right, Self::Full, Self::Cross];

    fn calls(self, rows: &[usize]) -> bool {
        let has = |count: Option<&usize>| count.is_some_and(|c| *c > 0);
        match self {
            Self::Inner => rows.iter().all(|c| *c > 0),
            Self::Left => has(rows.first()),
            Self::Right => has(rows.last()),
            Self::Full | Self::Cross => rows.iter().any(|c| *c > 0),
        }
    }
}

/// A presort: columns, and whether each ascends. Nulls come last either way.
pub type Order<'o> = &'o [(String, bool)];

/// Calls a function once per key that has rows, with its rows in order; without keys once, with all rows.
///
/// The function gets the values of the keys and the rows, and gives rows of the output schema.
///
/// # Errors
/// A message, where a column is not there.
pub fn map(
    table: &Table,
    keys: &[String],
    presort: Order<'_>,
    output: &Schema,
    mut function: impl FnMut(&[OwnValue], &[OwnRow]) -> Vec<OwnRow>,
) -> Result<Table, String> {
    let mut rows = Vec::new();
    for (key, group) in groups(table, keys, presort)? {
        rows.extend(function(&key, &group));
    }
    Ok(Table::new(output.clone(), rows))
}

/// Calls a function once per key that the kind names and at least one input has, with the rows of each input in order.
///
/// # Errors
/// A message, where a key is not in every input.
pub fn comap(
    tables: &[Table],
    keys: &[String],
    presort: Order<'_>,
    kind: Kind,
    output: &Schema,
    mut function: impl FnMut(&[OwnValue], &[Vec<OwnRow>]) -> Vec<OwnRow>,
) -> Result<Table, String> {
    let keys = if kind == Kind::Cross { &[] } else { keys };
    let mut zipped: BTreeMap<Vec<OwnValue>, Vec<Vec<OwnRow>>> = BTreeMap::new();
    for (member, table) in tables.iter().enumerate() {
        let known: Vec<(String, bool)> = presort.iter().filter(|(name, _)| table.position(name).is_ok()).cloned().collect();
        for (key, group) in groups(table, keys, &known)? {
            zipped.entry(key).or_insert_with(|| vec![Vec::new(); tables.len()])[member] = group;
        }
    }
    let mut rows = Vec::new();
    for (key, members) in zipped {
        let counts: Vec<usize> = members.iter().map(Vec::len).collect();
        if kind.calls(&counts) {
            rows.extend(function(&key, &members));
        }
    }
    Ok(Table::new(output.clone(), rows))
}

/// The rows of each key, in order. Nulls are one key, all NaN are one key, and zeros of both signs are one key.
fn groups(table: &Table, keys: &[String], presort: Order<'_>) -> Result<BTreeMap<Vec<OwnValue>, Vec<OwnRow>>, String> {
    let keys: Vec<usize> = keys.iter().map(|k| table.position(k)).collect::<Result<_, _>>()?;
    let order: Vec<(usize, bool)> = presort.iter().map(|(n, up)| Ok((table.position(n)?, *up))).collect::<Result<_, String>>()?;
    let mut groups: BTreeMap<Vec<OwnValue>, Vec<OwnRow>> = BTreeMap::new();
    for row in &table.rows {
        groups.entry(keys.iter().map(|k| row[*k].clone()).collect()).or_default().push(row.clone());
    }
    for group in groups.values_mut() {
        group.sort_by(|a, b| in_order(a, b, &order));
    }
    Ok(groups)
}

/// How two rows stand to each other in a presort.
#[must_use]
pub fn in_order(left: &[OwnValue], right: &[OwnValue], order: &[(usize, bool)]) -> Ordering {
    let mut columns = order.iter().map(|(column, ascending)| directed(&left[*column], &right[*column], *ascending));
    columns.find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
}

/// How two values stand to each other. Nulls are last in both directions, also inside lists and structs; only values turn around.
fn directed(a: &OwnValue, b: &OwnValue, ascending: bool) -> Ordering {
    match (a, b) {
        (OwnValue::List(x), OwnValue::List(y)) | (OwnValue::Struct(x), OwnValue::Struct(y)) => {
            let mut parts = x.iter().zip(y).map(|(p, q)| directed(p, q, ascending));
            let by_length = if ascending { x.len().cmp(&y.len()) } else { y.len().cmp(&x.len()) };
            parts.find(|o| o.is_ne()).unwrap_or(by_length)
        }
        _ if a.is_null() || b.is_null() || ascending => a.order(b),
        _ => b.order(a),
    }
}

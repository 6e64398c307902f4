//! The only definition of "identical": a bag of rows under one schema, with a readable account of every difference.

use std::cmp::Ordering;
use std::fmt;

use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::{Schema, Type};

use crate::value::{OwnRow, OwnValue, Table, order_rows, show_row};

/// How far two float aggregates may be apart, relative to the greater of them.
///
/// Engines add the same numbers in different orders, so sums, averages and variances of floats cannot be equal to the last bit.
/// Nothing else gets this relaxation: the output of a transformer is exact.
pub const AGGREGATE_TOLERANCE: f64 = 1e-9;

/// How many rows of each kind a report shows.
const SHOWN: usize = 8;

/// What counts as identical. The default is the rule for everything that is no float aggregate: exact, in any order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compare {
    loose: Loose,
    ordered: bool,
}

/// Which columns hold float aggregates.
#[derive(Clone, Debug, Default, PartialEq)]
enum Loose {
    #[default]
    None,
    All,
    At(Vec<usize>),
}

impl Compare {
    /// Exact, in any order.
    #[must_use]
    pub fn exact() -> Self {
        Self::default()
    }

    /// Floats may differ by [`AGGREGATE_TOLERANCE`], relatively; for float aggregates alone.
    #[must_use]
    pub fn float_aggregates() -> Self {
        Self { loose: Loose::All, ordered: false }
    }

    /// As [`float_aggregates`](Self::float_aggregates) in the columns at these positions, and exact in all others.
    #[must_use]
    pub fn float_aggregates_at(columns: Vec<usize>) -> Self {
        Self { loose: if columns.is_empty() { Loose::None } else { Loose::At(columns) }, ordered: false }
    }

    /// The rows must also stand in the same order.
    #[must_use]
    pub fn ordered(self) -> Self {
        Self { ordered: true, ..self }
    }

    /// Compares two tables.
    ///
    /// # Errors
    /// The [`Difference`], for a reader.
    pub fn tables(&self, expected: &Table, got: &Table) -> Result<(), Difference> {
        same_schema(&expected.schema, &got.schema)?;
        if self.ordered { self.in_order(expected, got) } else { self.as_bags(expected, got) }
    }

    /// Compares batches in the layout of the contract.
    ///
    /// # Errors
    /// The [`Difference`], which may be that a batch has another layout.
    pub fn batches(&self, schema: &Schema, expected: &[RecordBatch], got: &[RecordBatch]) -> Result<(), Difference> {
        let expected = Table::from_batches(schema, expected).map_err(|e| Difference(format!("expected side: {e}")))?;
        let got = Table::from_batches(schema, got).map_err(|e| Difference(format!("compared side: {e}")))?;
        self.tables(&expected, &got)
    }

    fn same_row(&self, left: &[OwnValue], right: &[OwnValue]) -> bool {
        let pairs = left.iter().zip(right).enumerate();
        left.len() == right.len() && pairs.into_iter().all(|(at, (a, b))| if self.is_loose(at) { near(a, b) } else { a == b })
    }

    fn is_loose(&self, column: usize) -> bool {
        match &self.loose {
            Loose::None => false,
            Loose::All => true,
            Loose::At(columns) => columns.contains(&column),
        }
    }

    fn in_order(&self, expected: &Table, got: &Table) -> Result<(), Difference> {
        let differs = |i: &usize| !matches!((expected.rows.get(*i), got.rows.get(*i)), (Some(a), Some(b)) if self.same_row(a, b));
        let longest = expected.rows.len().max(got.rows.len());
        let places: Vec<usize> = (0..longest).filter(differs).collect();
        if places.is_empty() {
            return Ok(());
        }
        let mut text = format!(
            "{} rows were expected and {} came; {} places differ, in order:\n",
            expected.rows.len(),
            got.rows.len(),
            places.len()
        );
        let cell = |row: Option<&OwnRow>| row.map_or_else(|| "no row".to_owned(), |r| show_row(r));
        for place in places.iter().take(SHOWN) {
            text += &format!("  row {place}: expected {}\n", cell(expected.rows.get(*place)));
            text += &format!("  {:>width$} got      {}\n", "", cell(got.rows.get(*place)), width = 4 + place.to_string().len());
        }
        Err(Difference::of_rows(text, places.len(), &expected.schema))
    }

    fn as_bags(&self, expected: &Table, got: &Table) -> Result<(), Difference> {
        let (missing, extra) = differences(expected, got);
        let (missing, extra) = if self.loose == Loose::None { (missing, extra) } else { self.forgive(missing, extra) };
        if missing.is_empty() && extra.is_empty() {
            return Ok(());
        }
        let mut text = format!("{} rows were expected and {} came; ", expected.rows.len(), got.rows.len());
        text += &format!("{} are missing and {} are extra\n", missing.len(), extra.len());
        for (title, rows) in [("missing", &missing), ("extra", &extra)] {
            for (row, times) in counted(rows).into_iter().take(SHOWN) {
                let times = if times == 1 { String::new() } else { format!(" × {times}") };
                text += &format!("  {title} {}{times}\n", show_row(row));
            }
        }
        Err(Difference::of_rows(text, missing.len().max(extra.len()), &expected.schema))
    }

    /// Pairs missing with extra rows that are equal within the tolerance; what finds no partner stays.
    fn forgive<'t>(&self, missing: Vec<&'t OwnRow>, mut extra: Vec<&'t OwnRow>) -> (Vec<&'t OwnRow>, Vec<&'t OwnRow>) {
        let mut alone = Vec::new();
        for row in missing {
            match extra.iter().position(|other| self.same_row(row, other)) {
                Some(partner) => {
                    extra.remove(partner);
                }
                None => alone.push(row),
            }
        }
        (alone, extra)
    }
}

/// What differs, for a reader: schema or layout, or which rows are missing and which are too many.
#[derive(Clone, PartialEq, Eq)]
pub struct Difference(String);

impl Difference {
    fn of_rows(mut text: String, most: usize, schema: &Schema) -> Self {
        if most > SHOWN {
            text += "  … and more\n";
        }
        let names: Vec<String> = schema.fields().iter().map(|f| format!("{:?}: {:?}", f.name(), f.ty())).collect();
        Self(format!("{text}  columns: {}", names.join(", ")))
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Difference {}

/// Whether two values are equal within the tolerance.
fn near(left: &OwnValue, right: &OwnValue) -> bool {
    match (left, right) {
        (OwnValue::Float(a), OwnValue::Float(b)) if a.is_finite() && b.is_finite() => {
            (a - b).abs() <= AGGREGATE_TOLERANCE * a.abs().max(b.abs())
        }
        _ => left == right,
    }
}

fn same_schema(expected: &Schema, got: &Schema) -> Result<(), Difference> {
    if expected == got {
        return Ok(());
    }
    let mut text = "the schemas differ\n".to_owned();
    for i in 0..expected.len().max(got.len()) {
        let (left, right) = (expected.fields().get(i), got.fields().get(i));
        if left != right {
            let show = |field: Option<&fugue_core::Field>| {
                field.map_or_else(|| "no column".to_owned(), |f| format!("{:?} of type {:?}", f.name(), f.ty()))
            };
            text += &format!("  column {i}: expected {}, got {}\n", show(left), show(right));
        }
    }
    Err(Difference(text))
}

/// The rows that only one side has, by merging both in order.
fn differences<'t>(expected: &'t Table, got: &'t Table) -> (Vec<&'t OwnRow>, Vec<&'t OwnRow>) {
    let (left, right) = (sorted(&expected.rows), sorted(&got.rows));
    let (mut i, mut j) = (0, 0);
    let (mut missing, mut extra) = (Vec::new(), Vec::new());
    while i < left.len() && j < right.len() {
        match order_rows(left[i], right[j]) {
            Ordering::Less => {
                missing.push(left[i]);
                i += 1;
            }
            Ordering::Greater => {
                extra.push(right[j]);
                j += 1;
            }
            Ordering::Equal => {
                i += 1;
                j += 1;
            }
        }
    }
    missing.extend(&left[i..]);
    extra.extend(&right[j..]);
    (missing, extra)
}

fn sorted(rows: &[OwnRow]) -> Vec<&OwnRow> {
    let mut rows: Vec<&OwnRow> = rows.iter().collect();
    rows.sort_unstable_by(|a, b| order_rows(a, b));
    rows
}

fn counted<'t>(rows: &[&'t OwnRow]) -> Vec<(&'t OwnRow, usize)> {
    let mut counts: Vec<(&OwnRow, usize)> = Vec::new();
    for &row in rows {
        match counts.last_mut() {
            Some((last, times)) if order_rows(last, row).is_eq() => *times += 1,
            _ => counts.push((row, 1)),
        }
    }
    counts
}

/// Whether a type holds a float anywhere, so that a tolerance can matter to it.
#[must_use]
pub fn holds_floats(ty: &Type) -> bool {
    match ty {
        Type::Float32 | Type::Float64 => true,
        Type::List(item) => holds_floats(item),
        Type::Struct(fields) => fields.iter().any(|f| holds_floats(f.ty())),
        Type::Map(key, value) => holds_floats(key) || holds_floats(value),
        _ => false,
    }
}

#[cfg(test)]
mod tests;

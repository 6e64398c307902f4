//! Verbs, row by row: what each makes of a table, and the schema that comes out.

use std::collections::BTreeMap;

use fugue_core::relational::{JoinKind, SetKind};
use fugue_core::{Field, Schema, Type};

use super::expr::{Dialect, Known, KnownAggregate, KnownWindow, Scope, Term};
use super::{Program, UNIQUE, in_order};
use crate::failure::Failure;
use crate::value::{OwnRow, OwnValue, Table};

/// Why there is no table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// What the contract refuses before a row is seen, or what the oracle does not know.
    Plan(String),
    /// Some row has no value, which is an error of the action, of the kind `ValueInvalid`.
    Value(String),
}

impl Wrong {
    /// What evaluating rows met.
    fn of_value(message: String) -> Self {
        if message.starts_with("the oracle does not know") { Self::Plan(message) } else { Self::Value(message) }
    }
}

impl From<String> for Wrong {
    fn from(message: String) -> Self {
        Self::Plan(message)
    }
}

impl From<Wrong> for Failure {
    fn from(wrong: Wrong) -> Self {
        Self::differs(match wrong {
            Wrong::Plan(message) => format!("the oracle takes no such program: {message}"),
            Wrong::Value(message) => format!("the oracle has no answer: {message}"),
        })
    }
}

/// A column of a select: a term and its name; a plain column may go without one.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The name.
    pub name: String,
    /// The value.
    pub term: Term,
}

impl Item {
    /// A column of a select.
    pub fn new(name: impl Into<String>, term: Term) -> Self {
        Self { name: name.into(), term }
    }
}

/// A verb, in plain data.
#[derive(Clone, Debug)]
pub enum Verb {
    /// Projection, filter, grouping, having, distinct.
    Select {
        /// The columns.
        items: Vec<Item>,
        /// Of the rows.
        filter: Option<Term>,
        /// Of the groups.
        having: Option<Term>,
        /// Different rows only.
        distinct: bool,
    },
    /// Rows for which it is true.
    Filter(Term),
    /// New columns, or others in the place of old ones.
    Assign(Vec<Item>),
    /// Groups by keys, or all rows.
    Aggregate(Vec<String>, Vec<Item>),
    /// Old and new names.
    Rename(Vec<(String, String)>),
    /// Without these columns.
    Drop(Vec<String>),
    /// Other types.
    Alter(Vec<(String, Type)>),
    /// Different rows only.
    Distinct,
    /// Rows with at least so many values that are not null among the columns.
    DropNulls {
        /// At least so many.
        least: usize,
        /// Among these.
        columns: Vec<String>,
    },
    /// Values in the place of nulls, by column.
    FillNulls(Vec<(String, Term)>),
    /// The first rows in an order, of each key.
    Take {
        /// So many.
        rows: usize,
        /// Of each of these.
        keys: Vec<String>,
        /// Columns, and whether each ascends.
        order: Vec<(String, bool)>,
    },
    /// All rows in an order.
    Sort(Vec<(String, bool)>),
    /// A join with another table; by the common columns.
    Join(JoinKind, Table),
    /// A set operation with another table.
    Set(SetKind, bool, Table),
    /// A transform between verbs.
    Transform(Program, Vec<String>, Vec<(String, bool)>),
}

/// A select that is known: what the core's plan of it says, in the oracle's words.
#[derive(Clone, Debug, Default)]
pub struct KnownSelect {
    /// Of the rows.
    pub filter: Option<Known>,
    /// Appended to the filtered rows.
    pub windows: Vec<KnownWindow>,
    /// The keys and the aggregates of groups, which then are the rows.
    pub group: Option<(Vec<Known>, Vec<KnownAggregate>)>,
    /// Of the groups.
    pub having: Option<Known>,
    /// The columns.
    pub columns: Vec<Known>,
    /// Different rows only.
    pub distinct: bool,
}

impl KnownSelect {
    /// The rows that come out.
    ///
    /// # Errors
    /// A message, where the contract wants an error.
    pub fn rows(&self, rows: &[OwnRow], dialect: &dyn Dialect) -> Result<Vec<OwnRow>, String> {
        let mut rows = kept(rows.to_vec(), self.filter.as_ref(), dialect)?;
        if !self.windows.is_empty() {
            let scope = Scope { rows: &rows, at: 0, group: &[], dialect };
            let values = |at: usize| self.windows.iter().map(|w| w.value(scope.at(at))).collect::<Result<Vec<_>, _>>();
            let values = (0..rows.len()).map(values).collect::<Result<Vec<_>, _>>()?;
            rows.iter_mut().zip(values).for_each(|(row, more)| row.extend(more));
        }
        if let Some((keys, aggregates)) = &self.group {
            let mut grouped = Vec::new();
            for (key, group) in groups(&rows, keys, dialect)? {
                let scope = Scope { rows: &rows, at: 0, group: &group, dialect };
                let values = aggregates.iter().map(|a| a.value(scope, &group)).collect::<Result<Vec<_>, _>>()?;
                grouped.push(key.into_iter().chain(values).collect());
            }
            rows = kept(grouped, self.having.as_ref(), dialect)?;
        }
        let scope = Scope { rows: &rows, at: 0, group: &[], dialect };
        let project = |at: usize| self.columns.iter().map(|c| c.value(scope.at(at))).collect::<Result<Vec<_>, _>>();
        let out = (0..rows.len()).map(project).collect::<Result<Vec<_>, _>>()?;
        Ok(if self.distinct { distinct(out) } else { out })
    }
}

/// The rows for which a condition is true.
fn kept(rows: Vec<OwnRow>, condition: Option<&Known>, dialect: &dyn Dialect) -> Result<Vec<OwnRow>, String> {
    let Some(condition) = condition else { return Ok(rows) };
    let scope = Scope { rows: &rows, at: 0, group: &[], dialect };
    let keep = (0..rows.len()).map(|at| condition.is_true(scope.at(at))).collect::<Result<Vec<_>, _>>()?;
    Ok(rows.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|(row, _)| row).collect())
}

/// Which rows have which key, in the order in which keys come first; without keys one group, also of no row.
fn groups(rows: &[OwnRow], keys: &[Known], dialect: &dyn Dialect) -> Result<Vec<(OwnRow, Vec<usize>)>, String> {
    if keys.is_empty() {
        return Ok(vec![(Vec::new(), (0..rows.len()).collect())]);
    }
    let scope = Scope { rows, at: 0, group: &[], dialect };
    let mut groups: BTreeMap<OwnRow, Vec<usize>> = BTreeMap::new();
    for at in 0..rows.len() {
        let key = keys.iter().map(|k| Ok(k.value(scope.at(at))?.without_sign())).collect::<Result<OwnRow, String>>()?;
        groups.entry(key).or_default().push(at);
    }
    Ok(groups.into_iter().collect())
}

/// Each row once, in the order in which they come first.
#[must_use]
pub fn distinct(rows: Vec<OwnRow>) -> Vec<OwnRow> {
    let mut seen = std::collections::BTreeSet::new();
    rows.into_iter().map(as_key).filter(|row| seen.insert(row.clone())).collect()
}

/// A row whose zeros are one.
fn as_key(row: OwnRow) -> OwnRow {
    row.into_iter().map(OwnValue::without_sign).collect()
}

impl Verb {
    /// What the verb makes of a table.
    ///
    /// # Errors
    /// What the contract refuses or the oracle does not know, and what has no value.
    pub fn apply(&self, table: &Table, dialect: &dyn Dialect) -> Result<Table, Wrong> {
        match self {
            Self::Select { items, filter, having, distinct } => {
                select(table, items, filter.as_ref(), having.as_ref(), *distinct, dialect)
            }
            Self::Filter(condition) => {
                let condition = Known::condition(condition, &table.schema)?;
                let rows = kept(table.rows.clone(), Some(&condition), dialect).map_err(Wrong::of_value)?;
                Ok(Table::new(table.schema.clone(), rows))
            }
            Self::Assign(items) => select(table, &assigned(table, items), None, None, false, dialect),
            Self::Aggregate(_, items) if items.iter().any(|item| !item.term.aggregates()) => {
                Err(Wrong::Plan("only aggregates stand beside the keys".to_owned()))
            }
            Self::Aggregate(keys, items) => {
                let keys = keys.iter().map(|k| Item::new(k, Term::column(k)));
                select(table, &keys.chain(items.iter().cloned()).collect::<Vec<_>>(), None, None, false, dialect)
            }
            Self::Rename(names) => {
                known(table, names.iter().map(|(old, _)| old))?;
                let renamed = |name: &str| names.iter().find(|(old, _)| old == name).map_or(name, |(_, new)| new).to_owned();
                let fields = table.schema.fields().iter().map(|f| Field::new(renamed(f.name()), f.ty().clone()));
                Ok(Table::new(schema(fields.collect())?, table.rows.clone()))
            }
            Self::Drop(names) => {
                known(table, names)?;
                let items = columns(table).filter(|name| !names.contains(name)).map(|n| Item::new(&n, Term::column(&n)));
                select(table, &items.collect::<Vec<_>>(), None, None, false, dialect)
            }
            Self::Alter(types) => {
                known(table, types.iter().map(|(name, _)| name))?;
                let altered = |name: String| {
                    let ty = types.iter().find(|(n, _)| *n == name).map(|(_, ty)| ty.clone());
                    let column = Term::column(&name);
                    Item::new(name, if let Some(ty) = ty { column.cast(ty) } else { column })
                };
                select(table, &columns(table).map(altered).collect::<Vec<_>>(), None, None, false, dialect)
            }
            Self::Distinct => Ok(Table::new(table.schema.clone(), distinct(table.rows.clone()))),
            Self::DropNulls { least, columns } => {
                let at = columns.iter().map(|c| table.position(c)).collect::<Result<Vec<_>, _>>()?;
                let keep = |row: &&OwnRow| at.iter().filter(|i| !row[**i].is_null()).count() >= *least;
                Ok(Table::new(table.schema.clone(), table.rows.iter().filter(keep).cloned().collect()))
            }
            Self::FillNulls(values) => {
                known(table, values.iter().map(|(name, _)| name))?;
                let filled = |name: String| {
                    let value = values.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone());
                    let column = Term::column(&name);
                    let filled = value.map(|v| Term::call(fugue_core::expr::Function::Coalesce, [column.clone(), v]));
                    Item::new(name, filled.unwrap_or(column))
                };
                select(table, &columns(table).map(filled).collect::<Vec<_>>(), None, None, false, dialect)
            }
            Self::Take { rows, keys, order } => Ok(take(table, *rows, keys, order)?),
            Self::Sort(order) => {
                let order = positions(table, order)?;
                let mut rows = table.rows.clone();
                rows.sort_by(|a, b| in_order(a, b, &order));
                Ok(Table::new(table.schema.clone(), rows))
            }
            Self::Join(kind, right) => Ok(join(table, right, *kind)?),
            Self::Set(kind, all, right) => {
                if table.schema != right.schema {
                    return Err(Wrong::Plan("two schemas".to_owned()));
                }
                Ok(Table::new(table.schema.clone(), set(&table.rows, &right.rows, *kind, *all)))
            }
            Self::Transform(program, keys, presort) => {
                let output = program.output(&table.schema, keys)?;
                let unique = table.position(UNIQUE)?;
                if table.schema.fields()[unique].ty() != &Type::Int64 {
                    return Err(Wrong::Plan("row numbers that are none".to_owned()));
                }
                Ok(super::map(table, keys, presort, &output, |key, rows| program.run(key, rows, unique))?)
            }
        }
    }
}

/// Refuses names that are none of its columns.
fn known<'a>(table: &Table, names: impl IntoIterator<Item = &'a String>) -> Result<(), Wrong> {
    names.into_iter().try_for_each(|name| table.position(name).map(drop)).map_err(Wrong::Plan)
}

fn columns(table: &Table) -> impl Iterator<Item = String> {
    table.schema.names().map(str::to_owned)
}

fn schema(fields: Vec<Field>) -> Result<Schema, String> {
    if fields.is_empty() {
        return Err("no columns".to_owned());
    }
    Schema::new(fields).map_err(|e| e.to_string())
}

fn assigned(table: &Table, items: &[Item]) -> Vec<Item> {
    let old =
        columns(table).map(|n| items.iter().find(|i| i.name == n).cloned().unwrap_or_else(|| Item::new(&n, Term::column(&n))));
    let new = items.iter().filter(|i| table.position(&i.name).is_err()).cloned();
    old.chain(new).collect()
}

fn positions(table: &Table, order: &[(String, bool)]) -> Result<Vec<(usize, bool)>, String> {
    order.iter().map(|(name, up)| Ok((table.position(name)?, *up))).collect()
}

/// A select of terms. With aggregates, the columns that hold none and are no constants are the keys.
fn select(
    table: &Table,
    items: &[Item],
    filter: Option<&Term>,
    having: Option<&Term>,
    only_distinct: bool,
    dialect: &dyn Dialect,
) -> Result<Table, Wrong> {
    let of = |term: &Term| Known::of(term, &table.schema);
    let columns = items.iter().map(|i| of(&i.term)).collect::<Result<Vec<_>, _>>()?;
    let output = schema(items.iter().zip(&columns).map(|(i, c)| Field::new(i.name.as_str(), c.ty.clone())).collect())?;
    let filter = filter.map(|f| Known::condition(f, &table.schema)).transpose()?;
    if having.is_some() && !items.iter().any(|i| i.term.aggregates()) {
        return Err(Wrong::Plan("a condition of groups where there are none".to_owned()));
    }
    let having = having.map(|h| Known::condition(h, &table.schema)).transpose()?;
    let rows = kept(table.rows.clone(), filter.as_ref(), dialect).map_err(Wrong::of_value)?;
    let rows = projected(&rows, items, &columns, having.as_ref(), dialect).map_err(Wrong::of_value)?;
    Ok(Table::new(output, if only_distinct { distinct(rows) } else { rows }))
}

/// The rows of a select, out of the rows that its filter kept.
fn projected(
    rows: &[OwnRow],
    items: &[Item],
    columns: &[Known],
    having: Option<&Known>,
    dialect: &dyn Dialect,
) -> Result<Vec<OwnRow>, String> {
    let scope = Scope { rows, at: 0, group: &[], dialect };
    if !items.iter().any(|i| i.term.aggregates()) {
        let row = |at: usize| columns.iter().map(|c| c.value(scope.at(at))).collect();
        return (0..rows.len()).map(row).collect();
    }
    let keys = items.iter().zip(columns).filter(|(i, _)| !i.term.aggregates() && !i.term.is_constant());
    let keys: Vec<Known> = keys.map(|(_, c)| c.clone()).collect();
    let mut out = Vec::new();
    for (_, group) in groups(rows, &keys, dialect)? {
        // What is no aggregate is the same for every row of the group, so any of them tells it.
        let scope = Scope { group: &group, ..scope }.at(group.first().copied().unwrap_or(usize::MAX));
        // Aggregates are computed of every group, also of those that are not kept.
        let value = |(c, item): (&Known, &Item)| -> Result<OwnValue, String> {
            let value = c.value(scope)?;
            Ok(if item.term.aggregates() { value } else { value.without_sign() })
        };
        let row = columns.iter().zip(items).map(value).collect::<Result<OwnRow, _>>()?;
        if having.map_or(Ok(true), |h| h.is_true(scope))? {
            out.push(row);
        }
    }
    Ok(out)
}

/// The first rows of each key in an order; without one, in the order of all columns.
fn take(table: &Table, n: usize, keys: &[String], order: &[(String, bool)]) -> Result<Table, String> {
    let keys = keys.iter().map(|k| table.position(k)).collect::<Result<Vec<_>, _>>()?;
    let order = if order.is_empty() { (0..table.schema.len()).map(|i| (i, true)).collect() } else { positions(table, order)? };
    let mut rows = table.rows.clone();
    rows.sort_by(|a, b| in_order(a, b, &order));
    let mut taken: BTreeMap<OwnRow, usize> = BTreeMap::new();
    rows.retain(|row| {
        let count = taken.entry(keys.iter().map(|k| row[*k].clone()).collect()).or_default();
        *count += 1;
        *count <= n
    });
    Ok(Table::new(table.schema.clone(), rows))
}

/// The schema of a join by the common columns, and where the keys stand on both sides.
fn joined(left: &Schema, right: &Schema, kind: JoinKind) -> Result<(Schema, Vec<(usize, usize)>), String> {
    let mut keys = Vec::new();
    for (i, field) in left.fields().iter().enumerate() {
        if let Some(j) = right.names().position(|n| n == field.name()) {
            if right.fields()[j].ty() != field.ty() {
                return Err("keys of two types".to_owned());
            }
            keys.push((i, j));
        }
    }
    if keys.is_empty() != (kind == JoinKind::Cross) {
        return Err("common columns and the kind do not fit".to_owned());
    }
    let rest = right.fields().iter().enumerate().filter(|(j, _)| keys.iter().all(|(_, k)| k != j)).map(|(_, f)| f.clone());
    let right_too = !matches!(kind, JoinKind::Semi | JoinKind::Anti);
    let fields = left.fields().iter().cloned().chain(rest.filter(|_| right_too)).collect();
    Ok((schema(fields)?, keys))
}

fn join(left: &Table, right: &Table, kind: JoinKind) -> Result<Table, String> {
    let (output, keys) = joined(&left.schema, &right.schema, kind)?;
    Ok(Table::new(output, join_rows((&left.rows, left.schema.len()), (&right.rows, right.schema.len()), &keys, kind)))
}

/// The rows of a join of rows of so many columns.
#[must_use]
pub fn join_rows(
    (left, left_width): (&[OwnRow], usize),
    (right, right_width): (&[OwnRow], usize),
    keys: &[(usize, usize)],
    kind: JoinKind,
) -> Vec<OwnRow> {
    let meet = |l: &OwnRow, r: &OwnRow| keys.iter().all(|(i, j)| !l[*i].is_null() && l[*i] == r[*j]);
    let rest = |r: &OwnRow| {
        let own = |j: &usize| keys.iter().all(|(_, k)| k != j);
        (0..right_width).filter(own).map(|j| r[j].clone()).collect::<Vec<_>>()
    };
    let nothing = vec![OwnValue::Null; right_width];
    let mut out = Vec::new();
    for l in left {
        let partners: Vec<&OwnRow> = right.iter().filter(|r| meet(l, r)).collect();
        match kind {
            JoinKind::Semi if !partners.is_empty() => out.push(l.clone()),
            JoinKind::Anti if partners.is_empty() => out.push(l.clone()),
            JoinKind::Semi | JoinKind::Anti => {}
            _ => {
                out.extend(partners.iter().map(|r| l.iter().cloned().chain(rest(r)).collect()));
                if partners.is_empty() && matches!(kind, JoinKind::LeftOuter | JoinKind::FullOuter) {
                    out.push(l.iter().cloned().chain(rest(&nothing)).collect());
                }
            }
        }
    }
    if matches!(kind, JoinKind::RightOuter | JoinKind::FullOuter) {
        for r in right.iter().filter(|r| !left.iter().any(|l| meet(l, r))) {
            let mut row = vec![OwnValue::Null; left_width];
            keys.iter().for_each(|(i, j)| row[*i] = r[*j].clone());
            row.extend(rest(r));
            out.push(row);
        }
    }
    out
}

/// The rows of a set operation.
#[must_use]
pub fn set(left: &[OwnRow], right: &[OwnRow], kind: SetKind, all: bool) -> Vec<OwnRow> {
    if (kind, all) == (SetKind::Union, true) {
        return left.iter().chain(right).cloned().collect();
    }
    let mut counts: BTreeMap<OwnRow, (usize, usize)> = BTreeMap::new();
    left.iter().for_each(|row| counts.entry(as_key(row.clone())).or_default().0 += 1);
    right.iter().for_each(|row| counts.entry(as_key(row.clone())).or_default().1 += 1);
    let times = |l: usize, r: usize| match (kind, all) {
        (SetKind::Subtract, true) => l.saturating_sub(r),
        (SetKind::Intersect, true) => l.min(r),
        (SetKind::Union, _) => 1,
        (SetKind::Subtract, false) => usize::from(r == 0 && l > 0),
        (SetKind::Intersect, false) => usize::from(l > 0 && r > 0),
    };
    counts.into_iter().flat_map(|(row, (l, r))| std::iter::repeat_n(row, times(l, r))).collect()
}

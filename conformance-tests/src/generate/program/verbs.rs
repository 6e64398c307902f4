//! Random verbs over a table.

use std::collections::BTreeSet;

use fugue_core::expr::{AggregateFunction as A, Frame, WindowFunction as W};
use fugue_core::relational::{JoinKind, SetKind};
use fugue_core::{Field, Type};

use super::super::{Dice, keyable};
use super::{Columns, NAMES, table_of, terms};
use crate::oracle::expr::{Aggregate, Term, Window};
use crate::oracle::verb::{Item, Verb};
use crate::oracle::{Program, UNIQUE};
use crate::value::{OwnRow, OwnValue, Table};

/// What kind of verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// Expressions over rows.
    Project,
    /// Grouped aggregates.
    Group,
    /// Window functions.
    Window,
    /// A filter.
    Filter,
    /// New columns.
    Assign,
    /// Names, types and columns.
    Columns,
    /// Different rows, nulls, and the first rows in an order.
    Rows,
    /// A join.
    Join,
    /// A set operation.
    Set,
    /// A transform.
    Transform,
}

impl Pick {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Project,
        Self::Group,
        Self::Window,
        Self::Filter,
        Self::Assign,
        Self::Columns,
        Self::Rows,
        Self::Join,
        Self::Set,
        Self::Transform,
    ];
}

/// A verb of a kind. It may not be valid. What is not exact comes last only, so that nothing depends on its last digits.
pub(super) fn draw(pick: Pick, table: &Table, last: bool, dice: &mut Dice) -> Verb {
    let schema = &table.schema;
    match pick {
        Pick::Project => {
            let items = (0..1 + dice.below(5)).map(|i| Item::new(format!("p{i}"), terms::any(schema, 3, dice))).collect();
            let filter = (dice.below(3) == 0).then(|| terms::condition(schema, 2, dice));
            Verb::Select { items: with_numbers(table, items, dice), filter, having: None, distinct: dice.below(5) == 0 }
        }
        Pick::Filter => Verb::Filter(terms::condition(schema, 3, dice)),
        Pick::Assign => {
            let name = if dice.below(2) == 0 { some_column(table, dice) } else { format!("n{}", schema.len()) };
            let name = if name == UNIQUE { "n".to_owned() } else { name };
            Verb::Assign(vec![Item::new(name, terms::any(schema, 3, dice))])
        }
        Pick::Group => group(table, last, dice),
        Pick::Window => {
            let items = (0..1 + dice.below(3)).map(|i| Item::new(format!("w{i}"), window(table, last, dice)));
            let kept = schema.names().map(|n| Item::new(n, Term::column(n)));
            let items = kept.take(3).chain(items).collect();
            Verb::Select { items: with_numbers(table, items, dice), filter: None, having: None, distinct: false }
        }
        Pick::Columns => match dice.below(3) {
            0 => Verb::Rename(vec![(some_column(table, dice), format!("renamed {}", dice.below(3)))]),
            1 => Verb::Drop(vec![some_column(table, dice)]),
            _ => {
                let types = [Type::Str, Type::Float64, Type::Int64, Type::Int32, Type::Bool, Type::Decimal(18, 4)];
                Verb::Alter(vec![(some_column(table, dice), types[dice.below(types.len())].clone())])
            }
        },
        Pick::Rows => rows(table, dice),
        Pick::Join => {
            let kinds =
                [JoinKind::Inner, JoinKind::LeftOuter, JoinKind::RightOuter, JoinKind::FullOuter, JoinKind::Semi, JoinKind::Anti];
            Verb::Join(kinds[dice.below(6)], partner(table, dice))
        }
        Pick::Set => {
            let kind = [SetKind::Union, SetKind::Subtract, SetKind::Intersect][dice.below(3)];
            let mut rows: Vec<OwnRow> = table.rows.iter().filter(|_| dice.below(2) == 0).cloned().collect();
            rows.extend(rows.clone().into_iter().take(dice.below(3)));
            Verb::Set(kind, dice.below(2) == 0, Table::new(table.schema.clone(), rows))
        }
        Pick::Transform => {
            let programs = [Program::Identity, Program::Position, Program::Half, Program::Summary, Program::OddCalls];
            let mut keys: Vec<String> = schema.names().filter(|n| *n == "k").map(str::to_owned).collect();
            keys.truncate(1);
            // After a join a number may stand in several rows, so the other columns decide then.
            let rest = total_order(table, dice).into_iter().filter(|(n, _)| n != UNIQUE && !keys.contains(n));
            let presort = std::iter::once((UNIQUE.to_owned(), dice.below(2) == 0)).chain(rest).collect();
            Verb::Transform(programs[dice.below(programs.len())], keys, presort)
        }
    }
}

/// The same items, and the row numbers where the table has them, so that a transform can follow.
fn with_numbers(table: &Table, mut items: Vec<Item>, dice: &mut Dice) -> Vec<Item> {
    let named = items.iter().any(|i| i.name == UNIQUE);
    if !named && table.position(UNIQUE).is_ok() && dice.below(3) > 0 {
        items.push(Item::new(UNIQUE, Term::column(UNIQUE)));
    }
    items
}

fn some_column(table: &Table, dice: &mut Dice) -> String {
    table.schema.fields()[dice.below(table.schema.len())].name().to_owned()
}

/// All columns that have an order, in some order and direction: total up to rows that are equal.
fn total_order(table: &Table, dice: &mut Dice) -> Vec<(String, bool)> {
    let mut order: Vec<(String, bool)> =
        table.schema.fields().iter().filter(|f| keyable(f.ty())).map(|f| (f.name().to_owned(), dice.below(2) == 0)).collect();
    dice.shuffle(&mut order);
    order
}

fn keys(table: &Table, most: usize, dice: &mut Dice) -> Vec<String> {
    let mut keys = BTreeSet::new();
    for _ in 0..dice.below(most + 1) {
        keys.insert(some_column(table, dice));
    }
    if dice.below(2) == 0 && table.position("k").is_ok() {
        keys.insert("k".to_owned());
    }
    keys.into_iter().filter(|k| table.schema.field(k).is_some_and(|f| keyable(f.ty()))).collect()
}

/// Whether all values of a column are such that their sum is exact in any order: whole numbers, decimals, and halves that are not large.
fn sums_exactly(table: &Table, column: usize) -> bool {
    let fine = |x: f64| x.abs() < 1e6 && (x * 2.0).fract() == 0.0;
    table.rows.iter().all(|row| match &row[column] {
        OwnValue::Float(x) => !x.is_finite() || fine(*x),
        _ => true,
    })
}

/// Whether a sum of some of the values may wrap around. Engines that are built with checks of overflows panic there (Polars does), so that
/// only a rule with few examples asks for it.
fn may_wrap(table: &Table, column: usize) -> bool {
    let total: u128 = table.rows.iter().filter_map(|row| row[column].as_int()).map(i128::unsigned_abs).sum();
    !matches!(table.schema.fields()[column].ty(), Type::Decimal(..)) && total > i64::MAX.unsigned_abs().into()
}

/// Whether a mean of the values is one number within the tolerance, however they are added: numbers so great that their last digits are lost
/// beside one another are none.
fn has_a_mean(table: &Table, column: usize) -> bool {
    // Digits of decimals are fewer than they look.
    let most = if let Type::Decimal(_, s) = table.schema.fields()[column].ty() { 12 + u32::from(s.unsigned_abs()) } else { 12 };
    table.rows.iter().all(|row| row[column].as_int().is_none_or(|x| x.unsigned_abs() < 10_u128.pow(most)))
}

fn aggregate(table: &Table, last: bool, dice: &mut Dice) -> Term {
    let schema = &table.schema;
    let filter = (dice.below(4) == 0).then(|| terms::condition(schema, 1, dice));
    let column = dice.below(schema.len());
    let exact = sums_exactly(table, column);
    let last = last && has_a_mean(table, column);
    let wraps = may_wrap(table, column);
    let column = Term::column(schema.fields()[column].name());
    let plain =
        |function, arg| Aggregate { function, arg: Some(arg), distinct: false, filter: filter.clone(), order: Vec::new() };
    Term::Aggregate(Box::new(match dice.below(9) {
        0 => Aggregate { function: A::Count, arg: None, distinct: false, filter, order: Vec::new() },
        1 => plain(A::Count, column),
        2 => Aggregate { distinct: true, ..plain(A::Count, column) },
        3 | 4 if exact => {
            let function = if dice.below(3) == 0 || wraps { A::CheckedSum } else { A::Sum };
            Aggregate { distinct: dice.below(4) == 0, ..plain(function, column) }
        }
        5 if exact && last => {
            plain([A::Avg, A::Stddev, A::StddevPopulation, A::Variance, A::VariancePopulation][dice.below(5)], column)
        }
        6 if last => plain(A::Quantile([0.0, 0.25, 0.5, 0.9, 1.0][dice.below(5)]), column),
        7 => Aggregate { order: total_order(table, dice), ..plain([A::First, A::Last, A::CollectList][dice.below(3)], column) },
        _ => plain([A::Min, A::Max][dice.below(2)], terms::any(schema, 1, dice)),
    }))
}

fn group(table: &Table, last: bool, dice: &mut Dice) -> Verb {
    let keys = keys(table, 1, dice);
    let items: Vec<Item> = (0..1 + dice.below(3)).map(|i| Item::new(format!("g{i}"), aggregate(table, last, dice))).collect();
    if dice.below(2) == 0 {
        return Verb::Aggregate(keys, items);
    }
    let computed = (dice.below(3) == 0).then(|| Item::new("key", terms::any(&table.schema, 1, dice)));
    let literal = (dice.below(3) == 0).then(|| Item::new("one", Term::long(1)));
    let keys = keys.iter().map(|k| Item::new(k, Term::column(k)));
    let counted = || Term::aggregate(A::Count, None);
    let having = (dice.below(3) == 0)
        .then(|| Term::call(fugue_core::expr::Function::Greater, [counted(), Term::long(dice.below(3) as i64)]));
    Verb::Select {
        items: keys.chain(computed).chain(literal).chain(items).collect(),
        filter: (dice.below(3) == 0).then(|| terms::condition(&table.schema, 2, dice)),
        having,
        distinct: dice.below(6) == 0,
    }
}

fn window(table: &Table, last: bool, dice: &mut Dice) -> Term {
    let column = dice.below(table.schema.len());
    let exact = sums_exactly(table, column);
    let arg = Some(Term::column(table.schema.fields()[column].name()));
    let frames = [
        Frame::Rows { start: None, end: Some(0) },
        Frame::Rows { start: Some(-1), end: Some(1) },
        Frame::Rows { start: Some(0), end: None },
        Frame::Rows { start: Some(-2), end: Some(-1) },
        Frame::ToPeers,
        Frame::ALL,
    ];
    let (function, arg, frame) = match dice.below(7) {
        0 => (W::RowNumber, None, None),
        1 => (W::Rank, None, None),
        2 => (W::DenseRank, None, None),
        3 => (W::Lag(dice.below(3) as u64), arg, None),
        4 => (W::Lead(1 + dice.below(2) as u64), arg, None),
        _ => {
            let function = match dice.below(4) {
                0 if exact && !may_wrap(table, column) => A::Sum,
                1 if exact && last && has_a_mean(table, column) => A::Avg,
                2 => A::Count,
                3 => A::Max,
                _ => A::Min,
            };
            (W::Aggregate(function), arg, Some(frames[dice.below(frames.len())]))
        }
    };
    let order = total_order(table, dice);
    // A key is no part of the order.
    let keys: Vec<String> = keys(table, 1, dice).into_iter().take(1).collect();
    let order: Vec<(String, bool)> = order.into_iter().filter(|(n, _)| !keys.contains(n)).collect();
    let order = if order.is_empty() { vec![(some_column(table, dice), true)] } else { order };
    Term::Window(Box::new(Window { function, arg, default: None, keys, order, frame }))
}

fn rows(table: &Table, dice: &mut Dice) -> Verb {
    match dice.below(5) {
        0 => Verb::Distinct,
        1 => {
            let columns: Vec<String> = table.schema.names().filter(|_| dice.below(2) == 0).map(str::to_owned).collect();
            let columns = if columns.is_empty() { vec![some_column(table, dice)] } else { columns };
            Verb::DropNulls { least: 1 + dice.below(columns.len()), columns }
        }
        2 => {
            let field = &table.schema.fields()[dice.below(table.schema.len())];
            let ty = field.ty().clone();
            if matches!(ty, Type::List(_) | Type::Struct(_)) {
                return Verb::Distinct;
            }
            Verb::FillNulls(vec![(field.name().to_owned(), Term::Literal(terms::value(&ty, dice), ty))])
        }
        _ => {
            let keys: Vec<String> = keys(table, 1, dice).into_iter().take(1).collect();
            let order = total_order(table, dice).into_iter().filter(|(n, _)| !keys.contains(n)).collect();
            Verb::Take { rows: dice.below(4), keys, order }
        }
    }
}

/// A table to join: it has some of the columns as keys, with values of these, and columns of its own.
fn partner(table: &Table, dice: &mut Dice) -> Table {
    let keys = keys(table, 1, dice);
    let keys = if keys.is_empty() { vec![some_column(table, dice)] } else { keys };
    let mut fields: Vec<Field> = keys.iter().filter_map(|k| table.schema.field(k).cloned()).collect();
    let at: Vec<usize> = keys.iter().filter_map(|k| table.position(k).ok()).collect();
    if dice.below(2) == 0 {
        let name = format!("{}{}", NAMES[0], table.schema.len());
        fields.push(Field::new(name, Columns::Said.draw(dice)));
    }
    if keys.iter().any(|k| k == UNIQUE) {
        fields.retain(|f| f.name() != UNIQUE);
    }
    let mut made = table_of(fields, dice.below(8), dice);
    // The last column holds row numbers, under a name of its own.
    for row in &mut made.rows {
        if !table.rows.is_empty() && dice.below(4) > 0 {
            let from = &table.rows[dice.below(table.rows.len())];
            for (k, (i, name)) in at.iter().zip(&keys).enumerate() {
                if name != UNIQUE {
                    row[k] = from[*i].clone();
                }
            }
        }
    }
    let width = made.schema.len();
    let renamed = made.schema.fields().iter().enumerate().map(|(i, f)| {
        let own = i + 1 == width && !keys.iter().any(|k| k == UNIQUE);
        if own { Field::new(format!("right number {width}"), f.ty().clone()) } else { f.clone() }
    });
    match fugue_core::Schema::new(renamed) {
        Ok(schema) => Table::new(schema, made.rows),
        Err(_) => made,
    }
}

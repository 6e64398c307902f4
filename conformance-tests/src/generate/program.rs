//! Random programs of verbs over a random table: well typed by the oracle's own rules, and shrinking.

mod smaller;
mod terms;
mod verbs;

use std::fmt;
use std::sync::Arc;

use fugue_core::expr::{AggregateFunction, WindowFunction};
use fugue_core::{Field, Schema, Type};
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::Dice;
use crate::compare::Compare;
use crate::oracle::UNIQUE;
use crate::oracle::expr::{Known, Scope, Standard, Term};
use crate::oracle::verb::{Item, Verb, Wrong, distinct};
use crate::value::{OwnRow, OwnValue, Table};

pub use verbs::Pick;

/// A table and verbs over it, one after the other.
#[derive(Clone)]
pub struct Script {
    /// The table.
    pub table: Table,
    /// The verbs.
    pub verbs: Vec<Verb>,
}

impl Script {
    /// What the oracle makes of it.
    ///
    /// # Errors
    /// Where it is not valid, and where some row of its last verb has no value.
    pub fn answer(&self) -> Result<Table, Wrong> {
        self.verbs.iter().try_fold(self.table.clone(), |table, verb| verb.apply(&table, &Standard))
    }

    /// The columns of the answer that may differ in their last digits: aggregates over floats, which stand in the last verb alone.
    #[must_use]
    pub fn loose_columns(&self) -> Vec<usize> {
        let (keys, items) = match self.verbs.last() {
            Some(Verb::Select { items, .. }) => (0, items),
            Some(Verb::Aggregate(keys, items)) => (keys.len(), items),
            _ => return Vec::new(),
        };
        let loose = |(_, item): &(usize, &Item)| item.term.any(&depends_on_order);
        items.iter().enumerate().filter(loose).map(|(at, _)| keys + at).collect()
    }

    /// Whether it is valid and the contract has one answer to it: not so where a zero's sign shows after rows with both were made one, nor
    /// where two windows number rows that are equal, and may each begin with another of them. A row without a value ends a script.
    fn is_decided(&self) -> bool {
        let mut table = self.table.clone();
        let mut fails_alone = false;
        for (at, verb) in self.verbs.iter().enumerate() {
            if windows(verb) > 1 && distinct(table.rows.clone()).len() < table.rows.len() {
                return false;
            }
            let next = verb.apply(&table, &Standard);
            let no_rows = table.rows.is_empty() || next.as_ref().is_ok_and(|next| next.rows.is_empty());
            // What fails whatever its columns hold may do so once and for all, be there rows or not, or for no group that a condition keeps.
            fails_alone |= terms_of(verb).into_iter().any(|term| term.any(&|term| is_wrong_alone(term, &table.schema, no_rows)));
            table = match next {
                Ok(next) => next,
                Err(Wrong::Value(_)) => {
                    let chooses = matches!(verb, Verb::Select { having: Some(_), .. });
                    let is_last = at + 1 == self.verbs.len();
                    return is_last && !(fails_alone && chooses) && matches!(self.turned(), Err(Wrong::Value(_)));
                }
                Err(Wrong::Plan(_)) => return false,
            };
        }
        let compare = Compare::float_aggregates_at(self.loose_columns());
        !fails_alone && !self.verbs.is_empty() && self.turned().is_ok_and(|other| compare.tables(&table, &other).is_ok())
    }

    /// The answer to the same rows in another order, with zeros of the other sign.
    fn turned(&self) -> Result<Table, Wrong> {
        let step = |table: Table, verb: &Verb| Ok(turned(&verb_of_turned(verb).apply(&table, &Standard)?));
        self.verbs.iter().try_fold(turned(&self.table), step)
    }
}

fn terms_of(verb: &Verb) -> Vec<&Term> {
    match verb {
        Verb::Select { items, filter, having, .. } => items.iter().map(|i| &i.term).chain(filter).chain(having).collect(),
        Verb::Filter(condition) => vec![condition],
        Verb::Assign(items) | Verb::Aggregate(_, items) => items.iter().map(|i| &i.term).collect(),
        _ => Vec::new(),
    }
}

/// Whether it has no value and reads no row, or, where there are no rows to read, has none of a row of nulls either.
fn is_wrong_alone(term: &Term, schema: &Schema, no_rows: bool) -> bool {
    if !term.is_constant() && (!no_rows || term.any(&|t| matches!(t, Term::Aggregate(_) | Term::Window(_)))) {
        return false;
    }
    let nulls = [vec![OwnValue::Null; schema.len()]];
    let scope = Scope { rows: &nulls, at: 0, group: &[], dialect: &Standard };
    Known::of(term, schema).is_ok_and(|known| known.value(scope).is_err())
}

/// Whether the order of rows may show in the last digits.
fn depends_on_order(term: &Term) -> bool {
    use AggregateFunction as A;
    let function = match term {
        Term::Aggregate(call) => call.function,
        Term::Window(call) => match call.function {
            WindowFunction::Aggregate(function) => function,
            _ => return false,
        },
        _ => return false,
    };
    matches!(function, A::Sum | A::CheckedSum | A::Avg | A::Stddev | A::StddevPopulation | A::Variance | A::VariancePopulation)
}

/// The verb with the rows of its second frame turned as well.
fn verb_of_turned(verb: &Verb) -> Verb {
    match verb {
        Verb::Join(kind, right) => Verb::Join(*kind, turned(right)),
        Verb::Set(kind, all, right) => Verb::Set(*kind, *all, turned(right)),
        other => other.clone(),
    }
}

/// How many columns of a verb look at rows around.
fn windows(verb: &Verb) -> usize {
    let Verb::Select { items, .. } = verb else { return 0 };
    items.iter().filter(|item| item.term.any(&|term| matches!(term, Term::Window(_)))).count()
}

/// The same rows in another order, with zeros of the other sign.
fn turned(table: &Table) -> Table {
    let mut table = table.clone();
    table.rows.reverse();
    for value in table.rows.iter_mut().flatten() {
        if let OwnValue::Float(x) = value
            && *x == 0.0
        {
            *x = -*x;
        }
    }
    table
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}", self.table)?;
        self.verbs.iter().try_for_each(|verb| writeln!(f, "frame{verb}?"))
    }
}

/// Random scripts of so many verbs of some kinds.
#[derive(Clone, Copy, Debug)]
pub struct Scripts {
    /// The kinds.
    pub picks: &'static [Pick],
    /// At most so many verbs.
    pub most: usize,
    /// The types of columns.
    pub columns: Columns,
    /// Which of them, also when they become smaller.
    pub only: fn(&Script) -> bool,
}

impl Scripts {
    /// All scripts of at most so many verbs of some kinds, over columns of all types.
    #[must_use]
    pub fn of(picks: &'static [Pick], most: usize) -> Self {
        Self { picks, most, columns: Columns::All, only: |_| true }
    }
}

impl Strategy for Scripts {
    type Tree = Shrinking;
    type Value = Script;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let seed = proptest::num::u64::ANY.new_tree(runner)?.current();
        let mut dice = Dice::new(seed);
        loop {
            let script = self.draw(&mut dice);
            if script.is_decided() && (self.only)(&script) {
                return Ok(Shrinking { least: script.clone(), current: script, candidates: Vec::new(), only: self.only });
            }
        }
    }
}

impl Scripts {
    fn draw(&self, dice: &mut Dice) -> Script {
        let windows_alone = self.picks.iter().all(|pick| *pick == Pick::Window);
        let table = random_table(self.columns, !windows_alone, dice);
        let most = (table.rows.len() * 4).max(300);
        let mut current = table.clone();
        let (mut verbs, wanted) = (Vec::new(), 1 + dice.below(self.most));
        for _ in 0..wanted * 4 {
            let last = verbs.len() + 1 == wanted;
            let pick = self.picks[dice.below(self.picks.len())];
            // The oracle sorts all rows for each row of a window.
            if pick == Pick::Window && current.rows.len() > 300 && !windows_alone {
                continue;
            }
            let verb = verbs::draw(pick, &current, last, dice);
            match verb.apply(&current, &Standard) {
                Ok(next) if next.rows.len() <= most && next.schema.len() <= 12 => {
                    current = next;
                    verbs.push(verb);
                }
                // Now and then a row has no value, which every engine must notice.
                Err(Wrong::Value(_)) if dice.below(2) == 0 => {
                    verbs.push(verb);
                    break;
                }
                // What is no program is refused when it is planned, which has rules of its own.
                _ => {}
            }
            if verbs.len() == wanted {
                break;
            }
        }
        Script { table, verbs }
    }
}

/// A script that becomes smaller as long as it fails.
#[derive(Debug)]
pub struct Shrinking {
    least: Script,
    current: Script,
    /// Smaller scripts that were not tried yet, the boldest last.
    candidates: Vec<Script>,
    only: fn(&Script) -> bool,
}

impl Shrinking {
    fn next(&mut self) -> bool {
        while let Some(script) = self.candidates.pop() {
            if script.is_decided() && (self.only)(&script) {
                self.current = script;
                return true;
            }
        }
        self.current = self.least.clone();
        false
    }
}

impl ValueTree for Shrinking {
    type Value = Script;

    fn current(&self) -> Script {
        self.current.clone()
    }

    fn simplify(&mut self) -> bool {
        self.least = self.current.clone();
        self.candidates = smaller::scripts(&self.least);
        self.candidates.reverse();
        self.next()
    }

    fn complicate(&mut self) -> bool {
        self.next()
    }
}

/// Which types the columns of scripts have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// Those that queries have words for.
    Said,
    /// All of the contract that have an order.
    All,
}

impl Columns {
    fn draw(self, dice: &mut Dice) -> Type {
        let item = |ty: Type| Type::List(Arc::new(ty));
        match dice.below(if self == Self::All { 34 } else { 24 }) {
            0..4 => Type::Int64,
            4..7 => Type::Str,
            7..10 => Type::Float64,
            10 | 11 => Type::Int32,
            12 => Type::Bool,
            13 => Type::Date,
            14 => Type::Datetime,
            15 => Type::Decimal(9, 2),
            16 => Type::Int8,
            17 => Type::UInt32,
            18 => Type::Float32,
            19 => Type::Int16,
            20 => Type::UInt8,
            21 => [Type::UInt16, Type::UInt64][dice.below(2)].clone(),
            22 => Type::Decimal(18, 4),
            23 => [Type::Decimal(38, 10), Type::Decimal(5, 0)][dice.below(2)].clone(),
            24 | 25 => Type::Bytes,
            26 => Type::Time,
            27 | 28 => Type::Timestamp("Europe/Berlin".into()),
            29 => Type::Timestamp(["UTC", "America/New_York"][dice.below(2)].into()),
            30 => item(Type::Int64),
            31 => item(Type::Str),
            32 => item(Type::Float64),
            _ => Type::Struct([Field::new("n", Type::Int32), Field::new("some text", Type::Str)].into()),
        }
    }
}

/// Names of columns: one with a blank, one with a letter that is not ASCII, one by its case alone.
const NAMES: [&str; 6] = ["a", "b", "A", "c d", "é", "e"];

/// A table with a key, a few columns, and row numbers; now and then of so many rows that engines work in several batches and partitions.
fn random_table(columns: Columns, may_be_large: bool, dice: &mut Dice) -> Table {
    let mut fields = vec![Field::new("k", if dice.below(2) == 0 { Type::Str } else { Type::Int32 })];
    for name in NAMES.iter().take(2 + dice.below(4)) {
        fields.push(Field::new(*name, columns.draw(dice)));
    }
    let rows = if dice.below(60) == 0 && may_be_large { 700 + dice.below(2_500) } else { [0, 1, 2, 5, 9, 14, 30][dice.below(7)] };
    let mut table = table_of(fields, rows, dice);
    if dice.below(3) == 0 {
        return with_duplicates(table, dice);
    }
    dice.shuffle(&mut table.rows);
    table
}

/// The table without its row numbers, and some of its rows again.
fn with_duplicates(table: Table, dice: &mut Dice) -> Table {
    let fields = table.schema.fields().iter().filter(|f| f.name() != UNIQUE).cloned();
    let Ok(schema) = Schema::new(fields) else { return table };
    let mut rows: Vec<OwnRow> = table.rows.into_iter().map(|row| row.into_iter().take(schema.len()).collect()).collect();
    for _ in 0..dice.below(rows.len() + 1) {
        rows.push(rows[dice.below(rows.len())].clone());
    }
    Table::new(schema, rows)
}

/// A table of some columns and row numbers.
fn table_of(mut fields: Vec<Field>, rows: usize, dice: &mut Dice) -> Table {
    fields.push(Field::new(UNIQUE, Type::Int64));
    let mut made: Vec<OwnRow> = Vec::new();
    for number in 0..rows {
        let row = fields.iter().map(|f| if f.name() == UNIQUE { OwnValue::Int(number as i128) } else { cell(f, dice) });
        made.push(row.collect());
    }
    match Schema::new(fields) {
        Ok(schema) => Table::new(schema, made),
        // Two columns have one name.
        Err(_) => random_table(Columns::Said, false, dice),
    }
}

/// A value for a column; keys have few values.
fn cell(field: &Field, dice: &mut Dice) -> OwnValue {
    match field.ty() {
        Type::Str if field.name() == "k" => {
            [OwnValue::Null, OwnValue::text("x"), OwnValue::text("y"), OwnValue::text("")][dice.below(4)].clone()
        }
        Type::Int32 if field.name() == "k" => [OwnValue::Null, OwnValue::from(1), OwnValue::from(2)][dice.below(3)].clone(),
        ty if dice.below(6) > 0 => terms::value(ty, dice),
        _ => OwnValue::Null,
    }
}

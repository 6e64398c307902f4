//! Random programs of verbs over a random table: well typed by the oracle's own rules, and shrinking.

mod smaller;
mod terms;
mod verbs;

use std::fmt;

use fugue_core::{Field, Schema, Type};
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::Dice;
use crate::oracle::UNIQUE;
use crate::oracle::expr::{Standard, Term};
use crate::oracle::verb::{Verb, distinct};
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
    /// Where it is not valid.
    pub fn answer(&self) -> Result<Table, String> {
        self.verbs.iter().try_fold(self.table.clone(), |table, verb| verb.apply(&table, &Standard))
    }

    /// Whether the contract has one answer: not so where a zero's sign shows after rows with both were made one, nor where two windows
    /// number rows that are equal, and may each begin with another of them.
    fn is_decided(&self, answer: &Table) -> bool {
        let mut table = self.table.clone();
        for verb in &self.verbs {
            if windows(verb) > 1 && distinct(table.rows.clone()).len() < table.rows.len() {
                return false;
            }
            let Ok(next) = verb.apply(&table, &Standard) else { return false };
            table = next;
        }
        let other = self
            .verbs
            .iter()
            .try_fold(turned(&self.table), |table, verb| Some(turned(&verb_of_turned(verb).apply(&table, &Standard).ok()?)));
        other.is_some_and(|other| crate::compare::Compare::float_aggregates().tables(answer, &other).is_ok())
    }
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
}

impl Strategy for Scripts {
    type Tree = Shrinking;
    type Value = Script;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let seed = proptest::num::u64::ANY.new_tree(runner)?.current();
        let mut dice = Dice::new(seed);
        loop {
            let script = self.draw(&mut dice);
            if !script.verbs.is_empty() && script.answer().is_ok_and(|answer| script.is_decided(&answer)) {
                return Ok(Shrinking { least: script.clone(), current: script, candidates: Vec::new() });
            }
        }
    }
}

impl Scripts {
    fn draw(&self, dice: &mut Dice) -> Script {
        let table = random_table(dice);
        let mut current = table.clone();
        let (mut verbs, wanted) = (Vec::new(), 1 + dice.below(self.most));
        for _ in 0..wanted * 4 {
            let last = verbs.len() + 1 == wanted;
            let pick = self.picks[dice.below(self.picks.len())];
            let verb = verbs::draw(pick, &current, last, dice);
            // What the oracle cannot answer is no verb of a script: errors have rules of their own.
            if let Ok(next) = verb.apply(&current, &Standard)
                && next.rows.len() <= 300
                && next.schema.len() <= 12
            {
                current = next;
                verbs.push(verb);
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
}

impl Shrinking {
    fn next(&mut self) -> bool {
        while let Some(script) = self.candidates.pop() {
            if script.answer().is_ok_and(|answer| script.is_decided(&answer)) {
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

/// The types that columns of scripts have.
const TYPES: [Type; 12] = [
    Type::Int64,
    Type::Str,
    Type::Float64,
    Type::Int32,
    Type::Bool,
    Type::Date,
    Type::Datetime,
    Type::Decimal(9, 2),
    Type::Int8,
    Type::UInt32,
    Type::Float32,
    Type::Int64,
];

/// Names of columns: one with a blank, one with a letter that is not ASCII, one by its case alone.
const NAMES: [&str; 6] = ["a", "b", "A", "c d", "é", "e"];

/// A table with a key, a few columns, and row numbers.
fn random_table(dice: &mut Dice) -> Table {
    let mut fields = vec![Field::new("k", if dice.below(2) == 0 { Type::Str } else { Type::Int32 })];
    for name in NAMES.iter().take(2 + dice.below(4)) {
        fields.push(Field::new(*name, TYPES[dice.below(TYPES.len())].clone()));
    }
    let rows = [0, 1, 2, 5, 9, 14, 30][dice.below(7)];
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
        Err(_) => random_table(dice),
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

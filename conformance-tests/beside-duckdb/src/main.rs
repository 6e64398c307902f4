//! The oracle beside DuckDB: random programs that both can say, so that a mistake of the oracle is not everybody's meaning.
//!
//! ```text
//! cd conformance-tests/beside-duckdb
//! DUCKDB_LIB_DIR=<folder of libduckdb.so> LD_LIBRARY_PATH=<the same> cargo run --release
//! cargo run --release --features bundled      # compiles DuckDB, for a good while
//! ```
//!
//! `FUGUE_CASES` is the number of programs (10,000 unless said otherwise), `FUGUE_SEED` the seed. What DuckDB means otherwise by decision is
//! left out or said in other words: `terms` and `calls` say where.
//! What it fails at and the contract does not (whole numbers that overflow, deviations of infinities, years out of its range) is counted.

mod calls;
mod terms;
mod verbs;

use std::io::Write;
use std::process::ExitCode;

use duckdb::Connection;
use duckdb::types::ValueRef;
use fugue_core::{Schema, Type};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use conformance_tests::compare::Compare;
use conformance_tests::generate::{Columns, Dice, Pick, Script, Scripts};
use conformance_tests::oracle::expr::Standard;
use conformance_tests::oracle::verb::{Verb, Wrong};
use conformance_tests::value::{OwnRow, OwnValue, Table};
use terms::{literal, quoted, type_name};

const SAID: &[Pick] =
    &[Pick::Project, Pick::Group, Pick::Window, Pick::Filter, Pick::Assign, Pick::Columns, Pick::Rows, Pick::Join, Pick::Set];

/// After so many differences there is enough to read.
const MOST: usize = 40;

/// What came of the programs.
#[derive(Debug, Default)]
struct Tally {
    /// The answers are the same, or both fail.
    same: u32,
    /// DuckDB has no words for it, or the contract none.
    unsaid: u32,
    /// DuckDB fails by a decision of its own.
    refused: u32,
    differ: Vec<String>,
}

fn main() -> ExitCode {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let tried = tally(number("FUGUE_CASES").unwrap_or(10_000), number("FUGUE_SEED").unwrap_or(0));
    let mut out = std::io::stdout();
    // Where nobody reads what was found there is nobody to tell.
    let _ = match &tried {
        Ok(Tally { same, unsaid, refused, differ }) => writeln!(
            out,
            "{}\n{same} are the same, {} differ, {refused} fail in DuckDB alone by a decision of its own, {unsaid} it has no words for",
            differ.join("\n\n"),
            differ.len()
        ),
        Err(error) => writeln!(out, "DuckDB does not start: {error}"),
    };
    // Where hardly anything is compared, this says nothing.
    match tried {
        Ok(t) if t.differ.is_empty() && t.refused < t.same / 4 && t.same > 0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// Tries so many programs from a seed.
fn tally(wanted: u64, seed: u64) -> duckdb::Result<Tally> {
    let mut dice = Dice::new(seed);
    let bytes: Vec<u8> = (0..4).flat_map(|_| dice.roll().to_le_bytes()).collect();
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let connection = Connection::open_in_memory()?;
    let mut tally = Tally::default();
    while u64::from(tally.same + tally.refused) + (tally.differ.len() as u64) < wanted && tally.differ.len() < MOST {
        let strategy = Scripts { picks: SAID, most: 3, columns: Columns::Said };
        let Ok(mut tree) = strategy.new_tree(&mut runner) else { continue };
        match compared(&connection, &tree.current()) {
            Outcome::Same => tally.same += 1,
            Outcome::Unsaid => tally.unsaid += 1,
            Outcome::Refused => tally.refused += 1,
            Outcome::Differs(report) => tally.differ.push(least(&connection, &mut tree).unwrap_or(report)),
        }
    }
    Ok(tally)
}

enum Outcome {
    Same,
    Unsaid,
    Refused,
    Differs(String),
}

/// The report of the least program that differs.
fn least(connection: &Connection, tree: &mut impl ValueTree<Value = Script>) -> Option<String> {
    let mut found = None;
    let mut more = tree.simplify();
    for _ in 0..400 {
        if !more {
            break;
        }
        more = match compared(connection, &tree.current()) {
            Outcome::Differs(report) => {
                found = Some(report);
                tree.simplify()
            }
            _ => tree.complicate(),
        };
    }
    found
}

/// Runs a program on both.
fn compared(connection: &Connection, script: &Script) -> Outcome {
    let Some((setup, query)) = text(script) else { return Outcome::Unsaid };
    let expected = script.answer();
    let report = |what: String| Outcome::Differs(format!("{script:?}{query}\n{what}"));
    let schema = match &expected {
        Ok(table) => Some(table.schema.clone()),
        Err(_) => None,
    };
    let got = connection.execute_batch(&setup).and_then(|()| rows(connection, &query, schema.as_ref()));
    match (expected, got) {
        (Ok(expected), Ok(rows)) => {
            let got = Table::new(expected.schema.clone(), rows);
            // Floats are computed by other libraries there; what engines must give to the bit, the suite asks of them.
            match Compare::float_aggregates().tables(&expected, &got) {
                Ok(()) => Outcome::Same,
                Err(difference) => report(difference.to_string()),
            }
        }
        (Ok(_), Err(error)) => {
            let error = error.to_string();
            let by_decision = ["Out of Range Error", "Overflow", "out of range", "Conversion Error"];
            if by_decision.iter().any(|word| error.contains(word)) { Outcome::Refused } else { report(error) }
        }
        (Err(Wrong::Value(_)), Err(error)) if !error.to_string().contains("Binder Error") => Outcome::Same,
        (Err(Wrong::Value(_)), Err(error)) => report(error.to_string()),
        // Whether a constant fails where there are no rows the contract leaves open.
        (Err(Wrong::Value(_)), Ok(rows)) if rows.is_empty() => Outcome::Unsaid,
        (Err(Wrong::Value(why)), Ok(rows)) => report(format!("the oracle has no value: {why}; DuckDB has {rows:?}")),
        (Err(Wrong::Plan(why)), _) => report(why),
    }
}

/// The tables of a program, and one query for all of its verbs. Values leave as few types: whole numbers, doubles, and text of decimals.
fn text(script: &Script) -> Option<(String, String)> {
    // Every row is written out.
    if script.table.rows.len() > 200 {
        return None;
    }
    let mut setup = created("t", &script.table)?;
    let mut steps = Vec::new();
    let mut current = script.table.clone();
    for (at, verb) in script.verbs.iter().enumerate() {
        let (left, right) = (if at == 0 { "t".to_owned() } else { format!("step{at}") }, format!("u{at}"));
        steps.push(format!("step{} AS ({})", at + 1, verbs::query(verb, &current.schema, &left, &right)?));
        if let Verb::Join(_, table) | Verb::Set(_, _, table) = verb {
            setup += &created(&right, table)?;
        }
        current = match verb.apply(&current, &Standard) {
            Ok(next) => next,
            // The last verb fails, and how its columns leave does not matter.
            Err(_) => return Some((setup, format!("WITH {} SELECT * FROM step{}", steps.join(", "), at + 1))),
        };
    }
    let list = current.schema.fields().iter().map(|f| leaving(f.name(), f.ty())).collect::<Option<Vec<_>>>()?;
    Some((setup, format!("WITH {} SELECT {} FROM step{}", steps.join(", "), list.join(", "), script.verbs.len())))
}

fn created(name: &str, table: &Table) -> Option<String> {
    let fields = table.schema.fields();
    let columns = fields.iter().map(|f| Some(format!("{} {}", quoted(f.name()), type_name(f.ty())?)));
    let columns = columns.collect::<Option<Vec<_>>>()?.join(", ");
    let mut text = format!("CREATE OR REPLACE TEMP TABLE {name} ({columns});");
    for row in &table.rows {
        let cells = row.iter().zip(fields).map(|(value, field)| literal(value, field.ty())).collect::<Option<Vec<_>>>()?;
        text += &format!("INSERT INTO {name} VALUES ({});", cells.join(", "));
    }
    Some(text)
}

fn leaving(name: &str, ty: &Type) -> Option<String> {
    let name = quoted(name);
    Some(match ty {
        Type::Bool | Type::Str | Type::Bytes => name,
        Type::Float32 | Type::Float64 => format!("CAST({name} AS DOUBLE)"),
        Type::Date => format!("CAST(datediff('day', DATE '1970-01-01', {name}) AS HUGEINT)"),
        Type::Time | Type::Datetime => format!("CAST(epoch_us({name}) AS HUGEINT)"),
        Type::Decimal(..) => format!("CAST({name} AS VARCHAR)"),
        Type::List(_) | Type::Struct(_) | Type::Map(..) => return None,
        _ => format!("CAST({name} AS HUGEINT)"),
    })
}

fn rows(connection: &Connection, query: &str, schema: Option<&Schema>) -> duckdb::Result<Vec<OwnRow>> {
    let mut statement = connection.prepare(query)?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let mut made = OwnRow::new();
        for (at, field) in schema.map(Schema::fields).unwrap_or_default().iter().enumerate() {
            made.push(value(row.get_ref(at)?, field.ty()));
        }
        all.push(made);
    }
    Ok(all)
}

fn value(value: ValueRef<'_>, ty: &Type) -> OwnValue {
    match value {
        ValueRef::Boolean(b) => OwnValue::Bool(b),
        ValueRef::HugeInt(x) => OwnValue::Int(x),
        ValueRef::Double(x) => OwnValue::Float(x),
        ValueRef::Blob(bytes) => OwnValue::Bytes(bytes.to_vec()),
        ValueRef::Text(text) => {
            let text = String::from_utf8_lossy(text).into_owned();
            match ty {
                Type::Decimal(..) => text.replace('.', "").parse().map_or(OwnValue::Text(text), OwnValue::Int),
                _ => OwnValue::Text(text),
            }
        }
        // A null; what comes in another form is no value of the oracle's, and shows as a difference.
        _ => OwnValue::Null,
    }
}

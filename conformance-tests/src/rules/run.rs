//! Running the oracle's programs on an engine, beside the oracle.

use fugue_core::DataFrame;
use fugue_core::partition::{Algo, PartitionSpec};
use fugue_core::transform::IntoTask;
use fugue_core::{Result, Schema};

use crate::bench::Bench;
use crate::failure::{Failure, Outcome};
use crate::functions::{marked_schema, marking, of_program};
use crate::generate::{KeyedSpec, Lane};
use crate::oracle::{self, Calls, Program, UNIQUE};
use crate::value::{OwnRow, Table};

/// A spec of keys and presort in plain data.
///
/// # Errors
/// Where the core refuses it.
pub fn spec(keys: &[String], presort: &[(String, bool)]) -> Result<PartitionSpec> {
    let presort: Vec<(&str, bool)> = presort.iter().map(|(name, up)| (name.as_str(), *up)).collect();
    PartitionSpec::new().by(keys)?.presort(presort)
}

/// A generated spec as the core's.
///
/// # Errors
/// Where the core refuses it.
pub fn keyed(plain: &KeyedSpec) -> Result<PartitionSpec> {
    let algo = match plain.algo {
        "hash" => Algo::Hash,
        "rand" => Algo::Rand,
        "even" => Algo::Even,
        _ => Algo::Default,
    };
    Ok(spec(&plain.keys, &plain.presort)?.num(plain.num as u64)?.algo(algo))
}

/// A frame mapped by a function over batches.
///
/// # Errors
/// What is wrong before the run.
pub fn mapped<M>(frame: &DataFrame, spec: PartitionSpec, function: impl IntoTask<M>, output: &Schema) -> Result<DataFrame> {
    frame.transform(function).partition(spec).schema(output.to_string()).run()
}

/// Runs a program on the engine and in the oracle, and compares.
///
/// # Errors
/// What differs, or what the action meets.
pub fn same_as_oracle(t: &Bench, lane: &Lane, table: &Table, plain: &KeyedSpec, program: Program) -> Outcome {
    let expected = expected(table, plain, program)?;
    let frame = t.frame(lane, table)?;
    let function = of_program(program, &table.schema, &plain.keys, &expected.schema)?;
    t.same(&expected, &mapped(&frame, keyed(plain)?, function, &expected.schema)?)
        .map_err(|e| e.while_trying(format!("{program:?} {plain} on: {lane}")))
}

/// What the oracle says.
///
/// # Errors
/// Where the case is not valid, which is a mistake of the suite.
pub fn expected(table: &Table, plain: &KeyedSpec, program: Program) -> Result<Table, Failure> {
    let output = program.output(&table.schema, &plain.keys)?;
    let unique = table.position(UNIQUE)?;
    Ok(oracle::map(table, &plain.keys, &plain.presort, &output, |key, rows| program.run(key, rows, unique))?)
}

/// The calls that a map of a spec makes, from rows that carry their mark; the rows are compared with the input's.
///
/// # Errors
/// What differs, or what the action meets.
pub fn calls(t: &Bench, frame: &DataFrame, table: &Table, spec: PartitionSpec) -> Result<Calls, Failure> {
    let output = marked_schema(&table.schema)?;
    let marked = t.collect(&mapped(frame, spec, marking(&table.schema)?, &output)?)?;
    let calls = Calls::from_marked(&marked)?;
    crate::compare::Compare::exact()
        .tables(table, &calls.rows())
        .map_err(|e| Failure::from(e).while_trying("all rows of all calls"))?;
    Ok(calls)
}

/// A plain spec without an algorithm; without keys it asks for one partition, so that there is one answer.
pub fn plain(keys: &[&str], presort: &[&str]) -> KeyedSpec {
    let num = usize::from(keys.is_empty());
    KeyedSpec { keys: super::support::names(keys), presort: super::support::order(presort), num, algo: "default" }
}

/// Rows with their row numbers.
///
/// # Errors
/// Never for the tables of rules.
pub fn numbered(table: Table) -> Result<Table, Failure> {
    Ok(table.with_row_numbers(UNIQUE)?)
}

/// The first row of each call.
pub fn first_row(rows: &[OwnRow]) -> Vec<OwnRow> {
    rows.iter().take(1).cloned().collect()
}

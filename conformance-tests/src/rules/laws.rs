//! Laws that need no oracle: what must give the same, whatever that is.

use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::partition::PartitionSpec;
use fugue_core::{DataFrame, Schema};
use proptest::prelude::*;

use super::run::{keyed, mapped};
use crate::bench::Bench;
use crate::failure::{Failure, Outcome};
use crate::functions::{Broken, of_program};
use crate::generate::{Dice, KeyedSpec, Lane, TableOptions, keyed_spec};
use crate::oracle::{Program, UNIQUE};
use crate::value::{OwnValue, Table};

type Case = (Table, KeyedSpec, Program);

/// One partition or many, in the session and in the spec.
pub fn partition_count_does_not_matter(t: &Bench) -> Outcome {
    t.for_some(4, cases(), |lane, (table, spec, program)| {
        let wanted = answer(t, &Lane::plain(), table, &KeyedSpec { num: 1, ..spec.clone() }, *program)?;
        for num in [0, 2, 9] {
            t.same(&wanted, &run(t, lane, table, &KeyedSpec { num, ..spec.clone() }, *program)?)?;
        }
        Ok(())
    })
}

/// Rows cut into batches of one, of seven, not at all.
pub fn batch_size_does_not_matter(t: &Bench) -> Outcome {
    t.for_some(4, cases(), |lane, (table, spec, program)| {
        let wanted = answer(t, &Lane::plain(), table, spec, *program)?;
        let ones = vec![1; table.rows.len().min(100)];
        for sizes in [ones, vec![7; table.rows.len() / 7], vec![0, table.rows.len(), 0]] {
            let (function, output) = program_of(table, spec, *program)?;
            t.same(&wanted, &mapped(&t.frame_of(lane, table, &sizes)?, keyed(spec)?, function, &output)?)?;
        }
        Ok(())
    })
}

/// A presort that is total makes any order of the input the same.
pub fn order_of_input_does_not_matter(t: &Bench) -> Outcome {
    t.for_some(4, (cases(), any::<u64>()), |lane, ((table, spec, program), seed)| {
        let wanted = answer(t, lane, table, spec, *program)?;
        let mut shuffled = table.clone();
        Dice::new(*seed).shuffle(&mut shuffled.rows);
        t.same(&wanted, &run(t, lane, &shuffled, spec, *program)?)?;
        shuffled.rows.reverse();
        t.same(&wanted, &run(t, lane, &shuffled, spec, *program)?)
    })
}

/// Rows split by their key, each part mapped by itself: together the answer of the whole.
pub fn splitting_by_key_and_joining_the_answers_is_the_answer(t: &Bench) -> Outcome {
    let keyed_cases = cases().prop_filter("keys", |(_, spec, _)| !spec.keys.is_empty());
    t.for_some(4, keyed_cases, |lane, (table, spec, program)| {
        let wanted = answer(t, lane, table, spec, *program)?;
        let at: Vec<usize> = spec.keys.iter().map(|k| table.position(k)).collect::<Result<_, _>>()?;
        let middle =
            table.rows.get(table.rows.len() / 2).map(|row| at.iter().map(|k| row[*k].clone()).collect::<Vec<OwnValue>>());
        let before =
            |row: &Vec<OwnValue>| middle.as_ref().is_some_and(|m| at.iter().map(|k| row[*k].clone()).collect::<Vec<_>>() < *m);
        let (low, high): (Vec<_>, Vec<_>) = table.rows.iter().cloned().partition(before);
        let mut rows = Vec::new();
        for part in [low, high] {
            rows.extend(answer(t, lane, &Table::new(table.schema.clone(), part), spec, *program)?.rows);
        }
        crate::compare::Compare::exact().tables(&wanted, &Table::new(wanted.schema.clone(), rows)).map_err(Failure::from)
    })
}

/// Two row-wise steps are one: a map that changes nothing can stand anywhere.
pub fn mapping_twice_is_mapping_the_composition(t: &Bench) -> Outcome {
    t.for_some(4, cases(), |lane, (table, spec, program)| {
        let wanted = answer(t, lane, table, spec, *program)?;
        let (same_rows, _) = program_of(table, spec, Program::Identity)?;
        let before = mapped(&t.frame(lane, table)?, PartitionSpec::new(), same_rows, &table.schema)?;
        let (function, output) = program_of(table, spec, *program)?;
        let after = mapped(&before, keyed(spec)?, function, &output)?;
        t.same(&wanted, &after)
    })
}

fn cases() -> impl Strategy<Value = Case> {
    let tables =
        crate::generate::table(TableOptions::default()).prop_filter_map("row numbers", |t| t.with_row_numbers(UNIQUE).ok());
    let with_spec = tables.prop_flat_map(|table| {
        let spec = keyed_spec(&table, UNIQUE);
        (Just(table), spec, prop::sample::select(&Program::ALL[..]))
    });
    // Without keys there is a call per partition, so only programs over single rows have one answer.
    with_spec
        .prop_map(|(table, spec, program)| {
            let program = if spec.keys.is_empty() { Program::Identity } else { program };
            (table, spec, program)
        })
        .prop_filter("a free name", |(table, spec, program)| program.output(&table.schema, &spec.keys).is_ok())
}

fn program_of(
    table: &Table,
    spec: &KeyedSpec,
    program: Program,
) -> Result<(impl Fn(RecordBatch) -> Result<RecordBatch, Broken> + Send + Sync + use<>, Schema), Failure> {
    let output = program.output(&table.schema, &spec.keys)?;
    Ok((of_program(program, &table.schema, &spec.keys, &output)?, output))
}

fn run(t: &Bench, lane: &Lane, table: &Table, spec: &KeyedSpec, program: Program) -> Result<DataFrame, Failure> {
    let (function, output) = program_of(table, spec, program)?;
    Ok(mapped(&t.frame(lane, table)?, keyed(spec)?, function, &output)?)
}

fn answer(t: &Bench, lane: &Lane, table: &Table, spec: &KeyedSpec, program: Program) -> Result<Table, Failure> {
    t.collect(&run(t, lane, table, spec, program)?)
}

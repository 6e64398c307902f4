//! Tasks there and back: by name, lent, and what keeps them from travelling.

use std::sync::Arc;

use crate::calls::Dropped;
use crate::partition::{Algo, PartitionSpec};
use crate::row::{Record, Row};
use crate::run::{Cancel, Pool, RunContext};
use crate::transform::{
    CallOptions, Cursor, InputRows, IntoCoTask, IntoTask, Params, Registry, StateSlot, Task, TaskEntry, TaskFn, bind, run_map,
};
use crate::{Error, ErrorKind, Result, Schema, cotransformer, portable, transformer};

use super::*;

#[derive(Clone, Debug, PartialEq, Row)]
struct Reading {
    sensor: String,
    value: f64,
}

#[derive(Clone, Debug, PartialEq, Row)]
struct Mark {
    sensor: String,
    key: String,
    seed: String,
    value: f64,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Scale {
    by: f64,
}

#[transformer(partition_by_has = "sensor")]
fn mark(readings: Vec<Reading>, scale: Params<Scale>, cursor: Cursor) -> Vec<Mark> {
    let seed = format!("{:x}", cursor.seed());
    let marked = readings.into_iter().map(|r| (cursor.idempotency_key(), r.value * scale.by, r.sensor));
    marked.map(|(key, value, sensor)| Mark { sensor, key, seed: seed.clone(), value }).collect()
}

#[transformer]
fn product(a: f64, b: f64) -> f64 {
    a * b
}

#[transformer]
fn every(records: Vec<Record>) -> Vec<Record> {
    records
}

#[transformer]
async fn slow(reading: Reading) -> Reading {
    reading
}

#[transformer]
fn with_state(readings: Vec<Reading>, by: &f64) -> Vec<Reading> {
    readings.into_iter().map(|r| Reading { value: r.value * by, ..r }).collect()
}

#[cotransformer]
fn both(left: &[Reading], right: &[Reading]) -> Vec<Reading> {
    left.iter().chain(right).cloned().collect()
}

fn unnamed(readings: Vec<Reading>) -> Vec<Reading> {
    readings
}

#[track_caller]
fn options() -> CallOptions {
    CallOptions::at(std::panic::Location::caller())
}

/// All columns, as they are.
#[track_caller]
fn star() -> CallOptions {
    CallOptions { schema: Some("*".to_owned()), ..options() }
}

fn readings() -> Schema {
    Schema::parse("sensor:str,value:double").unwrap()
}

fn by_sensor() -> PartitionSpec {
    PartitionSpec::new().by("sensor").unwrap().presort("value desc").unwrap()
}

fn bound_to(function: Arc<dyn TaskFn>, inputs: &[Schema], spec: &PartitionSpec, options: &CallOptions) -> Task {
    bind(function, inputs, spec, options).unwrap()
}

fn there(task: &Task) -> Task {
    assert!(task.is_portable());
    let packed = pack(task, Reach::OtherProcesses).unwrap();
    unpack(packed.bytes(), &Registry::linked().unwrap()).unwrap()
}

fn same(task: &Task) -> Task {
    let again = there(task);
    assert_eq!(again.fingerprint(), task.fingerprint());
    assert_eq!(again.name(), task.name());
    assert_eq!(again.inputs(), task.inputs());
    assert_eq!(again.output(), task.output());
    assert_eq!(again.needs, task.needs);
    assert_eq!(again.fixed.concurrency, task.fixed.concurrency);
    assert_eq!(again.fixed.on, task.fixed.on);
    assert_eq!(again.asked_for_at(), task.asked_for_at());
    assert!(task.call_site().is_some() && again.call_site().is_none());
    // What came by name goes on by name.
    assert_eq!(there(&again).fingerprint(), task.fingerprint());
    again
}

fn run(task: &Task, spec: &PartitionSpec) -> Vec<Mark> {
    let rows = [("a", 1.0), ("b", 2.0), ("a", 3.0)];
    let mut writer = Reading::writer(&readings(), 3).unwrap();
    for (sensor, value) in rows {
        Reading { sensor: sensor.to_owned(), value }.write(&mut writer).unwrap();
    }
    let batch = Reading::finish(writer).unwrap();
    let run = RunContext::new(Pool::new(2).unwrap(), Cancel::never());
    let batches = run_map(InputRows::Split(vec![vec![batch]]), &readings(), spec, task, &run).unwrap();
    let mut marks: Vec<Mark> = Vec::new();
    for batch in batches {
        let batch = batch.unwrap();
        let reader = Mark::reader(&batch).unwrap();
        marks.extend((0..batch.num_rows()).map(|row| Mark::read(&reader, row)));
    }
    marks.sort_by(|a, b| (&a.sensor, a.value).partial_cmp(&(&b.sensor, b.value)).unwrap());
    marks
}

fn unpack_error(bytes: &[u8], registry: &Registry) -> Error {
    unpack(bytes, registry).unwrap_err()
}

#[test]
fn a_named_task_is_the_same_there() {
    let mut options = options();
    options.slots.params = Some(rmp_serde::to_vec_named(&Scale { by: 2.0 }).unwrap().into());
    let task = bound_to(mark.into_task(), &[readings()], &by_sensor(), &options);
    let again = same(&task);
    let (here, elsewhere) = (run(&task, &by_sensor()), run(&again, &by_sensor()));
    assert_eq!(here.iter().map(|m| m.value).collect::<Vec<_>>(), [2.0, 6.0, 4.0]);
    assert_eq!(here, elsewhere, "seeds and idempotency keys are the same");
}

#[test]
fn columns_and_settings_travel() {
    let wide = Schema::parse("a:double,b:double,c:str").unwrap();
    let options = CallOptions { on: vec!["b".into(), "a".into()], to: Some("p".into()), ..options() };
    let again = same(&bound_to(product.into_task(), &[wide], &PartitionSpec::new(), &options));
    assert_eq!(again.output().to_string(), "a:double,b:double,c:str,p:double");
    let options = CallOptions { concurrency: Some(3), per_executor: Some(2), discard: true, ..self::options() };
    let again = same(&bound_to(slow.into_task(), &[readings()], &PartitionSpec::new(), &options));
    assert!(again.fixed.emit.is_discarded());
    assert_eq!(again.fixed.per_executor, Some(2));
}

#[test]
fn any_name_travels() {
    let names = [
        "two words",
        "a`b",
        "a\"b",
        "a'b",
        "a.b",
        "a,b",
        "ä ö ü",
        "日本",
        "\n",
        "\\",
        "",
        " ",
        "by",
        "presort",
        "asc",
        "7",
        "🦀",
    ];
    let columns: Vec<String> = names.iter().map(|n| format!("{}:<str,[{{x:int,{0}:str}}]>", crate::schema::quote(n))).collect();
    let keys = names.map(|n| format!("k{n}"));
    let all = columns.into_iter().chain(keys.iter().map(|k| format!("{}:timestamp(us,Europe/Berlin)", crate::schema::quote(k))));
    let schema = Schema::parse(&all.collect::<Vec<_>>().join(",")).unwrap();
    let schema = Schema::new(
        schema.fields().iter().cloned().chain(names.map(|n| crate::Field::new(format!("p{n}"), crate::Type::Decimal(9, 2)))),
    )
    .unwrap();
    let spec = PartitionSpec::new().by(keys).unwrap().presort(names.map(|n| (format!("p{n}"), n.len() == 1))).unwrap();
    let spec = spec.num("min(ROWCOUNT/3, CONCURRENCY*2.5)").unwrap().algo(Algo::Coarse);
    let options = CallOptions { schema: Some("*,`z z`:int".to_owned()), ..options() };
    let task = bound_to(every.into_task(), &[schema], &spec, &options);
    let again = same(&task);
    assert_eq!(again.fixed.origin.as_ref().unwrap().spec, spec);
}

#[test]
fn a_function_of_several_inputs_travels() {
    let spec = PartitionSpec::new().by("sensor").unwrap();
    let again = same(&bound_to(both.into_co_task(), &[readings(), readings()], &spec, &options()));
    assert_eq!(again.inputs().len(), 2);
}

#[test]
fn what_is_registered_where_it_is_used_travels() {
    let closure = portable!(|readings: &[Reading]| -> Vec<Reading> { readings.to_vec() });
    same(&bound_to(closure.into_task(), &[readings()], &PartitionSpec::new(), &options()));
    let path = portable!(name = "travel::unnamed", unnamed);
    let task = bound_to(path.into_task(), &[readings()], &PartitionSpec::new(), &options());
    assert_eq!(same(&task).name(), "travel::unnamed");
}

#[test]
fn a_function_without_a_name_is_lent() {
    let by = 3.0;
    let closure = move |r: Reading| Reading { value: r.value * by, ..r };
    let task = bound_to(closure.into_task(), &[readings()], &PartitionSpec::new(), &options());
    assert!(!task.is_portable());
    let packed = pack(&task, Reach::ThisProcess).unwrap();
    let (bytes, registry) = (packed.bytes().to_vec(), Registry::new());
    let again = unpack(&bytes, &registry).unwrap();
    assert_eq!(again.fingerprint(), task.fingerprint());
    assert_eq!(again.call_site(), task.call_site());
    let second = packed.clone();
    drop(packed);
    assert!(unpack(&bytes, &registry).is_ok(), "a clone keeps it");
    drop(second);
    let error = unpack_error(&bytes, &registry);
    assert_eq!(error.kind(), ErrorKind::TransformerNotRegistered);
    assert!(error.message().contains("over"), "{error}");
}

#[test]
fn what_is_lent_means_nothing_to_another_process() {
    let task = bound_to((|r: Reading| r).into_task(), &[readings()], &PartitionSpec::new(), &options());
    let (token, _loan) = lend(&task);
    let letter = Letter { version: VERSION, task: Form::Lent(token.of_another_process()) };
    let error = unpack_error(&rmp_serde::to_vec_named(&letter).unwrap(), &Registry::new());
    assert_eq!(error.kind(), ErrorKind::TransformerNotRegistered);
    assert!(error.message().contains("another process"), "{error}");
}

#[test]
fn what_cannot_leave_the_process_says_what_to_write() {
    let bind =
        |function: Arc<dyn TaskFn>, options: &CallOptions| bound_to(function, &[readings()], &PartitionSpec::new(), options);
    let told = |task: &Task| {
        let error = pack(task, Reach::OtherProcesses).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TransformerNotRegistered);
        assert_eq!(error.context("transformer"), Some(task.name()));
        assert!(error.call_site().is_some_and(|at| at.file().ends_with("tests.rs")), "{error}");
        // In this process it goes anyway.
        assert!(unpack(pack(task, Reach::ThisProcess).unwrap().bytes(), &Registry::new()).is_ok());
        error.message().to_owned()
    };
    let closure = told(&bind((|r: Reading| r).into_task(), &options()));
    assert!(closure.contains("portable!(|rows") && closure.contains("#[fugue::transformer]"), "{closure}");
    fn bare(readings: Vec<Reading>) -> Vec<Reading> {
        readings
    }
    let function = told(&bind(bare.into_task(), &options()));
    assert!(function.contains("#[fugue::transformer]") && function.contains("::bare)"), "{function}");
    let pointer: fn(Vec<Reading>) -> Vec<Reading> = unnamed;
    assert!(told(&bind(pointer.into_task(), &options())).contains("#[fugue::transformer]"));
    let mut stateful = options();
    stateful.slots.give(StateSlot::ready(2.0_f64));
    assert!(told(&bind(with_state.into_task(), &stateful)).contains("state"));
    let mut settings = crate::calls::Settings::new(star());
    settings.ignore::<fmt::Error>(&Dropped::new());
    assert!(told(&bind(every.into_task(), &settings.options)).contains("ignore_errors"));
}

#[test]
fn a_program_of_other_source_says_so() {
    let task = bound_to(every.into_task(), &[readings()], &PartitionSpec::new(), &star());
    let packed = pack(&task, Reach::OtherProcesses).unwrap();
    let error = unpack_error(packed.bytes(), &Registry::new());
    assert_eq!(error.kind(), ErrorKind::TransformerNotRegistered);
    assert_eq!(error.context("transformer"), Some(task.name()));
    fn make() -> Arc<dyn TaskFn> {
        every.into_task()
    }
    static OTHER: TaskEntry = TaskEntry::new(
        concat!(module_path!(), "::every"),
        file!(),
        line!(),
        "fugue-core 0.0.1",
        "fn every",
        || TaskFn::type_id(&*make()),
        make,
        || None,
    );
    let error = unpack_error(packed.bytes(), &Registry::new().with(&OTHER).unwrap());
    assert_eq!(error.kind(), ErrorKind::TransformerNotRegistered);
    assert!(error.message().contains("source"), "{error}");
    assert!(error.call_site().is_none());
}

#[test]
fn rows_of_another_type_are_noticed() {
    let task = bound_to(every.into_task(), &[readings()], &PartitionSpec::new(), &star());
    let mut named = named(&task).unwrap();
    named.fingerprint ^= 1;
    let letter = Letter { version: VERSION, task: Form::Named(Box::new(named)) };
    let error = unpack_error(&rmp_serde::to_vec_named(&letter).unwrap(), &Registry::linked().unwrap());
    assert_eq!(error.kind(), ErrorKind::TransformerNotRegistered);
}

#[test]
fn bytes_that_are_no_task_are_errors() -> Result<()> {
    let registry = Registry::linked()?;
    let task = bound_to(every.into_task(), &[readings()], &PartitionSpec::new(), &star());
    let packed = pack(&task, Reach::OtherProcesses)?;
    for end in 0..packed.bytes().len() {
        assert_eq!(unpack_error(&packed.bytes()[..end], &registry).kind(), ErrorKind::ParamsInvalid);
    }
    for at in 0..packed.bytes().len() {
        let mut bytes = packed.bytes().to_vec();
        bytes[at] ^= 0x15;
        // It may even be a task still, where the user's line was hit; but it is never a panic.
        drop(unpack(&bytes, &registry));
    }
    let later = rmp_serde::to_vec_named(&std::collections::BTreeMap::from([("task", 1), ("version", 99)])).unwrap();
    let error = unpack_error(&later, &registry);
    assert!(error.message().contains("version"), "{error}");
    Ok(())
}

#[test]
fn an_error_of_a_named_task_has_no_line_until_the_driver_adds_it() {
    let options = CallOptions { on: vec!["a".into(), "b".into()], to: Some("p".into()), ..options() };
    let schema = Schema::parse("a:double,b:double").unwrap();
    let again = there(&bound_to(product.into_task(), std::slice::from_ref(&schema), &PartitionSpec::new(), &options));
    let batch = schema.empty_batch();
    let one = arrow::array::Float64Array::from(vec![None::<f64>]);
    let batch = arrow::record_batch::RecordBatch::try_new(batch.schema(), vec![Arc::new(one.clone()), Arc::new(one)]).unwrap();
    let run = RunContext::new(Pool::new(1).unwrap(), Cancel::never());
    let rows = InputRows::Split(vec![vec![batch]]);
    let error = run_map(rows, &schema, &PartitionSpec::new(), &again, &run).unwrap().find_map(Result::err).unwrap();
    assert_eq!(error.context("transformer"), Some(again.name()));
    assert!(error.call_site().is_none(), "{error}");
}

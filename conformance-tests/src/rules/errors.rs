//! What goes wrong is told early, by kind, with its place, and without taking anything else down.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::calls::Dropped;
use fugue_core::row::Row;
use fugue_core::run::CancelHandle;
use fugue_core::transform::Params;
use fugue_core::{DataFrame, Error, ErrorKind, Schema, blocking};

use super::run::{mapped, spec};
use super::support::{example, names, table};
use crate::bench::Bench;
use crate::failure::{Failure, Outcome, ensure, expect_error};
use crate::functions::Broken;
use crate::generate::Lane;
use crate::value::{OwnValue, Table};

/// How long an action that should end may go on before the rule says that it did not.
const PATIENCE: Duration = Duration::from_secs(20);

/// A user's own error.
#[derive(Debug, PartialEq)]
struct TooHot {
    degrees: i64,
}

impl fmt::Display for TooHot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} degrees are too hot", self.degrees)
    }
}

impl std::error::Error for TooHot {}

#[derive(Row)]
struct Heat {
    k: String,
    degrees: i64,
}

fn heat() -> Result<Table, Failure> {
    table!("k:str,degrees:long"; ["a", 20_i64], ["b", 99_i64], ["a", 21_i64], ["c", 22_i64])
}

fn checked(rows: &[Heat]) -> Result<Vec<Heat>, TooHot> {
    match rows.iter().find(|r| r.degrees > 50) {
        Some(hot) => Err(TooHot { degrees: hot.degrees }),
        None => Ok(rows.iter().map(|r| Heat { k: r.k.clone(), degrees: r.degrees }).collect()),
    }
}

/// It comes out of `collect`, `count` and `stream` with its kind, its type and its text.
pub fn a_user_error_keeps_its_type(t: &Bench) -> Outcome {
    let table = heat()?;
    t.on_each_lane(|lane| {
        for keys in [&[][..], &["k"]] {
            let frame = t.frame(lane, &table)?.transform(checked).partition_by(names(keys)).run()?;
            let streamed = blocking::wait(async { frame.stream().await?.collect().await.map(drop) });
            let results = [blocking::wait(frame.collect()).map(drop), blocking::wait(frame.count()).map(drop), streamed];
            for result in results {
                let error = expect_error(result, &[ErrorKind::TransformerFailed], "an action over a function that fails")?;
                let found = error.user_error::<TooHot>();
                ensure(found == Some(&TooHot { degrees: 99 }), || format!("the user's error is not in {error:?}"))?;
                ensure(error.to_string().contains("99 degrees"), || format!("the user's text is not in {error}"))?;
            }
        }
        Ok(())
    })
}

/// A panic ends its action, not the process and not the session.
pub fn a_panic_is_a_failed_transformer(t: &Bench) -> Outcome {
    let table = heat()?;
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &table)?;
        // Unwinding without the hook: the panic is wanted, and the output of tests stays readable.
        let loud = |rows: &[Heat]| -> Vec<Heat> {
            if rows.iter().any(|r| r.degrees > 50) {
                std::panic::resume_unwind(Box::new("a meter burst".to_owned()));
            }
            Vec::new()
        };
        for keys in [&[][..], &["k"]] {
            let result = blocking::wait(frame.transform(loud).partition_by(names(keys)).collect());
            let error = expect_error(result, &[ErrorKind::TransformerFailed], "a function that panics")?;
            ensure(format!("{error:?}").contains("a meter burst"), || format!("the panic's text is not in {error:?}"))?;
        }
        t.same(&table, &frame)
    })
}

/// The error says which function and which key.
pub fn a_failure_names_transformer_and_key(t: &Bench) -> Outcome {
    let table = heat()?;
    t.on_each_lane(|lane| {
        let result = blocking::wait(t.frame(lane, &table)?.transform(checked).partition_by(["k"]).collect());
        let error = expect_error(result, &[ErrorKind::TransformerFailed], "a function that fails")?;
        let transformer = error.context("transformer").unwrap_or_default();
        ensure(transformer.contains("checked"), || format!("the function's name is not in {error}"))?;
        let key = error.context("key").unwrap_or_default();
        ensure(key == "k=b", || format!("the key k=b is not in {error}"))?;
        ensure(error.call_site().is_some_and(|at| at.file().ends_with("errors.rs")), || {
            format!("the user's line is not in {error}")
        })
    })
}

/// Only errors of the named type are dropped; a panic is none of them.
pub fn other_errors_are_not_ignored(t: &Bench) -> Outcome {
    let table = heat()?;
    t.on_each_lane(|lane| {
        let dropped = Dropped::new();
        let frame = t.frame(lane, &table)?;
        let result = blocking::wait(frame.transform(checked).partition_by(["k"]).ignore_errors::<fmt::Error>(&dropped).collect());
        expect_error(result, &[ErrorKind::TransformerFailed], "an error of another type than the ignored one")?;
        let ignored = frame.transform(checked).partition_by(["k"]).ignore_errors::<TooHot>(&dropped).run()?;
        let wanted = table!("k:str,degrees:long"; ["a", 20_i64], ["a", 21_i64], ["c", 22_i64])?;
        t.same(&wanted, &ignored)?;
        ensure(dropped.count() == 1, || format!("one group was dropped, the count says {}", dropped.count()))
    })
}

/// The action ends with the failure long before all other calls were made.
pub fn the_first_failure_ends_the_action(t: &Bench) -> Outcome {
    const KEYS: usize = 4_000;
    let table = Table::new(Schema::parse("k:long")?, (0..KEYS).map(|i| vec![OwnValue::Int(i as i128)]).collect());
    let calls = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&calls);
    let failing = move |_: RecordBatch| -> Result<RecordBatch, Broken> {
        if counting.fetch_add(1, Ordering::Relaxed) == 0 {
            return Err(Broken("the first".to_owned()));
        }
        std::thread::sleep(Duration::from_millis(5));
        Err(Broken("another".to_owned()))
    };
    let lane = Lane::plain();
    let frame = mapped(&t.frame(&lane, &table)?, spec(&names(&["k"]), &[])?, failing, &table.schema)?;
    expect_error(blocking::wait(frame.collect()), &[ErrorKind::TransformerFailed], "a function that always fails")?;
    let made = calls.load(Ordering::Relaxed);
    ensure(made < KEYS / 2, || format!("{made} of {KEYS} calls were made, though the first failed"))
}

/// A key, a presort column, a column of values: named wrongly, told when the plan is built, with what there is.
pub fn an_unknown_key_is_found_before_the_run(t: &Bench) -> Outcome {
    let frame = t.frame(&Lane::plain(), &heat()?)?;
    let unknown = [
        ("an unknown key", frame.transform(checked).partition_by(["K"]).run()),
        ("an unknown presort column", frame.transform(checked).presort("degree").run()),
        ("an unknown column of values", frame.transform(|x: f64| x).on(["celsius"]).to("y").run()),
        ("an unknown key of a repartition", frame.repartition(&spec(&names(&["kk"]), &[])?)),
    ];
    for (what, result) in unknown {
        let error = expect_error(result, &[ErrorKind::ColumnNotFound], what)?;
        ensure(error.to_string().contains("degrees"), || format!("the error does not say which columns there are: {error}"))?;
    }
    let overlap = frame.transform(checked).partition_by(["k"]).presort("k desc").run();
    expect_error(overlap, &[ErrorKind::PartitionInvalid], "a key in the presort")?;
    let text = frame.transform(checked).presort("degrees dsc").run();
    expect_error(text, &[ErrorKind::PartitionInvalid], "an unknown word in a presort").map(drop)
}

#[derive(Row)]
struct Wanting {
    wind: Option<f64>,
}

#[derive(Row)]
struct Otherwise {
    degrees: String,
}

/// D103: what a typed row reads must be there and must be readable without loss, when the plan is built.
pub fn a_missing_column_is_found_before_the_run(t: &Bench) -> Outcome {
    let frame = t.frame(&Lane::plain(), &heat()?)?;
    let missing = frame.transform(|rows: &[Wanting]| rows.iter().map(|r| Wanting { wind: r.wind }).collect::<Vec<_>>()).run();
    let error = expect_error(missing, &[ErrorKind::ColumnNotFound], "a row with a column that the frame lacks")?;
    ensure(error.to_string().contains("wind"), || format!("the column is not named: {error}"))?;
    let lossy = frame.transform(|row: Otherwise| Otherwise { degrees: row.degrees }).run();
    let error = expect_error(lossy, &[ErrorKind::SchemaMismatch], "a row with a column of another type")?;
    ensure(error.to_string().contains("degrees"), || format!("the column is not named: {error}"))?;
    let no_schema = frame.transform(|batch: RecordBatch| batch).run();
    expect_error(no_schema, &[ErrorKind::SchemaInvalid, ErrorKind::SchemaMismatch], "a function over batches without a schema")?;
    let typo = frame.transform(|batch: RecordBatch| batch).schema("a:lnog").run();
    expect_error(typo, &[ErrorKind::SchemaInvalid], "a schema with a typing error").map(drop)
}

/// A batch without a declared column.
pub fn a_missing_output_column_is_an_error(t: &Bench) -> Outcome {
    let table = heat()?;
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &table)?.transform(|batch: RecordBatch| batch).schema("k:str,wind:double").run()?;
        let result = blocking::wait(frame.collect());
        let error = expect_error(result, &[ErrorKind::SchemaMismatch], "an output without a declared column")?;
        ensure(error.to_string().contains("wind"), || format!("the column is not named: {error}"))
    })
}

/// D38: text that is no number, a number that does not fit.
pub fn a_cast_that_fails_is_an_error_by_collect(t: &Bench) -> Outcome {
    let text = table!("k:str"; ["1"], ["x"])?;
    let number = table!("k:long"; [1_i64], [300_i64])?;
    t.on_each_lane(|lane| {
        for (table, schema) in [(&text, "k:int"), (&number, "k:byte")] {
            let result = t.frame(lane, table)?.transform(|batch: RecordBatch| batch).schema(schema).run();
            let result = result.and_then(|frame| blocking::wait(frame.collect()));
            let error = expect_error(result, &[ErrorKind::ValueInvalid], "a value that cannot be cast")?;
            ensure(error.context("column") == Some("k"), || format!("the column is not named: {error:?}"))?;
            ensure(error.context("row").is_some(), || format!("the row is not named: {error:?}"))?;
        }
        Ok(())
    })
}

#[derive(Row)]
struct Strict {
    b: i32,
    a: f64,
}

/// D93: a field that is no option. The row is that of the frame, or in its group.
pub fn an_unexpected_null_names_column_and_row(t: &Bench) -> Outcome {
    let table = example()?;
    let rows = (0..90_i64).map(|i| {
        let a = if i == 43 { OwnValue::Null } else { OwnValue::Float(i as f64) };
        vec![a, OwnValue::from(i32::try_from(i / 3).unwrap_or(0))]
    });
    let groups = Table::new(table.schema.clone(), rows.collect());
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &table)?;
        let first = lane.arrange(&table).rows.iter().position(|row| row[0].is_null());
        let strict = frame.transform(|row: Strict| Strict { a: row.a, b: row.b }).run()?;
        for result in [blocking::wait(strict.collect()).map(drop), blocking::wait(frame.rows::<Strict>()).map(drop)] {
            let error = expect_error(result, &[ErrorKind::ValueInvalid], "a null in a field that takes none")?;
            ensure(error.context("column") == Some("a"), || format!("the column is not named: {error:?}"))?;
            let row = error.context("row").and_then(|row| row.parse::<usize>().ok());
            // Where several partitions are read apart nobody knows how many rows stand before one of them.
            let known = if t.keeps_order(lane)? { row == first } else { row.is_some_and(|row| row < table.rows.len()) };
            ensure(known, || format!("row {first:?} is not named: {error:?}"))?;
        }
        let by_key = |rows: &[Strict]| rows.iter().map(|r| Strict { a: r.a, b: r.b }).collect::<Vec<_>>();
        let by_key = t.frame(lane, &groups)?.transform(by_key).partition_by(["b"]).presort("a").run()?;
        let error = expect_error(blocking::wait(by_key.collect()), &[ErrorKind::ValueInvalid], "a null in a group")?;
        // It is the last of the three rows of its key.
        for (name, wanted) in [("column", "a"), ("row", "2"), ("key", "b=14")] {
            ensure(error.context(name) == Some(wanted), || format!("{name} {wanted} is not named: {error:?}"))?;
        }
        Ok(())
    })
}

/// Parameters that a function asks for and a call does not give, or gives in another form.
pub fn missing_parameters_are_found_before_the_run(t: &Bench) -> Outcome {
    let frame = t.frame(&Lane::plain(), &heat()?)?;
    let scaled = |rows: &[Heat], factor: Params<i64>| {
        rows.iter().map(|r| Heat { k: r.k.clone(), degrees: r.degrees * *factor }).collect::<Vec<_>>()
    };
    expect_error(frame.transform(scaled).run(), &[ErrorKind::ParamsInvalid], "a call without its parameters")?;
    expect_error(frame.transform(scaled).params("two").run(), &[ErrorKind::ParamsInvalid], "parameters of another form")?;
    let stateful =
        |rows: &[Heat], _: &CancelHandle| rows.iter().map(|r| Heat { k: r.k.clone(), degrees: r.degrees }).collect::<Vec<_>>();
    expect_error(frame.transform(stateful).run(), &[ErrorKind::ParamsInvalid], "a call without its state").map(drop)
}

/// Many slow calls, stopped from another thread: the action ends soon with its own kind, and no further call starts.
pub fn cancelling_ends_the_action(t: &Bench) -> Outcome {
    ends_soon(t, ErrorKind::Cancelled, |frame, handle| frame.cancel_with(handle), true)
}

/// The same by the clock.
pub fn a_deadline_ends_the_action(t: &Bench) -> Outcome {
    ends_soon(t, ErrorKind::DeadlineExceeded, |frame, _| frame.deadline(Duration::from_millis(100)), false)
}

#[derive(Row)]
struct Key {
    k: i64,
}

type Action = fn(&DataFrame, &str) -> fugue_core::Result<()>;

/// Everything that runs a frame to its end.
const ACTIONS: [(&str, Action); 7] = [
    ("collect", |frame, _| blocking::wait(frame.collect()).map(drop)),
    ("count", |frame, _| blocking::wait(frame.count()).map(drop)),
    ("persist", |frame, _| blocking::wait(frame.persist()).map(drop)),
    ("rows", |frame, _| blocking::wait(frame.rows::<Key>()).map(drop)),
    ("save", |frame, path| blocking::wait(frame.save(path)).map(drop)),
    ("out_transform", |frame, _| blocking::wait(frame.out_transform(|_: RecordBatch| ()).partition_by(["k"]).run())),
    ("cotransform", |frame, _| {
        let other = frame.transform(|key: Key| key).run()?;
        blocking::wait(frame.cotransform([&other], |_: &[Key], _: &[Key]| ()).partition_by(["k"]).run_out())
    }),
];

fn ends_soon(t: &Bench, kind: ErrorKind, limit: impl Fn(DataFrame, &CancelHandle) -> DataFrame, stops: bool) -> Outcome {
    const KEYS: usize = 5_000;
    let lane = Lane::plain();
    let table = Table::new(Schema::parse("k:long")?, (0..KEYS).map(|i| vec![OwnValue::Int(i as i128)]).collect());
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let path = folder.path().join("never.parquet").display().to_string();
    for (name, action) in ACTIONS {
        let calls = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&calls);
        let slow = move |batch: RecordBatch| -> Result<RecordBatch, Broken> {
            counting.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(20));
            Ok(batch)
        };
        let handle = CancelHandle::new();
        let frame = limit(mapped(&t.frame(&lane, &table)?, spec(&names(&["k"]), &[])?, slow, &table.schema)?, &handle);
        let stopper = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            if stops {
                handle.cancel();
            }
        });
        let started = Instant::now();
        let result = action(&frame, &path);
        let took = started.elapsed();
        drop(stopper.join());
        expect_error(result, &[kind], &format!("{name}, which was stopped,"))?;
        ensure(took < PATIENCE, || format!("{name} went on for {took:?}"))?;
        // A call that was inside user code may still end; no other may begin.
        std::thread::sleep(Duration::from_millis(200));
        let then = calls.load(Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(200));
        let later = calls.load(Ordering::Relaxed);
        ensure(then == later && later < KEYS, || {
            format!("calls of {name} went on after the end: {then}, then {later} of {KEYS}")
        })?;
    }
    Ok(())
}

/// After an error, a panic and a cancelled action the session works.
pub fn a_session_survives_a_failure(t: &Bench) -> Outcome {
    let table = heat()?;
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &table)?;
        for _ in 0..3 {
            expect_error(
                blocking::wait(frame.transform(checked).collect()),
                &[ErrorKind::TransformerFailed],
                "a failing function",
            )?;
            let handle = CancelHandle::new();
            handle.cancel();
            let stopped = frame.transform(|batch: RecordBatch| batch).schema(&table.schema).run()?.cancel_with(&handle);
            expect_error(
                blocking::wait(stopped.collect()),
                &[ErrorKind::Cancelled],
                "an action that was cancelled before it began",
            )?;
        }
        t.same(&table, &frame)?;
        let fine = frame.transform(|row: Heat| -> Result<Heat, Error> { Ok(row) }).run()?;
        t.same(&table, &fine)
    })
}

//! Frames: what can be asked of them, and that asking changes nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::row::{Record, Value};
use fugue_core::{ErrorKind, Schema, blocking};

use super::run::{mapped, spec};
use super::support::{example, names, table};
use crate::bench::Bench;
use crate::compare::Compare;
use crate::failure::{Failure, Outcome, ensure, expect_error};
use crate::functions::Broken;
use crate::generate::{Lane, TableOptions};
use crate::value::Table;

/// However the rows are cut.
pub fn count_and_emptiness(t: &Bench) -> Outcome {
    t.for_all(crate::generate::table(TableOptions::default()), |lane, table| {
        let frame = t.frame(lane, table)?;
        let count = blocking::wait(frame.count())?;
        ensure(count == table.rows.len() as u64, || format!("{} rows are counted as {count}", table.rows.len()))?;
        let empty = blocking::wait(frame.is_empty())?;
        ensure(empty == table.rows.is_empty(), || format!("a frame of {count} rows says that it is empty: {empty}"))
    })
}

/// One row of the frame, still there afterwards; none is an error of its own kind.
pub fn peek_shows_a_row_or_says_empty(t: &Bench) -> Outcome {
    let one = table!("x:str,y:double"; ["a", 1.0])?;
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &one)?;
        let mut record = blocking::wait(frame.peek())?;
        let (x, y) = (record.take::<String>("x")?, record.take::<f64>("y")?);
        ensure(x == "a" && y == 1.0, || format!("the row is {x}, {y}"))?;
        t.same(&one, &frame)?;
        let empty = t.frame(lane, &Table::empty(one.schema.clone()))?;
        expect_error(blocking::wait(empty.peek()), &[ErrorKind::Empty], "a look at the first row of none").map(drop)
    })
}

/// Fewer rows than there are, more, and none; always rows of the frame.
pub fn head_takes_what_there_is(t: &Bench) -> Outcome {
    let four = table!("a:str,b:int"; ["a", 1], ["b", 2], ["c", 3], ["d", 4])?;
    t.on_each_lane(|lane| {
        for (n, wanted) in [(0, 0), (1, 1), (2, 2), (4, 4), (10, 4)] {
            let head = t.collect(&blocking::wait(t.frame(lane, &four)?.head(n))?)?;
            ensure(head.rows.len() == wanted, || format!("the first {n} of four rows are {}", head.rows.len()))?;
            ensure(head.schema == four.schema, || format!("the first rows have the columns {}", head.schema))?;
            ensure(head.rows.iter().all(|row| four.rows.contains(row)), || format!("these are no rows of the frame: {head:?}"))?;
            let mut rows = head.rows.clone();
            rows.sort();
            rows.dedup();
            ensure(rows.len() == wanted, || format!("a row comes twice: {head:?}"))?;
        }
        let none = blocking::wait(t.frame(lane, &Table::empty(four.schema.clone()))?.head(1))?;
        t.same(&Table::empty(four.schema.clone()), &none)
    })
}

/// Names, types and values can be read in it.
pub fn show_is_a_table(t: &Bench) -> Outcome {
    let table = table!("`the key`:str,`some name`:double"; ["needle", 1.5], [(), ()], ["x", f64::NAN])?;
    let text = blocking::wait(t.frame(&Lane::plain(), &table)?.table(10))?;
    for part in ["the key", "some name", "str", "double", "needle", "1.5", "NaN", "NULL", "3 rows"] {
        ensure(text.contains(part), || format!("{part:?} is not in\n{text}"))?;
    }
    let text = blocking::wait(t.frame(&Lane::plain(), &table)?.table(1))?;
    ensure(text.contains("there are more"), || format!("rows that are left out are not told of in\n{text}"))
}

/// Nothing runs before an action asks, and a plan that nobody asks never runs.
pub fn plans_are_lazy(t: &Bench) -> Outcome {
    let table = example()?;
    t.on_each_lane(|lane| {
        let calls = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&calls);
        let count = move |batch: RecordBatch| -> Result<RecordBatch, Broken> {
            counting.fetch_add(1, Ordering::Relaxed);
            Ok(batch)
        };
        let frame = t.frame(lane, &table)?;
        let planned = mapped(&frame, spec(&names(&["a"]), &[])?, count, &table.schema)?;
        let again = mapped(&planned, spec(&names(&["b"]), &[])?, |batch: RecordBatch| batch, &table.schema)?;
        let before = calls.load(Ordering::Relaxed);
        ensure(before == 0, || format!("{before} calls were made while the plan was built"))?;
        t.same(&table, &again)?;
        let after = calls.load(Ordering::Relaxed);
        ensure(after == 3, || format!("three keys were {after} calls"))
    })
}

/// Actions do not use a frame up.
pub fn a_frame_can_be_used_again(t: &Bench) -> Outcome {
    let table = example()?;
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &table)?;
        let mapped = mapped(&frame, spec(&names(&["a"]), &[])?, |batch: RecordBatch| batch, &table.schema)?;
        for _ in 0..2 {
            t.same(&table, &mapped)?;
            t.same(&table, &frame)?;
            let count = blocking::wait(mapped.count())?;
            ensure(count == 5, || format!("five rows are counted as {count}"))?;
        }
        Ok(())
    })
}

/// The same rows, batch by batch.
pub fn a_stream_gives_what_collect_gives(t: &Bench) -> Outcome {
    t.for_some(2, crate::generate::table(TableOptions::default()), |lane, table| {
        let frame = t.frame(lane, table)?;
        let stream = blocking::wait(frame.stream())?;
        ensure(*stream.schema() == table.schema, || format!("the stream says {}", stream.schema()))?;
        let batches = blocking::wait(stream.collect())?;
        let got = Table::from_batches(&table.schema, &batches)?;
        Compare::exact().tables(table, &got).map_err(Failure::from)
    })
}

/// 4:19-20: rows by the names of their columns, all of them or those that were selected; a datetime is one, a null is a null.
pub fn records_are_rows_by_name(t: &Bench) -> Outcome {
    let table = table!("a:datetime,b:int,`c d`:str"; [1_577_934_245_000_000_i64, 1, "x"], [(), 2, ()])?;
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &table)?;
        let read = |frame: &fugue_core::DataFrame| -> Result<Vec<Vec<String>>, Failure> {
            let records = blocking::wait(frame.rows::<Record>())?;
            let mut rows: Vec<Vec<String>> =
                records.iter().map(|record| record.iter().map(|(name, value)| format!("{name}={value:?}")).collect()).collect();
            rows.sort();
            Ok(rows)
        };
        let all = read(&frame)?;
        let datetime = fugue_core::chrono::DateTime::from_timestamp(1_577_934_245, 0).unwrap_or_default().naive_utc();
        let expected = vec![
            vec!["a=Null".to_owned(), "b=Int(2)".to_owned(), "c d=Null".to_owned()],
            vec![format!("a={:?}", Value::Datetime(datetime)), "b=Int(1)".to_owned(), "c d=Str(\"x\")".to_owned()],
        ];
        let mut sorted = expected.clone();
        sorted.sort();
        ensure(all == sorted, || format!("the records are {all:?}, not {expected:?}"))?;
        let some = read(&frame.select(["c d", "b"])?)?;
        let wanted =
            [["c d=Null", "b=Int(2)"], ["c d=Str(\"x\")", "b=Int(1)"]].map(|row| row.map(str::to_owned).to_vec()).to_vec();
        ensure(some == wanted, || format!("the records of two columns are {some:?}, not {wanted:?}"))
    })
}

/// Kept rows are the rows, and the functions before them run once.
pub fn persist_keeps_every_row(t: &Bench) -> Outcome {
    let table = example()?;
    t.on_each_lane(|lane| {
        let calls = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&calls);
        let count = move |batch: RecordBatch| -> Result<RecordBatch, Broken> {
            counting.fetch_add(1, Ordering::Relaxed);
            Ok(batch)
        };
        let frame = mapped(&t.frame(lane, &table)?, spec(&names(&["a"]), &[])?, count, &table.schema)?;
        let kept = blocking::wait(frame.persist())?;
        for _ in 0..3 {
            t.same(&table, &kept)?;
        }
        let after = calls.load(Ordering::Relaxed);
        ensure(after == 3, || format!("three keys were {after} calls, though their rows were kept"))?;
        let none = Table::empty(Schema::parse("a:long")?);
        t.same(&none, &blocking::wait(t.frame(lane, &none)?.persist())?)
    })
}

/// A name, at least one call at once, a plan that can be shown.
pub fn engine_info_is_sound(t: &Bench) -> Outcome {
    t.on_each_lane(|lane| {
        let info = t.session(lane)?.info();
        ensure(!info.name.is_empty(), || "the engine has no name".to_owned())?;
        ensure(info.parallelism > 0, || "the engine says that it runs nothing at once".to_owned())?;
        let table = table!("`the key`:str,`the value`:double"; ["a", 1.0])?;
        let frame = t.frame(lane, &table)?;
        let mapped = mapped(&frame, spec(&names(&["the key"]), &[])?, |batch: RecordBatch| batch, &table.schema)?;
        for plan in [frame.explain()?, mapped.explain()?] {
            let told = plan.contains("the key") && plan.contains("the value");
            ensure(told, || format!("the plan does not say which columns there are: {plan:?}"))?;
        }
        Ok(())
    })
}

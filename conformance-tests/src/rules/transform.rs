//! Shapes of functions, what is done with what they return, and what reaches them besides rows.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fugue_core::arrow::array::{ArrayRef, Int32Array, Int64Array, LargeStringArray, StringArray};
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::calls::Dropped;
use fugue_core::row::{Rest, Row};
use fugue_core::transform::{Batches, InputSchema, OutputSchema, Params, State};
use fugue_core::{DataFrame, Error, ErrorKind, Field, Schema, Type, blocking};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::run::{mapped, numbered, spec};
use super::support::{example, names, table};
use crate::bench::Bench;
use crate::compare::Compare;
use crate::failure::{Outcome, ensure};
use crate::functions::{Broken, rows_of};
use crate::generate::{Kinds, Lane, Size, TableOptions};
use crate::oracle::UNIQUE;
use crate::value::{OwnValue, Table};

type ArrowResult = Result<RecordBatch, fugue_core::arrow::error::ArrowError>;

/// By name in any order, other layouts and narrower types, columns that were not asked for left out.
pub fn columns_are_matched_by_name_and_cast(t: &Bench) -> Outcome {
    let input = table!("k:int"; [1], [1], [2])?;
    let wanted = table!("n:long,s:str,t:str"; [7_i64, "10", "x"], [7_i64, "10", "x"])?;
    let function = |_: RecordBatch| -> ArrowResult {
        let columns: [(&str, ArrayRef); 4] = [
            ("t", Arc::new(LargeStringArray::from(vec!["x"]))),
            ("s", Arc::new(Int64Array::from(vec![10]))),
            ("unasked", Arc::new(Int64Array::from(vec![0]))),
            ("n", Arc::new(Int32Array::from(vec![7]))),
        ];
        RecordBatch::try_from_iter(columns)
    };
    let number = table!("n:int"; [10], [10])?;
    let text = |_: RecordBatch| -> ArrowResult {
        let column: ArrayRef = Arc::new(StringArray::from(vec![" 10 "]));
        RecordBatch::try_from_iter([("n", column)])
    };
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &input)?;
        t.same(&wanted, &mapped(&frame, spec(&names(&["k"]), &[])?, function, &wanted.schema)?)?;
        t.same(&number, &mapped(&frame, spec(&names(&["k"]), &[])?, text, &number.schema)?)
    })
}

/// For some keys, for all, and from a stream that ends before it begins.
pub fn nothing_returned_is_no_rows(t: &Bench) -> Outcome {
    let input = table!("a:long"; [0_i64], [1_i64], [2_i64], [3_i64])?;
    let none = Table::empty(Schema::parse("a:long,b:[str]")?);
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &input)?;
        let only_zero = |rows: &[One]| rows.iter().filter(|r| r.a == 0).map(|r| One { a: r.a }).collect::<Vec<_>>();
        t.same(&table!("a:long"; [0_i64])?, &frame.transform(only_zero).partition_by(["a"]).run()?)?;
        t.same(&table!("a:long"; [0_i64])?, &frame.transform(only_zero).run()?)?;
        for keys in [&[][..], &["a"]] {
            let nothing = |_: RecordBatch| Vec::<RecordBatch>::new();
            t.same(&none, &frame.transform(nothing).partition_by(names(keys)).schema(&none.schema).run()?)?;
            let stream = |batches: Batches| batches.filter(|_| false);
            t.same(&none, &frame.transform(stream).partition_by(names(keys)).schema(&none.schema).run()?)?;
        }
        Ok(())
    })
}

#[derive(Row)]
struct One {
    a: i64,
}

#[derive(Row)]
struct Reading {
    k: String,
    x: Option<f64>,
}

#[derive(Row)]
struct Sum {
    k: String,
    sum: f64,
    rows: i64,
}

/// D103: a function over typed rows sees its columns; the others are neither needed nor kept.
pub fn a_row_reads_only_its_columns(t: &Bench) -> Outcome {
    let odd = OwnValue::Map(vec![("z".into(), ().into())]);
    let input = table!("other:<str,long>,x:double,k:str"; [odd, 1.0, "a"], [(), 2.0, "b"], [(), (), "a"], [(), 4.0, "b"])?;
    let wanted = table!("k:str,sum:double,rows:long"; ["a", 1.0, 2_i64], ["b", 6.0, 2_i64])?;
    let sum = |rows: &[Reading]| {
        let sum = rows.iter().filter_map(|r| r.x).sum();
        Sum { k: rows[0].k.clone(), sum, rows: i64::try_from(rows.len()).unwrap_or(-1) }
    };
    t.on_each_lane(|lane| t.same(&wanted, &t.frame(lane, &input)?.transform(sum).partition_by(["k"]).run()?))
}

#[derive(Row)]
struct Rank {
    rank: i64,
}

/// `"*, …"` keeps all columns beside what the function adds, row by row.
pub fn new_columns_are_added_to_all(t: &Bench) -> Outcome {
    let input = table!("k:str,x:double,note:[str]"; ["a", 3.0, ()], ["b", 1.0, OwnValue::List(vec!["n".into()])], ["a", (), ()], ["a", 1.0, ()])?;
    let wanted = table!("k:str,x:double,note:[str],rank:long";
        ["a", 1.0, (), 0_i64], ["a", 3.0, (), 1_i64], ["a", (), (), 2_i64], ["b", 1.0, OwnValue::List(vec!["n".into()]), 0_i64])?;
    let rank = |rows: &[Reading]| (0..rows.len()).map(|i| Rank { rank: i64::try_from(i).unwrap_or(-1) }).collect::<Vec<_>>();
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &input)?;
        t.same(&wanted, &frame.transform(rank).partition_by(["k"]).presort("x").schema("*, rank:long").run()?)
    })
}

#[derive(Row)]
struct WithRest {
    x: i64,
    #[row(rest)]
    rest: Rest,
}

/// Columns that the row type does not name come in and go out in its rest.
pub fn a_rest_field_keeps_the_rest(t: &Bench) -> Outcome {
    let input = table!("`a b`:str,x:long,c:{y:date}"; ["p", 1_i64, OwnValue::Struct(vec![7.into()])], [(), 2_i64, ()])?;
    let wanted = table!("x:long,`a b`:str,c:{y:date}"; [10_i64, "p", OwnValue::Struct(vec![7.into()])], [20_i64, (), ()])?;
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &input)?.transform(|row: WithRest| WithRest { x: row.x * 10, rest: row.rest }).run()?;
        t.same(&wanted, &frame)
    })
}

#[derive(Row)]
struct Numbered {
    row_number: i64,
}

#[derive(Row)]
struct Tripled {
    row_number: i64,
    part: i64,
}

/// D104: one row in, none or several out, in the order of the rows within a partition; values beside their rows.
pub fn row_wise_keeps_the_order(t: &Bench) -> Outcome {
    let options = TableOptions { kinds: Kinds::Plain, columns: (0, 1), size: Size::Any, ..TableOptions::default() };
    t.for_some(4, rows(options), |lane, table| {
        let frame = t.frame(lane, table)?;
        let triple =
            |row: Numbered| (0..row.row_number % 3).map(|part| Tripled { row_number: row.row_number, part }).collect::<Vec<_>>();
        let number = table.position(UNIQUE)?;
        let numbers = lane.arrange(table).rows.into_iter().filter_map(|row| row[number].as_int());
        let rows = numbers.flat_map(|n| (0..n % 3).map(move |p| vec![OwnValue::Int(n), OwnValue::Int(p)]));
        let wanted = Table::new(Schema::parse("row_number:long,part:long")?, rows.collect());
        in_order(t, lane, &wanted, &frame.transform(triple).run()?)?;
        let mut doubled = Table::new(table.schema.with_fields([Field::new("doubled", Type::Int64)])?, lane.arrange(table).rows);
        doubled.rows.iter_mut().for_each(|row| row.push(OwnValue::Int(row[number].as_int().unwrap_or(-1) * 2)));
        in_order(t, lane, &doubled, &frame.transform(|n: i64| n * 2).on([UNIQUE]).to("doubled").run()?)
    })
}

/// Asks for the rows of a table, in its order where an engine keeps one.
fn in_order(t: &Bench, lane: &Lane, wanted: &Table, got: &DataFrame) -> Outcome {
    let compare = if t.keeps_order(lane)? { Compare::exact().ordered() } else { Compare::exact() };
    Ok(compare.tables(wanted, &t.collect(got)?)?)
}

#[derive(Row)]
struct Logged {
    k: i64,
    at: i64,
}

/// A function of single rows sees the rows of a key, or of a partition, one after the other in the order of the presort.
pub fn side_effects_of_single_rows_follow_the_presort(t: &Bench) -> Outcome {
    let rows = (0..600_i64).map(|i| vec![OwnValue::from(i % 5), OwnValue::from((i * 389) % 601)]);
    let table = Table::new(Schema::parse("k:long,at:long")?, rows.collect());
    t.on_each_lane(|lane| {
        if t.session(lane)?.info().distributed {
            return Ok(());
        }
        for keys in [&["k"][..], &[]] {
            let log: Arc<Mutex<Vec<(i64, i64)>>> = Arc::default();
            let logging = Arc::clone(&log);
            let append = move |row: Logged| logging.lock().unwrap_or_else(PoisonError::into_inner).push((row.k, row.at));
            let call = t.frame(lane, &table)?.out_transform(append).partition_by(names(keys)).presort("at desc");
            blocking::wait(if keys.is_empty() { call.num(1) } else { call }.run())?;
            let log = log.lock().unwrap_or_else(PoisonError::into_inner);
            ensure(log.len() == 600, || format!("600 rows were {} calls", log.len()))?;
            for k in 0..5 {
                let seen: Vec<i64> = log.iter().filter(|row| keys.is_empty() || row.0 == k).map(|row| row.1).collect();
                ensure(seen.is_sorted_by(|a, b| a > b), || format!("rows by {keys:?} came in the order {seen:?}"))?;
            }
        }
        Ok(())
    })
}

fn rows(options: TableOptions) -> impl Strategy<Value = Table> {
    crate::generate::table(options).prop_filter_map("row numbers", |t| t.with_row_numbers(UNIQUE).ok())
}

#[derive(Row)]
struct Answer {
    row_number: i64,
    doubled: i64,
}

#[derive(Row)]
struct Doubled {
    doubled: i64,
}

/// D104: many at once, answers beside their questions.
pub fn async_keeps_the_order(t: &Bench) -> Outcome {
    let input =
        numbered(Table::new(Schema::parse("k:str")?, (0..300).map(|i| vec![OwnValue::text(format!("k{}", i % 7))]).collect()))?;
    let mut wanted = Table::new(Schema::parse("k:str,row_number:long,doubled:long")?, input.rows.clone());
    wanted.rows.iter_mut().for_each(|row| row.push(OwnValue::Int(row[1].as_int().unwrap_or(-1) * 2)));
    // The odd ones take longer, so that answers come in another order than questions. Nothing in an answer tells its question: that
    // they belong together shows only in where they stand.
    let ask = |row_number: i64| async move {
        for _ in 0..(row_number % 2) * 3 {
            yield_once().await;
        }
        2 * row_number
    };
    let ask_row = move |row: Numbered| async move { Answer { row_number: row.row_number, doubled: ask(row.row_number).await } };
    let ask_all = move |rows: Vec<Numbered>| async move {
        let mut answers = Vec::new();
        for row in rows {
            answers.push(Doubled { doubled: ask(row.row_number).await });
        }
        answers
    };
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &input)?;
        let arranged = lane.arrange(&wanted);
        in_order(t, lane, &arranged, &frame.transform(ask).on([UNIQUE]).to("doubled").concurrency(8).run()?)?;
        let answers = arranged.rows.iter().map(|row| row[1..].to_vec()).collect();
        let answers = Table::new(Schema::parse("row_number:long,doubled:long")?, answers);
        in_order(t, lane, &answers, &frame.transform(ask_row).concurrency(8).run()?)?;
        let grouped = frame.transform(ask_all).partition_by(["k"]).presort(UNIQUE).schema("*, doubled:long");
        t.same(&wanted, &grouped.run()?)
    })
}

/// Lets other futures go first, once.
fn yield_once() -> impl Future<Output = ()> {
    let mut before = true;
    std::future::poll_fn(move |cx| {
        if std::mem::replace(&mut before, false) {
            cx.waker().wake_by_ref();
            return std::task::Poll::Pending;
        }
        std::task::Poll::Ready(())
    })
}

/// Functions that know no rows: over values, with nulls as options, and over slices of a group.
pub fn plain_values_by_column(t: &Bench) -> Outcome {
    let input = table!("k:str,text:str,x:double"; ["a", "Éa", 1.0], ["b", (), 2.0], ["a", "", 3.0])?;
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &input)?;
        let length = |text: Option<&str>| text.map(|t| i64::try_from(t.chars().count()).unwrap_or(-1));
        let wanted =
            table!("k:str,text:str,x:double,length:long"; ["a", "Éa", 1.0, 2_i64], ["b", (), 2.0, ()], ["a", "", 3.0, 0_i64])?;
        t.same(&wanted, &frame.transform(length).on(["text"]).to("length").run()?)?;
        let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
        let wanted = table!("k:str,mean:double"; ["a", 2.0], ["b", 2.0])?;
        t.same(&wanted, &frame.transform(mean).on(["x"]).to("mean").partition_by(["k"]).run()?)
    })
}

/// A stream in, a stream out: all rows once, in batches of the function's own making.
pub fn streams_of_batches_pass(t: &Bench) -> Outcome {
    t.for_some(2, rows(TableOptions::default()), |lane, table| {
        let frame = t.frame(lane, table)?;
        let same = |batches: Batches| batches;
        t.same(table, &frame.transform(same).schema(&table.schema).run()?)?;
        let keyed = frame.transform(|batches: Batches| batches).partition_by([UNIQUE]).schema(&table.schema);
        if table.rows.len() <= 60 {
            t.same(table, &keyed.run()?)?;
        }
        Ok(())
    })
}

#[derive(Serialize, Deserialize)]
struct Settings {
    factor: i64,
    label: String,
}

#[derive(Row)]
struct Labelled {
    a: i64,
    label: String,
}

/// By value, the same for every call.
pub fn parameters_arrive(t: &Bench) -> Outcome {
    let input = table!("a:long"; [1_i64], [2_i64], [1_i64])?;
    let wanted = table!("a:long,label:str"; [3_i64, "é"], [6_i64, "é"], [3_i64, "é"])?;
    let label = |rows: &[One], params: Params<Settings>| {
        rows.iter().map(|r| Labelled { a: r.a * params.factor, label: params.label.clone() }).collect::<Vec<_>>()
    };
    let settings = Settings { factor: 3, label: "é".to_owned() };
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &input)?;
        t.same(&wanted, &frame.transform(label).partition_by(["a"]).params(&settings).run()?)?;
        t.same(&wanted, &frame.transform(label).params(&settings).run()?)?;
        let other = Settings { factor: -1, label: String::new() };
        let negated = table!("a:long,label:str"; [-1_i64, ""], [-2_i64, ""], [-1_i64, ""])?;
        t.same(&negated, &frame.transform(label).partition_by(["a"]).params(&other).run()?)
    })
}

/// Built of the parameters once, however many calls there are.
pub fn state_is_built_once_and_shared(t: &Bench) -> Outcome {
    let input = Table::new(Schema::parse("a:long")?, (0..50_i64).map(|i| vec![i.into()]).collect());
    let wanted = Table::new(Schema::parse("a:long")?, (0..50_i64).map(|i| vec![(i + 7).into()]).collect());
    t.on_each_lane(|lane| {
        let built = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&built);
        let load = move |params: Settings| {
            counting.fetch_add(1, Ordering::Relaxed);
            Model { offset: params.factor }
        };
        let shift = |rows: &[One], model: State<Model>| rows.iter().map(|r| One { a: r.a + model.offset }).collect::<Vec<_>>();
        let settings = Settings { factor: 7, label: String::new() };
        let frame = t.frame(lane, &input)?.transform(shift).partition_by(["a"]).params(&settings).state_with(load).run()?;
        t.same(&wanted, &frame)?;
        let times = built.load(Ordering::Relaxed);
        ensure(times == 1, || format!("state was built {times} times for fifty calls"))?;
        let ready = t.frame(lane, &input)?.transform(shift).state(Model { offset: 8 }).run()?;
        let wanted = Table::new(Schema::parse("a:long")?, (0..50_i64).map(|i| vec![(i + 8).into()]).collect());
        t.same(&wanted, &ready)
    })
}

struct Model {
    offset: i64,
}

/// The input's and the output's, as the call has them.
pub fn schemas_arrive(t: &Bench) -> Outcome {
    let input = example()?;
    let wanted = table!("input:str,output:str"; ["a:double,b:int", "input:str,output:str"])?;
    let tell = |_: RecordBatch, input: InputSchema, output: OutputSchema| -> ArrowResult {
        let columns: [(&str, ArrayRef); 2] = [
            ("input", Arc::new(StringArray::from(vec![input.to_string()]))),
            ("output", Arc::new(StringArray::from(vec![output.to_string()]))),
        ];
        RecordBatch::try_from_iter(columns)
    };
    t.on_each_lane(|lane| t.same(&wanted, &t.frame(lane, &input)?.transform(tell).num(1).schema("input:str,output:str").run()?))
}

/// The whole group, even where part of its rows were returned before; also the null group, and what a stream gave.
pub fn ignored_errors_drop_the_group(t: &Bench) -> Outcome {
    let input = table!("a:double,b:int"; [1.0, 2], [(), 1], [3.0, 4], [(), 4])?;
    let wanted = table!("a:double,b:int"; [1.0, 2], [3.0, 4])?;
    let schema = input.schema.clone();
    let fussy = move |batch: RecordBatch| -> Result<RecordBatch, Broken> {
        let rows = rows_of(&schema, &batch)?;
        if rows.len() > 1 { Err(Broken("a second row".to_owned())) } else { Ok(Table::new(schema.clone(), rows).to_batch()?) }
    };
    t.on_each_lane(|lane| {
        let dropped = Dropped::new();
        let frame = t.frame(lane, &input)?;
        let call = frame.transform(fussy.clone()).partition_by(["a"]).schema(&input.schema).ignore_errors::<Broken>(&dropped);
        t.same(&wanted, &call.run()?)?;
        ensure(dropped.count() == 1, || format!("one group was dropped, the count says {}", dropped.count()))?;
        // What a stream gave before it failed goes too, without keys and with them.
        for (keys, count) in [(&[][..], 1), (&["a"], 3)] {
            let dropped = Dropped::new();
            let failing = |batches: Batches| {
                let late = std::iter::once_with(|| Err(Broken("at its end".to_owned())));
                batches.map(Ok).chain(late)
            };
            let call = frame.transform(failing).partition_by(names(keys)).num(u64::from(keys.is_empty()));
            let none = call.schema(&input.schema).ignore_errors::<Broken>(&dropped).run()?;
            t.same(&Table::new(input.schema.clone(), Vec::new()), &none)?;
            ensure(dropped.count() == count, || format!("{count} streams were dropped, the count says {}", dropped.count()))?;
        }
        Ok(())
    })
}

/// One call without keys, one per key with; what the function returns is nobody's.
pub fn out_transform_calls_and_returns_nothing(t: &Bench) -> Outcome {
    let input = table!("a:int,b:int"; [1, 10], [0, 0], [1, 1], [0, 20])?;
    t.on_each_lane(|lane| {
        for (keys, wanted) in [(&["a"][..], 2), (&["a", "b"], 4)] {
            let calls = Arc::new(AtomicUsize::new(0));
            let counting = Arc::clone(&calls);
            let see = move |batch: RecordBatch| {
                counting.fetch_add(batch.num_rows().min(1), Ordering::Relaxed);
            };
            let frame = t.frame(lane, &input)?;
            blocking::wait(frame.out_transform(see).partition_by(names(keys)).run())?;
            let seen = calls.load(Ordering::Relaxed);
            ensure(seen == wanted, || format!("{wanted} keys were seen in {seen} calls"))?;
        }
        let calls = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&calls);
        let returning = move |batch: RecordBatch| -> Result<RecordBatch, Error> {
            counting.fetch_add(1, Ordering::Relaxed);
            if batch.num_rows() == 0 { Err(Error::new(ErrorKind::Unexpected, "called without rows")) } else { Ok(batch) }
        };
        blocking::wait(t.frame(lane, &input)?.out_transform(returning.clone()).num(1).run())?;
        let seen = calls.load(Ordering::Relaxed);
        ensure(seen == 1, || format!("without keys and with one partition there were {seen} calls"))?;
        if t.keeps_order(lane)? {
            blocking::wait(t.frame(lane, &input)?.out_transform(returning).run())?;
            let seen = calls.load(Ordering::Relaxed) - seen;
            ensure(seen == 1, || format!("without keys there were {seen} calls"))?;
        }
        Ok(())
    })
}

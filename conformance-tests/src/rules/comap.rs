//! Several frames by key: which keys are called, and what each member's rows are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::group::ZipKind;
use fugue_core::transform::Cursor;
use fugue_core::{DataFrame, ErrorKind, Result, Schema, Type, blocking};
use proptest::prelude::*;

use super::run::numbered;
use super::support::{names, order, table};
use crate::bench::Bench;
use crate::failure::{Failure, Outcome, ensure, expect_error};
use crate::functions::{Broken, CoFunction};
use crate::generate::{Kinds, Lane, Size, TableOptions};
use crate::oracle::{self, CoProgram, Kind, UNIQUE};
use crate::value::{OwnValue, Table};

fn zip_kind(kind: Kind) -> ZipKind {
    match kind {
        Kind::Inner => ZipKind::Inner,
        Kind::Left => ZipKind::LeftOuter,
        Kind::Right => ZipKind::RightOuter,
        Kind::Full => ZipKind::FullOuter,
        Kind::Cross => ZipKind::Cross,
    }
}

/// Two or three frames zipped and called with a program.
fn zipped(
    frames: &[DataFrame],
    keys: &[String],
    presort: &[(String, bool)],
    kind: Kind,
    function: &CoFunction,
) -> Result<DataFrame> {
    let presort: Vec<(&str, bool)> = presort.iter().map(|(name, up)| (name.as_str(), *up)).collect();
    let (f, output) = (function.clone(), function.output().to_string());
    let keys: &[String] = if kind == Kind::Cross { &[] } else { keys };
    match frames {
        [a, b] => {
            let call = move |a: RecordBatch, b: RecordBatch| -> Result<RecordBatch, Broken> { f.call(&[a, b]) };
            a.cotransform([b], call).how(zip_kind(kind)).partition_by(keys).presort(presort).schema(output).run()
        }
        [a, b, c] => {
            let call =
                move |a: RecordBatch, b: RecordBatch, c: RecordBatch| -> Result<RecordBatch, Broken> { f.call(&[a, b, c]) };
            a.cotransform([b, c], call).how(zip_kind(kind)).partition_by(keys).presort(presort).schema(output).run()
        }
        _ => Err(fugue_core::Error::new(ErrorKind::Unexpected, "the suite zips two or three frames")),
    }
}

/// Runs a program on the engine and in the oracle, and compares.
fn same_as_oracle(
    t: &Bench,
    lane: &Lane,
    tables: &[Table],
    keys: &[String],
    presort: &[(String, bool)],
    kind: Kind,
    program: CoProgram,
) -> Outcome {
    let schemas: Vec<Schema> = tables.iter().map(|t| t.schema.clone()).collect();
    let known = if kind == Kind::Cross { &[] } else { keys };
    let function = CoFunction::new(program, &schemas, known)?;
    let expected = oracle::comap(tables, keys, presort, kind, function.output(), |key, members| function.run(key, members))?;
    let frames: Vec<DataFrame> = tables.iter().map(|table| t.frame(lane, table)).collect::<std::result::Result<_, Failure>>()?;
    t.same(&expected, &zipped(&frames, keys, presort, kind, &function)?)
        .map_err(|e| e.while_trying(format!("{kind:?} {program:?} by {keys:?} presort {presort:?} on: {lane}")))
}

/// Both programs, on every lane.
fn each_program(t: &Bench, tables: &[Table], keys: &[&str], kind: Kind) -> Outcome {
    t.on_each_lane(|lane| {
        CoProgram::ALL
            .iter()
            .try_for_each(|program| same_as_oracle(t, lane, tables, &names(keys), &order(&[UNIQUE]), kind, *program))
    })
}

/// The contract's example: 1 is in both, 3 only in the first, 7 only in the second.
fn example() -> std::result::Result<[Table; 2], Failure> {
    let x = table!("a:int,b:int"; [1, 2], [3, 4], [1, 5])?;
    let y = table!("c:int,a:int"; [6, 1], [2, 7])?;
    Ok([numbered(x)?, numbered(y)?])
}

/// Random tables with common keys, random kinds and lanes.
pub fn matches_the_oracle(t: &Bench) -> Outcome {
    let options = || TableOptions { kinds: Kinds::All, columns: (0, 3), wild: false, size: Size::Small, fixed: Vec::new() };
    let key = prop::sample::select(vec![Type::Str, Type::Int64, Type::Float64, Type::Bool, Type::Date, Type::Bytes]);
    let cases = (key.clone(), key).prop_flat_map(move |(one, two)| {
        let side = || crate::generate::table(options().with("k1", one.clone()).with("k2", two.clone()));
        let keys = prop::sample::select(vec![vec!["k1"], vec!["k1", "k2"], vec!["k2", "k1"]]);
        (prop::collection::vec(side(), 2..=3), keys, prop::sample::select(&Kind::ALL[..]), any::<bool>())
    });
    t.for_all(cases, |lane, (tables, keys, kind, counts)| {
        let tables: Vec<Table> = tables.iter().map(|t| numbered(t.clone())).collect::<std::result::Result<_, Failure>>()?;
        let program = if *counts { CoProgram::Counts } else { CoProgram::Members };
        same_as_oracle(t, lane, &tables, &names(keys), &order(&["row_number desc"]), *kind, program)
    })
}

/// Keys that all members have.
pub fn inner_calls_keys_of_all(t: &Bench) -> Outcome {
    each_program(t, &example()?, &["a"], Kind::Inner)
}

/// Keys of the first member.
pub fn left_calls_keys_of_the_first(t: &Bench) -> Outcome {
    each_program(t, &example()?, &["a"], Kind::Left)
}

/// Keys of the last member.
pub fn right_calls_keys_of_the_last(t: &Bench) -> Outcome {
    let [x, y] = example()?;
    each_program(t, &[y, x], &["a"], Kind::Right)
}

/// Keys of any member.
pub fn full_calls_keys_of_any(t: &Bench) -> Outcome {
    each_program(t, &example()?, &["a"], Kind::Full)
}

/// No key, one call with all rows of all members; still one where a member is empty.
pub fn cross_is_one_call(t: &Bench) -> Outcome {
    let [x, y] = example()?;
    each_program(t, &[x.clone(), y.clone()], &[], Kind::Cross)?;
    each_program(t, &[x, Table::empty(y.schema)], &[], Kind::Cross)
}

/// A null key of one member meets the null key of another; an empty text meets neither.
pub fn null_keys_meet(t: &Bench) -> Outcome {
    let x = numbered(table!("k:str,j:long"; ["a", 1_i64], [(), 1_i64], [(), ()], ["", 1_i64])?)?;
    let y = numbered(table!("k:str,j:long"; [(), 1_i64], ["b", 1_i64], [(), ()], [(), 1_i64])?)?;
    for kind in [Kind::Inner, Kind::Left, Kind::Right, Kind::Full] {
        each_program(t, &[x.clone(), y.clone()], &["k"], kind)?;
        each_program(t, &[x.clone(), y.clone()], &["k", "j"], kind)?;
    }
    Ok(())
}

/// NaN meets NaN of other bits, and 0.0 meets -0.0.
pub fn floats_meet_by_the_one_order(t: &Bench) -> Outcome {
    let x = numbered(table!("k:double"; [f64::NAN], [0.0], [1.0], [f64::INFINITY])?)?;
    let y = numbered(table!("k:double"; [-f64::NAN], [-0.0], [2.0], [()], [f64::from_bits(0x7ff8_0000_0000_0099)])?)?;
    for kind in [Kind::Inner, Kind::Left, Kind::Right, Kind::Full] {
        each_program(t, &[x.clone(), y.clone()], &["k"], kind)?;
    }
    Ok(())
}

/// Without keys named, the columns that all members have.
pub fn common_columns_are_the_keys(t: &Bench) -> Outcome {
    let x = table!("a:int,b:int,c:int"; [1, 1, 1], [1, 2, 1], [2, 1, 1])?;
    let y = table!("d:str,b:int,a:int"; ["x", 1, 1], ["y", 1, 2])?;
    let wanted = table!("a:int,b:int,left:long,right:long"; [1, 1, 1_i64, 1_i64], [2, 1, 1_i64, 1_i64])?;
    let output = wanted.schema.clone();
    t.on_each_lane(|lane| {
        let out = output.clone();
        let count = move |a: RecordBatch, b: RecordBatch, cursor: Cursor| -> Result<RecordBatch> {
            let key = [cursor.key::<i32>("a")?.into(), cursor.key::<i32>("b")?.into()];
            let counts = [a.num_rows(), b.num_rows()].map(|n| OwnValue::Int(n as i128));
            let made = Table::new(out.clone(), vec![key.into_iter().chain(counts).collect()]).to_batch();
            made.map_err(|e| fugue_core::Error::new(ErrorKind::Unexpected, e))
        };
        let frame =
            t.frame(lane, &x)?.cotransform([&t.frame(lane, &y)?], count).how(ZipKind::Inner).schema(output.to_string()).run()?;
        t.same(&wanted, &frame)
    })
}

/// A cross with keys, keys that a member lacks, keys of other types, members without common columns.
pub fn cross_with_keys_is_refused(t: &Bench) -> Outcome {
    let lane = Lane::plain();
    let [x, y] = example()?;
    let other = table!("a:str"; ["1"])?;
    let nothing = table!("z:int"; [1])?;
    let never = |_: RecordBatch, _: RecordBatch| -> Result<RecordBatch, Broken> { Err(Broken("called".to_owned())) };
    let (x, y, other, nothing) = (t.frame(&lane, &x)?, t.frame(&lane, &y)?, t.frame(&lane, &other)?, t.frame(&lane, &nothing)?);
    let cross = x.cotransform([&y], never).how(ZipKind::Cross).partition_by(["a"]).schema("n:long").run();
    expect_error(cross, &[ErrorKind::PartitionInvalid], "a cross with keys")?;
    let lacking = x.cotransform([&y], never).how(ZipKind::Inner).partition_by(["b"]).schema("n:long").run();
    expect_error(lacking, &[ErrorKind::ColumnNotFound, ErrorKind::PartitionInvalid], "a key that the second member lacks")?;
    let types = x.cotransform([&other], never).how(ZipKind::Inner).partition_by(["a"]).schema("n:long").run();
    expect_error(types, &[ErrorKind::SchemaMismatch, ErrorKind::PartitionInvalid], "a key of two types")?;
    let apart = x.cotransform([&nothing], never).how(ZipKind::Inner).schema("n:long").run();
    expect_error(apart, &[ErrorKind::PartitionInvalid, ErrorKind::SchemaMismatch], "members without a common column").map(drop)
}

/// Members of one schema: which is which shows only in the rows.
pub fn members_keep_their_places(t: &Bench) -> Outcome {
    let x = table!("k:int,row_number:long"; [1, 1_i64], [1, 2_i64], [2, 3_i64])?;
    let y = table!("k:int,row_number:long"; [1, 10_i64], [3, 30_i64], [2, 20_i64])?;
    for kind in Kind::ALL {
        each_program(t, &[x.clone(), y.clone()], &["k"], kind)?;
        each_program(t, &[y.clone(), x.clone()], &["k"], kind)?;
    }
    Ok(())
}

/// A member that is missing has columns and no row; the suite's functions check the columns of each call.
pub fn a_member_without_rows_is_empty_with_its_schema(t: &Bench) -> Outcome {
    let x = numbered(table!("k:int,x:[{a:str}]"; [1, ()], [2, OwnValue::List(vec![])])?)?;
    let y = numbered(table!("y:<str,date>,k:int"; [(), 1], [OwnValue::Map(vec![]), 3])?)?;
    each_program(t, &[x.clone(), y.clone()], &["k"], Kind::Full)?;
    each_program(t, &[x.clone(), y.clone()], &["k"], Kind::Left)?;
    each_program(t, &[x, y], &["k"], Kind::Right)
}

/// The first member is empty for key 3, and the cursor has it.
pub fn cursor_has_the_key_of_a_missing_member(t: &Bench) -> Outcome {
    let [x, y] = example()?;
    let wanted = table!("a:int,text:str"; [1, "_01,_12"], [3, "_00,_11"])?;
    let output = wanted.schema.clone();
    t.on_each_lane(|lane| {
        let out = output.clone();
        let tell = move |y: RecordBatch, x: RecordBatch, cursor: Cursor| -> Result<RecordBatch> {
            let text = format!("_0{},_1{}", y.num_rows(), x.num_rows());
            let made = Table::new(out.clone(), vec![vec![cursor.key::<i32>("a")?.into(), OwnValue::Text(text)]]).to_batch();
            made.map_err(|e| fugue_core::Error::new(ErrorKind::Unexpected, e))
        };
        let (y, x) = (t.frame(lane, &y)?, t.frame(lane, &x)?);
        let zip = y.cotransform([&x], tell).how(ZipKind::RightOuter).partition_by(["a"]).schema(output.to_string());
        t.same(&wanted, &zip.run()?)
    })
}

/// Columns that only one member has order that member.
pub fn presort_applies_to_each_member(t: &Bench) -> Outcome {
    let x = numbered(table!("k:int,b:int"; [1, 2], [1, ()], [1, 1], [2, 1], [2, 3])?)?;
    let y = numbered(table!("k:int,c:double"; [1, 2.0], [2, f64::NAN], [1, ()], [2, 1.0], [1, f64::NAN])?)?;
    t.on_each_lane(|lane| {
        for presort in [&["b", "c", UNIQUE][..], &["b desc", "c", UNIQUE], &["c desc", "b desc", "row_number desc"]] {
            for kind in [Kind::Inner, Kind::Full, Kind::Cross] {
                let tables = [x.clone(), y.clone()];
                same_as_oracle(t, lane, &tables, &names(&["k"]), &order(presort), kind, CoProgram::Members)?;
            }
        }
        Ok(())
    })
}

/// One frame as both members.
pub fn a_frame_may_stand_twice(t: &Bench) -> Outcome {
    let [x, _] = example()?;
    for kind in Kind::ALL {
        each_program(t, &[x.clone(), x.clone()], &["a"], kind)?;
    }
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &x)?;
        let function = CoFunction::new(CoProgram::Counts, &[x.schema.clone(), x.schema.clone()], &names(&["a"]))?;
        let tables = [x.clone(), x.clone()];
        let expected =
            oracle::comap(&tables, &names(&["a"]), &order(&[UNIQUE]), Kind::Full, function.output(), |k, m| function.run(k, m))?;
        t.same(&expected, &zipped(&[frame.clone(), frame], &names(&["a"]), &order(&[UNIQUE]), Kind::Full, &function)?)
    })
}

/// First, last and any mean the same with three.
pub fn three_members_with_each_kind(t: &Bench) -> Outcome {
    let x = numbered(table!("k:int,x:int"; [1, 1], [2, 2], [3, 3], [(), 4])?)?;
    let y = numbered(table!("y:str,k:int"; ["a", 1], ["b", 3], ["c", 4], ["d", ()])?)?;
    let z = numbered(table!("k:int,z:double"; [1, 1.0], [1, 2.0], [4, 3.0], [5, 4.0])?)?;
    for kind in Kind::ALL {
        each_program(t, &[x.clone(), y.clone(), z.clone()], &["k"], kind)?;
    }
    Ok(())
}

/// No row in one member, in the other, in both.
pub fn empty_inputs_give_empty_results(t: &Bench) -> Outcome {
    let [x, y] = example()?;
    let (no_x, no_y) = (Table::empty(x.schema.clone()), Table::empty(y.schema.clone()));
    for kind in Kind::ALL {
        for tables in [[x.clone(), no_y.clone()], [no_x.clone(), y.clone()], [no_x.clone(), no_y.clone()]] {
            each_program(t, &tables, &["a"], kind)?;
        }
    }
    Ok(())
}

/// The key whose call failed is gone, the others stay, and the count says one.
pub fn ignored_errors_drop_the_key(t: &Bench) -> Outcome {
    let x = table!("a:int,b:int"; [1, 2], [1, 3], [2, 1])?;
    let y = table!("a:int,c:int"; [1, 2], [2, 4])?;
    let wanted = table!("n:long"; [2_i64])?;
    t.on_each_lane(|lane| {
        let output = wanted.schema.clone();
        let count = move |a: RecordBatch, _: RecordBatch, cursor: Cursor| -> Result<RecordBatch, Broken> {
            if cursor.key_text().iter().any(|(_, value)| value == "2") {
                return Err(Broken("key 2 is not wanted".to_owned()));
            }
            Ok(Table::new(output.clone(), vec![vec![OwnValue::Int(a.num_rows() as i128)]]).to_batch()?)
        };
        let dropped = fugue_core::calls::Dropped::new();
        let (x, y) = (t.frame(lane, &x)?, t.frame(lane, &y)?);
        let zip =
            x.cotransform([&y], count).how(ZipKind::Inner).partition_by(["a"]).schema("n:long").ignore_errors::<Broken>(&dropped);
        t.same(&wanted, &zip.run()?)?;
        ensure(dropped.count() == 1, || format!("one call was dropped, the count says {}", dropped.count()))
    })
}

/// A function that returns nothing is called once per key.
pub fn out_cotransform_calls_and_returns_nothing(t: &Bench) -> Outcome {
    let [x, y] = example()?;
    t.on_each_lane(|lane| {
        let calls = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&calls);
        let see = move |_: RecordBatch, _: RecordBatch| {
            counting.fetch_add(1, Ordering::Relaxed);
        };
        let (x, y) = (t.frame(lane, &x)?, t.frame(lane, &y)?);
        blocking::wait(x.cotransform([&y], see).how(ZipKind::FullOuter).partition_by(["a"]).run_out())?;
        let seen = calls.load(Ordering::Relaxed);
        ensure(seen == 3, || format!("three keys were seen in {seen} calls"))
    })
}

//! The hard primitive: one call per key, with all its rows, in order, never without rows.

use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::partition::PartitionSpec;
use fugue_core::transform::Cursor;
use fugue_core::{Field, Schema, Type};
use proptest::prelude::*;

use super::run::{calls, expected, first_row, keyed, mapped, numbered, plain, same_as_oracle, spec};
use super::support::{example, names, table};
use crate::bench::Bench;
use crate::compare::Compare;
use crate::failure::{Failure, Outcome, ensure};
use crate::functions::{Broken, of_program, rows_of};
use crate::generate::{KeyedSpec, Kinds, Lane, Size, TableOptions, keyed_spec, wild_name};
use crate::oracle::{self, Expect, Program, UNIQUE};
use crate::value::{OwnValue, Table};

/// Random tables, specs, programs and lanes.
pub fn matches_the_oracle(t: &Bench) -> Outcome {
    t.for_all(cases(TableOptions::default()), |lane, (table, plain, program)| same_as_oracle(t, lane, table, plain, *program))
}

/// With keys and without, with a presort and without.
pub fn identity_keeps_every_row(t: &Bench) -> Outcome {
    let table = numbered(example()?)?;
    t.on_each_lane(|lane| {
        for spec in [plain(&[], &[]), plain(&["a"], &["b"]), plain(&["a"], &[]), plain(&["a", "b"], &[])] {
            let frame = t.frame(lane, &table)?;
            let function = of_program(Program::Identity, &table.schema, &spec.keys, &table.schema)?;
            t.same(&table, &mapped(&frame, keyed(&spec)?, function, &table.schema)?)
                .map_err(|e| e.while_trying(spec.to_string()))?;
        }
        Ok(())
    })
}

/// D68: as many calls as keys, and no key in two of them.
pub fn one_call_per_key(t: &Bench) -> Outcome {
    let options = TableOptions { kinds: Kinds::Plain, ..TableOptions::default() }.with("k", Type::Int64);
    t.for_all((crate::generate::table(options), 0_u64..5), |lane, (table, number)| {
        let table = numbered(table.clone())?;
        let spec = PartitionSpec::new().by(["k"])?.num(*number)?;
        Ok(calls(t, &t.frame(lane, &table)?, &table, spec)?.check(&Expect::PerKey(names(&["k"])))?)
    })
}

/// Nulls are one group, and it is called.
pub fn null_is_a_key(t: &Bench) -> Outcome {
    for ty in ["long", "double", "str", "bool", "date", "datetime", "bytes", "decimal(10,2)"] {
        let schema = Schema::parse(&format!("k:{ty}"))?;
        let key = some_value(&schema.fields()[0].ty().clone());
        let rows = vec![vec![key.clone()], vec![OwnValue::Null], vec![key], vec![OwnValue::Null], vec![OwnValue::Null]];
        let table = numbered(Table::new(schema, rows))?;
        t.on_each_lane(|lane| {
            same_as_oracle(t, lane, &table, &plain(&["k"], &[UNIQUE]), Program::Summary)
                .map_err(|e| e.while_trying(format!("a key of type {ty}")))
        })?;
    }
    Ok(())
}

/// Nothing, an empty text and the words for nothing are different keys.
pub fn null_is_not_empty_text(t: &Bench) -> Outcome {
    let table = numbered(table!("k:str,j:bytes";
        ["", OwnValue::Bytes(vec![])], [(), ()], ["null", OwnValue::Bytes(vec![0])], ["", ()], [(), OwnValue::Bytes(vec![])],
        ["NULL", OwnValue::Bytes(vec![0, 0])], ["\0", ()])?)?;
    t.on_each_lane(|lane| {
        for keys in [&["k"][..], &["j"], &["k", "j"]] {
            same_as_oracle(t, lane, &table, &plain(keys, &[UNIQUE]), Program::Summary)?;
        }
        Ok(())
    })
}

/// Whatever its sign and payload, in both widths.
pub fn nan_is_one_key(t: &Bench) -> Outcome {
    let nans = [f64::NAN, -f64::NAN, f64::from_bits(0x7ff8_0000_dead_beef), f64::from_bits(0xfff8_0000_0000_0001)];
    float_keys(t, &[nans[0], f64::INFINITY, nans[1], nans[2], f64::NEG_INFINITY, nans[3]])
}

/// Both signs.
pub fn zeros_are_one_key(t: &Bench) -> Outcome {
    float_keys(t, &[0.0, -0.0, 1.0, -0.0, f64::MIN_POSITIVE, 0.0])
}

fn float_keys(t: &Bench, values: &[f64]) -> Outcome {
    for ty in ["double", "float"] {
        let rows = values.iter().map(|x| vec![OwnValue::Float(if ty == "float" { narrowed(*x) } else { *x })]).collect();
        let mut table = Table::new(Schema::parse(&format!("k:{ty}"))?, rows);
        table.rows.push(vec![OwnValue::Null]);
        let table = numbered(table)?;
        t.on_each_lane(|lane| {
            let count = calls(t, &t.frame(lane, &table)?, &table, spec(&names(&["k"]), &[])?)?;
            count.check(&Expect::PerKey(names(&["k"])))?;
            same_as_oracle(t, lane, &table, &plain(&["k"], &[UNIQUE]), Program::Position)
        })?;
    }
    Ok(())
}

fn narrowed(wide: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, reason = "a float of the narrower width is wanted")]
    let narrow = wide as f32;
    f64::from(narrow)
}

/// D9: infinities, NaN above them, zeros equal, in a presort.
pub fn floats_have_one_order(t: &Bench) -> Outcome {
    let odd = -f64::NAN;
    let table = numbered(table!("x:double,y:float";
        [f64::NAN, 1.0], [f64::INFINITY, odd], [f64::NEG_INFINITY, f64::INFINITY], [odd, ()], [-0.0, -0.0], [0.0, 0.0],
        [(), f64::NEG_INFINITY], [f64::MAX, 0.5], [f64::MIN, f64::NAN])?)?;
    t.on_each_lane(|lane| {
        for presort in [["x", UNIQUE], ["x desc", UNIQUE], ["y", UNIQUE], ["y desc", UNIQUE]] {
            same_as_oracle(t, lane, &table, &plain(&[], &presort), Program::Position)?;
        }
        Ok(())
    })
}

/// Null in one key column and in the other; floats, instants, dates and text as keys.
pub fn several_keys_with_nulls(t: &Bench) -> Outcome {
    let pairs = numbered(table!("a:double,b:double,c:int"; [1.0, (), 1], [1.0, (), 0], [(), (), 2], [(), 1.0, 3])?)?;
    let moment = 1_577_934_245_000_123_i64;
    let moments = numbered(table!("a:datetime,b:int,c:double,d:date,e:timestamp(us,Europe/Berlin)";
        [moment, 2, 1.0, -1, moment], [(), 2, (), (), ()], [(), 1, (), (), ()], [moment, 5, 1.0, -1, moment],
        [(), 4, (), 0, ()], [-1_i64, 4, f64::NAN, 0, -1_i64])?)?;
    t.on_each_lane(|lane| {
        same_as_oracle(t, lane, &pairs, &plain(&["a", "b"], &["c"]), Program::Position)?;
        for keys in [&["a", "c"][..], &["c", "a"], &["d"], &["e", "d"], &["a", "c", "d", "e"]] {
            same_as_oracle(t, lane, &moments, &plain(keys, &["b desc", UNIQUE]), Program::Summary)?;
        }
        Ok(())
    })
}

/// Names that need quotes, as keys, presort columns and outputs.
pub fn any_name_can_be_a_key(t: &Bench) -> Outcome {
    t.for_all((wild_name(), wild_name()), |lane, (key, presort)| {
        let presort = if key == presort { format!("{presort} too") } else { presort.clone() };
        let schema = Schema::new([Field::new(key.as_str(), Type::Int64), Field::new(presort.as_str(), Type::Str)])?;
        let rows = [(1, "b"), (2, "a"), (1, "a"), (2, "c")].map(|(k, p)| vec![OwnValue::from(k), OwnValue::from(p)]);
        let table = numbered(Table::new(schema, rows.to_vec()))?;
        let spec = KeyedSpec { keys: vec![key.clone()], presort: vec![(presort, false)], num: 0, algo: "default" };
        same_as_oracle(t, lane, &table, &spec, Program::Position)
    })
}

/// The first row of each key is its least.
pub fn presort_within_key(t: &Bench) -> Outcome {
    first_rows(t, &["b"], &table!("a:double,b:int"; [(), 1], [1.0, 2], [3.0, 4])?)
}

/// The first row of each key is its greatest.
pub fn presort_descending(t: &Bench) -> Outcome {
    first_rows(t, &["b desc"], &table!("a:double,b:int"; [(), 4], [1.0, 2], [3.0, 4])?)
}

fn first_rows(t: &Bench, presort: &[&str], wanted: &Table) -> Outcome {
    let table = example()?;
    t.on_each_lane(|lane| {
        let schema = table.schema.clone();
        let first = move |batch: RecordBatch| -> Result<RecordBatch, Broken> {
            Ok(Table::new(schema.clone(), first_row(&rows_of(&schema, &batch)?)).to_batch()?)
        };
        let spec = keyed(&plain(&["a"], presort))?;
        t.same(wanted, &mapped(&t.frame(lane, &table)?, spec, first, &table.schema)?)
    })
}

/// Directions and nulls in each of several columns.
pub fn presort_over_several_columns(t: &Bench) -> Outcome {
    let table = numbered(table!("k:int,x:int,y:str,z:double";
        [1, 1, "b", 1.0], [1, 1, "a", 2.0], [1, (), "b", 3.0], [1, 2, (), f64::NAN], [1, 1, "a", ()], [2, 1, "", 1.0],
        [1, (), (), 0.0], [1, 2, "ab", -0.0], [1, 2, "a", 0.0], [2, 1, (), 1.0], [1, 1, "a", f64::NAN], [1, 1, "é", 0.5])?)?;
    t.on_each_lane(|lane| {
        for presort in [
            ["x", "y", "z", UNIQUE],
            ["x desc", "y", "z desc", UNIQUE],
            ["x", "y desc", "z", "row_number desc"],
            ["z desc", "y desc", "x desc", "row_number desc"],
        ] {
            same_as_oracle(t, lane, &table, &plain(&["k"], &presort), Program::Position)?;
        }
        Ok(())
    })
}

/// D70.
pub fn presort_puts_nulls_last_both_ways(t: &Bench) -> Outcome {
    for ty in ["long", "double", "str", "bool", "date", "datetime", "bytes", "decimal(10,2)", "time", "ubyte"] {
        let schema = Schema::parse(&format!("x:{ty}"))?;
        let value = some_value(schema.fields()[0].ty());
        let rows = vec![vec![OwnValue::Null], vec![value.clone()], vec![OwnValue::Null], vec![value]];
        let table = numbered(Table::new(schema, rows))?;
        t.on_each_lane(|lane| {
            for presort in [["x", UNIQUE], ["x desc", UNIQUE]] {
                same_as_oracle(t, lane, &table, &plain(&[], &presort), Program::Position)
                    .map_err(|e| e.while_trying(format!("a presort by type {ty}")))?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// D100: with ties only what the presort orders is promised.
pub fn presort_with_ties_promises_no_order(t: &Bench) -> Outcome {
    let table = numbered(table!("k:int,x:int"; [1, 2], [1, 1], [1, 2], [1, 1], [2, 1], [1, 2])?)?;
    t.on_each_lane(|lane| {
        let calls = calls(t, &t.frame(lane, &table)?, &table, spec(&names(&["k"]), &[("x".to_owned(), true)])?)?;
        // Coarse asks for calls sorted by the keys and the presort, ties open: what a presort with ties promises as well.
        calls.check(&Expect::Coarse(2, names(&["k"]), vec![("x".to_owned(), true)]))?;
        Ok(calls.check(&Expect::PerKey(names(&["k"])))?)
    })
}

/// Decision 3: no input, no call; with keys and without.
pub fn never_called_with_zero_rows(t: &Bench) -> Outcome {
    let empty = Table::empty(Schema::parse("k:int,x:str")?);
    t.on_each_lane(|lane| {
        for (keys, number) in [(&[][..], 0_u64), (&["k"], 0), (&[], 3), (&["k"], 3)] {
            for sizes in [vec![], vec![0, 0]] {
                let schema = empty.schema.clone();
                let function = move |batch: RecordBatch| -> Result<RecordBatch, Broken> {
                    let rows = rows_of(&schema, &batch)?.len();
                    Err(Broken(format!("called with {rows} rows of none")))
                };
                let spec = spec(&names(keys), &[])?.num(number)?;
                t.same(&empty, &mapped(&t.frame_of(lane, &empty, &sizes)?, spec, function, &empty.schema)?)?;
            }
        }
        // More partitions than rows: no call without rows either.
        let one = numbered(table!("k:int"; [1])?)?;
        let calls = calls(t, &t.frame(lane, &one)?, &one, PartitionSpec::new().num(5)?)?;
        ensure(calls.sizes() == [1], || format!("one row came in calls of {:?} rows", calls.sizes()))
    })
}

/// D67: the declared schema and no row, also through a chain.
pub fn no_call_gives_the_declared_schema(t: &Bench) -> Outcome {
    let empty = Table::empty(Schema::parse("k:int,x:str")?);
    let wanted = Table::empty(Schema::parse("a:[double],`b c`:<str,date>")?);
    t.on_each_lane(|lane| {
        for keys in [&[][..], &["k"]] {
            let never = |batch: RecordBatch| -> Result<RecordBatch, Broken> { Err(Broken(format!("called with {batch:?}"))) };
            let first = mapped(&t.frame(lane, &empty)?, spec(&names(keys), &[])?, never, &wanted.schema)?;
            t.same(&wanted, &first)?;
            t.same(&empty, &mapped(&first, PartitionSpec::new(), never, &empty.schema)?)?;
        }
        Ok(())
    })
}

/// Numbers and algorithms are about where work happens, not about what a key's call sees.
pub fn number_and_algorithm_do_not_change_the_answer(t: &Bench) -> Outcome {
    let table = numbered(example()?)?;
    t.on_each_lane(|lane| {
        for num in [0, 1, 3, 7] {
            for algo in ["default", "hash", "rand", "even"] {
                let spec = KeyedSpec { num, algo, ..plain(&["a"], &["b", UNIQUE]) };
                same_as_oracle(t, lane, &table, &spec, Program::Position)?;
            }
        }
        Ok(())
    })
}

/// Lists, structs, maps and bytes go through a function as they are.
pub fn nested_values_and_bytes_travel(t: &Bench) -> Outcome {
    let pair = |a: &str, b: i64| OwnValue::Struct(vec![a.into(), OwnValue::List(vec![b.into(), ().into()])]);
    let map = OwnValue::Map(vec![("b".into(), 2_i64.into()), ("a".into(), ().into())]);
    let table = numbered(table!("k:datetime,l:[int],s:{a:str,b:[long]},m:<str,long>,x:bytes";
        [1_i64, OwnValue::List(vec![1.into(), 2.into()]), pair("x", 30), map.clone(), OwnValue::Bytes(vec![1, 5])],
        [1_i64, OwnValue::List(vec![]), (), OwnValue::Map(vec![]), OwnValue::Bytes(vec![])],
        [(), (), pair("", 1), (), ()],
        [2_i64, OwnValue::List(vec![().into()]), OwnValue::Struct(vec![().into(), ().into()]), map, OwnValue::Bytes(vec![255; 40])])?)?;
    t.on_each_lane(|lane| {
        for program in [Program::Identity, Program::Position, Program::Half] {
            for keys in [&[][..], &["k"]] {
                same_as_oracle(t, lane, &table, &plain(keys, &[UNIQUE]), program)?;
            }
        }
        Ok(())
    })
}

/// A column that never has a value has its declared type.
pub fn a_column_of_nulls_keeps_its_type(t: &Bench) -> Outcome {
    let table = example()?;
    let mut wanted = Table::new(Schema::parse("a:double,b:int,nat:datetime")?, table.rows.clone());
    wanted.rows.iter_mut().for_each(|row| row.push(OwnValue::Null));
    let (input, output) = (table.schema.clone(), wanted.schema.clone());
    t.on_each_lane(|lane| {
        let (input, out) = (input.clone(), output.clone());
        let function = move |batch: RecordBatch| -> Result<RecordBatch, Broken> {
            let mut rows = rows_of(&input, &batch)?;
            rows.iter_mut().for_each(|row| row.push(OwnValue::Null));
            Ok(Table::new(out.clone(), rows).to_batch()?)
        };
        t.same(&wanted, &mapped(&t.frame(lane, &table)?, spec(&names(&["a"]), &[])?, function, &output)?)
    })
}

/// Fifty thousand rows of one key beside a few others.
pub fn one_huge_group(t: &Bench) -> Outcome {
    let rows =
        (0..50_000_i64).map(|i| vec![OwnValue::from(if i % 1_000 == 7 { i } else { -1 }), OwnValue::from((i * 7_919) % 50_021)]);
    let table = numbered(Table::new(Schema::parse("k:long,x:long")?, rows.collect()))?;
    let lanes = t.lanes();
    let lane = lanes.iter().max_by_key(|l| (l.partitions, l.batch_size)).copied().unwrap_or_else(Lane::plain);
    same_as_oracle(t, &lane, &table, &plain(&["k"], &["x", UNIQUE]), Program::Summary)
}

/// Twenty thousand keys of one to three rows.
pub fn many_small_groups(t: &Bench) -> Outcome {
    let rows = (0..40_000_i64).map(|i| vec![OwnValue::text(format!("key {}", (i * 7_919) % 20_011)), OwnValue::from(i % 3)]);
    let table = numbered(Table::new(Schema::parse("k:str,x:long")?, rows.collect()))?;
    let lanes = t.lanes();
    let lane = lanes.iter().max_by_key(|l| (l.partitions, l.batch_size)).copied().unwrap_or_else(Lane::plain);
    same_as_oracle(t, &lane, &table, &plain(&["k"], &["x desc", UNIQUE]), Program::Summary)
}

/// The cursor has the key of the call, a number of its own, and an idempotency key of its own; the attempt is the first.
pub fn cursor_tells_key_and_numbers(t: &Bench) -> Outcome {
    let table = table!("k:long,j:str"; [1_i64, "x"], [2_i64, ()], [1_i64, "x"], [(), "y"], [2_i64, ()], [2_i64, "NULL"])?;
    let output = Schema::parse("k:long,j:str,number:long,physical:long,attempt:long,once:str,keys:str")?;
    t.on_each_lane(|lane| {
        let out = output.clone();
        let function = move |_: RecordBatch, cursor: Cursor| -> Result<RecordBatch, fugue_core::Error> {
            let whole = |n: usize| OwnValue::Int(n as i128);
            let row = vec![
                cursor.key::<Option<i64>>("k")?.map_or(OwnValue::Null, OwnValue::from),
                cursor.key::<Option<String>>("j")?.map_or(OwnValue::Null, OwnValue::Text),
                whole(cursor.partition_no()),
                whole(cursor.physical_partition_no()),
                OwnValue::Int(i128::from(cursor.attempt())),
                OwnValue::Text(cursor.idempotency_key()),
                OwnValue::Text(cursor.key_schema().to_string()),
            ];
            let made = Table::new(out.clone(), vec![row]).to_batch();
            made.map_err(|e| fugue_core::Error::new(fugue_core::ErrorKind::Unexpected, e))
        };
        let spec = spec(&names(&["k", "j"]), &[])?.num(2)?;
        let frame = mapped(&t.frame(lane, &table)?, spec, function, &output)?;
        let got = t.collect(&frame)?;
        let keys = Table::new(Schema::parse("k:long,j:str")?, got.rows.iter().map(|r| r[..2].to_vec()).collect());
        Compare::exact().tables(&table!("k:long,j:str"; [1_i64, "x"], [2_i64, ()], [(), "y"], [2_i64, "NULL"])?, &keys)?;
        let distinct = |column: usize| {
            let mut values: Vec<&OwnValue> = got.rows.iter().map(|r| &r[column]).collect();
            values.sort();
            values.dedup();
            values.len()
        };
        ensure(distinct(2) == 4, || format!("four calls have {} numbers", distinct(2)))?;
        ensure(distinct(5) == 4, || format!("four calls have {} idempotency keys", distinct(5)))?;
        // Whoever makes a call again must find what the first one left.
        let once = |table: &Table| {
            let mut keys: Vec<Vec<OwnValue>> =
                table.rows.iter().map(|r| vec![r[0].clone(), r[1].clone(), r[5].clone()]).collect();
            keys.sort();
            keys
        };
        let again = t.collect(&frame)?;
        ensure(once(&got) == once(&again), || "a second run has other idempotency keys".to_owned())?;
        ensure(got.rows.iter().all(|r| r[4] == OwnValue::Int(0)), || "a first attempt is not number 0".to_owned())?;
        ensure(got.rows.iter().all(|r| r[6] == OwnValue::text("k:long,j:str")), || format!("key schemas: {got:?}"))
    })
}

/// The seed and the text of a key depend on the key alone: not on the lane, and not on which NaN or zero came first.
pub fn cursor_seed_is_the_same_everywhere(t: &Bench) -> Outcome {
    let rows = [0.0, f64::NAN, -0.0, 1.5, -f64::NAN, 0.0].map(|x| vec![OwnValue::Float(x), "same".into()]);
    let table = Table::new(Schema::parse("k:double,j:str")?, rows.to_vec());
    let output = Schema::parse("k:double,seed:str,text:str")?;
    let mut first: Option<Table> = None;
    let seen = std::cell::RefCell::new(&mut first);
    for first in 0..table.rows.len() {
        let mut table = table.clone();
        table.rows.rotate_left(first);
        t.on_each_lane(|lane| {
            let out = output.clone();
            let function = move |_: RecordBatch, cursor: Cursor| -> Result<RecordBatch, fugue_core::Error> {
                let row = vec![
                    OwnValue::Float(cursor.key::<f64>("k")?),
                    OwnValue::Text(cursor.seed().to_string()),
                    OwnValue::Text(format!("{:?}", cursor.key_text())),
                ];
                let made = Table::new(out.clone(), vec![row]).to_batch();
                made.map_err(|e| fugue_core::Error::new(fugue_core::ErrorKind::Unexpected, e))
            };
            let got = t.collect(&mapped(&t.frame(lane, &table)?, spec(&names(&["k", "j"]), &[])?, function, &output)?)?;
            match seen.borrow_mut().as_ref() {
                Some(first) => Compare::exact().tables(first, &got).map_err(Failure::from),
                None => ensure(got.rows.len() == 3, || format!("three keys are {} calls", got.rows.len())),
            }?;
            seen.borrow_mut().get_or_insert(got);
            Ok(())
        })?;
    }
    Ok(())
}

/// D102: one function with two parameters, two closures of one line, over one frame.
pub fn two_tasks_over_one_source_stay_apart(t: &Bench) -> Outcome {
    let table = numbered(table!("k:int"; [1], [1], [2])?)?;
    let output = Schema::parse("tag:str,rows:long")?;
    let tagging = |tag: &str| {
        let (tag, input, output) = (tag.to_owned(), table.schema.clone(), output.clone());
        move |batch: RecordBatch| -> Result<RecordBatch, Broken> {
            let rows = rows_of(&input, &batch)?.len();
            Ok(Table::new(output.clone(), vec![vec![OwnValue::Text(tag.clone()), OwnValue::Int(rows as i128)]]).to_batch()?)
        }
    };
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &table)?;
        let spec = || spec(&names(&["k"]), &[]);
        let (one, two) = (mapped(&frame, spec()?, tagging("one"), &output)?, mapped(&frame, spec()?, tagging("two"), &output)?);
        let wanted = |tag: &str| table!("tag:str,rows:long"; [tag, 2_i64], [tag, 1_i64]);
        t.same(&wanted("one")?, &one)?;
        t.same(&wanted("two")?, &two)?;
        // Both in one plan, where an engine may look for common parts.
        let all = Table::new(output.clone(), [wanted("one")?.rows, wanted("two")?.rows].concat());
        Compare::exact().tables(&all, &t.collect_together(&[&one, &two])?)?;
        let both = one
            .cotransform([&two], |a: RecordBatch, b: RecordBatch| -> Result<RecordBatch, fugue_core::arrow::error::ArrowError> {
                fugue_core::arrow::compute::concat_batches(&a.schema(), [&a, &b])
            })
            .how(fugue_core::group::ZipKind::Cross)
            .schema(output.to_string())
            .run()?;
        t.same(&all, &both)
    })
}

/// The output of a map is an input of a map.
pub fn maps_chain(t: &Bench) -> Outcome {
    let options =
        TableOptions { kinds: Kinds::Plain, size: Size::Small, wild: false, ..TableOptions::default() }.with("k", Type::Str);
    t.for_all(crate::generate::table(options), |lane, table| {
        let table = numbered(table.clone())?;
        let (first, second) = (plain(&["k"], &[UNIQUE]), plain(&["rows_in_call"], &[UNIQUE]));
        let middle = expected(&table, &first, Program::Position)?;
        let output = Program::Half.output(&middle.schema, &second.keys)?;
        let unique = middle.position(UNIQUE)?;
        let wanted =
            oracle::map(&middle, &second.keys, &second.presort, &output, |key, rows| Program::Half.run(key, rows, unique))?;
        let frame = t.frame(lane, &table)?;
        let one = mapped(
            &frame,
            keyed(&first)?,
            of_program(Program::Position, &table.schema, &first.keys, &middle.schema)?,
            &middle.schema,
        )?;
        let two = mapped(&one, keyed(&second)?, of_program(Program::Half, &middle.schema, &second.keys, &output)?, &output)?;
        t.same(&wanted, &two)
    })
}

fn cases(options: TableOptions) -> impl Strategy<Value = (Table, KeyedSpec, Program)> {
    let tables = crate::generate::table(options).prop_filter_map("row numbers", |t| t.with_row_numbers(UNIQUE).ok());
    let with_spec = tables.prop_flat_map(|table| {
        let spec = keyed_spec(&table, UNIQUE);
        (Just(table), spec, prop::sample::select(&Program::ALL[..]))
    });
    with_spec.prop_filter("a key that is named like an output column", |(table, spec, program)| {
        program.output(&table.schema, &spec.keys).is_ok()
    })
}

/// A value of a flat type that is not null.
fn some_value(ty: &Type) -> OwnValue {
    match ty {
        Type::Float32 | Type::Float64 => OwnValue::Float(1.5),
        Type::Str => "a".into(),
        Type::Bytes => OwnValue::Bytes(vec![1]),
        Type::Bool => OwnValue::Bool(true),
        _ => OwnValue::Int(7),
    }
}

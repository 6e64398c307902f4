//! Aggregates: what counts, what type comes out, and what is made of nothing.

use fugue_core::expr::{
    avg, checked_sum, col, collect_list, count, count_all, count_distinct, first, last, lit, max, median, min, quantile, stddev,
    stddev_population, sum, variance, variance_population,
};
use fugue_core::{ErrorKind, blocking};

use super::columns::{aggregates, is, values};
use super::support::table;
use crate::bench::Bench;
use crate::failure::{Outcome, expect_error};
use crate::generate::{Lane, Pick, Scripts};
use crate::value::{OwnValue, Table};

/// D3, D4: counts are long; sums of narrow numbers are wide.
pub fn sums_are_wide(t: &Bench) -> Outcome {
    let table =
        table!("i:int,u:uint,x:float,d:decimal(5,2)"; [i32::MAX, 1, 0.5, 99_999], [i32::MAX, 2, 0.25, 1], [1, (), (), ()])?;
    aggregates(
        t,
        &table,
        &[
            is(sum("i"), "long", values![4_294_967_295_i64]),
            is(sum("u"), "ulong", values![3]),
            is(sum("x"), "double", values![0.75]),
            is(sum("d"), "decimal(38,2)", values![100_000]),
            is(sum("i").distinct(), "long", values![2_147_483_648_i64]),
            is(count_all(), "long", values![3]),
            is(count("u"), "long", values![2]),
        ],
    )
}

/// D4: long sums wrap, checked ones fail, and so do decimals that do not fit.
pub fn sums_wrap_and_checked_sums_fail(t: &Bench) -> Outcome {
    let table = table!("a:long,b:long"; [i64::MAX, 1], [1, 2])?;
    aggregates(t, &table, &[is(sum("a"), "long", values![i64::MIN]), is(checked_sum("b"), "long", values![3])])?;
    let frame = t.frame(&Lane::plain(), &table)?;
    let failing = frame.aggregate([checked_sum("a").alias("s")]).and_then(|f| blocking::wait(f.collect()));
    expect_error(failing, &[ErrorKind::ValueInvalid], "a checked sum that overflows")?;
    let most = OwnValue::Int(99_999_999_999_999_999_999_999_999_999_999_999_999);
    let table = Table::new(fugue_core::Schema::parse("d:decimal(38,0)")?, vec![vec![most.clone()], vec![most]]);
    let frame = t.frame(&Lane::plain(), &table)?;
    let failing = frame.aggregate([sum("d").alias("s")]).and_then(|f| blocking::wait(f.collect()));
    expect_error(failing, &[ErrorKind::ValueInvalid], "a sum of decimals that does not fit").map(|_| ())
}

/// D2, D6, D56: of no rows, and of nulls alone, a count is zero and all else null; without keys there is one row.
pub fn nothing_gives_null_and_count_zero(t: &Bench) -> Outcome {
    let nothing = [
        is(sum("a"), "long", values![()]),
        is(sum("x"), "double", values![()]),
        is(avg("a"), "double", values![()]),
        is(min("a"), "long", values![()]),
        is(max("x"), "double", values![()]),
        is(median("a"), "double", values![()]),
        is(stddev("x"), "double", values![()]),
        is(count("a"), "long", values![0]),
        is(count_distinct("x"), "long", values![0]),
    ];
    aggregates(t, &table!("a:long,x:double"; [(), ()], [(), ()])?, &nothing)?;
    let empty = table!("a:long,x:double";)?;
    aggregates(t, &empty, &nothing)?;
    t.on_each_lane(|lane| {
        let grouped = t.frame(lane, &empty)?.group_by("a").aggregate([count_all().alias("n")])?;
        t.same(&table!("a:long,n:long";)?, &grouped)?;
        // What is made of literals is no key, as a literal is none.
        let beside = t.frame(lane, &empty)?.select([(lit(1) + lit(2)).alias("c"), count_all().alias("n")])?;
        t.same(&table!("c:long,n:long"; [3, 0])?, &beside)
    })
}

/// Nothing of a large group of nulls is something either, among groups that have values.
pub fn a_large_group_of_nulls_is_null(t: &Bench) -> Outcome {
    let row = |i: i64| vec![OwnValue::from(i % 3), if i % 3 == 0 { OwnValue::Null } else { OwnValue::from(1.5) }];
    let table = Table::new(fugue_core::Schema::parse("k:long,x:double")?, (0..3_600).map(row).collect());
    let expected = table!("k:long,s:double,a:double,m:double,n:long";
        [0, (), (), (), 0], [1, 1_800.0, 1.5, 1.5, 1_200], [2, 1_800.0, 1.5, 1.5, 1_200])?;
    t.on_each_lane(|lane| {
        let made = [sum("x").alias("s"), avg("x").alias("a"), max("x").alias("m"), count("x").alias("n")];
        t.same(&expected, &t.frame(lane, &table)?.group_by("k").aggregate(made)?)
    })
}

/// D5: means of whole numbers are doubles; those of decimals have four more digits, cut.
pub fn averages(t: &Bench) -> Outcome {
    let table = table!("i:int,d:decimal(9,2),x:float"; [1, 100, 0.5], [2, 100, 0.25], [2, 200, ()])?;
    aggregates(
        t,
        &table,
        &[
            is(avg("i"), "double", values![5.0 / 3.0]),
            is(avg("d"), "decimal(13,6)", values![1_333_333]),
            is(avg("x"), "double", values![0.375]),
            is(avg("i").distinct(), "double", values![1.5]),
        ],
    )
}

/// D7: null is not a different value; NaN is one, and zeros are one.
pub fn distinct_counts_skip_nulls(t: &Bench) -> Outcome {
    let table = table!("a:long,x:double"; [1, f64::NAN], [1, -f64::NAN], [(), 0.0], [2, -0.0], [(), ()])?;
    aggregates(
        t,
        &table,
        &[
            is(count_distinct("a"), "long", values![2]),
            is(count_distinct("x"), "long", values![2]),
            is(count_all(), "long", values![5]),
        ],
    )
}

/// D8: NaN is the greatest, and the least only where all are; sorted input or not.
pub fn extremes_with_nan(t: &Bench) -> Outcome {
    let nan = f64::NAN;
    let table = table!("x:double,y:double,s:str,b:bool"; [1.0, nan, "é", true], [nan, nan, "z", false], [-1.0, nan, (), ()], [(), (), "a", ()])?;
    let grouped = table!("k:int,x:double"; [1, 2.5], [1, nan], [1, 1.0], [2, nan], [2, 3.0], [3, nan], [3, ()])?;
    let expected = table!("k:int,l:double,g:double"; [1, 1.0, nan], [2, 3.0, nan], [3, nan, nan])?;
    t.on_each_lane(|lane| {
        let by_key = t.frame(lane, &grouped)?.group_by("k").aggregate([min("x").alias("l"), max("x").alias("g")])?;
        t.same(&expected, &by_key)
    })?;
    aggregates(
        t,
        &table,
        &[
            is(max("x"), "double", values![nan]),
            is(min("x"), "double", values![-1.0]),
            is(min("y"), "double", values![nan]),
            is(max("s"), "str", values!["é"]),
            is(min("b"), "bool", values![false]),
        ],
    )
}

/// D12: null is a group, all NaN are one, and zeros are one.
pub fn null_and_nan_are_groups(t: &Bench) -> Outcome {
    let table = table!("k:double,s:str,b:int"; [(), (), 1], [f64::NAN, "", 2], [-f64::NAN, "", 3], [0.0, (), 4], [-0.0, (), 5], [(), (), 6])?;
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &table)?;
        let by_float = frame.group_by("k").aggregate([sum("b").alias("b")])?;
        t.same(&table!("k:double,b:long"; [(), 7], [f64::NAN, 5], [0.0, 9])?, &by_float)?;
        let by_text = frame.group_by("s").aggregate([sum("b").alias("b")])?;
        t.same(&table!("s:str,b:long"; [(), 16], ["", 5])?, &by_text)
    })
}

/// D86: exact, with linear interpolation, as doubles; also of whole numbers.
pub fn quantiles_interpolate(t: &Bench) -> Outcome {
    let table = table!("i:int,x:double"; [1, 1.0], [2, 2.0], [4, f64::INFINITY], [8, f64::NAN], [(), ()])?;
    aggregates(
        t,
        &table,
        &[
            is(median("i"), "double", values![3.0]),
            is(quantile("i", 0.25), "double", values![1.75]),
            is(quantile("i", 0.0), "double", values![1.0]),
            is(quantile("x", 1.0), "double", values![f64::NAN]),
            is(median(col("i") * 2), "double", values![6.0]),
        ],
    )
}

/// D87: of a sample, null for one value; the population's forms have names of their own.
pub fn deviations(t: &Bench) -> Outcome {
    let table = table!("i:int,one:double"; [2, 5.0], [4, ()], [4, ()], [6, ()])?;
    aggregates(
        t,
        &table,
        &[
            is(variance("i"), "double", values![8.0 / 3.0]),
            is(variance_population("i"), "double", values![2.0]),
            is(stddev("i"), "double", values![(8.0_f64 / 3.0).sqrt()]),
            is(stddev_population("i"), "double", values![2.0_f64.sqrt()]),
            is(stddev("one"), "double", values![()]),
            is(variance("one"), "double", values![()]),
            is(stddev_population("one"), "double", values![0.0]),
        ],
    )
}

/// D95: first, last and lists follow their order, and have their nulls.
pub fn first_last_and_lists_follow_an_order(t: &Bench) -> Outcome {
    let table = table!("a:long,at:int"; [3, 2], [(), 1], [5, 3], [7, ()])?;
    let list = |cells: Vec<OwnValue>| vec![OwnValue::List(cells)];
    aggregates(
        t,
        &table,
        &[
            is(first("a").order_by("at"), "long", values![()]),
            is(last("a").order_by("at"), "long", values![7]),
            is(first("a").order_by("at desc"), "long", values![5]),
            is(last("a").order_by("at").where_(col("at").lt(3)), "long", values![3]),
            is(collect_list("a").order_by("at"), "[long]", list(values![(), 3, 5, 7])),
        ],
    )
}

/// Only the rows of the condition count, for that aggregate alone.
pub fn conditions_of_aggregates(t: &Bench) -> Outcome {
    let table = table!("a:long,p:bool"; [1, true], [2, false], [4, ()], [(), true])?;
    aggregates(
        t,
        &table,
        &[
            is(sum("a").where_(col("p")), "long", values![1]),
            is(count_all().where_(col("a").gt(1)), "long", values![2]),
            is(count("a").where_(!col("p")), "long", values![1]),
            is(sum("a"), "long", values![7]),
            is(max("a").where_(col("a").gt(9)), "long", values![()]),
        ],
    )?;
    // What is aggregated need have a value only in the rows that count.
    let texts = table!("s:str"; ["1"], ["x"], ["20"])?;
    let number = || col("s").cast("int");
    aggregates(
        t,
        &texts,
        &[
            is(max(number()).where_(col("s").not_eq("x")), "int", values![20]),
            is(sum(number()).where_(col("s").like("2%")), "long", values![20]),
            is(count(number()).where_(lit(false)), "long", values![0]),
            is(count(col("s").substring(0, -1)).where_(col("s").is_null()), "long", values![0]),
        ],
    )?;
    let great = table!("a:long"; [i64::MAX], [14])?;
    aggregates(t, &great, &[is(max(col("a").round(-1)).where_(col("a").lt(100)), "long", values![10])])
}

/// A constant counts as often as there are rows, and not at all where there are none.
pub fn constants_count_every_row(t: &Bench) -> Outcome {
    let columns = |rows: i64, three: OwnValue, sum: OwnValue| {
        vec![
            is(fugue_core::expr::sum(lit(1)), "long", vec![sum]),
            is(max(lit(3)), "long", vec![three]),
            is(count_all().where_(lit(true)), "long", values![rows]),
            is(count(lit("x")), "long", values![rows]),
        ]
    };
    let table = table!("a:long"; [5], [()], [7])?;
    aggregates(t, &table, &columns(3, OwnValue::from(3), OwnValue::from(3)))?;
    aggregates(t, &table!("a:long";)?, &columns(0, OwnValue::Null, OwnValue::Null))?;
    t.on_each_lane(|lane| {
        let constant = || [(lit(1) + lit(2)).alias("k"), count_all().alias("n")];
        let counted = t.frame(lane, &table)?.select(constant())?;
        t.same(&table!("k:long,n:long"; [3, 3])?, &counted)?;
        t.same(&table!("k:long,n:long"; [3, 0])?, &t.frame(lane, &table!("a:long";)?)?.select(constant())?)?;
        // A key that turns out to be the same for all rows is one all the same: no group where there is no row.
        let unlike = || [col("a").cast("str").like(None::<&str>).alias("k"), count_all().alias("n")];
        t.same(&table!("k:bool,n:long"; [(), 3])?, &t.frame(lane, &table)?.select(unlike())?)?;
        t.same(&table!("k:bool,n:long";)?, &t.frame(lane, &table!("a:long";)?)?.select(unlike())?)?;
        // A condition of the constant alone is one of the row that came out.
        t.same(&table!("k:long,n:long";)?, &counted.filter(col("k").gt(3))?)?;
        t.same(&table!("k:long,n:long"; [3, 3])?, &counted.filter(col("k").eq(3))?)
    })
}

/// Keys that are equal are given as one of them, whichever came: zero without a sign, so that what is made of it is the same everywhere.
pub fn keys_have_one_zero(t: &Bench) -> Outcome {
    let table = table!("x:double,y:float"; [-0.0, -0.0])?;
    let both = table!("x:double,y:float"; [-0.0, 0.0], [0.0, -0.0])?;
    let shown = || [col("x").cast("str").alias("x"), col("y").cast("str").alias("y")];
    let plain = table!("x:str,y:str"; ["0.0", "0.0"])?;
    t.on_each_lane(|lane| {
        for table in [&table, &both] {
            let frame = t.frame(lane, table)?;
            let made = [
                ("distinct", frame.distinct()?),
                ("group_by", frame.group_by(["x", "y"]).aggregate([count_all().alias("n")])?),
                ("union", frame.union(&frame)?),
                ("intersect", frame.intersect(&frame)?),
                ("extremes", frame.aggregate([max("x").alias("x"), min("y").alias("y")])?),
            ];
            for (verb, keys) in made {
                t.same(&plain, &keys.select(shown())?).map_err(|e| e.while_trying(verb.to_owned()))?;
            }
        }
        Ok(())
    })
}

/// D87: the deviation of a single value that is not finite is not zero.
pub fn deviations_of_what_is_not_finite(t: &Bench) -> Outcome {
    let columns =
        || [is(stddev_population("x"), "double", values![f64::NAN]), is(variance_population("x"), "double", values![f64::NAN])];
    aggregates(t, &table!("x:double"; [f64::NAN])?, &columns())?;
    aggregates(t, &table!("x:double"; [f64::INFINITY], [()])?, &columns())?;
    let table = table!("k:int,x:double"; [1, f64::NAN], [2, 1.0], [3, ()])?;
    t.on_each_lane(|lane| {
        let grouped = t.frame(lane, &table)?.group_by("k").aggregate([stddev_population("x").alias("d")])?;
        t.same(&table!("k:int,d:double"; [1, f64::NAN], [2, 0.0], [3, ()])?, &grouped)
    })
}

/// Maps have no order of entries, and so are not counted apart.
pub fn maps_are_not_counted_apart(t: &Bench) -> Outcome {
    let entry = |key: &str| OwnValue::Map(vec![(OwnValue::text(key), OwnValue::from(1))]);
    let table = Table::new(fugue_core::Schema::parse("m:<str,long>")?, vec![vec![entry("a")], vec![entry("b")]]);
    let frame = t.frame(&Lane::plain(), &table)?;
    let counted = frame.aggregate([count_distinct("m").alias("n")]).and_then(|f| blocking::wait(f.collect()));
    expect_error(counted, &[ErrorKind::ExpressionInvalid], "counting different maps").map(|_| ())
}

/// Random aggregates over random groups are what the oracle says.
pub fn matches_the_oracle(t: &Bench) -> Outcome {
    t.for_all(Scripts::of(&[Pick::Group], 1), |lane, script| super::verbs::same_as_oracle(t, lane, script))
}

//! Select, filter, assign, aggregate and the verbs over columns.

use fugue_core::expr::{all, avg, col, count_all, lit, max, min, sum};
use fugue_core::relational::Select;

use super::support::{example, table};
use crate::bench::Bench;
use crate::failure::Outcome;
use crate::value::{OwnValue, Table};

/// 6.2: rows for which the condition is true, and not those for which it is null.
pub fn filter_keeps_what_is_true(t: &Bench) -> Outcome {
    let example = example()?;
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &example)?;
        t.same(&table!("a:double,b:int"; [1.0, 2], [3.0, 4])?, &frame.filter(col("a").is_not_null())?)?;
        t.same(&table!("a:double,b:int"; [1.0, 2])?, &frame.filter(col("a").is_not_null().and(col("b").lt(3)))?)?;
        t.same(&table!("a:double,b:int"; [1.0, 2])?, &frame.filter((col("a") + col("b")).eq(3))?)?;
        t.same(&table!("a:double,b:int"; [(), 4])?, &frame.filter(col("a").is_null().and(col("b").gt(2)))?.distinct()?)?;
        t.same(&table!("a:double,b:int"; [3.0, 4])?, &frame.filter(!col("a").lt_eq(1))?)
    })
}

/// 6.2: columns, expressions with casts, the wildcard, distinct; a column stands where it is written.
pub fn columns_and_expressions(t: &Bench) -> Outcome {
    let example = example()?;
    let text = || (col("b") + 1).cast("str").alias("c");
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &example)?;
        let all_rows = table!("b:int,c:str"; [2, "3"], [2, "3"], [1, "2"], [4, "5"], [4, "5"])?;
        t.same(&all_rows, &frame.select([col("b"), text()])?)?;
        let once = table!("b:int,c:str"; [2, "3"], [1, "2"], [4, "5"])?;
        t.same(&once, &frame.select(Select::new([col("b"), text()]).distinct())?)?;
        let wild = frame.select(Select::new([all()]).filter((col("a") + col("b")).eq(3)))?;
        t.same(&table!("a:double,b:int"; [1.0, 2])?, &wild)?;
        let more = frame.select(Select::new([all(), text(), lit("x").alias("d")]).filter(col("b").lt(2)))?;
        t.same(&table!("a:double,b:int,c:str,d:str"; [(), 1, "2", "x"])?, &more)?;
        t.same(&table!("b:int,a:double"; [1, ()])?, &frame.select(["b", "a"])?.filter(col("b").eq(1))?)
    })
}

/// 6.2, 3.6: what is no aggregate and no literal is a key; where comes before groups, having after; literals stand beside.
pub fn groups_where_and_having(t: &Bench) -> Outcome {
    let example = example()?;
    let total = || sum("b").cast("double").alias("c");
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &example)?;
        let grouped = frame.select([col("a"), sum("b").cast("double").alias("b")])?;
        t.same(&table!("a:double,b:double"; [1.0, 2.0], [3.0, 4.0], [(), 7.0])?, &grouped)?;
        let having = || sum("b").gt_eq(7).or(col("a").eq(1));
        let some = frame.select(Select::new([col("a"), total()]).having(having()))?;
        t.same(&table!("a:double,c:double"; [1.0, 2.0], [(), 7.0])?, &some)?;
        let beside = [col("a"), lit(1).cast("str").alias("o"), total()];
        t.same(
            &table!("a:double,o:str,c:double"; [1.0, "1", 2.0], [(), "1", 7.0])?,
            &frame.select(Select::new(beside).having(having()))?,
        )?;
        let computed = frame.select([(col("b") % 2).alias("odd"), count_all().alias("n")])?;
        t.same(&table!("odd:long,n:long"; [0, 4], [1, 1])?, &computed)?;
        let input = t.frame(lane, &table!("x:int,y:int"; [1, 10], [1, 20], [3, 35], [3, 40])?)?;
        let both =
            Select::new([col("x"), sum("y").cast("int").alias("z")]).filter(col("y").lt(40)).having(sum("y").gt(30)).distinct();
        t.same(&table!("x:int,z:int"; [3, 35])?, &input.select(both)?)
    })
}

/// 6.2, D57: new columns at the end in the given order, old ones in their place; all see the columns of before.
pub fn assign_replaces_and_appends(t: &Bench) -> Outcome {
    let example = example()?;
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &example)?;
        let assigned =
            frame.assign([lit(1).alias("x"), col("b").cast("str").alias("b"), (col("b") + 1).cast("long").alias("c")])?;
        let expected = table!("a:double,b:str,x:long,c:long";
            [1.0, "2", 1, 3], [(), "2", 1, 3], [(), "1", 1, 2], [3.0, "4", 1, 5], [(), "4", 1, 5])?;
        t.same(&expected, &assigned)
    })
}

/// 6.2, 7.5: aggregates of everything and by keys, keys first; expressions of aggregates; the type of max is that of its values.
pub fn aggregates_of_all_and_by_keys(t: &Bench) -> Outcome {
    let example = example()?;
    let made = || [max("b").alias("b"), (max("b") * 2).cast("int").alias("c")];
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &example)?;
        t.same(&table!("b:int,c:int"; [4, 8])?, &frame.aggregate(made())?)?;
        let expected = table!("a:double,b:int,c:int"; [(), 4, 8], [1.0, 2, 4], [3.0, 4, 8])?;
        t.same(&expected, &frame.group_by("a").aggregate(made())?)?;
        let input = t.frame(lane, &table!("x:int,y:int"; [1, 10], [1, 200], [3, 30])?)?;
        let three = [
            min(-col("y")).alias("y"),
            (-min(-col("y"))).alias("zz"),
            ((min("y") + max("y")) / 3).cast("int").alias("ww"),
            avg("y").cast("long").alias("m"),
        ];
        t.same(&table!("y:int,zz:int,ww:int,m:long"; [-200, 200, 70, 80])?, &input.aggregate(three)?)
    })
}

/// 3.1, 4, 7.5: renaming (swapping too), dropping, other types, odd names.
pub fn columns_are_renamed_dropped_and_altered(t: &Bench) -> Outcome {
    let input = table!("a:str,b:int,c:int"; ["1", 2, 3], [(), 4, ()])?;
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &input)?;
        t.same(&table!("b:str,a:int,c:int"; ["1", 2, 3], [(), 4, ()])?, &frame.rename([("a", "b"), ("b", "a")])?)?;
        t.same(&table!("`a b`:str,b:int,`é`:int"; ["1", 2, 3], [(), 4, ()])?, &frame.rename([("a", "a b"), ("c", "é")])?)?;
        t.same(&table!("b:int"; [2], [4])?, &frame.drop(["a", "c"])?)?;
        t.same(&table!("a:int,b:str,c:int"; [1, "2", 3], [(), "4", ()])?, &frame.alter("b:str,a:int")?)?;
        t.same(&table!("c:int,a:str"; [3, "1"], [(), ()])?, &frame.select(["c", "a"])?)
    })
}

/// A condition is not asked of rows that a step before took away: what is right in the order in which it was written does not fail. Rows so
/// many that engines put filters together, or compute all of one side of an `and`.
pub fn a_filter_never_sees_rows_that_are_gone(t: &Bench) -> Outcome {
    let row = |i: i64| {
        let text = if i % 2 == 0 { OwnValue::text("x") } else { OwnValue::from((i % 10).to_string().as_str()) };
        vec![OwnValue::from(i), OwnValue::from(i % 2 == 1), text]
    };
    let table = Table::new(fugue_core::Schema::parse("i:long,ok:bool,s:str")?, (0..1_200).map(row).collect());
    let nines = Table::new(table.schema.clone(), table.rows.iter().skip(9).step_by(10).cloned().collect());
    let odd = Table::new(
        fugue_core::Schema::parse("i:long")?,
        (0..1_200).skip(1).step_by(2).map(|i| vec![OwnValue::from(i)]).collect(),
    );
    let number = || col("s").cast("long");
    t.on_each_lane(|lane| {
        let frame = t.frame(lane, &table)?;
        let ok = frame.filter(col("ok"))?;
        t.same(&nines, &ok.filter(number().gt(8))?)?;
        t.same(&nines, &ok.assign([number().alias("n")])?.filter(col("n").gt(8))?.drop(["n"])?)?;
        t.same(&nines, &frame.join(&t.frame(lane, &odd)?, "inner")?.filter(number().gt(8))?)?;
        t.same(&nines, &frame.join(&t.frame(lane, &odd)?, "semi")?.filter(number().gt(8))?)?;
        let keyed = ok.select([number().alias("n"), count_all().alias("c")])?;
        t.same(&table!("n:long,c:long"; [9, 120])?, &keyed.filter(col("n").gt(8))?)?;
        let first = frame.group_by("ok").take(1, "i desc")?.filter(col("i").eq(1_199))?;
        t.same(&table!("i:long,ok:bool,s:str"; [1_199, true, "9"])?, &first.filter(number().gt(8))?)
    })
}

/// Both sides of `and` and `or` are computed for every row, so that an error does not depend on how rows are cut.
pub fn both_sides_of_a_condition_are_computed(t: &Bench) -> Outcome {
    let row = |i: i64| vec![OwnValue::from(i == 0), if i == 0 { OwnValue::text("7") } else { OwnValue::text("x") }];
    let table = Table::new(fugue_core::Schema::parse("ok:bool,s:str")?, (0..1_200).map(row).collect());
    t.on_each_lane(|lane| {
        let number = || col("s").cast("long").gt(3);
        for condition in [col("ok").and(number()), (!col("ok")).or(number()), number().and(col("ok"))] {
            let frame = t.frame(lane, &table)?.filter(condition.clone()).and_then(|f| fugue_core::blocking::wait(f.collect()));
            crate::failure::expect_error(frame, &[fugue_core::ErrorKind::ValueInvalid], &condition.to_string())?;
        }
        let guarded = fugue_core::expr::when(col("ok")).then(number()).otherwise(false);
        t.same(&table!("ok:bool,s:str"; [true, "7"])?, &t.frame(lane, &table)?.filter(guarded)?)
    })
}

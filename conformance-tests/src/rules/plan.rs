//! What is wrong is found when the plan is built, with its kind, and before a row is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fugue_core::expr::{Over, all, avg, col, count_all, first, lag, lit, max, null, sum, typed};
use fugue_core::frame::{DropNulls, Sample};
use fugue_core::relational::Select;
use fugue_core::{DataFrame, ErrorKind, Result, blocking};

use super::run::mapped;
use super::support::{example, table};
use crate::bench::Bench;
use crate::failure::{Outcome, ensure, expect_error};
use crate::generate::Lane;

type Case<'c> = (&'c str, Result<DataFrame>, ErrorKind);

fn refused(cases: Vec<Case<'_>>) -> Outcome {
    cases.into_iter().try_for_each(|(what, result, kind)| expect_error(result, &[kind], what).map(|_| ()))
}

/// Text is no number, and no date; bools are no numbers; `ulong` meets no signed.
pub fn mixed_types_are_refused(t: &Bench) -> Outcome {
    use ErrorKind::{ExpressionInvalid, SchemaMismatch};
    let input = table!("s:str,i:int,u:ulong,p:bool,d:date,b:bytes";)?;
    let frame = t.frame(&Lane::plain(), &input)?;
    let one = |expr: fugue_core::expr::Expr| frame.select([expr.alias("c")]);
    refused(vec![
        ("a text and a number", one(col("s") + 1), ExpressionInvalid),
        ("a text compared with a number", one(col("s").eq(1)), ExpressionInvalid),
        ("a bool and a number", one(col("p") + col("i")), ExpressionInvalid),
        ("a date compared with a text", one(col("d").lt("2020-01-01")), ExpressionInvalid),
        ("a ulong and a signed", one(col("u") + col("i")), SchemaMismatch),
        ("a ulong and a literal", one(col("u") + 1), SchemaMismatch),
        ("a ulong compared with less than nothing", one(col("u").gt(-1)), SchemaMismatch),
        ("a number that is no condition", frame.filter(col("i")), ExpressionInvalid),
        ("a text in place of a number", one(col("s").sqrt()), ExpressionInvalid),
        ("minus of a text", one(-col("s")), ExpressionInvalid),
        ("a sum of texts", frame.aggregate([sum("s").alias("c")]), ExpressionInvalid),
        ("bytes as a number", one(col("b").cast("int")), ExpressionInvalid),
        ("no type", one(col("i").cast("number")), ExpressionInvalid),
    ])
}

/// Columns that are not there, by whichever verb.
pub fn unknown_columns_are_refused(t: &Bench) -> Outcome {
    use ErrorKind::ColumnNotFound;
    let frame = t.frame(&Lane::plain(), &example()?)?;
    refused(vec![
        ("select", frame.select(["x"]), ColumnNotFound),
        ("another case", frame.select(["A"]), ColumnNotFound),
        ("an expression", frame.filter((col("x") + 1).gt(2)), ColumnNotFound),
        ("assign", frame.assign([col("x").alias("y")]), ColumnNotFound),
        ("aggregate", frame.aggregate([sum("x").alias("y")]), ColumnNotFound),
        ("group by", frame.group_by("x").aggregate([count_all().alias("n")]), ColumnNotFound),
        ("rename", frame.rename([("x", "y")]), ColumnNotFound),
        ("drop", frame.drop(["x"]), ColumnNotFound),
        ("alter", frame.alter("x:str"), ColumnNotFound),
        ("sort", frame.sort("x"), ColumnNotFound),
        ("take", frame.group_by("a").take(1, "x"), ColumnNotFound),
        ("dropna", frame.dropna_with(DropNulls::any().subset("x")), ColumnNotFound),
        ("fillna", frame.fillna_map([("x", 1)]), ColumnNotFound),
        ("a window", frame.select([max("b").over(Over::partition_by("x").rows(..)).alias("m")]), ColumnNotFound),
    ])
}

/// 3.6, 10.3, D22, D55: names, wildcards, aggregates where they cannot be, nulls without a type.
pub fn selects_that_cannot_be_are_refused(t: &Bench) -> Outcome {
    use ErrorKind::{ExpressionInvalid, SchemaInvalid};
    let frame = t.frame(&Lane::plain(), &example()?)?;
    let none: [fugue_core::expr::Expr; 0] = [];
    let kinds = [ExpressionInvalid, SchemaInvalid, ErrorKind::SchemaMismatch];
    for (what, result) in [
        ("a column without a name", frame.select([col("a") + 1])),
        ("two columns of one name", frame.select([col("a"), col("b").alias("a")])),
        ("no column", frame.select(none.clone())),
        ("the wildcard twice", frame.select([all(), all()])),
        ("the wildcard beside a plain column", frame.select([all(), col("a")])),
        ("the wildcard beside an aggregate", frame.select([all(), sum("b").alias("c")])),
        ("an aggregate in a filter", frame.filter(sum("b").gt(1))),
        ("an aggregate before groups", frame.select(Select::new(["a"]).filter(max("b").gt(1)))),
        ("having without groups", frame.select(Select::new(["a"]).having(col("a").gt(1)))),
        ("no aggregate", frame.group_by("a").aggregate(none)),
        ("what is no aggregate", frame.aggregate([lit(1).alias("x")])),
        ("an aggregate in an assignment", frame.assign([max("b").alias("x")])),
        ("an aggregate of an aggregate", frame.aggregate([sum(max("b")).alias("x")])),
        ("a null without a type", frame.select([null().alias("x")])),
        ("a literal that cannot be cast", frame.select([typed("x", "int").alias("x")])),
        ("dropping all", frame.drop(["a", "b"])),
        ("renaming into another", frame.rename([("a", "b")])),
        ("a pattern that is no literal", frame.select([col("a").cast("str").like(col("a").cast("str")).alias("x")])),
        ("a regular expression that is none", frame.filter(col("a").cast("str").regex_match("("))),
    ] {
        let wanted = [&kinds[..], &[ErrorKind::ValueInvalid]].concat();
        expect_error(result, &wanted, what)?;
    }
    Ok(())
}

/// D94, D95: places in an order need an order that is said to be total; first and last need one at all.
pub fn orders_that_are_missing_are_refused(t: &Bench) -> Outcome {
    let frame = t.frame(&Lane::plain(), &example()?)?;
    let window = |expr: fugue_core::expr::Expr| frame.select([expr.alias("c")]);
    for (what, result) in [
        ("first without an order", frame.aggregate([first("b").alias("x")])),
        ("lag without an order", window(lag("b", 1).over(Over::partition_by("a")))),
        ("lag in an order that may have peers", window(lag("b", 1).over(Over::partition_by("a").order_by("b")))),
        ("rows of an order that may have peers", window(sum("b").over(Over::all().order_by("b").rows(..=0)))),
        ("rows without an order", window(sum("b").over(Over::all().rows(..=0)))),
        ("a window function without a window", window(lag("b", 1))),
        ("an aggregate without a frame", window(avg("b").over(Over::partition_by("a")))),
        ("an order without a frame", window(avg("b").over(Over::all().order_by("b")))),
    ] {
        expect_error(result, &[ErrorKind::ExpressionInvalid], what)?;
    }
    Ok(())
}

/// D40 to D44, 3.2: keys that do not fit, kinds that there are not, schemas that differ.
pub fn joins_and_sets_that_do_not_fit_are_refused(t: &Bench) -> Outcome {
    use ErrorKind::{ExpressionInvalid, SchemaMismatch};
    let lane = Lane::plain();
    let frame = |table: crate::value::Table| t.frame(&lane, &table);
    let (a, b) = (frame(table!("a:int,b:int,c:int";)?)?, frame(table!("c:int,b:int,x:int";)?)?);
    let (other, text) = (frame(table!("z:int";)?)?, frame(table!("a:str";)?)?);
    let fits = a.join(&b, "inner")?.schema().to_string();
    ensure(fits == "a:int,b:int,c:int,x:int", || format!("an inner join has the columns {fits}"))?;
    refused(vec![
        ("a common column that is no key", a.join_on(&b, "inner", ["b"]), SchemaMismatch),
        ("keys of two types", a.join(&text, "inner"), SchemaMismatch),
        ("no common column", a.join(&other, "inner"), SchemaMismatch),
        ("a cross join with common columns", a.join(&b, "cross"), SchemaMismatch),
        ("an empty list of keys", a.join_on(&b, "inner", [] as [&str; 0]), SchemaMismatch),
        ("a key that one side lacks", a.join_on(&b, "inner", ["b", "c", "x"]), SchemaMismatch),
        ("keys of two names and types", a.join_on(&text.rename([("a", "y")])?, "inner", ("a", "y")), SchemaMismatch),
        ("a key of two names that one side lacks", a.join_on(&other, "inner", ("a", "y")), SchemaMismatch),
        ("a key of the right for two of the left", a.join_on(&other, "inner", [("a", "z"), ("b", "z")]), SchemaMismatch),
        ("an unknown kind", a.join(&b, "outer"), ExpressionInvalid),
        ("a kind with a blank", a.join(&b, "left outer"), ExpressionInvalid),
        ("a union of two schemas", a.union(&b), SchemaMismatch),
        ("a difference of two types", a.select(["a"])?.subtract(&text), SchemaMismatch),
        ("what is common in another order", a.intersect_all(&a.select(["b", "a", "c"])?), SchemaMismatch),
    ])?;
    let twice = a.join_on(&b, "inner", ["b", "b", "c"]);
    expect_error(
        twice,
        &[SchemaMismatch, ErrorKind::PartitionInvalid, ExpressionInvalid, ErrorKind::SchemaInvalid],
        "a key twice",
    )
    .map(|_| ())
}

/// D48, D53: fills that do not fit their column, nulls that fill, samples of more than all.
pub fn fills_and_samples_that_cannot_be_are_refused(t: &Bench) -> Outcome {
    use ErrorKind::ValueInvalid;
    let frame = t.frame(&Lane::plain(), &table!("a:int,s:str"; [1, "x"])?)?;
    let floats = t.frame(&Lane::plain(), &table!("f:float"; [1.0])?)?;
    for (what, result) in [
        ("a fraction in a whole number", frame.fillna_map([("a", 0.5)])),
        ("more digits than a float has", floats.fillna(0.123_456_789)),
        ("a text in a number", frame.fillna_map([("a", "x")])),
        ("a null", frame.fillna(null())),
        ("a null by column", frame.fillna_map([("s", null())])),
        ("more than all", frame.sample(Sample::fraction(1.5))),
        ("less than nothing", frame.sample(Sample::fraction(-0.5))),
    ] {
        expect_error(result, &[ValueInvalid, ErrorKind::ExpressionInvalid], what)?;
    }
    Ok(())
}

/// No row is read and no code runs before an action, whatever the verbs; and then it does.
pub fn verbs_are_lazy(t: &Bench) -> Outcome {
    if t.session(&Lane::plain())?.info().distributed {
        return Ok(());
    }
    let input = example()?;
    t.on_each_lane(|lane| {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let function = move |batch: fugue_core::arrow::record_batch::RecordBatch| {
            counted.fetch_add(1, Ordering::Relaxed);
            batch
        };
        let spec = fugue_core::partition::PartitionSpec::new().by(["a"])?;
        let frame = mapped(&t.frame(lane, &input)?, spec, function, &input.schema)?;
        let lazy = frame
            .filter(col("b").gt(1))?
            .assign([(col("b") + 1).alias("c")])?
            .join(&frame.group_by("a").aggregate([sum("b").alias("s")])?, "left_outer")?
            .union(&frame.assign([lit(1).alias("c"), lit(1).alias("s")])?)?
            .distinct()?
            .sort("b desc, c, a, s")?
            .limit(3)?;
        ensure(calls.load(Ordering::Relaxed) == 0, || "user code ran before an action".to_owned())?;
        blocking::wait(lazy.collect())?;
        ensure(calls.load(Ordering::Relaxed) > 0, || "user code did not run".to_owned())
    })
}

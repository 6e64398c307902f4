//! Errors say the verb, the engine and the user's line, when the plan is built and when it runs.

use fugue_core::expr::{col, count_distinct, lit, max, sum};
use fugue_core::relational::Select;
use fugue_core::{DataFrame, Error, ErrorKind, Result, blocking};

use super::{frame, sessions};

#[track_caller]
fn told(error: &Error, kind: ErrorKind, operation: &str, line: u32) {
    assert_eq!((error.kind(), error.operation()), (kind, Some(operation)), "{error:?}");
    assert!(error.engine().is_some(), "{error:?}");
    let at = error.call_site().unwrap();
    assert_eq!((at.file(), at.line()), (file!(), line), "{error:?}");
}

#[test]
fn mistakes_are_found_when_the_plan_is_built() {
    for session in sessions() {
        let df = frame(&session, "a:double,b:int", "1,2");
        type Case = (fn(&DataFrame) -> Result<DataFrame>, ErrorKind, &'static str, u32);
        let cases: [Case; 17] = [
            (|df| df.select(["x"]), ErrorKind::ColumnNotFound, "select", line!()),
            (|df| df.select([col("a") + 1]), ErrorKind::ExpressionInvalid, "select", line!()),
            (|df| df.select(["a", "a"]), ErrorKind::ExpressionInvalid, "select", line!()),
            (|df| df.select(Select::new(["a"]).filter(max("a").gt(1))), ErrorKind::ExpressionInvalid, "select", line!()),
            (|df| df.filter(col("x").gt(1)), ErrorKind::ColumnNotFound, "filter", line!()),
            (|df| df.assign([sum("a").alias("s")]), ErrorKind::ExpressionInvalid, "assign", line!()),
            (|df| df.aggregate([lit(1).alias("x")]), ErrorKind::ExpressionInvalid, "aggregate", line!()),
            (|df| df.group_by("a").aggregate(()), ErrorKind::ExpressionInvalid, "aggregate", line!()),
            (|df| df.group_by("x").aggregate([sum("a").alias("s")]), ErrorKind::ColumnNotFound, "aggregate", line!()),
            (|df| df.rename([("x", "y")]), ErrorKind::ColumnNotFound, "rename", line!()),
            (|df| df.rename([("a", "b")]), ErrorKind::SchemaInvalid, "rename", line!()),
            (|df| df.drop(["a", "b"]), ErrorKind::SchemaInvalid, "drop", line!()),
            (|df| df.drop("x"), ErrorKind::ColumnNotFound, "drop", line!()),
            (|df| df.alter("x:int"), ErrorKind::ColumnNotFound, "alter", line!()),
            (|df| df.sort("x"), ErrorKind::ColumnNotFound, "sort", line!()),
            (|df| df.sort("a sideways"), ErrorKind::PartitionInvalid, "sort", line!()),
            (|df| df.group_by("x").take(1, ()), ErrorKind::ColumnNotFound, "take", line!()),
        ];
        for (case, kind, operation, line) in cases {
            told(&case(&df).unwrap_err(), kind, operation, line);
        }
    }
}

#[test]
fn values_that_fail_name_the_verb_and_the_line_when_they_run() {
    for session in sessions() {
        let df = frame(&session, "s:str,n:long", "1,9223372036854775807; 2,1; x,1");
        let cases = [
            (df.alter("s:int"), "alter", line!()),
            (df.assign([col("s").cast("int").alias("i")]), "assign", line!()),
            (df.filter(col("s").cast("int").gt(0)), "filter", line!()),
            (df.aggregate([sum(col("s").cast("int")).alias("i")]), "aggregate", line!()),
            (df.aggregate([fugue_core::expr::checked_sum("n").alias("n")]), "aggregate", line!()),
            (df.select([col("n"), count_distinct(col("s").cast("int")).alias("d")]), "select", line!()),
        ];
        for (frame, operation, line) in cases {
            let error = blocking::wait(frame.unwrap().collect()).unwrap_err();
            told(&error, ErrorKind::ValueInvalid, operation, line);
            assert_eq!(error.context("transformer"), None);
        }
    }
}

#[test]
fn descriptions_and_joins_name_the_line_too() {
    for session in sessions() {
        let df = frame(&session, "s:str", "1; x").alter("s:int").unwrap();
        let told_at = blocking::wait(df.describe()).unwrap_err();
        assert_eq!((told_at.kind(), told_at.operation()), (ErrorKind::ValueInvalid, Some("alter")));
        let other = frame(&session, "s:str", "");
        told(&df.join(&other, "inner").unwrap_err(), ErrorKind::SchemaMismatch, "join", line!());
        told(&df.join_all([&other], "inner").unwrap_err(), ErrorKind::SchemaMismatch, "join", line!());
        told(&df.union(&other).unwrap_err(), ErrorKind::SchemaMismatch, "union", line!());
        told(&df.fillna("x").unwrap().fillna(1.5).unwrap_err(), ErrorKind::ValueInvalid, "fillna", line!());
    }
}

#[test]
fn rows_that_fail_are_counted_as_they_came() {
    let session = &sessions()[0];
    let df = frame(
        session,
        "s:str",
        &(0..20_000).map(|i| if i == 12_345 { "x".into() } else { i.to_string() }).collect::<Vec<_>>().join(";"),
    );
    let even = Select::new([col("s").cast("int").alias("i")]).filter(col("s").not_eq("7"));
    let error = blocking::wait(df.select(even).unwrap().collect()).unwrap_err();
    assert_eq!((error.context("row"), error.context("rows")), (Some("12345"), Some("s=x")), "{error:?}");
}

#[test]
fn maps_cannot_be_compared() {
    for session in sessions() {
        let df = frame(&session, "m:<str,int>,a:int", "");
        let cases = [
            df.distinct(),
            df.union(&df),
            df.subtract(&df),
            df.sort("m"),
            df.group_by("m").take(1, "a"),
            df.group_by("m").aggregate([sum("a").alias("a")]),
            df.join(&df, "inner"),
        ];
        for case in cases {
            assert_eq!(case.unwrap_err().kind(), ErrorKind::ExpressionInvalid);
        }
        assert_eq!(blocking::wait(df.group_by("a").take(1, ()).unwrap().count()).unwrap(), 0);
        assert_eq!(blocking::wait(df.sample(fugue_core::frame::Sample::rows(3)).unwrap().count()).unwrap(), 0);
    }
}

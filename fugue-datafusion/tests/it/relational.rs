//! Verbs as plans of DataFusion: what it does itself, and that it answers as the derived operations do.

use fugue_core::expr::{
    avg, col, collect_list, count_all, count_distinct, first, last, lit, max, median, min, quantile, stddev, sum, when,
};
use fugue_core::frame::Nulls;
use fugue_core::relational::Select;
use fugue_core::{DataFrame, Session};
use fugue_datafusion::DataFusionEngine;
use fugue_datafusion::datafusion::arrow::util::pretty::pretty_format_batches;

use crate::{Outcome, run};

const ROWS: &str = "k:str,n:int,x:double,d:decimal(12,2)";

/// Rows whose keys and floats are what engines trip over.
fn rows() -> Vec<(Option<&'static str>, Option<i32>, Option<f64>)> {
    let negative_nan = f64::from_bits(0xfff8_0000_0000_0001);
    vec![
        (Some("a"), Some(7), Some(1.5)),
        (Some("a"), Some(-3), Some(f64::NAN)),
        (Some("b"), None, Some(negative_nan)),
        (None, Some(i32::MAX), Some(-0.0)),
        (None, Some(1), Some(0.0)),
        (Some("é"), Some(0), None),
    ]
}

fn frame(session: &Session) -> fugue_core::Result<DataFrame> {
    #[derive(fugue_core::row::Row)]
    struct R {
        k: Option<String>,
        n: Option<i32>,
        x: Option<f64>,
    }
    let rows: Vec<R> = rows().into_iter().map(|(k, n, x)| R { k: k.map(str::to_owned), n, x }).collect();
    session.frame(rows)?.assign([(col("n").cast("decimal(12,2)") / lit(3)).cast("decimal(12,2)").alias("d")])
}

fn programs(df: &DataFrame) -> fugue_core::Result<Vec<(&'static str, DataFrame)>> {
    let other = df.filter(col("n").gt(0))?.select([col("x"), (col("n") * lit(2)).alias("m")])?;
    Ok(vec![
        ("filter", df.filter(col("x").gt_eq(1.0).or(col("k").is_null()))?),
        (
            "assign",
            df.assign([(col("n") / lit(0)).alias("z"), when(col("k").eq("a")).then(col("n") + lit(1)).otherwise(0).alias("w")])?,
        ),
        (
            "aggregate",
            df.group_by(["x"]).aggregate([
                count_all().alias("rows"),
                sum("n").alias("s"),
                avg("n").alias("a"),
                sum("d").alias("ds"),
                avg("d").alias("da"),
                count_distinct("k").alias("u"),
            ])?,
        ),
        (
            "quantiles",
            df.group_by(["k"]).aggregate([
                median("x").alias("mx"),
                quantile("n", 0.25).alias("qn"),
                median("d").where_(col("n").gt(0)).alias("md"),
            ])?,
        ),
        ("quantile of all", df.filter(col("n").gt(lit(i64::MAX)))?.aggregate([median("x").alias("m")])?),
        (
            "ordered",
            df.group_by(["k"]).aggregate([
                first("n").order_by("x desc, n").alias("f"),
                last("k").order_by("n").where_(col("x").is_not_null()).alias("l"),
                collect_list("x").order_by("n desc").where_(col("n").gt(0)).alias("c"),
            ])?,
        ),
        ("take", df.group_by(["k"]).take(1, "x desc, n")?),
        ("take by floats", df.group_by(["x"]).take_with(1, "n", Nulls::First)?),
        ("extremes", df.group_by(["k"]).aggregate([min("x").alias("lo"), max("x").alias("hi"), stddev("n").alias("sd")])?),
        (
            "global",
            df.filter(col("n").gt(lit(i64::MAX)))?.aggregate([
                count_all().alias("c"),
                sum("n").alias("s"),
                max("x").alias("m"),
            ])?,
        ),
        ("having", df.select(Select::new([col("k"), sum("n").alias("s")]).having(sum("n").gt(0).or(col("k").is_null())))?),
        ("inner", df.join_on(&other, "inner", ["x"])?),
        ("left", df.join_on(&other, "left_outer", ["x"])?),
        ("right", df.join_on(&other, "right_outer", ["x"])?),
        ("full", df.join_on(&other, "full_outer", ["x"])?),
        ("semi", df.join_on(&other, "semi", ["x"])?),
        ("anti", df.join_on(&other, "anti", ["x"])?),
        ("cross", df.select(["k"])?.join(&other, "cross")?),
        ("union", df.union(df)?),
        ("union all", df.union_all(df)?),
        ("subtract", df.subtract(&df.filter(col("n").gt(0))?)?),
        ("intersect", df.intersect(&df.filter(col("n").gt(0))?)?),
        ("distinct", df.select(["x"])?.distinct()?),
        ("sort", df.sort("x desc, k, n")?.take(3)?),
        ("limit", df.limit(100)?),
    ])
}

async fn shown(df: &DataFrame) -> fugue_core::Result<Vec<String>> {
    let batches = df.collect().await?;
    let schema = df.schema().to_string();
    let mut lines: Vec<String> = pretty_format_batches(&batches)?.to_string().lines().map(|l| l.replace("-0.0", "0.0")).collect();
    lines.sort_unstable();
    lines.push(schema);
    // The width of columns depends on which zero is shown.
    Ok(lines.into_iter().map(|l| l.replace([' ', '-'], "")).collect())
}

#[test]
fn native_plans_answer_as_derived_ones_and_are_native() -> Outcome {
    run(async {
        let native = Session::with_engine(DataFusionEngine::new(3)?)?;
        let derived = Session::builder().derived(true).with_engine(DataFusionEngine::new(3)?)?;
        let (left, right) = (programs(&frame(&native)?)?, programs(&frame(&derived)?)?);
        for ((name, native), (_, derived)) in left.iter().zip(&right) {
            assert!(derived.explain()?.contains("Fugue") || ["union all", "cross"].contains(name), "{name} was not derived");
            assert!(!native.explain()?.contains("FugueCall"), "{name} is not native:\n{}", native.explain()?);
            assert_eq!(shown(native).await?, shown(derived).await?, "{name}");
        }
        Ok(())
    })
}

/// So many keys that DataFusion gives up grouping before it spreads rows, and passes values on as states.
#[test]
fn quantiles_of_many_keys_are_exact() -> Outcome {
    #[derive(fugue_core::row::Row)]
    struct R {
        k: i64,
        x: Option<f64>,
    }
    #[derive(fugue_core::row::Row, Debug, PartialEq)]
    struct M {
        k: i64,
        m: Option<f64>,
        f: Option<f64>,
    }
    const KEYS: i64 = 180_000;
    run(async {
        let session = Session::with_engine(DataFusionEngine::new(2)?)?;
        let x = |k: i64| (k % 5 != 0).then_some(k as f64 / 4.0);
        // The last keys have rows in other batches too, one of which has no value.
        let again = (KEYS - 10..KEYS).flat_map(|k| [R { k, x: Some(-1.0) }, R { k, x: None }]);
        let df = session.frame((0..KEYS).map(|k| R { k, x: x(k) }).chain(again).collect::<Vec<_>>())?;
        let medians = df.group_by("k").aggregate([median("x").alias("m"), median("x").where_(col("x").gt(3.0)).alias("f")])?;
        let mut got: Vec<M> = medians.rows().await?;
        got.sort_by_key(|row| row.k);
        let expected = (0..KEYS).map(|k| {
            let m = if k < KEYS - 10 { x(k) } else { x(k).map_or(Some(-1.0), |x| Some(f64::midpoint(x, -1.0))) };
            M { k, m, f: x(k).filter(|x| *x > 3.0) }
        });
        assert!(got.into_iter().eq(expected), "a median is wrong");
        Ok(())
    })
}

#[test]
fn queries_mean_what_datafusion_says() -> Outcome {
    run(async {
        let session = Session::with_engine(DataFusionEngine::new(3)?)?;
        let df = frame(&session)?;
        assert_eq!(df.schema().to_string(), ROWS);
        let answer = session
            .sql("SELECT k AS `K`, count(*) AS c FROM t WHERE n IS NOT NULL GROUP BY k ORDER BY c, k", [("t", &df)])
            .await?;
        assert_eq!(answer.schema().to_string(), "K:str,c:long");
        assert_eq!(answer.count().await?, 3);
        for (wrong, says) in [
            ("SELECT * FROM nowhere", "nowhere"),
            ("SELECT z FROM t", "z"),
            ("SELEC 1", "SELEC"),
            ("DELETE FROM t", "only queries"),
            ("SELECT * FROM t TABLESAMPLE BERNOULLI (10)", "TABLESAMPLE"),
            ("SELECT no_such_function(n) AS f FROM t", "no_such_function"),
        ] {
            let error = session.sql(wrong, [("t", &df)]).await.expect_err("no query");
            assert_eq!(error.kind(), fugue_core::ErrorKind::SqlInvalid, "{wrong}: {error:?}");
            assert!(error.to_string().contains(says), "{wrong}: {error}");
        }
        Ok(())
    })
}

//! Queries in SQL over frames of Polars: what they ask for becomes part of the plan of Polars, and answers stay the same.

use std::sync::Arc;

use fugue_core::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringViewArray,
    TimestampMicrosecondArray, UInt64Array,
};
use fugue_core::blocking::wait;
use fugue_core::expr::col;
use fugue_core::frame::Source;
use fugue_core::io::{BatchIter, LazySource, MemorySource};
use fugue_core::run::Cancel;
use fugue_core::{DataFrame, Result, Schema, Session};
use fugue_polars::polars::prelude::IntoLazy;

use crate::{Outcome, Reading, polars, readings, rows_of};

/// Values in which the two ways of comparing could differ.
fn table() -> Result<RecordBatch> {
    let (nan, negative) = (f64::NAN, -f64::NAN);
    let x = [Some(nan), Some(negative), Some(f64::INFINITY), Some(-0.0), Some(0.0), Some(1.5), Some(-2.0), None];
    let s = [Some("a"), Some("a%"), Some("A_b"), Some("ä"), Some(""), Some("a\\b"), Some("zz"), None];
    let i = [Some(i32::MIN), Some(-1), Some(0), Some(1), Some(7), Some(i32::MAX), None, Some(3)];
    let moments =
        [Some(-1), Some(0), Some(1), Some(1_577_836_800_000_000), None, Some(i64::MAX / 4), Some(86_399_999_999), Some(5)];
    let columns: [(&str, ArrayRef); 10] = [
        ("n", Arc::new(Int64Array::from_iter_values(0..8))),
        ("x", Arc::new(Float64Array::from(x.to_vec()))),
        ("s", Arc::new(StringViewArray::from(s.to_vec()))),
        ("i", Arc::new(Int32Array::from(i.to_vec()))),
        (
            "u",
            Arc::new(UInt64Array::from(vec![Some(u64::MAX), Some(0), Some(1), None, Some(1 << 63), Some(5), Some(6), Some(7)])),
        ),
        ("b", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None, Some(true), None, Some(false), Some(true), None]))),
        ("d", Arc::new(Date32Array::from(vec![Some(0), Some(-1), Some(18_262), None, Some(18_263), Some(1), Some(2), Some(3)]))),
        ("t", Arc::new(TimestampMicrosecondArray::from(moments.to_vec()))),
        (
            "m",
            Arc::new(
                Decimal128Array::from(vec![Some(0), Some(150), Some(-150), Some(99_999), None, Some(1), Some(151), Some(149)])
                    .with_precision_and_scale(9, 2)?,
            ),
        ),
        ("unread", Arc::new(Int64Array::from_iter_values(0..8))),
    ];
    Ok(RecordBatch::try_from_iter(columns)?)
}

/// How much of a condition goes to Polars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goes {
    /// All of it, and DataFusion does not filter.
    Whole,
    /// A wider one, and DataFusion filters too.
    Wider,
    /// Nothing.
    Not,
}

const CONDITIONS: &[(&str, Goes)] = &[
    ("b", Goes::Whole),
    ("NOT b", Goes::Whole),
    ("b IS NULL", Goes::Whole),
    ("x IS NOT NULL", Goes::Whole),
    ("i > 0", Goes::Whole),
    ("i <> 7", Goes::Whole),
    ("i = 3000000000", Goes::Whole),
    ("0 >= i", Goes::Whole),
    ("i < n", Goes::Whole),
    ("i IS DISTINCT FROM n", Goes::Whole),
    ("u > 5", Goes::Whole),
    ("u >= 9223372036854775808", Goes::Whole),
    ("i IN (1, 7, 8, 9)", Goes::Whole),
    ("i NOT IN (1, 7, 8, NULL)", Goes::Whole),
    ("i BETWEEN -1 AND 3", Goes::Whole),
    ("i NOT BETWEEN -1 AND 3", Goes::Whole),
    ("s > 'a'", Goes::Whole),
    ("s <= 'a%'", Goes::Whole),
    ("s LIKE 'a%'", Goes::Whole),
    ("s NOT LIKE '_'", Goes::Whole),
    ("s LIKE 'a\\%'", Goes::Not),
    ("s ILIKE 'a%'", Goes::Not),
    ("d > DATE '1970-01-02'", Goes::Whole),
    ("d <> '2020-01-01'", Goes::Whole),
    ("t >= TIMESTAMP '1970-01-01 00:00:00.000001'", Goes::Whole),
    ("t < '2020-01-01'", Goes::Whole),
    ("m > 1.5", Goes::Whole),
    ("m = 1.50", Goes::Whole),
    ("x > 0", Goes::Wider),
    ("x >= 0.0", Goes::Wider),
    ("x < 1.5", Goes::Wider),
    ("x <= -0.0", Goes::Wider),
    ("x = 0", Goes::Wider),
    ("x <> 1.5", Goes::Not),
    ("x NOT IN (1.5, 2, 3, 4)", Goes::Not),
    ("x IN (1.5, 0, 3, 4)", Goes::Wider),
    ("x = 'NaN'::double", Goes::Not),
    ("x BETWEEN -3 AND 2", Goes::Wider),
    ("x = x", Goes::Whole),
    ("length(s) = 1", Goes::Not),
    ("10 / (i - 8) < 0", Goes::Not),
    ("CAST(n AS VARCHAR) = '3'", Goes::Whole),
    ("CAST(x AS VARCHAR) = '1.5'", Goes::Not),
];

/// A source that reads all and takes no filter.
#[derive(Debug)]
struct Whole(MemorySource);

impl LazySource for Whole {
    fn schema(&self) -> &Schema {
        self.0.schema()
    }

    fn describe(&self) -> String {
        self.0.describe()
    }

    fn rows(&self) -> Option<u64> {
        None
    }

    fn scan(&self, projection: Option<&[usize]>, cancel: &Cancel) -> Result<BatchIter> {
        self.0.scan(projection, cancel)
    }
}

/// The table on Polars, on the local engine with a step above its rows, and on DataFusion as a source that is read whole.
fn frames() -> Result<[(Session, DataFrame); 3]> {
    let (polars, local, datafusion) = (polars(), Session::local()?, wait(Session::open("datafusion"))?);
    let schema = Schema::of_batch(&table()?)?;
    let memory = || MemorySource::new(schema.clone(), vec![table()?]);
    let on_polars = polars.frame(table()?)?;
    let on_local = local.frame(table()?)?.filter(col("n").gt_eq(0))?;
    let whole = datafusion.frame(Source::new(Whole(memory()?)))?;
    Ok([(polars, on_polars), (local, on_local), (datafusion, whole)])
}

fn answer(session: &Session, frame: &DataFrame, condition: &str) -> Result<(Vec<String>, String)> {
    let query = format!("SELECT n, x, s FROM t WHERE {condition}");
    let answer = wait(session.sql(&query, [("t", frame)]))?;
    Ok((rows_of(&wait(answer.collect())?), answer.explain()?))
}

#[test]
fn filters_go_to_polars_where_they_mean_the_same() -> Outcome {
    let [(session, frame), local, whole] = frames()?;
    for (condition, goes) in CONDITIONS {
        let (rows, plan) = answer(&session, &frame, condition)?;
        assert_eq!(rows, answer(&whole.0, &whole.1, condition)?.0, "{condition}\n{plan}");
        assert_eq!(rows, answer(&local.0, &local.1, condition)?.0, "{condition} on the local engine");
        let seen = match (plan.contains("filters="), plan.contains("FilterExec")) {
            (true, false) => Goes::Whole,
            (true, true) => Goes::Wider,
            (false, _) => Goes::Not,
        };
        assert_eq!(seen, *goes, "{condition}\n{plan}");
        assert_eq!(plan.contains("FILTER"), *goes != Goes::Not, "{condition}\n{plan}");
        assert!(plan.contains("frame of polars") && !plan.contains("unread"), "{condition}\n{plan}");
    }
    Ok(())
}

#[test]
fn filters_of_filters_answer_as_without_polars() -> Outcome {
    let [(session, frame), local, whole] = frames()?;
    // Each with a few others, in turns, so that every pair of kinds comes once.
    for (i, (first, _)) in CONDITIONS.iter().enumerate() {
        let (second, _) = CONDITIONS[(i * 7 + 3) % CONDITIONS.len()];
        let (third, _) = CONDITIONS[(i * 11 + 5) % CONDITIONS.len()];
        for condition in [
            format!("({first}) AND ({second})"),
            format!("({first}) OR ({second})"),
            format!("NOT (({first}) OR NOT ({second})) AND ({third})"),
            format!("(({first}) AND ({second})) IS NULL OR ({third})"),
        ] {
            let expected = answer(&whole.0, &whole.1, &condition)?.0;
            assert_eq!(answer(&session, &frame, &condition)?.0, expected, "{condition}");
            assert_eq!(answer(&local.0, &local.1, &condition)?.0, expected, "{condition} on the local engine");
        }
    }
    Ok(())
}

#[test]
fn columns_and_limits_go_to_polars() -> Outcome {
    let session = polars();
    let df = session.frame(readings().lazy())?;
    let first = wait(session.sql("SELECT sensor FROM t LIMIT 2", [("t", &df)]))?;
    let plan = first.explain()?;
    assert!(plan.contains("columns=[sensor], fetch=2") && plan.contains("Polars: limit"), "{plan}");
    assert!(plan.contains("1/4 COLUMNS"), "{plan}");
    assert_eq!(wait(first.count())?, 2);
    let filtered = wait(session.sql("SELECT sensor FROM t WHERE at > 2 LIMIT 3", [("t", &df)]))?;
    let plan = filtered.explain()?;
    assert!(plan.contains("filters=1, fetch=3") && plan.contains("FILTER"), "{plan}");
    assert_eq!(wait(filtered.count())?, 3);
    // Whoever filters after the source reads as many rows as he needs.
    let wide = wait(session.sql("SELECT sensor FROM t WHERE value > 3 LIMIT 3", [("t", &df)]))?;
    assert!(!wide.explain()?.contains("Polars: limit"), "{}", wide.explain()?);
    assert_eq!(wait(wide.count())?, 3);
    let counted = wait(session.sql("SELECT count(*) AS n FROM t", [("t", &df)]))?;
    assert_eq!(rows_of(&wait(counted.collect())?), ["6"]);
    let odd = wait(session.sql("SELECT count(*) AS n FROM t WHERE at % 2 = 1 AND at > 1", [("t", &df)]))?;
    assert_eq!(rows_of(&wait(odd.collect())?), ["3"]);
    Ok(())
}

#[test]
fn rows_of_functions_stay_a_stream() -> Outcome {
    let session = polars();
    let df = session.frame(readings().lazy())?.transform(|r: Reading| Reading { at: r.at + 1, ..r }).run()?;
    let answer = wait(session.sql("SELECT sensor, at FROM t WHERE at > 9", [("t", &df)]))?;
    let plan = answer.explain()?;
    assert!(plan.contains("FilterExec") && plan.contains("Map: ") && !plan.contains("Polars: select"), "{plan}");
    assert_eq!(rows_of(&wait(answer.collect())?), ["c|10"]);
    Ok(())
}

#[test]
fn queries_over_queries_are_one_plan() -> Outcome {
    let session = polars();
    let df = session.frame(readings().lazy())?;
    let inner = wait(session.sql("SELECT sensor, at, value FROM t", [("t", &df)]))?;
    let outer = wait(session.sql("SELECT at FROM q WHERE sensor = 'a'", [("q", &inner)]))?;
    let plan = outer.explain()?;
    assert!(plan.contains("columns=[at], filters=1") && plan.matches("frame of").count() == 2, "{plan}");
    assert_eq!(rows_of(&wait(outer.collect())?), ["1", "2", "4"]);
    Ok(())
}

//! Verbs as plans of Polars that answer as the derived operations do: what is ordered, taken and interpolated inside groups.

use fugue_core::blocking::wait;
use fugue_core::expr::{col, collect_list, first, last, median, quantile};
use fugue_core::frame::Nulls;
use fugue_core::row::Row;
use fugue_core::{DataFrame, Session};
use fugue_polars::PolarsEngine;

use crate::{Outcome, rows_of};

#[derive(Row)]
struct Item {
    k: Option<f64>,
    n: Option<i32>,
    x: Option<f64>,
    s: Option<String>,
}

/// Keys and values that engines trip over, each many times; `n` is another number in each row, or null.
fn frame(session: &Session) -> fugue_core::Result<DataFrame> {
    let negative_nan = f64::from_bits(0xfff8_0000_0000_0001);
    let floats = [Some(1.5), Some(f64::NAN), Some(-0.0), None, Some(f64::NEG_INFINITY), Some(0.0), Some(negative_nan)];
    let texts = [Some("a"), None, Some(""), Some("é")];
    let items = (0..400_i32).map(|i| {
        let at = i.unsigned_abs() as usize;
        let x = if at.is_multiple_of(5) { floats[at % 7] } else { Some(f64::from(i * 37 % 101)) };
        let n = (i % 11 != 3).then_some(i);
        Item { k: floats[at / 3 % 7], n, x, s: texts[at % 4].map(str::to_owned) }
    });
    session.frame(items.collect::<Vec<_>>())
}

fn programs(df: &DataFrame) -> fugue_core::Result<Vec<(&'static str, DataFrame)>> {
    let (floats, texts) = (df.select(["k", "x"])?, df.select(["n", "s"])?);
    let pairs = df.select(["k", "n"])?;
    Ok(vec![
        ("the greatest", floats.group_by("k").take(2, "x desc")?),
        ("the least", floats.group_by("k").take(3, "x")?),
        ("nulls first", floats.group_by("k").take_with(9, "x desc", Nulls::First)?),
        ("by text", texts.group_by("s").take_with(1, "n", Nulls::First)?),
        ("texts", texts.group_by("n").take(1, "s desc")?),
        ("more than there are", pairs.group_by("k").take(1000, "n")?),
        ("of nothing", pairs.filter(col("n").gt(1000))?.group_by("k").take(2, "n")?),
        (
            "quantiles",
            df.group_by("k").aggregate([
                median("x").alias("mx"),
                median("n").alias("mn"),
                quantile("n", 0.1).alias("tenth"),
                quantile("x", 1.0).alias("most"),
                median("n").where_(col("n").gt(390)).alias("few"),
            ])?,
        ),
        (
            "a quantile of nothing",
            df.filter(col("n").gt(1000))?.aggregate([median("x").alias("m"), quantile("n", 0.2).alias("q")])?,
        ),
        (
            "in order",
            df.group_by("s").aggregate([
                first("x").order_by("n desc").alias("f"),
                last("k").order_by("x desc, n").alias("l"),
                collect_list("s").order_by("n").alias("c"),
            ])?,
        ),
        (
            "all in order",
            df.aggregate([first("x").order_by("n desc").alias("f"), collect_list("n").order_by("x, n").alias("c")])?,
        ),
        (
            "nothing in order",
            df.filter(col("n").gt(1000))?
                .aggregate([last("x").order_by("n").alias("l"), collect_list("s").order_by("n").alias("c")])?,
        ),
    ])
}

#[test]
fn spreads_of_single_rows_are_those_of_their_values() -> Outcome {
    use fugue_core::expr::{stddev, stddev_population, variance, variance_population};
    use fugue_polars::IntoPolars;
    use fugue_polars::polars::prelude::{IntoLazy, col as named, df, lit};

    let values = [Some(1.0), Some(3.0), None, Some(f64::INFINITY), Some(f64::NAN), Some(7.0), None, Some(4.0)];
    // Groups of rows that are sorted by their key are slices to Polars.
    let rows = df!("k" => [1_i64, 1, 2, 3, 4, 5, 6, 6], "x" => values)?.sort(["k"], Default::default())?;
    let spreads = |session: &Session| {
        session.frame(rows.clone())?.group_by("k").aggregate([
            stddev_population("x").alias("sp"),
            variance_population("x").alias("vp"),
            stddev("x").alias("s"),
            variance("x").alias("v"),
        ])
    };
    let native = spreads(&Session::with_engine(PolarsEngine::new(2))?)?;
    let derived = spreads(&Session::builder().derived(true).with_engine(PolarsEngine::new(2))?)?;
    let expected = rows_of(&wait(derived.collect())?);
    assert!(expected.contains(&"2|NULL|NULL|NULL|NULL".to_owned()), "{expected:?}");
    // What is made up for: without it a null alone would have no spread, and not an unknown one. When this fails Polars says it right.
    let by_hand = rows.clone().lazy().group_by([named("k")]).agg([named("x").var(0)]).filter(named("k").eq(lit(2))).collect()?;
    assert_eq!(by_hand.column("x")?.f64()?.get(0), Some(0.0));
    assert_eq!(rows_of(&wait(native.collect())?), expected);
    let in_memory = Session::local()?.frame(native.to_lazy()?.collect()?)?;
    assert_eq!(rows_of(&wait(in_memory.collect())?), expected);
    Ok(())
}

#[test]
fn native_plans_answer_as_derived_ones_and_are_native() -> Outcome {
    let native = Session::with_engine(PolarsEngine::new(2))?;
    let derived = Session::builder().derived(true).with_engine(PolarsEngine::new(2))?;
    let (left, right) = (programs(&frame(&native)?)?, programs(&frame(&derived)?)?);
    for ((name, native), (_, derived)) in left.iter().zip(&right) {
        assert!(derived.explain()?.contains("Map: "), "{name} was not derived");
        assert!(!native.explain()?.contains("Map: "), "{name} is not native:\n{}", native.explain()?);
        assert_eq!(native.schema(), derived.schema(), "{name}");
        let shown = |df: &DataFrame| -> fugue_core::Result<Vec<String>> {
            // Zeros are one value, whatever their sign.
            Ok(rows_of(&wait(df.collect())?).into_iter().map(|row| row.replace("-0.0", "0.0")).collect())
        };
        let (mut got, mut expected) = (shown(native)?, shown(derived)?);
        got.sort();
        expected.sort();
        assert_eq!(got, expected, "{name}");
    }
    Ok(())
}

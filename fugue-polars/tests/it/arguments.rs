//! Frames of Polars as arguments and results of functions, on every engine, without a copy.

use std::sync::{Arc, Mutex};

use fugue_core::arrow::array::{Array, AsArray};
use fugue_core::arrow::datatypes::{Float64Type, Int64Type};
use fugue_core::blocking::wait;
use fugue_core::calls::{cotransform, out_transform, transform};
use fugue_core::group::ZipKind;
use fugue_core::transform::Params;
use fugue_core::{ErrorKind, Session};
use fugue_polars::IntoPolars;
use fugue_polars::polars::prelude::*;

use crate::{Outcome, batch, polars, readings, totals};

const TOTAL: &str = "sensor:str,rows:long,total:double";

fn summed(df: DataFrame) -> PolarsResult<DataFrame> {
    df.lazy()
        .group_by([col("sensor")])
        .agg([len().cast(DataType::Int64).alias("rows"), col("value").sum().alias("total")])
        .collect()
}

fn sessions() -> [Session; 2] {
    [Session::local().expect("threads"), polars()]
}

#[test]
fn a_function_over_frames_runs_on_every_engine() -> Outcome {
    for session in sessions() {
        let df = session.frame(batch(1))?;
        for result in
            [df.transform(summed).partition_by("sensor").schema(TOTAL).run()?, df.transform(summed).schema(TOTAL).run()?]
        {
            assert_eq!(wait(result.collect_polars())?.sort(["sensor"], Default::default())?, totals());
        }
    }
    Ok(())
}

#[test]
fn a_function_over_frames_takes_native_frames() -> Outcome {
    let lazily: LazyFrame = transform(readings().lazy(), summed).partition_by("sensor").schema(TOTAL).run()?;
    assert_eq!(crate::collected(lazily)?, totals());
    let at_once: DataFrame = transform(readings(), summed).partition_by("sensor").schema(TOTAL).run()?;
    assert_eq!(at_once.sort(["sensor"], Default::default())?, totals());
    Ok(())
}

#[test]
fn a_frame_may_stand_beside_other_arguments() -> Outcome {
    fn more(df: DataFrame, n: Params<f64>) -> DataFrame {
        let more = (df.column("value").expect("a column").f64().expect("numbers") + *n).with_name("value".into());
        df.lazy().with_column(lit(more.into_series())).collect().expect("a frame")
    }
    let df = polars().frame(batch(1))?.transform(more).params(&1.0_f64).partition_by("sensor").schema("*").run()?;
    let sum = wait(df.collect_polars())?.column("value")?.f64()?.sum();
    assert_eq!(sum, Some(69.0));
    Ok(())
}

#[test]
fn the_error_of_a_frame_function_is_the_users() -> Outcome {
    fn wrong(df: DataFrame) -> PolarsResult<DataFrame> {
        df.select(["nowhere"])
    }
    for session in sessions() {
        let e = wait(session.frame(batch(1))?.transform(wrong).schema("nowhere:long").collect()).expect_err("no such column");
        assert_eq!(e.kind(), ErrorKind::TransformerFailed);
        assert!(matches!(e.user_error::<PolarsError>(), Some(PolarsError::ColumnNotFound(_))), "{e:?}");
    }
    Ok(())
}

#[test]
fn declared_columns_are_matched_by_name_and_cast() -> Outcome {
    fn shuffled(_: DataFrame) -> PolarsResult<DataFrame> {
        df!("c" => [1.0, 2.0], "extra" => [true, true], "a" => [1_i32, 2], "b" => [None::<i64>, None])?
            .lazy()
            .with_column(lit(NULL).alias("nothing"))
            .collect()
    }
    for session in sessions() {
        let df = session.frame(batch(1))?.transform(shuffled).schema("a:long,nothing:str,b:long,c:double").run()?;
        let rows = wait(df.collect_polars())?;
        let expected = df!("a" => [1_i64, 2], "nothing" => [None::<&str>, None], "b" => [None::<i64>, None], "c" => [1.0, 2.0])?;
        assert!(rows.equals_missing(&expected), "{rows}");
        let e = wait(session.frame(batch(1))?.transform(shuffled).schema("d:long").collect()).expect_err("no column d");
        assert_eq!((e.kind(), e.context("column")), (ErrorKind::SchemaMismatch, Some("d")));
    }
    Ok(())
}

#[test]
fn a_function_over_frames_needs_its_columns_declared() -> Outcome {
    let e = polars().frame(batch(1))?.transform(summed).run().map(|_| ()).expect_err("no schema");
    assert_eq!(e.kind(), ErrorKind::SchemaInvalid);
    assert!(e.message().contains(".schema("), "{e}");
    Ok(())
}

#[test]
fn a_zip_gives_an_empty_frame_with_the_columns_of_its_input() -> Outcome {
    fn counts(left: DataFrame, right: DataFrame) -> PolarsResult<DataFrame> {
        let columns = left.width() as i64 * 10 + right.width() as i64;
        df!("left" => [left.height() as i64], "right" => [right.height() as i64], "columns" => [columns])
    }
    for session in sessions() {
        let left = session.frame(readings())?;
        let right = session.frame(totals().head(Some(1)))?;
        let zipped = cotransform([&left, &right], counts).partition_by("sensor").how(ZipKind::LeftOuter);
        let rows = wait(zipped.schema("left:long,right:long,columns:long").run()?.collect_polars())?;
        let expected = df!("left" => [1_i64, 2, 3], "right" => [0_i64, 0, 1], "columns" => [43_i64, 43, 43])?;
        assert_eq!(rows.sort(["left"], Default::default())?, expected);
    }
    Ok(())
}

#[test]
fn a_frame_that_is_thrown_away_may_be_anything() -> Outcome {
    let seen = Arc::new(Mutex::new(0));
    let rows = Arc::clone(&seen);
    let look = move |df: DataFrame| {
        *rows.lock().expect("not poisoned") += df.height();
    };
    wait(out_transform(readings(), look).partition_by("sensor").run())?;
    assert_eq!(*seen.lock().expect("not poisoned"), 6);
    Ok(())
}

/// Where the values of a frame are: numbers, and the bytes of long texts.
fn addresses(df: &DataFrame) -> Vec<usize> {
    let at = df.column("at").expect("at").as_materialized_series().i64().expect("numbers").cont_slice().expect("one chunk");
    let value =
        df.column("value").expect("value").as_materialized_series().f64().expect("numbers").cont_slice().expect("one chunk");
    let text = df
        .column("sensor")
        .expect("sensor")
        .as_materialized_series()
        .str()
        .expect("text")
        .downcast_iter()
        .next()
        .expect("a chunk");
    vec![at.as_ptr().addr(), value.as_ptr().addr(), text.views().as_ptr().addr(), text.data_buffers()[0].as_ptr().addr()]
}

#[test]
fn whole_partitions_go_in_and_out_without_a_copy() -> Outcome {
    let long = ["a text that is longer than a view holds by itself", "and another one that is", "b"];
    let df = df!("sensor" => long, "at" => [1_i64, 2, 3], "value" => [1.0, 2.0, 3.0])?;
    let outside = addresses(&df);
    for session in sessions() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let inside = Arc::clone(&seen);
        let look = move |df: DataFrame| {
            inside.lock().expect("not poisoned").extend(addresses(&df));
            df
        };
        let result = session.frame(df.clone())?.transform(look).schema("*").run()?;
        let batches = wait(result.collect())?;
        assert_eq!(*seen.lock().expect("not poisoned"), outside, "on the way in, {}", session.engine_name());
        let text = batches[0].column(0).as_string_view();
        let back = [
            batches[0].column(1).as_primitive::<Int64Type>().values().as_ptr().addr(),
            batches[0].column(2).as_primitive::<Float64Type>().values().as_ptr().addr(),
            text.views().as_ptr().addr(),
            text.data_buffers()[0].as_ptr().addr(),
        ];
        assert_eq!(back.to_vec(), outside, "on the way out, {}", session.engine_name());
        assert_eq!(text.len(), 3);
    }
    Ok(())
}

#[test]
fn what_holds_nothing_takes_the_declared_type() -> Outcome {
    fn tags(df: DataFrame) -> PolarsResult<DataFrame> {
        let empty = Series::new_null("tag".into(), df.height()).cast(&DataType::List(Box::new(DataType::Null)))?;
        df.lazy().select([col("at")]).with_column(lit(empty.with_name("tags".into()))).collect()
    }
    let rows = wait(polars().frame(readings())?.transform(tags).schema("at:long,tags:[str]").run()?.collect_polars())?;
    assert_eq!(rows.column("tags")?.dtype(), &DataType::List(Box::new(DataType::String)));
    Ok(())
}

//! The engine by its name: all shapes of functions, zips, partitions, persisting, counting, explaining.

use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::blocking::wait;
use fugue_core::calls::cotransform;
use fugue_core::frame::BatchStream;
use fugue_core::group::ZipKind;
use fugue_core::partition::PartitionSpec;
use fugue_core::row::Row;
use fugue_core::transform::{Batches, Cursor};
use fugue_core::{ErrorKind, Session};
use fugue_polars::polars::prelude::{IntoLazy, col};
use fugue_polars::{IntoPolars, PolarsEngine, PolarsFrame};

use crate::{Outcome, Reading, Total, batch, polars, readings, rows_of, total, typed};

fn by_sensor(mut totals: Vec<Total>) -> Vec<Total> {
    totals.sort_by(|a, b| a.sensor.cmp(&b.sensor));
    totals
}

fn expected() -> Vec<Total> {
    let total = |sensor: &str, rows, total| Total { sensor: sensor.to_owned(), rows, total };
    vec![total("a", 3, 38.0), total("b", 2, 17.0), total("c", 1, 8.0)]
}

#[test]
fn a_function_over_groups_runs_by_key() -> Outcome {
    let df = polars().frame(batch(1))?;
    assert_eq!(by_sensor(typed(&df.transform(total).partition_by("sensor").run()?)?), expected());
    Ok(())
}

#[test]
fn rows_stand_in_presort_order() -> Outcome {
    fn ordered(readings: &[Reading]) -> Option<Reading> {
        readings.windows(2).any(|w| w[0].at < w[1].at).then(|| readings[0].clone())
    }
    let df = polars().frame(batch(50))?;
    let wrong: Vec<Reading> = typed(&df.transform(ordered).partition_by("sensor").presort("at desc").run()?)?;
    assert_eq!(wrong, []);
    Ok(())
}

#[test]
fn every_shape_runs_over_every_kind_of_input() -> Outcome {
    fn double(reading: Reading) -> Reading {
        Reading { value: reading.value * 2.0, ..reading }
    }
    fn pass(batches: Batches) -> impl Iterator<Item = RecordBatch> + Send + use<> {
        batches
    }
    let session = polars();
    let lazy = session.frame(readings().lazy())?;
    let inputs = [
        session.frame(batch(1))?,
        session.frame(readings())?,
        lazy,
        session.frame(batch(1))?.on(&Session::local()?)?.on(&session)?,
    ];
    for df in inputs {
        let doubled = df.transform(double).run()?;
        assert_eq!(typed::<Reading>(&doubled)?.iter().map(|r| r.value).sum::<f64>(), 126.0);
        let streamed = df.transform(pass).schema("*").run()?;
        assert_eq!(streamed.schema(), df.schema());
        assert_eq!(rows_of(&wait(streamed.collect())?), rows_of(&wait(df.collect())?));
        let chained = streamed.transform(double).run()?.transform(total).partition_by("sensor").run()?;
        assert_eq!(typed::<Total>(&chained)?.iter().map(|t| t.total).sum::<f64>(), 126.0);
    }
    Ok(())
}

#[test]
fn a_function_over_plain_values_needs_no_other_column() -> Outcome {
    let df = polars().frame(readings())?;
    let long = df.transform(|sensor: &str, at: i64| at + sensor.len() as i64).on(["sensor", "at"]).to("long").run()?;
    assert_eq!(long.schema().to_string(), "at:long,sensor:str,value:double,unread:bool,long:long");
    assert_eq!(wait(long.count())?, 6);
    Ok(())
}

#[derive(Row, Debug, PartialEq)]
struct Both {
    sensor: String,
    left: i64,
    right: i64,
}

fn both(left: &[Reading], right: &[Total]) -> Both {
    let sensor = left.first().map(|r| &r.sensor).or(right.first().map(|t| &t.sensor)).cloned().unwrap_or_default();
    Both { sensor, left: left.len() as i64, right: right.iter().map(|t| t.rows).sum() }
}

#[test]
fn a_zip_with_what_it_was_made_of_runs_each_node_once() -> Outcome {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    let session = polars();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let marked = session.frame(readings())?.transform(move |r: Reading| {
        counted.fetch_add(1, Ordering::SeqCst);
        r
    });
    let marked = marked.run()?;
    let totals = marked.transform(total).partition_by("sensor").run()?;
    let zipped = cotransform([&marked, &totals], both).partition_by("sensor").run()?;
    let mut rows: Vec<Both> = typed(&zipped)?;
    rows.sort_by(|a, b| a.sensor.cmp(&b.sensor));
    let row = |sensor: &str, n| Both { sensor: sensor.to_owned(), left: n, right: n };
    assert_eq!(rows, [row("a", 3), row("b", 2), row("c", 1)]);
    assert_eq!(calls.load(Ordering::SeqCst), 6);
    // A second action runs it anew.
    wait(zipped.count())?;
    assert_eq!(calls.load(Ordering::SeqCst), 12);
    Ok(())
}

#[test]
fn a_stream_that_is_read_once_serves_all_readers_of_an_action() -> Outcome {
    let session = polars();
    let data = batch(1);
    let schema = fugue_core::Schema::of_batch(&data)?;
    let stream = BatchStream::new(schema, futures::stream::iter([Ok(data)]));
    let df = session.frame(stream)?;
    let totals = df.transform(total).partition_by("sensor").run()?;
    let zipped = cotransform([&df, &totals], both).partition_by("sensor").how(ZipKind::FullOuter).run()?;
    assert_eq!(typed::<Both>(&zipped)?.len(), 3);
    assert_eq!(wait(zipped.count()).map_err(|e| e.kind()), Err(ErrorKind::Unsupported));
    Ok(())
}

#[test]
fn partitions_are_laid_out_and_kept() -> Outcome {
    #[derive(Row, Debug)]
    struct Part {
        physical: i64,
        rows: i64,
    }
    fn part(readings: &[Reading], cursor: Cursor) -> Part {
        Part { physical: cursor.physical_partition_no() as i64, rows: readings.len() as i64 }
    }
    let df = polars().frame(batch(1))?;
    assert_eq!(df.partitions()?, Some(1));
    let laid = df.repartition(&PartitionSpec::new().num(3)?.algo(fugue_core::partition::Algo::Even))?;
    let kept = wait(laid.persist())?;
    assert_eq!(kept.partitions()?, Some(3));
    for df in [laid, kept] {
        let mut parts: Vec<(i64, i64)> =
            typed::<Part>(&df.transform(part).run()?)?.iter().map(|p| (p.physical, p.rows)).collect();
        parts.sort_unstable();
        assert_eq!(parts, [(0, 2), (1, 2), (2, 2)]);
    }
    Ok(())
}

#[test]
fn persisting_runs_the_plan_once() -> Outcome {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    fn seen(reading: Reading) -> Reading {
        CALLS.fetch_add(1, Ordering::SeqCst);
        reading
    }
    let kept = wait(polars().frame(readings())?.transform(seen).persist())?;
    for _ in 0..2 {
        assert_eq!(wait(kept.count())?, 6);
        assert_eq!(typed::<Reading>(&kept)?.len(), 6);
    }
    assert_eq!(CALLS.load(Ordering::SeqCst), 6);
    Ok(())
}

#[test]
fn counting_a_plan_leaves_it_to_polars() -> Outcome {
    use fugue_polars::polars::prelude::lit;
    let session = polars();
    let plan = readings().lazy().filter(col("value").gt(lit(3.0)));
    assert_eq!(wait(session.frame(plan)?.count())?, 4);
    let none = readings().lazy().filter(col("value").gt(lit(300.0)));
    assert_eq!(wait(session.frame(none)?.count())?, 0);
    Ok(())
}

#[test]
fn a_plan_is_explained_with_functions_keys_columns_and_native_parts() -> Outcome {
    use fugue_polars::polars::prelude::lit;
    let plan = readings().lazy().filter(col("at").gt(lit(1)));
    let df = polars().frame(plan)?.transform(total).partition_by("sensor").presort("at").run()?;
    let text = df.explain()?;
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("Map: ") && lines[0].contains("::total ["), "{text}");
    assert!(lines[0].contains("sensor") && lines[0].contains("reads at, sensor, value"), "{text}");
    assert!(lines[1].starts_with("  Polars: -> at:long,sensor:str"), "{text}");
    assert!(text.contains("FILTER"), "{text}");
    Ok(())
}

#[test]
fn the_frames_of_the_engine_can_be_had_and_given() -> Outcome {
    let session = polars();
    let own: PolarsFrame = session.frame(readings())?.native::<PolarsEngine>()?;
    let df = fugue_core::DataFrame::from_native::<PolarsEngine>(&session, own)?;
    assert_eq!(wait(df.count())?, 6);
    let e = df.native::<fugue_core::local::LocalEngine>().map(|_| ()).expect_err("another engine");
    assert_eq!(e.kind(), ErrorKind::Unsupported);
    Ok(())
}

#[test]
fn an_address_is_refused() {
    let e = wait(Session::open("polars://host:1")).map(|_| ()).expect_err("no address");
    assert_eq!((e.kind(), e.engine()), (ErrorKind::SettingInvalid, Some("polars")));
}

#[test]
fn partitions_of_no_row_keep_their_columns() -> Outcome {
    let none = polars().frame(readings().clear())?;
    let kept = wait(none.repartition(&PartitionSpec::new().num(3)?)?.persist())?;
    assert_eq!(wait(kept.collect_polars())?, readings().clear());
    assert_eq!(kept.to_lazy()?.select([col("at")]).collect()?.width(), 1);
    Ok(())
}

#[test]
fn a_frame_without_rows_calls_nothing() -> Outcome {
    fn never(_: &[Reading]) -> Total {
        panic!("called without rows")
    }
    fn never_row(_: Reading) -> Total {
        panic!("called without rows")
    }
    fn never_stream(_: Batches) -> RecordBatch {
        panic!("called without rows")
    }
    let session = polars();
    let empty = readings().clear();
    for df in [session.frame(empty.clone())?, session.frame(empty.lazy())?, session.frame(batch(0))?] {
        assert_eq!(wait(df.count())?, 0);
        let results = [
            df.transform(never).partition_by("sensor").run()?,
            df.transform(never).run()?,
            df.transform(never_row).run()?,
            df.transform(never_stream).schema("sensor:str,rows:long,total:double").run()?,
        ];
        for result in results {
            assert_eq!(result.schema().to_string(), "sensor:str,rows:long,total:double");
            assert_eq!(rows_of(&wait(result.collect())?), Vec::<String>::new());
            assert_eq!(wait(wait(result.persist())?.count())?, 0);
        }
    }
    Ok(())
}

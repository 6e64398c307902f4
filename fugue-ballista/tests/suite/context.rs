//! Frames of DataFusion contexts whose plans run on the cluster, and native frames as data of sessions.

use std::sync::Arc;

use fugue_ballista::{BallistaEngine, context};
use fugue_core::row::Row;
use fugue_core::verbs::transform;
use fugue_core::{Error, ErrorKind, Session, blocking};
use fugue_datafusion::IntoDataFusion;
use fugue_datafusion::datafusion::arrow::array::{ArrayRef, AsArray, Int64Array, StringArray};
use fugue_datafusion::datafusion::arrow::datatypes::Int64Type;
use fugue_datafusion::datafusion::arrow::record_batch::RecordBatch;
use fugue_datafusion::datafusion::arrow::util::pretty::pretty_format_batches;
use fugue_datafusion::datafusion::prelude::{DataFrame, SessionContext};

use crate::{Outcome, cluster, run};

#[derive(Row, Clone)]
struct Reading {
    sensor: String,
    value: i64,
}

#[derive(Row, Clone)]
struct Total {
    sensor: String,
    total: i64,
}

fn total(readings: &[Reading]) -> Total {
    Total { sensor: readings[0].sensor.clone(), total: readings.iter().map(|r| r.value).sum() }
}

#[fugue_core::transformer]
fn doubled(reading: Reading) -> Reading {
    Reading { value: reading.value * 2, ..reading }
}

fn readings(rows: i64) -> RecordBatch {
    let sensor: ArrayRef = Arc::new(StringArray::from_iter_values((0..rows).map(|i| format!("s{}", i % 3))));
    let value: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows));
    RecordBatch::try_from_iter([("sensor", sensor), ("value", value)]).expect("two columns")
}

async fn lines(df: DataFrame) -> Result<String, Box<dyn std::error::Error>> {
    Ok(pretty_format_batches(&df.collect().await?)?.to_string())
}

async fn here() -> Result<SessionContext, Error> {
    BallistaEngine::on(cluster()?).partitions(7).context().await
}

const TOTALS: &str = "\
+--------+-------+
| sensor | total |
+--------+-------+
| s0     | 18    |
| s1     | 12    |
| s2     | 15    |
+--------+-------+";

#[test]
fn a_frame_of_a_cluster_goes_through_a_function_and_stays_lazy() -> Outcome {
    run(async {
        let context = here().await?;
        context.register_batch("readings", readings(10))?;
        let totals: DataFrame = transform(context.table("readings").await?, total).partition_by("sensor").run()?;
        context.register_table("totals", totals.into_view())?;
        assert_eq!(lines(context.sql("select * from totals order by sensor").await?).await?, TOTALS);
        let sql = "select t.sensor, count(*) as n from totals t join readings r on t.sensor = r.sensor where t.total > 12 group by t.sensor order by 1";
        let joined = lines(context.sql(sql).await?).await?;
        assert_eq!(joined.lines().count(), 6, "{joined}");
        Ok(())
    })
}

#[test]
fn a_large_table_in_memory_goes_along() -> Outcome {
    run(async {
        let context = here().await?;
        let rows = 2_000_000;
        context.register_batch("readings", readings(rows))?;
        let totals: DataFrame = transform(context.table("readings").await?, total).partition_by("sensor").run()?;
        let batches = totals.collect().await?;
        let sum: i64 = batches.iter().flat_map(|b| b.column(1).as_primitive::<Int64Type>().values().to_vec()).sum();
        assert_eq!(sum, rows * (rows - 1) / 2);
        Ok(())
    })
}

#[test]
fn an_address_takes_functions_by_name_and_refuses_others() -> Outcome {
    run(async {
        let url = cluster()?.url();
        let session = Session::open(&url).await?;
        let frame = session.frame(vec![readings(10)])?;
        let twice: Vec<Reading> = frame.transform(doubled).rows().await?;
        assert_eq!(twice.iter().map(|r| r.value).sum::<i64>(), 90);
        let capture = 3;
        let refused = frame.transform(move |r: Reading| Reading { value: r.value + capture, ..r }).run().map(|_| ());
        assert_eq!(refused.map_err(|e| e.kind()), Err(ErrorKind::TransformerNotRegistered));
        session.close().await?;
        let context = context(&url).await?;
        context.register_batch("readings", readings(10))?;
        let twice: DataFrame = transform(context.table("readings").await?, doubled).run()?;
        assert_eq!(twice.count().await?, 10);
        Ok(())
    })
}

#[test]
fn frames_of_a_context_are_data_of_a_session() -> Outcome {
    run(async {
        let context = here().await?;
        context.register_batch("readings", readings(10))?;
        let session = Session::builder().with_engine(BallistaEngine::on(cluster()?).start().await?)?;
        let frame = session.frame(context.sql("select * from readings where value > 3").await?)?;
        assert_eq!(frame.transform(doubled).run()?.count().await?, 6);
        Ok(())
    })
}

#[test]
fn an_error_in_a_plan_of_the_context_is_typed() -> Outcome {
    run(async {
        let context = here().await?;
        context.register_batch("readings", readings(10))?;
        let fails = |r: Reading| -> Result<Reading, std::num::ParseIntError> { r.sensor.parse::<i64>().map(|value| Reading { value, ..r }) };
        let failing: DataFrame = transform(context.table("readings").await?, fails).run()?;
        let error = failing.collect().await.expect_err("sensors are no numbers");
        let ours = Error::find(&error).ok_or("not ours")?;
        assert_eq!(ours.kind(), ErrorKind::TransformerFailed);
        assert!(ours.user_error::<std::num::ParseIntError>().is_some(), "{ours:?}");
        Ok(())
    })
}

#[test]
fn a_frame_of_a_session_becomes_one_of_a_foreign_context() -> Outcome {
    run(async {
        let session = Session::builder().with_engine(BallistaEngine::on(cluster()?).start().await?)?;
        let frame = session.frame(vec![readings(10)])?.transform(doubled).run()?;
        let foreign = tokio::task::spawn_blocking(move || frame.to_datafusion(&SessionContext::new())).await??;
        assert_eq!(foreign.count().await?, 10);
        Ok(())
    })
}

#[test]
fn a_function_may_run_actions_of_its_own_session() -> Outcome {
    run(async {
        // Each of the four slots holds a call that waits for another action.
        let session = Session::builder().with_engine(BallistaEngine::on(cluster()?).partitions(7).start().await?)?;
        let inner = session.frame(vec![readings(10)])?.transform(doubled).partition_by("value").run()?;
        let counting = move |readings: Vec<Reading>| -> Result<Total, Error> {
            let counted = blocking::wait(inner.count())?;
            Ok(Total { sensor: readings[0].sensor.clone(), total: i64::try_from(counted).unwrap_or(-1) })
        };
        let totals: Vec<Total> = session.frame(vec![readings(100)])?.transform(counting).partition_by("value").rows().await?;
        assert_eq!(totals.len(), 100);
        assert!(totals.iter().all(|t| t.total == 10));
        Ok(())
    })
}

#[test]
fn an_error_of_a_named_function_points_at_its_call() -> Outcome {
    run(async {
        let session = Session::open(&cluster()?.url()).await?;
        let frame = session.frame(vec![readings(10)])?;
        let line = line!() + 1;
        let refused = frame.transform(refuses).partition_by("sensor").run()?;
        let error = refused.collect().await.expect_err("it refuses");
        assert_eq!(error.kind(), ErrorKind::TransformerFailed);
        assert_eq!(error.call_site().map(|at| at.line()), Some(line), "{error:?}");
        assert!(error.context("key").is_some_and(|key| key.starts_with("sensor=s")), "{error:?}");
        assert!(error.context("rows").is_some(), "{error:?}");
        Ok(())
    })
}

#[fugue_core::transformer]
fn refuses(readings: Vec<Reading>) -> Result<Reading, std::num::ParseIntError> {
    readings[0].sensor.parse::<i64>().map(|value| Reading { sensor: String::new(), value })
}

//! Calls on executors that reach beyond them: actions inside of user code, errors that point at their call, frames that go on elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use datafusion::datasource::MemTable;
use datafusion::prelude::{DataFrame, SessionContext};
use fugue_ballista::BallistaEngine;
use fugue_core::calls::{out_transform, transform};
use fugue_core::partition::Algo;
use fugue_core::{Error, ErrorKind, Session, blocking};
use fugue_datafusion::IntoDataFusion;
use futures::TryStreamExt;

use crate::data::{Reading, Tally, Total, doubled, readings, some, tally};
use crate::support::{Outcome, cluster, run};

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

/// A context with a table of four partitions.
async fn four() -> Result<SessionContext, Box<dyn std::error::Error>> {
    let context = BallistaEngine::on(cluster()?).partitions(4).context().await?;
    let parts = (0..4).map(|p| vec![some(p * 100, p * 100 + 100)]).collect();
    context.register_table("t", Arc::new(MemTable::try_new(readings(0).schema(), parts)?))?;
    Ok(context)
}

#[test]
fn a_limit_holds_below_calls_with_exact_partitions() -> Outcome {
    run(async {
        let context = four().await?;
        for (query, sum) in [("select * from t limit 10", None), ("select * from t order by value desc limit 10", Some(3945))] {
            let limited: DataFrame = transform(context.sql(query).await?, tally).num(3).algo(Algo::Even).run()?;
            let session = Session::builder().with_engine(BallistaEngine::on(cluster()?).start().await?)?;
            let tallies: Vec<Tally> = session.frame(limited)?.rows().await?;
            assert_eq!(tallies.len(), 3, "{query}");
            assert_eq!(tallies.iter().map(|t| t.rows).sum::<i64>(), 10, "{query}");
            assert!(sum.is_none_or(|sum| tallies.iter().map(|t| t.sum).sum::<i64>() == sum), "{query}");
        }
        Ok(())
    })
}

#[test]
fn a_function_on_loan_serves_streams_and_calls_without_results() -> Outcome {
    run(async {
        let context = four().await?;
        let plus = 1;
        let called: DataFrame =
            transform(context.table("t").await?, move |r: Reading| Reading { value: r.value + plus, ..r }).run()?;
        let rows: usize =
            called.execute_stream().await?.map_ok(|b| b.num_rows()).try_fold(0, |sum, n| async move { Ok(sum + n) }).await?;
        assert_eq!(rows, 400);
        let seen = Arc::new(AtomicI64::new(0));
        let sum = Arc::clone(&seen);
        out_transform(context.table("t").await?, move |r: Reading| {
            sum.fetch_add(r.value, Ordering::SeqCst);
        })
        .run()
        .await?;
        assert_eq!(seen.load(Ordering::SeqCst), 400 * 399 / 2);
        Ok(())
    })
}

#[test]
fn partitions_of_exact_numbers_are_called_on_all_executors() -> Outcome {
    run(async {
        let session = Session::builder().with_engine(BallistaEngine::on(cluster()?).partitions(4).start().await?)?;
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (inside, peak) = (Arc::clone(&now), Arc::clone(&most));
        let slow = move |readings: Vec<Reading>| {
            peak.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(500));
            inside.fetch_sub(1, Ordering::SeqCst);
            tally(&readings)
        };
        let tallies: Vec<Tally> = session.frame(vec![readings(400)])?.transform(slow).num(4).algo(Algo::Even).rows().await?;
        assert_eq!(tallies.iter().map(|t| t.rows).collect::<Vec<_>>(), [100; 4]);
        // An executor has two slots.
        assert!(most.load(Ordering::SeqCst) > 2, "{most:?}");
        Ok(())
    })
}

#[test]
fn a_function_may_read_frames_of_a_context_of_its_cluster() -> Outcome {
    run(async {
        let context = four().await?;
        let reading = move |readings: Vec<Reading>| -> Result<Total, Box<dyn std::error::Error + Send + Sync>> {
            let context = context.clone();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let rows = runtime.block_on(async { context.table("t").await?.count().await })?;
            Ok(Total { sensor: readings[0].sensor.clone(), total: i64::try_from(rows)? })
        };
        let session = Session::builder().with_engine(BallistaEngine::on(cluster()?).partitions(7).start().await?)?;
        let totals: Vec<Total> = session.frame(vec![readings(50)])?.transform(reading).partition_by("value").rows().await?;
        assert_eq!(totals.len(), 50);
        assert!(totals.iter().all(|t| t.total == 400));
        Ok(())
    })
}

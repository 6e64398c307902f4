//! Calls on executors that reach beyond them: actions inside of user code, errors that point at their call, frames that go on elsewhere.

use fugue_ballista::BallistaEngine;
use fugue_core::{Error, ErrorKind, Session, blocking};
use fugue_datafusion::IntoDataFusion;
use fugue_datafusion::datafusion::prelude::SessionContext;

use crate::data::{Reading, Total, doubled, readings};
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

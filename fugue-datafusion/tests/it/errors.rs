//! Errors through DataFusion: ours are found again, those of DataFusion are the source of ours, panics stay where they are.

use fugue_core::blocking::wait;
use fugue_core::calls::transform;
use fugue_core::{Error, ErrorKind, Session};
use fugue_datafusion::datafusion::error::DataFusionError;
use fugue_datafusion::datafusion::prelude::{col, lit};

use crate::{Outcome, Reading, Total, readings, run, session, total};

#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("sensor b is broken")
    }
}

impl std::error::Error for Broken {}

fn fails(readings: &[Reading]) -> Result<Total, Broken> {
    if readings[0].sensor == "b" { Err(Broken) } else { Ok(total(readings)) }
}

fn panics(readings: &[Reading]) -> Total {
    assert_ne!(readings[0].sensor, "b", "no b, please");
    total(readings)
}

fn is_the_users(error: &Error, function: &str) {
    assert_eq!(error.kind(), ErrorKind::TransformerFailed, "{error:?}");
    assert!(error.context("transformer").is_some_and(|t| t.ends_with(function)), "{error:?}");
    assert_eq!(error.context("key"), Some("sensor=b"), "{error:?}");
    assert!(error.context("rows").is_some_and(|r| r.contains("sensor=b")), "{error:?}");
    assert!(error.call_site().is_some_and(|at| at.file().ends_with("errors.rs")), "{error:?}");
}

#[test]
fn the_error_of_a_function_comes_out_of_a_session_as_it_was() -> Outcome {
    let session = session()?;
    let df = session.frame(readings()?)?.transform(fails).partition_by("sensor").run()?;
    for _ in 0..3 {
        let e = wait(df.collect()).expect_err("sensor b fails");
        is_the_users(&e, "fails");
        assert!(e.user_error::<Broken>().is_some(), "{e:?}");
        assert_eq!(e.engine(), Some("datafusion"));
    }
    // Even after it went through further steps and shuffles.
    let further = df.transform(total_of_totals).partition_by("total").run()?;
    is_the_users(&wait(further.count()).expect_err("sensor b fails"), "fails");
    Ok(())
}

fn total_of_totals(totals: &[Total]) -> Total {
    totals[0].clone()
}

#[test]
fn the_error_of_a_function_is_found_in_that_of_datafusion() -> Outcome {
    run(async {
        let step = transform(readings()?, fails).partition_by("sensor").run()?;
        let plans =
            [step.clone(), step.clone().filter(col("total").gt(lit(0.0)))?, step.clone().union(step.clone())?, step.distinct()?];
        for plan in plans {
            let native: DataFusionError = plan.collect().await.expect_err("sensor b fails");
            let ours = Error::find(&native).expect("our error");
            is_the_users(ours, "fails");
            assert!(ours.user_error::<Broken>().is_some(), "{ours:?}");
            assert!(native.to_string().contains("sensor b is broken"), "{native}");
        }
        Ok(())
    })
}

#[test]
fn a_panic_is_an_error_and_leaves_the_session_usable() -> Outcome {
    let session = session()?;
    let df = session.frame(readings()?)?;
    let e = wait(df.transform(panics).partition_by("sensor").run()?.collect()).expect_err("sensor b panics");
    is_the_users(&e, "panics");
    assert!(e.to_string().contains("no b, please"), "{e}");
    assert_eq!(wait(df.transform(total).partition_by("sensor").run()?.count())?, 3);
    Ok(())
}

#[test]
fn an_error_of_datafusion_is_the_source_of_ours() -> Outcome {
    let failing = readings()?.select(vec![(lit(1_i64) / (col("at") - col("at"))).alias("x")])?;
    for session in [session()?, Session::local()?] {
        let e = wait(session.frame(failing.clone())?.collect()).expect_err("division by zero");
        assert_eq!(e.kind(), ErrorKind::EngineFailed, "{e:?}");
        assert!(e.user_error::<DataFusionError>().is_some(), "{e:?}");
        assert!(e.to_string().contains("Divide by zero"), "{e}");
    }
    Ok(())
}

#[test]
fn functions_that_run_frames_of_their_own_do_not_wait_for_themselves() -> Outcome {
    let session = session()?;
    let inner = session.frame(readings()?)?;
    let nested = move |rows: &[Reading]| -> Result<Total, Error> {
        let count = wait(inner.transform(total).partition_by("sensor").run()?.count())?;
        Ok(Total { sensor: rows[0].sensor.clone(), total: count as f64 })
    };
    let df = session.frame(readings()?)?.transform(nested).partition_by("sensor").run()?;
    let rows = wait(df.deadline(std::time::Duration::from_secs(60)).rows::<Total>())?;
    assert_eq!(rows.iter().map(|r| r.total).collect::<Vec<_>>(), [3.0, 3.0, 3.0]);
    Ok(())
}

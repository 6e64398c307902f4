//! Actions that are cancelled, late, or no longer wanted: calls end, and so do the tasks of the plan.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fugue_core::blocking::wait;
use fugue_core::run::CancelHandle;
use fugue_core::{DataFrame, ErrorKind, Session};
use fugue_datafusion::DataFusionEngine;
use futures::StreamExt;

use crate::{Outcome, Reading, session};

fn many(session: &Session) -> Result<DataFrame, fugue_core::Error> {
    session.frame((0..2_000).map(|at| Reading { sensor: format!("s{at}"), at, value: 1.0 }).collect::<Vec<_>>())
}

/// Counts calls that take their time.
fn slow(df: &DataFrame, calls: &Arc<AtomicUsize>) -> Result<DataFrame, fugue_core::Error> {
    let calls = Arc::clone(calls);
    let slow = move |rows: &[Reading]| -> Reading {
        calls.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(10));
        rows[0].clone()
    };
    df.transform(slow).partition_by("at").run()
}

/// Waits until the engine has nothing left to do and holds no memory.
fn is_quiet(session: &Session) {
    let engine = session.engine::<DataFusionEngine>().expect("its own engine");
    let end = Instant::now() + Duration::from_secs(5);
    while engine.context().runtime_env().memory_pool.reserved() > 0 || engine.running_tasks() > 0 {
        assert!(Instant::now() < end, "{} tasks are left", engine.running_tasks());
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn no_more_calls(calls: &AtomicUsize) {
    std::thread::sleep(Duration::from_millis(50));
    let after = calls.load(Ordering::SeqCst);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(calls.load(Ordering::SeqCst), after, "a group was called after the end");
    assert!(after < 1_000, "{after} calls");
}

#[test]
fn a_cancelled_action_ends_within_a_second_and_leaves_nothing_behind() -> Outcome {
    let session = session()?;
    let (calls, handle) = (Arc::new(AtomicUsize::new(0)), CancelHandle::new());
    let df = slow(&many(&session)?, &calls)?.cancel_with(&handle);
    let cancelled = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        handle.cancel();
        Instant::now()
    });
    let e = wait(df.collect()).expect_err("cancelled");
    let took = cancelled.join().expect("no panic").elapsed();
    assert_eq!(e.kind(), ErrorKind::Cancelled);
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(calls.load(Ordering::SeqCst) > 0);
    no_more_calls(&calls);
    is_quiet(&session);
    Ok(())
}

#[test]
fn a_late_action_ends_with_all_of_its_verbs() -> Outcome {
    let session = session()?;
    let calls = Arc::new(AtomicUsize::new(0));
    let df = slow(&many(&session)?, &calls)?.deadline(Duration::from_millis(200));
    for verb in [0, 1, 2] {
        let begun = Instant::now();
        let result = match verb {
            0 => wait(df.collect()).map(drop),
            1 => wait(df.count()).map(drop),
            _ => wait(df.persist()).map(drop),
        };
        assert_eq!(result.map_err(|e| e.kind()), Err(ErrorKind::DeadlineExceeded));
        assert!(begun.elapsed() < Duration::from_millis(1_200), "{:?}", begun.elapsed());
    }
    no_more_calls(&calls);
    is_quiet(&session);
    Ok(())
}

#[test]
fn a_dropped_stream_stops_the_work() -> Outcome {
    let session = session()?;
    let calls = Arc::new(AtomicUsize::new(0));
    let df = slow(&many(&session)?, &calls)?;
    wait(async {
        let mut stream = df.stream().await?;
        assert!(stream.next().await.is_some_and(|b| b.is_ok()));
        Ok(())
    })?;
    no_more_calls(&calls);
    is_quiet(&session);
    Ok(())
}

#[test]
fn a_closed_engine_says_so() -> Outcome {
    let session = session()?;
    let df = many(&session)?;
    wait(session.close())?;
    wait(session.close())?;
    let e = wait(df.collect()).expect_err("closed");
    assert_eq!(e.kind(), ErrorKind::Cancelled, "{e:?}");
    assert!(e.to_string().contains("closed"), "{e}");
    Ok(())
}

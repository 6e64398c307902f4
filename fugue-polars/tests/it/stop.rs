//! Actions that are cancelled, late, or no longer wanted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fugue_core::ErrorKind;
use fugue_core::blocking::wait;
use fugue_core::run::CancelHandle;
use fugue_polars::polars::prelude::{AllowedOptimizations, IntoLazy, col, df, lit};
use futures::StreamExt;

use crate::{Outcome, Reading, batch, polars, readings};

/// Takes its time, and counts.
fn slow(rows: &[Reading], calls: &AtomicUsize) -> Reading {
    calls.fetch_add(1, Ordering::SeqCst);
    std::thread::sleep(Duration::from_millis(30));
    rows[0].clone()
}

fn many() -> Result<fugue_core::DataFrame, fugue_core::Error> {
    polars()
        .frame(batch(1))?
        .transform(|r: Reading| (0..100).map(|i| Reading { at: r.at * 1000 + i, ..r.clone() }).collect::<Vec<_>>())
        .run()
}

#[test]
fn a_cancelled_action_ends_before_the_next_group() -> Outcome {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let handle = CancelHandle::new();
    let df = many()?.transform(move |rows: &[Reading]| slow(rows, &counted)).partition_by("at").run()?.cancel_with(&handle);
    let canceller = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        handle.cancel();
    });
    let begun = Instant::now();
    let e = wait(df.collect()).expect_err("cancelled");
    assert_eq!(e.kind(), ErrorKind::Cancelled);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    canceller.join().expect("no panic");
    std::thread::sleep(Duration::from_millis(100));
    let after = calls.load(Ordering::SeqCst);
    assert!(after < 600, "{after}");
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(calls.load(Ordering::SeqCst), after);
    Ok(())
}

#[test]
fn an_action_is_late_even_inside_a_query_of_polars() -> Outcome {
    let sleeps = |df| {
        std::thread::sleep(Duration::from_secs(2));
        Ok(df)
    };
    let plan = readings().lazy().map(sleeps, AllowedOptimizations::empty(), None, Some("sleeps"));
    let df = polars().frame(plan)?.deadline(Duration::from_millis(100));
    for late in [0, 1, 2] {
        let begun = Instant::now();
        let result = match late {
            0 => wait(df.collect()).map(|_| ()),
            1 => wait(df.count()).map(|_| ()),
            _ => wait(df.persist()).map(|_| ()),
        };
        assert_eq!(result.map_err(|e| e.kind()), Err(ErrorKind::DeadlineExceeded));
        assert!(begun.elapsed() < Duration::from_millis(1500), "{:?}", begun.elapsed());
    }
    Ok(())
}

#[test]
fn a_dropped_stream_stops_the_work() -> Outcome {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let df = many()?.transform(move |rows: &[Reading]| slow(rows, &counted)).partition_by("at").run()?;
    wait(async {
        let mut stream = df.stream().await?;
        assert!(stream.next().await.is_some_and(|b| b.is_ok()));
        drop(stream);
        Ok(())
    })?;
    std::thread::sleep(Duration::from_millis(500));
    let after = calls.load(Ordering::SeqCst);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(calls.load(Ordering::SeqCst), after);
    assert!(after < 600, "{after}");
    Ok(())
}

#[test]
fn a_head_does_not_read_everything() -> Outcome {
    let plan = df!("n" => (0..2_000_000_i64).collect::<Vec<_>>())?.lazy();
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&seen);
    let df = polars().frame(plan.filter(col("n").gt_eq(lit(0))))?;
    let df = df.transform(move |batches: fugue_core::transform::Batches| {
        let counted = Arc::clone(&counted);
        batches.inspect(move |b| {
            counted.fetch_add(b.num_rows(), Ordering::SeqCst);
        })
    });
    let head = wait(df.schema("*").run()?.head(3))?;
    assert_eq!(wait(head.count())?, 3);
    assert!(seen.load(Ordering::SeqCst) < 2_000_000, "{}", seen.load(Ordering::SeqCst));
    Ok(())
}

//! What stops an action: deadlines, handles of all its frames, and nobody waiting for it any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fugue_core::calls::map;
use fugue_core::row::Row;
use fugue_core::run::CancelHandle;
use fugue_core::{DataFrame, ErrorKind, Session, blocking};

#[derive(Clone, Debug, PartialEq, Row)]
struct Point {
    k: i64,
    v: i64,
}

fn frame(keys: i64) -> DataFrame {
    let session = blocking::wait(Session::builder().threads(1).open("local")).unwrap();
    session.frame((0..keys).map(|k| Point { k, v: k }).collect::<Vec<_>>()).unwrap()
}

/// Takes its time and counts its calls.
fn slow(calls: &AtomicUsize, p: &[Point]) -> Vec<Point> {
    calls.fetch_add(1, Ordering::SeqCst);
    std::thread::sleep(Duration::from_millis(20));
    p.to_vec()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap()
}

#[test]
fn a_fan_out_ends_at_its_deadline_inside_a_call() {
    let begin = Instant::now();
    let late = map([60_u64], |s| std::thread::sleep(Duration::from_secs(s))).deadline(Duration::from_millis(100)).run();
    assert_eq!(blocking::wait(late).unwrap_err().kind(), ErrorKind::DeadlineExceeded);
    let handle = CancelHandle::new();
    let cancelling = handle.clone();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        cancelling.cancel();
    });
    // A pool of its own: the call above still sleeps.
    let stopped = map([60_u64], |s| std::thread::sleep(Duration::from_secs(s))).threads(1).cancel_with(&handle).run();
    assert_eq!(blocking::wait(stopped).unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(begin.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_fan_out_that_nobody_waits_for_stops() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&calls);
    runtime().block_on(async {
        let call = move |_: u64| {
            counting.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(20));
        };
        let all = map(0..200_u64, call).threads(1).run();
        assert!(tokio::time::timeout(Duration::from_millis(100), all).await.is_err());
    });
    std::thread::sleep(Duration::from_millis(100));
    let seen = calls.load(Ordering::SeqCst);
    std::thread::sleep(Duration::from_millis(300));
    assert!(seen < 100 && calls.load(Ordering::SeqCst) == seen, "{seen}");
}

#[test]
fn a_save_that_nobody_waits_for_replaces_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    std::fs::write(&path, "before").unwrap();
    let (calls, target) = (Arc::new(AtomicUsize::new(0)), path.display().to_string());
    let counting = Arc::clone(&calls);
    let slow = move |p: &[Point]| slow(&counting, p);
    runtime().block_on(async {
        let save = frame(50).transform(slow.clone()).partition_by("k").save(&target);
        assert!(tokio::time::timeout(Duration::from_millis(100), save).await.is_err());
        let persist = frame(50).transform(slow).partition_by("k").persist();
        assert!(tokio::time::timeout(Duration::from_millis(100), persist).await.is_err());
    });
    std::thread::sleep(Duration::from_millis(1_500));
    assert!(calls.load(Ordering::SeqCst) < 60, "{calls:?}");
    assert_eq!(std::fs::read_to_string(path).unwrap(), "before");
}

#[test]
fn a_zip_obeys_the_handles_and_deadlines_of_all_its_frames() {
    let (left, right) = (frame(100), frame(100));
    let calls = Arc::new(AtomicUsize::new(0));
    let zip = |left: &DataFrame, right: &DataFrame| {
        let calls = Arc::clone(&calls);
        left.cotransform([right], move |a: &[Point], _: &[Point]| slow(&calls, a)).partition_by("k").run().unwrap()
    };
    let hour = Duration::from_secs(3_600);
    let late = zip(&left.clone().deadline(hour), &right.clone().deadline(Duration::from_millis(100)));
    assert_eq!(blocking::wait(late.collect()).unwrap_err().kind(), ErrorKind::DeadlineExceeded);
    let handle = CancelHandle::new();
    let zipped = zip(&left.cancel_with(&CancelHandle::new()), &right.cancel_with(&handle));
    handle.cancel();
    assert_eq!(blocking::wait(zipped.count()).unwrap_err().kind(), ErrorKind::Cancelled);
    assert!(handle.is_cancelled());
    assert!(calls.load(Ordering::SeqCst) < 50);
}

#[test]
fn rows_stop_one_by_one() {
    let handle = CancelHandle::new();
    let (calls, cancelling) = (Arc::new(AtomicUsize::new(0)), handle.clone());
    let counting = Arc::clone(&calls);
    let call = move |p: Point| {
        counting.fetch_add(1, Ordering::SeqCst);
        cancelling.cancel();
        p
    };
    let df = frame(1_000).cancel_with(&handle);
    assert_eq!(blocking::wait(df.transform(call).count()).unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

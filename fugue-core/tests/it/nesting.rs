//! User code that waits for others: for another pool, for locks, for actions of its own. Nothing of it may hang.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fugue_core::calls::map;
use fugue_core::frame::BatchStream;
use fugue_core::row::Row;
use fugue_core::transform::{Batches, State};
use fugue_core::{DataFrame, Result, Schema, Session, blocking};

use super::ends;

#[derive(Clone, Debug, PartialEq, Row)]
struct Point {
    k: i64,
    v: i64,
}

fn points(n: i64, keys: i64) -> Vec<Point> {
    (0..n).map(|v| Point { k: v % keys, v }).collect()
}

fn session(threads: usize) -> Session {
    blocking::wait(Session::builder().threads(threads).open("local")).unwrap()
}

/// A pool of somebody else, as Polars has one.
fn other_pool() -> Arc<rayon::ThreadPool> {
    Arc::new(rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap())
}

struct Model;

#[test]
fn state_is_loaded_with_other_pools() {
    for threads in [1, 2] {
        let other = other_pool();
        let load = move |()| {
            other.install(|| std::thread::sleep(Duration::from_millis(50)));
            Model
        };
        let count = ends(move || {
            let call = |p: &[Point], _: State<Model>| p.to_vec();
            let df = session(threads).frame(points(80, 8)).unwrap();
            blocking::wait(df.transform(call).partition_by("k").state_with(load).count())
        });
        assert_eq!(count.unwrap(), 80);
    }
}

#[test]
fn a_call_does_not_begin_inside_another() {
    let (other, lock) = (other_pool(), Arc::new(Mutex::new(())));
    let call = move |p: &[Point]| {
        let _lock = lock.lock().unwrap();
        other.install(|| std::thread::sleep(Duration::from_millis(20)));
        p.to_vec()
    };
    let count = ends(move || {
        let df = session(1).frame(points(80, 8)).unwrap();
        blocking::wait(df.transform(call).partition_by("k").count())
    });
    assert_eq!(count.unwrap(), 80);
}

/// Runs a function on every thread of a session at once, several times over.
fn on_all_threads(session: Session, inner: impl Fn() -> Result<i64> + Clone + Send + Sync + 'static) {
    let groups = 4 * session.threads() as i64;
    let rows = ends(move || {
        let call = move |p: &[Point]| -> Result<Point> { Ok(Point { k: p[0].k, v: inner()? }) };
        let df = session.frame(points(2 * groups, groups)).unwrap();
        blocking::wait(df.transform(call).partition_by("k").rows::<Point>())
    });
    let rows = rows.unwrap();
    assert_eq!(rows.len(), groups as usize);
    assert!(rows.iter().all(|p| p.v == 6), "{rows:?}");
}

#[test]
fn functions_fan_out() {
    on_all_threads(Session::local().unwrap(), || blocking::wait(async { Ok(map(0..4_i64, |x| x).run().await?.iter().sum()) }));
}

#[test]
fn fanned_out_functions_fan_out() {
    let sums = ends(|| {
        let outer = |_: i64| blocking::wait(map(0..4_i64, |x| x).run()).map(|all| all.iter().sum::<i64>());
        blocking::wait(map(0..40_i64, outer).run())
    });
    assert!(sums.unwrap().into_iter().all(|sum| sum.unwrap() == 6));
}

fn sum_by_key(df: &DataFrame) -> Result<i64> {
    let sum = |p: &[Point]| Point { k: p[0].k, v: p.iter().map(|p| p.v).sum() };
    let rows = blocking::wait(df.transform(sum).partition_by("k").presort("v").rows::<Point>())?;
    Ok(rows.iter().map(|p| p.v).sum())
}

#[test]
fn functions_run_frames_of_their_own_session() {
    for threads in [1, 2] {
        let session = session(threads);
        let df = session.frame(points(4, 2)).unwrap();
        on_all_threads(session, move || sum_by_key(&df));
    }
}

#[test]
fn functions_wait_for_others_who_run_frames() {
    let session = session(2);
    let df = session.frame(points(4, 2)).unwrap();
    on_all_threads(session, move || {
        let df = df.clone();
        std::thread::spawn(move || sum_by_key(&df)).join().unwrap()
    });
}

#[test]
fn functions_over_streams_run_frames() {
    let session = session(1);
    let df = session.frame(points(4, 2)).unwrap();
    let inner = df.clone();
    let count = ends(move || {
        let call = move |batches: Batches| {
            assert_eq!(sum_by_key(&inner).unwrap(), 6);
            batches
        };
        blocking::wait(df.transform(call).schema("k:long,v:long").count())
    });
    assert_eq!(count.unwrap(), 4);
}

/// Notes how many calls are made at once.
#[derive(Default)]
struct Busy {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Busy {
    fn call(&self, p: &[Point]) -> Vec<Point> {
        self.most.fetch_max(self.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(5));
        self.now.fetch_sub(1, Ordering::SeqCst);
        p.to_vec()
    }
}

#[test]
fn frames_of_other_sessions_keep_to_the_threads_of_the_action() {
    let session = session(1);
    let busy = Arc::new(Busy::default());
    let calls = Arc::clone(&busy);
    let df = session.frame(points(64, 16)).unwrap().transform(move |p: &[Point]| calls.call(p)).partition_by("k").run().unwrap();
    let there = df.on(&self::session(1)).unwrap();
    assert_eq!(blocking::wait(there.count()).unwrap(), 64);
    assert_eq!(busy.most.load(Ordering::SeqCst), 1);
}

#[test]
fn members_of_a_derived_zip_keep_to_the_threads_of_the_action() {
    let session = blocking::wait(Session::builder().threads(1).derived(true).open("local")).unwrap();
    let busy = Arc::new(Busy::default());
    let calls = Arc::clone(&busy);
    let df = session.frame(points(64, 16)).unwrap();
    let member = df.transform(move |p: &[Point]| calls.call(p)).partition_by("k").run().unwrap();
    let zip = member.cotransform([&df], |a: &[Point], _: &[Point]| a.to_vec()).partition_by("k");
    assert_eq!(blocking::wait(zip.collect()).unwrap().iter().map(|b| b.num_rows()).sum::<usize>(), 64);
    assert_eq!(busy.most.load(Ordering::SeqCst), 1);
}

#[test]
fn streams_find_a_runtime_for_their_timers() {
    let count = || async {
        let batches = Session::local()?.frame(points(3, 1))?.collect().await?;
        let slow = futures::stream::unfold(batches.into_iter(), |mut left| async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Some((Ok(left.next()?), left))
        });
        let stream = BatchStream::new(Schema::parse("k:long,v:long")?, slow);
        Session::local()?.frame(stream)?.transform(|p: &[Point]| p.to_vec()).partition_by("k").count().await
    };
    assert_eq!(ends(move || blocking::wait(count())).unwrap(), 3);
    let several = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    assert_eq!(ends(move || several.block_on(count())).unwrap(), 3);
    let single = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    assert_eq!(ends(move || single.block_on(count())).unwrap(), 3);
}

//! Calls that say how many of them may run at the same time, of every shape and whatever becomes of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fugue_core::calls::map;
use fugue_core::row::Row;
use fugue_core::run::CancelHandle;
use fugue_core::transform::{Batches, Cursor, Rows};
use fugue_core::{DataFrame, ErrorKind, Result, Session, Transient, blocking};

#[derive(Clone, Debug, PartialEq, Row)]
struct Point {
    k: i64,
    v: i64,
}

fn frame() -> DataFrame {
    let session = blocking::wait(Session::builder().threads(4).open("local")).unwrap();
    session.frame((0..48).map(|v| Point { k: v % 12, v }).collect::<Vec<_>>()).unwrap()
}

/// Counts the calls that are inside user code.
#[derive(Clone, Default)]
struct Watch(Arc<(AtomicUsize, AtomicUsize)>);

struct Inside(Watch);

impl Watch {
    fn enter(&self) -> Inside {
        let now = self.0.0.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.1.fetch_max(now, Ordering::SeqCst);
        Inside(self.clone())
    }

    fn during<T>(&self, value: T) -> T {
        let _inside = self.enter();
        std::thread::sleep(Duration::from_millis(1));
        value
    }

    /// The most since it was asked last.
    fn most(&self) -> usize {
        self.0.1.swap(0, Ordering::SeqCst)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn calls_of_every_shape_are_held_back() -> Result<()> {
    let (df, watch) = (frame(), Watch::default());
    let w = || watch.clone();
    for most in [1, 2] {
        let rows = {
            let w = w();
            move |p: &[Point]| w.during(p.to_vec())
        };
        assert_eq!(blocking::wait(df.transform(rows.clone()).partition_by("k").per_executor(most).count())?, 48);
        assert!((1..=most).contains(&watch.most()));
        let single = {
            let w = w();
            move |p: Point| w.during(p)
        };
        assert_eq!(blocking::wait(df.transform(single).per_executor(most).count())?, 48);
        assert!((1..=most).contains(&watch.most()));
        let stream = {
            let w = w();
            move |rows: Rows<Point>| {
                let inside = w.enter();
                rows.inspect(move |_| {
                    let _ = &inside;
                })
            }
        };
        let streamed = df.transform(stream).num(6).algo(fugue_core::partition::Algo::Even).per_executor(most);
        assert_eq!(blocking::wait(streamed.count())?, 48);
        assert!((1..=most).contains(&watch.most()));
        let both = {
            let w = w();
            move |a: &[Point], _: &[Point]| w.during(a.to_vec())
        };
        let zipped = fugue_core::calls::cotransform([&df, &df], both).partition_by("k").per_executor(most);
        assert_eq!(blocking::wait(zipped.count())?, 48);
        assert!((1..=most).contains(&watch.most()));
        blocking::wait(df.out_transform(rows).partition_by("k").per_executor(most).run())?;
        assert!((1..=most).contains(&watch.most()));
    }
    Ok(())
}

#[test]
fn async_calls_are_held_back_one_by_one() -> Result<()> {
    let (df, watch) = (frame(), Watch::default());
    for most in [1, 3] {
        let begun = watch.clone();
        // What runs before there is a future belongs to the call.
        let later = move |p: Point| {
            let inside = begun.enter();
            async move {
                tokio::time::sleep(Duration::from_millis(1)).await;
                drop(inside);
                p
            }
        };
        assert_eq!(blocking::wait(df.transform(later).per_executor(most).concurrency(9).count())?, 48);
        assert!((1..=most).contains(&watch.most()), "{most}");
    }
    Ok(())
}

#[test]
fn a_stream_holds_its_place_until_it_is_read() -> Result<()> {
    let (df, watch) = (frame(), Watch::default());
    let stream = move |batches: Batches| {
        let inside = watch.enter();
        batches.inspect(move |_| {
            let _ = &inside;
        })
    };
    let call = df.transform(stream).schema("*").per_executor(1).run()?;
    let mut first = blocking::wait(call.stream())?.into_blocking();
    assert!(first.next().is_some());
    // Another action has gates of its own.
    assert_eq!(blocking::wait(call.count())?, 48);
    drop(first);
    Ok(())
}

#[test]
fn a_call_that_fails_makes_room() {
    let df = frame();
    let panics = |p: &[Point]| -> Vec<Point> { if p[0].k == 3 { panic!("three") } else { p.to_vec() } };
    let error = blocking::wait(df.transform(panics).partition_by("k").per_executor(1).count()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TransformerFailed);
    assert_eq!(error.context("key"), Some("k=3"));
    let later = |p: Point| async move { if p.v == 3 { panic!("three") } else { p } };
    let error = blocking::wait(df.transform(later).per_executor(1).count()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TransformerFailed);
}

#[test]
fn who_waits_is_cancelled() {
    let (df, handle) = (frame(), CancelHandle::new());
    let inside = handle.clone();
    let stops = move |p: &[Point], _: Cursor| {
        inside.cancel();
        std::thread::sleep(Duration::from_millis(20));
        p.to_vec()
    };
    let call = df.cancel_with(&handle).transform(stops).partition_by("k").per_executor(1);
    assert_eq!(blocking::wait(call.count()).unwrap_err().kind(), ErrorKind::Cancelled);
}

#[test]
fn none_at_all_is_a_mistake() {
    let kind = |call: Result<DataFrame>| call.map(drop).map_err(|e| (e.kind(), e.context("setting").map(str::to_owned)));
    let invalid = Err((ErrorKind::SettingInvalid, Some("per_executor".to_owned())));
    assert_eq!(kind(frame().transform(|p: Point| p).per_executor(0).run()), invalid);
    assert_eq!(kind(frame().transform(|p: Point| p).per_executor(usize::MAX).run()), Ok(()));
    let none = blocking::wait(map([1_i64], |x| x).per_executor(0).run()).unwrap_err();
    assert_eq!(none.kind(), ErrorKind::SettingInvalid);
}

#[test]
fn items_are_held_back_too() -> Result<()> {
    let watch = Watch::default();
    let call = {
        let watch = watch.clone();
        move |x: i64| watch.during(x)
    };
    let items: Vec<i64> = (0..20).collect();
    assert_eq!(blocking::wait(map(items.clone(), call.clone()).threads(4).per_executor(2).run())?, items);
    assert!((1..=2).contains(&watch.most()));
    let session = blocking::wait(Session::builder().threads(4).open("local"))?;
    assert_eq!(blocking::wait(map(items.clone(), call).per_executor(2).run_on(&session))?, items);
    assert!((1..=2).contains(&watch.most()));
    Ok(())
}

#[test]
fn an_error_worth_another_attempt_is_like_any_other_here() {
    let busy = |p: Point| -> std::result::Result<Point, Transient> {
        if p.v == 7 { Err(Transient::new(std::io::Error::other("busy"))) } else { Ok(p) }
    };
    let error = blocking::wait(frame().transform(busy).count()).unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::TransformerFailed, "busy"));
    assert!(error.is_transient());
    assert!(error.user_error::<std::io::Error>().is_some());
}

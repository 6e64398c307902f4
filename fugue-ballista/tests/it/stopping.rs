//! How far an action is, and how it ends before its end: cancelled, dropped, closed; nothing stays behind.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fugue_ballista::{BallistaEngine, Cluster};
use fugue_core::run::{CancelHandle, Progress, ProgressHandle};
use fugue_core::{DataFrame, ErrorKind, Session};
use futures::StreamExt;

use crate::data::{Reading, Tally, readings, tally, total};
use crate::support::{Outcome, alone, cluster, run, session, soon, threads};

/// Takes a while for each row.
fn slow(frame: &DataFrame, calls: &Arc<AtomicUsize>, each: u64) -> fugue_core::Result<DataFrame> {
    let calls = Arc::clone(calls);
    let work = move |reading: Reading| {
        calls.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(each));
        reading
    };
    frame.transform(work).run()
}

/// No more calls, after those that were begun.
async fn is_quiet(calls: &AtomicUsize) {
    for _ in 0..20 {
        let before = calls.load(Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(100)).await;
        if calls.load(Ordering::SeqCst) == before {
            return;
        }
    }
    panic!("calls go on");
}

/// How many calls meet: each waits a while for so many to be there at once.
async fn meeting(frame: &DataFrame, wanted: usize) -> fugue_core::Result<usize> {
    let here = Arc::new(AtomicUsize::new(0));
    let coming = Arc::clone(&here);
    let meet = move |reading: Reading| {
        coming.fetch_add(1, Ordering::SeqCst);
        let begun = Instant::now();
        while coming.load(Ordering::SeqCst) < wanted && begun.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(1));
        }
        let met = coming.load(Ordering::SeqCst) >= wanted;
        met.then_some(reading)
    };
    frame.transform(meet).count().await.map(|n| usize::try_from(n).unwrap_or_default())
}

#[test]
fn a_cancelled_action_ends_at_once_and_leaves_its_slots() -> Outcome {
    run(async {
        let cluster = Cluster::builder().executors(2).slots(2).start().await?;
        let session = session(BallistaEngine::on(&cluster).partitions(4)).await?;
        let frame = session.frame(readings(4000))?;
        // Many short calls, and few long ones which nothing interrupts.
        for each in [5, 1500] {
            let (calls, handle) = (Arc::new(AtomicUsize::new(0)), CancelHandle::new());
            let work = slow(&frame.clone().cancel_with(&handle), &calls, each)?;
            let cancelled = async {
                soon("work", || calls.load(Ordering::SeqCst) > 3).await;
                handle.cancel();
                Instant::now()
            };
            let (ended, at) = futures::join!(work.count(), cancelled);
            assert_eq!(ended.map_err(|e| e.kind()), Err(ErrorKind::Cancelled));
            assert!(at.elapsed() < Duration::from_secs(1), "after {:?}", at.elapsed());
            is_quiet(&calls).await;
            assert!(calls.load(Ordering::SeqCst) < 1000);
            assert_eq!(meeting(&session.frame(readings(4))?, 4).await?, 4);
        }
        Ok(cluster.close().await?)
    })
}

#[test]
fn a_dropped_action_ends_its_calls() -> Outcome {
    run(async {
        let session = session(BallistaEngine::on(cluster()?).partitions(4)).await?;
        let frame = session.frame(readings(4000))?;
        let calls = Arc::new(AtomicUsize::new(0));
        let work = slow(&frame, &calls, 5)?;
        let begun = async { soon("work", || calls.load(Ordering::SeqCst) > 3).await };
        // Whichever is first: the other one is dropped.
        tokio::select! {
            _ = work.count() => return Err("it ends".into()),
            () = begun => {}
        }
        is_quiet(&calls).await;
        assert!(calls.load(Ordering::SeqCst) < 1000);
        Ok(())
    })
}

#[test]
fn a_slow_action_says_how_far_it_is() -> Outcome {
    run(async {
        let session = session(BallistaEngine::on(cluster()?).partitions(8)).await?;
        let (handle, calls) = (ProgressHandle::new(), Arc::new(AtomicUsize::new(0)));
        let steps = handle.stream();
        let frame = session.frame(readings(160))?.progress_with(&handle);
        let work = slow(&frame, &calls, 10)?.transform(total).partition_by("sensor").run()?;
        let (count, seen) = futures::join!(work.collect(), steps.collect::<Vec<Progress>>());
        assert_eq!(count?.iter().map(|b| b.num_rows()).sum::<usize>(), 3);
        let last = seen.last().ok_or("nothing was said")?;
        assert!(last.stages >= 2 && last.stages_done == last.stages, "{seen:?}");
        assert!(last.tasks >= 16 && last.tasks_done == last.tasks, "{seen:?}");
        assert!(last.rows >= 163, "{seen:?}");
        assert!(seen.iter().any(|p| p.tasks_done > 0 && p.tasks_done < p.tasks), "{seen:?}");
        assert!(seen.is_sorted_by_key(|p| p.tasks_done), "{seen:?}");
        assert_eq!(handle.now(), *last);
        Ok(())
    })
}

/// A session with a cluster of its own, whose files lie below a folder.
async fn own(folder: &Path) -> fugue_core::Result<Session> {
    let cluster = Cluster::builder().executors(2).slots(2).work_folder(folder);
    let engine = BallistaEngine::builder().cluster(cluster).shared_folder(folder).partitions(4).start().await?;
    Session::builder().threads(1).with_engine(engine)
}

#[test]
fn a_closed_session_leaves_nothing_behind() -> Outcome {
    alone("stopping::a_closed_session_leaves_nothing_behind", || {
        run(async {
            let folder = tempfile::tempdir()?;
            let session = own(folder.path()).await?;
            let frame = session.frame(readings(200_000))?;
            assert_eq!(frame.transform(tally).partition_by("sensor").rows::<Tally>().await?.len(), 3);
            let calls = Arc::new(AtomicUsize::new(0));
            let work = slow(&frame, &calls, 5)?;
            let closed = async {
                soon("work", || calls.load(Ordering::SeqCst) > 3).await;
                session.close().await
            };
            let begun = Instant::now();
            let (ended, closed) = futures::join!(work.count(), closed);
            closed?;
            assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
            let error = ended.expect_err("the cluster is gone");
            assert!(matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::EngineFailed), "{error:?}");
            is_quiet(&calls).await;
            assert!(work.count().await.is_err());
            drop((frame, work, session));
            soon("the end of all threads", || threads().is_empty()).await;
            assert_eq!(std::fs::read_dir(folder.path())?.count(), 0);
            Ok(())
        })
    })
}

#[test]
fn a_dropped_session_leaves_nothing_behind() -> Outcome {
    alone("stopping::a_dropped_session_leaves_nothing_behind", || {
        let folder = tempfile::tempdir()?;
        run(async {
            let session = own(folder.path()).await?;
            assert_eq!(session.frame(readings(200_000))?.transform(tally).partition_by("sensor").count().await?, 3);
            drop(session);
            soon("the end of all threads", || threads().is_empty()).await;
            assert_eq!(std::fs::read_dir(folder.path())?.count(), 0);
            Ok(())
        })
    })
}

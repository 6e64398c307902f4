//! How far an action is, and how it ends before its end: cancelled, dropped, closed; nothing stays behind.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fugue_ballista::{BallistaEngine, Cluster};
use fugue_core::run::{CancelHandle, Progress, ProgressHandle};
use fugue_core::transform::Batches;
use fugue_core::{DataFrame, ErrorKind, Session};
use futures::StreamExt;

use crate::data::{Reading, Tally, doubled, readings, tally, total};
use crate::support::{Outcome, alone, cluster, files, run, session, soon, threads};

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

#[test]
fn a_cancelled_action_ends_at_once_and_leaves_its_slots() -> Outcome {
    run(async {
        let cluster = Cluster::builder().executors(2).slots(2).start().await?;
        let session = session(BallistaEngine::on(&cluster).partitions(4)).await?;
        let frame = session.frame(readings(4000))?;
        // Many short calls, and few long ones which nothing interrupts.
        for (each, patience) in [(5, 500), (700, 2000)] {
            let (calls, handle) = (Arc::new(AtomicUsize::new(0)), CancelHandle::new());
            let work = slow(&frame.clone().cancel_with(&handle), &calls, each)?;
            let cancelled = async {
                soon("work", || calls.load(Ordering::SeqCst) > 3).await;
                handle.cancel();
                Instant::now()
            };
            let (ended, at) = futures::join!(work.count(), cancelled);
            assert_eq!(ended.map_err(|e| e.kind()), Err(ErrorKind::Cancelled));
            assert!(at.elapsed() < Duration::from_millis(400), "after {:?}", at.elapsed());
            is_quiet(&calls).await;
            assert!(calls.load(Ordering::SeqCst) < 1000);
            // Four calls of a quarter of a second find four slots.
            let (calls, begun) = (Arc::new(AtomicUsize::new(0)), Instant::now());
            assert_eq!(slow(&session.frame(readings(4))?, &calls, 250)?.count().await?, 4);
            assert!(begun.elapsed() < Duration::from_millis(patience), "{:?}", begun.elapsed());
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

#[test]
fn inputs_leave_no_files_behind() -> Outcome {
    run(async {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("readings.csv").to_string_lossy().into_owned();
        Session::local()?.frame(readings(100_000))?.save(&path).await?;
        let inputs = folder.path().join("inputs");
        std::fs::create_dir(&inputs)?;
        let session = session(BallistaEngine::on(cluster()?).partitions(4).shared_folder(&inputs)).await?;
        let read = session.load(&path).await?;
        assert_eq!(read.transform(doubled).count().await?, 100_000);
        soon("the end of the files of what was read", || files(&inputs).is_empty()).await;
        // One that is not read to its end.
        let mut stream = read.transform(|rows: Batches| rows).schema("*").stream().await?;
        assert!(stream.next().await.is_some());
        drop(stream);
        soon("the end of the files of a dropped stream", || files(&inputs).is_empty()).await;
        // Rows in memory are written once, and kept ones stay for as long as their frame.
        let memory = session.frame(readings(200_000))?;
        assert_eq!(memory.transform(doubled).count().await?, 200_000);
        let written = files(&inputs);
        assert!(!written.is_empty());
        let kept = memory.transform(doubled).persist().await?;
        assert!(files(&inputs).len() > written.len());
        drop(memory);
        soon("the end of the files of rows in memory", || written.iter().all(|file| !file.exists())).await;
        assert_eq!(kept.count().await?, 200_000);
        drop(kept);
        soon("the end of kept files", || files(&inputs).is_empty()).await;
        drop(read);
        session.close().await?;
        drop(session);
        assert_eq!(std::fs::read_dir(&inputs)?.count(), 0);
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

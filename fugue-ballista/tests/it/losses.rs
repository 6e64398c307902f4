//! Executors and schedulers that die while an action runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fugue_ballista::{BallistaEngine, Cluster};
use fugue_core::row::Row;
use fugue_core::{DataFrame, Error, ErrorKind, Session};

use crate::data::{Reading, doubled, readings, some, total};
use crate::support::{Outcome, files, run, session, soon};

#[derive(Row)]
struct Slept {
    value: i64,
}

/// Counts its calls, each of which takes a while.
fn sleepy(frame: &DataFrame, calls: &Arc<AtomicUsize>, each: u64) -> Result<DataFrame, Error> {
    let calls = Arc::clone(calls);
    let work = move |reading: Reading| {
        calls.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(each));
        Slept { value: reading.value }
    };
    frame.transform(work).run()
}

#[test]
fn an_action_survives_the_death_of_an_executor() -> Outcome {
    run(async {
        let cluster = Cluster::builder().executors(2).slots(1).executor_timeout(Duration::from_secs(2)).start().await?;
        let session = session(BallistaEngine::on(&cluster).partitions(6)).await?;
        let calls = Arc::new(AtomicUsize::new(0));
        let slow = sleepy(&session.frame(readings(120))?, &calls, 10)?;
        let sum = |rows: &[Slept]| Slept { value: rows.iter().map(|r| r.value).sum() };
        let work = slow.transform(sum).num(1).run()?;
        let killed = async {
            soon("work", || calls.load(Ordering::SeqCst) > 45).await;
            assert!(cluster.kill_executor(1));
        };
        let (sums, ()) = futures::join!(work.rows::<Slept>(), killed);
        assert_eq!(sums?.iter().map(|s| s.value).sum::<i64>(), 120 * 119 / 2);
        assert!(calls.load(Ordering::SeqCst) >= 120);
        assert_eq!(session.frame(readings(30))?.transform(total).partition_by("sensor").count().await?, 3);
        Ok(cluster.close().await?)
    })
}

#[test]
fn an_action_without_scheduler_or_executors_ends_with_an_error() -> Outcome {
    run(async {
        for scheduler in [true, false] {
            let cluster = Cluster::builder().executors(2).slots(1).executor_timeout(Duration::from_secs(2)).start().await?;
            let session = session(BallistaEngine::on(&cluster).partitions(4)).await?;
            let calls = Arc::new(AtomicUsize::new(0));
            let work = sleepy(&session.frame(readings(4000))?, &calls, 5)?;
            let begun = Instant::now();
            let killed = async {
                soon("work", || calls.load(Ordering::SeqCst) > 4).await;
                assert!(if scheduler { cluster.kill_scheduler() } else { cluster.kill_executor(0) && cluster.kill_executor(1) });
            };
            let (lost, ()) = futures::join!(work.count(), killed);
            let error = lost.expect_err("nobody is left");
            assert_eq!(error.kind(), ErrorKind::EngineFailed, "{error:?}");
            assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
            cluster.close().await?;
        }
        Ok(())
    })
}

/// All names in a folder.
fn names(folder: &Path) -> Result<Vec<String>, std::io::Error> {
    std::fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

#[test]
fn a_saved_file_is_whole_or_not_there_whoever_dies_while_the_job_runs() -> Outcome {
    run(async {
        for scheduler in [true, false] {
            let folder = tempfile::tempdir()?;
            let path = folder.path().join("saved.parquet").to_string_lossy().into_owned();
            let cluster = Cluster::builder().executors(2).slots(1).executor_timeout(Duration::from_secs(2)).start().await?;
            let session = session(BallistaEngine::on(&cluster).partitions(6)).await?;
            let calls = Arc::new(AtomicUsize::new(0));
            let slow = sleepy(&session.frame(readings(120))?, &calls, 10)?;
            let work = slow.transform(|rows: Vec<Slept>| rows).num(1).run()?;
            let killed = async {
                soon("work", || calls.load(Ordering::SeqCst) > 45).await;
                assert!(if scheduler { cluster.kill_scheduler() } else { cluster.kill_executor(1) });
            };
            let (saved, ()) = futures::join!(work.save(&path), killed);
            if scheduler {
                assert_eq!(saved.expect_err("nobody plans any more").kind(), ErrorKind::EngineFailed);
                assert_eq!(names(folder.path())?, Vec::<String>::new());
            } else {
                assert_eq!(saved?, 120);
                assert_eq!(names(folder.path())?, ["saved.parquet"]);
                let values: Vec<Slept> = Session::local()?.load(&path).await?.rows().await?;
                assert_eq!((values.len(), values.iter().map(|s| s.value).sum::<i64>()), (120, 120 * 119 / 2));
            }
            cluster.close().await?;
        }
        Ok(())
    })
}

#[test]
fn a_saved_file_is_whole_or_not_there_when_results_are_lost_on_their_way() -> Outcome {
    run(async {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("saved.csv").to_string_lossy().into_owned();
        let cluster = Cluster::builder().executors(2).slots(1).start().await?;
        let engine = BallistaEngine::on(&cluster).partitions(8).set("ballista.shuffle.force_remote_read", "true");
        let session = session(engine).await?;
        let rows = 2_000_000;
        let frame = session.frame((0..20).map(|b| some(b * 100_000, (b + 1) * 100_000)).collect::<Vec<_>>())?;
        let work = frame.transform(doubled).run()?;
        let killed = async {
            // The job is done when rows are written; most results are still where they were made.
            let begun = |file: &PathBuf| file.metadata().is_ok_and(|file| file.len() > 100_000);
            soon("a file", || files(folder.path()).iter().any(begun)).await;
            assert!(cluster.kill_executor(0) && cluster.kill_executor(1));
        };
        let (saved, ()) = futures::join!(work.save(&path), killed);
        match saved {
            Ok(written) => assert_eq!((written, Session::local()?.load(&path).await?.count().await?), (rows, rows)),
            Err(e) => {
                assert_eq!(e.kind(), ErrorKind::EngineFailed, "{e:?}");
                assert_eq!(names(folder.path())?, Vec::<String>::new());
            }
        }
        Ok(cluster.close().await?)
    })
}

//! Executors and schedulers that die while an action runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fugue_ballista::{BallistaEngine, Cluster};
use fugue_core::row::Row;
use fugue_core::{DataFrame, Error, ErrorKind};

use crate::data::{Reading, readings, total};
use crate::support::{Outcome, run, session, soon};

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

//! Where calls run, how many at once, and what they share.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use datafusion::error::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::ExecutionPlan;
use fugue_ballista::{BallistaEngine, Cluster, Extensions};
use fugue_core::run::{Pool, RunContext};
use fugue_core::transform::{Params, State, Task};
use fugue_core::{Error, Result};
use fugue_datafusion::travel::{AtWork, Worker};

use crate::data::{Reading, Total, doubled, readings, total};
use crate::support::{Outcome, cluster, run, session};

/// The threads that each executor calls functions on.
type Pools = Arc<Mutex<Vec<Option<Pool>>>>;

/// An executor that says which threads are its own.
struct Known {
    worker: Arc<dyn Worker>,
    number: usize,
    pools: Pools,
}

impl Worker for Known {
    fn run(&self, context: &TaskContext) -> Result<RunContext> {
        let run = self.worker.run(context)?;
        self.pools.lock().expect("pools")[self.number] = Some(run.pool.clone());
        Ok(run)
    }

    fn task(&self, packed: &[u8]) -> Result<Task> {
        self.worker.task(packed)
    }

    fn partition(&self, input: &dyn ExecutionPlan, partition: usize) -> usize {
        self.worker.partition(input, partition)
    }

    fn error(&self, error: Error) -> DataFusionError {
        self.worker.error(error)
    }
}

/// What executors of ours have, with their threads known.
fn known(pools: &Pools) -> Extensions {
    let mut extensions = Extensions::default();
    let (config, pools) = (Arc::clone(&extensions.session_config), Arc::clone(pools));
    extensions.session_config = Arc::new(move |slots| {
        let config = config(slots)?;
        let worker = config.get_extension::<AtWork>().map(|at_work| Arc::clone(&at_work.0)).expect("a worker");
        let mut all = pools.lock().expect("pools");
        all.push(None);
        let known = Known { worker, number: all.len() - 1, pools: Arc::clone(&pools) };
        Ok(config.with_extension(Arc::new(AtWork(Arc::new(known)))))
    });
    extensions
}

/// Calls on each of two executors: now, at most, and all of them.
#[derive(Default)]
struct Crowd([[AtomicUsize; 3]; 2]);

impl Crowd {
    fn linger(&self, pools: &Pools) {
        let at = pools.lock().expect("pools").iter().position(|p| p.as_ref().is_some_and(Pool::is_current)).expect("an executor");
        let [now, most, all] = &self.0[at];
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        all.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(20));
        now.fetch_sub(1, Ordering::SeqCst);
    }

    /// The most calls at once, and all calls, of both executors.
    fn told(&self) -> ([usize; 2], [usize; 2]) {
        let of = |what: usize| [0, 1].map(|at: usize| self.0[at][what].load(Ordering::SeqCst));
        (of(1), of(2))
    }
}

#[test]
fn calls_that_want_an_executor_for_themselves_get_all_of_them() -> Outcome {
    run(async {
        let pools = Pools::default();
        let cluster = Cluster::builder().executors(2).slots(2).extensions(known(&pools)).start().await?;
        assert_eq!(pools.lock().expect("pools").len(), 2);
        let session = session(BallistaEngine::on(&cluster).partitions(8)).await?;
        let frame = session.frame(readings(48))?;
        for (limit, most) in [(Some(1), 1), (None, 2)] {
            let crowds = [Arc::new(Crowd::default()), Arc::new(Crowd::default())];
            let [(rows, of_rows), (groups, of_groups)] = [0, 1].map(|n: usize| (Arc::clone(&crowds[n]), Arc::clone(&pools)));
            let row = frame.transform(move |reading: Reading| {
                rows.linger(&of_rows);
                reading
            });
            let group = frame.transform(move |readings: &[Reading]| {
                groups.linger(&of_groups);
                total(readings)
            });
            let group = group.partition_by("value").schema("sensor:str,total:long");
            let (row, group) = match limit {
                Some(limit) => (row.per_executor(limit), group.per_executor(limit)),
                None => (row, group),
            };
            assert_eq!((row.count().await?, group.count().await?), (48, 48));
            for (shape, crowd) in ["rows", "groups"].into_iter().zip(&crowds) {
                let (at_once, all) = crowd.told();
                let told = format!("{shape}, {limit:?} per executor: {at_once:?} at once of {all:?}");
                assert!(at_once.iter().all(|n| (1..=most).contains(n)), "{told}");
                assert!(all.iter().all(|n| *n >= 8) && all.iter().sum::<usize>() == 48, "{told}");
            }
        }
        Ok(cluster.close().await?)
    })
}

#[test]
fn state_is_built_once_for_all_calls_of_a_closure() -> Outcome {
    run(async {
        let session = session(BallistaEngine::on(cluster()?).partitions(7)).await?;
        let built = Arc::new(AtomicUsize::new(0));
        let building = Arc::clone(&built);
        let load = move |factor: i64| {
            building.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(50));
            vec![factor; 3]
        };
        let work = |rows: &[Reading], factors: State<Vec<i64>>, factor: Params<i64>| {
            let Total { sensor, total } = total(rows);
            Total { sensor, total: total * factors[2] - total * *factor }
        };
        let call = session.frame(readings(70))?.transform(work).params(&5_i64).state_with(load).partition_by("value");
        let totals: Vec<Total> = call.rows().await?;
        assert_eq!((totals.len(), built.load(Ordering::SeqCst)), (70, 1));
        assert!(totals.iter().all(|t| t.total == 0));
        Ok(())
    })
}

#[test]
fn two_hundred_transforms_stand_behind_one_another() -> Outcome {
    run(async {
        let session = session(BallistaEngine::on(cluster()?).partitions(3)).await?;
        let next = |reading: Reading| Reading { value: reading.value + 1, ..reading };
        let mut frame = session.frame(readings(30))?;
        for step in 0..200 {
            frame = if step % 50 == 49 {
                let same = |rows: &[Reading]| rows.to_vec();
                frame.transform(same).partition_by("sensor").run()?
            } else if step == 100 {
                frame.transform(doubled).run()?
            } else {
                frame.transform(next).run()?
            };
        }
        let values: Vec<Reading> = frame.rows().await?;
        // Ninety-eight before the doubling, ninety-seven after it.
        assert_eq!(values.iter().map(|r| r.value).sum::<i64>(), (0..30).map(|n| (n + 98) * 2 + 97).sum::<i64>());
        Ok(())
    })
}

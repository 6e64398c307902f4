//! Jobs: right answers in order, failure and cancellation with a type, files that go.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{ColumnarValue, Volatility, create_udf};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::projection::ProjectionExec;
use fugue_ballista::Cluster;
use fugue_ballista::testing::{Client, JobError, JobWatch, Progress};
use fugue_core::ErrorKind;
use futures::{StreamExt, TryStreamExt};
use tokio::sync::broadcast;

use crate::running::{Running, batch, numbers, partitions};
use crate::support::{Outcome, run, soon};

/// The files of all jobs.
fn files(running: &Running) -> Vec<std::path::PathBuf> {
    crate::support::files(&running.cluster.work_folder().expect("it runs"))
}

#[test]
fn an_aggregation_over_a_shuffle_is_right_on_one_executor_and_on_three() -> Outcome {
    run(async {
        for (executors, remote) in [(1, false), (3, false), (3, true)] {
            let running = Running::start(Cluster::builder().executors(executors).remote_reads(remote)).await?;
            let plan = running.plan(partitions(5, 2, 100), "select sum(n) as s, k from t group by k order by k").await?;
            let sums: Vec<i64> = (0..10).map(|k| (0..1000).filter(|n| n % 10 == k).sum()).collect();
            assert_eq!(running.numbers(&plan).await?, sums);
            running.close().await?;
        }
        Ok(())
    })
}

#[test]
fn results_come_in_order_of_partitions_and_empty_ones_do_no_harm() -> Outcome {
    run(async {
        let running = Running::start(Cluster::builder().executors(2).slots(2)).await?;
        let mut table = partitions(9, 2, 50);
        table[0] = vec![batch(0, 0)];
        table[4] = vec![batch(0, 0)];
        let plan = running.plan(table, "select n from t where n % 7 <> 0").await?;
        assert_eq!(plan.properties().output_partitioning().partition_count(), 9);
        let expected: Vec<i64> = (100..400).chain(500..900).filter(|n| n % 7 != 0).collect();
        for ahead in [1, 4, 20] {
            let finished = running.submit(&plan).await?.finished().await?;
            assert_eq!(finished.locations().len(), 9);
            let executors = finished.locations().iter().filter_map(|l| Some(&l.executor_meta.as_ref()?.id));
            assert_eq!(executors.collect::<BTreeSet<_>>(), ["executor-0", "executor-1"].map(str::to_owned).iter().collect());
            let read: Vec<_> = finished.results(plan.schema(), ahead).try_collect().await?;
            assert_eq!(numbers(&read), expected);
        }
        let nothing = running.plan(partitions(3, 1, 10), "select n from t where n < 0").await?;
        assert_eq!(running.numbers(&nothing).await?, Vec::<i64>::new());
        running.close().await
    })
}

#[test]
fn several_jobs_run_at_once() -> Outcome {
    run(async {
        let running = Running::start(Cluster::builder()).await?;
        let plans = futures::future::try_join_all((0..8).map(|at| {
            let running = &running;
            async move { running.plan(partitions(3, 1, 100 + at), "select count(*), k from t group by k order by k").await }
        }));
        let plans = plans.await?;
        let jobs = plans.iter().map(|plan| running.numbers(plan));
        for (at, counts) in futures::future::try_join_all(jobs).await?.into_iter().enumerate() {
            assert_eq!(counts.iter().sum::<i64>(), 3 * (100 + i64::try_from(at)?));
        }
        running.close().await
    })
}

#[test]
fn a_slow_reader_of_large_results_loses_nothing() -> Outcome {
    run(async {
        let running = Running::start(Cluster::builder()).await?;
        // 48 MB, more than all windows of a connection by default.
        let plan = running.plan(partitions(6, 8, 62_500), "select n, k from t").await?;
        let finished = running.submit(&plan).await?.finished().await?;
        let mut results = finished.results(plan.schema(), 5);
        let mut next = 0;
        while let Some(batch) = results.try_next().await? {
            tokio::time::sleep(Duration::from_millis(2)).await;
            for n in numbers(&[batch]) {
                assert_eq!(n, next);
                next += 1;
            }
            assert!(!files(&running).is_empty() || next == 3_000_000);
        }
        assert_eq!(next, 3_000_000);
        running.close().await
    })
}

#[test]
fn files_go_when_results_were_read_or_are_not_wanted_and_not_before() -> Outcome {
    run(async {
        let running = Running::start(Cluster::builder()).await?;
        let plan = running.plan(partitions(4, 1, 1000), "select max(n), k from t group by k").await?;
        let job = running.submit(&plan).await?;
        let finished = job.finished().await?;
        assert_eq!(job.finished().await?.locations(), finished.locations());
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!files(&running).is_empty());
        let kept = finished.clone();
        assert_eq!(numbers(&finished.results(plan.schema(), 2).try_collect::<Vec<_>>().await?).len(), 10);
        tokio::time::sleep(Duration::from_millis(200)).await;
        let mut again = kept.results(plan.schema(), 2);
        assert!(again.next().await.is_some());
        drop(again);
        soon("the end of the files of a read job", || files(&running).is_empty()).await;
        assert!(matches!(job.finished().await, Err(JobError::Lost(_))));

        let unread = running.submit(&plan).await?;
        unread.finished().await?;
        drop(unread);
        soon("the end of the files of an unread job", || files(&running).is_empty()).await;
        running.close().await
    })
}

#[test]
fn a_cancelled_job_says_so_and_ends_its_tasks() -> Outcome {
    run(async {
        let running = Running::start(Cluster::builder().slots(1)).await?;
        let plan = running.plan(partitions(4, 1000, 1), "select slow(n) from t").await?;
        for after in [0, 300] {
            let job = running.submit(&plan).await?;
            tokio::time::sleep(Duration::from_millis(after)).await;
            let begun = Instant::now();
            job.cancel().await;
            assert!(matches!(job.finished().await, Err(JobError::Cancelled)), "after {after} ms");
            assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
            is_quiet(&running).await;
        }
        let small = running.plan(vec![vec![batch(7, 1)]], "select n from t").await?;
        assert_eq!(running.numbers(&small).await?, [7]);
        soon("the end of the files", || files(&running).is_empty()).await;
        running.close().await
    })
}

/// No more calls, after a moment, and not because there are none left: a task ends when it next waits for something, which the
/// runtime makes it do after some hundred batches at the latest.
async fn is_quiet(running: &Running) {
    for _ in 0..20 {
        let before = running.calls.load(Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(200)).await;
        if running.calls.load(Ordering::SeqCst) == before {
            assert!(before < 1000, "tasks went on");
            return;
        }
    }
    panic!("tasks go on");
}

#[test]
fn a_dropped_job_is_cancelled_even_while_it_is_being_submitted() -> Outcome {
    run(async {
        let running = Running::start(Cluster::builder().slots(1)).await?;
        let plan = running.plan(partitions(2, 1000, 1), "select slow(n) from t").await?;
        drop(running.submit(&plan).await?);
        is_quiet(&running).await;
        let begun = running.submit(&plan).await?;
        soon("work", || running.calls.load(Ordering::SeqCst) > 0).await;
        drop(begun);
        is_quiet(&running).await;
        // Polled once and then forgotten.
        let submitting = tokio::time::timeout(Duration::from_millis(1), running.submit(&plan)).await;
        drop(submitting);
        tokio::time::sleep(Duration::from_millis(300)).await;
        is_quiet(&running).await;
        running.close().await
    })
}

#[test]
fn the_text_of_a_failure_arrives_as_it_is() -> Outcome {
    run(async {
        let running = Running::start(Cluster::builder()).await?;
        let plan = running.plan(partitions(2, 1, 3), "select broken(n) from t").await?;
        let Err(JobError::Failed(text)) = running.submit(&plan).await?.finished().await else { panic!("it succeeds") };
        assert!(text.contains("[[as") && text.contains("is]]"), "{text}");
        println!("{text}");
        running.close().await
    })
}

#[test]
fn a_plan_that_the_scheduler_does_not_understand_is_refused_with_its_words() -> Outcome {
    run(async {
        let mut running = Running::start(Cluster::builder()).await?;
        let elsewhere = |_: &[ColumnarValue]| -> datafusion::common::Result<ColumnarValue> { unreachable!() };
        let foreign = create_udf("foreign", vec![DataType::Int64], DataType::Int64, Volatility::Volatile, Arc::new(elsewhere));
        running.functions.push(foreign);
        let plan = running.plan(partitions(2, 1, 3), "select foreign(n) from t").await?;
        let Err(JobError::Failed(text)) = running.submit(&plan).await else { panic!("it is taken") };
        assert!(text.contains("foreign"), "{text}");
        running.close().await
    })
}

#[test]
fn a_sort_that_does_not_fit_into_memory_spills() -> Outcome {
    run(async {
        let mut running = Running::start(Cluster::builder().executors(1).slots(2).memory(40 << 20)).await?;
        // Each task has a share of the memory, however many partitions it takes.
        running.config = running.config.set_usize("ballista.scheduler.max_partitions_per_task", 1);
        // 64 MB.
        let plan = running.plan(partitions(2, 200, 10_000), "select n from t order by k desc, n desc").await?;
        let read = running.numbers(&plan).await?;
        assert_eq!((read.len(), read[0], read[1]), (4_000_000, 3_999_999, 3_999_989));
        running.close().await
    })
}

#[test]
fn progress_is_seen_while_the_job_runs() -> Outcome {
    run(async {
        let running = Running::start(Cluster::builder().executors(2).slots(1)).await?;
        let plan = running.plan(partitions(8, 1, 10), "select sum(slow(n)), k from t group by k").await?;
        let job = running.submit(&plan).await?;
        let seen: Vec<Progress> = job.progress().collect().await;
        println!("{seen:#?}");
        let last = seen.last().expect("some");
        assert_eq!((last.stages, last.stages_done), (Some(2), 2));
        assert_eq!((last.tasks, last.tasks_done), (Some(8 + 4), 8 + 4));
        assert!(last.rows >= 10, "{last:?}");
        let between = |p: &&Progress| p.tasks_done > 0 && Some(p.tasks_done) < p.tasks;
        assert!(seen.iter().filter(between).count() >= 2, "{seen:?}");
        assert!(seen.is_sorted_by_key(|p| p.tasks_done), "{seen:?}");
        job.finished().await?;
        running.close().await
    })
}

/// A scheduler that never says how far a job is.
#[derive(Debug)]
struct Mute(broadcast::Sender<String>);

#[async_trait::async_trait]
impl JobWatch for Mute {
    async fn progress(&self, _: &str) -> Option<Progress> {
        std::future::pending().await
    }

    fn ends(&self) -> broadcast::Receiver<String> {
        self.0.subscribe()
    }

    fn hold(&self, _: &str) -> Arc<()> {
        Arc::default()
    }

    async fn forget(&self, _: &str) {}
}

#[test]
fn a_scheduler_that_does_not_say_how_far_a_job_is_holds_nobody_up() -> Outcome {
    run(async {
        let mut running = Running::start(Cluster::builder()).await?;
        let address = running.client.address().to_owned();
        let (host, port) = address.rsplit_once(':').expect("host:port");
        running.client = Client::connect_watching(host, port.parse()?, Arc::new(Mute(broadcast::channel(1).0))).await?;
        let plan = running.plan(partitions(2, 1, 30), "select slow(n) from t").await?;
        let job = running.submit(&plan).await?;
        let begun = Instant::now();
        let seen: Vec<Progress> = job.progress().collect().await;
        assert_eq!(seen, []);
        job.finished().await?;
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
        running.close().await
    })
}

#[test]
fn a_client_that_is_told_nothing_asks() -> Outcome {
    run(async {
        let mut running = Running::start(Cluster::builder()).await?;
        let address = running.client.address().to_owned();
        let (host, port) = address.rsplit_once(':').expect("host:port");
        running.client = Client::connect(host, port.parse()?).await?;
        let plan = running.plan(partitions(4, 1, 30), "select sum(slow(n)), k from t group by k order by k").await?;
        let job = running.submit(&plan).await?;
        let seen: Vec<Progress> = job.progress().collect().await;
        println!("{seen:?}");
        assert_eq!(seen.last().and_then(|p| p.stages), Some(3));
        let finished = job.finished().await?;
        let sums = numbers(&finished.results(plan.schema(), 2).try_collect::<Vec<_>>().await?);
        assert_eq!(sums.iter().sum::<i64>(), (0..120).sum::<i64>());
        let slow = running.plan(partitions(2, 1000, 1), "select slow(n) from t").await?;
        let job = running.submit(&slow).await?;
        job.cancel().await;
        assert!(matches!(job.finished().await, Err(JobError::Cancelled)));
        running.close().await
    })
}

#[test]
fn a_job_survives_the_death_of_an_executor_or_says_that_it_does_not() -> Outcome {
    run(async {
        let timeout = Duration::from_secs(2);
        let running = Running::start(Cluster::builder().executors(2).slots(1).executor_timeout(timeout)).await?;
        let plan = running.plan(partitions(6, 1, 20), "select sum(slow(n)), k from t group by k order by k").await?;
        let job = running.submit(&plan).await?;
        soon("work", || running.calls.load(Ordering::SeqCst) > 45).await;
        assert!(running.cluster.kill_executor(1));
        assert!(!running.cluster.kill_executor(1));
        let begun = Instant::now();
        let finished = job.finished().await?;
        println!("after {:?}", begun.elapsed());
        let sums = numbers(&finished.results(plan.schema(), 2).try_collect::<Vec<_>>().await?);
        assert_eq!(sums.iter().sum::<i64>(), (0..120).sum::<i64>());
        running.close().await
    })
}

#[test]
fn results_of_a_dead_executor_are_a_typed_error() -> Outcome {
    run(async {
        let running = Running::start(Cluster::builder().executors(1).remote_reads(true)).await?;
        let plan = running.plan(partitions(4, 1, 10), "select n from t").await?;
        let finished = running.submit(&plan).await?.finished().await?;
        running.cluster.kill_executor(0);
        let read: Result<Vec<_>, _> = finished.results(plan.schema(), 2).try_collect().await;
        let error = fugue_core::Error::from_native(read.expect_err("nobody has them"));
        assert_eq!(error.kind(), ErrorKind::EngineFailed);
        assert!(error.message().contains("executor-0"), "{error}");
        running.close().await
    })
}

#[test]
fn a_job_without_executors_fails_after_a_while() -> Outcome {
    run(async {
        let timeout = Duration::from_secs(2);
        let running = Running::start(Cluster::builder().executors(2).slots(1).executor_timeout(timeout)).await?;
        let plan = running.plan(partitions(2, 1000, 1), "select slow(n) from t").await?;
        let job = running.submit(&plan).await?;
        soon("work", || running.calls.load(Ordering::SeqCst) > 0).await;
        assert!(running.cluster.kill_executor(0) && running.cluster.kill_executor(1));
        let begun = Instant::now();
        let Err(JobError::Failed(text)) = job.finished().await else { panic!("it succeeds") };
        println!("after {:?}: {text}", begun.elapsed());
        assert!(begun.elapsed() < Duration::from_secs(15));
        running.close().await
    })
}

#[test]
fn a_scheduler_that_dies_is_a_typed_error_at_once() -> Outcome {
    run(async {
        let running = Running::start(Cluster::builder().slots(1)).await?;
        let plan = running.plan(partitions(2, 1000, 1), "select slow(n) from t").await?;
        let job = running.submit(&plan).await?;
        soon("work", || running.calls.load(Ordering::SeqCst) > 0).await;
        assert!(running.cluster.kill_scheduler());
        let begun = Instant::now();
        let Err(JobError::Lost(error)) = job.finished().await else { panic!("it is not lost") };
        println!("after {:?}: {error}", begun.elapsed());
        assert_eq!(error.kind(), ErrorKind::EngineFailed);
        assert!(error.message().contains(running.client.address()), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(5));
        assert!(matches!(running.submit(&plan).await, Err(JobError::Lost(_))));
        running.close().await
    })
}

#[test]
fn nobody_at_an_address_is_a_typed_error() -> Outcome {
    run(async {
        let free = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let error = Client::connect("127.0.0.1", free.port()).await.expect_err("nobody is there");
        assert_eq!(error.kind(), ErrorKind::EngineFailed);
        assert!(error.message().contains(&free.to_string()), "{error}");
        let error = Client::connect("no.such.host.invalid", 50050).await.expect_err("nobody is there");
        assert!(error.message().contains("no.such.host.invalid:50050"), "{error}");
        Ok(())
    })
}

#[test]
fn a_plan_may_be_very_deep() -> Outcome {
    run(async {
        let running = Running::start(Cluster::builder()).await?;
        let mut plan = running.plan(partitions(2, 1, 3), "select n from t").await?;
        for _ in 0..500 {
            let n: Arc<dyn PhysicalExpr> = Arc::new(Column::new("n", 0));
            plan = Arc::new(ProjectionExec::try_new(vec![(n, "n".to_owned())], plan)?);
        }
        assert_eq!(running.numbers(&plan).await?, [0, 1, 2, 3, 4, 5]);
        running.close().await
    })
}

#[test]
fn a_large_plan_travels() -> Outcome {
    run(async {
        let running = Running::start(Cluster::builder()).await?;
        // 64 MB of data inside of the plan, 32 of it in each task.
        let plan = running.plan(partitions(2, 4, 500_000), "select count(*) from t").await?;
        assert_eq!(running.numbers(&plan).await?, [4_000_000]);
        let plan = running.plan(partitions(2, 4, 500_000), "select n from t where n < 2").await?;
        assert_eq!(running.numbers(&plan).await?, [0, 1]);
        running.close().await
    })
}

#[test]
fn a_small_job_is_quick() -> Outcome {
    run(async {
        let running = Running::start(Cluster::builder()).await?;
        let one = running.plan(vec![vec![batch(7, 1)]], "select n from t").await?;
        let shuffled = running.plan(partitions(2, 1, 2), "select count(*), k from t group by k").await?;
        for (name, plan) in [("one row", &one), ("a shuffle", &shuffled)] {
            let mut took = Vec::new();
            for _ in 0..20 {
                let begun = Instant::now();
                let job = running.submit(plan).await?;
                let submitted = begun.elapsed();
                let finished = job.finished().await?;
                let done = begun.elapsed();
                let _: Vec<_> = finished.results(plan.schema(), 2).try_collect().await?;
                took.push((begun.elapsed(), submitted, done));
            }
            took.sort();
            println!("{name}: fastest {:?}, middle {:?}, slowest {:?}", took[0], took[10], took[19]);
            assert!(took[10].0 < Duration::from_millis(500), "{took:?}");
        }
        running.close().await
    })
}

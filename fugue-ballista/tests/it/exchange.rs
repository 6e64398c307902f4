//! Rows between stages and results that stay in memory, or go to files where it does not suffice.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ballista_core::serde::BallistaPhysicalExtensionCodec;
use fugue_ballista::testing::{Client, JobError};
use fugue_ballista::{BallistaEngine, Cluster};
use fugue_core::Session;
use fugue_core::arrow::array::{ArrayRef, AsArray, StringArray};
use fugue_core::arrow::record_batch::RecordBatch;
use futures::{StreamExt, TryStreamExt};

use crate::running::{Running, numbers, partitions};
use crate::support::{Outcome, files, run, soon};

const GROUPS: &str = "select sum(n), k from t group by k order by k";

#[test]
fn answers_are_the_same_in_memory_in_files_and_in_both() -> Outcome {
    run(async {
        let sums: Vec<i64> = (0..10).map(|k| (0..36_000).filter(|n| n % 10 == k).sum()).collect();
        let some: Vec<i64> = (0..36_000).filter(|n| n % 7 == 3).collect();
        for limit in [0, 1, 3_000, 60_000, 150_000, 1 << 30] {
            // By one and by two partitions of a task.
            for slots in [1, 2] {
                let cluster = Cluster::builder().executors(2).slots(slots).exchange_memory(limit);
                let running = Running::start(cluster).await?;
                let groups = running.plan(partitions(6, 3, 2000), GROUPS).await?;
                let rows = running.plan(partitions(6, 3, 2000), "select n from t where n % 7 = 3").await?;
                for _ in 0..3 {
                    assert_eq!(running.numbers(&groups).await?, sums, "{limit}");
                    assert_eq!(running.numbers(&rows).await?, some, "{limit}");
                }
                soon("the end of the rows", || running.cluster.exchanged() == 0).await;
                running.close().await?;
            }
        }
        Ok(())
    })
}

#[test]
fn a_task_that_goes_to_files_begins_no_partition_again() -> Outcome {
    run(async {
        let running = Running::start(Cluster::builder().executors(2).slots(1).exchange_memory(1000)).await?;
        let plan = running.plan(partitions(2, 20, 1), "select slow(n) from t").await?;
        assert_eq!(running.numbers(&plan).await?, (0..40).collect::<Vec<_>>());
        assert_eq!(running.calls.load(Ordering::SeqCst), 40);
        running.close().await
    })
}

#[test]
fn rows_stay_in_memory_for_as_long_as_they_are_needed() -> Outcome {
    run(async {
        let running = Running::start(Cluster::builder().slots(1)).await?;
        let folder = running.cluster.work_folder().expect("it runs");
        let plan = running.plan(partitions(4, 1, 1000), GROUPS).await?;
        let job = running.submit(&plan).await?;
        let finished = job.finished().await?;
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(running.cluster.exchanged() > 0 && files(&folder).is_empty());
        let kept = finished.clone();
        assert_eq!(numbers(&finished.results(plan.schema(), 2).try_collect::<Vec<_>>().await?).len(), 10);
        tokio::time::sleep(Duration::from_millis(200)).await;
        let mut again = kept.results(plan.schema(), 2);
        assert!(again.next().await.is_some());
        drop(again);
        soon("the end of the rows of a read job", || running.cluster.exchanged() == 0).await;

        running.submit(&plan).await?.finished().await?;
        soon("the end of the rows of an unread job", || running.cluster.exchanged() == 0).await;

        let slow = running.plan(partitions(4, 200, 1), "select slow(n) from t").await?;
        let job = running.submit(&slow).await?;
        soon("rows", || running.cluster.exchanged() > 0).await;
        job.cancel().await;
        assert!(matches!(job.finished().await, Err(JobError::Cancelled)));
        soon("the end of the rows of a cancelled job", || running.cluster.exchanged() == 0).await;

        let finished = running.submit(&plan).await?.finished().await?;
        running.cluster.close().await?;
        assert_eq!(running.cluster.exchanged(), 0);
        drop(finished);
        Ok(())
    })
}

#[test]
fn a_client_that_cannot_see_the_memory_finds_files() -> Outcome {
    run(async {
        let running = Running::start(Cluster::builder().executors(2)).await?;
        let port = *running.cluster.ports().first().expect("the scheduler's");
        let elsewhere = Client::connect("127.0.0.1", port).await?;
        let plan = running.plan(partitions(4, 1, 1000), GROUPS).await?;
        let codec = Arc::new(BallistaPhysicalExtensionCodec::default());
        let finished = elsewhere.submit(Arc::clone(&plan), codec, &running.config, "elsewhere").await?.finished().await?;
        assert_eq!(running.cluster.exchanged(), 0);
        let read: Vec<_> = finished.results(plan.schema(), 2).try_collect().await?;
        assert_eq!(numbers(&read), running.numbers(&plan).await?);
        running.close().await
    })
}

#[test]
fn text_is_the_same_on_its_way_through_memory() -> Outcome {
    run(async {
        let cluster = Cluster::builder().executors(2).slots(1).start().await?;
        let session = Session::with_engine(BallistaEngine::on(&cluster).partitions(8).start().await?)?;
        let long = |n: usize| format!("{n:0>100}");
        let keys: ArrayRef = Arc::new(StringArray::from_iter_values((0..20_000).map(long)));
        let frame = session.frame(vec![RecordBatch::try_from_iter([("k", keys)])?])?;
        let size = |rows: RecordBatch| rows;
        let answers = frame.transform(size).schema("*").partition_by("k").collect().await?;
        let mut seen: Vec<String> = Vec::new();
        for batch in &answers {
            seen.extend(batch.column(0).as_string_view().iter().flatten().map(str::to_owned));
        }
        seen.sort();
        assert!(seen.iter().enumerate().all(|(n, text)| *text == long(n)) && seen.len() == 20_000);
        let count = frame.transform(size).schema("*").partition_by("k").count().await?;
        assert_eq!(count, 20_000);
        session.close().await?;
        Ok(cluster.close().await?)
    })
}

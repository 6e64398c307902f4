//! How far a job is.

use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ballista_core::serde::protobuf::GetJobMetricsParams;
use ballista_core::serde::protobuf::operator_metric::Metric;
use futures::stream::{BoxStream, StreamExt};
use tokio::sync::broadcast;

use super::client::Client;
use super::job::{ANSWER, Phase};

/// How far a job is, as of now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// How many stages the job has; a scheduler elsewhere does not say before the end.
    pub stages: Option<usize>,
    /// How many of them are done.
    pub stages_done: usize,
    /// How many partitions all stages have together; a scheduler elsewhere does not say.
    pub tasks: Option<usize>,
    /// How many of them are done; a scheduler elsewhere counts those of stages that are done.
    pub tasks_done: usize,
    /// How many rows all stages have written, by tasks that are done; a scheduler elsewhere counts stages that are done.
    pub rows: u64,
}

/// What can be known of jobs besides gRPC, where the scheduler is in this process.
#[async_trait::async_trait]
pub trait JobWatch: Debug + Send + Sync {
    /// How far a job is; `None` where it is not known, or not yet.
    async fn progress(&self, job: &str) -> Option<Progress>;

    /// The ids of jobs, each as it has ended.
    fn ends(&self) -> broadcast::Receiver<String>;

    /// Keeps the results of a job for as long as what it gives lives.
    fn hold(&self, job: &str) -> Arc<()>;

    /// Lets the scheduler forget a job that has ended.
    async fn forget(&self, job: &str);

    /// Where the files of an executor are, if on this machine.
    fn folder(&self, executor: &str) -> Option<PathBuf> {
        let _ = executor;
        None
    }
}

/// How often the scheduler of this process is looked into, and one elsewhere is asked.
const LOOK: Duration = Duration::from_millis(50);
const ASK: Duration = Duration::from_millis(500);

/// How long the end of a job waits for what is known then: nobody needs it so much.
const LAST: Duration = Duration::from_secs(2);

/// Each change of a job's progress, until it has ended.
pub(super) fn follow(client: Client, job: String, phase: tokio::sync::watch::Receiver<Phase>) -> BoxStream<'static, Progress> {
    let (sender, mut changes) = tokio::sync::watch::channel(Progress::default());
    changes.mark_unchanged();
    let every = if client.watch().is_some() { LOOK } else { ASK };
    let mut phase = phase;
    client.clone().spawn(async move {
        loop {
            let ended = *phase.borrow_and_update();
            let running = ended == Phase::Running;
            let looked = tokio::time::timeout(if running { ANSWER } else { LAST }, look(&client, &job));
            let seen = tokio::select! {
                seen = looked => seen.ok().flatten(),
                // An answer that is late must not keep the one at the end from being asked for.
                _ = phase.changed(), if running => continue,
            };
            if let Some(mut now) = seen {
                if ended == Phase::Finished {
                    now.stages = now.stages.or(Some(now.stages_done));
                }
                sender.send_if_modified(|last| std::mem::replace(last, now) != now);
            }
            if !running || sender.is_closed() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                _ = phase.changed() => {}
            }
        }
    });
    let next = |mut changes: tokio::sync::watch::Receiver<Progress>| async move {
        changes.changed().await.ok()?;
        let now = *changes.borrow_and_update();
        Some((now, changes))
    };
    futures::stream::unfold(changes, next).boxed()
}

async fn look(client: &Client, job: &str) -> Option<Progress> {
    if let Some(watch) = client.watch() {
        return watch.progress(job).await;
    }
    let metrics = client.scheduler().get_job_metrics(GetJobMetricsParams { job_id: job.to_owned() }).await.ok()?.into_inner();
    Some(metrics.stages.iter().fold(Progress::default(), |mut sum, stage| {
        sum.stages_done += 1;
        sum.tasks_done += stage.partitions as usize;
        // The first one writes what the stage has made.
        let written = stage.operators.iter().find(|o| o.depth == 0).into_iter().flat_map(|o| &o.metrics);
        let rows = written.filter_map(|m| match m.metric {
            Some(Metric::OutputRows(rows)) => Some(rows),
            _ => None,
        });
        sum.rows += rows.sum::<u64>();
        sum
    }))
}

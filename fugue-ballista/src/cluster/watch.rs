//! What the scheduler in this process tells its clients besides gRPC: how far a job is, and at once when one has ended.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use ballista_core::JobId;
use ballista_core::error::Result;
use ballista_core::serde::protobuf::PartitionLocation;
use ballista_core::serde::protobuf::job_status::Status;
use ballista_core::serde::protobuf::task_status;
use ballista_scheduler::cluster::{JobState, JobStateEvent};
use ballista_scheduler::scheduler_server::SchedulerServer;
use ballista_scheduler::state::execution_graph::ExecutionGraph;
use ballista_scheduler::state::execution_stage::{ExecutionStage, TaskInfo};
use datafusion::physical_plan::ExecutionPlan;
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use futures::StreamExt;
use tokio::sync::broadcast;

use super::endings::Endings;
use super::store::{Rows, Store, Written};
use crate::submit::{JobWatch, Progress};

/// How long the state of a job stays that nobody lets go: it holds the plan, and with it all data of the plan.
const STATE: Duration = Duration::from_secs(60);

/// When files are looked for that a cancelled task has left.
const LEFTOVERS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];

type Server = SchedulerServer<LogicalPlanNode, PhysicalPlanNode>;

/// Looks into a scheduler of this process.
pub(super) struct Watch {
    server: Server,
    jobs: Arc<dyn JobState>,
    ends: broadcast::Sender<String>,
    endings: Arc<Endings>,
    store: Arc<Store>,
    /// Below which the executors keep their files.
    folder: OnceLock<PathBuf>,
    /// How long results stay that nobody reads.
    kept: Duration,
    /// Jobs whose results are read.
    held: Mutex<HashMap<String, Weak<()>>>,
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}

impl Watch {
    /// Follows the scheduler's jobs, on the runtime of the caller.
    pub(super) async fn start(server: Server, jobs: Arc<dyn JobState>, kept: Duration, store: Arc<Store>) -> Result<Arc<Self>> {
        let mut events = server.job_state_events().await?;
        let (ends, _) = broadcast::channel(1024);
        let (endings, folder, held) = (Arc::default(), OnceLock::new(), Mutex::default());
        let watch = Arc::new(Self { server, jobs, ends, endings, store, folder, kept, held });
        let following = Arc::clone(&watch);
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                if let JobStateEvent::JobUpdated { job_id, status } = event {
                    match status.status {
                        Some(Status::Successful(_)) => following.ended(job_id, true),
                        Some(Status::Failed(_)) => following.ended(job_id, false),
                        _ => {}
                    }
                }
            }
        });
        Ok(watch)
    }

    /// Says where the executors keep their files.
    pub(super) fn found_in(&self, folder: &Path) {
        // There is one folder, and it is said once.
        let _ = self.folder.set(folder.to_owned());
    }

    /// What the executors of this process learn of jobs that end.
    pub(super) fn endings(&self) -> &Arc<Endings> {
        &self.endings
    }

    /// What they hold for each other, and for clients.
    pub(super) fn store(&self) -> &Arc<Store> {
        &self.store
    }

    fn held(&self) -> MutexGuard<'_, HashMap<String, Weak<()>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes results when nobody needs them any more: of clients that went away.
    async fn clean(&self, job: JobId) {
        loop {
            tokio::time::sleep(self.kept).await;
            if self.held().get(job.as_str()).is_none_or(|hold| hold.strong_count() == 0) {
                break;
            }
        }
        self.store.forget(job.as_str());
        self.server.state.executor_manager.clean_up_job_data(job);
    }

    fn ended(self: &Arc<Self>, job: JobId, with_results: bool) {
        self.endings.end(job.as_str(), with_results);
        // Nobody may be waiting.
        let _ = self.ends.send(job.to_string());
        let (jobs, forgotten) = (Arc::clone(&self.jobs), job.clone());
        tokio::spawn(async move {
            tokio::time::sleep(STATE).await;
            forget(jobs.as_ref(), &forgotten).await;
        });
        if with_results {
            let watch = Arc::clone(self);
            tokio::spawn(async move { watch.clean(job).await });
        } else {
            self.store.forget(job.as_str());
            let executors = self.server.state.executor_manager.clone();
            tokio::spawn(async move {
                // Ballista removes the files at once, and tasks that end now make new ones.
                for later in LEFTOVERS {
                    tokio::time::sleep(later).await;
                    executors.clean_up_job_data(job.clone());
                }
            });
        }
    }
}

#[async_trait::async_trait]
impl JobWatch for Watch {
    async fn progress(&self, job: &str) -> Option<Progress> {
        let job = JobId::from(job);
        if let Some(running) = self.server.state.task_manager.get_running_job_cache().get(&job) {
            return Some(count(&**running.execution_graph.read().await));
        }
        let graph = self.jobs.get_execution_graph(&job).await.ok()??;
        Some(count(&*graph))
    }

    fn ends(&self) -> broadcast::Receiver<String> {
        self.ends.subscribe()
    }

    fn hold(&self, job: &str) -> Arc<()> {
        let (mut held, hold) = (self.held(), Arc::default());
        held.retain(|_, hold| hold.strong_count() > 0);
        held.insert(job.to_owned(), Arc::downgrade(&hold));
        hold
    }

    async fn forget(&self, job: &str) {
        self.store.forget(job);
        forget(self.jobs.as_ref(), &JobId::from(job)).await;
    }

    fn holds_rows(&self) -> bool {
        self.store.holds_rows()
    }

    fn rows(&self, location: &PartitionLocation) -> Option<Rows> {
        let (id, executor) = (location.partition_id.as_ref()?, location.executor_meta.as_ref()?.id.clone());
        let written = Written { executor, stage: id.stage_id as usize, file: location.file_id.unwrap_or_default() };
        self.store.get(&id.job_id, &written, id.partition_id as usize)
    }

    fn folder(&self, executor: &str) -> Option<PathBuf> {
        self.folder.get().map(|folder| folder.join(executor))
    }
}

/// Ballista warns of jobs that it does not know any more.
async fn forget(jobs: &dyn JobState, job: &JobId) {
    if matches!(jobs.get_job_status(job).await, Ok(Some(_))) {
        // It does not fail.
        let _ = jobs.remove_job(job).await;
    }
}

/// How far the stages of a job are. A task is a partition here: how many of them an executor takes at a time is by chance.
fn count(graph: &dyn ExecutionGraph) -> Progress {
    graph.stages().values().fold(Progress { stages: Some(0), tasks: Some(0), ..Progress::default() }, |mut sum, stage| {
        let (tasks, done, rows) = match stage {
            ExecutionStage::UnResolved(s) => (inputs(&s.plan), 0, None),
            ExecutionStage::Resolved(s) => (s.partitions, 0, None),
            ExecutionStage::Running(s) => {
                (s.partitions, done(&s.task_infos), s.stage_metrics.as_ref().and_then(|m| m.first()?.output_rows()))
            }
            ExecutionStage::Successful(s) => (s.partitions, s.partitions, s.stage_metrics.first().and_then(|m| m.output_rows())),
            ExecutionStage::Failed(s) => (s.partitions, done(&s.task_infos), None),
        };
        sum.stages = sum.stages.map(|n| n + 1);
        sum.stages_done += usize::from(matches!(stage, ExecutionStage::Successful(_)));
        sum.tasks = sum.tasks.map(|n| n + tasks);
        sum.tasks_done += done.min(tasks);
        sum.rows += rows.unwrap_or(0) as u64;
        sum
    })
}

/// How many partitions a stage is going to read.
fn inputs(plan: &Arc<dyn ExecutionPlan>) -> usize {
    plan.children().first().map_or(1, |child| child.properties().output_partitioning().partition_count())
}

fn done(tasks: &[TaskInfo]) -> usize {
    let done = tasks.iter().filter(|t| matches!(t.task_status, task_status::Status::Successful(_)));
    done.map(|t| t.global_input_partition_ids.len()).sum()
}

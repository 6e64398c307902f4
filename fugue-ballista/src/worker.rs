//! What our steps find on an executor: threads, functions by name, the attempt, the number of a partition.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ballista_core::extension::SessionConfigExt;
use ballista_core::registry::BallistaFunctionRegistry;
use datafusion::error::DataFusionError;
use datafusion::execution::session_state::SessionState;
use datafusion::execution::{SessionStateBuilder, TaskContext};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionConfig;
use fugue_core::run::{Gates, Pool, RunContext};
use fugue_core::transform::{Registry, Task};
use fugue_core::travel::unpack;
use fugue_core::{Error, Result};
use fugue_datafusion::travel::{self, AtWork, Worker};

use crate::cluster;
use crate::failure;
use crate::runs::{JobOptions, cancel_of};

/// Functions that an executor remembers, with their state and limits, which are per executor and not per task of the cluster.
const REMEMBERED: usize = 64;

/// One executor, as our steps see it.
pub(crate) struct Executor {
    pool: Pool,
    gates: Gates,
    tasks: Mutex<Vec<(Box<[u8]>, Task)>>,
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("pool", &self.pool.threads()).finish_non_exhaustive()
    }
}

impl Executor {
    /// An executor that runs so many calls at once.
    pub(crate) fn new(slots: usize) -> Result<Self> {
        Ok(Self { pool: Pool::new(slots)?, gates: Gates::default(), tasks: Mutex::default() })
    }

    fn tasks(&self) -> MutexGuard<'_, Vec<(Box<[u8]>, Task)>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Worker for Executor {
    fn run(&self, context: &TaskContext) -> Result<RunContext> {
        let mut run = RunContext::on(self.pool.clone(), cancel_of(context.session_config())).with_gates(self.gates.clone());
        run.attempt = context.task_id().as_deref().map_or(0, attempt);
        Ok(run)
    }

    fn task(&self, packed: &[u8]) -> Result<Task> {
        if let Some((_, task)) = self.tasks().iter().find(|(bytes, _)| **bytes == *packed) {
            return Ok(task.clone());
        }
        let made = unpack(packed, &Registry::linked()?)?;
        // One on loan has its state already, and is not to be kept longer than it is lent.
        if !made.is_portable() {
            return Ok(made);
        }
        let mut tasks = self.tasks();
        if let Some((_, task)) = tasks.iter().find(|(bytes, _)| **bytes == *packed) {
            // Another task was faster; all are to share one state and one limit.
            return Ok(task.clone());
        }
        tasks.push((packed.into(), made.clone()));
        let forgotten = (tasks.len() > REMEMBERED).then(|| tasks.remove(0));
        // What it holds is the user's, and is dropped when nobody waits for it.
        drop(tasks);
        drop(forgotten);
        Ok(made)
    }

    fn partition(&self, input: &dyn ExecutionPlan, partition: usize) -> usize {
        shuffled(input, partition).unwrap_or(partition)
    }

    fn error(&self, error: Error) -> DataFusionError {
        failure::told(error)
    }
}

/// The config that an executor with so many slots gives its tasks.
pub(crate) fn session_config(slots: usize) -> Result<SessionConfig> {
    let at_work = AtWork(Arc::new(Executor::new(slots)?));
    Ok(SessionConfig::new_with_ballista().with_option_extension(JobOptions::default()).with_extension(Arc::new(at_work)))
}

/// The functions that executors know by name: those of DataFusion, and ours.
pub(crate) fn functions() -> BallistaFunctionRegistry {
    let mut functions = BallistaFunctionRegistry::from(&SessionStateBuilder::new().with_default_features().build());
    for function in travel::functions() {
        functions.scalar_functions.insert(function.name().to_owned(), function);
    }
    functions
}

/// The scheduler's session, which reads plans.
pub(crate) fn scheduler_session(config: SessionConfig) -> datafusion::common::Result<SessionState> {
    let mut state = SessionStateBuilder::new().with_default_features().with_config(config);
    for function in travel::functions() {
        state.scalar_functions().get_or_insert_default().push(function);
    }
    Ok(state.build())
}

/// What steps find that run in the process of the driver.
pub(crate) struct Driver(pub(crate) RunContext);

impl Worker for Driver {
    fn run(&self, _: &TaskContext) -> Result<RunContext> {
        Ok(self.0.clone())
    }
}

/// A task sees its share of the partitions, numbered from 0; what it reads tells their numbers among all.
fn shuffled(plan: &dyn ExecutionPlan, partition: usize) -> Option<usize> {
    if let Some(reader) = cluster::reader(plan) {
        return Some(reader.partition.get(partition)?.first()?.partition_id.partition_id);
    }
    // All inputs of a step that have as many partitions have the same ones.
    let count = |plan: &dyn ExecutionPlan| plan.properties().output_partitioning().partition_count();
    let alike = plan.children().into_iter().filter(|child| count(child.as_ref()) == count(plan));
    alike.into_iter().find_map(|child| shuffled(child.as_ref(), partition))
}

/// How often a task was tried before: `TID job/stage.stage_attempt/task.task_attempt`, where both count.
fn attempt(task: &str) -> u32 {
    let mut parts = task.rsplit('/').take(2).filter_map(|part| part.rsplit_once('.')?.1.parse::<u32>().ok());
    parts.by_ref().sum()
}

#[cfg(test)]
mod tests {
    use super::attempt;

    #[test]
    fn attempts_of_stage_and_task_count() {
        assert_eq!(attempt("TID aBc/2.0/7.0"), 0);
        assert_eq!(attempt("TID aBc/2.0/7.3"), 3);
        assert_eq!(attempt("TID aBc/2.1/7.0"), 1);
        assert_eq!(attempt("something else"), 0);
    }
}

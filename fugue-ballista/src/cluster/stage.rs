//! Where stages run: on threads of the cluster instead of the executor's own.
//!
//! Ballista runs them on a pool of its own whose threads cannot be waited for, have stacks of 2 MiB, and run at a low priority
//! that every thread inherits which a user's function starts, global pools included.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use ballista_core::JobId;
use ballista_core::serde::protobuf::{RuntimeStatsReport, ShuffleWritePartition, TaskColumnStats, WindowStateReport};
use ballista_executor::execution_engine::{ExecutionEngine, QueryStageExecutor};
use ballista_executor::metrics::ExecutorMetricsCollector;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::prelude::SessionConfig;
use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinHandle};

use super::endings::{Closing, Endings};
use super::exchange::{Exchange, Of, Writer, is_remote};
use super::gate::{Resumed, gated};
use super::near::near;

/// Any engine, with its stages on threads of ours.
pub(super) struct Elsewhere {
    pub(super) engine: Arc<dyn ExecutionEngine>,
    pub(super) threads: Handle,
    pub(super) endings: Arc<Endings>,
    /// Not where stages are run in a way of their own.
    pub(super) exchange: Option<Arc<Exchange>>,
}

impl ExecutionEngine for Elsewhere {
    fn create_query_stage_exec(
        &self,
        job_id: JobId,
        stage_id: usize,
        task_id: usize,
        global_output_partition_ids: Vec<usize>,
        plan: Arc<dyn ExecutionPlan>,
        work_dir: &str,
        config: &SessionConfig,
    ) -> Result<Arc<dyn QueryStageExecutor>> {
        let ended = || DataFusionError::Execution(format!("job {job_id} has ended"));
        let gates = self.endings.begin(job_id.as_str()).ok_or_else(ended)?;
        let exchange = self.exchange.as_ref().filter(|_| !is_remote(config));
        let plan = match exchange {
            Some(exchange) => near(plan, exchange)?,
            None => plan,
        };
        let resumed = Arc::<Resumed>::default();
        let plan = gated(plan, &gates, &resumed)?;
        let of = Of { job: job_id.as_str(), stage: stage_id, task: task_id, partitions: &global_output_partition_ids };
        let memory = exchange.and_then(|exchange| Writer::new(exchange, &of, &plan, &resumed, config));
        let engine = &self.engine;
        let stage =
            engine.create_query_stage_exec(job_id, stage_id, task_id, global_output_partition_ids, plan, work_dir, config)?;
        let (threads, gates) = (self.threads.clone(), Mutex::new(Some(gates)));
        Ok(Arc::new(Stage { stage, memory: memory.map(Arc::new), threads, gates }))
    }
}

#[derive(Debug)]
struct Stage {
    stage: Arc<dyn QueryStageExecutor>,
    /// Writes its rows where that is possible.
    memory: Option<Arc<Writer>>,
    threads: Handle,
    /// Until it runs, which it does once.
    gates: Mutex<Option<Closing>>,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stage.fmt(f)
    }
}

#[async_trait::async_trait]
impl QueryStageExecutor for Stage {
    async fn execute_query_stage(&self, task_id: usize, context: Arc<TaskContext>) -> Result<Vec<ShuffleWritePartition>> {
        let stage = Arc::clone(&self.stage);
        // Dropped with this future, which is how a task is cancelled.
        let _gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner).take();
        let memory = self.memory.clone();
        let task = self.threads.spawn(async move {
            if let Some(memory) = memory
                && let Some(written) = memory.write(&context).await?
            {
                return Ok(written);
            }
            stage.execute_query_stage(task_id, context).await
        });
        match Aborting(task).join().await {
            Ok(done) => done,
            // The executor says what the panic says.
            Err(e) if e.is_panic() => std::panic::resume_unwind(e.into_panic()),
            Err(e) => Err(DataFusionError::Execution(format!("the executor ends: {e}"))),
        }
    }

    fn collect_plan_metrics(&self) -> Vec<MetricsSet> {
        let mut metrics = self.stage.collect_plan_metrics();
        if let (Some(memory), Some(first)) = (&self.memory, metrics.first_mut()) {
            // What was not written by it knows of no rows.
            memory.metrics().iter().for_each(|metric| first.push(Arc::clone(metric)));
        }
        metrics
    }

    fn collect_runtime_stats_reports(&self) -> Vec<RuntimeStatsReport> {
        self.stage.collect_runtime_stats_reports()
    }

    fn collect_window_state_reports(&self) -> Result<Vec<WindowStateReport>> {
        self.stage.collect_window_state_reports()
    }

    fn collect_column_stats(&self) -> Vec<TaskColumnStats> {
        self.stage.collect_column_stats()
    }
}

/// A task that ends with its waiter, as a cancelled stage must.
struct Aborting<T>(JoinHandle<T>);

impl<T> Aborting<T> {
    async fn join(mut self) -> Result<T, JoinError> {
        (&mut self.0).await
    }
}

impl<T> Drop for Aborting<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Ballista's own collector prints each plan.
pub(super) struct Unrecorded;

impl ExecutorMetricsCollector for Unrecorded {
    fn record_stage(&self, _: &JobId, _: usize, _: usize, _: Arc<dyn QueryStageExecutor>) {}
}

//! Contexts of DataFusion whose frames run on a cluster: planned here, submitted when they are collected.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::Session;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, internal_err};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PhysicalExpr, PlanProperties,
    ReplaceChildrenOptions, SendableRecordBatchStream, execute_stream,
};
use datafusion::prelude::{SessionConfig, SessionContext};
use fugue_core::blocking::offload;
use fugue_core::io::BatchIter;
use fugue_core::run::{Cancel, Pool, RunContext};
use fugue_datafusion::travel::{self, AtWork};
use futures::TryStreamExt;

use crate::codec::Codec;
use crate::engine::AHEAD;
use crate::failure::{self, into_native};
use crate::files::{Files, Folder};
use crate::input::IN_PLAN;
use crate::runs::Listed;
use crate::submit::Client;
use crate::worker::Driver;

/// A context of DataFusion whose frames run on the cluster of a scheduler: `ballista://host:port`. Its frames can be passed to
/// [`transform`](fugue_core::calls::transform) and stay lazy. Contexts of a cluster in this process are made by
/// [`Builder::context`](crate::Builder::context).
///
/// # Errors
/// `SettingInvalid` for what is no such URL, `EngineFailed` where no scheduler answers.
pub async fn context(url: &str) -> fugue_core::Result<SessionContext> {
    crate::Builder::at(url)?.context().await
}

/// Plans as DataFusion does, and puts what runs on the cluster behind one step.
pub(crate) struct Planner {
    pub(crate) client: Client,
    pub(crate) folder: Arc<Folder>,
}

impl fmt::Debug for Planner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Planner").field("client", &self.client).finish_non_exhaustive()
    }
}

#[async_trait]
impl QueryPlanner for Planner {
    async fn create_physical_plan(&self, logical: &LogicalPlan, session: &dyn Session) -> Result<Arc<dyn ExecutionPlan>> {
        let plan = travel::planner().create_physical_plan(logical, session).await?;
        if matches!(logical, LogicalPlan::Explain(_)) {
            return Ok(plan);
        }
        // Tables of others may plan by this planner too. What is above them was planned for one partition.
        let mut kept = Vec::new();
        let inner = |node: Arc<dyn ExecutionPlan>| {
            let Some(job) = node.downcast_ref::<JobExec>() else { return Ok(Transformed::no(node)) };
            kept.extend(job.files.iter().cloned());
            Ok(Transformed::yes(match job.plan.output_partitioning().partition_count() {
                1 => Arc::clone(&job.plan),
                _ => Arc::new(CoalescePartitionsExec::new(Arc::clone(&job.plan))),
            }))
        };
        let plan = plan.transform_up(inner)?.data;
        let (plan, mut files) = self.without_large_tables(plan).await?;
        files.extend(kept);
        Ok(Arc::new(JobExec::new(plan, self, session.config().clone(), files)))
    }
}

impl Planner {
    /// The plan with tables in memory that are too large for a message in files.
    async fn without_large_tables(&self, plan: Arc<dyn ExecutionPlan>) -> Result<(Arc<dyn ExecutionPlan>, Vec<Arc<Files>>)> {
        let folder = Arc::clone(&self.folder);
        let write = move || {
            let mut all = Vec::new();
            let plan = plan.transform_up(|node| {
                let Some(files) = written(&node, &folder).map_err(into_native)? else { return Ok(Transformed::no(node)) };
                let scan = files.scan(None)?;
                all.push(Arc::new(files));
                Ok(Transformed::yes(scan))
            });
            Ok((plan.map_err(failure::from_native)?.data, all))
        };
        offload(write).await.map_err(into_native)
    }
}

/// The rows of a large table in memory as files, one for each partition: what is above it was planned for these.
fn written(node: &Arc<dyn ExecutionPlan>, folder: &Arc<Folder>) -> fugue_core::Result<Option<Files>> {
    let Some(source) = node.downcast_ref::<DataSourceExec>() else { return Ok(None) };
    let source = source.data_source();
    let Some(memory) = (source.as_ref() as &dyn std::any::Any).downcast_ref::<MemorySourceConfig>() else { return Ok(None) };
    let bytes: usize = memory.partitions().iter().flatten().map(|b| b.get_array_memory_size()).sum();
    if bytes <= IN_PLAN {
        return Ok(None);
    }
    let columns = memory.projection().clone();
    let limit = source.fetch().unwrap_or(usize::MAX);
    let parts: Vec<_> = memory.partitions().iter().map(|part| first_rows(part, limit)).collect();
    let parts = parts.into_iter().map(|part| -> BatchIter {
        let columns = columns.clone();
        Box::new(part.into_iter().map(move |batch| match &columns {
            Some(columns) => Ok(batch.project(columns)?),
            None => Ok(batch),
        }))
    });
    folder.keep_as(node.schema(), parts).map(Some)
}

/// So many rows of a partition at most.
fn first_rows(part: &[RecordBatch], limit: usize) -> Vec<RecordBatch> {
    let mut left = limit;
    let take = |batch: &RecordBatch| {
        let rows = batch.num_rows().min(left);
        left -= rows;
        batch.slice(0, rows)
    };
    part.iter().map(take).filter(|batch| batch.num_rows() > 0).collect()
}

/// A job of the cluster, as a leaf that is read like any other.
pub(crate) struct JobExec {
    plan: Arc<dyn ExecutionPlan>,
    client: Client,
    folder: Arc<Folder>,
    config: SessionConfig,
    files: Vec<Arc<Files>>,
    properties: Arc<PlanProperties>,
}

impl JobExec {
    fn new(plan: Arc<dyn ExecutionPlan>, planner: &Planner, config: SessionConfig, files: Vec<Arc<Files>>) -> Self {
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(plan.schema()),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        ));
        let (client, folder) = (planner.client.clone(), Arc::clone(&planner.folder));
        Self { plan, client, folder, config, files, properties }
    }
}

impl fmt::Debug for JobExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobExec").field("plan", &self.plan).finish_non_exhaustive()
    }
}

impl DisplayAs for JobExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FugueJobExec: on {}", self.client.address())
    }
}

impl ExecutionPlan for JobExec {
    fn name(&self) -> &'static str {
        "FugueJobExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if children.is_empty() { Ok(self) } else { internal_err!("{} has no inputs", self.name()) }
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        if children.is_empty() { Ok(self) } else { internal_err!("{} has no inputs", self.name()) }
    }

    fn execute(&self, _: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (plan, client, files) = (Arc::clone(&self.plan), self.client.clone(), self.files.clone());
        let folder = Arc::clone(&self.folder);
        let mut config = self.config.clone();
        let schema = plan.schema();
        let (columns, held) = (Arc::clone(&schema), Arc::clone(&plan));
        if Pool::runs_here() {
            // A call on an executor waits for these rows, and may hold the slot that their job would need.
            let run = RunContext::new(Pool::shared().map_err(into_native)?, Cancel::never());
            let config = context.session_config().clone().with_extension(Arc::new(AtWork(Arc::new(Driver(run)))));
            let here = TaskContext::default().with_session_config(config).with_runtime(context.runtime_env());
            return execute_stream(plan, Arc::new(here));
        }
        let rows = async move {
            let listed = Listed::new(&Cancel::never());
            let asked = travel::asked_for_at(&plan);
            let of_job = |e| into_native(asked.tell(failure::of_job(e, &folder)));
            config.options_mut().extensions.insert(listed.option());
            let job = client.submit(plan, Arc::new(Codec::default()), &config, "datafusion").await;
            let job = job.map_err(of_job)?;
            let done = job.finished().await.map_err(of_job)?;
            // Functions on loan, files and the name of the action are needed until here.
            drop((held, files, listed));
            Ok::<_, DataFusionError>(done.results(columns, AHEAD))
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, futures::stream::once(rows).try_flatten())))
    }
}

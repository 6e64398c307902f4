//! The Ballista engine: plans are made here and run on a cluster.

use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::common::Result as NativeResult;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::datasource::source_as_provider;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::TaskContext;
use datafusion::execution::context::QueryPlanner;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::session_state::SessionState;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, TableScan, lit};
use datafusion::physical_plan::{SendableRecordBatchStream, execute_stream};
use datafusion::prelude::{SessionConfig, SessionContext};
use fugue_core::arrow::array::AsArray;
use fugue_core::arrow::datatypes::Int64Type;
use fugue_core::blocking::offload;
use fugue_core::engine::{Engine, EngineInfo, Map, Physical, Storage, Zip};
use fugue_core::frame::{BatchStream, Source};
use fugue_core::io::{BatchIter, LoadOptions};
use fugue_core::partition::PartitionSpec;
use fugue_core::run::{Pool, Progress, RunContext};
use fugue_core::session::{EngineFactory, Opened};
use fugue_core::transform::{InputRows, Task, run_repartition};
use fugue_core::travel::Reach;
use fugue_core::{Error, ErrorKind, Result, Schema};
use fugue_datafusion::DataFusionFrame;
use fugue_datafusion::relational::Plans;
use fugue_datafusion::travel::{self, AtWork, Site, plain_schema};
use futures::StreamExt;
use futures::future::{BoxFuture, Either, select};
use tokio::runtime::Handle;
use tracing::Instrument;

use crate::builder::Builder;
use crate::cluster::Cluster;
use crate::codec::Codec;
use crate::failure::{self, from_native};
use crate::files::Folder;
use crate::input::{Action, InputTable, KeptTable};
use crate::rules::{AlikeLeaves, OneRow, OneTeller};
use crate::shown::Shown;
use crate::submit::{Client, Job};
use crate::threads::Threads;
use crate::worker::Driver;

/// Partitions of a result that are fetched at once.
pub(crate) const AHEAD: usize = 4;

/// Threads of the driver: they plan, submit and fetch.
pub(crate) const THREADS: usize = 2;

/// Runs frames on a Ballista cluster, and functions of the user as steps of its jobs.
pub struct BallistaEngine {
    pub(crate) context: SessionContext,
    pub(crate) address: String,
    pub(crate) site: Site,
    pub(crate) plans: Plans,
    pub(crate) folder: Arc<Folder>,
    pub(crate) runtime: Handle,
    /// Ended by `close`, or when the engine goes.
    pub(crate) own: Mutex<Option<Own>>,
}

/// What the engine started itself.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) client: Client,
    pub(crate) threads: Threads,
    pub(crate) cluster: Option<Cluster>,
}

impl fmt::Debug for BallistaEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BallistaEngine").field("address", &self.address).finish_non_exhaustive()
    }
}

impl BallistaEngine {
    /// An engine with a cluster of its own inside this process.
    pub fn builder() -> Builder<'static> {
        Builder::default()
    }

    /// An engine on a cluster that runs already, and goes on when the engine is closed.
    pub fn on(cluster: &Cluster) -> Builder<'_> {
        Builder::on(cluster)
    }

    /// An engine on the cluster of a scheduler: `ballista://host:port`. Its executors must be of this program; functions travel to them
    /// by name, so they need `#[transformer]` or `portable!`. Where they are on other machines, rows that are too many to go inside a
    /// plan need a folder that all see: [`shared_folder`](Builder::shared_folder).
    ///
    /// # Errors
    /// `SettingInvalid` for what is no such URL.
    pub fn at(url: &str) -> Result<Builder<'static>> {
        Builder::at(url)
    }

    /// The same with no settings: `BallistaEngine::at(url)?.start()`.
    ///
    /// # Errors
    /// `SettingInvalid` for what is no such URL, `EngineFailed` where no scheduler answers.
    pub async fn connect(url: &str) -> Result<Self> {
        Self::at(url)?.start().await
    }

    /// The context that plans are made in: to register tables and functions. Its frames run in this process; those of
    /// [`context`](crate::context) run on the cluster.
    #[must_use]
    pub fn context(&self) -> &SessionContext {
        &self.context
    }

    /// The connection to the scheduler, while the engine is open.
    fn client(&self) -> Result<Client> {
        let own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.as_ref().map(|own| own.client.clone()).ok_or_else(travel::closed)
    }

    /// The state of an action: what tables read their rows for.
    fn state(&self, run: &RunContext) -> SessionState {
        let mut state = self.context.state();
        let action = Action::new(run.clone());
        let options = action.listed.option();
        state.config_mut().options_mut().extensions.insert(options);
        state.config_mut().set_extension(Arc::new(action));
        state
    }

    /// Plans, runs and reads; dropping the stream ends the job.
    fn rows(&self, plan: &LogicalPlan, schema: &Schema, run: &RunContext) -> Result<BatchStream> {
        let (state, plan) = (self.state(run), run.limit.map_or_else(|| Ok(plan.clone()), |rows| first_rows(plan, rows)));
        let plan = plan.map_err(from_native)?;
        let (client, folder, run) = (self.client()?, Arc::clone(&self.folder), run.clone());
        let begin = async move {
            let batches = begin(&client, &folder, &state, &plan, &run).await?;
            // It holds the files of the inputs, which are needed until the rows are here.
            Ok(batches.inspect(move |_| {
                let _ = &state;
            }))
        };
        Ok(travel::rows(&self.runtime, schema, begin))
    }
}

/// Submits the plan, waits until it has run, and begins to read.
async fn begin(
    client: &Client,
    folder: &Folder,
    state: &SessionState,
    plan: &LogicalPlan,
    run: &RunContext,
) -> Result<SendableRecordBatchStream> {
    let work = async {
        // Inputs are read while it is planned.
        let plan = async { state.create_physical_plan(plan).await.map_err(from_native) };
        let physical = plan.instrument(tracing::debug_span!("plan", engine = "ballista")).await?;
        let schema = physical.schema();
        if run.pool.is_nested() {
            // A call on an executor waits for this action, and may hold the slot that its job would need.
            let mut context = state.task_ctx().session_config().clone();
            context.set_extension(Arc::new(AtWork(Arc::new(Driver(run.clone())))));
            let context = Arc::new(TaskContext::from(state).with_session_config(context));
            return execute_stream(physical, context).map_err(from_native);
        }
        let asked = travel::asked_for_at(&physical);
        let of_job = |e| asked.tell(failure::of_job(e, folder));
        let job = client.submit(physical, Arc::new(Codec::default()), state.config(), "fugue").await.map_err(of_job)?;
        let told = tell(&job, run);
        let done = match select(pin!(job.finished()), pin!(told)).await {
            Either::Left((done, told)) => {
                // What is known at the end.
                told.await;
                done
            }
            Either::Right(((), done)) => done.await,
        };
        Ok(done.map_err(of_job)?.results(schema, AHEAD))
    };
    match select(pin!(work), pin!(run.cancel.stopped())).await {
        Either::Left((rows, _)) => rows,
        // The job was cancelled as it was dropped; its tasks are told a moment later.
        Either::Right((stopped, _)) => Err(stopped),
    }
}

/// Tells whoever wants to know how far the job is, until it ends.
async fn tell(job: &Job, run: &RunContext) {
    if !run.progress.is_watched() {
        return;
    }
    let mut steps = job.progress();
    while let Some(step) = steps.next().await {
        let mut progress = Progress::default();
        progress.stages = step.stages.unwrap_or(step.stages_done);
        progress.stages_done = step.stages_done;
        progress.tasks = step.tasks.unwrap_or(step.tasks_done);
        progress.tasks_done = step.tasks_done;
        progress.rows = step.rows;
        run.progress.report(progress);
    }
}

impl Engine for BallistaEngine {
    type Frame = DataFusionFrame;

    fn info(&self) -> EngineInfo {
        let mut info = EngineInfo::new("ballista", self.site.concurrency);
        info.distributed = self.site.reach == Reach::OtherProcesses;
        info
    }

    fn schema(&self, frame: &DataFusionFrame) -> Result<Schema> {
        Ok(frame.schema().clone())
    }

    fn ingest(&self, source: Source) -> Result<DataFusionFrame> {
        // Frames of other contexts have tables that no executor knows; they are read here, as any lazy source.
        let schema = source.schema().clone();
        travel::table(&schema, Arc::new(InputTable::new(source, Arc::clone(&self.folder))))
    }

    async fn stream(&self, frame: &DataFusionFrame, run: &RunContext) -> Result<BatchStream> {
        self.rows(frame.plan(), frame.schema(), run)
    }

    fn map(&self, frame: &DataFusionFrame, map: &Map) -> Result<DataFusionFrame> {
        travel::map(frame, map, self.site)
    }

    fn comap(&self, zip: &Zip<DataFusionFrame>, task: &Task) -> Result<Option<DataFusionFrame>> {
        travel::comap(zip, task, self.site).map(Some)
    }

    async fn count(&self, frame: &DataFusionFrame, run: &RunContext) -> Result<u64> {
        let known = scanned(frame.plan()).filter(|scan| scan.fetch.is_none()).and_then(|scan| {
            let table = source_as_provider(&scan.source).ok()?;
            table.downcast_ref::<InputTable>()?.rows()
        });
        if let Some(rows) = known {
            return Ok(rows);
        }
        let none = Vec::<datafusion::logical_expr::Expr>::new();
        let counted = LogicalPlanBuilder::from(frame.plan().clone())
            .aggregate(none, vec![count(lit(1_i64)).alias("rows")])
            .and_then(LogicalPlanBuilder::build)
            .map_err(from_native)?;
        let batches = self.rows(&counted, &Schema::parse("rows:long")?, run)?.collect().await?;
        let rows: i64 = batches.iter().flat_map(|b| b.column(0).as_primitive::<Int64Type>().values().to_vec()).sum();
        u64::try_from(rows).map_err(|_| Error::new(ErrorKind::EngineFailed, format!("a frame of {rows} rows")))
    }

    fn physical(&self) -> Option<&dyn Physical<DataFusionFrame>> {
        Some(self)
    }

    fn relational(&self) -> Option<&dyn fugue_core::engine::Relational<DataFusionFrame>> {
        Some(&self.plans)
    }

    fn sql(&self) -> Option<&dyn fugue_core::engine::Sql<DataFusionFrame>> {
        Some(self)
    }

    fn storage(&self) -> Option<&dyn Storage<DataFusionFrame>> {
        Some(self)
    }

    fn explain(&self, frame: &DataFusionFrame) -> Result<String> {
        let mut state = self.context.state();
        state.config_mut().set_extension(Arc::new(Shown));
        travel::explain(&self.runtime, "ballista", state, frame)
    }

    async fn close(&self) -> Result<()> {
        let own = self.own.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Own { client, threads, cluster }) = own else { return Ok(()) };
        drop((client, threads));
        self.folder.remove();
        match cluster {
            Some(cluster) => cluster.close().await,
            None => Ok(()),
        }
    }
}

impl Physical<DataFusionFrame> for BallistaEngine {
    fn repartition(&self, frame: &DataFusionFrame, spec: &PartitionSpec) -> Result<DataFusionFrame> {
        travel::repartition(frame, spec)
    }

    fn persist<'a>(&'a self, frame: &'a DataFusionFrame, run: &'a RunContext) -> BoxFuture<'a, Result<DataFusionFrame>> {
        Box::pin(async move {
            if travel::partitions(frame).is_some() {
                return Ok(frame.clone());
            }
            let batches = self.rows(frame.plan(), frame.schema(), run)?.into_blocking();
            let (schema, folder, run) = (frame.schema().clone(), Arc::clone(&self.folder), run.clone());
            let columns = plain_schema(schema.arrow());
            let concurrency = self.site.concurrency;
            let spec = travel::layout(frame).map(|spec| self.site.resolved(spec)).transpose()?;
            let kept_as_laid = spec.is_some();
            let files = offload(move || match spec {
                None => folder.write(columns, batches, concurrency),
                Some(spec) => {
                    let parts = run_repartition(InputRows::Stream(batches), &schema, &spec, &run)?;
                    let parts = parts.into_iter().map(|part| -> BatchIter { Box::new(part.into_iter().map(Ok)) });
                    folder.keep(columns, parts)
                }
            })
            .await?;
            let parts = files.partitions();
            let table = Arc::new(KeptTable(Arc::new(files)));
            if kept_as_laid { travel::kept(frame.schema(), table, parts) } else { travel::table(frame.schema(), table) }
        })
    }

    fn partitions(&self, frame: &DataFusionFrame) -> Result<Option<usize>> {
        Ok(travel::partitions(frame))
    }
}

impl Storage<DataFusionFrame> for BallistaEngine {
    fn load<'a>(&'a self, path: &'a str, options: &'a LoadOptions) -> BoxFuture<'a, Result<Option<DataFusionFrame>>> {
        Box::pin(async move {
            let (context, path, options) = (self.context.clone(), path.to_owned(), options.clone());
            travel::answer(&self.runtime, async move { travel::load(&context, &path, &options).await }).await
        })
    }
}

/// The scan that gives the rows of a plan which only names and chooses columns.
fn scanned(plan: &LogicalPlan) -> Option<&TableScan> {
    match plan {
        LogicalPlan::TableScan(scan) if scan.filters.is_empty() => Some(scan),
        LogicalPlan::SubqueryAlias(alias) => scanned(&alias.input),
        LogicalPlan::Projection(projection) => scanned(&projection.input),
        _ => None,
    }
}

/// The first rows of a plan that only reads, with the number where its source sees it. Of others no fewer rows would be made.
fn first_rows(plan: &LogicalPlan, rows: u64) -> NativeResult<LogicalPlan> {
    if scanned(plan).is_none() {
        return Ok(plan.clone());
    }
    let rows = usize::try_from(rows).unwrap_or(usize::MAX);
    let limited = plan.clone().transform_down(|plan| match plan {
        LogicalPlan::TableScan(mut scan) => {
            scan.fetch = Some(scan.fetch.map_or(rows, |least| least.min(rows)));
            Ok(Transformed::yes(LogicalPlan::TableScan(scan)))
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok(limited.data)
}

/// A context whose plans may hold steps of ours.
pub(crate) fn context(config: SessionConfig, planner: Arc<dyn QueryPlanner + Send + Sync>) -> SessionContext {
    let state = SessionStateBuilder::new()
        .with_default_features()
        .with_config(config)
        .with_runtime_env(Arc::new(RuntimeEnv::default()))
        .with_query_planner(planner);
    let mut state = travel::corrected(state)
        .with_analyzer_rule(Arc::new(OneRow))
        .with_physical_optimizer_rule(Arc::new(OneTeller))
        .with_physical_optimizer_rule(Arc::new(AlikeLeaves));
    for function in travel::functions() {
        state.scalar_functions().get_or_insert_default().push(function);
    }
    SessionContext::new_with_state(state.build())
}

fn open(engine: String, pool: Pool) -> BoxFuture<'static, Result<Opened>> {
    Box::pin(async move {
        let engine = match engine.as_str() {
            "ballista" => {
                // As many calls at once as the session has threads, on two machines if there are two.
                let executors = pool.threads().min(2);
                let cluster = Cluster::builder().executors(executors).slots(pool.threads() / executors);
                BallistaEngine::builder().cluster(cluster).start().await?
            }
            url => BallistaEngine::connect(url).await?,
        };
        Ok(Opened::new(engine))
    })
}

inventory::submit!(EngineFactory::new("ballista", open));

//! The DataFusion engine: a session context with our planner, a runtime to run it on, and a memory limit.

use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use datafusion::execution::SessionStateBuilder;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlanProperties, collect_partitioned, execute_stream};
use datafusion::prelude::{DataFrame, SessionConfig, SessionContext};
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::blocking::offload;
use fugue_core::engine::{Engine, EngineInfo, Map, Physical, Relational, Sql, Storage, Zip};
use fugue_core::frame::{BatchStream, Source};
use fugue_core::io::{LoadOptions, MemorySource, Part, PartPlan};
use fugue_core::partition::PartitionSpec;
use fugue_core::run::{Cancel, CancelHandle, Pool, RunContext};
use fugue_core::schema::normalise;
use fugue_core::session::{EngineFactory, Opened};
use fugue_core::transform::{InputRows, Task, run_repartition};
use fugue_core::{Error, ErrorKind, Result, Schema};
use futures::future::{BoxFuture, Either, select};
use tokio::runtime::{Handle, Runtime};
use tracing::Instrument;

use crate::action;
use crate::claims::corrected;
use crate::error::from_native;
use crate::frame::{DataFusionFrame, Layout};
use crate::map::Call;
use crate::native::DataFusionSource;
use crate::plan::{CallNode, Planner};
use crate::relational::Plans;
use crate::source::SourceTable;
use crate::{sql, storage};

/// The part of its share of memory that a sort keeps for merging.
const SHARES_OF_A_SORT: usize = 8;

/// Runs frames on DataFusion, and functions of the user as steps of its plans.
pub struct DataFusionEngine {
    context: SessionContext,
    parallelism: usize,
    runtime: Handle,
    /// Ended by `close`, or when the engine goes.
    own: Mutex<Option<Runtime>>,
}

impl fmt::Debug for DataFusionEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataFusionEngine").field("parallelism", &self.parallelism).finish_non_exhaustive()
    }
}

/// Settings of an engine before it starts.
#[derive(Clone, Default)]
pub struct Builder {
    parallelism: Option<usize>,
    batch_size: Option<usize>,
    memory_limit: Option<usize>,
    spill_folder: Option<PathBuf>,
    context: Option<SessionContext>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("parallelism", &self.parallelism)
            .field("batch_size", &self.batch_size)
            .field("memory_limit", &self.memory_limit)
            .field("spill_folder", &self.spill_folder)
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// How many partitions plans have, and how many threads run them; a thread per core without it. How many calls of user code run
    /// at once is the session's setting.
    #[must_use]
    pub fn parallelism(mut self, parallelism: usize) -> Self {
        self.parallelism = Some(parallelism.max(1));
        self
    }

    /// Rows of a batch between the steps of a plan; DataFusion's own number without it.
    #[must_use]
    pub fn batch_size(mut self, rows: usize) -> Self {
        self.batch_size = Some(rows.max(1));
        self
    }

    /// Bytes that rows waiting in plans may take together: beyond them, keyed maps and sorts go through files, and cotransforms are an
    /// error. Not counted is what functions of the user take, the groups on their way to them, calls that see a whole partition or
    /// all rows, and frames that are persisted.
    #[must_use]
    pub fn memory_limit(mut self, bytes: usize) -> Self {
        self.memory_limit = Some(bytes);
        self
    }

    /// Where those files are; the system's folder for temporary files without it.
    #[must_use]
    pub fn spill_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.spill_folder = Some(folder.into());
        self
    }

    /// The context of a program that uses DataFusion already: its tables, functions, object stores and settings. The memory limit and
    /// the folder are then the context's own. A query planner of the program's own does not serve in sessions, which plan our steps;
    /// `transform` over the context's frames leaves it in place.
    #[must_use]
    pub fn context(mut self, context: &SessionContext) -> Self {
        self.context = Some(context.clone());
        self
    }

    /// Starts the engine.
    ///
    /// # Errors
    /// [`SettingInvalid`](ErrorKind::SettingInvalid) where the operating system gives no threads, and for settings that contradict
    /// one another.
    pub fn build(self) -> Result<DataFusionEngine> {
        let own_memory = self.memory_limit.is_some() || self.spill_folder.is_some();
        let state = match self.context {
            Some(_) if own_memory => {
                let message = "memory_limit and spill_folder are settings of the context that was given; set them there";
                return Err(Error::new(ErrorKind::SettingInvalid, message));
            }
            Some(context) => SessionStateBuilder::new_from_existing(context.state()),
            None => {
                let mut environment = RuntimeEnvBuilder::new();
                if let Some(bytes) = self.memory_limit {
                    environment = environment.with_memory_pool(Arc::new(FairSpillPool::new(bytes)));
                }
                if let Some(folder) = self.spill_folder {
                    environment = environment.with_temp_file_path(folder);
                }
                let environment = environment.build_arc().map_err(from_native)?;
                SessionStateBuilder::new().with_default_features().with_config(SessionConfig::new()).with_runtime_env(environment)
            }
        };
        let mut state = corrected(state).with_query_planner(Arc::new(Planner)).build();
        let mut config = state.config().clone();
        if let Some(parallelism) = self.parallelism {
            config = config.with_target_partitions(parallelism);
        }
        if let Some(rows) = self.batch_size {
            config = config.with_batch_size(rows);
        }
        if let Some(bytes) = self.memory_limit {
            // What a sort keeps for merging its files is not given back; the default is too much for a small limit.
            let merging = bytes / (SHARES_OF_A_SORT * config.target_partitions());
            let options = &mut config.options_mut().execution;
            options.sort_spill_reservation_bytes = options.sort_spill_reservation_bytes.min(merging);
        }
        *state.config_mut() = config;
        let parallelism = state.config().target_partitions();
        let runtime = runtime(parallelism)?;
        Ok(DataFusionEngine {
            context: SessionContext::new_with_state(state),
            parallelism,
            runtime: runtime.handle().clone(),
            own: Mutex::new(Some(runtime)),
        })
    }
}

impl DataFusionEngine {
    /// An engine with so many partitions and threads.
    ///
    /// # Errors
    /// [`SettingInvalid`](ErrorKind::SettingInvalid) where the operating system gives no threads.
    pub fn new(parallelism: usize) -> Result<Self> {
        Self::builder().parallelism(parallelism).build()
    }

    /// An engine with settings.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The context that plans are made in: to register tables and functions, and to read files as DataFusion does.
    #[must_use]
    pub fn context(&self) -> &SessionContext {
        &self.context
    }

    /// Tasks that are at work on the engine's runtime: none when nothing runs, also after an action was stopped.
    #[must_use]
    pub fn running_tasks(&self) -> usize {
        self.runtime.metrics().num_alive_tasks()
    }

    /// The state of an action: what steps of ours find their run in.
    fn state(&self, run: &RunContext) -> SessionState {
        let mut state = self.context.state();
        state.config_mut().set_extension(Arc::new(run.clone()));
        state
    }

    /// Runs async work on the engine's own threads, until it ends or the action is stopped.
    async fn drive<T: Send + 'static>(
        &self,
        run: &RunContext,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let stopped = run.cancel.stopped();
        let until_stopped = async move {
            match select(Box::pin(work), Box::pin(stopped)).await {
                Either::Left((done, _)) => done,
                Either::Right((stopped, _)) => Err(stopped),
            }
        };
        action::answer(&self.runtime, until_stopped).await
    }

    /// Rows of a plan in the partitions that it has.
    async fn partitions_of(&self, plan: &LogicalPlan, run: &RunContext) -> Result<Vec<Vec<RecordBatch>>> {
        let (state, plan) = (self.state(run), plan.clone());
        self.drive(run, async move {
            let physical = state.create_physical_plan(&plan).await.map_err(from_native)?;
            collect_partitioned(physical, state.task_ctx()).await.map_err(from_native)
        })
        .await
    }
}

/// The runtime that reads frames of DataFusion for sessions of other engines.
pub(crate) fn shared_runtime() -> Result<Handle> {
    static SHARED: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = SHARED.get() {
        return Ok(runtime.handle().clone());
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let made = runtime(threads)?;
    Ok(SHARED.get_or_init(|| made).handle().clone())
}

fn runtime(threads: usize) -> Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let builder = builder.worker_threads(threads).thread_name("fugue-datafusion").enable_all();
    builder.build().map_err(|e| Error::new(ErrorKind::SettingInvalid, "the operating system gives no threads").with_source(e))
}

impl Drop for DataFusionEngine {
    fn drop(&mut self) {
        if let Some(runtime) = self.own.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // To wait for its threads here would block those of an async program.
            runtime.shutdown_background();
        }
    }
}

fn open(pool: Pool) -> Result<Opened> {
    Ok(Opened::new(DataFusionEngine::new(pool.threads())?))
}

inventory::submit!(EngineFactory::in_process("datafusion", open));

impl Engine for DataFusionEngine {
    type Frame = DataFusionFrame;

    fn info(&self) -> EngineInfo {
        EngineInfo::new("datafusion", self.parallelism)
    }

    fn schema(&self, frame: &DataFusionFrame) -> Result<Schema> {
        Ok(frame.schema().clone())
    }

    fn ingest(&self, source: Source) -> Result<DataFusionFrame> {
        if let Some(data) = source.lazy().as_any() {
            if let Some(own) = data.downcast_ref::<DataFusionSource>() {
                return Ok(own.frame().clone());
            }
            if let Some(memory) = data.downcast_ref::<MemorySource>() {
                return DataFusionFrame::in_memory(source.schema(), vec![memory.batches().to_vec()]);
            }
        }
        DataFusionFrame::of_table(source.schema().clone(), Arc::new(SourceTable(source)))
    }

    async fn stream(&self, frame: &DataFusionFrame, run: &RunContext) -> Result<BatchStream> {
        let (state, plan) = (self.state(run), frame.plan().clone());
        let begin = async move {
            let plan = async { state.create_physical_plan(&plan).await.map_err(from_native) };
            let physical = plan.instrument(tracing::debug_span!("plan", engine = "datafusion")).await?;
            execute_stream(physical, state.task_ctx()).map_err(from_native)
        };
        Ok(action::rows(&self.runtime, frame.schema(), begin))
    }

    fn map(&self, frame: &DataFusionFrame, map: &Map) -> Result<DataFusionFrame> {
        let (call, input) = Call::map(frame, map, None)?;
        Ok(DataFusionFrame::new(map.task.output().clone(), CallNode::plan(call, vec![input])?))
    }

    fn comap(&self, zip: &Zip<DataFusionFrame>, task: &Task) -> Result<Option<DataFusionFrame>> {
        let (call, inputs) = Call::zip(zip, task, None)?;
        Ok(Some(DataFusionFrame::new(task.output().clone(), CallNode::plan(call, inputs)?)))
    }

    async fn count(&self, frame: &DataFusionFrame, run: &RunContext) -> Result<u64> {
        let counted = DataFrame::new(self.state(run), frame.plan().clone());
        let rows = self.drive(run, async move { counted.count().await.map_err(from_native) }).await?;
        Ok(rows as u64)
    }

    fn physical(&self) -> Option<&dyn Physical<DataFusionFrame>> {
        Some(self)
    }

    fn relational(&self) -> Option<&dyn Relational<DataFusionFrame>> {
        Some(&Plans::HERE)
    }

    fn sql(&self) -> Option<&dyn Sql<DataFusionFrame>> {
        Some(self)
    }

    fn storage(&self) -> Option<&dyn Storage<DataFusionFrame>> {
        Some(self)
    }

    fn explain(&self, frame: &DataFusionFrame) -> Result<String> {
        action::explain(&self.runtime, "datafusion", self.context.state(), frame)
    }

    async fn close(&self) -> Result<()> {
        let runtime = self.own.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(runtime) = runtime {
            runtime.shutdown_background();
        }
        Ok(())
    }
}

impl Sql<DataFusionFrame> for DataFusionEngine {
    fn query<'a>(&'a self, query: &'a str, frames: Vec<(String, DataFusionFrame)>) -> BoxFuture<'a, Result<DataFusionFrame>> {
        Box::pin(async move {
            let (state, query) = (self.context.state(), query.to_owned());
            // Tables of the program may lie on object stores, which are read on the engine's own threads.
            action::answer(&self.runtime, async move { sql::query(state, &query, frames).await }).await
        })
    }
}

impl Physical<DataFusionFrame> for DataFusionEngine {
    fn repartition(&self, frame: &DataFusionFrame, spec: &PartitionSpec) -> Result<DataFusionFrame> {
        frame.repartitioned(spec)
    }

    fn persist<'a>(&'a self, frame: &'a DataFusionFrame, run: &'a RunContext) -> BoxFuture<'a, Result<DataFusionFrame>> {
        Box::pin(async move {
            let mut parts = self.partitions_of(frame.plan(), run).await?;
            for batch in parts.iter_mut().flatten() {
                *batch = normalise(batch, frame.schema())?;
            }
            let parts = match frame.layout() {
                None => return DataFusionFrame::in_memory(frame.schema(), parts),
                Some(Layout::Kept(_)) => parts,
                Some(Layout::Spec(spec)) => {
                    let (schema, spec, run) = (frame.schema().clone(), spec.clone(), run.clone());
                    let rows = InputRows::Stream(Box::new(parts.into_iter().flatten().map(Ok)));
                    offload(move || run_repartition(rows, &schema, &spec, &run)).await?
                }
            };
            DataFusionFrame::kept(frame.schema(), parts)
        })
    }

    fn partitions(&self, frame: &DataFusionFrame) -> Result<Option<usize>> {
        Ok(frame.kept_partitions())
    }
}

/// Cancels when it goes.
struct EndsWriters(CancelHandle);

impl Drop for EndsWriters {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl Storage<DataFusionFrame> for DataFusionEngine {
    fn load<'a>(&'a self, path: &'a str, options: &'a LoadOptions) -> BoxFuture<'a, Result<Option<DataFusionFrame>>> {
        Box::pin(async move {
            let (context, path, options) = (self.context.clone(), path.to_owned(), options.clone());
            action::answer(&self.runtime, async move { storage::load(&context, &path, &options).await }).await
        })
    }

    fn save<'a>(
        &'a self,
        frame: &'a DataFusionFrame,
        plan: &'a PartPlan,
        run: &'a RunContext,
    ) -> BoxFuture<'a, Result<Option<Vec<Part>>>> {
        Box::pin(async move {
            let (state, logical) = (self.state(run), frame.plan().clone());
            let context = state.task_ctx();
            let begin = async move { state.create_physical_plan(&logical).await.map_err(from_native) };
            let physical = action::answer(&self.runtime, begin).await?;
            let partitions = physical.output_partitioning().partition_count();
            if partitions < 2 {
                // Core's threads share the work of one partition.
                return Ok(None);
            }
            // A save that nobody waits for any more, or of which a partition failed, ends all of its writers.
            let (stop, stopped) = (CancelHandle::new(), run.cancel.clone());
            let ends = EndsWriters(stop.clone());
            let parts = (0..partitions).map(|partition| {
                let (physical, context) = (Arc::clone(&physical), Arc::clone(&context));
                let begin = async move { physical.execute(partition, context).map_err(from_native) };
                let rows = action::rows(&self.runtime, frame.schema(), begin);
                let (plan, own, whole) = (plan.clone(), Cancel::new(&stop, None), stopped.clone());
                offload(move || {
                    let rows = rows.into_blocking().map(move |batch| whole.check().and(batch));
                    plan.write(partition as u64, Box::new(rows), &own)
                })
            });
            let parts = futures::future::try_join_all(parts).await;
            drop(ends);
            parts.map(Some)
        })
    }
}

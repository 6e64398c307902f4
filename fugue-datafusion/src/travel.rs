//! For engines that run plans of DataFusion on other machines: frames whose steps travel, and what those steps find where they run.

use std::panic::Location;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::error::DataFusionError;
use datafusion::execution::context::QueryPlanner;
use datafusion::execution::{SessionStateBuilder, TaskContext};
use datafusion::logical_expr::{Expr, ScalarUDF, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionContext;
use fugue_core::arrow::datatypes::SchemaRef;
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::engine::{Map, Zip};
use fugue_core::io::{LazySource, LoadOptions, Scan};
use fugue_core::partition::PartitionSpec;
use fugue_core::run::{Cancel, Pool, RunContext};
use fugue_core::transform::Registry;
use fugue_core::transform::Task;
use fugue_core::travel::unpack;
use fugue_core::{Error, Result, Schema};

pub use crate::action::{answer, closed, explain, rows};
use crate::claims;
use crate::error::into_native;
use crate::exec::CallExec;
use crate::expr::Kernel;
use crate::frame::DataFusionFrame;
use crate::map::Call;
pub use crate::map::Site;
use crate::plan::{CallNode, Planner, hash};
pub use crate::wire::{decode, encode};
use crate::{filter, storage, types};

/// The settings with rules that keep DataFusion from wrong answers that it is known to give. Its steps travel.
#[must_use]
pub fn corrected(settings: SessionStateBuilder) -> SessionStateBuilder {
    claims::corrected(settings)
}

/// What steps find where they run: an extension of the session config that tasks are given there.
///
/// In a process that plans and runs by itself there is none, and what is provided here serves.
pub trait Worker: Send + Sync {
    /// Threads, cancel token and attempt of the calls of a step.
    ///
    /// # Errors
    /// What keeps the worker from starting.
    fn run(&self, context: &TaskContext) -> Result<RunContext>;

    /// The function of a step, from its bytes.
    ///
    /// # Errors
    /// `TransformerNotRegistered` where this program does not have it.
    fn task(&self, packed: &[u8]) -> Result<Task> {
        unpack(packed, &Registry::linked()?)
    }

    /// The number of a partition of a step's input among those of all tasks of its stage.
    fn partition(&self, input: &dyn ExecutionPlan, partition: usize) -> usize {
        let _ = input;
        partition
    }

    /// An error of a call, as the cluster is told of it.
    fn error(&self, error: Error) -> DataFusionError {
        into_native(error)
    }
}

/// A worker as an extension: `SessionConfig::with_extension(Arc::new(AtWork(worker)))`.
#[derive(Clone)]
pub struct AtWork(pub Arc<dyn Worker>);

impl std::fmt::Debug for AtWork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AtWork").finish_non_exhaustive()
    }
}

/// Says that the frames of a context run on a cluster: an extension of its session config. Functions over them travel.
#[derive(Clone, Copy, Debug)]
pub struct Away(pub Site);

/// A process that plans and runs by itself.
struct InProcess;

impl Worker for InProcess {
    fn run(&self, context: &TaskContext) -> Result<RunContext> {
        match context.session_config().get_extension::<RunContext>() {
            Some(run) => Ok(RunContext::clone(&run)),
            None => Ok(RunContext::new(Pool::shared()?, Cancel::never())),
        }
    }
}

/// What the steps of a task find.
pub(crate) fn worker_of(context: &TaskContext) -> Result<Arc<dyn Worker>> {
    Ok(match context.session_config().get_extension::<AtWork>() {
        Some(at_work) => Arc::clone(&at_work.0),
        None => Arc::new(InProcess),
    })
}

/// The lines of the user's program that asked for the calls of a plan, by function: a function that travelled by name does not know them.
#[derive(Clone, Debug, Default)]
pub struct AskedForAt(Vec<(String, &'static Location<'static>)>);

impl AskedForAt {
    /// Says in an error of a call where the call was asked for.
    #[must_use]
    pub fn tell(&self, error: Error) -> Error {
        let of_error = self.0.iter().find(|(name, _)| error.context("transformer") == Some(name));
        match of_error {
            Some((_, line)) => error.with_call_site(line),
            None => error,
        }
    }
}

/// The lines that asked for the calls of a plan.
#[must_use]
pub fn asked_for_at(plan: &Arc<dyn ExecutionPlan>) -> AskedForAt {
    let mut found = AskedForAt::default();
    let mut rest = vec![plan];
    while let Some(node) = rest.pop() {
        if let Some(callee) = node.downcast_ref::<CallExec>().map(|step| &step.call().callee) {
            found.0.extend(callee.asked_for_at().map(|line| (callee.name().to_owned(), line)));
        }
        rest.extend(node.children());
    }
    found
}

/// What plans our steps, for the context that frames are made in.
#[must_use]
pub fn planner() -> Arc<dyn QueryPlanner + Send + Sync> {
    Arc::new(Planner)
}

/// Functions that stand in our plans, for every place that reads them.
#[must_use]
pub fn functions() -> Vec<Arc<ScalarUDF>> {
    vec![hash(), crate::expr::canonical_function()]
}

/// The bytes of a function that only its expression tells apart from others, and that no registry knows.
#[must_use]
pub fn function_to_bytes(function: &ScalarUDF) -> Option<&[u8]> {
    Kernel::to_bytes(function)
}

/// The function of such bytes; `None` for one that is known by its name.
#[must_use]
pub fn function_from_bytes(name: &str, bytes: &[u8]) -> Option<Result<Arc<ScalarUDF>>> {
    Kernel::from_bytes(name, bytes).map(|function| function.map(Arc::new))
}

/// The calls of a map as a step that travels.
///
/// # Errors
/// As [`Engine::map`](fugue_core::engine::Engine::map), and `TransformerNotRegistered` for functions that do not reach so far.
pub fn map(frame: &DataFusionFrame, map: &Map, site: Site) -> Result<DataFusionFrame> {
    let (call, input) = Call::map(frame, map, Some(site))?;
    Ok(DataFusionFrame::new(map.task.output().clone(), CallNode::plan(call, vec![input])?))
}

/// The calls of a zip as a step that travels.
///
/// # Errors
/// As [`map`].
pub fn comap(zip: &Zip<DataFusionFrame>, task: &Task, site: Site) -> Result<DataFusionFrame> {
    let (call, inputs) = Call::zip(zip, task, Some(site))?;
    Ok(DataFusionFrame::new(task.output().clone(), CallNode::plan(call, inputs)?))
}

/// A frame over a table.
///
/// # Errors
/// `EngineFailed` for what DataFusion does not plan.
pub fn table(schema: &Schema, table: Arc<dyn TableProvider>) -> Result<DataFusionFrame> {
    DataFusionFrame::of_table(schema.clone(), table)
}

/// A frame over a table whose partitions mean something and stay as they are.
///
/// # Errors
/// As [`table`].
pub fn kept(schema: &Schema, provider: Arc<dyn TableProvider>, partitions: usize) -> Result<DataFusionFrame> {
    Ok(table(schema, provider)?.with_layout(Some(crate::frame::Layout::Kept(partitions))))
}

/// The frame, to be laid out as a spec says for calls that do not say it themselves.
///
/// # Errors
/// `PartitionInvalid`, `ColumnNotFound` for a spec that does not fit.
pub fn repartition(frame: &DataFusionFrame, spec: &PartitionSpec) -> Result<DataFusionFrame> {
    frame.repartitioned(spec)
}

/// The number of partitions of a frame that was [`kept`].
#[must_use]
pub fn partitions(frame: &DataFusionFrame) -> Option<usize> {
    frame.kept_partitions()
}

/// How a frame is to be laid out for calls that do not say it themselves.
#[must_use]
pub fn layout(frame: &DataFusionFrame) -> Option<&PartitionSpec> {
    if let Some(crate::frame::Layout::Spec(spec)) = frame.layout() { Some(spec) } else { None }
}

/// A frame over a Parquet file that DataFusion reads as the core does, or `None` where the reader of the core is to read it.
///
/// # Errors
/// As [`open`](fugue_core::io::open).
pub async fn load(context: &SessionContext, path: &str, options: &LoadOptions) -> Result<Option<DataFusionFrame>> {
    storage::load(context, path, options).await
}

/// What a reader of a source is asked by a scan of DataFusion's: columns, the filters that the core understands, and how many rows are enough.
#[must_use]
pub fn scan_of(source: &dyn LazySource, columns: Option<&[usize]>, filters: &[Expr], limit: Option<usize>) -> Scan {
    let raised = filters.iter().filter_map(|f| filter::asked(source, f));
    let scan = raised.fold(Scan::new().columns(columns), Scan::filter);
    match limit {
        Some(rows) => scan.limit(rows as u64),
        None => scan,
    }
}

/// What a source makes of the filters of a scan.
#[must_use]
pub fn pushdown_of(source: &dyn LazySource, filters: &[&Expr]) -> Vec<TableProviderFilterPushDown> {
    filters.iter().map(|one| filter::support(source, one)).collect()
}

/// The columns of rows on their way through networks and files.
#[must_use]
pub fn plain_schema(schema: &SchemaRef) -> SchemaRef {
    types::plain_schema(schema)
}

/// Rows in the layout of [`plain_schema`]: text and bytes not in views, whose buffers would all go along with every share of the rows.
///
/// # Errors
/// `EngineFailed` for one value that is larger than the layout allows.
pub fn plain_batches(batch: &RecordBatch, schema: &SchemaRef) -> Result<Vec<RecordBatch>> {
    types::plain_batches(batch, schema)
}

/// Plans a query in SQL over frames and the tables of a context.
///
/// # Errors
/// `SqlInvalid` for what is no query, or names what is not there; `SchemaInvalid` for a result that is not portable.
pub async fn sql(context: &SessionContext, query: &str, frames: Vec<(String, DataFusionFrame)>) -> Result<DataFusionFrame> {
    crate::sql::query(context.state(), query, frames).await
}

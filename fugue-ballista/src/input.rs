//! What goes in: lazy sources of the core as tables whose rows travel inside the plan when they are few, and through files when not.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result as NativeResult;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};
use fugue_core::blocking::offload;
use fugue_core::frame::Source;
use fugue_core::io::{MemorySource, Scan};
use fugue_core::run::RunContext;
use fugue_core::{Error, ErrorKind, Result};
use fugue_datafusion::travel::{plain_batches, plain_schema, pushdown_of, scan_of};
use tokio::sync::OnceCell;

use crate::failure::into_native;
use crate::files::{Files, Folder};
use crate::runs::Listed;
use crate::shown::{Shown, ShownExec};

/// Rows up to so many bytes go inside the plan; a message of Ballista's has 16 MiB, and its scheduler keeps each plan.
pub(crate) const IN_PLAN: usize = 1 << 20;

/// What a plan is made for: an extension of the session config while an action plans.
#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) run: RunContext,
    pub(crate) listed: Listed,
    /// Files that must stay until the action is over.
    files: Mutex<Vec<Arc<Files>>>,
}

impl Action {
    pub(crate) fn new(run: RunContext) -> Self {
        Self { listed: Listed::new(&run.cancel), run, files: Mutex::default() }
    }

    fn keep(&self, files: Arc<Files>) {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).push(files);
    }
}

/// A lazy source of the core as a table.
#[derive(Debug)]
pub(crate) struct InputTable {
    source: Source,
    folder: Arc<Folder>,
    /// Rows that were in memory already need not be written twice.
    written: OnceCell<Arc<Files>>,
}

impl InputTable {
    pub(crate) fn new(source: Source, folder: Arc<Folder>) -> Self {
        Self { source, folder, written: OnceCell::new() }
    }

    /// The number of rows, where it is known without reading them.
    pub(crate) fn rows(&self) -> Option<u64> {
        self.source.lazy().rows()
    }

    async fn read(&self, scan: Scan, action: &Action, parts: usize) -> NativeResult<Arc<dyn ExecutionPlan>> {
        let memory = self.source.lazy().as_any().and_then(|any| any.downcast_ref::<MemorySource>());
        let columns = scan.projection().map(<[usize]>::to_vec);
        let Some(memory) = memory else {
            let files = self.write(scan, action, parts).await.map_err(into_native)?;
            action.keep(Arc::clone(&files));
            return files.scan(None);
        };
        let bytes: usize = memory.batches().iter().map(RecordBatch::get_array_memory_size).sum();
        if bytes <= IN_PLAN {
            return in_plan(memory, columns, parts);
        }
        let written = self.written.get_or_try_init(|| self.write(Scan::new(), action, parts)).await.map_err(into_native)?;
        action.keep(Arc::clone(written));
        written.scan(columns)
    }

    /// Reads what is asked of the source into files.
    async fn write(&self, scan: Scan, action: &Action, parts: usize) -> Result<Arc<Files>> {
        let (source, run, folder) = (self.source.clone(), action.run.clone(), Arc::clone(&self.folder));
        let span = tracing::debug_span!("ingest", source = %source.lazy().describe());
        offload(move || {
            let _span = span.entered();
            let schema = plain_schema(source.schema().project(scan.projection())?.arrow());
            // Few rows need nobody who reads ahead of them.
            let scan = if scan.rows().is_some() { scan } else { scan.on(&run.pool) };
            let rows = source.lazy().scan_with(&scan.telling(&run.progress), &run.cancel)?;
            Ok(Arc::new(folder.write(schema, rows, parts)?))
        })
        .await
    }
}

/// Few rows as a leaf that holds them, cut so that all executors have some.
fn in_plan(memory: &MemorySource, columns: Option<Vec<usize>>, parts: usize) -> NativeResult<Arc<dyn ExecutionPlan>> {
    let schema = plain_schema(fugue_core::io::LazySource::schema(memory).arrow());
    let mut batches = Vec::with_capacity(memory.batches().len());
    for batch in memory.batches() {
        batches.extend(plain_batches(batch, &schema).map_err(into_native)?);
    }
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let share = rows.div_ceil(parts.max(1)).max(1);
    let (mut all, mut part, mut room) = (Vec::new(), Vec::new(), share);
    for batch in batches {
        let mut start = 0;
        while start < batch.num_rows() {
            let length = room.min(batch.num_rows() - start);
            part.push(batch.slice(start, length));
            (start, room) = (start + length, room - length);
            if room == 0 {
                all.push(std::mem::take(&mut part));
                room = share;
            }
        }
    }
    if !part.is_empty() || all.is_empty() {
        all.push(part);
    }
    Ok(MemorySourceConfig::try_new_exec(&all, schema, columns)?)
}

#[async_trait]
impl TableProvider for InputTable {
    fn schema(&self) -> SchemaRef {
        plain_schema(self.source.schema().arrow())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> NativeResult<Arc<dyn ExecutionPlan>> {
        if session.config().get_extension::<Shown>().is_some() {
            let schema = self.schema();
            let columns = projection.map_or_else(|| Ok(Arc::clone(&schema)), |columns| schema.project(columns).map(Arc::new))?;
            return Ok(Arc::new(ShownExec::new(&self.source, columns, session.config().target_partitions())));
        }
        let Some(action) = session.config().get_extension::<Action>() else {
            let message =
                "rows of a session on Ballista are read by its actions, not by other contexts; collect or stream the frame";
            return Err(into_native(Error::new(ErrorKind::Unsupported, message)));
        };
        let parts = session.config().target_partitions();
        let asked = |columns: Option<Vec<usize>>| scan_of(&**self.source.lazy(), columns.as_deref(), filters, limit);
        with_columns(projection, |columns| self.read(asked(columns), &action, parts)).await
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> NativeResult<Vec<TableProviderFilterPushDown>> {
        Ok(pushdown_of(&**self.source.lazy(), filters))
    }
}

/// Reads one column at least, or nothing would tell how many rows there are.
pub(crate) async fn with_columns<F>(
    projection: Option<&Vec<usize>>,
    read: impl FnOnce(Option<Vec<usize>>) -> F,
) -> NativeResult<Arc<dyn ExecutionPlan>>
where
    F: Future<Output = NativeResult<Arc<dyn ExecutionPlan>>>,
{
    match projection {
        Some(none) if none.is_empty() => {
            let one = read(Some(vec![0])).await?;
            let nothing: Vec<(Arc<dyn PhysicalExpr>, String)> = Vec::new();
            Ok(Arc::new(ProjectionExec::try_new(nothing, one)?))
        }
        other => read(other.cloned()).await,
    }
}

/// Rows that were kept: files, one partition each.
#[derive(Debug)]
pub(crate) struct KeptTable(pub(crate) Arc<Files>);

#[async_trait]
impl TableProvider for KeptTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.0.schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> NativeResult<Arc<dyn ExecutionPlan>> {
        if let Some(action) = session.config().get_extension::<Action>() {
            action.keep(Arc::clone(&self.0));
        }
        with_columns(projection, async |columns| self.0.scan(columns)).await
    }
}

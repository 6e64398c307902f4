//! The step that reads a source of the core: by columns, with the filters and the number of rows that the plan asks for.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties, ReplaceChildrenOptions,
    SendableRecordBatchStream,
};
use fugue_core::Schema;
use fugue_core::frame::Source;
use fugue_core::io::Scan;

use crate::error::into_native;
use crate::exec::{batches, run_of};
use crate::source::failed;

/// One partition of rows. It is DataFusion's own step, that says besides what is asked of the source.
#[derive(Debug)]
pub(crate) struct ScanExec {
    part: SourcePart,
    /// Whether the plan reads no column at all, and the source gives one that rows are counted by.
    uncounted: bool,
    inner: StreamingTableExec,
}

impl ScanExec {
    /// The scan has one column at least.
    pub(crate) fn new(source: Source, scan: Scan, uncounted: bool) -> Result<Self> {
        let names = source.schema().project(scan.projection()).map_err(into_native)?;
        let schema = names.to_arrow();
        Self::of(SourcePart { source, scan, names, schema }, uncounted)
    }

    fn of(part: SourcePart, uncounted: bool) -> Result<Self> {
        let (schema, none) = (Arc::clone(&part.schema), Vec::new());
        let rows = part.scan.rows().map(|rows| usize::try_from(rows).unwrap_or(usize::MAX));
        // A limit is only a hint to the source; the step keeps it.
        let inner =
            StreamingTableExec::try_new(schema, vec![Arc::new(part.clone())], uncounted.then_some(&none), [], false, rows)?;
        Ok(Self { part, uncounted, inner })
    }
}

impl DisplayAs for ScanExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SourcePart { source, scan, names, .. } = &self.part;
        let text = source.lazy().explain(scan);
        let mut lines = text.lines();
        write!(f, "FugueScanExec: {}", lines.next().unwrap_or_default())?;
        write!(f, ", columns=[{}]", names.names().collect::<Vec<_>>().join(", "))?;
        if !scan.filters().is_empty() {
            write!(f, ", filters={}", scan.filters().len())?;
        }
        if let Some(rows) = scan.rows() {
            write!(f, ", fetch={rows}")?;
        }
        lines.try_for_each(|line| write!(f, "\n      {line}"))
    }
}

impl ExecutionPlan for ScanExec {
    fn name(&self) -> &'static str {
        "FugueScanExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.inner.properties()
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
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.inner.execute(partition, context)
    }

    fn metrics(&self) -> Option<MetricsSet> {
        self.inner.metrics()
    }

    fn fetch(&self) -> Option<usize> {
        self.inner.fetch()
    }

    fn with_fetch(&self, limit: Option<usize>) -> Option<Arc<dyn ExecutionPlan>> {
        let mut part = self.part.clone();
        // What was asked of the source before is asked again; only the number of rows is another.
        let all = part.scan.filters().iter().cloned().fold(Scan::new().columns(part.scan.projection()), Scan::filter);
        part.scan = match limit {
            Some(rows) => all.limit(rows as u64),
            None => all,
        };
        Self::of(part, self.uncounted).ok().map(|step| Arc::new(step) as Arc<dyn ExecutionPlan>)
    }
}

#[derive(Clone, Debug)]
struct SourcePart {
    source: Source,
    scan: Scan,
    names: Schema,
    schema: SchemaRef,
}

impl PartitionStream for SourcePart {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (source, scan) = (self.source.clone(), self.scan.clone());
        match run_of(&context) {
            Ok(run) => batches(&self.names, run, move |run, _| {
                // Few rows need nobody who reads ahead of them.
                let scan = if scan.rows().is_some() { scan } else { scan.on(&run.pool) };
                source.lazy().scan_with(&scan.telling(&run.progress), &run.cancel)
            }),
            Err(e) => failed(Arc::clone(&self.schema), e),
        }
    }
}

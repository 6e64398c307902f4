//! The step that reads what other stages have written, where all executors are in this process: rows that are held as they are, files
//! from the folders of whoever has written them. All else is left to Ballista.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use ballista_core::execution_plans::ShuffleReaderExec;
use ballista_core::serde::scheduler::PartitionLocation;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, internal_err};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet, RecordOutput};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, ReplaceChildrenOptions, SendableRecordBatchStream,
};
use futures::StreamExt;
use futures::stream;

use super::exchange::Exchange;
use super::store::{Rows, Written};

/// The plan of a stage, its readers in place of Ballista's.
pub(super) fn near(plan: Arc<dyn ExecutionPlan>, exchange: &Arc<Exchange>) -> Result<Arc<dyn ExecutionPlan>> {
    let replaced = plan.transform_up(|node| {
        let Some(reader) = node.downcast_ref::<ShuffleReaderExec>() else { return Ok(Transformed::no(node)) };
        let reader = reader.with_client_pool(Arc::clone(&exchange.connections) as _);
        let (exchange, metrics) = (Arc::clone(exchange), ExecutionPlanMetricsSet::new());
        Ok(Transformed::yes(Arc::new(NearExec { reader, exchange, metrics })))
    });
    Ok(replaced?.data)
}

/// The reader that Ballista has planned.
pub(crate) fn reader(plan: &dyn ExecutionPlan) -> Option<&ShuffleReaderExec> {
    plan.downcast_ref::<ShuffleReaderExec>().or_else(|| plan.downcast_ref::<NearExec>().map(|near| &near.reader))
}

/// Never leaves its executor.
#[derive(Debug)]
struct NearExec {
    reader: ShuffleReaderExec,
    exchange: Arc<Exchange>,
    metrics: ExecutionPlanMetricsSet,
}

impl NearExec {
    /// The rows of a place that are held.
    fn held(&self, location: &PartitionLocation) -> Option<Rows> {
        let id = &location.partition_id;
        let written = Written {
            executor: location.executor_meta.id.clone(),
            stage: id.stage_id,
            file: location.file_id.unwrap_or_default(),
        };
        self.exchange.store.get(id.job_id.as_str(), &written, id.partition_id)
    }

    /// Reads files of one executor: from its folder, and where they are not there any more as from another machine, so that the
    /// scheduler is told who has lost them.
    fn files(
        &self,
        executor: &str,
        partition: usize,
        locations: Vec<PartitionLocation>,
        context: &Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let folder = self.exchange.folder_of(executor);
        let mut reader = self.reader.with_work_dir(path_text(&folder));
        if let Some(all) = reader.partition.get_mut(partition) {
            *all = locations;
        }
        reader.execute(partition, Arc::clone(context))
    }
}

/// Ballista keeps paths as text.
fn path_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

impl DisplayAs for NearExec {
    fn fmt_as(&self, kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reader.fmt_as(kind, f)
    }
}

impl ExecutionPlan for NearExec {
    fn name(&self) -> &'static str {
        "NearExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.reader.properties()
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

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        // As Ballista does: who broadcasts has one partition for all.
        let partition = if self.reader.broadcast { 0 } else { partition };
        let mut held: Vec<Rows> = Vec::new();
        let mut files: Vec<(String, Vec<PartitionLocation>)> = Vec::new();
        for location in self.reader.partition.get(partition).into_iter().flatten() {
            match self.held(location) {
                Some(rows) => held.push(rows),
                None => {
                    let executor = &location.executor_meta.id;
                    match files.iter_mut().find(|(name, _)| name == executor) {
                        Some((_, locations)) => locations.push(location.clone()),
                        None => files.push((executor.clone(), vec![location.clone()])),
                    }
                }
            }
        }
        let files: Vec<_> = files
            .into_iter()
            .map(|(executor, locations)| self.files(&executor, partition, locations, &context))
            .collect::<Result<_>>()?;
        let measured = BaselineMetrics::new(&self.metrics, partition);
        let held = stream::iter(held).flat_map(|rows| stream::iter(0..rows.len()).map(move |at| Ok(rows[at].clone())));
        let rows = held.chain(stream::iter(files).flatten()).map(move |batch| batch.record_output(&measured));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

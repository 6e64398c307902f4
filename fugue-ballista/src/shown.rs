//! Plans that are only to be shown: leaves that say what they would read.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics, internal_err};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PhysicalExpr, PlanProperties, ReplaceChildrenOptions,
    SendableRecordBatchStream,
};
use fugue_core::frame::Source;

/// Says that a plan is only to be shown: an extension of the session config. Nothing is read for it.
#[derive(Debug)]
pub(crate) struct Shown;

/// A source that would be read.
#[derive(Debug)]
pub(crate) struct ShownExec {
    what: String,
    rows: Option<u64>,
    properties: Arc<PlanProperties>,
}

impl ShownExec {
    /// Some columns of a source, in as many partitions as its rows are cut into at most.
    pub(crate) fn new(source: &Source, columns: SchemaRef, partitions: usize) -> Self {
        let (what, rows) = (source.lazy().describe(), source.lazy().rows());
        let partitions = rows.map_or(partitions, |rows| partitions.min(usize::try_from(rows).unwrap_or(usize::MAX)));
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(columns),
            Partitioning::UnknownPartitioning(partitions.max(1)),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        Self { what, rows, properties }
    }
}

impl DisplayAs for ShownExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: Vec<_> = self.schema().fields().iter().map(|field| field.name().clone()).collect();
        let partitions = self.properties.partitioning.partition_count();
        write!(f, "FugueInputExec: {}, columns=[{}], partitions={partitions}", self.what, columns.join(", "))
    }
}

impl ExecutionPlan for ShownExec {
    fn name(&self) -> &'static str {
        "FugueInputExec"
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

    // What the optimiser decides by.
    fn statistics_from_inputs(&self, _: &[Arc<Statistics>], args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        let mut statistics = Statistics::new_unknown(&self.schema());
        if let (None, Some(rows)) = (args.partition(), self.rows.and_then(|rows| usize::try_from(rows).ok())) {
            statistics.num_rows = Precision::Exact(rows);
        }
        Ok(Arc::new(statistics))
    }

    fn execute(&self, _: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        internal_err!("a plan that is only shown does not run")
    }
}

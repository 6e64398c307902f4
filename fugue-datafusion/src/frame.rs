//! Frames of the DataFusion engine: logical plans, and how a repartition laid them out.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::TreeNode as _;
use datafusion::config::ConfigOptions;
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, UNNAMED_TABLE};
use datafusion::optimizer::Analyzer;

use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::partition::PartitionSpec;
use fugue_core::{Result, Schema};

use crate::error::from_native;
use crate::source::KeptTable;
use crate::types;

/// A frame of the DataFusion engine: a logical plan, which an action optimises and runs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct DataFusionFrame {
    schema: Schema,
    plan: Arc<LogicalPlan>,
    /// How rows are to be laid out for calls that do not say it themselves. Partitions have no place in a logical plan.
    layout: Option<Layout>,
}

/// Physical partitions of a frame, for calls that do not say which they want.
#[derive(Clone, Debug)]
pub(crate) enum Layout {
    /// To be made.
    Spec(PartitionSpec),
    /// Those of the table, as they were kept.
    Kept(usize),
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spec(spec) => write!(f, "[{spec}]"),
            Self::Kept(parts) => write!(f, "{parts} partitions"),
        }
    }
}

impl DataFusionFrame {
    /// A frame that DataFusion computes. Nothing runs.
    ///
    /// # Errors
    /// [`SchemaInvalid`](fugue_core::ErrorKind::SchemaInvalid) naming a column whose type has no place in a portable schema.
    pub fn from_plan(plan: LogicalPlan) -> Result<Self> {
        // A union says the types of its first input until its inputs are cast to what they have in common, which comes with the action; and
        // unsigned with signed numbers of 64 bits have a digit more once they are.
        let says_otherwise = |node: &LogicalPlan| {
            let unsigned = || node.schema().fields().iter().any(|field| *field.data_type() == DataType::UInt64);
            Ok(matches!(node, LogicalPlan::Union(_)) || unsigned())
        };
        let schema = if plan.exists(says_otherwise).map_err(from_native)? {
            let coerced = Analyzer::new().execute_and_check(plan.clone(), &ConfigOptions::default(), |_, _| {});
            types::schema_of(&coerced.map_err(from_native)?)?
        } else {
            types::schema_of(&plan)?
        };
        Ok(Self { schema, plan: Arc::new(plan), layout: None })
    }

    /// Its columns.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// What DataFusion will do.
    #[must_use]
    pub fn plan(&self) -> &LogicalPlan {
        &self.plan
    }

    pub(crate) fn new(schema: Schema, plan: LogicalPlan) -> Self {
        Self { schema, plan: Arc::new(plan), layout: None }
    }

    /// Rows of a table without a name.
    pub(crate) fn of_table(schema: Schema, table: Arc<dyn TableProvider>) -> Result<Self> {
        let scan = LogicalPlanBuilder::scan(UNNAMED_TABLE, provider_as_source(table), None).and_then(LogicalPlanBuilder::build);
        Ok(Self::new(schema, scan.map_err(from_native)?))
    }

    /// Rows in memory, in the contract's layout.
    pub(crate) fn in_memory(schema: &Schema, parts: Vec<Vec<RecordBatch>>) -> Result<Self> {
        let parts = if parts.is_empty() { vec![Vec::new()] } else { parts };
        let table = MemTable::try_new(schema.to_arrow(), parts).map_err(from_native)?;
        Self::of_table(schema.clone(), Arc::new(table))
    }

    /// Rows in memory, in partitions that stay as they are: tables of DataFusion's own are cut anew as the optimiser likes.
    pub(crate) fn kept(schema: &Schema, parts: Vec<Vec<RecordBatch>>) -> Result<Self> {
        let layout = Layout::Kept(parts.len());
        let frame = Self::of_table(schema.clone(), Arc::new(KeptTable::new(schema.to_arrow(), parts)))?;
        Ok(frame.with_layout(Some(layout)))
    }

    /// The same rows, to be laid out as a spec says for calls that do not say it themselves.
    ///
    /// # Errors
    /// `PartitionInvalid`, `ColumnNotFound` for a spec that does not fit.
    pub(crate) fn repartitioned(&self, spec: &PartitionSpec) -> Result<Self> {
        spec.validate(&self.schema)?;
        let changes = !spec.num_expr().is_zero() || !spec.keys().is_empty();
        Ok(if changes { self.with_layout(Some(Layout::Spec(spec.clone()))) } else { self.clone() })
    }

    /// The number of partitions, where it is fixed. Else the optimiser decides when an action runs; and there are no more partitions
    /// than rows.
    pub(crate) fn kept_partitions(&self) -> Option<usize> {
        if let Some(Layout::Kept(parts)) = self.layout { Some(parts) } else { None }
    }

    pub(crate) fn with_layout(&self, layout: Option<Layout>) -> Self {
        Self { layout, ..self.clone() }
    }

    pub(crate) fn layout(&self) -> Option<&Layout> {
        self.layout.as_ref()
    }
}

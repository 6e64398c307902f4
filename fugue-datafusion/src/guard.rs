//! A step that keeps filters above it, so that an expression never meets rows that a filter below has taken away.
//!
//! DataFusion puts filters together and evaluates all of one side where the other leaves much. An expression that
//! [can fail](fugue_core::expr::Typed::can_fail) would then fail for rows that are not there.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DFSchemaRef, Result, Statistics, internal_err};
use datafusion::datasource::TableType;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, LogicalPlanBuilder, UserDefinedLogicalNodeCore};
use datafusion::physical_plan::execution_plan::CardinalityEffect;
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties, ReplaceChildrenOptions,
    SendableRecordBatchStream,
};
use fugue_core::expr::Typed;

use crate::modest::{Claims, ModestExec};
use crate::source::{planned, projected};
use crate::types::column;

/// Passes rows on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct GuardNode {
    input: LogicalPlan,
    /// Those of the input, without the names of tables, which the optimiser may change below.
    schema: DFSchemaRef,
    /// The columns on which no filter goes below.
    columns: BTreeSet<String>,
}

impl GuardNode {
    /// The plan, below which no filter goes.
    pub(crate) fn whole(plan: LogicalPlan) -> LogicalPlan {
        let columns = plan.schema().fields().iter().map(|f| f.name().clone()).collect();
        Self::over(plan, columns)
    }

    /// A projection, below which no filter goes by what can fail.
    pub(crate) fn projection<'e>(plan: LogicalPlan, columns: impl IntoIterator<Item = &'e Typed>) -> LogicalPlan {
        let names = plan.schema().fields().iter().map(|f| f.name().clone());
        let failing = columns.into_iter().zip(names).filter(|(column, _)| column.can_fail()).map(|(_, name)| name);
        let failing: BTreeSet<String> = failing.collect();
        if failing.is_empty() { plan } else { Self::over(plan, failing) }
    }

    fn over(input: LogicalPlan, columns: BTreeSet<String>) -> LogicalPlan {
        LogicalPlan::Extension(Extension { node: Arc::new(Self::new(input, columns)) })
    }

    fn new(input: LogicalPlan, columns: BTreeSet<String>) -> Self {
        let schema = Arc::new(input.schema().as_ref().clone().strip_qualifiers());
        Self { input, schema, columns }
    }

    pub(crate) fn input(&self) -> &LogicalPlan {
        &self.input
    }
}

impl PartialOrd for GuardNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self == other).then_some(Ordering::Equal)
    }
}

impl UserDefinedLogicalNodeCore for GuardNode {
    fn name(&self) -> &'static str {
        "FugueGuard"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn prevent_predicate_push_down_columns(&self) -> HashSet<String> {
        self.columns.iter().cloned().collect()
    }

    fn necessary_children_exprs(&self, columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        Some(vec![columns.to_vec()])
    }

    fn supports_limit_pushdown(&self) -> bool {
        true
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FugueGuard: {}", self.columns.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let input = inputs.into_iter().next().unwrap_or_else(|| self.input.clone());
        Ok(Self::new(input, self.columns.clone()))
    }
}

/// The same where the plan runs: a filter of DataFusion takes in those right above it.
#[derive(Debug)]
pub(crate) struct GuardExec {
    input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

impl GuardExec {
    pub(crate) fn new(input: Arc<dyn ExecutionPlan>) -> Self {
        Self { properties: Arc::clone(input.properties()), input }
    }
}

impl DisplayAs for GuardExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FugueGuardExec")
    }
}

impl ExecutionPlan for GuardExec {
    fn name(&self) -> &'static str {
        "FugueGuardExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match children.pop() {
            Some(input) => Ok(Arc::new(Self::new(input))),
            None => internal_err!("{} has one input", self.name()),
        }
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn supports_limit_pushdown(&self) -> bool {
        true
    }

    fn cardinality_effect(&self) -> CardinalityEffect {
        CardinalityEffect::Equal
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(partition)]
    }

    fn statistics_from_inputs(&self, inputs: &[Arc<Statistics>], _: &StatisticsArgs) -> Result<Arc<Statistics>> {
        Ok(inputs.first().map_or_else(|| Arc::new(Statistics::new_unknown(&self.schema())), Arc::clone))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.input.execute(partition, context)
    }
}

/// Rows for a session that does not know our steps and rules: a table, below whose scan no filter goes and of which nothing is known.
#[derive(Debug)]
pub(crate) struct GuardTable {
    input: LogicalPlan,
    schema: SchemaRef,
}

impl GuardTable {
    pub(crate) fn new(input: LogicalPlan) -> Self {
        let schema = Arc::clone(input.schema().inner());
        Self { input, schema }
    }
}

#[async_trait]
impl TableProvider for GuardTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut rows = LogicalPlanBuilder::from(self.input.clone());
        // Without any column they are still to be counted.
        let chosen = projection.filter(|columns| !columns.is_empty());
        if let Some(columns) = chosen {
            rows = rows.project(columns.iter().map(|&i| column(&self.input, i)).collect::<Vec<_>>())?;
        }
        if limit.is_some() {
            rows = rows.limit(0, limit)?;
        }
        let rows = planned(&rows.build()?, session).await?;
        let rows: Arc<dyn ExecutionPlan> = Arc::new(GuardExec::new(Arc::new(ModestExec::new(rows, Claims::Nothing))));
        if chosen.is_some() { Ok(rows) } else { projected(rows, &self.schema, projection) }
    }
}

//! A step that claims of its rows what is known to hold, where the step below claims more.

use std::fmt;
use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{JoinType, Result, Statistics, internal_err};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::EquivalenceProperties;
use datafusion::physical_plan::execution_plan::CardinalityEffect;
use datafusion::physical_plan::filter_pushdown::{
    ChildPushdownResult, FilterDescription, FilterPushdownPhase, FilterPushdownPropagation,
};
use datafusion::physical_plan::joins::{
    HashJoinExec, NestedLoopJoinExec, PiecewiseMergeJoinExec, SortMergeJoinExec, SymmetricHashJoinExec,
};
use datafusion::physical_plan::projection::{ProjectionExec, make_with_child};
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PhysicalExpr, PlanProperties,
    ReplaceChildrenOptions, SendableRecordBatchStream,
};

/// What of its input such a step repeats, besides how rows are spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claims {
    /// What is true of the rows of a join; nothing of others.
    OfJoin,
    /// Neither an order nor that columns are equal or constant.
    Nothing,
}

/// Passes rows on. What DataFusion pushes down goes through it.
#[derive(Debug)]
pub(crate) struct ModestExec {
    input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
    claims: Claims,
}

impl ModestExec {
    pub(crate) fn new(input: Arc<dyn ExecutionPlan>, claims: Claims) -> Self {
        let known = match claims {
            Claims::OfJoin => of_join(&input),
            Claims::Nothing => None,
        };
        let properties = PlanProperties::new(
            known.unwrap_or_else(|| EquivalenceProperties::new(input.schema())),
            input.output_partitioning().clone(),
            input.pipeline_behavior(),
            input.boundedness(),
        );
        Self { input, properties: Arc::new(properties), claims }
    }

    pub(crate) fn claims(&self) -> Claims {
        self.claims
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.claims == Claims::Nothing
    }

    /// Filters find their columns by name.
    fn names_are_unique(&self) -> bool {
        let schema = self.schema();
        let mut names: Vec<&String> = schema.fields().iter().map(|f| f.name()).collect();
        names.sort_unstable();
        names.windows(2).all(|two| two[0] != two[1])
    }
}

/// How a step joins rows of two sides, or those of one with nulls; `None` for other steps and joins, whose claims are sound.
pub(crate) fn kind_of_join(node: &dyn ExecutionPlan) -> Option<JoinType> {
    let hash = node.downcast_ref::<HashJoinExec>().map(|join| *join.join_type());
    let loops = node.downcast_ref::<NestedLoopJoinExec>().map(|join| *join.join_type());
    let merge = node.downcast_ref::<SortMergeJoinExec>().map(SortMergeJoinExec::join_type);
    let pieces = node.downcast_ref::<PiecewiseMergeJoinExec>().map(PiecewiseMergeJoinExec::join_type);
    let symmetric = node.downcast_ref::<SymmetricHashJoinExec>().map(|join| *join.join_type());
    let kind = hash.or(loops).or(merge).or(pieces).or(symmetric);
    kind.filter(|kind| matches!(kind, JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full))
}

/// What is true of the rows of a join, or of some of their columns: where no nulls come in, columns are equal and constant that were. An order
/// is not told of, though that of one side may be kept: DataFusion would look for more of it below.
fn of_join(plan: &Arc<dyn ExecutionPlan>) -> Option<EquivalenceProperties> {
    if let Some(projection) = plan.downcast_ref::<ProjectionExec>() {
        let known = of_join(projection.input())?;
        let mapping = projection.projection_expr().projection_mapping(&projection.input().schema()).ok()?;
        return Some(known.project(&mapping, plan.schema()));
    }
    // Columns that are compared otherwise are taken for equal ones by this join.
    let is_sound = kind_of_join(plan.as_ref()) == Some(JoinType::Inner) && !plan.is::<PiecewiseMergeJoinExec>();
    let mut known = is_sound.then(|| plan.equivalence_properties().clone())?;
    known.clear_orderings();
    Some(known)
}

impl DisplayAs for ModestExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.claims {
            Claims::OfJoin => "FugueModestExec: claims what holds of joined rows",
            Claims::Nothing => "FugueModestExec: claims nothing",
        })
    }
}

impl ExecutionPlan for ModestExec {
    fn name(&self) -> &'static str {
        "FugueModestExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![false]
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
            Some(input) => Ok(Arc::new(Self::new(input, self.claims))),
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

    fn try_swapping_with_projection(&self, projection: &ProjectionExec) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        // One step down; from there it goes on by itself.
        let below = make_with_child(projection, &self.input)?;
        Ok(Some(Arc::new(Self::new(below, self.claims))))
    }

    fn gather_filters_for_pushdown(
        &self,
        _: FilterPushdownPhase,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        _: &ConfigOptions,
    ) -> Result<FilterDescription> {
        match self.names_are_unique() {
            true => FilterDescription::from_children(filters, &self.children()),
            false => Ok(FilterDescription::all_unsupported(&filters, &self.children())),
        }
    }

    fn handle_child_pushdown_result(
        &self,
        _: FilterPushdownPhase,
        result: ChildPushdownResult,
        _: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        Ok(FilterPushdownPropagation::if_all(result))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.input.execute(partition, context)
    }
}

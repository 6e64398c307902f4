//! Rules for plans that run in pieces: what DataFusion answers right in one process, and Ballista does not when each task has a plan of its own.

use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, RecordBatchOptions, new_null_array};
use datafusion::arrow::datatypes::{DataType, Field, SchemaRef};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{JoinType, Result, ScalarValue};
use datafusion::config::ConfigOptions;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::functions::expr_fn::concat;
use datafusion::functions_aggregate::expr_fn::{count, first_value};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Subquery, cast, ident, lit, when};
use datafusion::optimizer::AnalyzerRule;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_plan::joins::{HashJoinExec, NestedLoopJoinExec, PartitionMode};
use datafusion::physical_plan::placeholder_row::PlaceholderRowExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};

/// A subquery that stands for a value has one row at most: Ballista has it joined, which takes any of several rows, or all.
#[derive(Debug)]
pub(crate) struct OneRow;

impl AnalyzerRule for OneRow {
    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        let guarded = plan.transform_up_with_subqueries(|node| {
            node.map_expressions(|expr| {
                expr.transform_up(|expr| match expr {
                    Expr::ScalarSubquery(query) if may_have_several(&query) => {
                        let one = one_row(&query.subquery)?;
                        Ok(Transformed::yes(Expr::ScalarSubquery(query.with_plan(Arc::new(one)))))
                    }
                    other => Ok(Transformed::no(other)),
                })
            })
        });
        Ok(guarded?.data)
    }

    fn name(&self) -> &'static str {
        "fugue_one_row"
    }
}

/// Those that look at rows outside must be aggregates, or DataFusion refuses them.
fn may_have_several(query: &Subquery) -> bool {
    query.outer_ref_columns.is_empty() && query.subquery.max_rows().is_none_or(|rows| rows > 1)
}

/// The value and the number of rows, out of which the value is made or an error.
fn one_row(query: &LogicalPlan) -> Result<LogicalPlan> {
    let field = query.schema().field(0).clone();
    let value = Expr::Column(query.schema().columns().swap_remove(0));
    let no_keys: [Expr; 0] = [];
    let aggregates = [count(lit(1_i64)).alias("_rows"), first_value(value, Vec::new()).alias("_value")];
    // A cast that cannot be is an error of the row; a number in its text keeps the optimiser from computing it beforehand.
    let told =
        concat(vec![lit("a subquery stands for a value and has more than one row: "), cast(ident("_rows"), DataType::Utf8)]);
    let fails = cast(told, DataType::Int64).is_not_null();
    let null = Expr::Literal(ScalarValue::try_new_null(field.data_type())?, None);
    let value = when(ident("_rows").lt_eq(lit(1_i64)), ident("_value")).when(fails, null).end()?;
    LogicalPlanBuilder::from(query.clone()).aggregate(no_keys, aggregates)?.project([value.alias(field.name())])?.build()
}

/// A join that gathers its left side and tells in the end which of its rows met none: each task of several would tell all of them.
#[derive(Debug)]
pub(crate) struct OneTeller;

impl PhysicalOptimizerRule for OneTeller {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let once = plan.transform_up(|node| {
            let kind = if let Some(join) = node.downcast_ref::<NestedLoopJoinExec>() {
                Some(*join.join_type())
            } else {
                let join = node.downcast_ref::<HashJoinExec>();
                join.filter(|join| *join.partition_mode() == PartitionMode::CollectLeft).map(|join| *join.join_type())
            };
            let children: Vec<Arc<dyn ExecutionPlan>> = node.children().into_iter().cloned().collect();
            match (kind, &children[..]) {
                (Some(kind), [left, right]) if tells_left(kind) && right.output_partitioning().partition_count() > 1 => {
                    let right = Arc::new(CoalescePartitionsExec::new(Arc::clone(right)));
                    Ok(Transformed::yes(replace_children_if_necessary(node, vec![Arc::clone(left), right])?))
                }
                _ => Ok(Transformed::no(node)),
            }
        });
        Ok(once?.data)
    }

    fn name(&self) -> &'static str {
        "fugue_one_teller"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

fn tells_left(kind: JoinType) -> bool {
    matches!(kind, JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark | JoinType::Full)
}

/// Leaves without rows, or with one row of nothing, become rows in memory: where a task has no share of such a leaf, Ballista
/// puts a leaf of another kind in its place, whose metrics it counts, and a stage whose tasks differ in those never ends.
#[derive(Debug)]
pub(crate) struct AlikeLeaves;

impl PhysicalOptimizerRule for AlikeLeaves {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let alike = plan.transform_up(|node| {
            let schema = node.schema();
            let part = if node.is::<EmptyExec>() {
                Vec::new()
            } else if node.is::<PlaceholderRowExec>() {
                vec![placeholder(&schema)?]
            } else {
                return Ok(Transformed::no(node));
            };
            let parts = vec![part; node.output_partitioning().partition_count()];
            let rows: Arc<dyn ExecutionPlan> = MemorySourceConfig::try_new_exec(&parts, schema, None)?;
            Ok(Transformed::yes(rows))
        });
        Ok(alike?.data)
    }

    fn name(&self) -> &'static str {
        "fugue_alike_leaves"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// One row that literals stand beside; nobody reads its columns, which are those of what the literals came from.
fn placeholder(schema: &SchemaRef) -> Result<RecordBatch> {
    let column = |field: &Arc<Field>| match field.is_nullable() {
        true => Ok(new_null_array(field.data_type(), 1)),
        false => ScalarValue::new_default(field.data_type())?.to_array(),
    };
    let columns = schema.fields().iter().map(column).collect::<Result<_>>()?;
    let one = RecordBatchOptions::new().with_row_count(Some(1));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &one)?)
}

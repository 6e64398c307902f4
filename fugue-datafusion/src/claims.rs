//! What plans of DataFusion 55 claim of rows and is not so, and the rules that keep its optimiser from acting on it.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{JoinType, Result, TableReference};
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{self, Expr, Filter, LogicalPlan, LogicalPlanBuilder, Operator};
use datafusion::optimizer::push_down_filter::PushDownFilter;
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use datafusion::physical_expr::expressions::BinaryExpr;
use datafusion::physical_expr::split_conjunction;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::joins::{HashJoinExec, NestedLoopJoinExec, SortMergeJoinExec};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowAggExec};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, PhysicalExpr};

use crate::guard::{GuardExec, GuardTable};

/// The same settings with the rules.
pub(crate) fn corrected(builder: SessionStateBuilder) -> SessionStateBuilder {
    let state: SessionState = builder.build();
    let logical = state.optimizers().iter().map(|rule| {
        let is_wrong = rule.name() == PushDownFilter::new().name();
        if is_wrong { Arc::new(AboveOneRow(Arc::clone(rule))) as Arc<dyn OptimizerRule + Send + Sync> } else { Arc::clone(rule) }
    });
    let logical = logical.collect();
    let mut physical = state.physical_optimizers().to_vec();
    // Before all others, as they ask what is known of rows.
    physical.insert(0, Arc::new(Modesty));
    SessionStateBuilder::new_from_existing(state).with_optimizer_rules(logical).with_physical_optimizer_rules(physical)
}

/// Filters as DataFusion pushes them, but none below an aggregate without keys: one that reads no column would go there, and where it
/// keeps no row the aggregate answers with one all the same.
#[derive(Debug)]
struct AboveOneRow(Arc<dyn OptimizerRule + Send + Sync>);

impl OptimizerRule for AboveOneRow {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        self.0.apply_order()
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        match &plan {
            LogicalPlan::Filter(filter) if has_one_row(filter) => Ok(Transformed::no(plan)),
            _ => self.0.rewrite(plan, config),
        }
    }
}

/// Whether it filters the one row of an aggregate without keys, or filters that do.
fn has_one_row(filter: &Filter) -> bool {
    match filter.input.as_ref() {
        LogicalPlan::Filter(below) => has_one_row(below),
        LogicalPlan::Aggregate(aggregate) => aggregate.group_expr.is_empty(),
        _ => false,
    }
}

/// Joins claim of rows what holds on one of their sides alone: a column that is the same in all rows of a side stays so where nulls come
/// into it, and rows of both sides are in the order of both where one row meets several. Sorts are then left out that are needed. So the
/// sides of joins claim neither, and filters claim no equality to what is made of columns.
#[derive(Debug)]
struct Modesty;

impl PhysicalOptimizerRule for Modesty {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let modest = plan.transform_up(|node| {
            if node.downcast_ref::<FilterExec>().is_some_and(equates) {
                return Ok(Transformed::yes(Arc::new(GuardExec::modest(node)) as Arc<dyn ExecutionPlan>));
            }
            let Some(kind) = kind_of(node.as_ref()) else { return Ok(Transformed::no(node)) };
            let sides: Vec<Arc<dyn ExecutionPlan>> = node.children().into_iter().cloned().collect();
            let [left, right] = &sides[..] else { return Ok(Transformed::no(node)) };
            let null = null_sides(kind);
            let hides = |side: &Arc<dyn ExecutionPlan>, null: bool| {
                let constant = null && !side.equivalence_properties().constants().is_empty();
                Ok::<_, datafusion::error::DataFusionError>(constant || (kind == JoinType::Inner && may_be_sorted(side)?))
            };
            let hidden = [hides(left, null[0])?, hides(right, null[1])?];
            if hidden == [false, false] {
                return Ok(Transformed::no(node));
            }
            let modest = |(side, hidden): (&Arc<dyn ExecutionPlan>, bool)| {
                if hidden { Arc::new(GuardExec::modest(Arc::clone(side))) as Arc<dyn ExecutionPlan> } else { Arc::clone(side) }
            };
            let sides = sides.iter().zip(hidden).map(modest).collect();
            Ok(Transformed::yes(replace_children_if_necessary(node, sides)?))
        });
        Ok(modest?.data)
    }

    fn name(&self) -> &'static str {
        "fugue_modesty"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Which sides of a join have rows of nulls where there is none.
fn null_sides(kind: JoinType) -> [bool; 2] {
    match kind {
        JoinType::Left => [false, true],
        JoinType::Right => [true, false],
        JoinType::Full => [true, true],
        _ => [false, false],
    }
}

/// The same for contexts that do not have the rules: sides of joins whose columns may be constant, and filters that claim too much, are
/// tables, of which nothing is known.
pub(crate) fn as_tables(
    plan: LogicalPlan,
    scanned: impl Fn(Arc<dyn TableProvider>) -> Result<LogicalPlan>,
) -> Result<Transformed<LogicalPlan>> {
    let table = |plan: &LogicalPlan| -> Result<Option<LogicalPlan>> {
        let mut names: Vec<Option<&TableReference>> = plan.schema().iter().map(|(table, _)| table).collect();
        names.dedup();
        let [name] = names[..] else { return Ok(None) };
        let rows = scanned(Arc::new(GuardTable::new(plan.clone())))?;
        Ok(Some(match name {
            Some(name) => LogicalPlanBuilder::from(rows).alias(name.clone())?.build()?,
            None => rows,
        }))
    };
    match plan {
        LogicalPlan::Filter(ref filter) if said_equal(&filter.predicate) => {
            Ok(table(&plan)?.map_or_else(|| Transformed::no(plan), Transformed::yes))
        }
        LogicalPlan::Join(mut join) => {
            let [left, right] = null_sides(join.join_type);
            let mut changed = false;
            for (side, null) in [(&mut join.left, left), (&mut join.right, right)] {
                if null
                    && may_be_constant(side)?
                    && let Some(table) = table(side)?
                {
                    *side = Arc::new(table);
                    changed = true;
                }
            }
            Ok(Transformed::new_transformed(LogicalPlan::Join(join), changed))
        }
        other => Ok(Transformed::no(other)),
    }
}

/// Whether a condition says that a column is equal to what is made of columns.
fn said_equal(condition: &Expr) -> bool {
    let equates = |left: &Expr, right: &Expr| {
        let is_constant = |side: &Expr| side.column_refs().is_empty();
        let is_made = |side: &Expr| !matches!(side, Expr::Column(_));
        !is_constant(left) && !is_constant(right) && (is_made(left) || is_made(right))
    };
    let says = |part: &&Expr| matches!(part, Expr::BinaryExpr(e) if e.op == Operator::Eq && equates(&e.left, &e.right));
    logical_expr::utils::split_conjunction(condition).iter().any(says)
}

/// Whether a column may be the same in all rows: by a filter, or by what it is.
fn may_be_constant(plan: &LogicalPlan) -> Result<bool> {
    plan.exists(|node| {
        Ok(match node {
            LogicalPlan::Filter(_) | LogicalPlan::Values(_) => true,
            LogicalPlan::Projection(columns) => columns.expr.iter().any(|column| column.column_refs().is_empty()),
            _ => false,
        })
    })
}

/// Whether a filter says that a column is equal to what is made of columns. Sorts by the one are then taken for sorts by the other, and
/// not found again where the other is made of the one.
fn equates(filter: &FilterExec) -> bool {
    split_conjunction(filter.predicate()).into_iter().any(|condition| {
        let Some(equal) = condition.downcast_ref::<BinaryExpr>().filter(|e| *e.op() == Operator::Eq) else { return false };
        let is_made = |side: &Arc<dyn PhysicalExpr>| !side.children().is_empty();
        let is_constant = |side: &Arc<dyn PhysicalExpr>| collect_columns(side).is_empty();
        let [left, right] = [equal.left(), equal.right()];
        !is_constant(left) && !is_constant(right) && (is_made(left) || is_made(right))
    })
}

fn kind_of(node: &dyn ExecutionPlan) -> Option<JoinType> {
    let hash = node.downcast_ref::<HashJoinExec>().map(|join| *join.join_type());
    let loops = node.downcast_ref::<NestedLoopJoinExec>().map(|join| *join.join_type());
    let merge = node.downcast_ref::<SortMergeJoinExec>().map(SortMergeJoinExec::join_type);
    hash.or(loops).or(merge)
}

/// Whether rows may come in an order, now or once sorts are put in for windows.
fn may_be_sorted(plan: &Arc<dyn ExecutionPlan>) -> Result<bool> {
    let sorts = |node: &Arc<dyn ExecutionPlan>| {
        Ok(node.output_ordering().is_some()
            || node.is::<SortExec>()
            || node.is::<WindowAggExec>()
            || node.is::<BoundedWindowAggExec>())
    };
    plan.exists(sorts)
}

//! What plans of DataFusion 55 claim of rows and is not so, and the rules that keep its optimiser from acting on it.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{JoinType, Result};
use datafusion::datasource::provider_as_source;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{self, Aggregate, Expr, Filter, LogicalPlan, LogicalPlanBuilder, Operator, UNNAMED_TABLE};
use datafusion::optimizer::push_down_filter::PushDownFilter;
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};
use datafusion::physical_expr::expressions::{BinaryExpr, Column};
use datafusion::physical_expr::split_conjunction;
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::execution_plan::replace_children_if_necessary;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};

use crate::guard::GuardTable;
use crate::modest::{Claims, ModestExec, kind_of_join};
use crate::types::column;

/// The same settings with the rules.
pub(crate) fn corrected(builder: SessionStateBuilder) -> SessionStateBuilder {
    let state: SessionState = builder.build();
    let pushes = PushDownFilter::new();
    let logical = state.optimizers().iter().map(|rule| {
        let is_it = rule.name() == pushes.name();
        if is_it { Arc::new(HeldFilters(Arc::clone(rule))) as Arc<dyn OptimizerRule + Send + Sync> } else { Arc::clone(rule) }
    });
    let logical = logical.collect();
    let mut physical = state.physical_optimizers().to_vec();
    // Before all others, as they ask what is known of rows; once, also in settings that come from a context of ours.
    if !physical.iter().any(|rule| rule.name() == Modesty.name()) {
        physical.insert(0, Arc::new(Modesty));
    }
    SessionStateBuilder::new_from_existing(state).with_optimizer_rules(logical).with_physical_optimizer_rules(physical)
}

/// Filters as DataFusion pushes them, but for those that read no column, or go by chance: they stay above what makes rows of many, or
/// many of one. Below it they would take away rows of groups, or let an aggregate without keys answer with the row that it has for none.
#[derive(Debug)]
struct HeldFilters(Arc<dyn OptimizerRule + Send + Sync>);

impl OptimizerRule for HeldFilters {
    fn name(&self) -> &'static str {
        "fugue_held_filters"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        self.0.apply_order()
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let LogicalPlan::Filter(filter) = &plan else { return self.0.rewrite(plan, config) };
        let mut conditions = Vec::new();
        let below = below_filters(filter, &mut conditions);
        let stays = |condition: &Expr| match below.as_ref() {
            LogicalPlan::Join(_) => condition.is_volatile(),
            LogicalPlan::Aggregate(_)
            | LogicalPlan::Window(_)
            | LogicalPlan::Distinct(_)
            | LogicalPlan::Unnest(_)
            | LogicalPlan::Extension(_) => condition.is_volatile() || condition.column_refs().is_empty(),
            _ => false,
        };
        let (held, free): (Vec<Expr>, Vec<Expr>) = conditions.into_iter().partition(stays);
        let Some(held) = conjunction(held) else { return self.0.rewrite(plan, config) };
        let Some(free) = conjunction(free) else { return Ok(Transformed::no(plan)) };
        let pushed = self.0.rewrite(LogicalPlan::Filter(Filter::new(free, below)), config)?;
        if !pushed.transformed {
            return Ok(Transformed::no(plan));
        }
        Ok(Transformed::yes(LogicalPlan::Filter(Filter::new(held, Arc::new(pushed.data)))))
    }
}

/// What is filtered, by one filter or by several, and the conditions of all of them, the lowest first.
fn below_filters(filter: &Filter, conditions: &mut Vec<Expr>) -> Arc<LogicalPlan> {
    let below = match filter.input.as_ref() {
        LogicalPlan::Filter(next) => below_filters(next, conditions),
        _ => Arc::clone(&filter.input),
    };
    conditions.extend(split_conjunction_owned(filter.predicate.clone()));
    below
}

/// Lets steps claim no more than is so:
///
/// - Joins claim what holds on one of their sides alone: a column that is the same in all rows of a side stays so where nulls come into it,
///   and rows are in the order of both sides where one row meets several.
/// - Groupings by several sets of keys claim of their rows what holds before nulls stand for keys.
/// - Filters claim that a column is equal to what is made of columns, and sorts by the one are then taken for sorts by the other, and not
///   found again where the other is made of the one.
///
/// Sorts that are needed would be left out, and groups end before their time.
#[derive(Debug)]
struct Modesty;

impl PhysicalOptimizerRule for Modesty {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let modest = |input: &Arc<dyn ExecutionPlan>, claims| -> Arc<dyn ExecutionPlan> {
            Arc::new(ModestExec::new(Arc::clone(input), claims))
        };
        let plan = plan.transform_up(|node| {
            // A plan that was planned inside of another one has its steps already.
            if node.is::<ModestExec>() && node.children().iter().any(|below| below.is::<ModestExec>()) {
                return Ok(Transformed::yes(Arc::clone(node.children()[0])));
            }
            if node.downcast_ref::<FilterExec>().is_some_and(equates) {
                return Ok(Transformed::yes(modest(&node, Claims::Nothing)));
            }
            if node.downcast_ref::<AggregateExec>().is_some_and(|aggregate| aggregate.group_expr().has_grouping_set()) {
                let bare =
                    |input: &Arc<dyn ExecutionPlan>| !input.downcast_ref::<ModestExec>().is_some_and(ModestExec::is_silent);
                let silent = |input| if bare(input) { modest(input, Claims::Nothing) } else { Arc::clone(input) };
                let inputs = node.children().into_iter().map(silent).collect();
                return Ok(Transformed::yes(replace_children_if_necessary(node, inputs)?));
            }
            match kind_of_join(node.as_ref()) {
                Some(_) => Ok(Transformed::yes(modest(&node, Claims::OfJoin))),
                None => Ok(Transformed::no(node)),
            }
        });
        Ok(plan?.data)
    }

    fn name(&self) -> &'static str {
        "fugue_modesty"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The same for contexts that do not have the rules: steps that claim too much are tables, of which nothing is known, and below whose scan
/// nothing is pushed.
pub(crate) fn as_tables(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let is_wrong = match &plan {
        LogicalPlan::Filter(filter) => said_equal(&filter.predicate),
        LogicalPlan::Aggregate(aggregate) => has_row_of_none(aggregate),
        LogicalPlan::Join(join) => match join.join_type {
            JoinType::Left | JoinType::Right | JoinType::Full => true,
            JoinType::Inner => may_be_sorted(&join.left)? && may_be_sorted(&join.right)?,
            _ => false,
        },
        _ => false,
    };
    // What looks at rows around it is planned with them.
    if !is_wrong || !plan.all_out_ref_exprs().is_empty() {
        return Ok(Transformed::no(plan));
    }
    let plan = match plan {
        // What it is given is what it claims too much of.
        LogicalPlan::Aggregate(mut aggregate) if has_sets(&aggregate) => {
            aggregate.input = Arc::new(as_table(Arc::unwrap_or_clone(aggregate.input))?);
            LogicalPlan::Aggregate(aggregate)
        }
        other => other,
    };
    as_table(plan).map(Transformed::yes)
}

/// The rows of a plan as a table. What is above it knows the columns by their names and those of their tables.
fn as_table(plan: LogicalPlan) -> Result<LogicalPlan> {
    // A column of its own that a grouping by several sets has until it is known what `grouping(…)` in it means.
    let has_unknown = matches!(&plan, LogicalPlan::Aggregate(aggregate) if aggregate.aggr_expr.iter().any(asks_for_set));
    let is_kept = |name: &str| !has_unknown || name != Aggregate::INTERNAL_GROUPING_ID;
    let all = plan.schema().iter().enumerate().filter(|(_, (_, field))| is_kept(field.name()));
    let (places, columns): (Vec<usize>, Vec<_>) =
        all.map(|(i, (table, field))| (i, (table.cloned(), field.name().clone()))).unzip();
    // A table has each name once.
    let numbered = places.iter().map(|&i| column(&plan, i).alias(format!("c{i}"))).collect::<Vec<_>>();
    let table: Arc<dyn TableProvider> = Arc::new(GuardTable::new(LogicalPlanBuilder::from(plan).project(numbered)?.build()?));
    let scan = LogicalPlanBuilder::scan(UNNAMED_TABLE, provider_as_source(table), None)?.build()?;
    let named = columns.into_iter().enumerate().map(|(i, (table, name))| column(&scan, i).alias_qualified(table, name));
    let named = named.collect::<Vec<_>>();
    LogicalPlanBuilder::from(scan).project(named)?.build()
}

/// Whether it is by `grouping(…)`, which DataFusion takes apart later.
fn asks_for_set(aggregate: &Expr) -> bool {
    let is_it = |e: &Expr| Ok(matches!(e, Expr::AggregateFunction(call) if call.func.name() == "grouping"));
    aggregate.exists(is_it).unwrap_or(false)
}

/// Whether it answers with a row though it is given none.
fn has_row_of_none(aggregate: &Aggregate) -> bool {
    aggregate.group_expr.is_empty() || has_sets(aggregate)
}

fn has_sets(aggregate: &Aggregate) -> bool {
    aggregate.group_expr.iter().any(|key| matches!(key, Expr::GroupingSet(_)))
}

/// Whether a condition says that a column is equal to what is made of columns.
fn said_equal(condition: &Expr) -> bool {
    let made = |side: &Expr| !matches!(side, Expr::Column(_)) && !side.column_refs().is_empty();
    let says = |left: &Expr, right: &Expr| {
        (matches!(left, Expr::Column(_)) && made(right)) || (matches!(right, Expr::Column(_)) && made(left))
    };
    let is_it = |part: &&Expr| matches!(part, Expr::BinaryExpr(e) if e.op == Operator::Eq && says(&e.left, &e.right));
    logical_expr::utils::split_conjunction(condition).iter().any(is_it)
}

/// The same of a step.
fn equates(filter: &FilterExec) -> bool {
    split_conjunction(filter.predicate()).into_iter().any(|condition| {
        let Some(equal) = condition.downcast_ref::<BinaryExpr>().filter(|e| *e.op() == Operator::Eq) else { return false };
        let made = |side: &Arc<dyn PhysicalExpr>| !side.is::<Column>() && !collect_columns(side).is_empty();
        let [left, right] = [equal.left(), equal.right()];
        (left.is::<Column>() && made(right)) || (right.is::<Column>() && made(left))
    })
}

/// Whether rows may come in an order: by a sort, by one that a window needs, or by one that a table declares.
fn may_be_sorted(plan: &LogicalPlan) -> Result<bool> {
    plan.exists(|node| {
        Ok(match node {
            LogicalPlan::Sort(_) | LogicalPlan::Window(_) | LogicalPlan::Extension(_) => true,
            LogicalPlan::TableScan(scan) => scan.source.table_type() == datafusion::datasource::TableType::View,
            _ => false,
        })
    })
}

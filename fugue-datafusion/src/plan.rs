//! Steps of ours in DataFusion's logical plans, the planner that makes them physical, and the hash that spreads rows by keys.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::DataType;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchemaRef, Result};
use datafusion::datasource::provider_as_source;
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{
    ColumnarValue, Expr, Extension, LogicalPlan, LogicalPlanBuilder, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    UNNAMED_TABLE, UserDefinedLogicalNode, UserDefinedLogicalNodeCore, Volatility,
};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};
use fugue_core::Type;
use fugue_core::group::key_hashes;
use fugue_core::schema::normalise_array;

use crate::claims;
use crate::error::into_native;
use crate::exec::CallExec;
use crate::guard::{GuardExec, GuardNode, GuardTable};
use crate::map::Call;
use crate::place::{PlaceExec, PlaceNode};
use crate::source::CallTable;
use crate::types::{column, columns_of};

/// A call of user code in a logical plan.
#[derive(Clone, Debug)]
pub(crate) struct CallNode {
    call: Arc<Call>,
    inputs: Vec<LogicalPlan>,
    columns: DFSchemaRef,
}

impl CallNode {
    /// A plan that ends with a call.
    pub(crate) fn plan(call: Call, inputs: Vec<LogicalPlan>) -> fugue_core::Result<LogicalPlan> {
        let columns = columns_of(&call.callee.columns())?;
        Ok(LogicalPlan::Extension(Extension { node: Arc::new(Self { call: Arc::new(call), inputs, columns }) }))
    }

    /// The plan for contexts that do not know our steps: each call is a table, whose scan plans what it is called with. Such a context may
    /// also push filters below a step that depend on no column, as one by chance, which no step can forbid; below a scan it does not.
    pub(crate) fn as_tables(plan: LogicalPlan) -> Result<LogicalPlan> {
        let as_table = |plan: LogicalPlan| -> Result<Transformed<LogicalPlan>> {
            let table: Arc<dyn TableProvider> = match &plan {
                LogicalPlan::Extension(extension) => {
                    let node = extension.node.as_any();
                    match (node.downcast_ref::<Self>(), node.downcast_ref::<GuardNode>()) {
                        (Some(node), _) => Arc::new(CallTable::new(Arc::clone(&node.call), node.inputs.clone())),
                        (_, Some(node)) => Arc::new(GuardTable::new(node.input().clone())),
                        _ => return Ok(Transformed::no(plan)),
                    }
                }
                _ => return claims::as_tables(plan),
            };
            scanned(table).map(Transformed::yes)
        };
        Ok(plan.transform_up_with_subqueries(as_table)?.data)
    }
}

/// A table as a plan; what is above it knows the columns without the name of a table.
fn scanned(table: Arc<dyn TableProvider>) -> Result<LogicalPlan> {
    let scan = LogicalPlanBuilder::scan(UNNAMED_TABLE, provider_as_source(table), None)?.build()?;
    let columns = (0..scan.schema().fields().len()).map(|i| column(&scan, i).alias(scan.schema().field(i).name()));
    let columns = columns.collect::<Vec<_>>();
    LogicalPlanBuilder::from(scan).project(columns)?.build()
}

// Two calls are the same only where one was copied by a rewrite of the plan: functions are opaque, so equal names mean nothing.
impl PartialEq for CallNode {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.call, &other.call) && self.inputs == other.inputs
    }
}

impl Eq for CallNode {}

impl PartialOrd for CallNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self == other).then_some(Ordering::Equal)
    }
}

impl Hash for CallNode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.call).hash(state);
        self.inputs.hash(state);
    }
}

impl UserDefinedLogicalNodeCore for CallNode {
    fn name(&self) -> &'static str {
        "FugueCall"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        self.inputs.iter().collect()
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.columns
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FugueCall: {}", self.call)
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        Ok(Self { inputs, ..self.clone() })
    }
}

/// Plans calls of user code, and all else as DataFusion does.
#[derive(Debug)]
pub(crate) struct Planner;

#[async_trait]
impl QueryPlanner for Planner {
    async fn create_physical_plan(&self, plan: &LogicalPlan, session: &dyn Session) -> Result<Arc<dyn ExecutionPlan>> {
        let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(Self)]);
        planner.create_physical_plan(plan, session).await
    }
}

#[async_trait]
impl ExtensionPlanner for Planner {
    async fn plan_extension(
        &self,
        _: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _: &[&LogicalPlan],
        inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn Session,
        _: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        if let (Some(node), [input]) = (node.as_any().downcast_ref::<PlaceNode>(), inputs) {
            let places = session.config().target_partitions();
            return Ok(Some(Arc::new(PlaceExec::new(Arc::clone(&node.placing), Arc::clone(input), places, false))));
        }
        if let (Some(_), [input]) = (node.as_any().downcast_ref::<GuardNode>(), inputs) {
            return Ok(Some(Arc::new(GuardExec::new(Arc::clone(input)))));
        }
        let Some(node) = node.as_any().downcast_ref::<CallNode>() else { return Ok(None) };
        Ok(Some(Arc::new(CallExec::new(Arc::clone(&node.call), inputs.to_vec()))))
    }
}

/// The hash of keys that DataFusion would hash in another way than the contract compares them.
pub(crate) fn hash() -> Arc<ScalarUDF> {
    static HASH: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| Arc::new(ScalarUDF::new_from_impl(KeyHash::default())));
    Arc::clone(&HASH)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct KeyHash {
    signature: Signature,
}

impl Default for KeyHash {
    fn default() -> Self {
        Self { signature: Signature::variadic_any(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for KeyHash {
    fn name(&self) -> &'static str {
        "fugue_key_hash"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::UInt64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let keys = ColumnarValue::values_to_arrays(&args.args)?;
        let in_layout = |key: &ArrayRef| normalise_array(key, &Type::from_arrow(key.data_type())?);
        let keys = keys.iter().map(in_layout).collect::<fugue_core::Result<Vec<_>>>().map_err(into_native)?;
        Ok(ColumnarValue::Array(Arc::new(key_hashes(&keys).map_err(into_native)?)))
    }
}

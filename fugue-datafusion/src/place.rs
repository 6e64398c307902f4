//! Partitions of exact numbers on a cluster: one place numbers the rows, an exchange brings each number to one place.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, UInt32Array};
use datafusion::arrow::compute::{concat_batches, sort_to_indices, take_record_batch};
use datafusion::arrow::datatypes::{DataType, Field, Schema as ArrowSchema, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::hash_utils::create_hashes;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DFSchemaRef, Result, internal_err};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore};
use datafusion::physical_expr::{Distribution, EquivalenceProperties};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::REPARTITION_RANDOM_STATE;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, InputDistributionRequirements, Partitioning,
    PhysicalExpr, PlanProperties, ReplaceChildrenOptions, SendableRecordBatchStream,
};
use fugue_core::group::order_keys;
use fugue_core::io::BatchIter;
use fugue_core::partition::{Algo, Num, PartitionSpec};
use fugue_core::run::RunContext;
use fugue_core::transform::{InputRows, run_repartition};
use fugue_core::{Result as OurResult, Schema};

use crate::error::into_native;
use crate::exec::{COPIES, CallExec, Counted, Pull, as_plain, batches, gathered, unmerged};
use crate::frame::Layout;
use crate::guard::GuardExec;
use crate::modest::ModestExec;
use crate::travel::worker_of;
use crate::types::{columns_of, plain_schema};

/// What to do where memory is refused.
const REFUSED: &str = "rows are put into an exact number of partitions in one place, and do not fit into its memory limit; raise the \
                       limit, or partition by keys";

/// How rows find their partition.
#[derive(Clone, Debug)]
pub(crate) struct Placing {
    /// The columns of the rows, which two more follow: the number of the partition, and what the exchange sends it by.
    pub(crate) schema: Schema,
    pub(crate) layout: Layout,
}

impl Placing {
    /// The columns of a step that places rows.
    fn columns(&self) -> SchemaRef {
        let plain = plain_schema(self.schema.arrow());
        let mut fields: Vec<_> = plain.fields().iter().map(Arc::clone).collect();
        for wanted in ["partition", "place"] {
            let mut name = wanted.to_owned();
            while fields.iter().any(|f| *f.name() == name) {
                name.push('_');
            }
            fields.push(Arc::new(Field::new(name, DataType::UInt32, false)));
        }
        Arc::new(ArrowSchema::new(fields))
    }
}

/// A plan that ends with rows that know their partition.
pub(crate) fn placed(input: LogicalPlan, schema: &Schema, layout: Layout) -> OurResult<LogicalPlan> {
    let placing = Placing { schema: schema.clone(), layout };
    let columns = columns_of(&placing.columns())?;
    Ok(LogicalPlan::Extension(Extension { node: Arc::new(PlaceNode { placing: Arc::new(placing), input, columns }) }))
}

/// Numbering of rows in a logical plan.
#[derive(Clone, Debug)]
pub(crate) struct PlaceNode {
    pub(crate) placing: Arc<Placing>,
    input: LogicalPlan,
    columns: DFSchemaRef,
}

impl PartialEq for PlaceNode {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.placing, &other.placing) && self.input == other.input
    }
}

impl Eq for PlaceNode {}

impl PartialOrd for PlaceNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self == other).then_some(Ordering::Equal)
    }
}

impl Hash for PlaceNode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.placing).hash(state);
        self.input.hash(state);
    }
}

impl UserDefinedLogicalNodeCore for PlaceNode {
    fn name(&self) -> &'static str {
        "FuguePlace"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.columns
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FuguePlace: {}", self.placing.layout)
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, mut inputs: Vec<LogicalPlan>) -> Result<Self> {
        match inputs.pop() {
            Some(input) => Ok(Self { input, ..self.clone() }),
            None => internal_err!("FuguePlace has one input"),
        }
    }
}

/// Numbers rows by their partition, in one place, which sees all of them in order.
#[derive(Debug)]
pub(crate) struct PlaceExec {
    placing: Arc<Placing>,
    input: Arc<dyn ExecutionPlan>,
    /// Places that the exchange above has.
    places: usize,
    /// Whether rows may come in another order when the step is run again, after the loss of an executor. They are then numbered in an
    /// order of their own, or those who read them before and after it would see some twice and others never.
    scrambled: bool,
    properties: Arc<PlanProperties>,
}

impl PlaceExec {
    pub(crate) fn new(placing: Arc<Placing>, input: Arc<dyn ExecutionPlan>, places: usize, scrambled: bool) -> Self {
        // The scheduler takes exchanges out of the plan; what was seen of them stays.
        let scrambled = scrambled || !is_stable(unmerged(&input));
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(placing.columns()),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Final,
            Boundedness::Bounded,
        ));
        Self { placing, input, places, scrambled, properties }
    }

    pub(crate) fn placing(&self) -> &Placing {
        &self.placing
    }

    pub(crate) fn places(&self) -> usize {
        self.places
    }

    pub(crate) fn is_scrambled(&self) -> bool {
        self.scrambled
    }
}

impl DisplayAs for PlaceExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FuguePlaceExec: {}, places={}", self.placing.layout, self.places)
    }
}

impl ExecutionPlan for PlaceExec {
    fn name(&self) -> &'static str {
        "FuguePlaceExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        InputDistributionRequirements::new(vec![Distribution::SinglePartition])
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
            Some(input) => Ok(Arc::new(Self::new(Arc::clone(&self.placing), input, self.places, self.scrambled))),
            None => internal_err!("{} has one input", self.name()),
        }
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, _: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let streams = gathered(&self.input, &context)?;
        let worker = worker_of(&context).map_err(into_native)?;
        let run = worker.run(&context).map_err(into_native)?;
        let (placing, columns, slots, scrambled) =
            (Arc::clone(&self.placing), self.schema(), slots(self.places)?, self.scrambled);
        // Kept partitions stay where they are.
        let copies = if matches!(placing.layout, Layout::Kept(_)) { 1 } else { COPIES };
        let counted = Counted::new(copies, REFUSED, &context);
        let rows = batches(&self.placing.schema, run, move |run, desk| {
            let schema = placing.schema.clone();
            let input = Pull::new(streams, schema.clone(), desk.clone());
            let parts = match &placing.layout {
                Layout::Kept(_) => {
                    input.apart().map(|part| counted.of(part).collect()).collect::<OurResult<Vec<Vec<RecordBatch>>>>()?
                }
                Layout::Spec(spec) if scrambled => {
                    let rows = in_order(counted.of(input).collect::<OurResult<Vec<_>>>()?)?;
                    parts_of(InputRows::Split(vec![rows]), &schema, spec, run)?
                }
                Layout::Spec(spec) => parts_of(InputRows::Stream(Box::new(counted.of(input))), &schema, spec, run)?,
            };
            Ok(Box::new(numbered(parts, slots).inspect(move |_| {
                let _ = &counted;
            })))
        });
        Ok(as_plain(rows, columns, worker))
    }
}

/// Whether a plan gives its rows in the same order each time: leaves, and what passes them on one by one. Exchanges, merges and joins
/// give them as they happen to arrive.
fn is_stable(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let passes = plan.is::<ProjectionExec>()
        || plan.is::<FilterExec>()
        || plan.is::<CallExec>()
        || plan.is::<GuardExec>()
        || plan.is::<ModestExec>()
        || plan.children().is_empty();
    passes && plan.children().into_iter().all(is_stable)
}

/// Rows in an order that depends on nothing but them. Rows that are equal may stand in for one another.
fn in_order(batches: Vec<RecordBatch>) -> OurResult<Vec<RecordBatch>> {
    let Some(first) = batches.first() else { return Ok(batches) };
    let all = concat_batches(&first.schema(), &batches)?;
    let columns: Vec<(ArrayRef, bool)> = all.columns().iter().map(|c| (Arc::clone(c), true)).collect();
    let order = sort_to_indices(&order_keys(&columns)?, None, None)?;
    Ok(vec![take_record_batch(&all, &order)?])
}

fn parts_of(rows: InputRows, schema: &Schema, spec: &PartitionSpec, run: &RunContext) -> OurResult<Vec<Vec<RecordBatch>>> {
    if !is_per_row(spec) {
        return run_repartition(rows, schema, spec, run);
    }
    let all = match rows {
        InputRows::Stream(batches) => batches.collect::<OurResult<Vec<_>>>()?,
        InputRows::Split(parts) => parts.into_iter().flatten().collect(),
    };
    Ok(all.iter().flat_map(|b| (0..b.num_rows()).map(|row| vec![b.slice(row, 1)])).collect())
}

/// Whether each row is a partition.
fn is_per_row(spec: &PartitionSpec) -> bool {
    *spec.num_expr() == Num::rows() && spec.algorithm() == Algo::Even
}

/// Rows, part by part, with the number of the part (among those that have rows) and the value that sends it to its place.
fn numbered(parts: Vec<Vec<RecordBatch>>, slots: Vec<u32>) -> BatchIter {
    let of_part = move |(number, part): (u32, Vec<RecordBatch>)| {
        let place = slots[number as usize % slots.len()];
        part.into_iter().map(move |batch| {
            let constant = |value: u32| -> ArrayRef { Arc::new(UInt32Array::from_value(value, batch.num_rows())) };
            let mut fields: Vec<_> = batch.schema().fields().iter().map(Arc::clone).collect();
            fields.extend(["partition", "place"].map(|name| Arc::new(Field::new(name, DataType::UInt32, false))));
            let columns = batch.columns().iter().map(Arc::clone).chain([constant(number), constant(place)]).collect();
            Ok(RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), columns)?)
        })
    };
    let filled = parts.into_iter().filter(|part| part.iter().any(|b| b.num_rows() > 0));
    Box::new((0_u32..).zip(filled).flat_map(of_part))
}

/// For each place a value that an exchange by hash sends there.
fn slots(places: usize) -> Result<Vec<u32>> {
    let mut found = vec![None; places];
    let mut missing = places;
    let mut candidate = 0_u32;
    let mut hash = [0_u64];
    while missing > 0 {
        hash[0] = 0;
        let value: ArrayRef = Arc::new(UInt32Array::from_value(candidate, 1));
        create_hashes([&value], REPARTITION_RANDOM_STATE.random_state(), &mut hash)?;
        let place = usize::try_from(hash[0] % places as u64).unwrap_or(0);
        if found[place].is_none() {
            found[place] = Some(candidate);
            missing -= 1;
        }
        candidate += 1;
    }
    Ok(found.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{ArrayRef, Int64Array, StringViewArray};
    use datafusion::arrow::datatypes::Schema as ArrowSchema;
    use datafusion::arrow::record_batch::RecordBatch;

    use super::{in_order, slots};

    #[test]
    fn every_place_has_a_value_of_its_own() {
        for places in 1..40 {
            let mut found = slots(places).unwrap_or_default();
            assert_eq!(found.len(), places);
            found.sort_unstable();
            found.dedup();
            assert_eq!(found.len(), places);
        }
    }

    fn rows(numbers: impl Iterator<Item = i64> + Clone) -> RecordBatch {
        let x: ArrayRef = Arc::new(Int64Array::from_iter(numbers.clone().map(|n| (n % 5 != 0).then_some(n))));
        let y: ArrayRef = Arc::new(StringViewArray::from_iter_values(numbers.map(|n| format!("text {n}"))));
        RecordBatch::try_from_iter([("x", x), ("y", y)])
            .unwrap_or_else(|_| RecordBatch::new_empty(Arc::new(ArrowSchema::empty())))
    }

    #[test]
    fn the_order_of_rows_that_were_exchanged_depends_on_nothing_but_them() {
        let one = in_order(vec![rows(0..50), rows(50..60)]).unwrap_or_default();
        let other = in_order(vec![rows((30..60).rev()), rows(0..30)]).unwrap_or_default();
        assert_eq!(one, other);
        assert_eq!(one.iter().map(RecordBatch::num_rows).sum::<usize>(), 60);
        assert!(in_order(Vec::new()).is_ok_and(|rows| rows.is_empty()));
    }
}

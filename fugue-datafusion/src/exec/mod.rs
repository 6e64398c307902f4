//! The physical step that calls user code: where rows go in, answers come out, and what was counted on the way.

mod bridge;
mod hold;

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{Distribution, EquivalenceProperties, PhysicalSortRequirement};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::stream::{RecordBatchReceiverStream, RecordBatchStreamAdapter};
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, InputDistributionRequirements,
    Partitioning, PhysicalExpr, PlanProperties, ReplaceChildrenOptions, SendableRecordBatchStream,
};
use futures::StreamExt;

use fugue_core::Result as OurResult;
use fugue_core::io::BatchIter;
use fugue_core::run::{Meter, RunContext};
use fugue_core::transform::{InputRows, Task, run_comap, run_map, run_partitions, run_repartition, run_sorted};

use crate::error::{from_native, into_native};
use crate::frame::Layout;
use crate::map::{Call, Work};
use crate::travel::{Worker, worker_of};
use crate::types::{is_plain, plain_batches};

pub(crate) use bridge::{Pull, batches, run_of};
pub(crate) use hold::{COPIES, Counted};

use hold::{Held, Measures, hold};

/// Batches that wait for a gathered call, of each partition.
const AHEAD: usize = 2;

/// A call of user code in a physical plan: an interior step, which has as many partitions as its inputs, or one.
///
/// It asks for rows of a key in one partition where there are keys, and never for an order: rows are put in order where groups are
/// made, if they are not in it already. Metrics: `output_rows`, `groups`, `function_time`, `spill_count`, `spilled_bytes`,
/// `spilled_rows`.
#[derive(Debug)]
pub struct CallExec {
    call: Arc<Call>,
    inputs: Vec<Arc<dyn ExecutionPlan>>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl CallExec {
    pub(crate) fn call(&self) -> &Call {
        &self.call
    }

    pub(crate) fn new(call: Arc<Call>, inputs: Vec<Arc<dyn ExecutionPlan>>) -> Self {
        let properties = Arc::new(properties(&call, &inputs));
        Self { call, inputs, properties, metrics: ExecutionPlanMetricsSet::new() }
    }

    /// The name of the function.
    #[must_use]
    pub fn function(&self) -> &str {
        self.call.callee.name()
    }

    fn spread(&self, input: usize) -> Vec<Arc<dyn PhysicalExpr>> {
        let schema = self.inputs[input].schema();
        let column = |i: &usize| -> Arc<dyn PhysicalExpr> { Arc::new(Column::new(schema.field(*i).name(), *i)) };
        self.call.members[input].spread.iter().map(column).collect()
    }
}

fn properties(call: &Call, inputs: &[Arc<dyn ExecutionPlan>]) -> PlanProperties {
    let output = call.callee.columns();
    let counts = inputs.iter().map(|i| i.output_partitioning().partition_count());
    let partitioning = match inputs {
        _ if call.is_gathered() => Partitioning::UnknownPartitioning(1),
        [input] => carried(call, input, &output),
        _ => Partitioning::UnknownPartitioning(counts.min().unwrap_or(0)),
    };
    let unbounded = inputs.iter().any(|i| i.boundedness().is_unbounded());
    let streams = call.streams();
    let boundedness =
        if unbounded { Boundedness::Unbounded { requires_infinite_memory: !streams } } else { Boundedness::Bounded };
    let emission = if streams { EmissionType::Incremental } else { EmissionType::Final };
    PlanProperties::new(EquivalenceProperties::new(output), partitioning, emission, boundedness)
}

/// Rows that were spread by columns stay so where the library writes those columns and not the function.
fn carried(call: &Call, input: &Arc<dyn ExecutionPlan>, output: &SchemaRef) -> Partitioning {
    let partitioning = input.output_partitioning();
    let count = partitioning.partition_count();
    let Partitioning::Hash(expressions, _) = partitioning else { return Partitioning::UnknownPartitioning(count) };
    let from = input.schema();
    let column = |e: &Arc<dyn PhysicalExpr>| -> Option<Arc<dyn PhysicalExpr>> {
        let column = e.downcast_ref::<Column>()?;
        let index = output.index_of(column.name()).ok().filter(|_| call.callee.carries(column.name()))?;
        // Where rows went is the hash of a type: text in a view is hashed in another way.
        let same = from.field(column.index()).data_type() == output.field(index).data_type();
        same.then(|| Arc::new(Column::new(column.name(), index)) as _)
    };
    match expressions.iter().map(column).collect() {
        Some(columns) => Partitioning::Hash(columns, count),
        None => Partitioning::UnknownPartitioning(count),
    }
}

impl DisplayAs for CallExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FugueCallExec: {}", self.call)?;
        if self.is_ordered() { write!(f, ", in order") } else { Ok(()) }
    }
}

impl ExecutionPlan for CallExec {
    fn name(&self) -> &'static str {
        "FugueCallExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.inputs.iter().collect()
    }

    fn input_distribution_requirements(&self) -> InputDistributionRequirements {
        let by_key = |i| Distribution::KeyPartitioned(self.spread(i));
        match &self.call.work {
            Work::Keyed | Work::Placed => InputDistributionRequirements::new(vec![by_key(0)]),
            Work::Zipped(_) => InputDistributionRequirements::co_partitioned((0..self.inputs.len()).map(by_key).collect()),
            // On a cluster all partitions must be brought to the one place.
            Work::Gathered(_) | Work::Crossed if self.call.callee.travels() => {
                InputDistributionRequirements::new(vec![Distribution::SinglePartition; self.inputs.len()])
            }
            // Where one place reads all partitions, it reads them in their order, which a merge of DataFusion's would not.
            Work::Partitions | Work::Gathered(_) | Work::Crossed => {
                InputDistributionRequirements::new(vec![Distribution::UnspecifiedDistribution; self.inputs.len()])
            }
        }
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        // Calls are spread over the pool, whatever partition they are in.
        vec![matches!(self.call.work, Work::Keyed | Work::Placed | Work::Zipped(_)); self.inputs.len()]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        for input in 0..self.inputs.len() {
            for expression in self.spread(input) {
                if f(&expression)? == TreeNodeRecursion::Stop {
                    return Ok(TreeNodeRecursion::Stop);
                }
            }
        }
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if children.len() != self.inputs.len() {
            return internal_err!("{} has {} inputs, not {}", self.name(), self.inputs.len(), children.len());
        }
        Ok(Arc::new(Self::new(Arc::clone(&self.call), children)))
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let inputs: Vec<_> =
            self.inputs.iter().map(|input| if self.call.is_gathered() { unmerged(input) } else { input }).collect();
        let count = |i: &Arc<dyn ExecutionPlan>| i.output_partitioning().partition_count();
        if !self.call.is_gathered() && inputs.windows(2).any(|w| count(w[0]) != count(w[1])) {
            return internal_err!("the inputs of {} have other numbers of partitions", self.name());
        }
        if let (Work::Gathered(Some(Layout::Kept(parts))), [input]) = (&self.call.work, &*inputs)
            && count(input) != (*parts).max(1)
        {
            return internal_err!("{parts} partitions were kept, but there are {}", count(input));
        }
        let mut streams = Vec::with_capacity(self.inputs.len());
        for input in inputs {
            streams.push(if self.call.is_gathered() {
                gathered(input, &context)?
            } else {
                vec![input.execute(partition, Arc::clone(&context))?]
            });
        }
        let worker = worker_of(&context).map_err(into_native)?;
        let run = worker.run(&context).map_err(into_native)?.with_meter(Meter::default());
        let run = match self.inputs.first() {
            Some(input) if !self.call.is_gathered() && !matches!(self.call.work, Work::Placed) => {
                run.in_partition(worker.partition(input.as_ref(), partition))
            }
            _ => run,
        };
        let measures = Measures::new(&self.metrics, partition);
        let (call, ordered, outer) = (Arc::clone(&self.call), self.is_ordered(), measures.clone());
        let answers = batches(self.call.callee.output(), run.clone(), move |run, desk| {
            let task = call.callee.task(&context)?;
            let mut inputs = streams.into_iter().zip(&call.members).map(|(s, m)| Pull::new(s, m.schema.clone(), desk.clone()));
            match &call.work {
                Work::Zipped(_) | Work::Crossed => call_zipped(&call, &task, inputs.collect(), &context, run),
                _ => match inputs.next() {
                    Some(input) => call_mapped(&call, &task, input, ordered, &context, measures, run),
                    None => Ok(Box::new(std::iter::empty())),
                },
            }
        });
        let answers = if self.call.callee.travels() { as_plain(answers, self.schema(), worker) } else { answers };
        Ok(outer.watch(answers, run.meter))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }
}

impl CallExec {
    /// Whether rows of a key arrive side by side and in presort order.
    fn is_ordered(&self) -> bool {
        let ([input], [member], Work::Keyed) = (&*self.inputs, &*self.call.members, &self.call.work) else { return false };
        let spec = &self.call.spec;
        let requirement = |name: &str, options| -> Option<PhysicalSortRequirement> {
            let index = member.schema.index_of(name).filter(|i| is_plain(member.schema.fields()[*i].ty()))?;
            let column: Arc<dyn PhysicalExpr> = Arc::new(Column::new(input.schema().field(index).name(), index));
            Some(PhysicalSortRequirement::new(column, options))
        };
        let keys = spec.keys().iter().map(|k| requirement(k, None));
        let nulls_last = |ascending: bool| datafusion::arrow::compute::SortOptions { descending: !ascending, nulls_first: false };
        let presort = spec.presort_keys().iter().map(|s| requirement(&s.column, Some(nulls_last(s.ascending))));
        let Some(wanted) = keys.chain(presort).collect::<Option<Vec<_>>>() else { return false };
        input.equivalence_properties().ordering_satisfy_requirement(wanted).unwrap_or(false)
    }
}

/// The same stream, pulled a little ahead of whoever reads it by a task of its own.
fn driven(mut stream: SendableRecordBatchStream) -> SendableRecordBatchStream {
    let mut ahead = RecordBatchReceiverStream::builder(stream.schema(), AHEAD);
    let send = ahead.tx();
    ahead.spawn(async move {
        while let Some(batch) = stream.next().await {
            let failed = batch.is_err();
            // Nobody reads any more, or there is nothing more to read.
            if send.send(batch).await.is_err() || failed {
                break;
            }
        }
        Ok(())
    });
    ahead.build()
}

/// All partitions of an input, to be read in their order.
pub(crate) fn gathered(input: &Arc<dyn ExecutionPlan>, context: &Arc<TaskContext>) -> Result<Vec<SendableRecordBatchStream>> {
    let input = unmerged(input);
    // All of them are driven, though read one after the other: some steps end no partition before each was begun.
    let all = 0..input.output_partitioning().partition_count();
    all.map(|partition| Ok(driven(input.execute(partition, Arc::clone(context))?))).collect()
}

/// What a merge of all partitions reads: it gives rows in the order in which they happen to arrive, and they are wanted in that of
/// their partitions. One that stops after some rows is left as it is.
pub(crate) fn unmerged(input: &Arc<dyn ExecutionPlan>) -> &Arc<dyn ExecutionPlan> {
    match input.downcast_ref::<CoalescePartitionsExec>() {
        Some(merge) if merge.fetch().is_none() => merge.input(),
        _ => input,
    }
}

/// The same rows in the layout in which they travel, and errors as the cluster is told of them.
pub(crate) fn as_plain(
    answers: SendableRecordBatchStream,
    schema: SchemaRef,
    worker: Arc<dyn Worker>,
) -> SendableRecordBatchStream {
    let columns = Arc::clone(&schema);
    let plain = answers.flat_map(move |batch| {
        let cut = batch.map_err(from_native).and_then(|b| plain_batches(&b, &columns));
        let cut = match cut {
            Ok(batches) => batches.into_iter().map(Ok).collect(),
            Err(e) => vec![Err(worker.error(e))],
        };
        futures::stream::iter(cut)
    });
    Box::pin(RecordBatchStreamAdapter::new(schema, plain))
}

fn call_mapped(
    call: &Call,
    task: &Task,
    input: Pull,
    ordered: bool,
    context: &Arc<TaskContext>,
    measures: Measures,
    run: &RunContext,
) -> OurResult<BatchIter> {
    let (schema, spec) = (input.schema().clone(), &call.spec);
    match &call.work {
        Work::Keyed if ordered => run_sorted(Box::new(input), &schema, spec, task, run),
        Work::Keyed => match hold(input, spec, context, measures)? {
            Held::Memory(batches, hold) => {
                let answers = run_map(InputRows::Split(vec![batches]), &schema, spec, task, run)?;
                Ok(Box::new(answers.inspect(move |_| {
                    let _ = &hold;
                })))
            }
            Held::Sorted(rows) => run_sorted(rows, &schema, spec, task, run),
        },
        Work::Placed => run_partitions(input.by_partition()?, &schema, spec, task, run),
        Work::Gathered(Some(Layout::Spec(layout))) => {
            let parts = run_repartition(InputRows::Stream(Box::new(input)), &schema, layout, run)?;
            run_map(InputRows::Split(parts), &schema, spec, task, run)
        }
        Work::Gathered(Some(Layout::Kept(_))) => {
            let parts = input.apart().map(Iterator::collect).collect::<OurResult<Vec<_>>>()?;
            run_map(InputRows::Split(parts), &schema, spec, task, run)
        }
        _ => run_map(InputRows::Stream(Box::new(input)), &schema, spec, task, run),
    }
}

fn call_zipped(
    call: &Call,
    task: &Task,
    inputs: Vec<Pull>,
    context: &Arc<TaskContext>,
    run: &RunContext,
) -> OurResult<BatchIter> {
    let how = if let Work::Zipped(how) = call.work { how } else { fugue_core::group::ZipKind::Cross };
    let (mut members, mut holds) = (Vec::new(), Vec::new());
    for input in inputs {
        let schema = input.schema().clone();
        let (batches, held) = hold::all(input, context)?;
        holds.push(held);
        members.push((schema, InputRows::Split(vec![batches])));
    }
    let answers = run_comap(members, how, &call.spec, task, run)?;
    Ok(Box::new(answers.inspect(move |_| {
        let _ = &holds;
    })))
}

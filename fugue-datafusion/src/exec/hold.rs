//! Rows of a partition that are waiting for their groups: in memory while it lasts, else sorted through files.

use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::{Array, ArrayRef, AsArray, GenericByteViewArray};
use datafusion::arrow::datatypes::{ByteViewType, DataType, Field, Schema as ArrowSchema, SchemaRef};
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::Result as NativeResult;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryReservation};
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet, MetricBuilder, Time};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use fugue_core::group::order_keys;
use fugue_core::io::BatchIter;
use fugue_core::partition::PartitionSpec;
use fugue_core::run::Meter;
use fugue_core::{Error, ErrorKind, Result};
use futures::StreamExt;

use crate::error::{from_native, into_native};
use crate::source::failed;

use super::bridge::{Pull, rows};

/// Rows are grouped where they are held, and laid out anew for it.
pub(crate) const COPIES: usize = 2;

/// The rows of a partition.
pub(crate) enum Held {
    /// All of them, and the memory that was asked for.
    Memory(Vec<RecordBatch>, MemoryReservation),
    /// More than memory has: in the order of keys and presort, out of files.
    Sorted(BatchIter),
}

/// Reads a partition, and sorts it through files as soon as memory is refused.
pub(crate) fn hold(mut input: Pull, spec: &PartitionSpec, context: &Arc<TaskContext>, measures: Measures) -> Result<Held> {
    let reservation = MemoryConsumer::new("FugueCall").with_can_spill(true).register(context.memory_pool());
    let limited = !matches!(context.memory_pool().memory_limit(), MemoryLimit::Infinite);
    let mut batches = Vec::new();
    while let Some(batch) = input.next() {
        let batch = if limited { compact(batch?)? } else { batch? };
        let refused = reservation.try_grow(COPIES * bytes(&batch)).is_err();
        batches.push(batch);
        if refused {
            drop(reservation);
            return Ok(Held::Sorted(sorted(batches, input, spec, context, measures)?));
        }
    }
    Ok(Held::Memory(batches, reservation))
}

/// Reads a partition of a zip, whose members are held until all are there.
pub(crate) fn all(input: Pull, context: &Arc<TaskContext>) -> Result<(Vec<RecordBatch>, Arc<MemoryReservation>)> {
    let refused =
        "a partition of a cotransform does not fit into the engine's memory limit; raise the limit, or use more partitions";
    let counted = Counted::new(COPIES, refused, context);
    let reservation = Arc::clone(&counted.reservation);
    Ok((counted.of(input).collect::<Result<_>>()?, reservation))
}

/// Counts rows that are held together and cannot go through files.
#[derive(Clone)]
pub(crate) struct Counted {
    copies: usize,
    refused: &'static str,
    limited: bool,
    reservation: Arc<MemoryReservation>,
}

impl Counted {
    /// Asks the pool of a task for so many times the memory of the rows, and says what to do where it is refused.
    pub(crate) fn new(copies: usize, refused: &'static str, context: &TaskContext) -> Self {
        let pool = context.memory_pool();
        let limited = !matches!(pool.memory_limit(), MemoryLimit::Infinite);
        Self { copies, refused, limited, reservation: Arc::new(MemoryConsumer::new("FugueHeld").register(pool)) }
    }

    /// The same rows, or an error with the first for which memory is refused. It is given back with the last clone of this.
    pub(crate) fn of(&self, rows: Pull) -> impl Iterator<Item = Result<RecordBatch>> + Send + use<> {
        let counted = self.clone();
        rows.map(move |batch| {
            let batch = if counted.limited { compact(batch?)? } else { batch? };
            let grown = counted.reservation.try_grow(counted.copies * bytes(&batch));
            grown.map_err(|e| Error::new(ErrorKind::EngineFailed, counted.refused).with_source(e))?;
            Ok(batch)
        })
    }
}

/// The batch with text and bytes of its own. A view that was shuffled holds on to the buffers of all rows that it came from, which
/// would be counted once for each batch.
fn compact(batch: RecordBatch) -> Result<RecordBatch> {
    let columns = batch.columns().iter().map(|column| -> ArrayRef {
        match column.data_type() {
            DataType::Utf8View => compact_views(column.as_string_view(), column),
            DataType::BinaryView => compact_views(column.as_binary_view(), column),
            _ => Arc::clone(column),
        }
    });
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(batch.schema(), columns.collect(), &rows)?)
}

/// Bytes of the rows of a batch, which may be a part of larger buffers.
fn bytes(batch: &RecordBatch) -> usize {
    let of = |column: &ArrayRef| match column.data_type() {
        DataType::Utf8View => column.len() * size_of::<u128>() + column.as_string_view().total_buffer_bytes_used(),
        DataType::BinaryView => column.len() * size_of::<u128>() + column.as_binary_view().total_buffer_bytes_used(),
        _ => column.to_data().get_slice_memory_size().unwrap_or_else(|_| column.get_array_memory_size()),
    };
    batch.columns().iter().map(of).sum()
}

fn compact_views<T: ByteViewType>(views: &GenericByteViewArray<T>, column: &ArrayRef) -> ArrayRef {
    let held: usize = views.data_buffers().iter().map(|b| b.capacity()).sum();
    if held > 2 * views.total_buffer_bytes_used() { Arc::new(views.gc()) } else { Arc::clone(column) }
}

fn sorted(
    held: Vec<RecordBatch>,
    input: Pull,
    spec: &PartitionSpec,
    context: &Arc<TaskContext>,
    measures: Measures,
) -> Result<BatchIter> {
    let desk = input.desk().clone();
    let (rest, schema) = input.into_streams();
    let places = schema.indices_of(spec.keys())?.into_iter().map(|k| (k, true));
    let presort = schema.indices_of(spec.presort_keys().iter().map(|s| &s.column))?;
    let places: Vec<(usize, bool)> =
        places.chain(presort.into_iter().zip(spec.presort_keys().iter().map(|s| s.ascending))).collect();
    let order = Field::new("order", DataType::Binary, false);
    let with_order =
        Arc::new(ArrowSchema::new(schema.arrow().fields().iter().map(|f| f.as_ref().clone()).chain([order]).collect::<Vec<_>>()));
    let layout = schema.clone();
    let ready = move |b: RecordBatch| rows(&b, &layout).and_then(compact).map_err(into_native);
    let rest = futures::stream::iter(rest).flatten().map(move |b| b.and_then(&ready));
    let target = Arc::clone(&with_order);
    let all = futures::stream::iter(held).map(Ok).chain(rest).map(move |batch| {
        let batch = batch?;
        let keys: Vec<(ArrayRef, bool)> =
            places.iter().map(|(i, ascending)| (Arc::clone(batch.column(*i)), *ascending)).collect();
        let mut columns = batch.columns().to_vec();
        columns.push(Arc::new(order_keys(&keys).map_err(into_native)?));
        Ok(RecordBatch::try_new(Arc::clone(&target), columns)?)
    });
    let all = RecordBatchStreamAdapter::new(Arc::clone(&with_order), all);
    let sort = sort_of(Box::pin(all), &with_order, schema.len()).map_err(from_native)?;
    // The sorter's tasks need the runtime that it is started in.
    let started = desk.wait(async { sort.execute(0, Arc::clone(context)) })?.map_err(from_native)?;
    let mut pull = Pull::new(vec![started], schema, desk);
    let spilled = Spilled { measures, sort };
    Ok(Box::new(std::iter::from_fn(move || {
        let _ = &spilled;
        pull.next()
    })))
}

/// Counts what a sort wrote to files when it is over, at its end or before.
struct Spilled {
    measures: Measures,
    sort: SortExec,
}

impl Drop for Spilled {
    fn drop(&mut self) {
        self.measures.spilled(&self.sort);
    }
}

fn sort_of(rows: SendableRecordBatchStream, schema: &SchemaRef, order: usize) -> NativeResult<SortExec> {
    let part: Arc<dyn PartitionStream> = Arc::new(Handed { schema: Arc::clone(schema), rows: Mutex::new(Some(rows)) });
    let leaf = StreamingTableExec::try_new(Arc::clone(schema), vec![part], None, [], false, None)?;
    let by = PhysicalSortExpr::new_default(Arc::new(Column::new("order", order)));
    Ok(SortExec::new(LexOrdering::from([by]), Arc::new(leaf)))
}

/// A stream as the leaf of a plan, read once.
struct Handed {
    schema: SchemaRef,
    rows: Mutex<Option<SendableRecordBatchStream>>,
}

impl std::fmt::Debug for Handed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handed").finish_non_exhaustive()
    }
}

impl PartitionStream for Handed {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner).take();
        rows.unwrap_or_else(|| {
            let error = Error::new(ErrorKind::Unexpected, "rows to be sorted were read twice; please report it");
            failed(Arc::clone(&self.schema), error)
        })
    }
}

/// What is counted of a partition.
#[derive(Clone)]
pub(crate) struct Measures {
    rows: Count,
    groups: Count,
    time: Time,
    spills: Count,
    bytes: Count,
    spilled_rows: Count,
}

impl Measures {
    pub(crate) fn new(metrics: &ExecutionPlanMetricsSet, partition: usize) -> Self {
        let new = || MetricBuilder::new(metrics);
        Self {
            rows: new().output_rows(partition),
            groups: new().counter("groups", partition),
            time: new().subset_time("function_time", partition),
            spills: new().spill_count(partition),
            bytes: new().spilled_bytes(partition),
            spilled_rows: new().spilled_rows(partition),
        }
    }

    /// Adds what a sort wrote to files.
    fn spilled(&self, sort: &SortExec) {
        let Some(metrics) = sort.metrics() else { return };
        self.spills.add(metrics.spill_count().unwrap_or(0));
        self.bytes.add(metrics.spilled_bytes().unwrap_or(0));
        self.spilled_rows.add(metrics.spilled_rows().unwrap_or(0));
    }

    /// The same stream, counted; what user code cost is added as it ends.
    pub(crate) fn watch(self, answers: SendableRecordBatchStream, meter: Meter) -> SendableRecordBatchStream {
        let total = Total { measures: self, meter };
        let counted = answers.schema();
        let answers = answers.inspect(move |batch| {
            if let Ok(batch) = batch {
                total.measures.rows.add(batch.num_rows());
            }
        });
        Box::pin(RecordBatchStreamAdapter::new(counted, answers))
    }
}

struct Total {
    measures: Measures,
    meter: Meter,
}

impl Drop for Total {
    fn drop(&mut self) {
        self.measures.groups.add(usize::try_from(self.meter.groups()).unwrap_or(usize::MAX));
        self.measures.time.add_duration(self.meter.time());
    }
}

//! What executors of this process pass on without files: a stage first writes into memory, and goes to files with all it has as soon
//! as memory is refused.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use ballista_core::execution_plans::{RangeShuffleReaderExec, ShuffleWriterExec, SortShuffleWriterExec};
use ballista_core::extension::SessionConfigExt;
use ballista_core::serde::protobuf::ShuffleWritePartition;
use datafusion::arrow::array::{Array, ArrayData};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricBuilder, MetricsSet, Time};
use datafusion::physical_plan::repartition::BatchPartitioner;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, Partitioning, SendableRecordBatchStream};
use datafusion::prelude::SessionConfig;
use futures::{StreamExt, stream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::gate::Resumed;
use super::pool::Connections;
use super::store::{Rows, Share, Store, Written};
use crate::runs;

/// Pieces of a batch that are smaller than this part of one are put together.
const SMALL: usize = 4;

/// The part of an executor in passing on rows.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) store: Arc<Store>,
    pub(super) connections: Arc<Connections>,
    /// What the executor is called.
    pub(super) executor: String,
    /// Below which all executors keep their files.
    pub(super) folder: PathBuf,
}

impl Exchange {
    /// Where an executor of this cluster keeps its files.
    pub(super) fn folder_of(&self, executor: &str) -> PathBuf {
        self.folder.join(executor)
    }
}

/// Whether tasks are to read files as those of other machines.
pub(super) fn is_remote(config: &SessionConfig) -> bool {
    config.ballista_shuffle_reader_force_remote_read()
}

/// A stage that may write into memory.
#[derive(Debug)]
pub(super) struct Writer {
    exchange: Arc<Exchange>,
    job: String,
    written: Written,
    /// The numbers of the partitions of the input among those of all tasks.
    partitions: Vec<usize>,
    /// What the stage writes, and what its files are written from where memory is refused.
    input: Arc<dyn ExecutionPlan>,
    resumed: Arc<Resumed>,
    hash: Option<Partitioning>,
    metrics: ExecutionPlanMetricsSet,
}

/// What a task is known by.
pub(super) struct Of<'s> {
    pub(super) job: &'s str,
    pub(super) stage: usize,
    pub(super) task: usize,
    pub(super) partitions: &'s [usize],
}

impl Writer {
    /// `None` where the rows of a stage are to be found in files: by a client elsewhere, or in a form of their own.
    pub(super) fn new(
        exchange: &Arc<Exchange>,
        of: &Of<'_>,
        plan: &Arc<dyn ExecutionPlan>,
        resumed: &Arc<Resumed>,
        config: &SessionConfig,
    ) -> Option<Self> {
        let Of { job, stage, task, partitions } = *of;
        if !runs::is_read_here(config) || is_remote(config) || reads_ranges(plan) {
            return None;
        }
        let children = plan.children();
        let [input] = children.as_slice() else { return None };
        let hash = if let Some(writer) = plan.downcast_ref::<SortShuffleWriterExec>() {
            // Each share of the rows would hold on to the buffers of all of them.
            if input.schema().fields().iter().any(|field| has_views(field)) {
                return None;
            }
            Some(writer.shuffle_output_partitioning().clone())
        } else if plan.is::<ShuffleWriterExec>() {
            None
        } else {
            return None;
        };
        Some(Self {
            exchange: Arc::clone(exchange),
            job: job.to_owned(),
            written: Written { executor: exchange.executor.clone(), stage, file: task as u64 },
            partitions: partitions.to_vec(),
            input: Arc::clone(input),
            resumed: Arc::clone(resumed),
            hash,
            metrics: ExecutionPlanMetricsSet::new(),
        })
    }

    /// What the writer of the stage would tell.
    pub(super) fn metrics(&self) -> MetricsSet {
        self.metrics.clone_inner()
    }

    /// Writes the stage into memory. Where there is not enough, nothing of it is written, and all of its rows wait for the files.
    pub(super) async fn write(&self, context: &Arc<TaskContext>) -> Result<Option<Vec<ShuffleWritePartition>>> {
        let share = Arc::new(Mutex::new(self.exchange.store.share()));
        let full = watch::Sender::new(false);
        // All at once: some steps end no partition before each was begun.
        let mut drains = JoinSet::new();
        for partition in 0..self.input.output_partitioning().partition_count() {
            let rows = self.input.execute(partition, Arc::clone(context))?;
            let sorter = self.sorter(partition, context.session_config().batch_size())?;
            let (share, full) = (Arc::clone(&share), full.clone());
            drains.spawn(async move { Ok((partition, drain(rows, sorter, &share, &full).await?)) });
        }
        let mut drained = Vec::new();
        while let Some(done) = drains.join_next().await {
            let done: Result<(usize, Drained)> =
                done.map_err(|e| DataFusionError::Execution(format!("writing rows panicked: {e}")))?;
            drained.push(done?);
        }
        drained.sort_by_key(|(partition, _)| *partition);
        if *full.borrow() {
            for (partition, Drained { sorter, rest }) in drained {
                let held = sorter.unsorted();
                let rest = stream::iter(rest).flatten();
                let rows = stream::iter(held).map(Ok).chain(rest);
                self.resumed.set(partition, Box::pin(RecordBatchStreamAdapter::new(self.input.schema(), rows)));
            }
            return Ok(None);
        }
        let mut sorted: HashMap<usize, Vec<RecordBatch>> = HashMap::new();
        for (_, Drained { sorter, .. }) in drained {
            for (partition, batches) in sorter.sorted()? {
                sorted.entry(partition).or_default().extend(batches);
            }
        }
        let mut summaries: Vec<_> = sorted.iter().map(|(partition, batches)| self.summary(*partition, batches)).collect();
        summaries.sort_by_key(|summary| summary.partition_id);
        let rows: u64 = summaries.iter().map(|summary| summary.num_rows).sum();
        MetricBuilder::new(&self.metrics).output_rows(0).add(usize::try_from(rows).unwrap_or(usize::MAX));
        let partitions = sorted.into_iter().map(|(partition, batches)| (partition, Rows::from(batches))).collect();
        let share = std::mem::replace(&mut *share.lock().unwrap_or_else(PoisonError::into_inner), self.exchange.store.share());
        share.keep(&self.job, self.written.clone(), partitions);
        Ok(Some(summaries))
    }

    fn sorter(&self, partition: usize, batch_size: usize) -> Result<Sorter> {
        let Some(hash) = &self.hash else {
            let partition = self.partitions.get(partition).copied().unwrap_or(partition);
            return Ok(Sorter::Passed { partition, batches: Vec::new(), seen: HashSet::new() });
        };
        let count = hash.partition_count();
        let partitioner = BatchPartitioner::try_new(hash.clone(), Time::new(), 0, 1)?;
        Ok(Sorter::Hashed { partitioner, batch_size, pieces: vec![Pieces::default(); count] })
    }

    fn summary(&self, partition: usize, batches: &[RecordBatch]) -> ShuffleWritePartition {
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let bytes: usize = batches.iter().map(RecordBatch::get_array_memory_size).sum();
        ShuffleWritePartition {
            partition_id: partition as u64,
            num_batches: batches.len() as u64,
            num_rows: rows as u64,
            num_bytes: bytes as u64,
            file_id: Some(self.written.file),
            is_sort_shuffle: self.hash.is_some(),
        }
    }
}

/// Those are put together anew by Ballista's engine, with steps that are not these.
fn reads_ranges(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let mut rest = vec![plan];
    while let Some(node) = rest.pop() {
        if node.is::<RangeShuffleReaderExec>() {
            return true;
        }
        rest.extend(node.children());
    }
    false
}

fn has_views(field: &Field) -> bool {
    match field.data_type() {
        DataType::Utf8View | DataType::BinaryView | DataType::ListView(_) | DataType::LargeListView(_) => true,
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) | DataType::Map(item, _) => {
            has_views(item)
        }
        DataType::Struct(fields) => fields.iter().any(|field| has_views(field)),
        DataType::Union(fields, _) => fields.iter().any(|(_, field)| has_views(field)),
        // Their values are shared in the same way.
        DataType::Dictionary(..) | DataType::RunEndEncoded(..) => true,
        _ => false,
    }
}

/// A partition of the input, as far as it was read.
struct Drained {
    sorter: Sorter,
    rest: Option<SendableRecordBatchStream>,
}

/// Reads a partition to its end, or until memory is refused to any of the task's.
async fn drain(
    mut rows: SendableRecordBatchStream,
    mut sorter: Sorter,
    share: &Mutex<Share>,
    full: &watch::Sender<bool>,
) -> Result<Drained> {
    let mut refused = full.subscribe();
    loop {
        let batch = tokio::select! {
            biased;
            // The sender is here.
            _ = refused.wait_for(|full| *full) => return Ok(Drained { sorter, rest: Some(rows) }),
            batch = rows.next() => batch,
        };
        let Some(batch) = batch else { return Ok(Drained { sorter, rest: None }) };
        let bytes = sorter.add(batch?)?;
        if !share.lock().unwrap_or_else(PoisonError::into_inner).grow(bytes) {
            full.send_replace(true);
        }
    }
}

/// Rows by the partition that they go to.
enum Sorter {
    /// As they come; which buffers are counted already, since batches may be parts of larger ones.
    Passed {
        partition: usize,
        batches: Vec<RecordBatch>,
        seen: HashSet<usize>,
    },
    Hashed {
        partitioner: BatchPartitioner,
        batch_size: usize,
        pieces: Vec<Pieces>,
    },
}

/// The rows of one partition, the last of them in pieces that are too small for batches.
#[derive(Clone, Default)]
struct Pieces {
    batches: Vec<RecordBatch>,
    small: Vec<RecordBatch>,
    rows: usize,
}

impl Pieces {
    fn push(&mut self, piece: RecordBatch, batch_size: usize) -> Result<()> {
        if self.small.is_empty() && piece.num_rows() >= batch_size / SMALL {
            self.batches.push(piece);
            return Ok(());
        }
        self.rows += piece.num_rows();
        self.small.push(piece);
        if self.rows < batch_size { Ok(()) } else { self.join() }
    }

    fn join(&mut self) -> Result<()> {
        self.rows = 0;
        let small = std::mem::take(&mut self.small);
        if let Some(first) = small.first() {
            self.batches.push(concat_batches(&first.schema(), &small)?);
        }
        Ok(())
    }
}

impl Sorter {
    /// Adds rows, and says how much more memory is held.
    fn add(&mut self, batch: RecordBatch) -> Result<usize> {
        if batch.num_rows() == 0 {
            return Ok(0);
        }
        match self {
            Self::Passed { batches, seen, .. } => {
                let bytes = batch.columns().iter().map(|column| unseen(&column.to_data(), seen)).sum();
                batches.push(batch);
                Ok(bytes)
            }
            Self::Hashed { partitioner, batch_size, pieces } => {
                let mut bytes = 0;
                partitioner.partition(batch, |partition, piece| {
                    bytes += piece.get_array_memory_size();
                    pieces[partition].push(piece, *batch_size)
                })?;
                Ok(bytes)
            }
        }
    }

    /// The rows of each partition. As in files, those that are passed on are told of though they are empty, those of a hash are not.
    fn sorted(self) -> Result<Vec<(usize, Vec<RecordBatch>)>> {
        match self {
            Self::Passed { partition, batches, .. } => Ok(vec![(partition, batches)]),
            Self::Hashed { mut pieces, .. } => {
                pieces.iter_mut().try_for_each(Pieces::join)?;
                let all = pieces.into_iter().map(|pieces| pieces.batches).enumerate();
                Ok(all.filter(|(_, batches)| !batches.is_empty()).collect())
            }
        }
    }

    fn unsorted(self) -> Vec<RecordBatch> {
        match self {
            Self::Passed { batches, .. } => batches,
            Self::Hashed { pieces, .. } => pieces.into_iter().flat_map(|p| p.batches.into_iter().chain(p.small)).collect(),
        }
    }
}

/// The bytes of buffers that are not counted yet.
fn unseen(data: &ArrayData, seen: &mut HashSet<usize>) -> usize {
    let buffers = data.buffers().iter().chain(data.nulls().map(|nulls| nulls.buffer()));
    let own: usize = buffers.filter(|b| seen.insert(b.data_ptr().as_ptr().addr())).map(|b| b.capacity()).sum();
    own + data.child_data().iter().map(|child| unseen(child, seen)).sum::<usize>()
}

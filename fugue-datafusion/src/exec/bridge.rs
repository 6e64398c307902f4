//! Between async streams and the blocking iterators of the runner: user code has a thread of its own, away from the runtime's.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::UInt32Type;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::error::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use fugue_core::frame::BatchStream;
use fugue_core::io::BatchIter;
use fugue_core::run::{CancelHandle, RunContext};
use fugue_core::schema::normalise;
use fugue_core::{Error, ErrorKind, Result, Schema};
use futures::channel::oneshot;
use futures::future::{Either, FutureExt, Shared, select};
use futures::{StreamExt, TryStreamExt};
use tokio::runtime::Handle;

use crate::error::{from_native, into_native};
use crate::travel::worker_of;

/// The run that a plan belongs to; outside of a session's actions one of its own.
///
/// # Errors
/// `SettingInvalid` where the operating system gives no threads for the shared pool.
pub(crate) fn run_of(context: &TaskContext) -> Result<RunContext> {
    worker_of(context)?.run(context)
}

/// What a blocking thread waits for async work with: until the work is there, or nobody wants it any more.
#[derive(Clone)]
pub(crate) struct Desk {
    runtime: Handle,
    abandoned: Shared<oneshot::Receiver<()>>,
}

impl Desk {
    /// Waits; an error when the stream that is made of it was dropped.
    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        let work = std::pin::pin!(work);
        match self.runtime.block_on(select(work, self.abandoned.clone())) {
            Either::Left((done, _)) => Ok(done),
            Either::Right(_) => Err(Error::new(ErrorKind::Cancelled, "nobody reads the answer any more")),
        }
    }
}

/// Kept by a stream. When it goes, its thread wakes up, and calls that were begun ahead end.
struct Keep(CancelHandle, #[expect(dead_code, reason = "dropping it is what it is for")] oneshot::Sender<()>);

impl Drop for Keep {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// A stream of what blocking work produces on a thread of its own, which is started when the stream is first polled.
pub(crate) fn batches(
    schema: &Schema,
    run: RunContext,
    start: impl FnOnce(&RunContext, &Desk) -> Result<BatchIter> + Send + 'static,
) -> SendableRecordBatchStream {
    let (schema, arrow) = (schema.clone(), schema.to_arrow());
    let made = async move {
        let (keep, abandoned) = oneshot::channel::<()>();
        let mut run = run;
        run.cancel = run.cancel.child();
        let keep = Keep(run.cancel.handle(), keep);
        let desk = Desk { runtime: Handle::current(), abandoned: abandoned.shared() };
        let cancel = run.cancel.clone();
        let stream = BatchStream::blocking(schema, cancel, move || start(&run, &desk)).map_err(into_native)?;
        // Dropped with the stream, which tells the thread.
        Ok::<_, DataFusionError>(stream.map_err(into_native).inspect(move |_| {
            let _ = &keep;
        }))
    };
    Box::pin(RecordBatchStreamAdapter::new(arrow, futures::stream::once(made).try_flatten()))
}

/// The rows of an input as a blocking iterator, one of its streams after the other, in the contract's layout.
pub(crate) struct Pull {
    streams: VecDeque<SendableRecordBatchStream>,
    schema: Schema,
    desk: Desk,
}

impl Pull {
    pub(crate) fn new(streams: Vec<SendableRecordBatchStream>, schema: Schema, desk: Desk) -> Self {
        Self { streams: streams.into(), schema, desk }
    }

    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    pub(crate) fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Its streams one by one.
    pub(crate) fn apart(self) -> impl Iterator<Item = Self> {
        let (schema, desk) = (self.schema, self.desk);
        self.streams.into_iter().map(move |stream| Self::new(vec![stream], schema.clone(), desk.clone()))
    }

    /// What was not read yet, and how to bring it into the contract's layout.
    pub(crate) fn into_streams(self) -> (VecDeque<SendableRecordBatchStream>, Schema) {
        (self.streams, self.schema)
    }
}

/// The columns of a member, in the contract's layout; a column that rows were spread by is left behind.
pub(crate) fn rows(batch: &RecordBatch, schema: &Schema) -> Result<RecordBatch> {
    if batch.num_columns() == schema.len() {
        return normalise(batch, schema);
    }
    normalise(&batch.project(&(0..schema.len()).collect::<Vec<_>>())?, schema)
}

impl Pull {
    /// All rows by the number of their partition, which stands behind their columns.
    pub(crate) fn by_partition(mut self) -> Result<Vec<(usize, Vec<RecordBatch>)>> {
        let mut parts: BTreeMap<u32, Vec<RecordBatch>> = BTreeMap::new();
        while let Some(batch) = self.read() {
            let batch = batch?;
            let numbers = batch.column(self.schema.len()).as_primitive_opt::<UInt32Type>();
            let numbers = numbers.ok_or_else(|| Error::new(ErrorKind::Unexpected, "rows without numbers; please report it"))?;
            let all = rows(&batch, &self.schema)?;
            let mut start = 0;
            for run in numbers.values().chunk_by(|a, b| a == b) {
                parts.entry(run[0]).or_default().push(all.slice(start, run.len()));
                start += run.len();
            }
        }
        Ok(parts.into_iter().map(|(number, part)| (number as usize, part)).collect())
    }

    /// The next batch as it arrives.
    fn read(&mut self) -> Option<Result<RecordBatch>> {
        loop {
            let stream = self.streams.front_mut()?;
            match self.desk.wait(stream.next()) {
                Ok(Some(Ok(batch))) => return Some(Ok(batch)),
                Ok(None) => {
                    self.streams.pop_front();
                }
                Ok(Some(Err(native))) => {
                    self.streams.clear();
                    return Some(Err(from_native(native)));
                }
                Err(abandoned) => {
                    self.streams.clear();
                    return Some(Err(abandoned));
                }
            }
        }
    }
}

impl Iterator for Pull {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Result<RecordBatch>> {
        self.read().map(|batch| rows(&batch?, &self.schema))
    }
}

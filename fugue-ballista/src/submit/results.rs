//! The results of a job as a stream, in order of partitions, some of which are fetched ahead.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use ballista_core::error::BallistaError;
use ballista_core::serde::protobuf::PartitionLocation;
use ballista_core::serde::protobuf::get_job_status_result::FlightProxy;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::error::DataFusionError;
use datafusion::physical_plan::{RecordBatchStream, SendableRecordBatchStream};
use fugue_core::{Error, ErrorKind};
use futures::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::client::Client;
use super::job::{Files, Finished};
use super::local;

/// How many batches of a partition wait for the reader, besides what its connection buffers.
const WAITING: usize = 2;

impl Finished {
    /// Reads the partitions in order, of which up to `ahead` are on their way at a time. The files stay until the stream has
    /// ended or is dropped, however slowly it is read.
    ///
    /// Its errors are [`fugue_core::Error`] of kind `EngineFailed`, inside [`DataFusionError::External`].
    #[must_use]
    pub fn results(self, schema: SchemaRef, ahead: usize) -> SendableRecordBatchStream {
        let rest: VecDeque<_> = (0..self.0.locations.len()).filter(|at| !is_empty(&self.0.locations[*at])).collect();
        Box::pin(Results { schema, files: Some(self.0), rest, open: VecDeque::new(), ahead: ahead.max(1) })
    }
}

/// Whether it is known that there are no rows. Fetching nothing costs as much as fetching little.
fn is_empty(location: &PartitionLocation) -> bool {
    location.partition_stats.as_ref().is_some_and(|stats| stats.num_rows == 0)
}

struct Results {
    schema: SchemaRef,
    /// Gone at the end, and after an error.
    files: Option<Arc<Files>>,
    rest: VecDeque<usize>,
    open: VecDeque<Fetch>,
    ahead: usize,
}

/// A partition on its way.
struct Fetch {
    parts: mpsc::Receiver<Part>,
    task: JoinHandle<()>,
}

impl Drop for Fetch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

enum Part {
    Batch(RecordBatch),
    Failed(Error),
    /// Without it a fetch that broke off would look like one that is complete.
    End,
}

impl Stream for Results {
    type Item = Result<RecordBatch, DataFusionError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            let Some(files) = &this.files else { return Poll::Ready(None) };
            while this.open.len() < this.ahead
                && let Some(at) = this.rest.pop_front()
            {
                this.open.push_back(fetch(files, at));
            }
            let Some(first) = this.open.front_mut() else {
                this.files = None;
                return Poll::Ready(None);
            };
            match ready!(first.parts.poll_recv(cx)) {
                Some(Part::Batch(batch)) => return Poll::Ready(Some(as_planned(&batch, &this.schema))),
                Some(Part::End) => {
                    this.open.pop_front();
                }
                Some(Part::Failed(error)) => return Poll::Ready(Some(Err(this.give_up(error)))),
                None => {
                    let error = Error::new(ErrorKind::EngineFailed, "fetching the results broke off");
                    return Poll::Ready(Some(Err(this.give_up(error))));
                }
            }
        }
    }
}

impl Results {
    fn give_up(&mut self, error: Error) -> DataFusionError {
        self.open.clear();
        self.files = None;
        DataFusionError::External(Box::new(error))
    }
}

impl RecordBatchStream for Results {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

/// With the schema of the plan: files do not say it to the letter.
fn as_planned(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, DataFusionError> {
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), batch.columns().to_vec(), &options)?)
}

fn fetch(files: &Arc<Files>, at: usize) -> Fetch {
    let (sender, parts) = mpsc::channel(WAITING);
    let held = Arc::clone(files);
    let task = files.client.spawn(async move {
        let part = match send(&held, &held.locations[at], &sender).await {
            Ok(way) => {
                let rows = held.locations[at].partition_stats.as_ref().map(|stats| stats.num_rows);
                tracing::debug!(job = held.job, at, rows, way, "partition read");
                Part::End
            }
            Err(e) => Part::Failed(unread(&held, &held.locations[at], e)),
        };
        // Where nobody reads any more there is nobody to tell.
        let _ = sender.send(part).await;
    });
    Fetch { parts, task }
}

/// Sends all batches of a partition to who reads them, and says which way they came.
async fn send(files: &Files, location: &PartitionLocation, to: &mpsc::Sender<Part>) -> Result<&'static str, BallistaError> {
    if let Some(rows) = files.client.watch().and_then(|watch| watch.rows(location)) {
        for batch in rows.iter() {
            if to.send(Part::Batch(batch.clone())).await.is_err() {
                break;
            }
        }
        return Ok("from memory");
    }
    let executor = location.executor_meta.as_ref().map_or("", |e| e.id.as_str());
    let folder = files.client.watch().filter(|_| !files.remote).and_then(|watch| watch.folder(executor));
    if let Some(batches) = folder.and_then(|folder| local::open(&folder, location)) {
        let to = to.clone();
        let read = tokio::task::spawn_blocking(move || -> Result<(), BallistaError> {
            for batch in batches {
                if to.blocking_send(Part::Batch(batch?)).is_err() {
                    break;
                }
            }
            Ok(())
        });
        return read.await.map_err(BallistaError::from)?.map(|()| "from a file of this machine");
    }
    let mut batches = open(files, location).await?;
    while let Some(batch) = batches.next().await {
        if to.send(Part::Batch(batch?)).await.is_err() {
            break;
        }
    }
    Ok("over the network")
}

async fn open(files: &Files, location: &PartitionLocation) -> Result<SendableRecordBatchStream, BallistaError> {
    let missing = |what: &str| BallistaError::Internal(format!("the scheduler does not say the {what} of a partition"));
    let executor = location.executor_meta.as_ref().ok_or_else(|| missing("executor"))?;
    let partition = location.partition_id.clone().ok_or_else(|| missing("id"))?.into();
    let own = u16::try_from(executor.port).map_err(|_| missing("port"))?;
    let (host, port, direct) = address(&files.client, files.proxy.as_ref(), &executor.host, own)?;
    let mut again = true;
    loop {
        let mut client = files.client.executor(&host, port).await?;
        // Blocks of the file as it is keep dictionaries, and cost the executor nothing; a proxy only passes batches on.
        let (id, file) = (&executor.id, location.file_id);
        let fetched = client.fetch_partition_proxied(id, &partition, file, location.layout(), &executor.host, own, !direct).await;
        match fetched {
            Err(_) if again => {
                // A connection that was kept may be of an executor that has gone and come back.
                files.client.disconnect(&host, port);
                again = false;
            }
            fetched => return fetched,
        }
    }
}

/// Whom to ask for the files of an executor, and whether that is the executor itself.
fn address(client: &Client, proxy: Option<&FlightProxy>, host: &str, port: u16) -> Result<(String, u16, bool), BallistaError> {
    let proxy = match proxy {
        Some(FlightProxy::External(address)) => address.as_str(),
        Some(FlightProxy::Local(true)) => client.address(),
        Some(FlightProxy::Local(false)) | None => return Ok((host.to_owned(), port, true)),
    };
    let parts = proxy.rsplit_once(':').and_then(|(host, port)| Some((host.to_owned(), port.parse().ok()?, false)));
    parts.ok_or_else(|| BallistaError::Configuration(format!("the address of the proxy for results is not host:port: {proxy}")))
}

fn unread(files: &Files, location: &PartitionLocation, cause: BallistaError) -> Error {
    let executor = location.executor_meta.as_ref().map_or("unknown", |e| e.id.as_str());
    let message = format!("a result cannot be read from {executor}: {cause}");
    let partition = location.partition_id.as_ref().map(|p| p.partition_id.to_string()).unwrap_or_default();
    Error::new(ErrorKind::EngineFailed, message).with("job", files.job.clone()).with("partition", partition).with_source(cause)
}

//! The async stream of batches that an engine answers with.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use arrow::record_batch::RecordBatch;
use futures::{SinkExt, Stream, StreamExt};

use crate::blocking;
use crate::error::{Error, ErrorKind, Result};
use crate::io::BatchIter;
use crate::run::{Abandon, Cancel};
use crate::schema::Schema;

/// Batches of one schema, in the contract's layout, as they become ready. Dropping it stops the work behind it.
pub struct BatchStream {
    schema: Schema,
    inner: Pin<Box<dyn Stream<Item = Result<RecordBatch>> + Send>>,
}

impl BatchStream {
    /// A stream of batches that have the schema.
    pub fn new(schema: Schema, inner: impl Stream<Item = Result<RecordBatch>> + Send + 'static) -> Self {
        Self { schema, inner: Box::pin(inner) }
    }

    /// A stream fed by blocking work: `start` makes an iterator that is pulled on a thread of its own, a few batches ahead.
    ///
    /// # Errors
    /// `SettingInvalid` where the operating system gives no thread.
    pub fn blocking(schema: Schema, cancel: Cancel, start: impl FnOnce() -> Result<BatchIter> + Send + 'static) -> Result<Self> {
        let (mut send, receive) = futures::channel::mpsc::channel::<Result<RecordBatch>>(2);
        blocking::action(move || {
            // A panic of ours must reach the consumer as an error, or it would take the end of the channel for the end of the data.
            let work = std::panic::AssertUnwindSafe(|| -> Result<()> {
                for batch in start()? {
                    cancel.check()?;
                    if futures::executor::block_on(send.send(Ok(batch?))).is_err() {
                        return Ok(());
                    }
                }
                Ok(())
            });
            let failed = match std::panic::catch_unwind(work) {
                Ok(Ok(())) => return,
                Ok(Err(e)) => e,
                Err(panic) => Error::new(
                    ErrorKind::Unexpected,
                    format!("the engine panicked: {}; please report it", crate::transform::panic_text(&*panic)),
                ),
            };
            let _ = futures::executor::block_on(send.send(Err(failed)));
        })?;
        Ok(Self::new(schema, receive))
    }

    /// The same stream, ended with its error when the action is cancelled or late, even while the work behind it is inside user code.
    pub(crate) fn until(mut self, cancel: &Cancel) -> Self {
        let mut stopped = Box::pin(cancel.stopped());
        // Dropped with the stream: groups that were begun ahead of the consumer then end too.
        let abandon = Abandon::new(cancel);
        let schema = self.schema.clone();
        let mut over = false;
        Self::new(
            schema,
            futures::stream::poll_fn(move |cx| {
                let _ = &abandon;
                if over {
                    return Poll::Ready(None);
                }
                if let Poll::Ready(next) = self.inner.as_mut().poll_next(cx) {
                    over = !matches!(next, Some(Ok(_)));
                    return Poll::Ready(next);
                }
                stopped.as_mut().poll(cx).map(|error| {
                    over = true;
                    Some(Err(error))
                })
            }),
        )
    }

    /// The schema of the batches.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Pulls the stream to its end.
    ///
    /// # Errors
    /// The first error of the stream.
    pub async fn collect(mut self) -> Result<Vec<RecordBatch>> {
        let mut batches = Vec::new();
        while let Some(batch) = self.next().await {
            batches.push(batch?);
        }
        Ok(batches)
    }

    /// The batches as a blocking iterator, for threads that are not async.
    #[must_use]
    pub fn into_blocking(mut self) -> BatchIter {
        Box::new(std::iter::from_fn(move || futures::executor::block_on(self.next())))
    }
}

impl Stream for BatchStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.inner.as_mut().poll_next(cx)
    }
}

impl fmt::Debug for BatchStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchStream").field("schema", &self.schema).finish_non_exhaustive()
    }
}

//! Work of an engine on its own runtime: the rows of an action as a stream, one answer, a plan as text.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use datafusion::error::Result as NativeResult;
use datafusion::execution::session_state::SessionState;
use datafusion::physical_plan::{ExecutionPlan, displayable};
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::frame::BatchStream;
use fugue_core::schema::normalise;
use fugue_core::transform::panic_text;
use fugue_core::{Error, ErrorKind, Result, Schema};
use futures::{FutureExt, SinkExt, Stream, StreamExt};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::error::from_native;
use crate::frame::DataFusionFrame;

/// The rows of an action, which is begun and read on a runtime; dropping the stream ends it. What the native stream holds is dropped
/// before the end is told.
///
/// Batches come in the contract's layout and with rows. A runtime that ends before the rows do is an error and not the end of the rows.
pub fn rows<S>(runtime: &Handle, schema: &Schema, begin: impl Future<Output = Result<S>> + Send + 'static) -> BatchStream
where
    S: Stream<Item = NativeResult<RecordBatch>> + Send + 'static,
{
    // An end that is not said is that of the runtime.
    let (mut send, receive) = futures::channel::mpsc::channel::<Result<Option<RecordBatch>>>(2);
    let (layout, mut last) = (schema.clone(), send.clone());
    let rows = async move {
        let mut batches = Box::pin(begin.await?);
        while let Some(batch) = batches.next().await {
            let batch = normalise(&batch.map_err(from_native)?, &layout)?;
            if batch.num_rows() > 0 && send.send(Ok(Some(batch))).await.is_err() {
                break;
            }
        }
        Ok(())
    };
    let task = Abort(runtime.spawn(async move {
        // A panic must reach the consumer as an error, or it would take the end of the channel for the end of the data.
        let ended = match AssertUnwindSafe(rows).catch_unwind().await {
            Ok(done) => done.map(|()| None),
            Err(panic) => Err(panicked(&*panic)),
        };
        // The consumer may be gone; then nobody wants to know.
        let _ = last.send(ended).await;
    }));
    let batches = futures::stream::unfold(Some((receive, task)), async |open| {
        let (mut receive, task) = open?;
        match receive.next().await {
            Some(Ok(Some(batch))) => Some((Ok(batch), Some((receive, task)))),
            Some(Ok(None)) => None,
            Some(Err(e)) => Some((Err(e), None)),
            None => Some((Err(closed()), None)),
        }
    });
    BatchStream::new(schema.clone(), batches)
}

/// The answer of work on a runtime; the work ends with whoever waits for it.
///
/// # Errors
/// Those of the work, `EngineFailed` where it panics, `Cancelled` where the runtime ends.
pub async fn answer<T: Send + 'static>(runtime: &Handle, work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    let mut task = Abort(runtime.spawn(work));
    match (&mut task.0).await {
        Ok(answer) => answer,
        Err(e) => match e.try_into_panic() {
            Ok(panic) => Err(panicked(&*panic)),
            Err(_) => Err(closed()),
        },
    }
}

/// The plan of a frame as text, with the engine's name and the columns. Blocks until it is planned.
///
/// # Errors
/// What DataFusion does not plan; `EngineFailed` where it panics, `Cancelled` where the runtime ends.
pub fn explain(runtime: &Handle, engine: &str, state: SessionState, frame: &DataFusionFrame) -> Result<String> {
    let (send, receive) = std::sync::mpsc::channel();
    let plan = frame.plan().clone();
    runtime.spawn(async move {
        let planned = AssertUnwindSafe(state.create_physical_plan(&plan)).catch_unwind().await;
        // Whoever asked waits.
        let _ = send.send(match planned {
            Ok(planned) => planned.map_err(from_native),
            Err(panic) => Err(panicked(&*panic)),
        });
    });
    let plan: Arc<dyn ExecutionPlan> = receive.recv().map_err(|_| closed())??;
    let plan = displayable(plan.as_ref()).indent(false).to_string();
    Ok(format!("{engine} frame [{}]\n{}", frame.schema(), plan.trim_end()))
}

/// A task that ends when nobody waits for it.
struct Abort<T>(JoinHandle<T>);

impl<T> Drop for Abort<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Error {
    Error::new(ErrorKind::EngineFailed, format!("DataFusion panicked: {}", panic_text(panic)))
}

/// What an action says whose engine was closed.
#[must_use]
pub fn closed() -> Error {
    Error::new(ErrorKind::Cancelled, "the engine was closed; open another session")
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use fugue_core::arrow::array::{ArrayRef, Int64Array};
    use tokio::runtime::{Builder, Runtime};

    use super::*;

    type Outcome = std::result::Result<(), Box<dyn std::error::Error>>;
    type Rows = Pin<Box<dyn Stream<Item = NativeResult<RecordBatch>> + Send>>;

    fn runtime() -> std::io::Result<Runtime> {
        Builder::new_multi_thread().worker_threads(1).build()
    }

    /// A batch, and then what is told.
    fn batch_and(then: Rows) -> Result<Rows> {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let batch = RecordBatch::try_from_iter([("n", numbers)])?;
        Ok(Box::pin(futures::stream::iter([Ok(batch)]).chain(then)))
    }

    /// How many rows came, and how it ended.
    fn read(runtime: &Runtime, then: Rows) -> Result<(usize, Option<ErrorKind>)> {
        let schema = Schema::parse("n:long")?;
        let mut stream = rows(runtime.handle(), &schema, async move { batch_and(then) });
        let mut seen = 0;
        futures::executor::block_on(async {
            while let Some(batch) = stream.next().await {
                match batch {
                    Ok(batch) => seen += batch.num_rows(),
                    Err(e) => return Ok((seen, Some(e.kind()))),
                }
            }
            Ok((seen, None))
        })
    }

    #[test]
    fn rows_end_with_their_end_or_with_an_error() -> Outcome {
        let runtime = runtime()?;
        assert_eq!(read(&runtime, Box::pin(futures::stream::empty()))?, (2, None));
        let panics = futures::stream::once(async { std::panic::resume_unwind(Box::new("oh".to_owned())) });
        assert_eq!(read(&runtime, Box::pin(panics))?, (2, Some(ErrorKind::EngineFailed)));
        Ok(())
    }

    #[test]
    fn a_runtime_that_ends_is_no_end_of_rows() -> Outcome {
        let runtime = runtime()?;
        let schema = Schema::parse("n:long")?;
        let mut stream =
            rows(runtime.handle(), &schema, async { batch_and(Box::pin(futures::stream::once(futures::future::pending()))) });
        assert!(futures::executor::block_on(stream.next()).is_some_and(|batch| batch.is_ok()));
        runtime.shutdown_background();
        let ended = futures::executor::block_on(stream.next()).and_then(std::result::Result::err);
        assert_eq!(ended.map(|e| e.kind()), Some(ErrorKind::Cancelled));
        Ok(())
    }
}

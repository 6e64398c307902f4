//! Runtimes of our own, apart from the user's: closing one ends all that was started on it.

use std::time::Duration;

use fugue_core::{Error, ErrorKind, Result};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

/// Plans are nested as deep as programs are long, and are encoded, decoded and run by recursion. Address space, not memory.
pub(crate) const DEEP_STACK: usize = 64 << 20;

/// A tokio runtime that may be dropped anywhere, inside of another one too.
#[derive(Debug)]
pub(crate) struct Threads {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl Threads {
    /// Starts `workers` threads with stacks for deep plans.
    ///
    /// # Errors
    /// `EngineFailed` where the operating system gives no threads.
    pub(crate) fn start(name: impl Into<String>, workers: usize) -> Result<Self> {
        let built = Builder::new_multi_thread()
            .worker_threads(workers.max(1))
            .thread_name(name)
            .thread_stack_size(DEEP_STACK)
            .enable_all()
            .build();
        let runtime = built.map_err(|e| failed("the operating system gives no threads", e))?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// Where to start work.
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Starts work.
    pub(crate) fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.handle.spawn(work)
    }

    /// Ends all work and waits for its threads, which blocking work may delay, for so long at most. Not on a runtime.
    pub(crate) fn stop(mut self, patience: Duration) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(patience);
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// `EngineFailed`, with what the layer below says.
pub(crate) fn failed(what: impl std::fmt::Display, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::EngineFailed, format!("{what}: {cause}")).with_source(cause)
}

/// Runs work on a thread of its own, which has a stack for deep plans, and awaits it on any executor.
///
/// # Errors
/// `EngineFailed` where the operating system gives no thread, `Unexpected` where the work panics.
pub(crate) async fn apart<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let (done, answer) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name(name.to_owned()).stack_size(DEEP_STACK);
    let run = move || {
        // Nobody waits any more: what was made is dropped, and ends itself.
        let _ = done.send(work());
    };
    thread.spawn(run).map_err(|e| failed("the operating system gives no thread", e))?;
    answer.await.map_err(|e| Error::new(ErrorKind::Unexpected, format!("the thread {name} panicked")).with_source(e))
}

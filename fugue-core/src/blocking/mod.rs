//! Waiting for async code from plain threads, and the runtime that stands in where the program has none.

mod mirror;

use std::future::Future;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle, Runtime, RuntimeFlavor};

pub use mirror::{DataFrame, Grouped, Session};

use crate::error::{Error, ErrorKind, Result};
use crate::run::Cancel;

/// The runtime that drives futures where the program runs none of its own.
fn shared() -> Result<&'static Runtime> {
    static SHARED: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = SHARED.get() {
        return Ok(runtime);
    }
    let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("fugue-async").enable_all().build().map_err(|e| {
        Error::new(ErrorKind::SettingInvalid, "the operating system gives no thread for an async runtime").with_source(e)
    })?;
    Ok(SHARED.get_or_init(|| runtime))
}

/// The multi-threaded runtime that the calling thread is in, for futures of user code: clients and timers of the program then work.
///
/// A single-threaded runtime may be blocked by its own caller, so it is never relied on.
pub(crate) fn current_runtime() -> Option<Handle> {
    Handle::try_current().ok().filter(|h| h.runtime_flavor() == RuntimeFlavor::MultiThread)
}

/// Drives a future that user code made, from a thread of the pool, until it ends or the action is stopped.
///
/// # Errors
/// What the future returns, `Cancelled`, `DeadlineExceeded`, and `SettingInvalid` where no runtime can be started.
pub(crate) fn drive<T>(runtime: Option<&Handle>, cancel: &Cancel, future: impl Future<Output = Result<T>>) -> Result<T> {
    let both = async {
        let (future, stopped) = (std::pin::pin!(future), std::pin::pin!(cancel.stopped()));
        match futures::future::select(future, stopped).await {
            futures::future::Either::Left((result, _)) => result,
            futures::future::Either::Right((error, _)) => Err(error),
        }
    };
    match runtime {
        Some(handle) => handle.block_on(both),
        None => shared()?.block_on(both),
    }
}

/// Runs a future to its end from a thread that is not async: the sync mirror of every action.
///
/// ```
/// let answer = fugue_core::blocking::wait(async { Ok(42) })?;
/// assert_eq!(answer, 42);
/// # Ok::<(), fugue_core::Error>(())
/// ```
///
/// # Errors
/// What the future returns; `Unsupported` when it is called on a thread of an async runtime, which it would block: `await` there.
pub fn wait<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    match Handle::try_current() {
        Err(_) => shared()?.block_on(future),
        Ok(handle) if handle.runtime_flavor() == RuntimeFlavor::MultiThread => {
            tokio::task::block_in_place(|| handle.block_on(future))
        }
        Ok(_) => Err(Error::new(
            ErrorKind::Unsupported,
            "a blocking call inside a single-threaded async runtime would wait for itself; use the async form and .await",
        )
        .with_operation("blocking")),
    }
}

/// The same for a future that needs nothing of the caller's runtime, as those of this library that no user's code drives: it may be called
/// on the thread of a single-threaded runtime too, which it blocks.
///
/// # Errors
/// What the future returns; `SettingInvalid` where the operating system gives no thread.
pub fn wait_apart<T: Send>(future: impl Future<Output = Result<T>> + Send) -> Result<T> {
    if Handle::try_current().is_err() || current_runtime().is_some() {
        return wait(future);
    }
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("fugue-wait".to_owned());
        let waiting = builder.spawn_scoped(scope, || wait(future)).map_err(no_thread)?;
        waiting
            .join()
            .unwrap_or_else(|_| Err(Error::new(ErrorKind::Unexpected, "a thread that waited panicked; please report it")))
    })
}

fn no_thread(cause: std::io::Error) -> Error {
    Error::new(ErrorKind::SettingInvalid, "the operating system gives no more threads").with_source(cause)
}

/// Starts a thread for blocking work of an action. Async code that is waited for there (a stream that a program gives, a client) finds
/// the runtime of the caller, or the library's own: its timers and sockets need one.
///
/// # Errors
/// `SettingInvalid` where the operating system gives no thread.
pub(crate) fn action(work: impl FnOnce() + Send + 'static) -> Result<()> {
    let runtime = match current_runtime() {
        Some(handle) => handle,
        None => shared()?.handle().clone(),
    };
    thread("fugue-action", move || {
        let _runtime = runtime.enter();
        work();
    })
}

/// Runs blocking work of an engine on a thread of its own, away from an async runtime's threads.
///
/// # Errors
/// What the work returns; `SettingInvalid` where the operating system gives no thread.
pub async fn offload<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let (send, receive) = futures::channel::oneshot::channel();
    action(move || {
        // The waiter may be gone; then nobody wants the result.
        let _ = send.send(work());
    })?;
    receive.await.unwrap_or_else(|_| Err(Error::new(ErrorKind::Unexpected, "the thread of an action ended without a result")))
}

/// Starts a named thread.
///
/// # Errors
/// `SettingInvalid` where the operating system gives none.
pub(crate) fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop).map_err(no_thread)
}

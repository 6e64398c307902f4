//! How a program starts, and what the macros of fugue-macros call.

use std::future::Future;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[doc(hidden)]
pub use inventory;

use crate::transform::{IntoCoTask, IntoTask, TaskFn};

static INITIALISED: AtomicBool = AtomicBool::new(false);

/// Says that this program may serve: call it first thing in `main`, or put `#[fugue::main]` on it.
///
/// A cluster runs the same executable for its workers. One that starts there must be turned into a worker before it does anything
/// else, and only a program that calls this can be; engines of this process need nothing of the kind.
pub fn init() {
    INITIALISED.store(true, Ordering::Release);
}

/// Whether the program has called [`init`].
#[must_use]
pub fn is_initialised() -> bool {
    INITIALISED.load(Ordering::Acquire)
}

/// Calls [`init`] and runs a future to its end on a runtime of several threads: what `#[fugue::main]` makes of an `async fn main`.
///
/// Where the operating system gives no threads the process ends with code 1, for there is nothing to return.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    init();
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(future),
        Err(error) => {
            // Nobody is left to be told if even this fails.
            let _ = writeln!(std::io::stderr(), "no async runtime can be started: {error}");
            std::process::exit(1)
        }
    }
}

/// A closure registered by `portable!`.
#[derive(Clone, Copy, Debug)]
pub struct Portable {
    make: fn() -> Arc<dyn TaskFn>,
}

impl Portable {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(make: fn() -> Arc<dyn TaskFn>) -> Self {
        Self { make }
    }
}

/// Marker: a registered closure.
#[derive(Debug)]
pub struct ViaPortable;

#[diagnostic::do_not_recommend]
impl IntoTask<ViaPortable> for Portable {
    fn into_task(self) -> Arc<dyn TaskFn> {
        (self.make)()
    }
}

#[diagnostic::do_not_recommend]
impl IntoCoTask<ViaPortable> for Portable {
    fn into_co_task(self) -> Arc<dyn TaskFn> {
        (self.make)()
    }
}

#[cfg(test)]
mod tests;

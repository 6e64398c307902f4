//! The threads that user code runs on: never the threads of an async runtime.

use std::cell::Cell;
use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::error::{Error, ErrorKind, Result};

thread_local! {
    /// Whether the thread is one of a pool of ours, whichever.
    static OURS: Cell<bool> = const { Cell::new(false) };
}

/// A pool of threads; cheap to clone. Sessions share one with a thread per core unless they are given a size.
#[derive(Clone)]
pub struct Pool {
    inner: Arc<rayon::ThreadPool>,
}

impl Pool {
    /// A pool of its own with a number of threads (at least one).
    ///
    /// # Errors
    /// [`ErrorKind::SettingInvalid`] for zero threads, and where the operating system gives no thread.
    pub fn new(threads: usize) -> Result<Self> {
        if threads == 0 {
            return Err(Error::new(ErrorKind::SettingInvalid, "a pool needs at least one thread"));
        }
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|i| format!("fugue-{i}"))
            .start_handler(|_| OURS.set(true))
            .build()
            .map(|p| Self { inner: Arc::new(p) })
            .map_err(|e| Error::new(ErrorKind::SettingInvalid, format!("no pool of {threads} threads")).with_source(e))
    }

    /// The pool that all sessions share that did not ask for one of their own.
    ///
    /// # Errors
    /// [`ErrorKind::SettingInvalid`] where the operating system gives no thread.
    pub fn shared() -> Result<Self> {
        static SHARED: OnceLock<Pool> = OnceLock::new();
        if let Some(pool) = SHARED.get() {
            return Ok(pool.clone());
        }
        let pool = Self::new(std::thread::available_parallelism().map_or(1, usize::from))?;
        Ok(SHARED.get_or_init(|| pool).clone())
    }

    /// Number of threads.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.inner.current_num_threads()
    }

    /// Whether the calling thread is one of the pool's.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.inner.current_thread_index().is_some()
    }

    /// Whether the calling thread is one of any pool of this library: user code is running, and may be what others wait for.
    #[must_use]
    pub fn runs_here() -> bool {
        OURS.get()
    }

    /// Runs a closure inside the pool and waits for it, so that rayon's parallel iterators use these threads.
    pub fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.inner.install(work)
    }

    /// Starts a closure on the pool without waiting. The closure must not wait for other work of the pool.
    pub fn spawn(&self, work: impl FnOnce() + Send + 'static) {
        self.inner.spawn(work);
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("threads", &self.threads()).finish()
    }
}

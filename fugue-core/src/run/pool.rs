//! The threads of a session: those that call user code, and those that the library reads and sorts with. None is of an async runtime.

use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::error::{Error, ErrorKind, Result};

use super::workers::{Here, Work, Workers, here, settle};

/// A pool of threads; cheap to clone. Sessions share one with a thread per core unless they are given a size.
///
/// It has two kinds of threads, as many of each as its size says. Jobs of [`ordered`](fn@super::ordered) call user code on plain threads,
/// where it may wait for whatever it likes: for another pool, for Polars, for actions of its own. [`install`](Self::install) and
/// [`spawn`](Self::spawn) compute on threads of rayon, which must never wait and so never see user code.
#[derive(Clone)]
pub struct Pool {
    inner: Arc<Inner>,
    /// Whether a job of a pool may be waiting for what runs on this handle.
    nested: bool,
}

struct Inner {
    compute: rayon::ThreadPool,
    workers: Arc<Workers>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.workers.close();
    }
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
        let workers = Arc::new(Workers::new(threads));
        let id = workers.id;
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|i| format!("fugue-compute-{i}"))
            .start_handler(move |_| settle(id))
            .build()
            .map(|compute| Self { inner: Arc::new(Inner { compute, workers }), nested: false })
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

    /// The same threads, for work that a call of user code may be waiting for: whoever wants a result of it then does himself what none
    /// of the threads has begun.
    #[must_use]
    pub fn nested(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), nested: true }
    }

    /// Number of threads.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.inner.compute.current_num_threads()
    }

    /// Whether the calling thread works for this pool.
    #[must_use]
    pub fn is_current(&self) -> bool {
        here() == self.inner.workers.id
    }

    /// Whether the calling thread works for any pool of this library: user code is running, and may be what others wait for.
    #[must_use]
    pub fn runs_here() -> bool {
        here() != 0
    }

    /// Computes inside the pool and waits for it, so that rayon's parallel iterators use these threads. Not for user code, nor for
    /// anything else that waits: that is what [`ordered`](fn@super::ordered) is for.
    pub fn install<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.inner.compute.install(work)
    }

    /// Starts a computation without waiting. As for [`install`](Self::install), it must not wait for anything.
    pub fn spawn(&self, work: impl FnOnce() + Send + 'static) {
        self.inner.compute.spawn(work);
    }

    /// Whether a call of user code may be waiting for what runs on this handle: jobs on it are done by who waits for them, if nobody
    /// else does.
    #[must_use]
    pub fn is_nested(&self) -> bool {
        self.nested
    }

    pub(super) fn submit(&self, work: Work) {
        self.inner.workers.submit(work);
    }

    pub(super) fn begun(&self) -> u64 {
        self.inner.workers.begun()
    }

    /// Marks the calling thread as one that works for the pool.
    pub(super) fn enter(&self) -> Here {
        Here::enter(self.inner.workers.id)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("threads", &self.threads()).finish()
    }
}

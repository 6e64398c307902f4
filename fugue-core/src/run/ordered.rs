//! Jobs run on the pool a few ahead, their results handed out in the order of the jobs.
//!
//! Nobody waits for ever for a job that nobody has begun. A job is user code, and may wait for an action of its own whose jobs stand in
//! the queue behind it: then the thread that wants their results, which is not in the pool, does them itself.

use std::collections::VecDeque;
use std::mem::replace;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};

use super::{Cancel, Pool};

/// A job: runs on the pool, or where the caller is.
pub type Job<T> = Box<dyn FnOnce() -> Result<T> + Send>;

/// When no thread of a pool has begun a job for so long, they may all be waiting for the one who waits for them. It can be seen where an
/// action is started inside user code, but not where user code waits for somebody else who starts one (a task it spawned, a thread).
const STALLED: Duration = Duration::from_secs(1);

/// Runs the jobs of an iterator on the pool, a window of them ahead of the consumer, and gives their results in order.
///
/// The iterator itself is pulled by the consumer, on its own thread. On a pool that is [nested](Pool::nested), and on a thread that works
/// for a pool, the consumer does those jobs that it wants next and that no thread has begun.
pub fn ordered<T: Send + 'static>(
    pool: &Pool,
    cancel: &Cancel,
    jobs: impl Iterator<Item = Result<Job<T>>> + Send + 'static,
) -> Ordered<T> {
    Ordered {
        window: pool.threads() * 2,
        helps: pool.is_nested(),
        pool: pool.clone(),
        cancel: cancel.clone(),
        jobs: Box::new(jobs),
        running: VecDeque::new(),
        queued: Arc::default(),
        over: false,
    }
}

impl<T> Ordered<T> {
    /// The same with no more than so many jobs ahead of the consumer, where each holds much memory.
    #[must_use]
    pub fn ahead(mut self, jobs: usize) -> Self {
        self.window = jobs.max(1);
        self
    }
}

type JobIter<T> = Box<dyn Iterator<Item = Result<Job<T>>> + Send>;

/// The results of jobs, in order. See [`ordered`].
pub struct Ordered<T> {
    pool: Pool,
    cancel: Cancel,
    jobs: JobIter<T>,
    running: VecDeque<Arc<Slot<T>>>,
    /// How many jobs of this consumer stand in the queue of the pool.
    queued: Arc<AtomicUsize>,
    window: usize,
    /// Whether the consumer does what nobody has begun.
    helps: bool,
    over: bool,
}

impl<T> std::fmt::Debug for Ordered<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ordered").field("running", &self.running.len()).finish_non_exhaustive()
    }
}

enum Phase<T> {
    Waiting(Job<T>),
    Running,
    Done(Result<T>),
    /// Taken, or nobody wants it any more.
    Gone,
}

/// A job on its way to a result.
struct Slot<T> {
    phase: Mutex<Phase<T>>,
    done: Condvar,
}

impl<T> Slot<T> {
    fn new(phase: Phase<T>) -> Arc<Self> {
        Arc::new(Self { phase: Mutex::new(phase), done: Condvar::new() })
    }

    fn lock(&self) -> MutexGuard<'_, Phase<T>> {
        // No foreign code runs under the lock.
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The job, for the one who asks first.
    fn begin(&self) -> Option<Job<T>> {
        let mut phase = self.lock();
        match replace(&mut *phase, Phase::Running) {
            Phase::Waiting(job) => Some(job),
            other => {
                *phase = other;
                None
            }
        }
    }

    fn finish(&self, result: Result<T>) {
        let mut phase = self.lock();
        if matches!(*phase, Phase::Running) {
            *phase = Phase::Done(result);
        }
        drop(phase);
        self.done.notify_all();
    }

    /// A job that has not begun then does not begin.
    fn abandon(&self) {
        let left = replace(&mut *self.lock(), Phase::Gone);
        drop(left);
    }
}

fn run<T>(job: Job<T>, cancel: &Cancel) -> Result<T> {
    cancel.check()?;
    // User panics are caught before; this is for our own, which must not end a thread of the pool.
    catch_unwind(AssertUnwindSafe(job))
        .unwrap_or_else(|_| Err(Error::new(ErrorKind::Unexpected, "a job of the library panicked; please report it")))
}

impl<T: Send + 'static> Ordered<T> {
    fn start(&mut self, job: Job<T>) {
        let slot = Slot::new(Phase::Waiting(job));
        self.running.push_back(Arc::clone(&slot));
        // Where the threads take nothing and all is done here, the queue must not grow with every job.
        if self.helps && self.queued.load(Ordering::Relaxed) >= self.window {
            return;
        }
        self.queued.fetch_add(1, Ordering::Relaxed);
        let (cancel, queued) = (self.cancel.clone(), Arc::clone(&self.queued));
        self.pool.submit(Box::new(move || {
            queued.fetch_sub(1, Ordering::Relaxed);
            if let Some(job) = slot.begin() {
                slot.finish(run(job, &cancel));
            }
        }));
    }

    fn next_result(&mut self) -> Option<Result<T>> {
        self.helps |= Pool::runs_here();
        while self.running.len() < self.window {
            match self.jobs.next() {
                Some(Ok(job)) => self.start(job),
                Some(Err(e)) => {
                    // Jobs before the broken one still count, so the error takes its place in the line.
                    self.running.push_back(Slot::new(Phase::Done(Err(e))));
                    self.jobs = Box::new(std::iter::empty());
                }
                None => break,
            }
        }
        let slot = self.running.pop_front()?;
        let result = self.result(&slot);
        slot.abandon();
        Some(result)
    }

    /// Waits for a job, or does it.
    fn result(&mut self, slot: &Slot<T>) -> Result<T> {
        let mut begun = self.pool.begun();
        let mut phase = slot.lock();
        loop {
            match replace(&mut *phase, Phase::Gone) {
                Phase::Done(result) => return result,
                Phase::Running => {
                    *phase = Phase::Running;
                    phase = slot.done.wait(phase).unwrap_or_else(PoisonError::into_inner);
                }
                Phase::Waiting(job) if self.helps => {
                    drop(phase);
                    let _here = self.pool.enter();
                    return run(job, &self.cancel);
                }
                Phase::Waiting(job) => {
                    *phase = Phase::Waiting(job);
                    let (again, waited) = slot.done.wait_timeout(phase, STALLED).unwrap_or_else(PoisonError::into_inner);
                    phase = again;
                    if waited.timed_out() {
                        self.cancel.check()?;
                        let now = self.pool.begun();
                        self.helps = now == begun;
                        begun = now;
                    }
                }
                Phase::Gone => return Err(Error::new(ErrorKind::Unexpected, "a job ended without a result")),
            }
        }
    }
}

impl<T: Send + 'static> Iterator for Ordered<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        if self.over {
            return None;
        }
        let next = self.next_result();
        self.over = !matches!(next, Some(Ok(_)));
        next
    }
}

impl<T> Drop for Ordered<T> {
    fn drop(&mut self) {
        self.running.iter().for_each(|slot| slot.abandon());
    }
}

//! Jobs run on the pool a few ahead, their results handed out in the order of the jobs.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};

use crate::error::{Error, ErrorKind, Result};

use super::{Cancel, Pool};

/// A job: runs on the pool, or where the caller is.
pub type Job<T> = Box<dyn FnOnce() -> Result<T> + Send>;

/// Runs the jobs of an iterator on the pool, a window of them ahead of the consumer, and gives their results in order.
///
/// The iterator itself is pulled by the consumer, which must not be a thread of the pool; if it is one (a transformer that runs a
/// frame of its own), the jobs run on it one after the other instead of waiting for threads that wait for it.
pub fn ordered<T: Send + 'static>(
    pool: &Pool,
    cancel: &Cancel,
    jobs: impl Iterator<Item = Result<Job<T>>> + Send + 'static,
) -> Ordered<T> {
    Ordered {
        window: pool.threads() * 2,
        pool: pool.clone(),
        cancel: cancel.clone(),
        jobs: Box::new(jobs),
        running: VecDeque::new(),
        abandoned: Arc::new(AtomicBool::new(false)),
        over: false,
    }
}

type JobIter<T> = Box<dyn Iterator<Item = Result<Job<T>>> + Send>;

/// The results of jobs, in order. See [`ordered`].
pub struct Ordered<T> {
    pool: Pool,
    cancel: Cancel,
    jobs: JobIter<T>,
    running: VecDeque<Receiver<Result<T>>>,
    /// Set when the consumer goes away: jobs that have not started then do not start.
    abandoned: Arc<AtomicBool>,
    window: usize,
    over: bool,
}

impl<T> std::fmt::Debug for Ordered<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ordered").field("running", &self.running.len()).finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Ordered<T> {
    fn start(&mut self, job: Job<T>) {
        let (send, receive) = channel();
        let (cancel, abandoned) = (self.cancel.clone(), Arc::clone(&self.abandoned));
        self.running.push_back(receive);
        self.pool.spawn(move || {
            if abandoned.load(Ordering::Acquire) {
                return;
            }
            let result = cancel.check().and_then(|()| {
                // Rayon ends the process when a spawned job panics; user panics are caught before, this is for our own.
                catch_unwind(AssertUnwindSafe(job))
                    .unwrap_or_else(|_| Err(Error::new(ErrorKind::Unexpected, "a job of the library panicked; please report it")))
            });
            // The consumer may be gone; then nobody wants the result.
            let _ = send.send(result);
        });
    }

    fn next_result(&mut self) -> Option<Result<T>> {
        if self.pool.is_current() {
            return self.jobs.next().map(|job| self.cancel.check().and(job).and_then(|job| job()));
        }
        while self.running.len() < self.window {
            match self.jobs.next() {
                Some(Ok(job)) => self.start(job),
                Some(Err(e)) => {
                    // Jobs before the broken one still count, so the error takes its place in the line.
                    let (send, receive) = channel();
                    let _ = send.send(Err(e));
                    self.running.push_back(receive);
                    self.jobs = Box::new(std::iter::empty());
                }
                None => break,
            }
        }
        let receive = self.running.pop_front()?;
        Some(receive.recv().unwrap_or_else(|_| Err(Error::new(ErrorKind::Unexpected, "a job ended without a result"))))
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
        self.abandoned.store(true, Ordering::Release);
    }
}

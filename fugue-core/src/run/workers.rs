//! The threads that call user code: a queue of jobs, and plain threads that take one after the other.
//!
//! They are no threads of rayon on purpose. A thread of rayon that waits (for another pool, or for the half of a parallel loop that was
//! stolen) takes up other work on the same stack: the next call of user code would begin inside one that holds a lock, or that is about
//! to build the state which the next one waits for.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::blocking;

/// Work that catches its own panics.
pub(super) type Work = Box<dyn FnOnce() + Send>;

thread_local! {
    /// The number of the pool that this thread works for at the moment, 0 for none.
    static HERE: Cell<u64> = const { Cell::new(0) };
}

/// Marks the thread as one that works for a pool, until it is dropped.
pub(super) struct Here(u64);

impl Here {
    pub(super) fn enter(pool: u64) -> Self {
        Self(HERE.replace(pool))
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        HERE.set(self.0);
    }
}

/// The number of the pool that the calling thread works for, 0 for none.
pub(super) fn here() -> u64 {
    HERE.get()
}

/// Marks a thread that works for a pool for as long as it lives.
pub(super) fn settle(pool: u64) {
    HERE.set(pool);
}

#[derive(Default)]
struct State {
    queue: VecDeque<Work>,
    threads: usize,
    idle: usize,
    closed: bool,
}

/// A queue and its threads, which start when there is something to do.
pub(super) struct Workers {
    pub(super) id: u64,
    size: usize,
    state: Mutex<State>,
    ready: Condvar,
    begun: AtomicU64,
}

impl Workers {
    pub(super) fn new(size: usize) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { id, size, state: Mutex::default(), ready: Condvar::new(), begun: AtomicU64::new(0) }
    }

    /// How many jobs the threads have begun so far: a number that stands still tells that all of them are inside one, or have none.
    pub(super) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Puts work at the end of the queue.
    pub(super) fn submit(self: &Arc<Self>, work: Work) {
        let mut state = self.lock();
        state.queue.push_back(work);
        let number = (state.queue.len() > state.idle && state.threads < self.size).then_some(state.threads);
        state.threads += usize::from(number.is_some());
        drop(state);
        self.ready.notify_one();
        let Some(number) = number else { return };
        let workers = Arc::clone(self);
        if blocking::thread(&format!("fugue-{number}"), move || workers.run()).is_err() {
            // The system has no more threads: those that there are do it, or whoever waits for the result.
            self.lock().threads -= 1;
        }
    }

    /// Ends the threads once the queue is empty.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.ready.notify_all();
    }

    fn run(&self) {
        settle(self.id);
        let mut state = self.lock();
        loop {
            if let Some(work) = state.queue.pop_front() {
                drop(state);
                self.begun.fetch_add(1, Ordering::Relaxed);
                work();
                state = self.lock();
            } else if state.closed {
                return;
            } else {
                state.idle += 1;
                state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No foreign code runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! Stopping an action: a token that work looks at between groups and batches, with an optional deadline.

use std::future::Future;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};

const RUNNING: u8 = 0;
const CANCELLED: u8 = 1;
const LATE: u8 = 2;

#[derive(Debug, Default)]
struct State {
    value: AtomicU8,
    /// Those who wait for the end of an action that may be inside user code.
    waiting: Mutex<Vec<Waker>>,
}

/// Looked at by work between groups and batches; cheap to clone and to ask.
///
/// A call that is already inside user code cannot be interrupted; no further call starts.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    /// Of this run alone: a consumer that goes away ends it.
    state: Arc<State>,
    /// Of the handle, which may be shared by several actions.
    shared: Option<Arc<State>>,
    deadline: Option<Instant>,
}

/// Cancels the action that it was given to, from any thread.
#[derive(Clone, Debug, Default)]
pub struct CancelHandle {
    state: Arc<State>,
}

impl CancelHandle {
    /// A handle for an action to come.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the action to end. It ends with [`ErrorKind::Cancelled`] before the next group or batch.
    pub fn cancel(&self) {
        // A deadline that has passed stays the reason.
        let _ = self.state.value.compare_exchange(RUNNING, CANCELLED, Ordering::AcqRel, Ordering::Acquire);
        let waiting = std::mem::take(&mut *self.state.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Whether [`cancel`](Self::cancel) was called, or the deadline of its action has passed.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.state.value.load(Ordering::Acquire) != RUNNING
    }
}

impl Cancel {
    /// A token that a handle and a deadline, counted from now, can stop.
    #[must_use]
    pub fn new(handle: &CancelHandle, deadline: Option<Duration>) -> Self {
        Self {
            state: Arc::default(),
            shared: Some(Arc::clone(&handle.state)),
            deadline: deadline.and_then(|d| Instant::now().checked_add(d)),
        }
    }

    /// A token that nothing stops.
    #[must_use]
    pub fn never() -> Self {
        Self::default()
    }

    /// The moment at which the action is late.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// A handle that stops what looks at this token, and nothing else.
    #[must_use]
    pub fn handle(&self) -> CancelHandle {
        CancelHandle { state: Arc::clone(&self.state) }
    }

    /// Returns at once while the action may go on.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] or [`ErrorKind::DeadlineExceeded`].
    #[inline]
    pub fn check(&self) -> Result<()> {
        let running = |state: &Arc<State>| state.value.load(Ordering::Relaxed) == RUNNING;
        if running(&self.state) && self.shared.as_ref().is_none_or(running) && self.deadline.is_none() {
            return Ok(());
        }
        self.check_slowly()
    }

    /// Ends when the action is to end, with the error that says why; never before. Works under any async runtime.
    pub fn stopped(&self) -> impl Future<Output = Error> + Send + 'static + use<> {
        let cancel = self.clone();
        let mut timed = false;
        std::future::poll_fn(move |cx| {
            // Registered before the look, so that a cancel in between is not missed.
            for state in std::iter::once(&cancel.state).chain(&cancel.shared) {
                let mut waiting = state.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                if !waiting.iter().any(|w| w.will_wake(cx.waker())) {
                    waiting.push(cx.waker().clone());
                }
            }
            if let Err(e) = cancel.check() {
                return Poll::Ready(e);
            }
            if let (Some(deadline), false) = (cancel.deadline, timed) {
                timed = true;
                if let Err(e) = super::timer::wake_at(deadline, cx.waker().clone()) {
                    return Poll::Ready(e);
                }
            }
            Poll::Pending
        })
    }

    #[cold]
    fn check_slowly(&self) -> Result<()> {
        let shared = self.shared.as_ref().map_or(RUNNING, |s| s.value.load(Ordering::Acquire));
        match self.state.value.load(Ordering::Acquire).max(shared) {
            CANCELLED => Err(Error::new(ErrorKind::Cancelled, "the action was cancelled")),
            LATE => Err(late()),
            _ if self.deadline.is_some_and(|d| Instant::now() >= d) => {
                self.state.value.store(LATE, Ordering::Release);
                Err(late())
            }
            _ => Ok(()),
        }
    }
}

fn late() -> Error {
    Error::new(ErrorKind::DeadlineExceeded, "the action did not end before its deadline")
}

//! Stopping an action: a token that work looks at between groups and batches, with an optional deadline.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use futures::future::{Either, select};

use super::timer::{Alarm, wake_at};
use crate::error::{Error, ErrorKind, Result};

const RUNNING: u8 = 0;
const CANCELLED: u8 = 1;
const LATE: u8 = 2;

#[derive(Debug, Default)]
struct State {
    value: AtomicU8,
    /// Those who wait for the end of an action that may be inside user code, by their numbers.
    waiting: Mutex<Vec<(u64, Waker)>>,
}

impl State {
    fn wake_all(&self) {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        waiting.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// Puts a waker in the place of that which the same one left before, or forgets it.
    fn expect(&self, number: u64, waker: Option<&Waker>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|(n, _)| *n != number);
        waiting.extend(waker.map(|w| (number, w.clone())));
    }
}

/// Looked at by work between groups and batches; cheap to clone and to ask.
///
/// A call that is already inside user code cannot be interrupted; no further call starts.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    /// Of this run alone: a consumer that goes away ends it.
    state: Arc<State>,
    /// Of handles, which may be shared by several actions.
    shared: Vec<Arc<State>>,
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
        self.state.wake_all();
    }

    /// Whether [`cancel`](Self::cancel) was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.state.value.load(Ordering::Acquire) == CANCELLED
    }
}

impl Cancel {
    /// A token that a handle and a deadline, counted from now, can stop.
    #[must_use]
    pub fn new(handle: &CancelHandle, deadline: Option<Duration>) -> Self {
        Self::all(std::slice::from_ref(handle), deadline)
    }

    /// The same with several handles, each of which can stop it.
    #[must_use]
    pub fn all(handles: &[CancelHandle], deadline: Option<Duration>) -> Self {
        Self {
            state: Arc::default(),
            shared: handles.iter().map(|h| Arc::clone(&h.state)).collect(),
            deadline: deadline.and_then(|d| Instant::now().checked_add(d)),
        }
    }

    /// A token that nothing stops.
    #[must_use]
    pub fn never() -> Self {
        Self::default()
    }

    /// A token for a part of the run: it stops with the run, and its own handle stops the part alone.
    #[must_use]
    pub fn child(&self) -> Self {
        let shared = self.shared.iter().chain([&self.state]).map(Arc::clone).collect();
        Self { state: Arc::default(), shared, deadline: self.deadline }
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
        if self.runs() && self.deadline.is_none() {
            return Ok(());
        }
        self.check_slowly()
    }

    /// The same for the step of a number in a row of short ones: the clock, which is dear, is looked at only now and then. An action
    /// that somebody waits for is told by its timer anyway.
    #[inline]
    pub(crate) fn check_step(&self, step: usize) -> Result<()> {
        if self.runs() && (self.deadline.is_none() || !step.is_multiple_of(64)) {
            return Ok(());
        }
        self.check_slowly()
    }

    #[inline]
    fn runs(&self) -> bool {
        let running = |state: &Arc<State>| state.value.load(Ordering::Relaxed) == RUNNING;
        running(&self.state) && self.shared.iter().all(running)
    }

    /// Ends when the action is to end, with the error that says why; never before. Works under any async runtime.
    pub fn stopped(&self) -> impl Future<Output = Error> + Send + 'static + use<> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Stopped { cancel: self.clone(), number: NEXT.fetch_add(1, Ordering::Relaxed), waker: None, alarm: None }
    }

    #[cold]
    fn check_slowly(&self) -> Result<()> {
        let states = std::iter::once(&self.state).chain(&self.shared);
        match states.map(|s| s.value.load(Ordering::Acquire)).max().unwrap_or(RUNNING) {
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

/// The end of an action from outside. Whoever waits is forgotten with it: a handle may live as long as the program.
struct Stopped {
    cancel: Cancel,
    number: u64,
    waker: Option<Waker>,
    alarm: Option<Alarm>,
}

impl Future for Stopped {
    type Output = Error;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Error> {
        if !self.waker.as_ref().is_some_and(|w| w.will_wake(cx.waker())) {
            // Registered before the look, so that a cancel in between is not missed.
            for state in std::iter::once(&self.cancel.state).chain(&self.cancel.shared) {
                state.expect(self.number, Some(cx.waker()));
            }
            self.waker = Some(cx.waker().clone());
            self.alarm = match self.cancel.deadline.map(|at| wake_at(at, cx.waker().clone())).transpose() {
                Ok(alarm) => alarm,
                Err(e) => return Poll::Ready(e),
            };
        }
        self.cancel.check().map_or_else(Poll::Ready, |()| Poll::Pending)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        for state in std::iter::once(&self.cancel.state).chain(&self.cancel.shared) {
            state.expect(self.number, None);
        }
    }
}

/// Ends what nobody waits for any more, when it is dropped.
pub(crate) struct Abandon(Option<CancelHandle>);

impl Abandon {
    pub(crate) fn new(cancel: &Cancel) -> Self {
        Self(Some(cancel.handle()))
    }
}

impl Drop for Abandon {
    fn drop(&mut self) {
        if let Some(handle) = &self.0 {
            handle.cancel();
        }
    }
}

/// Ends a future that is late or cancelled, even while the work behind it is inside user code and cannot be interrupted. Dropped before
/// its end, it stops that work.
pub(crate) async fn within<T>(cancel: &Cancel, future: impl Future<Output = Result<T>>) -> Result<T> {
    let mut abandon = Abandon::new(cancel);
    match select(pin!(future), pin!(cancel.stopped())).await {
        Either::Left((result, _)) => {
            abandon.0 = None;
            result
        }
        Either::Right((error, _)) => Err(error),
    }
}

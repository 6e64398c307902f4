//! Places for calls: how many calls of one function may run at the same time, however many threads there are.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use futures::future::{Either, select};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Cancel;
use crate::error::{Error, ErrorKind, Result};

/// The gates of an executor, one for each call that says
/// [`per_executor`](crate::calls::Transform::per_executor). Cheap to clone; clones are the same gates.
#[derive(Clone, Default)]
pub struct Gates {
    /// By the fingerprint of the task and the number of places. A gate lives as long as somebody stands in it or before it.
    open: Arc<Mutex<HashMap<(u64, usize), Weak<Semaphore>>>>,
}

impl fmt::Debug for Gates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gates").finish_non_exhaustive()
    }
}

impl Gates {
    /// Gates that nobody has passed yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The gate of a task, with so many places.
    pub(crate) fn gate(&self, fingerprint: u64, places: usize) -> Gate {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = open.get(&(fingerprint, places)).and_then(Weak::upgrade) {
            return Gate(gate);
        }
        // An executor may live for long and see many tasks.
        open.retain(|_, gate| gate.strong_count() > 0);
        let gate = Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS)));
        open.insert((fingerprint, places), Arc::downgrade(&gate));
        Gate(gate)
    }
}

/// A gate that lets through as many calls at the same time as it has places; who waits longest is next.
#[derive(Clone, Debug)]
pub(crate) struct Gate(Arc<Semaphore>);

/// A place, which is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

impl Gate {
    /// Waits for a place.
    ///
    /// # Errors
    /// None that is known: gates are never closed.
    pub(crate) async fn place(&self) -> Result<Place> {
        let closed = |e| Error::new(ErrorKind::Unexpected, "the gate of a call was closed").with_source(e);
        Arc::clone(&self.0).acquire_owned().await.map(Place).map_err(closed)
    }

    /// Waits for a place on the calling thread, as long as the action may go on.
    ///
    /// # Errors
    /// `Cancelled` and `DeadlineExceeded`.
    pub(crate) fn enter(&self, cancel: &Cancel) -> Result<Place> {
        cancel.check()?;
        if let Ok(place) = Arc::clone(&self.0).try_acquire_owned() {
            return Ok(Place(place));
        }
        park_on(async {
            match select(pin!(self.place()), pin!(cancel.stopped())).await {
                Either::Left((place, _)) => place,
                Either::Right((error, _)) => Err(error),
            }
        })
    }
}

/// Polls a future on this thread, which sleeps in between. Needs no runtime, and does not mind one that the thread belongs to.
fn park_on<T>(future: impl Future<Output = T>) -> T {
    struct Sleeper(Thread);
    impl Wake for Sleeper {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Sleeper(std::thread::current())));
    // On a thread of a runtime the budget of its task would never be filled up again.
    let mut future = pin!(tokio::task::unconstrained(future));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(done) => return done,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn no_more_than_there_are_places() {
        let (gates, now, most) = (Gates::new(), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..5 {
                        let _place = gates.gate(7, 3).enter(&Cancel::never()).unwrap();
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::sleep(Duration::from_millis(1));
                        now.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!((2..=3).contains(&most.into_inner()), "eight threads share three places");
        drop(gates.gate(8, 1));
        assert_eq!(gates.open.lock().unwrap().len(), 1, "gates that nobody stands in are forgotten");
    }

    #[test]
    fn whoever_waits_sees_the_end_of_the_action() {
        let gates = Gates::new();
        let held = gates.gate(1, 1).enter(&Cancel::never()).unwrap();
        let cancel = Cancel::never();
        let handle = cancel.handle();
        let waiting = std::thread::spawn({
            let gate = gates.gate(1, 1);
            move || gate.enter(&cancel).map(drop).unwrap_err().kind()
        });
        std::thread::sleep(Duration::from_millis(30));
        handle.cancel();
        assert_eq!(waiting.join().unwrap(), ErrorKind::Cancelled);
        let late = Cancel::all(&[], Some(Duration::from_millis(20)));
        assert_eq!(gates.gate(1, 1).enter(&late).unwrap_err().kind(), ErrorKind::DeadlineExceeded);
        assert_eq!(gates.gate(1, 1).enter(&late).unwrap_err().kind(), ErrorKind::DeadlineExceeded, "looked at first");
        drop(gates.gate(2, 1).enter(&Cancel::never()).unwrap());
        drop(held);
        drop(gates.gate(1, 1).enter(&Cancel::never()).unwrap());
    }

    #[test]
    fn a_thread_of_a_runtime_may_wait() {
        let gate = Gates::new().gate(1, 1);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            for _ in 0..1_000 {
                let place = gate.place().await.unwrap();
                let other = std::thread::spawn(move || drop(place));
                drop(gate.enter(&Cancel::never()).unwrap());
                other.join().unwrap();
            }
        });
    }
}

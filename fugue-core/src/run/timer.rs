//! One thread that wakes tasks at their deadlines, so that deadlines hold under any async runtime or none.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::task::Waker;
use std::time::Instant;

use crate::blocking;
use crate::error::Result;

#[derive(Default)]
struct Timer {
    /// What to wake, by moment; the number keeps equal moments apart.
    due: Mutex<(u64, BTreeMap<(Instant, u64), Waker>)>,
    changed: Condvar,
}

/// A task that is to be woken; it is forgotten when this is dropped.
pub(super) struct Alarm {
    timer: &'static Timer,
    due: (Instant, u64),
}

impl Drop for Alarm {
    fn drop(&mut self) {
        let waker = self.timer.due.lock().unwrap_or_else(PoisonError::into_inner).1.remove(&self.due);
        drop(waker);
    }
}

/// Wakes a task at a moment; more often is harmless.
///
/// # Errors
/// `SettingInvalid` where the operating system gives no thread.
pub(super) fn wake_at(moment: Instant, waker: Waker) -> Result<Alarm> {
    static TIMER: OnceLock<&'static Timer> = OnceLock::new();
    let timer = match TIMER.get() {
        Some(timer) => timer,
        None => {
            let fresh: &'static Timer = Box::leak(Box::default());
            let timer = TIMER.get_or_init(|| fresh);
            // Whoever lost the race to set the timer starts no thread.
            if std::ptr::eq(*timer, fresh) {
                blocking::thread("fugue-timer", move || fresh.run())?;
            }
            timer
        }
    };
    let mut due = timer.due.lock().unwrap_or_else(PoisonError::into_inner);
    due.0 += 1;
    let number = due.0;
    due.1.insert((moment, number), waker);
    timer.changed.notify_one();
    Ok(Alarm { timer, due: (moment, number) })
}

impl Timer {
    fn run(&self) {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let now = Instant::now();
            while due.1.first_key_value().is_some_and(|((moment, _), _)| *moment <= now) {
                if let Some((_, waker)) = due.1.pop_first() {
                    waker.wake();
                }
            }
            due = match due.1.first_key_value().map(|((moment, _), _)| *moment) {
                Some(next) => {
                    let wait = next.saturating_duration_since(now);
                    self.changed.wait_timeout(due, wait).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(due).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

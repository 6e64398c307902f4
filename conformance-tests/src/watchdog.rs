//! A deadline for every rule: a rule that hangs fails with a message, and does not hold up the run.

use std::any::Any;
use std::collections::HashMap;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

/// What threads are at, for the message about one that does not end.
static DOING: Mutex<Option<HashMap<ThreadId, String>>> = Mutex::new(None);

/// Says what this thread is at from now on.
pub(crate) fn doing(what: String) {
    DOING.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default().insert(thread::current().id(), what);
}

fn done_by(thread: ThreadId) -> Option<String> {
    DOING.lock().unwrap_or_else(PoisonError::into_inner).as_mut()?.remove(&thread)
}

/// Seconds that a rule may take where `FUGUE_DEADLINE` does not say otherwise.
const SECONDS: u64 = 180;

/// The time that a rule may take.
#[must_use]
pub fn deadline() -> Duration {
    let seconds = std::env::var("FUGUE_DEADLINE").ok().and_then(|text| text.parse().ok()).unwrap_or(SECONDS);
    Duration::from_secs(seconds)
}

/// Runs work on a thread of its own and waits for it no longer than the limit. Work that hangs is left behind with its thread.
///
/// # Errors
/// A message, where it took too long or panicked.
pub fn within<T: Send + 'static>(limit: Duration, name: &str, work: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    let (sender, receiver) = channel();
    let worker = thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            let result = work();
            done_by(thread::current().id());
            // The receiver may be gone, when this comes too late; then nobody wants to know.
            drop(sender.send(result));
        })
        .map_err(|e| format!("no thread for {name}: {e}"))?;
    match receiver.recv_timeout(limit) {
        Ok(result) => Ok(result),
        Err(RecvTimeoutError::Timeout) => {
            let at = done_by(worker.thread().id()).map_or_else(String::new, |what| format!("\nit was at:\n{what}"));
            Err(format!("{name} did not end within {limit:?}; FUGUE_DEADLINE (seconds) is the limit{at}"))
        }
        Err(RecvTimeoutError::Disconnected) => Err(match worker.join() {
            Err(panic) => format!("{name} panicked: {}", said(panic.as_ref())),
            Ok(()) => format!("{name} ended without a result"),
        }),
    }
}

fn said(panic: &(dyn Any + Send)) -> &str {
    panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_work_and_panics_are_reported() {
        assert_eq!(within(Duration::from_secs(60), "quick", || 7), Ok(7));
        let late = within(Duration::from_millis(200), "slow", || {
            doing("the third case".to_owned());
            thread::sleep(Duration::from_secs(5));
        });
        let late = late.expect_err("late");
        assert!(late.contains("slow did not end within 200ms") && late.contains("the third case"), "{late}");
        let panicked = within(Duration::from_secs(60), "loud", || std::panic::resume_unwind(Box::new("oh".to_owned())));
        let report: Result<(), String> = panicked;
        assert_eq!(report, Err("loud panicked: oh".to_owned()));
    }
}

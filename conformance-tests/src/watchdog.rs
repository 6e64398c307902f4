//! A deadline for every rule: a rule that hangs fails with a message, and does not hold up the run.

use std::any::Any;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

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
            // The receiver may be gone, when this comes too late; then nobody wants to know.
            drop(sender.send(work()));
        })
        .map_err(|e| format!("no thread for {name}: {e}"))?;
    match receiver.recv_timeout(limit) {
        Ok(result) => Ok(result),
        Err(RecvTimeoutError::Timeout) => {
            Err(format!("{name} did not end within {limit:?}; FUGUE_DEADLINE (seconds) is the limit"))
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
        let late = within(Duration::from_millis(20), "slow", || thread::sleep(Duration::from_secs(2)));
        assert!(late.expect_err("late").contains("slow did not end within 20ms"));
        let panicked = within(Duration::from_secs(60), "loud", || std::panic::resume_unwind(Box::new("oh".to_owned())));
        let report: Result<(), String> = panicked;
        assert_eq!(report, Err("loud panicked: oh".to_owned()));
    }
}

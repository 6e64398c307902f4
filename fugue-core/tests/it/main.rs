//! Tests of the core through its public items, one binary.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests stop at the first surprise")]

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

mod actions;
mod checks;
mod compile_errors;
mod derived;
mod nesting;
mod per_executor;
mod shapes;
mod stopping;
mod vain;
mod verbs;

/// Runs what may hang, and fails where it does; the thread of it is then left behind.
fn ends<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (send, receive) = channel();
    let thread = std::thread::spawn(move || send.send(work()));
    match receive.recv_timeout(Duration::from_secs(60)) {
        Ok(done) => done,
        Err(late) => {
            assert!(late == RecvTimeoutError::Disconnected, "it hangs");
            std::panic::resume_unwind(thread.join().unwrap_err())
        }
    }
}

//! Tasks that have no name and do not leave the process: they stand in a table, and their number travels.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::transform::Task;

use super::process::Process;

/// What travels instead of the task.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Token {
    process: Process,
    number: u64,
}

/// Keeps a task in the table; it leaves with this.
#[derive(Debug)]
pub(super) struct Loan(u64);

impl Drop for Loan {
    fn drop(&mut self) {
        let task = table().remove(&self.0);
        // User code may hang on the task; it is dropped when the table is free again.
        drop(task);
    }
}

fn table() -> MutexGuard<'static, HashMap<u64, Task>> {
    static TABLE: OnceLock<Mutex<HashMap<u64, Task>>> = OnceLock::new();
    TABLE.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts a task into the table for as long as the loan lives.
pub(super) fn lend(task: &Task) -> (Token, Loan) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    table().insert(number, task.clone());
    (Token { process: Process::here(), number }, Loan(number))
}

/// The task of a token.
///
/// # Errors
/// `TransformerNotRegistered` for a token of another process, and for a task that is not lent any more.
pub(super) fn borrow(token: Token) -> Result<Task> {
    if token.process != Process::here() {
        return Err(Error::new(
            ErrorKind::TransformerNotRegistered,
            "the function has no name, and was lent to executors of the process that planned the call; this is another process; put \
             #[fugue::transformer] on the function",
        ));
    }
    table().get(&token.number).cloned().ok_or_else(|| {
        Error::new(
            ErrorKind::TransformerNotRegistered,
            "the function has no name, and was lent for an action that is over; nobody waits for this call any more",
        )
    })
}

#[cfg(test)]
impl Token {
    pub(super) fn of_another_process(self) -> Self {
        Self { process: Process::other(), ..self }
    }
}

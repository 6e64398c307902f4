//! Which action a task belongs to: executors in this very process hear at once that it is to end. Others hear it from the scheduler.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use datafusion::common::extensions_options;
use datafusion::config::ConfigExtension;
use datafusion::prelude::SessionConfig;
use fugue_core::run::Cancel;

extensions_options! {
    /// What goes along with a job for our steps.
    pub(crate) struct JobOptions {
        /// The number of the action.
        pub run: u64, default = 0
    }
}

impl ConfigExtension for JobOptions {
    const PREFIX: &'static str = "fugue";
}

/// Numbers of other processes are others, so that none is taken for one of here.
static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(RandomState::new().hash_one(std::process::id()) | 1));

static RUNNING: Mutex<Vec<(u64, Cancel)>> = Mutex::new(Vec::new());

fn running() -> MutexGuard<'static, Vec<(u64, Cancel)>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An action, known to executors in this process for as long as this lives.
#[derive(Debug)]
pub(crate) struct Listed(u64);

impl Listed {
    /// Lists an action by what stops it.
    pub(crate) fn new(cancel: &Cancel) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        running().push((number, cancel.clone()));
        Self(number)
    }

    /// The option that tasks of the job find the action by.
    pub(crate) fn option(&self) -> JobOptions {
        JobOptions { run: self.0 }
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        running().retain(|(number, _)| *number != self.0);
    }
}

/// What stops the action that a task belongs to, where it is one of this process.
pub(crate) fn cancel_of(config: &SessionConfig) -> Cancel {
    let run = config.options().extensions.get::<JobOptions>().map_or(0, |options| options.run);
    running().iter().find(|(number, _)| *number == run).map_or_else(Cancel::never, |(_, cancel)| cancel.child())
}

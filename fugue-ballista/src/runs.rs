//! Which action a task belongs to: executors in this very process hear at once that it is to end. Others hear it from the scheduler.

use std::any::Any;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use datafusion::common::config::{ConfigEntry, ConfigExtension, ExtensionOptions};
use datafusion::common::{Result, config_err};
use datafusion::prelude::SessionConfig;
use fugue_core::run::{Cancel, CancelHandle};

/// What goes along with a job for our steps.
#[derive(Clone, Debug, Default)]
pub(crate) struct JobOptions {
    /// The number of the action.
    run: u64,
    /// Whether the results are read by the process of the executors.
    read_here: bool,
}

/// The name under which the number stands among all options.
const RUN: &str = "run";

/// The option that tasks are told by whether their rows may stay in memory.
pub(crate) const READ_HERE: &str = "fugue.read_here";

impl ConfigExtension for JobOptions {
    const PREFIX: &'static str = "fugue";
}

impl ExtensionOptions for JobOptions {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let known = match key {
            RUN => value.parse().map(|run| self.run = run).is_ok(),
            "read_here" => value.parse().map(|here| self.read_here = here).is_ok(),
            _ => false,
        };
        if known { Ok(()) } else { config_err!("fugue.{key} cannot be {value}") }
    }

    // With the prefix, or it would be lost on the way from the scheduler to the executors.
    fn entries(&self) -> Vec<ConfigEntry> {
        let key = format!("{}.{RUN}", Self::PREFIX);
        let here = "whether the results of a job are read in the process of the executors";
        vec![
            ConfigEntry { key, value: Some(self.run.to_string()), description: "the action that a job belongs to" },
            ConfigEntry { key: READ_HERE.to_owned(), value: Some(self.read_here.to_string()), description: here },
        ]
    }
}

/// Numbers of this process: others are of other processes.
static PROCESS: LazyLock<u64> = LazyLock::new(|| (RandomState::new().hash_one(std::process::id()) >> 32 | 1) << 32);
static NEXT: AtomicU64 = AtomicU64::new(0);
const COUNTED: u64 = u32::MAX as u64;

static RUNNING: Mutex<Vec<(u64, Cancel)>> = Mutex::new(Vec::new());

fn running() -> MutexGuard<'static, Vec<(u64, Cancel)>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An action, known to executors in this process for as long as this lives.
#[derive(Debug)]
pub(crate) struct Listed {
    number: u64,
    /// Tasks that still run when the action is over end with it.
    over: CancelHandle,
}

impl Listed {
    /// Lists an action by what stops it.
    pub(crate) fn new(cancel: &Cancel) -> Self {
        let number = *PROCESS | (NEXT.fetch_add(1, Ordering::Relaxed) & COUNTED);
        let of_tasks = cancel.child();
        let over = of_tasks.handle();
        running().push((number, of_tasks));
        Self { number, over }
    }

    /// The option that tasks of the job find the action by.
    pub(crate) fn option(&self) -> JobOptions {
        JobOptions { run: self.number, read_here: false }
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        running().retain(|(number, _)| *number != self.number);
        self.over.cancel();
    }
}

/// Whether the results of a task's job are read in this process.
pub(crate) fn is_read_here(config: &SessionConfig) -> bool {
    config.options().extensions.get::<JobOptions>().is_some_and(|options| options.read_here)
}

/// What stops the action that a task belongs to, where it is one of this process.
pub(crate) fn cancel_of(config: &SessionConfig) -> Cancel {
    let run = config.options().extensions.get::<JobOptions>().map_or(0, |options| options.run);
    match running().iter().find(|(number, _)| *number == run) {
        Some((_, cancel)) => cancel.child(),
        None if run & !COUNTED == *PROCESS => {
            // The action is over, and the scheduler has not heard of it.
            let over = CancelHandle::new();
            over.cancel();
            Cancel::new(&over, None)
        }
        None => Cancel::never(),
    }
}

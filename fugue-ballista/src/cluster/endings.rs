//! Which jobs have failed or were cancelled, as the executors of this process must know it.
//!
//! Ballista tells executors to cancel tasks, once. One that has been launched and has not begun yet is not found, and begins.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::watch;

/// A task begins soon after it was launched: so many jobs later it has.
const REMEMBERED: usize = 1000;

/// Closes the gates of one stage when it is dropped.
#[derive(Debug)]
pub(super) struct Closing(Arc<watch::Sender<bool>>);

impl Closing {
    /// What a gate listens to.
    pub(super) fn gate(&self) -> watch::Receiver<bool> {
        self.0.subscribe()
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.send_replace(true);
    }
}

/// Jobs that ended without results, and stages that run.
#[derive(Debug, Default)]
pub(super) struct Endings(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    ended: VecDeque<String>,
    running: HashMap<String, Vec<Weak<watch::Sender<bool>>>>,
}

impl Endings {
    /// A stage of a job begins; `None` where the job has ended.
    pub(super) fn begin(&self, job: &str) -> Option<Closing> {
        let mut state = self.state();
        if state.ended.iter().any(|ended| ended == job) {
            return None;
        }
        let sender = Arc::new(watch::channel(false).0);
        let stages = state.running.entry(job.to_owned()).or_default();
        stages.retain(|stage| stage.strong_count() > 0);
        stages.push(Arc::downgrade(&sender));
        Some(Closing(sender))
    }

    /// A job has ended, with results or without.
    pub(super) fn end(&self, job: &str, with_results: bool) {
        let mut state = self.state();
        let stages = state.running.remove(job).unwrap_or_default();
        if with_results {
            return;
        }
        state.ended.push_back(job.to_owned());
        if state.ended.len() > REMEMBERED {
            state.ended.pop_front();
        }
        stages.iter().filter_map(Weak::upgrade).for_each(|stage| {
            stage.send_replace(true);
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! How far an action is: what its engine tells, and the handle of whoever wants to know.

use std::sync::Arc;

use futures::Stream;
use tokio::sync::watch;

/// What of files was read or written so far.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Files of which rows were read, or that are complete.
    pub files: u64,
    /// The bytes that these files have.
    pub bytes: u64,
    /// Rows.
    pub rows: u64,
}

/// How far an action is. An engine that runs no stages and tasks of its own tells only of files.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Stages that are known: parts of the plan between which rows are exchanged.
    pub stages: usize,
    /// Stages that have ended.
    pub stages_done: usize,
    /// Tasks that are known: shares of a stage.
    pub tasks: usize,
    /// Tasks that have ended.
    pub tasks_done: usize,
    /// Rows that the ended tasks gave, of all stages together.
    pub rows: u64,
    /// What core's readers have read; files that an engine reads by itself are its own matter.
    pub read: Moved,
    /// What was written of a save. Rows are told as they go, files and bytes as parts of it are complete.
    pub written: Moved,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    progress: Progress,
    running: usize,
    begun: bool,
}

/// Tells how far the actions are that it was given to (see [`DataFrame::progress_with`](crate::DataFrame::progress_with)).
#[derive(Clone, Debug)]
pub struct ProgressHandle {
    state: Arc<watch::Sender<State>>,
}

impl Default for ProgressHandle {
    fn default() -> Self {
        Self::new()
    }
}

impl ProgressHandle {
    /// A handle for an action to come.
    #[must_use]
    pub fn new() -> Self {
        Self { state: Arc::new(watch::Sender::new(State::default())) }
    }

    /// What is known now.
    #[must_use]
    pub fn now(&self) -> Progress {
        self.state.borrow().progress
    }

    /// What becomes known, until the action is over. A reader that is slow misses steps in between, never the last one.
    pub fn stream(&self) -> impl Stream<Item = Progress> + Send + Unpin + use<> {
        let receiver = self.state.subscribe();
        Box::pin(futures::stream::unfold((receiver, false), async |(mut receiver, over)| {
            if over {
                return None;
            }
            receiver.changed().await.ok()?;
            let state = *receiver.borrow_and_update();
            Some((state.progress, (receiver, state.begun && state.running == 0)))
        }))
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        self.state.send_modify(change);
    }
}

/// What an engine tells the progress of an action to; clones tell the same handles.
#[derive(Clone, Debug, Default)]
pub struct Reporter {
    listeners: Option<Arc<Listeners>>,
}

#[derive(Debug)]
struct Listeners(Vec<ProgressHandle>);

impl Reporter {
    pub(crate) fn to(handles: &[ProgressHandle]) -> Self {
        if handles.is_empty() {
            return Self::default();
        }
        for handle in handles {
            handle.change(|state| (state.running, state.begun) = (state.running + 1, true));
        }
        Self { listeners: Some(Arc::new(Listeners(handles.to_vec()))) }
    }

    /// Whether anybody wants to know.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.listeners.is_some()
    }

    /// Tells all handles how stages and tasks are; what was read and written stays as it was told.
    pub fn report(&self, progress: Progress) {
        self.change(|known| *known = Progress { read: known.read, written: known.written, ..progress });
    }

    pub(crate) fn change(&self, change: impl Fn(&mut Progress)) {
        for handle in self.listeners.iter().flat_map(|l| &l.0) {
            handle.change(|state| change(&mut state.progress));
        }
    }
}

/// The action is over when nobody is left who could tell of it.
impl Drop for Listeners {
    fn drop(&mut self) {
        for handle in &self.0 {
            handle.change(|state| state.running -= 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;
    use futures::executor::block_on;

    use super::{Progress, ProgressHandle, Reporter};

    #[test]
    fn a_stream_ends_with_the_last_action_and_tells_its_last_step() {
        let handle = ProgressHandle::new();
        let mut stream = handle.stream();
        let reporter = Reporter::to(std::slice::from_ref(&handle));
        let again = reporter.clone();
        assert_eq!(block_on(stream.next()), Some(Progress::default()));
        reporter.report(Progress { tasks: 4, tasks_done: 1, ..Progress::default() });
        reporter.report(Progress { tasks: 4, tasks_done: 4, ..Progress::default() });
        drop(reporter);
        assert_eq!(block_on(stream.next()).map(|p| p.tasks_done), Some(4));
        drop(again);
        assert_eq!(block_on(stream.next()).map(|p| p.tasks_done), Some(4));
        assert_eq!(block_on(stream.next()), None);
        assert_eq!(handle.now().tasks, 4);
    }
}

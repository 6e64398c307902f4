//! Rows between stages, and results, that stay in memory: executors and client are one process here, and files between them would
//! only be written to be read.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::arrow::record_batch::RecordBatch;

/// A task may still write when its job is over: so many jobs later it has.
const REMEMBERED: usize = 1000;

/// The rows of a partition that one task has written.
pub(super) type Rows = Arc<[RecordBatch]>;

/// What a task has written, as its partitions are found by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Written {
    pub(super) executor: String,
    pub(super) stage: usize,
    pub(super) file: u64,
}

/// What the executors of a cluster hold for each other and for clients of this process, up to a limit.
pub(super) struct Store {
    limit: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    used: usize,
    jobs: HashMap<String, HashMap<Written, Output>>,
    forgotten: VecDeque<String>,
    closed: bool,
}

struct Output {
    partitions: HashMap<usize, Rows>,
    bytes: usize,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("limit", &self.limit).field("used", &self.used()).finish_non_exhaustive()
    }
}

impl Store {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many bytes are held, or about to be.
    pub(super) fn used(&self) -> usize {
        self.state().used
    }

    /// Whether anything is ever held.
    pub(super) fn holds_rows(&self) -> bool {
        self.limit > 0
    }

    /// The rows of a partition, where they are held.
    pub(super) fn get(&self, job: &str, written: &Written, partition: usize) -> Option<Rows> {
        self.state().jobs.get(job)?.get(written)?.partitions.get(&partition).cloned()
    }

    /// Nobody reads what the tasks of a job have written any more.
    pub(super) fn forget(&self, job: &str) {
        let gone = {
            let mut state = self.state();
            state.forgotten.push_back(job.to_owned());
            if state.forgotten.len() > REMEMBERED {
                state.forgotten.pop_front();
            }
            let gone = state.jobs.remove(job).unwrap_or_default();
            state.used -= gone.values().map(|output| output.bytes).sum::<usize>();
            gone
        };
        // Freeing takes a while, and nobody is to wait for it.
        drop(gone);
    }

    /// The cluster ends.
    pub(super) fn close(&self) {
        let gone = {
            let mut state = self.state();
            state.closed = true;
            let bytes: usize = state.jobs.values().flat_map(HashMap::values).map(|output| output.bytes).sum();
            state.used -= bytes;
            std::mem::take(&mut state.jobs)
        };
        drop(gone);
    }

    /// The share of a task that begins to write.
    pub(super) fn share(self: &Arc<Self>) -> Share {
        Share { store: Arc::clone(self), bytes: 0 }
    }
}

/// What a task has of the memory until its output is complete.
#[derive(Debug)]
pub(super) struct Share {
    store: Arc<Store>,
    bytes: usize,
}

impl Share {
    /// Asks for more; `false` where there is no more.
    pub(super) fn grow(&mut self, bytes: usize) -> bool {
        let mut state = self.store.state();
        let granted = !state.closed && state.used.saturating_add(bytes) <= self.store.limit;
        if granted {
            state.used += bytes;
            self.bytes += bytes;
        }
        granted
    }

    /// Holds the output of the task, in place of what an earlier attempt has written, until its job is forgotten.
    pub(super) fn keep(mut self, job: &str, written: Written, partitions: HashMap<usize, Rows>) {
        let mut state = self.store.state();
        if state.closed || state.forgotten.iter().any(|forgotten| forgotten == job) {
            return;
        }
        let bytes = std::mem::take(&mut self.bytes);
        let earlier = state.jobs.entry(job.to_owned()).or_default().insert(written, Output { partitions, bytes });
        state.used -= earlier.as_ref().map_or(0, |output| output.bytes);
        drop(state);
        drop(earlier);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.store.state().used -= self.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use super::{Rows, Store, Written};

    fn output(partition: usize) -> HashMap<usize, Rows> {
        HashMap::from([(partition, Arc::from([]))])
    }

    #[test]
    fn what_is_held_is_counted_until_it_is_forgotten() {
        let store = Store::new(10);
        let written = |file| Written { executor: "e".to_owned(), stage: 1, file };
        let mut share = store.share();
        assert!(share.grow(6));
        assert!(!store.share().grow(5));
        share.keep("a", written(0), output(3));
        assert!(store.get("a", &written(0), 3).is_some());
        assert!(store.get("a", &written(0), 2).is_none() && store.get("b", &written(0), 3).is_none());

        // Another attempt takes the place of the first.
        let mut again = store.share();
        assert!(again.grow(4) && !again.grow(1));
        again.keep("a", written(0), output(3));
        let mut other = store.share();
        assert!(other.grow(6) && !other.grow(1));
        drop(other);

        store.forget("a");
        assert!(store.get("a", &written(0), 3).is_none());
        let mut late = store.share();
        assert!(late.grow(10));
        late.keep("a", written(1), output(0));
        assert!(store.get("a", &written(1), 0).is_none());
        assert!(store.share().grow(10));

        store.close();
        assert!(!store.share().grow(0));
    }
}

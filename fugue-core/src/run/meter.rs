//! What user code cost: groups that were called, and the time that the calls took.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Counts calls of user code; clones count together.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    groups: AtomicU64,
    nanos: AtomicU64,
}

impl Meter {
    /// Groups that were handed to user code: for row-wise functions, shares of rows.
    #[must_use]
    pub fn groups(&self) -> u64 {
        self.counts.groups.load(Ordering::Relaxed)
    }

    /// Time in user code and in reading and writing its rows, of all threads together.
    #[must_use]
    pub fn time(&self) -> Duration {
        Duration::from_nanos(self.counts.nanos.load(Ordering::Relaxed))
    }

    pub(crate) fn measure<T>(&self, groups: usize, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let done = work();
        let nanos = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.counts.nanos.fetch_add(nanos, Ordering::Relaxed);
        self.counts.groups.fetch_add(groups as u64, Ordering::Relaxed);
        done
    }
}

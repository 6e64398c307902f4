//! What an action carries while it runs: the pool that user code runs on, the token that stops it.

mod cancel;
mod gates;
mod meter;
mod ordered;
mod pool;
mod progress;
mod timer;
mod workers;

pub(crate) use cancel::{Abandon, within};
pub use cancel::{Cancel, CancelHandle};
pub use gates::Gates;
pub(crate) use gates::{Gate, Place};
pub use meter::Meter;
pub use ordered::{Job, Ordered, ordered};
pub use pool::Pool;
pub use progress::{Moved, Progress, ProgressHandle, Reporter};

/// What a run is given: where user code runs, what stops it, and which attempt it is.
#[derive(Clone, Debug)]
pub struct RunContext {
    /// The threads that user code runs on.
    pub pool: Pool,
    /// What stops the run.
    pub cancel: Cancel,
    /// How many times the same work was tried before.
    pub attempt: u32,
    /// Which of several partitions this run works on, where an engine runs them apart from one another.
    pub partition: Option<usize>,
    /// What counts the calls of user code.
    pub meter: Meter,
    /// Who wants to know how far the run is.
    pub progress: Reporter,
    /// What holds back calls that say how many of them may run at the same time on an executor. Each run has its own.
    pub gates: Gates,
    /// So many rows are enough: who asked takes the first that come and then stops. An engine may tell its sources.
    pub limit: Option<u64>,
    /// The runtime that futures of user code are driven on; the library's own without one.
    pub(crate) runtime: Option<tokio::runtime::Handle>,
}

impl RunContext {
    /// A first attempt on a pool. Where it is made inside an async runtime of several threads, futures of user code run there.
    #[must_use]
    pub fn new(pool: Pool, cancel: Cancel) -> Self {
        // Inside a call of user code the threads of the pool may all be waiting for actions like this one.
        let pool = match Pool::runs_here() {
            false => pool,
            // An engine that calls user code on a thread that computes has none left to compute with.
            true if rayon::current_thread_index().is_some() => Pool::new(pool.threads()).unwrap_or(pool).nested(),
            true => pool.nested(),
        };
        Self::on(pool, cancel)
    }

    /// The same on this very handle of a pool, wherever it is made: for work that is planned in one place and runs in another.
    #[must_use]
    pub fn on(pool: Pool, cancel: Cancel) -> Self {
        Self {
            pool,
            cancel,
            attempt: 0,
            partition: None,
            meter: Meter::default(),
            progress: Reporter::default(),
            gates: Gates::default(),
            limit: None,
            runtime: crate::blocking::current_runtime(),
        }
    }

    /// The same run for one of several partitions that an engine runs apart from one another: numbers of groups are then told apart.
    #[must_use]
    pub fn in_partition(&self, partition: usize) -> Self {
        Self { partition: Some(partition), ..self.clone() }
    }

    /// The same run with another meter, for an engine that tells the steps of a plan apart.
    #[must_use]
    pub fn with_meter(&self, meter: Meter) -> Self {
        Self { meter, ..self.clone() }
    }

    /// The same run with the gates of an executor that outlives it, and that other runs pass too.
    #[must_use]
    pub fn with_gates(&self, gates: Gates) -> Self {
        Self { gates, ..self.clone() }
    }
}

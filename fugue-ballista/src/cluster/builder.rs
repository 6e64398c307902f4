//! What a cluster in this process is made of: how many executors, their slots and memory, how failures are noticed.

use std::path::PathBuf;
use std::time::Duration;

use fugue_core::Result;

use super::{Cluster, Extensions};
use crate::threads::apart;

/// More than most jobs exchange, and little beside the memory that machines have.
const EXCHANGE_MEMORY: usize = 1 << 30;

/// Settings of a cluster, before it starts.
#[derive(Clone, Debug)]
#[must_use]
pub struct ClusterBuilder {
    pub(super) extensions: Extensions,
    pub(super) executors: usize,
    pub(super) slots: Option<usize>,
    pub(super) memory: Option<usize>,
    pub(super) exchange_memory: Option<usize>,
    pub(super) work_folder: Option<PathBuf>,
    pub(super) attempts: usize,
    pub(super) executor_timeout: Duration,
    pub(super) results_kept: Duration,
    pub(super) remote_reads: bool,
}

impl Default for ClusterBuilder {
    fn default() -> Self {
        Self {
            extensions: Extensions::default(),
            executors: 2,
            slots: None,
            memory: None,
            exchange_memory: None,
            work_folder: None,
            attempts: 4,
            executor_timeout: Duration::from_secs(30),
            // Results are removed as soon as they were read; this is for clients that went away.
            results_kept: Duration::from_secs(3600),
            remote_reads: false,
        }
    }
}

impl ClusterBuilder {
    /// What the cluster is to know beyond plain Ballista: functions of the program that stand in its plans, say.
    pub fn extensions(mut self, extensions: Extensions) -> Self {
        self.extensions = extensions;
        self
    }

    /// How many executors, 2 by default; at least one.
    pub fn executors(mut self, executors: usize) -> Self {
        self.executors = executors.max(1);
        self
    }

    /// How many partitions each executor works on at a time; by default the cores of this machine, divided.
    pub fn slots(mut self, slots: usize) -> Self {
        self.slots = Some(slots.max(1));
        self
    }

    /// How many bytes the slots of each executor have together, the same share each, before operators that can spill do so; unlimited by
    /// default.
    pub fn memory(mut self, bytes: usize) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// How many bytes of rows all executors together hold in memory, which are exchanged between stages of a job or are its result, until
    /// its result was read; tasks that are given no more write files instead. 1 GiB by default, and nothing where [`memory`](Self::memory)
    /// is limited. Only jobs of clients of this process make use of it.
    pub fn exchange_memory(mut self, bytes: usize) -> Self {
        self.exchange_memory = Some(bytes);
        self
    }

    /// Where the executors keep shuffle files: below it, in a fresh folder that goes when the cluster ends. By default where
    /// temporary files are.
    pub fn work_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.work_folder = Some(folder.into());
        self
    }

    /// How often a task is tried that fails with an I/O error, 4 by default. Other errors fail the job at once.
    pub fn attempts(mut self, attempts: usize) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// After what silence an executor counts as lost, 30 seconds by default; whole seconds, at least 2. Executors report five
    /// times as often, but at most once in a second. A job that has lost all of them fails after the same time again.
    pub fn executor_timeout(mut self, timeout: Duration) -> Self {
        self.executor_timeout = timeout;
        self
    }

    /// How long files of a finished job stay where nobody asked to remove them, an hour by default. While a client of this process
    /// reads them, they stay.
    pub fn results_kept(mut self, time: Duration) -> Self {
        self.results_kept = time;
        self
    }

    /// Whether tasks read even those shuffle files over the network that lie on their own executor: for tests of that path. It is
    /// a setting of jobs, see [`Cluster::settings`].
    #[doc(hidden)]
    pub fn remote_reads(mut self, remote: bool) -> Self {
        self.remote_reads = remote;
        self
    }

    /// How many bytes are exchanged in memory.
    pub(super) fn exchange_limit(&self) -> usize {
        self.exchange_memory.unwrap_or(if self.memory.is_some() { 0 } else { EXCHANGE_MEMORY })
    }

    /// How many slots each executor gets.
    pub(super) fn slots_each(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self.slots.unwrap_or_else(|| (cores() / self.executors).max(1))
    }

    /// How many slots there are together.
    pub(crate) fn slots_of_all(&self) -> usize {
        self.executors * self.slots_each()
    }

    /// The executor timeout in the whole seconds that Ballista counts in.
    pub(super) fn timeout_seconds(&self) -> u64 {
        whole_seconds(self.executor_timeout).max(2)
    }

    /// How often executors report and are looked at.
    pub(super) fn heartbeat_seconds(&self) -> u64 {
        (self.timeout_seconds() / 5).max(1)
    }

    /// Starts the cluster, on any async executor or none; it needs no runtime of the caller.
    ///
    /// # Errors
    /// `EngineFailed` where the operating system gives no threads, ports or folder.
    pub async fn start(self) -> Result<Cluster> {
        apart("fugue-cluster", move || Cluster::assemble(&self)).await?
    }
}

/// Rounded up, since Ballista takes 0 for never.
pub(super) fn whole_seconds(time: Duration) -> u64 {
    time.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX).max(1)
}

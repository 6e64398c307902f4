//! The handle of a running cluster: where it is, how it ends.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ballista_core::config::{
    BALLISTA_CLIENT_IO_RETRY_WAIT_TIME_MS, BALLISTA_SHUFFLE_COMPRESSION_CODEC, BALLISTA_SHUFFLE_READER_FORCE_REMOTE_READ,
};
use fugue_core::Result;
use tempfile::TempDir;

use super::ClusterBuilder;
use super::executor::Node;
use super::scheduler::Scheduler;
use super::watch::Watch;
use crate::submit::Client;
use crate::threads::{apart, failed};

/// The part of its share of memory that a sort keeps for merging, and what it keeps at the most.
const SHARES_OF_A_SORT: usize = 8;
const LARGEST_SHARE: usize = 10 << 20;

/// How long the end of a cluster waits for tasks that do not let themselves be stopped. A plain function that runs is not
/// interrupted by anything.
const PATIENCE: Duration = Duration::from_secs(5);

/// A cluster inside this process. It ends with [`close`](Self::close), or when it is dropped.
#[derive(Debug)]
pub struct Cluster {
    address: SocketAddr,
    watch: Arc<Watch>,
    slots: usize,
    settings: Vec<(&'static str, String)>,
    parts: Mutex<Option<Parts>>,
}

/// What ends.
#[derive(Debug)]
struct Parts {
    executors: Vec<Option<Node>>,
    scheduler: Option<Scheduler>,
    folder: TempDir,
}

impl Cluster {
    /// A cluster to set up.
    pub fn builder() -> ClusterBuilder {
        ClusterBuilder::default()
    }

    /// Starts all parts. Not on a runtime.
    pub(super) fn assemble(builder: &ClusterBuilder) -> Result<Self> {
        let folder = fresh_folder(builder)?;
        let scheduler = Scheduler::start(builder)?;
        let (address, watch) = (scheduler.address, Arc::clone(&scheduler.watch));
        watch.found_in(folder.path());
        let start = |number| Node::start(builder, number, folder.path(), &scheduler).map(Some);
        let executors = (0..builder.executors).map(start).collect::<Result<_>>()?;
        let parts = Parts { executors, scheduler: Some(scheduler), folder };
        Ok(Self { address, watch, slots: builder.slots_of_all(), settings: settings(builder), parts: Mutex::new(Some(parts)) })
    }

    /// `ballista://127.0.0.1:PORT`, which other clients reach it by too.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ballista://{}", self.address)
    }

    /// How many partitions all executors together work on at a time.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// Options that jobs of this cluster are to be submitted with, besides the caller's own: for
    /// [`SessionConfig::set_str`](datafusion::prelude::SessionConfig::set_str).
    #[must_use]
    pub fn settings(&self) -> &[(&'static str, String)] {
        &self.settings
    }

    /// A client of this cluster, which hears of the end of jobs without asking, and knows their progress.
    ///
    /// # Errors
    /// `EngineFailed` where the cluster is closed.
    pub(crate) async fn client(&self) -> Result<Client> {
        let watch = Arc::clone(&self.watch);
        Client::connect_watching(&self.address.ip().to_string(), self.address.port(), watch).await
    }

    /// The ports that the cluster holds.
    #[must_use]
    pub fn ports(&self) -> Vec<u16> {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let parts = parts.as_ref();
        let scheduler = parts.and_then(|p| p.scheduler.as_ref()).map(|s| s.address.port());
        let executors = parts.into_iter().flat_map(|p| p.executors.iter().flatten()).flat_map(Node::ports);
        scheduler.into_iter().chain(executors).collect()
    }

    /// The folder below which each executor has one of its own, while the cluster runs.
    #[must_use]
    pub fn work_folder(&self) -> Option<PathBuf> {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.as_ref().map(|p| p.folder.path().to_owned())
    }

    /// Ends the cluster: running jobs are lost, ports are free, files are removed. Again, it does nothing.
    ///
    /// # Errors
    /// `EngineFailed` where the operating system gives no thread to wait on.
    pub async fn close(&self) -> Result<()> {
        match self.take() {
            Some(parts) => apart("fugue-close", move || parts.stop()).await,
            None => Ok(()),
        }
    }

    /// Sudden death of executor `number`, for tests of failure: no goodbye, its connections break, its tasks are gone. `false`
    /// where there is none.
    #[doc(hidden)]
    pub fn kill_executor(&self, number: usize) -> bool {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.as_mut().and_then(|p| p.executors.get_mut(number)).is_some_and(|node| node.take().is_some())
    }

    /// Sudden death of the scheduler, for tests of failure. `false` where there is none.
    #[doc(hidden)]
    pub fn kill_scheduler(&self) -> bool {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.as_mut().is_some_and(|p| p.scheduler.take().is_some())
    }

    fn take(&self) -> Option<Parts> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let Some(parts) = self.take() else { return };
        let thread = std::thread::Builder::new().name("fugue-close".to_owned()).spawn(move || parts.stop());
        // An async program is not made to wait; any other is, since the files would stay if it ended now.
        if let Ok(thread) = thread
            && tokio::runtime::Handle::try_current().is_err()
        {
            let _ = thread.join();
        }
    }
}

impl Parts {
    /// Ends everything. Not on a runtime.
    fn stop(self) {
        // Jobs must not be given to others while executors go one by one.
        if let Some(scheduler) = self.scheduler {
            scheduler.threads.stop(PATIENCE);
        }
        for node in self.executors.into_iter().flatten() {
            node.stop(PATIENCE);
        }
        drop(self.folder);
    }
}

/// A fresh folder for the executors, so that two clusters in one place do not remove each other's files.
fn fresh_folder(builder: &ClusterBuilder) -> Result<TempDir> {
    let mut named = tempfile::Builder::new();
    named.prefix("fugue-cluster-");
    let made = match &builder.work_folder {
        None => named.tempdir(),
        Some(folder) => std::fs::create_dir_all(folder).and_then(|()| named.tempdir_in(folder)),
    };
    made.map_err(|e| {
        let error = failed("there is no folder for the files of the cluster", e);
        let folder = builder.work_folder.clone().unwrap_or_else(std::env::temp_dir);
        error.with("path", folder.display().to_string())
    })
}

fn settings(builder: &ClusterBuilder) -> Vec<(&'static str, String)> {
    // Where an executor is gone it is gone for good; Ballista's own three seconds between attempts are for networks.
    let mut settings = vec![
        (BALLISTA_CLIENT_IO_RETRY_WAIT_TIME_MS, "100".to_owned()),
        // Files stay on this machine, mostly in its memory.
        (BALLISTA_SHUFFLE_COMPRESSION_CODEC, "none".to_owned()),
    ];
    if let Some(bytes) = builder.memory {
        // What a sort keeps for merging its files is not given back; the default is too much for a small limit.
        let merging = (bytes / (SHARES_OF_A_SORT * builder.slots_each())).min(LARGEST_SHARE);
        settings.push(("datafusion.execution.sort_spill_reservation_bytes", merging.to_string()));
    }
    if builder.remote_reads {
        settings.push((BALLISTA_SHUFFLE_READER_FORCE_REMOTE_READ, "true".to_owned()));
    }
    settings
}

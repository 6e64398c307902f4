//! Settings of an engine, before it starts: which cluster it runs on, how plans are cut.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use ballista_core::config::BALLISTA_SCHEDULER_MAX_PARTITIONS_PER_TASK;
use ballista_core::extension::SessionConfigExt;
use datafusion::prelude::{SessionConfig, SessionContext};
use fugue_core::travel::Reach;
use fugue_core::{Error, ErrorKind, Result};
use fugue_datafusion::relational::Plans;
use fugue_datafusion::travel::{self, Away, Site};

use crate::cluster::{Cluster, ClusterBuilder};
use crate::context::Planner;
use crate::engine::{BallistaEngine, Own, THREADS, context};
use crate::files::Folder;
use crate::runs::JobOptions;
use crate::submit::Client;
use crate::threads::Threads;

/// Settings of an engine before it starts.
#[derive(Debug)]
#[must_use]
pub struct Builder<'c> {
    place: Place<'c>,
    partitions: Option<usize>,
    batch_size: Option<usize>,
    folder: Option<PathBuf>,
    options: Vec<(String, String)>,
}

#[derive(Debug)]
enum Place<'c> {
    Own(ClusterBuilder),
    Running(&'c Cluster),
    Elsewhere(String, u16),
}

impl Default for Builder<'_> {
    fn default() -> Self {
        Self::new(Place::Own(Cluster::builder()))
    }
}

impl<'c> Builder<'c> {
    fn new(place: Place<'c>) -> Self {
        Self { place, partitions: None, batch_size: None, folder: None, options: Vec::new() }
    }

    pub(crate) fn on(cluster: &'c Cluster) -> Self {
        Self::new(Place::Running(cluster))
    }

    pub(crate) fn at(url: &str) -> Result<Self> {
        let (host, port) = address(url)?;
        Ok(Self::new(Place::Elsewhere(host, port)))
    }

    /// The cluster that the engine starts for itself: executors, slots, memory. Without it two executors that share the cores.
    pub fn cluster(mut self, cluster: ClusterBuilder) -> Self {
        self.place = Place::Own(cluster);
        self
    }

    /// How many partitions rows are exchanged into; without it as many as the cluster has slots.
    pub fn partitions(mut self, partitions: usize) -> Self {
        self.partitions = Some(partitions.max(1));
        self
    }

    /// Rows of a batch between the steps of a plan; DataFusion's own number without it.
    pub fn batch_size(mut self, rows: usize) -> Self {
        self.batch_size = Some(rows.max(1));
        self
    }

    /// An option of Ballista or DataFusion for all jobs: `"ballista.shuffle.reader.max_requests"`, `"datafusion.…"`.
    pub fn set(mut self, option: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.push((option.into(), value.into()));
        self
    }

    /// Where rows wait that are too many to go inside a plan (more than 1 MiB in memory, and all of a file that the library reads
    /// itself); all executors must see it. The system's folder for temporary files without it, which executors on this machine see:
    /// for a scheduler elsewhere such rows are then a [`SettingInvalid`](ErrorKind::SettingInvalid).
    pub fn shared_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Starts the engine, and its cluster where it has one of its own.
    ///
    /// # Errors
    /// `EngineFailed` where the cluster does not start or no scheduler answers, `Io` for a folder that cannot be used,
    /// `SettingInvalid` for options that there are not.
    pub async fn start(self) -> Result<BallistaEngine> {
        let folder = Arc::new(self.own_folder().await?);
        let Ready { cluster, client, site, config } = self.ready().await?;
        let threads = Threads::start("fugue-ballista", THREADS)?;
        Ok(BallistaEngine {
            context: context(config, travel::planner()),
            address: client.address().to_owned(),
            plans: Plans::away(site),
            site,
            folder,
            runtime: threads.handle().clone(),
            own: Mutex::new(Some(Own { client, threads, cluster })),
        })
    }

    /// A context of DataFusion whose frames run on the cluster, for programs that go on with DataFusion. Frames can be passed to
    /// [`transform`](fugue_core::calls::transform), which leaves them lazy.
    ///
    /// # Errors
    /// As [`start`](Self::start), and `SettingInvalid` for a cluster that would end with the builder: start it first.
    pub async fn context(self) -> Result<SessionContext> {
        if let Place::Own(_) = self.place {
            let message = "a context does not keep a cluster running; start one by Cluster::builder(), and use BallistaEngine::on(&cluster)";
            return Err(Error::new(ErrorKind::SettingInvalid, message));
        }
        let folder = Arc::new(self.own_folder().await?);
        let Ready { client, site, config, .. } = self.ready().await?;
        let config = config.with_option_extension(JobOptions::default()).with_extension(Arc::new(Away(site)));
        Ok(context(config, Arc::new(Planner { client, folder })))
    }

    async fn own_folder(&self) -> Result<Folder> {
        match (&self.folder, &self.place) {
            (None, Place::Elsewhere(host, _)) => Folder::for_host(host).await,
            (folder, _) => Folder::new(folder.as_ref()),
        }
    }

    async fn ready(self) -> Result<Ready> {
        let (cluster, client, reach, slots, settings) = match self.place {
            Place::Own(builder) => {
                let (slots, cluster) = (builder.slots_of_all(), builder.start().await?);
                let (client, settings) = (cluster.client().await?, cluster.settings().to_vec());
                (Some(cluster), client, Reach::ThisProcess, slots, settings)
            }
            Place::Running(cluster) => {
                (None, cluster.client().await?, Reach::ThisProcess, cluster.slots(), cluster.settings().to_vec())
            }
            Place::Elsewhere(host, port) => {
                let client = Client::connect(&host, port).await?;
                // How many there are elsewhere, nobody says.
                let slots = std::thread::available_parallelism().map_or(1, usize::from);
                (None, client, Reach::OtherProcesses, slots, Vec::new())
            }
        };
        let partitions = self.partitions.unwrap_or(slots).max(1);
        let mut config = SessionConfig::new_with_ballista()
            .with_target_partitions(partitions)
            // Files of a plan belong to their partitions: these are what tasks are given.
            .set_bool("datafusion.execution.enable_file_stream_work_stealing", false)
            // Or one executor takes as many partitions as it has slots, while others have nothing to do.
            .set_usize(BALLISTA_SCHEDULER_MAX_PARTITIONS_PER_TASK, 1);
        if let Some(rows) = self.batch_size {
            config = config.with_batch_size(rows);
        }
        for (key, value) in settings.iter().map(|(k, v)| (*k, v)).chain(self.options.iter().map(|(k, v)| (k.as_str(), v))) {
            config.options_mut().set(key, value).map_err(|e| {
                Error::new(ErrorKind::SettingInvalid, format!("{key:?} cannot be set to {value:?}")).with_source(e)
            })?;
        }
        Ok(Ready { cluster, client, site: Site::new(reach, partitions), config })
    }
}

/// A cluster that answers, and what its jobs are planned with.
struct Ready {
    cluster: Option<Cluster>,
    client: Client,
    site: Site,
    config: SessionConfig,
}

/// Host and port of `ballista://host:port`.
pub(crate) fn address(url: &str) -> Result<(String, u16)> {
    let wrong = || {
        let message =
            format!("{url:?} is no address of a scheduler; write ballista://host:port, or \"ballista\" for a cluster here");
        Error::new(ErrorKind::SettingInvalid, message)
    };
    let rest = url.strip_prefix("ballista://").ok_or_else(wrong)?;
    let (host, port) = rest.trim_end_matches('/').rsplit_once(':').ok_or_else(wrong)?;
    let port = port.parse().map_err(|_| wrong())?;
    let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    if host.is_empty() || host.contains('/') { Err(wrong()) } else { Ok((host.to_owned(), port)) }
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn addresses_have_a_host_and_a_port() {
        assert_eq!(address("ballista://localhost:50050").ok(), Some(("localhost".to_owned(), 50050)));
        assert_eq!(address("ballista://[::1]:9/").ok(), Some(("::1".to_owned(), 9)));
        for wrong in
            ["ballista", "ballista://", "ballista://host", "ballista://:1", "ballista://h:port", "http://h:1", "ballista://a/b:1"]
        {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }
}

//! For the tests of this crate alone: jobs without an engine. No part of what it promises.

use fugue_core::Result;

use crate::cluster::Cluster;

pub use crate::submit::{Client, Finished, Job, JobError, JobWatch, Progress};

/// A client of a cluster, which hears of the end of jobs without asking, and knows their progress.
///
/// # Errors
/// `EngineFailed` where the cluster is closed.
pub async fn client(cluster: &Cluster) -> Result<Client> {
    cluster.client().await
}

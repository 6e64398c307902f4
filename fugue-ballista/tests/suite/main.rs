//! What is promised of the Ballista engine.
#![expect(clippy::expect_used, reason = "tests stop at the first surprise")]

mod conformance;
mod context;

use std::sync::LazyLock;
use std::time::Duration;

use fugue_ballista::Cluster;
use fugue_core::{Error, Result as OurResult, blocking};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Executors and slots are those of the smallest cluster that can go wrong in the ways of large ones.
static CLUSTER: LazyLock<OurResult<Cluster>> = LazyLock::new(|| blocking::wait_apart(Cluster::builder().executors(2).slots(2).start()));

/// The one cluster that most tests share.
fn cluster() -> OurResult<&'static Cluster> {
    CLUSTER.as_ref().map_err(|e| Error::new(e.kind(), e.message()))
}

/// A test has a runtime with one thread, so that one that blocks it hangs, and a deadline, so that one that hangs fails.
fn run(test: impl Future<Output = Outcome>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(60), test).await? })
}

//! Drivers that are killed while they save.

use conformance_tests::kills::killed_saves;
use fugue_ballista::{BallistaEngine, Cluster};
use fugue_core::{Session, blocking};

use crate::support::Outcome;

/// What a program with a cluster of its own is killed with.
fn open() -> fugue_core::Result<Session> {
    let cluster = Cluster::builder().executors(2).slots(2);
    Session::with_engine(blocking::wait(BallistaEngine::builder().cluster(cluster).partitions(4).start())?)
}

#[test]
fn killed_drivers_leave_the_old_or_the_new() -> Outcome {
    Ok(killed_saves("kills::killed_drivers_leave_the_old_or_the_new", 20, open).map_err(|e| e.to_string())?)
}

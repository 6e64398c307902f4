//! The engines that this program was built with, for the suite.

use std::any::Any;

use conformance_tests::{Gap, Harness, Lane};
use fugue_core::session::EngineFactory;
use fugue_core::{Result, Session, blocking};
#[cfg(feature = "datafusion")]
use fugue_datafusion as _;
#[cfg(feature = "polars")]
use fugue_polars as _;

/// Sessions of an engine by its name.
pub(crate) struct Plain(String);

impl Plain {
    /// An engine, where the program has it.
    pub(crate) fn new(name: &str) -> Result<Self, String> {
        let linked: Vec<&str> = EngineFactory::linked().iter().map(EngineFactory::name).collect();
        if linked.contains(&name) {
            return Ok(Self(name.to_owned()));
        }
        Err(format!("{name:?} is not among the engines of this program, {}; others come with features", linked.join(", ")))
    }
}

impl Harness for Plain {
    type Guard = Box<dyn Any + Send>;

    fn session(&self, lane: &Lane) -> Result<(Session, Self::Guard)> {
        let builder = Session::builder().threads(lane.partitions).derived(lane.derived);
        #[cfg(feature = "ballista")]
        if self.0 == "ballista" {
            return cluster::session(builder, lane);
        }
        Ok((blocking::wait(builder.open(&self.0))?, Box::new(())))
    }

    fn lanes(&self) -> Vec<Lane> {
        if self.0 != "ballista" {
            return Lane::standard();
        }
        let lane = |partitions, chunks| Lane { partitions, chunks, ..Lane::plain() };
        vec![lane(2, 1), lane(3, 7)]
    }

    fn executors(&self, _: &Lane) -> usize {
        if self.0 == "ballista" { 2 } else { 1 }
    }
}

/// What the engine is known not to keep. Rules about threads and memory have no properties.
pub(crate) fn gaps(_: &str) -> Vec<Gap> {
    if cfg!(feature = "datafusion") { Vec::new() } else { Gap::never_any("sql", "SQL comes with the feature datafusion") }
}

#[cfg(feature = "ballista")]
mod cluster {
    //! One cluster in this process, for all sessions.

    use std::any::Any;
    use std::sync::{Arc, Mutex, PoisonError, Weak};

    use conformance_tests::Lane;
    use fugue_ballista::{BallistaEngine, Cluster};
    use fugue_core::session::SessionBuilder;
    use fugue_core::{Result, Session, blocking};

    /// A session on the cluster, and what keeps that running: it ends with the last session.
    pub(super) fn session(builder: SessionBuilder, lane: &Lane) -> Result<(Session, Box<dyn Any + Send>)> {
        let cluster = running()?;
        let engine = BallistaEngine::on(&cluster).partitions(lane.partitions).batch_size(lane.batch_size);
        Ok((builder.with_engine(blocking::wait(engine.start())?)?, Box::new(cluster)))
    }

    fn running() -> Result<Arc<Cluster>> {
        static RUNNING: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cluster) = running.upgrade() {
            return Ok(cluster);
        }
        let cluster = Arc::new(blocking::wait(Cluster::builder().executors(2).slots(2).start())?);
        *running = Arc::downgrade(&cluster);
        Ok(cluster)
    }
}

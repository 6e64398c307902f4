//! Every rule of the suite across engines: a frame of one engine is used on another, and the oracle says what must come out.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use conformance_tests::{Harness, Lane};
use fugue::arrow::record_batch::RecordBatch;
use fugue::ballista::{BallistaEngine, Cluster};
use fugue::blocking::wait;
use fugue::{DataFrame, Result, Session};

/// The engine where rows come from, and the one where they are worked on.
type Way = (&'static str, &'static str);

const EXECUTORS: usize = 2;

/// One cluster for all tests, and each session with an engine of its own on it. It ends with the last test, whose guard holds it: what is
/// in a static is never dropped, and the files of the cluster would stay.
fn cluster() -> Result<Arc<Cluster>> {
    static RUNNING: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(cluster) = running.upgrade() {
        return Ok(cluster);
    }
    let cluster = Arc::new(wait(Cluster::builder().executors(EXECUTORS).slots(2).start())?);
    *running = Arc::downgrade(&cluster);
    Ok(cluster)
}

struct Across {
    ways: &'static [Way],
    /// Each of them goes another way than the one before.
    lanes: Vec<Lane>,
}

impl Across {
    fn way(&self, lane: &Lane) -> Way {
        self.ways[usize::from(lane.native)]
    }

    fn open(engine: &str, lane: &Lane) -> Result<Session> {
        let builder = Session::builder().threads(lane.partitions).derived(lane.derived);
        if engine != "ballista" {
            return wait(builder.open(engine));
        }
        builder.with_engine(wait(BallistaEngine::on(&*cluster()?).batch_size(lane.batch_size).start())?)
    }
}

impl Harness for Across {
    type Guard = Option<Arc<Cluster>>;

    fn session(&self, lane: &Lane) -> Result<(Session, Self::Guard)> {
        let (from, to) = self.way(lane);
        let guard = if [from, to].contains(&"ballista") { Some(cluster()?) } else { None };
        Ok((Self::open(to, lane)?, guard))
    }

    fn lanes(&self) -> Vec<Lane> {
        self.lanes.iter().enumerate().map(|(i, lane)| Lane { native: (i % self.ways.len()) as u8, ..*lane }).collect()
    }

    fn executors(&self, lane: &Lane) -> usize {
        if self.way(lane).1 == "ballista" { EXECUTORS } else { 1 }
    }

    fn frame(&self, session: &Session, lane: &Lane, batches: Vec<RecordBatch>) -> Result<DataFrame> {
        let from = Self::open(self.way(lane).0, lane)?;
        from.frame(batches)?.on(session)
    }
}

/// All pairs of engines without a cluster, so that the same random programs run on all of them. Each lane goes two ways, each way is gone
/// by several lanes.
mod in_process {
    use conformance_tests::{Lane, conformance};

    use super::{Across, Way};

    const WAYS: [Way; 6] = [
        ("local", "polars"),
        ("polars", "datafusion"),
        ("datafusion", "local"),
        ("local", "datafusion"),
        ("datafusion", "polars"),
        ("polars", "local"),
    ];

    conformance! {
        harness: Across { ways: &WAYS, lanes: [Lane::standard(), Lane::standard()].concat() },
        gaps: [],
    }
}

/// A cluster, once where rows come from and once where they go. Each action is a job, and all pairs and rules would take minutes, so these
/// are the groups of rules that a crossing can break; fugue-ballista itself is held to all of them.
mod with_a_cluster {
    use conformance_tests::Lane;
    use conformance_tests::harness::run;
    use conformance_tests::rules::RULES;

    use super::{Across, Way};

    const WAYS: [Way; 2] = [("datafusion", "ballista"), ("ballista", "local")];

    fn rules_about(group: &str) {
        let lanes = vec![Lane::plain(), Lane { partitions: 3, chunks: 7, ..Lane::plain() }];
        let rules = RULES.iter().map(|rule| rule.id).filter(|id| id.split_once("::").is_some_and(|(of, _)| of == group));
        let rules: Vec<&str> = rules.collect();
        assert!(!rules.is_empty(), "no rules are about {group}");
        for rule in rules {
            run(Across { ways: &WAYS, lanes: lanes.clone() }, &[], rule);
        }
    }

    #[test]
    fn ingest() {
        rules_about("ingest");
    }

    #[test]
    fn frame() {
        rules_about("frame");
    }

    #[test]
    fn map() {
        rules_about("map");
    }

    #[test]
    fn comap() {
        rules_about("comap");
    }

    #[test]
    fn errors() {
        rules_about("errors");
    }
}

//! Every rule of the suite across engines: a frame of one engine is used on another, and the oracle says what must come out.

use conformance_tests::{Harness, Lane, conformance};
use fugue::arrow::record_batch::RecordBatch;
use fugue::blocking::wait;
use fugue::{DataFrame, Result, Session};

/// Where rows come from and where they are worked on: all pairs, so that the same random programs run on all engines.
const WAYS: [(&str, &str); 6] = [
    ("local", "polars"),
    ("polars", "datafusion"),
    ("datafusion", "local"),
    ("local", "datafusion"),
    ("datafusion", "polars"),
    ("polars", "local"),
];

struct Across;

impl Across {
    fn open(engine: &str, lane: &Lane) -> Result<Session> {
        wait(Session::builder().threads(lane.partitions).derived(lane.derived).open(engine))
    }
}

impl Harness for Across {
    type Guard = ();

    fn session(&self, lane: &Lane) -> Result<(Session, ())> {
        Ok((Self::open(WAYS[usize::from(lane.native)].1, lane)?, ()))
    }

    fn lanes(&self) -> Vec<Lane> {
        // Each lane goes two ways, each way is gone by several lanes.
        let lanes = Lane::standard().into_iter().cycle().take(2 * Lane::standard().len());
        lanes.enumerate().map(|(i, lane)| Lane { native: (i % WAYS.len()) as u8, ..lane }).collect()
    }

    fn frame(&self, session: &Session, lane: &Lane, batches: Vec<RecordBatch>) -> Result<DataFrame> {
        let from = Self::open(WAYS[usize::from(lane.native)].0, lane)?;
        from.frame(batches)?.on(session)
    }
}

conformance! {
    harness: Across,
    gaps: [],
}

//! Every rule of the suite on Polars.

use conformance_tests::{Harness, Lane, conformance};
use fugue_core::{Result, Session};
use fugue_polars::PolarsEngine;

struct Polars;

impl Harness for Polars {
    type Guard = ();

    fn session(&self, lane: &Lane) -> Result<(Session, ())> {
        let builder = Session::builder().threads(lane.partitions).derived(lane.derived);
        Ok((builder.with_engine(PolarsEngine::new(lane.partitions))?, ()))
    }
}

conformance! {
    harness: Polars,
    gaps: [],
}

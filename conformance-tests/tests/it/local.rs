//! Every rule on the local engine.

use conformance_tests::{Harness, Lane, conformance};
use fugue_core::{Result, Session, blocking};

struct Local;

impl Harness for Local {
    type Guard = ();

    fn session(&self, lane: &Lane) -> Result<(Session, ())> {
        let builder = Session::builder().threads(lane.partitions).derived(lane.derived);
        Ok((blocking::wait(builder.open("local"))?, ()))
    }
}

conformance! {
    harness: Local,
    gaps: [],
    matrix: ("../README.md", "local"),
    capabilities: ("../fugue-core/capabilities.json", "local"),
}

//! Every rule of the suite on DataFusion.

use conformance_tests::{Harness, Lane, conformance};
use fugue_core::{Result, Session};
use fugue_datafusion::DataFusionEngine;

struct DataFusion;

impl Harness for DataFusion {
    type Guard = ();

    fn session(&self, lane: &Lane) -> Result<(Session, ())> {
        let builder = Session::builder().threads(lane.partitions).derived(lane.derived);
        let engine = DataFusionEngine::builder().parallelism(lane.partitions).batch_size(lane.batch_size).build()?;
        Ok((builder.with_engine(engine)?, ()))
    }
}

conformance! {
    harness: DataFusion,
    gaps: [],
}

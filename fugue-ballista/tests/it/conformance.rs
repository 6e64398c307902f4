//! Every rule of the suite on Ballista: one cluster for all of them, a session for each case.

use conformance_tests::{FailsAs, Gap, Harness, Lane, conformance};
use fugue_ballista::BallistaEngine;
use fugue_core::{Result, Session, blocking};

use crate::support::cluster;

struct Ballista;

/// Shuffle files are fetched over the network, as on a cluster of several machines.
const REMOTE: u8 = 1;

impl Harness for Ballista {
    type Guard = ();

    fn session(&self, lane: &Lane) -> Result<(Session, ())> {
        let mut engine = BallistaEngine::on(cluster()?).partitions(lane.partitions).batch_size(lane.batch_size);
        if lane.native == REMOTE {
            engine = engine.set("ballista.shuffle.force_remote_read", "true");
        }
        let engine = blocking::wait(engine.start())?;
        Ok((Session::builder().threads(lane.partitions).derived(lane.derived).with_engine(engine)?, ()))
    }

    fn executors(&self, _: &Lane) -> usize {
        2
    }

    fn lanes(&self) -> Vec<Lane> {
        let lane = |partitions, batch_size, chunks, derived, native| Lane {
            partitions,
            batch_size,
            chunks,
            derived,
            native,
            ..Lane::plain()
        };
        vec![lane(2, 8_192, 1, false, 0), lane(7, 7, 3, false, REMOTE), lane(1, 8_192, 7, true, 0), lane(7, 8_192, 1, false, 0)]
    }
}

conformance! {
    harness: Ballista,
    gaps: [
        Gap::never("runs::a_source_is_not_read_ahead_of_its_reader", "rows go to the executors before the first task runs").fails_as(FailsAs::Differs),
        Gap::never("runs::an_unkeyed_stream_runs_in_bounded_memory", "rows wait for the executors in files and not in memory").fails_as(FailsAs::Differs),
        Gap::never("runs::no_more_calls_at_once_than_threads", "calls run on executors, as many at once as they have slots").fails_as(FailsAs::Differs),
        Gap::never("runs::user_code_runs_on_the_sessions_threads", "calls run on the threads of executors").fails_as(FailsAs::Differs),
    ],
    matrix: ("../README.md", "ballista"),
    capabilities: ("capabilities.json", "ballista"),
}

//! A suite that cannot catch a broken engine is decoration: every fault is caught by the rule that is named for it.

use conformance_tests::harness::check;
use conformance_tests::rules::RULES;
use conformance_tests::{FailsAs, Gap, Harness, Lane, conformance};
use fugue_core::{Result, Session};

use super::fault::{Fault, WITHOUT_FAULT};
use super::reference::Reference;

/// The reference engine, whole or with a fault.
#[derive(Clone, Copy)]
struct Whole(Option<Fault>);

impl Harness for Whole {
    type Guard = ();

    fn session(&self, lane: &Lane) -> Result<(Session, ())> {
        let builder = Session::builder().threads(lane.partitions).derived(lane.derived);
        Ok((builder.with_engine(Reference::new(self.0))?, ()))
    }

    fn shrinks(&self) -> bool {
        // Nobody reads how a fault was caught.
        self.0.is_none()
    }

    fn lanes(&self) -> Vec<Lane> {
        // Few: the reference engine has one way of doing things, and faults show on any lane.
        let chunked = Lane { partitions: 2, batch_size: 7, chunks: 3, ..Lane::plain() };
        vec![Lane::plain(), chunked, Lane { sorted: true, ..chunked }]
    }
}

mod whole {
    //! Without a fault every rule holds, so what is caught below is the fault and nothing else.

    use super::*;

    conformance! {
        harness: Whole(None),
        gaps: [
            Gap::never("runs::a_source_is_not_read_ahead_of_its_reader", "the oracle looks at all rows before it answers")
                .fails_as(FailsAs::Differs),
            Gap::never("runs::an_unkeyed_stream_runs_in_bounded_memory", "the oracle looks at all rows before it answers")
                .fails_as(FailsAs::Differs),
        ],
    }
}

#[test]
fn each_fault_is_caught_by_its_rules() {
    let mut missed = Vec::new();
    for (fault, rules) in Fault::ALL {
        for rule in rules {
            match check(Whole(Some(fault)), &[], rule) {
                Err(report) if report.contains("does not hold") => {}
                Err(report) => missed.push(format!("{fault:?}: {rule} ended otherwise: {report}")),
                Ok(()) => missed.push(format!("{fault:?} passes {rule}")),
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn every_rule_can_fail() {
    for (i, (fault, _)) in Fault::ALL.iter().enumerate() {
        assert!(Fault::ALL[..i].iter().all(|(other, _)| other != fault), "{fault:?} stands twice");
    }
    let shown: Vec<&str> = Fault::ALL.iter().flat_map(|(_, rules)| rules.iter().copied()).collect();
    let excused = WITHOUT_FAULT.map(|(rule, _)| rule);
    let never: Vec<&str> = RULES.iter().map(|r| r.id).filter(|id| !shown.contains(id) && !excused.contains(id)).collect();
    assert!(never.is_empty(), "no fault shows that these can fail: {never:?}");
    let needless: Vec<&str> = excused.into_iter().filter(|id| shown.contains(id)).collect();
    assert!(needless.is_empty(), "these are caught, and need no excuse: {needless:?}");
}

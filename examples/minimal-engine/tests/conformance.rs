//! The whole suite on the minimal engine; what it does not offer is declared, and how it says so.

use conformance_tests::{Gap, Harness, Lane, conformance};
use fugue_core::{ErrorKind, Result, Session};
use minimal_engine::MinimalEngine;

struct Minimal;

impl Harness for Minimal {
    type Guard = ();

    fn session(&self, lane: &Lane) -> Result<(Session, ())> {
        Ok((Session::builder().threads(lane.partitions).with_engine(MinimalEngine)?, ()))
    }
}

conformance! {
    harness: Minimal,
    gaps: [
        Gap::never("repartition::does_not_change_keyed_answers", "it lays out no partitions").fails_as(ErrorKind::Unsupported),
        Gap::never("repartition::every_layout_is_called_with_every_row_once", "it lays out no partitions")
            .fails_as(ErrorKind::Unsupported),
        Gap::never("repartition::calls_follow_the_layout", "it lays out no partitions").fails_as(ErrorKind::Unsupported),
        Gap::never("repartition::keeps_every_row", "it lays out no partitions").fails_as(ErrorKind::Unsupported),
        Gap::never("repartition::zero_changes_nothing", "it lays out no partitions").fails_as(ErrorKind::Unsupported),
    ],
    groups: [
        Gap::never_any_but(
            "sql",
            &["an_answer_or_a_clear_refusal"],
            "it knows no SQL, and its tests are built without DataFusion, which answers for engines without",
        ),
    ],
    matrix: ("../../README.md", "minimal"),
    capabilities: ("capabilities.json", "minimal"),
}

#[test]
fn the_readme_says_how_small_it_is_and_what_it_lacks() {
    let readme = include_str!("../../../README.md").split_whitespace().collect::<Vec<_>>().join(" ");
    let lines = include_str!("../src/lib.rs").lines().count();
    assert!(readme.contains(&format!("does it in {lines} lines")), "it has {lines} lines");
    let gaps = conformance_gaps().iter().filter(|gap| !gap.rule().starts_with("sql::")).count();
    let word = ["none", "one", "two", "three", "four", "five", "six", "seven"][gaps];
    assert!(readme.contains(&format!("minimal engine of the examples declares {word}:")), "it declares {gaps}");
}

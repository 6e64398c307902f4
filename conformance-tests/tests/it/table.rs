//! The contract table names rules that are there, and every row of the contract.

use std::path::Path;

use conformance_tests::rules::RULES;
use conformance_tests::table::{TABLE, Verdict, check, parse};

fn ids() -> Vec<&'static str> {
    RULES.iter().map(|rule| rule.id).collect()
}

#[test]
fn the_contract_table_is_whole_and_true() {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fugue-core/src");
    if let Err(report) = check(TABLE, &ids(), &core) {
        unreachable!("{report}");
    }
}

#[test]
fn every_rule_has_a_row_of_the_contract_or_is_known_to_go_beyond_it() {
    // What no row of the contract says in so many words, but the design asks for.
    const BEYOND: [&str; 18] = [
        "ingest::cuts_do_not_matter",
        "frame::plans_are_lazy",
        "frame::a_frame_can_be_used_again",
        "frame::a_stream_gives_what_collect_gives",
        "frame::persist_keeps_every_row",
        "map::maps_chain",
        "expr::plain_numbers",
        "expr::logic_is_three_valued",
        "expr::coalesce_and_nullif",
        "expr::cases_compute_what_they_take",
        "window::lag_and_lead_stay_in_their_partition",
        "plan::verbs_are_lazy",
        "errors::a_session_survives_a_failure",
        "runs::user_code_runs_on_the_sessions_threads",
        "runs::no_more_calls_at_once_than_threads",
        "runs::per_executor_limits_calls_at_once",
        "runs::a_source_is_not_read_ahead_of_its_reader",
        "runs::an_unkeyed_stream_runs_in_bounded_memory",
    ];
    const BEYOND_OF_FILES: [&str; 4] = [
        "files::arrow_makes_the_round_trip",
        "files::filters_over_folders_keep_their_rows",
        "files::a_failing_save_of_a_folder_changes_nothing",
        "files::what_is_wrong_in_a_file_is_named",
    ];
    let (_, entries) = parse(TABLE).expect("well formed");
    let named: Vec<&String> =
        entries.iter().filter_map(|e| if let Verdict::Rule(names) = &e.verdict { Some(names) } else { None }).flatten().collect();
    let loose: Vec<&str> = ids()
        .into_iter()
        .filter(|id| !id.starts_with("laws::") && !id.starts_with("verbs::") && !id.ends_with("::matches_the_oracle"))
        .filter(|id| !BEYOND.contains(id) && !BEYOND_OF_FILES.contains(id) && !named.iter().any(|n| n == id))
        .collect();
    assert!(loose.is_empty(), "no row of the contract table asks for {loose:?}");
}

#[test]
fn rules_have_names_of_their_own() {
    let ids = ids();
    for (i, id) in ids.iter().enumerate() {
        assert!(!ids[..i].contains(id), "{id} stands twice");
    }
}

#[test]
fn regressions_name_rules() {
    let lines = conformance_tests::property::regression_lines().expect("well formed");
    for (rule, _) in lines {
        assert!(ids().contains(&rule), "regressions.txt: there is no rule {rule}");
    }
}

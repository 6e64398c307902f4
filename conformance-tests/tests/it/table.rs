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
    const BEYOND: [&str; 19] = [
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
        "rows::describe_tells_of_each_column",
        "plan::verbs_are_lazy",
        "errors::a_session_survives_a_failure",
        "runs::user_code_runs_on_the_sessions_threads",
        "runs::no_more_calls_at_once_than_threads",
        "runs::per_executor_limits_calls_at_once",
        "runs::a_source_is_not_read_ahead_of_its_reader",
        "runs::an_unkeyed_stream_runs_in_bounded_memory",
    ];
    const BEYOND_OF_FILES: [&str; 9] = [
        "files::arrow_makes_the_round_trip",
        "files::filters_over_folders_keep_their_rows",
        "files::a_failing_save_of_a_folder_changes_nothing",
        "files::what_is_wrong_in_a_file_is_named",
        "files::damaged_files_are_named",
        "files::reads_and_writes_are_told",
        "others::files_of_other_programs_are_read_right",
        "others::folders_of_other_programs_are_read_right",
        "others::codecs_that_are_not_there_are_named",
    ];
    let (_, entries) = parse(TABLE).expect("well formed");
    let named: Vec<&String> =
        entries.iter().filter_map(|e| if let Verdict::Rule(names) = &e.verdict { Some(names) } else { None }).flatten().collect();
    let loose: Vec<&str> = ids()
        .into_iter()
        .filter(|id| {
            !id.starts_with("laws::")
                && !id.starts_with("verbs::")
                && !id.starts_with("sql::")
                && !id.ends_with("::matches_the_oracle")
        })
        .filter(|id| !BEYOND.contains(id) && !BEYOND_OF_FILES.contains(id) && !named.iter().any(|n| n == id))
        .collect();
    assert!(loose.is_empty(), "no row of the contract table asks for {loose:?}");
}

/// The lines of the page that says where text and frames mean two things, each with the rule that keeps what it says of text.
const LINES: [(&str, &str); 28] = [
    ("types that differ (text beside a number or a date)", "sql::types_that_differ_are_cast"),
    ("`ulong` beside a signed integer", "sql::types_that_differ_are_cast"),
    ("integer divided by zero, remainder of zero", "sql::a_division_by_zero_is_an_error"),
    ("the least integer divided by -1", "sql::a_division_by_zero_is_an_error"),
    ("`abs` of the least integer", "sql::a_division_by_zero_is_an_error"),
    ("square root of a negative number", "sql::a_root_of_a_negative_number_is_an_error"),
    ("floats: comparison, keys, order", "sql::floats_go_by_their_bits"),
    ("`round` of a float", "sql::rounding_is_of_the_binary_value"),
    ("`floor`, `ceil`", "sql::rounding_is_of_the_binary_value"),
    ("quantile between two values", "sql::quantiles_go_in_steps"),
    ("`min`, `max` of floats with a NaN among them", "sql::extremes_of_floats_with_nan_are_any"),
    ("sum of `decimal(p,s)`", "sql::sums_of_decimals_grow_by_ten_digits"),
    ("order of nulls", "sql::nulls_sort_last_upwards_and_first_downwards"),
    ("`concat` with null", "sql::concat_skips_nulls"),
    ("positions in text", "sql::text_counts_from_one"),
    ("type of lengths and positions", "sql::text_counts_from_one"),
    ("text of floats and moments", "sql::text_of_floats_and_moments"),
    ("`LIKE`", "sql::a_backslash_escapes_in_like"),
    ("`regexp_replace`", "sql::regexp_replace_is_of_the_first_match"),
    ("day of the week", "sql::weeks_begin_on_sunday_in_dow"),
    ("date and integer", "sql::a_date_and_a_number_is_a_date"),
    ("type of `row_number`, `rank`", "sql::windows_of_queries"),
    ("windows without a frame", "sql::windows_without_a_frame_go_to_the_peers"),
    ("`first`, `last`, lists without an order", "sql::first_without_an_order_is_any"),
    ("an aggregate with a `FILTER`", "sql::what_fails_for_a_row_is_an_error_of_the_action"),
    ("EXCEPT ALL, INTERSECT ALL", "sql::except_all_does_not_count"),
    ("key of a RIGHT or FULL JOIN with USING", "sql::using_gives_the_left_key"),
    ("units of time", "sql::nanoseconds_must_be_whole_microseconds"),
];

#[test]
fn every_line_about_text_and_frames_has_a_rule() {
    let page = include_str!("../../../fugue-core/docs/sql-and-frames.md");
    let lines: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next()).collect();
    assert_eq!(lines[1..], LINES.map(|(line, _)| line));
    for (line, rule) in LINES {
        assert!(ids().contains(&rule), "{line}: there is no rule {rule}");
    }
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

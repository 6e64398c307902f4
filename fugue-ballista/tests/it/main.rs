//! What is promised of the Ballista engine, of the cluster in this process, and of jobs that are submitted to it.
//!
//! What clusters get wrong, and where it is tested; `rules::` are rules of the conformance suite, which [`conformance`] runs here.
//!
//! | what | where |
//! |---|---|
//! | rows counted once: file, memory, union, empty; 0, 1 and 3 partitions in a task | `partitions::rows_of_a_session_…`, `partitions::rows_of_a_union_…` |
//! | limits over tables in memory of one partition | `partitions::rows_of_a_union_…`, `context::large_tables_in_memory_keep_…` |
//! | exact numbers of partitions: even, by chance, by hash; one; more than rows | `partitions::numbers_of_partitions_are_exact`, `partitions::kept_partitions_…`, `rules::repartition` |
//! | types and layouts of keys | `keys::keys_of_two_types_…`, `keys::text_meets_…`, `keys::keys_of_a_context_…`, `rules::map::{null_is_a_key, nan_is_one_key, zeros_are_one_key}` |
//! | zips: an empty side, keys of one side, null keys | `keys::zips_and_presorts_…`, `rules::comap::{empty_inputs_give_empty_results, full_calls_keys_of_any, null_keys_meet}` |
//! | presort up and down, nulls | `keys::zips_and_presorts_…`, `rules::map::{presort_within_key, presort_descending, presort_puts_nulls_last_both_ways}` |
//! | inputs larger than a message | `inputs::rows_in_memory_…`, `context::a_large_table_…`, `submit::a_large_plan_travels` |
//! | errors, panics | `failures::errors_and_panics_…`, `context::an_error_in_a_plan_…`, `rules::errors` |
//! | transient errors and attempts | `failures::transient_errors_…` |
//! | cancel while functions run | `stopping::a_cancelled_action_…`, `stopping::a_dropped_action_…`, `rules::errors::{cancelling_ends_the_action, a_deadline_ends_the_action}` |
//! | progress | `stopping::a_slow_action_…`, `submit::progress_is_seen_…` |
//! | executors and schedulers that die | `losses::an_action_survives_…`, `losses::an_action_without_…`, `submit::a_job_survives_…` |
//! | consumers that are slower than results are kept | `inputs::a_slow_consumer_…`, `submit::a_slow_reader_…` |
//! | rows in memory between stages: in it, in files, in both; clients elsewhere; their end | `exchange::…` |
//! | files of inputs, of kept frames, of closed and dropped sessions | `inputs::inputs_leave_…`, `stopping::a_closed_session_…`, `stopping::a_dropped_session_…` |
//! | saved files: whole or not at all, whoever dies | `losses::a_saved_file_…`, `rules::storage` |
//! | saved folders: drivers that are killed | `kills::…` |
//! | SQL before and after functions: subqueries, joins, windows | `sql::…`, `context::…` |
//! | types on their way | `keys::the_types_of_a_context_…`, `rules::ingest::every_type_makes_the_round_trip`, `rules::map::nested_values_and_bytes_travel` |
//! | many calls behind one another | `placement::two_hundred_transforms_…`, `submit::a_plan_may_be_very_deep` |
//! | programs of another build | `builds::…`, `context::an_address_takes_functions_by_name_and_refuses_others`, tests of `fugue_core::travel` |
//! | folders that executors do not see | `context::files_that_executors_do_not_see_…`, tests of `files` |
//! | schedulers that do not answer | `submit::a_scheduler_that_does_not_say_…` |
//! | plans as text, what `tracing` hears | `plans::…`, `told::…` |
//! | calls at once on an executor, shared state | `placement::…`, `rules::runs::per_executor_limits_calls_at_once` |
//! | more rows than memory, by key, in zips and in exact numbers of partitions | `inputs::calls_by_key_…`, `submit::a_sort_that_does_not_fit_into_memory_spills` |
#![expect(clippy::expect_used, clippy::panic, reason = "tests stop at the first surprise")]

mod builds;
mod calls;
mod cluster;
mod conformance;
mod context;
mod data;
mod exchange;
mod failures;
mod inputs;
mod keys;
mod kills;
mod losses;
mod partitions;
mod placement;
mod plans;
mod running;
mod sql;
mod stopping;
mod submit;
mod support;
mod told;

//! All rules in one list, and their bodies: ordinary functions over a bench.
//!
//! Where engines are known to answer otherwise than the contract, each has a rule of its own:
//!
//! | what engines do | rule |
//! |---|---|
//! | products and quotients of decimals by other scales (Polars) | `expr::decimals_are_exact`, `sql::decimals_of_queries_are_exact` |
//! | sums of 32 bit integers stay narrow (Polars) | `aggregate::sums_are_wide`, `sql::aggregates_of_queries` |
//! | a sum of nothing is zero (Polars), means of large groups of nulls are NaN or 0 | `aggregate::nothing_gives_null_and_count_zero`, `aggregate::a_large_group_of_nulls_is_null` |
//! | integers divide to floats or downwards, a divisor of zero is an error | `expr::integers_divide_towards_zero`, `expr::a_divisor_of_zero_is_null`, `sql::whole_numbers_divide_towards_zero` |
//! | an engine computes all branches of a case | `expr::cases_compute_what_they_take` |
//! | NaN of other bits is another group; NaN is skipped, or wins, among extremes | `aggregate::null_and_nan_are_groups`, `aggregate::extremes_with_nan` |
//! | nulls first, or by the direction | `rows::sort_gives_rows_in_order`, `rows::nulls_go_first_where_asked` |
//! | NOT IN with null loses its third value (Ballista) | `expr::membership_is_three_valued`, `sql::not_in_a_subquery_with_null` |
//! | EXCEPT and INTERSECT in one chain take the outer operator (Polars), no counts | `sets::chains_keep_their_operators`, `sets::subtract_and_intersect_with_counts`, `sql::chains_of_sets_go_by_precedence` |
//! | positions count bytes (Polars), or from one | `expr::text_counts_characters` |
//! | halves round to even (Polars) | `expr::rounding_is_half_away_from_zero` |
//! | quantiles take the nearest value (Polars), or go in steps (DataFusion) | `aggregate::quantiles_interpolate` |
//! | a value of several rows is taken for one of them (Ballista) | `sql::a_value_of_several_rows_is_an_error` |
//! | a union says the types of its first input, and has others (DataFusion) | `sql::unions_meet_at_common_types` |
//! | frames of rows take peers in (DataFusion's default) | `window::frames_are_what_they_say` |
//! | groups of null are lost below a sort and a limit (DataFusion) | `verbs::matches_the_oracle` |
//! | first and last take what comes | `aggregate::first_last_and_lists_follow_an_order`, `plan::orders_that_are_missing_are_refused` |

//!
//! That each of these fails where an adapter does not make up for its engine was tried, by taking out what makes up for it: in fugue-polars the
//! kernels of decimals, division, membership, length and rounding, the wide sums, the sum of nothing, the greatest NaN, the quantiles that core
//! derives, the place of nulls, and the operator of a set; in fugue-datafusion division, positions, rounding, canonical keys, sums of decimals,
//! extremes of groups with NaN, the place of nulls, and the operator of a set. DataFusion 55.2 needs nothing for sums of narrow
//! integers and for medians of them, which were narrow and cut in others.
//!
//! In queries the text means what DataFusion says; what is wrong there is told by the page of SQL and frames and kept by a rule as it is,
//! until it changes: the key of RIGHT and FULL joins with USING (datafusion#22881), counts of EXCEPT ALL, extremes of floats with NaN. Not
//! asked for, since the answer is wrong or none: comparisons of a `TRY_CAST` to a narrower integer (datafusion#24702), `last_value` with a filter
//! that no row of a group passes, which panics (near datafusion#22666).

#![expect(unreachable_pub, reason = "rules are listed below, and called through that list")]

mod aggregate;
mod columns;
mod comap;
mod errors;
mod expr;
mod files;
mod frame;
mod ingest;
mod join;
mod laws;
mod map;
mod others;
mod plan;
mod repartition;
mod rows;
mod run;
mod runs;
mod select;
mod sets;
mod sql;
mod storage;
mod support;
mod transform;
mod verbs;
mod window;

use crate::bench::Bench;
use crate::failure::Outcome;

/// A rule: its name, and what it asks of an engine.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// `module::sentence_in_snake_case`.
    pub id: &'static str,
    /// The body.
    pub body: fn(&Bench) -> Outcome,
}

/// The list of all rules. A body that is missing from it is dead code, which is a warning, which is an error.
#[macro_export]
macro_rules! for_each_rule {
    ($($then:tt)*) => {
        $($then)*! {
            ingest {
                every_type_makes_the_round_trip,
                nan_stays_nan_and_null_stays_null,
                floats_keep_their_bits,
                cuts_do_not_matter,
                empty_chunks_do_not_matter,
                the_first_chunk_with_rows_tells_the_schema,
                an_empty_frame_keeps_its_schema,
                other_layouts_are_normalised,
                units_become_microseconds,
                nanoseconds_that_do_not_fit_are_errors,
                fixed_offsets_become_utc,
                types_outside_the_table_are_refused,
                duplicate_map_keys_are_errors,
                nullability_and_metadata_do_not_count,
                a_frame_needs_columns_with_unique_names,
                any_name_is_a_name,
                typed_rows_go_in_and_come_out,
            }
            frame {
                count_and_emptiness,
                peek_shows_a_row_or_says_empty,
                head_takes_what_there_is,
                show_is_a_table,
                plans_are_lazy,
                a_frame_can_be_used_again,
                a_stream_gives_what_collect_gives,
                persist_keeps_every_row,
                records_are_rows_by_name,
                engine_info_is_sound,
            }
            map {
                matches_the_oracle,
                identity_keeps_every_row,
                one_call_per_key,
                null_is_a_key,
                null_is_not_empty_text,
                nan_is_one_key,
                zeros_are_one_key,
                floats_have_one_order,
                several_keys_with_nulls,
                any_name_can_be_a_key,
                presort_within_key,
                presort_descending,
                presort_over_several_columns,
                presort_puts_nulls_last_both_ways,
                presort_with_ties_promises_no_order,
                never_called_with_zero_rows,
                no_call_gives_the_declared_schema,
                number_and_algorithm_do_not_change_the_answer,
                nested_values_and_bytes_travel,
                a_column_of_nulls_keeps_its_type,
                one_huge_group,
                many_small_groups,
                cursor_tells_key_and_numbers,
                cursor_seed_is_the_same_everywhere,
                two_tasks_over_one_source_stay_apart,
                maps_chain,
            }
            comap {
                matches_the_oracle,
                inner_calls_keys_of_all,
                left_calls_keys_of_the_first,
                right_calls_keys_of_the_last,
                full_calls_keys_of_any,
                cross_is_one_call,
                null_keys_meet,
                floats_meet_by_the_one_order,
                common_columns_are_the_keys,
                cross_with_keys_is_refused,
                members_keep_their_places,
                a_member_without_rows_is_empty_with_its_schema,
                cursor_has_the_key_of_a_missing_member,
                presort_applies_to_each_member,
                a_frame_may_stand_twice,
                three_members_with_each_kind,
                empty_inputs_give_empty_results,
                ignored_errors_drop_the_key,
                out_cotransform_calls_and_returns_nothing,
            }
            transform {
                columns_are_matched_by_name_and_cast,
                nothing_returned_is_no_rows,
                a_row_reads_only_its_columns,
                new_columns_are_added_to_all,
                a_rest_field_keeps_the_rest,
                row_wise_keeps_the_order,
                side_effects_of_single_rows_follow_the_presort,
                async_keeps_the_order,
                plain_values_by_column,
                streams_of_batches_pass,
                parameters_arrive,
                state_is_built_once_and_shared,
                schemas_arrive,
                ignored_errors_drop_the_group,
                out_transform_calls_and_returns_nothing,
            }
            repartition {
                keeps_every_row,
                does_not_change_keyed_answers,
                zero_changes_nothing,
                even_sizes_differ_by_one,
                per_row_is_one_row_a_call,
                number_is_an_upper_bound,
                row_count_expressions_are_resolved,
                coarse_keeps_keys_whole_and_sorted,
                every_algorithm_sees_every_row_once,
                every_layout_is_called_with_every_row_once,
                calls_follow_the_layout,
            }
            errors {
                a_user_error_keeps_its_type,
                a_panic_is_a_failed_transformer,
                a_failure_names_transformer_and_key,
                other_errors_are_not_ignored,
                the_first_failure_ends_the_action,
                an_unknown_key_is_found_before_the_run,
                a_missing_column_is_found_before_the_run,
                a_missing_output_column_is_an_error,
                a_cast_that_fails_is_an_error_by_collect,
                an_unexpected_null_names_column_and_row,
                missing_parameters_are_found_before_the_run,
                cancelling_ends_the_action,
                a_deadline_ends_the_action,
                a_session_survives_a_failure,
            }
            runs {
                user_code_runs_on_the_sessions_threads,
                no_more_calls_at_once_than_threads,
                per_executor_limits_calls_at_once,
                a_source_is_not_read_ahead_of_its_reader,
                an_unkeyed_stream_runs_in_bounded_memory,
                a_stream_that_was_read_says_so,
                frames_of_another_engine_come_in,
                actions_at_the_same_time_do_not_disturb_each_other,
            }
            files {
                csv_keeps_what_it_can_hold,
                json_keeps_what_it_can_hold,
                arrow_makes_the_round_trip,
                json_types_are_those_of_its_values,
                packed_text_is_unpacked,
                keys_become_folders_and_columns,
                odd_keys_make_the_round_trip,
                filters_over_folders_keep_their_rows,
                patterns_and_lists_are_one_frame,
                appending_adds_rows,
                targets_are_replaced_whole,
                numbers_say_how_many_files,
                a_failing_save_of_a_folder_changes_nothing,
                files_that_differ_are_refused,
                what_is_wrong_in_a_file_is_named,
                damaged_files_are_named,
                reads_and_writes_are_told,
            }
            others {
                files_of_other_programs_are_read_right,
                folders_of_other_programs_are_read_right,
                codecs_that_are_not_there_are_named,
            }
            storage {
                parquet_makes_the_round_trip,
                parquet_columns_are_chosen_and_cast,
                csv_makes_the_round_trip,
                a_folder_is_one_frame,
                a_loaded_frame_is_mapped,
                an_empty_frame_is_saved_with_its_columns,
                an_empty_csv_field_is_null,
                large_files_are_read_whole,
                files_that_cannot_be_are_errors,
            }
            expr {
                integers_divide_towards_zero,
                a_divisor_of_zero_is_null,
                integers_meet_at_the_wider_type_and_wrap,
                checked_forms_fail,
                plain_numbers,
                decimals_are_exact,
                rounding_is_half_away_from_zero,
                comparisons_follow_the_one_order,
                logic_is_three_valued,
                membership_is_three_valued,
                coalesce_and_nullif,
                cases_compute_what_they_take,
                casts_and_attempts,
                text_counts_characters,
                text_is_changed,
                patterns,
                dates,
                instants_are_read_on_the_clock_of_their_zone,
                literals,
                matches_the_oracle,
            }
            aggregate {
                sums_are_wide,
                sums_wrap_and_checked_sums_fail,
                nothing_gives_null_and_count_zero,
                a_large_group_of_nulls_is_null,
                averages,
                distinct_counts_skip_nulls,
                extremes_with_nan,
                null_and_nan_are_groups,
                quantiles_interpolate,
                deviations,
                first_last_and_lists_follow_an_order,
                conditions_of_aggregates,
                constants_count_every_row,
                keys_have_one_zero,
                deviations_of_what_is_not_finite,
                maps_are_not_counted_apart,
                matches_the_oracle,
            }
            window {
                ranks_and_row_numbers,
                lag_and_lead_stay_in_their_partition,
                frames_are_what_they_say,
                running_sums_do_not_see_peers,
                matches_the_oracle,
            }
            select {
                filter_keeps_what_is_true,
                columns_and_expressions,
                groups_where_and_having,
                assign_replaces_and_appends,
                aggregates_of_all_and_by_keys,
                columns_are_renamed_dropped_and_altered,
                a_filter_never_sees_rows_that_are_gone,
                both_sides_of_a_condition_are_computed,
            }
            join {
                kinds_and_their_columns,
                null_keys_never_match,
                floats_meet_by_the_one_order,
                duplicates_make_pairs,
                several_keys_with_nulls,
                empty_sides,
                cross_makes_all_pairs,
                joins_chain,
                keys_of_every_type,
                an_order_is_made_where_it_is_asked_for,
                matches_the_oracle,
            }
            sets {
                union_of_different_rows_and_of_all,
                subtract_and_intersect_different_rows,
                subtract_and_intersect_with_counts,
                chains_keep_their_operators,
                rows_are_equal_by_the_one_equality,
                matches_the_oracle,
            }
            rows {
                sort_gives_rows_in_order,
                limit_gives_so_many_rows,
                take_gives_the_first_of_each_key,
                take_without_an_order_takes_the_least_rows,
                describe_tells_of_each_column,
                distinct_gives_each_row_once,
                dropna_drops_by_what_is_null,
                fillna_fills_what_is_null,
                samples_are_of_the_rows,
                nulls_go_first_where_asked,
            }
            plan {
                mixed_types_are_refused,
                unknown_columns_are_refused,
                selects_that_cannot_be_are_refused,
                orders_that_are_missing_are_refused,
                joins_and_sets_that_do_not_fit_are_refused,
                fills_and_samples_that_cannot_be_are_refused,
                verbs_are_lazy,
            }
            verbs {
                matches_the_oracle,
                a_filter_parts_rows_in_three,
                sets_put_together_what_they_part,
                verbs_follow_transforms_and_transforms_verbs,
            }
            sql {
                an_answer_or_a_clear_refusal,
                what_is_no_query_is_refused,
                what_fails_for_a_row_is_an_error_of_the_action,
                names_are_case_sensitive,
                any_name_can_be_quoted,
                text_stands_in_single_quotes,
                queries_name_columns_in_many_ways,
                literals_of_queries,
                types_of_results_are_canonical,
                whole_numbers_divide_towards_zero,
                decimals_of_queries_are_exact,
                aggregates_of_queries,
                functions_of_queries,
                unknown_is_neither_true_nor_false,
                not_in_a_list_with_null,
                not_in_a_subquery_with_null,
                a_subquery_is_a_value,
                a_value_of_several_rows_is_an_error,
                sets_of_rows,
                unions_meet_at_common_types,
                unions_take_rows_of_literals,
                chains_of_sets_go_by_precedence,
                joins_of_queries,
                groupings_of_queries,
                windows_of_queries,
                orders_of_joined_and_grouped_rows,
                queries_inside_of_queries,
                frames_without_rows_are_asked,
                queries_stand_between_verbs_and_functions,
                queries_are_lazy,
                a_frame_is_asked_again,
                types_that_differ_are_cast,
                a_division_by_zero_is_an_error,
                a_root_of_a_negative_number_is_an_error,
                floats_go_by_their_bits,
                rounding_is_of_the_binary_value,
                quantiles_go_in_steps,
                extremes_of_floats_with_nan_are_any,
                sums_of_decimals_grow_by_ten_digits,
                nulls_sort_last_upwards_and_first_downwards,
                concat_skips_nulls,
                text_counts_from_one,
                text_of_floats_and_moments,
                a_backslash_escapes_in_like,
                regexp_replace_is_of_the_first_match,
                weeks_begin_on_sunday_in_dow,
                a_date_and_a_number_is_a_date,
                windows_without_a_frame_go_to_the_peers,
                first_without_an_order_is_any,
                nanoseconds_must_be_whole_microseconds,
                except_all_does_not_count,
                using_gives_the_left_key,
                matches_the_oracle,
                queries_and_verbs_mix,
            }
            laws {
                partition_count_does_not_matter,
                batch_size_does_not_matter,
                order_of_input_does_not_matter,
                splitting_by_key_and_joining_the_answers_is_the_answer,
                mapping_twice_is_mapping_the_composition,
            }
        }
    };
}

macro_rules! list {
    ($($module:ident { $($rule:ident),* $(,)? })*) => {
        /// Every rule, in the order of the list.
        pub const RULES: &[Rule] = &[
            $($(Rule { id: concat!(stringify!($module), "::", stringify!($rule)), body: $module::$rule },)*)*
        ];
    };
}

crate::for_each_rule!(list);

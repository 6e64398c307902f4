//! The ways in which an engine can be broken, and the rule that must notice each.

/// One way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The last row of a key with several rows is lost.
    DropsARowPerKey,
    /// The rows of a key come in two calls.
    SplitsAKey,
    /// Two keys share a call.
    MergesTwoKeys,
    /// Rows come as they lie.
    IgnoresPresort,
    /// Only the first column of a presort counts.
    SortsByTheFirstColumnOnly,
    /// Everything ascends.
    IgnoresDirections,
    /// Nulls come before values.
    PutsNullsFirst,
    /// Rows whose key is null are lost.
    LosesNullKeys,
    /// A null key and an empty text are one.
    TakesNullForEmptyText,
    /// NaN of different bits are different keys.
    TellsNansApart,
    /// -0.0 and 0.0 are different keys.
    TellsZerosApart,
    /// An empty input is a call.
    CallsWithoutRows,
    /// NaN goes in and null comes out.
    TurnsNanToNull,
    /// Text longer than a view holds inline is cut.
    CutsLongText,
    /// The last of several batches is lost.
    LosesABatch,
    /// A repartition repeats a row.
    DuplicatesRowsOnRepartition,
    /// An empty result has the columns of the input.
    WrongSchemaWhenEmpty,
    /// Cancelling and deadlines do nothing.
    IgnoresCancel,
    /// Groups whose function fails are lost without a word.
    SwallowsErrors,
    /// An error of the function becomes one of the engine.
    LosesErrorKinds,
    /// Every zip is an inner one.
    DropsOneSidedKeys,
    /// The first member comes as the second.
    SwapsMembers,
    /// Null keys of two members do not meet.
    KeepsNullKeysApart,
    /// A second task of one function is taken for the first.
    ConfusesTwoTasks,
    /// User code runs before anybody asks for rows.
    RunsWhenPlanned,
    /// Coarse partitions share a key.
    SplitsCoarseKeys,
    /// Even partitions are not even.
    MakesEvenUneven,
    /// A count is off by one.
    CountsOneTooMany,
    /// All partitions have the number zero.
    NumbersEveryPartitionZero,
    /// Text comes out of the engine in another layout.
    DeliversAnotherLayout,
    /// Text reaches functions in another layout.
    CallsWithAnotherLayout,
    /// Instants are cut to milliseconds.
    CutsInstants,
    /// A frame has rows for its first action only.
    IsUsedUp,
    /// Keeping rows keeps the plan.
    ForgetsToPersist,
    /// One call without keys, whatever the number and the algorithm.
    IgnoresNumbers,
    /// Without keys the last of several partitions is lost.
    LosesAPartition,
    /// Numbers of rows in expressions are taken for one.
    TakesRowCountForOne,
    /// Members of a zip come as they lie.
    IgnoresPresortInZips,
    /// A member without rows has no columns.
    LosesColumnsOfEmptyMembers,
    /// The cursor of a zip looks at the first member only.
    TakesKeysOfTheFirstMember,
    /// The cursor has the zero or the NaN of the first row of a group.
    TellsKeysAsTheyCome,
    /// With several members inner means those of the first two.
    LooksAtTwoMembers,
    /// Every zip calls the keys of any member.
    CallsEveryKey,
    /// A cross with a member without rows is no call.
    SkipsCrossesWithNothing,
    /// A frame that stands twice in a zip is read by the first member alone.
    ReadsATwinOnce,
    /// What a call returns comes in another order.
    ShufflesOutputs,
    /// Each call is made twice; the second counts.
    CallsTwice,
    /// A call that returns nothing gives a row of nulls.
    GivesARowForNothing,
    /// Without keys there is a call more than partitions.
    CutsWithoutKeys,
    /// A repartition leaves rows where they are.
    IgnoresRepartition,
    /// All calls are made though the first failed.
    GoesOnAfterAFailure,
    /// After a failure the engine gives nothing any more.
    BreaksAfterAFailure,
    /// An error keeps its kind and its message alone.
    LosesErrorContext,
    /// User code runs where the action is driven.
    RunsOnTheCallersThread,
    /// Every call has a thread of its own.
    CallsAllAtOnce,
    /// Every call has gates of its own, which hold nobody back.
    GivesEachCallItsGates,
    /// The plan is a word.
    SaysNothing,
    /// Folders named by keys are folders like any other.
    IgnoresKeyFolders,
    /// Of a folder the first file is loaded.
    LoadsTheFirstFile,
    /// Files that do not go with those before them are passed over.
    PassesOverOddFiles,
    /// An error of a file does not say where.
    LosesPlacesInFiles,
    /// The second row of a source is its first once more.
    RepeatsTheFirstRow,
    /// A frame without rows has one column.
    LosesColumnsOfEmptyFrames,
    /// Instants have no zone any more.
    LosesZones,
    /// Names are in small letters.
    FoldsNames,
    /// Decimals lose their sign, and positive ones get it.
    NegatesDecimals,
    /// The highest bit of a byte is its sign.
    ReadsUnsignedAsSigned,
    /// -0.0 becomes 0.0 in the data.
    ChangesBitsOfFloats,
    /// A null text is an empty one in the data.
    TakesNullForNoText,
    /// An empty text is null in the data.
    TakesNoTextForNull,
    /// A null list is an empty one.
    TakesNullForAnEmptyList,
    /// A null struct is one whose fields are null.
    TakesNullForAStructOfNulls,
    /// Entries of maps come in the order of their keys.
    SortsMapEntries,
    /// Whole numbers are divided downwards.
    FloorsDivisions,
    /// A divisor of zero is an error.
    FailsOnDivisorsOfZero,
    /// Sums that are too great stay at the end of the type.
    Saturates,
    /// Checked arithmetic gives null where it should fail, and otherwise.
    ChecksNothing,
    /// Products of decimals lose digits.
    MultipliesDecimalsShort,
    /// NaN equals nothing.
    ComparesNansLikeIeee,
    /// What is unknown is false.
    TakesUnknownForFalse,
    /// A null in a list does not count.
    ForgetsNullsInLists,
    /// Null is never equal, also where it should be.
    TakesNullForAnEqual,
    /// The first value stands, null or not.
    CoalescesNothing,
    /// Every value of a case is computed for every row.
    ComputesAllBranches,
    /// Null text is no text.
    JoinsTextOverNulls,
    /// Positions of text are those of bytes.
    CountsBytes,
    /// The first character is number one.
    CountsFromOne,
    /// Text stays as it is.
    TrimsNothing,
    /// Patterns do not mind the case.
    FitsInAnyCase,
    /// Only the first occurrence is replaced.
    ReplacesOnce,
    /// Halves go to the even neighbour.
    RoundsHalfToEven,
    /// Signs stay as they are.
    LosesSigns,
    /// Dates are off by one.
    StartsWeeksOnSunday,
    /// Instants are read on the clock of Greenwich.
    ForgetsZones,
    /// Casts round, and give null for what cannot be cast.
    RoundsCasts,
    /// A sum of nothing is zero.
    SumsNothingToZero,
    /// Sums stay as narrow as their values.
    SumsNarrow,
    /// Null is counted.
    CountsNulls,
    /// Null is a different value.
    CountsNullsAmongDifferent,
    /// NaN is neither least nor greatest.
    SkipsNans,
    /// A median is one of the values.
    CutsMedians,
    /// A single value deviates by zero.
    DeviatesLikeAPopulation,
    /// A single value is its own mean, even NaN.
    DeviatesByNothingAlone,
    /// A mean of whole numbers is one.
    AveragesWholeNumbers,
    /// The first value is the first that is not null.
    SkipsNullsInFirst,
    /// All rows count.
    IgnoresAggregateFilters,
    /// A constant counts once, however many rows there are.
    CountsConstantsOnce,
    /// A key of zero is given with the sign it came with.
    KeepsSignsOfZeroKeys,
    /// Null is no group.
    LosesNullGroups,
    /// Each NaN is a group.
    TellsNansApartInGroups,
    /// An aggregate of no rows is no row.
    GivesNoRowForNothing,
    /// A frame of rows takes peers in.
    RunsWindowsToPeers,
    /// There is one partition.
    ForgetsWindowKeys,
    /// Peers have ranks of their own.
    TakesRanksForRowNumbers,
    /// A condition that is null is fulfilled.
    KeepsRowsOfUnknownTruth,
    /// A condition is computed for rows that an earlier one dropped.
    FiltersRowsThatAreGone,
    /// What follows a side that decides is not computed.
    StopsAtTheFirstSide,
    /// All groups stay.
    IgnoresHaving,
    /// Rows come again.
    IgnoresDistinct,
    /// The last row is lost.
    LosesARowOfASelect,
    /// Rows without a partner are lost.
    JoinsOneSide,
    /// Further keys do not count.
    JoinsByTheFirstKeyOnly,
    /// Null meets null.
    MatchesNullKeys,
    /// NaN meets nothing.
    NeverMatchesNans,
    /// A row comes for each partner.
    RepeatsSemiRows,
    /// A key of the right side alone is null.
    LosesRightKeys,
    /// The last pair is lost.
    LosesARowOfAJoin,
    /// Sets have each row once.
    CountsNothingInSets,
    /// Sets have rows again.
    KeepsDuplicatesInSets,
    /// A difference is what both have.
    UnitesLikeTheOuterOperator,
    /// Null is different from null.
    TellsNullsApartInSets,
    /// Nulls come first.
    SortsNullsAtTheOtherEnd,
    /// NaN is least.
    SortsNansFirst,
    /// Everything ascends.
    SortsUpwards,
    /// A row too many.
    LimitsOneTooMany,
    /// Some words of a query are taken for others.
    Misreads(&'static str, &'static str),
    /// The last row of a query's answer is lost.
    LosesARowOfAnAnswer,
    /// Queries are answered before anybody asks for rows.
    AnswersWhenAsked,
    /// Queries are refused, and nobody is told why.
    RefusesQueriesWithoutAWord,
}

/// Rules that no fault of an engine can break, each with the reason.
pub(crate) const WITHOUT_FAULT: [(&str, &str); 17] = [
    ("ingest::nanoseconds_that_do_not_fit_are_errors", "the core refuses them before an engine has them"),
    ("ingest::types_outside_the_table_are_refused", "the core refuses them before an engine has them"),
    ("ingest::duplicate_map_keys_are_errors", "the core refuses them before an engine has them"),
    ("ingest::the_first_chunk_with_rows_tells_the_schema", "the core reads it before an engine has it"),
    ("comap::cross_with_keys_is_refused", "the core refuses it when the call is planned"),
    ("errors::an_unknown_key_is_found_before_the_run", "the core finds it when the call is planned"),
    ("errors::a_missing_column_is_found_before_the_run", "the core finds it when the call is planned"),
    ("errors::missing_parameters_are_found_before_the_run", "the core finds it when the call is planned"),
    ("aggregate::maps_are_not_counted_apart", "the core refuses it when the plan is built"),
    ("plan::mixed_types_are_refused", "the core refuses it when the plan is built"),
    ("plan::unknown_columns_are_refused", "the core refuses it when the plan is built"),
    ("plan::selects_that_cannot_be_are_refused", "the core refuses it when the plan is built"),
    ("plan::orders_that_are_missing_are_refused", "the core refuses it when the plan is built"),
    ("plan::joins_and_sets_that_do_not_fit_are_refused", "the core refuses it when the plan is built"),
    ("plan::fills_and_samples_that_cannot_be_are_refused", "the core refuses it when the plan is built"),
    ("runs::a_source_is_not_read_ahead_of_its_reader", "the reference engine reads ahead itself, and fails it"),
    ("runs::an_unkeyed_stream_runs_in_bounded_memory", "the reference engine holds everything itself, and fails it"),
];

impl Fault {
    /// All of them, each with the rules that must notice it.
    pub(crate) const ALL: [(Self, &'static [&'static str]); 185] = [
        (
            Self::DropsARowPerKey,
            &[
                "map::identity_keeps_every_row",
                "map::one_huge_group",
                "map::many_small_groups",
                "map::maps_chain",
                "transform::a_row_reads_only_its_columns",
                "transform::streams_of_batches_pass",
                "laws::mapping_twice_is_mapping_the_composition",
                "rows::take_gives_the_first_of_each_key",
                "rows::take_without_an_order_takes_the_least_rows",
            ],
        ),
        (
            Self::SplitsAKey,
            &["map::one_call_per_key", "map::matches_the_oracle", "map::number_and_algorithm_do_not_change_the_answer"],
        ),
        (
            Self::MergesTwoKeys,
            &[
                "map::one_call_per_key",
                "transform::columns_are_matched_by_name_and_cast",
                "laws::splitting_by_key_and_joining_the_answers_is_the_answer",
            ],
        ),
        (
            Self::IgnoresPresort,
            &[
                "map::presort_within_key",
                "map::presort_with_ties_promises_no_order",
                "map::matches_the_oracle",
                "transform::new_columns_are_added_to_all",
                "transform::side_effects_of_single_rows_follow_the_presort",
                "laws::order_of_input_does_not_matter",
            ],
        ),
        (Self::SortsByTheFirstColumnOnly, &["map::presort_over_several_columns"]),
        (Self::IgnoresDirections, &["map::presort_descending"]),
        (Self::PutsNullsFirst, &["map::presort_puts_nulls_last_both_ways", "map::presort_over_several_columns"]),
        (
            Self::LosesNullKeys,
            &[
                "map::null_is_a_key",
                "map::several_keys_with_nulls",
                "map::a_column_of_nulls_keeps_its_type",
                "map::matches_the_oracle",
                "storage::a_loaded_frame_is_mapped",
            ],
        ),
        (Self::TakesNullForEmptyText, &["map::null_is_not_empty_text"]),
        (
            Self::TellsNansApart,
            &["map::nan_is_one_key", "map::cursor_seed_is_the_same_everywhere", "comap::floats_meet_by_the_one_order"],
        ),
        (
            Self::TellsZerosApart,
            &["map::zeros_are_one_key", "map::cursor_seed_is_the_same_everywhere", "comap::floats_meet_by_the_one_order"],
        ),
        (Self::CallsWithoutRows, &["map::never_called_with_zero_rows"]),
        (
            Self::TurnsNanToNull,
            &[
                "ingest::nan_stays_nan_and_null_stays_null",
                "map::floats_have_one_order",
                "frame::show_is_a_table",
                "storage::csv_makes_the_round_trip",
            ],
        ),
        (
            Self::CutsLongText,
            &[
                "ingest::every_type_makes_the_round_trip",
                "ingest::other_layouts_are_normalised",
                "storage::parquet_makes_the_round_trip",
                "files::csv_keeps_what_it_can_hold",
                "files::json_keeps_what_it_can_hold",
                "files::arrow_makes_the_round_trip",
            ],
        ),
        (
            Self::LosesABatch,
            &[
                "ingest::cuts_do_not_matter",
                "ingest::empty_chunks_do_not_matter",
                "ingest::nullability_and_metadata_do_not_count",
                "frame::a_stream_gives_what_collect_gives",
                "storage::a_folder_is_one_frame",
                "storage::large_files_are_read_whole",
                "laws::batch_size_does_not_matter",
            ],
        ),
        (
            Self::DuplicatesRowsOnRepartition,
            &[
                "repartition::keeps_every_row",
                "repartition::does_not_change_keyed_answers",
                "repartition::zero_changes_nothing",
                "repartition::every_layout_is_called_with_every_row_once",
            ],
        ),
        (Self::WrongSchemaWhenEmpty, &["map::no_call_gives_the_declared_schema"]),
        (Self::IgnoresCancel, &["errors::cancelling_ends_the_action", "errors::a_deadline_ends_the_action"]),
        (
            Self::SwallowsErrors,
            &[
                "errors::a_user_error_keeps_its_type",
                "errors::a_panic_is_a_failed_transformer",
                "errors::other_errors_are_not_ignored",
            ],
        ),
        (
            Self::LosesErrorKinds,
            &[
                "errors::a_user_error_keeps_its_type",
                "errors::a_failure_names_transformer_and_key",
                "errors::a_missing_output_column_is_an_error",
                "errors::a_cast_that_fails_is_an_error_by_collect",
                "storage::files_that_cannot_be_are_errors",
                "files::a_failing_save_of_a_folder_changes_nothing",
            ],
        ),
        (
            Self::DropsOneSidedKeys,
            &[
                "comap::full_calls_keys_of_any",
                "comap::left_calls_keys_of_the_first",
                "comap::right_calls_keys_of_the_last",
                "comap::matches_the_oracle",
                "runs::frames_of_another_engine_come_in",
            ],
        ),
        (Self::SwapsMembers, &["comap::members_keep_their_places"]),
        (Self::KeepsNullKeysApart, &["comap::null_keys_meet"]),
        (
            Self::ConfusesTwoTasks,
            &[
                "map::two_tasks_over_one_source_stay_apart",
                "transform::parameters_arrive",
                "transform::state_is_built_once_and_shared",
                "runs::actions_at_the_same_time_do_not_disturb_each_other",
            ],
        ),
        (Self::RunsWhenPlanned, &["frame::plans_are_lazy", "plan::verbs_are_lazy"]),
        (Self::SplitsCoarseKeys, &["repartition::coarse_keeps_keys_whole_and_sorted"]),
        (Self::MakesEvenUneven, &["repartition::even_sizes_differ_by_one"]),
        (Self::CountsOneTooMany, &["frame::count_and_emptiness"]),
        (Self::NumbersEveryPartitionZero, &["map::cursor_tells_key_and_numbers"]),
        (Self::DeliversAnotherLayout, &["ingest::every_type_makes_the_round_trip"]),
        (Self::CallsWithAnotherLayout, &["map::matches_the_oracle"]),
        (
            Self::CutsInstants,
            &[
                "ingest::every_type_makes_the_round_trip",
                "ingest::units_become_microseconds",
                "ingest::typed_rows_go_in_and_come_out",
            ],
        ),
        (
            Self::IsUsedUp,
            &[
                "frame::a_frame_can_be_used_again",
                "frame::peek_shows_a_row_or_says_empty",
                "files::appending_adds_rows",
                "files::targets_are_replaced_whole",
                "files::numbers_say_how_many_files",
            ],
        ),
        (Self::ForgetsToPersist, &["frame::persist_keeps_every_row", "runs::a_stream_that_was_read_says_so"]),
        (Self::IgnoresNumbers, &["repartition::per_row_is_one_row_a_call", "repartition::even_sizes_differ_by_one"]),
        (
            Self::LosesAPartition,
            &[
                "repartition::every_algorithm_sees_every_row_once",
                "repartition::number_is_an_upper_bound",
                "laws::partition_count_does_not_matter",
            ],
        ),
        (Self::TakesRowCountForOne, &["repartition::row_count_expressions_are_resolved"]),
        (Self::IgnoresPresortInZips, &["comap::presort_applies_to_each_member"]),
        (Self::LosesColumnsOfEmptyMembers, &["comap::a_member_without_rows_is_empty_with_its_schema"]),
        (Self::TakesKeysOfTheFirstMember, &["comap::cursor_has_the_key_of_a_missing_member"]),
        (Self::TellsKeysAsTheyCome, &["map::cursor_seed_is_the_same_everywhere"]),
        (Self::LooksAtTwoMembers, &["comap::three_members_with_each_kind"]),
        (
            Self::CallsEveryKey,
            &[
                "comap::inner_calls_keys_of_all",
                "comap::left_calls_keys_of_the_first",
                "comap::right_calls_keys_of_the_last",
                "comap::common_columns_are_the_keys",
            ],
        ),
        (Self::SkipsCrossesWithNothing, &["comap::cross_is_one_call", "comap::empty_inputs_give_empty_results"]),
        (Self::ReadsATwinOnce, &["comap::a_frame_may_stand_twice"]),
        (Self::ShufflesOutputs, &["transform::row_wise_keeps_the_order", "transform::async_keeps_the_order"]),
        (
            Self::CallsTwice,
            &[
                "transform::ignored_errors_drop_the_group",
                "transform::out_transform_calls_and_returns_nothing",
                "comap::ignored_errors_drop_the_key",
                "comap::out_cotransform_calls_and_returns_nothing",
                "errors::other_errors_are_not_ignored",
            ],
        ),
        (Self::GivesARowForNothing, &["transform::nothing_returned_is_no_rows"]),
        (Self::CutsWithoutKeys, &["transform::schemas_arrive", "transform::out_transform_calls_and_returns_nothing"]),
        (Self::IgnoresRepartition, &["repartition::calls_follow_the_layout"]),
        (Self::GoesOnAfterAFailure, &["errors::the_first_failure_ends_the_action"]),
        (Self::BreaksAfterAFailure, &["errors::a_session_survives_a_failure"]),
        (
            Self::LosesErrorContext,
            &["errors::an_unexpected_null_names_column_and_row", "errors::a_failure_names_transformer_and_key"],
        ),
        (Self::RunsOnTheCallersThread, &["runs::user_code_runs_on_the_sessions_threads"]),
        (Self::CallsAllAtOnce, &["runs::no_more_calls_at_once_than_threads", "runs::user_code_runs_on_the_sessions_threads"]),
        (Self::GivesEachCallItsGates, &["runs::per_executor_limits_calls_at_once"]),
        (Self::SaysNothing, &["frame::engine_info_is_sound"]),
        (
            Self::IgnoresKeyFolders,
            &[
                "files::keys_become_folders_and_columns",
                "files::odd_keys_make_the_round_trip",
                "files::filters_over_folders_keep_their_rows",
                "others::folders_of_other_programs_are_read_right",
            ],
        ),
        (
            Self::LoadsTheFirstFile,
            &[
                "files::json_types_are_those_of_its_values",
                "files::patterns_and_lists_are_one_frame",
                "storage::a_folder_is_one_frame",
                "files::reads_and_writes_are_told",
            ],
        ),
        (Self::PassesOverOddFiles, &["files::files_that_differ_are_refused"]),
        (Self::LosesPlacesInFiles, &["files::what_is_wrong_in_a_file_is_named", "files::damaged_files_are_named"]),
        (
            Self::RepeatsTheFirstRow,
            &[
                "rows::samples_are_of_the_rows",
                "frame::head_takes_what_there_is",
                "storage::parquet_columns_are_chosen_and_cast",
                "files::packed_text_is_unpacked",
                "others::files_of_other_programs_are_read_right",
                "others::codecs_that_are_not_there_are_named",
            ],
        ),
        (
            Self::LosesColumnsOfEmptyFrames,
            &["ingest::an_empty_frame_keeps_its_schema", "storage::an_empty_frame_is_saved_with_its_columns"],
        ),
        (Self::LosesZones, &["ingest::fixed_offsets_become_utc", "ingest::every_type_makes_the_round_trip"]),
        (
            Self::FoldsNames,
            &["ingest::a_frame_needs_columns_with_unique_names", "ingest::any_name_is_a_name", "map::any_name_can_be_a_key"],
        ),
        (Self::NegatesDecimals, &["ingest::every_type_makes_the_round_trip"]),
        (Self::ReadsUnsignedAsSigned, &["ingest::every_type_makes_the_round_trip"]),
        (Self::ChangesBitsOfFloats, &["ingest::floats_keep_their_bits"]),
        (
            Self::TakesNullForNoText,
            &[
                "frame::records_are_rows_by_name",
                "storage::an_empty_csv_field_is_null",
                "ingest::every_type_makes_the_round_trip",
            ],
        ),
        (Self::TakesNoTextForNull, &["transform::plain_values_by_column", "ingest::every_type_makes_the_round_trip"]),
        (Self::TakesNullForAnEmptyList, &["map::nested_values_and_bytes_travel", "ingest::every_type_makes_the_round_trip"]),
        (Self::TakesNullForAStructOfNulls, &["transform::a_rest_field_keeps_the_rest", "map::nested_values_and_bytes_travel"]),
        (Self::SortsMapEntries, &["map::nested_values_and_bytes_travel", "ingest::every_type_makes_the_round_trip"]),
        (Self::FloorsDivisions, &["expr::integers_divide_towards_zero"]),
        (Self::FailsOnDivisorsOfZero, &["expr::a_divisor_of_zero_is_null"]),
        (Self::Saturates, &["expr::integers_meet_at_the_wider_type_and_wrap"]),
        (Self::ChecksNothing, &["expr::checked_forms_fail", "aggregate::sums_wrap_and_checked_sums_fail"]),
        (Self::MultipliesDecimalsShort, &["expr::decimals_are_exact"]),
        (Self::ComparesNansLikeIeee, &["expr::comparisons_follow_the_one_order"]),
        (Self::TakesUnknownForFalse, &["expr::logic_is_three_valued", "select::filter_keeps_what_is_true"]),
        (Self::ForgetsNullsInLists, &["expr::membership_is_three_valued"]),
        (Self::TakesNullForAnEqual, &["expr::comparisons_follow_the_one_order"]),
        (Self::CoalescesNothing, &["expr::coalesce_and_nullif", "rows::fillna_fills_what_is_null"]),
        (Self::ComputesAllBranches, &["expr::cases_compute_what_they_take"]),
        (Self::JoinsTextOverNulls, &["expr::text_is_changed"]),
        (Self::CountsBytes, &["expr::text_counts_characters"]),
        (Self::CountsFromOne, &["expr::text_counts_characters"]),
        (Self::TrimsNothing, &["expr::text_is_changed"]),
        (Self::FitsInAnyCase, &["expr::patterns"]),
        (Self::ReplacesOnce, &["expr::text_is_changed"]),
        (Self::RoundsHalfToEven, &["expr::rounding_is_half_away_from_zero"]),
        (Self::LosesSigns, &["expr::plain_numbers"]),
        (Self::StartsWeeksOnSunday, &["expr::dates"]),
        (Self::ForgetsZones, &["expr::instants_are_read_on_the_clock_of_their_zone"]),
        (Self::RoundsCasts, &["expr::casts_and_attempts"]),
        (Self::SumsNothingToZero, &["aggregate::nothing_gives_null_and_count_zero", "aggregate::a_large_group_of_nulls_is_null"]),
        (Self::SumsNarrow, &["aggregate::sums_are_wide"]),
        (Self::CountsNulls, &["aggregate::sums_are_wide", "rows::describe_tells_of_each_column"]),
        (Self::CountsNullsAmongDifferent, &["aggregate::distinct_counts_skip_nulls"]),
        (Self::SkipsNans, &["aggregate::extremes_with_nan"]),
        (Self::CutsMedians, &["aggregate::quantiles_interpolate"]),
        (Self::DeviatesLikeAPopulation, &["aggregate::deviations"]),
        (Self::DeviatesByNothingAlone, &["aggregate::deviations_of_what_is_not_finite"]),
        (Self::AveragesWholeNumbers, &["aggregate::averages"]),
        (Self::SkipsNullsInFirst, &["aggregate::first_last_and_lists_follow_an_order"]),
        (Self::IgnoresAggregateFilters, &["aggregate::conditions_of_aggregates"]),
        (Self::CountsConstantsOnce, &["aggregate::constants_count_every_row"]),
        (Self::KeepsSignsOfZeroKeys, &["aggregate::keys_have_one_zero"]),
        (
            Self::LosesNullGroups,
            &["aggregate::null_and_nan_are_groups", "aggregate::matches_the_oracle", "select::groups_where_and_having"],
        ),
        (Self::TellsNansApartInGroups, &["aggregate::null_and_nan_are_groups"]),
        (Self::GivesNoRowForNothing, &["aggregate::nothing_gives_null_and_count_zero"]),
        (Self::RunsWindowsToPeers, &["window::running_sums_do_not_see_peers"]),
        (
            Self::ForgetsWindowKeys,
            &["window::lag_and_lead_stay_in_their_partition", "window::frames_are_what_they_say", "window::matches_the_oracle"],
        ),
        (Self::TakesRanksForRowNumbers, &["window::ranks_and_row_numbers"]),
        (Self::KeepsRowsOfUnknownTruth, &["select::filter_keeps_what_is_true", "verbs::a_filter_parts_rows_in_three"]),
        (Self::FiltersRowsThatAreGone, &["select::a_filter_never_sees_rows_that_are_gone"]),
        (Self::StopsAtTheFirstSide, &["select::both_sides_of_a_condition_are_computed"]),
        (Self::IgnoresHaving, &["select::groups_where_and_having"]),
        (Self::IgnoresDistinct, &["select::columns_and_expressions", "rows::distinct_gives_each_row_once"]),
        (
            Self::LosesARowOfASelect,
            &[
                "expr::literals",
                "expr::matches_the_oracle",
                "rows::dropna_drops_by_what_is_null",
                "select::assign_replaces_and_appends",
                "select::aggregates_of_all_and_by_keys",
                "select::columns_are_renamed_dropped_and_altered",
                "verbs::matches_the_oracle",
                "verbs::verbs_follow_transforms_and_transforms_verbs",
            ],
        ),
        (
            Self::JoinsOneSide,
            &["join::kinds_and_their_columns", "join::empty_sides", "join::an_order_is_made_where_it_is_asked_for"],
        ),
        (Self::JoinsByTheFirstKeyOnly, &["join::several_keys_with_nulls"]),
        (Self::MatchesNullKeys, &["join::null_keys_never_match"]),
        (Self::NeverMatchesNans, &["join::floats_meet_by_the_one_order"]),
        (Self::RepeatsSemiRows, &["join::duplicates_make_pairs"]),
        (Self::LosesRightKeys, &["join::joins_chain", "join::kinds_and_their_columns"]),
        (Self::LosesARowOfAJoin, &["join::cross_makes_all_pairs", "join::keys_of_every_type", "join::matches_the_oracle"]),
        (
            Self::CountsNothingInSets,
            &[
                "sets::subtract_and_intersect_with_counts",
                "sets::union_of_different_rows_and_of_all",
                "verbs::sets_put_together_what_they_part",
            ],
        ),
        (Self::KeepsDuplicatesInSets, &["sets::subtract_and_intersect_different_rows"]),
        (Self::UnitesLikeTheOuterOperator, &["sets::chains_keep_their_operators"]),
        (
            Self::TellsNullsApartInSets,
            &["sets::rows_are_equal_by_the_one_equality", "sets::matches_the_oracle", "sets::union_of_different_rows_and_of_all"],
        ),
        (Self::SortsNullsAtTheOtherEnd, &["rows::sort_gives_rows_in_order", "rows::nulls_go_first_where_asked"]),
        (Self::SortsNansFirst, &["rows::sort_gives_rows_in_order"]),
        (Self::SortsUpwards, &["rows::sort_gives_rows_in_order"]),
        (Self::LimitsOneTooMany, &["rows::limit_gives_so_many_rows"]),
        (Self::RefusesQueriesWithoutAWord, &["sql::an_answer_or_a_clear_refusal"]),
        (
            Self::LosesARowOfAnAnswer,
            &[
                "sql::queries_stand_between_verbs_and_functions",
                "sql::a_frame_is_asked_again",
                "sql::matches_the_oracle",
                "sql::queries_and_verbs_mix",
            ],
        ),
        (Self::AnswersWhenAsked, &["sql::queries_are_lazy"]),
        (Self::Misreads("SELEC 1", "SELECT 1"), &["sql::what_is_no_query_is_refused"]),
        (Self::Misreads("a / b", "a / nullif(b, 0)"), &["sql::what_fails_for_a_row_is_an_error_of_the_action"]),
        (Self::Misreads("SELECT AB", "SELECT Ab"), &["sql::names_are_case_sensitive"]),
        (Self::Misreads("``", "`"), &["sql::any_name_can_be_quoted"]),
        (Self::Misreads("it''s", "its"), &["sql::text_stands_in_single_quotes"]),
        (Self::Misreads("==", "<>"), &["sql::queries_name_columns_in_many_ways"]),
        (Self::Misreads("DATE '", "TIMESTAMP '"), &["sql::literals_of_queries"]),
        (Self::Misreads("count(*)", "CAST(count(*) AS INT)"), &["sql::types_of_results_are_canonical"]),
        (Self::Misreads("a / b", "floor(CAST(a AS DOUBLE) / b)"), &["sql::whole_numbers_divide_towards_zero"]),
        (Self::Misreads("d * e", "CAST(d * e AS DECIMAL(15,2))"), &["sql::decimals_of_queries_are_exact"]),
        (Self::Misreads("sum(", "max("), &["sql::aggregates_of_queries"]),
        (Self::Misreads(" length(s)", " octet_length(s)"), &["sql::functions_of_queries"]),
        (Self::Misreads("IS NOT TRUE", "= FALSE"), &["sql::unknown_is_neither_true_nor_false"]),
        (Self::Misreads("NULL)", "0)"), &["sql::not_in_a_list_with_null"]),
        (
            Self::Misreads("a NOT IN (SELECT c FROM r)", "NOT EXISTS (SELECT 1 FROM r WHERE c = a)"),
            &["sql::not_in_a_subquery_with_null"],
        ),
        (Self::Misreads("min(b)", "max(b)"), &["sql::a_subquery_is_a_value"]),
        (Self::Misreads("SELECT b FROM r", "SELECT max(b) FROM r"), &["sql::a_value_of_several_rows_is_an_error"]),
        (Self::Misreads(" EXCEPT ", " INTERSECT "), &["sql::sets_of_rows"]),
        (Self::Misreads("b INTERSECT ", "b EXCEPT "), &["sql::chains_of_sets_go_by_precedence"]),
        (Self::Misreads("FULL JOIN", "LEFT JOIN"), &["sql::joins_of_queries"]),
        (Self::Misreads("ROLLUP (g)", "g"), &["sql::groupings_of_queries"]),
        (Self::Misreads("PARTITION BY k ", ""), &["sql::windows_of_queries"]),
        (Self::Misreads("ORDER BY g, x", "ORDER BY g"), &["sql::orders_of_joined_and_grouped_rows"]),
        (Self::Misreads("OFFSET 1", ""), &["sql::queries_inside_of_queries"]),
        (Self::Misreads("LEFT JOIN", "JOIN"), &["sql::frames_without_rows_are_asked"]),
        (Self::Misreads("s = 1", "s = 10"), &["sql::types_that_differ_are_cast"]),
        (Self::Misreads(" / z", " / nullif(z, 0)"), &["sql::a_division_by_zero_is_an_error"]),
        (Self::Misreads("sqrt(x)", "sqrt(abs(x))"), &["sql::a_root_of_a_negative_number_is_an_error"]),
        (Self::Misreads("x > 1e308", "x > 1e308 OR isnan(x)"), &["sql::floats_go_by_their_bits"]),
        (Self::Misreads("round(x)", "trunc(x)"), &["sql::rounding_is_of_the_binary_value"]),
        (Self::Misreads("median(x)", "min(x)"), &["sql::quantiles_go_in_steps"]),
        (
            Self::Misreads("SELECT a AS x", "SELECT CAST(a AS SMALLINT) + 0 AS y"),
            &["sql::unions_meet_at_common_types", "sql::unions_take_rows_of_literals"],
        ),
        (Self::Misreads("max(x) AS g", "NULL AS g"), &["sql::extremes_of_floats_with_nan_are_any"]),
        (Self::Misreads("sum(d)", "CAST(sum(d) AS DECIMAL(38,2))"), &["sql::sums_of_decimals_grow_by_ten_digits"]),
        (Self::Misreads("ORDER BY a DESC", "ORDER BY a DESC NULLS LAST"), &["sql::nulls_sort_last_upwards_and_first_downwards"]),
        (Self::Misreads("concat(s, '-', r)", "s || '-' || r"), &["sql::concat_skips_nulls"]),
        (Self::Misreads("strpos(s, 'b')", "strpos(s, 'b') - 1"), &["sql::text_counts_from_one"]),
        (Self::Misreads("CAST(at AS VARCHAR)", "replace(CAST(at AS VARCHAR), 'T', ' ')"), &["sql::text_of_floats_and_moments"]),
        (Self::Misreads("\\%", "\\\\%"), &["sql::a_backslash_escapes_in_like"]),
        (Self::Misreads("'-')", "'-', 'g')"), &["sql::regexp_replace_is_of_the_first_match"]),
        (Self::Misreads("'dow', d", "'dow', d - 1"), &["sql::weeks_begin_on_sunday_in_dow"]),
        (Self::Misreads("d + 1", "d + 2"), &["sql::a_date_and_a_number_is_a_date"]),
        (
            Self::Misreads("(ORDER BY a)", "(ORDER BY a ROWS UNBOUNDED PRECEDING)"),
            &["sql::windows_without_a_frame_go_to_the_peers"],
        ),
        (Self::Misreads("first_value(a)", "-first_value(a)"), &["sql::first_without_an_order_is_any"]),
        (Self::Misreads("nanos(a)", "nanos(a * 1000)"), &["sql::nanoseconds_must_be_whole_microseconds"]),
        (Self::Misreads("EXCEPT ALL", "EXCEPT"), &["sql::except_all_does_not_count"]),
        (Self::Misreads("SELECT k, a", "SELECT coalesce(l.k, r.k) AS k, a"), &["sql::using_gives_the_left_key"]),
    ];
}

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
    /// With several members inner means those of the first two.
    LooksAtTwoMembers,
}

impl Fault {
    /// All of them, each with the rules that must notice it.
    pub(crate) const ALL: [(Self, &'static [&'static str]); 41] = [
        (Self::DropsARowPerKey, &["map::identity_keeps_every_row"]),
        (Self::SplitsAKey, &["map::one_call_per_key", "map::matches_the_oracle"]),
        (Self::MergesTwoKeys, &["map::one_call_per_key"]),
        (Self::IgnoresPresort, &["map::presort_within_key", "map::matches_the_oracle", "laws::order_of_input_does_not_matter"]),
        (Self::SortsByTheFirstColumnOnly, &["map::presort_over_several_columns"]),
        (Self::IgnoresDirections, &["map::presort_descending"]),
        (Self::PutsNullsFirst, &["map::presort_puts_nulls_last_both_ways", "map::presort_over_several_columns"]),
        (Self::LosesNullKeys, &["map::null_is_a_key", "map::several_keys_with_nulls", "map::matches_the_oracle"]),
        (Self::TakesNullForEmptyText, &["map::null_is_not_empty_text"]),
        (Self::TellsNansApart, &["map::nan_is_one_key", "comap::floats_meet_by_the_one_order"]),
        (Self::TellsZerosApart, &["map::zeros_are_one_key", "comap::floats_meet_by_the_one_order"]),
        (Self::CallsWithoutRows, &["map::never_called_with_zero_rows"]),
        (Self::TurnsNanToNull, &["ingest::nan_stays_nan_and_null_stays_null", "map::floats_have_one_order"]),
        (Self::CutsLongText, &["ingest::every_type_makes_the_round_trip"]),
        (
            Self::LosesABatch,
            &["ingest::cuts_do_not_matter", "laws::batch_size_does_not_matter", "ingest::empty_chunks_do_not_matter"],
        ),
        (Self::DuplicatesRowsOnRepartition, &["repartition::keeps_every_row"]),
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
        (Self::LosesErrorKinds, &["errors::a_user_error_keeps_its_type", "errors::a_failure_names_transformer_and_key"]),
        (
            Self::DropsOneSidedKeys,
            &[
                "comap::full_calls_keys_of_any",
                "comap::left_calls_keys_of_the_first",
                "comap::right_calls_keys_of_the_last",
                "comap::matches_the_oracle",
            ],
        ),
        (Self::SwapsMembers, &["comap::members_keep_their_places"]),
        (Self::KeepsNullKeysApart, &["comap::null_keys_meet"]),
        (Self::ConfusesTwoTasks, &["map::two_tasks_over_one_source_stay_apart"]),
        (Self::RunsWhenPlanned, &["frame::plans_are_lazy"]),
        (Self::SplitsCoarseKeys, &["repartition::coarse_keeps_keys_whole_and_sorted"]),
        (Self::MakesEvenUneven, &["repartition::even_sizes_differ_by_one"]),
        (Self::CountsOneTooMany, &["frame::count_and_emptiness"]),
        (Self::NumbersEveryPartitionZero, &["map::cursor_tells_key_and_numbers"]),
        (Self::DeliversAnotherLayout, &["ingest::every_type_makes_the_round_trip"]),
        (Self::CallsWithAnotherLayout, &["map::matches_the_oracle"]),
        (Self::CutsInstants, &["ingest::every_type_makes_the_round_trip", "ingest::units_become_microseconds"]),
        (Self::IsUsedUp, &["frame::a_frame_can_be_used_again"]),
        (Self::ForgetsToPersist, &["frame::persist_keeps_every_row"]),
        (Self::IgnoresNumbers, &["repartition::per_row_is_one_row_a_call", "repartition::even_sizes_differ_by_one"]),
        (Self::LosesAPartition, &["repartition::every_algorithm_sees_every_row_once", "repartition::number_is_an_upper_bound"]),
        (Self::TakesRowCountForOne, &["repartition::row_count_expressions_are_resolved"]),
        (Self::IgnoresPresortInZips, &["comap::presort_applies_to_each_member"]),
        (Self::LosesColumnsOfEmptyMembers, &["comap::a_member_without_rows_is_empty_with_its_schema"]),
        (Self::TakesKeysOfTheFirstMember, &["comap::cursor_has_the_key_of_a_missing_member"]),
        (Self::LooksAtTwoMembers, &["comap::three_members_with_each_kind"]),
    ];
}

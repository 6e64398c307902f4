//! The ways in which an engine can be broken, and the rule that must notice each.

/// One way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
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
}

impl Fault {
    /// All of them, each with a rule that notices it.
    pub const ALL: [(Self, &'static str); 29] = [
        (Self::DropsARowPerKey, "map::identity_keeps_every_row"),
        (Self::SplitsAKey, "map::one_call_per_key"),
        (Self::MergesTwoKeys, "map::one_call_per_key"),
        (Self::IgnoresPresort, "map::presort_within_key"),
        (Self::SortsByTheFirstColumnOnly, "map::presort_over_several_columns"),
        (Self::IgnoresDirections, "map::presort_descending"),
        (Self::PutsNullsFirst, "map::presort_puts_nulls_last_both_ways"),
        (Self::LosesNullKeys, "map::null_is_a_key"),
        (Self::TakesNullForEmptyText, "map::null_is_not_empty_text"),
        (Self::TellsNansApart, "map::nan_is_one_key"),
        (Self::TellsZerosApart, "map::zeros_are_one_key"),
        (Self::CallsWithoutRows, "map::never_called_with_zero_rows"),
        (Self::TurnsNanToNull, "ingest::nan_stays_nan_and_null_stays_null"),
        (Self::CutsLongText, "ingest::every_type_makes_the_round_trip"),
        (Self::LosesABatch, "ingest::cuts_do_not_matter"),
        (Self::DuplicatesRowsOnRepartition, "repartition::keeps_every_row"),
        (Self::WrongSchemaWhenEmpty, "map::no_call_gives_the_declared_schema"),
        (Self::IgnoresCancel, "errors::cancelling_ends_the_action"),
        (Self::SwallowsErrors, "errors::a_user_error_keeps_its_type"),
        (Self::LosesErrorKinds, "errors::a_user_error_keeps_its_type"),
        (Self::DropsOneSidedKeys, "comap::full_calls_keys_of_any"),
        (Self::SwapsMembers, "comap::members_keep_their_places"),
        (Self::KeepsNullKeysApart, "comap::null_keys_meet"),
        (Self::ConfusesTwoTasks, "map::two_tasks_over_one_source_stay_apart"),
        (Self::RunsWhenPlanned, "frame::plans_are_lazy"),
        (Self::SplitsCoarseKeys, "repartition::coarse_keeps_keys_whole_and_sorted"),
        (Self::MakesEvenUneven, "repartition::even_sizes_differ_by_one"),
        (Self::CountsOneTooMany, "frame::count_and_emptiness"),
        (Self::NumbersEveryPartitionZero, "map::cursor_tells_key_and_numbers"),
    ];
}

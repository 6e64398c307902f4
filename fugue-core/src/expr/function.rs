//! The scalar functions: the whole list, and what each means.

use serde::{Deserialize, Serialize};

/// A scalar function. Unless its line says otherwise a null argument makes the result null, and nothing else does.
///
/// "Common type": the wider of two signed or of two unsigned integers; an unsigned with a signed of the same or narrower width is the next
/// wider signed, and `ulong` with a signed is refused; `float` with `float` is `float`, every other mix with a float is `double`; an
/// integer beside a decimal is the decimal that holds it; date beside datetime is datetime; equal types are themselves. All else is refused:
/// text is never a number or a date by itself. A literal integer that fits is compared at the type of the integers beside it, and takes it in
/// `coalesce`, `case` and `nullif` where there is no common type otherwise: `col("ulong").gt(0)`. Arithmetic has no such rule.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Function {
    /// `a + b`, at the common type; integers wrap, decimals by the rules of SQL (`decimal(p,s)`, the greater scale), an error on overflow.
    Add,
    /// `a - b`, as [`Add`](Self::Add).
    Subtract,
    /// `a * b`, as [`Add`](Self::Add); scales of decimals add up.
    Multiply,
    /// `a / b`: integers cut towards zero and give null for a divisor of zero, `MIN / -1` wraps; floats by IEEE; decimals have four more
    /// digits, cut, and null for a divisor of zero.
    Divide,
    /// `a / b` as doubles, by IEEE, whatever the numbers.
    DivideTrue,
    /// The remainder with the sign of the dividend; null for a divisor of zero, but for floats, which have NaN.
    Modulo,
    /// As [`Add`](Self::Add), where integers that overflow are an error.
    CheckedAdd,
    /// As [`Subtract`](Self::Subtract), where integers that overflow are an error.
    CheckedSubtract,
    /// As [`Multiply`](Self::Multiply), where integers that overflow are an error.
    CheckedMultiply,
    /// As [`Divide`](Self::Divide), where a divisor of zero (of integers and decimals) and `MIN / -1` are errors.
    CheckedDivide,
    /// `-a` of signed integers (wrapping), floats and decimals.
    Negate,
    /// `|a|` of numbers; the least signed integer stays itself.
    Abs,
    /// Rounds half away from zero to so many digits after the point, a literal (negative: before it): floats by the shortest decimal text of the
    /// value, decimals keep their type, integers with digits of zero or more stay.
    Round,
    /// The greatest whole number below: of floats, a float; of decimals, the decimal without digits; integers stay.
    Floor,
    /// The least whole number above, as [`Floor`](Self::Floor).
    Ceil,
    /// `a` to the power of `b`, as doubles.
    Power,
    /// The square root as a double; NaN of what is negative.
    Sqrt,
    /// `e` to the power of `a`, as a double.
    Exp,
    /// The natural logarithm as a double: -inf of zero, NaN of what is negative.
    Ln,

    /// Equality at the common type: NaN equals NaN, -0.0 equals 0.0. Also of bools, text, bytes, days and times.
    Equal,
    /// Not [`Equal`](Self::Equal).
    NotEqual,
    /// Order: numbers with NaN greatest, false before true, text and bytes by bytes, instants.
    Less,
    /// See [`Less`](Self::Less).
    LessOrEqual,
    /// See [`Less`](Self::Less).
    Greater,
    /// See [`Less`](Self::Less).
    GreaterOrEqual,
    /// Equality in which null equals null; never null.
    NotDistinct,
    /// Three-valued and: false beside null is false.
    And,
    /// Three-valued or: true beside null is true.
    Or,
    /// Three-valued not.
    Not,
    /// Whether the value is null; never null.
    IsNull,
    /// Whether the value is not null; never null.
    IsNotNull,
    /// Whether a float is NaN.
    IsNan,
    /// Whether the first argument equals one of the others, three-valued: null where it is null, or where it equals none and one of them is
    /// null. An empty list is false.
    IsIn,
    /// The first argument that is not null.
    Coalesce,
    /// The first argument, or null where it equals the second.
    NullIf,

    /// Number of Unicode scalar values, a long.
    Length,
    /// Lower case, by Unicode.
    Lower,
    /// Upper case, by Unicode.
    Upper,
    /// Without white space (of Unicode) at both ends.
    Trim,
    /// Without white space at the start.
    TrimStart,
    /// Without white space at the end.
    TrimEnd,
    /// From a position, counted from 0 in Unicode scalar values, so many of them (or all the rest); a negative position counts from the end,
    /// a negative length is an error. The length counts from the position also where that lies before the start, as in slices of Python:
    /// of "hello" seven from -10 are "he".
    Substring,
    /// The texts one after the other; null where one is null.
    Concat,
    /// Whether the second text is in the first.
    Contains,
    /// Whether the text starts with the second.
    StartsWith,
    /// Whether the text ends with the second.
    EndsWith,
    /// Where the second text stands first in the first, counted from 0 in Unicode scalar values, a long; null where it does not.
    Find,
    /// Every occurrence of the second text replaced by the third; of an empty text, nothing.
    Replace,
    /// Whether the whole text fits a pattern, a literal: `%` is any text, `_` one Unicode scalar value; there is no escape.
    Like,
    /// Whether a regular expression, a literal, matches anywhere in the text (the syntax of the crate `regex`).
    RegexMatch,
    /// Every match of a regular expression, a literal, replaced by a text in which `$1` or `${name}` stand for groups.
    RegexReplace,

    /// The year of a date, datetime or instant (in its zone), an int, as are all parts.
    Year,
    /// The quarter, 1 to 4.
    Quarter,
    /// The month, 1 to 12.
    Month,
    /// The day of the month, from 1.
    Day,
    /// The day of the week by ISO: Monday is 1, Sunday 7.
    Weekday,
    /// The day of the year, from 1.
    DayOfYear,
    /// The hour, 0 to 23; also of a time; 0 of a date.
    Hour,
    /// The minute, 0 to 59.
    Minute,
    /// The whole second, 0 to 59.
    Second,
    /// The start of the unit that a date, datetime or instant (in its zone) stands in; weeks start on Monday. The type stays; a date is its
    /// own start for a day and less. Where the clock of the zone shows the start twice, a day and more have the first, and an hour and less
    /// the last one that is not later than the instant; where it skips the start, the instant of the skip stands for it.
    Truncate(TimeUnit),
    /// So many units later, a long; the type stays, and what it cannot hold is an error. Months, quarters and years keep the day or take the
    /// last of the month; hours and less are refused for dates. Of instants, hours and less move the instant, days and more the time on the
    /// clock of the zone: what that shows twice keeps its offset, or is the first; what it skips is the instant of the skip.
    DateAdd(TimeUnit),
    /// How many whole units lie from the second argument to the first, cut towards zero, a long. Months are the most that, added to the second
    /// as in [`DateAdd`](Self::DateAdd), do not pass the first (from 31 January to 28 February one, back none); quarters are three of them,
    /// years twelve. Of instants, days and more are counted on the clock of the zone; dates stand for their midnights.
    DateDiff(TimeUnit),
}

/// A unit of time.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TimeUnit {
    /// A year.
    Year,
    /// Three months.
    Quarter,
    /// A month.
    Month,
    /// Seven days, from Monday.
    Week,
    /// A day.
    Day,
    /// An hour.
    Hour,
    /// A minute.
    Minute,
    /// A second.
    Second,
    /// A thousandth of a second.
    Millisecond,
    /// A millionth of a second.
    Microsecond,
}

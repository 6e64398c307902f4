//! Functions of dates, moments, instants and times of day, for every value that a column can hold.

mod difference;
mod parts;
mod shift;
mod truncate;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType, TimeUnit as ArrowUnit};

use crate::cast::calendar::{DAY, SECOND, write_datetime};
use crate::error::{Error, Result};
use crate::expr::{Function, TimeUnit};
use crate::schema::zone::Clock;

use super::Operand;
use super::text::operands::{once, wrong_call, wrong_type};

/// The value of a function of time for each of so many rows.
///
/// # Errors
/// `ValueInvalid` naming the row, for what lies outside the years that the type can hold or that time zones know; `ExpressionInvalid` for
/// arguments that typing would not let through.
pub(super) fn call(function: Function, args: &[Operand], rows: usize) -> Result<ArrayRef> {
    use Function as F;
    match (function, args) {
        (F::Year | F::Quarter | F::Month | F::Day | F::Weekday | F::DayOfYear | F::Hour | F::Minute | F::Second, [moment]) => {
            once(moment, rows, |array| parts::part(function, array))
        }
        (F::Truncate(unit), [moment]) => once(moment, rows, |array| truncate::truncate(unit, array)),
        (F::DateAdd(unit), [moment, count]) => shift::add(unit, moment, count, rows),
        (F::DateDiff(unit), [to, from]) => difference::whole_units(unit, to, from, rows),
        _ => Err(wrong_call(function, args.len())),
    }
}

/// What a column of time holds.
enum Kind {
    /// Days since 1970.
    Date,
    /// Microseconds since 1970, without zone.
    Moment,
    /// Microseconds since 1970 in UTC, read by the clock of a zone.
    Instant(Clock),
    /// Microseconds since midnight.
    Time,
}

impl Kind {
    fn of(function: Function, array: &ArrayRef) -> Result<Self> {
        match array.data_type() {
            DataType::Date32 => Ok(Self::Date),
            DataType::Timestamp(ArrowUnit::Microsecond, None) => Ok(Self::Moment),
            DataType::Timestamp(ArrowUnit::Microsecond, Some(zone)) => Ok(Self::Instant(Clock::new(zone)?)),
            DataType::Time64(ArrowUnit::Microsecond) => Ok(Self::Time),
            _ => Err(untaken(function, array)),
        }
    }
}

fn untaken(function: Function, array: &ArrayRef) -> Error {
    wrong_type(function, &Operand { array: array.clone(), constant: false })
}

/// The microseconds of a unit, where they are always as many.
fn width(unit: TimeUnit) -> Option<i64> {
    Some(match unit {
        TimeUnit::Year | TimeUnit::Quarter | TimeUnit::Month => return None,
        TimeUnit::Week => 7 * DAY,
        TimeUnit::Day => DAY,
        TimeUnit::Hour => 3600 * SECOND,
        TimeUnit::Minute => 60 * SECOND,
        TimeUnit::Second => SECOND,
        TimeUnit::Millisecond => SECOND / 1000,
        TimeUnit::Microsecond => 1,
    })
}

/// The months of a unit that is made of months.
fn months(unit: TimeUnit) -> Option<i64> {
    match unit {
        TimeUnit::Year => Some(12),
        TimeUnit::Quarter => Some(3),
        TimeUnit::Month => Some(1),
        _ => None,
    }
}

/// Whether a unit is made of days, and so follows the clock on the wall.
fn of_days(unit: TimeUnit) -> bool {
    width(unit).is_none_or(|width| width >= DAY)
}

/// A unit as messages call it.
fn name(unit: TimeUnit) -> String {
    format!("{unit:?}").to_lowercase()
}

fn month_length(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The wall time of an instant.
fn wall(clock: Clock, instant: i64) -> Result<i64, String> {
    clock.known_wall(instant).ok_or_else(|| unknown(instant))
}

fn unknown(micros: i64) -> String {
    let mut message = String::new();
    write_datetime(&mut message, micros);
    message + " lies outside the years that time zones know; cast the column to timestamp(us,UTC)"
}

fn split(micros: i64) -> (i64, i64) {
    (micros.div_euclid(DAY), micros.rem_euclid(DAY))
}

/// Microseconds since 1970 of a day and a time of it, if they can be counted.
fn join(days: i64, time: i64) -> Option<i64> {
    // The sum may fit where the midnight before it, in a year long ago, does not.
    i64::try_from(i128::from(days) * i128::from(DAY) + i128::from(time)).ok()
}

#[cfg(test)]
mod tests;

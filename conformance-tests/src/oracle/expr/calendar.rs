//! Days, months and clocks: the Gregorian calendar by counting.

use fugue_core::Type;
use fugue_core::expr::{Function, TimeUnit};

use super::value::fits;
use super::zone::{self, Shown};
use crate::value::OwnValue;

/// Microseconds of a second and of a day.
const SECOND: i128 = 1_000_000;
pub(super) const DAY: i128 = 86_400 * SECOND;

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Civil {
    pub(super) year: i128,
    pub(super) month: i128,
    pub(super) day: i128,
}

fn is_leap(year: i128) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of_month(year: i128, month: i128) -> i128 {
    match month {
        2 => 28 + i128::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from the first of January of the year 0 to that of a year.
fn days_before_year(year: i128) -> i128 {
    let before = year - 1;
    365 * year + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400) + 1
}

/// Days since 1970.
pub(super) fn days_of(date: Civil) -> i128 {
    let months: i128 = (1..date.month).map(|m| days_of_month(date.year, m)).sum();
    days_before_year(date.year) - days_before_year(1970) + months + date.day - 1
}

/// The day of a number of days since 1970.
pub(super) fn civil(days: i128) -> Civil {
    let start = |year| days_before_year(year) - days_before_year(1970);
    let mut year = 1970 + days.div_euclid(366);
    while start(year + 1) <= days {
        year += 1;
    }
    while start(year) > days {
        year -= 1;
    }
    let mut rest = days - start(year);
    let mut month = 1;
    while rest >= days_of_month(year, month) {
        rest -= days_of_month(year, month);
        month += 1;
    }
    Civil { year, month, day: rest + 1 }
}

/// Whether a function is one of dates and times.
pub(super) fn is_one(function: Function) -> bool {
    use Function as F;
    matches!(
        function,
        F::Year
            | F::Quarter
            | F::Month
            | F::Day
            | F::Weekday
            | F::DayOfYear
            | F::Hour
            | F::Minute
            | F::Second
            | F::Truncate(_)
            | F::DateAdd(_)
            | F::DateDiff(_)
    )
}

/// A function of a date or time, no argument null.
pub(super) fn call(function: Function, value: i128, rest: &[OwnValue], ty: &Type) -> Result<OwnValue, String> {
    use Function as F;
    if let Type::Timestamp(zone) = ty {
        return zoned(function, value, rest, zone);
    }
    let (days, clock) = match ty {
        Type::Date => (value, 0),
        Type::Time => (0, value),
        _ => (value.div_euclid(DAY), value.rem_euclid(DAY)),
    };
    let date = civil(days);
    let back = |days: i128, clock: i128| if *ty == Type::Date { days } else { days * DAY + clock };
    let first = Civil { year: date.year, month: 1, day: 1 };
    Ok(OwnValue::Int(match function {
        F::Year => date.year,
        F::Quarter => (date.month + 2) / 3,
        F::Month => date.month,
        F::Day => date.day,
        F::Weekday => weekday(days),
        F::DayOfYear => days - days_of(first) + 1,
        F::Hour => clock / (3_600 * SECOND),
        F::Minute => clock / (60 * SECOND) % 60,
        F::Second => clock / SECOND % 60,
        F::Truncate(unit) => match unit {
            TimeUnit::Year => back(days_of(first), 0),
            TimeUnit::Quarter => back(days_of(Civil { month: (date.month - 1) / 3 * 3 + 1, ..first }), 0),
            TimeUnit::Month => back(days_of(Civil { month: date.month, ..first }), 0),
            TimeUnit::Week => back(days - weekday(days) + 1, 0),
            TimeUnit::Day => back(days, 0),
            unit => back(days, clock - clock % length(unit)?),
        },
        F::DateAdd(unit) => {
            let n = rest.first().and_then(OwnValue::as_int).ok_or("no number to add")?;
            let later = match months(unit) {
                Some(months) => back(days_of(later(date, n * months)), clock),
                None if *ty == Type::Date => days + n * (length(unit)? / DAY),
                None => value + n * length(unit)?,
            };
            let wide = if *ty == Type::Date { &Type::Int32 } else { &Type::Int64 };
            if !fits(later, wide) {
                return Err(format!("{later} is no {ty:?}"));
            }
            later
        }
        F::DateDiff(unit) => {
            let since = rest.first().and_then(OwnValue::as_int).ok_or("no date to count from")?;
            let (micros, since) = if *ty == Type::Date { (value * DAY, since * DAY) } else { (value, since) };
            match months(unit) {
                Some(each) => months_between(micros, since) / each,
                None => (micros - since) / length(unit)?,
            }
        }
        other => return Err(format!("{other:?} of a date")),
    }))
}

/// A function of an instant, which is read on the clock of its zone.
fn zoned(function: Function, instant: i128, rest: &[OwnValue], zone: &str) -> Result<OwnValue, String> {
    use Function as F;
    let plain = &Type::Datetime;
    let moved = |instant: i128| call(function, instant, rest, plain);
    let on_wall = || {
        let value = call(function, zone::wall(zone, instant)?, rest, plain)?;
        value.as_int().ok_or_else(|| "no number".to_owned())
    };
    match function {
        F::Truncate(unit) if length(unit).is_ok_and(|length| length <= SECOND) => moved(instant),
        F::Truncate(unit) => {
            let short = length(unit).is_ok_and(|length| length < DAY);
            Ok(OwnValue::Int(match zone::shown(zone, on_wall()?)? {
                Shown::Once(at) | Shown::Never(at) => at,
                Shown::Twice(_, second) if short && second <= instant => second,
                Shown::Twice(first, _) => first,
            }))
        }
        F::DateAdd(unit) if length(unit).is_ok_and(|length| length < DAY) => moved(instant),
        F::DateAdd(_) => {
            let (before, after) = (zone::wall(zone, instant)?, on_wall()?);
            Ok(OwnValue::Int(match zone::shown(zone, after)? {
                Shown::Once(at) | Shown::Never(at) => at,
                Shown::Twice(_, second) if after - second == before - instant => second,
                Shown::Twice(first, _) => first,
            }))
        }
        F::DateDiff(unit) if length(unit).is_ok_and(|length| length < DAY) => moved(instant),
        F::DateDiff(_) => {
            let since = rest.first().and_then(OwnValue::as_int).ok_or("no date to count from")?;
            call(function, zone::wall(zone, instant)?, &[OwnValue::Int(zone::wall(zone, since)?)], plain)
        }
        _ => Ok(OwnValue::Int(on_wall()?)),
    }
}

/// Monday is 1. The first day of 1970 was a Thursday.
pub(super) fn weekday(days: i128) -> i128 {
    (days + 3).rem_euclid(7) + 1
}

fn months(unit: TimeUnit) -> Option<i128> {
    match unit {
        TimeUnit::Year => Some(12),
        TimeUnit::Quarter => Some(3),
        TimeUnit::Month => Some(1),
        _ => None,
    }
}

fn length(unit: TimeUnit) -> Result<i128, String> {
    Ok(match unit {
        TimeUnit::Week => 7 * DAY,
        TimeUnit::Day => DAY,
        TimeUnit::Hour => 3_600 * SECOND,
        TimeUnit::Minute => 60 * SECOND,
        TimeUnit::Second => SECOND,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1,
        other => return Err(format!("{other:?} has no fixed length")),
    })
}

/// So many months later; the day stays, or is the last of its month.
fn later(date: Civil, months: i128) -> Civil {
    let all = date.year * 12 + date.month - 1 + months;
    let (year, month) = (all.div_euclid(12), all.rem_euclid(12) + 1);
    Civil { year, month, day: date.day.min(days_of_month(year, month)) }
}

/// How many whole months lie between two moments, cut towards zero: the most steps of [`later`] that do not go past the other.
fn months_between(to: i128, since: i128) -> i128 {
    let (start, clock) = (civil(since.div_euclid(DAY)), since.rem_euclid(DAY));
    let (end, way) = (civil(to.div_euclid(DAY)), if to >= since { 1 } else { -1 });
    let stands = |months: i128| days_of(later(start, months)) * DAY + clock;
    let mut months = (end.year * 12 + end.month) - (start.year * 12 + start.month) + way;
    while months != 0 && (stands(months) - to) * way > 0 {
        months -= way;
    }
    months
}

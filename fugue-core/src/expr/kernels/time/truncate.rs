//! The start of the unit that a value stands in.
//!
//! Instants are cut on the clock of their zone. Where the start stands twice on it, days and more take the first, so that all of a day has
//! one start, and hours and less take the one that the instant follows. Where the clock skips the start, it is the instant of the skip.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{Date32Type, TimestampMicrosecondType};

use crate::cast::calendar::{SECOND, date_of, days_of, write_date, write_datetime};
use crate::error::Result;
use crate::expr::{Function, TimeUnit};
use crate::schema::layout::try_each;
use crate::schema::zone::{Clock, Shown};

use super::{Kind, join, name, of_days, split, unknown, untaken, wall, width};

/// Each value cut to the start of the unit; the type stays.
pub(super) fn truncate(unit: TimeUnit, array: &ArrayRef) -> Result<ArrayRef> {
    type Micros = TimestampMicrosecondType;
    let function = Function::Truncate(unit);
    Ok(match Kind::of(function, array)? {
        Kind::Date => Arc::new(try_each::<Date32Type, Date32Type, _>(array.as_primitive(), |days| {
            i32::try_from(first_day(unit, days.into())).map_err(|_| {
                let mut message = format!("the start of the {} of ", name(unit));
                write_date(&mut message, days.into());
                message + " is outside the years that a date can hold"
            })
        })?),
        Kind::Moment => Arc::new(try_each::<Micros, Micros, _>(array.as_primitive(), |micros| cut(unit, micros))?),
        Kind::Instant(clock) => {
            let source = array.as_primitive::<Micros>();
            let made = try_each::<Micros, Micros, _>(source, |instant| cut_instant(unit, instant, clock))?;
            Arc::new(made.with_timezone_opt(source.timezone()))
        }
        Kind::Time => return Err(untaken(function, array)),
    })
}

/// The first day of the unit that a day stands in; days themselves for days and less.
fn first_day(unit: TimeUnit, days: i64) -> i64 {
    match unit {
        TimeUnit::Year => days_of(date_of(days).0, 1, 1),
        TimeUnit::Quarter => {
            let (year, month, _) = date_of(days);
            days_of(year, (month - 1) / 3 * 3 + 1, 1)
        }
        TimeUnit::Month => days - date_of(days).2 + 1,
        // 1970 began on a Thursday.
        TimeUnit::Week => days - (days + 3).rem_euclid(7),
        _ => days,
    }
}

/// The start of the unit on the wall.
fn cut(unit: TimeUnit, micros: i64) -> Result<i64, String> {
    let start = match width(unit) {
        Some(width) if !of_days(unit) => micros.checked_sub(micros.rem_euclid(width)),
        _ => join(first_day(unit, split(micros).0), 0),
    };
    start.ok_or_else(|| {
        let mut message = format!("the start of the {} of ", name(unit));
        write_datetime(&mut message, micros);
        message + " is outside the years that microseconds can count"
    })
}

fn cut_instant(unit: TimeUnit, instant: i64, clock: Clock) -> Result<i64, String> {
    // Offsets are whole seconds.
    if width(unit).is_some_and(|width| width <= SECOND) {
        return cut(unit, instant);
    }
    let start = cut(unit, wall(clock, instant)?)?;
    Ok(match clock.shows(start).ok_or_else(|| unknown(start))? {
        Shown::Once(start) | Shown::Never { next: start } => start,
        Shown::Twice(_, second) if !of_days(unit) && second <= instant => second,
        Shown::Twice(first, _) => first,
    })
}

//! Parts of dates and times: years to seconds.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{Date32Type, Int32Type, Time64MicrosecondType, TimestampMicrosecondType};

use crate::cast::calendar::{SECOND, date_of, days_of};
use crate::error::Result;
use crate::expr::Function;
use crate::schema::layout::try_each;

use super::{Kind, split, untaken, wall};

/// The part of each value, an int.
pub(super) fn part(function: Function, array: &ArrayRef) -> Result<ArrayRef> {
    let clock_part = matches!(function, Function::Hour | Function::Minute | Function::Second);
    let of = |days: i64, time: i64| {
        let part = if clock_part { of_time(function, time) } else { of_day(function, days) };
        i32::try_from(part).map_err(|_| format!("{part} is no int"))
    };
    Ok(Arc::new(match Kind::of(function, array)? {
        Kind::Date => try_each::<Date32Type, Int32Type, _>(array.as_primitive(), |days| of(days.into(), 0))?,
        Kind::Moment => try_each::<TimestampMicrosecondType, Int32Type, _>(array.as_primitive(), |micros| {
            let (days, time) = split(micros);
            of(days, time)
        })?,
        Kind::Instant(clock) => try_each::<TimestampMicrosecondType, Int32Type, _>(array.as_primitive(), |instant| {
            let (days, time) = split(wall(clock, instant)?);
            of(days, time)
        })?,
        Kind::Time if clock_part => try_each::<Time64MicrosecondType, Int32Type, _>(array.as_primitive(), |time| of(0, time))?,
        Kind::Time => return Err(untaken(function, array)),
    }))
}

fn of_day(function: Function, days: i64) -> i64 {
    if function == Function::Weekday {
        // 1970 began on a Thursday.
        return (days + 3).rem_euclid(7) + 1;
    }
    let (year, month, day) = date_of(days);
    match function {
        Function::Year => year,
        Function::Quarter => (month + 2) / 3,
        Function::Month => month,
        Function::Day => day,
        _ => days - days_of(year, 1, 1) + 1,
    }
}

fn of_time(function: Function, micros: i64) -> i64 {
    let seconds = micros.div_euclid(SECOND);
    match function {
        Function::Hour => seconds / 3600,
        Function::Minute => seconds / 60 % 60,
        _ => seconds % 60,
    }
}

//! So many units later.
//!
//! Days and more move the wall time of an instant: where the new one stands twice on the clock it keeps its offset if it can and is the
//! earlier one else; where the clock skips it, it is the instant of the skip. Hours and less move the instant itself.

use std::sync::Arc;

use arrow::array::{ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray, PrimitiveBuilder};
use arrow::datatypes::{Date32Type, Int64Type, TimestampMicrosecondType};

use crate::cast::calendar::{date_of, days_of, write_date, write_datetime};
use crate::error::{Error, ErrorKind, Result};
use crate::expr::kernels::Operand;
use crate::expr::kernels::text::operands::Values;
use crate::expr::{Function, TimeUnit};
use crate::schema::fault::Fault;
use crate::schema::zone::{Clock, Shown};

use super::{Kind, join, month_length, months, name, of_days, split, unknown, untaken, wall, width};

/// Each value so many units later; the type stays.
pub(super) fn add(unit: TimeUnit, moment: &Operand, count: &Operand, rows: usize) -> Result<ArrayRef> {
    type Micros = TimestampMicrosecondType;
    let function = Function::DateAdd(unit);
    let counts = Values::<Int64Type>::new(function, count)?;
    Ok(match Kind::of(function, &moment.array)? {
        Kind::Date if !of_days(unit) => {
            let message = format!("{}s cannot be added to a date; cast it to datetime first", name(unit));
            return Err(Error::new(ErrorKind::ExpressionInvalid, message));
        }
        Kind::Date => {
            Arc::new(each::<Date32Type, _, Date32Type>(&Values::new(function, moment)?, &counts, rows, |days, count| {
                let later = later_day(unit, days.into(), count).and_then(|days| i32::try_from(days).ok());
                later.ok_or_else(|| too_far(unit, count, |out| write_date(out, days.into()), "a date can hold"))
            })?)
        }
        Kind::Moment => Arc::new(each::<Micros, _, Micros>(&Values::new(function, moment)?, &counts, rows, |micros, count| {
            later(unit, micros, count).ok_or_else(|| uncountable(unit, micros, count))
        })?),
        Kind::Instant(clock) => {
            let zone = moment.array.as_primitive::<Micros>().timezone();
            let made: PrimitiveArray<Micros> =
                each(&Values::<Micros>::new(function, moment)?, &counts, rows, |instant, count| {
                    later_instant(unit, instant, count, clock)
                })?;
            Arc::new(made.with_timezone_opt(zone))
        }
        Kind::Time => return Err(untaken(function, &moment.array)),
    })
}

/// Each row in which neither is null.
pub(super) fn each<T: ArrowPrimitiveType, R: ArrowPrimitiveType, O: ArrowPrimitiveType>(
    left: &Values<'_, T>,
    right: &Values<'_, R>,
    rows: usize,
    compute: impl Fn(T::Native, R::Native) -> Result<O::Native, String>,
) -> Result<PrimitiveArray<O>> {
    let mut builder = PrimitiveBuilder::<O>::with_capacity(rows);
    for row in 0..rows {
        match (left.value(row), right.value(row)) {
            (Some(left), Some(right)) => {
                builder.append_value(compute(left, right).map_err(|message| Fault::value(row, message))?);
            }
            _ => builder.append_null(),
        }
    }
    Ok(builder.finish())
}

/// A day so many units of days later, if it can be counted.
fn later_day(unit: TimeUnit, days: i64, count: i64) -> Option<i64> {
    // No column knows later months; what follows cannot overflow.
    const LAST: u64 = 12 * 10_000_000;
    match (months(unit), unit) {
        (Some(months), _) => {
            let (year, month, day) = date_of(days);
            let months = count.checked_mul(months)?.checked_add(year * 12 + month - 1)?;
            if months.unsigned_abs() > LAST {
                return None;
            }
            let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
            Some(days_of(year, month, day.min(month_length(year, month))))
        }
        (None, TimeUnit::Week) => count.checked_mul(7)?.checked_add(days),
        (None, _) => count.checked_add(days),
    }
}

fn later(unit: TimeUnit, micros: i64, count: i64) -> Option<i64> {
    match width(unit) {
        Some(width) => i64::try_from(i128::from(count) * i128::from(width) + i128::from(micros)).ok(),
        None => {
            let (days, time) = split(micros);
            join(later_day(unit, days, count)?, time)
        }
    }
}

fn later_instant(unit: TimeUnit, instant: i64, count: i64, clock: Clock) -> Result<i64, String> {
    if !of_days(unit) {
        return later(unit, instant, count).ok_or_else(|| uncountable(unit, instant, count));
    }
    let before = wall(clock, instant)?;
    let after = later(unit, before, count).ok_or_else(|| uncountable(unit, before, count))?;
    Ok(match clock.shows(after).ok_or_else(|| unknown(after))? {
        Shown::Once(instant) | Shown::Never { next: instant } => instant,
        Shown::Twice(_, second) if after - second == before - instant => second,
        Shown::Twice(first, _) => first,
    })
}

fn uncountable(unit: TimeUnit, micros: i64, count: i64) -> String {
    too_far(unit, count, |out| write_datetime(out, micros), "microseconds can count")
}

fn too_far(unit: TimeUnit, count: i64, write: impl FnOnce(&mut String), held: &str) -> String {
    let mut message = String::new();
    write(&mut message);
    format!("{message} plus {count} {}s is outside the years that {held}", name(unit))
}

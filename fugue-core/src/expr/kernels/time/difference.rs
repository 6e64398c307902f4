//! How many whole units lie between two values.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{Date32Type, Int64Type, TimestampMicrosecondType};

use crate::cast::calendar::{DAY, date_of};
use crate::error::Result;
use crate::expr::kernels::Operand;
use crate::expr::kernels::text::operands::{Values, wrong_type};
use crate::expr::{Function, TimeUnit};

use super::shift::each;
use super::{Kind, month_length, months, name, of_days, split, untaken, wall, width};

/// Whole units from the second value to the first, cut towards zero. Those of days are counted on the clock of the zone.
pub(super) fn whole_units(unit: TimeUnit, to: &Operand, from: &Operand, rows: usize) -> Result<ArrayRef> {
    type Micros = TimestampMicrosecondType;
    let function = Function::DateDiff(unit);
    let kind = Kind::of(function, &to.array)?;
    if std::mem::discriminant(&kind) != std::mem::discriminant(&Kind::of(function, &from.array)?) {
        return Err(wrong_type(function, from));
    }
    let count = |to: (i64, i64), from: (i64, i64)| {
        i64::try_from(between(unit, to, from))
            .map_err(|_| format!("the {}s between the two are more than a long can count", name(unit)))
    };
    let (left, right) = (to, from);
    Ok(Arc::new(match kind {
        Kind::Date => {
            let (to, from) = (Values::<Date32Type>::new(function, left)?, Values::<Date32Type>::new(function, right)?);
            each::<_, _, Int64Type>(&to, &from, rows, |to, from| count((to.into(), 0), (from.into(), 0)))?
        }
        Kind::Moment => {
            let (to, from) = (Values::<Micros>::new(function, left)?, Values::<Micros>::new(function, right)?);
            each::<_, _, Int64Type>(&to, &from, rows, |to, from| count(split(to), split(from)))?
        }
        Kind::Instant(clock) => {
            let (to, from) = (Values::<Micros>::new(function, left)?, Values::<Micros>::new(function, right)?);
            let read = |instant| if of_days(unit) { wall(clock, instant) } else { Ok(instant) };
            each::<_, _, Int64Type>(&to, &from, rows, |to, from| count(split(read(to)?), split(read(from)?)))?
        }
        Kind::Time => return Err(untaken(function, &left.array)),
    }))
}

/// Whole units from one day and time to another.
fn between(unit: TimeUnit, to: (i64, i64), from: (i64, i64)) -> i128 {
    match (months(unit), width(unit)) {
        (None, Some(width)) => (i128::from(to.0 - from.0) * i128::from(DAY) + i128::from(to.1 - from.1)) / i128::from(width),
        (months, _) => i128::from(whole_months(to, from) / months.unwrap_or(1)),
    }
}

/// The most months, forward or back, that added to one day and time do not pass the other.
fn whole_months(to: (i64, i64), from: (i64, i64)) -> i64 {
    let (year, month, day) = date_of(to.0);
    let (from_year, from_month, from_day) = date_of(from.0);
    let months = (year - from_year) * 12 + month - from_month;
    let reached = (from_day.min(month_length(year, month)), from.1);
    if to >= from && reached > (day, to.1) {
        months - 1
    } else if to < from && reached < (day, to.1) {
        months + 1
    } else {
        months
    }
}

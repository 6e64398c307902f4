//! Casts between dates, times, moments and instants.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::{Date32Type, Time64MicrosecondType, TimestampMicrosecondType};

use super::calendar::{self, DAY};
use crate::schema::Type;
use crate::schema::fault::Fault;
use crate::schema::layout::try_each;
use crate::schema::zone::Clock;

type Micros = PrimitiveArray<TimestampMicrosecondType>;

pub(super) fn between(array: &ArrayRef, from: &Type, to: &Type) -> Result<ArrayRef, Fault> {
    if let (Type::Timestamp(_), Type::Timestamp(zone)) = (from, to) {
        let same = array.as_primitive::<TimestampMicrosecondType>().clone();
        return Ok(Arc::new(same.with_timezone(Arc::clone(zone))));
    }
    let wall = wall(array, from)?;
    Ok(match to {
        Type::Date => Arc::new(wall.try_unary::<_, Date32Type, Fault>(|v| {
            i32::try_from(v.div_euclid(DAY)).map_err(|_| Fault::Type("a moment has no day".into()))
        })?),
        Type::Time => Arc::new(wall.unary::<_, Time64MicrosecondType>(|v| v.rem_euclid(DAY))),
        Type::Datetime => Arc::new(wall),
        Type::Timestamp(zone) => {
            let clock = Clock::new(zone)?;
            let made = try_each::<TimestampMicrosecondType, TimestampMicrosecondType, _>(&wall, |v| {
                clock.instant(v).map_err(|why| {
                    let mut message = String::new();
                    calendar::write_datetime(&mut message, v);
                    format!("{message} {why}")
                })
            })?;
            Arc::new(made.with_timezone(Arc::clone(zone)))
        }
        _ => return Err(Fault::Type(format!("there is no cast from {from} to {to}"))),
    })
}

/// The column as moments without a zone.
fn wall(array: &ArrayRef, from: &Type) -> Result<Micros, Fault> {
    match from {
        Type::Date => try_each::<Date32Type, TimestampMicrosecondType, _>(array.as_primitive(), |v| {
            i64::from(v).checked_mul(DAY).ok_or_else(|| {
                let mut message = String::new();
                calendar::write_date(&mut message, v.into());
                message + " is outside the years that microseconds can count"
            })
        }),
        Type::Timestamp(zone) => {
            let clock = Clock::new(zone)?;
            Ok(array.as_primitive::<TimestampMicrosecondType>().unary(|v| clock.wall(v)))
        }
        _ => Ok(array.as_primitive::<TimestampMicrosecondType>().clone()),
    }
}

//! Cells of dates and times: chrono's types over days and microseconds, read from any unit that loses nothing.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Date32Array, Date32Builder, Date64Array, Time32MillisecondArray, Time32SecondArray, Time64MicrosecondArray,
    Time64MicrosecondBuilder, Time64NanosecondArray, TimestampMicrosecondArray, TimestampMicrosecondBuilder,
    TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, TimeUnit};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};

use super::nulls::{Nulls, invalid, mismatch};
use super::numbers::Values;
use super::support::decode;
use super::{Cell, Plain};
use crate::error::Result;
use crate::schema::Type;

/// An instant: a column `timestamp(us,UTC)`. Columns of other zones read as the same instants.
pub type Timestamp = DateTime<Utc>;

const DAY: i64 = 86_400_000_000;

/// Implements a type by its column type, its array of ticks, and the conversions from and to ticks.
macro_rules! time {
    ($($self:ty, $tick:ty, $ty:expr, $builder:ty, $resolve:expr, $from:expr, $to:expr, $done:expr;)*) => { $(
        impl Plain for $self {}

        impl Cell for $self {
            type Of<'a> = Self;
            type Reader<'a> = Values<'a, $tick>;
            type Writer = $builder;

            fn ty() -> Type {
                $ty
            }

            fn reader<'a>(array: &'a dyn Array, nulls: Nulls<'_>, name: &str) -> Result<Self::Reader<'a>> {
                nulls.check(array, name)?;
                let live = nulls.values(array);
                let Some(values) = $resolve(array, live.as_ref(), name)? else {
                    return Err(mismatch(name, &Self::ty(), array.data_type()));
                };
                // Ticks beyond chrono's calendar are found here, so that reading a row cannot fail. Ticks are in order, so
                // the two extremes tell of all; only where they do not fit are rows looked at.
                let fits = |&tick: &$tick| $from(tick).is_some();
                if !values.iter().min().is_none_or(fits) || !values.iter().max().is_none_or(fits) {
                    let live = |row: usize| live.as_ref().is_none_or(|l| l.is_valid(row));
                    if let Some(row) = (0..values.len()).find(|&row| live(row) && !fits(&values[row])) {
                        let message = concat!("the value is out of the range of ", stringify!($self));
                        return Err(invalid(name, row, message));
                    }
                }
                Ok(Values(values))
            }

            #[inline]
            fn read<'a>(reader: &Self::Reader<'a>, row: usize) -> Self::Of<'a> {
                $from(reader.0[row]).unwrap_or_default()
            }

            fn writer(capacity: usize) -> Self::Writer {
                <$builder>::with_capacity(capacity)
            }

            #[inline]
            fn write(self, writer: &mut Self::Writer) {
                writer.append_value($to(self));
            }

            fn write_null(writer: &mut Self::Writer) {
                writer.append_null();
            }

            fn finish(mut writer: Self::Writer) -> Result<ArrayRef> {
                let array = writer.finish();
                Ok(Arc::new($done(array)))
            }
        }
    )* };
}

time! {
    NaiveDate, i32, Type::Date, Date32Builder, days, NaiveDate::from_epoch_days, date_ticks, std::convert::identity;
    NaiveTime, i64, Type::Time, Time64MicrosecondBuilder, times, time_of, time_ticks, std::convert::identity;
    NaiveDateTime, i64, Type::Datetime, TimestampMicrosecondBuilder, datetimes, datetime_of, datetime_ticks, std::convert::identity;
    DateTime<Utc>, i64, Type::Timestamp(Arc::from("UTC")), TimestampMicrosecondBuilder, instants, DateTime::from_timestamp_micros,
        instant_ticks, utc;
}

pub(super) fn time_of(micros: i64) -> Option<NaiveTime> {
    if !(0..DAY).contains(&micros) {
        return None;
    }
    let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
    NaiveTime::from_num_seconds_from_midnight_opt(u32::try_from(seconds).ok()?, u32::try_from(micros).ok()? * 1000)
}

pub(super) fn datetime_of(micros: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_micros(micros).map(|instant| instant.naive_utc())
}

pub(super) fn date_ticks(date: NaiveDate) -> i32 {
    date.to_epoch_days()
}

pub(super) fn time_ticks(time: NaiveTime) -> i64 {
    // A leap second of chrono's counts beyond the day's end, where a column has no tick.
    let micros = i64::from(time.num_seconds_from_midnight()) * 1_000_000 + i64::from(time.nanosecond() / 1000);
    micros.min(DAY - 1)
}

pub(super) fn datetime_ticks(moment: NaiveDateTime) -> i64 {
    moment.and_utc().timestamp_micros()
}

pub(super) fn instant_ticks(instant: Timestamp) -> i64 {
    instant.timestamp_micros()
}

fn utc(array: TimestampMicrosecondArray) -> TimestampMicrosecondArray {
    array.with_timezone("UTC")
}

type Ticks<'a, T> = Result<Option<Cow<'a, [T]>>>;

fn days<'a>(array: &'a dyn Array, live: Option<&NullBuffer>, name: &str) -> Ticks<'a, i32> {
    if let Some(found) = array.as_any().downcast_ref::<Date32Array>() {
        return Ok(Some(Cow::Borrowed(found.values())));
    }
    let decoded = decode(array)?;
    let plain = decoded.as_deref().unwrap_or(array).as_any();
    if let Some(found) = plain.downcast_ref::<Date32Array>() {
        return Ok(Some(Cow::Owned(found.values().to_vec())));
    }
    let Some(found) = plain.downcast_ref::<Date64Array>() else { return Ok(None) };
    let days = scale(found.values(), Unit::Divide(86_400_000), live, name)?;
    let days = days.iter().map(|&d| i32::try_from(d).unwrap_or(i32::MAX)).collect();
    Ok(Some(Cow::Owned(days)))
}

fn times<'a>(array: &'a dyn Array, live: Option<&NullBuffer>, name: &str) -> Ticks<'a, i64> {
    if let Some(found) = array.as_any().downcast_ref::<Time64MicrosecondArray>() {
        return Ok(Some(Cow::Borrowed(found.values())));
    }
    let decoded = decode(array)?;
    let plain = decoded.as_deref().unwrap_or(array).as_any();
    let scaled = if let Some(found) = plain.downcast_ref::<Time64MicrosecondArray>() {
        found.values().to_vec()
    } else if let Some(found) = plain.downcast_ref::<Time64NanosecondArray>() {
        scale(found.values(), Unit::Divide(1000), live, name)?
    } else if let Some(found) = plain.downcast_ref::<Time32MillisecondArray>() {
        scale(found.values(), Unit::Multiply(1000), live, name)?
    } else if let Some(found) = plain.downcast_ref::<Time32SecondArray>() {
        scale(found.values(), Unit::Multiply(1_000_000), live, name)?
    } else {
        return Ok(None);
    };
    Ok(Some(Cow::Owned(scaled)))
}

fn datetimes<'a>(array: &'a dyn Array, live: Option<&NullBuffer>, name: &str) -> Ticks<'a, i64> {
    micros(array, false, live, name)
}

fn instants<'a>(array: &'a dyn Array, live: Option<&NullBuffer>, name: &str) -> Ticks<'a, i64> {
    micros(array, true, live, name)
}

/// The microseconds of timestamps, with a zone or without.
fn micros<'a>(array: &'a dyn Array, zoned: bool, live: Option<&NullBuffer>, name: &str) -> Ticks<'a, i64> {
    let admitted = |data_type: &DataType| matches!(data_type, DataType::Timestamp(_, zone) if zone.is_some() == zoned);
    if let Some(found) = array.as_any().downcast_ref::<TimestampMicrosecondArray>() {
        return Ok(admitted(array.data_type()).then(|| Cow::Borrowed(&**found.values())));
    }
    let decoded = decode(array)?;
    let plain: &dyn Array = decoded.as_deref().unwrap_or(array);
    if !admitted(plain.data_type()) {
        return Ok(None);
    }
    let DataType::Timestamp(unit, _) = plain.data_type() else { return Ok(None) };
    Ok(match unit {
        TimeUnit::Microsecond => values::<TimestampMicrosecondArray, _>(plain, |v| Ok(v.values().to_vec()))?,
        TimeUnit::Second => {
            values::<TimestampSecondArray, _>(plain, |v| scale(v.values(), Unit::Multiply(1_000_000), live, name))?
        }
        TimeUnit::Millisecond => {
            values::<TimestampMillisecondArray, _>(plain, |v| scale(v.values(), Unit::Multiply(1000), live, name))?
        }
        TimeUnit::Nanosecond => {
            values::<TimestampNanosecondArray, _>(plain, |v| scale(v.values(), Unit::Divide(1000), live, name))?
        }
    })
}

fn values<'a, A: 'static, F: FnOnce(&A) -> Result<Vec<i64>>>(plain: &dyn Array, convert: F) -> Ticks<'a, i64> {
    plain.as_any().downcast_ref::<A>().map(|found| convert(found).map(Cow::Owned)).transpose()
}

#[derive(Clone, Copy)]
enum Unit {
    Multiply(i64),
    Divide(i64),
}

/// Converts a unit, value by value; rows that are not read become zero.
fn scale<T: Copy + Into<i64>>(values: &[T], unit: Unit, live: Option<&NullBuffer>, name: &str) -> Result<Vec<i64>> {
    values
        .iter()
        .enumerate()
        .map(|(row, &value)| {
            let value: i64 = value.into();
            let scaled = match unit {
                Unit::Multiply(by) => value.checked_mul(by),
                Unit::Divide(by) => (value % by == 0).then(|| value / by),
            };
            match scaled {
                Some(scaled) => Ok(scaled),
                None if live.is_some_and(|l| l.is_null(row)) => Ok(0),
                None => {
                    let lost = match unit {
                        Unit::Multiply(_) => "the value does not fit into 64 bits of microseconds",
                        Unit::Divide(86_400_000) => {
                            "the value is not a whole day; cast the column to datetime, or cut the time off"
                        }
                        Unit::Divide(_) => "the value is not a whole microsecond; cast the column to microseconds first",
                    };
                    Err(invalid(name, row, lost))
                }
            }
        })
        .collect()
}

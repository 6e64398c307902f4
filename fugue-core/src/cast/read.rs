//! Casts from text.

use std::fmt::Display;
use std::num::IntErrorKind;
use std::str::FromStr;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, BooleanBufferBuilder, PrimitiveArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Time64MicrosecondType,
    TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};

use super::{calendar, decimal};
use crate::schema::Type;
use crate::schema::fault::Fault;
use crate::schema::zone::Clock;

/// Longest text that a message repeats.
const SHOWN: usize = 60;

/// A column of text cast to a type that is not nested; with `attempt`, null for what cannot be read.
pub(super) fn column(array: &ArrayRef, to: &Type, attempt: bool) -> Result<ArrayRef, Fault> {
    Ok(match to {
        Type::Bool => Arc::new(bools(array, attempt)?),
        Type::Int8 => integers::<Int8Type>(array, to, attempt)?,
        Type::Int16 => integers::<Int16Type>(array, to, attempt)?,
        Type::Int32 => integers::<Int32Type>(array, to, attempt)?,
        Type::Int64 => integers::<Int64Type>(array, to, attempt)?,
        Type::UInt8 => integers::<UInt8Type>(array, to, attempt)?,
        Type::UInt16 => integers::<UInt16Type>(array, to, attempt)?,
        Type::UInt32 => integers::<UInt32Type>(array, to, attempt)?,
        Type::UInt64 => integers::<UInt64Type>(array, to, attempt)?,
        Type::Float32 => Arc::new(each::<Float32Type, _>(array, attempt, |text| float(text, f32::is_infinite))?),
        Type::Float64 => Arc::new(each::<Float64Type, _>(array, attempt, |text| float(text, f64::is_infinite))?),
        Type::Date => Arc::new(each::<Date32Type, _>(array, attempt, calendar::read_date)?),
        Type::Time => Arc::new(each::<Time64MicrosecondType, _>(array, attempt, calendar::read_time)?),
        Type::Datetime => Arc::new(each::<TimestampMicrosecondType, _>(array, attempt, calendar::read_datetime)?),
        Type::Timestamp(zone) => {
            let clock = Clock::new(zone)?;
            let made = each::<TimestampMicrosecondType, _>(array, attempt, |text| calendar::read_instant(text, clock))?;
            Arc::new(made.with_timezone(Arc::clone(zone)))
        }
        Type::Decimal(precision, scale) => {
            let made = each::<Decimal128Type, _>(array, attempt, |text| decimal::read(text, *precision, *scale))?;
            Arc::new(made.with_precision_and_scale(*precision, *scale)?)
        }
        _ => return Err(Fault::Type(format!("there is no cast from str to {to}"))),
    })
}

fn bools(array: &ArrayRef, attempt: bool) -> Result<BooleanArray, Fault> {
    let text = array.as_string_view();
    let mut values = Vec::with_capacity(text.len());
    let mut refusals = Vec::new();
    for row in 0..text.len() {
        let word = if text.is_null(row) { "0" } else { text.value(row).trim() };
        let is = |words: [&str; 4]| words.iter().any(|w| word.eq_ignore_ascii_case(w));
        if is(["true", "t", "yes", "1"]) {
            values.push(true);
        } else if is(["false", "f", "no", "0"]) {
            values.push(false);
        } else if attempt {
            values.push(false);
            refusals.push(row);
        } else {
            return Err(refused(row, text.value(row), "is neither true nor false"));
        }
    }
    let nulls = without(text.nulls(), &refusals, text.len());
    Ok(BooleanArray::new(BooleanBuffer::from(values), nulls))
}

fn integers<T: ArrowPrimitiveType>(array: &ArrayRef, to: &Type, attempt: bool) -> Result<ArrayRef, Fault>
where
    T::Native: FromStr<Err = std::num::ParseIntError>,
{
    let made = each::<T, _>(array, attempt, |text| {
        text.parse().map_err(|error: std::num::ParseIntError| match error.kind() {
            IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => format!("is out of the range of {to}"),
            // A minus sign is no digit to an unsigned type.
            _ if text.parse::<i128>().is_ok() => format!("is out of the range of {to}"),
            _ if text.parse::<f64>().is_ok() => "is no whole number; cast it to double first".to_owned(),
            _ => "is no whole number".to_owned(),
        })
    })?;
    Ok(Arc::new(made))
}

fn float<F: FromStr + Copy>(text: &str, is_infinite: impl Fn(F) -> bool) -> Result<F, &'static str> {
    let value: F = text.parse().map_err(|_| "is no number")?;
    // Digits that are too large parse as infinity, and so does the word.
    if is_infinite(value) && text.bytes().any(|b| b.is_ascii_digit()) {
        return Err("is out of range");
    }
    Ok(value)
}

/// Every text that is not null, without blanks around it, read as a value.
fn each<T: ArrowPrimitiveType, M: Display>(
    array: &ArrayRef,
    attempt: bool,
    read: impl Fn(&str) -> Result<T::Native, M>,
) -> Result<PrimitiveArray<T>, Fault> {
    let text = array.as_string_view();
    let mut values = vec![T::default_value(); text.len()];
    let mut refusals = Vec::new();
    for (row, value) in values.iter_mut().enumerate().filter(|(row, _)| text.is_valid(*row)) {
        match read(text.value(row).trim()) {
            Ok(made) => *value = made,
            Err(_) if attempt => refusals.push(row),
            Err(why) => return Err(refused(row, text.value(row), why)),
        }
    }
    let nulls = without(text.nulls(), &refusals, text.len());
    Ok(PrimitiveArray::new(values.into(), nulls))
}

/// These nulls, and some rows more.
fn without(nulls: Option<&NullBuffer>, rows: &[usize], len: usize) -> Option<NullBuffer> {
    if rows.is_empty() {
        return nulls.cloned();
    }
    let mut valid = BooleanBufferBuilder::new(len);
    match nulls {
        Some(nulls) => valid.append_buffer(nulls.inner()),
        None => valid.append_n(len, true),
    }
    rows.iter().for_each(|row| valid.set_bit(*row, false));
    Some(NullBuffer::new(valid.finish()))
}

fn refused(row: usize, text: &str, why: impl Display) -> Fault {
    let shown: String = text.chars().take(SHOWN).collect();
    let more = if shown.len() < text.len() { "…" } else { "" };
    Fault::value(row, format!("{shown:?}{more} {why}"))
}

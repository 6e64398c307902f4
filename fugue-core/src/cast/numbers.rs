//! Casts between bool, integers and floats.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};

use super::format_value;
use crate::schema::Type;
use crate::schema::fault::Fault;
use crate::schema::layout::try_each;

/// A number of any type, for the few that are looked at one by one.
pub(super) enum Number {
    Integer(i128),
    Float(f64),
}

pub(super) fn between(array: &ArrayRef, from: &Type, to: &Type) -> Result<ArrayRef, Fault> {
    if let (Type::Float64, Type::Float32) = (from, to) {
        // Arrow would make infinities of what is too large.
        let narrowed = try_each::<Float64Type, Float32Type, _>(array.as_primitive::<Float64Type>(), |v| match v as f32 {
            narrow if narrow.is_infinite() && v.is_finite() => Err(format!("{v:e} is out of the range of float")),
            narrow => Ok(narrow),
        })?;
        return Ok(Arc::new(narrowed));
    }
    let options = CastOptions { safe: false, ..CastOptions::default() };
    // Arrow's kernels cut off fractions and check ranges as the contract wants, but their errors know no row.
    cast_with_options(array, &to.to_arrow(), &options).map_err(|error| match first_outside(array, from, to) {
        Some(row) => {
            let (low, high) = range(to).unwrap_or((0, 0));
            Fault::value(row, format!("{} is out of the range of {to}, which is {low} to {high}", format_value(array, row)))
        }
        None => error.into(),
    })
}

fn first_outside(array: &ArrayRef, from: &Type, to: &Type) -> Option<usize> {
    let (low, high) = range(to)?;
    (0..array.len()).filter(|row| array.is_valid(*row)).find(|row| match number(array, from, *row) {
        Some(Number::Integer(v)) => v < low || v > high,
        // The bounds are whole numbers, so the cut-off value lies within them exactly when it is between them as i128.
        Some(Number::Float(v)) => v.is_nan() || !(low..=high).contains(&(v.trunc() as i128)),
        None => false,
    })
}

/// The value in a row of integers or floats.
pub(super) fn number(array: &ArrayRef, ty: &Type, row: usize) -> Option<Number> {
    fn integer<T: ArrowPrimitiveType<Native: Into<i128>>>(array: &ArrayRef, row: usize) -> Option<Number> {
        Some(Number::Integer(array.as_primitive::<T>().value(row).into()))
    }
    match ty {
        Type::Int8 => integer::<Int8Type>(array, row),
        Type::Int16 => integer::<Int16Type>(array, row),
        Type::Int32 => integer::<Int32Type>(array, row),
        Type::Int64 => integer::<Int64Type>(array, row),
        Type::UInt8 => integer::<UInt8Type>(array, row),
        Type::UInt16 => integer::<UInt16Type>(array, row),
        Type::UInt32 => integer::<UInt32Type>(array, row),
        Type::UInt64 => integer::<UInt64Type>(array, row),
        Type::Float32 => Some(Number::Float(f64::from(array.as_primitive::<Float32Type>().value(row)))),
        Type::Float64 => Some(Number::Float(array.as_primitive::<Float64Type>().value(row))),
        _ => None,
    }
}

/// The least and the greatest value of an integer type.
pub(super) fn range(ty: &Type) -> Option<(i128, i128)> {
    Some(match ty {
        Type::Int8 => (i8::MIN.into(), i8::MAX.into()),
        Type::Int16 => (i16::MIN.into(), i16::MAX.into()),
        Type::Int32 => (i32::MIN.into(), i32::MAX.into()),
        Type::Int64 => (i64::MIN.into(), i64::MAX.into()),
        Type::UInt8 => (0, u8::MAX.into()),
        Type::UInt16 => (0, u16::MAX.into()),
        Type::UInt32 => (0, u32::MAX.into()),
        Type::UInt64 => (0, u64::MAX.into()),
        _ => return None,
    })
}

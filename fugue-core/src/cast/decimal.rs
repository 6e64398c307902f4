//! Decimals: their text, and casts from and to other numbers.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray};
use arrow::datatypes::{
    Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};

use super::format::{self, put};
use super::numbers;
use crate::schema::Type;
use crate::schema::fault::Fault;
use crate::schema::layout::try_each;

/// Appends a decimal with all digits of its scale.
pub(super) fn write(out: &mut String, value: i128, scale: i8) {
    let scale = usize::try_from(scale).unwrap_or(0);
    if value < 0 {
        out.push('-');
    }
    let digits = value.unsigned_abs();
    if scale == 0 {
        return put(out, format_args!("{digits}"));
    }
    let one = 10_u128.saturating_pow(u32::try_from(scale).unwrap_or(38));
    put(out, format_args!("{}.{:0scale$}", digits / one, digits % one));
}

/// Reads a decimal; digits past the scale are rounded half away from zero.
pub(super) fn read(text: &str, precision: u8, scale: i8) -> Result<i128, &'static str> {
    const NONE: &str = "is no decimal number";
    const RANGE: &str = "has more digits than the decimal type";
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| NONE)?),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.len() + fraction.len() == 0 || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return Err(NONE);
    }
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).map(|b| b - b'0').skip_while(|d| *d == 0).collect();
    if digits.is_empty() {
        return Ok(0);
    }
    // The value is the digits, moved by this many places, counted in units of the last digit of the type.
    let moved = i64::from(scale) + i64::from(exponent) - i64::try_from(fraction.len()).map_err(|_| RANGE)?;
    let kept = i64::try_from(digits.len()).map_err(|_| RANGE)?.saturating_add(moved);
    if kept < 0 {
        return Ok(0);
    }
    let kept = usize::try_from(kept).ok().filter(|kept| *kept <= usize::from(precision)).ok_or(RANGE)?;
    let number = digits.iter().copied().chain(std::iter::repeat(0)).take(kept).fold(0, |sum, d| sum * 10 + i128::from(d));
    let number = number + i128::from(digits.get(kept).is_some_and(|d| *d >= 5));
    if !fits(number, precision) {
        return Err(RANGE);
    }
    Ok(if negative { -number } else { number })
}

/// Casts in which a decimal is on one side at least.
pub(super) fn between(array: &ArrayRef, from: &Type, to: &Type) -> Result<ArrayRef, Fault> {
    match (from, to) {
        (Type::Decimal(_, scale), Type::Decimal(precision, to_scale)) => {
            let (scale, precision, to_scale) = (*scale, *precision, *to_scale);
            into_decimal::<Decimal128Type>(array, to, |v| rescale(v, scale, to_scale).filter(|v| fits(*v, precision)))
        }
        (Type::Decimal(_, _), Type::Bool) => {
            let source = array.as_primitive::<Decimal128Type>();
            let values = source.values().iter().map(|v| *v != 0).collect();
            Ok(Arc::new(BooleanArray::new(values, source.nulls().cloned())))
        }
        (Type::Decimal(_, scale), Type::Float64) => out_of_decimal::<Float64Type>(array, *scale, to, |v, s| Some(to_float(v, s))),
        (Type::Decimal(_, scale), Type::Float32) => {
            out_of_decimal::<Float32Type>(array, *scale, to, |v, s| text_of(v, s).parse::<f32>().ok())
        }
        (Type::Decimal(_, scale), _) => to_integer(array, *scale, to),
        (Type::Bool, Type::Decimal(_, _)) => {
            let bytes = numbers::between(array, from, &Type::Int8)?;
            between(&bytes, &Type::Int8, to)
        }
        (Type::Float32, Type::Decimal(precision, scale)) => {
            into_decimal::<Float32Type>(array, to, |v| of_float(v, *precision, *scale))
        }
        (Type::Float64, Type::Decimal(precision, scale)) => {
            into_decimal::<Float64Type>(array, to, |v| of_float(v, *precision, *scale))
        }
        (_, Type::Decimal(precision, scale)) => of_integer(array, from, to, *precision, *scale),
        _ => Err(Fault::Type(format!("neither {from} nor {to} is a decimal"))),
    }
}

/// Moves a decimal to another scale, rounding half away from zero.
fn rescale(value: i128, from: i8, to: i8) -> Option<i128> {
    let power = 10_i128.checked_pow(u32::from(from.abs_diff(to)))?;
    if to >= from {
        return value.checked_mul(power);
    }
    let (quotient, rest) = (value / power, value % power);
    // Not twice the rest: that may pass what 128 bits hold.
    let up = rest.unsigned_abs() >= power.unsigned_abs() - rest.unsigned_abs();
    Some(if up { quotient + value.signum() } else { quotient })
}

fn fits(value: i128, precision: u8) -> bool {
    10_u128.checked_pow(u32::from(precision)).is_some_and(|limit| value.unsigned_abs() < limit)
}

/// By way of the shortest digits, so that 1.005 is what it looks like.
fn of_float<F: std::fmt::LowerExp + Copy + Into<f64>>(value: F, precision: u8, scale: i8) -> Option<i128> {
    let mut text = String::new();
    format::write_float(&mut text, value);
    read(&text, precision, scale).ok()
}

fn of_integer(array: &ArrayRef, from: &Type, to: &Type, precision: u8, scale: i8) -> Result<ArrayRef, Fault> {
    let made = |v: i128| rescale(v, 0, scale).filter(|v| fits(*v, precision));
    match from {
        Type::Int8 => into_decimal::<Int8Type>(array, to, |v| made(v.into())),
        Type::Int16 => into_decimal::<Int16Type>(array, to, |v| made(v.into())),
        Type::Int32 => into_decimal::<Int32Type>(array, to, |v| made(v.into())),
        Type::Int64 => into_decimal::<Int64Type>(array, to, |v| made(v.into())),
        Type::UInt8 => into_decimal::<UInt8Type>(array, to, |v| made(v.into())),
        Type::UInt16 => into_decimal::<UInt16Type>(array, to, |v| made(v.into())),
        Type::UInt32 => into_decimal::<UInt32Type>(array, to, |v| made(v.into())),
        Type::UInt64 => into_decimal::<UInt64Type>(array, to, |v| made(v.into())),
        _ => Err(Fault::Type(format!("{from} is no integer"))),
    }
}

fn to_integer(array: &ArrayRef, scale: i8, to: &Type) -> Result<ArrayRef, Fault> {
    fn cut<T: ArrowPrimitiveType>(array: &ArrayRef, scale: i8, to: &Type) -> Result<ArrayRef, Fault>
    where
        T::Native: TryFrom<i128>,
    {
        out_of_decimal::<T>(array, scale, to, |v, s| {
            let one = 10_i128.checked_pow(u32::from(s.unsigned_abs()))?;
            T::Native::try_from(v / one).ok()
        })
    }
    match to {
        Type::Int8 => cut::<Int8Type>(array, scale, to),
        Type::Int16 => cut::<Int16Type>(array, scale, to),
        Type::Int32 => cut::<Int32Type>(array, scale, to),
        Type::Int64 => cut::<Int64Type>(array, scale, to),
        Type::UInt8 => cut::<UInt8Type>(array, scale, to),
        Type::UInt16 => cut::<UInt16Type>(array, scale, to),
        Type::UInt32 => cut::<UInt32Type>(array, scale, to),
        Type::UInt64 => cut::<UInt64Type>(array, scale, to),
        _ => Err(Fault::Type(format!("{to} is no integer"))),
    }
}

/// The float nearest to a decimal.
fn to_float(value: i128, scale: i8) -> f64 {
    const EXACT: i128 = 1 << 53;
    // Both are floats without an error, so their quotient has only its own rounding.
    if value.abs() <= EXACT && scale <= 22 {
        return value as f64 / 10_f64.powi(i32::from(scale));
    }
    text_of(value, scale).parse().unwrap_or(f64::NAN)
}

fn text_of(value: i128, scale: i8) -> String {
    let mut text = String::new();
    write(&mut text, value, scale);
    text
}

fn into_decimal<S>(array: &ArrayRef, to: &Type, convert: impl Fn(S::Native) -> Option<i128>) -> Result<ArrayRef, Fault>
where
    S: ArrowPrimitiveType,
{
    let Type::Decimal(precision, scale) = to else { return Err(Fault::Type(format!("{to} is no decimal"))) };
    let source: &PrimitiveArray<S> = array.as_primitive();
    let made = try_each::<S, Decimal128Type, _>(source, |v| convert(v).ok_or(String::new()));
    let made = made.map_err(|fault| outside(fault, array, to))?;
    Ok(Arc::new(made.with_precision_and_scale(*precision, *scale)?))
}

fn out_of_decimal<T>(
    array: &ArrayRef,
    scale: i8,
    to: &Type,
    convert: impl Fn(i128, i8) -> Option<T::Native>,
) -> Result<ArrayRef, Fault>
where
    T: ArrowPrimitiveType,
{
    let source = array.as_primitive::<Decimal128Type>();
    let made = try_each::<Decimal128Type, T, _>(source, |v| convert(v, scale).ok_or(String::new()));
    Ok(Arc::new(made.map_err(|fault| outside(fault, array, to))?))
}

/// Says which value is out of range.
fn outside(fault: Fault, array: &ArrayRef, to: &Type) -> Fault {
    match fault {
        Fault::Value { row, field, .. } => {
            let message = format!("{} is out of the range of {to}", format::format_value(array, row));
            Fault::Value { row, field, message }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes() {
        for (text, value) in [("1.50", 150), ("-0.05", -5), ("0.00", 0), ("12345678.90", 1_234_567_890)] {
            assert_eq!(read(text, 10, 2), Ok(value));
            assert_eq!(text_of(value, 2), text);
        }
        for (text, value) in [
            ("1.005", 101),
            ("-1.005", -101),
            ("1.0049999", 100),
            ("1e1", 1000),
            (".5", 50),
            ("5.", 500),
            ("+1", 100),
            ("5e-3", 1),
        ] {
            assert_eq!(read(text, 10, 2), Ok(value), "{text}");
        }
        assert_eq!(read("4e-3", 10, 2), Ok(0));
        assert_eq!(read("1e-400", 10, 2), Ok(0));
        assert_eq!(read("0e999999999", 10, 2), Ok(0));
        for text in ["", ".", "-", "x", "1,5", "1e", "NaN", "inf", "1 2", "--1", "99999999.995", "100000000", "1e999999999"] {
            assert!(read(text, 10, 2).is_err(), "{text}");
        }
        let most = "9".repeat(38);
        assert_eq!(read(&most, 38, 0).map(|v| text_of(v, 0)), Ok(most));
    }

    #[test]
    fn rescales() {
        assert_eq!(rescale(15, 1, 0), Some(2));
        assert_eq!(rescale(-15, 1, 0), Some(-2));
        assert_eq!(rescale(14, 1, 0), Some(1));
        assert_eq!(rescale(-14, 1, 0), Some(-1));
        assert_eq!(rescale(i128::MAX, 0, 1), None);
        assert_eq!(rescale(99_999_999_999_999_999_999_999_999_999_999_999_999, 38, 0), Some(1));
        assert_eq!(rescale(49_999_999_999_999_999_999_999_999_999_999_999_999, 38, 0), Some(0));
    }

    #[test]
    fn becomes_the_nearest_float() {
        assert_eq!(to_float(11, 1), 1.1);
        assert_eq!(to_float(123_456_789_012_345_678_901_234_567, 20), 1_234_567.890_123_456_8);
        assert_eq!(of_float(1.005_f64, 10, 2), Some(101));
        assert_eq!(of_float(1e20_f64, 10, 2), None);
        assert_eq!(of_float(f64::NAN, 10, 2), None);
    }
}

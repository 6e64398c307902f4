//! Rounding half away from zero, of floats on the shortest decimal text of the value.

use std::fmt::{LowerExp, Write};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, new_null_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int64Type};

use crate::error::{Error, ErrorKind, Result};
use crate::expr::Function;
use crate::schema::Type;
use crate::schema::layout::try_each;

use super::number::{decimals, outside};
use super::{Operand, by_integer, exactly, unexpected};

/// Past these all digits are kept, or none.
const FAR: i64 = 400;

/// The powers of ten that doubles hold without an error.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21,
    1e22,
];

/// How many of them floats hold.
const SINGLE: usize = 11;

pub(super) fn call(args: &[Operand], ty: &Type) -> Result<ArrayRef> {
    let [value, digits] = exactly(Function::Round, args)?;
    let array = &value.array;
    if !digits.constant {
        return Err(Error::new(ErrorKind::ExpressionInvalid, "the digits to round to are a literal, and not a column"));
    }
    let digits = Operand::constant(cast(&digits.array, &DataType::Int64)?);
    let Some(digits) = digits.single::<Int64Type>() else {
        return Ok(new_null_array(&ty.to_arrow(), array.len()));
    };
    let digits = i32::try_from(digits.clamp(-FAR, FAR)).map_err(|e| unexpected(e.to_string()))?;
    match (array.data_type(), ty) {
        (DataType::Float32, _) => {
            Ok(Arc::new(array.as_primitive::<Float32Type>().unary::<_, Float32Type>(|v| round_f32(v, digits))))
        }
        (DataType::Float64, _) => {
            Ok(Arc::new(array.as_primitive::<Float64Type>().unary::<_, Float64Type>(|v| round_f64(v, digits))))
        }
        (DataType::Decimal128(_, from), Type::Decimal(precision, scale)) => {
            let dropped = u32::try_from(i32::from(*from) - digits).unwrap_or(0);
            if dropped == 0 && from == scale {
                return Ok(Arc::clone(array));
            }
            let factor = 10_i128.checked_pow(u32::try_from(scale - from).unwrap_or(0));
            decimals(array, *precision, *scale, |v| half_away(v, dropped)?.checked_mul(factor?))
        }
        _ if digits >= 0 => Ok(Arc::clone(array)),
        (_, ty) => by_integer!(ty, integers(array, ty, digits.unsigned_abs())),
    }
}

fn integers<T: ArrowPrimitiveType<Native: Into<i128> + TryFrom<i128>>>(
    array: &ArrayRef,
    ty: &Type,
    places: u32,
) -> Result<ArrayRef> {
    let made = try_each::<T, T, _>(array.as_primitive(), |v| {
        half_away(v.into(), places).and_then(|v| T::Native::try_from(v).ok()).ok_or("")
    });
    Ok(Arc::new(made.map_err(|fault| outside(fault, array, ty))?))
}

/// Rounds the last places of a whole number to zeros.
fn half_away(value: i128, places: u32) -> Option<i128> {
    // Half of it is already more than any decimal.
    let Some(power) = 10_i128.checked_pow(places) else { return Some(0) };
    let rest = value % power;
    // Not twice the rest: that may pass what 128 bits hold.
    let up = rest.unsigned_abs() >= power.unsigned_abs() - rest.unsigned_abs();
    let cut = value - rest;
    if up { cut.checked_add(power.checked_mul(value.signum())?) } else { Some(cut) }
}

#[inline]
fn power(digits: i32, powers: &[f64]) -> Option<f64> {
    powers.get(usize::try_from(digits.unsigned_abs()).ok()?).copied()
}

fn round_f64(value: f64, digits: i32) -> f64 {
    // The product is off by less than 2 of 2^53 parts and the text by half of one, so that away from the middle both round alike; and the
    // quotient of two whole numbers without an error is the float next to the decimal.
    const EXACT: f64 = 4_503_599_627_370_496.0; // 2^52
    const ERROR: f64 = 4.0 / EXACT;
    if let Some(power) = power(digits, &POWERS) {
        let scaled = if digits < 0 { value / power } else { value * power };
        let size = scaled.abs();
        let rest = size - size.floor();
        if size < EXACT && (rest - 0.5).abs() > size * ERROR + f64::EPSILON {
            let whole = scaled.round();
            return if digits < 0 { whole * power } else { whole / power };
        }
    }
    by_text(value, value.is_finite(), digits).unwrap_or(value)
}

fn round_f32(value: f32, digits: i32) -> f32 {
    // As above, in doubles as far as the middle is concerned; the whole number and the power must be floats without an error.
    const EXACT: f64 = 16_777_216.0; // 2^24
    const ERROR: f64 = 4.0 / EXACT;
    if let Some(power) = power(digits, &POWERS[..SINGLE]) {
        let wide = f64::from(value);
        let scaled = if digits < 0 { wide / power } else { wide * power };
        let size = scaled.abs();
        let rest = size - size.floor();
        if size < EXACT && (rest - 0.5).abs() > size * ERROR + f64::EPSILON {
            let (whole, power) = (scaled.round() as f32, power as f32);
            return if digits < 0 { whole * power } else { whole / power };
        }
    }
    by_text(value, value.is_finite(), digits).unwrap_or(value)
}

/// The rounded value by its digits; none where it stays.
fn by_text<F: LowerExp + std::str::FromStr>(value: F, finite: bool, digits: i32) -> Option<F> {
    if !finite {
        return None;
    }
    let mut text = Text::default();
    // It holds the longest.
    write!(text, "{value:e}").ok()?;
    let (mantissa, exponent) = text.as_str().split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let number = mantissa.bytes().filter(|b| *b != b'.').fold(0_u64, |number, b| number * 10 + u64::from(b - b'0'));
    let places = i32::try_from(mantissa.len().saturating_sub(2)).ok()?;
    // The value is the number times ten to this power.
    let last = exponent - places;
    let dropped = u32::try_from(-digits - last).ok().filter(|dropped| *dropped > 0)?;
    let kept = match 10_u64.checked_pow(dropped) {
        Some(power) => number / power + u64::from(number % power >= power / 2),
        None => 0,
    };
    let mut rounded = Text::default();
    write!(rounded, "{sign}{kept}e{}", -digits).ok()?;
    rounded.as_str().parse().ok()
}

/// A short text on the stack.
#[derive(Default)]
struct Text {
    bytes: [u8; 32],
    len: usize,
}

impl Text {
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

impl Write for Text {
    fn write_str(&mut self, part: &str) -> std::fmt::Result {
        let end = self.len + part.len();
        self.bytes.get_mut(self.len..end).ok_or(std::fmt::Error)?.copy_from_slice(part.as_bytes());
        self.len = end;
        Ok(())
    }
}

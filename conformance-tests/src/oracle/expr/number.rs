//! Arithmetic: whole numbers that wrap, floats by IEEE, decimals by their digits.

use fugue_core::Type;
use fugue_core::expr::Function;

use super::types::{integer, is_float};
use super::value::fits;
use crate::value::OwnValue;

/// A function of numbers, none of them null.
pub(super) fn call(function: Function, args: &[OwnValue], types: &[Type], ty: &Type) -> Result<OwnValue, String> {
    match (args, types) {
        ([OwnValue::Int(a), OwnValue::Int(b)], [Type::Decimal(_, s), Type::Decimal(_, t)]) => {
            decimals(function, (*a, *s), (*b, *t), ty)
        }
        ([OwnValue::Int(a), OwnValue::Int(digits)], [Type::Decimal(_, s), _]) if function == Function::Round => {
            in_range(rounded(*a, i128::from(*s) - digits), ty)
        }
        ([OwnValue::Int(a), OwnValue::Int(b)], _) => wholes(function, *a, *b, ty),
        ([OwnValue::Int(a)], [Type::Decimal(_, s)]) if matches!(function, Function::Floor | Function::Ceil) => {
            let one = power_of_ten(s.unsigned_abs().into())?;
            let below = a.div_euclid(one);
            in_range(if function == Function::Ceil && a.rem_euclid(one) > 0 { below + 1 } else { below }, ty)
        }
        ([OwnValue::Int(a)], _) => Ok(OwnValue::Int(match function {
            Function::Negate => wrap(-*a, ty),
            Function::Abs => wrap(a.abs(), ty),
            Function::Floor | Function::Ceil => *a,
            _ => return Err(format!("{function:?} of a whole number")),
        })),
        ([OwnValue::Float(a), OwnValue::Int(digits)], _) if function == Function::Round => {
            Ok(OwnValue::Float(round(*a, i64::try_from(*digits).map_err(|e| e.to_string())?, ty)))
        }
        ([OwnValue::Float(a)], _) if function == Function::IsNan => Ok(OwnValue::Bool(a.is_nan())),
        ([OwnValue::Float(a)], _) => Ok(OwnValue::Float(match function {
            Function::Negate => -a,
            Function::Abs => a.abs(),
            Function::Floor => a.floor(),
            Function::Ceil => a.ceil(),
            Function::Sqrt => a.sqrt(),
            Function::Exp => a.exp(),
            Function::Ln => a.ln(),
            _ => return Err(format!("{function:?} of a float")),
        })),
        ([OwnValue::Float(a), OwnValue::Float(b)], _) => {
            let result = match function {
                Function::Add | Function::CheckedAdd => a + b,
                Function::Subtract | Function::CheckedSubtract => a - b,
                Function::Multiply | Function::CheckedMultiply => a * b,
                Function::Divide | Function::CheckedDivide | Function::DivideTrue => a / b,
                Function::Modulo => a % b,
                Function::Power => a.powf(*b),
                _ => return Err(format!("{function:?} of floats")),
            };
            // The wider float holds each result of the narrower before its rounding well enough to round once more without harm.
            Ok(OwnValue::Float(if *ty == Type::Float32 { f64::from(narrow(result)) } else { result }))
        }
        _ => Err(format!("{function:?} of {types:?}")),
    }
}

fn wholes(function: Function, a: i128, b: i128, ty: &Type) -> Result<OwnValue, String> {
    use Function as F;
    if function == F::Round {
        return in_range(rounded(a, -b), ty);
    }
    let exact = match function {
        F::Add | F::CheckedAdd => a + b,
        F::Subtract | F::CheckedSubtract => a - b,
        // Two numbers of 64 bits without a sign may need all 128.
        F::Multiply => return Ok(OwnValue::Int(wrap(a.wrapping_mul(b), ty))),
        F::CheckedMultiply => a.checked_mul(b).ok_or("an overflow")?,
        F::Divide | F::Modulo if b == 0 => return Ok(OwnValue::Null),
        F::CheckedDivide if b == 0 => return Err("a division by zero".to_owned()),
        F::Divide | F::CheckedDivide => a / b,
        F::Modulo => a % b,
        _ => return Err(format!("{function:?} of whole numbers")),
    };
    match function {
        F::Add | F::Subtract | F::Divide | F::Modulo => Ok(OwnValue::Int(wrap(exact, ty))),
        _ => in_range(exact, ty),
    }
}

fn decimals(function: Function, (a, s): (i128, i8), (b, t): (i128, i8), ty: &Type) -> Result<OwnValue, String> {
    use Function as F;
    let Type::Decimal(_, scale) = ty else { return Err(format!("decimals make {ty:?}")) };
    let raised = |x: i128, by: i8| {
        power_of_ten(by.unsigned_abs().into()).and_then(|p| x.checked_mul(p).ok_or_else(|| "an overflow".to_owned()))
    };
    match function {
        F::Add | F::CheckedAdd => in_range(raised(a, scale - s)? + raised(b, scale - t)?, ty),
        F::Subtract | F::CheckedSubtract => in_range(raised(a, scale - s)? - raised(b, scale - t)?, ty),
        F::Multiply | F::CheckedMultiply => in_range(a.checked_mul(b).ok_or("an overflow")?, ty),
        F::Divide | F::Modulo if b == 0 => Ok(OwnValue::Null),
        F::CheckedDivide if b == 0 => Err("a division by zero".to_owned()),
        F::Divide | F::CheckedDivide => {
            let by = scale - s + t;
            if by >= 0 { in_range(raised(a, by)? / b, ty) } else { in_range(a / raised(b, by)?, ty) }
        }
        F::Modulo => in_range(raised(a, scale - s)? % raised(b, scale - t)?, ty),
        _ => Err(format!("{function:?} of decimals")),
    }
}

fn in_range(value: i128, ty: &Type) -> Result<OwnValue, String> {
    if fits(value, ty) { Ok(OwnValue::Int(value)) } else { Err(format!("{value} is too great for {ty:?}")) }
}

/// A whole number as it is after wrapping around at the width of a type.
pub(super) fn wrap(value: i128, ty: &Type) -> i128 {
    match integer(ty) {
        None => value,
        Some((bits, signed)) => {
            let low = value.rem_euclid(1_i128 << bits);
            if signed && low >= 1_i128 << (bits - 1) { low - (1_i128 << bits) } else { low }
        }
    }
}

pub(super) fn power_of_ten(exponent: u32) -> Result<i128, String> {
    10_i128.checked_pow(exponent).ok_or_else(|| "too many digits".to_owned())
}

/// A whole number over another, rounded half away from zero.
pub(super) fn half_away(value: i128, by: i128) -> i128 {
    let (whole, rest) = (value / by, value % by);
    whole + if rest.abs() * 2 >= by { value.signum() } else { 0 }
}

/// A whole number whose last digits, so many, are rounded to zeros.
fn rounded(value: i128, digits: i128) -> i128 {
    let by = u32::try_from(digits.max(0)).ok().and_then(|digits| 10_i128.checked_pow(digits));
    // Half of what 128 bits cannot hold is more than any value.
    by.map_or(0, |by| half_away(value, by) * by)
}

/// Rounds the shortest decimal text of a float, half away from zero.
fn round(value: f64, digits: i64, ty: &Type) -> f64 {
    if !value.is_finite() {
        return value;
    }
    let narrowed = *ty == Type::Float32;
    let text = if narrowed { format!("{:e}", narrow(value).abs()) } else { format!("{:e}", value.abs()) };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let places: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    // The digits stand for 0.d1d2d3… times ten to this power.
    let point = exponent.parse::<i64>().unwrap_or(0) + 1;
    let keep = point + digits;
    let Ok(keep) = usize::try_from(keep) else { return 0.0_f64.copysign(value) };
    if keep >= places.len() {
        return value;
    }
    let kept: i128 = places[..keep].parse().unwrap_or(0);
    let up = places.as_bytes()[keep] >= b'5';
    let rounded = format!("{}e{}", kept + i128::from(up), -digits);
    let size = if narrowed { rounded.parse::<f32>().map(f64::from) } else { rounded.parse() };
    size.unwrap_or(f64::NAN).copysign(value)
}

/// A float as the narrower one that is nearest.
pub(super) fn narrow(wide: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "rounding is what is wanted")]
    let narrow = wide as f32;
    narrow
}

/// A whole number as the double that is nearest.
pub(super) fn double(value: i128) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "rounding is what is wanted")]
    let double = value as f64;
    double
}

/// A number of any type as a double.
pub(super) fn as_double(value: &OwnValue, ty: &Type) -> Option<f64> {
    match (value, ty) {
        (OwnValue::Float(x), _) => Some(*x),
        // Reading text rounds once, and right.
        (OwnValue::Int(x), Type::Decimal(_, s)) => format!("{x}e{}", -i32::from(*s)).parse().ok(),
        (OwnValue::Int(x), ty) if !is_float(ty) => Some(double(*x)),
        _ => None,
    }
}

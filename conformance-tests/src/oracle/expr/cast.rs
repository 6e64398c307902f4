//! The casts that programs use, and the texts of values.

use std::fmt::LowerExp;

use fugue_core::Type;

use super::calendar::{self, DAY};
use super::number::{as_double, double, half_away, narrow, power_of_ten};
use super::types::{integer, is_float};
use super::value::fits;
use crate::value::OwnValue;

/// Whether the oracle knows a cast. The rest is asked for by written examples.
pub(super) fn knows(from: &Type, to: &Type) -> bool {
    let whole = |ty: &Type| integer(ty).is_some();
    match (from, to) {
        _ if from == to => true,
        (a, b) if whole(a) && whole(b) => true,
        (a, Type::Float64) if whole(a) || is_float(a) || matches!(a, Type::Decimal(..)) => true,
        (Type::Float64, Type::Float32) => true,
        (a, Type::Decimal(_, s)) if whole(a) => *s >= 0,
        (Type::Decimal(_, s), Type::Decimal(_, t)) => *s >= 0 && *t >= 0,
        (a, Type::Bool) | (Type::Bool, a) if whole(a) => true,
        (a, b) if is_float(a) && whole(b) => true,
        (Type::Decimal(_, s), b) if whole(b) || *b == Type::Str => *s >= 0,
        (a, Type::Str) => whole(a) || is_float(a) || matches!(a, Type::Bool | Type::Date | Type::Datetime | Type::Time),
        (Type::Str, b) => whole(b) || matches!(b, Type::Bool | Type::Float64),
        (Type::Datetime, Type::Time) => true,
        (Type::Date, Type::Datetime) | (Type::Datetime, Type::Date) => true,
        _ => false,
    }
}

/// A value cast.
pub(super) fn cast(value: &OwnValue, from: &Type, to: &Type) -> Result<OwnValue, String> {
    let failed = || format!("{value} of {from:?} is no {to:?}");
    let whole = |x: i128| if fits(x, to) { Ok(OwnValue::Int(x)) } else { Err(failed()) };
    Ok(match (value, from, to) {
        (OwnValue::Null, ..) => OwnValue::Null,
        _ if from == to => value.clone(),
        (OwnValue::Int(x), Type::Date, Type::Datetime) => OwnValue::Int(x * DAY),
        (OwnValue::Int(x), Type::Datetime, Type::Date) => OwnValue::Int(x.div_euclid(DAY)),
        (OwnValue::Int(x), Type::Datetime, Type::Time) => OwnValue::Int(x.rem_euclid(DAY)),
        (OwnValue::Int(x), Type::Decimal(_, s), Type::Str) => OwnValue::Text(decimal(*x, *s)),
        (OwnValue::Int(x), Type::Time, Type::Str) => OwnValue::Text(time(*x)),
        (OwnValue::Int(x), Type::Date, Type::Str) => OwnValue::Text(date(*x)),
        (OwnValue::Int(x), Type::Datetime, Type::Str) => OwnValue::Text(datetime(*x)),
        (OwnValue::Int(x), _, Type::Bool) => OwnValue::Bool(*x != 0),
        (OwnValue::Bool(b), _, Type::Str) => OwnValue::text(if *b { "true" } else { "false" }),
        (OwnValue::Bool(b), _, _) => OwnValue::Int(i128::from(*b)),
        (OwnValue::Int(_), _, Type::Float64) => OwnValue::Float(as_double(value, from).ok_or_else(failed)?),
        (OwnValue::Int(x), Type::Decimal(_, s), Type::Decimal(_, t)) => {
            let by = power_of_ten(s.abs_diff(*t).into())?;
            return whole(if t >= s { x.checked_mul(by).ok_or_else(failed)? } else { half_away(*x, by) });
        }
        (OwnValue::Int(x), Type::Decimal(_, s), _) if integer(to).is_some() => {
            return whole(x / power_of_ten(s.unsigned_abs().into())?);
        }
        (OwnValue::Int(x), _, Type::Decimal(_, t)) => {
            return whole(x.checked_mul(power_of_ten(t.unsigned_abs().into())?).ok_or_else(failed)?);
        }
        (OwnValue::Int(x), _, Type::Str) => OwnValue::Text(x.to_string()),
        (OwnValue::Int(x), ..) => return whole(*x),
        (OwnValue::Float(x), Type::Float32, Type::Str) => OwnValue::Text(float(narrow(*x), *x)),
        (OwnValue::Float(x), _, Type::Str) => OwnValue::Text(float(*x, *x)),
        (OwnValue::Float(x), _, Type::Float32) => OwnValue::Float(f64::from(narrow(*x))),
        (OwnValue::Float(x), _, Type::Float64) => OwnValue::Float(*x),
        (OwnValue::Float(x), ..) => return whole(cut(*x).ok_or_else(failed)?),
        (OwnValue::Text(t), _, Type::Bool) => match t.trim().to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "1" => OwnValue::Bool(true),
            "false" | "f" | "no" | "0" => OwnValue::Bool(false),
            _ => return Err(failed()),
        },
        (OwnValue::Text(t), _, Type::Float64) => OwnValue::Float(double_of(t.trim()).ok_or_else(failed)?),
        (OwnValue::Text(t), ..) => return whole(t.trim().parse().map_err(|_| failed())?),
        _ => return Err(failed()),
    })
}

/// A float without its fraction, where it is a whole number of 64 bits or so.
fn cut(value: f64) -> Option<i128> {
    // Not so far that a whole number of 128 bits could not say it.
    if value.is_nan() || value.abs() >= 1e30 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "cutting the fraction is what is wanted")]
    let whole = value as i128;
    Some(whole)
}

/// The shortest digits that read back, with a point inside 1e-5 to 1e16 and with an exponent outside.
fn float<F: LowerExp>(value: F, wide: f64) -> String {
    if wide.is_nan() {
        return "NaN".to_owned();
    }
    if wide.is_infinite() {
        return if wide > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-5..16).contains(&exponent) {
        return text;
    }
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let point = exponent + 1;
    let (whole, rest) = if point <= 0 {
        ("0".to_owned(), "0".repeat(point.unsigned_abs() as usize) + &digits)
    } else {
        let point = point.unsigned_abs() as usize;
        let padded = format!("{digits:0<point$}");
        (padded[..point].to_owned(), padded[point..].to_owned())
    };
    let rest = if rest.is_empty() { "0" } else { &rest };
    format!("{sign}{whole}.{rest}")
}

pub(in crate::oracle) fn date(days: i128) -> String {
    let day = calendar::civil(days);
    format!("{:04}-{:02}-{:02}", day.year, day.month, day.day)
}

fn datetime(micros: i128) -> String {
    format!("{} {}", date(micros.div_euclid(DAY)), time(micros.rem_euclid(DAY)))
}

fn time(clock: i128) -> String {
    let (seconds, fraction) = (clock / 1_000_000, clock % 1_000_000);
    let mut text = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if fraction > 0 {
        text += format!(".{fraction:06}").trim_end_matches('0');
    }
    text
}

fn decimal(value: i128, scale: i8) -> String {
    let scale = usize::from(scale.unsigned_abs());
    let digits = format!("{:0>1$}", value.unsigned_abs(), scale + 1);
    let (whole, rest) = digits.split_at(digits.len() - scale);
    let point = if scale == 0 { "" } else { "." };
    format!("{}{whole}{point}{rest}", if value < 0 { "-" } else { "" })
}

/// Text as a number: digits with a point and an exponent, or what numbers that are none are written as.
fn double_of(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "inf" => Some(f64::INFINITY),
        "-inf" => Some(f64::NEG_INFINITY),
        _ if text.bytes().all(|b| b.is_ascii_digit() || b"+-.e".contains(&b)) => text.parse().ok(),
        _ => None,
    }
}

/// A literal of a type as text that the core casts to it.
pub(super) fn literal_text(value: i128, ty: &Type) -> String {
    match ty {
        Type::Date => date(value),
        Type::Datetime => datetime(value),
        Type::Timestamp(_) => format!("{}+00:00", datetime(value)),
        Type::Time => time(value),
        Type::Decimal(_, s) => decimal(value, *s),
        _ => value.to_string(),
    }
}

/// A number as a double, for those aggregates that are doubles.
pub(super) fn number_as_double(value: &OwnValue, ty: &Type) -> f64 {
    as_double(value, ty).unwrap_or_else(|| value.as_int().map_or(f64::NAN, double))
}

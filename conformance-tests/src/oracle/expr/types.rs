//! Types, by the suite's own reading of the contract.

use fugue_core::Type;
use fugue_core::expr::{AggregateFunction, Function, TimeUnit};

/// How many bits an integer has, and whether it has a sign.
#[must_use]
pub(super) fn integer(ty: &Type) -> Option<(u32, bool)> {
    Some(match ty {
        Type::Int8 => (8, true),
        Type::Int16 => (16, true),
        Type::Int32 => (32, true),
        Type::Int64 => (64, true),
        Type::UInt8 => (8, false),
        Type::UInt16 => (16, false),
        Type::UInt32 => (32, false),
        Type::UInt64 => (64, false),
        _ => return None,
    })
}

fn integer_of(bits: u32, signed: bool) -> Option<Type> {
    Some(match (bits, signed) {
        (8, true) => Type::Int8,
        (16, true) => Type::Int16,
        (32, true) => Type::Int32,
        (64, true) => Type::Int64,
        (8, false) => Type::UInt8,
        (16, false) => Type::UInt16,
        (32, false) => Type::UInt32,
        (64, false) => Type::UInt64,
        _ => return None,
    })
}

pub(super) fn is_float(ty: &Type) -> bool {
    matches!(ty, Type::Float32 | Type::Float64)
}

pub(super) fn is_number(ty: &Type) -> bool {
    integer(ty).is_some() || is_float(ty) || matches!(ty, Type::Decimal(..))
}

/// The type at which two values meet, if any.
#[must_use]
pub fn common(a: &Type, b: &Type) -> Option<Type> {
    if a == b {
        return Some(a.clone());
    }
    if let (Some((wide_a, sign_a)), Some((wide_b, sign_b))) = (integer(a), integer(b)) {
        return match (sign_a, sign_b) {
            (true, true) | (false, false) => integer_of(wide_a.max(wide_b), sign_a),
            (true, false) => integer_of(if wide_a > wide_b { wide_a } else { wide_b * 2 }, true),
            (false, true) => integer_of(if wide_b > wide_a { wide_b } else { wide_a * 2 }, true),
        };
    }
    match (a, b) {
        _ if is_number(a) && is_number(b) && (is_float(a) || is_float(b)) => Some(Type::Float64),
        (Type::Decimal(p, s), Type::Decimal(q, t)) => decimal_of_both((*p, *s), (*q, *t)),
        (Type::Decimal(p, s), other) | (other, Type::Decimal(p, s)) => decimal_of_both((*p, *s), (digits(other)?, 0)),
        (Type::Date, Type::Datetime) | (Type::Datetime, Type::Date) => Some(Type::Datetime),
        _ => None,
    }
}

/// The digits that a decimal needs to hold every value of an integer type.
pub(super) fn digits(ty: &Type) -> Option<u8> {
    integer(ty).map(|(bits, signed)| match (bits, signed) {
        (8, _) => 3,
        (16, _) => 5,
        (32, _) => 10,
        (_, true) => 19,
        (_, false) => 20,
    })
}

fn decimal_of_both(a: (u8, i8), b: (u8, i8)) -> Option<Type> {
    let whole = |(p, s): (u8, i8)| i16::from(p) - i16::from(s);
    let scale = a.1.max(b.1);
    decimal(whole(a).max(whole(b)) + i16::from(scale), i16::from(scale))
}

/// A decimal of so many digits, at most 38.
fn decimal(precision: i16, scale: i16) -> Option<Type> {
    let scale = i8::try_from(scale).ok().filter(|s| (0..=38).contains(s))?;
    Some(Type::Decimal(u8::try_from(precision.clamp(1, 38)).ok()?, scale))
}

/// The result of arithmetic of decimals.
pub(super) fn decimal_result(function: Function, a: (u8, i8), b: (u8, i8)) -> Option<Type> {
    let (p, s, q, t) = (i16::from(a.0), i16::from(a.1), i16::from(b.0), i16::from(b.1));
    match function {
        Function::Add | Function::Subtract | Function::CheckedAdd | Function::CheckedSubtract => {
            decimal(s.max(t) + (p - s).max(q - t) + 1, s.max(t))
        }
        Function::Multiply | Function::CheckedMultiply => decimal(p + q + 1, s + t),
        Function::Divide | Function::CheckedDivide => {
            let scale = (s + 4).min(38);
            decimal(p - s + t + scale, scale)
        }
        Function::Modulo => decimal(s.max(t) + (p - s).min(q - t), s.max(t)),
        _ => None,
    }
}

/// The type of an aggregate of a type.
pub(super) fn aggregate(function: AggregateFunction, arg: Option<&Type>) -> Option<Type> {
    use AggregateFunction as A;
    Some(match (function, arg?) {
        (A::Count, _) => Type::Int64,
        (A::Sum | A::CheckedSum, ty) => match (integer(ty), ty) {
            (Some((_, true)), _) => Type::Int64,
            (Some((_, false)), _) => Type::UInt64,
            (None, Type::Decimal(_, s)) => Type::Decimal(38, *s),
            (None, ty) if is_float(ty) => Type::Float64,
            _ => return None,
        },
        (A::Avg, Type::Decimal(p, s)) => decimal(i16::from(*p) + 4, i16::from(*s).min(34) + 4)?,
        (A::Avg | A::Stddev | A::StddevPopulation | A::Variance | A::VariancePopulation | A::Quantile(_), ty)
            if is_number(ty) =>
        {
            Type::Float64
        }
        (A::Min | A::Max, ty) if !matches!(ty, Type::List(_) | Type::Struct(_) | Type::Map(..)) => ty.clone(),
        (A::First | A::Last, ty) => ty.clone(),
        (A::CollectList, ty) => Type::List(std::sync::Arc::new(ty.clone())),
        _ => return None,
    })
}

/// Whether a unit is a day or longer.
pub(super) fn is_whole_days(unit: TimeUnit) -> bool {
    matches!(unit, TimeUnit::Year | TimeUnit::Quarter | TimeUnit::Month | TimeUnit::Week | TimeUnit::Day)
}

//! The common type of values that meet, and the types of decimal arithmetic.

use crate::error::{Error, ErrorKind};
use crate::schema::{Type, can_cast};

use super::super::Function;

/// Two types that cannot meet.
pub(super) struct Misfit(Type, Type);

impl Misfit {
    pub(super) fn new(left: &Type, right: &Type) -> Self {
        Self(left.clone(), right.clone())
    }

    /// The error, with the cast to write.
    pub(super) fn error(&self, place: &str) -> Error {
        let Self(left, right) = self;
        let kind = if left.is_integer() && right.is_integer() { ErrorKind::SchemaMismatch } else { ErrorKind::ExpressionInvalid };
        let hint = match (left, right) {
            (Type::Str, other) | (other, Type::Str) if can_cast(&Type::Str, other) => {
                format!(
                    "a text is never a {other} by itself; write .cast(\"{other}\") after the text, or .cast(\"str\") after the other"
                )
            }
            _ => match (can_cast(left, right), can_cast(right, left)) {
                (true, true) => format!("write .cast(\"{right}\") or .cast(\"{left}\") after the one that is meant as the other"),
                (true, false) => format!("write .cast(\"{right}\") after the {left}"),
                (false, true) => format!("write .cast(\"{left}\") after the {right}"),
                (false, false) => "they cannot be cast to one another either".to_owned(),
            },
        };
        Error::new(kind, format!("{place}: {left} and {right} have no common type; {hint}"))
    }
}

/// The common type; see [`Function`]. The order of the types does not matter.
pub(super) fn common(types: &[&Type]) -> Result<Type, Misfit> {
    let Some((first, rest)) = types.split_first() else { return Err(Misfit(Type::Bool, Type::Bool)) };
    if rest.iter().all(|ty| ty == first) {
        return Ok((*first).clone());
    }
    if types.iter().all(|ty| is_number(ty)) {
        if types.iter().any(|ty| ty.is_float()) {
            return Ok(Type::Float64);
        }
        return if types.iter().any(|ty| matches!(ty, Type::Decimal(_, _))) { Ok(decimals(types)) } else { integers(types) };
    }
    if types.iter().all(|ty| matches!(ty, Type::Date | Type::Datetime)) {
        return Ok(Type::Datetime);
    }
    let misfit = rest.iter().find(|ty| rest.len() == 1 || common(&[first, ty]).is_err());
    Err(Misfit::new(first, misfit.unwrap_or(first)))
}

/// The type at which values are compared: the common one, where instants of several zones are compared as instants.
pub(super) fn comparable(types: &[&Type]) -> Result<Type, Misfit> {
    match types {
        [first @ Type::Timestamp(_), rest @ ..] if rest.iter().all(|ty| matches!(ty, Type::Timestamp(_))) => Ok((*first).clone()),
        _ => common(types),
    }
}

pub(super) fn is_number(ty: &Type) -> bool {
    ty.is_integer() || ty.is_float() || matches!(ty, Type::Decimal(_, _))
}

/// Precision and scale of a decimal, or of the decimal that holds all values of an integer type.
pub(super) fn as_decimal(ty: &Type) -> Option<(u8, i8)> {
    Some(match ty {
        Type::Decimal(precision, scale) => (*precision, *scale),
        Type::Int8 | Type::UInt8 => (3, 0),
        Type::Int16 | Type::UInt16 => (5, 0),
        Type::Int32 | Type::UInt32 => (10, 0),
        Type::Int64 => (19, 0),
        Type::UInt64 => (20, 0),
        _ => return None,
    })
}

/// The decimal that holds all; where that would have more than 38 digits, digits before the point give way, and values that need them are
/// errors of the cast.
fn decimals(types: &[&Type]) -> Type {
    let (mut whole, mut scale) = (0, 0);
    for (p, s) in types.iter().filter_map(|ty| as_decimal(ty)) {
        whole = whole.max(i16::from(p) - i16::from(s));
        scale = scale.max(s);
    }
    decimal(whole + i16::from(scale), scale)
}

fn integers(types: &[&Type]) -> Result<Type, Misfit> {
    let widest = |signed: bool| {
        let of_kind = types.iter().filter_map(|ty| width(ty).filter(|(is, _)| *is == signed));
        of_kind.map(|(_, bits)| bits).max()
    };
    match (widest(true), widest(false)) {
        (Some(signed), Some(unsigned)) if unsigned < signed => Ok(integer(true, signed)),
        (Some(_), Some(64)) => {
            let signed = types.iter().find(|ty| width(ty).is_some_and(|(is, _)| is));
            Err(Misfit::new(&Type::UInt64, signed.unwrap_or(&&Type::Int64)))
        }
        (Some(_), Some(unsigned)) => Ok(integer(true, unsigned * 2)),
        (Some(bits), None) => Ok(integer(true, bits)),
        (None, bits) => Ok(integer(false, bits.unwrap_or(64))),
    }
}

/// Whether an integer type is signed, and its bits.
fn width(ty: &Type) -> Option<(bool, u8)> {
    Some(match ty {
        Type::Int8 => (true, 8),
        Type::Int16 => (true, 16),
        Type::Int32 => (true, 32),
        Type::Int64 => (true, 64),
        Type::UInt8 => (false, 8),
        Type::UInt16 => (false, 16),
        Type::UInt32 => (false, 32),
        Type::UInt64 => (false, 64),
        _ => return None,
    })
}

fn integer(signed: bool, bits: u8) -> Type {
    match (signed, bits) {
        (true, 8) => Type::Int8,
        (true, 16) => Type::Int16,
        (true, 32) => Type::Int32,
        (true, _) => Type::Int64,
        (false, 8) => Type::UInt8,
        (false, 16) => Type::UInt16,
        (false, 32) => Type::UInt32,
        (false, _) => Type::UInt64,
    }
}

/// The type of decimal arithmetic as arrow computes it (the rules of Hive), or why it can compute none.
pub(super) fn decimal_result(function: Function, (p1, s1): (u8, i8), (p2, s2): (u8, i8)) -> Result<Type, String> {
    let (whole1, whole2) = (i16::from(p1) - i16::from(s1), i16::from(p2) - i16::from(s2));
    let (precision1, precision2) = (i16::from(p1), i16::from(p2));
    let scale = s1.max(s2);
    Ok(match function {
        Function::Multiply | Function::CheckedMultiply => {
            if s1 + s2 > 38 {
                return Err(format!("the product has {} digits after the point, and 38 is the most", s1 + s2));
            }
            decimal(precision1 + precision2 + 1, s1 + s2)
        }
        Function::Divide | Function::CheckedDivide => {
            let scale = (s1 + 4).min(38);
            let shift = i16::from(scale - s1) + i16::from(s2);
            if shift > 38 {
                return Err(format!("the divisor has {s2} digits after the point, which are too many to divide by"));
            }
            decimal(precision1 + shift, scale)
        }
        Function::Modulo => decimal(whole1.min(whole2) + i16::from(scale), scale),
        _ => decimal(whole1.max(whole2) + i16::from(scale) + 1, scale),
    })
}

/// A decimal of so many digits, at most 38.
pub(super) fn decimal(precision: i16, scale: i8) -> Type {
    Type::Decimal(u8::try_from(precision.clamp(1, 38)).unwrap_or(38), scale)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Array, ArrayRef, Decimal128Array, new_empty_array};
    use arrow::compute::kernels::numeric;
    use arrow::datatypes::DataType;
    use proptest::prelude::*;

    use super::*;

    fn decimal_type() -> impl Strategy<Value = (u8, i8)> {
        (1..=38_u8).prop_flat_map(|p| (Just(p), 0..=i8::try_from(p).unwrap()))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// What arrow computes is what is promised, and what is refused arrow refuses too.
        #[test]
        fn decimals_are_typed_as_arrow_computes_them((p1, s1) in decimal_type(), (p2, s2) in decimal_type()) {
            // One divided by one, so that no operation fails for its values unless it always does.
            let column = |p, s| -> ArrayRef { Arc::new(Decimal128Array::from(vec![Some(1)]).with_precision_and_scale(p, s).unwrap()) };
            let (left, right) = (column(p1, s1), column(p2, s2));
            for function in [Function::Add, Function::Subtract, Function::Multiply, Function::Divide, Function::Modulo] {
                let compute = |left: &ArrayRef, right: &ArrayRef| match function {
                    Function::Add => numeric::add(left, right),
                    Function::Subtract => numeric::sub(left, right),
                    Function::Multiply => numeric::mul(left, right),
                    Function::Divide => numeric::div(left, right),
                    _ => numeric::rem(left, right),
                };
                match decimal_result(function, (p1, s1), (p2, s2)) {
                    Ok(ty) => {
                        let empty = compute(
                            &new_empty_array(&DataType::Decimal128(p1, s1)),
                            &new_empty_array(&DataType::Decimal128(p2, s2)),
                        );
                        prop_assert_eq!(empty.unwrap().data_type().clone(), ty.to_arrow());
                    }
                    Err(_) => prop_assert!(compute(&left, &right).is_err()),
                }
            }
        }
    }

    #[test]
    fn the_order_of_types_does_not_matter_for_numbers() {
        use Type::{Decimal, Float32, Float64, Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64};
        let numbers =
            [Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64, Float32, Float64, Decimal(12, 2), Decimal(38, 10)];
        for a in &numbers {
            for b in &numbers {
                for c in &numbers {
                    let any = common(&[a, b, c]).ok();
                    assert_eq!(any, common(&[c, b, a]).ok());
                    assert_eq!(any, common(&[b, a, c]).ok());
                }
                assert_eq!(common(&[a, b]).is_err(), {
                    let ulong = |x: &Type, y: &Type| *x == UInt64 && matches!(y, Int8 | Int16 | Int32 | Int64);
                    ulong(a, b) || ulong(b, a)
                });
            }
        }
    }
}

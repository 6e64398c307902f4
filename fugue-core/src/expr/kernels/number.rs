//! Functions of one number, and the power.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowNativeTypeOp, ArrowPrimitiveType, AsArray, BooleanArray};
use arrow::compute::kernels::numeric::neg_wrapping;
use arrow::datatypes::{DataType, Decimal128Type, Float32Type, Float64Type};

use crate::cast::format_value;
use crate::error::{Error, Result};
use crate::expr::Function;
use crate::schema::Type;
use crate::schema::fault::Fault;
use crate::schema::layout::try_each;

use super::{Operand, binary, by_integer, decimal, exactly, unexpected};

pub(super) fn call(function: Function, args: &[Operand], ty: &Type) -> Result<ArrayRef> {
    if function == Function::Power {
        let [base, exponent] = exactly(function, args)?;
        return Ok(Arc::new(binary::<Float64Type, Float64Type>(base, exponent, f64::powf)?));
    }
    let [value] = exactly(function, args)?;
    let array = &value.array;
    match function {
        Function::Negate => Ok(neg_wrapping(array)?),
        Function::IsNan => Ok(Arc::new(match array.data_type() {
            DataType::Float32 => BooleanArray::from_unary(array.as_primitive::<Float32Type>(), f32::is_nan),
            _ => BooleanArray::from_unary(array.as_primitive::<Float64Type>(), f64::is_nan),
        })),
        Function::Abs => absolute(array, ty),
        Function::Floor => whole(array, ty, f32::floor, f64::floor, i128::div_euclid),
        Function::Ceil => whole(array, ty, f32::ceil, f64::ceil, |v, one| -(-v).div_euclid(one)),
        Function::Sqrt => Ok(double(array, f64::sqrt)),
        Function::Exp => Ok(double(array, f64::exp)),
        Function::Ln => Ok(double(array, f64::ln)),
        other => Err(unexpected(format!("{other:?} is no function of a number"))),
    }
}

/// Every decimal of a column as one of a precision and a scale; none is out of range.
pub(super) fn decimals(array: &ArrayRef, precision: u8, scale: i8, make: impl Fn(i128) -> Option<i128>) -> Result<ArrayRef> {
    let made = try_each::<Decimal128Type, Decimal128Type, _>(array.as_primitive(), |v| {
        make(v).filter(|v| decimal::fits(*v, precision)).ok_or("")
    });
    let made = made.map_err(|fault| outside(fault, array, &Type::Decimal(precision, scale)))?;
    Ok(Arc::new(made.with_precision_and_scale(precision, scale)?))
}

/// Says which value was out of range.
pub(super) fn outside(fault: Fault, array: &ArrayRef, ty: &Type) -> Error {
    match fault {
        Fault::Value { row, .. } => {
            Fault::value(row, format!("the result for {} is out of the range of {ty}", format_value(array, row))).into()
        }
        other => other.into(),
    }
}

fn double(array: &ArrayRef, op: impl Fn(f64) -> f64) -> ArrayRef {
    Arc::new(array.as_primitive::<Float64Type>().unary::<_, Float64Type>(op))
}

fn absolute(array: &ArrayRef, ty: &Type) -> Result<ArrayRef> {
    fn integers<T: ArrowPrimitiveType>(array: &ArrayRef) -> Result<ArrayRef> {
        let zero = T::Native::ZERO;
        let absolute = |v: T::Native| if v.is_lt(zero) { v.neg_wrapping() } else { v };
        Ok(Arc::new(array.as_primitive::<T>().unary::<_, T>(absolute)))
    }
    match ty {
        Type::Float32 => Ok(Arc::new(array.as_primitive::<Float32Type>().unary::<_, Float32Type>(f32::abs))),
        Type::Float64 => Ok(double(array, f64::abs)),
        Type::Decimal(precision, scale) => decimals(array, *precision, *scale, i128::checked_abs),
        _ => by_integer!(ty, integers(array)),
    }
}

/// Whole numbers: of floats as floats, of decimals without digits.
fn whole(
    array: &ArrayRef,
    ty: &Type,
    single: fn(f32) -> f32,
    wide: fn(f64) -> f64,
    exact: fn(i128, i128) -> i128,
) -> Result<ArrayRef> {
    match (array.data_type(), ty) {
        (DataType::Float32, _) => Ok(Arc::new(array.as_primitive::<Float32Type>().unary::<_, Float32Type>(single))),
        (DataType::Float64, _) => Ok(double(array, wide)),
        (DataType::Decimal128(_, from), Type::Decimal(precision, scale)) => {
            let power = |places: i8| 10_i128.checked_pow(u32::from(places.unsigned_abs())).unwrap_or(i128::MAX);
            let (one, back) = (power(*from), power(*scale));
            decimals(array, *precision, *scale, |v| exact(v, one).checked_mul(back))
        }
        _ => Ok(Arc::clone(array)),
    }
}

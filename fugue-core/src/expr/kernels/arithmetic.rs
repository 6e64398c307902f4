//! The four operations and the remainder, of integers and floats.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowNativeTypeOp, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::kernels::numeric;
use arrow::error::ArrowError;

use crate::cast::format_value;
use crate::error::Result;
use crate::expr::Function;
use crate::schema::Type;
use crate::schema::fault::Fault;

use super::{Operand, binary, by_integer, decimal, exactly, unexpected};

pub(super) fn call(function: Function, args: &[Operand], ty: &Type) -> Result<ArrayRef> {
    let [left, right] = exactly(function, args)?;
    match ty {
        Type::Decimal(precision, scale) => decimal::binary(function, left, right, *precision, *scale),
        Type::Float32 | Type::Float64 => floats(function, left, right),
        _ => by_integer!(ty, integers(function, left, right, ty)),
    }
}

/// The sign between two arguments.
pub(super) fn sign(function: Function) -> &'static str {
    match function {
        Function::Add | Function::CheckedAdd => "+",
        Function::Subtract | Function::CheckedSubtract => "-",
        Function::Multiply | Function::CheckedMultiply => "*",
        Function::Modulo => "%",
        _ => "/",
    }
}

/// The failure of an operation in a row, with its operands.
pub(super) fn fault(function: Function, left: &Operand, right: &Operand, row: usize, why: &str) -> Fault {
    let shown = |operand: &Operand| format_value(&operand.array, operand.row(row));
    Fault::value(row, format!("{} {} {}: {why}", shown(left), sign(function), shown(right)))
}

fn floats(function: Function, left: &Operand, right: &Operand) -> Result<ArrayRef> {
    Ok(match function {
        Function::Add | Function::CheckedAdd => numeric::add_wrapping(left, right)?,
        Function::Subtract | Function::CheckedSubtract => numeric::sub_wrapping(left, right)?,
        Function::Multiply | Function::CheckedMultiply => numeric::mul_wrapping(left, right)?,
        Function::Divide | Function::DivideTrue | Function::CheckedDivide => numeric::div(left, right)?,
        Function::Modulo => numeric::rem(left, right)?,
        other => return Err(unexpected(format!("{other:?} is no arithmetic"))),
    })
}

fn integers<T: ArrowPrimitiveType>(function: Function, left: &Operand, right: &Operand, ty: &Type) -> Result<ArrayRef> {
    let checked: fn(T::Native, T::Native) -> Result<T::Native, ArrowError> = match function {
        Function::Add => return Ok(numeric::add_wrapping(left, right)?),
        Function::Subtract => return Ok(numeric::sub_wrapping(left, right)?),
        Function::Multiply => return Ok(numeric::mul_wrapping(left, right)?),
        Function::Divide => return divided::<T>(left, right, T::Native::div_wrapping),
        Function::Modulo => return divided::<T>(left, right, T::Native::mod_wrapping),
        Function::CheckedAdd => T::Native::add_checked,
        Function::CheckedSubtract => T::Native::sub_checked,
        Function::CheckedMultiply => T::Native::mul_checked,
        Function::CheckedDivide => T::Native::div_checked,
        other => return Err(unexpected(format!("{other:?} is no arithmetic of integers"))),
    };
    let made = match function {
        Function::CheckedAdd => numeric::add(left, right),
        Function::CheckedSubtract => numeric::sub(left, right),
        Function::CheckedMultiply => numeric::mul(left, right),
        _ => numeric::div(left, right),
    };
    // Arrow's kernels know no row.
    made.map_err(|error| match first_failure::<T>(left, right, checked) {
        None => error.into(),
        Some((row, divisor)) => {
            let zero = function == Function::CheckedDivide && divisor.is_zero();
            let why = if zero { "the divisor is zero".to_owned() } else { format!("out of the range of {ty}") };
            fault(function, left, right, row, &why).into()
        }
    })
}

/// The first row in which the operation fails, and what stands on its right side.
fn first_failure<T: ArrowPrimitiveType>(
    left: &Operand,
    right: &Operand,
    op: fn(T::Native, T::Native) -> Result<T::Native, ArrowError>,
) -> Option<(usize, T::Native)> {
    let (l, r) = (left.array.as_primitive::<T>(), right.array.as_primitive::<T>());
    let rows = if left.constant { r.len() } else { l.len() };
    (0..rows).find_map(|row| {
        let (i, j) = (left.row(row), right.row(row));
        (l.is_valid(i) && r.is_valid(j) && op(l.value(i), r.value(j)).is_err()).then(|| (row, r.value(j)))
    })
}

/// An operation that a divisor of zero makes null.
fn divided<T: ArrowPrimitiveType>(
    left: &Operand,
    right: &Operand,
    op: impl Fn(T::Native, T::Native) -> T::Native,
) -> Result<ArrayRef> {
    let divisors = right.array.as_primitive::<T>();
    if right.constant && right.single::<T>().is_some_and(ArrowNativeTypeOp::is_zero) {
        return Ok(Arc::new(PrimitiveArray::<T>::new_null(left.array.len())));
    }
    let made = binary::<T, T>(left, right, |l, r| if r.is_zero() { r } else { op(l, r) })?;
    if right.constant || !divisors.values().iter().any(|r| r.is_zero()) {
        return Ok(Arc::new(made));
    }
    let values = divisors.values();
    let divides = NullBuffer::new(BooleanBuffer::collect_bool(values.len(), |row| !values[row].is_zero()));
    let (_, values, nulls) = made.into_parts();
    Ok(Arc::new(PrimitiveArray::<T>::new(values, NullBuffer::union(nulls.as_ref(), Some(&divides)))))
}

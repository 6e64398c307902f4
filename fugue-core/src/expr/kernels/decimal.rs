//! The four operations and the remainder of decimals: Arrow's rules, with the row in errors and no value past the precision.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray, new_null_array};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::{DataType, Decimal128Type};

use crate::error::Result;
use crate::expr::Function;
use crate::schema::fault::Fault;

use super::arithmetic::fault;
use super::{Operand, unexpected};

/// An operation of decimals whose result is of a precision and a scale.
pub(super) fn binary(function: Function, left: &Operand, right: &Operand, precision: u8, scale: i8) -> Result<ArrayRef> {
    let (ls, rs) = (scale_of(left)?, scale_of(right)?);
    let made = match function {
        Function::Add | Function::CheckedAdd => match (moves(ls, scale), moves(rs, scale)) {
            (Some(1), Some(1)) => each(function, left, right, precision, scale, |l, r| l.checked_add(r)),
            (a, b) => each(function, left, right, precision, scale, |l, r| moved(l, a)?.checked_add(moved(r, b)?)),
        },
        Function::Subtract | Function::CheckedSubtract => match (moves(ls, scale), moves(rs, scale)) {
            (Some(1), Some(1)) => each(function, left, right, precision, scale, |l, r| l.checked_sub(r)),
            (a, b) => each(function, left, right, precision, scale, |l, r| moved(l, a)?.checked_sub(moved(r, b)?)),
        },
        Function::Multiply | Function::CheckedMultiply if ls.checked_add(rs) == Some(scale) => {
            each(function, left, right, precision, scale, times)
        }
        Function::Divide | Function::CheckedDivide if i16::from(scale) - i16::from(ls) + i16::from(rs) >= 0 => {
            let places = i16::from(scale) - i16::from(ls) + i16::from(rs);
            let power = u32::try_from(places).ok().and_then(|places| 10_i128.checked_pow(places));
            each(function, left, right, precision, scale, |l, r| moved(l, power)?.checked_div(r))
        }
        Function::Divide | Function::CheckedDivide => {
            let power = u32::try_from(i16::from(ls) - i16::from(rs) - i16::from(scale)).ok();
            let power = power.and_then(|places| 10_i128.checked_pow(places));
            each(function, left, right, precision, scale, |l, r| l.checked_div(moved(r, power)?))
        }
        Function::Modulo => {
            // The remainder does not depend on the scale in which it is computed, but its digits do.
            let (a, b) = (moves(ls, scale), moves(rs, scale));
            each(function, left, right, precision, scale, |l, r| moved(l, a)?.checked_rem(moved(r, b)?))
        }
        other => return Err(unexpected(format!("{other:?} of scales {ls} and {rs} does not have scale {scale}"))),
    };
    Ok(made?)
}

/// Whether a value has no more digits than a precision.
pub(super) fn fits(value: i128, precision: u8) -> bool {
    10_u128.checked_pow(u32::from(precision)).is_some_and(|limit| value.unsigned_abs() < limit)
}

fn scale_of(operand: &Operand) -> Result<i8> {
    match operand.array.data_type() {
        DataType::Decimal128(_, scale) => Ok(*scale),
        other => Err(unexpected(format!("{other} is no decimal"))),
    }
}

/// What moves a value from a scale to a greater one.
fn moves(from: i8, to: i8) -> Option<i128> {
    10_i128.checked_pow(u32::try_from(i16::from(to) - i16::from(from)).ok()?)
}

fn moved(value: i128, factor: Option<i128>) -> Option<i128> {
    match factor {
        Some(factor) => times(value, factor),
        // Ten to the power is past 128 bits, and so is everything times it.
        None => (value == 0).then_some(0),
    }
}

/// The product; most factors have 64 bits, and those cannot overflow.
#[inline]
fn times(left: i128, right: i128) -> Option<i128> {
    match (i64::try_from(left), i64::try_from(right)) {
        (Ok(l), Ok(r)) => Some(i128::from(l) * i128::from(r)),
        _ => left.checked_mul(right),
    }
}

fn each(
    function: Function,
    left: &Operand,
    right: &Operand,
    precision: u8,
    scale: i8,
    op: impl Fn(i128, i128) -> Option<i128>,
) -> Result<ArrayRef, Fault> {
    let (l, r) = (left.array.as_primitive::<Decimal128Type>(), right.array.as_primitive::<Decimal128Type>());
    let rows = if left.constant { r.len() } else { l.len() };
    let ty = DataType::Decimal128(precision, scale);
    let null = |operand: &Operand| operand.constant && operand.array.is_null(0);
    if null(left) || null(right) {
        return Ok(new_null_array(&ty, rows));
    }
    let divides = matches!(function, Function::Divide | Function::Modulo);
    let nulls = NullBuffer::union(column_nulls(left), column_nulls(right));
    let limit = 10_u128.checked_pow(u32::from(precision)).unwrap_or(0);
    let mut values = vec![0; rows];
    let mut zeros = false;
    let (lv, rv) = (l.values(), r.values());
    let mut set = |row: usize| {
        let (a, b) = (lv[left.row(row)], rv[right.row(row)]);
        match op(a, b) {
            Some(value) if value.unsigned_abs() < limit => {
                values[row] = value;
                Ok(())
            }
            _ if divides && b == 0 => {
                zeros = true;
                Ok(())
            }
            _ if b == 0 && function == Function::CheckedDivide => Err(fault(function, left, right, row, "the divisor is zero")),
            _ => Err(fault(function, left, right, row, &format!("out of the range of decimal({precision},{scale})"))),
        }
    };
    match &nulls {
        Some(nulls) => nulls.try_for_each_valid_idx(&mut set)?,
        None => (0..rows).try_for_each(&mut set)?,
    }
    let nulls = if zeros {
        let divides = NullBuffer::new(BooleanBuffer::collect_bool(rows, |row| rv[right.row(row)] != 0));
        NullBuffer::union(nulls.as_ref(), Some(&divides))
    } else {
        nulls
    };
    let made = PrimitiveArray::<Decimal128Type>::new(values.into(), nulls).with_precision_and_scale(precision, scale)?;
    Ok(Arc::new(made))
}

fn column_nulls(operand: &Operand) -> Option<&NullBuffer> {
    if operand.constant { None } else { operand.array.nulls() }
}

//! Comparisons: one total order for every type that has one.
//!
//! Arrow orders floats by their bits, so that it tells zeros and kinds of NaN apart; floats are compared here, by IEEE's own operators
//! and a test for NaN, which needs no canonical copy of the columns.

use std::ops::Not;

use arrow::array::{Array, ArrowPrimitiveType, AsArray, BooleanArray};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow::compute::kernels::cmp;
use arrow::datatypes::{DataType, Float32Type, Float64Type};

use crate::error::Result;
use crate::expr::Function;

use super::{Operand, unexpected};

/// One of the comparisons.
pub(super) fn compare(function: Function, left: &Operand, right: &Operand) -> Result<BooleanArray> {
    match left.array.data_type() {
        DataType::Float32 => return floats::<Float32Type>(function, left, right),
        DataType::Float64 => return floats::<Float64Type>(function, left, right),
        _ => {}
    }
    Ok(match function {
        Function::Equal => cmp::eq(left, right)?,
        Function::NotEqual => cmp::neq(left, right)?,
        Function::Less => cmp::lt(left, right)?,
        Function::LessOrEqual => cmp::lt_eq(left, right)?,
        Function::Greater => cmp::gt(left, right)?,
        Function::GreaterOrEqual => cmp::gt_eq(left, right)?,
        Function::NotDistinct => cmp::not_distinct(left, right)?,
        other => return Err(unexpected(format!("{other:?} is no comparison"))),
    })
}

/// Floats in the order of the contract.
pub(super) trait Total: Copy {
    fn same(self, other: Self) -> bool;
    fn before(self, other: Self) -> bool;
}

macro_rules! total {
    ($($float:ty),*) => { $(
        // No short circuits: loops over these become vector instructions.
        impl Total for $float {
            #[inline]
            fn same(self, other: Self) -> bool {
                (self == other) | (self.is_nan() & other.is_nan())
            }

            #[inline]
            fn before(self, other: Self) -> bool {
                (self < other) | (other.is_nan() & !self.is_nan())
            }
        }
    )* };
}
total!(f32, f64);

fn floats<T: ArrowPrimitiveType<Native: Total>>(function: Function, left: &Operand, right: &Operand) -> Result<BooleanArray> {
    let rows = if left.constant { right.array.len() } else { left.array.len() };
    let null = |operand: &Operand| operand.constant && operand.array.is_null(0);
    match (null(left), null(right)) {
        (false, false) => {}
        (true, true) if function == Function::NotDistinct => return Ok(BooleanArray::new(BooleanBuffer::new_set(rows), None)),
        (true, false) if function == Function::NotDistinct => return Ok(arrow::compute::is_null(&right.array)?),
        (false, true) if function == Function::NotDistinct => return Ok(arrow::compute::is_null(&left.array)?),
        _ => return Ok(BooleanArray::new_null(rows)),
    }
    let (l, r) = (column_nulls(left), column_nulls(right));
    let values = match function {
        Function::Equal => pack::<T>(left, right, Total::same),
        Function::NotEqual => pack::<T>(left, right, Total::same).not(),
        Function::Less => pack::<T>(left, right, Total::before),
        Function::Greater => pack::<T>(right, left, Total::before),
        Function::LessOrEqual => pack::<T>(right, left, Total::before).not(),
        Function::GreaterOrEqual => pack::<T>(left, right, Total::before).not(),
        Function::NotDistinct => {
            let same = pack::<T>(left, right, Total::same);
            return Ok(BooleanArray::new(not_distinct(same, l, r), None));
        }
        other => return Err(unexpected(format!("{other:?} is no comparison"))),
    };
    Ok(BooleanArray::new(values, NullBuffer::union(l, r)))
}

fn not_distinct(same: BooleanBuffer, left: Option<&NullBuffer>, right: Option<&NullBuffer>) -> BooleanBuffer {
    match (left, right) {
        (None, None) => same,
        (Some(nulls), None) | (None, Some(nulls)) => &same & nulls.inner(),
        (Some(l), Some(r)) => {
            let (l, r) = (l.inner(), r.inner());
            &(&same & &(l & r)) | &!&(l | r)
        }
    }
}

/// A bit for each row; constants are not null here.
fn pack<T: ArrowPrimitiveType>(left: &Operand, right: &Operand, test: impl Fn(T::Native, T::Native) -> bool) -> BooleanBuffer {
    let (l, r) = (left.array.as_primitive::<T>().values(), right.array.as_primitive::<T>().values());
    match (left.constant, right.constant) {
        (true, false) => {
            let value = l[0];
            words(r.chunks(64).map(|chunk| word(chunk.iter().map(|other| test(value, *other)))), r.len())
        }
        (false, true) => {
            let value = r[0];
            words(l.chunks(64).map(|chunk| word(chunk.iter().map(|other| test(*other, value)))), l.len())
        }
        _ => {
            let chunks = l.chunks(64).zip(r.chunks(64));
            words(chunks.map(|(l, r)| word(l.iter().zip(r).map(|(l, r)| test(*l, *r)))), l.len())
        }
    }
}

#[inline]
fn word(bits: impl Iterator<Item = bool>) -> u64 {
    bits.enumerate().fold(0, |word, (place, bit)| word | u64::from(bit) << place)
}

fn words(words: impl Iterator<Item = u64>, rows: usize) -> BooleanBuffer {
    // Arrow counts bits from the least of the first byte.
    let words: Vec<u64> = words.map(u64::to_le).collect();
    BooleanBuffer::new(Buffer::from_vec(words), 0, rows)
}

fn column_nulls(operand: &Operand) -> Option<&NullBuffer> {
    if operand.constant { None } else { operand.array.nulls() }
}

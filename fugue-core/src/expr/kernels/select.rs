//! One of two values for each row, by a condition.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray, downcast_primitive_array};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::kernels::zip::zip;
use arrow::datatypes::DataType;

use crate::error::Result;

use super::Operand;

/// The first value where the condition is true, the second where it is false or null.
pub(super) fn select(condition: &BooleanArray, yes: &Operand, no: &Operand) -> Result<ArrayRef> {
    let bits = match condition.nulls() {
        Some(nulls) => condition.values() & nulls.inner(),
        None => condition.values().clone(),
    };
    let (one, other) = (&*yes.array, &*no.array);
    downcast_primitive_array! {
        (one, other) => Ok(Arc::new(primitive(&bits, one, yes.constant, other, no.constant))),
        (DataType::Boolean, DataType::Boolean) => {
            let values = |operand: &Operand| {
                let array = operand.array.as_boolean();
                if operand.constant { fill(array.value(0), bits.len()) } else { array.values().clone() }
            };
            let nulls = nulls(&bits, yes, no);
            Ok(Arc::new(BooleanArray::new(pick(&bits, &values(yes), &values(no)), nulls)))
        }
        _ => Ok(zip(&BooleanArray::new(bits, None), yes, no)?),
    }
}

// Arrow's zip copies run by run, which for conditions that change often is several times slower.
fn primitive<T: ArrowPrimitiveType>(
    bits: &BooleanBuffer,
    yes: &PrimitiveArray<T>,
    yes_constant: bool,
    no: &PrimitiveArray<T>,
    no_constant: bool,
) -> PrimitiveArray<T> {
    let (one, other) = (yes.values(), no.values());
    let values = match (yes_constant, no_constant) {
        (true, true) => rows(bits, |_| one[0], |_| other[0]),
        (true, false) => rows(bits, |_| one[0], |row| other[row]),
        (false, true) => rows(bits, |row| one[row], |_| other[0]),
        (false, false) => rows(bits, |row| one[row], |row| other[row]),
    };
    let nulls = merged(bits, (yes.nulls(), yes_constant), (no.nulls(), no_constant));
    PrimitiveArray::new(values.into(), nulls).with_data_type(yes.data_type().clone())
}

fn rows<N>(bits: &BooleanBuffer, yes: impl Fn(usize) -> N, no: impl Fn(usize) -> N) -> Vec<N> {
    let mut out = Vec::with_capacity(bits.len());
    for (i, word) in bits.bit_chunks().iter_padded().enumerate() {
        let start = i * 64;
        let end = (start + 64).min(bits.len());
        out.extend((start..end).map(|row| if word >> (row - start) & 1 == 1 { yes(row) } else { no(row) }));
    }
    out
}

fn nulls(bits: &BooleanBuffer, yes: &Operand, no: &Operand) -> Option<NullBuffer> {
    merged(bits, (yes.array.nulls(), yes.constant), (no.array.nulls(), no.constant))
}

fn merged(
    bits: &BooleanBuffer,
    (yes, yes_constant): (Option<&NullBuffer>, bool),
    (no, no_constant): (Option<&NullBuffer>, bool),
) -> Option<NullBuffer> {
    if yes.is_none_or(|n| n.null_count() == 0) && no.is_none_or(|n| n.null_count() == 0) {
        return None;
    }
    let valid = |nulls: Option<&NullBuffer>, constant: bool| match nulls {
        Some(nulls) if constant => fill(nulls.is_valid(0), bits.len()),
        Some(nulls) => nulls.inner().clone(),
        None => fill(true, bits.len()),
    };
    let valid = pick(bits, &valid(yes, yes_constant), &valid(no, no_constant));
    Some(NullBuffer::new(valid)).filter(|nulls| nulls.null_count() > 0)
}

fn pick(bits: &BooleanBuffer, yes: &BooleanBuffer, no: &BooleanBuffer) -> BooleanBuffer {
    &(bits & yes) | &(&!bits & no)
}

fn fill(value: bool, rows: usize) -> BooleanBuffer {
    if value { BooleanBuffer::new_set(rows) } else { BooleanBuffer::new_unset(rows) }
}

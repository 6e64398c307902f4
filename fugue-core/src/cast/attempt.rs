//! Casts in which a value that cannot be cast is null.

use arrow::array::{Array, ArrayRef, BooleanArray, BooleanBufferBuilder};
use arrow::compute::{CastOptions, cast_with_options, nullif};

use super::{cast, read};
use crate::error::Result;
use crate::schema::Type;
use crate::schema::fault::Fault;

/// The first look past a failure goes over so many rows, each further one over twice as many.
const LOOK: usize = 16;

/// As [`cast_array`](super::cast_array) of a column in the contract's layout, with null for a value that cannot be cast. Of a nested
/// value that is the whole value, wherever in it the failure is.
///
/// # Errors
/// Where there is no such cast.
pub(crate) fn try_cast_array(array: &ArrayRef, to: &Type) -> Result<ArrayRef> {
    match cast(array, to) {
        Err(Fault::Value { row, .. }) => Ok(failing(array, to, row)?),
        other => Ok(other?),
    }
}

/// The cast of a column of which a row fails.
fn failing(array: &ArrayRef, to: &Type, row: usize) -> Result<ArrayRef, Fault> {
    let from = Type::from_arrow(array.data_type())?;
    let integer = |ty: &Type| ty.is_integer();
    match (&from, to) {
        (Type::Str, to) if !to.is_nested() && *to != Type::Bytes => read::column(array, to, true),
        (from, to) if (integer(from) || from.is_float()) && integer(to) => {
            let options = CastOptions { safe: true, ..CastOptions::default() };
            Ok(cast_with_options(array, &to.to_arrow(), &options)?)
        }
        _ => cast(&nullif(array, &failures(array, to, row)?)?, to),
    }
}

/// The rows that cannot be cast, of which the first is known. A look that fails ends at the failure, and the next one is short again, so
/// that the work grows with the rows however many of them fail.
fn failures(array: &ArrayRef, to: &Type, first: usize) -> Result<BooleanArray, Fault> {
    let mut failures = BooleanBufferBuilder::new(array.len());
    failures.append_n(first, false);
    failures.append(true);
    let mut look = LOOK;
    while failures.len() < array.len() {
        let start = failures.len();
        let len = look.min(array.len() - start);
        match cast(&array.slice(start, len), to) {
            Ok(_) => {
                failures.append_n(len, false);
                look = look.saturating_mul(2);
            }
            Err(Fault::Value { row, .. }) if row < len => {
                failures.append_n(row, false);
                failures.append(true);
                look = LOOK;
            }
            Err(other) => return Err(other),
        }
    }
    Ok(BooleanArray::new(failures.finish(), None))
}

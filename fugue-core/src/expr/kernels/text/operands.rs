//! Arguments read row by row, whether they are columns or constants.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray, StringViewArray, UInt32Array};
use arrow::compute::take;

use crate::error::{Error, ErrorKind, Result};
use crate::expr::Function;
use crate::expr::kernels::Operand;

/// The texts of an argument.
#[derive(Clone, Copy)]
pub(in crate::expr::kernels) struct Texts<'a> {
    pub(in crate::expr::kernels) array: &'a StringViewArray,
    pub(in crate::expr::kernels) constant: bool,
}

impl<'a> Texts<'a> {
    pub(in crate::expr::kernels) fn new(function: Function, operand: &'a Operand) -> Result<Self> {
        let array = operand.array.as_string_view_opt().ok_or_else(|| wrong_type(function, operand))?;
        Ok(Self { array, constant: operand.constant })
    }

    /// The row of the array that stands for a row of the result.
    pub(in crate::expr::kernels) fn at(&self, row: usize) -> usize {
        if self.constant { 0 } else { row }
    }

    pub(in crate::expr::kernels) fn text(&self, row: usize) -> Option<&'a str> {
        let at = self.at(row);
        self.array.is_valid(at).then(|| self.array.value(at))
    }
}

/// The numbers, days or moments of an argument.
pub(in crate::expr::kernels) struct Values<'a, T: ArrowPrimitiveType> {
    array: &'a PrimitiveArray<T>,
    constant: bool,
}

impl<'a, T: ArrowPrimitiveType> Values<'a, T> {
    pub(in crate::expr::kernels) fn new(function: Function, operand: &'a Operand) -> Result<Self> {
        let array = operand.array.as_primitive_opt().ok_or_else(|| wrong_type(function, operand))?;
        Ok(Self { array, constant: operand.constant })
    }

    pub(in crate::expr::kernels) fn value(&self, row: usize) -> Option<T::Native> {
        let at = if self.constant { 0 } else { row };
        self.array.is_valid(at).then(|| self.array.value(at))
    }
}

/// A function of one argument over a column; of a constant it is computed once.
pub(in crate::expr::kernels) fn once(
    operand: &Operand,
    rows: usize,
    compute: impl FnOnce(&ArrayRef) -> Result<ArrayRef>,
) -> Result<ArrayRef> {
    if !operand.constant {
        return compute(&operand.array);
    }
    // No row, no error.
    let made = compute(&operand.array.slice(0, rows.min(1)))?;
    if rows <= 1 { Ok(made) } else { repeat(&made, rows) }
}

/// A column of one row, so many times.
pub(in crate::expr::kernels) fn repeat(one: &dyn Array, rows: usize) -> Result<ArrayRef> {
    Ok(take(one, &UInt32Array::from_value(0, rows), None)?)
}

/// Typing lets only arguments through that a function takes; whoever calls kernels by hand is told.
pub(in crate::expr::kernels) fn wrong_type(function: Function, operand: &Operand) -> Error {
    let message = format!("{function:?} does not take an argument of type {}", operand.array.data_type());
    Error::new(ErrorKind::ExpressionInvalid, message)
}

pub(in crate::expr::kernels) fn wrong_call(function: Function, args: usize) -> Error {
    let message = format!("{function:?} does not take {args} arguments, or is no function of this kind");
    Error::new(ErrorKind::ExpressionInvalid, message)
}

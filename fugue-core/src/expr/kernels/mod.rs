//! The shared kernels: what every expression answers, over Arrow columns.

mod aggregate;
mod arithmetic;
mod case;
mod compare;
mod decimal;
mod logic;
mod members;
mod number;
mod pattern;
mod round;
mod select;
mod text;
mod time;
mod window;

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, Datum, PrimitiveArray, UInt32Array, new_empty_array, new_null_array,
};
use arrow::compute::{self, take};
use arrow::record_batch::RecordBatch;

use crate::cast::{cast_array, try_cast_array};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::Type;

use super::{Function, Typed, TypedNode};

pub(crate) use aggregate::Fold;
pub use aggregate::{aggregate, quantile_of};
pub(super) use pattern::regex;
pub use window::window;

/// The value of an expression for each row of a batch, whose columns are in the contract's layout of the schema that the expression was
/// typed against; the result is in the contract's layout of its type.
///
/// # Errors
/// `ValueInvalid` naming the row, for values that a cast or a checked function cannot take.
pub fn evaluate(expr: &Typed, batch: &RecordBatch) -> Result<ArrayRef> {
    let input = Input { columns: batch.columns(), rows: batch.num_rows() };
    input.value(expr)?.full(input.rows)
}

/// An argument of a function: a column, or a constant of one row that stands for all rows.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub(super) array: ArrayRef,
    pub(super) constant: bool,
}

impl Operand {
    fn column(array: ArrayRef) -> Self {
        Self { array, constant: false }
    }

    fn constant(array: ArrayRef) -> Self {
        Self { array, constant: true }
    }

    /// The row of the array that stands for a row.
    fn row(&self, row: usize) -> usize {
        if self.constant { 0 } else { row }
    }

    /// Of a constant that is not null, its value.
    fn single<T: ArrowPrimitiveType>(&self) -> Option<T::Native> {
        let array = self.array.as_primitive::<T>();
        (!array.is_empty() && array.is_valid(0)).then(|| array.value(0))
    }

    /// A row for each of so many.
    fn full(self, rows: usize) -> Result<ArrayRef> {
        if !self.constant || rows == 1 {
            return Ok(self.array);
        }
        if rows == 0 || self.array.is_null(0) {
            return Ok(new_null_array(self.array.data_type(), rows));
        }
        Ok(take(&self.array, &UInt32Array::from_value(0, rows), None)?)
    }
}

impl Datum for Operand {
    fn get(&self) -> (&dyn Array, bool) {
        (&*self.array, self.constant)
    }
}

/// What expressions are evaluated over.
#[derive(Clone, Copy)]
struct Input<'a> {
    columns: &'a [ArrayRef],
    rows: usize,
}

impl Input<'_> {
    /// The value of an expression; one without columns is computed once.
    fn value(&self, expr: &Typed) -> Result<Operand> {
        // Nothing fails where there is no row, not even what is constant: else the size of batches would matter.
        if self.rows == 0 {
            return Ok(Operand::column(new_empty_array(&expr.ty.to_arrow())));
        }
        match &expr.node {
            TypedNode::Column(position) => match self.columns.get(*position) {
                Some(column) => Ok(Operand::column(Arc::clone(column))),
                None => Err(unexpected(format!("column {position} is not among the {} columns", self.columns.len()))),
            },
            TypedNode::Literal(value) => Ok(Operand::constant(Arc::clone(value))),
            TypedNode::Call { function, args } => {
                let args = args.iter().map(|arg| self.value(arg)).collect::<Result<Vec<_>>>()?;
                let constant = args.iter().all(|arg| arg.constant);
                let array = call(*function, &args, if constant { 1 } else { self.rows }, &expr.ty)?;
                Ok(Operand { array, constant })
            }
            TypedNode::Cast { input, attempt } => {
                let Operand { array, constant } = self.value(input)?;
                let array = if *attempt { try_cast_array(&array, &expr.ty)? } else { cast_array(&array, &expr.ty)? };
                Ok(Operand { array, constant })
            }
            TypedNode::Case { branches, otherwise } if expr.columns().is_empty() => {
                let once = Input { columns: &[], rows: 1 };
                let array = case::value(&once, branches, otherwise.as_deref(), &expr.ty)?.full(1)?;
                Ok(Operand::constant(array))
            }
            TypedNode::Case { branches, otherwise } => case::value(self, branches, otherwise.as_deref(), &expr.ty),
        }
    }
}

/// The value of a function: a row for each of so many. With constants only that is one row.
fn call(function: Function, args: &[Operand], rows: usize, ty: &Type) -> Result<ArrayRef> {
    use Function as F;
    match function {
        F::Add | F::Subtract | F::Multiply | F::Divide | F::DivideTrue | F::Modulo => arithmetic::call(function, args, ty),
        F::CheckedAdd | F::CheckedSubtract | F::CheckedMultiply | F::CheckedDivide => arithmetic::call(function, args, ty),
        F::Negate | F::Abs | F::Floor | F::Ceil | F::Power | F::Sqrt | F::Exp | F::Ln | F::IsNan => {
            number::call(function, args, ty)
        }
        F::Round => round::call(args, ty),
        F::Equal | F::NotEqual | F::Less | F::LessOrEqual | F::Greater | F::GreaterOrEqual | F::NotDistinct => {
            let [left, right] = exactly(function, args)?;
            Ok(Arc::new(compare::compare(function, left, right)?))
        }
        F::And | F::Or | F::Not | F::IsNull | F::IsNotNull | F::IsIn | F::Coalesce | F::NullIf => {
            logic::call(function, args, rows, ty)
        }
        F::Length | F::Lower | F::Upper | F::Trim | F::TrimStart | F::TrimEnd | F::Substring | F::Concat | F::Contains => {
            text::call(function, args, rows)
        }
        F::StartsWith | F::EndsWith | F::Find | F::Replace | F::Like | F::RegexMatch | F::RegexReplace => {
            text::call(function, args, rows)
        }
        F::Year | F::Quarter | F::Month | F::Day | F::Weekday | F::DayOfYear | F::Hour | F::Minute | F::Second => {
            time::call(function, args, rows)
        }
        F::Truncate(_) | F::DateAdd(_) | F::DateDiff(_) => time::call(function, args, rows),
    }
}

/// So many arguments and no others: typing has seen to it.
fn exactly<const N: usize>(function: Function, args: &[Operand]) -> Result<[&Operand; N]> {
    match <&[Operand; N]>::try_from(args) {
        Ok(args) => Ok(args.each_ref()),
        Err(_) => Err(unexpected(format!("{function:?} takes {N} arguments, and not {}", args.len()))),
    }
}

/// A function of two values that cannot fail, also below nulls.
fn binary<T, O>(left: &Operand, right: &Operand, op: impl Fn(T::Native, T::Native) -> O::Native) -> Result<PrimitiveArray<O>>
where
    T: ArrowPrimitiveType,
    O: ArrowPrimitiveType,
{
    let (l, r) = (left.array.as_primitive::<T>(), right.array.as_primitive::<T>());
    Ok(match (left.constant, right.constant) {
        (true, false) => match left.single::<T>() {
            Some(value) => r.unary(|other| op(value, other)),
            None => PrimitiveArray::new_null(r.len()),
        },
        (false, true) => match right.single::<T>() {
            Some(value) => l.unary(|other| op(other, value)),
            None => PrimitiveArray::new_null(l.len()),
        },
        _ => compute::binary(l, r, op)?,
    })
}

fn unexpected(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unexpected, message)
}

/// Calls a generic function with the Arrow type of an integer type, or gives an error.
macro_rules! by_integer {
    ($ty:expr, $call:ident($($arg:expr),*)) => {
        match $ty {
            $crate::schema::Type::Int8 => $call::<arrow::datatypes::Int8Type>($($arg),*),
            $crate::schema::Type::Int16 => $call::<arrow::datatypes::Int16Type>($($arg),*),
            $crate::schema::Type::Int32 => $call::<arrow::datatypes::Int32Type>($($arg),*),
            $crate::schema::Type::Int64 => $call::<arrow::datatypes::Int64Type>($($arg),*),
            $crate::schema::Type::UInt8 => $call::<arrow::datatypes::UInt8Type>($($arg),*),
            $crate::schema::Type::UInt16 => $call::<arrow::datatypes::UInt16Type>($($arg),*),
            $crate::schema::Type::UInt32 => $call::<arrow::datatypes::UInt32Type>($($arg),*),
            $crate::schema::Type::UInt64 => $call::<arrow::datatypes::UInt64Type>($($arg),*),
            other => Err($crate::expr::kernels::unexpected(format!("{other} is no integer type"))),
        }
    };
}
use by_integer;

#[cfg(test)]
mod tests;

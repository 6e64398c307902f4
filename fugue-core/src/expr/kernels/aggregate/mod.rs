//! Aggregates of runs of rows.

mod distinct;
mod extreme;
mod fold;
mod input;
mod ordered;
mod quantile;
#[cfg(test)]
pub(super) mod reference;
mod state;
mod sweep;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, ArrowPrimitiveType, PrimitiveArray};
use arrow::datatypes::{Decimal128Type, Float64Type, Int64Type, UInt64Type};
use arrow::record_batch::RecordBatch;

use crate::error::{Error, ErrorKind, Result};
use crate::expr::{AggregateFunction, TypedAggregate};
use crate::schema::Type;

use input::Numbers;
use state::{Count, DecimalSum, FloatSum, IntegerSum, Moments, Number, Total, Want};

pub(crate) use fold::Fold;
pub(super) use input::{Input, argument};
pub(super) use ordered::Keys;
pub use quantile::quantile_of;

/// The value of an aggregate for each group: rows `offsets[i]..offsets[i + 1]` of the batch are group `i`, which may be empty. One row per
/// group, in the contract's layout of its type.
///
/// # Errors
/// `ValueInvalid` where a checked sum overflows, and a sum of decimals does not fit.
pub fn aggregate(call: &TypedAggregate, batch: &RecordBatch, offsets: &[usize]) -> Result<ArrayRef> {
    check_offsets(offsets, batch.num_rows())?;
    let groups: Vec<Range<usize>> = offsets.windows(2).map(|w| w[0]..w[1]).collect();
    let mut input = Input::new(call.arg.as_ref(), call.filter.as_ref(), batch)?;
    if call.distinct {
        input.keep_different(&groups)?;
    }
    let keys = Keys::new(&call.order, batch)?;
    over(call.function, &call.ty, &input, keys.as_ref(), &groups)
}

/// The value of an aggregate for each run of rows. Runs that are not empty never start or end before the one before them does.
/// Without keys the order of rows is the one in which they stand.
pub(super) fn over(
    function: AggregateFunction,
    ty: &Type,
    input: &Input,
    keys: Option<&Keys>,
    runs: &[Range<usize>],
) -> Result<ArrayRef> {
    let result = match function {
        AggregateFunction::Min => extreme::extreme::<false>(input, runs)?,
        AggregateFunction::Max => extreme::extreme::<true>(input, runs)?,
        AggregateFunction::First => ordered::first(input, keys, runs)?,
        AggregateFunction::Last => ordered::last(input, keys, runs)?,
        AggregateFunction::CollectList => ordered::lists(ty, input, keys, runs)?,
        AggregateFunction::Quantile(at) => quantile::quantile(at, input, runs)?,
        _ => {
            let want = Want::new(function, ty, input);
            number_column(ty, &dispatch(function, input, Sweep { want: &want, input, runs })?)?
        }
    };
    if *result.data_type() == ty.to_arrow() {
        Ok(result)
    } else {
        Err(Error::new(ErrorKind::Unexpected, format!("{function:?} is {} where {ty} was expected", result.data_type())))
    }
}

/// Offsets must lie in the rows and ascend.
pub(super) fn check_offsets(offsets: &[usize], rows: usize) -> Result<()> {
    if offsets.is_sorted() && offsets.last().is_none_or(|end| *end <= rows) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Unexpected, format!("offsets of groups that do not ascend inside {rows} rows")))
}

/// What is done with an aggregate of numbers, once it is known which state it keeps.
trait Driver {
    type Output;

    fn drive<S: Total>(self, value: impl Fn(usize) -> S::Value + Copy) -> Result<Self::Output>;
}

fn dispatch<D: Driver>(function: AggregateFunction, input: &Input, driver: D) -> Result<D::Output> {
    match function {
        AggregateFunction::Count => driver.drive::<Count>(|_| ()),
        AggregateFunction::Sum | AggregateFunction::CheckedSum | AggregateFunction::Avg => {
            match Numbers::new(input.values(function)?, function)? {
                Numbers::Signed(array) => {
                    let values = &array.values()[..];
                    driver.drive::<IntegerSum>(|row| i128::from(values[row]))
                }
                Numbers::Unsigned(array) => {
                    let values = &array.values()[..];
                    driver.drive::<IntegerSum>(|row| i128::from(values[row]))
                }
                Numbers::Float(array) => {
                    let values = &array.values()[..];
                    driver.drive::<FloatSum>(|row| values[row])
                }
                Numbers::Decimal(array) => {
                    let values = &array.values()[..];
                    driver.drive::<DecimalSum>(|row| values[row])
                }
            }
        }
        AggregateFunction::Stddev
        | AggregateFunction::StddevPopulation
        | AggregateFunction::Variance
        | AggregateFunction::VariancePopulation => {
            let array = input::doubles(input.values(function)?, function)?;
            let values = &array.values()[..];
            driver.drive::<Moments>(|row| values[row])
        }
        other => Err(Error::new(ErrorKind::Unexpected, format!("{other:?} keeps no number"))),
    }
}

struct Sweep<'a> {
    want: &'a Want,
    input: &'a Input,
    runs: &'a [Range<usize>],
}

impl Driver for Sweep<'_> {
    type Output = Vec<Option<Number>>;

    fn drive<S: Total>(self, value: impl Fn(usize) -> S::Value + Copy) -> Result<Self::Output> {
        let mut totals = Vec::with_capacity(self.runs.len());
        sweep::sweep::<S>(self.runs, value, self.input.valid(), |state, run| {
            totals.push(state.total(self.want).map_err(|overflow| overflow.at(self.want, run.start))?);
            Ok(())
        })?;
        Ok(totals)
    }
}

/// Numbers as a column of a type.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sums of integers wrap; the others fit")]
fn number_column(ty: &Type, numbers: &[Option<Number>]) -> Result<ArrayRef> {
    fn integers<T: ArrowPrimitiveType>(numbers: &[Option<Number>], cast: impl Fn(i128) -> T::Native) -> PrimitiveArray<T> {
        let whole = |n: &Option<Number>| n.and_then(|n| if let Number::Whole(v) = n { Some(cast(v)) } else { None });
        numbers.iter().map(whole).collect()
    }
    Ok(match ty {
        Type::Int64 => Arc::new(integers::<Int64Type>(numbers, |v| v as i64)),
        Type::UInt64 => Arc::new(integers::<UInt64Type>(numbers, |v| v as u64)),
        Type::Decimal(precision, scale) => {
            Arc::new(integers::<Decimal128Type>(numbers, |v| v).with_precision_and_scale(*precision, *scale)?)
        }
        Type::Float64 => {
            let float = |n: &Option<Number>| n.and_then(|n| if let Number::Float(v) = n { Some(v) } else { None });
            Arc::new(numbers.iter().map(float).collect::<PrimitiveArray<Float64Type>>())
        }
        other => return Err(Error::new(ErrorKind::Unexpected, format!("an aggregate of numbers is never {other}"))),
    })
}

//! Aggregates of all rows of an input, batch after batch, in little memory.

use std::any::Any;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, new_null_array};
use arrow::compute::concat;
use arrow::record_batch::RecordBatch;

use crate::error::{Error, ErrorKind, Result};
use crate::expr::{AggregateFunction, TypedAggregate};

use super::state::{Number, Overflow, Total, Want};
use super::sweep::absorb;
use super::{Driver, Input, aggregate, dispatch, number_column, over};

/// Aggregates of all rows, which keep a few numbers however many rows there are.
pub(crate) struct Fold {
    calls: Vec<TypedAggregate>,
    kept: Vec<Option<Kept>>,
}

enum Kept {
    Number(Box<dyn Kind>, Want),
    /// The extreme so far, in one row.
    Extreme(ArrayRef),
}

/// A state of any kind.
trait Kind: Any + Send {
    fn total(&self, want: &Want) -> Result<Option<Number>, Overflow>;
}

impl<S: Total> Kind for S {
    fn total(&self, want: &Want) -> Result<Option<Number>, Overflow> {
        Total::total(self, want)
    }
}

impl Fold {
    /// Nothing where one of the aggregates has to see all rows at once: different values, quantiles, and what minds an order.
    pub(crate) fn new(calls: &[TypedAggregate]) -> Option<Self> {
        let folds = |call: &TypedAggregate| {
            !call.distinct
                && call.order.is_empty()
                && matches!(
                    call.function,
                    AggregateFunction::Count
                        | AggregateFunction::Sum
                        | AggregateFunction::CheckedSum
                        | AggregateFunction::Avg
                        | AggregateFunction::Min
                        | AggregateFunction::Max
                        | AggregateFunction::Stddev
                        | AggregateFunction::StddevPopulation
                        | AggregateFunction::Variance
                        | AggregateFunction::VariancePopulation
                )
        };
        calls.iter().all(folds).then(|| Self { calls: calls.to_vec(), kept: calls.iter().map(|_| None).collect() })
    }

    /// Takes in the rows of a batch.
    ///
    /// # Errors
    /// Those of the arguments.
    pub(crate) fn push(&mut self, batch: &RecordBatch) -> Result<()> {
        for (call, kept) in self.calls.iter().zip(&mut self.kept) {
            if matches!(call.function, AggregateFunction::Min | AggregateFunction::Max) {
                let here = compact(aggregate(call, batch, &[0, batch.num_rows()])?);
                *kept = Some(Kept::Extreme(match kept.take() {
                    Some(Kept::Extreme(before)) => {
                        let both = Input::of(concat(&[&before, &here])?);
                        compact(over(call.function, &call.ty, &both, None, std::slice::from_ref(&(0..2)))?)
                    }
                    _ => here,
                }));
                continue;
            }
            let input = Input::new(call.arg.as_ref(), call.filter.as_ref(), batch)?;
            dispatch(call.function, &input, Push { call, kept, input: &input, rows: batch.num_rows() })?;
        }
        Ok(())
    }

    /// The value of each aggregate, a column of one row.
    ///
    /// # Errors
    /// As [`aggregate`].
    pub(crate) fn finish(self) -> Result<Vec<ArrayRef>> {
        let value = |(call, kept): (&TypedAggregate, Option<Kept>)| match kept {
            Some(Kept::Extreme(value)) => Ok(value),
            Some(Kept::Number(state, want)) => {
                number_column(&call.ty, &[state.total(&want).map_err(|overflow| overflow.at(&want, 0))?])
            }
            None if call.function == AggregateFunction::Count => number_column(&call.ty, &[Some(Number::Whole(0))]),
            None => Ok(new_null_array(&call.ty.to_arrow(), 1)),
        };
        self.calls.iter().zip(self.kept).map(value).collect()
    }
}

/// Adds the rows of a batch to a state.
struct Push<'a> {
    call: &'a TypedAggregate,
    kept: &'a mut Option<Kept>,
    input: &'a Input,
    rows: usize,
}

impl Driver for Push<'_> {
    type Output = ();

    fn drive<S: Total>(self, value: impl Fn(usize) -> S::Value + Copy) -> Result<()> {
        let kept = self.kept.get_or_insert_with(|| {
            Kept::Number(Box::new(S::default()), Want::new(self.call.function, &self.call.ty, self.input))
        });
        let state = match kept {
            Kept::Number(state, _) => (&mut **state as &mut dyn Any).downcast_mut::<S>(),
            Kept::Extreme(_) => None,
        };
        let Some(state) = state else {
            return Err(Error::new(ErrorKind::Unexpected, "batches of one input whose columns differ in type"));
        };
        absorb(state, 0..self.rows, value, self.input.valid());
        Ok(())
    }
}

/// One value without the text of the batch that it comes from.
fn compact(value: ArrayRef) -> ArrayRef {
    if let Some(text) = value.as_string_view_opt() {
        return Arc::new(text.gc());
    }
    match value.as_binary_view_opt() {
        Some(bytes) => Arc::new(bytes.gc()),
        None => value,
    }
}

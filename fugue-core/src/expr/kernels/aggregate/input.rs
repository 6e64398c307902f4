//! What goes into an aggregate: the values of its argument, and which rows count.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Float64Array, Int64Array, UInt64Array};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type, UInt64Type};
use arrow::record_batch::RecordBatch;

use crate::cast::cast_array;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{AggregateFunction, Typed, TypedNode, evaluate};
use crate::schema::Type;

use super::distinct;

/// What goes into an aggregate, row by row.
pub(in crate::expr::kernels) struct Input {
    values: Option<ArrayRef>,
    /// The rows that count, null or not.
    selected: Option<NullBuffer>,
    /// The rows that count and are not null.
    valid: Option<NullBuffer>,
}

impl Input {
    pub(in crate::expr::kernels) fn new(arg: Option<&Typed>, filter: Option<&Typed>, batch: &RecordBatch) -> Result<Self> {
        let values = arg.map(|arg| argument(arg, batch)).transpose()?;
        let selected = filter.map(|filter| selection(filter, batch)).transpose()?;
        let mut input = Self { values, selected: None, valid: None };
        input.select(selected);
        Ok(input)
    }

    /// Values that all count.
    pub(super) fn of(values: ArrayRef) -> Self {
        let mut input = Self { values: Some(values), selected: None, valid: None };
        input.select(None);
        input
    }

    /// Of equal values in a group only the first counts.
    pub(super) fn keep_different(&mut self, groups: &[Range<usize>]) -> Result<()> {
        if let Some(values) = &self.values {
            let first = distinct::first_of_each(values, self.valid(), groups)?;
            let selected = NullBuffer::union(self.selected.as_ref(), Some(&NullBuffer::new(first)));
            self.select(selected);
        }
        Ok(())
    }

    fn select(&mut self, selected: Option<NullBuffer>) {
        let nulls = self.values.as_ref().and_then(|v| v.logical_nulls());
        self.valid = NullBuffer::union(selected.as_ref(), nulls.as_ref()).filter(|v| v.null_count() > 0);
        self.selected = selected.filter(|s| s.null_count() > 0);
    }

    pub(super) fn values(&self, function: AggregateFunction) -> Result<&ArrayRef> {
        self.values.as_ref().ok_or_else(|| Error::new(ErrorKind::Unexpected, format!("{function:?} without an argument")))
    }

    pub(super) fn data_type(&self) -> Option<&DataType> {
        self.values.as_ref().map(|v| v.data_type())
    }

    pub(super) fn selected(&self) -> Option<&NullBuffer> {
        self.selected.as_ref()
    }

    pub(super) fn valid(&self) -> Option<&NullBuffer> {
        self.valid.as_ref()
    }
}

/// The value of an argument for each row: most are plain columns, which need no evaluation.
pub(in crate::expr::kernels) fn argument(arg: &Typed, batch: &RecordBatch) -> Result<ArrayRef> {
    match arg.node {
        TypedNode::Column(position) if position < batch.num_columns() => Ok(Arc::clone(batch.column(position))),
        _ => evaluate(arg, batch),
    }
}

/// The rows for which a condition is true, and not null.
fn selection(filter: &Typed, batch: &RecordBatch) -> Result<NullBuffer> {
    let condition = argument(filter, batch)?;
    let Some(condition) = condition.as_boolean_opt() else {
        return Err(Error::new(ErrorKind::Unexpected, format!("the filter of an aggregate is {}", condition.data_type())));
    };
    Ok(NullBuffer::new(match condition.nulls() {
        Some(valid) => condition.values() & valid.inner(),
        None => condition.values().clone(),
    }))
}

/// Numbers by what their sum is made of.
pub(super) enum Numbers {
    Signed(Int64Array),
    Unsigned(UInt64Array),
    Float(Float64Array),
    Decimal(Decimal128Array),
}

impl Numbers {
    pub(super) fn new(array: &ArrayRef, function: AggregateFunction) -> Result<Self> {
        Ok(match array.data_type() {
            DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
                Self::Signed(cast(array, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
            }
            DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => {
                Self::Unsigned(cast(array, &DataType::UInt64)?.as_primitive::<UInt64Type>().clone())
            }
            DataType::Float32 | DataType::Float64 => {
                Self::Float(cast(array, &DataType::Float64)?.as_primitive::<Float64Type>().clone())
            }
            DataType::Decimal128(_, _) => Self::Decimal(array.as_primitive::<Decimal128Type>().clone()),
            other => return Err(refuse(function, other)),
        })
    }
}

/// Numbers as doubles.
pub(super) fn doubles(array: &ArrayRef, function: AggregateFunction) -> Result<Float64Array> {
    if !array.data_type().is_numeric() {
        return Err(refuse(function, array.data_type()));
    }
    Ok(cast_array(array, &Type::Float64)?.as_primitive::<Float64Type>().clone())
}

pub(super) fn refuse(function: AggregateFunction, of: &DataType) -> Error {
    Error::new(ErrorKind::ExpressionInvalid, format!("there is no {function:?} of a column of Arrow type {of}"))
}

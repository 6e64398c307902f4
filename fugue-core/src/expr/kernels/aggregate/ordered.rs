//! Aggregates that mind the order of rows, and that order.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, UInt64Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{SortOptions, cast, take};
use arrow::datatypes::{DataType, Float64Type, Int64Type, UInt64Type};
use arrow::record_batch::RecordBatch;
use arrow::row::{RowConverter, Rows, SortField};

use crate::error::{Error, ErrorKind, Result};
use crate::expr::{AggregateFunction, TypedSort};
use crate::group::canonical::canonical;
use crate::schema::Type;
use crate::schema::layout::canonical_float;

use super::Input;
use super::distinct::is_whole;

/// The first row of each run in the order, of several equal ones the one that stands first.
pub(super) fn first(input: &Input, keys: Option<&Keys>, runs: &[Range<usize>]) -> Result<ArrayRef> {
    let place = |run: &Range<usize>| match keys {
        None => selected(input, run).next(),
        Some(keys) => selected(input, run).min_by(|a, b| keys.compare(*a, *b)),
    };
    Ok(take(input.values(AggregateFunction::First)?, &places(runs, place), None)?)
}

/// The last row of each run in the order, of several equal ones the one that stands last.
pub(super) fn last(input: &Input, keys: Option<&Keys>, runs: &[Range<usize>]) -> Result<ArrayRef> {
    let place = |run: &Range<usize>| match keys {
        None => selected(input, run).next_back(),
        Some(keys) => selected(input, run).max_by(|a, b| keys.compare(*a, *b)),
    };
    Ok(take(input.values(AggregateFunction::Last)?, &places(runs, place), None)?)
}

/// All rows of each run in the order, equal ones as they stand.
pub(super) fn lists(ty: &Type, input: &Input, keys: Option<&Keys>, runs: &[Range<usize>]) -> Result<ArrayRef> {
    let array = input.values(AggregateFunction::CollectList)?;
    let DataType::List(item) = ty.to_arrow() else {
        return Err(Error::new(ErrorKind::Unexpected, format!("a list of values is never {ty}")));
    };
    let mut rows: Vec<usize> = Vec::new();
    let mut offsets = vec![0_i32];
    for run in runs {
        let start = rows.len();
        rows.extend(selected(input, run));
        if let Some(keys) = keys {
            let rows = &mut rows[start..];
            if !rows.is_sorted_by(|a, b| keys.compare(*a, *b).is_le()) {
                rows.sort_by(|a, b| keys.compare(*a, *b));
            }
        }
        let end = i32::try_from(rows.len());
        offsets.push(end.map_err(|_| Error::new(ErrorKind::Unsupported, "lists of more than 2^31 values in one batch"))?);
    }
    let rows = UInt64Array::from_iter_values(rows.into_iter().map(|row| row as u64));
    let values = take(array, &rows, None)?;
    Ok(Arc::new(ListArray::try_new(item, OffsetBuffer::new(offsets.into()), values, None)?))
}

fn selected<'a>(input: &'a Input, run: &Range<usize>) -> impl DoubleEndedIterator<Item = usize> + use<'a> {
    run.clone().filter(|row| input.selected().is_none_or(|s| s.is_valid(*row)))
}

fn places(runs: &[Range<usize>], place: impl Fn(&Range<usize>) -> Option<usize>) -> UInt64Array {
    runs.iter().map(|run| place(run).map(|row| row as u64)).collect()
}

/// The order of rows by some columns.
pub(in crate::expr::kernels) enum Keys {
    /// Of one column of up to 64 bits: its value behind a place for null on either side.
    Words(Vec<u128>),
    /// Of anything else.
    Rows(Rows),
}

impl Keys {
    /// Nothing without columns.
    pub(in crate::expr::kernels) fn new(order: &[TypedSort], batch: &RecordBatch) -> Result<Option<Self>> {
        let columns: Vec<(&ArrayRef, &TypedSort)> = order
            .iter()
            .map(|sort| Some((batch.columns().get(sort.column)?, sort)))
            .collect::<Option<_>>()
            .ok_or_else(|| Error::new(ErrorKind::Unexpected, "an order by a column that the batch does not have"))?;
        match columns[..] {
            [] => Ok(None),
            [(column, sort)] => match words(column, sort)? {
                Some(words) => Ok(Some(Self::Words(words))),
                None => rows(&columns).map(Some),
            },
            _ => rows(&columns).map(Some),
        }
    }

    pub(in crate::expr::kernels) fn compare(&self, a: usize, b: usize) -> Ordering {
        match self {
            Self::Words(words) => words[a].cmp(&words[b]),
            Self::Rows(rows) => rows.row(a).cmp(&rows.row(b)),
        }
    }
}

fn rows(columns: &[(&ArrayRef, &TypedSort)]) -> Result<Keys> {
    let field = |(array, sort): &(&ArrayRef, &TypedSort)| {
        let options = SortOptions { descending: sort.descending, nulls_first: sort.nulls_first };
        SortField::new_with_options(array.data_type().clone(), options)
    };
    let converter = RowConverter::new(columns.iter().map(field).collect())?;
    let columns = columns.iter().map(|(array, _)| canonical(array)).collect::<Result<Vec<_>>>()?;
    Ok(Keys::Rows(converter.convert_columns(&columns)?))
}

const SIGN: u64 = 1 << 63;

fn words(array: &ArrayRef, sort: &TypedSort) -> Result<Option<Vec<u128>>> {
    let word = |value: u64| (1 << 64) | u128::from(if sort.descending { !value } else { value });
    let mut words: Vec<u128> = match array.data_type() {
        DataType::Float32 | DataType::Float64 => {
            let array = cast(array, &DataType::Float64)?;
            let bits = |v: &f64| {
                let bits = canonical_float(*v).to_bits();
                if bits & SIGN == 0 { bits | SIGN } else { !bits }
            };
            array.as_primitive::<Float64Type>().values().iter().map(|v| word(bits(v))).collect()
        }
        unsigned if unsigned.is_unsigned_integer() => {
            let array = cast(array, &DataType::UInt64)?;
            array.as_primitive::<UInt64Type>().values().iter().map(|v| word(*v)).collect()
        }
        whole if is_whole(whole) => {
            let array = cast(array, &DataType::Int64)?;
            array.as_primitive::<Int64Type>().values().iter().map(|v| word(v.cast_unsigned() ^ SIGN)).collect()
        }
        _ => return Ok(None),
    };
    if let Some(nulls) = array.nulls() {
        for (word, valid) in words.iter_mut().zip(nulls) {
            if !valid {
                *word = if sort.nulls_first { 0 } else { u128::MAX };
            }
        }
    }
    Ok(Some(words))
}

//! Columns in the order of buckets, so that each bucket finds its rows close together.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray, UInt32Array, downcast_primitive};
use arrow::buffer::NullBuffer;
use arrow::compute::{concat, take};
use arrow::datatypes::DataType;
use rayon::prelude::*;

use crate::error::{Error, ErrorKind, Result};
use crate::run::Cancel;

use super::source::Source;

/// Whether values of a type are moved chunk by chunk, in the cache: cheaper than taking them from all over memory bucket by bucket.
pub(super) fn moves(data_type: &DataType) -> bool {
    data_type.is_primitive()
}

/// The values of a chunk in another order.
pub(super) fn permute(values: &ArrayRef, order: &[u32]) -> Result<ArrayRef> {
    macro_rules! primitive {
        ($kind:ty) => {
            permute_values(values.as_primitive::<$kind>(), order)
        };
    }
    downcast_primitive! {
        values.data_type() => (primitive),
        other => Err(unmoved(other)),
    }
}

fn permute_values<T: ArrowPrimitiveType>(array: &PrimitiveArray<T>, order: &[u32]) -> Result<ArrayRef> {
    let from = &array.values()[..];
    let values: Vec<T::Native> = order.iter().map(|at| from[*at as usize]).collect();
    let nulls = array.nulls().filter(|n| n.null_count() > 0);
    let nulls = nulls.map(|n| NullBuffer::new(order.iter().map(|at| n.is_valid(*at as usize)).collect()));
    let moved = PrimitiveArray::<T>::try_new(values.into(), nulls)?;
    Ok(Arc::new(moved.with_data_type(array.data_type().clone())))
}

/// The rows of a bucket of a column that was moved chunk by chunk: of each chunk a run, each row put where it goes.
///
/// Runs are read in order and rows are written all over a result that fits into the cache; the other way round would wait for memory.
pub(super) fn spread(
    chunks: &[ArrayRef],
    runs: impl Iterator<Item = Range<usize>> + Clone,
    rows: usize,
    to: &[u32],
) -> Result<ArrayRef> {
    macro_rules! primitive {
        ($kind:ty) => {
            spread_values::<$kind>(chunks, runs, rows, to)
        };
    }
    match chunks.first().map(|c| c.data_type()) {
        None => Err(Error::new(ErrorKind::Unexpected, "a column without chunks")),
        Some(data_type) => downcast_primitive! {
            data_type => (primitive),
            other => Err(unmoved(other)),
        },
    }
}

fn unmoved(data_type: &DataType) -> Error {
    Error::new(ErrorKind::Unexpected, format!("a column of {data_type} does not move with its chunk"))
}

fn spread_values<T: ArrowPrimitiveType>(
    chunks: &[ArrayRef],
    runs: impl Iterator<Item = Range<usize>> + Clone,
    rows: usize,
    to: &[u32],
) -> Result<ArrayRef> {
    let mut values = vec![T::Native::default(); rows];
    let mut rest = to;
    for (chunk, run) in chunks.iter().zip(runs.clone()) {
        let (here, after) = rest.split_at(run.len());
        rest = after;
        for (value, to) in chunk.as_primitive::<T>().values()[run].iter().zip(here) {
            // Rows of groups that are not called go nowhere.
            if let Some(slot) = values.get_mut(*to as usize) {
                *slot = *value;
            }
        }
    }
    let nulls = chunks.iter().any(|c| c.null_count() > 0).then(|| {
        let mut valid = vec![true; rows];
        let mut rest = to;
        for (chunk, run) in chunks.iter().zip(runs) {
            let (here, after) = rest.split_at(run.len());
            rest = after;
            let Some(nulls) = chunk.nulls().filter(|n| n.null_count() > 0) else { continue };
            for (row, to) in run.zip(here) {
                if let Some(slot) = valid.get_mut(*to as usize) {
                    *slot = nulls.is_valid(row);
                }
            }
        }
        NullBuffer::from(valid)
    });
    let array = PrimitiveArray::<T>::try_new(values.into(), nulls)?;
    Ok(Arc::new(array.with_data_type(chunks[0].data_type().clone())))
}

/// A column that is not moved chunk by chunk, in the order of places: one array that all buckets take from.
pub(super) fn flat(source: &Source, column: usize, order: &UInt32Array, cancel: &Cancel) -> Result<ArrayRef> {
    if buffers(source, column) > MOST_BUFFERS {
        return compact(source, column, order, cancel);
    }
    // The whole column first, so that the buffers of views stand once in the result, however many chunks there are.
    Ok(take(&source.column(column, 0..source.rows())?, order, None)?)
}

/// Each bucket keeps all buffers of a column of views alive and counts them, so there must not be too many.
const MOST_BUFFERS: usize = 1 << 10;

fn buffers(source: &Source, column: usize) -> usize {
    let of = |array: &ArrayRef| match array.data_type() {
        DataType::Utf8View => array.as_string_view().data_buffers().len(),
        DataType::BinaryView => array.as_binary_view().data_buffers().len(),
        _ => 0,
    };
    source.parts[column].iter().map(of).sum()
}

/// As [`flat`] for views into very many buffers (each slice of a batch has all buffers of the batch): into a few new ones.
fn compact(source: &Source, column: usize, order: &UInt32Array, cancel: &Cancel) -> Result<ArrayRef> {
    let all = source.column(column, 0..source.rows())?;
    let chunk = |places: &Range<usize>| -> Result<ArrayRef> {
        cancel.check()?;
        // Rows at these places may come from anywhere.
        let array = take(&all, &order.slice(places.start, places.len()), None)?;
        Ok(match array.as_string_view_opt() {
            Some(text) => Arc::new(text.gc()),
            None => Arc::new(array.as_binary_view().gc()),
        })
    };
    let ranges: Vec<Range<usize>> = source.starts.windows(2).map(|w| w[0]..w[1]).collect();
    let chunks = ranges.par_iter().map(chunk).collect::<Result<Vec<_>>>()?;
    Ok(concat(&chunks.iter().map(|c| &**c).collect::<Vec<_>>())?)
}

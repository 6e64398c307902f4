//! Window functions over runs of rows.

mod frames;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, UInt64Array};
use arrow::compute::{concat, take};
use arrow::record_batch::RecordBatch;

use crate::error::{Error, ErrorKind, Result};
use crate::expr::{TypedWindow, WindowFunction};

use super::aggregate::{Input, Keys, argument, check_offsets, over};

/// The value of a window function for each row: rows `offsets[i]..offsets[i + 1]` of the batch are partition `i`, in the order of the
/// window already.
///
/// # Errors
/// As [`aggregate`](super::aggregate).
pub fn window(call: &TypedWindow, batch: &RecordBatch, offsets: &[usize]) -> Result<ArrayRef> {
    let rows = batch.num_rows();
    check_offsets(offsets, rows)?;
    if rows > 0 && (offsets.first() != Some(&0) || offsets.last() != Some(&rows)) {
        return Err(Error::new(ErrorKind::Unexpected, "rows outside of all partitions of a window"));
    }
    let partitions: Vec<Range<usize>> = offsets.windows(2).map(|w| w[0]..w[1]).collect();
    match call.function {
        WindowFunction::RowNumber => {
            Ok(numbers(&partitions, |partition, numbers| numbers.extend((0..partition.len()).map(|n| n + 1))))
        }
        WindowFunction::Rank => {
            let keys = Keys::new(&call.order, batch)?;
            Ok(numbers(&partitions, |partition, numbers| {
                for peers in frames::peers(partition, keys.as_ref()) {
                    numbers.extend(peers.clone().map(|_| peers.start - partition.start + 1));
                }
            }))
        }
        WindowFunction::DenseRank => {
            let keys = Keys::new(&call.order, batch)?;
            Ok(numbers(&partitions, |partition, numbers| {
                for (place, peers) in frames::peers(partition, keys.as_ref()).enumerate() {
                    numbers.extend(peers.map(|_| place + 1));
                }
            }))
        }
        WindowFunction::Lag(by) => {
            let by = usize::try_from(by).unwrap_or(usize::MAX);
            shifted(call, batch, &partitions, |row, partition| row.checked_sub(by).filter(|from| *from >= partition.start))
        }
        WindowFunction::Lead(by) => {
            let by = usize::try_from(by).unwrap_or(usize::MAX);
            shifted(call, batch, &partitions, |row, partition| row.checked_add(by).filter(|from| *from < partition.end))
        }
        WindowFunction::Aggregate(function) => {
            let input = Input::new(call.arg.as_ref(), None, batch)?;
            let frames = frames::frames(call, batch, &partitions)?;
            over(function, &call.ty, &input, None, &frames)
        }
    }
}

/// A number for each row, made partition by partition.
fn numbers(partitions: &[Range<usize>], mut number: impl FnMut(&Range<usize>, &mut Vec<usize>)) -> ArrayRef {
    let mut numbers = Vec::new();
    for partition in partitions {
        number(partition, &mut numbers);
    }
    Arc::new(Int64Array::from_iter_values(numbers.into_iter().map(|n| i64::try_from(n).unwrap_or(i64::MAX))))
}

/// The values of other rows, and the default where there is no such row.
fn shifted(
    call: &TypedWindow,
    batch: &RecordBatch,
    partitions: &[Range<usize>],
    from: impl Fn(usize, &Range<usize>) -> Option<usize>,
) -> Result<ArrayRef> {
    let Some(arg) = &call.arg else {
        return Err(Error::new(ErrorKind::Unexpected, format!("{:?} without an argument", call.function)));
    };
    let values = argument(arg, batch)?;
    let rows = partitions.iter().flat_map(|partition| partition.clone().map(|row| from(row, partition)));
    let Some(default) = &call.default else {
        let rows: UInt64Array = rows.map(|row| row.map(|row| row as u64)).collect();
        return Ok(take(&values, &rows, None)?);
    };
    // The default stands behind the last row.
    let rows = UInt64Array::from_iter_values(rows.map(|row| row.unwrap_or(values.len()) as u64));
    Ok(take(&concat(&[&values, default])?, &rows, None)?)
}

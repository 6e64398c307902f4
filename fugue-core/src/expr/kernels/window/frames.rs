//! Which rows an aggregate over a window sees.

use std::ops::Range;

use arrow::record_batch::RecordBatch;

use crate::error::Result;
use crate::expr::{Frame, TypedWindow};

use super::Keys;

/// The frame of each row. One that lies outside of the partition, or ends before it starts, is empty.
pub(super) fn frames(call: &TypedWindow, batch: &RecordBatch, partitions: &[Range<usize>]) -> Result<Vec<Range<usize>>> {
    let mut frames = Vec::with_capacity(batch.num_rows());
    match call.frame {
        Frame::Rows { start, end } => {
            for partition in partitions {
                frames.extend(partition.clone().map(|row| {
                    let from = start.map_or(partition.start, |by| moved(row, by, partition));
                    let to = end.map_or(partition.end, |by| moved(row, by.saturating_add(1), partition));
                    from..to
                }));
            }
        }
        Frame::ToPeers => {
            let keys = Keys::new(&call.order, batch)?;
            for partition in partitions {
                for peers in peers(partition, keys.as_ref()) {
                    frames.extend(peers.clone().map(|_| partition.start..peers.end));
                }
            }
        }
    }
    Ok(frames)
}

/// So many rows further, at most to the ends of the partition.
fn moved(row: usize, by: i64, partition: &Range<usize>) -> usize {
    let distance = usize::try_from(by.unsigned_abs()).unwrap_or(usize::MAX);
    let to = if by < 0 { row.saturating_sub(distance) } else { row.saturating_add(distance) };
    to.clamp(partition.start, partition.end)
}

/// The runs of rows of a partition that are equal in the order: nulls too, and floats by their one equality. Without an order all are.
pub(super) fn peers<'a>(partition: &Range<usize>, keys: Option<&'a Keys>) -> impl Iterator<Item = Range<usize>> + use<'a> {
    let (mut start, end) = (partition.start, partition.end);
    std::iter::from_fn(move || {
        if start == end {
            return None;
        }
        let first = start;
        start = match keys {
            None => end,
            Some(keys) => (first + 1..end).find(|row| keys.compare(row - 1, *row).is_ne()).unwrap_or(end),
        };
        Some(first..start)
    })
}

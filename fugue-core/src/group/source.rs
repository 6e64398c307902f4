//! The rows of one input as they came: batches, and the chunks that they are cut into.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::compute::concat;
use arrow::datatypes::Schema as ArrowSchema;
use arrow::record_batch::RecordBatch;

use crate::error::{Error, ErrorKind, Result};
use crate::schema::Schema;

/// How rows are cut up. Answers do not depend on it, but for the numbers of groups and physical partitions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// Rows of a chunk: so few that its keys and one of its columns stay in the cache of a core.
    pub chunk: usize,
    /// Rows of a bucket, on average: so few that all its columns stay in the cache of a core.
    pub bucket: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { chunk: 1 << 16, bucket: 1 << 14 }
    }
}

/// The batches of an input, and the chunks that they are cut into.
pub(super) struct Source {
    pub batches: Vec<RecordBatch>,
    /// Where each batch starts among all rows, and their number at the end.
    pub starts: Vec<usize>,
    pub chunks: Vec<Range<usize>>,
}

impl Source {
    /// # Errors
    /// `Unsupported` beyond 4,294,967,295 rows: rows are numbered with 32 bits; `Unexpected` for batches in another layout than
    /// the contract's.
    pub(super) fn new(schema: &Schema, batches: Vec<RecordBatch>, sizes: Sizes) -> Result<Self> {
        let batches: Vec<RecordBatch> = batches.into_iter().filter(|b| b.num_rows() > 0).collect();
        let layout = schema.to_arrow();
        let mut starts = vec![0];
        let mut rows = 0;
        for batch in &batches {
            let types = |s: &ArrowSchema| s.fields().iter().map(|f| f.data_type().clone()).collect::<Vec<_>>();
            if types(&layout) != types(batch.schema_ref()) {
                let message = format!("batches to be grouped have the layout {}, not that of {schema}", batch.schema_ref());
                return Err(Error::new(ErrorKind::Unexpected, message));
            }
            rows += batch.num_rows();
            starts.push(rows);
        }
        if u32::try_from(rows).is_err() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("{rows} rows are too many to be laid out at once, 4294967295 is the limit; take fewer rows per run"),
            ));
        }
        let chunks = (0..rows).step_by(sizes.chunk).map(|start| start..(start + sizes.chunk).min(rows)).collect();
        Ok(Self { batches, starts, chunks })
    }

    pub(super) fn rows(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Whether a column has a null.
    pub(super) fn has_nulls(&self, column: usize) -> bool {
        self.batches.iter().any(|b| b.column(column).null_count() > 0)
    }

    /// A run of rows of a column; without a copy when it lies within one batch.
    pub(super) fn column(&self, column: usize, rows: Range<usize>) -> Result<ArrayRef> {
        let pieces: Vec<ArrayRef> =
            pieces(&self.starts, rows).map(|(b, r)| self.batches[b].column(column).slice(r.start, r.len())).collect();
        match pieces.as_slice() {
            [one] => Ok(Arc::clone(one)),
            many => Ok(concat(&many.iter().map(|a| &**a).collect::<Vec<_>>())?),
        }
    }
}

/// The parts that make up a run of rows, by where parts start: a part, and rows in it.
pub(super) fn pieces(starts: &[usize], rows: Range<usize>) -> impl Iterator<Item = (usize, Range<usize>)> + '_ {
    let first = starts.partition_point(|s| *s <= rows.start).saturating_sub(1);
    starts[first..]
        .windows(2)
        .take_while(move |w| w[0] < rows.end)
        .enumerate()
        .map(move |(i, w)| (first + i, rows.start.max(w[0]) - w[0]..rows.end.min(w[1]) - w[0]))
}

/// The part and the row in it of a row number, by where parts start.
pub(super) fn locate(starts: &[usize], row: usize) -> (usize, usize) {
    let part = starts.partition_point(|s| *s <= row) - 1;
    (part, row - starts[part])
}

/// Cuts a number of elements off the front; none of a slice that is not in use.
pub(super) fn cut<'s, T>(slice: &mut &'s mut [T], len: usize) -> &'s mut [T] {
    let whole = std::mem::take(slice);
    let len = len.min(whole.len());
    let (front, rest) = whole.split_at_mut(len);
    *slice = rest;
    front
}

/// A row number: [`Source::new`] has seen to it that they fit.
#[expect(clippy::cast_possible_truncation, reason = "checked when the source was made")]
pub(super) fn number(row: usize) -> u32 {
    row as u32
}

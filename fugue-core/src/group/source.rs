//! The rows of one input as they came: batches, and the chunks that they are cut into.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::compute::concat;
use arrow::record_batch::RecordBatch;

use crate::error::{Error, ErrorKind, Result};
use crate::schema::Schema;

/// How rows are cut up. Answers do not depend on it, but for the numbers and the order of groups and physical partitions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// Rows of a chunk: so few that its keys and one of its columns stay in the cache of a core.
    pub chunk: usize,
    /// Rows of a bucket, on average: so few that all its columns stay in the cache of a core.
    pub bucket: usize,
    /// From so many rows on chunks are scattered while the next are read.
    pub stream: usize,
    /// Into so many buckets, a power of two: more than there will be, since it shows only at the end how many rows there are.
    pub fine: u32,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { chunk: 1 << 15, bucket: 1 << 14, stream: 1 << 17, fine: 1 << 10 }
    }
}

/// The columns of an input as they came.
pub(super) struct Source {
    /// By column, then by batch; nothing for a column that is not kept.
    pub parts: Vec<Vec<ArrayRef>>,
    /// Where each batch starts among all rows, and their number at the end.
    pub starts: Vec<usize>,
}

impl Source {
    /// Batches that have some columns of a schema of so many.
    pub(super) fn new<'b>(width: usize, columns: &[usize], batches: impl Iterator<Item = &'b RecordBatch>) -> Self {
        let mut source = Self { parts: vec![Vec::new(); width], starts: vec![0] };
        for batch in batches.filter(|b| b.num_rows() > 0) {
            source.starts.push(source.rows() + batch.num_rows());
            for (column, array) in columns.iter().zip(batch.columns()) {
                source.parts[*column].push(Arc::clone(array));
            }
        }
        source
    }

    pub(super) fn rows(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// A run of rows of a column; without a copy when it lies within one batch.
    pub(super) fn column(&self, column: usize, rows: Range<usize>) -> Result<ArrayRef> {
        let slice = |(batch, r): (usize, Range<usize>)| self.parts[column][batch].slice(r.start, r.len());
        joined(&pieces(&self.starts, rows).map(slice).collect::<Vec<_>>())
    }
}

/// A chunk of the rows of an input, in one batch or several.
pub(super) struct Rows {
    /// The number of the first row.
    pub first: usize,
    pub len: usize,
    batches: Vec<RecordBatch>,
}

impl Rows {
    pub(super) fn slices(&self, column: usize) -> Vec<ArrayRef> {
        self.batches.iter().map(|b| Arc::clone(b.column(column))).collect()
    }

    pub(super) fn column(&self, column: usize) -> Result<ArrayRef> {
        joined(&self.slices(column))
    }

    /// Some of the columns.
    pub(super) fn project(&self, columns: &[usize]) -> Result<Vec<RecordBatch>> {
        self.batches.iter().map(|b| Ok(b.project(columns)?)).collect()
    }
}

/// Cuts batches into chunks as they come, without a copy.
pub(super) struct Cutter<I> {
    input: I,
    schema: Schema,
    chunk: usize,
    /// What is not yet cut off.
    waiting: VecDeque<RecordBatch>,
    rows: usize,
    first: usize,
    over: bool,
}

impl<I: Iterator<Item = Result<RecordBatch>>> Cutter<I> {
    pub(super) fn new(schema: &Schema, input: I, sizes: Sizes) -> Self {
        let schema = schema.clone();
        Self { input, schema, chunk: sizes.chunk, waiting: VecDeque::new(), rows: 0, first: 0, over: false }
    }

    fn fill(&mut self) -> Result<()> {
        while self.rows < self.chunk && !self.over {
            match self.input.next().transpose()? {
                None => self.over = true,
                Some(batch) if batch.num_rows() == 0 => {}
                Some(batch) => {
                    check_layout(&self.schema, &batch)?;
                    self.rows += batch.num_rows();
                    check_count(self.first + self.rows)?;
                    self.waiting.push_back(batch);
                }
            }
        }
        Ok(())
    }
}

impl<I: Iterator<Item = Result<RecordBatch>>> Iterator for Cutter<I> {
    type Item = Result<Rows>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Err(e) = self.fill() {
            self.over = true;
            self.rows = 0;
            return Some(Err(e));
        }
        let len = self.rows.min(self.chunk);
        if len == 0 {
            return None;
        }
        let mut batches = Vec::with_capacity(1);
        let mut missing = len;
        while missing > 0
            && let Some(batch) = self.waiting.pop_front()
        {
            let rows = batch.num_rows();
            if rows > missing {
                self.waiting.push_front(batch.slice(missing, rows - missing));
                batches.push(batch.slice(0, missing));
                missing = 0;
            } else {
                batches.push(batch);
                missing -= rows;
            }
        }
        let first = self.first;
        self.first += len;
        self.rows -= len;
        Some(Ok(Rows { first, len, batches }))
    }
}

/// # Errors
/// `Unexpected` for a batch in another layout than the contract's.
pub(super) fn check_layout(schema: &Schema, batch: &RecordBatch) -> Result<()> {
    let layout = schema.to_arrow();
    let (wanted, found) = (layout.fields(), batch.schema_ref().fields());
    if wanted.len() == found.len() && wanted.iter().zip(found).all(|(w, f)| w.data_type() == f.data_type()) {
        return Ok(());
    }
    let message = format!("batches to be grouped have the layout {}, not that of {schema}", batch.schema_ref());
    Err(Error::new(ErrorKind::Unexpected, message))
}

/// # Errors
/// `Unsupported` beyond 4,294,967,295 rows: rows are numbered with 32 bits.
pub(super) fn check_count(rows: usize) -> Result<()> {
    if u32::try_from(rows).is_ok() {
        return Ok(());
    }
    let message = format!("{rows} rows are too many to be laid out at once, 4294967295 is the limit; take fewer rows per run");
    Err(Error::new(ErrorKind::Unsupported, message))
}

/// Slices as one array; without a copy when there is one.
pub(super) fn joined(slices: &[ArrayRef]) -> Result<ArrayRef> {
    match slices {
        [one] => Ok(Arc::clone(one)),
        many => Ok(concat(&many.iter().map(|a| &**a).collect::<Vec<_>>())?),
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

/// A row number: [`check_count`] has seen to it that they fit.
#[expect(clippy::cast_possible_truncation, reason = "checked when the rows came in")]
pub(super) fn number(row: usize) -> u32 {
    row as u32
}

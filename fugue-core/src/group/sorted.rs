//! Groups out of rows that stand in the order of their keys already: found by their bounds, a few at a time, in bounded memory.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, UInt32Array, UInt64Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::record_batch::RecordBatch;

use crate::error::{Error, ErrorKind, Result};
use crate::io::BatchIter;
use crate::schema::Schema;

use super::hash::{hash_bytes, mix};
use super::{GroupPlan, Groups, Member, canonical};

/// Groups are handed out once they have so many rows together.
const ROWS: usize = 1 << 14;

/// Rows of columns as bytes whose order is that of the rows: nulls last in both directions, NaN greatest and one value, -0.0 as 0.0.
/// Each column comes with whether it ascends. For engines that sort and compare with means of their own.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for rows that take more than 2 GiB.
pub fn order_keys(columns: &[(ArrayRef, bool)]) -> Result<BinaryArray> {
    let columns: Vec<(ArrayRef, bool)> = columns.iter().map(|(column, ascending)| (Arc::clone(column), !ascending)).collect();
    let rows = canonical::rows(&columns)?;
    rows.try_into_binary()
        .map_err(|e| Error::new(ErrorKind::Unsupported, "the keys of a batch take more than 2 GiB").with_source(e))
}

/// Rows of columns as hashes that are the same for the same key: in every batch, in every layout of text, on every machine.
///
/// # Errors
/// What the layout of a column meets.
pub fn key_hashes(columns: &[ArrayRef]) -> Result<UInt64Array> {
    let columns: Vec<(ArrayRef, bool)> = columns.iter().map(|column| (Arc::clone(column), false)).collect();
    Ok(canonical::rows(&columns)?.iter().map(|row| mix(hash_bytes(row.data()))).collect())
}

/// The groups of rows in which those of a key stand together, in the order of the presort, some groups at a time.
///
/// The memory that it takes is bounded by the largest group. `plan` is that of [`group`](super::group); its presort and number are
/// not looked at.
///
/// # Errors
/// `Unexpected` for keys that the schema does not have; what reading meets comes out of the iterator.
pub fn sorted_groups(
    schema: &Schema,
    batches: BatchIter,
    plan: &GroupPlan,
) -> Result<impl Iterator<Item = Result<Groups>> + Send + use<>> {
    let arrow = schema.to_arrow();
    Ok(Sorted {
        batches,
        keys: plan.keys.clone(),
        columns: plan.columns.clone(),
        key_schema: Arc::new(arrow.project(&plan.keys)?),
        waiting: Vec::new(),
        rows: 0,
        bounds: vec![0],
        last: None,
        first: 0,
        apart: plan.algo == crate::partition::Algo::Even,
        over: false,
    })
}

struct Sorted {
    batches: BatchIter,
    keys: Vec<usize>,
    columns: Vec<usize>,
    key_schema: arrow::datatypes::SchemaRef,
    /// Rows that were not handed out: whole groups, and those that were seen of the last one.
    waiting: Vec<RecordBatch>,
    rows: usize,
    /// Where the groups among them start.
    bounds: Vec<usize>,
    /// The key of the last row.
    last: Option<Vec<u8>>,
    first: usize,
    apart: bool,
    over: bool,
}

impl Iterator for Sorted {
    type Item = Result<Groups>;

    fn next(&mut self) -> Option<Result<Groups>> {
        while !self.over {
            match self.batches.next() {
                None => {
                    self.over = true;
                    if self.rows > 0 {
                        self.bounds.push(self.rows);
                        return Some(self.hand_out());
                    }
                }
                Some(read) => {
                    if let Err(e) = read.and_then(|batch| self.take_in(batch)) {
                        self.over = true;
                        return Some(Err(e));
                    }
                    if self.bounds.len() > 1 && self.bounds.last().is_some_and(|end| *end >= ROWS) {
                        return Some(self.hand_out());
                    }
                }
            }
        }
        None
    }
}

impl Sorted {
    /// Finds where keys change in a batch.
    fn take_in(&mut self, batch: RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let columns: Vec<(ArrayRef, bool)> = self.keys.iter().map(|k| (Arc::clone(batch.column(*k)), false)).collect();
        let keys = canonical::rows(&columns)?;
        let mut previous = self.last.as_deref();
        for (row, key) in keys.iter().enumerate() {
            if previous.is_some_and(|previous| previous != key.data()) {
                self.bounds.push(self.rows + row);
            }
            previous = Some(key.data());
        }
        self.last = previous.map(<[u8]>::to_vec);
        self.rows += batch.num_rows();
        self.waiting.push(batch);
        Ok(())
    }

    /// The groups whose end was seen.
    fn hand_out(&mut self) -> Result<Groups> {
        let end = self.bounds.last().copied().unwrap_or(0);
        let mut whole = Vec::new();
        let mut taken = 0;
        for batch in std::mem::take(&mut self.waiting) {
            let rows = batch.num_rows().min(end - taken);
            if rows > 0 {
                whole.push(batch.slice(0, rows));
            }
            if rows < batch.num_rows() {
                self.waiting.push(batch.slice(rows, batch.num_rows() - rows));
            }
            taken += rows;
        }
        let all = match <[RecordBatch; 1]>::try_from(whole) {
            Ok([one]) => one,
            Err(several) => concat_batches(&several[0].schema(), &several)?,
        };
        let offsets = std::mem::replace(&mut self.bounds, vec![0]);
        self.rows -= end;
        let starts = offsets[..offsets.len() - 1].iter().map(|start| u32::try_from(*start).unwrap_or(u32::MAX));
        let keys =
            RecordBatch::try_new(Arc::clone(&self.key_schema), self.keys.iter().map(|k| Arc::clone(all.column(*k))).collect())?;
        let keys = take_record_batch(&keys, &UInt32Array::from_iter_values(starts))?;
        let groups = Groups {
            members: vec![Member { batch: all.project(&self.columns)?, offsets }],
            keys,
            first: self.first,
            physical: if self.apart { self.first } else { 0 },
            apart: self.apart,
        };
        self.first += groups.len();
        Ok(groups)
    }
}

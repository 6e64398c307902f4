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
/// [`ErrorKind::Unexpected`] for key columns that the schema does not have; what reading meets comes out of the iterator.
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
        let canonical = keys.columns().iter().map(canonical::canonical).collect::<Result<_>>()?;
        let keys = RecordBatch::try_new(Arc::clone(&self.key_schema), canonical)?;
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

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray, Float64Array, Int64Array};
    use arrow::datatypes::{Float64Type, Int64Type};
    use proptest::prelude::*;

    use super::*;
    use crate::partition::PartitionSpec;

    /// Rows of sorted keys, cut anywhere: a float key that has null, NaN of both signs and zeros of both signs, and a number.
    fn batches(keys: &[Option<f64>], cuts: &[usize]) -> (Schema, Vec<RecordBatch>) {
        let schema = Schema::parse("k:double,n:long").unwrap();
        let columns: Vec<ArrayRef> =
            vec![Arc::new(Float64Array::from(keys.to_vec())), Arc::new(Int64Array::from_iter_values(0..keys.len() as i64))];
        let all = RecordBatch::try_new(schema.to_arrow(), columns).unwrap();
        let mut ends: Vec<usize> = cuts.iter().map(|c| c % (keys.len() + 1)).chain([0, keys.len()]).collect();
        ends.sort_unstable();
        (schema, ends.windows(2).map(|w| all.slice(w[0], w[1] - w[0])).collect())
    }

    proptest! {
        #[test]
        fn groups_are_those_of_the_rows_whatever_the_batches(
            runs in prop::collection::vec((0_usize..6, 1_usize..9_000), 0..8),
            cuts in prop::collection::vec(any::<usize>(), 0..12),
        ) {
            // A key may come again in a later run only if the rows were not sorted, so each run has one of its own.
            let kinds = [None, Some(f64::NAN), Some(0.0), Some(1.5), Some(f64::NEG_INFINITY), Some(7.0)];
            let mut seen = Vec::new();
            let mut keys = Vec::new();
            let mut expected = Vec::new();
            for (kind, rows) in runs {
                if !seen.contains(&kind) {
                    seen.push(kind);
                    expected.push((keys.len() as i64, rows));
                    // The same key in other bits.
                    keys.extend((0..rows).map(|i| if i % 2 == 0 { kinds[kind] } else { kinds[kind].map(|k| if k == 0.0 || k.is_nan() { -k } else { k }) }));
                }
            }
            let (schema, batches) = batches(&keys, &cuts);
            let plan = GroupPlan::new(&schema, &PartitionSpec::new().by("k").unwrap(), 0).unwrap();
            let mut got = Vec::new();
            let mut number = 0;
            for groups in sorted_groups(&schema, Box::new(batches.into_iter().map(Ok)), &plan).unwrap() {
                let groups = groups.unwrap();
                prop_assert_eq!(groups.first, number);
                prop_assert_eq!(groups.keys.num_rows(), groups.len());
                number += groups.len();
                for g in 0..groups.len() {
                    let rows = groups.members[0].rows(g);
                    let numbers = rows.column(1).as_primitive::<Int64Type>().values();
                    prop_assert!(numbers.windows(2).all(|w| w[0] + 1 == w[1]));
                    let key = groups.keys.column(0).slice(g, 1);
                    let (of_key, of_row) = (key_hashes(&[Arc::clone(&key)]).unwrap(), key_hashes(&[Arc::clone(rows.column(0))]).unwrap());
                    prop_assert!(of_row.values().iter().all(|h| *h == of_key.value(0)));
                    let key = key.as_primitive::<Float64Type>();
                    prop_assert!(key.is_null(0) || (key.value(0).is_sign_positive() || key.value(0) < 0.0));
                    got.push((numbers[0], rows.num_rows()));
                }
            }
            prop_assert_eq!(got, expected);
        }
    }

    #[test]
    fn the_bytes_of_keys_are_in_the_order_of_the_contract() {
        let keys: ArrayRef = Arc::new(Float64Array::from(vec![
            Some(f64::NEG_INFINITY),
            Some(-1.0),
            Some(-0.0),
            Some(2.0),
            Some(f64::INFINITY),
            Some(-f64::NAN),
            None,
        ]));
        for ascending in [true, false] {
            let bytes = order_keys(&[(Arc::clone(&keys), ascending)]).unwrap();
            let mut order: Vec<usize> = (0..7).collect();
            order.sort_by_key(|i| bytes.value(*i));
            assert_eq!(order, if ascending { [0, 1, 2, 3, 4, 5, 6] } else { [5, 4, 3, 2, 1, 0, 6] });
        }
        let zero: ArrayRef = Arc::new(Float64Array::from(vec![0.0, -0.0]));
        let hashes = key_hashes(&[zero]).unwrap();
        assert_eq!(hashes.value(0), hashes.value(1));
    }
}

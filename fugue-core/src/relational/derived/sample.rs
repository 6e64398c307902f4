//! Samples that depend on the rows and the seed alone: not on the order of rows, partitions or threads.
//!
//! Each row draws a number out of the seed, a hash of its values, and, where rows are equal, its place among them: it does not matter
//! which of equal rows has which. So the same seed takes the same rows of the same frame, however an engine lays it out.

use arrow::array::{ArrayRef, AsArray, BooleanArray, UInt32Array, UInt64Array};
use arrow::compute::{filter_record_batch, take_record_batch};
use arrow::datatypes::UInt64Type;
use arrow::record_batch::RecordBatch;
use serde::{Deserialize, Serialize};

use crate::engine::AnyFrame;
use crate::error::Result;
use crate::expr::TypedSort;
use crate::group::{Groups, key_hashes};
use crate::partition::{PartitionSpec, SortKey};
use crate::schema::{Field, Schema, Type};
use crate::transform::{Shape, TaskContext};

use super::order::index;
use super::step::{PIECE, Places, Step, batch_of, only, pieces};
use super::{Planner, free, single};

/// How many rows a sample has.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum SampleSize {
    /// A part of them, from 0.
    Fraction(f64),
    /// So many.
    Rows(u64),
}

impl Planner {
    /// A sample of the rows: each at most once, or drawn again and again.
    pub(crate) fn sample(&self, frame: &AnyFrame, size: SampleSize, replace: bool, seed: u64) -> Result<AnyFrame> {
        if size == SampleSize::Rows(0) {
            return self.empty(&frame.schema);
        }
        let width = frame.schema.len();
        let name = free("_draw", &frame.schema);
        let drawn = Schema::new(frame.schema.fields().iter().cloned().chain([Field::new(name.as_str(), Type::UInt64)]))?;
        let hashed = self.map(frame, PartitionSpec::new(), &Hashed {}, &drawn)?;
        let by_hash = PartitionSpec::new().by(name.as_str())?;
        match (size, replace) {
            (SampleSize::Fraction(part), false) => {
                self.map(&hashed, by_hash, &Drawn { seed, width, below: Some(part) }, &frame.schema)
            }
            (SampleSize::Rows(rows), false) => {
                let drawn = self.map(&hashed, by_hash, &Drawn { seed, width, below: None }, &drawn)?;
                let order = [TypedSort { column: width, descending: false, nulls_first: false }];
                let least = self.sort(&drawn, &order, Some(rows))?;
                self.rows(&least, None, super::rows::identity(&frame.schema), &frame.schema)
            }
            (_, true) => {
                let drawn = self.map(&hashed, by_hash, &Drawn { seed, width, below: None }, &drawn)?;
                let spec = single()?.presort(vec![SortKey::ascending(name.as_str())])?;
                self.map(&drawn, spec, &Redrawn { seed, width, size }, &frame.schema)
            }
        }
    }
}

/// A number out of a seed and two others, all of whose bits depend on all of theirs.
fn draw(seed: u64, hash: u64, place: u64) -> u64 {
    [hash, place].iter().fold(finish(seed), |state, word| finish(state ^ finish(*word)))
}

/// `SplitMix64`: the next number after a state.
fn finish(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The 53 upper bits as a number from 0, below 1.
#[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
fn unit(drawn: u64) -> f64 {
    (drawn >> 11) as f64 / (1_u64 << 53) as f64
}

/// Appends a hash of all columns.
#[derive(Serialize, Deserialize)]
pub(super) struct Hashed {}

impl Step for Hashed {
    const NAME: &'static str = "fugue::hash";
    const SHAPE: Shape = Shape::Row;

    fn columns(&self, _: usize) -> Option<Vec<usize>> {
        None
    }

    fn run(&self, cx: &TaskContext, groups: &Groups) -> Result<Vec<RecordBatch>> {
        let batch = &only(groups)?.batch;
        let hashes: ArrayRef = std::sync::Arc::new(key_hashes(batch.columns())?);
        let columns = batch.columns().iter().cloned().chain([hashes]).collect();
        Ok(vec![batch_of(&cx.output, columns, batch.num_rows())?])
    }
}

/// Draws a number for each row of groups of equal hashes: keeps those that are below a part of all, or the numbers in place of the hashes.
#[derive(Serialize, Deserialize)]
pub(super) struct Drawn {
    seed: u64,
    /// Number of columns before the hash.
    width: usize,
    below: Option<f64>,
}

impl Step for Drawn {
    const NAME: &'static str = "fugue::draw";

    fn columns(&self, _: usize) -> Option<Vec<usize>> {
        Some((0..self.width).collect())
    }

    fn run(&self, cx: &TaskContext, groups: &Groups) -> Result<Vec<RecordBatch>> {
        let member = only(groups)?;
        let places = Places::in_input(cx, &member.batch)?;
        let own = member.batch.project(&(0..self.width).map(|i| places.at(i)).collect::<Vec<_>>())?;
        let hashes = groups.keys.column(0).as_primitive::<UInt64Type>().values();
        let drawn = member.offsets.windows(2).zip(hashes).flat_map(|(group, hash)| {
            let rows = (group[1] - group[0]) as u64;
            (0..rows).map(|place| draw(self.seed, *hash, place))
        });
        if let Some(part) = self.below {
            let kept: BooleanArray = drawn.map(|n| Some(unit(n) < part)).collect();
            return Ok(vec![filter_record_batch(&own, &kept)?].into_iter().filter(|b| b.num_rows() > 0).collect());
        }
        let numbers: ArrayRef = std::sync::Arc::new(UInt64Array::from_iter_values(drawn));
        Ok(vec![batch_of(&cx.output, own.columns().iter().cloned().chain([numbers]).collect(), own.num_rows())?])
    }
}

/// Draws rows again and again out of all that there are, in the order of the numbers that they drew.
#[derive(Serialize, Deserialize)]
pub(super) struct Redrawn {
    seed: u64,
    /// Number of columns before the numbers.
    width: usize,
    size: SampleSize,
}

impl Step for Redrawn {
    const NAME: &'static str = "fugue::redraw";

    fn columns(&self, _: usize) -> Option<Vec<usize>> {
        Some((0..self.width).collect())
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "numbers of rows are far below 2^53; a fraction is not negative; half of a product of 128 bits is what is asked for"
    )]
    fn run(&self, cx: &TaskContext, groups: &Groups) -> Result<Vec<RecordBatch>> {
        let member = only(groups)?;
        let places = Places::in_input(cx, &member.batch)?;
        let own = member.batch.project(&(0..self.width).map(|i| places.at(i)).collect::<Vec<_>>())?;
        let rows = own.num_rows();
        let wanted = match self.size {
            SampleSize::Rows(rows) => rows,
            SampleSize::Fraction(part) => (part * rows as f64).round() as u64,
        };
        let mut batches = Vec::new();
        let mut start = 0;
        while start < wanted {
            let end = wanted.min(start + PIECE as u64);
            let picked = (start..end).map(|n| {
                let drawn = draw(self.seed, 0x7265_706c_6163_6564, n);
                index(((u128::from(drawn) * rows as u128) >> 64) as usize)
            });
            batches.extend(pieces(&take_record_batch(&own, &picked.collect::<UInt32Array>())?));
            start = end;
        }
        Ok(batches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spread_evenly_whatever_differs() {
        for (seed, hash) in [(0, 0), (1, 0), (0, 1), (u64::MAX, 7)] {
            let below = (0..10_000).filter(|place| unit(draw(seed, hash, *place)) < 0.3).count();
            assert!((2_800..3_200).contains(&below), "{below}");
        }
        let below = (0..10_000).filter(|seed| unit(draw(*seed, 5, 0)) < 0.3).count();
        assert!((2_800..3_200).contains(&below), "{below}");
        assert_ne!(draw(1, 2, 3), draw(1, 3, 2));
    }
}

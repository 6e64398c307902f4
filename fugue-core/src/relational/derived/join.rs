//! Joins: a comap by the keys, whose task pairs the rows of many keys at once.

use arrow::array::{Array, ArrayRef, BooleanArray, UInt32Array};
use arrow::buffer::NullBuffer;
use arrow::compute::kernels::zip::zip;
use arrow::compute::take;
use arrow::record_batch::RecordBatch;
use serde::{Deserialize, Serialize};

use crate::engine::AnyFrame;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::Typed;
use crate::group::{Groups, ZipKind};
use crate::partition::PartitionSpec;
use crate::relational::{Join, JoinKind};
use crate::transform::TaskContext;

use super::Planner;
use super::order::index;
use super::step::{PIECE, Places, Step, batch_of};

impl Planner {
    /// A join of two frames.
    pub(crate) fn join(&self, left: &AnyFrame, right: &AnyFrame, join: &Join) -> Result<AnyFrame> {
        let how = match join.kind {
            JoinKind::Cross => return self.cross(left, right, &join.output),
            JoinKind::Inner | JoinKind::Semi => ZipKind::Inner,
            JoinKind::LeftOuter | JoinKind::Anti => ZipKind::LeftOuter,
            JoinKind::RightOuter => ZipKind::RightOuter,
            JoinKind::FullOuter => ZipKind::FullOuter,
        };
        self.comparable(&join.left, join.keys.iter().map(|(left, _)| *left))?;
        // Groups of several frames have keys of one name.
        if let Some(renamed) = join.right_renamed()? {
            let columns = join.right.fields().iter().enumerate().map(|(i, field)| Typed::column(i, field.ty().clone()));
            let right = self.rows(right, None, columns.collect(), &renamed)?;
            return self.join(left, &right, &Join { right: renamed, ..join.clone() });
        }
        let keys: Vec<&str> = join.keys.iter().map(|(left, _)| join.left.fields()[*left].name()).collect();
        self.comap([left, right], how, &PartitionSpec::new().by(keys)?, &Joined { join: join.clone() }, &join.output)
    }
}

/// Pairs the rows of equal keys.
#[derive(Serialize, Deserialize)]
pub(super) struct Joined {
    join: Join,
}

impl Joined {
    /// Whether rows of the left without a partner are in the result.
    fn keeps_left(&self) -> bool {
        matches!(self.join.kind, JoinKind::LeftOuter | JoinKind::FullOuter | JoinKind::Anti)
    }

    fn keeps_right(&self) -> bool {
        matches!(self.join.kind, JoinKind::RightOuter | JoinKind::FullOuter)
    }

    fn is_half(&self) -> bool {
        matches!(self.join.kind, JoinKind::Semi | JoinKind::Anti)
    }
}

impl Step for Joined {
    const NAME: &'static str = "fugue::join";
    const INPUTS: usize = 2;

    fn columns(&self, input: usize) -> Option<Vec<usize>> {
        if input == 0 {
            return None;
        }
        // Keys of the right show only where a row of it stands alone.
        let hidden = |i: &usize| !self.keeps_right() && self.join.keys.iter().any(|(_, right)| right == i);
        Some(if self.is_half() { Vec::new() } else { (0..self.join.right.len()).filter(|i| !hidden(i)).collect() })
    }

    fn run(&self, cx: &TaskContext, groups: &Groups) -> Result<Vec<RecordBatch>> {
        let [left, right] = groups.members.as_slice() else {
            return Err(Error::new(ErrorKind::Unexpected, "a join is of two frames"));
        };
        let nulls = NullBuffer::union_many(
            groups.keys.columns().iter().map(|key| key.logical_nulls()).collect::<Vec<_>>().iter().map(Option::as_ref),
        );
        let mut pairs = Pairs::new(self, cx, &left.batch, &right.batch);
        for group in 0..groups.len() {
            let lefts = left.offsets[group]..left.offsets[group + 1];
            let rights = right.offsets[group]..right.offsets[group + 1];
            // A null is nobody's partner.
            let known = nulls.as_ref().is_none_or(|nulls| nulls.is_valid(group));
            let matched = known && !lefts.is_empty() && !rights.is_empty();
            if self.is_half() {
                if matched == (self.join.kind == JoinKind::Semi) {
                    lefts.for_each(|l| pairs.push(Some(l), None));
                    pairs.flush_full()?;
                }
                continue;
            }
            if matched {
                for l in lefts {
                    for r in rights.clone() {
                        pairs.push(Some(l), Some(r));
                    }
                    pairs.flush_full()?;
                }
                continue;
            }
            if self.keeps_left() {
                lefts.for_each(|l| pairs.push(Some(l), None));
            }
            if self.keeps_right() {
                rights.for_each(|r| pairs.push(None, Some(r)));
            }
            pairs.flush_full()?;
        }
        pairs.flush()?;
        Ok(pairs.batches)
    }
}

/// Pairs of rows on their way to batches.
struct Pairs<'j> {
    joined: &'j Joined,
    cx: &'j TaskContext,
    left: &'j RecordBatch,
    right: &'j RecordBatch,
    lefts: Side,
    rights: Side,
    batches: Vec<RecordBatch>,
}

/// Rows of one side, or nothing.
#[derive(Default)]
struct Side {
    rows: Vec<u32>,
    there: Vec<bool>,
    missing: bool,
}

impl Side {
    fn push(&mut self, row: Option<usize>) {
        self.rows.push(row.map_or(0, index));
        self.there.push(row.is_some());
        self.missing |= row.is_none();
    }

    fn take(&mut self) -> (UInt32Array, Option<BooleanArray>) {
        let (rows, there) = (std::mem::take(&mut self.rows), std::mem::take(&mut self.there));
        if !std::mem::take(&mut self.missing) {
            return (UInt32Array::from(rows), None);
        }
        let there = BooleanArray::from(there);
        (UInt32Array::new(rows.into(), Some(NullBuffer::new(there.values().clone()))), Some(there))
    }
}

impl<'j> Pairs<'j> {
    fn new(joined: &'j Joined, cx: &'j TaskContext, left: &'j RecordBatch, right: &'j RecordBatch) -> Self {
        Self { joined, cx, left, right, lefts: Side::default(), rights: Side::default(), batches: Vec::new() }
    }

    fn push(&mut self, left: Option<usize>, right: Option<usize>) {
        self.lefts.push(left);
        self.rights.push(right);
    }

    fn flush_full(&mut self) -> Result<()> {
        if self.lefts.rows.len() >= PIECE { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        let rows = self.lefts.rows.len();
        if rows == 0 {
            return Ok(());
        }
        self.cx.run.cancel.check()?;
        let join = &self.joined.join;
        let ((lefts, left_there), (rights, _)) = (self.lefts.take(), self.rights.take());
        let left_places = Places::of(&join.left, self.left);
        let right_places = Places::of(&join.right, self.right);
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(join.output.len());
        for column in 0..join.left.len() {
            let of_left = take(self.left.column(left_places.at(column)), &lefts, None)?;
            let key = join.keys.iter().find(|(left, _)| *left == column);
            columns.push(match (&left_there, key) {
                // A row of the right that stands alone brings its key.
                (Some(there), Some((_, right))) => {
                    let of_right = take(self.right.column(right_places.at(*right)), &rights, None)?;
                    zip(there, &of_left, &of_right)?
                }
                _ => of_left,
            });
        }
        if !self.joined.is_half() {
            for column in (0..join.right.len()).filter(|i| !join.keys.iter().any(|(_, right)| right == i)) {
                columns.push(take(self.right.column(right_places.at(column)), &rights, None)?);
            }
        }
        self.batches.push(batch_of(&join.output, columns, rows)?);
        Ok(())
    }
}

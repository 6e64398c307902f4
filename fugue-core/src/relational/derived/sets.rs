//! Different rows, and set operations: keyed by all columns, of which nulls meet.

use arrow::array::UInt32Array;
use arrow::compute::take_record_batch;
use arrow::record_batch::RecordBatch;
use serde::{Deserialize, Serialize};

use crate::engine::AnyFrame;
use crate::error::Result;
use crate::group::{Groups, ZipKind};
use crate::partition::PartitionSpec;
use crate::relational::{SetKind, SetOp};
use crate::schema::Schema;
use crate::transform::TaskContext;

use super::Planner;
use super::order::index;
use super::step::{PIECE, Step, batch_of};

impl Planner {
    /// Each row once.
    pub(super) fn distinct(&self, frame: &AnyFrame) -> Result<AnyFrame> {
        self.map(frame, self.by_all(&frame.schema)?, &Distinct {}, &frame.schema)
    }

    /// A set operation over two frames.
    pub(crate) fn set_op(&self, left: &AnyFrame, right: &AnyFrame, op: &SetOp) -> Result<AnyFrame> {
        let how = match (op.kind, op.all) {
            (SetKind::Union, true) => return self.concat(vec![left.clone(), right.clone()]),
            (SetKind::Union, false) => return self.distinct(&self.concat(vec![left.clone(), right.clone()])?),
            (SetKind::Subtract, _) => ZipKind::LeftOuter,
            (SetKind::Intersect, _) => ZipKind::Inner,
        };
        let step = Counted { subtract: op.kind == SetKind::Subtract, all: op.all };
        self.comap([left, right], how, &self.by_all(&op.schema)?, &step, &op.schema)
    }

    fn by_all(&self, schema: &Schema) -> Result<PartitionSpec> {
        self.comparable(schema, 0..schema.len())?;
        PartitionSpec::new().by(schema.names().collect::<Vec<_>>())
    }
}

/// The keys of groups.
#[derive(Serialize, Deserialize)]
pub(super) struct Distinct {}

impl Step for Distinct {
    const NAME: &'static str = "fugue::distinct";

    fn columns(&self, _: usize) -> Option<Vec<usize>> {
        Some(Vec::new())
    }

    fn run(&self, cx: &TaskContext, groups: &Groups) -> Result<Vec<RecordBatch>> {
        Ok(vec![batch_of(&cx.output, groups.keys.columns().to_vec(), groups.len())?])
    }
}

/// The keys of groups, as often as the counts of both sides say.
#[derive(Serialize, Deserialize)]
pub(super) struct Counted {
    subtract: bool,
    all: bool,
}

impl Counted {
    fn times(&self, left: usize, right: usize) -> usize {
        match (self.subtract, self.all) {
            (true, true) => left.saturating_sub(right),
            (true, false) => usize::from(left > 0 && right == 0),
            (false, true) => left.min(right),
            (false, false) => usize::from(left > 0 && right > 0),
        }
    }
}

impl Step for Counted {
    const NAME: &'static str = "fugue::sets";
    const INPUTS: usize = 2;

    fn columns(&self, _: usize) -> Option<Vec<usize>> {
        Some(Vec::new())
    }

    fn run(&self, cx: &TaskContext, groups: &Groups) -> Result<Vec<RecordBatch>> {
        let rows =
            |member: usize, group: usize| groups.members[member].offsets[group + 1] - groups.members[member].offsets[group];
        let keys = batch_of(&cx.output, groups.keys.columns().to_vec(), groups.len())?;
        let mut kept = Vec::new();
        let mut batches = Vec::new();
        for group in 0..groups.len() {
            let mut times = self.times(rows(0, group), rows(1, group));
            while times > 0 {
                let here = times.min(PIECE);
                kept.extend(std::iter::repeat_n(index(group), here));
                times -= here;
                if kept.len() >= PIECE {
                    batches.push(take_record_batch(&keys, &UInt32Array::from(std::mem::take(&mut kept)))?);
                }
            }
        }
        if !kept.is_empty() {
            batches.push(take_record_batch(&keys, &UInt32Array::from(kept))?);
        }
        Ok(batches)
    }
}

//! Cross joins: the right side is held, the left one streams past it, so that the result never stands in memory.

use arrow::array::UInt32Array;
use arrow::compute::{concat_batches, take_record_batch};
use arrow::record_batch::RecordBatch;

use crate::engine::{AnyFrame, Foreign};
use crate::error::{Error, ErrorKind, Result};
use crate::frame::Source;
use crate::io::{BatchIter, LazySource};
use crate::run::{Cancel, Pool};
use crate::schema::Schema;

use super::Planner;
use super::order::index;
use super::step::{PIECE, batch_of};

impl Planner {
    pub(super) fn cross(&self, left: &AnyFrame, right: &AnyFrame, output: &Schema) -> Result<AnyFrame> {
        self.ingest(Source::new(Cross { left: left.clone(), right: right.clone(), schema: output.clone() }))
    }
}

/// All pairs of rows; each scan runs both frames anew.
#[derive(Debug)]
struct Cross {
    left: AnyFrame,
    right: AnyFrame,
    schema: Schema,
}

impl LazySource for Cross {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn describe(&self) -> String {
        "cross join".to_owned()
    }

    fn rows(&self) -> Option<u64> {
        None
    }

    fn scan(&self, projection: Option<&[usize]>, cancel: &Cancel) -> Result<BatchIter> {
        self.scan_parallel(projection, &Pool::shared()?, cancel)
    }

    fn scan_parallel(&self, projection: Option<&[usize]>, pool: &Pool, cancel: &Cancel) -> Result<BatchIter> {
        let right = Foreign::new(&self.right, false).scan_parallel(None, pool, cancel)?.collect::<Result<Vec<_>>>()?;
        let right = concat_batches(self.right.schema.arrow(), &right)?;
        if right.num_rows() == 0 {
            return Ok(Box::new(std::iter::empty()));
        }
        if u32::try_from(right.num_rows()).is_err() {
            let message = "the right side of a cross join has more rows than 32 bits count; make it the left side";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let lefts = Foreign::new(&self.left, false).scan_parallel(None, pool, cancel)?;
        let (schema, cancel) = (self.schema.clone(), cancel.clone());
        let projection: Option<Vec<usize>> = projection.map(<[usize]>::to_vec);
        // So many rows of the left at a time meet all of the right, or one of the left some of the right.
        let at_once = (PIECE / right.num_rows()).max(1);
        let batches = lefts.flat_map(move |batch| -> BatchIter {
            let batch = match batch {
                Ok(batch) => batch,
                Err(e) => return Box::new(std::iter::once(Err(e))),
            };
            let rows = batch.num_rows();
            let (schema, right, cancel, projection) = (schema.clone(), right.clone(), cancel.clone(), projection.clone());
            let blocks = (0..rows).step_by(at_once).flat_map(move |start| {
                let lefts = batch.slice(start, at_once.min(batch.num_rows() - start));
                let rows = right.num_rows();
                let right = right.clone();
                (0..rows).step_by(PIECE).map(move |from| (lefts.clone(), right.slice(from, PIECE.min(right.num_rows() - from))))
            });
            Box::new(blocks.map(move |(lefts, rights)| {
                cancel.check()?;
                let all = pair(&schema, &lefts, &rights)?;
                Ok(match &projection {
                    Some(columns) => all.project(columns)?,
                    None => all,
                })
            }))
        });
        Ok(Box::new(batches))
    }
}

/// All pairs of the rows of two batches.
fn pair(schema: &Schema, left: &RecordBatch, right: &RecordBatch) -> Result<RecordBatch> {
    let (lefts, rights) = (left.num_rows(), right.num_rows());
    let left = take_record_batch(left, &(0..lefts).flat_map(|l| std::iter::repeat_n(index(l), rights)).collect::<UInt32Array>())?;
    let right = take_record_batch(right, &(0..lefts).flat_map(|_| (0..rights).map(index)).collect::<UInt32Array>())?;
    batch_of(schema, left.columns().iter().chain(right.columns()).cloned().collect(), lefts * rights)
}

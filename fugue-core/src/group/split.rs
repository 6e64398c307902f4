//! The rows of a frame as physical partitions, without calling anything: what a repartition does.

use arrow::record_batch::RecordBatch;
use rayon::prelude::*;

use crate::error::Result;
use crate::partition::{Algo, PartitionSpec};
use crate::run::{Cancel, Pool};
use crate::schema::Schema;

use super::run::{Mode, lay_out};
use super::source::{Sizes, pieces};
use super::{CoInput, ZipKind};

/// Cuts rows into physical partitions by the algorithm of a specification, and a number that was evaluated from it.
///
/// * without keys: `num` contiguous pieces whose sizes differ by at most one row, or with [`Algo::Rand`] a pseudo-random spread
///   that is the same on every run; fewer when there are fewer rows, and one when `num` is 0;
/// * with keys: by hash of the keys into at most `num` partitions, one when it is 0; with [`Algo::Even`] one per key.
///
/// No partition is empty. The presort does not matter here. To be called from a thread outside of the pool.
///
/// # Errors
/// [`ErrorKind::ColumnNotFound`](crate::ErrorKind::ColumnNotFound) and
/// [`ErrorKind::PartitionInvalid`](crate::ErrorKind::PartitionInvalid) when the specification does not fit the schema; else as
/// [`group`](super::group).
pub fn split(
    schema: &Schema,
    batches: Vec<RecordBatch>,
    spec: &PartitionSpec,
    num: usize,
    pool: &Pool,
    cancel: &Cancel,
) -> Result<Vec<Vec<RecordBatch>>> {
    spec.validate(schema)?;
    let keys = schema.indices_of(spec.keys())?;
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    let num = num.clamp(1, rows.max(1));
    let even_keys = !keys.is_empty() && spec.algorithm() == Algo::Even;
    let mode = match spec.algorithm() {
        Algo::Even if even_keys => Mode::ByKey(ZipKind::FullOuter, 0),
        Algo::Rand if keys.is_empty() && num > 1 => Mode::Spread(num),
        _ if !keys.is_empty() && num > 1 => Mode::ByHash(num),
        _ => return Ok(contiguous(&batches, rows, num)),
    };
    let input = CoInput { schema: schema.clone(), batches, keys, presort: Vec::new(), columns: (0..schema.len()).collect() };
    let buckets = lay_out(vec![input], mode, pool, cancel, Sizes::default())?;
    let built = pool.install(|| (0..buckets.len()).into_par_iter().map(|b| buckets.build(b)).collect::<Result<Vec<_>>>())?;
    Ok(built.iter().flat_map(|groups| (0..groups.len()).map(|g| vec![groups.members[0].rows(g)])).collect())
}

/// Pieces of batches, without a copy.
fn contiguous(batches: &[RecordBatch], rows: usize, num: usize) -> Vec<Vec<RecordBatch>> {
    let mut starts = vec![0];
    for batch in batches {
        starts.push(starts[starts.len() - 1] + batch.num_rows());
    }
    let mut start = 0;
    let mut parts = Vec::with_capacity(num);
    for piece in 0..num {
        let end = start + rows / num + usize::from(piece < rows % num);
        let part: Vec<RecordBatch> =
            pieces(&starts, start..end).filter(|(_, r)| !r.is_empty()).map(|(b, r)| batches[b].slice(r.start, r.len())).collect();
        if !part.is_empty() {
            parts.push(part);
        }
        start = end;
    }
    parts
}

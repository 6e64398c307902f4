//! The rows of one input, cut into chunks that fit the cache and brought into the order of their buckets.
//!
//! Within a bucket rows keep the order of the input, whatever the chunks are, so that nothing depends on how batches were cut.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanBufferBuilder, PrimitiveArray, UInt32Array, downcast_primitive,
};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::compute::{concat, take};
use arrow::record_batch::RecordBatch;
use rayon::prelude::*;

use crate::error::{Error, ErrorKind, Result};
use crate::run::Cancel;

use super::hash::{bucket_of, mix};
use super::keys::{Detail, EncodedKeys, KeyKind};

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
    /// `Unsupported` beyond 4,294,967,295 rows: rows are numbered with 32 bits.
    pub(super) fn new(batches: Vec<RecordBatch>, sizes: Sizes) -> Result<Self> {
        let batches: Vec<RecordBatch> = batches.into_iter().filter(|b| b.num_rows() > 0).collect();
        let mut starts = vec![0];
        let mut rows = 0;
        for batch in &batches {
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

/// The keys of an input in the order of buckets, chunk by chunk: a *place* is a position in this order.
pub(super) struct Scattered {
    pub tags: Vec<u64>,
    pub proofs: Vec<u128>,
    /// The row number at each place; absent when there is one bucket and places are row numbers.
    pub order: Option<Vec<u32>>,
    pub chunks: Vec<ScatteredChunk>,
}

/// A chunk in the order of buckets.
pub(super) struct ScatteredChunk {
    /// Its first place, which is its first row number too.
    pub first: usize,
    /// Where each bucket starts, from the first place on, and the number of rows at the end.
    pub starts: Vec<u32>,
    pub detail: Detail,
}

impl Scattered {
    /// The places of a bucket: for each chunk its number and a range.
    pub(super) fn places(&self, bucket: usize) -> impl Iterator<Item = (usize, Range<usize>)> + '_ {
        self.chunks
            .iter()
            .enumerate()
            .map(move |(i, c)| (i, c.first + c.starts[bucket] as usize..c.first + c.starts[bucket + 1] as usize))
    }

    /// The row number at a place.
    #[inline]
    pub(super) fn row(&self, place: usize) -> usize {
        self.order.as_ref().map_or(place, |o| o[place] as usize)
    }
}

/// Where the tags of rows come from.
pub(super) enum Tagging<'k> {
    /// From the key columns.
    Keys(&'k KeyKind, &'k [usize]),
    /// From the number of the row: a pseudo-random spread that is the same on every run.
    RowNumber,
}

impl Tagging<'_> {
    fn encode(&self, source: &Source, rows: Range<usize>) -> Result<EncodedKeys> {
        match self {
            Self::Keys(kind, keys) => {
                let columns = keys.iter().map(|k| source.column(*k, rows.clone())).collect::<Result<Vec<_>>>()?;
                kind.encode(rows.len(), columns)
            }
            Self::RowNumber => {
                let tags = rows.map(|r| r as u64 ^ 0x9e37_79b9_7f4a_7c15).collect();
                Ok(EncodedKeys { tags, proofs: Vec::new(), detail: Detail::None })
            }
        }
    }
}

/// Brings the keys of an input into the order of buckets. Runs on the threads of the pool that it is called in.
pub(super) fn scatter(source: &Source, tagging: &Tagging<'_>, buckets: u32, cancel: &Cancel) -> Result<Scattered> {
    let rows = source.rows();
    let with_proofs = matches!(tagging, Tagging::Keys(KeyKind::Pair(_) | KeyKind::View, _));
    let mut tags = vec![0; rows];
    let mut proofs = vec![0; if with_proofs { rows } else { 0 }];
    let mut order = vec![0; if buckets > 1 { rows } else { 0 }];
    let tasks: Vec<_> = {
        let (mut tags, mut proofs, mut order) = (&mut tags[..], &mut proofs[..], &mut order[..]);
        let task = |chunk: &Range<usize>| {
            (chunk.clone(), cut(&mut tags, chunk.len()), cut(&mut proofs, chunk.len()), cut(&mut order, chunk.len()))
        };
        source.chunks.iter().map(task).collect()
    };
    let chunks = tasks
        .into_par_iter()
        .map(|(rows, tags, proofs, order)| {
            cancel.check()?;
            let keys = tagging.encode(source, rows.clone())?;
            let first = rows.start;
            if buckets == 1 {
                tags.copy_from_slice(&keys.tags);
                proofs.copy_from_slice(&keys.proofs);
                return Ok(ScatteredChunk { first, starts: vec![0, number(rows.len())], detail: keys.detail });
            }
            let starts = scatter_chunk(&keys, buckets, number(first), tags, proofs, order);
            Ok(ScatteredChunk { first, starts, detail: keys.detail })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Scattered { tags, proofs, order: (buckets > 1).then_some(order), chunks })
}

/// A counting sort by bucket; gives where each bucket starts.
fn scatter_chunk(
    keys: &EncodedKeys,
    buckets: u32,
    first: u32,
    tags: &mut [u64],
    proofs: &mut [u128],
    order: &mut [u32],
) -> Vec<u32> {
    let to: Vec<u32> = keys.tags.iter().map(|t| bucket_of(mix(*t), buckets)).collect();
    let mut starts = vec![0; buckets as usize + 1];
    for bucket in &to {
        starts[*bucket as usize + 1] += 1;
    }
    for bucket in 0..buckets as usize {
        starts[bucket + 1] += starts[bucket];
    }
    let mut next = starts.clone();
    for ((row, bucket), tag) in (first..).zip(&to).zip(&keys.tags) {
        let place = &mut next[*bucket as usize];
        tags[*place as usize] = *tag;
        order[*place as usize] = row;
        *place += 1;
    }
    if !keys.proofs.is_empty() {
        for (place, row) in order.iter().enumerate() {
            proofs[place] = keys.proofs[(row - first) as usize];
        }
    }
    starts
}

/// A column in the order of places: one array that all buckets take from.
///
/// Moving fixed-width values chunk by chunk, in the cache, is cheaper than taking them from all over memory bucket by bucket.
pub(super) fn permute(source: &Source, column: usize, order: &[u32], cancel: &Cancel) -> Result<ArrayRef> {
    let data_type = source.batches[0].column(column).data_type().clone();
    macro_rules! primitive {
        ($kind:ty) => {
            permute_primitive::<$kind>(source, column, order, cancel)
        };
    }
    downcast_primitive! {
        data_type => (primitive),
        // The whole column first, so that the buffers of views stand once in the result, however many chunks there are.
        _ => {
            let whole = source.column(column, 0..source.rows())?;
            let order = UInt32Array::new(ScalarBuffer::from(order.to_vec()), None);
            Ok(take(&whole, &order, None)?)
        }
    }
}

fn permute_primitive<T: ArrowPrimitiveType>(source: &Source, column: usize, order: &[u32], cancel: &Cancel) -> Result<ArrayRef> {
    let mut values = vec![T::Native::default(); source.rows()];
    let tasks: Vec<_> = {
        let mut values = &mut values[..];
        source.chunks.iter().map(|chunk| (chunk.clone(), cut(&mut values, chunk.len()))).collect()
    };
    let nulls = tasks
        .into_par_iter()
        .map(|(rows, out)| {
            cancel.check()?;
            let chunk = source.column(column, rows.clone())?;
            let chunk = chunk.as_primitive::<T>();
            let order = &order[rows.clone()];
            let first = number(rows.start);
            for (out, row) in out.iter_mut().zip(order) {
                *out = chunk.values()[(row - first) as usize];
            }
            let nulls = chunk.nulls().filter(|n| n.null_count() > 0);
            Ok(nulls
                .map(|n| order.iter().map(|row| n.is_valid((row - first) as usize)).collect::<arrow::buffer::BooleanBuffer>()))
        })
        .collect::<Result<Vec<_>>>()?;
    let nulls = nulls.iter().any(Option::is_some).then(|| {
        let mut all = BooleanBufferBuilder::new(source.rows());
        for (chunk, nulls) in source.chunks.iter().zip(&nulls) {
            match nulls {
                Some(nulls) => all.append_buffer(nulls),
                None => all.append_n(chunk.len(), true),
            }
        }
        NullBuffer::new(all.finish())
    });
    let data_type = source.batches[0].column(column).data_type().clone();
    Ok(Arc::new(PrimitiveArray::<T>::try_new(values.into(), nulls)?.with_data_type(data_type)))
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
fn cut<'s, T>(slice: &mut &'s mut [T], len: usize) -> &'s mut [T] {
    let whole = std::mem::take(slice);
    let len = len.min(whole.len());
    let (front, rest) = whole.split_at_mut(len);
    *slice = rest;
    front
}

/// A row number: [`Source::new`] has seen to it that they fit.
#[expect(clippy::cast_possible_truncation, reason = "checked when the source was made")]
fn number(row: usize) -> u32 {
    row as u32
}

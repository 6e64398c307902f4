//! The keys of one input, hashed chunk by chunk and brought into the order of their buckets.
//!
//! Within a bucket rows keep the order of the input, whatever the chunks are, so that nothing depends on how batches were cut.

use std::ops::Range;

use rayon::prelude::*;

use crate::error::Result;
use crate::run::Cancel;

use super::hash::{bucket_of, mix};
use super::keys::{Detail, EncodedKeys, KeyKind};
use super::source::{Source, cut, number};

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
    fn proofs(&self) -> usize {
        match self {
            Self::Keys(kind, _) => kind.proofs(),
            Self::RowNumber => 0,
        }
    }

    fn encode(&self, source: &Source, rows: Range<usize>, keys: &mut EncodedKeys) -> Result<()> {
        match self {
            Self::Keys(kind, columns) => {
                let columns = columns.iter().map(|k| source.column(*k, rows.clone())).collect::<Result<Vec<_>>>()?;
                kind.encode(rows.len(), &columns, keys)
            }
            Self::RowNumber => {
                keys.tags.clear();
                keys.tags.extend(rows.map(|r| r as u64 ^ 0x9e37_79b9_7f4a_7c15));
                Ok(())
            }
        }
    }
}

/// Brings the keys of an input into the order of buckets. Runs on the threads of the pool that it is called in.
pub(super) fn scatter(source: &Source, tagging: &Tagging<'_>, buckets: u32, cancel: &Cancel) -> Result<Scattered> {
    let rows = source.rows();
    let stride = tagging.proofs();
    let mut tags = vec![0; rows];
    let mut proofs = vec![0; rows * stride];
    let mut order = vec![0; if buckets > 1 { rows } else { 0 }];
    let tasks: Vec<_> = {
        let (mut tags, mut proofs, mut order) = (&mut tags[..], &mut proofs[..], &mut order[..]);
        let task = |rows: &Range<usize>| {
            let (tags, proofs) = (cut(&mut tags, rows.len()), cut(&mut proofs, rows.len() * stride));
            (rows.clone(), ChunkOut { tags, proofs, order: cut(&mut order, rows.len()) })
        };
        source.chunks.iter().map(task).collect()
    };
    let chunks = tasks
        .into_par_iter()
        .map_init(Scratch::default, |scratch, (rows, out)| {
            cancel.check()?;
            tagging.encode(source, rows.clone(), &mut scratch.keys)?;
            let starts = if buckets == 1 {
                out.tags.copy_from_slice(&scratch.keys.tags);
                out.proofs.copy_from_slice(&scratch.keys.proofs[..out.proofs.len()]);
                vec![0, number(rows.len())]
            } else {
                scatter_chunk(scratch, buckets, number(rows.start), stride, out)
            };
            Ok(ScatteredChunk { first: rows.start, starts, detail: std::mem::take(&mut scratch.keys.detail) })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Scattered { tags, proofs, order: (buckets > 1).then_some(order), chunks })
}

/// What a thread uses again for every chunk: fresh memory costs more than what is done with it.
#[derive(Default)]
struct Scratch {
    keys: EncodedKeys,
    buckets: Vec<u32>,
}

/// Where the rows of a chunk go.
struct ChunkOut<'o> {
    tags: &'o mut [u64],
    proofs: &'o mut [u128],
    order: &'o mut [u32],
}

/// A counting sort by bucket; gives where each bucket starts.
fn scatter_chunk(scratch: &mut Scratch, buckets: u32, first: u32, stride: usize, out: ChunkOut<'_>) -> Vec<u32> {
    let keys = &scratch.keys;
    scratch.buckets.clear();
    scratch.buckets.extend(keys.tags.iter().map(|t| bucket_of(mix(*t), buckets)));
    let mut starts = vec![0; buckets as usize + 1];
    for bucket in &scratch.buckets {
        starts[*bucket as usize + 1] += 1;
    }
    for bucket in 0..buckets as usize {
        starts[bucket + 1] += starts[bucket];
    }
    let mut next = starts.clone();
    for ((row, bucket), tag) in (first..).zip(&scratch.buckets).zip(&keys.tags) {
        let place = &mut next[*bucket as usize];
        out.tags[*place as usize] = *tag;
        out.order[*place as usize] = row;
        *place += 1;
    }
    if stride > 0 {
        for (to, row) in out.proofs.chunks_exact_mut(stride).zip(&*out.order) {
            let from = (row - first) as usize * stride;
            to.copy_from_slice(&keys.proofs[from..from + stride]);
        }
    }
    starts
}

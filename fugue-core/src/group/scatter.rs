//! The rows of one input, hashed chunk by chunk and brought into the order of their buckets.
//!
//! Within a bucket the rows of a key keep the order of the input, whatever the chunks are. Chunks are cut by the number of rows
//! alone, so that nothing depends on how batches were cut.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use arrow::array::ArrayRef;
use arrow::record_batch::RecordBatch;

use crate::error::Result;
use crate::run::Cancel;

use super::CoInput;
use super::hash::{bucket_of, mix};
use super::keys::{Detail, EncodedKeys, KeyKind};
use super::permute::{moves, permute};
use super::source::{Rows, joined, number};

/// The rows of an input in the order of buckets, chunk by chunk: a *place* is a position in this order.
pub(super) struct Scattered {
    pub chunks: Vec<Chunk>,
    /// The columns that were moved, in the order in which chunks have them.
    pub moved: Vec<usize>,
    /// The columns that stay as they came.
    pub kept: Vec<usize>,
    pub buckets: u32,
}

/// A chunk in the order of buckets.
pub(super) struct Chunk {
    /// Its first place, which is its first row number too.
    pub first: usize,
    /// Where each bucket starts, from the first place on, and the number of rows at the end.
    pub starts: Vec<u32>,
    pub tags: Vec<u64>,
    /// As many for each row as the kind of the keys says.
    pub proofs: Vec<u128>,
    /// See [`EncodedKeys`].
    pub nulls: Vec<u64>,
    /// The row number at each place; absent when places are row numbers, and when nothing asks for it.
    pub order: Option<Vec<u32>>,
    pub detail: Detail,
    pub moved: Vec<ArrayRef>,
    pub kept: Vec<RecordBatch>,
}

impl Chunk {
    /// The places of a bucket, from the first place of the chunk on.
    #[inline]
    pub(super) fn places(&self, bucket: usize) -> Range<usize> {
        self.starts[bucket] as usize..self.starts[bucket + 1] as usize
    }

    pub(super) fn rows(&self) -> usize {
        self.tags.len()
    }
}

impl Scattered {
    /// The same in fewer buckets, each made of neighbours. Both numbers must be powers of two.
    pub(super) fn coarser(mut self, buckets: u32) -> Self {
        let step = (self.buckets / buckets) as usize;
        for chunk in self.chunks.iter_mut().filter(|_| step > 1) {
            chunk.starts = chunk.starts.iter().step_by(step).copied().collect();
        }
        Self { buckets, ..self }
    }
}

/// Where the tags of rows come from.
pub(super) enum Tagging {
    /// From the key columns.
    Keys(KeyKind, Vec<usize>),
    /// From the number of the row: a pseudo-random spread that is the same on every run.
    RowNumber,
}

impl Tagging {
    fn proofs(&self) -> usize {
        match self {
            Self::Keys(kind, _) => kind.proofs(),
            Self::RowNumber => 0,
        }
    }

    fn encode(&self, rows: &Rows, keys: &mut EncodedKeys) -> Result<()> {
        match self {
            Self::Keys(kind, columns) => {
                let columns = columns.iter().map(|c| rows.column(*c)).collect::<Result<Vec<_>>>()?;
                kind.encode(rows.len, &columns, keys)
            }
            Self::RowNumber => {
                keys.tags.clear();
                keys.tags.extend((rows.first..rows.first + rows.len).map(|r| r as u64 ^ 0x9e37_79b9_7f4a_7c15));
                Ok(())
            }
        }
    }
}

/// Brings chunks of an input into the order of buckets.
///
/// Columns are moved while their chunk is in the cache, and what a chunk was read from is freed at once: the next chunks are written
/// there, because fresh memory costs more than what is done with it.
pub(super) struct Scatter {
    tagging: Tagging,
    buckets: u32,
    moved: Vec<usize>,
    kept: Vec<usize>,
    cancel: Cancel,
    /// What threads use again for every chunk.
    scratch: Mutex<Vec<Scratch>>,
}

impl Scatter {
    pub(super) fn new(input: &CoInput, tagging: Tagging, buckets: u32, cancel: &Cancel) -> Self {
        let presort = input.presort.iter().map(|p| p.0);
        let mut wanted: Vec<usize> = input.columns.iter().chain(&input.keys).copied().chain(presort).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let moves = |c: &usize| buckets > 1 && moves(&input.schema.fields()[*c].ty().to_arrow());
        let (moved, kept) = wanted.into_iter().partition(moves);
        Self { tagging, buckets, moved, kept, cancel: cancel.clone(), scratch: Mutex::default() }
    }

    /// Puts chunks together, in the order of the input.
    pub(super) fn finish(&self, chunks: Vec<Chunk>) -> Scattered {
        Scattered { chunks, moved: self.moved.clone(), kept: self.kept.clone(), buckets: self.buckets }
    }

    pub(super) fn chunk(&self, rows: Rows) -> Result<Chunk> {
        self.cancel.check()?;
        let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let chunk = self.chunk_with(rows, &mut scratch);
        self.scratch.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
        chunk
    }

    fn chunk_with(&self, rows: Rows, scratch: &mut Scratch) -> Result<Chunk> {
        self.tagging.encode(&rows, &mut scratch.keys)?;
        let first = rows.first;
        let kept = if self.kept.is_empty() { Vec::new() } else { rows.project(&self.kept)? };
        if self.buckets == 1 {
            let EncodedKeys { tags, proofs, nulls, detail } = std::mem::take(&mut scratch.keys);
            let starts = vec![0, number(rows.len)];
            return Ok(Chunk { first, starts, tags, proofs, nulls, order: None, detail, moved: Vec::new(), kept });
        }
        let starts = scratch.sort(self.buckets);
        let (order, keys, stride) = (&scratch.order, &mut scratch.keys, self.tagging.proofs());
        let proof = |at: &u32| &keys.proofs[*at as usize * stride..(*at as usize + 1) * stride];
        let numbered = !self.kept.is_empty() || matches!(keys.detail, Detail::Rows(_));
        Ok(Chunk {
            first,
            starts,
            tags: order.iter().map(|at| keys.tags[*at as usize]).collect(),
            proofs: if stride == 0 { Vec::new() } else { order.iter().flat_map(proof).copied().collect() },
            nulls: if keys.nulls.is_empty() { Vec::new() } else { order.iter().map(|at| keys.nulls[*at as usize]).collect() },
            order: numbered.then(|| order.iter().map(|at| number(first) + at).collect()),
            moved: self.moved.iter().map(|c| permute(&joined(&rows.slices(*c))?, order)).collect::<Result<Vec<_>>>()?,
            kept,
            detail: std::mem::take(&mut keys.detail),
        })
    }
}

#[derive(Default)]
struct Scratch {
    keys: EncodedKeys,
    buckets: Vec<u32>,
    /// The row at each place, both counted from the start of the chunk.
    order: Vec<u32>,
}

impl Scratch {
    /// A counting sort by bucket; gives where each bucket starts.
    fn sort(&mut self, buckets: u32) -> Vec<u32> {
        self.buckets.clear();
        self.buckets.extend(self.keys.tags.iter().map(|t| bucket_of(mix(*t), buckets)));
        let mut starts = vec![0; buckets as usize + 1];
        for bucket in &self.buckets {
            starts[*bucket as usize + 1] += 1;
        }
        for bucket in 0..buckets as usize {
            starts[bucket + 1] += starts[bucket];
        }
        let mut next = starts.clone();
        self.order.resize(self.buckets.len(), 0);
        for (row, bucket) in (0..).zip(&self.buckets) {
            let place = &mut next[*bucket as usize];
            self.order[*place as usize] = row;
            *place += 1;
        }
        starts
    }
}

//! The same work by hand, as an engineer would write it for this one task: read on all cores, scatter by hash, group, demean.
//!
//! It knows the columns and their types, has no nulls to look after, and carries all columns into the batches that it makes.

use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use fugue_core::arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array};
use fugue_core::arrow::compute::concat_batches;
use fugue_core::arrow::datatypes::{DataType, Field, Float64Type, Int64Type, Schema, SchemaRef};
use fugue_core::arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};
use parquet::file::metadata::PageIndexPolicy;
use rayon::prelude::*;

/// Whatever goes wrong.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Rows that one task reads.
const SHARE: usize = 1 << 17;
/// Rows that are read and scattered at once: their columns stay in the cache of a core.
const CHUNK: usize = 1 << 15;
/// Rows of a bucket, about: its columns stay in the cache of a core.
const BUCKET: usize = 1 << 14;

/// How groups are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// The loop over values stands in the program.
    Inline,
    /// [`batch`](crate::shapes::batch) is called with a slice of a batch per group, and what it returns is joined.
    Batches,
}

/// Demeans `v` by `k`, hands batches with the columns k, t, v and w to `sink`, group after group, and adds up what it returns.
///
/// Runs on the threads of the rayon pool that it is called in.
///
/// # Errors
/// Those of the file, and of the sink.
pub fn demean<S>(path: &Path, style: Style, sink: S) -> Result<f64, BoxError>
where
    S: Fn(&RecordBatch) -> Result<f64, BoxError> + Sync,
{
    // The offset index lets a task skip to its rows.
    let options = ArrowReaderOptions::new().with_offset_index_policy(PageIndexPolicy::Required);
    let metadata = ArrowReaderMetadata::load(&File::open(path)?, options)?;
    let rows = usize::try_from(metadata.metadata().file_metadata().num_rows())?;
    let buckets = (rows / BUCKET).next_power_of_two().max(2);
    let chunks: Vec<Chunk> = shares(&metadata)
        .into_par_iter()
        .map(|(group, rows)| read(path, &metadata, group, rows, buckets))
        .collect::<Result<Vec<_>, BoxError>>()?
        .into_iter()
        .flatten()
        .collect();
    let field = |name, data_type| Field::new(name, data_type, true);
    let output = Arc::new(Schema::new(vec![
        field("k", DataType::Int64),
        field("t", DataType::Int64),
        field("v", DataType::Float64),
        field("w", DataType::Float64),
    ]));
    (0..buckets)
        .into_par_iter()
        .map(|bucket| {
            let grouped = Grouped::new(&chunks, bucket);
            let batch = match style {
                Style::Inline => grouped.demeaned(&output)?,
                Style::Batches => grouped.called(&output)?,
            };
            sink(&batch)
        })
        .sum()
}

/// Row groups, and rows in them.
fn shares(metadata: &ArrowReaderMetadata) -> Vec<(usize, Range<usize>)> {
    let groups = metadata.metadata().row_groups().iter().enumerate();
    groups
        .flat_map(|(group, m)| {
            let rows = usize::try_from(m.num_rows()).unwrap_or(0);
            (0..rows).step_by(SHARE).map(move |start| (group, start..rows.min(start + SHARE)))
        })
        .collect()
}

/// Some rows in the order of their buckets.
struct Chunk {
    k: Vec<i64>,
    t: Vec<i64>,
    v: Vec<f64>,
    /// Where each bucket starts, and the number of rows.
    starts: Vec<u32>,
}

fn read(
    path: &Path,
    metadata: &ArrowReaderMetadata,
    group: usize,
    rows: Range<usize>,
    buckets: usize,
) -> Result<Vec<Chunk>, BoxError> {
    let selection = RowSelection::from(vec![RowSelector::skip(rows.start), RowSelector::select(rows.len())]);
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(File::open(path)?, metadata.clone())
        .with_row_groups(vec![group])
        .with_row_selection(selection)
        .with_batch_size(CHUNK)
        .build()?;
    reader.map(|batch| Ok(scatter(&batch?, buckets))).collect()
}

/// The bits of a key, spread.
#[inline]
#[expect(clippy::cast_sign_loss, reason = "a hash")]
fn hash(key: i64) -> u64 {
    let x = (key as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (x ^ (x >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

/// A counting sort by bucket.
#[expect(clippy::cast_possible_truncation, reason = "chunks and buckets are small")]
fn scatter(batch: &RecordBatch, buckets: usize) -> Chunk {
    let shift = 64 - buckets.trailing_zeros();
    let keys = batch.column(0).as_primitive::<Int64Type>().values();
    let mut starts = vec![0_u32; buckets + 1];
    let to: Vec<u32> = keys.iter().map(|k| (hash(*k) >> shift) as u32).collect();
    for bucket in &to {
        starts[*bucket as usize + 1] += 1;
    }
    for bucket in 0..buckets {
        starts[bucket + 1] += starts[bucket];
    }
    let mut next = starts.clone();
    let places: Vec<u32> = to
        .into_iter()
        .map(|bucket| {
            let place = &mut next[bucket as usize];
            *place += 1;
            *place - 1
        })
        .collect();
    Chunk {
        k: placed(keys, &places),
        t: placed(batch.column(1).as_primitive::<Int64Type>().values(), &places),
        v: placed(batch.column(2).as_primitive::<Float64Type>().values(), &places),
        starts,
    }
}

fn placed<T: Copy + Default>(values: &[T], places: &[u32]) -> Vec<T> {
    let mut out = vec![T::default(); values.len()];
    for (value, place) in values.iter().zip(places) {
        out[*place as usize] = *value;
    }
    out
}

/// The rows of a bucket, group after group.
struct Grouped {
    k: Vec<i64>,
    t: Vec<i64>,
    v: Vec<f64>,
    /// Where each group starts, and the number of rows.
    starts: Vec<u32>,
}

impl Grouped {
    #[expect(clippy::cast_possible_truncation, reason = "buckets are small")]
    fn new(chunks: &[Chunk], bucket: usize) -> Self {
        let run = |c: &Chunk| c.starts[bucket] as usize..c.starts[bucket + 1] as usize;
        let rows: usize = chunks.iter().map(|c| run(c).len()).sum();
        let mut table = Table::new(rows);
        let mut group = Vec::with_capacity(rows);
        let mut counts: Vec<u32> = Vec::new();
        for key in chunks.iter().flat_map(|c| &c.k[run(c)]) {
            let number = table.number(*key, counts.len() as u32);
            if number as usize == counts.len() {
                counts.push(0);
            }
            counts[number as usize] += 1;
            group.push(number);
        }
        let mut starts = Vec::with_capacity(counts.len() + 1);
        let mut total = 0;
        for count in &mut counts {
            starts.push(total);
            total += std::mem::replace(count, total);
        }
        starts.push(total);
        for number in &mut group {
            let next = &mut counts[*number as usize];
            *number = *next;
            *next += 1;
        }
        Self {
            k: gathered(chunks.iter().map(|c| &c.k[run(c)]), &group),
            t: gathered(chunks.iter().map(|c| &c.t[run(c)]), &group),
            v: gathered(chunks.iter().map(|c| &c.v[run(c)]), &group),
            starts,
        }
    }

    fn demeaned(self, output: &SchemaRef) -> Result<RecordBatch, BoxError> {
        let mut w = Vec::with_capacity(self.v.len());
        for group in self.starts.windows(2) {
            let values = &self.v[group[0] as usize..group[1] as usize];
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            w.extend(values.iter().map(|v| v - mean));
        }
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(self.k)),
            Arc::new(Int64Array::from(self.t)),
            Arc::new(Float64Array::from(self.v)),
            Arc::new(Float64Array::from(w)),
        ];
        Ok(RecordBatch::try_new(Arc::clone(output), columns)?)
    }

    fn called(self, output: &SchemaRef) -> Result<RecordBatch, BoxError> {
        let columns: Vec<ArrayRef> =
            vec![Arc::new(Int64Array::from(self.k)), Arc::new(Int64Array::from(self.t)), Arc::new(Float64Array::from(self.v))];
        let all = RecordBatch::try_new(Arc::new(output.project(&[0, 1, 2])?), columns)?;
        let call = |group: &[u32]| crate::shapes::batch(all.slice(group[0] as usize, (group[1] - group[0]) as usize));
        let answers = self.starts.windows(2).map(call).collect::<Result<Vec<_>, _>>()?;
        Ok(concat_batches(output, &answers)?)
    }
}

fn gathered<'c, T: Copy + Default + 'c>(runs: impl Iterator<Item = &'c [T]>, places: &[u32]) -> Vec<T> {
    let mut out = vec![T::default(); places.len()];
    let mut places = places.iter();
    for run in runs {
        for (value, place) in run.iter().zip(places.by_ref()) {
            out[*place as usize] = *value;
        }
    }
    out
}

/// Numbers keys as they come: open addressing, keys in the table itself.
struct Table {
    slots: Vec<(i64, u32)>,
}

const EMPTY: u32 = u32::MAX;

impl Table {
    fn new(rows: usize) -> Self {
        Self { slots: vec![(0, EMPTY); (rows * 2).next_power_of_two().max(2)] }
    }

    /// The number of a key; `next` when it is new.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "masked to the size of the table")]
    fn number(&mut self, key: i64, next: u32) -> u32 {
        let mask = self.slots.len() - 1;
        let mut at = hash(key) as usize & mask;
        loop {
            let slot = &mut self.slots[at];
            if slot.1 == EMPTY {
                *slot = (key, next);
                return next;
            }
            if slot.0 == key {
                return slot.1;
            }
            at = (at + 1) & mask;
        }
    }
}

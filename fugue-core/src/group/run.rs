//! The first half of grouping, done at once for all rows: keys hashed, rows scattered to buckets and grouped in them.

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array, new_empty_array};
use arrow::record_batch::RecordBatch;
use rayon::prelude::*;

use crate::error::{Error, ErrorKind, Result};
use crate::partition::Algo;
use crate::run::{Cancel, Job, Pool, ordered};
use crate::schema::Schema;

use super::assign::assign;
use super::buckets::{Bucket, Buckets, Column, Input, Run, Selection};
use super::keys::KeyKind;
use super::permute::flat;
use super::scatter::{Chunk, Scatter, Scattered, Tagging};
use super::source::{Cutter, Sizes, Source, check_count, check_layout, number};
use super::{CoInput, GroupPlan, ZipKind};

/// More buckets than this cost more than they bring: for every chunk it is kept where they start.
const MOST_BUCKETS: usize = 1 << 10;

/// The same where each bucket is one group.
const MOST_PARTITIONS: usize = 1 << 16;

/// Lays the rows of one input out by a plan.
///
/// With keys there is a group for each distinct key. Without, there is one for each physical partition: as many as the plan says
/// (one if it says 0), in contiguous pieces whose sizes differ by at most one row, or spread pseudo-randomly by [`Algo::Rand`].
/// With keys and [`Algo::Coarse`] there is a group for each physical partition too (0 stands for one per thread of the pool),
/// with the rows of several keys, sorted by keys and presort. There is no bucket when there is no row.
///
/// The batches must have the contract's layout. To be called from a thread outside of the pool.
///
/// # Errors
/// [`ErrorKind::Cancelled`] and [`ErrorKind::DeadlineExceeded`]; [`ErrorKind::Unsupported`] beyond 4,294,967,295 rows.
pub fn group(schema: &Schema, input: Vec<RecordBatch>, plan: &GroupPlan, pool: &Pool, cancel: &Cancel) -> Result<Buckets> {
    group_stream(schema, input.into_iter().map(Ok), plan, pool, cancel)
}

/// The same for rows that are still to be read: groups by key are laid out while they are.
///
/// # Errors
/// As [`group`], and the errors of the input.
pub fn group_stream(
    schema: &Schema,
    input: impl Iterator<Item = Result<RecordBatch>> + Send + 'static,
    plan: &GroupPlan,
    pool: &Pool,
    cancel: &Cancel,
) -> Result<Buckets> {
    group_with(schema, input, plan, pool, cancel, Sizes::default())
}

/// Lays the rows of several inputs out by their keys.
///
/// A key is called when the kind says so and at least one member has a row; members without rows of it get an empty range.
/// Without keys there is one group of everything.
///
/// # Errors
/// As [`group`]; [`ErrorKind::SchemaMismatch`] when keys differ in type, [`ErrorKind::PartitionInvalid`] for a cross with keys.
pub fn cogroup(inputs: Vec<CoInput>, how: ZipKind, pool: &Pool, cancel: &Cancel) -> Result<Buckets> {
    cogroup_with(inputs, how, pool, cancel, Sizes::default())
}

/// How rows come to groups.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mode {
    /// A group for each key; the number tells how many physical partitions there may be, 0 for any.
    ByKey(ZipKind, usize),
    /// A group for each of so many parts of the hashes of keys.
    ByHash(usize),
    /// A group for each of so many parts of a pseudo-random spread.
    Spread(usize),
    /// A group for each of so many contiguous pieces.
    Pieces(usize),
}

pub(super) fn group_with(
    schema: &Schema,
    input: impl Iterator<Item = Result<RecordBatch>> + Send + 'static,
    plan: &GroupPlan,
    pool: &Pool,
    cancel: &Cancel,
    sizes: Sizes,
) -> Result<Buckets> {
    let keyed = !plan.keys.is_empty();
    let mut presort = plan.presort.clone();
    let mode = match plan.algo {
        Algo::Coarse if keyed => {
            presort.splice(0..0, plan.keys.iter().map(|k| (*k, true)));
            Mode::ByHash(if plan.num == 0 { pool.threads() } else { plan.num })
        }
        Algo::Even if keyed => Mode::ByKey(ZipKind::FullOuter, 0),
        _ if keyed => Mode::ByKey(ZipKind::FullOuter, plan.num),
        Algo::Rand => Mode::Spread(plan.num),
        _ => Mode::Pieces(plan.num),
    };
    let own_partitions = plan.algo == Algo::Even || !matches!(mode, Mode::ByKey(..));
    let mut input = input;
    let mut all =
        CoInput { schema: schema.clone(), batches: Vec::new(), keys: plan.keys.clone(), presort, columns: plan.columns.clone() };
    let mut rows = 0;
    // What is done at once, and what while reading, is decided by the number of rows alone.
    let streams = |rows| matches!(mode, Mode::ByKey(_, 0)) && rows >= sizes.stream;
    let buckets = loop {
        if streams(rows) {
            let read = std::mem::take(&mut all.batches).into_iter().map(Ok);
            break stream_by_key(all, read.chain(input), pool, cancel, sizes)?;
        }
        cancel.check()?;
        let Some(batch) = input.next().transpose()? else {
            break lay_out(vec![all], mode, pool, cancel, sizes)?;
        };
        rows += batch.num_rows();
        all.batches.push(batch);
    };
    Ok(buckets.with_own_partitions(own_partitions))
}

pub(super) fn cogroup_with(inputs: Vec<CoInput>, how: ZipKind, pool: &Pool, cancel: &Cancel, sizes: Sizes) -> Result<Buckets> {
    let types = |i: &CoInput| i.keys.iter().map(|k| i.schema.fields()[*k].ty().clone()).collect::<Vec<_>>();
    if inputs.windows(2).any(|w| types(&w[0]) != types(&w[1])) {
        return Err(Error::new(
            ErrorKind::SchemaMismatch,
            "the keys of a zip have other types in one input than in another; cast them to the same types first",
        ));
    }
    if how == ZipKind::Cross && inputs.iter().any(|i| !i.keys.is_empty()) {
        return Err(Error::new(ErrorKind::PartitionInvalid, "a cross zip has no keys; drop them, or take another kind of zip"));
    }
    lay_out(inputs, Mode::ByKey(how, 0), pool, cancel, sizes)
}

/// Does what [`group`] and [`cogroup`] have in common.
pub(super) fn lay_out(inputs: Vec<CoInput>, mode: Mode, pool: &Pool, cancel: &Cancel, sizes: Sizes) -> Result<Buckets> {
    let mut inputs = inputs;
    let mut rows = 0;
    for input in &inputs {
        let own: usize = input.batches.iter().map(RecordBatch::num_rows).sum();
        check_count(own)?;
        input.batches.iter().try_for_each(|b| check_layout(&input.schema, b))?;
        rows += own;
    }
    let keyed = inputs.first().is_some_and(|i| !i.keys.is_empty());
    pool.install(|| {
        let (buckets, scattered) = match mode {
            _ if rows == 0 => (Vec::new(), Vec::new()),
            Mode::ByKey(how, num) if keyed => {
                let kind = key_kind(&inputs[0]);
                let count = bucket_count(rows, sizes).max(num.min(rows)).min(MOST_BUCKETS);
                let tagging = |i: &CoInput| Tagging::Keys(kind.clone(), i.keys.clone());
                let scattered = inputs
                    .iter_mut()
                    .map(|i| scatter(i, tagging(i), number(count), cancel, sizes))
                    .collect::<Result<Vec<_>>>()?;
                (by_key(&scattered, &kind, how, num, cancel)?, scattered)
            }
            Mode::ByKey(how, _) => (everything(&inputs, how), Vec::new()),
            Mode::ByHash(num) if num.min(rows) > 1 => {
                let tagging = Tagging::Keys(key_kind(&inputs[0]), inputs[0].keys.clone());
                whole_buckets(&mut inputs[0], tagging, num.min(rows), cancel, sizes)?
            }
            Mode::Spread(num) if num.min(rows) > 1 => {
                whole_buckets(&mut inputs[0], Tagging::RowNumber, num.min(rows), cancel, sizes)?
            }
            Mode::ByHash(_) | Mode::Spread(_) => (pieces(rows, 1, sizes), Vec::new()),
            Mode::Pieces(num) => (pieces(rows, num.clamp(1, rows), sizes), Vec::new()),
        };
        let mut scattered = scattered.into_iter();
        let inputs =
            inputs.into_iter().map(|input| finish(input, scattered.next(), keyed, cancel)).collect::<Result<Vec<_>>>()?;
        Ok(Buckets::new(inputs, buckets, cancel.clone()))
    })
}

/// Lays the rows of one input out by their keys while they are read.
fn stream_by_key(
    input: CoInput,
    batches: impl Iterator<Item = Result<RecordBatch>> + Send + 'static,
    pool: &Pool,
    cancel: &Cancel,
    sizes: Sizes,
) -> Result<Buckets> {
    let kind = key_kind(&input);
    let scatter = Arc::new(Scatter::new(&input, Tagging::Keys(kind.clone(), input.keys.clone()), sizes.fine, cancel));
    let jobs = Cutter::new(&input.schema, batches, sizes).map({
        let scatter = Arc::clone(&scatter);
        move |rows| {
            let (rows, scatter) = (rows?, Arc::clone(&scatter));
            let job: Job<Chunk> = Box::new(move || scatter.chunk(rows));
            Ok(job)
        }
    });
    let chunks = ordered(pool, cancel, jobs).collect::<Result<Vec<_>>>()?;
    let rows = chunks.iter().map(Chunk::rows).sum();
    let count = bucket_count(rows, sizes).min(sizes.fine as usize);
    let scattered = vec![scatter.finish(chunks).coarser(number(count))];
    pool.install(|| {
        let buckets = by_key(&scattered, &kind, ZipKind::FullOuter, 0, cancel)?;
        let inputs = scattered.into_iter().map(|s| finish(input.clone(), Some(s), true, cancel)).collect::<Result<Vec<_>>>()?;
        Ok(Buckets::new(inputs, buckets, cancel.clone()))
    })
}

fn key_kind(input: &CoInput) -> KeyKind {
    KeyKind::of(&input.keys.iter().map(|k| input.schema.fields()[*k].ty().to_arrow()).collect::<Vec<_>>())
}

/// A power of two.
fn bucket_count(rows: usize, sizes: Sizes) -> usize {
    (rows / sizes.bucket).next_power_of_two()
}

/// Brings all rows of an input into the order of buckets, on the threads of the pool that it is called in.
fn scatter(input: &mut CoInput, tagging: Tagging, buckets: u32, cancel: &Cancel, sizes: Sizes) -> Result<Scattered> {
    let scatter = Scatter::new(input, tagging, buckets, cancel);
    let batches = std::mem::take(&mut input.batches).into_iter().map(Ok);
    let chunks = Cutter::new(&input.schema, batches, sizes).collect::<Result<Vec<_>>>()?;
    Ok(scatter.finish(chunks.into_par_iter().map(|rows| scatter.chunk(rows)).collect::<Result<Vec<_>>>()?))
}

/// Groups rows that were scattered by their keys.
fn by_key(scattered: &[Scattered], kind: &KeyKind, how: ZipKind, num: usize, cancel: &Cancel) -> Result<Vec<Bucket>> {
    let count = scattered.first().map_or(0, |s| s.buckets as usize);
    let assigned = (0..count)
        .into_par_iter()
        .map(|bucket| {
            cancel.check()?;
            Ok(assign(scattered, kind, how, bucket))
        })
        .collect::<Result<Vec<_>>>()?;
    let mut first = 0;
    let mut buckets: Vec<Bucket> = Vec::new();
    for (i, bucket) in assigned.into_iter().enumerate() {
        let groups = bucket.offsets.first().map_or(0, |o| o.len() - 1);
        if groups > 0 {
            let physical = if num == 0 { buckets.len() } else { i * num / count };
            let rows = bucket.to.into_iter().zip(scattered).map(|(to, s)| Selection::spread(s, i, to)).collect();
            buckets.push(Bucket { rows, offsets: bucket.offsets, first, physical });
            first += groups;
        }
    }
    Ok(buckets)
}

/// One group of all rows of all inputs.
fn everything(inputs: &[CoInput], how: ZipKind) -> Vec<Bucket> {
    let rows: Vec<usize> = inputs.iter().map(|i| i.batches.iter().map(RecordBatch::num_rows).sum()).collect();
    if !how.calls(rows.iter().map(|r| *r > 0)) {
        return Vec::new();
    }
    let offsets = rows.iter().map(|r| vec![0, *r]).collect();
    vec![Bucket { rows: rows.into_iter().map(|r| Selection::Run(0..r)).collect(), offsets, first: 0, physical: 0 }]
}

/// Scatters the rows of one input; each bucket is a group.
fn whole_buckets(
    input: &mut CoInput,
    tagging: Tagging,
    count: usize,
    cancel: &Cancel,
    sizes: Sizes,
) -> Result<(Vec<Bucket>, Vec<Scattered>)> {
    let count = count.min(MOST_PARTITIONS);
    let scattered = scatter(input, tagging, number(count), cancel, sizes)?;
    let rows = |bucket: usize| scattered.chunks.iter().map(|c| c.places(bucket).len()).sum::<usize>();
    let filled = (0..count).map(|bucket| (bucket, rows(bucket))).filter(|(_, rows)| *rows > 0).enumerate();
    let buckets = filled
        .map(|(place, (bucket, rows))| Bucket {
            offsets: vec![vec![0, rows]],
            rows: vec![Selection::spread(&scattered, bucket, (0..number(rows)).collect())],
            first: place,
            physical: place,
        })
        .collect();
    Ok((buckets, vec![scattered]))
}

/// Contiguous pieces whose sizes differ by at most one, several small ones to a bucket.
fn pieces(rows: usize, count: usize, sizes: Sizes) -> Vec<Bucket> {
    let mut buckets = Vec::new();
    let (mut start, mut first) = (0, 0);
    let mut offsets = vec![0];
    let mut end = 0;
    for piece in 0..count {
        end += rows / count + usize::from(piece < rows % count);
        offsets.push(end - start);
        if end - start >= sizes.chunk || piece + 1 == count {
            let offsets = vec![std::mem::replace(&mut offsets, vec![0])];
            buckets.push(Bucket { rows: vec![Selection::Run(start..end)], offsets, first, physical: first });
            (start, first) = (end, piece + 1);
        }
    }
    buckets
}

/// Brings the other columns that are needed into the order of the buckets.
fn finish(input: CoInput, scattered: Option<Scattered>, keyed: bool, cancel: &Cancel) -> Result<Input> {
    let width = input.schema.len();
    let mut columns: Vec<Option<Column>> = (0..width).map(|_| None).collect();
    let mut runs = Vec::new();
    let (kept, source, order) = match scattered {
        None => {
            let all: Vec<usize> = (0..width).collect();
            let source = Source::new(width, &all, input.batches.iter());
            (all, source, None)
        }
        Some(Scattered { mut chunks, moved, kept, .. }) => {
            for (at, column) in moved.iter().enumerate() {
                let arrays: Vec<ArrayRef> = chunks.iter().map(|c| Arc::clone(&c.moved[at])).collect();
                columns[*column] = Some(match arrays.is_empty() {
                    // An input of a zip may have no row, and then has no chunk.
                    true => Column::Flat(new_empty_array(&input.schema.fields()[*column].ty().to_arrow())),
                    false => Column::Chunks(arrays),
                });
            }
            let source = Source::new(width, &kept, chunks.iter().flat_map(|c| &c.kept));
            let order = chunks.iter().map(|c| c.order.as_deref()).collect::<Option<Vec<_>>>().map(|o| o.concat());
            runs = chunks.iter_mut().map(|c| Run { first: c.first, starts: std::mem::take(&mut c.starts) }).collect();
            (kept, source, order.filter(|o| !o.is_empty()).map(UInt32Array::from))
        }
    };
    let column = |c: usize| {
        let data_type = input.schema.fields()[c].ty().to_arrow();
        let array = match (source.parts[c].as_slice(), &order) {
            ([], _) => Column::Flat(new_empty_array(&data_type)),
            ([one], None) => Column::Flat(ArrayRef::clone(one)),
            // Nested values are large, and not cheaper to move twice: buckets take them from where they are.
            _ if data_type.is_nested() => Column::Parts(source.parts[c].clone()),
            (_, Some(order)) => Column::Flat(flat(&source, c, order, cancel)?),
            (_, None) if keyed => Column::Flat(source.column(c, 0..source.rows())?),
            (_, None) => Column::Parts(source.parts[c].clone()),
        };
        Ok((c, array))
    };
    for (c, array) in kept.into_par_iter().map(column).collect::<Result<Vec<_>>>()? {
        columns[c] = Some(array);
    }
    let schema = input.schema.to_arrow();
    Ok(Input {
        output: schema.project(&input.columns)?.into(),
        key_schema: schema.project(&input.keys)?.into(),
        columns,
        starts: source.starts,
        runs,
        order,
        keys: input.keys,
        project: input.columns,
        presort: input.presort,
    })
}

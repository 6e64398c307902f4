//! The first half of grouping, done at once for all rows: keys hashed, rows scattered to buckets and grouped in them.

use arrow::array::{UInt32Array, new_empty_array};
use arrow::datatypes::DataType;
use arrow::record_batch::RecordBatch;
use rayon::prelude::*;

use crate::error::{Error, ErrorKind, Result};
use crate::partition::Algo;
use crate::run::{Cancel, Pool};
use crate::schema::Schema;

use super::assign::assign;
use super::buckets::{Bucket, Buckets, Column, Input, Selection};
use super::keys::KeyKind;
use super::permute::permute;
use super::scatter::{Tagging, scatter};
use super::source::{Sizes, Source, number};
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
    input: Vec<RecordBatch>,
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
    let input =
        CoInput { schema: schema.clone(), batches: input, keys: plan.keys.clone(), presort, columns: plan.columns.clone() };
    Ok(lay_out(vec![input], mode, pool, cancel, sizes)?.with_own_partitions(own_partitions))
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
    let mut sources = Vec::with_capacity(inputs.len());
    let mut inputs = inputs;
    for input in &mut inputs {
        sources.push(Source::new(&input.schema, std::mem::take(&mut input.batches), sizes)?);
    }
    let rows: usize = sources.iter().map(Source::rows).sum();
    let keyed = inputs.first().is_some_and(|i| !i.keys.is_empty());
    pool.install(|| {
        let (buckets, orders) = match mode {
            _ if rows == 0 => (Vec::new(), Vec::new()),
            Mode::ByKey(how, num) if keyed => by_key(&inputs, &sources, how, num, cancel, sizes)?,
            Mode::ByKey(how, _) => (everything(&sources, how), Vec::new()),
            Mode::ByHash(num) if num.min(rows) > 1 => {
                let kind = key_kind(&inputs, &sources);
                whole_buckets(&sources, &Tagging::Keys(&kind, &inputs[0].keys), num.min(rows).min(MOST_PARTITIONS), cancel)?
            }
            Mode::Spread(num) if num.min(rows) > 1 => {
                whole_buckets(&sources, &Tagging::RowNumber, num.min(rows).min(MOST_PARTITIONS), cancel)?
            }
            Mode::ByHash(_) | Mode::Spread(_) => (pieces(rows, 1, sizes), Vec::new()),
            Mode::Pieces(num) => (pieces(rows, num.clamp(1, rows), sizes), Vec::new()),
        };
        let mut orders = orders.into_iter();
        let inputs = inputs
            .into_iter()
            .zip(sources)
            .map(|(input, source)| finish(input, source, orders.next().flatten(), keyed, cancel))
            .collect::<Result<Vec<_>>>()?;
        Ok(Buckets::new(inputs, buckets, cancel.clone()))
    })
}

type Laid = (Vec<Bucket>, Vec<Option<Vec<u32>>>);

fn key_kind(inputs: &[CoInput], sources: &[Source]) -> KeyKind {
    let columns: Vec<(DataType, bool)> = (0..inputs[0].keys.len())
        .map(|k| {
            let nullable = inputs.iter().zip(sources).any(|(i, s)| s.has_nulls(i.keys[k]));
            (inputs[0].schema.fields()[inputs[0].keys[k]].ty().to_arrow(), nullable)
        })
        .collect();
    KeyKind::of(&columns)
}

fn by_key(inputs: &[CoInput], sources: &[Source], how: ZipKind, num: usize, cancel: &Cancel, sizes: Sizes) -> Result<Laid> {
    let rows: usize = sources.iter().map(Source::rows).sum();
    let by_rows = (rows / sizes.bucket).next_power_of_two();
    let count = by_rows.max(num.min(rows)).min(MOST_BUCKETS);
    let kind = key_kind(inputs, sources);
    let scattered = inputs
        .iter()
        .zip(sources)
        .map(|(i, s)| scatter(s, &Tagging::Keys(&kind, &i.keys), number(count), cancel))
        .collect::<Result<Vec<_>>>()?;
    let assigned = (0..count)
        .into_par_iter()
        .map(|bucket| {
            cancel.check()?;
            Ok(assign(&scattered, &kind, how, bucket))
        })
        .collect::<Result<Vec<_>>>()?;
    let mut first = 0;
    let mut buckets: Vec<Bucket> = Vec::new();
    for (i, bucket) in assigned.into_iter().enumerate() {
        let groups = bucket.offsets.first().map_or(0, |o| o.len() - 1);
        if groups > 0 {
            let physical = if num == 0 { buckets.len() } else { i * num / count };
            let rows = bucket.places.into_iter().map(Selection::of_places).collect();
            buckets.push(Bucket { rows, offsets: bucket.offsets, first, physical });
            first += groups;
        }
    }
    Ok((buckets, scattered.into_iter().map(|s| s.order).collect()))
}

/// One group of all rows of all inputs.
fn everything(sources: &[Source], how: ZipKind) -> Vec<Bucket> {
    let rows: Vec<usize> = sources.iter().map(Source::rows).collect();
    if !how.calls(rows.iter().map(|r| *r > 0)) {
        return Vec::new();
    }
    let offsets = rows.iter().map(|r| vec![0, *r]).collect();
    vec![Bucket { rows: rows.into_iter().map(|r| Selection::Run(0..r)).collect(), offsets, first: 0, physical: 0 }]
}

/// Scatters the rows of one input; each bucket is a group.
fn whole_buckets(sources: &[Source], tagging: &Tagging<'_>, count: usize, cancel: &Cancel) -> Result<Laid> {
    let scattered = scatter(&sources[0], tagging, number(count), cancel)?;
    let places = |bucket| scattered.places(bucket).flat_map(|(_, r)| r).map(number).collect::<Vec<u32>>();
    let filled: Vec<Vec<u32>> = (0..count).into_par_iter().map(places).collect();
    let bucket = |(number, places): (usize, Vec<u32>)| Bucket {
        offsets: vec![vec![0, places.len()]],
        rows: vec![Selection::of_places(places)],
        first: number,
        physical: number,
    };
    Ok((filled.into_iter().filter(|p| !p.is_empty()).enumerate().map(bucket).collect(), vec![scattered.order]))
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

/// Brings the columns that are needed into the order of the buckets.
fn finish(input: CoInput, source: Source, order: Option<Vec<u32>>, keyed: bool, cancel: &Cancel) -> Result<Input> {
    let wanted = |c: &usize| input.columns.contains(c) || input.keys.contains(c) || input.presort.iter().any(|p| p.0 == *c);
    let column = |c: usize| {
        if !wanted(&c) {
            return Ok(None);
        }
        let data_type = input.schema.fields()[c].ty().to_arrow();
        Ok(Some(match (source.batches.as_slice(), &order) {
            ([], _) => Column::Flat(new_empty_array(&data_type)),
            // Nested values are large, and not cheaper to move twice: buckets take them from where they are.
            (_, Some(_)) if data_type.is_nested() => Column::parts(&source, c),
            (_, Some(order)) => Column::Flat(permute(&source, c, order, cancel)?),
            ([one], None) => Column::Flat(one.column(c).clone()),
            (_, None) if keyed && !data_type.is_nested() => Column::Flat(source.column(c, 0..source.rows())?),
            (_, None) => Column::parts(&source, c),
        }))
    };
    let columns = (0..input.schema.len()).into_par_iter().map(column).collect::<Result<Vec<_>>>()?;
    let schema = input.schema.to_arrow();
    Ok(Input {
        output: schema.project(&input.columns)?.into(),
        key_schema: schema.project(&input.keys)?.into(),
        columns,
        starts: source.starts,
        order: order.map(UInt32Array::from),
        keys: input.keys,
        project: input.columns,
        presort: input.presort,
    })
}

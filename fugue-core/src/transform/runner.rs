//! The runner that engines share: from batches to calls and back, on the pool, a few groups ahead of the consumer.

use std::sync::Arc;

use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use crate::error::{Error, ErrorKind, Result};
use crate::group::{Buckets, CoInput, GroupPlan, Groups, Member, ZipKind, cogroup, group, group_stream, sorted_groups, split};
use crate::io::BatchIter;
use crate::partition::{Algo, Num, PartitionSpec};
use crate::run::{Job, RunContext, ordered};
use crate::schema::Schema;

use super::task::{Shape, Task};

/// Rows on their way into a map.
#[expect(clippy::exhaustive_enums, reason = "engines and runners must mind every case")]
pub enum InputRows {
    /// One physical partition, read as it is asked for.
    Stream(BatchIter),
    /// Physical partitions in memory, as a repartition left them.
    Split(Vec<Vec<RecordBatch>>),
}

impl std::fmt::Debug for InputRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stream(_) => f.write_str("Stream"),
            Self::Split(parts) => write!(f, "Split({})", parts.len()),
        }
    }
}

impl InputRows {
    fn collect(self, run: &RunContext) -> Result<Vec<RecordBatch>> {
        match self {
            Self::Stream(batches) => batches
                .map(|b| {
                    run.cancel.check()?;
                    b
                })
                .filter(|b| !matches!(b, Ok(b) if b.num_rows() == 0))
                .collect(),
            Self::Split(parts) => Ok(parts.into_iter().flatten().collect()),
        }
    }

    /// All of them, as they are read.
    fn batches(self) -> BatchIter {
        match self {
            Self::Stream(batches) => batches,
            Self::Split(parts) => Box::new(parts.into_iter().flatten().map(Ok)),
        }
    }

    /// The same rows with some of their columns, by position.
    ///
    /// # Errors
    /// Positions that there are not.
    pub fn project(self, columns: &[usize]) -> Result<Self> {
        Ok(match self {
            Self::Stream(batches) => {
                let columns = columns.to_vec();
                Self::Stream(Box::new(batches.map(move |batch| Ok(batch?.project(&columns)?))))
            }
            Self::Split(parts) => {
                let project = |part: Vec<RecordBatch>| part.iter().map(|b| Ok(b.project(columns)?)).collect::<Result<Vec<_>>>();
                Self::Split(parts.into_iter().map(project).collect::<Result<_>>()?)
            }
        })
    }

    fn partitions(self) -> Vec<Vec<RecordBatch>> {
        match self {
            Self::Stream(_) => Vec::new(),
            Self::Split(parts) => parts,
        }
    }
}

/// Calls a task for each group of the rows, by the promise of [`Engine::map`](crate::engine::Engine::map).
///
/// `schema` is that of the rows: the task's input, or fewer columns of it (at least the keys, the presort columns and
/// [`Task::needs`]). Reading, grouping and calling happen as the result is pulled, which must not be done on a thread of the pool.
/// A stream-shaped task without keys runs in bounded memory over [`InputRows::Stream`].
///
/// # Errors
/// `ColumnNotFound` for a spec that does not fit the rows; all else comes out of the iterator.
pub fn run_map(rows: InputRows, schema: &Schema, spec: &PartitionSpec, task: &Task, run: &RunContext) -> Result<BatchIter> {
    let (schema, spec, task, run) = (schema.clone(), spec.clone(), task.clone(), run.clone());
    schema.indices_of(spec.keys())?;
    schema.indices_of(spec.presort_keys().iter().map(|s| &s.column))?;
    // Nothing is read before the first pull.
    Ok(deferred(move || start(rows, &schema, &spec, &task, &run)))
}

/// An iterator that is made at the first pull.
fn deferred(start: impl FnOnce() -> Result<BatchIter> + Send + 'static) -> BatchIter {
    let mut start = Some(start);
    let mut inner: Option<BatchIter> = None;
    Box::new(std::iter::from_fn(move || {
        if let Some(start) = start.take() {
            match start() {
                Ok(batches) => inner = Some(batches),
                Err(e) => return Some(Err(e)),
            }
        }
        inner.as_mut().and_then(Iterator::next)
    }))
}

fn start(rows: InputRows, schema: &Schema, spec: &PartitionSpec, task: &Task, run: &RunContext) -> Result<BatchIter> {
    let row_wise = task.is_row_wise(spec);
    let num_matters = !spec.num_expr().is_zero();
    if !spec.keys().is_empty() && !row_wise {
        let (rows, count) = counted(rows, spec, run)?;
        if count == Some(0) {
            return Ok(Box::new(std::iter::empty()));
        }
        let plan = GroupPlan::new(schema, spec, number(spec, count, run)? as u64)?.with_columns(task.needs_of(0, schema)?);
        let buckets = tracing::debug_span!("group", transformer = task.name())
            .in_scope(|| group_stream(schema, rows.batches(), &plan, &run.pool, &run.cancel))?;
        tracing::debug!(transformer = task.name(), groups = buckets.groups(), buckets = buckets.len(), "grouped");
        return Ok(call_buckets(buckets, task, run));
    }
    if row_wise {
        return Ok(call_rows(rows, task, run));
    }
    let explicit = num_matters || matches!(spec.algorithm(), Algo::Even | Algo::Rand);
    // One partition is what a stream is already, by every algorithm: it need not be gathered first.
    let single = num_matters && !spec.num_expr().needs_row_count() && number(spec, None, run)? == 1;
    if explicit && !(single && matches!(rows, InputRows::Stream(_))) {
        let batches = rows.collect(run)?;
        if *spec.num_expr() == Num::rows() && spec.algorithm() == Algo::Even && spec.presort_keys().is_empty() {
            return Ok(call_single_rows(batches, task, run));
        }
        let count = batches.iter().map(|b| b.num_rows() as u64).sum();
        let num = number(spec, Some(count), run)?;
        let parts = if num == 0 { vec![batches] } else { split(schema, batches, spec, num, &run.pool, &run.cancel)? };
        return call_partitions(parts, schema, spec, task, run);
    }
    match rows {
        InputRows::Stream(batches) if task.shape() == Shape::Stream && spec.presort_keys().is_empty() => {
            call_stream(batches, task, run)
        }
        InputRows::Stream(batches) => {
            let all = InputRows::Stream(batches).collect(run)?;
            call_partitions(vec![all], schema, spec, task, run)
        }
        split => call_partitions(split.partitions(), schema, spec, task, run),
    }
}

/// The rows and how many they are, where the number of partitions depends on that: they are then gathered, and not read twice.
fn counted(rows: InputRows, spec: &PartitionSpec, run: &RunContext) -> Result<(InputRows, Option<u64>)> {
    if !spec.num_expr().needs_row_count() {
        return Ok((rows, None));
    }
    let batches = rows.collect(run)?;
    let count = batches.iter().map(|b| b.num_rows() as u64).sum();
    Ok((InputRows::Split(vec![batches]), Some(count)))
}

/// The number of partitions that a spec asks for; 0 leaves it open.
fn number(spec: &PartitionSpec, rows: Option<u64>, run: &RunContext) -> Result<usize> {
    let number = spec.num_expr().evaluate(rows, run.pool.threads())?;
    usize::try_from(number).map_err(|_| Error::new(ErrorKind::PartitionInvalid, format!("{number} partitions are too many")))
}

/// As [`run_map`] for rows that an engine has in order already: those of a key stand together, in presort order.
///
/// It takes no more memory than a few of the largest groups: three for one of several partitions, which run side by side. The spec must have keys, and an algorithm that calls key by key.
///
/// # Errors
/// As [`run_map`].
pub fn run_sorted(batches: BatchIter, schema: &Schema, spec: &PartitionSpec, task: &Task, run: &RunContext) -> Result<BatchIter> {
    let plan = GroupPlan::new(schema, spec, 0)?.with_columns(task.needs_of(0, schema)?);
    if plan.keys.is_empty() || plan.algo == Algo::Coarse {
        let message = format!("rows in order are called key by key, which [{spec}] does not ask for");
        return Err(Error::new(ErrorKind::Unexpected, message));
    }
    let groups = jobs_of(sorted_groups(schema, batches, &plan)?, task, run);
    let ahead = if run.partition.is_some() { 2 } else { run.pool.threads() + 1 };
    Ok(flatten(ordered(&run.pool, &run.cancel, groups).ahead(ahead)))
}

fn call_buckets(buckets: Buckets, task: &Task, run: &RunContext) -> BatchIter {
    let buckets = Arc::new(buckets);
    let (task, inner) = (task.clone(), run.clone());
    if buckets.len() < run.pool.threads() * PIECES {
        // Few rows may still be much work: few buckets are cut into single groups, so that all threads have a share.
        let threads = run.pool.threads();
        let groups = (0..buckets.len()).flat_map(move |i| match buckets.build(i) {
            Ok(groups) => pieces(groups, threads).into_iter().map(Ok).collect::<Vec<_>>(),
            Err(e) => vec![Err(e)],
        });
        return call_groups(groups, &task, run);
    }
    let jobs = (0..buckets.len()).map(move |i| {
        let (buckets, task, run) = (Arc::clone(&buckets), task.clone(), inner.clone());
        let job: Job<Vec<RecordBatch>> = Box::new(move || task.run(placed(buckets.build(i)?, &run), &run));
        Ok(job)
    });
    flatten(ordered(&run.pool, &run.cancel, jobs))
}

/// How many shares of work a thread gets at least, so that an uneven one does not leave the others idle.
const PIECES: usize = 4;
/// Rows that a share of row-wise work has at most.
const ROWS: usize = 8192;

/// Cuts groups into shares for the threads.
fn pieces(groups: Groups, threads: usize) -> Vec<Groups> {
    let count = groups.len();
    let share = count.div_ceil(threads * PIECES * 2).max(1);
    (0..count).step_by(share).map(|start| groups.slice(start..count.min(start + share))).collect()
}

/// One job per share of groups.
fn call_groups(groups: impl Iterator<Item = Result<Groups>> + Send + 'static, task: &Task, run: &RunContext) -> BatchIter {
    flatten(ordered(&run.pool, &run.cancel, jobs_of(groups, task, run)))
}

type TaskJobs = Result<Job<Vec<RecordBatch>>>;

fn jobs_of(
    groups: impl Iterator<Item = Result<Groups>> + Send + 'static,
    task: &Task,
    run: &RunContext,
) -> impl Iterator<Item = TaskJobs> + Send + 'static {
    let (task, inner) = (task.clone(), run.clone());
    groups.map(move |groups| {
        let groups = groups?;
        let (task, run) = (task.clone(), inner.clone());
        let job: Job<Vec<RecordBatch>> = Box::new(move || task.run(placed(groups, &run), &run));
        Ok(job)
    })
}

/// Batches one by one, in parallel and in order: rows of a partition need not stand together.
fn call_rows(rows: InputRows, task: &Task, run: &RunContext) -> BatchIter {
    let batches: BatchIter = match rows {
        InputRows::Stream(batches) => batches,
        InputRows::Split(parts) => Box::new(parts.into_iter().flatten().map(Ok)),
    };
    let threads = run.pool.threads();
    let (mut first, mut before) = (0, 0);
    let shares = batches.filter(|b| !matches!(b, Ok(b) if b.num_rows() == 0)).flat_map(move |batch| match batch {
        Err(e) => vec![Err(e)],
        Ok(batch) => {
            let rows = batch.num_rows();
            let share = rows.div_ceil(threads * PIECES).clamp(1, ROWS);
            let cut = (0..rows).step_by(share).map(|start| (batch.slice(start, share.min(rows - start)), before + start));
            let cut = cut.map(|(piece, start)| {
                first += 1;
                Ok((one_group(piece, first - 1)?, start))
            });
            let cut: Vec<Result<(Groups, usize)>> = cut.collect();
            before += rows;
            cut
        }
    });
    let (task, inner) = (task.clone(), run.clone());
    let jobs = shares.map(move |share| {
        let (groups, start) = share?;
        let (task, run) = (task.clone(), inner.clone());
        // Where it was cut is nobody's business: errors name rows of the whole.
        let job: Job<Vec<RecordBatch>> =
            Box::new(move || task.run(placed(groups, &run), &run).map_err(|e| e.counted_from(start)));
        Ok(job)
    });
    flatten(ordered(&run.pool, &run.cancel, jobs))
}

/// One call per row.
fn call_single_rows(batches: Vec<RecordBatch>, task: &Task, run: &RunContext) -> BatchIter {
    let threads = run.pool.threads();
    let mut first = 0;
    let shares = batches.into_iter().flat_map(move |batch| {
        let rows = batch.num_rows();
        let keys = match no_keys(rows) {
            Ok(keys) => keys,
            Err(e) => return vec![Err(e)],
        };
        let groups =
            Groups { keys, members: vec![Member { batch, offsets: (0..=rows).collect() }], first, physical: first, apart: true };
        first += rows;
        pieces(groups, threads).into_iter().map(Ok).collect()
    });
    call_groups(shares, task, run)
}

/// One call per partition.
fn call_partitions(
    parts: Vec<Vec<RecordBatch>>,
    schema: &Schema,
    spec: &PartitionSpec,
    task: &Task,
    run: &RunContext,
) -> Result<BatchIter> {
    let filled = parts.into_iter().filter(|p| p.iter().any(|b| b.num_rows() > 0));
    run_partitions(filled.enumerate().collect(), schema, spec, task, run)
}

/// As [`run_map`] without keys for some of the physical partitions that there are, each with its number among all and none of them
/// without rows: for an engine that works on them in several places.
///
/// # Errors
/// As [`run_map`].
pub fn run_partitions(
    parts: Vec<(usize, Vec<RecordBatch>)>,
    schema: &Schema,
    spec: &PartitionSpec,
    task: &Task,
    run: &RunContext,
) -> Result<BatchIter> {
    let unkeyed = spec.clone().by(Vec::<String>::new())?;
    let plan = GroupPlan::new(schema, &unkeyed.num(0)?.algo(Algo::Default), 0)?.with_columns(task.needs_of(0, schema)?);
    let (task, inner, schema) = (task.clone(), run.clone(), schema.clone());
    let jobs = parts.into_iter().map(move |(number, part)| {
        let (task, run, plan, schema) = (task.clone(), inner.clone(), plan.clone(), schema.clone());
        let job: Job<Vec<RecordBatch>> = Box::new(move || {
            let buckets = group(&schema, part, &plan, &run.pool, &run.cancel)?;
            let mut all = Vec::new();
            for bucket in 0..buckets.len() {
                // Large groups are sorted by all threads that compute.
                let mut groups = run.pool.install(|| buckets.build(bucket))?;
                groups.first = number;
                (groups.physical, groups.apart) = (number, false);
                all.extend(task.run(placed(groups, &run), &run)?);
            }
            Ok(all)
        });
        Ok(job)
    });
    Ok(flatten(ordered(&run.pool, &run.cancel, jobs)))
}

/// One call with a partition that is read as the function asks for it, on the thread that pulls the result.
fn call_stream(batches: BatchIter, task: &Task, run: &RunContext) -> Result<BatchIter> {
    let mut batches = batches;
    // A function is never called with zero rows, so the first row is looked for before it is called.
    let first = loop {
        run.cancel.check()?;
        match batches.next() {
            None => return Ok(Box::new(std::iter::empty())),
            Some(batch) => {
                let batch = batch?;
                if batch.num_rows() > 0 {
                    break batch;
                }
            }
        }
    };
    let groups = placed(one_group(RecordBatch::new_empty(first.schema()), 0)?, run);
    let cancel = run.cancel.clone();
    let rest = batches.map(move |batch| {
        cancel.check()?;
        batch
    });
    task.run_stream(groups, Box::new(std::iter::once(Ok(first)).chain(rest)), run)
}

/// Groups with the numbers that they have in the whole run, of which this may be one partition.
fn placed(groups: Groups, run: &RunContext) -> Groups {
    match run.partition {
        Some(partition) => groups.in_partition(partition),
        None => groups,
    }
}

fn one_group(batch: RecordBatch, first: usize) -> Result<Groups> {
    let rows = batch.num_rows();
    Ok(Groups { members: vec![Member { batch, offsets: vec![0, rows] }], keys: no_keys(1)?, first, physical: 0, apart: false })
}

/// As many groups without keys.
fn no_keys(groups: usize) -> Result<RecordBatch> {
    let schema = Arc::new(arrow::datatypes::Schema::empty());
    Ok(RecordBatch::try_new_with_options(schema, Vec::new(), &RecordBatchOptions::new().with_row_count(Some(groups)))?)
}

fn flatten(results: impl Iterator<Item = Result<Vec<RecordBatch>>> + Send + 'static) -> BatchIter {
    Box::new(results.flat_map(|result| match result {
        Ok(batches) => batches.into_iter().map(Ok).collect::<Vec<_>>(),
        Err(e) => vec![Err(e)],
    }))
}

/// Lays rows out anew in as many partitions as the spec says, by its algorithm; rows and columns stay.
///
/// # Errors
/// `ColumnNotFound` and `PartitionInvalid` for a spec that does not fit, and what reading the rows meets.
pub fn run_repartition(
    rows: InputRows,
    schema: &Schema,
    spec: &PartitionSpec,
    run: &RunContext,
) -> Result<Vec<Vec<RecordBatch>>> {
    let parts = match rows {
        stream @ InputRows::Stream(_) => vec![stream.collect(run)?],
        InputRows::Split(parts) => parts,
    };
    let count = parts.iter().flatten().map(|b| b.num_rows() as u64).sum();
    let num = number(spec, Some(count), run)?;
    if num == 0 && spec.keys().is_empty() {
        return Ok(parts);
    }
    let num = if num == 0 { run.pool.threads() } else { num };
    split(schema, parts.into_iter().flatten().collect(), spec, num, &run.pool, &run.cancel)
}

/// Calls a task for each key of several inputs, by the promise of [`Engine::comap`](crate::engine::Engine::comap).
///
/// Each input is its schema and its rows. Reading, grouping and calling happen as the result is pulled, which must not be done on a
/// thread of the pool.
///
/// # Errors
/// They come out of the iterator.
pub fn run_comap(
    inputs: Vec<(Schema, InputRows)>,
    how: ZipKind,
    spec: &PartitionSpec,
    task: &Task,
    run: &RunContext,
) -> Result<BatchIter> {
    let (spec, task, run) = (spec.clone(), task.clone(), run.clone());
    Ok(deferred(move || {
        let inputs = inputs
            .into_iter()
            .enumerate()
            .map(|(i, (schema, rows))| {
                let columns = task.needs_of(i, &schema)?;
                co_input(schema, rows.collect(&run)?, &spec, columns)
            })
            .collect::<Result<Vec<_>>>()?;
        let buckets = cogroup(inputs, how, &run.pool, &run.cancel)?;
        Ok(call_buckets(buckets, &task, &run))
    }))
}

/// An input of a zip: its keys by name, sorted by those presort columns that it has.
pub(crate) fn co_input(schema: Schema, batches: Vec<RecordBatch>, spec: &PartitionSpec, columns: Vec<usize>) -> Result<CoInput> {
    let keys = schema.indices_of(spec.keys())?;
    let presort = spec.presort_keys().iter().filter_map(|s| schema.index_of(&s.column).map(|i| (i, s.ascending))).collect();
    Ok(CoInput { schema, batches, keys, presort, columns })
}

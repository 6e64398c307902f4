//! The second half of grouping, done bucket by bucket: rows put in order, and their columns gathered.

use std::fmt;
use std::ops::Range;

use arrow::array::{Array, ArrayRef, UInt32Array};
use arrow::compute::{interleave, take};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use crate::error::{Error, ErrorKind, Result};
use crate::run::Cancel;

use super::assign::NOWHERE;
use super::canonical::canonical;
use super::permute::spread;
use super::scatter::Scattered;
use super::sort::sort_groups;
use super::source::{joined, locate, number, pieces};
use super::{Groups, Member};

/// Groups that wait to be built, in buckets of whole groups. Every bucket has a group, every group a row.
pub struct Buckets {
    inputs: Vec<Input>,
    buckets: Vec<Bucket>,
    own_partitions: bool,
    cancel: Cancel,
}

/// The columns of one input in the order of buckets.
pub(super) struct Input {
    /// By position in the schema; those that nothing needs are absent.
    pub columns: Vec<Option<Column>>,
    /// Where the parts of columns start.
    pub starts: Vec<usize>,
    /// The row number of each place, when places are not row numbers.
    pub order: Option<UInt32Array>,
    /// Where the rows of buckets stand in chunks.
    pub runs: Vec<Run>,
    pub keys: Vec<usize>,
    pub key_schema: SchemaRef,
    pub project: Vec<usize>,
    pub output: SchemaRef,
    pub presort: Vec<(usize, bool)>,
}

/// One column of an input.
pub(super) enum Column {
    /// In the order of places.
    Flat(ArrayRef),
    /// In the order of places, chunk by chunk.
    Chunks(Vec<ArrayRef>),
    /// As it came, in the order of rows.
    Parts(Vec<ArrayRef>),
}

/// Where buckets stand in a chunk.
pub(super) struct Run {
    /// The first place of the chunk.
    pub first: usize,
    /// Where each bucket starts, from the first place on, and the number of rows at the end.
    pub starts: Vec<u32>,
}

impl Run {
    #[inline]
    pub(super) fn of(&self, bucket: usize) -> Range<usize> {
        self.starts[bucket] as usize..self.starts[bucket + 1] as usize
    }
}

/// Some groups.
pub(super) struct Bucket {
    /// By input, group after group.
    pub rows: Vec<Selection>,
    /// By input.
    pub offsets: Vec<Vec<usize>>,
    pub first: usize,
    pub physical: usize,
}

/// Places of an input.
pub(super) enum Selection {
    /// All from one to another: gathered without a copy.
    Run(Range<usize>),
    /// In any order.
    Places(UInt32Array),
    /// The rows of a bucket, by where each goes, chunk by chunk: rows are then read in the order in which they lie in memory.
    Spread { bucket: usize, rows: usize, to: Vec<u32> },
}

impl Selection {
    /// The rows of a bucket, by where each goes.
    pub(super) fn spread(scattered: &Scattered, bucket: usize, to: Vec<u32>) -> Self {
        let rows = to.iter().filter(|t| **t != NOWHERE).count();
        if scattered.buckets > 1 {
            return Self::Spread { bucket, rows, to };
        }
        // Few rows in one bucket did not move, and may be in order already.
        Self::of_places(placed(rows, (0..).zip(&to)))
    }

    pub(super) fn of_places(places: Vec<u32>) -> Self {
        match places.as_slice() {
            [] => Self::Run(0..0),
            [first, .., last] if (*last as usize) != *first as usize + places.len() - 1 => Self::Places(places.into()),
            [first, ..] if places.iter().zip(*first..).all(|(a, b)| *a == b) => {
                Self::Run(*first as usize..*first as usize + places.len())
            }
            _ => Self::Places(places.into()),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Run(range) => range.len(),
            Self::Places(places) => places.len(),
            Self::Spread { rows, .. } => *rows,
        }
    }

    /// The same rows in another order: for each row of the result where it stands now.
    fn moved(&self, from: &[u32]) -> Self {
        match self {
            Self::Run(range) => Self::of_places(from.iter().map(|at| number(range.start) + at).collect()),
            Self::Places(places) => Self::of_places(from.iter().map(|at| places.value(*at as usize)).collect()),
            Self::Spread { bucket, rows, to } => {
                let goes = placed(*rows, (0..).zip(from));
                let to = to.iter().map(|t| goes.get(*t as usize).copied().unwrap_or(NOWHERE)).collect();
                Self::Spread { bucket: *bucket, rows: *rows, to }
            }
        }
    }
}

/// So many numbers, each put where it goes; those that go nowhere are left out.
fn placed<'t>(rows: usize, numbers: impl Iterator<Item = (u32, &'t u32)>) -> Vec<u32> {
    let mut out = vec![0; rows];
    for (number, to) in numbers {
        if let Some(slot) = out.get_mut(*to as usize) {
            *slot = number;
        }
    }
    out
}

impl Buckets {
    pub(super) fn new(inputs: Vec<Input>, buckets: Vec<Bucket>, cancel: Cancel) -> Self {
        Self { inputs, buckets, own_partitions: false, cancel }
    }

    pub(super) fn with_own_partitions(self, own_partitions: bool) -> Self {
        Self { own_partitions, ..self }
    }

    /// Number of buckets.
    #[must_use]
    pub fn len(&self) -> usize {
        self.buckets.len()
    }

    /// Whether there is nothing to be called.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// Number of groups in all buckets.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.buckets.last().map_or(0, |b| b.first + b.offsets.first().map_or(0, |o| o.len() - 1))
    }

    /// Number of rows in a bucket, of all its members together.
    #[must_use]
    pub fn rows(&self, bucket: usize) -> usize {
        self.buckets[bucket].rows.iter().map(Selection::len).sum()
    }

    /// Gathers one bucket. Pure; to be called in parallel on the threads of the pool, for a few buckets at a time.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled) and
    /// [`ErrorKind::DeadlineExceeded`](crate::ErrorKind::DeadlineExceeded).
    pub fn build(&self, bucket: usize) -> Result<Groups> {
        self.cancel.check()?;
        let bucket = &self.buckets[bucket];
        let mut members = Vec::with_capacity(self.inputs.len());
        let mut sorted = Vec::with_capacity(self.inputs.len());
        for ((input, rows), offsets) in self.inputs.iter().zip(&bucket.rows).zip(&bucket.offsets) {
            let moved = input.sort(rows, offsets)?;
            let rows = moved.as_ref().unwrap_or(rows);
            members.push(Member { batch: input.batch(rows)?, offsets: offsets.clone() });
            sorted.push(moved);
        }
        let rows: Vec<&Selection> = sorted.iter().zip(&bucket.rows).map(|(s, r)| s.as_ref().unwrap_or(r)).collect();
        let physical = if self.own_partitions { bucket.first } else { bucket.physical };
        Ok(Groups {
            keys: self.keys(bucket, &members, &rows)?,
            members,
            first: bucket.first,
            physical,
            apart: self.own_partitions,
        })
    }

    /// The keys of the first row of each group, from the first member that has one.
    fn keys(&self, bucket: &Bucket, members: &[Member], rows: &[&Selection]) -> Result<RecordBatch> {
        let groups = bucket.offsets[0].len() - 1;
        let mut picked: Vec<Vec<u32>> = vec![Vec::new(); self.inputs.len()];
        let mut whence = Vec::with_capacity(groups);
        for group in 0..groups {
            let has_row = |o: &Vec<usize>| o[group + 1] > o[group];
            let input = bucket.offsets.iter().position(has_row).unwrap_or(0);
            whence.push((input, picked[input].len()));
            picked[input].push(number(bucket.offsets[input][group]));
        }
        let picked: Vec<UInt32Array> = picked.into_iter().map(UInt32Array::from).collect();
        let first = &self.inputs[0];
        let column = |key: usize| -> Result<ArrayRef> {
            let from = |i: usize| -> Result<ArrayRef> {
                let input = &self.inputs[i];
                let whole = match input.project.iter().position(|c| *c == input.keys[key]) {
                    Some(at) => ArrayRef::clone(members[i].batch.column(at)),
                    None => input.gather(input.keys[key], rows[i])?,
                };
                Ok(take(&whole, &picked[i], None)?)
            };
            if let Some(only) = picked.iter().position(|p| p.len() == groups) {
                return from(only);
            }
            let arrays = (0..self.inputs.len()).map(from).collect::<Result<Vec<_>>>()?;
            Ok(interleave(&arrays.iter().map(|a| &**a).collect::<Vec<_>>(), &whence)?)
        };
        // Which row came first must not show: of the values that are one key there is one here.
        let columns = (0..first.keys.len()).map(|key| canonical(&column(key)?)).collect::<Result<Vec<_>>>()?;
        batch(&first.key_schema, columns, groups)
    }
}

impl fmt::Debug for Buckets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buckets").field("buckets", &self.len()).field("groups", &self.groups()).finish_non_exhaustive()
    }
}

impl Input {
    /// The rows in presort order inside groups, if that is another order.
    fn sort(&self, rows: &Selection, offsets: &[usize]) -> Result<Option<Selection>> {
        if self.presort.is_empty() || offsets.windows(2).all(|g| g[1] - g[0] < 2) {
            return Ok(None);
        }
        let gathered =
            self.presort.iter().map(|(c, ascending)| Ok((self.gather(*c, rows)?, !ascending))).collect::<Result<Vec<_>>>()?;
        let moved = sort_groups(&gathered, offsets)?;
        Ok(moved.map(|m| rows.moved(&m)))
    }

    fn batch(&self, rows: &Selection) -> Result<RecordBatch> {
        let columns = self.project.iter().map(|c| self.gather(*c, rows)).collect::<Result<Vec<_>>>()?;
        batch(&self.output, columns, rows.len())
    }

    fn gather(&self, column: usize, rows: &Selection) -> Result<ArrayRef> {
        let column = self.columns[column].as_ref().ok_or_else(|| unlaid(column))?;
        match (column, rows) {
            (Column::Chunks(chunks), Selection::Spread { bucket, rows, to }) => {
                spread(chunks, self.runs.iter().map(|r| r.of(*bucket)), *rows, to)
            }
            (Column::Chunks(_), _) => Err(Error::new(ErrorKind::Unexpected, "rows in chunks were asked for by place")),
            (_, Selection::Spread { bucket, rows, to }) => {
                let places = self.runs.iter().flat_map(|run| run.of(*bucket).map(|at| number(run.first + at)));
                self.pick(column, &Selection::Places(placed(*rows, places.zip(to)).into()))
            }
            _ => self.pick(column, rows),
        }
    }

    fn pick(&self, column: &Column, rows: &Selection) -> Result<ArrayRef> {
        let (parts, places) = match (column, rows) {
            (Column::Flat(array), Selection::Run(range)) => return Ok(array.slice(range.start, range.len())),
            (Column::Flat(array), Selection::Places(places)) => return Ok(take(array, places, None)?),
            (Column::Parts(parts), Selection::Run(range)) if self.order.is_none() => {
                let slices: Vec<ArrayRef> =
                    pieces(&self.starts, range.clone()).map(|(part, r)| parts[part].slice(r.start, r.len())).collect();
                return if slices.is_empty() { Ok(parts[0].slice(0, 0)) } else { joined(&slices) };
            }
            (Column::Parts(parts), Selection::Run(range)) => (parts, &(number(range.start)..number(range.end)).collect()),
            (Column::Parts(parts), Selection::Places(places)) => (parts, &places.values().to_vec()),
            _ => return Err(Error::new(ErrorKind::Unexpected, "rows in chunks were asked for by place")),
        };
        let row = |place: &u32| self.order.as_ref().map_or(*place, |o| o.value(*place as usize)) as usize;
        let from: Vec<(usize, usize)> = places.iter().map(|place| locate(&self.starts, row(place))).collect();
        Ok(interleave(&parts.iter().map(|a| &**a).collect::<Vec<_>>(), &from)?)
    }
}

fn unlaid(column: usize) -> Error {
    Error::new(ErrorKind::Unexpected, format!("column {column} was not laid out"))
}

fn batch(schema: &SchemaRef, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    Ok(RecordBatch::try_new_with_options(schema.clone(), columns, &RecordBatchOptions::new().with_row_count(Some(rows)))?)
}

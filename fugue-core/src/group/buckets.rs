//! The second half of grouping, done bucket by bucket: rows put in order, and their columns gathered.

use std::fmt;
use std::ops::Range;

use arrow::array::{Array, ArrayRef, UInt32Array};
use arrow::compute::{concat, interleave, take};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use crate::error::Result;
use crate::run::Cancel;

use super::sort::sort_groups;
use super::source::{Source, locate, pieces};
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
    /// As it came, in the order of rows.
    Parts(Vec<ArrayRef>),
}

impl Column {
    pub(super) fn parts(source: &Source, column: usize) -> Self {
        Self::Parts(source.batches.iter().map(|b| b.column(column).clone()).collect())
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
}

impl Selection {
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
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "places are fewer than rows, which fit into 32 bits")]
    fn place(&self, at: usize) -> u32 {
        match self {
            Self::Run(range) => (range.start + at) as u32,
            Self::Places(places) => places.value(at),
        }
    }

    fn pick(&self, at: impl Iterator<Item = usize>) -> Self {
        Self::of_places(at.map(|i| self.place(i)).collect())
    }
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
        Ok(Groups { keys: self.keys(bucket, &rows)?, members, first: bucket.first, physical, apart: self.own_partitions })
    }

    /// The keys of the first row of each group, from the first member that has one.
    fn keys(&self, bucket: &Bucket, rows: &[&Selection]) -> Result<RecordBatch> {
        let groups = bucket.offsets[0].len() - 1;
        let mut picked: Vec<Vec<usize>> = vec![Vec::new(); self.inputs.len()];
        let mut whence = Vec::with_capacity(groups);
        for group in 0..groups {
            let has_row = |o: &Vec<usize>| o[group + 1] > o[group];
            let input = bucket.offsets.iter().position(has_row).unwrap_or(0);
            whence.push((input, picked[input].len()));
            picked[input].push(bucket.offsets[input][group]);
        }
        let picked: Vec<Selection> = rows.iter().zip(picked).map(|(r, p)| r.pick(p.into_iter())).collect();
        let first = &self.inputs[0];
        let column = |key: usize| -> Result<ArrayRef> {
            let from = |i: usize| self.inputs[i].gather(self.inputs[i].keys[key], &picked[i]);
            if let Some(only) = picked.iter().position(|p| p.len() == groups) {
                return from(only);
            }
            let arrays = (0..self.inputs.len()).map(from).collect::<Result<Vec<_>>>()?;
            Ok(interleave(&arrays.iter().map(|a| &**a).collect::<Vec<_>>(), &whence)?)
        };
        let columns = (0..first.keys.len()).map(column).collect::<Result<Vec<_>>>()?;
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
        Ok(moved.map(|m| rows.pick(m.into_iter().map(|i| i as usize))))
    }

    fn batch(&self, rows: &Selection) -> Result<RecordBatch> {
        let columns = self.project.iter().map(|c| self.gather(*c, rows)).collect::<Result<Vec<_>>>()?;
        batch(&self.output, columns, rows.len())
    }

    fn gather(&self, column: usize, rows: &Selection) -> Result<ArrayRef> {
        let parts = match (&self.columns[column], rows) {
            (None, _) => {
                return Err(crate::Error::new(crate::ErrorKind::Unexpected, format!("column {column} was not laid out")));
            }
            (Some(Column::Flat(array)), Selection::Run(range)) => return Ok(array.slice(range.start, range.len())),
            (Some(Column::Flat(array)), Selection::Places(places)) => return Ok(take(array, places, None)?),
            (Some(Column::Parts(parts)), _) => parts,
        };
        if let (Selection::Run(range), None) = (rows, &self.order) {
            let slices: Vec<ArrayRef> =
                pieces(&self.starts, range.clone()).map(|(part, r)| parts[part].slice(r.start, r.len())).collect();
            return match slices.as_slice() {
                [one] => Ok(ArrayRef::clone(one)),
                [] => Ok(parts[0].slice(0, 0)),
                many => Ok(concat(&many.iter().map(|a| &**a).collect::<Vec<_>>())?),
            };
        }
        let row = |at: usize| {
            let place = rows.place(at) as usize;
            self.order.as_ref().map_or(place, |o| o.value(place) as usize)
        };
        let from: Vec<(usize, usize)> = (0..rows.len()).map(|at| locate(&self.starts, row(at))).collect();
        Ok(interleave(&parts.iter().map(|a| &**a).collect::<Vec<_>>(), &from)?)
    }
}

fn batch(schema: &SchemaRef, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    Ok(RecordBatch::try_new_with_options(schema.clone(), columns, &RecordBatchOptions::new().with_row_count(Some(rows)))?)
}

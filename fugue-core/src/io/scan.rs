//! What a reader asks of a source beside its columns: filters that may spare rows, how many rows are enough, threads; and what was spared.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::expr::{Function, Typed, TypedNode};
use crate::run::{Pool, Reporter};

/// How a source is read. The default is all of it.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    pub(crate) projection: Option<Vec<usize>>,
    pub(crate) filters: Vec<Typed>,
    pub(crate) limit: Option<u64>,
    pub(crate) pool: Option<Pool>,
    pub(crate) progress: Reporter,
}

impl Scan {
    /// All rows of all columns, on the thread that reads.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// These columns, by position in the schema of the source, each at most once; none of them is allowed, and then batches only count rows.
    #[must_use]
    pub fn columns(mut self, projection: Option<&[usize]>) -> Self {
        self.projection = projection.map(<[usize]>::to_vec);
        self
    }

    /// Only rows for which this, over the schema of the source, is true are of use. Several are all asked for.
    ///
    /// A source may give others all the same, as [`LazySource::pushdown`](super::LazySource::pushdown) says; it spares what it can without
    /// looking at each row. An expression that fails for a row that is spared does not fail.
    #[must_use]
    pub fn filter(mut self, condition: Typed) -> Self {
        split(condition, &mut self.filters);
        self
    }

    /// So many of the rows that are given are enough: the source may end then, and need not read ahead.
    #[must_use]
    pub fn limit(mut self, rows: u64) -> Self {
        self.limit = Some(rows);
        self
    }

    /// Threads that may read ahead.
    #[must_use]
    pub fn on(mut self, pool: &Pool) -> Self {
        self.pool = Some(pool.clone());
        self
    }

    /// Who wants to know how much was read.
    #[must_use]
    pub fn telling(mut self, progress: &Reporter) -> Self {
        self.progress = progress.clone();
        self
    }

    /// The columns asked for; nothing for all of them.
    #[must_use]
    pub fn projection(&self) -> Option<&[usize]> {
        self.projection.as_deref()
    }

    /// The conditions, none of them an `and` of others.
    #[must_use]
    pub fn filters(&self) -> &[Typed] {
        &self.filters
    }

    /// How many rows are enough.
    #[must_use]
    pub fn rows(&self) -> Option<u64> {
        self.limit
    }

    /// The threads that may read ahead.
    #[must_use]
    pub fn pool(&self) -> Option<&Pool> {
        self.pool.as_ref()
    }
}

/// Takes an `and` apart.
pub(crate) fn split(condition: Typed, into: &mut Vec<Typed>) {
    match condition.node {
        TypedNode::Call { function: Function::And, args } => args.into_iter().for_each(|a| split(a, into)),
        _ => into.push(condition),
    }
}

/// What a source makes of a filter.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pushdown {
    /// Nothing: it gives all rows.
    #[default]
    Ignored,
    /// It leaves out some of the rows for which the filter is not true: who reads must filter all the same.
    Inexact,
    /// It gives exactly the rows for which the filter is true.
    Exact,
}

/// What all scans of a source have read so far, and what they were spared.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScanCounts {
    /// Files of which rows were read.
    pub files: u64,
    /// Files that were passed over by what their folders say.
    pub files_skipped: u64,
    /// Row groups of Parquet files that were read.
    pub groups: u64,
    /// Row groups that were passed over by their statistics, or because there were rows enough.
    pub groups_skipped: u64,
}

/// The same while it grows.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) files: AtomicU64,
    pub(super) files_skipped: AtomicU64,
    pub(super) groups: AtomicU64,
    pub(super) groups_skipped: AtomicU64,
}

impl Counts {
    pub(super) fn now(&self) -> ScanCounts {
        ScanCounts {
            files: self.files.load(Ordering::Relaxed),
            files_skipped: self.files_skipped.load(Ordering::Relaxed),
            groups: self.groups.load(Ordering::Relaxed),
            groups_skipped: self.groups_skipped.load(Ordering::Relaxed),
        }
    }
}

pub(super) fn add(counter: &AtomicU64, number: u64) {
    counter.fetch_add(number, Ordering::Relaxed);
}

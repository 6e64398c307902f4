//! What a frame can be read from again and again: the trait of lazy sources, and batches that are in memory already.

use std::any::Any;
use std::fmt::Debug;

use arrow::array::{RecordBatch, RecordBatchOptions};

use super::scan::{Pushdown, Scan, ScanCounts};
use crate::error::{Error, ErrorKind, Result};
use crate::expr::Typed;
use crate::run::{Cancel, Pool};
use crate::schema::{self, Schema};

/// Batches one after the other, each of them read when it is asked for. After an error there is nothing more.
pub type BatchIter = Box<dyn Iterator<Item = Result<RecordBatch>> + Send>;

/// Data that is read when it is needed, and may be read many times.
///
/// Batches have the contract's layout ([`Schema::to_arrow`]) and the columns asked for, in the order asked for. A source of no rows may
/// give no batch at all. Every scan gives the same rows in the same order.
pub trait LazySource: Send + Sync + Debug {
    /// The columns.
    fn schema(&self) -> &Schema;

    /// What it is, for a plan that a person reads.
    fn describe(&self) -> String;

    /// The number of rows, where it is known without reading them.
    fn rows(&self) -> Option<u64>;

    /// Reads from the start. `projection` holds positions in [`schema`](Self::schema), each at most once; none of them is allowed, and
    /// then the batches only count rows. `cancel` is looked at between batches.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] for what cannot be read, [`ErrorKind::ValueInvalid`] for values that do not fit the schema,
    /// [`ErrorKind::Unexpected`] for positions that there are not. All of them may come with a later batch.
    fn scan(&self, projection: Option<&[usize]>, cancel: &Cancel) -> Result<BatchIter>;

    /// The source itself, for an engine that can take in data of this type without reading it as batches.
    fn as_any(&self) -> Option<&dyn Any> {
        None
    }

    /// Reads as [`scan`](Self::scan) does, with the same batches in the same order, but lets threads of the pool read ahead.
    ///
    /// The iterator never waits for work that the pool has not begun, so it may be used from a thread of the pool itself.
    ///
    /// # Errors
    /// As [`scan`](Self::scan).
    fn scan_parallel(&self, projection: Option<&[usize]>, pool: &Pool, cancel: &Cancel) -> Result<BatchIter> {
        let _ = pool;
        self.scan(projection, cancel)
    }

    /// Reads as a [`Scan`] asks. Filters and limits are hints that a source may pass over, but for filters that it takes
    /// [exactly](Pushdown::Exact): without a source that overrides this, all rows come.
    ///
    /// # Errors
    /// As [`scan`](Self::scan).
    fn scan_with(&self, scan: &Scan, cancel: &Cancel) -> Result<BatchIter> {
        match scan.pool() {
            Some(pool) => self.scan_parallel(scan.projection(), pool, cancel),
            None => self.scan(scan.projection(), cancel),
        }
    }

    /// What it reads for a [`Scan`], for a plan that a person reads: a line, or lines, of which the first says what it is.
    fn explain(&self, scan: &Scan) -> String {
        let _ = scan;
        self.describe()
    }

    /// What [`scan_with`](Self::scan_with) makes of a filter over [`schema`](Self::schema).
    fn pushdown(&self, filter: &Typed) -> Pushdown {
        let _ = filter;
        Pushdown::Ignored
    }

    /// What all scans have read so far, and what they were spared.
    fn counts(&self) -> ScanCounts {
        ScanCounts::default()
    }
}

/// Batches in memory as a source. Reading it copies nothing.
#[derive(Clone, Debug)]
pub struct MemorySource {
    schema: Schema,
    batches: Vec<RecordBatch>,
    rows: u64,
}

impl MemorySource {
    /// A source of batches; layouts that are not the contract's are brought to it once, here.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaMismatch`] for a batch without these columns, [`ErrorKind::ValueInvalid`] for values that would be lost.
    pub fn new(schema: Schema, batches: Vec<RecordBatch>) -> Result<Self> {
        let batches =
            batches.iter().filter(|b| b.num_rows() > 0).map(|b| schema::normalise(b, &schema)).collect::<Result<Vec<_>>>()?;
        let rows = batches.iter().map(|b| b.num_rows() as u64).sum();
        Ok(Self { schema, batches, rows })
    }

    /// The batches, none of them empty.
    #[must_use]
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }
}

impl LazySource for MemorySource {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn describe(&self) -> String {
        format!("{} rows in memory", self.rows)
    }

    fn rows(&self) -> Option<u64> {
        Some(self.rows)
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }

    fn scan(&self, projection: Option<&[usize]>, cancel: &Cancel) -> Result<BatchIter> {
        check_projection(&self.schema, projection)?;
        let projection = projection.map(<[usize]>::to_vec);
        let cancel = cancel.clone();
        let mut batches = self.batches.clone().into_iter();
        let mut failed = false;
        Ok(Box::new(std::iter::from_fn(move || {
            if failed {
                return None;
            }
            let batch = batches.next()?;
            let result = cancel.check().and_then(|()| match &projection {
                Some(columns) => project(&batch, columns),
                None => Ok(batch),
            });
            failed = result.is_err();
            Some(result)
        })))
    }
}

/// The columns of a batch at some positions; it keeps its number of rows even when there is none.
pub(super) fn project(batch: &RecordBatch, columns: &[usize]) -> Result<RecordBatch> {
    let schema = batch.schema().project(columns)?;
    let arrays = columns.iter().map(|&i| batch.column(i).clone()).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(schema.into(), arrays, &options)?)
}

/// The schema that a scan gives.
pub(super) fn projected(schema: &Schema, projection: Option<&[usize]>) -> Result<Schema> {
    match projection {
        None => Ok(schema.clone()),
        Some(columns) => Schema::new(columns.iter().filter_map(|&i| schema.fields().get(i).cloned())),
    }
}

pub(crate) fn check_projection(schema: &Schema, projection: Option<&[usize]>) -> Result<()> {
    match projection.unwrap_or_default().iter().find(|&&i| i >= schema.len()) {
        Some(i) => Err(Error::new(
            ErrorKind::Unexpected,
            format!("column number {i} was asked of a source that has {} columns", schema.len()),
        )),
        None => Ok(()),
    }
}

//! What a transformer may take as data: rows, a batch, a stream of either.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::record_batch::RecordBatch;

use crate::error::{Error, Result};
use crate::io::BatchIter;
use crate::row::Row;
use crate::schema::Schema;

use super::output::{ViaBatch, ViaBatches, ViaRows};
use super::task::Reads;

/// All rows of one group.
#[derive(Clone, Debug)]
pub struct Partition {
    batch: RecordBatch,
    schema: Schema,
}

impl Partition {
    /// The rows of a group, with the schema that the input has.
    #[must_use]
    pub fn new(batch: RecordBatch, schema: Schema) -> Self {
        Self { batch, schema }
    }

    /// The rows, in the contract's layout.
    #[must_use]
    pub fn batch(&self) -> &RecordBatch {
        &self.batch
    }

    /// The rows, in the contract's layout.
    #[must_use]
    pub fn into_batch(self) -> RecordBatch {
        self.batch
    }

    /// The schema of the input.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }
}

/// An owned data argument made of a whole group. `V` is a marker, so that adapters can add their own frame types.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the data of a transformer",
    label = "not an input",
    note = "take &[T], Vec<T>, T or Rows<T> with #[derive(Row)] on T, or RecordBatch, Batches, or a frame of an adapter"
)]
pub trait FromPartition<V>: Sized {
    /// What it reads of the input.
    fn reads() -> Reads;

    /// Makes the argument.
    ///
    /// # Errors
    /// What reading the rows finds.
    fn from_partition(partition: Partition) -> Result<Self>;
}

impl FromPartition<ViaBatch> for RecordBatch {
    fn reads() -> Reads {
        Reads::All
    }

    fn from_partition(partition: Partition) -> Result<Self> {
        Ok(partition.into_batch())
    }
}

/// The error of a stream that ended early: user code sees the end, the action sees the error.
#[derive(Clone, Default)]
pub(crate) struct Broken(Arc<Mutex<Option<Error>>>);

impl Broken {
    fn set(&self, error: Error) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    pub(crate) fn take(&self) -> Option<Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The batches of a partition, read one by one: an iterator, for functions over more data than memory holds.
///
/// Without keys the function runs on a thread of its action, one for each action: it waits for its input, and a thread of the pool
/// must not wait for others.
///
/// Where reading fails the iterator ends, and the action fails whatever the function then returns.
pub struct Batches {
    inner: BatchIter,
    broken: Broken,
}

impl Batches {
    pub(crate) fn new(inner: BatchIter, broken: Broken) -> Self {
        Self { inner, broken }
    }
}

impl fmt::Debug for Batches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Batches")
    }
}

impl Iterator for Batches {
    type Item = RecordBatch;

    fn next(&mut self) -> Option<RecordBatch> {
        loop {
            match self.inner.next()? {
                Ok(batch) if batch.num_rows() == 0 => {}
                Ok(batch) => return Some(batch),
                Err(e) => {
                    self.broken.set(e);
                    self.inner = Box::new(std::iter::empty());
                    return None;
                }
            }
        }
    }
}

/// The rows of a partition, read one by one: an iterator, for functions over more data than memory holds.
///
/// Where reading fails the iterator ends, and the action fails whatever the function then returns.
pub struct Rows<T> {
    batches: Batches,
    ready: std::vec::IntoIter<T>,
    /// Rows that were read so far, which is where errors count from.
    read: usize,
    row: PhantomData<fn() -> T>,
}

impl<T> fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rows")
    }
}

impl<T> Iterator for Rows<T>
where
    T: for<'a> Row<Of<'a> = T>,
{
    type Item = T;

    fn next(&mut self) -> Option<T> {
        loop {
            if let Some(row) = self.ready.next() {
                return Some(row);
            }
            let batch = self.batches.next()?;
            match T::reader(&batch) {
                Ok(reader) => {
                    let rows: Vec<T> = (0..batch.num_rows()).map(|i| T::read(&reader, i)).collect();
                    self.read += rows.len();
                    self.ready = rows.into_iter();
                }
                Err(e) => {
                    self.batches.broken.set(e.counted_from(self.read));
                    self.batches.inner = Box::new(std::iter::empty());
                    return None;
                }
            }
        }
    }
}

/// A data argument that reads a partition piece by piece: [`Batches`] or [`Rows`].
pub trait FromStream<V>: Sized {
    /// What it reads of the input.
    fn reads() -> Reads;

    /// Makes the argument.
    fn from_stream(batches: Batches) -> Self;
}

impl FromStream<ViaBatches> for Batches {
    fn reads() -> Reads {
        Reads::All
    }

    fn from_stream(batches: Batches) -> Self {
        batches
    }
}

impl<T> FromStream<ViaRows> for Rows<T>
where
    T: for<'a> Row<Of<'a> = T>,
{
    fn reads() -> Reads {
        Reads::Rows(T::layout())
    }

    fn from_stream(batches: Batches) -> Self {
        Self { batches, ready: Vec::new().into_iter(), read: 0, row: PhantomData }
    }
}

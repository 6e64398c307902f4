//! What a transformer may return for a group: rows, one row, batches, nothing, or a `Result` of those.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

use crate::error::{BoxError, Result};
use crate::row::Row;
use crate::schema::{Schema, conform, is_alike};

use super::task::{Produces, user_error};

/// Marker: an iterator of rows.
#[derive(Debug)]
pub struct ViaRows;
/// Marker: a collection of rows.
#[derive(Debug)]
pub struct ViaCollection;
/// Marker: a collection of `Result`s of rows.
#[derive(Debug)]
pub struct ViaCollectedResults;
/// Marker: one row.
#[derive(Debug)]
pub struct ViaRow;
/// Marker: one batch.
#[derive(Debug)]
pub struct ViaBatch;
/// Marker: an iterator of batches.
#[derive(Debug)]
pub struct ViaBatches;
/// Marker: an iterator of `Result`s of batches.
#[derive(Debug)]
pub struct ViaBatchResults;
/// Marker: a `Result` of another output.
#[derive(Debug)]
pub struct ViaResult<V>(std::marker::PhantomData<V>);
/// Marker: an iterator of `Result`s of rows.
#[derive(Debug)]
pub struct ViaRowResults;

/// What a function over a group may return. `V` is a marker that keeps the implementations apart, so that adapters can add their
/// own frame types with a marker of their own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a transformer",
    label = "not an output",
    note = "return an iterator of rows (`Vec<T>` with `#[derive(Row)]` on T), one row, a RecordBatch, nothing, or a Result of those",
    note = "a function that returns plain values takes plain values too: name the columns with `.on([\"a\"]).to(\"b\")`"
)]
pub trait GroupOutput<V>: Sized {
    /// Collects the output of many groups.
    type Writer;

    /// What is known before the function runs.
    fn produces() -> Produces;

    /// A writer of batches of a schema.
    ///
    /// # Errors
    /// `SchemaMismatch` when the type cannot write the schema.
    fn writer(own: &Schema, capacity: usize) -> Result<Self::Writer>;

    /// Appends the output of a group; returns the number of rows.
    ///
    /// # Errors
    /// The user's error as `TransformerFailed`, or what does not fit the schema.
    fn write(self, writer: &mut Self::Writer) -> Result<usize>;

    /// The batches of all groups.
    ///
    /// # Errors
    /// Whatever the builders find.
    fn finish(writer: Self::Writer) -> Result<Vec<RecordBatch>>;
}

/// Implements the output of several rows; the implementations differ only in how a row is got out of an item.
macro_rules! several_rows {
    ([$($generics:tt)*] $via:ty, $type:ty, $row:ty, |$item:ident| $get:expr) => {
        impl<$($generics)*> GroupOutput<$via> for $type {
            type Writer = <$row as Row>::Writer;

            fn produces() -> Produces {
                Produces::Rows(<$row as Row>::layout())
            }

            fn writer(own: &Schema, capacity: usize) -> Result<Self::Writer> {
                <$row as Row>::writer(own, capacity)
            }

            fn write(self, writer: &mut Self::Writer) -> Result<usize> {
                let mut rows = 0;
                for $item in IntoIterator::into_iter(self) {
                    Row::write($get, writer)?;
                    rows += 1;
                }
                Ok(rows)
            }

            fn finish(writer: Self::Writer) -> Result<Vec<RecordBatch>> {
                Ok(vec![<$row as Row>::finish(writer)?])
            }
        }
    };
}

// `Iterator` and not `IntoIterator`: a `Result` is `IntoIterator` too, and would lose its error that way.
several_rows!([R: Row, I: Iterator<Item = R>] ViaRows, I, R, |row| row);
several_rows!([R: Row, E: Into<BoxError>, I: Iterator<Item = std::result::Result<R, E>>] ViaRowResults, I, R, |row| row.map_err(user_error)?);
several_rows!([R: Row] ViaCollection, Vec<R>, R, |row| row);
several_rows!([R: Row] ViaCollection, Option<R>, R, |row| row);
several_rows!([R: Row] ViaCollection, Box<[R]>, R, |row| row);
several_rows!([R: Row] ViaCollection, VecDeque<R>, R, |row| row);
several_rows!([R: Row, const N: usize] ViaCollection, [R; N], R, |row| row);
several_rows!([R: Row, E: Into<BoxError>] ViaCollectedResults, Vec<std::result::Result<R, E>>, R, |row| row.map_err(user_error)?);

impl<R: Row> GroupOutput<ViaRow> for R {
    type Writer = R::Writer;

    fn produces() -> Produces {
        Produces::Rows(R::layout())
    }

    fn writer(own: &Schema, capacity: usize) -> Result<Self::Writer> {
        R::writer(own, capacity)
    }

    fn write(self, writer: &mut Self::Writer) -> Result<usize> {
        Row::write(self, writer)?;
        Ok(1)
    }

    fn finish(writer: Self::Writer) -> Result<Vec<RecordBatch>> {
        Ok(vec![R::finish(writer)?])
    }
}

/// Collects batches of many groups; a group may be a handful of rows, so they are joined at the end.
#[derive(Debug)]
pub struct BatchWriter {
    own: Schema,
    batches: Vec<RecordBatch>,
    /// A schema of batches that was found to have the declared columns in their layout; functions return one and the same mostly.
    alike: Option<SchemaRef>,
}

impl BatchWriter {
    /// A writer of batches that are made to conform to a schema.
    #[must_use]
    pub fn new(own: &Schema) -> Self {
        Self { own: own.clone(), batches: Vec::new(), alike: None }
    }

    /// Appends a batch: columns matched by name, types cast where they differ.
    ///
    /// # Errors
    /// `SchemaMismatch` naming a missing column, `ValueInvalid` for a value that cannot be cast.
    pub fn push(&mut self, batch: &RecordBatch) -> Result<usize> {
        self.take(batch.clone())
    }

    /// As [`push`](Self::push), without a further handle to each column of each small group.
    fn take(&mut self, batch: RecordBatch) -> Result<usize> {
        let rows = batch.num_rows();
        if rows == 0 {
            return Ok(0);
        }
        let known = self.alike.as_ref().is_some_and(|s| Arc::ptr_eq(s, batch.schema_ref()));
        if known || is_alike(&batch, &self.own) {
            if !known {
                self.alike = Some(batch.schema());
            }
            self.batches.push(batch);
        } else {
            self.batches.push(conform(&batch, &self.own)?);
        }
        Ok(rows)
    }

    /// The batches, small ones joined.
    ///
    /// # Errors
    /// Whatever joining finds.
    pub fn finish(self) -> Result<Vec<RecordBatch>> {
        let rows: usize = self.batches.iter().map(RecordBatch::num_rows).sum();
        // Joining copies; it pays where batches are so small that handling each costs more than its rows.
        let small = self.batches.len() > 1 && rows / self.batches.len() < 1024;
        if small {
            return Ok(vec![concat_batches(&self.own.to_arrow(), &self.batches)?]);
        }
        // Those that are alike still carry the schema that the function gave them.
        self.batches.iter().map(|batch| conform(batch, &self.own)).collect()
    }
}

impl GroupOutput<ViaBatch> for RecordBatch {
    type Writer = BatchWriter;

    fn produces() -> Produces {
        Produces::Batches
    }

    fn writer(own: &Schema, _: usize) -> Result<BatchWriter> {
        Ok(BatchWriter::new(own))
    }

    fn write(self, writer: &mut BatchWriter) -> Result<usize> {
        writer.take(self)
    }

    fn finish(writer: BatchWriter) -> Result<Vec<RecordBatch>> {
        writer.finish()
    }
}

/// Implements the output of several batches.
macro_rules! several_batches {
    ([$($generics:tt)*] $via:ty, $type:ty, |$item:ident| $get:expr) => {
        impl<$($generics)*> GroupOutput<$via> for $type {
            type Writer = BatchWriter;

            fn produces() -> Produces {
                Produces::Batches
            }

            fn writer(own: &Schema, _: usize) -> Result<BatchWriter> {
                Ok(BatchWriter::new(own))
            }

            fn write(self, writer: &mut BatchWriter) -> Result<usize> {
                let mut rows = 0;
                for $item in IntoIterator::into_iter(self) {
                    rows += writer.take($get)?;
                }
                Ok(rows)
            }

            fn finish(writer: BatchWriter) -> Result<Vec<RecordBatch>> {
                writer.finish()
            }
        }
    };
}

several_batches!([I: Iterator<Item = RecordBatch>] ViaBatches, I, |batch| batch);
several_batches!([E: Into<BoxError>, I: Iterator<Item = std::result::Result<RecordBatch, E>>] ViaBatchResults, I, |batch| batch.map_err(user_error)?);
several_batches!([] ViaCollection, Vec<RecordBatch>, |batch| batch);

impl GroupOutput<()> for () {
    type Writer = ();

    fn produces() -> Produces {
        Produces::Nothing
    }

    fn writer(_: &Schema, _: usize) -> Result<()> {
        Ok(())
    }

    fn write(self, (): &mut ()) -> Result<usize> {
        Ok(0)
    }

    fn finish((): ()) -> Result<Vec<RecordBatch>> {
        Ok(Vec::new())
    }
}

impl<T, V, E> GroupOutput<ViaResult<V>> for std::result::Result<T, E>
where
    T: GroupOutput<V>,
    E: Into<BoxError>,
{
    type Writer = T::Writer;

    fn produces() -> Produces {
        T::produces()
    }

    fn writer(own: &Schema, capacity: usize) -> Result<Self::Writer> {
        T::writer(own, capacity)
    }

    fn write(self, writer: &mut Self::Writer) -> Result<usize> {
        self.map_err(user_error)?.write(writer)
    }

    fn finish(writer: Self::Writer) -> Result<Vec<RecordBatch>> {
        T::finish(writer)
    }
}

/// What a row-wise function may return: one row, `Option` of a row, a `Vec` of rows, nothing, or a `Result` of those.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of a row-wise transformer",
    label = "not an output",
    note = "return one row (`#[derive(Row)]`), Option<T>, Vec<T>, nothing, or a Result of those"
)]
pub trait RowOutput<V>: Sized {
    /// The row type that is written.
    type Row: Row;

    /// Whether nothing is returned at all.
    const NOTHING: bool = false;

    /// Appends the rows; returns their number.
    ///
    /// # Errors
    /// The user's error as `TransformerFailed`, or what does not fit the schema.
    fn write(self, writer: &mut <Self::Row as Row>::Writer) -> Result<usize>;
}

impl<R: Row> RowOutput<ViaRow> for R {
    type Row = R;

    fn write(self, writer: &mut R::Writer) -> Result<usize> {
        Row::write(self, writer)?;
        Ok(1)
    }
}

impl<R: Row> RowOutput<ViaCollection> for Option<R> {
    type Row = R;

    fn write(self, writer: &mut R::Writer) -> Result<usize> {
        match self {
            Some(row) => Row::write(row, writer).map(|()| 1),
            None => Ok(0),
        }
    }
}

impl<R: Row> RowOutput<ViaCollection> for Vec<R> {
    type Row = R;

    fn write(self, writer: &mut R::Writer) -> Result<usize> {
        let rows = self.len();
        self.into_iter().try_for_each(|row| Row::write(row, writer))?;
        Ok(rows)
    }
}

impl RowOutput<()> for () {
    type Row = crate::row::Record;
    const NOTHING: bool = true;

    fn write(self, _: &mut <Self::Row as Row>::Writer) -> Result<usize> {
        Ok(0)
    }
}

impl<T, V, E> RowOutput<ViaResult<V>> for std::result::Result<T, E>
where
    T: RowOutput<V>,
    E: Into<BoxError>,
{
    type Row = T::Row;
    const NOTHING: bool = T::NOTHING;

    fn write(self, writer: &mut <Self::Row as Row>::Writer) -> Result<usize> {
        self.map_err(user_error)?.write(writer)
    }
}

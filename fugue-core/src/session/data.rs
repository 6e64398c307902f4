//! What a session takes in as data.

use arrow::record_batch::RecordBatch;

use crate::error::{Error, ErrorKind, Result};
use crate::frame::{BatchStream, Source};
use crate::row::Row;
use crate::schema::Schema;

/// Data that can become a frame. `V` is a marker, so that adapters can add their own frame types.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not data that a session takes",
    label = "not data",
    note = "give a Vec<T> with #[derive(Row)] on T, a RecordBatch, a Vec<RecordBatch>, a Source, a BatchStream, or a frame of an adapter"
)]
pub trait IntoSource<V> {
    /// The data as a source.
    ///
    /// # Errors
    /// `SchemaInvalid`, `SchemaMismatch`, `ValueInvalid`.
    fn into_source(self) -> Result<Source>;
}

/// Marker: typed rows.
#[derive(Debug)]
pub struct ViaRecords;
/// Marker: Arrow batches.
#[derive(Debug)]
pub struct ViaBatches;
/// Marker: a source or a stream.
#[derive(Debug)]
pub struct ViaSource;

impl<R: Row> IntoSource<ViaRecords> for Vec<R> {
    fn into_source(self) -> Result<Source> {
        let layout = R::layout();
        if layout.dynamic || layout.rest.is_some() {
            return Err(Error::new(
                ErrorKind::SchemaInvalid,
                format!(
                    "{} does not say which columns there are; give the rows with their schema: (\"a:long,b:str\", rows)",
                    layout.name
                ),
            ));
        }
        let schema = layout.schema(None)?;
        write_rows(self, schema)
    }
}

/// Rows with a declared schema: for dynamic rows, or to declare other types than the row's own.
impl<R: Row, S: crate::schema::IntoSchema> IntoSource<ViaRecords> for (S, Vec<R>) {
    fn into_source(self) -> Result<Source> {
        let (schema, rows) = self;
        write_rows(rows, schema.into_schema()?)
    }
}

fn write_rows<R: Row>(rows: Vec<R>, schema: Schema) -> Result<Source> {
    let mut writer = R::writer(&schema, rows.len())?;
    for (number, row) in rows.into_iter().enumerate() {
        row.write(&mut writer).map_err(|e| e.with("row", number.to_string()))?;
    }
    Source::batches(schema, vec![R::finish(writer)?])
}

impl IntoSource<ViaBatches> for RecordBatch {
    fn into_source(self) -> Result<Source> {
        Source::batches(Schema::of_batch(&self)?, vec![self])
    }
}

impl IntoSource<ViaBatches> for Vec<RecordBatch> {
    fn into_source(self) -> Result<Source> {
        // Batches without rows may have any columns, as those of a program that had nothing to fill them with; where all are so, the
        // last one is as good as another.
        let telling = self.iter().find(|batch| batch.num_rows() > 0).or(self.last()).ok_or_else(|| {
            Error::new(ErrorKind::SchemaInvalid, "no batch tells the columns; give them with their schema: (\"a:long\", batches)")
        })?;
        Source::batches(Schema::of_batch(telling)?, self)
    }
}

/// Batches with a declared schema: for none at all, or to give a type to a column of nulls.
impl<S: crate::schema::IntoSchema> IntoSource<ViaBatches> for (S, Vec<RecordBatch>) {
    fn into_source(self) -> Result<Source> {
        Source::batches(self.0.into_schema()?, self.1)
    }
}

impl IntoSource<ViaSource> for Source {
    fn into_source(self) -> Result<Source> {
        Ok(self)
    }
}

impl IntoSource<ViaSource> for BatchStream {
    fn into_source(self) -> Result<Source> {
        Ok(Source::once(self))
    }
}

//! Frames of Polars as record batches of the contract's layout, and back.

use std::sync::Arc;

use fugue_core::arrow::array::{Array, ArrayRef};
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::{Error, ErrorKind, Field, Result, Schema};
use polars::prelude::{Column, CompatLevel, DataFrame, IdxSize, PlSmallStr, PolarsError, Series};

use crate::layout::{self, Fault};
use crate::{ffi, types};

/// The rows of a frame as batches of a schema, one per chunk; without rows there is no batch.
///
/// Numbers, text, bytes, dates, microseconds and decimals are not copied. Where the chunks of columns end at different rows,
/// batches end wherever one of them does, so that nothing is copied either.
///
/// # Errors
/// [`ErrorKind::SchemaMismatch`] when columns or types are not those of the schema; [`ErrorKind::ValueInvalid`] naming column
/// and row of a moment that is no whole microsecond; [`ErrorKind::SchemaInvalid`] for a schema without columns and for types
/// that cannot cross.
pub fn to_batches(df: &DataFrame, schema: &Schema) -> Result<Vec<RecordBatch>> {
    batches_from(df, schema, 0)
}

/// The same for a piece of a frame that begins at a row, which is where errors count from.
pub(crate) fn batches_from(df: &DataFrame, schema: &Schema, first_row: usize) -> Result<Vec<RecordBatch>> {
    refuse_no_columns(schema)?;
    let names = df.columns().iter().map(|c| c.name().as_str());
    if !names.eq(schema.names()) {
        let have = df.columns().iter().map(|c| c.name().as_str()).collect::<Vec<_>>().join(", ");
        let want = schema.names().collect::<Vec<_>>().join(", ");
        return Err(Error::new(ErrorKind::SchemaMismatch, format!("the frame has the columns {have}; {want} were declared")));
    }
    let columns: Vec<Vec<ArrayRef>> = df
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| arrays(column, field, first_row))
        .collect::<Result<_>>()?;
    let arrow_schema = schema.to_arrow();
    let batch = |columns: Vec<ArrayRef>| Ok(RecordBatch::try_new(Arc::clone(&arrow_schema), columns)?);
    cut(columns).into_iter().map(batch).collect()
}

/// A frame of batches of a schema: one chunk per batch that has rows.
///
/// What [`to_batches`] does not copy is not copied here; besides those, times of day (nanoseconds in Polars) and the offsets
/// of lists are.
///
/// # Errors
/// [`ErrorKind::SchemaMismatch`] for a batch of another schema; [`ErrorKind::SchemaInvalid`] for a schema without columns or
/// with types that Polars cannot hold; [`ErrorKind::ValueInvalid`] naming column and row of a value it cannot hold;
/// [`ErrorKind::Unsupported`] for more rows than Polars counts (4294967294).
pub fn from_batches(batches: Vec<RecordBatch>, schema: &Schema) -> Result<DataFrame> {
    refuse_no_columns(schema)?;
    let polars_schema = types::polars_schema_of(schema)?;
    let batches: Vec<RecordBatch> = batches.into_iter().filter(|b| b.num_rows() > 0).collect();
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    if rows >= IdxSize::MAX as usize {
        let message = format!("{rows} rows are more than one Polars frame counts; work on them in a stream or on another engine");
        return Err(Error::unsupported("polars", "from_batches", message));
    }
    if batches.is_empty() {
        return Ok(DataFrame::empty_with_schema(&polars_schema));
    }
    for batch in &batches {
        if !batch.schema_ref().fields().iter().map(|f| f.name().as_str()).eq(schema.names()) {
            return Err(Error::new(ErrorKind::SchemaMismatch, format!("a batch of {} is not of {schema}", batch.schema_ref())));
        }
    }
    let column = |(i, field): (usize, &Field)| -> Result<Column> {
        let dtype = types::dtype_of(field.ty()).map_err(|e| e.with("column", field.name()))?;
        let chunk_type = dtype.to_arrow(CompatLevel::newest());
        let mut first_row = 0;
        let mut chunks = Vec::with_capacity(batches.len());
        for batch in &batches {
            let array = layout::canonical(batch.column(i), field.ty())
                .and_then(|array| layout::chunk_layout(&array, field.ty()))
                .map_err(|fault| placed(fault, field.name(), first_row))?;
            chunks.push(ffi::to_polars(&array, &chunk_type).map_err(|e| e.with("column", field.name()))?);
            first_row += batch.num_rows();
        }
        let series = Series::try_from((PlSmallStr::from(field.name()), chunks)).map_err(|e| engine_failed(e, field.name()))?;
        if *series.dtype() != dtype {
            let message = format!("Polars made {} of a column of {dtype}; please report this", series.dtype());
            return Err(Error::new(ErrorKind::Unexpected, message).with("column", field.name()));
        }
        Ok(series.into())
    };
    let columns: Vec<Column> = schema.fields().iter().enumerate().map(column).collect::<Result<_>>()?;
    DataFrame::new(rows, columns).map_err(|e| Error::new(ErrorKind::EngineFailed, e.to_string()).with_source(e))
}

/// The chunks of a column that have rows, in the contract's layout.
fn arrays(column: &Column, field: &Field, mut first_row: usize) -> Result<Vec<ArrayRef>> {
    let here = |e: Error| e.with("column", field.name());
    let series = column.as_materialized_series();
    let dtype = types::crossing(series.dtype(), field.ty()).map_err(here)?;
    let cast;
    let series = if dtype == *series.dtype() {
        series
    } else {
        cast = series.strict_cast(&dtype).map_err(|e| engine_failed(e, field.name()))?;
        &cast
    };
    let chunk_type = types::chunk_type(&dtype).map_err(here)?;
    let mut arrays = Vec::with_capacity(series.n_chunks());
    for chunk in series.chunks().iter().filter(|c| !c.is_empty()) {
        let array = ffi::to_arrow(chunk, &chunk_type).map_err(here)?;
        arrays.push(layout::canonical(&array, field.ty()).map_err(|fault| placed(fault, field.name(), first_row))?);
        first_row += chunk.len();
    }
    Ok(arrays)
}

/// Columns in chunks, cut into pieces in which every column has one; slices of the chunks, so nothing is copied.
fn cut(columns: Vec<Vec<ArrayRef>>) -> Vec<Vec<ArrayRef>> {
    let ends = |chunks: &Vec<ArrayRef>| -> Vec<usize> {
        let add = |end: &mut usize, chunk: &ArrayRef| {
            *end += chunk.len();
            Some(*end)
        };
        chunks.iter().scan(0, add).collect()
    };
    let mut all: Vec<usize> = columns.iter().flat_map(ends).collect();
    all.sort_unstable();
    all.dedup();
    let mut pieces: Vec<Vec<ArrayRef>> = all.iter().map(|_| Vec::with_capacity(columns.len())).collect();
    for chunks in columns {
        let (mut chunks, mut taken, mut row) = (chunks.into_iter().peekable(), 0, 0);
        for (piece, end) in pieces.iter_mut().zip(&all) {
            let Some(chunk) = chunks.peek() else { break };
            let rows = end - row;
            piece.push(if rows == chunk.len() { chunk.clone() } else { chunk.slice(taken, rows) });
            (taken, row) = (taken + rows, *end);
            if taken == chunk.len() {
                chunks.next();
                taken = 0;
            }
        }
    }
    pieces
}

fn refuse_no_columns(schema: &Schema) -> Result<()> {
    if schema.is_empty() {
        return Err(Error::new(ErrorKind::SchemaInvalid, "a frame needs at least one column"));
    }
    Ok(())
}

fn placed(fault: Fault, column: &str, first_row: usize) -> Error {
    let error = fault.error.with("column", column);
    match fault.row {
        Some(row) => error.with("row", (first_row + row).to_string()),
        None => error,
    }
}

fn engine_failed(error: PolarsError, column: &str) -> Error {
    Error::new(ErrorKind::EngineFailed, error.to_string()).with("column", column).with_source(error)
}

#[cfg(test)]
mod tests;

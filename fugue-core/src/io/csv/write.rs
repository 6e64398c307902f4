//! The CSV writer: values as the contract casts them to text, quoted only where that is needed.

use std::fs::File;
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use csv::{QuoteStyle, Writer, WriterBuilder};

use super::{Dialect, holds};
use crate::cast::cast_array;
use crate::error::{Error, ErrorKind, Result};
use crate::io::BatchIter;
use crate::io::path::failed;
use crate::run::Cancel;
use crate::schema::{Schema, Type};

/// Writes batches of the contract's layout, and returns the number of rows and the file.
///
/// # Errors
/// [`ErrorKind::SchemaInvalid`] for columns that a CSV cannot hold, [`ErrorKind::ValueInvalid`] for a value that is the null text,
/// [`ErrorKind::Io`].
pub(in crate::io) fn write(
    file: File,
    path: &Path,
    schema: &Schema,
    batches: BatchIter,
    dialect: &Dialect,
    cancel: &Cancel,
) -> Result<(u64, File)> {
    schema.fields().iter().try_for_each(holds)?;
    let mut writer = WriterBuilder::new()
        .has_headers(false)
        .delimiter(dialect.delimiter)
        .quote(dialect.quote)
        // A record of one empty field is quoted all the same, or it would be an empty line, which readers pass over.
        .quote_style(QuoteStyle::Necessary)
        .buffer_capacity(1 << 16)
        .from_writer(file);
    if dialect.header {
        writer.write_record(schema.names()).map_err(|e| failed("cannot be written", path, e.into()))?;
    }
    let mut rows = 0;
    for batch in batches {
        cancel.check()?;
        let batch = batch?;
        append(&mut writer, path, schema, &batch, dialect, rows)?;
        rows += batch.num_rows() as u64;
    }
    let file = writer.into_inner().map_err(|e| failed("cannot be written", path, e.into_error()))?;
    Ok((rows, file))
}

fn append(
    writer: &mut Writer<File>,
    path: &Path,
    schema: &Schema,
    batch: &RecordBatch,
    dialect: &Dialect,
    before: u64,
) -> Result<()> {
    let null = dialect.null.as_deref();
    let mut texts = Vec::with_capacity(batch.num_columns());
    for (array, field) in batch.columns().iter().zip(schema.fields()) {
        let text = cast_array(array, &Type::Str).map_err(|e| e.with("column", field.name()))?;
        let view = text.as_string_view();
        if let Some(null) = null
            && let Some(row) = (0..view.len()).find(|&i| view.is_valid(i) && view.value(i) == null)
        {
            let row = before + row as u64;
            let said = format!(
                "column {:?} has the value {null:?} in row {row}, which is the null text; use another null text",
                field.name()
            );
            return Err(Error::new(ErrorKind::ValueInvalid, said).with("column", field.name()).with("row", row.to_string()));
        }
        texts.push(view.clone());
    }
    for row in 0..batch.num_rows() {
        for text in &texts {
            let field = if text.is_valid(row) { text.value(row) } else { null.unwrap_or_default() };
            writer.write_field(field).map_err(|e| failed("cannot be written", path, e.into()))?;
        }
        writer.write_record(None::<&[u8]>).map_err(|e| failed("cannot be written", path, e.into()))?;
    }
    Ok(())
}

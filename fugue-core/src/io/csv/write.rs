//! The CSV writer: values as the contract casts them to text, quoted only where that is needed.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, RecordBatch};
use csv::{QuoteStyle, Writer, WriterBuilder};

use super::Dialect;
use crate::cast::cast_array;
use crate::error::{Error, ErrorKind, Result};
use crate::io::packed::Packer;
use crate::io::path::failed;
use crate::io::sink::Sink;
use crate::schema::{Schema, Type};

/// A CSV file that is written.
pub(in crate::io) struct CsvSink {
    writer: Writer<Packer>,
    path: PathBuf,
    schema: Schema,
    dialect: Dialect,
    rows: u64,
}

impl CsvSink {
    /// Writes the header, where one is asked for.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaInvalid`] for columns that a CSV cannot hold, [`ErrorKind::Io`].
    pub(in crate::io) fn new(file: Packer, path: &Path, schema: &Schema, dialect: Dialect) -> Result<Self> {
        holds(schema)?;
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
        Ok(Self { writer, path: path.to_owned(), schema: schema.clone(), dialect, rows: 0 })
    }
}

impl Sink for CsvSink {
    /// # Errors
    /// [`ErrorKind::ValueInvalid`] for a value that is the null text.
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        append(&mut self.writer, &self.path, &self.schema, batch, &self.dialect, self.rows)?;
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<File> {
        let packer = self.writer.into_inner().map_err(|e| failed("cannot be written", &self.path, e.into_error()))?;
        packer.finish().map_err(|e| failed("cannot be written", &self.path, e))
    }
}

/// Refuses columns that a CSV cannot hold.
pub(in crate::io) fn holds(schema: &Schema) -> Result<()> {
    schema.fields().iter().try_for_each(super::holds)
}

fn append(
    writer: &mut Writer<Packer>,
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

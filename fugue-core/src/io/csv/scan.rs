//! From records to batches of the contract's layout.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringViewBuilder};
use arrow::datatypes::SchemaRef;

use super::records::Records;
use super::{Dialect, File};
use crate::cast::cast;
use crate::error::{Error, Result};
use crate::io::files::Request;
use crate::io::path::invalid;
use crate::run::Cancel;
use crate::schema::fault::Fault;
use crate::schema::{Field, Schema, Type};

/// A batch ends at so many rows or so many bytes of text.
const BATCH_ROWS: usize = 32768;
const BATCH_BYTES: usize = 16 << 20;

/// The batches of files, one after the other.
pub(super) struct Scan {
    files: Arc<[File]>,
    dialect: Dialect,
    schema: Schema,
    layout: SchemaRef,
    /// For each column of the scan its place among those of the source.
    columns: Vec<usize>,
    /// Rows of a batch.
    most: usize,
    cancel: Cancel,
    /// The numbers of the files.
    numbers: Vec<usize>,
    /// The next of them.
    file: usize,
    open: Option<Records>,
}

impl Scan {
    pub(super) fn new(files: Arc<[File]>, dialect: Dialect, schema: Schema, request: Request<'_>) -> Self {
        let most = request.limit.map_or(BATCH_ROWS, |rows| BATCH_ROWS.min(usize::try_from(rows).unwrap_or(BATCH_ROWS)).max(1));
        Self {
            files,
            dialect,
            layout: schema.to_arrow(),
            schema,
            columns: request.columns,
            most,
            cancel: request.cancel.clone(),
            numbers: request.files,
            file: 0,
            open: None,
        }
    }

    pub(super) fn try_next(&mut self) -> Result<Option<(usize, RecordBatch)>> {
        while let Some(&number) = self.numbers.get(self.file) {
            let Some(file) = self.files.get(number) else { break };
            self.cancel.check()?;
            let records = match &mut self.open {
                Some(records) => records,
                none => {
                    let handle = file.path.reopen(&file.stamp)?;
                    none.insert(Records::new(&file.path, handle, &self.dialect, file.width)?)
                }
            };
            let places: Vec<usize> = self.columns.iter().filter_map(|&i| file.positions.get(i).copied()).collect();
            let mut texts: Vec<StringViewBuilder> = places.iter().map(|_| StringViewBuilder::new()).collect();
            // The lines of the rows, for the message about a value that does not fit.
            let mut lines = Vec::new();
            let mut bytes = 0;
            while lines.len() < self.most && bytes < BATCH_BYTES && records.next()? {
                lines.push(records.line());
                for ((text, &place), field) in texts.iter_mut().zip(&places).zip(self.schema.fields()) {
                    if self.dialect.is_null(records.field(place), *field.ty() == Type::Str) {
                        text.append_null();
                    } else {
                        let value = records.text(place).map_err(|e| e.with("column", field.name()))?;
                        bytes += value.len();
                        text.append_value(value);
                    }
                }
            }
            if lines.is_empty() {
                self.open = None;
                self.file += 1;
                continue;
            }
            let arrays = texts
                .iter_mut()
                .zip(self.schema.fields())
                .map(|(text, field)| convert(Arc::new(text.finish()), field, file, &lines))
                .collect::<Result<Vec<_>>>()?;
            let options = RecordBatchOptions::new().with_row_count(Some(lines.len()));
            return Ok(Some((number, RecordBatch::try_new_with_options(Arc::clone(&self.layout), arrays, &options)?)));
        }
        Ok(None)
    }
}

/// The texts of a column as values of its type.
fn convert(texts: ArrayRef, field: &Field, file: &File, lines: &[u64]) -> Result<ArrayRef> {
    cast(&texts, field.ty()).map_err(|fault| match fault {
        Fault::Value { row, message, .. } => {
            let line = lines.get(row).copied().unwrap_or_default();
            invalid(&file.path, line, &format!("column {:?}: {message}", field.name())).with("column", field.name())
        }
        other => Error::from(other).with("column", field.name()).with("path", file.path.display().to_string()),
    })
}

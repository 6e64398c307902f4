//! Bridges to the layout and the casts of the contract.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::{CastOptions, cast_with_options};

use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Schema, Type};

pub(super) fn normalise(batch: &RecordBatch, to: &Schema) -> Result<RecordBatch> {
    let arrays = to
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(f, a)| cast_array(a, f.ty()).map_err(|e| e.with("column", f.name())))
        .collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(to.to_arrow(), arrays, &options)?)
}

pub(super) fn normalise_array(array: &ArrayRef, to: &Type) -> Result<ArrayRef> {
    cast_array(array, to)
}

pub(super) fn cast_array(array: &ArrayRef, to: &Type) -> Result<ArrayRef> {
    let wanted = to.to_arrow();
    if *array.data_type() == wanted {
        return Ok(Arc::clone(array));
    }
    let options = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(array, &wanted, &options).map_err(|e| Error::new(ErrorKind::ValueInvalid, e.to_string()).with_source(e))
}

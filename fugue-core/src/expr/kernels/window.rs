//! Window functions over runs of rows.

use arrow::array::ArrayRef;
use arrow::record_batch::RecordBatch;

use crate::error::{Error, ErrorKind, Result};
use crate::expr::TypedWindow;

/// The value of a window function for each row: rows `offsets[i]..offsets[i + 1]` of the batch are partition `i`, in the order of the
/// window already.
///
/// # Errors
/// As [`aggregate`](super::aggregate).
pub fn window(call: &TypedWindow, batch: &RecordBatch, offsets: &[usize]) -> Result<ArrayRef> {
    let _ = (batch, offsets);
    Err(Error::new(ErrorKind::Unexpected, format!("not built yet: {call:?}")))
}

//! Errors across the border: ours inside those of Polars, those of Polars inside ours, panics as errors.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use fugue_core::transform::panic_text;
use fugue_core::{Error, ErrorKind, Result};
use polars::prelude::{PolarsError, PolarsResult};

/// One of our errors on its way through Polars. An `io::Error` passes over what it holds when it is asked for its source, so what it
/// holds is this, whose source is ours.
#[derive(Debug)]
struct Carrier(Error);

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for Carrier {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// Our error as one of Polars, in which [`Error::find`] finds it again.
pub(crate) fn into_polars(error: Error) -> PolarsError {
    // The only variant that holds a foreign error.
    PolarsError::IO { error: Arc::new(std::io::Error::other(Carrier(error))), msg: None }
}

/// A Polars error as ours; one of ours that comes back through Polars keeps its kind and what it says.
pub(crate) fn from_polars(error: PolarsError) -> Error {
    Error::from_native(error)
}

/// Runs Polars: its errors and its panics are errors of ours.
pub(crate) fn guarded<T>(work: impl FnOnce() -> PolarsResult<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(from_polars),
        Err(panic) => Err(Error::new(ErrorKind::EngineFailed, format!("Polars panicked: {}", panic_text(&*panic)))),
    }
}

/// Says in which engine an error of a native call happened.
pub(crate) fn here(error: Error) -> Error {
    error.with_engine("polars").with_operation("transform")
}

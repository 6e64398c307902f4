//! Errors across the border: ours inside those of DataFusion, those of DataFusion inside ours.

use datafusion::error::DataFusionError;
use fugue_core::{Error, ErrorKind};

/// Our error as one of DataFusion, in which [`Error::find`] finds it again.
pub(crate) fn into_native(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// A DataFusion error as ours; one of ours that comes back through DataFusion is as it was.
pub(crate) fn from_native(error: DataFusionError) -> Error {
    match error {
        // Errors of others stay inside DataFusion's: a cluster looks there for what it may try again.
        DataFusionError::External(inner) if inner.is::<Error>() => Error::from_native(inner),
        error if Error::find(&error).is_none() && concerns_a_file(&error) => {
            Error::new(ErrorKind::Io, error.strip_backtrace()).with_source(error)
        }
        error => Error::from_native(error),
    }
}

/// What DataFusion meets in a file is a matter of the file.
fn concerns_a_file(error: &DataFusionError) -> bool {
    matches!(error.find_root(), DataFusionError::IoError(_) | DataFusionError::ObjectStore(_) | DataFusionError::ParquetError(_))
}

/// Says in which engine an error of a native call happened.
pub(crate) fn here(error: Error) -> Error {
    error.with_engine("datafusion").with_operation("transform")
}

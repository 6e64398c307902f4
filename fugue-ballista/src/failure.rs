//! Errors across the cluster: ours as text that comes back as it was, those of Ballista and DataFusion as they are.

use std::io;

use datafusion::error::DataFusionError;
use fugue_core::travel::{error_from_text, error_to_text};
use fugue_core::{Error, ErrorKind};

use crate::submit::JobError;

/// Our error as one of DataFusion.
pub(crate) fn into_native(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// A DataFusion error as ours.
pub(crate) fn from_native(error: DataFusionError) -> Error {
    match error {
        DataFusionError::External(inner) => Error::from_native(inner),
        error => Error::from_native(error),
    }
}

/// An error of a step on an executor, as the scheduler is told of it: it takes text, and knows by the kind of the outermost error whether
/// to try again.
pub(crate) fn told(error: Error) -> DataFusionError {
    // What Ballista itself met (a shuffle file that is gone) decides there what is run again.
    if error.kind() != ErrorKind::TransformerFailed && has_native(&error) {
        return into_native(error);
    }
    let transient = error.is_transient();
    let text = error_to_text(error);
    if transient { DataFusionError::IoError(io::Error::other(text)) } else { DataFusionError::Execution(text) }
}

fn has_native(error: &Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(found) = cause {
        if found.is::<DataFusionError>() {
            return true;
        }
        cause = found.source();
    }
    false
}

/// Why a job has no result.
pub(crate) fn of_job(error: JobError) -> Error {
    match error {
        JobError::Failed(text) => error_from_text(&text).unwrap_or_else(|| Error::new(ErrorKind::EngineFailed, text)),
        JobError::Cancelled => Error::new(ErrorKind::Cancelled, "the job was cancelled on the cluster"),
        JobError::Lost(error) => error,
    }
}

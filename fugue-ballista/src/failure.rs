//! Errors across the cluster: ours as text that comes back as it was, those of Ballista and DataFusion as they are.

use std::io;

use ballista_core::error::BallistaError;
use datafusion::error::DataFusionError;
use fugue_core::travel::{error_from_text, error_to_text};
use fugue_core::{Error, ErrorKind};

use crate::files::Folder;
use crate::submit::JobError;

/// Our error as one of DataFusion.
pub(crate) fn into_native(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// A DataFusion error as ours.
pub(crate) fn from_native(error: DataFusionError) -> Error {
    match error {
        DataFusionError::External(inner) if inner.is::<Error>() => Error::from_native(inner),
        error => Error::from_native(error),
    }
}

/// An error of a step on an executor, as the scheduler is told of it: it takes text, and knows by the kind of the innermost native error
/// whether to try again.
pub(crate) fn told(error: Error) -> DataFusionError {
    // What Ballista itself met (a shuffle file that is gone) decides there what is run again.
    if error.kind() != ErrorKind::TransformerFailed && is_for_ballista(&error) {
        return into_native(error);
    }
    let transient = error.is_transient();
    let text = error_to_text(error);
    if transient { DataFusionError::IoError(io::Error::other(text)) } else { DataFusionError::Execution(text) }
}

fn is_for_ballista(error: &Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(found) = cause {
        if let Some(native) = found.downcast_ref::<DataFusionError>() {
            return match native.find_root() {
                DataFusionError::IoError(_) => true,
                DataFusionError::External(inner) => inner.is::<BallistaError>(),
                // Another step of ours has said it already.
                DataFusionError::Execution(text) => text.contains("<<fugue:"),
                _ => false,
            };
        }
        cause = found.source();
    }
    false
}

/// Why a job has no result, whose inputs went through a folder.
pub(crate) fn of_job(error: JobError, folder: &Folder) -> Error {
    match error {
        JobError::Failed(text) if folder.is_missed_in(&text) => folder.unseen(text),
        JobError::Failed(text) => error_from_text(&text).unwrap_or_else(|| Error::new(ErrorKind::EngineFailed, text)),
        JobError::Cancelled => Error::new(ErrorKind::Cancelled, "the job was cancelled on the cluster"),
        JobError::Lost(error) => error,
    }
}

//! Where a task comes from: the user's line, and what the call said, so that it can be bound again in another process.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use crate::error::Error;
use crate::partition::PartitionSpec;

/// The line of the user's program that asked for a task.
#[derive(Clone, Debug)]
pub(crate) enum CallSite {
    /// In this program.
    Here(&'static Location<'static>),
    /// In the program that packed the task, as text: a location cannot be made of it again.
    There(Arc<str>),
}

impl CallSite {
    pub(crate) fn location(&self) -> Option<&'static Location<'static>> {
        match self {
            Self::Here(at) => Some(at),
            Self::There(_) => None,
        }
    }

    /// Adds the line to an error, where it is of this program: else the program that asked adds it.
    pub(crate) fn tell(&self, error: Error) -> Error {
        match self {
            Self::Here(at) => error.with_call_site(at),
            Self::There(_) => error,
        }
    }
}

impl fmt::Display for CallSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here(at) => at.fmt(f),
            Self::There(at) => f.write_str(at),
        }
    }
}

/// What a call said besides what the task holds of it anyway.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) spec: PartitionSpec,
    pub(crate) schema: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) concurrency: Option<usize>,
    pub(crate) discard: bool,
}

//! What goes wrong inside a column, before it is known which column it is.

use arrow::error::ArrowError;

use crate::error::{Error, ErrorKind};

/// A failure while a column is converted.
#[derive(Debug)]
pub(crate) enum Fault {
    /// A value cannot be what is asked of it.
    Value { row: usize, field: String, message: String },
    /// No value of the one type can be a value of the other.
    Type(String),
    /// Anything else.
    Other(Error),
}

impl Fault {
    pub(crate) fn value(row: usize, message: impl Into<String>) -> Self {
        Self::Value { row, field: String::new(), message: message.into() }
    }

    /// The same failure seen from the value that holds this one: its row, and the name of the part.
    pub(crate) fn inside(self, part: &str, outer_row: impl FnOnce(usize) -> usize) -> Self {
        match self {
            Self::Value { row, field, message } => {
                let dot = if field.is_empty() || field.starts_with('[') { "" } else { "." };
                Self::Value { row: outer_row(row), field: format!("{part}{dot}{field}"), message }
            }
            other => other,
        }
    }
}

impl From<ArrowError> for Fault {
    fn from(error: ArrowError) -> Self {
        Self::Other(error.into())
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Value { row, field, message } => {
                let error = Self::new(ErrorKind::ValueInvalid, message).with("row", row.to_string());
                if field.is_empty() { error } else { error.with("field", field) }
            }
            Fault::Type(message) => Self::new(ErrorKind::SchemaMismatch, message),
            Fault::Other(error) => error,
        }
    }
}

//! What a reader does with nulls, and the errors that name column and row.

use arrow::array::Array;
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;

use crate::error::{Error, ErrorKind, Result};
use crate::schema::Type;

/// Whether a reader accepts nulls in its column, and which rows count at all.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nulls<'m> {
    /// A null is an error that names column and row.
    Forbid,
    /// The caller looks at nulls itself.
    Allow,
    /// As `Forbid`, among the rows of the mask; the others are never read, and may hold anything.
    ForbidAmong(&'m NullBuffer),
    /// As `Allow`, among the rows of the mask.
    AllowAmong(&'m NullBuffer),
}

impl<'m> Nulls<'m> {
    /// Refuses nulls, among the rows of a mask if there is one.
    pub(super) fn forbid(live: Option<&'m NullBuffer>) -> Self {
        live.map_or(Self::Forbid, Self::ForbidAmong)
    }

    /// Allows nulls, among the rows of a mask if there is one.
    pub(super) fn allow(live: Option<&'m NullBuffer>) -> Self {
        live.map_or(Self::Allow, Self::AllowAmong)
    }

    /// The rows that are read; all, when there is no mask.
    #[must_use]
    pub fn live(self) -> Option<&'m NullBuffer> {
        match self {
            Self::Forbid | Self::Allow => None,
            Self::ForbidAmong(live) | Self::AllowAmong(live) => Some(live),
        }
    }

    /// Finds a null that is forbidden.
    ///
    /// # Errors
    /// `ValueInvalid` naming column and row.
    pub fn check(self, array: &dyn Array, name: &str) -> Result<()> {
        if matches!(self, Self::Allow | Self::AllowAmong(_)) {
            return Ok(());
        }
        let Some(valid) = valid(array) else { return Ok(()) };
        let live = self.live();
        match (0..array.len()).find(|&row| valid.is_null(row) && live.is_none_or(|l| l.is_valid(row))) {
            Some(row) => Err(invalid(name, row, "a null stands where the row type allows none; make the field an Option")),
            None => Ok(()),
        }
    }

    /// The rows that are read and hold a value; `None` when all do.
    pub(super) fn values(self, array: &dyn Array) -> Option<NullBuffer> {
        NullBuffer::union(valid(array).as_ref(), self.live())
    }
}

/// The validity of an array, nulls behind dictionary keys included; `None` when there is no null.
pub(super) fn valid(array: &dyn Array) -> Option<NullBuffer> {
    array.logical_nulls().filter(|n| n.null_count() > 0)
}

/// The error for a value that cannot be read. The row stands in the context alone, so that lists can translate it.
pub(super) fn invalid(name: &str, row: usize, message: &str) -> Error {
    Error::new(ErrorKind::ValueInvalid, message).with("column", name).with("row", row.to_string())
}

/// The error for a column of another type.
pub(super) fn mismatch(name: &str, wanted: &Type, found: &DataType) -> Error {
    let found = Type::from_arrow(found).map_or_else(|_| found.to_string(), |ty| describe(&ty));
    mismatched(name, wanted, &found)
}

/// The error for a column of another type, already described.
pub(super) fn mismatched(name: &str, wanted: &Type, found: &str) -> Error {
    let wanted = describe(wanted);
    let message = format!(
        "column {name:?} is {found} and cannot be read as {wanted} without loss; change the field of the row type, or cast the column first"
    );
    Error::new(ErrorKind::SchemaMismatch, message).with("column", name).with("wanted", wanted).with("found", found)
}

/// The text of a type in messages.
pub(super) fn describe(ty: &Type) -> String {
    ty.to_string()
}

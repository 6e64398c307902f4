//! Set operations: union, subtract and intersect, of different rows or with counts.

use crate::schema::Schema;

/// Which set operation.
#[expect(clippy::exhaustive_enums, reason = "engines must mind every case")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetKind {
    /// Rows of either side.
    Union,
    /// Rows of the left side that the right has not.
    Subtract,
    /// Rows that both sides have.
    Intersect,
}

/// A set operation over two frames of one schema. Rows are equal when all columns are: nulls are equal, floats by their one equality.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct SetOp {
    /// Which.
    pub kind: SetKind,
    /// With counts: a row that stands `l` times on the left and `r` times on the right stands `l + r`, `max(l - r, 0)` or `min(l, r)` times in
    /// the result. Without, each row stands once.
    pub all: bool,
    /// The columns of both sides and of the result.
    pub schema: Schema,
}

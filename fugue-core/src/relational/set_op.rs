//! Set operations: union, subtract and intersect, of different rows or with counts.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::schema::Schema;

/// Which set operation.
#[expect(clippy::exhaustive_enums, reason = "engines must mind every case")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetOp {
    /// Which.
    pub kind: SetKind,
    /// With counts: a row that stands `l` times on the left and `r` times on the right stands `l + r`, `max(l - r, 0)` or `min(l, r)` times in
    /// the result. Without, each row stands once.
    pub all: bool,
    /// The columns of both sides and of the result.
    #[serde(with = "crate::expr::as_text")]
    pub schema: Schema,
}

impl SetOp {
    /// A set operation over frames of these schemas, which must be the same in names, types and order.
    ///
    /// # Errors
    /// `SchemaMismatch` where they are not.
    pub fn new(kind: SetKind, all: bool, left: &Schema, right: &Schema) -> Result<Self> {
        if left != right {
            let message = format!(
                "{kind} needs the same columns on both sides, in the same order; the left has {left} and the right {right}; select or \
                 cast them first"
            );
            return Err(Error::new(ErrorKind::SchemaMismatch, message));
        }
        Ok(Self { kind, all, schema: left.clone() })
    }
}

impl fmt::Display for SetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Union => "union",
            Self::Subtract => "subtract",
            Self::Intersect => "intersect",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_have_one_schema() {
        let schema = |text| Schema::parse(text).unwrap();
        let op = SetOp::new(SetKind::Union, true, &schema("a:int,b:str"), &schema("a:int,b:str")).unwrap();
        assert_eq!((op.kind, op.all, op.schema), (SetKind::Union, true, schema("a:int,b:str")));
        for right in ["a:int", "b:str,a:int", "a:int,c:str", "a:long,b:str"] {
            let error = SetOp::new(SetKind::Subtract, false, &schema("a:int,b:str"), &schema(right)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
            assert!(error.message().starts_with("subtract needs"), "{error}");
        }
    }
}

//! Joins by equal columns.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind, Result};
use crate::schema::Schema;

/// Which rows a join gives.
#[expect(clippy::exhaustive_enums, reason = "engines must mind every case")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinKind {
    /// Pairs of rows with equal keys.
    Inner,
    /// These, and left rows without a partner.
    LeftOuter,
    /// These, and right rows without a partner.
    RightOuter,
    /// These, and rows of both sides without a partner.
    FullOuter,
    /// Left rows that have a partner, each once.
    Semi,
    /// Left rows that have none.
    Anti,
    /// All pairs of rows; there are no keys.
    Cross,
}

/// The words of a join, in any case: `inner`, `left_outer`, `right_outer`, `full_outer`, `cross`, `semi`, `left_semi`, `anti`, `left_anti`.
impl FromStr for JoinKind {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        Ok(match word.to_ascii_lowercase().as_str() {
            "inner" => Self::Inner,
            "left_outer" => Self::LeftOuter,
            "right_outer" => Self::RightOuter,
            "full_outer" => Self::FullOuter,
            "semi" | "left_semi" => Self::Semi,
            "anti" | "left_anti" => Self::Anti,
            "cross" => Self::Cross,
            _ => {
                return Err(Error::new(
                    ErrorKind::ExpressionInvalid,
                    format!(
                        "{word:?} is no kind of join; there are inner, left_outer, right_outer, full_outer, semi (left_semi), anti (left_anti) \
                         and cross"
                    ),
                ));
            }
        })
    }
}

impl fmt::Display for JoinKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inner => "inner",
            Self::LeftOuter => "left_outer",
            Self::RightOuter => "right_outer",
            Self::FullOuter => "full_outer",
            Self::Semi => "semi",
            Self::Anti => "anti",
            Self::Cross => "cross",
        })
    }
}

/// A join of two frames. Null keys never match; NaN matches NaN and -0.0 matches 0.0.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct Join {
    /// Which rows.
    pub kind: JoinKind,
    /// The columns of the left frame.
    pub left: Schema,
    /// The columns of the right frame.
    pub right: Schema,
    /// The keys, in the order of the left frame: their positions on both sides, of equal types.
    pub keys: Vec<(usize, usize)>,
    /// The columns of the result: those of the left frame, then those of the right that are no keys (none for semi and anti). A key has the
    /// value of the side that has a row.
    pub output: Schema,
}

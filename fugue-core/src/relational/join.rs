//! Joins by equal columns.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Schema, quote};

/// Which rows a join gives.
#[expect(clippy::exhaustive_enums, reason = "engines must mind every case")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Join {
    /// Which rows.
    pub kind: JoinKind,
    /// The columns of the left frame.
    #[serde(with = "crate::expr::as_text")]
    pub left: Schema,
    /// The columns of the right frame.
    #[serde(with = "crate::expr::as_text")]
    pub right: Schema,
    /// The keys, in the order of the left frame: their positions on both sides, of equal types.
    pub keys: Vec<(usize, usize)>,
    /// The columns of the result: those of the left frame, then those of the right that are no keys (none for semi and anti). A key has the
    /// value of the side that has a row.
    #[serde(with = "crate::expr::as_text")]
    pub output: Schema,
}

impl Join {
    /// A join of frames of these schemas: by the named columns, or by all that both have. The two may have no other column in common.
    ///
    /// # Errors
    /// `SchemaMismatch` for keys that one side lacks, that are named twice or have two types, for further columns of one name, for frames
    /// without a common column, and for keys of a cross join.
    pub fn new(kind: JoinKind, left: &Schema, right: &Schema, on: Option<&[Arc<str>]>) -> Result<Self> {
        let on = on.unwrap_or_default();
        let common = left.common_names(right);
        check_names(kind, left, right, on, &common)?;
        let mut keys = Vec::with_capacity(common.len());
        for name in &common {
            let (Some(l), Some(r)) = (left.index_of(name), right.index_of(name)) else { continue };
            let (left_type, right_type) = (left.fields()[l].ty(), right.fields()[r].ty());
            if left_type != right_type {
                return Err(mismatch(
                    name,
                    format!(
                        "the key {} is {left_type} on the left and {right_type} on the right; cast one of them first",
                        quote(name)
                    ),
                ));
            }
            keys.push((l, r));
        }
        let output = match kind {
            JoinKind::Semi | JoinKind::Anti => left.clone(),
            _ => left.append(right.exclude(&common))?,
        };
        Ok(Self { kind, left: left.clone(), right: right.clone(), keys, output })
    }
}

fn check_names(kind: JoinKind, left: &Schema, right: &Schema, on: &[Arc<str>], common: &[&str]) -> Result<()> {
    if kind == JoinKind::Cross {
        if let Some(name) = on.first() {
            return Err(mismatch(name, "a cross join has no keys; leave them out, or write another kind of join".to_owned()));
        }
        return match common.first() {
            Some(name) => {
                Err(mismatch(name, format!("both sides of a cross join have a column {}; rename one of them", quote(name))))
            }
            None => Ok(()),
        };
    }
    for (i, name) in on.iter().enumerate() {
        if on[..i].contains(name) {
            return Err(mismatch(name, format!("the key {} is named twice", quote(name))));
        }
        for (schema, side) in [(left, "left"), (right, "right")] {
            if !schema.contains(name) {
                return Err(mismatch(name, format!("on the {side} side {}", schema.missing_message(name))));
            }
        }
    }
    if common.is_empty() {
        let message =
            format!("the two sides have no column in common to join by: {left} and {right}; rename the keys, or join cross");
        return Err(Error::new(ErrorKind::SchemaMismatch, message));
    }
    match common.iter().find(|name| !on.is_empty() && !on.iter().any(|key| **key == ***name)) {
        Some(name) => {
            Err(mismatch(name, format!("both sides have a column {} that is no key; rename or drop it on one side", quote(name))))
        }
        None => Ok(()),
    }
}

fn mismatch(name: &str, message: String) -> Error {
    Error::new(ErrorKind::SchemaMismatch, message).with("column", name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::partition::IntoNames;

    fn join(kind: &str, left: &str, right: &str, on: impl IntoNames) -> Result<Join> {
        let on = on.into_names();
        let on = (!on.is_empty()).then_some(&*on);
        Join::new(kind.parse().unwrap(), &Schema::parse(left).unwrap(), &Schema::parse(right).unwrap(), on)
    }

    #[test]
    fn columns_are_those_of_the_left_and_then_those_that_only_the_right_has() {
        let cases = [
            ("inner", "a:int,b:int", "d:str,a:int", "a:int,b:int,d:str"),
            ("INNER", "c:int,a:int", "a:int,b:int", "c:int,a:int,b:int"),
            ("left_outer", "a:int,b:int", "c:str,a:int", "a:int,b:int,c:str"),
            ("right_outer", "a:int,b:str", "c:int,a:int", "a:int,b:str,c:int"),
            ("full_outer", "a:int,b:str", "c:str,a:int", "a:int,b:str,c:str"),
            ("left_semi", "a:int,b:int", "c:int,a:int", "a:int,b:int"),
            ("anti", "a:int,b:int", "c:int,a:int", "a:int,b:int"),
            ("Cross", "a:int,b:int", "c:int", "a:int,b:int,c:int"),
        ];
        for (kind, left, right, output) in cases {
            assert_eq!(join(kind, left, right, ()).unwrap().output, output, "{kind}");
        }
    }

    #[test]
    fn keys_stand_in_the_order_of_the_left() {
        let join = |on: &[&str]| join("inner", "a:int,b:int,c:int", "c:int,b:int,x:int", on);
        let wanted = join(&["c", "b"]).unwrap();
        assert_eq!(wanted.keys, [(1, 1), (2, 0)]);
        assert_eq!(wanted.output, "a:int,b:int,c:int,x:int");
        assert_eq!(join(&[]).unwrap().keys, wanted.keys);
    }

    #[test]
    fn what_does_not_fit_is_refused_when_the_plan_is_built() {
        let cases: [(_, _, _, &[&str], _); 10] = [
            ("inner", "a:int,b:int", "a:int,b:int", &["a"], "both sides have a column b that is no key"),
            ("semi", "a:int,b:int", "a:int,b:int", &["a"], "both sides have a column b that is no key"),
            ("inner", "a:int", "a:long", &[], "the key a is int on the left and long on the right"),
            ("inner", "a:int,b:int", "a:int", &["b"], "on the right side there is no column b"),
            ("inner", "a:int", "a:int,b:int", &["b"], "on the left side there is no column b"),
            ("inner", "a:int", "a:int", &["a", "a"], "the key a is named twice"),
            ("inner", "a:int", "b:int", &[], "no column in common"),
            ("anti", "a:int", "b:int", &[], "no column in common"),
            ("cross", "a:int", "a:int", &[], "both sides of a cross join have a column a"),
            ("cross", "a:int", "b:int", &["a"], "a cross join has no keys"),
        ];
        for (kind, left, right, on, message) in cases {
            let error = join(kind, left, right, on).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{error}");
            assert!(error.message().contains(message), "{error}");
        }
        for word in ["outer", "", "left outer", "none"] {
            assert_eq!(word.parse::<JoinKind>().unwrap_err().kind(), ErrorKind::ExpressionInvalid);
        }
    }
}

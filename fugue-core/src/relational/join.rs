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
    /// A join of frames of these schemas: by pairs of keys, each a name on the left and one on the right, or by all columns that both have.
    /// No other column of the right may have the name of one on the left. A key has its name on the left in the result.
    ///
    /// # Errors
    /// `SchemaMismatch` for keys that one side lacks, that are named twice or have two types, for an empty list of keys, for further columns of
    /// one name, for frames without a common column, and for keys of a cross join.
    pub fn new(kind: JoinKind, left: &Schema, right: &Schema, on: Option<&[(Arc<str>, Arc<str>)]>) -> Result<Self> {
        let common = left.common_names(right);
        let mut pairs: Vec<(&str, &str)> = on.unwrap_or_default().iter().map(|(l, r)| (&**l, &**r)).collect();
        if kind == JoinKind::Cross {
            check_cross(&pairs, &common)?;
        } else if on.is_some() && pairs.is_empty() {
            let message = "there is no key to join by; name one, or leave the keys to the columns that both sides have: join(…)";
            return Err(Error::new(ErrorKind::SchemaMismatch, message));
        } else if pairs.is_empty() {
            pairs = common.iter().map(|name| (*name, *name)).collect();
            if pairs.is_empty() {
                let message = format!(
                    "the two sides have no column in common to join by: {left} and {right}; name a key of each side in join_on, or join cross"
                );
                return Err(Error::new(ErrorKind::SchemaMismatch, message));
            }
        }
        let mut keys = Vec::with_capacity(pairs.len());
        for (i, pair) in pairs.iter().enumerate() {
            keys.push(key(left, right, *pair, &pairs[..i])?);
        }
        keys.sort_unstable();
        let rest = right.exclude(keys.iter().map(|(_, r)| right.fields()[*r].name()));
        if let Some(name) = rest.names().find(|name| left.contains(name)) {
            let message = format!("both sides have a column {} that is no key; rename or drop it on one side", quote(name));
            return Err(mismatch(name, message));
        }
        let output = match kind {
            JoinKind::Semi | JoinKind::Anti => left.clone(),
            _ => left.append(rest)?,
        };
        Ok(Self { kind, left: left.clone(), right: right.clone(), keys, output })
    }

    /// The schema of the right side with each key under its name on the left; `None` where it has these names already.
    pub(crate) fn right_renamed(&self) -> Result<Option<Schema>> {
        let name = |(l, r): &(usize, usize)| (self.right.fields()[*r].name(), self.left.fields()[*l].name());
        let other: Vec<_> = self.keys.iter().map(name).filter(|(right, left)| right != left).collect();
        if other.is_empty() { Ok(None) } else { self.right.rename(other).map(Some) }
    }
}

/// Where a key stands on both sides.
fn key(left: &Schema, right: &Schema, pair: (&str, &str), before: &[(&str, &str)]) -> Result<(usize, usize)> {
    let (l, r) = pair;
    if before.iter().any(|(known, _)| *known == l) {
        return Err(mismatch(l, format!("the key {} is named twice", quote(l))));
    }
    if before.iter().any(|(_, known)| *known == r) {
        return Err(mismatch(r, format!("the key {} of the right side is named twice", quote(r))));
    }
    let find = |schema: &Schema, name: &str, side: &str| {
        let missing = || {
            let message = format!("the join is by {}, but on the {side} side {}", written(pair), schema.missing_message(name));
            mismatch(name, message)
        };
        schema.index_of(name).ok_or_else(missing)
    };
    let at = (find(left, l, "left")?, find(right, r, "right")?);
    let (left_type, right_type) = (left.fields()[at.0].ty(), right.fields()[at.1].ty());
    if left_type != right_type {
        let message =
            format!("the key {} is {left_type} on the left and {right_type} on the right; cast one of them first", written(pair));
        return Err(mismatch(l, message));
    }
    Ok(at)
}

/// A key as messages name it: both names where there are two.
fn written((left, right): (&str, &str)) -> String {
    if left == right { quote(left).into_owned() } else { format!("{} = {}", quote(left), quote(right)) }
}

fn check_cross(on: &[(&str, &str)], common: &[&str]) -> Result<()> {
    if let Some((name, _)) = on.first() {
        return Err(mismatch(name, "a cross join has no keys; leave them out, or write another kind of join".to_owned()));
    }
    match common.first() {
        Some(name) => {
            Err(mismatch(name, format!("both sides of a cross join have a column {}; rename one of them", quote(name))))
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
    use crate::relational::IntoJoinKeys;

    fn join(kind: &str, left: &str, right: &str, on: impl IntoJoinKeys) -> Result<Join> {
        let on = on.into_join_keys();
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
            assert_eq!(join(kind, left, right, [] as [&str; 0]).unwrap().output, output, "{kind}");
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
    fn keys_may_have_a_name_on_each_side() {
        let made = join("full_outer", "o:int,c:str,d:date", "k:int,v:str,d:date", [("o", "k"), ("d", "d")]).unwrap();
        assert_eq!((made.keys.as_slice(), made.output.to_string().as_str()), (&[(0, 0), (2, 2)][..], "o:int,c:str,d:date,v:str"));
        assert_eq!(made.right_renamed().unwrap().unwrap(), "o:int,v:str,d:date");
        // The name of a key on the right says nothing about a column of the left.
        let made = join("inner", "a:int,b:int", "a:int,b:int", [("a", "b"), ("b", "a")]).unwrap();
        assert_eq!((made.keys.as_slice(), made.output.to_string().as_str()), (&[(0, 1), (1, 0)][..], "a:int,b:int"));
        assert_eq!(made.right_renamed().unwrap().unwrap(), "b:int,a:int");
        let made = join("inner", "a:int,b:int", "b:int,c:int", ("a", "b")).unwrap();
        assert_eq!(made.output, "a:int,b:int,c:int");
        assert!(join("inner", "a:int", "a:int,b:int", "a").unwrap().right_renamed().unwrap().is_none());
        let cases: [(_, _, &[(&str, &str)], _); 6] = [
            ("a:int", "b:long", &[("a", "b")], "the key a = b is int on the left and long on the right"),
            ("a:int", "b:int", &[("a", "x")], "the join is by a = x, but on the right side there is no column x"),
            ("a:int", "b:int", &[("x", "b")], "the join is by x = b, but on the left side there is no column x"),
            ("a:int", "b:int,c:int", &[("a", "b"), ("a", "c")], "the key a is named twice"),
            ("a:int,b:int", "c:int", &[("a", "c"), ("b", "c")], "the key c of the right side is named twice"),
            ("a:int,b:int", "a:int,c:int", &[("b", "c")], "both sides have a column a that is no key"),
        ];
        for (left, right, on, message) in cases {
            for kind in ["inner", "anti"] {
                let error = join(kind, left, right, on).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{error}");
                assert!(error.message().contains(message), "{error}");
            }
        }
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
        let schema = Schema::parse("a:int").unwrap();
        let none = Join::new(JoinKind::Inner, &schema, &schema, Some(&[])).unwrap_err();
        assert_eq!((none.kind(), none.message().contains("no key to join by")), (ErrorKind::SchemaMismatch, true), "{none}");
        for word in ["outer", "", "left outer", "none"] {
            assert_eq!(word.parse::<JoinKind>().unwrap_err().kind(), ErrorKind::ExpressionInvalid);
        }
    }
}

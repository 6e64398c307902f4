//! The printed form of schemas; reading it gives the same schema back.

use std::borrow::Cow;
use std::fmt;

use super::{Field, Schema, Type, spelling};

/// A name as it stands in schema texts: in backticks unless it is a plain identifier.
///
/// ```
/// use fugue_core::schema::quote;
///
/// assert_eq!(quote("value_2"), "value_2");
/// assert_eq!(quote("two words"), "`two words`");
/// assert_eq!(quote("a`b"), "`a``b`");
/// ```
#[must_use]
pub fn quote(name: &str) -> Cow<'_, str> {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.chars().any(|c| c != '_');
    if plain { Cow::Borrowed(name) } else { Cow::Owned(format!("`{}`", name.replace('`', "``"))) }
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fields(f, self.fields())
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", quote(self.name()), self.ty())
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timestamp(zone) => write!(f, "timestamp(us,{zone})"),
            Self::Decimal(p, 0) => write!(f, "decimal({p})"),
            Self::Decimal(p, s) => write!(f, "decimal({p},{s})"),
            Self::List(item) => write!(f, "[{item}]"),
            Self::Map(key, value) => write!(f, "<{key},{value}>"),
            Self::Struct(inner) => {
                f.write_str("{")?;
                fields(f, inner)?;
                f.write_str("}")
            }
            simple => f.write_str(spelling::printed(simple).unwrap_or("?")),
        }
    }
}

pub(super) fn fields(f: &mut fmt::Formatter<'_>, fields: &[Field]) -> fmt::Result {
    for (i, field) in fields.iter().enumerate() {
        if i > 0 {
            f.write_str(",")?;
        }
        write!(f, "{field}")?;
    }
    Ok(())
}

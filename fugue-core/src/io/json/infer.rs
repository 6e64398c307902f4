//! The types of JSON values, from all of them.

use std::sync::Arc;

use super::parse::Json;
use crate::schema::{Field, Type};

/// What values have been so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Kind {
    /// Nothing but null.
    #[default]
    Unknown,
    Bool,
    Long,
    Double,
    /// Text, or what has no type in common.
    Text,
    List(Box<Self>),
    /// Fields in the order in which they were first seen.
    Object(Vec<(String, Self)>),
}

impl Kind {
    /// Takes one more value into account.
    pub(super) fn see(&mut self, value: &Json<'_>) {
        match (&mut *self, value) {
            (_, Json::Null) | (Self::Text, _) => {}
            (Self::List(item), Json::List(items, _)) => items.iter().for_each(|i| item.see(i)),
            (Self::Object(known), Json::Object(fields, _)) => {
                for (name, value) in fields {
                    match known.iter_mut().find(|(n, _)| n == name) {
                        Some((_, kind)) => kind.see(value),
                        None => {
                            let mut kind = Self::Unknown;
                            kind.see(value);
                            known.push((name.to_string(), kind));
                        }
                    }
                }
            }
            (Self::Unknown, Json::List(..)) => {
                *self = Self::List(Box::default());
                self.see(value);
            }
            (Self::Unknown, Json::Object(..)) => {
                *self = Self::Object(Vec::new());
                self.see(value);
            }
            (before, value) => *self = before.beside(&Self::of(value)),
        }
    }

    /// The kind of a value without parts.
    fn of(value: &Json<'_>) -> Self {
        match value {
            Json::Bool(_) => Self::Bool,
            Json::Number(text) if text.parse::<i64>().is_ok() => Self::Long,
            // A whole number too large for a long is text: as a double it would lose digits.
            Json::Number(text) if text.bytes().all(|b| b.is_ascii_digit() || b == b'-') => Self::Text,
            Json::Number(_) => Self::Double,
            _ => Self::Text,
        }
    }

    fn beside(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Unknown, other) => other.clone(),
            (Self::Long, Self::Double) | (Self::Double, Self::Long) => Self::Double,
            (a, b) if a == b => a.clone(),
            _ => Self::Text,
        }
    }

    pub(super) fn ty(&self) -> Type {
        match self {
            Self::Bool => Type::Bool,
            Self::Long => Type::Int64,
            Self::Double => Type::Float64,
            Self::Unknown | Self::Text => Type::Str,
            Self::List(item) => Type::List(Arc::new(item.ty())),
            Self::Object(fields) => {
                Type::Struct(fields.iter().map(|(name, kind)| Field::new(name.as_str(), kind.ty())).collect())
            }
        }
    }
}

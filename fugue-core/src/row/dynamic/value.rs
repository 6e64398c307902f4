//! One value of any column type, known only at run time.

use std::fmt;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use super::Record;
use super::write::ValueWriter;
use crate::cast::format_value;
use crate::row::{Decimal, Timestamp};
use crate::schema::Type;

/// A value of any column type.
///
/// Equality is the contract's: NaN equals NaN, and an integer equals the same integer of another width or sign.
#[non_exhaustive]
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer of any width, but for `ulong`.
    Int(i64),
    /// A `ulong`.
    UInt(u64),
    /// A float of either width.
    Float(f64),
    /// Text.
    Str(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A day.
    Date(NaiveDate),
    /// A time of day.
    Time(NaiveTime),
    /// A moment without zone.
    Datetime(NaiveDateTime),
    /// An instant.
    Timestamp(Timestamp),
    /// A decimal: the unscaled number, and how many of its digits stand after the point.
    Decimal(i128, i8),
    /// A list.
    List(Vec<Self>),
    /// A struct.
    Struct(Record),
    /// A map as its entries.
    Map(Vec<(Self, Self)>),
}

impl Value {
    /// Whether this is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The integer, where it is one that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::UInt(value) => i64::try_from(*value).ok(),
            _ => None,
        }
    }

    /// The number as a float, where it is a float or an integer that a float holds exactly.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Float(value) => Some(*value),
            Self::Int(_) | Self::UInt(_) => self.as_i128().and_then(exact_float),
            _ => None,
        }
    }

    /// The text, where it is text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The boolean, where it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn as_i128(&self) -> Option<i128> {
        match self {
            Self::Int(value) => Some(i128::from(*value)),
            Self::UInt(value) => Some(i128::from(*value)),
            _ => None,
        }
    }

    /// The value with its kind, for messages; long ones are cut.
    pub(super) fn describe(&self) -> String {
        let kind = match self {
            Self::Null => return "NULL".to_owned(),
            Self::Bool(_) => "boolean",
            Self::Int(_) | Self::UInt(_) => "integer",
            Self::Float(_) => "float",
            Self::Str(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::Date(_) => "date",
            Self::Time(_) => "time",
            Self::Datetime(_) => "datetime",
            Self::Timestamp(_) => "timestamp",
            Self::Decimal(_, _) => "decimal",
            Self::List(_) => "list",
            Self::Struct(_) => "struct",
            Self::Map(_) => "map",
        };
        let text = self.to_string();
        let cut: String = text.chars().take(60).collect();
        format!("the {kind} {cut}{}", if cut.len() < text.len() { "…" } else { "" })
    }
}

/// The float that is the integer exactly.
pub(super) fn exact_float(value: i128) -> Option<f64> {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "the way back tells whether anything was lost"
    )]
    let (float, back) = (value as f64, value as f64 as i128);
    (back == value).then_some(float)
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(_) | Self::UInt(_), Self::Int(_) | Self::UInt(_)) => self.as_i128() == other.as_i128(),
            (Self::Float(a), Self::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Date(a), Self::Date(b)) => a == b,
            (Self::Time(a), Self::Time(b)) => a == b,
            (Self::Datetime(a), Self::Datetime(b)) => a == b,
            (Self::Timestamp(a), Self::Timestamp(b)) => a == b,
            (Self::Decimal(a, s), Self::Decimal(b, t)) => a == b && s == t,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Struct(a), Self::Struct(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            _ => false,
        }
    }
}

/// The text that tables show, see [`format_value`](crate::cast::format_value).
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Str(text) => f.write_str(text),
            other => other.write_inside(f),
        }
    }
}

impl Value {
    /// The text of a value inside another.
    pub(super) fn write_inside(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ty = match self {
            Self::Null => return f.write_str("NULL"),
            Self::Bool(value) => return write!(f, "{value}"),
            Self::Int(value) => return write!(f, "{value}"),
            Self::UInt(value) => return write!(f, "{value}"),
            Self::Str(text) => return write!(f, "{text:?}"),
            Self::Struct(record) => return write!(f, "{record}"),
            Self::List(items) => return join(f, "[", items, "]", |item, f| item.write_inside(f)),
            Self::Map(entries) => {
                return join(f, "{", entries, "}", |(key, value), f| {
                    key.write_inside(f)?;
                    f.write_str(": ")?;
                    value.write_inside(f)
                });
            }
            Self::Float(_) => Type::Float64,
            Self::Bytes(_) => Type::Bytes,
            Self::Date(_) => Type::Date,
            Self::Time(_) => Type::Time,
            Self::Datetime(_) => Type::Datetime,
            Self::Timestamp(_) => Type::Timestamp("UTC".into()),
            Self::Decimal(_, scale) => Type::Decimal(38, *scale),
        };
        // There is one text form in the library, and it reads columns: this value becomes one.
        let mut column = ValueWriter::new(&ty, 1).map_err(|_| fmt::Error)?;
        match column.push(self.clone()) {
            Ok(()) => f.write_str(&format_value(&column.finish().map_err(|_| fmt::Error)?, 0)),
            Err(_) => write!(f, "{self:?}"),
        }
    }
}

/// Writes parts between commas.
pub(super) fn join<T>(
    f: &mut fmt::Formatter<'_>,
    open: &str,
    parts: impl IntoIterator<Item = T>,
    close: &str,
    write: impl Fn(T, &mut fmt::Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    f.write_str(open)?;
    for (i, part) in parts.into_iter().enumerate() {
        f.write_str(if i == 0 { "" } else { ", " })?;
        write(part, f)?;
    }
    f.write_str(close)
}

/// A Rust type that a [`Value`] can be taken as.
#[diagnostic::on_unimplemented(
    message = "a value cannot be taken as `{Self}`",
    note = "it can be taken as bool, integers, f32, f64, String, Vec<u8>, chrono dates and times, Record, Value, and Option and Vec of these"
)]
pub trait FromValue: Sized {
    /// The value as this type.
    ///
    /// # Errors
    /// The value itself, where the type cannot hold it without loss.
    fn from_value(value: Value) -> Result<Self, Value>;

    /// A list of values as this type; bytes are one for `u8`.
    #[doc(hidden)]
    fn list_from_value(value: Value) -> Result<Vec<Self>, Value> {
        match value {
            Value::List(items) => {
                // The list is handed back whole when an item does not fit.
                let converted = items.iter().map(|item| Self::from_value(item.clone())).collect::<Result<Vec<_>, _>>();
                converted.map_err(|_| Value::List(items))
            }
            other => Err(other),
        }
    }
}

impl FromValue for Value {
    fn from_value(value: Value) -> Result<Self, Value> {
        Ok(value)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Result<Self, Value> {
        if value.is_null() { Ok(None) } else { T::from_value(value).map(Some) }
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: Value) -> Result<Self, Value> {
        T::list_from_value(value)
    }
}

impl FromValue for u8 {
    fn from_value(value: Value) -> Result<Self, Value> {
        value.as_i128().and_then(|v| v.try_into().ok()).ok_or(value)
    }

    fn list_from_value(value: Value) -> Result<Vec<Self>, Value> {
        match value {
            Value::Bytes(bytes) => Ok(bytes),
            other => Err(other),
        }
    }
}

impl FromValue for f64 {
    fn from_value(value: Value) -> Result<Self, Value> {
        value.as_f64().ok_or(value)
    }
}

impl FromValue for f32 {
    fn from_value(value: Value) -> Result<Self, Value> {
        value.as_f64().and_then(narrow).ok_or(value)
    }
}

/// The narrow float that is the wide one exactly.
pub(super) fn narrow(value: f64) -> Option<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "the way back tells whether anything was lost")]
    let narrow = value as f32;
    (value.is_nan() || f64::from(narrow) == value).then_some(narrow)
}

macro_rules! integers {
    ($($int:ty),*) => { $(
        impl FromValue for $int {
            fn from_value(value: Value) -> Result<Self, Value> {
                value.as_i128().and_then(|v| v.try_into().ok()).ok_or(value)
            }
        }
    )* };
}

integers!(i8, i16, i32, i64, u16, u32, u64);

macro_rules! same {
    ($($variant:ident($ty:ty)),*) => { $(
        impl From<$ty> for Value {
            fn from(value: $ty) -> Self {
                Self::$variant(value)
            }
        }

        impl FromValue for $ty {
            fn from_value(value: Value) -> Result<Self, Value> {
                match value {
                    Value::$variant(value) => Ok(value),
                    other => Err(other),
                }
            }
        }
    )* };
}

same!(Bool(bool), Str(String), Date(NaiveDate), Time(NaiveTime), Datetime(NaiveDateTime), Timestamp(Timestamp), Struct(Record));

macro_rules! from {
    ($($ty:ty => $variant:ident),*) => { $(
        impl From<$ty> for Value {
            fn from(value: $ty) -> Self {
                Self::$variant(value.into())
            }
        }
    )* };
}

from!(i8 => Int, i16 => Int, i32 => Int, i64 => Int, u8 => Int, u16 => Int, u32 => Int, u64 => UInt, f32 => Float, f64 => Float);
from!(&str => Str, Vec<u8> => Bytes, &[u8] => Bytes, Vec<Value> => List);

impl<const P: u8, const S: i8> From<Decimal<P, S>> for Value {
    fn from(value: Decimal<P, S>) -> Self {
        Self::Decimal(value.unscaled(), S)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

//! Casts between column types, the same on every engine, and the one text form of values.
//!
//! What a cast does, beyond what its types say (the contract's D24 to D38):
//! - null stays null; a value that cannot be cast is an error that names its row, never a null;
//! - float to integer cuts the fraction off; a number out of range, and NaN to an integer, is an error;
//! - to a decimal, and to fewer digits of one, rounds half away from zero;
//! - number to bool: zero is false, everything else true; text to bool: `true t yes 1` and `false f no 0`, in any case;
//! - text to number: blanks around are cut off; `1.0` is no integer; text to date and time: ISO forms, with blank or `T`;
//! - a moment without zone becomes an instant as the wall time of the zone, and back; instants keep their instant;
//! - bytes and text are each other's UTF-8;
//! - nested values are cast part by part; of structs, fields that are not wanted are dropped and missing ones are null.

mod attempt;
pub(crate) mod calendar;
mod decimal;
mod format;
mod nested;
mod numbers;
mod read;
mod temporal;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, new_null_array};
use arrow::datatypes::DataType;

pub(crate) use attempt::try_cast_array;
pub use format::{Formatter, format_value};

use crate::error::Result;
use crate::schema::fault::Fault;
use crate::schema::layout::{SubMicrosecond, canonical};
use crate::schema::{Field, Type};

/// The column cast to a type, in the contract's layout; the same allocation when it is of that layout already.
/// The column may have any layout that [`Type::from_arrow`] admits, or be of null type.
///
/// # Errors
/// [`ErrorKind::ValueInvalid`](crate::ErrorKind::ValueInvalid) naming the row and the value that cannot be cast,
/// [`ErrorKind::SchemaMismatch`](crate::ErrorKind::SchemaMismatch) where there is no such cast,
/// [`ErrorKind::SchemaInvalid`](crate::ErrorKind::SchemaInvalid) for a column whose type is not admitted.
pub fn cast_array(array: &ArrayRef, to: &Type) -> Result<ArrayRef> {
    Ok(cast(array, to)?)
}

/// Whether there is a cast, so that plans can be refused before data is seen; single values may still fail.
#[must_use]
pub fn can_cast(from: &Type, to: &Type) -> bool {
    let number = |ty: &Type| ty.is_integer() || ty.is_float() || matches!(ty, Type::Bool | Type::Decimal(_, _));
    match (from, to) {
        _ if from == to => true,
        (Type::List(a), Type::List(b)) => can_cast(a, b),
        (Type::Struct(a), Type::Struct(b)) => {
            b.iter().all(|wanted| named(a, wanted).is_none_or(|f| can_cast(f.ty(), wanted.ty())))
        }
        (Type::Map(ak, av), Type::Map(bk, bv)) => can_cast(ak, bk) && can_cast(av, bv),
        (Type::List(item), Type::Map(key, value)) => {
            entry_types(item).is_some_and(|(k, v)| can_cast(k, key) && can_cast(v, value))
        }
        (Type::Map(key, value), Type::List(item)) => {
            entry_types(item).is_some_and(|(k, v)| can_cast(key, k) && can_cast(value, v))
        }
        (from, to) if from.is_nested() || to.is_nested() => false,
        (Type::Bytes, Type::Str) | (Type::Str, Type::Bytes) => true,
        (Type::Bytes, _) | (_, Type::Bytes) => false,
        (Type::Str, _) | (_, Type::Str) => true,
        (Type::Date, Type::Datetime | Type::Timestamp(_)) => true,
        (Type::Datetime, Type::Date | Type::Time | Type::Timestamp(_)) => true,
        (Type::Timestamp(_), Type::Date | Type::Time | Type::Datetime | Type::Timestamp(_)) => true,
        (from, to) => number(from) && number(to),
    }
}

/// As [`cast_array`], for callers that know more of the place than the row.
pub(crate) fn cast(array: &ArrayRef, to: &Type) -> Result<ArrayRef, Fault> {
    if matches!(array.data_type(), DataType::Null) {
        return Ok(new_null_array(&to.to_arrow(), array.len()));
    }
    let from = Type::from_arrow(array.data_type())?;
    let array = canonical(array, &from, SubMicrosecond::Refuse)?;
    between(&array, &from, to)
}

/// Casts a column of the layout of `from`.
fn between(array: &ArrayRef, from: &Type, to: &Type) -> Result<ArrayRef, Fault> {
    if from == to {
        return Ok(Arc::clone(array));
    }
    match (from, to) {
        _ if !can_cast(from, to) => Err(Fault::Type(no_cast(from, to))),
        _ if from.is_nested() => nested::between(array, from, to),
        (Type::Str, Type::Bytes) => Ok(Arc::new(array.as_string_view().clone().to_binary_view())),
        (Type::Bytes, Type::Str) => format::text_of_bytes(array),
        (_, Type::Str) => format::text(array, from),
        (Type::Str, _) => read::column(array, to, false),
        (Type::Date | Type::Datetime | Type::Timestamp(_), _) => temporal::between(array, from, to),
        (Type::Decimal(_, _), _) | (_, Type::Decimal(_, _)) => decimal::between(array, from, to),
        _ => numbers::between(array, from, to),
    }
}

fn no_cast(from: &Type, to: &Type) -> String {
    let hint = match (from, to) {
        (from, Type::Str) if from.is_nested() => "; write it out in a function of your own",
        (Type::Date | Type::Datetime | Type::Timestamp(_) | Type::Time, to) if to.is_integer() => {
            "; say in a function of your own which unit is meant"
        }
        (from, Type::Date | Type::Datetime | Type::Timestamp(_) | Type::Time) if from.is_integer() => {
            "; say in a function of your own which unit is meant"
        }
        (Type::Time, Type::Datetime | Type::Timestamp(_)) => "; a time has no day",
        _ => "",
    };
    format!("there is no cast from {from} to {to}{hint}")
}

fn named<'f>(fields: &'f [Field], wanted: &Field) -> Option<&'f Field> {
    fields.iter().find(|f| f.name() == wanted.name())
}

/// Key and value types of a struct that stands for the entries of a map, as engines without maps have them.
fn entry_types(item: &Type) -> Option<(&Type, &Type)> {
    match item {
        Type::Struct(fields) => match &**fields {
            [key, value] if key.name() == "key" && value.name() == "value" => Some((key.ty(), value.ty())),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests;

//! Typed expressions as bytes, so that they travel to executors of a cluster.
//!
//! A [`Typed`] travels as a flat list, parts before what is made of them: formats of serde count on their stack how deep they are, and refuse
//! what is deeper than a plan may well be. Types travel as their text; literals bit by bit.

use std::sync::Arc;

use arrow::array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Time64MicrosecondType,
    TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, BinaryViewArray, BooleanArray, Decimal128Array, Float32Array, Float64Array,
    PrimitiveArray, RecordBatch, StringViewArray, new_null_array,
};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Field, Schema, Type};

use super::{Function, Typed, TypedNode};

/// What has a text that reads back to the same.
pub(crate) mod as_text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(crate) fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A value that may be missing, as a column of one row.
pub(super) mod row {
    use super::{ArrayRef, Deserialize, Deserializer, Serialize, Serializer, Value};
    use serde::de::Error as _;
    use serde::ser::Error as _;

    pub(in crate::expr) fn serialize<S: Serializer>(value: &Option<ArrayRef>, serializer: S) -> Result<S::Ok, S::Error> {
        let value = value.as_ref().map(Value::of).transpose().map_err(S::Error::custom)?;
        value.serialize(serializer)
    }

    pub(in crate::expr) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ArrayRef>, D::Error> {
        let value = Option::<Value>::deserialize(deserializer)?;
        value.map(|value| value.column()).transpose().map_err(D::Error::custom)
    }
}

/// A node whose parts stand before it.
#[derive(Serialize, Deserialize)]
enum Flat {
    Column(usize, Text),
    Literal(Value),
    Call(Function, usize, Text),
    Cast(bool, Text),
    Case(usize, bool, Text),
}

/// A type as its text.
#[derive(Serialize, Deserialize)]
struct Text(#[serde(with = "as_text")] Type);

impl Serialize for Typed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut nodes = Vec::new();
        flatten(self, &mut nodes).map_err(S::Error::custom)?;
        nodes.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Typed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut parts: Vec<Self> = Vec::new();
        for node in Vec::<Flat>::deserialize(deserializer)? {
            let typed = gather(node, &mut parts).map_err(D::Error::custom)?;
            parts.push(typed);
        }
        match (parts.pop(), parts.is_empty()) {
            (Some(whole), true) => Ok(whole),
            _ => Err(D::Error::custom("these parts do not make one expression")),
        }
    }
}

fn flatten(typed: &Typed, nodes: &mut Vec<Flat>) -> Result<()> {
    let ty = Text(typed.ty.clone());
    let node = match &typed.node {
        TypedNode::Column(at) => Flat::Column(*at, ty),
        TypedNode::Literal(value) => Flat::Literal(Value::of(value)?),
        TypedNode::Call { function, args } => {
            args.iter().try_for_each(|arg| flatten(arg, nodes))?;
            Flat::Call(*function, args.len(), ty)
        }
        TypedNode::Cast { input, attempt } => {
            flatten(input, nodes)?;
            Flat::Cast(*attempt, ty)
        }
        TypedNode::Case { branches, otherwise } => {
            for (condition, value) in branches {
                flatten(condition, nodes)?;
                flatten(value, nodes)?;
            }
            otherwise.iter().try_for_each(|otherwise| flatten(otherwise, nodes))?;
            Flat::Case(branches.len(), otherwise.is_some(), ty)
        }
    };
    nodes.push(node);
    Ok(())
}

fn gather(node: Flat, parts: &mut Vec<Typed>) -> Result<Typed> {
    let missing = || unread("a part of an expression is missing");
    let last =
        |parts: &mut Vec<Typed>, n: usize| parts.len().checked_sub(n).map(|from| parts.split_off(from)).ok_or_else(missing);
    Ok(match node {
        Flat::Column(at, Text(ty)) => Typed::column(at, ty),
        Flat::Literal(value) => Typed { node: TypedNode::Literal(value.column()?), ty: value.ty },
        Flat::Call(function, args, Text(ty)) => Typed { node: TypedNode::Call { function, args: last(parts, args)? }, ty },
        Flat::Cast(attempt, Text(ty)) => {
            let input = Box::new(parts.pop().ok_or_else(missing)?);
            Typed { node: TypedNode::Cast { input, attempt }, ty }
        }
        Flat::Case(branches, otherwise, Text(ty)) => {
            let otherwise = if otherwise { Some(Box::new(parts.pop().ok_or_else(missing)?)) } else { None };
            let mut flat = last(parts, branches.checked_mul(2).ok_or_else(missing)?)?.into_iter();
            let branches = std::iter::from_fn(|| Some((flat.next()?, flat.next()?))).collect();
            Typed { node: TypedNode::Case { branches, otherwise }, ty }
        }
    })
}

/// A column of one row.
#[derive(Serialize, Deserialize)]
struct Value {
    #[serde(with = "as_text")]
    ty: Type,
    bits: Bits,
}

#[derive(Serialize, Deserialize)]
enum Bits {
    Null,
    Bool(bool),
    /// Signed integers, days, and microseconds.
    Signed(i64),
    Unsigned(u64),
    Float(u32),
    Double(u64),
    Text(String),
    Bytes(Vec<u8>),
    /// The high and the low half.
    Decimal(i64, u64),
    /// Nested values, as a stream of arrow.
    Arrow(Vec<u8>),
}

impl Value {
    fn of(column: &ArrayRef) -> Result<Self> {
        if column.len() != 1 {
            return Err(unread("a literal has one row"));
        }
        let ty = Type::from_arrow(column.data_type())?;
        if *column.data_type() != ty.to_arrow() {
            return Err(unread("a literal is not in the layout of its type"));
        }
        let signed = |value: i64| Bits::Signed(value);
        let bits = match &ty {
            _ if column.is_null(0) => Bits::Null,
            Type::Bool => Bits::Bool(column.as_boolean().value(0)),
            Type::Int8 => signed(column.as_primitive::<Int8Type>().value(0).into()),
            Type::Int16 => signed(column.as_primitive::<Int16Type>().value(0).into()),
            Type::Int32 => signed(column.as_primitive::<Int32Type>().value(0).into()),
            Type::Int64 => signed(column.as_primitive::<Int64Type>().value(0)),
            Type::UInt8 => Bits::Unsigned(column.as_primitive::<UInt8Type>().value(0).into()),
            Type::UInt16 => Bits::Unsigned(column.as_primitive::<UInt16Type>().value(0).into()),
            Type::UInt32 => Bits::Unsigned(column.as_primitive::<UInt32Type>().value(0).into()),
            Type::UInt64 => Bits::Unsigned(column.as_primitive::<UInt64Type>().value(0)),
            Type::Float32 => Bits::Float(column.as_primitive::<Float32Type>().value(0).to_bits()),
            Type::Float64 => Bits::Double(column.as_primitive::<Float64Type>().value(0).to_bits()),
            Type::Str => Bits::Text(column.as_string_view().value(0).to_owned()),
            Type::Bytes => Bits::Bytes(column.as_binary_view().value(0).to_vec()),
            Type::Date => signed(column.as_primitive::<Date32Type>().value(0).into()),
            Type::Time => signed(column.as_primitive::<Time64MicrosecondType>().value(0)),
            Type::Datetime | Type::Timestamp(_) => signed(column.as_primitive::<TimestampMicrosecondType>().value(0)),
            Type::Decimal(_, _) => halves(column.as_primitive::<Decimal128Type>().value(0)),
            Type::List(_) | Type::Struct(_) | Type::Map(_, _) => Bits::Arrow(written(column, &ty)?),
        };
        Ok(Self { ty, bits })
    }

    fn column(&self) -> Result<ArrayRef> {
        let wrong = || unread("the value of a literal is not of its type");
        Ok(match (&self.ty, &self.bits) {
            (ty, Bits::Null) => new_null_array(&ty.to_arrow(), 1),
            (Type::Bool, Bits::Bool(value)) => Arc::new(BooleanArray::from(vec![*value])),
            (Type::Int8, Bits::Signed(value)) => one::<Int8Type, _>(*value)?,
            (Type::Int16, Bits::Signed(value)) => one::<Int16Type, _>(*value)?,
            (Type::Int32, Bits::Signed(value)) => one::<Int32Type, _>(*value)?,
            (Type::Int64, Bits::Signed(value)) => one::<Int64Type, _>(*value)?,
            (Type::UInt8, Bits::Unsigned(value)) => one::<UInt8Type, _>(*value)?,
            (Type::UInt16, Bits::Unsigned(value)) => one::<UInt16Type, _>(*value)?,
            (Type::UInt32, Bits::Unsigned(value)) => one::<UInt32Type, _>(*value)?,
            (Type::UInt64, Bits::Unsigned(value)) => one::<UInt64Type, _>(*value)?,
            (Type::Float32, Bits::Float(bits)) => Arc::new(Float32Array::from(vec![f32::from_bits(*bits)])),
            (Type::Float64, Bits::Double(bits)) => Arc::new(Float64Array::from(vec![f64::from_bits(*bits)])),
            (Type::Str, Bits::Text(text)) => Arc::new(StringViewArray::from(vec![text.as_str()])),
            (Type::Bytes, Bits::Bytes(bytes)) => Arc::new(BinaryViewArray::from(vec![bytes.as_slice()])),
            (Type::Date, Bits::Signed(value)) => one::<Date32Type, _>(*value)?,
            (Type::Time, Bits::Signed(value)) => one::<Time64MicrosecondType, _>(*value)?,
            (Type::Datetime, Bits::Signed(value)) => one::<TimestampMicrosecondType, _>(*value)?,
            (Type::Timestamp(zone), Bits::Signed(value)) => {
                Arc::new(PrimitiveArray::<TimestampMicrosecondType>::from(vec![*value]).with_timezone(Arc::clone(zone)))
            }
            (Type::Decimal(precision, scale), Bits::Decimal(high, low)) => {
                let value = (i128::from(*high) << 64) | i128::from(*low);
                Arc::new(Decimal128Array::from(vec![value]).with_precision_and_scale(*precision, *scale)?)
            }
            (ty, Bits::Arrow(bytes)) => read(bytes, ty)?,
            _ => return Err(wrong()),
        })
    }
}

fn one<T: ArrowPrimitiveType, W>(value: W) -> Result<ArrayRef>
where
    T::Native: TryFrom<W>,
{
    let value = T::Native::try_from(value).map_err(|_| unread("the value of a literal is not of its type"))?;
    Ok(Arc::new(PrimitiveArray::<T>::from_iter_values([value])))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the two halves are all of it")]
fn halves(value: i128) -> Bits {
    Bits::Decimal((value >> 64) as i64, value as u64)
}

fn written(column: &ArrayRef, ty: &Type) -> Result<Vec<u8>> {
    let schema = Schema::new([Field::new("value", ty.clone())])?;
    let mut bytes = Vec::new();
    let mut writer = arrow::ipc::writer::StreamWriter::try_new(&mut bytes, schema.arrow())?;
    writer.write(&RecordBatch::try_new(schema.to_arrow(), vec![Arc::clone(column)])?)?;
    writer.finish()?;
    drop(writer);
    Ok(bytes)
}

fn read(bytes: &[u8], ty: &Type) -> Result<ArrayRef> {
    // Arrow's reader trusts lengths that it reads, and panics where they are wrong.
    let first = || arrow::ipc::reader::StreamReader::try_new(bytes, None)?.next().transpose();
    let batch = std::panic::catch_unwind(first).map_err(|_| unread("the value of a literal is damaged"))?;
    match batch? {
        Some(batch) if batch.num_rows() == 1 && batch.num_columns() == 1 && *batch.column(0).data_type() == ty.to_arrow() => {
            Ok(Arc::clone(batch.column(0)))
        }
        _ => Err(unread("the value of a literal is not of its type")),
    }
}

fn unread(what: &str) -> Error {
    Error::new(ErrorKind::Unexpected, format!("{what}; please report it"))
}

#[cfg(test)]
mod tests;

//! From a column of any type to values.

use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;

use super::{Record, Value};
use crate::error::Result;
use crate::row::decimal::unscaled;
use crate::row::list::Spans;
use crate::row::map::entries;
use crate::row::nulls::{Nulls, mismatch, valid};
use crate::row::numbers::Values;
use crate::row::{Cell, Timestamp};
use crate::schema::Type;

/// A column of any type, resolved.
#[derive(Debug)]
pub(super) struct ValueReader<'a> {
    valid: Option<NullBuffer>,
    values: Kind<'a>,
}

type Of<'a, T> = <T as Cell>::Reader<'a>;

#[derive(Debug)]
enum Kind<'a> {
    Nothing,
    Bool(Of<'a, bool>),
    Int(Of<'a, i64>),
    UInt(Of<'a, u64>),
    Float(Of<'a, f64>),
    Str(Of<'a, &'a str>),
    Bytes(Of<'a, &'a [u8]>),
    Date(Of<'a, chrono::NaiveDate>),
    Time(Of<'a, chrono::NaiveTime>),
    Datetime(Of<'a, chrono::NaiveDateTime>),
    Timestamp(Of<'a, Timestamp>),
    Decimal(Values<'a, i128>, i8),
    List(Spans<'a>, Box<ValueReader<'a>>),
    Struct(Arc<Vec<Arc<str>>>, Vec<ValueReader<'a>>),
    Map(Spans<'a>, Box<ValueReader<'a>>, Box<ValueReader<'a>>),
}

impl<'a> ValueReader<'a> {
    pub(super) fn new(array: &'a dyn Array, nulls: Nulls<'_>, name: &str) -> Result<Self> {
        // Nulls are values here, at every depth.
        let nulls = Nulls::allow(nulls.live());
        let values = match array.data_type() {
            DataType::Null => Kind::Nothing,
            data_type => {
                let ty = Type::from_arrow(data_type).map_err(|e| e.with("column", name))?;
                Self::values(array, &ty, nulls, name)?
            }
        };
        Ok(Self { valid: valid(array), values })
    }

    fn values(array: &'a dyn Array, ty: &Type, nulls: Nulls<'_>, name: &str) -> Result<Kind<'a>> {
        Ok(match ty {
            Type::Bool => Kind::Bool(bool::reader(array, nulls, name)?),
            Type::UInt64 => Kind::UInt(u64::reader(array, nulls, name)?),
            Type::Int8 | Type::Int16 | Type::Int32 | Type::Int64 | Type::UInt8 | Type::UInt16 | Type::UInt32 => {
                Kind::Int(i64::reader(array, nulls, name)?)
            }
            Type::Float32 | Type::Float64 => Kind::Float(f64::reader(array, nulls, name)?),
            Type::Str => Kind::Str(<&str>::reader(array, nulls, name)?),
            Type::Bytes => Kind::Bytes(<&[u8]>::reader(array, nulls, name)?),
            Type::Date => Kind::Date(chrono::NaiveDate::reader(array, nulls, name)?),
            Type::Time => Kind::Time(chrono::NaiveTime::reader(array, nulls, name)?),
            Type::Datetime => Kind::Datetime(chrono::NaiveDateTime::reader(array, nulls, name)?),
            Type::Timestamp(_) => Kind::Timestamp(Timestamp::reader(array, nulls, name)?),
            Type::Decimal(precision, scale) => {
                Kind::Decimal(unscaled(array, nulls.values(array), (*precision, *scale), name)?, *scale)
            }
            Type::List(_) => {
                let Some((spans, items)) = Spans::of_lists(array) else { return Err(mismatch(name, ty, array.data_type())) };
                let read = |items, nulls: Nulls<'_>| Self::new(items, nulls, &format!("{name}[]"));
                let items = spans.read_items(array, items, nulls, read)?;
                Kind::List(spans, Box::new(items))
            }
            Type::Struct(_) => {
                let Some(found) = array.as_struct_opt() else { return Err(mismatch(name, ty, array.data_type())) };
                let live = nulls.values(array);
                let nulls = Nulls::allow(live.as_ref());
                let names = Arc::new(found.column_names().into_iter().map(Arc::from).collect());
                let members = found.columns().iter().zip(found.column_names());
                let members = members.map(|(member, inner)| Self::new(member.as_ref(), nulls, &format!("{name}.{inner}")));
                Kind::Struct(names, members.collect::<Result<_>>()?)
            }
            Type::Map(_, _) => {
                let Some((spans, keys, values, _)) = entries(array) else { return Err(mismatch(name, ty, array.data_type())) };
                let keys = spans.read_items(array, keys, nulls, |keys, nulls| Self::new(keys, nulls, &format!("{name}[key]")))?;
                let read = |values, nulls: Nulls<'_>| Self::new(values, nulls, &format!("{name}[value]"));
                let values = spans.read_items(array, values, nulls, read)?;
                Kind::Map(spans, Box::new(keys), Box::new(values))
            }
        })
    }

    pub(super) fn value(&self, row: usize) -> Value {
        if self.valid.as_ref().is_some_and(|v| v.is_null(row)) {
            return Value::Null;
        }
        match &self.values {
            Kind::Nothing => Value::Null,
            Kind::Bool(reader) => Value::Bool(bool::read(reader, row)),
            Kind::Int(reader) => Value::Int(i64::read(reader, row)),
            Kind::UInt(reader) => Value::UInt(u64::read(reader, row)),
            Kind::Float(reader) => Value::Float(f64::read(reader, row)),
            Kind::Str(reader) => Value::Str(String::read(reader, row)),
            Kind::Bytes(reader) => Value::from(<&[u8]>::read(reader, row)),
            Kind::Date(reader) => Value::Date(chrono::NaiveDate::read(reader, row)),
            Kind::Time(reader) => Value::Time(chrono::NaiveTime::read(reader, row)),
            Kind::Datetime(reader) => Value::Datetime(chrono::NaiveDateTime::read(reader, row)),
            Kind::Timestamp(reader) => Value::Timestamp(Timestamp::read(reader, row)),
            Kind::Decimal(values, scale) => Value::Decimal(values.0[row], *scale),
            Kind::List(spans, items) => {
                let (start, end) = spans.span(row);
                Value::List((start..end).map(|item| items.value(item)).collect())
            }
            Kind::Struct(names, members) => {
                Value::Struct(Record { names: Arc::clone(names), values: members.iter().map(|m| m.value(row)).collect() })
            }
            Kind::Map(spans, keys, values) => {
                let (start, end) = spans.span(row);
                Value::Map((start..end).map(|entry| (keys.value(entry), values.value(entry))).collect())
            }
        }
    }
}

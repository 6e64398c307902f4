//! From values to a column of a declared type; each value is cast, without loss only.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryViewBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float32Builder, Float64Builder, Int8Builder,
    Int16Builder, Int32Builder, Int64Builder, ListArray, NullBufferBuilder, StringViewBuilder, Time64MicrosecondBuilder,
    TimestampMicrosecondBuilder, UInt8Builder, UInt16Builder, UInt32Builder, UInt64Builder,
};
use arrow::datatypes::Field as ArrowField;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use super::Value;
use super::value::{exact_float, narrow};
use crate::error::Result;
use crate::row::decimal::parse as parse_decimal;
use crate::row::list::Offsets;
use crate::row::map::map_array;
use crate::row::nulls::describe;
use crate::row::support::struct_array;
use crate::row::time::{date_ticks, datetime_ticks, instant_ticks, time_ticks};
use crate::schema::{Field, Type};

/// The builder of a column of any type.
#[derive(Debug)]
pub(super) struct ValueWriter {
    ty: Type,
    builder: Builder,
}

#[derive(Debug)]
enum Builder {
    Bool(BooleanBuilder),
    Int8(Int8Builder),
    Int16(Int16Builder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    UInt8(UInt8Builder),
    UInt16(UInt16Builder),
    UInt32(UInt32Builder),
    UInt64(UInt64Builder),
    Float32(Float32Builder),
    Float64(Float64Builder),
    Str(StringViewBuilder),
    Bytes(BinaryViewBuilder),
    Date(Date32Builder),
    Time(Time64MicrosecondBuilder),
    Datetime(TimestampMicrosecondBuilder),
    Timestamp(TimestampMicrosecondBuilder, Arc<str>),
    Decimal(Decimal128Builder, u8, i8),
    List(Offsets, Box<ValueWriter>),
    Struct(Arc<[Field]>, Vec<ValueWriter>, NullBufferBuilder),
    Map(Offsets, Box<ValueWriter>, Box<ValueWriter>),
}

impl ValueWriter {
    pub(super) fn new(ty: &Type, capacity: usize) -> Result<Self> {
        let nested = |ty: &Type| Self::new(ty, capacity).map(Box::new);
        let builder = match ty {
            Type::Bool => Builder::Bool(BooleanBuilder::with_capacity(capacity)),
            Type::Int8 => Builder::Int8(Int8Builder::with_capacity(capacity)),
            Type::Int16 => Builder::Int16(Int16Builder::with_capacity(capacity)),
            Type::Int32 => Builder::Int32(Int32Builder::with_capacity(capacity)),
            Type::Int64 => Builder::Int64(Int64Builder::with_capacity(capacity)),
            Type::UInt8 => Builder::UInt8(UInt8Builder::with_capacity(capacity)),
            Type::UInt16 => Builder::UInt16(UInt16Builder::with_capacity(capacity)),
            Type::UInt32 => Builder::UInt32(UInt32Builder::with_capacity(capacity)),
            Type::UInt64 => Builder::UInt64(UInt64Builder::with_capacity(capacity)),
            Type::Float32 => Builder::Float32(Float32Builder::with_capacity(capacity)),
            Type::Float64 => Builder::Float64(Float64Builder::with_capacity(capacity)),
            Type::Str => Builder::Str(StringViewBuilder::with_capacity(capacity)),
            Type::Bytes => Builder::Bytes(BinaryViewBuilder::with_capacity(capacity)),
            Type::Date => Builder::Date(Date32Builder::with_capacity(capacity)),
            Type::Time => Builder::Time(Time64MicrosecondBuilder::with_capacity(capacity)),
            Type::Datetime => Builder::Datetime(TimestampMicrosecondBuilder::with_capacity(capacity)),
            Type::Timestamp(zone) => Builder::Timestamp(TimestampMicrosecondBuilder::with_capacity(capacity), Arc::clone(zone)),
            Type::Decimal(precision, scale) => Builder::Decimal(Decimal128Builder::with_capacity(capacity), *precision, *scale),
            Type::List(item) => Builder::List(Offsets::new(capacity), nested(item)?),
            Type::Struct(fields) => {
                let members = fields.iter().map(|f| Self::new(f.ty(), capacity)).collect::<Result<_>>()?;
                Builder::Struct(Arc::clone(fields), members, NullBufferBuilder::new(capacity))
            }
            Type::Map(key, value) => Builder::Map(Offsets::new(capacity), nested(key)?, nested(value)?),
        };
        Ok(Self { ty: ty.clone(), builder })
    }

    /// Appends a value, or tells what is wrong with it; a value that is refused leaves the builder unfit for more.
    pub(super) fn push(&mut self, value: Value) -> Result<(), String> {
        if value.is_null() {
            self.push_null();
            return Ok(());
        }
        let refused = || format!("{} cannot be {} without loss", value.describe(), describe(&self.ty));
        match &mut self.builder {
            Builder::Bool(builder) => builder.append_value(value.as_bool().ok_or_else(refused)?),
            Builder::Int8(builder) => builder.append_value(integer(&value).ok_or_else(refused)?),
            Builder::Int16(builder) => builder.append_value(integer(&value).ok_or_else(refused)?),
            Builder::Int32(builder) => builder.append_value(integer(&value).ok_or_else(refused)?),
            Builder::Int64(builder) => builder.append_value(integer(&value).ok_or_else(refused)?),
            Builder::UInt8(builder) => builder.append_value(integer(&value).ok_or_else(refused)?),
            Builder::UInt16(builder) => builder.append_value(integer(&value).ok_or_else(refused)?),
            Builder::UInt32(builder) => builder.append_value(integer(&value).ok_or_else(refused)?),
            Builder::UInt64(builder) => builder.append_value(integer(&value).ok_or_else(refused)?),
            Builder::Float32(builder) => builder.append_value(value.as_f64().and_then(narrow).ok_or_else(refused)?),
            Builder::Float64(builder) => builder.append_value(value.as_f64().ok_or_else(refused)?),
            Builder::Str(builder) => builder.append_value(value.as_str().ok_or_else(refused)?),
            Builder::Bytes(builder) => match &value {
                Value::Bytes(bytes) => builder.append_value(bytes),
                _ => return Err(refused()),
            },
            Builder::Date(builder) => builder.append_value(date(&value).map(date_ticks).ok_or_else(refused)?),
            Builder::Time(builder) => builder.append_value(time(&value).map(time_ticks).ok_or_else(refused)?),
            Builder::Datetime(builder) => builder.append_value(datetime(&value).map(datetime_ticks).ok_or_else(refused)?),
            Builder::Timestamp(builder, _) => builder.append_value(instant(&value).map(instant_ticks).ok_or_else(refused)?),
            Builder::Decimal(builder, precision, scale) => {
                builder.append_value(decimal(&value, *precision, *scale).ok_or_else(refused)?);
            }
            Builder::List(offsets, items) => {
                let Value::List(list) = value else { return Err(refused()) };
                offsets.push(list.len());
                list.into_iter().try_for_each(|item| items.push(item))?;
            }
            Builder::Struct(fields, members, nulls) => {
                let Value::Struct(mut record) = value else { return Err(refused()) };
                for (at, (field, member)) in fields.iter().zip(members).enumerate() {
                    member.push(record.extract(field.name(), at).unwrap_or_default())?;
                }
                nulls.append_non_null();
            }
            Builder::Map(offsets, keys, values) => {
                let Value::Map(entries) = value else { return Err(refused()) };
                offsets.push(entries.len());
                for (at, (key, _)) in entries.iter().enumerate() {
                    if key.is_null() {
                        return Err("a key of a map is null".to_owned());
                    }
                    if entries[..at].iter().any(|(earlier, _)| earlier == key) {
                        return Err(format!("key {key} stands twice in a map"));
                    }
                }
                for (key, value) in entries {
                    keys.push(key)?;
                    values.push(value)?;
                }
            }
        }
        Ok(())
    }

    fn push_null(&mut self) {
        match &mut self.builder {
            Builder::Bool(builder) => builder.append_null(),
            Builder::Int8(builder) => builder.append_null(),
            Builder::Int16(builder) => builder.append_null(),
            Builder::Int32(builder) => builder.append_null(),
            Builder::Int64(builder) => builder.append_null(),
            Builder::UInt8(builder) => builder.append_null(),
            Builder::UInt16(builder) => builder.append_null(),
            Builder::UInt32(builder) => builder.append_null(),
            Builder::UInt64(builder) => builder.append_null(),
            Builder::Float32(builder) => builder.append_null(),
            Builder::Float64(builder) => builder.append_null(),
            Builder::Str(builder) => builder.append_null(),
            Builder::Bytes(builder) => builder.append_null(),
            Builder::Date(builder) => builder.append_null(),
            Builder::Time(builder) => builder.append_null(),
            Builder::Datetime(builder) | Builder::Timestamp(builder, _) => builder.append_null(),
            Builder::Decimal(builder, _, _) => builder.append_null(),
            Builder::List(offsets, _) | Builder::Map(offsets, _, _) => offsets.push_null(),
            Builder::Struct(_, members, nulls) => {
                members.iter_mut().for_each(Self::push_null);
                nulls.append_null();
            }
        }
    }

    pub(super) fn finish(self) -> Result<ArrayRef> {
        Ok(match self.builder {
            Builder::Bool(mut builder) => Arc::new(builder.finish()),
            Builder::Int8(mut builder) => Arc::new(builder.finish()),
            Builder::Int16(mut builder) => Arc::new(builder.finish()),
            Builder::Int32(mut builder) => Arc::new(builder.finish()),
            Builder::Int64(mut builder) => Arc::new(builder.finish()),
            Builder::UInt8(mut builder) => Arc::new(builder.finish()),
            Builder::UInt16(mut builder) => Arc::new(builder.finish()),
            Builder::UInt32(mut builder) => Arc::new(builder.finish()),
            Builder::UInt64(mut builder) => Arc::new(builder.finish()),
            Builder::Float32(mut builder) => Arc::new(builder.finish()),
            Builder::Float64(mut builder) => Arc::new(builder.finish()),
            Builder::Str(mut builder) => Arc::new(builder.finish()),
            Builder::Bytes(mut builder) => Arc::new(builder.finish()),
            Builder::Date(mut builder) => Arc::new(builder.finish()),
            Builder::Time(mut builder) => Arc::new(builder.finish()),
            Builder::Datetime(mut builder) => Arc::new(builder.finish()),
            Builder::Timestamp(mut builder, zone) => Arc::new(builder.finish().with_timezone(zone)),
            Builder::Decimal(mut builder, precision, scale) => {
                Arc::new(builder.finish().with_precision_and_scale(precision, scale)?)
            }
            Builder::List(offsets, items) => {
                let items = items.finish()?;
                let (offsets, nulls) = offsets.finish()?;
                let field = ArrowField::new("item", items.data_type().clone(), true);
                Arc::new(ListArray::try_new(Arc::new(field), offsets, items, nulls)?)
            }
            Builder::Struct(fields, members, nulls) => {
                let arrays = members.into_iter().map(Self::finish).collect::<Result<Vec<_>>>()?;
                struct_array(fields.iter().map(Field::name).zip(arrays).collect(), nulls)?
            }
            Builder::Map(offsets, keys, values) => {
                let (offsets, nulls) = offsets.finish()?;
                map_array(offsets, keys.finish()?, values.finish()?, nulls)?
            }
        })
    }
}

/// An integer, or a whole float, that fits.
fn integer<T: TryFrom<i128>>(value: &Value) -> Option<T> {
    let whole = match value {
        Value::Float(float) => whole(*float)?,
        Value::Decimal(unscaled, scale) => rescale(*unscaled, *scale, 0)?,
        _ => value.as_i128()?,
    };
    T::try_from(whole).ok()
}

fn whole(float: f64) -> Option<i128> {
    #[expect(clippy::cast_possible_truncation, reason = "only whole numbers that an i128 holds come back as themselves")]
    let whole = float as i128;
    (exact_float(whole) == Some(float)).then_some(whole)
}

fn decimal(value: &Value, precision: u8, scale: i8) -> Option<i128> {
    let unscaled = match value {
        Value::Decimal(unscaled, from) => rescale(*unscaled, *from, scale)?,
        Value::Str(text) => parse_decimal(text.trim(), scale)?,
        _ => rescale(value.as_i128()?, 0, scale)?,
    };
    (unscaled.unsigned_abs() < 10_u128.checked_pow(u32::from(precision))?).then_some(unscaled)
}

fn rescale(unscaled: i128, from: i8, to: i8) -> Option<i128> {
    let grown = i16::from(to) - i16::from(from);
    let factor = 10_i128.checked_pow(u32::from(grown.unsigned_abs()))?;
    if grown >= 0 { unscaled.checked_mul(factor) } else { (unscaled % factor == 0).then(|| unscaled / factor) }
}

fn date(value: &Value) -> Option<NaiveDate> {
    match value {
        Value::Date(date) => Some(*date),
        Value::Str(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn time(value: &Value) -> Option<NaiveTime> {
    match value {
        Value::Time(time) => Some(*time),
        Value::Str(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A moment; a date is its midnight, as is a text without a time.
fn datetime(value: &Value) -> Option<NaiveDateTime> {
    match value {
        Value::Datetime(moment) => Some(*moment),
        Value::Date(date) => date.and_hms_opt(0, 0, 0),
        Value::Str(text) => {
            let text = text.trim().replacen(' ', "T", 1);
            text.parse().ok().or_else(|| text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0))
        }
        _ => None,
    }
}

fn instant(value: &Value) -> Option<DateTime<Utc>> {
    match value {
        Value::Timestamp(instant) => Some(*instant),
        Value::Str(text) => text.trim().parse().ok(),
        _ => None,
    }
}

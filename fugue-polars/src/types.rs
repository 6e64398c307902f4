//! Column types of Polars and the closed table of Fugue types, both ways.

use std::sync::Arc;

use fugue_core::arrow::datatypes::{DataType as ArrowType, Field as ArrowField, TimeUnit as ArrowUnit};
use fugue_core::{Error, ErrorKind, Field, Result, Schema, Type};
use polars::prelude::{DataType, Field as PolarsField, Schema as PolarsSchema, TimeUnit, TimeZone};

/// The schema that a Polars schema means.
///
/// # Errors
/// [`ErrorKind::SchemaInvalid`] naming the column, for types outside the table, with the cast to write.
pub fn schema_of(schema: &PolarsSchema) -> Result<Schema> {
    let field = |(name, dtype): (&polars::prelude::PlSmallStr, &DataType)| {
        type_of(dtype).map(|ty| Field::new(name.as_str(), ty)).map_err(|e| e.with("column", name.as_str()))
    };
    Schema::new(schema.iter().map(field).collect::<Result<Vec<_>>>()?)
}

/// The Polars schema of a schema. Maps become lists of structs of `key` and `value`.
///
/// # Errors
/// [`ErrorKind::SchemaInvalid`] naming the column, for what Polars cannot hold: see [`dtype_of`].
pub fn polars_schema_of(schema: &Schema) -> Result<PolarsSchema> {
    let mut all = PolarsSchema::with_capacity(schema.len());
    for field in schema.fields() {
        let dtype = dtype_of(field.ty()).map_err(|e| e.with("column", field.name()))?;
        all.insert(field.name().into(), dtype);
    }
    Ok(all)
}

/// The type that a Polars type means, whatever its unit and layout: categories are text, arrays are lists.
///
/// # Errors
/// [`ErrorKind::SchemaInvalid`] for types outside the table, with the cast to write.
pub fn type_of(dtype: &DataType) -> Result<Type> {
    Type::from_arrow(&chunk_type(dtype)?)
}

/// The Polars type of a type.
///
/// # Errors
/// [`ErrorKind::SchemaInvalid`] for decimals whose scale is negative or above the precision, unknown time zones, and
/// structs without fields, which Polars cannot hold.
pub fn dtype_of(ty: &Type) -> Result<DataType> {
    Ok(match ty {
        Type::Bool => DataType::Boolean,
        Type::Int8 => DataType::Int8,
        Type::Int16 => DataType::Int16,
        Type::Int32 => DataType::Int32,
        Type::Int64 => DataType::Int64,
        Type::UInt8 => DataType::UInt8,
        Type::UInt16 => DataType::UInt16,
        Type::UInt32 => DataType::UInt32,
        Type::UInt64 => DataType::UInt64,
        Type::Float32 => DataType::Float32,
        Type::Float64 => DataType::Float64,
        Type::Str => DataType::String,
        Type::Bytes => DataType::Binary,
        Type::Date => DataType::Date,
        Type::Time => DataType::Time,
        Type::Datetime => DataType::Datetime(TimeUnit::Microseconds, None),
        Type::Timestamp(zone) => DataType::Datetime(TimeUnit::Microseconds, Some(zone_of(zone)?)),
        Type::Decimal(precision, scale) => match usize::try_from(*scale) {
            Ok(scale) if scale <= usize::from(*precision) && (1..=38).contains(precision) => {
                DataType::Decimal(usize::from(*precision), scale)
            }
            _ => return Err(cannot_hold(&format!("decimal({precision},{scale})"), "use a scale between 0 and the precision")),
        },
        Type::List(item) => DataType::List(Box::new(dtype_of(item)?)),
        Type::Struct(fields) if fields.is_empty() => return Err(cannot_hold("a struct without fields", "give it a field")),
        Type::Struct(fields) => DataType::Struct(
            fields.iter().map(|f| Ok(PolarsField::new(f.name().into(), dtype_of(f.ty())?))).collect::<Result<_>>()?,
        ),
        Type::Map(key, value) => DataType::List(Box::new(DataType::Struct(vec![
            PolarsField::new("key".into(), dtype_of(key)?),
            PolarsField::new("value".into(), dtype_of(value)?),
        ]))),
        other => return Err(cannot_hold(&format!("{other:?}"), "cast it to a type that Polars has")),
    })
}

/// The Arrow type that describes the chunks of a column of a Polars type.
///
/// Categories count as the text that [`crossing`] turns them to.
///
/// # Errors
/// [`ErrorKind::SchemaInvalid`] for types outside the table, with the cast to write.
pub(crate) fn chunk_type(dtype: &DataType) -> Result<ArrowType> {
    let item = |inner: &DataType| -> Result<Arc<ArrowField>> { Ok(Arc::new(ArrowField::new("item", chunk_type(inner)?, true))) };
    Ok(match dtype {
        DataType::Boolean => ArrowType::Boolean,
        DataType::Int8 => ArrowType::Int8,
        DataType::Int16 => ArrowType::Int16,
        DataType::Int32 => ArrowType::Int32,
        DataType::Int64 => ArrowType::Int64,
        DataType::UInt8 => ArrowType::UInt8,
        DataType::UInt16 => ArrowType::UInt16,
        DataType::UInt32 => ArrowType::UInt32,
        DataType::UInt64 => ArrowType::UInt64,
        DataType::Float16 => ArrowType::Float16,
        DataType::Float32 => ArrowType::Float32,
        DataType::Float64 => ArrowType::Float64,
        DataType::String | DataType::Categorical(_, _) | DataType::Enum(_, _) => ArrowType::Utf8View,
        DataType::Binary => ArrowType::BinaryView,
        DataType::BinaryOffset => ArrowType::LargeBinary,
        DataType::Date => ArrowType::Date32,
        DataType::Time => ArrowType::Time64(ArrowUnit::Nanosecond),
        DataType::Datetime(unit, zone) => {
            let unit = match unit {
                TimeUnit::Nanoseconds => ArrowUnit::Nanosecond,
                TimeUnit::Microseconds => ArrowUnit::Microsecond,
                TimeUnit::Milliseconds => ArrowUnit::Millisecond,
            };
            ArrowType::Timestamp(unit, zone.as_ref().map(|z| Arc::from(z.as_str())))
        }
        DataType::Decimal(precision, scale) => match (u8::try_from(*precision), i8::try_from(*scale)) {
            (Ok(precision), Ok(scale)) => ArrowType::Decimal128(precision, scale),
            _ => return Err(refuse(dtype, "cast it to a decimal of at most 38 digits")),
        },
        DataType::List(inner) => ArrowType::LargeList(item(inner)?),
        DataType::Array(inner, width) => match i32::try_from(*width) {
            Ok(width) => ArrowType::FixedSizeList(item(inner)?, width),
            Err(_) => return Err(refuse(dtype, "cast it to a list")),
        },
        DataType::Struct(fields) if fields.is_empty() => return Err(refuse(dtype, "give the struct a field")),
        DataType::Struct(fields) => ArrowType::Struct(
            fields
                .iter()
                .map(|f| Ok(ArrowField::new(f.name().as_str(), chunk_type(f.dtype())?, true)))
                .collect::<Result<Vec<_>>>()?
                .into(),
        ),
        DataType::Null => return Err(refuse(dtype, "it has no type: cast it to the one it should have, for example to str")),
        DataType::Int128 | DataType::UInt128 => return Err(refuse(dtype, "cast it to long or to decimal(38,0)")),
        DataType::Duration(_) => return Err(refuse(dtype, "cast it to long (microseconds)")),
        // Objects and extension types exist only with features of Polars that another crate of the program may turn on.
        _ => return Err(refuse(dtype, "cast it to str, bytes or a number")),
    })
}

/// Whether a type is unknown in some place: that of nulls, and of lists and structs of them.
pub(crate) fn is_untyped(dtype: &DataType) -> bool {
    match dtype {
        DataType::Null => true,
        DataType::List(inner) | DataType::Array(inner, _) => is_untyped(inner),
        DataType::Struct(fields) => fields.iter().any(|f| is_untyped(f.dtype())),
        _ => false,
    }
}

/// The Polars type that a column of one Polars type is cast to before its chunks cross as a declared type:
/// categories become text, and what has no type takes the declared one.
///
/// # Errors
/// As [`dtype_of`].
pub(crate) fn crossing(dtype: &DataType, ty: &Type) -> Result<DataType> {
    Ok(match (dtype, ty) {
        (DataType::Null, _) => dtype_of(ty)?,
        (DataType::Categorical(_, _) | DataType::Enum(_, _), _) => DataType::String,
        (DataType::List(inner), Type::List(item)) => DataType::List(Box::new(crossing(inner, item)?)),
        (DataType::Array(inner, width), Type::List(item)) => DataType::Array(Box::new(crossing(inner, item)?), *width),
        (DataType::List(inner), Type::Map(key, value)) => match &**inner {
            DataType::Struct(kv) if kv.len() == 2 => DataType::List(Box::new(DataType::Struct(vec![
                PolarsField::new(kv[0].name().clone(), crossing(kv[0].dtype(), key)?),
                PolarsField::new(kv[1].name().clone(), crossing(kv[1].dtype(), value)?),
            ]))),
            DataType::Null => dtype_of(ty)?,
            _ => dtype.clone(),
        },
        (DataType::Struct(have), Type::Struct(want)) if have.len() == want.len() => DataType::Struct(
            have.iter()
                .zip(want.iter())
                .map(|(h, w)| Ok(PolarsField::new(h.name().clone(), crossing(h.dtype(), w.ty())?)))
                .collect::<Result<_>>()?,
        ),
        _ => dtype.clone(),
    })
}

fn zone_of(zone: &str) -> Result<TimeZone> {
    // Polars reads "*" as "any zone", which is no zone of data.
    let known = if zone == "*" { None } else { TimeZone::opt_try_new(Some(zone)).ok().flatten() };
    known.ok_or_else(|| cannot_hold(&format!("time zone {zone:?}"), "use UTC or an IANA name such as Europe/Berlin"))
}

fn refuse(dtype: &DataType, cast: &str) -> Error {
    Error::new(ErrorKind::SchemaInvalid, format!("Polars type {dtype} is not admitted in a portable schema; {cast}"))
}

fn cannot_hold(what: &str, instead: &str) -> Error {
    Error::new(ErrorKind::SchemaInvalid, format!("Polars cannot hold {what}; {instead}"))
}

#[cfg(test)]
mod tests;

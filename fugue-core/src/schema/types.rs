//! The closed table of column types, and the one Arrow layout that stands for each inside the library.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field as ArrowField, FieldRef, Fields, TimeUnit};

use super::Field;
use crate::error::{Error, ErrorKind, Result};

/// A column type. The table is closed: whatever else Arrow can say is normalised to one of these on the way in, or refused.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// True or false.
    Bool,
    /// 8 bit signed integer, written `byte`.
    Int8,
    /// 16 bit signed integer, written `short`.
    Int16,
    /// 32 bit signed integer, written `int`.
    Int32,
    /// 64 bit signed integer, written `long`.
    Int64,
    /// 8 bit unsigned integer, written `ubyte`.
    UInt8,
    /// 16 bit unsigned integer, written `ushort`.
    UInt16,
    /// 32 bit unsigned integer, written `uint`.
    UInt32,
    /// 64 bit unsigned integer, written `ulong`.
    UInt64,
    /// 32 bit float, written `float`.
    Float32,
    /// 64 bit float, written `double`.
    Float64,
    /// Text, written `str`.
    Str,
    /// Bytes, written `bytes`.
    Bytes,
    /// A day, written `date`.
    Date,
    /// A time of day in microseconds, written `time`.
    Time,
    /// A moment without zone in microseconds, written `datetime`.
    Datetime,
    /// An instant in microseconds shown in a zone (an IANA name or `UTC`), written `timestamp(us,ZONE)`.
    Timestamp(Arc<str>),
    /// A decimal of a precision (1 to 38) and a scale, written `decimal(p,s)`.
    Decimal(u8, i8),
    /// A list, written `[t]`.
    List(Arc<Self>),
    /// A struct, written `{name:t,…}`.
    Struct(Arc<[Field]>),
    /// A map, written `<k,v>`.
    Map(Arc<Self>, Arc<Self>),
}

impl Type {
    /// The Arrow layout of the contract: views for text and bytes, microseconds, lists with 32 bit offsets.
    #[must_use]
    pub fn to_arrow(&self) -> DataType {
        match self {
            Self::Bool => DataType::Boolean,
            Self::Int8 => DataType::Int8,
            Self::Int16 => DataType::Int16,
            Self::Int32 => DataType::Int32,
            Self::Int64 => DataType::Int64,
            Self::UInt8 => DataType::UInt8,
            Self::UInt16 => DataType::UInt16,
            Self::UInt32 => DataType::UInt32,
            Self::UInt64 => DataType::UInt64,
            Self::Float32 => DataType::Float32,
            Self::Float64 => DataType::Float64,
            Self::Str => DataType::Utf8View,
            Self::Bytes => DataType::BinaryView,
            Self::Date => DataType::Date32,
            Self::Time => DataType::Time64(TimeUnit::Microsecond),
            Self::Datetime => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Timestamp(zone) => DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::clone(zone))),
            Self::Decimal(p, s) => DataType::Decimal128(*p, *s),
            Self::List(item) => DataType::List(item_field(item)),
            Self::Struct(fields) => DataType::Struct(fields.iter().map(Field::to_arrow).collect()),
            Self::Map(key, value) => DataType::Map(entries_field(key, value), false),
        }
    }

    /// The type that an Arrow type means, whatever its layout and unit.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaInvalid`] for types that the table does not admit, with the cast to write.
    pub fn from_arrow(data_type: &DataType) -> Result<Self> {
        let refuse = |cast: &str| {
            Err(Error::new(ErrorKind::SchemaInvalid, format!("type {data_type} is not admitted in a portable schema; {cast}")))
        };
        Ok(match data_type {
            DataType::Boolean => Self::Bool,
            DataType::Int8 => Self::Int8,
            DataType::Int16 => Self::Int16,
            DataType::Int32 => Self::Int32,
            DataType::Int64 => Self::Int64,
            DataType::UInt8 => Self::UInt8,
            DataType::UInt16 => Self::UInt16,
            DataType::UInt32 => Self::UInt32,
            DataType::UInt64 => Self::UInt64,
            DataType::Float16 | DataType::Float32 => Self::Float32,
            DataType::Float64 => Self::Float64,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::Str,
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => Self::Bytes,
            DataType::Date32 | DataType::Date64 => Self::Date,
            DataType::Time32(_) | DataType::Time64(_) => Self::Time,
            DataType::Timestamp(_, None) => Self::Datetime,
            DataType::Timestamp(_, Some(zone)) => Self::Timestamp(super::zone::normalise(zone)?),
            DataType::Decimal32(p, s) | DataType::Decimal64(p, s) | DataType::Decimal128(p, s) => {
                // Polars has no negative scales, so they could not travel.
                if !(0..=38).contains(s) || i16::from(*s) > i16::from(*p) {
                    return refuse("cast it to a decimal whose scale is from 0 to its precision");
                }
                Self::Decimal(*p, *s)
            }
            DataType::List(f)
            | DataType::LargeList(f)
            | DataType::FixedSizeList(f, _)
            | DataType::ListView(f)
            | DataType::LargeListView(f) => Self::List(Arc::new(Self::from_arrow(f.data_type())?)),
            DataType::Struct(fields) => {
                if fields.is_empty() {
                    return refuse("a struct needs a field");
                }
                let named = |f: &Arc<ArrowField>| Ok(Field::new(f.name().as_str(), Self::from_arrow(f.data_type())?));
                let fields: Arc<[Field]> = fields.iter().map(named).collect::<Result<_>>()?;
                if super::field::repeated(&fields).is_some() {
                    return refuse("give each of its fields a name of its own");
                }
                Self::Struct(fields)
            }
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(kv) if kv.len() == 2 => {
                    Self::Map(Arc::new(Self::from_arrow(kv[0].data_type())?), Arc::new(Self::from_arrow(kv[1].data_type())?))
                }
                _ => return refuse("a map needs entries of a key and a value"),
            },
            DataType::Dictionary(_, value) => Self::from_arrow(value)?,
            DataType::Null => return refuse("declare its type in the schema, for example \"name:str\""),
            DataType::Duration(_) => return refuse("cast it to long (microseconds)"),
            DataType::Interval(_) => return refuse("cast it to long or str"),
            DataType::Decimal256(_, _) => return refuse("cast it to decimal(38,s)"),
            DataType::Union(_, _) => return refuse("turn it into a struct with one field per variant"),
            DataType::RunEndEncoded(_, _) => return refuse("cast it to the type of its values"),
        })
    }

    /// The type of instants shown in a zone: an IANA name or `UTC`; an offset such as `+05:30` becomes `UTC`.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaInvalid`] for a zone that is not known.
    pub fn timestamp(zone: &str) -> Result<Self> {
        super::zone::normalise(zone).map(Self::Timestamp)
    }

    /// The type of lists of an item type.
    #[must_use]
    pub fn list(item: Self) -> Self {
        Self::List(Arc::new(item))
    }

    /// The type of maps.
    #[must_use]
    pub fn map(key: Self, value: Self) -> Self {
        Self::Map(Arc::new(key), Arc::new(value))
    }

    /// Whether values are floats, for which one equality and order holds: NaN equals NaN and is greatest, -0.0 equals 0.0.
    #[must_use]
    pub fn is_float(&self) -> bool {
        matches!(self, Self::Float32 | Self::Float64)
    }

    /// Whether values are integers, signed or unsigned.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        matches!(
            self,
            Self::Int8 | Self::Int16 | Self::Int32 | Self::Int64 | Self::UInt8 | Self::UInt16 | Self::UInt32 | Self::UInt64
        )
    }

    /// Whether the type is a map or holds one.
    pub(crate) fn has_map(&self) -> bool {
        match self {
            Self::Map(_, _) => true,
            Self::List(item) => item.has_map(),
            Self::Struct(fields) => fields.iter().any(|f| f.ty().has_map()),
            _ => false,
        }
    }

    /// Whether the type holds other types.
    #[must_use]
    pub fn is_nested(&self) -> bool {
        matches!(self, Self::List(_) | Self::Struct(_) | Self::Map(_, _))
    }
}

/// The Arrow field of the items of a list.
pub(super) fn item_field(item: &Type) -> FieldRef {
    Arc::new(ArrowField::new("item", item.to_arrow(), true))
}

/// The Arrow field of the entries of a map.
pub(super) fn entries_field(key: &Type, value: &Type) -> FieldRef {
    let parts = vec![ArrowField::new("key", key.to_arrow(), false), ArrowField::new("value", value.to_arrow(), true)];
    Arc::new(ArrowField::new("entries", DataType::Struct(Fields::from(parts)), false))
}

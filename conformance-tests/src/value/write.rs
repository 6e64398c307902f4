//! Plain values to Arrow arrays: the layout of the contract, and the other layouts that mean the same, for ingest.

use std::sync::Arc;

use fugue_core::arrow::array::{
    ArrayRef, ArrowPrimitiveType, BinaryArray, BinaryViewArray, BooleanArray, Date64Array, DictionaryArray, FixedSizeBinaryArray,
    FixedSizeListArray, Int32Array, LargeBinaryArray, LargeListArray, LargeStringArray, ListArray, MapArray, PrimitiveArray,
    StringArray, StringViewArray, StructArray,
};
use fugue_core::arrow::buffer::{NullBuffer, OffsetBuffer};
use fugue_core::arrow::datatypes::{
    DataType, Date32Type, Decimal32Type, Decimal64Type, Decimal128Type, Fields, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};

use super::OwnValue;

const DAY_IN_MILLISECONDS: i64 = 86_400_000;

/// An array of a layout with the values, whose whole numbers are in the unit of the contract (days, microseconds).
///
/// # Errors
/// A message, where a value does not fit the layout or the suite has no writer for it.
pub fn write_column(layout: &DataType, values: &[&OwnValue]) -> Result<ArrayRef, String> {
    Ok(match layout {
        DataType::Boolean => Arc::new(options(values, as_bool)?.into_iter().collect::<BooleanArray>()),
        DataType::Int8 => whole::<Int8Type>(layout, values, 1, 1)?,
        DataType::Int16 => whole::<Int16Type>(layout, values, 1, 1)?,
        DataType::Int32 => whole::<Int32Type>(layout, values, 1, 1)?,
        DataType::Int64 => whole::<Int64Type>(layout, values, 1, 1)?,
        DataType::UInt8 => whole::<UInt8Type>(layout, values, 1, 1)?,
        DataType::UInt16 => whole::<UInt16Type>(layout, values, 1, 1)?,
        DataType::UInt32 => whole::<UInt32Type>(layout, values, 1, 1)?,
        DataType::UInt64 => whole::<UInt64Type>(layout, values, 1, 1)?,
        DataType::Date32 => whole::<Date32Type>(layout, values, 1, 1)?,
        DataType::Date64 => Arc::new(
            options(values, |v| i64::try_from(as_int(v)?).map(|days| days * DAY_IN_MILLISECONDS).map_err(|e| e.to_string()))?
                .into_iter()
                .collect::<Date64Array>(),
        ),
        DataType::Time32(TimeUnit::Second) => whole::<Time32SecondType>(layout, values, 1, 1_000_000)?,
        DataType::Time32(_) => whole::<Time32MillisecondType>(layout, values, 1, 1_000)?,
        DataType::Time64(TimeUnit::Nanosecond) => whole::<Time64NanosecondType>(layout, values, 1_000, 1)?,
        DataType::Time64(_) => whole::<Time64MicrosecondType>(layout, values, 1, 1)?,
        DataType::Timestamp(TimeUnit::Second, _) => whole::<TimestampSecondType>(layout, values, 1, 1_000_000)?,
        DataType::Timestamp(TimeUnit::Millisecond, _) => whole::<TimestampMillisecondType>(layout, values, 1, 1_000)?,
        DataType::Timestamp(TimeUnit::Microsecond, _) => whole::<TimestampMicrosecondType>(layout, values, 1, 1)?,
        DataType::Timestamp(TimeUnit::Nanosecond, _) => whole::<TimestampNanosecondType>(layout, values, 1_000, 1)?,
        DataType::Decimal32(_, _) => whole::<Decimal32Type>(layout, values, 1, 1)?,
        DataType::Decimal64(_, _) => whole::<Decimal64Type>(layout, values, 1, 1)?,
        DataType::Decimal128(_, _) => whole::<Decimal128Type>(layout, values, 1, 1)?,
        DataType::Float32 => {
            Arc::new(options(values, |v| as_float(v).map(narrow))?.into_iter().collect::<PrimitiveArray<Float32Type>>())
        }
        DataType::Float64 => Arc::new(options(values, as_float)?.into_iter().collect::<PrimitiveArray<Float64Type>>()),
        DataType::Utf8 => Arc::new(options(values, as_text)?.into_iter().collect::<StringArray>()),
        DataType::LargeUtf8 => Arc::new(options(values, as_text)?.into_iter().collect::<LargeStringArray>()),
        DataType::Utf8View => Arc::new(options(values, as_text)?.into_iter().collect::<StringViewArray>()),
        DataType::Binary => Arc::new(options(values, as_bytes)?.into_iter().collect::<BinaryArray>()),
        DataType::LargeBinary => Arc::new(options(values, as_bytes)?.into_iter().collect::<LargeBinaryArray>()),
        DataType::BinaryView => Arc::new(options(values, as_bytes)?.into_iter().collect::<BinaryViewArray>()),
        DataType::FixedSizeBinary(size) => Arc::new(
            FixedSizeBinaryArray::try_from_sparse_iter_with_size(options(values, as_bytes)?.into_iter(), *size)
                .map_err(|e| e.to_string())?,
        ),
        DataType::Dictionary(key, value) => dictionary(key, value, values)?,
        DataType::List(item) => {
            let (lengths, items) = lists(values)?;
            let items = write_column(item.data_type(), &items)?;
            let array = ListArray::try_new(Arc::clone(item), OffsetBuffer::from_lengths(lengths), items, validity(values));
            Arc::new(array.map_err(|e| e.to_string())?)
        }
        DataType::LargeList(item) => {
            let (lengths, items) = lists(values)?;
            let items = write_column(item.data_type(), &items)?;
            let array = LargeListArray::try_new(Arc::clone(item), OffsetBuffer::from_lengths(lengths), items, validity(values));
            Arc::new(array.map_err(|e| e.to_string())?)
        }
        DataType::FixedSizeList(item, size) => fixed_lists(item, *size, values)?,
        DataType::Struct(fields) => Arc::new(structs(fields, values)?),
        DataType::Map(entries, _) => maps(entries, values)?,
        other => return Err(format!("the suite does not write the layout {other}")),
    })
}

/// The narrower float of a wider one that came from it; NaN keeps its sign and the payload that fits.
fn narrow(wide: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "the value came from a float of this width")]
    let narrow = wide as f32;
    narrow
}

fn options<'v, T>(values: &[&'v OwnValue], to: impl Fn(&'v OwnValue) -> Result<T, String>) -> Result<Vec<Option<T>>, String> {
    values.iter().map(|v| if v.is_null() { Ok(None) } else { to(v).map(Some) }).collect()
}

fn misfit<T>(value: &OwnValue, kind: &str) -> Result<T, String> {
    Err(format!("{value} is not {kind}"))
}

fn as_bool(value: &OwnValue) -> Result<bool, String> {
    if let OwnValue::Bool(b) = value { Ok(*b) } else { misfit(value, "true or false") }
}

fn as_int(value: &OwnValue) -> Result<i128, String> {
    if let OwnValue::Int(i) = value { Ok(*i) } else { misfit(value, "a whole number") }
}

fn as_float(value: &OwnValue) -> Result<f64, String> {
    if let OwnValue::Float(x) = value { Ok(*x) } else { misfit(value, "a float") }
}

fn as_text(value: &OwnValue) -> Result<&str, String> {
    if let OwnValue::Text(t) = value { Ok(t) } else { misfit(value, "text") }
}

fn as_bytes(value: &OwnValue) -> Result<&[u8], String> {
    if let OwnValue::Bytes(b) = value { Ok(b) } else { misfit(value, "bytes") }
}

fn whole<T>(layout: &DataType, values: &[&OwnValue], multiply: i128, divide: i128) -> Result<ArrayRef, String>
where
    T: ArrowPrimitiveType<Native: TryFrom<i128>>,
{
    let numbers = options(values, |v| {
        let number = as_int(v)? * multiply;
        if number % divide != 0 {
            return misfit(v, "a multiple of the layout's unit");
        }
        T::Native::try_from(number / divide).map_err(|_| format!("{v} is out of the range of {layout}"))
    })?;
    Ok(Arc::new(numbers.into_iter().collect::<PrimitiveArray<T>>().with_data_type(layout.clone())))
}

fn validity(values: &[&OwnValue]) -> Option<NullBuffer> {
    values.iter().any(|v| v.is_null()).then(|| values.iter().map(|v| !v.is_null()).collect::<Vec<bool>>().into())
}

/// One dictionary entry per row, so that equal values have different keys and a reader that compares keys is found out.
fn dictionary(key: &DataType, value: &DataType, values: &[&OwnValue]) -> Result<ArrayRef, String> {
    if *key != DataType::Int32 {
        return Err(format!("the suite writes dictionaries with int keys only, not {key}"));
    }
    let present: Vec<&OwnValue> = values.iter().copied().filter(|v| !v.is_null()).collect();
    let mut next = 0;
    let keys: Int32Array = values
        .iter()
        .map(|v| {
            (!v.is_null()).then(|| {
                next += 1;
                next - 1
            })
        })
        .collect();
    let array = DictionaryArray::try_new(keys, write_column(value, &present)?).map_err(|e| e.to_string())?;
    Ok(Arc::new(array))
}

fn lists<'v>(values: &[&'v OwnValue]) -> Result<(Vec<usize>, Vec<&'v OwnValue>), String> {
    let mut lengths = Vec::with_capacity(values.len());
    let mut items = Vec::new();
    for value in values {
        match value {
            OwnValue::Null => lengths.push(0),
            OwnValue::List(list) => {
                lengths.push(list.len());
                items.extend(list);
            }
            other => return misfit(other, "a list"),
        }
    }
    Ok((lengths, items))
}

fn fixed_lists(item: &Arc<fugue_core::arrow::datatypes::Field>, size: i32, values: &[&OwnValue]) -> Result<ArrayRef, String> {
    let length = usize::try_from(size).map_err(|e| e.to_string())?;
    let mut items = Vec::new();
    for value in values {
        match value {
            OwnValue::Null => items.extend(std::iter::repeat_n(&OwnValue::Null, length)),
            OwnValue::List(list) if list.len() == length => items.extend(list),
            other => return misfit(other, "a list of the fixed size"),
        }
    }
    let items = write_column(item.data_type(), &items)?;
    let array = FixedSizeListArray::try_new(Arc::clone(item), size, items, validity(values)).map_err(|e| e.to_string())?;
    Ok(Arc::new(array))
}

fn structs(fields: &Fields, values: &[&OwnValue]) -> Result<StructArray, String> {
    let mut columns: Vec<Vec<&OwnValue>> = vec![Vec::with_capacity(values.len()); fields.len()];
    for value in values {
        match value {
            OwnValue::Null => columns.iter_mut().for_each(|c| c.push(&OwnValue::Null)),
            OwnValue::Struct(parts) if parts.len() == fields.len() => columns.iter_mut().zip(parts).for_each(|(c, p)| c.push(p)),
            other => return misfit(other, "a struct of the fields"),
        }
    }
    let arrays: Vec<ArrayRef> =
        fields.iter().zip(&columns).map(|(f, c)| write_column(f.data_type(), c)).collect::<Result<_, String>>()?;
    StructArray::try_new_with_length(fields.clone(), arrays, validity(values), values.len()).map_err(|e| e.to_string())
}

fn maps(entries: &Arc<fugue_core::arrow::datatypes::Field>, values: &[&OwnValue]) -> Result<ArrayRef, String> {
    let DataType::Struct(fields) = entries.data_type() else {
        return Err("a map layout needs a struct of entries".to_owned());
    };
    let mut lengths = Vec::with_capacity(values.len());
    let mut keys = Vec::new();
    let mut items = Vec::new();
    for value in values {
        match value {
            OwnValue::Null => lengths.push(0),
            OwnValue::Map(pairs) => {
                lengths.push(pairs.len());
                keys.extend(pairs.iter().map(|(k, _)| k));
                items.extend(pairs.iter().map(|(_, v)| v));
            }
            other => return misfit(other, "a map"),
        }
    }
    let columns = vec![write_column(fields[0].data_type(), &keys)?, write_column(fields[1].data_type(), &items)?];
    let inner = StructArray::try_new(fields.clone(), columns, None).map_err(|e| e.to_string())?;
    let array = MapArray::try_new(Arc::clone(entries), OffsetBuffer::from_lengths(lengths), inner, validity(values), false)
        .map_err(|e| e.to_string())?;
    Ok(Arc::new(array) as ArrayRef)
}

//! Arrow arrays to plain values, by a plain match on the type of the array.

use fugue_core::arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, BinaryViewArray, BooleanArray, ListArray, MapArray, PrimitiveArray, StringViewArray,
    StructArray,
};
use fugue_core::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType, TimeUnit, TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};

use super::OwnValue;

/// The values of an array in the layout of the contract.
///
/// # Errors
/// A message that names the layout, where it is none of the contract's.
pub fn read_column(array: &ArrayRef) -> Result<Vec<OwnValue>, String> {
    let read = match array.data_type() {
        DataType::Boolean => each(array, |a: &BooleanArray, i| Ok(OwnValue::Bool(a.value(i)))),
        DataType::Int8 => whole::<Int8Type>(array),
        DataType::Int16 => whole::<Int16Type>(array),
        DataType::Int32 => whole::<Int32Type>(array),
        DataType::Int64 => whole::<Int64Type>(array),
        DataType::UInt8 => whole::<UInt8Type>(array),
        DataType::UInt16 => whole::<UInt16Type>(array),
        DataType::UInt32 => whole::<UInt32Type>(array),
        DataType::UInt64 => whole::<UInt64Type>(array),
        DataType::Date32 => whole::<Date32Type>(array),
        DataType::Time64(TimeUnit::Microsecond) => whole::<Time64MicrosecondType>(array),
        DataType::Timestamp(TimeUnit::Microsecond, _) => whole::<TimestampMicrosecondType>(array),
        DataType::Decimal128(_, _) => whole::<Decimal128Type>(array),
        DataType::Float32 => each(array, |a: &PrimitiveArray<Float32Type>, i| Ok(OwnValue::Float(f64::from(a.value(i))))),
        DataType::Float64 => each(array, |a: &PrimitiveArray<Float64Type>, i| Ok(OwnValue::Float(a.value(i)))),
        DataType::Utf8View => each(array, |a: &StringViewArray, i| Ok(OwnValue::text(a.value(i)))),
        DataType::BinaryView => each(array, |a: &BinaryViewArray, i| Ok(OwnValue::Bytes(a.value(i).to_vec()))),
        DataType::List(_) => each(array, |a: &ListArray, i| Ok(OwnValue::List(read_column(&a.value(i))?))),
        DataType::Struct(_) => return structs(array),
        DataType::Map(_, _) => each(array, |a: &MapArray, i| {
            let entries = a.value(i);
            let keys = read_column(entries.column(0))?;
            let values = read_column(entries.column(1))?;
            Ok(OwnValue::Map(keys.into_iter().zip(values).collect()))
        }),
        other => return Err(format!("layout {other} is none of the contract's")),
    };
    read.unwrap_or_else(|| Err(format!("an array that says it is {} is of another kind", array.data_type())))
}

type Read = Option<Result<Vec<OwnValue>, String>>;

fn each<A: Array + 'static>(array: &ArrayRef, value: impl Fn(&A, usize) -> Result<OwnValue, String>) -> Read {
    let array = array.as_any().downcast_ref::<A>()?;
    Some((0..array.len()).map(|i| if array.is_null(i) { Ok(OwnValue::Null) } else { value(array, i) }).collect())
}

fn whole<T: ArrowPrimitiveType<Native: Into<i128>>>(array: &ArrayRef) -> Read {
    each(array, |a: &PrimitiveArray<T>, i| Ok(OwnValue::Int(a.value(i).into())))
}

fn structs(array: &ArrayRef) -> Result<Vec<OwnValue>, String> {
    let array = array.as_any().downcast_ref::<StructArray>().ok_or("a struct array is of another kind")?;
    let mut columns = Vec::with_capacity(array.num_columns());
    for column in array.columns() {
        columns.push(read_column(column)?.into_iter());
    }
    let mut values = Vec::with_capacity(array.len());
    for i in 0..array.len() {
        let row: Vec<OwnValue> = columns.iter_mut().filter_map(Iterator::next).collect();
        values.push(if array.is_null(i) { OwnValue::Null } else { OwnValue::Struct(row) });
    }
    Ok(values)
}

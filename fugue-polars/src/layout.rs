//! Arrow arrays between the layout of the contract and the layout of Polars chunks: units, offsets, maps.

use std::sync::Arc;

use fugue_core::arrow::array::{
    Array, ArrayRef, AsArray, LargeListArray, ListArray, MapArray, StructArray, UInt64Array, new_null_array,
};
use fugue_core::arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use fugue_core::arrow::compute;
use fugue_core::arrow::datatypes::{
    DataType, Field as ArrowField, Fields, Int64Type, Time64MicrosecondType, Time64NanosecondType, TimeUnit,
    TimestampMicrosecondType,
};
use fugue_core::arrow::error::ArrowError;
use fugue_core::{Error, ErrorKind, Field, Type};

const DAY_US: i64 = 86_400_000_000;

/// Something wrong with an array: the error and, where one value is to blame, its row in the array.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) row: Option<usize>,
    pub(crate) error: Error,
}

impl Fault {
    fn value(row: usize, message: impl Into<String>) -> Self {
        Self { row: Some(row), error: Error::new(ErrorKind::ValueInvalid, message) }
    }

    fn whole(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { row: None, error: Error::new(kind, message) }
    }

    /// The fault of an item of a list, as one of the row that holds it.
    fn outward(self, offsets: &[i32]) -> Self {
        let holder = |item: usize| offsets.partition_point(|&o| usize::try_from(o).is_ok_and(|o| o <= item)).saturating_sub(1);
        Self { row: self.row.map(holder), error: self.error }
    }
}

impl From<ArrowError> for Fault {
    fn from(error: ArrowError) -> Self {
        Self { row: None, error: error.into() }
    }
}

/// An array as the contract lays its type out; no copy where it is laid out so already.
///
/// # Errors
/// `SchemaMismatch` for an array of another type; `ValueInvalid` for nanoseconds that are no whole microseconds, moments
/// beyond the range of microseconds, and null keys of maps.
pub(crate) fn canonical(array: &ArrayRef, ty: &Type) -> Result<ArrayRef, Fault> {
    let to = ty.to_arrow();
    if *array.data_type() == to {
        return Ok(Arc::clone(array));
    }
    match (array.data_type(), ty) {
        (DataType::Null, _) => Ok(new_null_array(&to, array.len())),
        (DataType::Timestamp(unit, None), Type::Datetime) => timestamps(array, *unit, None),
        (DataType::Timestamp(unit, Some(_)), Type::Timestamp(zone)) => timestamps(array, *unit, Some(Arc::clone(zone))),
        (DataType::Time64(TimeUnit::Nanosecond), Type::Time) => times(array),
        (DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(_, _), Type::List(item)) => {
            let (offsets, values, nulls) = list_parts(array)?;
            let values = canonical(&values, item).map_err(|fault| fault.outward(&offsets))?;
            Ok(Arc::new(ListArray::try_new(item_field(values.data_type()), offsets, values, nulls)?))
        }
        (DataType::List(_) | DataType::LargeList(_), Type::Map(key, value)) => map_of_list(array, key, value),
        (DataType::Map(_, _), Type::Map(key, value)) => {
            let map = array.as_map();
            let list = ListArray::try_new(
                item_field(map.entries().data_type()),
                map.offsets().clone(),
                Arc::new(map.entries().clone()),
                map.nulls().cloned(),
            )?;
            map_of_list(&(Arc::new(list) as ArrayRef), key, value)
        }
        (DataType::Struct(have), Type::Struct(want)) => {
            if have.len() != want.len() || have.iter().zip(want.iter()).any(|(h, w)| h.name() != w.name()) {
                return Err(mismatch(array.data_type(), ty));
            }
            structs(array, want.iter().map(Field::ty), canonical)
        }
        (from, _) if !ty.is_nested() && Type::from_arrow(from).is_ok_and(|t| t == *ty) => Ok(compute::cast(array, &to)?),
        (from, _) => Err(mismatch(from, ty)),
    }
}

/// An array in the layout of the contract, as Polars lays its chunks out.
///
/// # Errors
/// `ValueInvalid` for a time of day outside a day, which Polars would turn to null.
pub(crate) fn chunk_layout(array: &ArrayRef, ty: &Type) -> Result<ArrayRef, Fault> {
    match ty {
        Type::Time => {
            let times = array.as_primitive::<Time64MicrosecondType>();
            let outside = |row: &usize| times.is_valid(*row) && !(0..DAY_US).contains(&times.value(*row));
            if let Some(row) = (0..times.len()).find(outside) {
                let message =
                    format!("{} microseconds is no time of day; it must be at least 0 and less than a day", times.value(row));
                return Err(Fault::value(row, message));
            }
            Ok(Arc::new(times.unary::<_, Time64NanosecondType>(|us| us.wrapping_mul(1000))))
        }
        Type::List(item) => {
            let (offsets, values, nulls) = list_parts(array)?;
            let values = chunk_layout(&values, item).map_err(|fault| fault.outward(&offsets))?;
            large_list(&offsets, values, nulls)
        }
        Type::Map(key, value) => {
            let map = array.as_map();
            let (offsets, entries) = referenced(map.offsets(), &(Arc::new(map.entries().clone()) as ArrayRef));
            let entries = structs(&entries, [&**key, &**value], chunk_layout).map_err(|fault| fault.outward(&offsets))?;
            large_list(&offsets, entries, map.nulls().cloned())
        }
        Type::Struct(fields) => structs(array, fields.iter().map(Field::ty), chunk_layout),
        _ => Ok(Arc::clone(array)),
    }
}

fn timestamps(array: &ArrayRef, unit: TimeUnit, zone: Option<Arc<str>>) -> Result<ArrayRef, Fault> {
    let raw = compute::cast(array, &DataType::Int64)?;
    let raw = raw.as_primitive::<Int64Type>();
    let valid = |row: &usize| raw.is_valid(*row);
    let micros = match unit {
        TimeUnit::Microsecond => raw.reinterpret_cast::<TimestampMicrosecondType>(),
        TimeUnit::Nanosecond => {
            if let Some(row) = (0..raw.len()).filter(valid).find(|&row| raw.value(row) % 1000 != 0) {
                let message = format!(
                    "the moment {} ns is no whole microsecond; truncate the column to microseconds first",
                    raw.value(row)
                );
                return Err(Fault::value(row, message));
            }
            raw.unary::<_, TimestampMicrosecondType>(|ns| ns / 1000)
        }
        TimeUnit::Millisecond | TimeUnit::Second => {
            let factor = if unit == TimeUnit::Second { 1_000_000 } else { 1000 };
            if let Some(row) = (0..raw.len()).filter(valid).find(|&row| raw.value(row).checked_mul(factor).is_none()) {
                return Err(Fault::value(row, format!("the moment {} is beyond the range of microseconds", raw.value(row))));
            }
            raw.unary::<_, TimestampMicrosecondType>(|v| v.wrapping_mul(factor))
        }
    };
    Ok(Arc::new(micros.with_timezone_opt(zone)))
}

fn times(array: &ArrayRef) -> Result<ArrayRef, Fault> {
    let nanos = array.as_primitive::<Time64NanosecondType>();
    if let Some(row) = (0..nanos.len()).find(|&row| nanos.is_valid(row) && nanos.value(row) % 1000 != 0) {
        let message =
            format!("the time {} ns is no whole microsecond; truncate the column to microseconds first", nanos.value(row));
        return Err(Fault::value(row, message));
    }
    Ok(Arc::new(nanos.unary::<_, Time64MicrosecondType>(|ns| ns / 1000)))
}

type ListParts = (OffsetBuffer<i32>, ArrayRef, Option<NullBuffer>);

/// Offsets that start at zero, the values that they refer to and nothing else, and the nulls.
fn list_parts(array: &ArrayRef) -> Result<ListParts, Fault> {
    match array.data_type() {
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            let (offsets, values) = referenced(list.offsets(), list.values());
            Ok((offsets, values, list.nulls().cloned()))
        }
        DataType::LargeList(_) => {
            let list = array.as_list::<i64>();
            let (first, last) = ends(list.offsets());
            let narrow = |offset: &i64| i32::try_from(offset - list.offsets()[0]);
            let Ok(offsets) = list.offsets().iter().map(narrow).collect::<Result<Vec<i32>, _>>() else {
                let message = "one chunk holds more than 2147483647 list items; split the frame into smaller chunks";
                return Err(Fault::whole(ErrorKind::Unsupported, message));
            };
            // The offsets were monotonic before and still are, so this cannot fail.
            let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
            Ok((offsets, list.values().slice(first, last - first), list.nulls().cloned()))
        }
        DataType::FixedSizeList(_, width) => {
            let list = array.as_fixed_size_list();
            let width = usize::try_from(*width).unwrap_or_default();
            if i32::try_from(width.saturating_mul(list.len())).is_err() {
                let message = "one chunk holds more than 2147483647 array items; split the frame into smaller chunks";
                return Err(Fault::whole(ErrorKind::Unsupported, message));
            }
            let offsets = OffsetBuffer::from_lengths(std::iter::repeat_n(width, list.len()));
            Ok((offsets, Arc::clone(list.values()), list.nulls().cloned()))
        }
        other => Err(Fault::whole(ErrorKind::Unexpected, format!("{other} is no list; please report this"))),
    }
}

/// The part of the values that the offsets refer to; both are left as they are where that is all.
fn referenced(offsets: &OffsetBuffer<i32>, values: &ArrayRef) -> (OffsetBuffer<i32>, ArrayRef) {
    let (first, last) = ends(offsets);
    if first == 0 {
        return (offsets.clone(), values.slice(0, last));
    }
    let start = offsets[0];
    (OffsetBuffer::new(offsets.iter().map(|o| o - start).collect()), values.slice(first, last - first))
}

fn ends<O: Copy + TryInto<usize>>(offsets: &[O]) -> (usize, usize) {
    let at = |o: Option<&O>| o.and_then(|o| (*o).try_into().ok()).unwrap_or_default();
    (at(offsets.first()), at(offsets.last()))
}

fn large_list(offsets: &OffsetBuffer<i32>, values: ArrayRef, nulls: Option<NullBuffer>) -> Result<ArrayRef, Fault> {
    let wide = OffsetBuffer::new(offsets.iter().map(|&o| i64::from(o)).collect());
    Ok(Arc::new(LargeListArray::try_new(item_field(values.data_type()), wide, values, nulls)?))
}

fn structs<'t>(
    array: &ArrayRef,
    types: impl IntoIterator<Item = &'t Type>,
    convert: fn(&ArrayRef, &Type) -> Result<ArrayRef, Fault>,
) -> Result<ArrayRef, Fault> {
    let array = array.as_struct();
    let columns: Vec<ArrayRef> =
        array.columns().iter().zip(types).map(|(column, ty)| convert(column, ty)).collect::<Result<_, _>>()?;
    let fields: Fields =
        array.fields().iter().zip(&columns).map(|(f, c)| ArrowField::new(f.name(), c.data_type().clone(), true)).collect();
    Ok(Arc::new(StructArray::try_new_with_length(fields, columns, array.nulls().cloned(), array.len())?))
}

/// A list of structs of a key and a value, as a map. The fields are taken by place: only the declared type knows of keys.
fn map_of_list(array: &ArrayRef, key: &Type, value: &Type) -> Result<ArrayRef, Fault> {
    let (offsets, entries, nulls) = list_parts(array)?;
    let Some(pairs) = entries.as_struct_opt().filter(|e| e.num_columns() == 2) else {
        return Err(mismatch(array.data_type(), &Type::Map(Arc::new(key.clone()), Arc::new(value.clone()))));
    };
    let (keys, values) = (pairs.column(0), pairs.column(1));
    if pairs.null_count() > 0 || keys.null_count() > 0 {
        let keyless = |item: &usize| pairs.is_null(*item) || keys.is_null(*item);
        let visible = |row: usize| nulls.as_ref().is_none_or(|n| n.is_valid(row));
        let holder = |item| Fault::value(item, "a key of a map is null; drop such entries first").outward(&offsets);
        if let Some(fault) = (0..pairs.len()).filter(keyless).map(holder).find(|f| f.row.is_some_and(visible)) {
            return Err(fault);
        }
        // The entries without key stand in rows that are null; taking all rows anew leaves them behind.
        let rows = UInt64Array::from_iter_values(0..array.len() as u64);
        return map_of_list(&compute::take(array, &rows, None)?, key, value);
    }
    let keys = canonical(keys, key).map_err(|fault| fault.outward(&offsets))?;
    let values = canonical(values, value).map_err(|fault| fault.outward(&offsets))?;
    let DataType::Map(field, sorted) = Type::Map(Arc::new(key.clone()), Arc::new(value.clone())).to_arrow() else {
        return Err(Fault::whole(ErrorKind::Unexpected, "the layout of maps is no map; please report this"));
    };
    let DataType::Struct(fields) = field.data_type() else {
        return Err(Fault::whole(ErrorKind::Unexpected, "the entries of a map are no struct; please report this"));
    };
    let entries = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
    Ok(Arc::new(MapArray::try_new(field, offsets, entries, nulls, sorted)?))
}

fn item_field(data_type: &DataType) -> Arc<ArrowField> {
    Arc::new(ArrowField::new("item", data_type.clone(), true))
}

fn mismatch(from: &DataType, ty: &Type) -> Fault {
    Fault::whole(ErrorKind::SchemaMismatch, format!("a column of {from} is not of the declared type {ty:?}; cast it first"))
}

#[cfg(test)]
mod tests;

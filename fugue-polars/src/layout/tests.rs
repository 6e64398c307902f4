//! Tests of the layouts: units, offsets and maps, with the row of what does not fit.

use std::sync::Arc;

use fugue_core::arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, Float32Array, Int32Array, Int64Array, LargeListArray, ListArray, NullArray,
    StringArray, StringViewArray, StructArray, Time64MicrosecondArray, Time64NanosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray,
};
use fugue_core::arrow::buffer::{NullBuffer, OffsetBuffer};
use fugue_core::arrow::compute;
use fugue_core::arrow::datatypes::{DataType, Field as ArrowField, Int64Type, TimestampMicrosecondType};
use fugue_core::{ErrorKind, Type};

use super::{canonical, chunk_layout};

fn array(array: impl Array + 'static) -> ArrayRef {
    Arc::new(array)
}

fn item(data_type: DataType) -> Arc<ArrowField> {
    Arc::new(ArrowField::new("element", data_type, true))
}

/// Lists of pairs as Polars lays a map out; the fields have the names that a Parquet reader may give them.
fn pairs(keys: Vec<Option<&str>>, values: Vec<i64>, ends: &[i64], nulls: Vec<bool>) -> ArrayRef {
    let fields = vec![
        (Arc::new(ArrowField::new("k", DataType::Utf8View, true)), array(StringViewArray::from(keys))),
        (Arc::new(ArrowField::new("v", DataType::Int64, true)), array(Int64Array::from(values))),
    ];
    let entries = StructArray::from(fields);
    let offsets = OffsetBuffer::new(std::iter::once(&0).chain(ends).copied().collect());
    let list = LargeListArray::new(item(entries.data_type().clone()), offsets, Arc::new(entries), Some(NullBuffer::from(nulls)));
    array(list)
}

#[test]
fn canonical_arrays_are_left_alone() {
    let numbers = array(Int64Array::from(vec![1, 2]));
    assert!(Arc::ptr_eq(&canonical(&numbers, &Type::Int64).unwrap(), &numbers));
}

#[test]
fn units_become_microseconds() {
    let nanos = array(TimestampNanosecondArray::from(vec![Some(-2000), None, Some(3000)]));
    let micros = canonical(&nanos, &Type::Datetime).unwrap();
    assert_eq!(micros.as_primitive::<TimestampMicrosecondType>().iter().collect::<Vec<_>>(), [Some(-2), None, Some(3)]);
    let millis = array(TimestampMillisecondArray::from(vec![Some(-2), None]).with_timezone("Etc/UTC"));
    let micros = canonical(&millis, &Type::Timestamp("UTC".into())).unwrap();
    assert_eq!(micros.data_type(), &Type::Timestamp("UTC".into()).to_arrow());
    assert_eq!(micros.as_primitive::<TimestampMicrosecondType>().iter().collect::<Vec<_>>(), [Some(-2000), None]);
}

#[test]
fn what_is_no_whole_microsecond_is_an_error_at_its_row() {
    let nanos = array(TimestampNanosecondArray::from(vec![Some(1000), None, Some(2001)]));
    let fault = canonical(&nanos, &Type::Datetime).unwrap_err();
    assert_eq!((fault.row, fault.error.kind()), (Some(2), ErrorKind::ValueInvalid));
    let times = array(Time64NanosecondArray::from(vec![Some(1), None]));
    let fault = canonical(&times, &Type::Time).unwrap_err();
    assert_eq!((fault.row, fault.error.kind()), (Some(0), ErrorKind::ValueInvalid));
    let millis = array(TimestampMillisecondArray::from(vec![0, i64::MAX]));
    let fault = canonical(&millis, &Type::Datetime).unwrap_err();
    assert_eq!((fault.row, fault.error.kind()), (Some(1), ErrorKind::ValueInvalid));
}

#[test]
fn the_row_of_a_fault_in_a_list_is_the_row_of_the_list() {
    let nanos = TimestampNanosecondArray::from(vec![9000, 1000, 2000, 3001]);
    let offsets = OffsetBuffer::new(vec![1i64, 1, 3, 3, 4].into());
    let list = array(LargeListArray::new(item(nanos.data_type().clone()), offsets, Arc::new(nanos), None));
    let fault = canonical(&list, &Type::List(Arc::new(Type::Datetime))).unwrap_err();
    assert_eq!(fault.row, Some(3));
}

#[test]
fn a_time_outside_the_day_does_not_become_null() {
    let times = array(Time64MicrosecondArray::from(vec![None, Some(86_399_999_999), Some(86_400_000_000)]));
    let fault = chunk_layout(&times, &Type::Time).unwrap_err();
    assert_eq!((fault.row, fault.error.kind()), (Some(2), ErrorKind::ValueInvalid));
    let times = array(Time64MicrosecondArray::from(vec![Some(-1)]));
    assert_eq!(chunk_layout(&times, &Type::Time).unwrap_err().row, Some(0));
}

#[test]
fn lists_narrow_their_offsets_and_share_their_values() {
    let values = Int64Array::from_iter_values(0..10);
    let start = values.values().as_ptr();
    let offsets = OffsetBuffer::new(vec![2i64, 4, 4, 9].into());
    let nulls = NullBuffer::from(vec![true, false, true]);
    let list = array(LargeListArray::new(item(DataType::Int64), offsets, Arc::new(values), Some(nulls)));
    let ty = Type::List(Arc::new(Type::Int64));
    let narrow = canonical(&list, &ty).unwrap();
    assert_eq!(narrow.data_type(), &ty.to_arrow());
    let narrow_list = narrow.as_list::<i32>();
    assert_eq!(&narrow_list.offsets()[..], [0, 2, 2, 7]);
    assert_eq!(narrow_list.values().as_primitive::<Int64Type>().values().as_ptr(), start.wrapping_add(2));
    assert!(narrow_list.is_null(1));
    let wide = chunk_layout(&narrow.slice(1, 2), &ty).unwrap();
    assert_eq!(wide.as_list::<i64>().value(1).as_primitive::<Int64Type>().values()[..], [4, 5, 6, 7, 8]);
}

#[test]
fn arrays_become_lists_and_their_items_are_converted() {
    let values = Arc::new(TimestampNanosecondArray::from(vec![0, 1000, 2000, 3000]));
    let fixed = FixedSizeListArray::new(item(values.data_type().clone()), 2, values, Some(vec![true, false].into()));
    let list = canonical(&array(fixed), &Type::List(Arc::new(Type::Datetime))).unwrap();
    assert_eq!(list.as_list::<i32>().value(0).as_primitive::<TimestampMicrosecondType>().values()[..], [0, 1]);
    assert!(list.is_null(1));
}

#[test]
fn a_declared_map_comes_back_from_lists_of_pairs() {
    let list = pairs(vec![Some("a"), Some("b"), Some("c")], vec![1, 2, 3], &[2, 2, 3], vec![true, true, true]);
    let ty = Type::Map(Arc::new(Type::Str), Arc::new(Type::Int64));
    let map = canonical(&list.slice(1, 2), &ty).unwrap();
    assert_eq!(map.data_type(), &ty.to_arrow());
    assert_eq!((map.as_map().value(0).len(), map.as_map().value(1).len()), (0, 1));
    let back = chunk_layout(&map, &ty).unwrap();
    let last = back.as_list::<i64>().value(1);
    assert_eq!(last.as_struct().column(0).as_string_view().value(0), "c");
    assert_eq!(last.as_struct().column(1).as_primitive::<Int64Type>().value(0), 3);
}

#[test]
fn a_null_key_is_an_error_at_its_row_unless_the_row_is_null() {
    let ty = Type::Map(Arc::new(Type::Str), Arc::new(Type::Int64));
    let seen = pairs(vec![Some("a"), None, Some("c")], vec![1, 2, 3], &[1, 2, 3], vec![true, true, true]);
    let fault = canonical(&seen, &ty).unwrap_err();
    assert_eq!((fault.row, fault.error.kind()), (Some(1), ErrorKind::ValueInvalid));
    let hidden = pairs(vec![Some("a"), None, Some("c")], vec![1, 2, 3], &[1, 2, 3], vec![true, false, true]);
    let map = canonical(&hidden, &ty).unwrap();
    assert!(map.is_null(1));
    assert_eq!(map.as_map().value(2).column(0).as_string_view().value(0), "c");
}

#[test]
fn other_layouts_of_a_type_are_converted_and_other_types_refused() {
    let text = canonical(&array(StringArray::from(vec![Some("a"), None])), &Type::Str).unwrap();
    assert_eq!(text.as_string_view().iter().collect::<Vec<_>>(), [Some("a"), None]);
    let half = compute::cast(&array(Float32Array::from(vec![1.5])), &DataType::Float16).unwrap();
    assert_eq!(canonical(&half, &Type::Float32).unwrap().data_type(), &DataType::Float32);
    let nulls = canonical(&array(NullArray::new(3)), &Type::List(Arc::new(Type::Str))).unwrap();
    assert_eq!((nulls.len(), nulls.null_count()), (3, 3));

    let numbers = array(Int32Array::from(vec![1]));
    let naive = array(TimestampNanosecondArray::from(vec![1000]));
    let lists = array(ListArray::new_null(item(DataType::Int32), 1));
    for (wrong, ty) in [
        (&numbers, Type::Int64),
        (&numbers, Type::List(Arc::new(Type::Int32))),
        (&naive, Type::Timestamp("UTC".into())),
        (&lists, Type::List(Arc::new(Type::Int64))),
        (&lists, Type::Map(Arc::new(Type::Str), Arc::new(Type::Str))),
    ] {
        assert_eq!(canonical(wrong, &ty).unwrap_err().error.kind(), ErrorKind::SchemaMismatch, "{ty:?}");
    }
}

//! Tests of the crossing: the same buffers on both sides, and nothing that is laid out otherwise.

use fugue_core::ErrorKind;
use fugue_core::arrow::array::{
    Array, ArrayRef, AsArray, BinaryViewArray, BooleanArray, Decimal128Array, Float64Array, Int64Array, StringViewArray,
    StructArray, TimestampMicrosecondArray,
};
use fugue_core::arrow::datatypes::{DataType, Field, Int64Type, TimeUnit};
use polars::prelude::{CompatLevel, DataType as PolarsType, NamedFrom, Series, TimeUnit as PolarsUnit};
use polars_arrow::array::{BinaryViewArray as PolarsBinaryView, PrimitiveArray, Utf8ViewArray};

use super::{to_arrow, to_polars};
use crate::types::chunk_type;

fn long(i: usize) -> String {
    format!("a text that is longer than twelve bytes, number {i}")
}

fn crossed(series: &Series) -> ArrayRef {
    to_arrow(&series.chunks()[0], &chunk_type(series.dtype()).unwrap()).unwrap()
}

#[test]
fn numbers_leave_polars_at_the_same_address() {
    let series = Series::new("x".into(), (0..1000i64).collect::<Vec<_>>());
    let array = crossed(&series);
    let numbers = array.as_primitive::<Int64Type>();
    assert_eq!(numbers.values().as_ptr(), series.i64().unwrap().cont_slice().unwrap().as_ptr());
    assert_eq!(numbers.value(999), 999);
}

#[test]
fn text_leaves_polars_at_the_same_address() {
    let series = Series::new("s".into(), (0..1000).map(long).collect::<Vec<_>>());
    let array = crossed(&series);
    let chunk = series.chunks()[0].as_any().downcast_ref::<Utf8ViewArray>().unwrap();
    let text = array.as_string_view();
    assert_eq!(text.views().as_ptr().cast::<u8>(), chunk.views().as_ptr().cast::<u8>());
    assert_eq!(text.data_buffers().len(), chunk.data_buffers().len());
    for (here, there) in text.data_buffers().iter().zip(chunk.data_buffers().iter()) {
        assert_eq!(here.as_ptr(), there.as_ptr());
    }
    assert_eq!(text.value(7), long(7));
}

#[test]
fn bytes_leave_polars_at_the_same_address() {
    let series = Series::new("b".into(), (0..1000).map(|i| long(i).into_bytes()).collect::<Vec<_>>());
    let array = crossed(&series);
    let chunk = series.chunks()[0].as_any().downcast_ref::<PolarsBinaryView>().unwrap();
    let bytes = array.as_binary_view();
    assert_eq!(bytes.views().as_ptr().cast::<u8>(), chunk.views().as_ptr().cast::<u8>());
    assert_eq!(bytes.data_buffers()[0].as_ptr(), chunk.data_buffers()[0].as_ptr());
    assert_eq!(bytes.value(7), long(7).as_bytes());
}

#[test]
fn numbers_arrive_in_polars_at_the_same_address() {
    let array = Int64Array::from_iter_values(0..1000);
    let chunk = to_polars(&array, &PolarsType::Int64.to_arrow(CompatLevel::newest())).unwrap();
    let there = chunk.as_any().downcast_ref::<PrimitiveArray<i64>>().unwrap();
    assert_eq!(there.values().as_ptr(), array.values().as_ptr());

    let floats = Float64Array::from_iter_values((0..1000).map(f64::from)).slice(10, 500);
    let chunk = to_polars(&floats, &PolarsType::Float64.to_arrow(CompatLevel::newest())).unwrap();
    let there = chunk.as_any().downcast_ref::<PrimitiveArray<f64>>().unwrap();
    assert_eq!(there.values().as_ptr(), floats.values().as_ptr());
    assert_eq!((there.values()[0], there.values().len()), (10.0, 500));
}

#[test]
fn instants_and_decimals_arrive_at_the_same_address_as_series() {
    let instants = TimestampMicrosecondArray::from_iter_values(0..100).with_timezone("UTC");
    let dtype = PolarsType::Datetime(PolarsUnit::Microseconds, Some(polars::prelude::TimeZone::UTC));
    let chunk = to_polars(&instants, &dtype.to_arrow(CompatLevel::newest())).unwrap();
    let series = Series::try_from((polars::prelude::PlSmallStr::from("t"), chunk)).unwrap();
    assert_eq!(series.dtype(), &dtype);
    assert_eq!(series.datetime().unwrap().physical().cont_slice().unwrap().as_ptr(), instants.values().as_ptr());

    let decimals = Decimal128Array::from_iter_values(0..100).with_precision_and_scale(20, 2).unwrap();
    let dtype = PolarsType::Decimal(20, 2);
    let chunk = to_polars(&decimals, &dtype.to_arrow(CompatLevel::newest())).unwrap();
    let series = Series::try_from((polars::prelude::PlSmallStr::from("d"), chunk)).unwrap();
    assert_eq!(series.dtype(), &dtype);
    assert_eq!(series.decimal().unwrap().physical().cont_slice().unwrap().as_ptr(), decimals.values().as_ptr());
}

#[test]
fn text_and_bytes_arrive_in_polars_at_the_same_address() {
    let text = StringViewArray::from_iter_values((0..1000).map(long));
    let chunk = to_polars(&text, &PolarsType::String.to_arrow(CompatLevel::newest())).unwrap();
    let there = chunk.as_any().downcast_ref::<Utf8ViewArray>().unwrap();
    assert_eq!(there.views().as_ptr().cast::<u8>(), text.views().as_ptr().cast::<u8>());
    assert_eq!(there.data_buffers()[0].as_ptr(), text.data_buffers()[0].as_ptr());
    assert_eq!(there.value(7), long(7));

    let bytes = BinaryViewArray::from_iter_values((0..1000).map(|i| long(i).into_bytes()));
    let chunk = to_polars(&bytes, &PolarsType::Binary.to_arrow(CompatLevel::newest())).unwrap();
    let there = chunk.as_any().downcast_ref::<PolarsBinaryView>().unwrap();
    assert_eq!(there.views().as_ptr().cast::<u8>(), bytes.views().as_ptr().cast::<u8>());
    assert_eq!(there.data_buffers()[0].as_ptr(), bytes.data_buffers()[0].as_ptr());
}

#[test]
fn slices_keep_their_offsets_and_nulls_both_ways() {
    let numbers = Series::new("x".into(), (0..100i64).map(|i| (i % 3 != 0).then_some(i)).collect::<Vec<_>>());
    let bools = Series::new("b".into(), (0..100).map(|i| (i % 3 != 0).then_some(i % 2 == 0)).collect::<Vec<_>>());
    let text = Series::new("s".into(), (0..100).map(|i| (i % 3 != 0).then(|| long(i))).collect::<Vec<_>>());
    for series in [&numbers, &bools, &text] {
        for (offset, length) in [(0, 100), (5, 20), (13, 1), (50, 0), (63, 37)] {
            let part = series.slice(offset, length);
            let array = crossed(&part);
            assert_eq!((array.len(), array.null_count()), (part.len(), part.null_count()), "{offset}+{length}");
            let chunk = to_polars(&array.slice(0, length), &part.dtype().to_arrow(CompatLevel::newest())).unwrap();
            let back = Series::try_from((part.name().clone(), chunk)).unwrap();
            assert!(back.equals_missing(&part), "{offset}+{length}: {back} is not {part}");
            if length > 7 {
                let chunk = to_polars(&array.slice(3, 4), &part.dtype().to_arrow(CompatLevel::newest())).unwrap();
                let back = Series::try_from((part.name().clone(), chunk)).unwrap();
                assert!(back.equals_missing(&part.slice(3, 4)), "{offset}+{length}, 3+4: {back}");
            }
        }
    }
}

#[test]
fn sliced_bitmaps_arrive_with_their_offset() {
    let bools: BooleanArray = (0..100).map(|i| (i % 5 != 0).then_some(i % 2 == 0)).collect();
    let part = bools.slice(11, 40);
    let chunk = to_polars(&part, &PolarsType::Boolean.to_arrow(CompatLevel::newest())).unwrap();
    let series = Series::try_from((polars::prelude::PlSmallStr::from("b"), chunk)).unwrap();
    let there: Vec<Option<bool>> = series.bool().unwrap().iter().collect();
    assert_eq!(there, part.iter().collect::<Vec<_>>());
}

#[test]
fn the_exported_buffers_outlive_their_first_owner() {
    let array = {
        let series = Series::new("s".into(), (0..1000).map(long).collect::<Vec<_>>());
        crossed(&series)
    };
    assert_eq!(array.as_string_view().value(999), long(999));
    let chunk = to_polars(&array, &PolarsType::String.to_arrow(CompatLevel::newest())).unwrap();
    drop(array);
    assert_eq!(chunk.as_any().downcast_ref::<Utf8ViewArray>().unwrap().value(999), long(999));
}

#[test]
fn what_is_laid_out_otherwise_does_not_cross() {
    let series = Series::new("x".into(), [1i64, 2]);
    for wrong in [
        DataType::Int32,
        DataType::Float64,
        DataType::Utf8View,
        DataType::Time64(TimeUnit::Microsecond),
        DataType::LargeList(Field::new("item", DataType::Int64, true).into()),
        DataType::Null,
    ] {
        let error = to_arrow(&series.chunks()[0], &wrong).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unexpected, "{wrong}");
    }
    let numbers = Int64Array::from(vec![1, 2]);
    for wrong in [PolarsType::Int32, PolarsType::String, PolarsType::List(Box::new(PolarsType::Int64)), PolarsType::Null] {
        let error = to_polars(&numbers, &wrong.to_arrow(CompatLevel::newest())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unexpected, "{wrong}");
    }
    let one = StructArray::from(vec![(Field::new("a", DataType::Int64, true).into(), std::sync::Arc::new(numbers) as ArrayRef)]);
    let field = |name: &str| polars::prelude::Field::new(name.into(), PolarsType::Int64);
    let two = PolarsType::Struct(vec![field("a"), field("b")]);
    assert_eq!(to_polars(&one, &two.to_arrow(CompatLevel::newest())).unwrap_err().kind(), ErrorKind::Unexpected);
}

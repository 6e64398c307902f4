//! Tests of frames to batches and back: every type, nulls, chunks, slices, empty frames, names.

use std::sync::Arc;

use fugue_core::arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Decimal128Array, Int64Array, Time64MicrosecondArray, TimestampMicrosecondArray,
    new_null_array,
};
use fugue_core::arrow::array::{BinaryViewArray, BooleanArray, ListArray, MapArray, StringViewArray, StructArray};
use fugue_core::arrow::buffer::OffsetBuffer;
use fugue_core::arrow::compute;
use fugue_core::arrow::datatypes::{DataType, Field as ArrowField, Int64Type};
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::{ErrorKind, Field, Schema, Type};
use polars::df;
use polars::prelude::{Categories, DataFrame, DataType as PolarsType, FrozenCategories, IntoColumn, NamedFrom, Series, TimeUnit};

use super::{from_batches, to_batches};
use crate::types::{polars_schema_of, schema_of};

const ROWS: usize = 6;

fn list_of(values: &ArrayRef) -> ArrayRef {
    let offsets = OffsetBuffer::new(vec![0, 2, 2, 2, 5, 5, 6].into());
    let field = Arc::new(ArrowField::new("item", values.data_type().clone(), true));
    let nulls = Some(vec![true, true, false, true, true, true].into());
    Arc::new(ListArray::new(field, offsets, Arc::clone(values), nulls))
}

fn map_of(keys: ArrayRef, values: &ArrayRef, ty: &Type) -> ArrayRef {
    let DataType::Map(field, sorted) = ty.to_arrow() else { panic!("{ty:?} is no map") };
    let DataType::Struct(fields) = field.data_type() else { panic!("entries are no struct") };
    let entries = StructArray::new(fields.clone(), vec![keys, Arc::clone(values)], None);
    let offsets = OffsetBuffer::new(vec![0, 1, 1, 1, 4, 4, 6].into());
    Arc::new(MapArray::new(field, offsets, entries, Some(vec![true, true, false, true, true, true].into()), sorted))
}

/// One column of each type, with nulls, in six rows.
fn every_column() -> Vec<(Field, ArrayRef)> {
    let longs: ArrayRef = Arc::new(Int64Array::from(vec![Some(0), None, Some(1), Some(100), Some(7), Some(2)]));
    let numbers = [
        Type::Int8,
        Type::Int16,
        Type::Int32,
        Type::Int64,
        Type::UInt8,
        Type::UInt16,
        Type::UInt32,
        Type::UInt64,
        Type::Float32,
        Type::Float64,
    ];
    let mut all: Vec<(Field, ArrayRef)> = numbers
        .into_iter()
        .map(|ty| {
            let array = compute::cast(&longs, &ty.to_arrow()).unwrap();
            (Field::new(format!("{ty:?}"), ty), array)
        })
        .collect();
    let mut add = |name: &str, ty: Type, array: ArrayRef| all.push((Field::new(name, ty), array));
    let text =
        StringViewArray::from(vec![Some(""), Some("short"), None, Some("longer than twelve bytes, é"), Some("a"), Some("b")]);
    let text: ArrayRef = Arc::new(text);
    add("a bool", Type::Bool, Arc::new(BooleanArray::from(vec![Some(true), None, Some(false), Some(true), None, Some(false)])));
    add("text é", Type::Str, Arc::clone(&text));
    let bytes: Vec<Option<&[u8]>> = vec![Some(b""), None, Some(b"\x00\xff"), Some(b"more than twelve bytes"), None, Some(b"z")];
    add("bytes", Type::Bytes, Arc::new(BinaryViewArray::from(bytes)));
    add("date", Type::Date, Arc::new(Date32Array::from(vec![Some(-1), None, Some(0), Some(20_000), None, Some(1)])));
    let day = 86_400_000_000;
    add("time", Type::Time, Arc::new(Time64MicrosecondArray::from(vec![Some(0), None, Some(day - 1), None, Some(1), Some(2)])));
    let moments = TimestampMicrosecondArray::from(vec![Some(i64::MIN), None, Some(i64::MAX), Some(0), Some(-1), None]);
    let moments_array: ArrayRef = Arc::new(moments.clone());
    add("moment", Type::Datetime, Arc::clone(&moments_array));
    add("utc", Type::Timestamp("UTC".into()), Arc::new(moments.clone().with_timezone("UTC")));
    add("berlin", Type::Timestamp("Europe/Berlin".into()), Arc::new(moments.with_timezone("Europe/Berlin")));
    let decimals = vec![Some(1), None, Some(-(10i128.pow(20))), Some(0), None, Some(3)];
    add("money", Type::Decimal(38, 2), Arc::new(Decimal128Array::from(decimals).with_precision_and_scale(38, 2).unwrap()));
    add("texts", Type::List(Arc::new(Type::Str)), list_of(&text));
    add("moments", Type::List(Arc::new(Type::Datetime)), list_of(&moments_array));
    add("lists", Type::List(Arc::new(Type::List(Arc::new(Type::Int64)))), list_of(&list_of(&longs)));
    let fields: Arc<[Field]> = [Field::new("a b", Type::Int64), Field::new("t", Type::Time)].into();
    let time: ArrayRef = Arc::new(Time64MicrosecondArray::from(vec![Some(0), None, None, Some(5), Some(1), Some(2)]));
    let children = vec![
        (Arc::new(ArrowField::new("a b", DataType::Int64, true)), Arc::clone(&longs)),
        (Arc::new(ArrowField::new("t", Type::Time.to_arrow(), true)), time),
    ];
    add("pair", Type::Struct(Arc::clone(&fields)), Arc::new(StructArray::from(children.clone())));
    add("pairs", Type::List(Arc::new(Type::Struct(fields))), list_of(&(Arc::new(StructArray::from(children)) as ArrayRef)));
    let keys: ArrayRef = Arc::new(StringViewArray::from(vec!["a", "b", "c", "a key longer than twelve bytes", "e", "f"]));
    let map = Type::Map(Arc::new(Type::Str), Arc::new(Type::Int64));
    add("map", map.clone(), map_of(Arc::clone(&keys), &longs, &map));
    let nested = Type::Map(Arc::new(Type::Str), Arc::new(map.clone()));
    add("map of maps", nested.clone(), map_of(Arc::clone(&keys), &map_of(keys, &longs, &map), &nested));
    all
}

fn every_type() -> (Schema, RecordBatch) {
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = every_column().into_iter().unzip();
    let schema = Schema::new(fields).unwrap();
    let batch = RecordBatch::try_new(schema.to_arrow(), arrays).unwrap();
    (schema, batch)
}

fn together(batches: &[RecordBatch], schema: &Schema) -> RecordBatch {
    compute::concat_batches(&schema.to_arrow(), batches).unwrap()
}

#[test]
fn every_type_survives_the_way_there_and_back() {
    let (schema, batch) = every_type();
    let df = from_batches(vec![batch.clone()], &schema).unwrap();
    assert_eq!(df.height(), ROWS);
    assert_eq!(**df.schema(), polars_schema_of(&schema).unwrap());
    let back = to_batches(&df, &schema).unwrap();
    assert_eq!(back.len(), 1);
    for (i, field) in schema.fields().iter().enumerate() {
        assert_eq!(back[0].column(i).to_data(), batch.column(i).to_data(), "{}", field.name());
    }
    let again = from_batches(back, &schema).unwrap();
    assert!(again.equals_missing(&df));
}

#[test]
fn slices_survive_at_every_offset() {
    let (schema, batch) = every_type();
    for offset in 0..ROWS {
        for length in 1..=ROWS - offset {
            let part = batch.slice(offset, length);
            let df = from_batches(vec![part.clone()], &schema).unwrap();
            assert_eq!(together(&to_batches(&df, &schema).unwrap(), &schema), part, "{offset}+{length}");
        }
    }
    let df = from_batches(vec![batch.clone()], &schema).unwrap();
    for (offset, length) in [(1, 3), (2, 4), (5, 1)] {
        let part = to_batches(&df.slice(offset, length), &schema).unwrap();
        assert_eq!(together(&part, &schema), batch.slice(offset as usize, length), "{offset}+{length}");
    }
}

#[test]
fn columns_of_nulls_survive() {
    let (schema, _) = every_type();
    let arrow = schema.to_arrow();
    let columns = arrow.fields().iter().map(|f| new_null_array(f.data_type(), 3)).collect();
    let batch = RecordBatch::try_new(arrow, columns).unwrap();
    let df = from_batches(vec![batch.clone()], &schema).unwrap();
    assert!(df.columns().iter().all(|c| c.null_count() == 3));
    assert_eq!(together(&to_batches(&df, &schema).unwrap(), &schema), batch);
}

#[test]
fn frames_without_rows_have_no_batch_and_keep_their_types() {
    let (schema, batch) = every_type();
    for batches in [vec![], vec![batch.slice(0, 0)], vec![batch.slice(3, 0), batch.slice(6, 0)]] {
        let df = from_batches(batches, &schema).unwrap();
        assert_eq!((df.height(), &**df.schema()), (0, &polars_schema_of(&schema).unwrap()));
        assert!(to_batches(&df, &schema).unwrap().is_empty());
    }
}

#[test]
fn each_batch_with_rows_is_a_chunk_and_each_chunk_a_batch() {
    let (schema, batch) = every_type();
    let parts = vec![batch.slice(0, 2), batch.slice(2, 0), batch.slice(2, 1), batch.slice(3, 3)];
    let df = from_batches(parts, &schema).unwrap();
    assert!(df.columns().iter().all(|c| c.as_materialized_series().n_chunks() == 3));
    let back = to_batches(&df, &schema).unwrap();
    assert_eq!(back.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [2, 1, 3]);
    assert_eq!(together(&back, &schema), batch);
}

#[test]
fn chunks_that_do_not_align_are_cut_without_a_copy() {
    let numbers = |range: std::ops::Range<i64>| Series::new("x".into(), range.collect::<Vec<_>>());
    let mut left = numbers(0..5);
    left.append(&numbers(5..10)).unwrap();
    let mut right = numbers(0..3).with_name("y".into());
    right.append(&numbers(3..4)).unwrap().append(&numbers(4..10)).unwrap();
    let addresses: Vec<*const i64> = left.i64().unwrap().downcast_iter().map(|c| c.values().as_ptr()).collect();
    let df = DataFrame::new(10, vec![left.into_column(), right.into_column()]).unwrap();
    let schema = schema_of(df.schema()).unwrap();
    let batches = to_batches(&df, &schema).unwrap();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [3, 1, 1, 5]);
    let starts: Vec<*const i64> = batches.iter().map(|b| b.column(0).as_primitive::<Int64Type>().values().as_ptr()).collect();
    assert_eq!(starts, [addresses[0], addresses[0].wrapping_add(3), addresses[0].wrapping_add(4), addresses[1]]);
    let all = together(&batches, &schema);
    for column in all.columns() {
        assert_eq!(column.as_primitive::<Int64Type>().values()[..], (0..10).collect::<Vec<i64>>());
    }
}

#[test]
fn scalar_columns_are_written_out() {
    let one = polars::prelude::Column::new_scalar("k".into(), polars::prelude::Scalar::from(7i64), 4);
    let df = DataFrame::new(4, vec![one, Series::new("x".into(), [1i64, 2, 3, 4]).into_column()]).unwrap();
    let schema = schema_of(df.schema()).unwrap();
    let all = together(&to_batches(&df, &schema).unwrap(), &schema);
    assert_eq!(all.column(0).as_primitive::<Int64Type>().values()[..], [7, 7, 7, 7]);
}

#[test]
fn categories_become_text_wherever_they_stand() {
    let text = Series::new("c".into(), [Some("b"), None, Some("a"), Some("b")]);
    let categories = PolarsType::from_categories(Categories::global());
    let frozen = PolarsType::from_frozen_categories(FrozenCategories::new(["a", "b"]).unwrap());
    for dtype in [categories, frozen] {
        let mut cast = text.cast(&dtype).unwrap();
        cast.append(&cast.clone()).unwrap();
        let lists = text.cast(&PolarsType::List(Box::new(PolarsType::String))).unwrap().with_name("l".into());
        let mut nested = lists.cast(&PolarsType::List(Box::new(dtype.clone()))).unwrap();
        nested.append(&nested.clone()).unwrap();
        let df = DataFrame::new(8, vec![cast.into_column(), nested.into_column()]).unwrap();
        let schema = schema_of(df.schema()).unwrap();
        assert_eq!(schema.fields()[0].ty(), &Type::Str, "{dtype}");
        assert_eq!(schema.fields()[1].ty(), &Type::List(Arc::new(Type::Str)), "{dtype}");
        let all = together(&to_batches(&df, &schema).unwrap(), &schema);
        assert_eq!(all.column(0).as_string_view().iter().collect::<Vec<_>>()[..4], [Some("b"), None, Some("a"), Some("b")]);
        assert_eq!(all.column(1).as_list::<i32>().value(2).as_string_view().value(0), "a", "{dtype}");
    }
}

#[test]
fn a_column_without_type_takes_the_declared_one() {
    let nulls = Series::new_null("n".into(), 3);
    let lists = nulls.cast(&PolarsType::List(Box::new(PolarsType::Null))).unwrap().with_name("l".into());
    let df = DataFrame::new(3, vec![nulls.into_column(), lists.into_column()]).unwrap();
    assert_eq!(schema_of(df.schema()).unwrap_err().kind(), ErrorKind::SchemaInvalid);
    let schema = Schema::new([Field::new("n", Type::Date), Field::new("l", Type::List(Arc::new(Type::Str)))]).unwrap();
    let all = together(&to_batches(&df, &schema).unwrap(), &schema);
    assert_eq!((all.num_rows(), all.column(0).null_count()), (3, 3));
}

#[test]
fn a_value_that_does_not_fit_is_named_by_column_and_row_of_the_frame() {
    let nanos =
        |values: [i64; 2]| Series::new("a t".into(), values).cast(&PolarsType::Datetime(TimeUnit::Nanoseconds, None)).unwrap();
    let mut moments = nanos([0, 1000]);
    moments.append(&nanos([2000, 2001])).unwrap();
    let df = DataFrame::new(4, vec![moments.into_column()]).unwrap();
    let schema = schema_of(df.schema()).unwrap();
    let error = to_batches(&df, &schema).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ValueInvalid);
    assert_eq!((error.context("column"), error.context("row")), (Some("a t"), Some("3")));
    assert_eq!(to_batches(&df.slice(0, 3), &schema).unwrap().len(), 2);
}

#[test]
fn arrays_and_half_floats_become_what_they_mean() {
    let array = Series::new("a".into(), [1i8, 2, 3, 4]).into_frame();
    let array = array.column("a").unwrap().as_materialized_series();
    let shape = [polars::prelude::ReshapeDimension::new(2), polars::prelude::ReshapeDimension::new(2)];
    let array = array.reshape_array(&shape).unwrap();
    let half = Series::new("h".into(), [1.5f32, -2.0]).cast(&PolarsType::Float16).unwrap();
    let df = DataFrame::new(2, vec![array.into_column(), half.into_column()]).unwrap();
    let schema = schema_of(df.schema()).unwrap();
    let all = together(&to_batches(&df, &schema).unwrap(), &schema);
    assert_eq!(all.schema_ref().field(0).data_type(), &Type::List(Arc::new(Type::Int8)).to_arrow());
    assert_eq!(all.column(0).as_list::<i32>().value(1).len(), 2);
    assert_eq!(all.column(1).as_primitive::<arrow::datatypes::Float32Type>().values()[..], [1.5, -2.0]);
}

#[test]
fn any_text_is_a_name() {
    for name in ["", "  ", "a b", "é", "日本", "with \u{0} zero", "\"quoted\", [1]"] {
        let schema = Schema::new([Field::new(name, Type::Int64), Field::new("other", Type::Str)]).unwrap();
        let arrays: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(vec![1])), Arc::new(StringViewArray::from(vec!["x"]))];
        let batch = RecordBatch::try_new(schema.to_arrow(), arrays).unwrap();
        let df = from_batches(vec![batch.clone()], &schema).unwrap();
        assert_eq!(df.columns()[0].name().as_str(), name);
        assert_eq!(to_batches(&df, &schema).unwrap(), [batch], "{name:?}");
    }
}

#[test]
fn frames_without_columns_and_other_schemas_are_refused() {
    let none = Schema::new([]).unwrap();
    assert_eq!(to_batches(&DataFrame::empty(), &none).unwrap_err().kind(), ErrorKind::SchemaInvalid);
    assert_eq!(from_batches(vec![], &none).unwrap_err().kind(), ErrorKind::SchemaInvalid);

    let df = df!("a" => [1i64], "b" => ["x"]).unwrap();
    let schema = schema_of(df.schema()).unwrap();
    let of = |fields: [Field; 2]| Schema::new(fields).unwrap();
    for wrong in [
        of([Field::new("b", Type::Str), Field::new("a", Type::Int64)]),
        of([Field::new("a", Type::Int32), Field::new("b", Type::Str)]),
        of([Field::new("a", Type::Int64), Field::new("B", Type::Str)]),
    ] {
        assert_eq!(to_batches(&df, &wrong).unwrap_err().kind(), ErrorKind::SchemaMismatch, "{wrong}");
        let batches = to_batches(&df, &schema).unwrap();
        assert_eq!(from_batches(batches, &wrong).unwrap_err().kind(), ErrorKind::SchemaMismatch, "{wrong}");
    }
}

#[test]
fn nulls_of_structs_hide_their_fields_in_polars_too() {
    let fields: Arc<[Field]> = [Field::new("a", Type::Int64)].into();
    let schema = Schema::new([Field::new("s", Type::Struct(fields))]).unwrap();
    let children: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(vec![1, 2]))];
    let DataType::Struct(arrow_fields) = schema.fields()[0].ty().to_arrow() else { panic!("no struct") };
    let array = StructArray::new(arrow_fields, children, Some(vec![true, false].into()));
    let batch = RecordBatch::try_new(schema.to_arrow(), vec![Arc::new(array)]).unwrap();
    let df = from_batches(vec![batch], &schema).unwrap();
    let inner = df.column("s").unwrap().struct_().unwrap().field_by_name("a").unwrap();
    assert_eq!(inner.i64().unwrap().iter().collect::<Vec<_>>(), [Some(1), None]);
    let back = together(&to_batches(&df, &schema).unwrap(), &schema);
    assert!(back.column(0).is_null(1) && back.column(0).is_valid(0));
}

//! What is wrong is found before the first row is read, and says column and row.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, Date64Array, Int64Array, ListArray, StringArray, StructArray, TimestampMicrosecondArray,
    TimestampNanosecondArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field as ArrowField};
use arrow::record_batch::RecordBatch;

use super::{Decimal, Row, read, write};
use crate::error::{Error, ErrorKind};
use crate::row::{Cell, Entries, Nulls, Record, Timestamp, Value};
use crate::schema::{Field, Schema, Type};

#[derive(Row, Clone, Debug)]
struct Wanted<'r> {
    name: &'r str,
    size: i32,
    inner: Vec<Inner>,
}

#[derive(Row, Clone, Debug)]
struct Inner {
    x: i64,
}

fn fault<R: Row>(batch: &RecordBatch) -> Error {
    R::reader(batch).err().expect("an error")
}

fn place(error: &Error) -> (ErrorKind, Option<&str>, Option<&str>) {
    (error.kind(), error.context("column"), error.context("row"))
}

#[test]
fn a_missing_column_is_named_with_a_near_one() {
    let batch = RecordBatch::try_from_iter([("naem", Arc::new(StringArray::from(vec!["x"])) as ArrayRef)]).unwrap();
    let error = fault::<Wanted<'_>>(&batch);
    assert_eq!(place(&error), (ErrorKind::ColumnNotFound, Some("name"), None));
    assert!(error.message().ends_with("did you mean \"naem\"?"), "{error}");
    let error = Wanted::layout().check(&Schema::from_arrow(&batch.schema()).unwrap()).unwrap_err();
    assert_eq!(place(&error), (ErrorKind::ColumnNotFound, Some("name"), None));
}

#[test]
fn another_type_is_named_at_plan_time_and_with_data() {
    let inner = Type::List(Arc::new(Inner::ty()));
    let schema = |size| {
        Schema::new([Field::new("name", Type::Str), Field::new("size", size), Field::new("inner", inner.clone())]).unwrap()
    };
    for good in [Type::Int32, Type::Int16, Type::Int8, Type::UInt16, Type::UInt8] {
        Wanted::layout().check(&schema(good.clone())).unwrap();
        <Wanted<'_> as Row>::reader(&RecordBatch::new_empty(schema(good).to_arrow())).unwrap();
    }
    for bad in [Type::Int64, Type::UInt32, Type::Float32, Type::Str, Type::Bool, Type::Date] {
        let error = Wanted::layout().check(&schema(bad.clone())).unwrap_err();
        assert_eq!(place(&error), (ErrorKind::SchemaMismatch, Some("size"), None), "{bad:?}");
        let error = fault::<Wanted<'_>>(&RecordBatch::new_empty(schema(bad.clone()).to_arrow()));
        assert_eq!(place(&error), (ErrorKind::SchemaMismatch, Some("size"), None), "{bad:?}");
    }
}

/// The plan-time check and the readers agree on every pair of types.
#[test]
fn the_plan_time_check_agrees_with_the_readers() {
    fn agree<C: Cell>(types: &[Type]) {
        #[derive(Row)]
        #[expect(dead_code, reason = "only its column matters")]
        struct One<T> {
            a: T,
        }
        for ty in types {
            let schema = Schema::new([Field::new("a", ty.clone())]).unwrap();
            let batch = RecordBatch::new_empty(schema.to_arrow());
            let read = C::reader(batch.column(0).as_ref(), Nulls::Forbid, "a").is_ok();
            assert_eq!(crate::row::layout::readable(ty, &C::ty()), read, "{ty:?} as {:?}", C::ty());
        }
    }
    let flat = [
        Type::Bool,
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
        Type::Str,
        Type::Bytes,
        Type::Date,
        Type::Time,
        Type::Datetime,
        Type::Timestamp("UTC".into()),
        Type::Timestamp("Asia/Tokyo".into()),
        Type::Decimal(9, 2),
        Type::Decimal(10, 2),
        Type::Decimal(9, 3),
        Type::Decimal(12, 4),
        Type::Decimal(38, 10),
    ];
    let pair = |k: &Type, v: &Type| Type::Struct([Field::new("key", k.clone()), Field::new("value", v.clone())].into());
    let mut types = flat.to_vec();
    types.extend(flat.iter().map(|t| Type::List(t.clone().into())));
    types.extend(flat.iter().map(|t| Type::Map(Type::Str.into(), t.clone().into())));
    types.extend(flat.iter().map(|t| Type::List(pair(&Type::Str, t).into())));
    types.extend(flat.iter().map(|t| Type::Struct([Field::new("y", Type::Str), Field::new("x", t.clone())].into())));
    agree::<bool>(&types);
    agree::<i8>(&types);
    agree::<i16>(&types);
    agree::<i32>(&types);
    agree::<i64>(&types);
    agree::<u8>(&types);
    agree::<u16>(&types);
    agree::<u32>(&types);
    agree::<u64>(&types);
    agree::<f32>(&types);
    agree::<f64>(&types);
    agree::<&str>(&types);
    agree::<Option<String>>(&types);
    agree::<Vec<u8>>(&types);
    agree::<&[u8]>(&types);
    agree::<chrono::NaiveDate>(&types);
    agree::<chrono::NaiveTime>(&types);
    agree::<chrono::NaiveDateTime>(&types);
    agree::<Timestamp>(&types);
    agree::<Decimal<10, 2>>(&types);
    agree::<Decimal<38, 10>>(&types);
    agree::<Vec<i64>>(&types);
    agree::<Vec<&str>>(&types);
    agree::<BTreeMap<String, i32>>(&types);
    agree::<Entries<&str, Vec<u8>>>(&types);
    agree::<Inner>(&types);
    agree::<Vec<Inner>>(&types);
}

#[test]
fn a_null_names_column_and_row_at_every_depth() {
    #[derive(Row)]
    struct Loose<'r> {
        name: Option<&'r str>,
        size: Option<i32>,
        inner: Vec<LooseInner>,
    }
    #[derive(Row)]
    struct LooseInner {
        x: Option<i64>,
    }
    impl<'r> Loose<'r> {
        fn new(name: Option<&'r str>, size: Option<i32>, inner: &[Option<i64>]) -> Self {
            Self { name, size, inner: inner.iter().map(|&x| LooseInner { x }).collect() }
        }
    }
    let good = || Loose::new(Some("a"), Some(1), &[Some(1), Some(2)]);
    let error = fault::<Wanted<'_>>(&write([good(), Loose::new(None, Some(1), &[])]));
    assert_eq!(place(&error), (ErrorKind::ValueInvalid, Some("name"), Some("1")));
    let error = fault::<Wanted<'_>>(&write([good(), good(), Loose::new(Some("a"), None, &[])]));
    assert_eq!(place(&error), (ErrorKind::ValueInvalid, Some("size"), Some("2")));
    let bad = write([good(), good(), Loose::new(Some("a"), Some(1), &[Some(3), None]), good()]);
    let error = fault::<Wanted<'_>>(&bad);
    assert_eq!(place(&error), (ErrorKind::ValueInvalid, Some("inner[].x"), Some("2")));
    // The same null does not count in a slice that does not have its row.
    assert_eq!(read::<Wanted<'_>>(&bad.slice(0, 2)).len(), 2);
    assert_eq!(read::<Wanted<'_>>(&bad.slice(3, 1))[0].inner[1].x, 2);
}

#[test]
fn what_stands_under_a_null_does_not_count() {
    // Row 0 is a null struct over a null member; row 1 a null list over a null item and an impossible instant.
    let x = Arc::new(Int64Array::from(vec![None, Some(1)])) as ArrayRef;
    let fields = vec![ArrowField::new("x", DataType::Int64, true)];
    let structs = StructArray::new(fields.into(), vec![x], Some(NullBuffer::from(vec![false, true])));
    let items = TimestampNanosecondArray::from(vec![Some(1000), None, Some(1)]).with_timezone("UTC");
    let field = ArrowField::new("item", items.data_type().clone(), true);
    let lists = ListArray::new(
        Arc::new(field),
        OffsetBuffer::from_lengths([1, 2]),
        Arc::new(items),
        Some(NullBuffer::from(vec![true, false])),
    );
    #[derive(Row)]
    struct Both {
        structs: Option<Inner>,
        lists: Option<Vec<Timestamp>>,
    }
    let batch =
        RecordBatch::try_from_iter([("structs", Arc::new(structs) as ArrayRef), ("lists", Arc::new(lists) as ArrayRef)]).unwrap();
    let rows = read::<Both>(&batch);
    assert_eq!(rows.iter().map(|r| r.structs.as_ref().map(|i| i.x)).collect::<Vec<_>>(), [None, Some(1)]);
    assert_eq!(rows[0].lists.as_ref().unwrap()[0].timestamp_micros(), 1);
    assert_eq!(rows[1].lists, None);
}

#[test]
fn a_value_that_would_lose_something_names_column_and_row() {
    let check = |array: ArrayRef, row: &str, read: fn(&ArrayRef) -> Option<Error>| {
        let error = read(&array).expect("an error");
        assert_eq!(place(&error), (ErrorKind::ValueInvalid, Some("a"), Some(row)), "{error}");
    };
    fn reads<C: Cell>(array: &ArrayRef) -> Option<Error> {
        C::reader(array.as_ref(), Nulls::Forbid, "a").err()
    }
    check(Arc::new(TimestampNanosecondArray::from(vec![1000, 1001])), "1", reads::<chrono::NaiveDateTime>);
    check(Arc::new(TimestampMicrosecondArray::from(vec![0, 0, i64::MAX])), "2", reads::<chrono::NaiveDateTime>);
    check(Arc::new(arrow::array::TimestampSecondArray::from(vec![i64::MIN])), "0", reads::<chrono::NaiveDateTime>);
    check(Arc::new(Date64Array::from(vec![86_400_000, 1])), "1", reads::<chrono::NaiveDate>);
    check(Arc::new(arrow::array::Date32Array::from(vec![0, i32::MIN])), "1", reads::<chrono::NaiveDate>);
    check(Arc::new(arrow::array::Time64MicrosecondArray::from(vec![0, -1])), "1", reads::<chrono::NaiveTime>);
    let decimals = arrow::array::Decimal128Array::from(vec![99, 100]).with_precision_and_scale(2, 0).unwrap();
    check(Arc::new(decimals), "1", reads::<Decimal<5, 0>>);
}

#[test]
fn a_key_that_stands_twice_is_an_error_for_a_map_of_unique_keys() {
    #[derive(Row, Clone)]
    struct Tagged<M> {
        tags: M,
    }
    let row = |keys: &[&str]| Tagged { tags: keys.iter().map(|k| ((*k).to_owned(), 1)).collect::<Entries<String, i32>>() };
    let batch = write([row(&["a", "b"]), row(&["a", "b", "a"])]);
    let error = fault::<Tagged<BTreeMap<String, i32>>>(&batch);
    assert_eq!(place(&error), (ErrorKind::ValueInvalid, Some("tags"), Some("1")));
    assert_eq!(read::<Tagged<BTreeMap<String, i32>>>(&batch.slice(0, 1))[0].tags.len(), 2);
    assert_eq!(read::<Tagged<Entries<String, i32>>>(&batch)[1].tags.0.len(), 3);
}

#[test]
fn a_schema_that_a_type_cannot_write_is_named() {
    for (column, ty) in [("y", Type::Int64), ("x", Type::Int32)] {
        let error = <Inner as Row>::writer(&Schema::new([Field::new(column, ty)]).unwrap(), 0).expect_err("an error");
        assert_eq!(place(&error), (ErrorKind::SchemaMismatch, Some(column), None));
    }
}

#[test]
fn records_go_to_declared_columns_by_name_and_without_loss_only() {
    let written = |ty: Type, value: Value| {
        let mut writer = Record::writer(&Schema::new([Field::new("a", ty)])?, 1)?;
        Record::from_iter([("more", Value::Null), ("a", value)]).write(&mut writer)?;
        let batch = Record::finish(writer)?;
        Ok::<_, Error>(read::<Record>(&batch)[0].value("a").cloned().unwrap_or_default())
    };
    let decimal = Type::Decimal(5, 2);
    for (ty, value, there) in [
        (Type::Int8, Value::Int(-128), Value::Int(-128)),
        (Type::Int32, Value::Float(7.0), Value::Int(7)),
        (Type::UInt64, Value::UInt(u64::MAX), Value::UInt(u64::MAX)),
        (Type::Float32, Value::Float(0.5), Value::Float(0.5)),
        (Type::Float64, Value::Int(3), Value::Float(3.0)),
        (decimal.clone(), Value::Int(3), Value::Decimal(300, 2)),
        (decimal.clone(), Value::Decimal(15, 1), Value::Decimal(150, 2)),
        (decimal.clone(), Value::from("-1.5"), Value::Decimal(-150, 2)),
        (Type::Date, Value::from("2020-02-29"), Value::Date("2020-02-29".parse().unwrap())),
        (Type::Datetime, Value::from("2020-02-29 01:02:03.5"), Value::Datetime("2020-02-29T01:02:03.5".parse().unwrap())),
        (Type::Datetime, Value::from("2020-02-29"), Value::Datetime("2020-02-29T00:00:00".parse().unwrap())),
        (Type::Str, Value::Null, Value::Null),
    ] {
        assert_eq!(written(ty, value.clone()).unwrap(), there, "{value}");
    }
    for (ty, value) in [
        (Type::Int8, Value::Int(128)),
        (Type::Int32, Value::Float(7.5)),
        (Type::Int64, Value::Bool(true)),
        (Type::Int64, Value::from("1")),
        (Type::UInt8, Value::Int(-1)),
        (Type::Float32, Value::Float(0.1)),
        (Type::Float64, Value::Int(i64::MAX)),
        (decimal.clone(), Value::Int(1000)),
        (decimal, Value::Decimal(1, 3)),
        (Type::Date, Value::from("2020-02-30")),
        (Type::Str, Value::Int(1)),
        (Type::Map(Type::Str.into(), Type::Int8.into()), Value::Map(vec![("a".into(), 1.into()), ("a".into(), 2.into())])),
    ] {
        let error = written(ty.clone(), value.clone()).unwrap_err();
        assert_eq!(place(&error), (ErrorKind::ValueInvalid, Some("a"), Some("0")), "{value} as {ty:?}");
    }
    let mut writer = Record::writer(&Schema::new([Field::new("size", Type::Str)]).unwrap(), 1).unwrap();
    let error = Record::from_iter([("sise", "x")]).write(&mut writer).unwrap_err();
    assert_eq!(place(&error), (ErrorKind::SchemaMismatch, Some("size"), None));
    assert!(error.message().contains("did you mean \"sise\"?"), "{error}");
}

#[test]
fn values_are_taken_as_rust_types() {
    let mut record = Record::from_iter([("n", Value::Int(300)), ("s", "x".into()), ("b", vec![1_u8].into()), ("z", Value::Null)]);
    record.set("l", vec![Value::Int(1), Value::Null]);
    assert_eq!(place(&record.take::<u8>("n").unwrap_err()), (ErrorKind::ValueInvalid, Some("n"), None));
    assert_eq!(record.take::<u16>("n").unwrap(), 300);
    assert_eq!(record.take::<Option<String>>("s").unwrap().as_deref(), Some("x"));
    assert_eq!(record.take::<Vec<u8>>("b").unwrap(), [1]);
    assert_eq!(record.take::<Option<f64>>("z").unwrap(), None);
    assert_eq!(record.take::<Vec<i64>>("l").unwrap_err().kind(), ErrorKind::ValueInvalid);
    assert_eq!(record.take::<Vec<Option<i64>>>("l").unwrap(), [Some(1), None]);
    assert_eq!(place(&record.take::<i64>("m").unwrap_err()), (ErrorKind::ColumnNotFound, Some("m"), None));
}

//! Values to arrays and back, for every type of the table and for other layouts.

use std::sync::Arc;

use fugue_core::arrow::array::Array;
use fugue_core::arrow::datatypes::{DataType, Field as ArrowField, TimeUnit};
use fugue_core::{Field, Schema, Type};

use super::*;

fn round(ty: &Type, values: &[OwnValue]) {
    let refs: Vec<&OwnValue> = values.iter().collect();
    let array = write_column(&ty.to_arrow(), &refs).expect("writes");
    assert_eq!(*array.data_type(), ty.to_arrow());
    assert_eq!(read_column(&array).expect("reads"), values, "{ty:?}");
}

#[test]
fn every_type_makes_the_round_trip() {
    let int = |i: i128| OwnValue::Int(i);
    let null = OwnValue::Null;
    round(&Type::Bool, &[OwnValue::Bool(true), null.clone(), OwnValue::Bool(false)]);
    for (ty, low, high) in [
        (Type::Int8, i128::from(i8::MIN), i128::from(i8::MAX)),
        (Type::Int16, i128::from(i16::MIN), i128::from(i16::MAX)),
        (Type::Int32, i128::from(i32::MIN), i128::from(i32::MAX)),
        (Type::Int64, i128::from(i64::MIN), i128::from(i64::MAX)),
        (Type::UInt8, 0, i128::from(u8::MAX)),
        (Type::UInt16, 0, i128::from(u16::MAX)),
        (Type::UInt32, 0, i128::from(u32::MAX)),
        (Type::UInt64, 0, i128::from(u64::MAX)),
        (Type::Date, -1, 18_262),
        (Type::Time, 0, 86_399_999_999),
        (Type::Datetime, -1, 1_577_836_800_000_000),
        (Type::Timestamp(Arc::from("Europe/Berlin")), -1, 1),
        (Type::Decimal(38, 2), -(10_i128.pow(38) - 1), 10_i128.pow(38) - 1),
    ] {
        round(&ty, &[int(low), null.clone(), int(high)]);
    }
    for ty in [Type::Float32, Type::Float64] {
        round(&ty, &[OwnValue::Float(f64::NAN), OwnValue::Float(-0.0), null.clone(), OwnValue::Float(f64::NEG_INFINITY)]);
    }
    round(&Type::Str, &[OwnValue::text(""), null.clone(), OwnValue::text("longer than twelve bytes: 中国")]);
    round(&Type::Bytes, &[OwnValue::Bytes(vec![]), null.clone(), OwnValue::Bytes(vec![0xff; 20])]);
    round(&Type::List(Type::Int32.into()), &[OwnValue::List(vec![]), null.clone(), OwnValue::List(vec![int(1), null.clone()])]);
    let fields: Arc<[Field]> = Arc::from([Field::new("a", Type::Str), Field::new("b", Type::List(Type::Bool.into()))]);
    let inside = OwnValue::Struct(vec![null.clone(), OwnValue::List(vec![OwnValue::Bool(true)])]);
    round(&Type::Struct(fields), &[null.clone(), inside]);
    let map = OwnValue::Map(vec![(OwnValue::text("b"), null.clone()), (OwnValue::text("a"), int(2))]);
    round(&Type::Map(Type::Str.into(), Type::Int64.into()), &[map, null, OwnValue::Map(vec![])]);
}

#[test]
fn values_that_do_not_fit_are_refused() {
    assert!(write_column(&DataType::Int8, &[&OwnValue::Int(128)]).is_err());
    assert!(write_column(&DataType::Int8, &[&OwnValue::text("1")]).is_err());
    assert!(write_column(&DataType::Timestamp(TimeUnit::Second, None), &[&OwnValue::Int(1)]).is_err());
}

#[test]
fn other_layouts_hold_the_same_values() {
    let nanoseconds = write_column(&DataType::Timestamp(TimeUnit::Nanosecond, None), &[&OwnValue::Int(7)]).expect("writes");
    assert!(format!("{nanoseconds:?}").contains("00:00:00.000007"));
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let array = write_column(&dictionary, &[&OwnValue::text("a"), &OwnValue::Null, &OwnValue::text("a")]).expect("writes");
    assert_eq!((array.len(), array.null_count()), (3, 1));
    let fixed = DataType::FixedSizeList(Arc::new(ArrowField::new("item", DataType::Int8, true)), 2);
    let pair = OwnValue::List(vec![OwnValue::Int(1), OwnValue::Int(2)]);
    assert_eq!(write_column(&fixed, &[&pair, &OwnValue::Null]).expect("writes").len(), 2);
    assert!(read_column(&array).is_err(), "only the layout of the contract is read");
}

#[test]
fn the_order_puts_nulls_last_and_nan_above_infinity() {
    let mut values = [
        OwnValue::Null,
        OwnValue::Float(f64::NAN),
        OwnValue::Float(f64::INFINITY),
        OwnValue::Float(0.0),
        OwnValue::Float(f64::NEG_INFINITY),
    ];
    values.sort();
    let shown: Vec<String> = values.iter().map(ToString::to_string).collect();
    assert_eq!(shown[0], "-inf");
    assert_eq!(shown[2], "inf");
    assert!(shown[3].starts_with("NaN") && shown[4] == "null");
    assert!(OwnValue::text("é") > OwnValue::text("z"), "text is ordered by its bytes");
}

#[test]
fn batches_are_cut_and_read_back() {
    let schema = Schema::new([Field::new("x", Type::Int64)]).expect("a schema");
    let table = Table::new(schema.clone(), (0..10).map(|i| vec![OwnValue::Int(i)]).collect());
    let batches = table.to_batches(&[3, 0, 4]).expect("batches");
    let sizes: Vec<usize> = batches.iter().map(|b| b.num_rows()).collect();
    assert_eq!(sizes, [3, 0, 4, 3]);
    assert_eq!(Table::from_batches(&schema, &batches).expect("reads").rows, table.rows);
    assert_eq!(Table::empty(schema).to_batches(&[]).expect("batches").len(), 1);
}

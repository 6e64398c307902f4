//! Tests of the table of types.

use std::sync::Arc;

use fugue_core::{ErrorKind, Field, Schema, Type};
use polars::prelude::{Categories, DataType, Field as PolarsField, Schema as PolarsSchema, TimeUnit, TimeZone};

use super::{dtype_of, polars_schema_of, schema_of, type_of};

fn utc() -> Option<TimeZone> {
    Some(TimeZone::UTC)
}

fn every_type() -> Vec<Type> {
    vec![
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
        Type::Timestamp("Europe/Berlin".into()),
        Type::Decimal(38, 0),
        Type::Decimal(10, 10),
        Type::List(Arc::new(Type::Str)),
        Type::List(Arc::new(Type::List(Arc::new(Type::Time)))),
        Type::Struct([Field::new("a b", Type::Int8), Field::new("é", Type::List(Arc::new(Type::Bytes)))].into()),
    ]
}

#[test]
fn types_come_back_as_they_went() {
    for ty in every_type() {
        assert_eq!(type_of(&dtype_of(&ty).unwrap()).unwrap(), ty);
    }
}

#[test]
fn a_map_is_a_list_of_keys_and_values() {
    let map = Type::Map(Arc::new(Type::Str), Arc::new(Type::Int64));
    let key = PolarsField::new("key".into(), DataType::String);
    let value = PolarsField::new("value".into(), DataType::Int64);
    assert_eq!(dtype_of(&map).unwrap(), DataType::List(Box::new(DataType::Struct(vec![key, value]))));
}

#[test]
fn layouts_and_units_mean_the_type() {
    let categories = Categories::global();
    let mapping = categories.mapping();
    for (dtype, ty) in [
        (DataType::Datetime(TimeUnit::Nanoseconds, None), Type::Datetime),
        (DataType::Datetime(TimeUnit::Milliseconds, None), Type::Datetime),
        (DataType::Datetime(TimeUnit::Nanoseconds, utc()), Type::Timestamp("UTC".into())),
        (DataType::Categorical(categories, mapping), Type::Str),
        (DataType::BinaryOffset, Type::Bytes),
        (DataType::Float16, Type::Float32),
        (DataType::Array(Box::new(DataType::Int8), 3), Type::List(Arc::new(Type::Int8))),
    ] {
        assert_eq!(type_of(&dtype).unwrap(), ty, "{dtype}");
    }
}

#[test]
fn what_the_table_lacks_is_refused_with_column_and_cast() {
    let list = |inner| DataType::List(Box::new(inner));
    for (dtype, cast) in [
        (DataType::Int128, "long"),
        (DataType::UInt128, "long"),
        (DataType::Null, "str"),
        (DataType::Duration(TimeUnit::Microseconds), "microseconds"),
        (list(DataType::Null), "str"),
        (list(DataType::Int128), "long"),
        (DataType::Struct(vec![PolarsField::new("a".into(), DataType::Duration(TimeUnit::Nanoseconds))]), "microseconds"),
        (DataType::Struct(vec![]), "field"),
    ] {
        let schema = PolarsSchema::from_iter([("fine".into(), DataType::Int8), ("bad one".into(), dtype.clone())]);
        let error = schema_of(&schema).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SchemaInvalid, "{dtype}");
        assert_eq!(error.context("column"), Some("bad one"), "{dtype}");
        assert!(error.message().contains(cast), "{dtype}: {error}");
    }
}

#[test]
fn what_polars_cannot_hold_is_refused_with_its_column() {
    for ty in [
        Type::Decimal(10, -2),
        Type::Decimal(5, 6),
        Type::Timestamp("*".into()),
        Type::Timestamp("Mars/Olympus".into()),
        Type::Struct([].into()),
        Type::List(Arc::new(Type::Decimal(10, -2))),
    ] {
        let schema = Schema::new([Field::new("fine", Type::Int8), Field::new("bad one", ty.clone())]).unwrap();
        let error = polars_schema_of(&schema).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SchemaInvalid, "{ty:?}");
        assert_eq!(error.context("column"), Some("bad one"), "{ty:?}");
    }
}

#[test]
fn any_text_is_a_name() {
    let names = ["", " ", "a b", "é", "\u{0}zero", "日本", "a,b:c"];
    let schema = Schema::new(names.map(|n| Field::new(n, Type::Int64))).unwrap();
    assert_eq!(schema_of(&polars_schema_of(&schema).unwrap()).unwrap(), schema);
}

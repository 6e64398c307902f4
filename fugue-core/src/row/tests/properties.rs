//! Round trips over random schemas and random rows.

use std::sync::Arc;

use arrow::compute::cast;
use arrow::record_batch::RecordBatch;
use chrono::{NaiveDate, NaiveTime};
use proptest::prelude::*;

use super::layouts::{Everything, everything, layouts};
use super::{Row, Timestamp, read, write};
use crate::row::{Record, Value};
use crate::schema::{Field, Schema, Type};

fn flat() -> impl Strategy<Value = Type> {
    prop_oneof![
        Just(Type::Bool),
        Just(Type::Int8),
        Just(Type::Int16),
        Just(Type::Int32),
        Just(Type::Int64),
        Just(Type::UInt8),
        Just(Type::UInt16),
        Just(Type::UInt32),
        Just(Type::UInt64),
        Just(Type::Float32),
        Just(Type::Float64),
        Just(Type::Str),
        Just(Type::Bytes),
        Just(Type::Date),
        Just(Type::Time),
        Just(Type::Datetime),
        Just(Type::Timestamp("UTC".into())),
        Just(Type::Timestamp("America/New_York".into())),
        (1_u8..=38).prop_flat_map(|p| (Just(p), 0..=i8::try_from(p).unwrap())).prop_map(|(p, s)| Type::Decimal(p, s)),
    ]
}

fn ty() -> impl Strategy<Value = Type> {
    flat().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|item| Type::List(item.into())),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|types| Type::Struct(fields(types).into())),
            (prop_oneof![Just(Type::Str), Just(Type::Int64), Just(Type::Date)], inner)
                .prop_map(|(key, value)| Type::Map(key.into(), value.into())),
        ]
    })
}

/// Columns whose names are as odd as names may be.
fn fields(types: Vec<Type>) -> Vec<Field> {
    let names = ["a", "b b", "ç`\"", "", "A"];
    types.into_iter().enumerate().map(|(i, ty)| Field::new(names[i % names.len()], ty)).collect()
}

fn value(ty: &Type) -> BoxedStrategy<Value> {
    prop_oneof![1 => Just(Value::Null), 5 => present(ty)].boxed()
}

fn present(ty: &Type) -> BoxedStrategy<Value> {
    let int = |low: i64, high: i64| prop_oneof![Just(low), Just(high), low..=high].prop_map(Value::Int).boxed();
    let micros = -9_000_000_000_000_000_i64..9_000_000_000_000_000;
    match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Int8 => int(i8::MIN.into(), i8::MAX.into()),
        Type::Int16 => int(i16::MIN.into(), i16::MAX.into()),
        Type::Int32 => int(i32::MIN.into(), i32::MAX.into()),
        Type::Int64 => int(i64::MIN, i64::MAX),
        Type::UInt8 => int(0, u8::MAX.into()),
        Type::UInt16 => int(0, u16::MAX.into()),
        Type::UInt32 => int(0, u32::MAX.into()),
        Type::UInt64 => any::<u64>().prop_map(Value::UInt).boxed(),
        Type::Float32 => prop::num::f32::ANY.prop_map(Value::from).boxed(),
        Type::Float64 => prop::num::f64::ANY.prop_map(Value::Float).boxed(),
        Type::Str => ".{0,20}".prop_map(Value::Str).boxed(),
        Type::Bytes => prop::collection::vec(any::<u8>(), 0..20).prop_map(Value::Bytes).boxed(),
        Type::Date => (-90_000_000..90_000_000).prop_map(|d| Value::Date(NaiveDate::from_epoch_days(d).unwrap())).boxed(),
        Type::Time => (0_u32..86_400, 0_u32..1_000_000)
            .prop_map(|(s, us)| Value::Time(NaiveTime::from_num_seconds_from_midnight_opt(s, us * 1000).unwrap()))
            .boxed(),
        Type::Datetime => {
            micros.prop_map(|us| Value::Datetime(Timestamp::from_timestamp_micros(us).unwrap().naive_utc())).boxed()
        }
        Type::Timestamp(_) => micros.prop_map(|us| Value::Timestamp(Timestamp::from_timestamp_micros(us).unwrap())).boxed(),
        Type::Decimal(p, s) => {
            let (bound, scale) = (10_i128.pow(u32::from(*p)) - 1, *s);
            prop_oneof![Just(bound), -bound..=bound].prop_map(move |v| Value::Decimal(v, scale)).boxed()
        }
        Type::List(item) => prop::collection::vec(value(item), 0..4).prop_map(Value::List).boxed(),
        Type::Struct(fields) => record(fields).prop_map(Value::Struct).boxed(),
        Type::Map(key, item) => {
            let unique = |entries: Vec<(Value, Value)>| {
                let mut kept: Vec<(Value, Value)> = Vec::new();
                entries.into_iter().for_each(|(k, v)| {
                    if kept.iter().all(|(other, _)| *other != k) {
                        kept.push((k, v));
                    }
                });
                Value::Map(kept)
            };
            prop::collection::vec((present(key), value(item)), 0..4).prop_map(unique).boxed()
        }
    }
}

fn record(fields: &[Field]) -> BoxedStrategy<Record> {
    let names: Vec<String> = fields.iter().map(|f| f.name().to_owned()).collect();
    let values: Vec<_> = fields.iter().map(|f| value(f.ty())).collect();
    values.prop_map(move |values| names.iter().zip(values).collect()).boxed()
}

fn table() -> impl Strategy<Value = (Schema, Vec<Record>)> {
    prop::collection::vec(ty(), 1..5).prop_map(fields).prop_flat_map(|fields| {
        let rows = prop::collection::vec(record(&fields), 0..20);
        (Just(Schema::new(fields).unwrap()), rows)
    })
}

fn written(schema: &Schema, rows: &[Record]) -> RecordBatch {
    let mut writer = Record::writer(schema, rows.len()).unwrap();
    rows.iter().cloned().for_each(|row| row.write(&mut writer).unwrap());
    Record::finish(writer).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn records_come_back_from_any_schema((schema, rows) in table()) {
        let batch = written(&schema, &rows);
        prop_assert_eq!(batch.schema(), schema.to_arrow());
        prop_assert_eq!(batch.num_rows(), rows.len());
        prop_assert_eq!(&read::<Record>(&batch), &rows);
        let half = rows.len() / 2;
        prop_assert_eq!(&read::<Record>(&batch.slice(half, rows.len() - half)), &rows[half..]);
    }

    /// But for floats of 32 bits, of which a value keeps only the number, and for zones.
    #[test]
    fn values_print_as_tables_do((schema, rows) in table()) {
        let other = |ty: &Type| ["float", "timestamp(us,America"].iter().any(|text| ty.to_string().contains(text));
        let batch = written(&schema, &rows);
        for (at, field) in schema.fields().iter().enumerate().filter(|(_, f)| !other(f.ty())) {
            for (row, record) in rows.iter().enumerate() {
                let value = record.value(field.name()).unwrap();
                prop_assert_eq!(value.to_string(), crate::cast::format_value(batch.column(at), row));
            }
        }
    }

    #[test]
    fn records_come_back_from_any_layout((schema, rows) in table(), pick in any::<prop::sample::Index>()) {
        let batch = written(&schema, &rows);
        let columns = schema.names().zip(batch.columns()).map(|(name, column)| {
            let other = layouts(column.data_type());
            // Not every value fits a coarser unit, nor every type the decimals of 32 bits: then the column stays as it is.
            let cast = (!other.is_empty()).then(|| pick.get(&other)).and_then(|to| cast(column, to).ok());
            let same = cast.filter(|cast| arrow::compute::cast(cast, column.data_type()).is_ok_and(|back| &back == column));
            (name, same.unwrap_or_else(|| Arc::clone(column)))
        });
        let other = RecordBatch::try_from_iter(columns.collect::<Vec<_>>()).unwrap();
        prop_assert_eq!(read::<Record>(&other), rows);
    }

    #[test]
    fn typed_rows_come_back(seeds in prop::collection::vec(3_usize..200, 0..30), from in 0_usize..30) {
        let rows: Vec<_> = seeds.into_iter().map(everything).collect();
        let batch = write(rows.clone());
        let from = from.min(rows.len());
        let slice = batch.slice(from, rows.len() - from);
        prop_assert_eq!(&read::<Everything<'_>>(&slice), &rows[from..]);
    }
}

//! Tests of files: round trips, projections, errors, and what is left behind by a save that fails.

mod csv;
mod files;
mod hive;
mod ipc;
mod json;
mod kill;
mod parquet;
mod refused;
mod stage;

use std::path::Path;
use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::concat_batches;

use super::*;
use crate::error::Error;
use crate::schema::{Field, Type};

pub(super) fn schema<const N: usize>(fields: [(&str, Type); N]) -> Schema {
    Schema::new(fields.into_iter().map(|(n, t)| Field::new(n, t))).unwrap()
}

pub(super) fn batch<const N: usize>(columns: [(&str, Type, ArrayRef); N]) -> (Schema, RecordBatch) {
    let schema = Schema::new(columns.iter().map(|(n, t, _)| Field::new(*n, t.clone()))).unwrap();
    let arrays = columns.into_iter().map(|(_, _, a)| a).collect();
    let batch = RecordBatch::try_new(schema.to_arrow(), arrays).unwrap();
    (schema, batch)
}

pub(super) fn iter(batches: impl IntoIterator<Item = RecordBatch, IntoIter: Send + 'static>) -> BatchIter {
    Box::new(batches.into_iter().map(Ok))
}

pub(super) fn ints(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

pub(super) fn texts<const N: usize>(values: [Option<&str>; N]) -> ArrayRef {
    Arc::new(StringViewArray::from_iter(values))
}

pub(super) fn store(path: &Path, schema: &Schema, batches: Vec<RecordBatch>) -> u64 {
    save(path, schema, iter(batches), &SaveOptions::new(), &Cancel::never()).unwrap()
}

pub(super) fn load(path: impl AsRef<Path>, options: &LoadOptions) -> Result<Arc<dyn LazySource>> {
    open(path, options, &Cancel::never())
}

/// Everything of a source in one batch.
pub(super) fn read(source: &dyn LazySource) -> Result<RecordBatch> {
    let batches = source.scan(None, &Cancel::never())?.collect::<Result<Vec<_>>>()?;
    for batch in &batches {
        assert_eq!(batch.schema(), source.schema().to_arrow());
        batch.columns().iter().for_each(|c| c.to_data().validate_full().unwrap());
    }
    Ok(concat_batches(&source.schema().to_arrow(), &batches).unwrap())
}

/// What went wrong, where something had to.
pub(super) fn failure<T>(result: Result<T>) -> Error {
    match result {
        Ok(_) => panic!("this had to fail"),
        Err(e) => e,
    }
}

pub(super) fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Two rows of values and one of nulls for every type without parts.
pub(super) fn flat() -> (Schema, RecordBatch) {
    let utc = Type::Timestamp("UTC".into());
    let berlin = Type::Timestamp("Europe/Berlin".into());
    batch([
        ("bool", Type::Bool, Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))),
        ("byte", Type::Int8, Arc::new(Int8Array::from(vec![Some(i8::MIN), Some(i8::MAX), None]))),
        ("short", Type::Int16, Arc::new(Int16Array::from(vec![Some(i16::MIN), Some(i16::MAX), None]))),
        ("int", Type::Int32, Arc::new(Int32Array::from(vec![Some(i32::MIN), Some(i32::MAX), None]))),
        ("long", Type::Int64, Arc::new(Int64Array::from(vec![Some(i64::MIN), Some(i64::MAX), None]))),
        ("ubyte", Type::UInt8, Arc::new(UInt8Array::from(vec![Some(0), Some(u8::MAX), None]))),
        ("ushort", Type::UInt16, Arc::new(UInt16Array::from(vec![Some(0), Some(u16::MAX), None]))),
        ("uint", Type::UInt32, Arc::new(UInt32Array::from(vec![Some(0), Some(u32::MAX), None]))),
        ("ulong", Type::UInt64, Arc::new(UInt64Array::from(vec![Some(0), Some(u64::MAX), None]))),
        ("float", Type::Float32, Arc::new(Float32Array::from(vec![Some(1.1), Some(f32::NAN), None]))),
        ("double", Type::Float64, Arc::new(Float64Array::from(vec![Some(-0.0), Some(f64::NEG_INFINITY), None]))),
        ("str ü", Type::Str, texts([Some("a \"quoted\", text"), Some("two\nlines and 木 far over twelve bytes"), None])),
        ("date", Type::Date, Arc::new(Date32Array::from(vec![Some(-1), Some(20_000), None]))),
        ("time", Type::Time, Arc::new(Time64MicrosecondArray::from(vec![Some(0), Some(86_399_999_999), None]))),
        (
            "datetime",
            Type::Datetime,
            Arc::new(TimestampMicrosecondArray::from(vec![Some(-1), Some(1_600_000_000_123_456), None])),
        ),
        (
            "utc",
            utc,
            Arc::new(TimestampMicrosecondArray::from(vec![Some(-1), Some(1_600_000_000_000_000), None]).with_timezone("UTC")),
        ),
        (
            "berlin",
            berlin,
            Arc::new(
                TimestampMicrosecondArray::from(vec![Some(0), Some(1_600_000_000_000_001), None]).with_timezone("Europe/Berlin"),
            ),
        ),
        (
            "decimal",
            Type::Decimal(38, 10),
            Arc::new(
                Decimal128Array::from(vec![Some(-1), Some(99_999_999_999_999_999_999_999_999_999_999_999_999), None])
                    .with_precision_and_scale(38, 10)
                    .unwrap(),
            ),
        ),
        (
            "small",
            Type::Decimal(5, 2),
            Arc::new(Decimal128Array::from(vec![Some(-99999), Some(5), None]).with_precision_and_scale(5, 2).unwrap()),
        ),
    ])
}

/// Bytes and everything with parts.
pub(super) fn nested() -> (Schema, RecordBatch) {
    let list = Type::List(Arc::new(Type::Str));
    let inner = Type::Struct(Arc::from([Field::new("x", Type::Int32), Field::new("ys", list.clone())]));
    let map = Type::Map(Arc::new(Type::Str), Arc::new(Type::Float64));
    let parts = |ty: &Type| match ty.to_arrow() {
        arrow::datatypes::DataType::List(f) | arrow::datatypes::DataType::Map(f, _) => f,
        other => panic!("{other}"),
    };
    let words: ArrayRef = texts([Some("a"), None, Some("a text far over twelve bytes")]);
    let lists: ArrayRef = Arc::new(ListArray::new(
        parts(&list),
        OffsetBuffer::new(vec![0, 2, 2, 3].into()),
        Arc::clone(&words),
        Some(NullBuffer::from(vec![true, true, true])),
    ));
    let arrow::datatypes::DataType::Struct(fields) = inner.to_arrow() else { panic!() };
    let structs: ArrayRef = Arc::new(StructArray::new(
        fields,
        vec![Arc::new(Int32Array::from(vec![Some(1), None, None])), Arc::clone(&lists)],
        Some(NullBuffer::from(vec![true, true, false])),
    ));
    let entries = parts(&map);
    let arrow::datatypes::DataType::Struct(pair) = entries.data_type().clone() else { panic!() };
    let pairs =
        StructArray::new(pair, vec![texts([Some("k"), Some("l")]), Arc::new(Float64Array::from(vec![Some(1.5), None]))], None);
    let maps: ArrayRef = Arc::new(MapArray::new(
        entries,
        OffsetBuffer::new(vec![0, 2, 2, 2].into()),
        pairs,
        Some(NullBuffer::from(vec![true, true, false])),
        false,
    ));
    batch([
        ("bytes", Type::Bytes, Arc::new(BinaryViewArray::from_iter(vec![Some(&b"\0\xff"[..]), Some(&b""[..]), None]))),
        ("list", list, lists),
        ("struct", inner, structs),
        ("map", map, maps),
    ])
}

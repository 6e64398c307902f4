//! Every physical layout that means a type reads as the same values.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, ListViewArray, StringArray, StructArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field as ArrowField, IntervalUnit, TimeUnit};
use arrow::record_batch::RecordBatch;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use super::{Decimal, Row, Timestamp, read, write};
use crate::error::ErrorKind;
use crate::row::{Cell, Entries, Nulls, Record};
use crate::schema::Type;

#[derive(Row, Clone, Debug, PartialEq)]
pub(super) struct Everything<'r> {
    pub boolean: bool,
    pub tiny: i8,
    pub small: i16,
    pub int: i32,
    pub long: i64,
    pub utiny: u8,
    pub usmall: u16,
    pub uint: u32,
    pub ulong: u64,
    pub single: f32,
    pub double: f64,
    pub text: String,
    pub borrowed: &'r str,
    pub either: Cow<'r, str>,
    pub bytes: Vec<u8>,
    pub raw: &'r [u8],
    pub cow: Cow<'r, [u8]>,
    pub date: NaiveDate,
    pub time: NaiveTime,
    pub moment: NaiveDateTime,
    pub instant: Timestamp,
    pub price: Decimal<9, 2>,
    pub maybe: Option<&'r str>,
    pub list: Vec<Option<&'r str>>,
    pub perhaps: Option<Vec<i64>>,
    pub map: BTreeMap<String, Option<f64>>,
    pub entries: Entries<&'r str, Vec<u8>>,
    pub inner: Inner<'r>,
    pub inners: Vec<Option<Inner<'r>>>,
}

#[derive(Row, Clone, Debug, PartialEq)]
pub(super) struct Inner<'r> {
    pub name: Option<&'r str>,
    pub at: Timestamp,
}

pub(super) fn everything(seed: usize) -> Everything<'static> {
    const WORDS: [&str; 5] = ["", "a", "Grüezi mitenand, alli zäme", "twelve bytes", "x\0y"];
    let word = |n: usize| WORDS[(seed + n) % WORDS.len()];
    let number = i64::try_from(seed).unwrap() - 3;
    let inner = |n: usize| Inner { name: (!(seed + n).is_multiple_of(3)).then(|| word(n)), at: instant(number) };
    fn instant(number: i64) -> Timestamp {
        Timestamp::from_timestamp(number * 86_400 * 1000, 0).unwrap()
    }
    Everything {
        boolean: seed.is_multiple_of(2),
        tiny: i8::MIN.wrapping_add(number as i8),
        small: i16::MAX.wrapping_add(number as i16),
        int: i32::MIN,
        long: i64::MAX - number.abs(),
        utiny: u8::MAX,
        usmall: u16::MAX,
        uint: u32::MAX,
        ulong: u64::MAX,
        single: 0.1,
        double: -0.0,
        text: word(0).to_owned(),
        borrowed: word(1),
        either: word(2).into(),
        bytes: word(3).as_bytes().to_vec(),
        raw: word(4).as_bytes(),
        cow: Cow::Borrowed(word(5).as_bytes()),
        date: NaiveDate::from_epoch_days(number as i32 * 1000).unwrap(),
        time: NaiveTime::from_hms_opt(seed as u32 % 24, 59, 59).unwrap(),
        moment: instant(number).naive_utc(),
        instant: instant(-number),
        price: Decimal::new(i128::from(number) * 101).unwrap(),
        maybe: seed.is_multiple_of(2).then(|| word(6)),
        list: (0..seed % 4).map(|n| n.is_multiple_of(2).then(|| word(n))).collect(),
        perhaps: seed.is_multiple_of(3).then(|| (0..number).collect()),
        map: (0..seed % 3).map(|n| (format!("{}{n}", word(n)), (n > 0).then_some(0.5))).collect(),
        entries: (0..seed % 3).map(|n| (word(n), word(n + 1).as_bytes().to_vec())).collect(),
        inner: inner(0),
        inners: (0..seed % 5).map(|n| (n != 2).then(|| inner(n))).collect(),
    }
}

/// Layouts that arrow can cast to; `None` when the type has one only.
pub(super) fn layouts(data_type: &DataType) -> Vec<DataType> {
    let dictionary = |key: DataType, value: DataType| DataType::Dictionary(Box::new(key), Box::new(value));
    let with_item = |field: &Arc<ArrowField>| -> Vec<Arc<ArrowField>> {
        let inner = layouts(field.data_type());
        inner.into_iter().map(|ty| Arc::new(field.as_ref().clone().with_data_type(ty))).collect()
    };
    match data_type {
        DataType::Utf8View => vec![
            DataType::Utf8,
            DataType::LargeUtf8,
            dictionary(DataType::Int32, DataType::Utf8),
            dictionary(DataType::UInt16, DataType::LargeUtf8),
        ],
        DataType::BinaryView => vec![DataType::Binary, DataType::LargeBinary, dictionary(DataType::Int64, DataType::Binary)],
        DataType::Int64 => vec![dictionary(DataType::Int8, DataType::Int64)],
        DataType::Date32 => vec![DataType::Date64],
        DataType::Time64(_) => {
            vec![
                DataType::Time32(TimeUnit::Second),
                DataType::Time32(TimeUnit::Millisecond),
                DataType::Time64(TimeUnit::Nanosecond),
            ]
        }
        DataType::Timestamp(_, zone) => [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Nanosecond]
            .into_iter()
            .map(|unit| DataType::Timestamp(unit, zone.as_ref().map(|_| Arc::from("+02:00"))))
            .collect(),
        // arrow 59 panics where a cast goes to a precision that the width cannot hold.
        DataType::Decimal128(p @ 0..=9, s) => vec![DataType::Decimal32(*p, *s), DataType::Decimal64(*p, *s)],
        DataType::Decimal128(p @ 10..=18, s) => vec![DataType::Decimal64(*p, *s)],
        DataType::List(item) => {
            let mut all = vec![DataType::LargeList(Arc::clone(item))];
            for item in with_item(item) {
                all.extend([DataType::List(Arc::clone(&item)), DataType::LargeList(item)]);
            }
            all
        }
        DataType::Struct(fields) => {
            let changed = fields.iter().map(|f| with_item(f).pop().unwrap_or_else(|| Arc::clone(f)));
            vec![DataType::Struct(changed.collect())]
        }
        DataType::Map(entries, sorted) => with_item(entries).into_iter().map(|entries| DataType::Map(entries, *sorted)).collect(),
        _ => Vec::new(),
    }
}

fn with_column(batch: &RecordBatch, at: usize, array: ArrayRef) -> RecordBatch {
    let columns = batch.schema_ref().fields().iter().enumerate().map(|(i, field)| {
        let column = if i == at { Arc::clone(&array) } else { Arc::clone(batch.column(i)) };
        (field.name().clone(), column)
    });
    RecordBatch::try_from_iter(columns.collect::<Vec<_>>()).unwrap()
}

#[test]
fn every_layout_reads_as_the_same_rows() {
    let rows: Vec<Everything<'_>> = (0..17).map(everything).collect();
    let batch = write(rows.clone());
    assert_eq!(read::<Everything<'_>>(&batch), rows);
    let records = read::<Record>(&batch);
    let mut tried = 0;
    for (at, column) in batch.columns().iter().enumerate() {
        for layout in layouts(column.data_type()) {
            let other = with_column(&batch, at, cast(column, &layout).unwrap());
            assert_eq!(read::<Everything<'_>>(&other), rows, "{layout}");
            assert_eq!(read::<Everything<'_>>(&other.slice(5, 9)), rows[5..14], "{layout}");
            assert_eq!(read::<Record>(&other), records, "{layout}");
            tried += 1;
        }
    }
    assert!(tried > 50, "{tried}");
}

#[test]
fn layouts_without_a_cast_read_as_well() {
    let expected = vec![vec!["a", "b"], vec![], vec!["b", "c"]];
    let items = Arc::new(StringArray::from(vec!["a", "b", "c"])) as ArrayRef;
    let field = Arc::new(ArrowField::new("item", DataType::Utf8, true));
    // Views may overlap and stand in any order.
    let views = ListViewArray::new(Arc::clone(&field), vec![0, 3, 1].into(), vec![2, 0, 2].into(), Arc::clone(&items), None);
    let reader = <Vec<&str>>::reader(&views, Nulls::Forbid, "a").unwrap();
    assert_eq!((0..3).map(|row| <Vec<&str>>::read(&reader, row)).collect::<Vec<_>>(), expected);
    let fixed = cast(
        &(Arc::new(ListArray::from_iter_primitive::<arrow::datatypes::Int32Type, _, _>([
            Some([Some(1), Some(2)]),
            None,
            Some([Some(3), Some(4)]),
        ])) as ArrayRef),
        &DataType::FixedSizeList(Arc::new(ArrowField::new("item", DataType::Int16, true)), 2),
    )
    .unwrap();
    let fixed = fixed.slice(1, 2);
    let reader = <Option<Vec<i64>>>::reader(&fixed, Nulls::Forbid, "a").unwrap();
    assert_eq!(<Option<Vec<i64>>>::read(&reader, 0), None);
    assert_eq!(<Option<Vec<i64>>>::read(&reader, 1), Some(vec![3, 4]));
}

#[test]
fn a_list_of_entries_reads_as_a_map() {
    #[derive(Row)]
    struct Tagged {
        tags: BTreeMap<String, Option<i32>>,
    }
    let rows = [3, 0, 2].map(|n| Tagged { tags: (0..n).map(|k| (format!("k{k}"), (k != 1).then_some(k))).collect() });
    let expected: Vec<_> = rows.iter().map(|r| r.tags.clone()).collect();
    let batch = write(rows);
    let map = batch.column(0).as_map();
    let entries: &StructArray = map.entries();
    let field = ArrowField::new("item", entries.data_type().clone(), true);
    let list = ListArray::new(Arc::new(field), map.offsets().clone(), Arc::new(entries.clone()), None);
    let batch = RecordBatch::try_from_iter([("tags", Arc::new(list) as ArrayRef)]).unwrap();
    assert_eq!(read::<Tagged>(&batch).into_iter().map(|r| r.tags).collect::<Vec<_>>(), expected);
}

#[test]
fn empty_dictionaries_of_nulls_read_as_nulls() {
    let nulls = arrow::array::new_null_array(&DataType::Dictionary(DataType::Int8.into(), DataType::Utf8.into()), 3);
    let reader = <Option<&str>>::reader(nulls.as_ref(), Nulls::Forbid, "a").unwrap();
    assert_eq!((0..3).map(|row| <Option<&str>>::read(&reader, row)).collect::<Vec<_>>(), [None; 3]);
    let error = <&str>::reader(nulls.as_ref(), Nulls::Forbid, "a").err().unwrap();
    assert_eq!((error.kind(), error.context("row")), (ErrorKind::ValueInvalid, Some("0")));
}

#[test]
fn narrower_numbers_widen() {
    let ints = Arc::new(arrow::array::Int16Array::from(vec![-1, i16::MAX])) as ArrayRef;
    let reader = f32::reader(ints.as_ref(), Nulls::Forbid, "a").unwrap();
    assert_eq!(f32::slice(&reader), Some(&[-1.0, 32767.0][..]));
    let reader = i64::reader(ints.as_ref(), Nulls::Forbid, "a").unwrap();
    assert_eq!(i64::slice(&reader), Some(&[-1, 32767][..]));
    let halves = cast(&ints.slice(0, 1), &DataType::Float16).unwrap();
    assert_eq!(f64::read(&f64::reader(halves.as_ref(), Nulls::Forbid, "a").unwrap(), 0), -1.0);
    let narrow = arrow::array::Decimal64Array::from(vec![15]).with_precision_and_scale(4, 1).unwrap();
    let reader = Decimal::<10, 3>::reader(&narrow, Nulls::Forbid, "a").unwrap();
    assert_eq!(Decimal::<10, 3>::read(&reader, 0).to_string(), "1.500");
}

#[test]
fn a_column_of_numbers_lies_where_it_lay() {
    let column = arrow::array::Float64Array::from(vec![1.0, 2.0, 3.0]).slice(1, 2);
    let reader = f64::reader(&column, Nulls::Forbid, "a").unwrap();
    assert_eq!(f64::slice(&reader).map(<[f64]>::as_ptr), Some(column.values().as_ptr()));
}

#[test]
fn types_outside_the_table_are_refused() {
    let interval = arrow::array::new_null_array(&DataType::Interval(IntervalUnit::DayTime), 1);
    let error = <Option<i64>>::reader(interval.as_ref(), Nulls::Forbid, "a").err().unwrap();
    assert_eq!((error.kind(), error.context("column")), (ErrorKind::SchemaMismatch, Some("a")));
    assert!(Type::from_arrow(interval.data_type()).is_err());
}

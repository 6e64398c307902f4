//! Tests of the casts that the contract pins, and of the text of nested values.

use arrow::array::*;
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{Field as ArrowField, Fields, Int32Type, Int64Type, UInt64Type};
use proptest::prelude::*;

use super::*;
use crate::error::ErrorKind;

fn ty(text: &str) -> Type {
    text.parse().unwrap()
}

fn array(array: impl Array + 'static) -> ArrayRef {
    Arc::new(array)
}

fn text(values: &[&str]) -> ArrayRef {
    array(StringViewArray::from_iter_values(values))
}

/// Casts texts to a type, then to another, and shows the values.
fn shown(values: &[&str], via: &str, to: &str) -> Result<Vec<String>> {
    let made = cast_array(&cast_array(&text(values), &ty(via))?, &ty(to))?;
    assert_eq!(*made.data_type(), ty(to).to_arrow());
    Ok((0..made.len()).map(|row| format_value(&made, row)).collect())
}

#[test]
fn pinned_casts() {
    for (from, via, to, expected) in [
        // D24, D25, D35
        ("1.5|-1.5|2.5|-0.9|127.9|-128.9", "double", "byte", "1|-1|2|0|127|-128"),
        ("1e20|-0.0", "double", "decimal(38)", "100000000000000000000|0"),
        ("-1|127", "long", "byte", "-1|127"),
        ("0|1|2|-3", "int", "bool", "false|true|true|true"),
        ("0.0|-0.0|0.5|NaN", "double", "bool", "false|false|true|true"),
        ("true|false", "bool", "int", "1|0"),
        ("true|false", "bool", "double", "1.0|0.0"),
        ("true|false", "bool", "decimal(3,2)", "1.00|0.00"),
        ("0.00|0.01", "decimal(3,2)", "bool", "false|true"),
        ("16777217", "int", "float", "16777216.0"),
        ("9223372036854775807", "long", "double", "9.223372036854776e18"),
        ("0.1|1e-60", "double", "float", "0.1|0.0"),
        ("0.1", "float", "double", "0.10000000149011612"),
        // D26, D27, D28, D29, D30
        ("true|false", "bool", "str", "true|false"),
        ("1|-7", "int", "str", "1|-7"),
        ("18446744073709551615", "ulong", "str", "18446744073709551615"),
        ("1.1|1|1e20|NaN|inf|-inf|-0", "double", "str", "1.1|1.0|1e20|NaN|inf|-inf|-0.0"),
        ("2020-01-01|1969-12-31", "date", "str", "2020-01-01|1969-12-31"),
        ("2020-01-01|2020-01-01 01:02:03.123", "datetime", "str", "2020-01-01 00:00:00|2020-01-01 01:02:03.123"),
        ("01:02|01:02:03.000001", "time", "str", "01:02:00|01:02:03.000001"),
        ("1.5|-0.05", "decimal(5,2)", "str", "1.50|-0.05"),
        // D31
        ("trUe|False|1|0|t|F|YES|no| yes ", "str", "bool", "true|false|true|false|true|false|true|false|true"),
        // D32, D33
        (" 1 |-7|+3|007", "str", "int", "1|-7|3|7"),
        ("1.1|2| 1e3 |nan|-Infinity", "str", "double", "1.1|2.0|1000.0|NaN|-inf"),
        // D34, D36
        ("2020-01-01|2020-01-01T01:02:03Z", "str", "timestamp(us,UTC)", "2020-01-01 00:00:00+00:00|2020-01-01 01:02:03+00:00"),
        ("2020-07-01 12:00:00", "datetime", "timestamp(us,Europe/Berlin)", "2020-07-01 12:00:00+02:00"),
        ("2020-07-01 12:00:00", "timestamp(us,Europe/Berlin)", "datetime", "2020-07-01 12:00:00"),
        ("2020-07-01 12:00:00", "timestamp(us,Europe/Berlin)", "timestamp(us,UTC)", "2020-07-01 10:00:00+00:00"),
        ("2020-07-01 00:30:00", "timestamp(us,Europe/Berlin)", "date", "2020-07-01"),
        ("2020-07-01", "date", "timestamp(us,Europe/Berlin)", "2020-07-01 00:00:00+02:00"),
        ("2020-01-01 23:59:59|1969-12-31 00:00:01", "datetime", "date", "2020-01-01|1969-12-31"),
        ("2020-01-01|1969-12-31", "date", "datetime", "2020-01-01 00:00:00|1969-12-31 00:00:00"),
        ("1969-12-31 23:00:01.5", "datetime", "time", "23:00:01.5"),
        // Decimals
        ("1.25|-1.25|1.24", "decimal(5,2)", "decimal(5,1)", "1.3|-1.3|1.2"),
        ("1.99|-1.99", "decimal(5,2)", "int", "1|-1"),
        ("1.1|-0.3", "decimal(5,1)", "double", "1.1|-0.3"),
        ("1.1", "decimal(5,1)", "float", "1.1"),
        ("1.005|2.5", "double", "decimal(10,2)", "1.01|2.50"),
        ("7", "ubyte", "decimal(3,2)", "7.00"),
        (" 1.005 |1e2", "str", "decimal(5,2)", "1.01|100.00"),
        // Bytes
        ("añ", "str", "bytes", "0x61c3b1"),
        ("añ", "bytes", "str", "añ"),
    ] {
        let values: Vec<&str> = from.split('|').collect();
        let expected: Vec<&str> = expected.split('|').collect();
        match shown(&values, via, to) {
            Ok(found) => assert_eq!(found, expected, "{from} as {via} to {to}"),
            Err(error) => panic!("{from} as {via} to {to}: {error}"),
        }
    }
}

#[test]
fn failing_values_name_row_and_value() {
    for (from, via, to, row, part) in [
        ("1|1e20", "double", "int", 1, "1e20 is out of the range of int, which is -2147483648 to 2147483647"),
        ("1|NaN", "double", "long", 1, "NaN is out of the range of long"),
        ("9223372036854775808", "double", "long", 0, "9.223372036854776e18 is out of the range of long"),
        ("1|300", "int", "byte", 1, "300 is out of the range of byte, which is -128 to 127"),
        ("1|-1", "int", "ulong", 1, "-1 is out of the range of ulong"),
        ("18446744073709551615", "ulong", "long", 0, "out of the range of long"),
        ("1|1e300", "double", "float", 1, "1e300 is out of the range of float"),
        ("1|1.0", "str", "int", 1, "\"1.0\" is no whole number; cast it to double first"),
        ("1|x", "str", "int", 1, "\"x\" is no whole number"),
        ("1|", "str", "int", 1, "\"\" is no whole number"),
        ("1|300", "str", "byte", 1, "\"300\" is out of the range of byte"),
        ("1|-1", "str", "uint", 1, "\"-1\" is out of the range of uint"),
        ("1|x", "str", "double", 1, "\"x\" is no number"),
        ("1|1e999", "str", "double", 1, "\"1e999\" is out of range"),
        ("true|y", "str", "bool", 1, "\"y\" is neither true nor false"),
        ("true|2", "str", "bool", 1, "\"2\" is neither true nor false"),
        ("2020-01-01|2020-02-30", "str", "date", 1, "\"2020-02-30\" is no date; write it as in 2020-01-31"),
        ("2020-01-01|2020-01-01 00:00:00", "str", "date", 1, "is no date"),
        ("2020-01-01|x", "str", "datetime", 1, "\"x\" is no moment"),
        ("25:00:00", "str", "time", 0, "is no time"),
        ("2021-03-28 02:30:00", "datetime", "timestamp(us,Europe/Berlin)", 0, "2021-03-28 02:30:00 never stands on the clock"),
        ("1.5|99.95", "decimal(5,2)", "decimal(3,1)", 1, "99.95 is out of the range of decimal(3,1)"),
        ("1|1000", "int", "decimal(5,2)", 1, "1000 is out of the range of decimal(5,2)"),
        ("NaN", "double", "decimal(5,2)", 0, "NaN is out of the range"),
        ("1|1000", "decimal(5)", "byte", 1, "1000 is out of the range of byte"),
        ("1|x", "str", "decimal(5,2)", 1, "\"x\" is no decimal number"),
        ("1|1000", "str", "decimal(5,2)", 1, "\"1000\" has more digits than the decimal type"),
        ("+294247-01-01|+999999-01-01", "date", "datetime", 1, "+999999-01-01 is outside the years"),
    ] {
        let values: Vec<&str> = from.split('|').collect();
        let error = shown(&values, via, to).expect_err(from);
        assert_eq!(error.kind(), ErrorKind::ValueInvalid, "{from} to {to}: {error}");
        assert_eq!(error.context("row"), Some(row.to_string().as_str()), "{from} to {to}: {error}");
        assert!(error.message().contains(part), "{from} to {to}: {error}");
    }
    let bytes = array(BinaryViewArray::from_iter_values([b"a".as_slice(), b"\xff"]));
    let error = cast_array(&bytes, &Type::Str).unwrap_err();
    assert_eq!(error.context("row"), Some("1"));
    assert!(error.message().contains("0xff is not UTF-8"), "{error}");
}

fn samples() -> Vec<Type> {
    let simple = "bool byte short int long ubyte ushort uint ulong float double str bytes date time datetime timestamp(us,UTC) \
                  timestamp(us,Asia/Tokyo) decimal(5,2) decimal(38) decimal(38,38)";
    let nested =
        "[int] [str] {a:int} {a:str,b:int} {b:[int]} <str,int> <int,str> [{key:str,value:int}] [{key:str,other:int}] [[int]]";
    simple.split_whitespace().chain(nested.split_whitespace()).map(ty).collect()
}

#[test]
fn plans_know_which_casts_there_are_and_null_stays_null() {
    for from in samples() {
        for to in samples() {
            let nulls = new_null_array(&from.to_arrow(), 3);
            match cast_array(&nulls, &to) {
                Ok(made) => {
                    assert!(can_cast(&from, &to), "{from} to {to}");
                    assert_eq!((made.len(), made.null_count()), (3, 3), "{from} to {to}");
                    assert_eq!(*made.data_type(), to.to_arrow(), "{from} to {to}");
                }
                Err(error) => {
                    assert!(!can_cast(&from, &to), "{from} to {to}: {error}");
                    assert_eq!(error.kind(), ErrorKind::SchemaMismatch, "{error}");
                    assert!(error.message().contains("there is no cast from "), "{error}");
                }
            }
            let empty = new_empty_array(&from.to_arrow());
            assert_eq!(cast_array(&empty, &to).is_ok(), can_cast(&from, &to));
        }
        assert_eq!(cast_array(&array(NullArray::new(2)), &from).unwrap().null_count(), 2);
    }
}

#[test]
fn what_stands_below_a_null_is_not_cast() {
    let nulls = || Some(NullBuffer::from(vec![false, true]));
    let numbers = array(Int64Array::new(vec![i64::MAX, 1].into(), nulls()));
    assert_eq!(cast_array(&numbers, &Type::Int8).unwrap().null_count(), 1);

    let words = || text(&["x", "1"]);
    let fields = Fields::from(vec![ArrowField::new("f", words().data_type().clone(), true)]);
    let made = cast_array(&array(StructArray::new(fields, vec![words()], nulls())), &ty("{f:int}")).unwrap();
    assert_eq!((made.is_null(0), format_value(&made, 1)), (true, "{f: 1}".into()));

    let item = Arc::new(ArrowField::new("item", words().data_type().clone(), true));
    let lists = ListArray::new(item, OffsetBuffer::new(vec![0, 1, 2].into()), words(), nulls());
    let made = cast_array(&array(lists), &ty("[int]")).unwrap();
    assert_eq!((made.is_null(0), format_value(&made, 1)), (true, "[1]".into()));

    let raw = array(BinaryViewArray::from(vec![None, Some(b"a".as_slice())]));
    assert_eq!(cast_array(&raw, &Type::Str).unwrap().null_count(), 1);
}

#[test]
fn slices_are_cast_as_slices() {
    let words = text(&["x", "1", "2", "y"]).slice(1, 2);
    assert_eq!(cast_array(&words, &Type::Int32).unwrap().as_primitive::<Int32Type>().values(), &[1, 2]);
    let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([[i64::MAX], [1], [2], [i64::MIN]].map(|v| Some(v.map(Some))));
    let made = cast_array(&array(lists.slice(1, 2)), &ty("[byte]")).unwrap();
    assert_eq!((format_value(&made, 0), format_value(&made, 1)), ("[1]".into(), "[2]".into()));
}

#[test]
fn structs_are_cast_by_name() {
    // CONTRACT.md, test_deep_nested_types: an extra field is dropped, a missing one is null.
    let lists = array(ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(3), Some(4)])]));
    let child = |name: &str, column: &ArrayRef| Arc::new(ArrowField::new(name, column.data_type().clone(), true));
    let (one, double) = (array(Int32Array::from(vec![1])), array(Float64Array::from(vec![1.0])));
    let row = array(StructArray::from(vec![
        (child("d", &double), double),
        (child("b", &lists), Arc::clone(&lists)),
        (child("a", &one), one),
    ]));
    let made = cast_array(&row, &ty("{a:str,b:[int]}")).unwrap();
    assert_eq!(format_value(&made, 0), "{a: \"1\", b: [3, 4]}");
    let made = cast_array(&row, &ty("{x:[str],b:[ulong]}")).unwrap();
    assert_eq!(format_value(&made, 0), "{x: NULL, b: [3, 4]}");
    assert_eq!(made.as_struct().column(1).as_list::<i32>().value(0).as_primitive::<UInt64Type>().values(), &[3, 4]);
}

#[test]
fn maps_are_cast_and_are_lists_of_entries() {
    let mut builder = MapBuilder::new(None, Float64Builder::new(), StringBuilder::new());
    builder.keys().append_value(1.5);
    builder.values().append_value("7");
    builder.keys().append_value(2.5);
    builder.values().append_null();
    builder.append(true).unwrap();
    builder.append(false).unwrap();
    let maps = array(builder.finish());
    let made = cast_array(&maps, &ty("<int,long>")).unwrap();
    assert_eq!((format_value(&made, 0), made.is_null(1)), ("{1: 7, 2: NULL}".into(), true));

    let listed = cast_array(&maps, &ty("[{key:str,value:int}]")).unwrap();
    assert_eq!(format_value(&listed, 0), "[{key: \"1.5\", value: 7}, {key: \"2.5\", value: NULL}]");
    let back = cast_array(&listed, &ty("<double,str>")).unwrap();
    assert_eq!(&back, &cast_array(&maps, &ty("<double,str>")).unwrap());

    let error = cast_array(&listed, &ty("<bool,str>")).unwrap_err();
    assert_eq!((error.context("row"), error.context("field")), (Some("0"), Some("key")), "{error}");
    let error = cast_array(&maps, &ty("<bool,str>")).unwrap_err();
    assert!(error.message().contains("key true stands twice"), "{error}");
}

#[test]
fn nested_failures_name_row_and_field() {
    let words = text(&["1", "2", "x"]);
    let item = Arc::new(ArrowField::new("item", words.data_type().clone(), true));
    let lists = array(ListArray::new(item, OffsetBuffer::new(vec![0, 1, 1, 3].into()), words, None));
    let fields = Fields::from(vec![ArrowField::new("a", lists.data_type().clone(), true)]);
    let error = cast_array(&array(StructArray::new(fields, vec![lists], None)), &ty("{a:[int]}")).unwrap_err();
    assert_eq!((error.context("row"), error.context("field")), (Some("2"), Some("a[]")), "{error}");
}

#[test]
fn any_column_can_be_shown() {
    let mut builder = ListBuilder::new(BinaryBuilder::new());
    builder.values().append_value([1, 5]);
    builder.values().append_null();
    builder.append(true);
    let column = array(builder.finish());
    assert_eq!(format_value(&column, 0), "[0x0105, NULL]");
    assert_eq!(format_value(&array(NullArray::new(1)), 0), "NULL");
    assert_eq!(format_value(&array(TimestampNanosecondArray::from(vec![1_001])), 0), "1970-01-01 00:00:00.000001");
    assert_eq!(format_value(&array(DurationSecondArray::from(vec![1])), 0), "PT1S");
    let formatter = Formatter::new(&text(&["plain \"text\"", "b"]).slice(0, 1)).unwrap();
    assert_eq!(formatter.text(0), "plain \"text\"");
}

/// Text of a column reads back as the very column.
fn reads_back(column: ArrayRef) -> std::result::Result<(), TestCaseError> {
    let own = Type::from_arrow(column.data_type()).unwrap();
    let written = cast_array(&column, &Type::Str).unwrap();
    let back = cast_array(&written, &own);
    prop_assert_eq!(back.as_ref().ok().map(|b| b.to_data()), Some(column.to_data()), "{:?} {:?}", written, back);
    Ok(())
}

proptest! {
    #[test]
    fn text_reads_back(
        doubles in proptest::collection::vec(proptest::option::of(any::<f64>().prop_filter("one NaN", |v| !v.is_nan())), 0..8),
        floats in proptest::collection::vec(any::<f32>().prop_filter("one NaN", |v| !v.is_nan()), 0..8),
        longs in proptest::collection::vec(proptest::option::of(any::<i64>()), 0..8),
        days in proptest::collection::vec(proptest::option::of(-400_000_000..400_000_000_i32), 0..8),
        time in 0..calendar::DAY,
        decimal in any::<i64>(),
    ) {
        reads_back(array(Float64Array::from(doubles)))?;
        reads_back(array(Float32Array::from(floats)))?;
        reads_back(array(TimestampMicrosecondArray::from(longs.clone())))?;
        reads_back(array(TimestampMicrosecondArray::from(longs.clone()).with_timezone("UTC")))?;
        reads_back(array(Int64Array::from(longs)))?;
        reads_back(array(Date32Array::from(days)))?;
        reads_back(array(Time64MicrosecondArray::from(vec![time])))?;
        reads_back(array(Decimal128Array::from(vec![i128::from(decimal)]).with_precision_and_scale(25, 7).unwrap()))?;
    }

    #[test]
    fn instants_read_back_in_any_zone(seconds in -4_000_000_000..8_000_000_000_i64, zone in 0..4_usize) {
        let zone = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"][zone];
        reads_back(array(TimestampMicrosecondArray::from(vec![seconds * 1_000_000 + 5]).with_timezone(zone)))?;
    }
}

//! Tests of layouts, of the keys of maps, and of declared schemas.

use arrow::array::*;
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::cast as arrow_cast;
use arrow::datatypes::{Field as ArrowField, Fields, Int8Type, Int32Type, TimeUnit};

use super::*;
use crate::schema::Field;

fn schema(text: &str) -> Schema {
    Schema::parse(text).unwrap()
}

/// A batch of one column `x` of an array as it is.
fn batch_of(array: ArrayRef) -> RecordBatch {
    let field = ArrowField::new("x", array.data_type().clone(), true);
    RecordBatch::try_new(Arc::new(ArrowSchema::new(vec![field])), vec![array]).unwrap()
}

fn normalised(array: ArrayRef, ty: &str) -> Result<ArrayRef> {
    let to = schema(&format!("x:{ty}"));
    let made = normalise(&batch_of(array), &to)?;
    assert!(Arc::ptr_eq(made.schema_ref(), to.arrow()), "batches are known by their schema's pointer");
    Ok(Arc::clone(made.column(0)))
}

fn failure(array: ArrayRef, ty: &str) -> (ErrorKind, Option<usize>, String) {
    let error = normalised(array, ty).unwrap_err();
    assert_eq!(error.context("column"), Some("x"), "{error}");
    (error.kind(), error.context("row").map(|row| row.parse().unwrap()), error.to_string())
}

fn array(array: impl Array + 'static) -> ArrayRef {
    Arc::new(array)
}

/// Canonical columns of six rows with nulls, and the other layouts that mean the same.
fn layouts() -> Vec<(&'static str, ArrayRef, Vec<DataType>)> {
    let dictionary = |value: DataType| DataType::Dictionary(Box::new(DataType::Int16), Box::new(value));
    let list = |item: DataType| Arc::new(ArrowField::new("element", item, true));
    let text = vec![Some("a"), None, Some(""), Some("longer than twelve bytes"), Some("日本"), Some("a")];
    let bytes: Vec<Option<&[u8]>> = vec![Some(b"abc"), None, Some(b"\x00\x01\xff"), Some(b"xyz"), None, Some(b"abc")];
    let micros = vec![Some(0), None, Some(-1_000_000), Some(3_600_000_000), Some(86_399_000_000), Some(5_000_000)];
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![
        Some(vec![Some(1), None]),
        None,
        Some(vec![]),
        Some(vec![Some(3)]),
        Some(vec![None]),
        Some(vec![Some(4), Some(5), Some(6)]),
    ]);
    let pairs = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![
        Some(vec![Some(1), None]),
        None,
        Some(vec![Some(2), Some(2)]),
        Some(vec![Some(3), Some(0)]),
        None,
        Some(vec![Some(4), Some(5)]),
    ]);
    let stamp = |unit| DataType::Timestamp(unit, None);
    vec![
        (
            "str",
            array(StringViewArray::from(text)),
            vec![DataType::Utf8, DataType::LargeUtf8, dictionary(DataType::Utf8), dictionary(DataType::Utf8View)],
        ),
        (
            "bytes",
            array(BinaryViewArray::from(bytes)),
            vec![DataType::Binary, DataType::LargeBinary, DataType::FixedSizeBinary(3), dictionary(DataType::Binary)],
        ),
        (
            "time",
            array(Time64MicrosecondArray::from(vec![
                Some(0),
                None,
                Some(5_000_000),
                Some(1_000_000),
                None,
                Some(86_399_000_000),
            ])),
            vec![
                DataType::Time32(TimeUnit::Second),
                DataType::Time32(TimeUnit::Millisecond),
                DataType::Time64(TimeUnit::Nanosecond),
            ],
        ),
        (
            "datetime",
            array(TimestampMicrosecondArray::from(micros)),
            vec![stamp(TimeUnit::Second), stamp(TimeUnit::Millisecond), stamp(TimeUnit::Nanosecond)],
        ),
        ("date", array(Date32Array::from(vec![Some(0), None, Some(-1), Some(20_000), Some(1), Some(2)])), vec![DataType::Date64]),
        (
            "float",
            array(Float32Array::from(vec![Some(0.5), None, Some(f32::INFINITY), Some(-2.0), Some(0.0), Some(1.0)])),
            vec![DataType::Float16, dictionary(DataType::Float32)],
        ),
        (
            "long",
            array(Int64Array::from(vec![Some(1), None, Some(3), Some(3), None, Some(1)])),
            vec![dictionary(DataType::Int64)],
        ),
        (
            "decimal(7,2)",
            array(
                Decimal128Array::from(vec![Some(-105), None, Some(9_999_999), Some(0), None, Some(1)])
                    .with_precision_and_scale(7, 2)
                    .unwrap(),
            ),
            vec![DataType::Decimal32(7, 2), DataType::Decimal64(7, 2)],
        ),
        (
            "[int]",
            array(lists),
            vec![
                DataType::LargeList(list(DataType::Int32)),
                DataType::ListView(list(DataType::Int32)),
                DataType::LargeListView(list(DataType::Int32)),
                DataType::List(list(DataType::Int32)),
            ],
        ),
        ("[int]", array(pairs), vec![DataType::FixedSizeList(list(DataType::Int32), 2)]),
    ]
}

#[test]
fn every_layout_becomes_the_one() {
    for (ty, canonical, others) in layouts() {
        let ours: Type = ty.parse().unwrap();
        assert_eq!(*canonical.data_type(), ours.to_arrow(), "{ty}");
        for other in others {
            // Arrow casts views to bytes of fixed size only by way of plain bytes.
            let plain = if ty == "bytes" { arrow_cast(&canonical, &DataType::Binary).unwrap() } else { Arc::clone(&canonical) };
            let arrow = arrow_cast(&plain, &other).unwrap();
            assert_eq!(arrow.null_count(), canonical.null_count());
            for (start, len) in [(0, 6), (1, 5), (2, 3), (3, 0), (5, 1)] {
                let made = normalised(arrow.slice(start, len), ty).unwrap();
                assert_eq!(&made, &canonical.slice(start, len), "{ty} from {other} [{start}, {len}]");
                assert!(made.to_data().validate_full().is_ok());
            }
        }
        // And the same within a struct within a list, twice over.
        let inner = StructArray::new(Fields::from(vec![ArrowField::new("f", ours.to_arrow(), true)]), vec![canonical], None);
        let inner: ArrayRef = Arc::new(inner);
        let nested = ListArray::new(
            Arc::new(ArrowField::new("odd", inner.data_type().clone(), false)),
            OffsetBuffer::new(vec![0, 2, 2, 6].into()),
            Arc::clone(&inner),
            Some(NullBuffer::from(vec![true, false, true])),
        );
        let made = normalised(array(nested.slice(1, 2)), &format!("[{{f:{ty}}}]")).unwrap();
        assert!(made.is_null(0));
        assert_eq!(&made.as_list::<i32>().value(1), &inner.slice(2, 4));
    }
}

#[test]
fn what_is_canonical_is_not_copied() {
    for (ty, canonical, _) in layouts() {
        let made = normalised(canonical.slice(1, 4), ty).unwrap();
        assert!(made.to_data().ptr_eq(&canonical.slice(1, 4).to_data()), "{ty}");
    }
    // Only the name and nullability of the items differ: the buffers are the same.
    let values = Int32Array::from(vec![1, 2, 3]);
    let field = Arc::new(ArrowField::new("element", DataType::Int32, false));
    let lists = ListArray::new(field, OffsetBuffer::new(vec![0, 1, 3].into()), array(values.clone()), None);
    let made = normalised(array(lists.clone()), "[int]").unwrap();
    let made = made.as_list::<i32>();
    assert!(made.offsets().ptr_eq(lists.offsets()));
    assert!(made.values().to_data().ptr_eq(&values.to_data()));

    let text = StringArray::from(vec!["a text longer than twelve bytes", "another text, longer as well"]);
    let made = normalised(array(text.clone()), "str").unwrap();
    assert_eq!(made.as_string_view().data_buffers()[0].as_ptr(), text.values().as_ptr(), "letters stay where they are");

    let offset = TimestampMicrosecondArray::from(vec![1, 2]).with_timezone("+05:30");
    let made = normalised(array(offset.clone()), "timestamp(us,UTC)").unwrap();
    assert_eq!(made.as_primitive::<arrow::datatypes::TimestampMicrosecondType>().values().as_ptr(), offset.values().as_ptr());
}

#[test]
fn a_dictionary_may_have_nulls_on_both_sides() {
    let keys = Int8Array::from(vec![Some(0), Some(1), None, Some(2)]);
    let values = StringArray::from(vec![Some("x"), None, Some("y")]);
    let made = normalised(array(DictionaryArray::<Int8Type>::new(keys, array(values))), "str").unwrap();
    assert_eq!(made.as_string_view(), &StringViewArray::from(vec![Some("x"), None, None, Some("y")]));
}

#[test]
fn nanoseconds_are_whole_microseconds_or_an_error() {
    let column = TimestampNanosecondArray::from(vec![Some(1_000), None, Some(-1), Some(2_000)]);
    let (kind, row, message) = failure(array(column.clone()), "datetime");
    assert_eq!((kind, row), (ErrorKind::ValueInvalid, Some(2)));
    assert!(message.contains("-1 nanoseconds") && message.contains("SubMicrosecond::Truncate"), "{message}");
    assert!(normalised(array(column.slice(0, 2)), "datetime").is_ok());

    let made = normalise_with(&batch_of(array(column)), &schema("x:datetime"), SubMicrosecond::Truncate).unwrap();
    assert_eq!(made.column(0).as_ref(), &TimestampMicrosecondArray::from(vec![Some(1), None, Some(-1), Some(2)]) as &dyn Array);

    let time = Time64NanosecondArray::from(vec![1_000, 1_001]);
    assert_eq!(failure(array(time), "time").1, Some(1));
    let days = Date64Array::from(vec![86_400_000, 1]);
    assert_eq!(failure(array(days), "date").1, Some(1));
    let far = TimestampSecondArray::from(vec![0, i64::MAX]);
    assert_eq!(failure(array(far), "datetime").1, Some(1));
}

#[test]
fn deep_failures_name_the_outer_row_and_the_field() {
    let items = TimestampNanosecondArray::from(vec![0, 1_000, 2_000, 3_001]);
    let structs =
        StructArray::new(Fields::from(vec![ArrowField::new("at", items.data_type().clone(), true)]), vec![array(items)], None);
    let field = Arc::new(ArrowField::new("item", structs.data_type().clone(), true));
    let lists = ListArray::new(field, OffsetBuffer::new(vec![0, 1, 1, 3, 4].into()), array(structs), None);
    let error = normalised(array(lists.slice(1, 3)), "[{at:datetime}]").unwrap_err();
    assert_eq!((error.context("row"), error.context("field")), (Some("2"), Some("[].at")), "{error}");
}

#[test]
fn what_stands_below_a_null_is_nobodys_value() {
    let bad = || array(TimestampNanosecondArray::from(vec![1, 1_000]));
    let nulls = || Some(NullBuffer::from(vec![false, true]));

    let item = Arc::new(ArrowField::new("item", bad().data_type().clone(), true));
    let lists = ListArray::new(Arc::clone(&item), OffsetBuffer::new(vec![0, 1, 2].into()), bad(), nulls());
    let fixed = FixedSizeListArray::new(item, 1, bad(), nulls());
    for column in [array(lists), array(fixed)] {
        let made = normalised(column, "[datetime]").unwrap();
        assert!(made.is_null(0));
        let value = made.as_list::<i32>().value(1);
        assert_eq!(value.as_ref(), &TimestampMicrosecondArray::from(vec![1]) as &dyn Array);
        assert_eq!(made.as_list::<i32>().value_length(0), 0);
    }
    let fields = Fields::from(vec![ArrowField::new("f", bad().data_type().clone(), true)]);
    let made = normalised(array(StructArray::new(fields, vec![bad()], nulls())), "{f:datetime}").unwrap();
    assert!(made.is_null(0) && made.as_struct().column(0).is_valid(1));

    let raw = TimestampNanosecondArray::new(vec![1, 1_000].into(), nulls());
    assert_eq!(normalised(array(raw), "datetime").unwrap().null_count(), 1);
}

/// Maps of text to int from rows of pairs.
fn maps(rows: &[&[(&str, i32)]]) -> MapArray {
    let mut builder = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    for row in rows {
        for (key, value) in *row {
            builder.keys().append_value(key);
            builder.values().append_value(*value);
        }
        builder.append(true).unwrap();
    }
    builder.finish()
}

#[test]
fn maps_have_each_key_once() {
    let fine = maps(&[&[("a", 1), ("b", 2)], &[], &[("a", 3)]]);
    let made = normalised(array(fine.clone()), "<str,int>").unwrap();
    let map = made.as_map();
    assert_eq!(map.value(0).column(0).as_string_view().iter().flatten().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(normalised(array(fine.slice(1, 2)), "<str,int>").unwrap().as_map().value_length(1), 1);

    let twice = maps(&[&[("a", 1)], &[("b", 1), ("c", 1), ("b", 2)]]);
    let (kind, row, message) = failure(array(twice.clone()), "<str,int>");
    assert_eq!((kind, row), (ErrorKind::ValueInvalid, Some(1)));
    assert!(message.contains("key b stands twice"), "{message}");
    assert!(normalised(array(twice.slice(0, 1)), "<str,int>").is_ok(), "only what the slice shows counts");

    let letters: Vec<String> = (0..40).map(|i| format!("key {}", i % 39)).collect();
    let many: Vec<(&str, i32)> = letters.iter().map(|l| (l.as_str(), 0)).collect();
    assert!(normalised(array(maps(&[&many[..39]])), "<str,int>").is_ok());
    assert_eq!(failure(array(maps(&[&many])), "<str,int>").1, Some(0));

    // A canonical batch with the very schema is looked at as well.
    let to = schema("x:<str,int>");
    let lists = arrow_cast(&twice, &to.arrow().field(0).data_type().clone()).unwrap();
    let batch = RecordBatch::try_new(to.to_arrow(), vec![lists]).unwrap();
    assert_eq!(conform(&batch, &to).unwrap_err().kind(), ErrorKind::ValueInvalid);
    assert_eq!(normalise(&batch, &to).unwrap_err().kind(), ErrorKind::ValueInvalid);
}

#[test]
fn equal_floats_are_one_key_and_deep_maps_count() {
    let other_nan = f64::from_bits(f64::NAN.to_bits() ^ 1);
    for pair in [[f64::NAN, other_nan], [0.0, -0.0]] {
        let mut builder = MapBuilder::new(None, Float64Builder::new(), Int32Builder::new());
        pair.iter().for_each(|key| builder.keys().append_value(*key));
        pair.iter().for_each(|_| builder.values().append_value(1));
        builder.append(true).unwrap();
        assert_eq!(failure(array(builder.finish()), "<double,int>").1, Some(0), "{pair:?}");
    }
    let twice = maps(&[&[("a", 1)], &[("b", 1), ("b", 2)]]);
    let field = Arc::new(ArrowField::new("item", twice.data_type().clone(), true));
    let lists = |valid: bool| {
        let nulls = NullBuffer::from(vec![true, true, valid]);
        ListArray::new(Arc::clone(&field), OffsetBuffer::new(vec![0, 0, 1, 2].into()), array(twice.clone()), Some(nulls))
    };
    assert_eq!(failure(array(lists(true)), "[<str,int>]").1, Some(2));
    assert!(normalised(array(lists(false)), "[<str,int>]").is_ok());
}

#[test]
fn a_column_of_nulls_needs_a_declared_type() {
    let made = normalised(array(NullArray::new(3)), "[str]").unwrap();
    assert_eq!((made.len(), made.null_count()), (3, 3));
    assert_eq!(&normalise_array(&array(NullArray::new(3)), &Type::list(Type::Str)).unwrap(), &made);
    assert_eq!(Schema::of_batch(&batch_of(array(NullArray::new(3)))).unwrap_err().context("column"), Some("x"));
}

#[test]
fn normalising_does_not_cast() {
    let (kind, _, message) = failure(array(Int32Array::from(vec![1])), "long");
    assert_eq!(kind, ErrorKind::SchemaMismatch);
    assert!(message.contains("the column is int, but long was declared"), "{message}");
    let batch = batch_of(array(Int32Array::from(vec![1])));
    assert_eq!(normalise(&batch, &schema("y:int")).unwrap_err().kind(), ErrorKind::SchemaMismatch);
    assert_eq!(normalise(&batch, &schema("x:int,y:int")).unwrap_err().kind(), ErrorKind::SchemaMismatch);
}

fn abc() -> RecordBatch {
    let fields = ["a", "b", "c"].map(|name| ArrowField::new(name, DataType::Int32, false));
    let columns = [[1, 2], [3, 4], [5, 6]].map(|v| array(Int32Array::from(v.to_vec())));
    RecordBatch::try_new(Arc::new(ArrowSchema::new(fields.to_vec())), columns.to_vec()).unwrap()
}

#[test]
fn conforming_is_by_name_and_casts() {
    let batch = abc();
    let to = schema("c:int,a:str");
    let made = conform(&batch, &to).unwrap();
    assert!(Arc::ptr_eq(made.schema_ref(), to.arrow()));
    assert!(Arc::ptr_eq(made.column(0), batch.column(2)), "not copied");
    assert_eq!(made.column(1).as_string_view(), &StringViewArray::from(vec!["1", "2"]));

    let same = conform(&made, &to).unwrap();
    assert!(Arc::ptr_eq(same.column(0), made.column(0)) && Arc::ptr_eq(same.schema_ref(), made.schema_ref()));
    let none = conform(&batch, &schema("")).unwrap();
    assert_eq!((none.num_columns(), none.num_rows()), (0, 2));
    let empty = conform(&batch.slice(0, 0), &to).unwrap();
    assert_eq!((empty.num_rows(), empty.schema()), (0, to.to_arrow()));
}

#[test]
fn what_does_not_conform_is_named() {
    let error = conform(&abc(), &schema("a:int,x:int")).unwrap_err();
    assert_eq!((error.kind(), error.context("column")), (ErrorKind::SchemaMismatch, Some("x")));
    assert!(error.message().contains("is missing in the data, whose columns are: a, b, c"), "{error}");

    let twice = ArrowSchema::new(["a", "b", "a"].map(|n| ArrowField::new(n, DataType::Int32, true)).to_vec());
    let twice = RecordBatch::try_new(Arc::new(twice), abc().columns().to_vec()).unwrap();
    let error = conform(&twice, &schema("a:int")).unwrap_err();
    assert!(error.message().contains("column a of the declared schema stands twice"), "{error}");
    assert!(conform(&twice, &schema("b:int")).is_ok());

    let error = conform(&abc(), &schema("a:[int]")).unwrap_err();
    assert_eq!((error.kind(), error.context("column")), (ErrorKind::SchemaMismatch, Some("a")));

    let big = batch_of(array(Int64Array::from(vec![Some(1), None, Some(300)])));
    let error = conform(&big, &schema("x:byte")).unwrap_err();
    assert_eq!((error.kind(), error.context("column"), error.context("row")), (ErrorKind::ValueInvalid, Some("x"), Some("2")));
    assert!(error.message().contains("300 is out of the range of byte"), "{error}");
}

#[test]
fn wide_batches_conform_in_any_order() {
    let count = 2_000;
    let fields: Vec<ArrowField> = (0..count).map(|i| ArrowField::new(format!("c{i}"), DataType::Int32, true)).collect();
    let columns = (0..count).map(|i| array(Int32Array::from(vec![i]))).collect();
    let batch = RecordBatch::try_new(Arc::new(ArrowSchema::new(fields)), columns).unwrap();
    let to = Schema::new((0..count).rev().map(|i| Field::new(format!("c{i}"), Type::Int32))).unwrap();
    let made = conform(&batch, &to).unwrap();
    let first: &ScalarBuffer<i32> = made.column(0).as_primitive::<Int32Type>().values();
    assert_eq!(first[0], count - 1);
}

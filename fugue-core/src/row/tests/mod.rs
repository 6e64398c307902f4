//! Tests of typed rows: reading, writing, layouts, nulls, nesting.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::*;
use crate::schema::Field;

mod faults;
mod layouts;
mod properties;

fn write<R: Row>(rows: impl IntoIterator<Item = R>) -> RecordBatch {
    write_as(&R::layout().schema(None).unwrap(), rows)
}

fn write_as<R: Row>(schema: &Schema, rows: impl IntoIterator<Item = R>) -> RecordBatch {
    let mut writer = R::writer(schema, 0).unwrap();
    rows.into_iter().for_each(|row| row.write(&mut writer).unwrap());
    R::finish(writer).unwrap()
}

fn read<R: Row>(batch: &RecordBatch) -> Vec<R::Of<'_>> {
    let reader = R::reader(batch).unwrap();
    (0..batch.num_rows()).map(|row| R::read(&reader, row)).collect()
}

#[derive(Row, Clone, Debug, PartialEq)]
struct Reading<'r> {
    sensor: &'r str,
    at: i64,
    value: Option<f64>,
}

#[derive(Row, Clone, Debug, PartialEq)]
struct Owned {
    sensor: String,
    at: i64,
    value: f64,
}

#[test]
fn borrowed_rows_come_back() {
    let name = String::from("a name that is longer than twelve bytes");
    let rows = vec![Reading { sensor: &name, at: 1, value: Some(1.5) }, Reading { sensor: "b", at: -1, value: None }];
    let batch = write(rows.clone());
    assert_eq!(read::<Reading<'_>>(&batch), rows);
    assert_eq!(batch.schema(), Reading::layout().schema(None).unwrap().to_arrow());
}

#[derive(Row, Clone, Debug, PartialEq)]
struct Place<'r> {
    city: Cow<'r, str>,
    #[row(rename = "post code")]
    r#type: Option<u32>,
}

#[derive(Row, Clone, Debug, PartialEq)]
struct Generic<T, const N: u8> {
    one: T,
    many: Vec<Option<T>>,
    price: Decimal<N, 2>,
}

#[derive(Row, Clone, Debug, PartialEq)]
struct Nested<'r> {
    place: Place<'r>,
    perhaps: Option<Place<'r>>,
    all: Vec<Place<'r>>,
    tags: BTreeMap<String, Vec<u8>>,
    #[row(rest)]
    rest: Rest,
}

#[test]
fn nested_rows_come_back() {
    let place = Place { city: "Zürich".into(), r#type: None };
    let rows = vec![
        Nested {
            place: place.clone(),
            perhaps: Some(place.clone()),
            all: vec![place.clone(), place.clone()],
            tags: BTreeMap::from([("k".to_owned(), vec![1, 2]), ("l".to_owned(), vec![])]),
            rest: Rest::default(),
        },
        Nested { place, perhaps: None, all: vec![], tags: BTreeMap::new(), rest: Rest::default() },
    ];
    let batch = write(rows.clone());
    let back = read::<Nested<'_>>(&batch);
    assert_eq!(format!("{back:?}"), format!("{rows:?}"));
    let generic =
        vec![Generic::<_, 9> { one: "x".to_owned(), many: vec![None, Some("y".to_owned())], price: "1.25".parse().unwrap() }];
    assert_eq!(read::<Generic<String, 9>>(&write(generic.clone())), generic);
}

/// The bound of tasks over borrowed rows, as the transform module writes it.
fn call<T, O: Row>(rows: &RecordBatch, f: impl Fn(&[T]) -> Vec<O> + for<'a, 'b> Fn(&'b [T::Of<'a>]) -> Vec<O>) -> Vec<O>
where
    T: Row + 'static,
{
    f(read::<T>(rows).as_slice())
}

#[test]
fn functions_over_borrowed_rows_infer() {
    fn own(readings: &[Reading<'_>]) -> Vec<Owned> {
        readings.iter().map(|r| Owned { sensor: r.sensor.to_owned(), at: r.at, value: r.value.unwrap_or(0.5) }).collect()
    }
    let batch = write([Reading { sensor: "a", at: 1, value: None }]);
    let rows = call(&batch, own);
    assert_eq!(rows, [Owned { sensor: "a".to_owned(), at: 1, value: 0.5 }]);
    assert_eq!(call(&write(rows.clone()), |rows: &[Owned]| rows.to_vec()), rows);
}

#[test]
fn the_rest_comes_back_from_several_batches() {
    #[derive(Row, Clone, Debug, PartialEq)]
    struct Keyed {
        #[row(rest)]
        rest: Rest,
        at: i64,
    }
    let first = write((0..3).map(|at| Owned { sensor: format!("sensor number {at}"), at, value: 0.5 }));
    let second = write([Reading { sensor: "other", at: 7, value: None }]);
    let rows: Vec<Keyed> = [&second, &first].into_iter().flat_map(|batch| read::<Keyed>(batch)).collect();
    assert_eq!(rows[0].rest.names().collect::<Vec<_>>(), ["sensor", "value"]);
    let input = Schema::from_arrow(&first.schema()).unwrap();
    let output = Keyed::layout().schema(Some(&input)).unwrap();
    assert_eq!(output.names().collect::<Vec<_>>(), ["sensor", "value", "at"]);
    let default = Keyed { rest: Rest::default(), at: 9 };
    let batch = write_as(&output, [&rows[3], &rows[0], &default, &rows[1]].map(Clone::clone));
    let lines: Vec<String> = read::<Record>(&batch).iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            r#"{sensor: "sensor number 2", value: 0.5, at: 2}"#,
            r#"{sensor: "other", value: NULL, at: 7}"#,
            "{sensor: NULL, value: NULL, at: 9}",
            r#"{sensor: "sensor number 0", value: 0.5, at: 0}"#
        ]
    );
}

#[test]
fn an_unbroken_rest_is_not_copied() {
    #[derive(Row, Clone, Debug, PartialEq)]
    struct Keyed {
        at: i64,
        #[row(rest)]
        rest: Rest,
    }
    let batch = write((0..9).map(|at| Owned { sensor: "x".to_owned(), at, value: 0.5 }));
    let output = Keyed::layout().schema(Some(&Schema::from_arrow(&batch.schema()).unwrap())).unwrap();
    let back = write_as(&output, read::<Keyed>(&batch).into_iter().skip(2));
    let values = |batch: &RecordBatch| {
        let reader = <f64 as Cell>::reader(batch.column_by_name("value").unwrap().as_ref(), Nulls::Forbid, "value").unwrap();
        <f64 as Cell>::slice(&reader).unwrap().as_ptr_range()
    };
    assert_eq!(back.num_rows(), 7);
    assert_eq!(values(&back), values(&batch.slice(2, 7)));
}

#[test]
fn columns_may_stand_in_any_order_and_be_fewer() {
    let schema = Schema::new([Field::new("value", Type::Float64), Field::new("at", Type::Int64)]).unwrap();
    let batch = write_as(&schema, [Owned { sensor: "x".to_owned(), at: 1, value: 2.0 }]);
    assert_eq!(batch.schema(), schema.to_arrow());
    assert_eq!(read::<Record>(&batch)[0].to_string(), "{value: 2.0, at: 1}");
}

#[test]
fn a_timestamp_takes_the_zone_that_is_declared() {
    #[derive(Row)]
    struct At {
        at: Timestamp,
    }
    let schema = Schema::new([Field::new("at", Type::Timestamp("Europe/Berlin".into()))]).unwrap();
    let batch = write_as(&schema, [At { at: Timestamp::from_timestamp_micros(5).unwrap() }]);
    assert_eq!(batch.schema(), schema.to_arrow());
    assert_eq!(read::<At>(&batch)[0].at.timestamp_micros(), 5);
}

#[test]
fn decimals_print_and_parse() {
    for (text, unscaled, printed) in [
        ("1.5", 150, "1.50"),
        ("-0.07", -7, "-0.07"),
        ("+3", 300, "3.00"),
        (".5", 50, "0.50"),
        ("7.000", 700, "7.00"),
        ("0", 0, "0.00"),
    ] {
        let parsed: Decimal<5, 2> = text.parse().unwrap();
        assert_eq!((parsed.unscaled(), parsed.to_string().as_str()), (unscaled, printed), "{text}");
    }
    for text in ["", ".", "-", "1.234", "1000", "1e3", "1,5", "+-1", "NaN"] {
        assert_eq!(text.parse::<Decimal<5, 2>>().unwrap_err().kind(), crate::ErrorKind::ValueInvalid, "{text}");
    }
    assert_eq!(Decimal::<5, 2>::new(99_999).unwrap().checked_add(Decimal::new(1).unwrap()), None);
    assert_eq!(format!("{:>8}", Decimal::<5, 2>::new(-150).unwrap()), "   -1.50");
    assert!((Decimal::<38, 10>::new(1).unwrap().to_f64() - 1e-10).abs() < 1e-25);
}

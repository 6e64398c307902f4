//! Tests of typed rows: reading, writing, layouts, nulls, nesting.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::*;

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

pub(super) fn write<R: Row>(rows: impl IntoIterator<Item = R>) -> RecordBatch {
    let schema = R::layout().schema(None).unwrap();
    let mut writer = R::writer(&schema, 0).unwrap();
    rows.into_iter().for_each(|row| row.write(&mut writer).unwrap());
    R::finish(writer).unwrap()
}

pub(super) fn read<R: Row>(batch: &RecordBatch) -> Vec<R::Of<'_>> {
    let reader = R::reader(batch).unwrap();
    (0..batch.num_rows()).map(|row| R::read(&reader, row)).collect()
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

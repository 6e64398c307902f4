//! The comparator against what it must call identical and what it must not.

use fugue_core::Field;

use super::*;

fn table(ty: Type, values: &[OwnValue]) -> Table {
    let schema = Schema::new([Field::new("x", ty)]).expect("one column");
    Table::new(schema, values.iter().map(|v| vec![v.clone()]).collect())
}

fn doubles(values: &[f64]) -> Table {
    table(Type::Float64, &values.iter().map(|x| OwnValue::Float(*x)).collect::<Vec<_>>())
}

#[test]
fn order_of_rows_does_not_count_but_their_number_does() {
    let (a, b) = (doubles(&[1.0, 2.0, 2.0]), doubles(&[2.0, 1.0, 2.0]));
    assert!(Compare::exact().tables(&a, &b).is_ok());
    assert!(Compare::exact().ordered().tables(&a, &b).is_err());
    assert!(Compare::exact().tables(&a, &doubles(&[1.0, 2.0, 1.0])).is_err());
    assert!(Compare::exact().tables(&a, &doubles(&[1.0, 2.0])).is_err());
    assert!(Compare::exact().tables(&doubles(&[]), &doubles(&[])).is_ok());
}

#[test]
fn all_nan_are_one_value_and_none_is_null() {
    let odd = f64::from_bits(0xfff8_dead_beef_0001);
    assert!(Compare::exact().tables(&doubles(&[f64::NAN, 0.0]), &doubles(&[-0.0, odd])).is_ok());
    let null = table(Type::Float64, &[OwnValue::Null]);
    assert!(Compare::exact().tables(&doubles(&[f64::NAN]), &null).is_err());
    assert!(Compare::exact().tables(&null, &null.clone()).is_ok());
}

#[test]
fn floats_are_exact_unless_the_mode_says_otherwise() {
    let (a, b) = (doubles(&[1e300, 0.1 + 0.2]), doubles(&[1e300, 0.3]));
    assert!(Compare::exact().tables(&a, &b).is_err());
    assert!(Compare::float_aggregates().tables(&a, &b).is_ok());
    assert!(Compare::float_aggregates().tables(&doubles(&[1.0]), &doubles(&[1.0 + 1e-8])).is_err());
    assert!(Compare::float_aggregates().tables(&doubles(&[f64::INFINITY]), &doubles(&[f64::MAX])).is_err());
    assert!(Compare::float_aggregates().tables(&doubles(&[0.0]), &doubles(&[1e-300])).is_err(), "the tolerance is relative");
    assert!(Compare::float_aggregates().ordered().tables(&a, &b).is_ok());
}

#[test]
fn schema_counts_in_names_types_and_order() {
    let long = table(Type::Int64, &[OwnValue::Int(1)]);
    let int = table(Type::Int32, &[OwnValue::Int(1)]);
    let report = Compare::exact().tables(&long, &int).expect_err("other types").to_string();
    assert!(report.contains("column 0") && report.contains("Int64") && report.contains("Int32"), "{report}");
}

#[test]
fn entries_of_maps_keep_their_order_and_empty_is_not_null() {
    let entry = |k: i128, v: i128| (OwnValue::Int(k), OwnValue::Int(v));
    let ty = Type::Map(Type::Int64.into(), Type::Int64.into());
    let a = table(ty.clone(), &[OwnValue::Map(vec![entry(1, 1), entry(2, 2)])]);
    let b = table(ty.clone(), &[OwnValue::Map(vec![entry(2, 2), entry(1, 1)])]);
    assert!(Compare::exact().tables(&a, &b).is_err());
    let (empty, null) = (table(ty.clone(), &[OwnValue::Map(vec![])]), table(ty, &[OwnValue::Null]));
    assert!(Compare::exact().tables(&empty, &null).is_err());
    let (text, none) = (table(Type::Str, &[OwnValue::text("")]), table(Type::Str, &[OwnValue::Null]));
    assert!(Compare::exact().tables(&text, &none).is_err());
}

#[test]
fn a_report_counts_and_shows_the_first_rows() {
    let report = Compare::exact().tables(&doubles(&[1.0, 1.0, 2.0]), &doubles(&[2.0, 3.0])).expect_err("differs").to_string();
    assert!(report.contains("3 rows were expected and 2 came"), "{report}");
    assert!(report.contains("missing [1.0] × 2"), "{report}");
    assert!(report.contains("extra [3.0]"), "{report}");
    let many: Vec<f64> = (0..100).map(f64::from).collect();
    let report = Compare::exact().tables(&doubles(&many), &doubles(&[])).expect_err("differs").to_string();
    assert!(report.contains("… and more") && report.lines().count() < 15, "{report}");
}

#[test]
fn another_layout_of_the_same_values_is_reported() {
    use fugue_core::arrow::array::{ArrayRef, StringArray};
    use std::sync::Arc;
    let schema = Schema::new([Field::new("x", Type::Str)]).expect("one column");
    let array: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
    let batch = RecordBatch::try_from_iter([("x", array)]).expect("a batch");
    let canonical = table(Type::Str, &[OwnValue::text("a")]).to_batch().expect("a batch");
    let report = Compare::exact().batches(&schema, &[canonical], &[batch]).expect_err("layout").to_string();
    assert!(report.contains("layout is Utf8"), "{report}");
}

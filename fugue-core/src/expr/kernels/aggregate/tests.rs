//! Aggregates against the contract's examples and against a reference.

use std::sync::Arc;

use arrow::array::{AsArray, Decimal128Array, Float64Array, Int64Array, ListArray, StringViewArray, UInt64Array};
use arrow::datatypes::{Field, Float64Type, Int64Type, Schema};
use proptest::prelude::*;

use super::reference::{self, Cell, FUNCTIONS, batch, call, cells, nearly, orders, sort, types};
use super::*;
use crate::expr::Typed;

fn one(array: ArrayRef) -> RecordBatch {
    let field = Field::new("a", array.data_type().clone(), true);
    RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![array]).unwrap()
}

/// The aggregate of all rows of a column.
fn of_all(function: AggregateFunction, array: impl arrow::array::Array + 'static) -> Result<Cell> {
    let batch = one(Arc::new(array));
    let of = Type::from_arrow(batch.column(0).data_type())?;
    let call = call(function, &of).unwrap();
    Ok(cells(&aggregate(&call, &batch, &[0, batch.num_rows()])?).remove(0))
}

#[track_caller]
fn assert_same(got: Cell, expected: Cell) {
    assert!(got.same(&expected, false), "{got:?} is not {expected:?}");
}

fn check(call: &TypedAggregate, of: &Type, batch: &RecordBatch, offsets: &[usize]) -> Result<(), TestCaseError> {
    let columns: Vec<Vec<Cell>> = batch.columns().iter().map(cells).collect();
    let expected: Option<Vec<Cell>> =
        offsets.windows(2).map(|w| reference::aggregate(call, of, &columns, &(w[0]..w[1]).collect::<Vec<_>>())).collect();
    match (aggregate(call, batch, offsets), expected) {
        (Ok(got), Some(expected)) => {
            prop_assert_eq!(got.data_type(), &call.ty.to_arrow());
            let got = cells(&got);
            prop_assert_eq!(got.len(), expected.len());
            for (group, (got, expected)) in got.iter().zip(&expected).enumerate() {
                prop_assert!(
                    expected.same(got, nearly(call.function)),
                    "{:?} of {} in group {}: {:?}, not {:?}",
                    call,
                    of,
                    group,
                    got,
                    expected
                );
            }
        }
        (Err(e), None) => prop_assert_eq!(e.kind(), ErrorKind::ValueInvalid),
        (got, expected) => prop_assert!(false, "{:?} of {}: {:?}, not {:?}", call, of, got, expected),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_function_of_every_type_answers_as_the_reference(
        rows in prop::collection::vec(any::<[u8; 5]>(), 0..70),
        lengths in prop::collection::vec(prop_oneof![4 => 0_usize..4, 1 => 4_usize..40], 0..20),
        skipped in 0_usize..3,
    ) {
        let mut offsets = vec![skipped.min(rows.len())];
        for length in lengths {
            offsets.push((offsets[offsets.len() - 1] + length).min(rows.len()));
        }
        let orders = orders();
        for of in types() {
            let batch = batch(&of, &rows);
            for call in FUNCTIONS.iter().filter_map(|f| call(*f, &of)) {
                let ordered = matches!(
                    call.function,
                    AggregateFunction::First | AggregateFunction::Last | AggregateFunction::CollectList
                );
                for filter in [None, Some(Typed::column(4, Type::Bool))] {
                    let call = TypedAggregate { filter, ..call.clone() };
                    if ordered {
                        for order in &orders {
                            check(&TypedAggregate { order: order.clone(), ..call.clone() }, &of, &batch, &offsets)?;
                        }
                    } else {
                        check(&call, &of, &batch, &offsets)?;
                        check(&TypedAggregate { distinct: true, ..call.clone() }, &of, &batch, &offsets)?;
                    }
                    if call.function == AggregateFunction::Count {
                        check(&TypedAggregate { arg: None, ..call }, &of, &batch, &offsets)?;
                    }
                }
            }
        }
    }

    #[test]
    fn a_fold_of_batches_answers_as_all_rows_at_once(
        rows in prop::collection::vec(any::<[u8; 5]>(), 0..70),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
    ) {
        for of in types() {
            let whole = batch(&of, &rows);
            let mut ends: Vec<usize> = cuts.iter().map(|c| c.index(rows.len() + 1)).chain([0, rows.len()]).collect();
            ends.sort_unstable();
            for call in FUNCTIONS.iter().filter_map(|f| call(*f, &of)) {
                let filtered = TypedAggregate { filter: Some(Typed::column(4, Type::Bool)), ..call.clone() };
                let calls = [call, filtered];
                let Some(mut fold) = Fold::new(&calls) else { continue };
                for cut in ends.windows(2) {
                    fold.push(&whole.slice(cut[0], cut[1] - cut[0])).unwrap();
                }
                let expected = calls.iter().map(|c| aggregate(c, &whole, &[0, rows.len()])).collect::<Result<Vec<_>>>();
                match (fold.finish(), expected) {
                    (Ok(got), Ok(expected)) => {
                        for (call, (got, expected)) in calls.iter().zip(got.iter().zip(&expected)) {
                            prop_assert_eq!(got.data_type(), expected.data_type());
                            let (got, expected) = (cells(got), cells(expected));
                            prop_assert_eq!(got.len(), 1);
                            prop_assert!(expected[0].same(&got[0], nearly(call.function)), "{:?}: {:?}, not {:?}", call, got, expected);
                        }
                    }
                    (Err(got), Err(expected)) => prop_assert_eq!(got.kind(), expected.kind()),
                    (got, expected) => prop_assert!(false, "{:?}, not {:?}", got, expected),
                }
            }
        }
    }
}

#[test]
fn what_has_to_see_all_rows_does_not_fold() {
    let folds = |call: TypedAggregate| Fold::new(&[call]).is_some();
    let of = |function| call(function, &Type::Int64).unwrap();
    assert!(folds(of(AggregateFunction::Variance)) && folds(of(AggregateFunction::Min)));
    assert!(!folds(of(AggregateFunction::Quantile(0.5))));
    assert!(!folds(of(AggregateFunction::First)));
    assert!(!folds(of(AggregateFunction::CollectList)));
    assert!(!folds(TypedAggregate { distinct: true, ..of(AggregateFunction::Count) }));
}

#[test]
fn nothing_is_zero_for_counts_an_empty_list_for_lists_and_else_null() {
    for function in FUNCTIONS {
        let expected = match function {
            AggregateFunction::Count => Cell::Whole(0),
            AggregateFunction::CollectList => Cell::List(vec![]),
            _ => Cell::Null,
        };
        assert_same(of_all(function, Int64Array::from(Vec::<i64>::new())).unwrap(), expected.clone());
        if let Some(fold) = Fold::new(&[call(function, &Type::Int64).unwrap()]) {
            assert_same(cells(&fold.finish().unwrap()[0]).remove(0), expected);
        }
    }
    // Only nulls are nothing, too.
    assert_same(of_all(AggregateFunction::Sum, Int64Array::from(vec![None, None])).unwrap(), Cell::Null);
    let none = aggregate(&call(AggregateFunction::Sum, &Type::Int64).unwrap(), &one(Arc::new(Int64Array::from(vec![1]))), &[]);
    assert_eq!(none.unwrap().len(), 0);
}

#[test]
fn integer_sums_wrap_and_checked_ones_name_the_group() {
    let values = vec![5, i64::MAX, 1, 7];
    assert_same(
        of_all(AggregateFunction::Sum, Int64Array::from(values.clone())).unwrap(),
        Cell::Whole(i128::from(i64::MIN) + 12),
    );
    assert_same(of_all(AggregateFunction::Sum, UInt64Array::from(vec![u64::MAX, 2])).unwrap(), Cell::Whole(1));
    let checked = call(AggregateFunction::CheckedSum, &Type::Int64).unwrap();
    let error = aggregate(&checked, &one(Arc::new(Int64Array::from(values))), &[0, 1, 3, 4]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ValueInvalid);
    assert!(error.to_string().contains("row 1 "), "{error}");
    // What overflows on the way only is no error, whatever the order of rows.
    assert_same(
        of_all(AggregateFunction::CheckedSum, Int64Array::from(vec![i64::MAX, 1, -1])).unwrap(),
        Cell::Whole(i64::MAX.into()),
    );
}

#[test]
fn decimals_are_exact_cut_and_bounded() {
    let decimals = |values: Vec<i128>, p, s| Decimal128Array::from(values).with_precision_and_scale(p, s).unwrap();
    assert_same(of_all(AggregateFunction::Avg, decimals(vec![100, 100, 0], 5, 2)).unwrap(), Cell::Whole(666_666));
    assert_same(of_all(AggregateFunction::Avg, decimals(vec![-100, -100, 0], 5, 2)).unwrap(), Cell::Whole(-666_666));
    let most = 10_i128.pow(38) - 1;
    assert_same(of_all(AggregateFunction::Sum, decimals(vec![most, most, -most], 38, 0)).unwrap(), Cell::Whole(most));
    assert_same(of_all(AggregateFunction::Sum, decimals(vec![-most, 1, most, -2], 38, 0)).unwrap(), Cell::Whole(-1));
    for (function, values) in [(AggregateFunction::Sum, vec![most, 1]), (AggregateFunction::Avg, vec![most])] {
        let error = of_all(function, decimals(values, 38, 2)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ValueInvalid);
        assert!(error.to_string().contains("38"), "{error}");
    }
}

#[test]
fn extremes_know_nan_as_the_greatest() {
    let floats = |values: &[f64]| Float64Array::from(values.to_vec());
    assert_same(of_all(AggregateFunction::Max, floats(&[f64::NAN, 9.0])).unwrap(), Cell::Float(f64::NAN));
    assert_same(of_all(AggregateFunction::Min, floats(&[f64::NAN, 9.0])).unwrap(), Cell::Float(9.0));
    assert_same(of_all(AggregateFunction::Min, floats(&[f64::NAN, f64::NAN])).unwrap(), Cell::Float(f64::NAN));
    assert_same(of_all(AggregateFunction::Max, StringViewArray::from(vec!["Z", "a", "ä"])).unwrap(), Cell::Bytes("ä".into()));
}

#[test]
fn sums_and_variances_of_floats_keep_their_digits() {
    let floats = |values: &[f64]| Float64Array::from(values.to_vec());
    assert_same(of_all(AggregateFunction::Sum, floats(&[1.0, 1e100, 1.0, -1e100])).unwrap(), Cell::Float(2.0));
    assert_same(of_all(AggregateFunction::Sum, floats(&[f64::INFINITY, 1.0])).unwrap(), Cell::Float(f64::INFINITY));
    assert_same(of_all(AggregateFunction::VariancePopulation, floats(&[0.1; 7])).unwrap(), Cell::Float(0.0));
    assert_same(of_all(AggregateFunction::VariancePopulation, floats(&[3.7])).unwrap(), Cell::Float(0.0));
    assert_same(of_all(AggregateFunction::Variance, floats(&[3.7])).unwrap(), Cell::Null);
    // Far from zero and close together.
    let Cell::Float(variance) =
        of_all(AggregateFunction::Variance, floats(&[1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0])).unwrap()
    else {
        panic!()
    };
    assert!((variance - 30.0).abs() < 1e-9, "{variance}");
}

#[test]
fn quantiles_interpolate_between_neighbours() {
    let floats = |values: &[f64]| Float64Array::from(values.to_vec());
    let quantile = AggregateFunction::Quantile;
    assert_same(of_all(quantile(0.5), Int64Array::from(vec![Some(4), None, Some(1)])).unwrap(), Cell::Float(2.5));
    assert_same(of_all(quantile(0.9), floats(&[4.0, 1.0, 3.0, 2.0, 5.0])).unwrap(), Cell::Float(4.6));
    assert_same(of_all(quantile(0.5), floats(&[f64::NAN, 1.0, 2.0])).unwrap(), Cell::Float(2.0));
    assert_same(of_all(quantile(1.0), floats(&[f64::NAN, 1.0, 2.0])).unwrap(), Cell::Float(f64::NAN));
    assert_same(of_all(quantile(0.5), floats(&[f64::INFINITY; 2])).unwrap(), Cell::Float(f64::INFINITY));
}

#[test]
fn lists_keep_nulls_and_the_order() {
    let batch = batch(&Type::Int64, &[[1, 3, 1, 1, 1], [5, 1, 1, 1, 1], [3, 2, 1, 1, 1]]);
    let order = vec![sort(1, true, false)];
    let call = TypedAggregate { order, ..call(AggregateFunction::CollectList, &Type::Int64).unwrap() };
    let lists = aggregate(&call, &batch, &[0, 0, 3]).unwrap();
    let lists: &ListArray = lists.as_list();
    assert_eq!(lists.value(0).len(), 0);
    // Keys 3, 1 and -2 (of the numbers 3, 1 and 2).
    assert_eq!(lists.value(1).as_primitive::<Int64Type>(), &Int64Array::from(vec![Some(1), None, Some(3)]));
}

#[test]
fn nested_values_are_counted_by_the_one_equality() {
    let lists = [vec![Some(0.0), None], vec![Some(-0.0), None], vec![Some(f64::NAN)], vec![Some(-f64::NAN)], vec![]];
    let lists = lists.map(Some).into_iter().chain([None]);
    let lists = ListArray::from_iter_primitive::<Float64Type, _, _>(lists.chain((0..10).map(|_| Some(vec![Some(0.0), None]))));
    let of = Type::list(Type::Float64);
    let distinct = TypedAggregate { distinct: true, ..call(AggregateFunction::Count, &of).unwrap() };
    let counts = aggregate(&distinct, &one(Arc::new(lists)), &[0, 6, 16, 16]).unwrap();
    assert_eq!(counts.as_primitive::<Int64Type>().values()[..], [3, 1, 0]);
}

#[test]
fn long_and_many_groups_are_all_answered() {
    let rows = 300_000;
    let values: Vec<f64> = (0..rows).map(|i| f64::from(i % 1000) + 0.1).collect();
    let batch = one(Arc::new(Float64Array::from(values.clone())));
    let sum = call(AggregateFunction::Sum, &Type::Float64).unwrap();
    let tiny: Vec<usize> = (0..=rows as usize).collect();
    let each = aggregate(&sum, &batch, &tiny).unwrap();
    assert_eq!(each.as_primitive::<Float64Type>().values()[..], values[..]);
    let distinct = TypedAggregate { distinct: true, ..call(AggregateFunction::Count, &Type::Float64).unwrap() };
    let counts = aggregate(&distinct, &batch, &[0, 100_000, 100_001, 100_020, 300_000]).unwrap();
    assert_eq!(counts.as_primitive::<Int64Type>().values()[..], [1000, 1, 19, 1000]);
    let parts: Vec<_> = (0..3).map(|i| batch.slice(i * 100_000, 100_000)).collect();
    let mut fold = Fold::new(&[sum]).unwrap();
    parts.iter().for_each(|part| fold.push(part).unwrap());
    let total = fold.finish().unwrap();
    assert!((total[0].as_primitive::<Float64Type>().value(0) - 149_880_000.0).abs() < 1e-6);
}

#[test]
fn offsets_outside_of_the_rows_are_refused() {
    let batch = one(Arc::new(Int64Array::from(vec![1, 2])));
    let count = call(AggregateFunction::Count, &Type::Int64).unwrap();
    assert_eq!(aggregate(&count, &batch, &[0, 3]).unwrap_err().kind(), ErrorKind::Unexpected);
    assert_eq!(aggregate(&count, &batch, &[1, 0]).unwrap_err().kind(), ErrorKind::Unexpected);
}

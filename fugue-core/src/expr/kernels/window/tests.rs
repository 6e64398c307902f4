//! Window functions against a reference, a row at a time.

use arrow::array::AsArray;
use arrow::datatypes::{Field, Float64Type, Int64Type, Schema};
use proptest::prelude::*;

use super::super::aggregate::reference::{self, Cell, FUNCTIONS, batch, cells, compare, nearly, orders, types};
use super::*;
use crate::expr::{AggregateFunction, Frame, Typed, TypedAggregate};
use crate::schema::Type;

fn call(function: WindowFunction, of: &Type, ty: Type) -> TypedWindow {
    let arg = Some(Typed::column(0, of.clone()));
    TypedWindow { function, arg, default: None, keys: vec![], order: vec![], frame: Frame::ALL, ty }
}

fn frames() -> Vec<Frame> {
    let rows = |start, end| Frame::Rows { start, end };
    vec![
        Frame::ALL,
        Frame::ToPeers,
        rows(None, Some(0)),
        rows(Some(0), None),
        rows(Some(-2), Some(0)),
        rows(Some(-1), Some(1)),
        rows(Some(2), Some(3)),
        rows(Some(-3), Some(-2)),
        rows(Some(1), Some(-1)),
        rows(None, Some(-1)),
        rows(Some(-7), Some(5)),
        rows(Some(i64::MIN), Some(i64::MAX)),
        rows(Some(i64::MAX), None),
    ]
}

/// The rows of the frame of a row, each asked by itself.
fn in_frame(call: &TypedWindow, columns: &[Vec<Cell>], partition: &Range<usize>, row: usize) -> Vec<usize> {
    match call.frame {
        Frame::Rows { start, end } => partition
            .clone()
            .filter(|other| {
                let distance = *other as i128 - row as i128;
                start.is_none_or(|s| distance >= s.into()) && end.is_none_or(|e| distance <= e.into())
            })
            .collect(),
        Frame::ToPeers => {
            let peers = |a: usize, b: usize| (a + 1..=b).all(|row| compare(columns, &call.order, row - 1, row).is_eq());
            partition.clone().filter(|other| *other <= row || peers(row, *other)).collect()
        }
    }
}

fn expected(call: &TypedWindow, of: &Type, columns: &[Vec<Cell>], partition: &Range<usize>, row: usize) -> Option<Cell> {
    let before = || (partition.start + 1..=row).filter(|row| compare(columns, &call.order, row - 1, *row).is_ne());
    let at = |place: Option<usize>| match place.filter(|place| partition.contains(place)) {
        Some(place) => columns[0][place].clone(),
        None => call.default.as_ref().map_or(Cell::Null, |default| cells(default).remove(0)),
    };
    let whole = |n: usize| Some(Cell::Whole(n as i128));
    match call.function {
        WindowFunction::RowNumber => whole(row - partition.start + 1),
        WindowFunction::Rank => whole(before().next_back().unwrap_or(partition.start) - partition.start + 1),
        WindowFunction::DenseRank => whole(before().count() + 1),
        WindowFunction::Lag(by) => Some(at(row.checked_sub(by as usize))),
        WindowFunction::Lead(by) => Some(at(row.checked_add(by as usize))),
        WindowFunction::Aggregate(function) => {
            let aggregate = TypedAggregate {
                function,
                arg: call.arg.clone(),
                distinct: false,
                filter: None,
                order: vec![],
                ty: call.ty.clone(),
            };
            reference::aggregate(&aggregate, of, columns, &in_frame(call, columns, partition, row))
        }
    }
}

fn check(call: &TypedWindow, of: &Type, batch: &RecordBatch, offsets: &[usize]) -> Result<(), TestCaseError> {
    let columns: Vec<Vec<Cell>> = batch.columns().iter().map(cells).collect();
    let expected: Option<Vec<Cell>> =
        offsets.windows(2).flat_map(|w| (w[0]..w[1]).map(|row| expected(call, of, &columns, &(w[0]..w[1]), row))).collect();
    let nearly = matches!(call.function, WindowFunction::Aggregate(function) if nearly(function));
    match (window(call, batch, offsets), expected) {
        (Ok(got), Some(expected)) => {
            prop_assert_eq!(got.data_type(), &call.ty.to_arrow());
            let got = cells(&got);
            prop_assert_eq!(got.len(), expected.len());
            for (row, (got, expected)) in got.iter().zip(&expected).enumerate() {
                prop_assert!(expected.same(got, nearly), "{:?} of {} at row {}: {:?}, not {:?}", call, of, row, got, expected);
            }
        }
        (Err(e), None) => prop_assert_eq!(e.kind(), ErrorKind::ValueInvalid),
        (got, expected) => prop_assert!(false, "{:?} of {}: {:?}, not {:?}", call, of, got, expected),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn every_function_and_frame_of_every_type_answers_as_the_reference(
        rows in prop::collection::vec(any::<[u8; 5]>(), 0..40),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        sorted in any::<bool>(),
    ) {
        let mut offsets: Vec<usize> = cuts.iter().map(|c| c.index(rows.len() + 1)).chain([0, rows.len()]).collect();
        offsets.sort_unstable();
        let mut rows = rows;
        if sorted {
            // Peers in plenty.
            rows.iter_mut().for_each(|row| row[1] %= 7);
            rows.sort_by_key(|row| row[1]);
        }
        for of in types() {
            let batch = batch(&of, &rows);
            let places = [WindowFunction::RowNumber, WindowFunction::Rank, WindowFunction::DenseRank];
            for order in orders() {
                for function in places {
                    let call = TypedWindow { arg: None, order: order.clone(), ..call(function, &of, Type::Int64) };
                    check(&call, &of, &batch, &offsets)?;
                }
            }
            for by in [0, 1, 3, 1000, u64::MAX] {
                for function in [WindowFunction::Lag(by), WindowFunction::Lead(by)] {
                    let call = call(function, &of, of.clone());
                    check(&call, &of, &batch, &offsets)?;
                    let default = Some(reference::column(&of, &[reference::cell(&of, 3)]));
                    check(&TypedWindow { default, ..call }, &of, &batch, &offsets)?;
                }
            }
            for frame in frames() {
                for function in FUNCTIONS {
                    let Some(ty) = reference::result_type(function, &of) else { continue };
                    let order = orders().remove(1);
                    let call = TypedWindow { frame, order, ..call(WindowFunction::Aggregate(function), &of, ty) };
                    check(&call, &of, &batch, &offsets)?;
                    if function == AggregateFunction::Count {
                        check(&TypedWindow { arg: None, ..call }, &of, &batch, &offsets)?;
                    }
                }
            }
        }
    }
}

fn long(values: Vec<f64>) -> RecordBatch {
    let array: ArrayRef = Arc::new(arrow::array::Float64Array::from(values));
    RecordBatch::try_new(Arc::new(Schema::new(vec![Field::new("a", array.data_type().clone(), true)])), vec![array]).unwrap()
}

fn doubles(function: AggregateFunction, start: Option<i64>, end: Option<i64>, values: Vec<f64>) -> Vec<f64> {
    let call = TypedWindow {
        frame: Frame::Rows { start, end },
        ..call(WindowFunction::Aggregate(function), &Type::Float64, Type::Float64)
    };
    let rows = values.len();
    window(&call, &long(values), &[0, rows]).unwrap().as_primitive::<Float64Type>().values().to_vec()
}

#[test]
fn what_left_a_sliding_frame_leaves_nothing_behind() {
    let mut values = vec![0.1; 1000];
    values[10] = 1e300;
    values[20] = f64::NAN;
    values[30] = f64::INFINITY;
    let sums = doubles(AggregateFunction::Sum, Some(-2), Some(0), values);
    assert!(sums[33..].iter().all(|s| (s - 0.3).abs() < 1e-12));
    assert!((sums[14] - 0.3).abs() < 1e-12 && sums[22].is_nan() && sums[32].is_infinite());
}

/// Quadratic work would take minutes.
#[test]
fn long_partitions_take_linear_time() {
    let rows = 200_000_usize;
    let values: Vec<f64> = (0..rows).map(|i| i as f64).collect();
    let last = (rows - 1) as f64;
    for (start, end) in [(None, Some(0)), (Some(0), None), (Some(-50_000), Some(50_000)), (None, None)] {
        let greatest = doubles(AggregateFunction::Max, start, end, values.clone());
        assert_eq!(greatest[rows - 1], last);
        let sums = doubles(AggregateFunction::Sum, start, end, values.clone());
        let middle = rows / 2;
        let from = start.map_or(0.0, |s| middle as f64 + s as f64);
        let to = end.map_or(last, |e| middle as f64 + e as f64);
        assert!((sums[middle] / ((from + to) / 2.0 * (to - from + 1.0)) - 1.0).abs() < 1e-12);
    }
    assert_eq!(doubles(AggregateFunction::Quantile(0.5), None, None, values.clone())[7], last / 2.0);
    let number = TypedWindow { arg: None, ..call(WindowFunction::RowNumber, &Type::Float64, Type::Int64) };
    let numbers = window(&number, &long(values), &[0, 1, rows]).unwrap();
    assert_eq!(numbers.as_primitive::<Int64Type>().value(1), 1);
}

#[test]
fn rows_outside_of_all_partitions_are_refused() {
    let number = TypedWindow { arg: None, ..call(WindowFunction::RowNumber, &Type::Float64, Type::Int64) };
    for offsets in [&[1, 2][..], &[0, 1], &[]] {
        assert_eq!(window(&number, &long(vec![1.0, 2.0]), offsets).unwrap_err().kind(), ErrorKind::Unexpected);
    }
}

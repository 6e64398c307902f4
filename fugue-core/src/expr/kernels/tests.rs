//! The kernels against a reference that goes row by row, over columns and constants on either side, slices, nulls and no rows.

mod cases;
mod logic;
mod numbers;
mod pins;

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, BooleanArray, PrimitiveArray, RecordBatch, RecordBatchOptions, StringViewArray,
};
use arrow::compute::concat;
use arrow::datatypes::{Field, Schema};
use proptest::prelude::*;

use super::evaluate;
use crate::ErrorKind;
use crate::cast::{cast_array, format_value};
use crate::expr::{Function, Typed, TypedNode};
use crate::schema::Type;

/// What a row should be: its text, none for null, an error where the row is at fault.
type Want = Result<Option<String>, ()>;

fn ty(text: &str) -> Type {
    text.parse().unwrap()
}

fn array(array: impl Array + 'static) -> ArrayRef {
    Arc::new(array)
}

fn primitives<T: ArrowPrimitiveType>(values: &[Option<T::Native>]) -> ArrayRef {
    array(values.iter().copied().collect::<PrimitiveArray<T>>())
}

/// A column from texts; `NULL` is null.
fn column(texts: &str, to: &str) -> ArrayRef {
    let texts: StringViewArray = texts.split('|').map(|text| (text != "NULL").then_some(text)).collect();
    cast_array(&array(texts), &ty(to)).unwrap()
}

fn literal(text: &str, to: &str) -> Typed {
    of(&column(text, to))
}

/// The constant of an array of one row.
fn of(value: &ArrayRef) -> Typed {
    Typed { node: TypedNode::Literal(Arc::clone(value)), ty: Type::from_arrow(value.data_type()).unwrap() }
}

fn col(position: usize, to: &str) -> Typed {
    Typed::column(position, ty(to))
}

fn call(function: Function, to: &str, args: impl IntoIterator<Item = Typed>) -> Typed {
    Typed { node: TypedNode::Call { function, args: args.into_iter().collect() }, ty: ty(to) }
}

fn batch(columns: &[ArrayRef], rows: usize) -> RecordBatch {
    let fields: Vec<Field> =
        columns.iter().enumerate().map(|(i, c)| Field::new(i.to_string(), c.data_type().clone(), true)).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns.to_vec(), &options).unwrap()
}

fn texts(array: &ArrayRef) -> Vec<Option<String>> {
    (0..array.len()).map(|row| array.is_valid(row).then(|| format_value(array, row))).collect()
}

/// Evaluates over columns of texts.
fn shown(expr: &Typed, columns: &[ArrayRef]) -> crate::Result<String> {
    let rows = columns.first().map_or(1, |c| c.len());
    let made = evaluate(expr, &batch(columns, rows))?;
    assert_eq!(*made.data_type(), expr.ty.to_arrow());
    assert_eq!(made.len(), rows);
    Ok(texts(&made).into_iter().map(|text| text.unwrap_or("NULL".to_owned())).collect::<Vec<_>>().join("|"))
}

/// Evaluates over columns as they are, as a slice of longer ones, and without rows.
fn judge(expr: &Typed, columns: &[ArrayRef], rows: usize, want: &[Want]) {
    let longer = |column: &ArrayRef| concat(&[column, column, column]).unwrap().slice(rows, rows);
    let sliced: Vec<ArrayRef> = columns.iter().map(longer).collect();
    for columns in [columns, &sliced] {
        let got = evaluate(expr, &batch(columns, rows));
        match want.iter().position(Result::is_err) {
            Some(row) => {
                let error = got.expect_err("a row is at fault");
                assert_eq!(error.kind(), ErrorKind::ValueInvalid, "{error:?}");
                assert_eq!(error.context("row"), Some(row.to_string().as_str()), "{error:?}");
            }
            None => {
                let got = got.unwrap();
                assert_eq!(*got.data_type(), expr.ty.to_arrow());
                let want: Vec<Option<String>> = want.iter().map(|w| w.clone().unwrap()).collect();
                assert_eq!(texts(&got), want, "{expr:?} over {columns:?}");
            }
        }
    }
    let none: Vec<ArrayRef> = columns.iter().map(|c| c.slice(0, 0)).collect();
    assert_eq!(*evaluate(expr, &batch(&none, 0)).unwrap().to_data().data_type(), expr.ty.to_arrow());
}

/// A function of two arguments, each a column or a constant, against what rows `i` and `j` of the columns should give.
fn judge_pair(function: Function, to: &Type, left: &ArrayRef, right: &ArrayRef, want: impl Fn(usize, usize) -> Want) {
    let rows = left.len();
    let typed = |array: &ArrayRef, position| Typed::column(position, Type::from_arrow(array.data_type()).unwrap());
    let expr = |l, r| Typed { node: TypedNode::Call { function, args: vec![l, r] }, ty: to.clone() };
    let columns = [Arc::clone(left), Arc::clone(right)];
    let each = |want: &dyn Fn(usize) -> Want| (0..rows).map(want).collect::<Vec<_>>();
    judge(&expr(typed(left, 0), typed(right, 1)), &columns, rows, &each(&|row| want(row, row)));
    for k in [0, rows.saturating_sub(1)].into_iter().filter(|k| *k < rows) {
        let (l, r) = (of(&left.slice(k, 1)), of(&right.slice(k, 1)));
        judge(&expr(l.clone(), typed(right, 1)), &columns, rows, &each(&|row| want(k, row)));
        judge(&expr(typed(left, 0), r.clone()), &columns, rows, &each(&|row| want(row, k)));
        judge(&expr(l, r), &columns, rows, &each(&|_| want(k, k)));
    }
}

/// Doubles of all kinds, several NaN among them.
fn doubles() -> impl Strategy<Value = Option<f64>> {
    let negative_nan = f64::from_bits(0xfff8_0000_0000_0001);
    let special = prop::sample::select(vec![
        f64::NAN,
        negative_nan,
        0.0,
        -0.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN_POSITIVE,
        1.0,
        1.5,
        -2.0,
    ]);
    prop::option::weighted(0.8, prop_oneof![special, any::<f64>(), (-3_i8..3).prop_map(f64::from)])
}

/// Small and extreme integers.
fn longs() -> impl Strategy<Value = Option<i64>> {
    let special = prop::sample::select(vec![0, 1, -1, i64::MIN, i64::MAX, 127, -128, 255]);
    prop::option::weighted(0.8, prop_oneof![special, any::<i64>(), -4_i64..4])
}

/// Two columns of the same length.
fn pairs<T: std::fmt::Debug + 'static>(
    values: impl Strategy<Value = Option<T>> + 'static,
) -> impl Strategy<Value = Vec<(Option<T>, Option<T>)>> {
    let value = values.boxed();
    prop::collection::vec((value.clone(), value), 0..150)
}

/// The order of the contract, of one key for all NaN.
fn order(a: f64, b: f64) -> std::cmp::Ordering {
    let key = |v: f64| {
        if v.is_nan() {
            f64::NAN
        } else if v == 0.0 {
            0.0
        } else {
            v
        }
    };
    key(a).total_cmp(&key(b))
}

fn bool_column(values: &[Option<bool>]) -> ArrayRef {
    array(values.iter().copied().collect::<BooleanArray>())
}

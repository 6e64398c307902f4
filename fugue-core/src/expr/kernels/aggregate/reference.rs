//! Aggregates once more, a row at a time and as plainly as can be, for tests to compare with; and columns to try them on.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryViewArray, BooleanArray, Decimal128Array, Float64Array, Int64Array, StringViewArray,
    UInt64Array,
};
use arrow::compute::{cast, nullif};
use arrow::datatypes::{DataType, Decimal128Type, Field, Float64Type, Int64Type, Schema, UInt64Type, i256};
use arrow::record_batch::RecordBatch;

use crate::expr::{AggregateFunction, Typed, TypedAggregate, TypedSort};
use crate::schema::Type;

/// A value: integers also stand for bools, days, times and the digits of decimals, bytes also for text.
#[derive(Clone, Debug)]
pub(in crate::expr::kernels) enum Cell {
    Null,
    Whole(i128),
    Float(f64),
    Bytes(Vec<u8>),
    List(Vec<Self>),
}

impl Cell {
    pub(in crate::expr::kernels) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The order of the contract, among values that are not null.
    pub(in crate::expr::kernels) fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) => a.cmp(b),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan())),
            (Self::Bytes(a), Self::Bytes(b)) => a.cmp(b),
            (a, b) => panic!("{a:?} beside {b:?}"),
        }
    }

    /// The same value: floats by the one equality, or nearly.
    pub(in crate::expr::kernels) fn same(&self, other: &Self, nearly: bool) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Float(a), Self::Float(b)) => {
                a == b || (a.is_nan() && b.is_nan()) || (nearly && (a - b).abs() <= 1e-9 * a.abs().max(1.0))
            }
            (Self::List(a), Self::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b, false)),
            (Self::Null | Self::List(_), _) | (_, Self::Null | Self::List(_)) => false,
            (a, b) => a.order(b).is_eq(),
        }
    }

    fn double(&self, ty: &Type) -> f64 {
        match (self, ty) {
            (Self::Whole(v), Type::Decimal(_, scale)) => format!("{v}e-{scale}").parse().unwrap(),
            (Self::Whole(v), _) => *v as f64,
            (Self::Float(v), _) => *v,
            other => panic!("{other:?} is no number"),
        }
    }
}

pub(in crate::expr::kernels) const FUNCTIONS: [AggregateFunction; 15] = [
    AggregateFunction::Count,
    AggregateFunction::Sum,
    AggregateFunction::CheckedSum,
    AggregateFunction::Avg,
    AggregateFunction::Min,
    AggregateFunction::Max,
    AggregateFunction::First,
    AggregateFunction::Last,
    AggregateFunction::Stddev,
    AggregateFunction::StddevPopulation,
    AggregateFunction::Variance,
    AggregateFunction::VariancePopulation,
    AggregateFunction::Quantile(0.5),
    AggregateFunction::Quantile(0.9),
    AggregateFunction::CollectList,
];

/// The type of the result, where there is such an aggregate of a type.
pub(in crate::expr::kernels) fn result_type(function: AggregateFunction, of: &Type) -> Option<Type> {
    use AggregateFunction::*;
    let number = of.is_integer() || of.is_float() || matches!(of, Type::Decimal(_, _));
    match (function, of) {
        (Count, _) => Some(Type::Int64),
        (Min | Max | First | Last, _) => Some(of.clone()),
        (CollectList, _) => Some(Type::list(of.clone())),
        (_, _) if !number => None,
        (Sum | CheckedSum, Type::Decimal(_, scale)) => Some(Type::Decimal(38, *scale)),
        (Avg, Type::Decimal(precision, scale)) => Some(Type::Decimal(38.min(precision + 4), 38.min(scale + 4))),
        (Sum | CheckedSum, Type::UInt8 | Type::UInt16 | Type::UInt32 | Type::UInt64) => Some(Type::UInt64),
        (Sum | CheckedSum, of) if of.is_integer() => Some(Type::Int64),
        _ => Some(Type::Float64),
    }
}

pub(in crate::expr::kernels) fn types() -> Vec<Type> {
    let text = "bool,byte,short,int,long,ubyte,ushort,uint,ulong,float,double,str,bytes,date,time,datetime";
    let schema: Vec<String> = text.split(',').enumerate().map(|(i, ty)| format!("c{i}:{ty}")).collect();
    let schema = crate::Schema::parse(&schema.join(",")).unwrap();
    let more = [Type::timestamp("Europe/Berlin").unwrap(), Type::Decimal(10, 2), Type::Decimal(38, 3), Type::Decimal(38, 38)];
    schema.fields().iter().map(|f| f.ty().clone()).chain(more).collect()
}

/// A value of a type, or null, by a number.
pub(in crate::expr::kernels) fn cell(ty: &Type, number: u8) -> Cell {
    const MOST: i128 = 10_i128.pow(38) - 1;
    let number = usize::from(number);
    if number.is_multiple_of(5) {
        return Cell::Null;
    }
    let whole = |pool: &[i128]| Cell::Whole(pool[number % pool.len()]);
    let (signed, unsigned) = match ty {
        Type::Int8 | Type::UInt8 => (i128::from(i8::MAX), i128::from(u8::MAX)),
        Type::Int16 | Type::UInt16 => (i128::from(i16::MAX), i128::from(u16::MAX)),
        Type::Int32 | Type::UInt32 => (i128::from(i32::MAX), i128::from(u32::MAX)),
        _ => (i128::from(i64::MAX), i128::from(u64::MAX)),
    };
    match ty {
        Type::Bool => whole(&[0, 1]),
        Type::Float32 | Type::Float64 => {
            let pool =
                [f64::NAN, -f64::NAN, 0.0, -0.0, 1.5, -2.25, 1000.75, f64::INFINITY, f64::NEG_INFINITY, 7.0, 7.25, -30.5, 0.25];
            // What is not finite makes sums so too, so that it must be rare.
            let number = if number < 200 { 2 + number % 5 + if number % 7 < 3 { 5 } else { 0 } + number % 2 } else { number };
            let value = pool[number % pool.len()];
            Cell::Float(if number >= 200 || value.is_finite() { value } else { 2.5 })
        }
        Type::Str => {
            let pool = ["", "a", "ab", "é", "zz", "a text of more than twelve", "a text of more than twelve letters"];
            Cell::Bytes(pool[number % pool.len()].into())
        }
        Type::Bytes => {
            let pool: [&[u8]; 5] = [b"", b"\xff", b"\0", b"bytes that are more than twelve", b"ab"];
            Cell::Bytes(pool[number % pool.len()].into())
        }
        Type::Date | Type::Time | Type::Datetime | Type::Timestamp(_) => whole(&[0, 1, 7, 86_399, 20_000, 5]),
        Type::Decimal(10, _) => whole(&[0, 1, -1, 333, 9_999_999_999, -12_345]),
        Type::Decimal(_, _) if number > 230 => whole(&[MOST, -MOST, MOST / 10]),
        Type::Decimal(_, _) => whole(&[0, 1, -1, 333, -12_345, 1_i128 << 90]),
        Type::UInt8 | Type::UInt16 | Type::UInt32 | Type::UInt64 => {
            whole(&[0, 1, 2, 3, 100, if number > 200 { unsigned } else { 50 }])
        }
        _ => whole(&[0, 1, -2, 3, 100, if number > 200 { signed } else { 50 }, if number > 200 { -signed - 1 } else { -50 }]),
    }
}

/// The column of some values, a slice of a longer one.
pub(in crate::expr::kernels) fn column(ty: &Type, cells: &[Cell]) -> ArrayRef {
    let around = [cell(ty, 1), Cell::Null];
    let cells: Vec<&Cell> = around.iter().chain(cells).chain(&around).collect();
    // What stands under a null is arbitrary, and must not count.
    let nulls: BooleanArray = cells.iter().map(|c| Some(c.is_null())).collect();
    let cells: Vec<&Cell> = cells.into_iter().map(|c| if c.is_null() { &around[0] } else { c }).collect();
    let whole = |c: &&Cell| if let Cell::Whole(v) = c { Some(*v) } else { None };
    let bytes = |c: &&Cell| if let Cell::Bytes(v) = c { Some(v.clone()) } else { None };
    let array: ArrayRef = match ty {
        Type::Float32 | Type::Float64 => {
            Arc::new(cells.iter().map(|c| if let Cell::Float(v) = c { Some(*v) } else { None }).collect::<Float64Array>())
        }
        Type::Str => Arc::new(cells.iter().map(|c| bytes(c).map(|b| String::from_utf8(b).unwrap())).collect::<StringViewArray>()),
        Type::Bytes => Arc::new(cells.iter().map(bytes).collect::<BinaryViewArray>()),
        Type::Decimal(p, s) => {
            Arc::new(cells.iter().map(whole).collect::<Decimal128Array>().with_precision_and_scale(*p, *s).unwrap())
        }
        Type::UInt64 => Arc::new(cells.iter().map(|c| whole(c).map(|v| v as u64)).collect::<UInt64Array>()),
        _ => Arc::new(cells.iter().map(|c| whole(c).map(|v| v as i64)).collect::<Int64Array>()),
    };
    let array = if *ty == Type::Date { cast(&array, &DataType::Int32).unwrap() } else { array };
    let array = cast(&array, &ty.to_arrow()).unwrap();
    nullif(&array, &nulls).unwrap().slice(2, cells.len() - 4)
}

/// The values of a column.
pub(in crate::expr::kernels) fn cells(array: &ArrayRef) -> Vec<Cell> {
    let all = |of: &dyn Fn(usize) -> Cell| -> Vec<Cell> {
        (0..array.len()).map(|row| if array.is_null(row) { Cell::Null } else { of(row) }).collect()
    };
    match array.data_type() {
        DataType::Float32 | DataType::Float64 => {
            let wide = cast(array, &DataType::Float64).unwrap();
            all(&|row| Cell::Float(wide.as_primitive::<Float64Type>().value(row)))
        }
        DataType::Utf8View => all(&|row| Cell::Bytes(array.as_string_view().value(row).into())),
        DataType::BinaryView => all(&|row| Cell::Bytes(array.as_binary_view().value(row).into())),
        DataType::Decimal128(_, _) => all(&|row| Cell::Whole(array.as_primitive::<Decimal128Type>().value(row))),
        DataType::UInt64 => all(&|row| Cell::Whole(array.as_primitive::<UInt64Type>().value(row).into())),
        DataType::List(_) => all(&|row| Cell::List(cells(&array.as_list::<i32>().value(row)))),
        _ => {
            let wide = cast(array, &DataType::Int64).unwrap();
            all(&|row| Cell::Whole(wide.as_primitive::<Int64Type>().value(row).into()))
        }
    }
}

/// The columns that cases are made of: the value, two keys and a text to order by, and a filter.
pub(in crate::expr::kernels) fn batch(ty: &Type, rows: &[[u8; 5]]) -> RecordBatch {
    let types = [ty.clone(), Type::Int32, Type::Float64, Type::Str, Type::Bool];
    let columns = types.iter().enumerate().map(|(i, ty)| column(ty, &rows.iter().map(|r| cell(ty, r[i])).collect::<Vec<_>>()));
    let fields = types.iter().enumerate().map(|(i, ty)| Field::new(format!("c{i}"), ty.to_arrow(), true));
    RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), columns.collect()).unwrap()
}

pub(in crate::expr::kernels) fn sort(column: usize, descending: bool, nulls_first: bool) -> TypedSort {
    TypedSort { column, descending, nulls_first }
}

pub(in crate::expr::kernels) fn orders() -> Vec<Vec<TypedSort>> {
    vec![
        vec![],
        vec![sort(1, false, false)],
        vec![sort(1, true, true)],
        vec![sort(2, true, false)],
        vec![sort(3, false, true)],
        vec![sort(2, false, true), sort(3, true, false), sort(1, true, true)],
    ]
}

/// How two rows compare in an order.
pub(in crate::expr::kernels) fn compare(columns: &[Vec<Cell>], order: &[TypedSort], a: usize, b: usize) -> Ordering {
    for sort in order {
        let (a, b) = (&columns[sort.column][a], &columns[sort.column][b]);
        let ordering = match (a.is_null(), b.is_null()) {
            (true, true) => Ordering::Equal,
            (false, false) if sort.descending => b.order(a),
            (false, false) => a.order(b),
            (null, _) => {
                if null == sort.nulls_first {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
    Ordering::Equal
}

pub(in crate::expr::kernels) fn call(function: AggregateFunction, of: &Type) -> Option<TypedAggregate> {
    let ty = result_type(function, of)?;
    let arg = Some(Typed::column(0, of.clone()));
    Some(TypedAggregate { function, arg, distinct: false, filter: None, order: vec![], ty })
}

/// The aggregate of some rows; nothing where it is an error.
pub(in crate::expr::kernels) fn aggregate(
    call: &TypedAggregate,
    of: &Type,
    columns: &[Vec<Cell>],
    rows: &[usize],
) -> Option<Cell> {
    use AggregateFunction::*;
    let mut rows = rows.to_vec();
    if call.filter.is_some() {
        rows.retain(|row| matches!(columns[4][*row], Cell::Whole(1)));
    }
    rows.sort_by(|a, b| compare(columns, &call.order, *a, *b));
    if call.arg.is_none() {
        return Some(Cell::Whole(rows.len() as i128));
    }
    let all: Vec<Cell> = rows.iter().map(|row| columns[0][*row].clone()).collect();
    let mut values: Vec<Cell> = Vec::new();
    for value in all.iter().filter(|v| !v.is_null()) {
        if !call.distinct || !values.iter().any(|v| v.same(value, false)) {
            values.push(value.clone());
        }
    }
    match call.function {
        Count => return Some(Cell::Whole(values.len() as i128)),
        First => return Some(all.first().cloned().unwrap_or(Cell::Null)),
        Last => return Some(all.last().cloned().unwrap_or(Cell::Null)),
        CollectList => return Some(Cell::List(all)),
        _ if values.is_empty() => return Some(Cell::Null),
        Min => return values.into_iter().min_by(Cell::order),
        Max => return values.into_iter().max_by(Cell::order),
        _ => {}
    }
    let n = values.len() as f64;
    let doubles: Vec<f64> = values.iter().map(|v| v.double(of)).collect();
    let wholes = || values.iter().map(|v| if let Cell::Whole(v) = v { *v } else { panic!("{v:?}") });
    Some(match (call.function, of) {
        (Sum | CheckedSum | Avg, Type::Decimal(_, scale)) => {
            let Type::Decimal(precision, result_scale) = call.ty else { panic!("{}", call.ty) };
            let mut sum = wholes().fold(i256::ZERO, |sum, v| sum.checked_add(i256::from_i128(v)).unwrap());
            if call.function == Avg {
                let up = i256::from_i128(10_i128.pow((result_scale - scale) as u32));
                sum = sum.checked_mul(up).unwrap().checked_div(i256::from_i128(values.len() as i128)).unwrap();
            }
            Cell::Whole(sum.to_i128().filter(|v| v.unsigned_abs().to_string().len() <= usize::from(precision))?)
        }
        (Sum, _) if call.ty == Type::Int64 => Cell::Whole(wholes().fold(0_i64, |a, b| a.wrapping_add(b as i64)).into()),
        (Sum, _) if call.ty == Type::UInt64 => Cell::Whole(wholes().fold(0_u64, |a, b| a.wrapping_add(b as u64)).into()),
        (CheckedSum, _) if call.ty == Type::Int64 => Cell::Whole(i64::try_from(wholes().sum::<i128>()).ok()?.into()),
        (CheckedSum, _) if call.ty == Type::UInt64 => Cell::Whole(u64::try_from(wholes().sum::<i128>()).ok()?.into()),
        (Sum | CheckedSum, _) => Cell::Float(doubles.iter().sum()),
        (Avg, of) if of.is_integer() => Cell::Float(wholes().sum::<i128>() as f64 / n),
        (Avg, _) => Cell::Float(doubles.iter().sum::<f64>() / n),
        (Quantile(at), _) => {
            let mut sorted = values.iter().map(|v| Cell::Float(v.double(of))).collect::<Vec<_>>();
            sorted.sort_by(Cell::order);
            let place = (n - 1.0) * at;
            let (low, high) = (sorted[place.floor() as usize].double(of), sorted[place.ceil() as usize].double(of));
            Cell::Float(if low == high { low } else { low + (high - low) * (place - place.floor()) })
        }
        (function, _) => {
            let mean = doubles.iter().sum::<f64>() / n;
            let squares: f64 = doubles.iter().map(|v| (v - mean) * (v - mean)).sum();
            let sample = matches!(function, Stddev | Variance);
            if sample && values.len() < 2 {
                return Some(Cell::Null);
            }
            let variance = squares / if sample { n - 1.0 } else { n };
            Cell::Float(if matches!(function, Stddev | StddevPopulation) { variance.sqrt() } else { variance })
        }
    })
}

/// Whether a result may differ in its last digits.
pub(in crate::expr::kernels) fn nearly(function: AggregateFunction) -> bool {
    use AggregateFunction::*;
    matches!(function, Sum | CheckedSum | Avg | Stddev | StddevPopulation | Variance | VariancePopulation)
}

//! One column into the contract's layout: zero-copy where it is there already, deep for nested types.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray, new_null_array};
use arrow::compute::{cast, take};
use arrow::datatypes::{
    ArrowNativeType, DataType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Float16Type, Float32Type,
    Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};

use super::fault::Fault;
use super::nested::{ListParts, entries, into_struct, masked};
use super::{Type, keys};

/// What becomes of nanoseconds that do not make a whole microsecond.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SubMicrosecond {
    /// They are an error that names column and row.
    #[default]
    Refuse,
    /// They are cut off: the result is the last whole microsecond that is not later.
    Truncate,
}

/// The column in the layout of a type that it means, with the keys of maps checked.
/// A column of null type takes any type.
pub(crate) fn canonical(array: &ArrayRef, ty: &Type, below: SubMicrosecond) -> Result<ArrayRef, Fault> {
    let array = relayout(array, ty, below)?;
    keys::check(&array, ty)?;
    Ok(array)
}

/// A float by which equal values have equal bits: one zero, one NaN.
pub(crate) fn canonical_float(value: f64) -> f64 {
    if value.is_nan() { f64::NAN } else { value + 0.0 }
}

fn relayout(array: &ArrayRef, ty: &Type, below: SubMicrosecond) -> Result<ArrayRef, Fault> {
    let target = ty.to_arrow();
    if *array.data_type() == target {
        return Ok(Arc::clone(array));
    }
    Ok(match (array.data_type(), ty) {
        (DataType::Null, _) => new_null_array(&target, array.len()),
        (DataType::Dictionary(_, _), _) => relayout(&decoded(array, ty, below)?, ty, below)?,
        (DataType::Float16, Type::Float32) => {
            Arc::new(array.as_primitive::<Float16Type>().unary::<_, Float32Type>(|v| v.to_f32()))
        }
        (DataType::Utf8 | DataType::LargeUtf8, Type::Str) => cast(array, &target)?,
        (DataType::Binary | DataType::LargeBinary | DataType::FixedSizeBinary(_), Type::Bytes) => cast(array, &target)?,
        (DataType::Date64, Type::Date) => Arc::new(whole_days(array)?),
        (DataType::Time32(TimeUnit::Second), Type::Time) => micros::<Time32SecondType, Time64MicrosecondType>(array, below)?,
        (DataType::Time32(_), Type::Time) => micros::<Time32MillisecondType, Time64MicrosecondType>(array, below)?,
        (DataType::Time64(TimeUnit::Nanosecond), Type::Time) => {
            micros::<Time64NanosecondType, Time64MicrosecondType>(array, below)?
        }
        (DataType::Timestamp(unit, _), Type::Datetime | Type::Timestamp(_)) => {
            let zone = if let Type::Timestamp(zone) = ty { Some(Arc::clone(zone)) } else { None };
            let array = match unit {
                TimeUnit::Second => micros::<TimestampSecondType, TimestampMicrosecondType>(array, below)?,
                TimeUnit::Millisecond => micros::<TimestampMillisecondType, TimestampMicrosecondType>(array, below)?,
                TimeUnit::Microsecond => Arc::clone(array),
                TimeUnit::Nanosecond => micros::<TimestampNanosecondType, TimestampMicrosecondType>(array, below)?,
            };
            Arc::new(array.as_primitive::<TimestampMicrosecondType>().clone().with_timezone_opt(zone))
        }
        (DataType::Decimal32(_, _), Type::Decimal(p, s)) => {
            let wide = array.as_primitive::<Decimal32Type>().unary::<_, Decimal128Type>(i128::from);
            Arc::new(wide.with_precision_and_scale(*p, *s)?)
        }
        (DataType::Decimal64(_, _), Type::Decimal(p, s)) => {
            let wide = array.as_primitive::<Decimal64Type>().unary::<_, Decimal128Type>(i128::from);
            Arc::new(wide.with_precision_and_scale(*p, *s)?)
        }
        (DataType::Struct(_), Type::Struct(fields)) => {
            let parent = array.as_struct();
            let mut children = Vec::with_capacity(fields.len());
            for (child, field) in parent.columns().iter().zip(fields.iter()) {
                let child = if *child.data_type() == field.ty().to_arrow() {
                    Arc::clone(child)
                } else {
                    let child = masked(child, parent.nulls())?;
                    relayout(&child, field.ty(), below).map_err(|fault| fault.inside(field.name(), |row| row))?
                };
                children.push(child);
            }
            into_struct(fields, children, parent.nulls(), parent.len())?
        }
        (DataType::Map(_, _), Type::Map(key, value)) => {
            let parts = ListParts::new(array)?;
            let (keys, values) = entries(&parts.items)?;
            let keys = relayout(&keys, key, below).map_err(|fault| fault.inside("key", |i| parts.row_of(i)))?;
            let values = relayout(&values, value, below).map_err(|fault| fault.inside("value", |i| parts.row_of(i)))?;
            parts.into_map(keys, values, key, value)?
        }
        (_, Type::List(item)) => {
            let parts = ListParts::new(array)?;
            let items = relayout(&parts.items, item, below).map_err(|fault| fault.inside("[]", |i| parts.row_of(i)))?;
            parts.into_list(items, item)?
        }
        (other, _) => return Err(Fault::Type(format!("a column of Arrow type {other} does not mean {ty}"))),
    })
}

/// The values of a dictionary, row by row.
fn decoded(array: &ArrayRef, ty: &Type, below: SubMicrosecond) -> Result<ArrayRef, Fault> {
    let dictionary = array.as_any_dictionary();
    let values = match ty {
        // Views of the few values first, so that the rows share their letters.
        Type::Str | Type::Bytes => relayout(dictionary.values(), ty, below)?,
        _ => Arc::clone(dictionary.values()),
    };
    Ok(take(&values, dictionary.keys(), None)?)
}

/// Days of a column in milliseconds.
fn whole_days(array: &ArrayRef) -> Result<PrimitiveArray<Date32Type>, Fault> {
    const DAY: i64 = 86_400_000;
    try_each(array.as_primitive::<Date64Type>(), |v| match i32::try_from(v.div_euclid(DAY)) {
        Ok(day) if v.rem_euclid(DAY) == 0 => Ok(day),
        _ => Err(format!("{v} milliseconds are not a whole day; give the column as a timestamp")),
    })
}

/// A unit of time as Arrow counts it.
trait Counted: ArrowPrimitiveType<Native: ArrowNativeType + Into<i64>> {}
impl<T: ArrowPrimitiveType<Native: ArrowNativeType + Into<i64>>> Counted for T {}

/// A count of seconds, milliseconds or nanoseconds as microseconds.
fn micros<S: Counted, T: ArrowPrimitiveType<Native = i64>>(array: &ArrayRef, below: SubMicrosecond) -> Result<ArrayRef, Fault> {
    let source = array.as_primitive::<S>();
    let factor = match array.data_type() {
        DataType::Time32(TimeUnit::Second) | DataType::Timestamp(TimeUnit::Second, _) => 1_000_000,
        DataType::Time32(_) | DataType::Timestamp(TimeUnit::Millisecond, _) => 1_000,
        _ => return nanos::<S, T>(source, below),
    };
    let made = try_each::<S, T, _>(source, |v| {
        let v: i64 = v.into();
        v.checked_mul(factor).ok_or_else(|| format!("{v} lies outside the years that microseconds can count; remove the row"))
    })?;
    Ok(Arc::new(made))
}

fn nanos<S: Counted, T: ArrowPrimitiveType<Native = i64>>(
    source: &PrimitiveArray<S>,
    below: SubMicrosecond,
) -> Result<ArrayRef, Fault> {
    let made = try_each::<S, T, _>(source, |v| {
        let v: i64 = v.into();
        if below == SubMicrosecond::Refuse && v.rem_euclid(1_000) != 0 {
            return Err(format!(
                "{v} nanoseconds do not make a whole microsecond; cut the column to microseconds first, \
                 or take it in with SubMicrosecond::Truncate"
            ));
        }
        Ok(v.div_euclid(1_000))
    })?;
    Ok(Arc::new(made))
}

/// Every value that is not null, converted; the first failure names its row.
pub(crate) fn try_each<S, T, M>(
    source: &PrimitiveArray<S>,
    convert: impl Fn(S::Native) -> Result<T::Native, M>,
) -> Result<PrimitiveArray<T>, Fault>
where
    S: ArrowPrimitiveType,
    T: ArrowPrimitiveType,
    M: Into<String>,
{
    let values = source.values();
    let mut out = vec![T::default_value(); values.len()];
    let mut set = |row: usize| match convert(values[row]) {
        Ok(value) => {
            out[row] = value;
            Ok(())
        }
        Err(message) => Err(Fault::value(row, message)),
    };
    match source.nulls() {
        Some(nulls) => nulls.try_for_each_valid_idx(&mut set)?,
        None => (0..values.len()).try_for_each(&mut set)?,
    }
    Ok(PrimitiveArray::new(out.into(), source.nulls().cloned()))
}

//! The one text form of values: what a cast to `str` gives, and what tables show.

use std::fmt::{Arguments, Display, LowerExp, Write};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray, StringViewBuilder};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, Time64MicrosecondType,
    TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow::util::display::array_value_to_string;

use super::{calendar, decimal};
use crate::error::Result;
use crate::schema::fault::Fault;
use crate::schema::layout::{SubMicrosecond, canonical};
use crate::schema::nested::{ListParts, entries};
use crate::schema::zone::Clock;
use crate::schema::{Type, quote};

/// Appends the text of the value in a row that is not null.
type Append = Box<dyn Fn(usize, &mut String) + Send + Sync>;

/// The texts of one column's values, resolved once.
///
/// `true`, `12`, `1.0`, `1.5e20`, `NaN`, `2020-01-31`, `2020-01-31 03:04:05.25`, `2020-01-31 03:04:05+01:00`; text as it is,
/// bytes as `0x0105`; nested values as `[1, NULL]`, `{a: 1, b: "text"}` and `{"key": 1}`. A null is `NULL`.
pub struct Formatter {
    array: ArrayRef,
    write: Append,
}

impl std::fmt::Debug for Formatter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Formatter({})", self.array.data_type())
    }
}

impl Formatter {
    /// The texts of a column of any admitted layout.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaInvalid`](crate::ErrorKind::SchemaInvalid) when its type is not admitted, and
    /// [`ErrorKind::ValueInvalid`](crate::ErrorKind::ValueInvalid) when a map has a key twice.
    pub fn new(array: &ArrayRef) -> Result<Self> {
        if array.data_type().is_null() {
            return Ok(Self { array: Arc::clone(array), write: Box::new(|_, _| {}) });
        }
        let ty = Type::from_arrow(array.data_type())?;
        // What is shown may have lost its nanoseconds; what is computed may not.
        let array = canonical(array, &ty, SubMicrosecond::Truncate)?;
        let write = writer(&array, &ty, false)?;
        Ok(Self { array, write })
    }

    /// Appends the text of a value.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn write(&self, row: usize, out: &mut String) {
        // An array of null type has no bitmap of nulls, but only nulls.
        if self.array.data_type().is_null() || self.array.is_null(row) {
            out.push_str("NULL");
        } else {
            (self.write)(row, out);
        }
    }

    /// The text of a value.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn text(&self, row: usize) -> String {
        let mut out = String::new();
        self.write(row, &mut out);
        out
    }
}

/// The text of one value, for messages; of many values of a column a [`Formatter`] is faster.
/// Columns that no schema admits are shown as Arrow shows them.
///
/// # Panics
/// When there is no such row.
#[must_use]
pub fn format_value(array: &ArrayRef, row: usize) -> String {
    match Formatter::new(&array.slice(row, 1)) {
        Ok(formatter) => formatter.text(0),
        Err(_) => array_value_to_string(array, row).unwrap_or_else(|error| error.to_string()),
    }
}

/// The column cast to text; it has the layout of its type and is not nested.
pub(super) fn text(array: &ArrayRef, ty: &Type) -> Result<ArrayRef, Fault> {
    let write = writer(array, ty, false)?;
    let mut builder = StringViewBuilder::with_capacity(array.len());
    let mut value = String::new();
    for row in 0..array.len() {
        if array.is_null(row) {
            builder.append_null();
        } else {
            value.clear();
            write(row, &mut value);
            builder.append_value(&value);
        }
    }
    Ok(Arc::new(builder.finish()))
}

/// Bytes as the text whose UTF-8 they are.
pub(super) fn text_of_bytes(array: &ArrayRef) -> Result<ArrayRef, Fault> {
    let bytes = array.as_binary_view();
    bytes.clone().to_string_view().map(|text| Arc::new(text) as ArrayRef).or_else(|error| {
        match (0..bytes.len()).find(|&row| bytes.is_valid(row) && std::str::from_utf8(bytes.value(row)).is_err()) {
            Some(row) => Err(Fault::value(row, format!("{} is not UTF-8 text", format_value(array, row)))),
            // Only what stands below a null is no text.
            None if bytes.null_count() > 0 => {
                let clean = bytes.iter().map(|v| v.and_then(|v| std::str::from_utf8(v).ok()));
                Ok(Arc::new(clean.collect::<arrow::array::StringViewArray>()))
            }
            None => Err(error.into()),
        }
    })
}

/// Appends the shortest digits that read back as the same float, as they stand in `1.5`, `1.0`, `1e20`, `NaN` and `-inf`.
pub(crate) fn write_float<F: LowerExp + Copy + Into<f64>>(out: &mut String, value: F) {
    let wide: f64 = value.into();
    if wide.is_nan() {
        return out.push_str("NaN");
    }
    if wide.is_infinite() {
        return out.push_str(if wide > 0.0 { "inf" } else { "-inf" });
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-5..16).contains(&exponent) {
        return out.push_str(&scientific);
    }
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits = mantissa.bytes().filter(|b| *b != b'.').map(char::from);
    out.push_str(sign);
    if exponent < 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', usize::try_from(-exponent - 1).unwrap_or(0)));
        return out.extend(digits);
    }
    let whole = usize::try_from(exponent).unwrap_or(0) + 1;
    out.extend(digits.clone().chain(std::iter::repeat('0')).take(whole));
    out.push('.');
    let start = out.len();
    out.extend(digits.skip(whole));
    if out.len() == start {
        out.push('0');
    }
}

pub(super) fn put(out: &mut String, text: Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(text);
}

fn writer(array: &ArrayRef, ty: &Type, inside: bool) -> Result<Append, Fault> {
    Ok(match ty {
        Type::Bool => {
            let array = array.as_boolean().clone();
            Box::new(move |row, out| out.push_str(if array.value(row) { "true" } else { "false" }))
        }
        Type::Int8 => integers::<Int8Type>(array),
        Type::Int16 => integers::<Int16Type>(array),
        Type::Int32 => integers::<Int32Type>(array),
        Type::Int64 => integers::<Int64Type>(array),
        Type::UInt8 => integers::<UInt8Type>(array),
        Type::UInt16 => integers::<UInt16Type>(array),
        Type::UInt32 => integers::<UInt32Type>(array),
        Type::UInt64 => integers::<UInt64Type>(array),
        Type::Float32 => primitive::<Float32Type>(array, |value, out| write_float(out, value)),
        Type::Float64 => primitive::<Float64Type>(array, |value, out| write_float(out, value)),
        Type::Date => primitive::<Date32Type>(array, |value, out| calendar::write_date(out, value.into())),
        Type::Time => primitive::<Time64MicrosecondType>(array, |value, out| calendar::write_time(out, value)),
        Type::Datetime => primitive::<TimestampMicrosecondType>(array, |value, out| calendar::write_datetime(out, value)),
        Type::Timestamp(zone) => {
            let clock = Clock::new(zone)?;
            primitive::<TimestampMicrosecondType>(array, move |value, out| calendar::write_instant(out, value, clock))
        }
        Type::Decimal(_, scale) => {
            let scale = *scale;
            primitive::<Decimal128Type>(array, move |value, out| decimal::write(out, value, scale))
        }
        Type::Str => {
            let array = array.as_string_view().clone();
            if inside {
                Box::new(move |row, out| put(out, format_args!("{:?}", array.value(row))))
            } else {
                Box::new(move |row, out| out.push_str(array.value(row)))
            }
        }
        Type::Bytes => {
            let array = array.as_binary_view().clone();
            Box::new(move |row, out| {
                out.push_str("0x");
                array.value(row).iter().for_each(|byte| put(out, format_args!("{byte:02x}")));
            })
        }
        Type::List(item) => {
            let parts = ListParts::new(array)?;
            let items = part(&parts.items, item)?;
            Box::new(move |row, out| {
                out.push('[');
                each(&parts, row, out, |i, out| items.write(i, out));
                out.push(']');
            })
        }
        Type::Map(key, value) => {
            let parts = ListParts::new(array)?;
            let (keys, values) = entries(&parts.items)?;
            let (keys, values) = (part(&keys, key)?, part(&values, value)?);
            Box::new(move |row, out| {
                out.push('{');
                each(&parts, row, out, |i, out| {
                    keys.write(i, out);
                    out.push_str(": ");
                    values.write(i, out);
                });
                out.push('}');
            })
        }
        Type::Struct(fields) => {
            let children = array.as_struct().columns().iter().zip(fields.iter());
            let children = children.map(|(child, field)| Ok((quote(field.name()).into_owned(), part(child, field.ty())?)));
            let children: Vec<(String, Formatter)> = children.collect::<Result<_, Fault>>()?;
            Box::new(move |row, out| {
                for (i, (name, values)) in children.iter().enumerate() {
                    out.push_str(if i == 0 { "{" } else { ", " });
                    out.push_str(name);
                    out.push_str(": ");
                    values.write(row, out);
                }
                out.push('}');
            })
        }
    })
}

/// The texts of the parts of nested values.
fn part(array: &ArrayRef, ty: &Type) -> Result<Formatter, Fault> {
    Ok(Formatter { array: Arc::clone(array), write: writer(array, ty, true)? })
}

fn each(parts: &ListParts, row: usize, out: &mut String, write: impl Fn(usize, &mut String)) {
    let offset = |i: usize| usize::try_from(parts.offsets()[i]).unwrap_or(0);
    let start = offset(row);
    for item in start..offset(row + 1) {
        if item > start {
            out.push_str(", ");
        }
        write(item, out);
    }
}

fn integers<T: ArrowPrimitiveType<Native: Display>>(array: &ArrayRef) -> Append {
    primitive::<T>(array, |value, out| put(out, format_args!("{value}")))
}

fn primitive<T: ArrowPrimitiveType>(array: &ArrayRef, write: impl Fn(T::Native, &mut String) + Send + Sync + 'static) -> Append {
    let array: PrimitiveArray<T> = array.as_primitive::<T>().clone();
    Box::new(move |row, out| write(array.value(row), out))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn float(value: f64) -> String {
        let mut out = String::new();
        write_float(&mut out, value);
        out
    }

    #[test]
    fn floats_are_short_and_read_back() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (1.1, "1.1"),
            (-123.25, "-123.25"),
            (0.1 + 0.2, "0.30000000000000004"),
            (0.00001, "0.00001"),
            (0.000012, "0.000012"),
            (0.0000099, "9.9e-6"),
            (1e15, "1000000000000000.0"),
            (123456789012345680.0, "1.2345678901234568e17"),
            (9999999999999998.0, "9999999999999998.0"),
            (1e16, "1e16"),
            (1e20, "1e20"),
            (-1.5e300, "-1.5e300"),
            (5e-324, "5e-324"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(float(value), text);
            let back: f64 = text.parse().unwrap();
            assert!(back.to_bits() == value.to_bits() || value.is_nan(), "{text}");
        }
        let mut out = String::new();
        write_float(&mut out, 1.1_f32);
        assert_eq!(out, "1.1", "a float has the digits of a float, not those of the double next to it");
    }
}

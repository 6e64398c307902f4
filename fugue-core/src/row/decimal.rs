//! Cells of decimals: an exact number with a fixed number of digits after the point.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Decimal32Array, Decimal64Array, Decimal128Array, Decimal128Builder};
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;

use super::nulls::{Nulls, invalid, mismatch};
use super::numbers::Values;
use super::support::decode;
use super::{Cell, Plain};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::Type;

/// A decimal of at most `P` digits, `S` of them after the point: the column type `decimal(P,S)`.
///
/// ```
/// use fugue_core::row::Decimal;
///
/// let price: Decimal<10, 2> = "12.5".parse()?;
/// assert_eq!(price.unscaled(), 1250);
/// assert_eq!(price.to_string(), "12.50");
/// # Ok::<(), fugue_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal<const P: u8, const S: i8>(i128);

impl<const P: u8, const S: i8> Decimal<P, S> {
    const ADMITTED: () = assert!(P >= 1 && P <= 38 && S >= 0 && S as u8 <= P, "decimal(P,S) needs 1 <= P <= 38 and 0 <= S <= P");

    /// The decimal `unscaled / 10^S`; `None` when it needs more than `P` digits.
    #[must_use]
    pub const fn new(unscaled: i128) -> Option<Self> {
        let () = Self::ADMITTED;
        if unscaled.unsigned_abs() < 10_u128.pow(P as u32) { Some(Self(unscaled)) } else { None }
    }

    /// The value times `10^S`.
    #[must_use]
    pub const fn unscaled(self) -> i128 {
        self.0
    }

    /// The nearest float.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        // The text is exact, and parsing rounds once; dividing two rounded floats would round twice.
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// The sum; `None` when it needs more than `P` digits.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Self::new(self.0.checked_add(other.0)?)
    }

    /// The difference; `None` when it needs more than `P` digits.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        Self::new(self.0.checked_sub(other.0)?)
    }
}

impl<const P: u8, const S: i8> fmt::Display for Decimal<P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad_integral(self.0 >= 0, "", &unsigned_text(self.0, S))
    }
}

impl<const P: u8, const S: i8> FromStr for Decimal<P, S> {
    type Err = Error;

    /// Reads `-12.5`; digits after the point beyond the scale are an error unless they are zeros.
    fn from_str(text: &str) -> Result<Self> {
        parse(text, S).and_then(Self::new).ok_or_else(|| {
            Error::new(ErrorKind::ValueInvalid, format!("{text:?} is not a number that decimal({P},{S}) can hold without loss"))
        })
    }
}

/// The digits of a decimal without its sign.
fn unsigned_text(unscaled: i128, scale: i8) -> String {
    let scale = usize::from(scale.unsigned_abs());
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

/// The unscaled value of a text; `None` when it is no number or has more digits than the scale.
pub(super) fn parse(text: &str, scale: i8) -> Option<i128> {
    let scale = usize::try_from(scale).ok()?;
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let all_digits = (whole.len() + fraction.len() > 0 || digits.contains('0'))
        && whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
    if !all_digits || fraction.len() > scale {
        return None;
    }
    let unscaled: i128 = format!("0{whole}{fraction:0<scale$}").parse().ok()?;
    Some(if negative { -unscaled } else { unscaled })
}

impl<const P: u8, const S: i8> Plain for Decimal<P, S> {}

impl<const P: u8, const S: i8> Cell for Decimal<P, S> {
    type Of<'a> = Self;
    type Reader<'a> = Values<'a, i128>;
    type Writer = Decimal128Builder;

    fn ty() -> Type {
        let () = Self::ADMITTED;
        Type::Decimal(P, S)
    }

    fn reader<'a>(array: &'a dyn Array, nulls: Nulls<'_>, name: &str) -> Result<Self::Reader<'a>> {
        nulls.check(array, name)?;
        unscaled(array, nulls.values(array), (P, S), name)
    }

    #[inline]
    fn read<'a>(reader: &Self::Reader<'a>, row: usize) -> Self::Of<'a> {
        Self(reader.0[row])
    }

    fn writer(capacity: usize) -> Self::Writer {
        Decimal128Builder::with_capacity(capacity)
    }

    #[inline]
    fn write(self, writer: &mut Self::Writer) {
        writer.append_value(self.0);
    }

    fn write_null(writer: &mut Self::Writer) {
        writer.append_null();
    }

    fn finish(mut writer: Self::Writer) -> Result<ArrayRef> {
        Ok(Arc::new(writer.finish().with_precision_and_scale(P, S)?))
    }
}

/// The values of a decimal column, at the scale that is wanted.
pub(super) fn unscaled<'a>(
    array: &'a dyn Array,
    valid: Option<NullBuffer>,
    (precision, scale): (u8, i8),
    name: &str,
) -> Result<Values<'a, i128>> {
    let refuse = || mismatch(name, &Type::Decimal(precision, scale), array.data_type());
    let decoded = decode(array)?;
    let plain: &dyn Array = decoded.as_deref().unwrap_or(array);
    let (DataType::Decimal32(p, s) | DataType::Decimal64(p, s) | DataType::Decimal128(p, s)) = *plain.data_type() else {
        return Err(refuse());
    };
    let grown = i16::from(scale) - i16::from(s);
    if grown < 0 || i16::from(precision) - i16::from(scale) < i16::from(p) - i16::from(s) {
        return Err(refuse());
    }
    let values: Cow<'a, [i128]> = if let Some(found) = array.as_any().downcast_ref::<Decimal128Array>() {
        Cow::Borrowed(found.values())
    } else if let Some(found) = plain.as_any().downcast_ref::<Decimal128Array>() {
        Cow::Owned(found.values().to_vec())
    } else if let Some(found) = plain.as_any().downcast_ref::<Decimal64Array>() {
        Cow::Owned(found.values().iter().map(|&v| i128::from(v)).collect())
    } else if let Some(found) = plain.as_any().downcast_ref::<Decimal32Array>() {
        Cow::Owned(found.values().iter().map(|&v| i128::from(v)).collect())
    } else {
        return Err(refuse());
    };
    // Arrow does not hold arrays to their own precision, and nulls may cover anything.
    let bound = 10_u128.pow(u32::from(p));
    let live = |row| valid.as_ref().is_none_or(|v| v.is_valid(row));
    if let Some(row) = (0..values.len()).find(|&row| values[row].unsigned_abs() >= bound && live(row)) {
        return Err(invalid(name, row, &format!("the value has more digits than its column type decimal({p},{s}) admits")));
    }
    if grown == 0 {
        return Ok(Values(values));
    }
    let factor = 10_i128.pow(u32::from(grown.unsigned_abs()));
    Ok(Values(Cow::Owned(values.iter().map(|v| v.wrapping_mul(factor)).collect())))
}

//! Rows of fixed-width columns as a few 64 bit words that compare as the rows do: the fast road of keys and of presorts.
//!
//! Floats are canonical in the words (one NaN above all, no negative zero), never in the data. A null is greater than every
//! value in both directions.

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time64MicrosecondType, TimeUnit, TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};

/// What becomes of one column in the words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// Great values first. Nulls stay last.
    pub descending: bool,
    /// Whether there is a bit for null; without, a null is like the least of its bits, and must be told apart by other means.
    pub nullable: bool,
}

/// Number of bits of a value, for the types that go into words.
pub(super) fn width(data_type: &DataType) -> Option<usize> {
    Some(match data_type {
        DataType::Boolean => 1,
        DataType::Int8 | DataType::UInt8 => 8,
        DataType::Int16 | DataType::UInt16 => 16,
        DataType::Int32 | DataType::UInt32 | DataType::Float32 | DataType::Date32 => 32,
        DataType::Int64
        | DataType::UInt64
        | DataType::Float64
        | DataType::Time64(TimeUnit::Microsecond)
        | DataType::Timestamp(TimeUnit::Microsecond, _) => 64,
        DataType::Decimal128(_, _) => 128,
        _ => return None,
    })
}

/// Number of words of a row, when all columns go into words.
pub(super) fn words<'a>(columns: impl IntoIterator<Item = (&'a DataType, Part)>) -> Option<usize> {
    let bits = columns.into_iter().map(|(t, p)| Some(width(t)? + usize::from(p.nullable))).sum::<Option<usize>>()?;
    Some(bits.div_ceil(64))
}

/// The words of all rows. There must be as many words as [`words`] says, or more.
pub(super) fn encode<const W: usize>(rows: usize, columns: &[(ArrayRef, Part)]) -> Vec<[u64; W]> {
    let mut out = vec![[0; W]; rows];
    encode_into(&mut out, columns);
    out
}

/// As [`encode`], into words that are all zero.
pub(super) fn encode_into<const W: usize>(out: &mut [[u64; W]], columns: &[(ArrayRef, Part)]) {
    let mut offset = 0;
    for (array, part) in columns {
        offset += usize::from(part.nullable);
        let filler = Filler { out, offset, nulls: array.logical_nulls().filter(|n| n.null_count() > 0), part: *part };
        offset += width(array.data_type()).unwrap_or(0);
        filler.column(array);
    }
}

struct Filler<'o, const W: usize> {
    out: &'o mut [[u64; W]],
    offset: usize,
    nulls: Option<NullBuffer>,
    part: Part,
}

#[expect(clippy::cast_sign_loss, reason = "the sign bit is flipped so that the order of the bits is that of the numbers")]
impl<const W: usize> Filler<'_, W> {
    fn column(mut self, array: &ArrayRef) {
        match array.data_type() {
            DataType::Boolean => self.fill(1, array.as_boolean().values().iter().map(u64::from)),
            DataType::Int8 => self.primitive::<Int8Type>(8, array, |v| u64::from(v as u8 ^ 1 << 7)),
            DataType::Int16 => self.primitive::<Int16Type>(16, array, |v| u64::from(v as u16 ^ 1 << 15)),
            DataType::Int32 => self.primitive::<Int32Type>(32, array, |v| u64::from(v as u32 ^ 1 << 31)),
            DataType::Int64 => self.primitive::<Int64Type>(64, array, ordered_i64),
            DataType::UInt8 => self.primitive::<UInt8Type>(8, array, u64::from),
            DataType::UInt16 => self.primitive::<UInt16Type>(16, array, u64::from),
            DataType::UInt32 => self.primitive::<UInt32Type>(32, array, u64::from),
            DataType::UInt64 => self.primitive::<UInt64Type>(64, array, |v| v),
            DataType::Float32 => self.primitive::<Float32Type>(32, array, ordered_f32),
            DataType::Float64 => self.primitive::<Float64Type>(64, array, ordered_f64),
            DataType::Date32 => self.primitive::<Date32Type>(32, array, |v| u64::from(v as u32 ^ 1 << 31)),
            DataType::Time64(TimeUnit::Microsecond) => self.primitive::<Time64MicrosecondType>(64, array, ordered_i64),
            DataType::Timestamp(TimeUnit::Microsecond, _) => self.primitive::<TimestampMicrosecondType>(64, array, ordered_i64),
            DataType::Decimal128(_, _) => {
                self.primitive::<Decimal128Type>(64, array, |v| super::hash::high(v as u128 ^ 1 << 127));
                self.offset += 64;
                self.primitive::<Decimal128Type>(64, array, |v| super::hash::low(v as u128));
                self.offset -= 64;
            }
            // `width` admits no other type.
            _ => return,
        }
        if let Some(nulls) = self.nulls.take().filter(|_| self.part.nullable) {
            let (word, shift) = ((self.offset - 1) / 64, 63 - (self.offset - 1) % 64);
            for (row, valid) in nulls.iter().enumerate() {
                self.out[row][word] |= u64::from(!valid) << shift;
            }
        }
    }

    fn primitive<T: ArrowPrimitiveType>(&mut self, width: usize, array: &ArrayRef, order: impl Fn(T::Native) -> u64) {
        let array: &PrimitiveArray<T> = array.as_primitive();
        self.fill(width, array.values().iter().map(|v| order(*v)));
    }

    #[inline]
    fn fill(&mut self, width: usize, values: impl Iterator<Item = u64>) {
        let flip = if self.part.descending { u64::MAX >> (64 - width) } else { 0 };
        let (word, start) = (self.offset / 64, self.offset % 64);
        match &self.nulls {
            None if start + width <= 64 => {
                let shift = 64 - start - width;
                for (out, value) in self.out.iter_mut().zip(values) {
                    out[word] |= (value ^ flip) << shift;
                }
            }
            nulls => {
                for (row, (out, value)) in self.out.iter_mut().zip(values).enumerate() {
                    // What stands under a null is arbitrary and must not count.
                    if nulls.as_ref().is_none_or(|n| n.is_valid(row)) {
                        put(out, word, start, width, value ^ flip);
                    }
                }
            }
        }
    }
}

#[inline]
fn put<const W: usize>(out: &mut [u64; W], word: usize, start: usize, width: usize, value: u64) {
    if start + width <= 64 {
        out[word] |= value << (64 - start - width);
    } else {
        let rest = start + width - 64;
        out[word] |= value >> rest;
        out[word + 1] |= value << (64 - rest);
    }
}

#[inline]
#[expect(clippy::cast_sign_loss, reason = "as above")]
fn ordered_i64(value: i64) -> u64 {
    value as u64 ^ 1 << 63
}

#[inline]
fn ordered_f64(value: f64) -> u64 {
    let bits = canonical_f64(value).to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

#[inline]
fn ordered_f32(value: f32) -> u64 {
    let bits = canonical_f32(value).to_bits();
    u64::from(if bits >> 31 == 0 { bits | 1 << 31 } else { !bits })
}

/// The one value that stands for all floats equal to it: a positive NaN for NaN, zero for negative zero.
#[inline]
pub(super) fn canonical_f64(value: f64) -> f64 {
    if value.is_nan() { f64::NAN } else { value + 0.0 }
}

/// As [`canonical_f64`].
#[inline]
pub(super) fn canonical_f32(value: f32) -> f32 {
    if value.is_nan() { f32::NAN } else { value + 0.0 }
}

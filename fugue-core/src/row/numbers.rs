//! Cells of integers and floats: read in place, or widened once where the column is narrower.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, BooleanBufferBuilder, PrimitiveArray};
use arrow::buffer::{NullBuffer, ScalarBuffer};
use arrow::datatypes::{
    ArrowNativeType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};

use super::nulls::{Nulls, mismatch};
use super::support::decode;
use super::{Cell, Plain};
use crate::error::Result;
use crate::schema::Type;

/// The values of a column of fixed width: as they lie there, or converted.
#[derive(Clone, Debug)]
pub struct Values<'a, T: Clone>(pub(super) Cow<'a, [T]>);

/// The numbers of a column: as they lie there, or converted. Shares the buffer, so that a value is read without asking which.
#[derive(Clone, Debug)]
pub struct Numbers<'a, T: ArrowNativeType> {
    values: ScalarBuffer<T>,
    batch: PhantomData<&'a T>,
}

impl<T: ArrowNativeType> Numbers<'_, T> {
    fn new(values: ScalarBuffer<T>) -> Self {
        Self { values, batch: PhantomData }
    }
}

/// A builder of a column of numbers. arrow's own keeps count of nulls value by value, which costs more than the value.
#[derive(Debug)]
pub struct NumberWriter<T: ArrowPrimitiveType> {
    values: Vec<T::Native>,
    /// Made at the first null.
    valid: Option<BooleanBufferBuilder>,
}

impl<T: ArrowPrimitiveType> NumberWriter<T> {
    fn new(capacity: usize) -> Self {
        Self { values: Vec::with_capacity(capacity), valid: None }
    }

    #[inline]
    fn push(&mut self, value: T::Native) {
        self.values.push(value);
        if let Some(valid) = &mut self.valid {
            valid.append(true);
        }
    }

    fn extend(&mut self, values: &[T::Native]) {
        self.values.extend_from_slice(values);
        if let Some(valid) = &mut self.valid {
            valid.append_n(values.len(), true);
        }
    }

    fn push_null(&mut self) {
        let before = self.values.len();
        let valid = self.valid.get_or_insert_with(|| {
            let mut valid = BooleanBufferBuilder::new(before + 1);
            valid.append_n(before, true);
            valid
        });
        valid.append(false);
        self.values.push(T::Native::default());
    }

    fn finish(self) -> Result<ArrayRef> {
        let nulls = self.valid.map(|mut valid| NullBuffer::new(valid.finish()));
        Ok(Arc::new(PrimitiveArray::<T>::try_new(self.values.into(), nulls)?))
    }
}

/// Implements a number; behind each follow the types that widen to it without loss.
macro_rules! number {
    ($($native:ident, $arrow:ident, $ty:ident, byte $byte:tt, from [$($from:ident),*];)*) => { $(
        impl Plain for $native {}

        impl Cell for $native {
            type Of<'a> = Self;
            type Reader<'a> = Numbers<'a, Self>;
            type Writer = NumberWriter<$arrow>;
            number!(bytes $byte);

            fn ty() -> Type {
                Type::$ty
            }

            fn reader<'a>(array: &'a dyn Array, nulls: Nulls<'_>, name: &str) -> Result<Self::Reader<'a>> {
                nulls.check(array, name)?;
                if let Some(found) = array.as_any().downcast_ref::<PrimitiveArray<$arrow>>() {
                    return Ok(Numbers::new(found.values().clone()));
                }
                let decoded = decode(array)?;
                let plain = decoded.as_deref().unwrap_or(array).as_any();
                if let Some(found) = plain.downcast_ref::<PrimitiveArray<$arrow>>() {
                    return Ok(Numbers::new(found.values().clone()));
                }
                $(if let Some(found) = plain.downcast_ref::<PrimitiveArray<$from>>() {
                    return Ok(Numbers::new(found.values().iter().map(|&v| Self::from(v)).collect()));
                })*
                Err(mismatch(name, &Self::ty(), array.data_type()))
            }

            #[inline]
            fn read<'a>(reader: &Self::Reader<'a>, row: usize) -> Self::Of<'a> {
                reader.values[row]
            }

            fn slice<'r, 'a>(reader: &'r Self::Reader<'a>) -> Option<&'r [Self::Of<'a>]> {
                Some(&reader.values)
            }

            fn writer(capacity: usize) -> Self::Writer {
                NumberWriter::new(capacity)
            }

            #[inline]
            fn write(self, writer: &mut Self::Writer) {
                writer.push(self);
            }

            fn write_all(values: Vec<Self>, writer: &mut Self::Writer) {
                writer.extend(&values);
            }

            fn write_null(writer: &mut Self::Writer) {
                writer.push_null();
            }

            fn finish(writer: Self::Writer) -> Result<ArrayRef> {
                writer.finish()
            }
        }
    )* };
    (bytes no) => {};
    (bytes yes) => {
        const IS_BYTE: bool = true;

        fn as_bytes(items: &[Self]) -> &[u8] {
            items
        }

        fn from_bytes<'a>(bytes: &[u8]) -> Vec<Self::Of<'a>> {
            bytes.to_vec()
        }
    };
}

number! {
    i8, Int8Type, Int8, byte no, from [];
    i16, Int16Type, Int16, byte no, from [Int8Type, UInt8Type];
    i32, Int32Type, Int32, byte no, from [Int8Type, Int16Type, UInt8Type, UInt16Type];
    i64, Int64Type, Int64, byte no, from [Int8Type, Int16Type, Int32Type, UInt8Type, UInt16Type, UInt32Type];
    u8, UInt8Type, UInt8, byte yes, from [];
    u16, UInt16Type, UInt16, byte no, from [UInt8Type];
    u32, UInt32Type, UInt32, byte no, from [UInt8Type, UInt16Type];
    u64, UInt64Type, UInt64, byte no, from [UInt8Type, UInt16Type, UInt32Type];
    f32, Float32Type, Float32, byte no, from [Float16Type, Int8Type, Int16Type, UInt8Type, UInt16Type];
    f64, Float64Type, Float64, byte no,
        from [Float16Type, Float32Type, Int8Type, Int16Type, Int32Type, UInt8Type, UInt16Type, UInt32Type];
}

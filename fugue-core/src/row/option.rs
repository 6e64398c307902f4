//! Cells that may be null.

use arrow::array::{Array, ArrayRef};
use arrow::buffer::NullBuffer;

use super::nulls::{Nulls, valid};
use super::{Cell, Plain};
use crate::error::Result;
use crate::schema::Type;

/// A column with nulls.
#[derive(Debug)]
pub struct Optional<R> {
    valid: Option<NullBuffer>,
    values: R,
}

impl<T: Plain> Plain for Option<T> {}

impl<T: Cell> Cell for Option<T> {
    type Of<'a> = Option<T::Of<'a>>;
    type Reader<'a> = Optional<T::Reader<'a>>;
    type Writer = T::Writer;
    const OPTIONAL: bool = true;

    fn ty() -> Type {
        T::ty()
    }

    fn reader<'a>(array: &'a dyn Array, nulls: Nulls<'_>, name: &str) -> Result<Self::Reader<'a>> {
        let valid = valid(array);
        let values = T::reader(array, Nulls::allow(nulls.live()), name)?;
        Ok(Optional { valid, values })
    }

    #[inline]
    fn read<'a>(reader: &Self::Reader<'a>, row: usize) -> Self::Of<'a> {
        match &reader.valid {
            Some(valid) if valid.is_null(row) => None,
            _ => Some(T::read(&reader.values, row)),
        }
    }

    fn writer(capacity: usize) -> Self::Writer {
        T::writer(capacity)
    }

    #[inline]
    fn write(self, writer: &mut Self::Writer) {
        match self {
            Some(value) => value.write(writer),
            None => T::write_null(writer),
        }
    }

    fn write_null(writer: &mut Self::Writer) {
        T::write_null(writer);
    }

    fn finish(writer: Self::Writer) -> Result<ArrayRef> {
        T::finish(writer)
    }
}

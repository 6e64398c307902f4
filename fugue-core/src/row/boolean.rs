//! Cells of booleans.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, BooleanBuilder};
use arrow::buffer::BooleanBuffer;

use super::nulls::{Nulls, mismatch};
use super::support::decode;
use super::{Cell, Plain};
use crate::error::Result;
use crate::schema::Type;

impl Plain for bool {}

impl Cell for bool {
    type Of<'a> = Self;
    type Reader<'a> = BooleanBuffer;
    type Writer = BooleanBuilder;

    fn ty() -> Type {
        Type::Bool
    }

    fn reader<'a>(array: &'a dyn Array, nulls: Nulls<'_>, name: &str) -> Result<Self::Reader<'a>> {
        nulls.check(array, name)?;
        if let Some(found) = array.as_any().downcast_ref::<BooleanArray>() {
            return Ok(found.values().clone());
        }
        let decoded = decode(array)?;
        match decoded.as_ref().and_then(|d| d.as_any().downcast_ref::<BooleanArray>()) {
            Some(found) => Ok(found.values().clone()),
            None => Err(mismatch(name, &Self::ty(), array.data_type())),
        }
    }

    #[inline]
    fn read<'a>(reader: &Self::Reader<'a>, row: usize) -> Self::Of<'a> {
        reader.value(row)
    }

    fn writer(capacity: usize) -> Self::Writer {
        BooleanBuilder::with_capacity(capacity)
    }

    #[inline]
    fn write(self, writer: &mut Self::Writer) {
        writer.append_value(self);
    }

    fn write_null(writer: &mut Self::Writer) {
        writer.append_null();
    }

    fn finish(mut writer: Self::Writer) -> Result<ArrayRef> {
        Ok(Arc::new(writer.finish()))
    }
}

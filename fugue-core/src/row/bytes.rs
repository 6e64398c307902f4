//! Cells of bytes, borrowed from the column or either; owned bytes are a `Vec<u8>` and live with the lists.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BinaryArray, BinaryViewArray, BinaryViewBuilder, FixedSizeBinaryArray, LargeBinaryArray};

use super::nulls::{Nulls, mismatch};
use super::support::dictionary;
use super::{Cell, Plain};
use crate::error::Result;
use crate::schema::Type;

/// A column of bytes in any layout.
#[derive(Debug)]
pub struct Bytes<'a>(Layout<'a>);

#[derive(Debug)]
enum Layout<'a> {
    View(&'a BinaryViewArray),
    Small(&'a BinaryArray),
    Large(&'a LargeBinaryArray),
    Fixed(&'a FixedSizeBinaryArray),
    Dictionary(Vec<usize>, Box<Bytes<'a>>),
}

impl<'a> Bytes<'a> {
    pub(super) fn new(array: &'a dyn Array, nulls: Nulls<'_>, name: &str) -> Result<Self> {
        nulls.check(array, name)?;
        Self::resolve(array).ok_or_else(|| mismatch(name, &Type::Bytes, array.data_type()))
    }

    fn resolve(array: &'a dyn Array) -> Option<Self> {
        let any = array.as_any();
        if let Some(found) = any.downcast_ref() {
            return Some(Self(Layout::View(found)));
        }
        if let Some(found) = any.downcast_ref() {
            return Some(Self(Layout::Small(found)));
        }
        if let Some(found) = any.downcast_ref() {
            return Some(Self(Layout::Large(found)));
        }
        if let Some(found) = any.downcast_ref() {
            return Some(Self(Layout::Fixed(found)));
        }
        let (keys, values) = dictionary(array)?;
        Some(Self(Layout::Dictionary(keys, Box::new(Self::resolve(values)?))))
    }

    #[inline]
    pub(super) fn value(&self, row: usize) -> &'a [u8] {
        match &self.0 {
            Layout::View(array) => array.value(row),
            Layout::Small(array) => array.value(row),
            Layout::Large(array) => array.value(row),
            Layout::Fixed(array) => array.value(row),
            Layout::Dictionary(keys, values) => values.value_or_empty(keys[row]),
        }
    }

    /// The key of a null may point behind the values.
    fn value_or_empty(&self, row: usize) -> &'a [u8] {
        let values = match &self.0 {
            Layout::View(array) => array.len(),
            Layout::Small(array) => array.len(),
            Layout::Large(array) => array.len(),
            Layout::Fixed(array) => array.len(),
            Layout::Dictionary(keys, _) => keys.len(),
        };
        if row < values { self.value(row) } else { &[] }
    }
}

macro_rules! bytes {
    ($($self:ty => $of:ty, $read:expr;)*) => { $(
        impl<'r> Plain for $self {}

        impl<'r> Cell for $self {
            type Of<'a> = $of;
            type Reader<'a> = Bytes<'a>;
            type Writer = BinaryViewBuilder;

            fn ty() -> Type {
                Type::Bytes
            }

            fn reader<'a>(array: &'a dyn Array, nulls: Nulls<'_>, name: &str) -> Result<Self::Reader<'a>> {
                Bytes::new(array, nulls, name)
            }

            #[inline]
            fn read<'a>(reader: &Self::Reader<'a>, row: usize) -> Self::Of<'a> {
                $read(reader.value(row))
            }

            fn writer(capacity: usize) -> Self::Writer {
                BinaryViewBuilder::with_capacity(capacity)
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
    )* };
}

bytes! {
    &'r [u8] => &'a [u8], std::convert::identity;
    Cow<'r, [u8]> => Cow<'a, [u8]>, Cow::Borrowed;
}

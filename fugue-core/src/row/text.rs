//! Cells of text: owned, borrowed from the column, or either.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, LargeStringArray, StringArray, StringViewArray, StringViewBuilder};

use super::nulls::{Nulls, mismatch};
use super::support::dictionary;
use super::{Cell, Plain};
use crate::error::Result;
use crate::schema::Type;

/// A column of text in any layout.
#[derive(Debug)]
pub struct Text<'a>(Layout<'a>);

#[derive(Debug)]
enum Layout<'a> {
    View(&'a StringViewArray),
    Small(&'a StringArray),
    Large(&'a LargeStringArray),
    Dictionary(Vec<usize>, Box<Text<'a>>),
}

impl<'a> Text<'a> {
    fn new(array: &'a dyn Array, nulls: Nulls<'_>, name: &str) -> Result<Self> {
        nulls.check(array, name)?;
        Self::resolve(array).ok_or_else(|| mismatch(name, &Type::Str, array.data_type()))
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
        let (keys, values) = dictionary(array)?;
        Some(Self(Layout::Dictionary(keys, Box::new(Self::resolve(values)?))))
    }

    #[inline]
    fn value(&self, row: usize) -> &'a str {
        match &self.0 {
            Layout::View(array) => array.value(row),
            Layout::Small(array) => array.value(row),
            Layout::Large(array) => array.value(row),
            Layout::Dictionary(keys, values) => values.value_or_empty(keys[row]),
        }
    }

    /// The key of a null may point behind the values.
    fn value_or_empty(&self, row: usize) -> &'a str {
        let values = match &self.0 {
            Layout::View(array) => array.len(),
            Layout::Small(array) => array.len(),
            Layout::Large(array) => array.len(),
            Layout::Dictionary(keys, _) => keys.len(),
        };
        if row < values { self.value(row) } else { "" }
    }
}

macro_rules! text {
    ($([$($life:lifetime)?] $self:ty => $of:ty, $read:expr;)*) => { $(
        impl$(<$life>)? Plain for $self {}

        impl$(<$life>)? Cell for $self {
            type Of<'a> = $of;
            type Reader<'a> = Text<'a>;
            type Writer = StringViewBuilder;

            fn ty() -> Type {
                Type::Str
            }

            fn reader<'a>(array: &'a dyn Array, nulls: Nulls<'_>, name: &str) -> Result<Self::Reader<'a>> {
                Text::new(array, nulls, name)
            }

            #[inline]
            fn read<'a>(reader: &Self::Reader<'a>, row: usize) -> Self::Of<'a> {
                $read(reader.value(row))
            }

            fn writer(capacity: usize) -> Self::Writer {
                StringViewBuilder::with_capacity(capacity)
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

text! {
    [] String => Self, str::to_owned;
    ['r] &'r str => &'a str, std::convert::identity;
    ['r] Cow<'r, str> => Cow<'a, str>, Cow::Borrowed;
}

//! Typed rows: how a plain Rust struct reads from columns and is written to columns.
//!
//! A [`Row`] is a struct with `#[derive(Row)]`; a [`Cell`] is what may stand in one of its fields:
//!
//! | Rust | column |
//! |---|---|
//! | `bool`, `i8` to `i64`, `u8` to `u64`, `f32`, `f64` | the same type |
//! | `String`, `&str`, `Cow<str>` | `str` |
//! | `Vec<u8>`, `&[u8]`, `Cow<[u8]>` | `bytes` |
//! | [`chrono::NaiveDate`], [`chrono::NaiveTime`], [`chrono::NaiveDateTime`] | `date`, `time`, `datetime` |
//! | [`Timestamp`] (`chrono::DateTime<Utc>`) | `timestamp(us,UTC)`; reads an instant of any zone |
//! | [`Decimal<P, S>`](Decimal) | `decimal(P,S)` |
//! | `Option<T>` | the same, where nulls are values |
//! | `Vec<T>` | a list |
//! | a struct with `#[derive(Row)]` | a struct |
//! | `BTreeMap<K, V>`, [`Entries<K, V>`](Entries) | a map |
//!
//! Dates and times are chrono's, because arrow builds chrono already: no further crate to build, and no conversion between two
//! calendars. chrono counts nanoseconds and a column microseconds: what is below a microsecond is cut off when a value is written.
//!
//! A reader takes every physical layout that means the type, and types that widen to it without loss (`int` into an `i64`);
//! the contract's own layout is read in place. Rows whose columns are known only at run time are [`Record`]s.

mod boolean;
mod bytes;
mod decimal;
mod dynamic;
mod layout;
mod list;
mod map;
mod nulls;
mod numbers;
mod option;
mod rest;
#[cfg(feature = "serde_rows")]
mod serde_rows;
pub mod support;
mod text;
mod time;

use arrow::array::{Array, ArrayRef};
use arrow::record_batch::RecordBatch;

pub use decimal::Decimal;
pub(crate) use dynamic::column_of;
pub use dynamic::{FromValue, Record, Value};
/// Makes a struct a [`Row`], and a [`Cell`] as a struct column.
pub use fugue_macros::Row;
pub(crate) use layout::hint;
pub use layout::{ColumnsLayout, RowField, RowLayout};
pub use map::Entries;
pub use nulls::Nulls;
pub use rest::Rest;
#[cfg(feature = "serde_rows")]
pub use serde_rows::{Serde, SerdeWriter};
pub use time::Timestamp;

use crate::error::Result;
use crate::schema::{Schema, Type};

/// A row: implemented by `#[derive(Row)]`, by [`Record`] for columns known only at run time, and by `Serde` for serde types.
///
/// Reading resolves the columns of a batch once ([`reader`](Row::reader)) and is then infallible per row: whatever can be
/// wrong (a missing column, another type, a null in a field that is no `Option`) is wrong before the first row is read.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row",
    label = "not a row",
    note = "write `#[derive(Row)]` above the struct (`use fugue::Row`); its fields name the columns",
    note = "for columns that are known only at run time use `Record`"
)]
pub trait Row: Sized {
    /// The same row type with its borrowed parts living as long as a batch; `Self` for owned rows.
    type Of<'a>: Row;
    /// The columns of a batch, resolved.
    type Reader<'a>;
    /// The builders of columns.
    type Writer: Send;

    /// What is known of the type.
    fn layout() -> RowLayout;

    /// Resolves the columns by name; columns that the type does not name are left alone.
    ///
    /// # Errors
    /// `ColumnNotFound`, `SchemaMismatch`, and `ValueInvalid` naming column and row of an unexpected null.
    fn reader(batch: &RecordBatch) -> Result<Self::Reader<'_>>;

    /// Reads one row; `row` is less than the number of rows of the batch.
    fn read<'a>(reader: &Self::Reader<'a>, row: usize) -> Self::Of<'a>;

    /// Builders for rows of the schema: the type's own columns and, with `#[row(rest)]`, the rest.
    ///
    /// The columns of the schema may stand in any order, and may be fewer than those of the type.
    ///
    /// # Errors
    /// `SchemaMismatch` when the schema is not one that the type can write.
    fn writer(schema: &Schema, capacity: usize) -> Result<Self::Writer>;

    /// Appends a row.
    ///
    /// # Errors
    /// `ValueInvalid` or `SchemaMismatch` for dynamic rows that do not fit.
    fn write(self, writer: &mut Self::Writer) -> Result<()>;

    /// The rows written, in the contract's layout.
    ///
    /// # Errors
    /// Whatever the builders find.
    fn finish(writer: Self::Writer) -> Result<RecordBatch>;
}

/// A value that can stand in a column: the fields of rows, and the arguments of functions over plain values.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a column of a row",
    label = "no column has this type",
    note = "columns are bool, integers up to 64 bits, f32, f64, String, &str, Vec<u8>, &[u8], chrono dates and times, Decimal<P, S>, \
            and Option, Vec, BTreeMap and structs with #[derive(Row)] of these",
    note = "usize and isize differ by machine: write u64 or i64"
)]
pub trait Cell: Sized {
    /// The same type with its borrowed parts living as long as a batch.
    type Of<'a>: Cell;
    /// A column, resolved.
    type Reader<'a>;
    /// A builder of a column.
    type Writer: Send;
    /// Whether a null is a value of the type.
    const OPTIONAL: bool = false;
    /// Whether a `Vec` of the type is bytes and not a list: true for `u8` alone.
    #[doc(hidden)]
    const IS_BYTE: bool = false;

    /// The column type.
    fn ty() -> Type;

    /// Resolves a column; accepts every physical layout that means the type, and types that widen to it without loss.
    ///
    /// Optional cells accept nulls whatever `nulls` says.
    ///
    /// # Errors
    /// `SchemaMismatch` naming the column `name`, `ValueInvalid` naming column and row of a null that is forbidden or of a value
    /// that the type cannot hold without loss.
    fn reader<'a>(array: &'a dyn Array, nulls: Nulls<'_>, name: &str) -> Result<Self::Reader<'a>>;

    /// Reads one value; at a null that was allowed the value is unspecified but valid.
    fn read<'a>(reader: &Self::Reader<'a>, row: usize) -> Self::Of<'a>;

    /// All values as they lie in the column, where the type is laid out that way (numbers).
    fn slice<'r, 'a>(reader: &'r Self::Reader<'a>) -> Option<&'r [Self::Of<'a>]> {
        let _ = reader;
        None
    }

    /// A builder.
    fn writer(capacity: usize) -> Self::Writer;

    /// Appends a value.
    fn write(self, writer: &mut Self::Writer);

    /// Appends values.
    fn write_all(values: Vec<Self>, writer: &mut Self::Writer) {
        values.into_iter().for_each(|value| value.write(writer));
    }

    /// Appends a null.
    fn write_null(writer: &mut Self::Writer);

    /// The values written, in the contract's layout.
    ///
    /// # Errors
    /// `ValueInvalid` when a column of lists or maps has more items than one array can hold (2³¹ - 1).
    fn finish(writer: Self::Writer) -> Result<ArrayRef>;

    /// The items of a `Vec`, where they are bytes ([`IS_BYTE`](Cell::IS_BYTE)).
    #[doc(hidden)]
    fn as_bytes(items: &[Self]) -> &[u8] {
        let _ = items;
        &[]
    }

    /// A `Vec` of bytes, where the items are bytes ([`IS_BYTE`](Cell::IS_BYTE)).
    #[doc(hidden)]
    fn from_bytes<'a>(bytes: &[u8]) -> Vec<Self::Of<'a>> {
        let _ = bytes;
        Vec::new()
    }
}

/// The cells that are no rows: what a function over plain values takes and gives.
///
/// A struct with `#[derive(Row)]` is a [`Cell`] too (a struct column); this trait keeps the two apart.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a plain value of a column",
    label = "not a plain value",
    note = "plain values are bool, numbers, String, &str, bytes, dates and times, Decimal<P, S>, and Option and maps of these"
)]
pub trait Plain: Cell {}

#[cfg(test)]
mod tests;

//! Typed rows: how a plain Rust struct reads from columns and is written to columns.

use arrow::array::{Array, ArrayRef};
use arrow::record_batch::RecordBatch;

use crate::error::Result;
use crate::schema::{Schema, Type};

/// What is known of a row type before any data is seen.
#[derive(Clone, Debug)]
pub struct RowLayout {
    /// The name of the type, for messages.
    pub name: &'static str,
    /// The columns that the type names, in order.
    pub fields: Vec<RowField>,
    /// The position among the fields at which the remaining columns stand, for a type with `#[row(rest)]`.
    pub rest: Option<usize>,
    /// Whether the columns are known only with the data (dynamic rows).
    pub dynamic: bool,
}

/// One column of a row type.
#[derive(Clone, Debug)]
pub struct RowField {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub ty: Type,
    /// Whether a null is a value of the field (`Option`).
    pub optional: bool,
}

/// A row: implemented by `#[derive(Row)]`, by [`Record`] for columns known only at run time, and by `Serde` for serde types.
///
/// Reading resolves the columns of a batch once ([`reader`](Row::reader)) and is then infallible per row: whatever can be
/// wrong (a missing column, another type, a null in a field that is no `Option`) is wrong before the first row is read.
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

/// Whether a reader accepts nulls in its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nulls {
    /// A null is an error that names column and row.
    Forbid,
    /// The caller looks at nulls itself.
    Allow,
}

/// A value that can stand in a column: the fields of rows, and the arguments of functions over plain values.
pub trait Cell: Sized {
    /// The same type with its borrowed parts living as long as a batch.
    type Of<'a>: Cell;
    /// A column, resolved.
    type Reader<'a>;
    /// A builder of a column.
    type Writer: Send;
    /// Whether a null is a value of the type.
    const OPTIONAL: bool = false;

    /// The column type.
    fn ty() -> Type;

    /// Resolves a column; accepts every physical layout that means the type.
    ///
    /// # Errors
    /// `SchemaMismatch` naming the column `name`, `ValueInvalid` naming column and row of a null that is forbidden.
    fn reader<'a>(array: &'a dyn Array, nulls: Nulls, name: &str) -> Result<Self::Reader<'a>>;

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

    /// Appends a null.
    fn write_null(writer: &mut Self::Writer);

    /// The values written, in the contract's layout.
    fn finish(writer: Self::Writer) -> ArrayRef;
}

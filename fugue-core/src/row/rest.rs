//! The columns that a row type does not name, carried along with each row and written back as they were.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::record_batch::RecordBatch;

use super::layout::writable;
use super::nulls::mismatch;
use super::support::{Assembly, Column, assemble, relabel};
use crate::cast::cast_array;
use crate::error::Result;
use crate::schema::{Field, Type};

/// The remaining columns of a row: the field of `#[row(rest)]`.
///
/// Holds no values but the place where they stand, so it is cheap to carry and to clone. [`Rest::default`] has no columns; they are
/// written as nulls.
#[derive(Clone, Default)]
pub struct Rest {
    place: Option<(Arc<RecordBatch>, usize)>,
}

impl Rest {
    /// The names of the remaining columns, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.place.iter().flat_map(|(batch, _)| batch.schema_ref().fields().iter().map(|f| f.name().as_str()))
    }

    /// The remaining columns, as a batch of this one row; `None` when there are none.
    #[must_use]
    pub fn batch(&self) -> Option<RecordBatch> {
        self.place.as_ref().map(|(batch, row)| batch.slice(*row, 1))
    }
}

impl fmt::Debug for Rest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = f.debug_tuple("Rest");
        self.names().for_each(|name| {
            names.field(&name);
        });
        names.finish()
    }
}

impl PartialEq for Rest {
    fn eq(&self, other: &Self) -> bool {
        self.batch() == other.batch()
    }
}

/// What the field of `#[row(rest)]` does; implemented by [`Rest`] alone.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a field with `#[row(rest)]` is of type `Rest`, not `{Self}`",
    label = "write `Rest` here",
    note = "`fugue::row::Rest` keeps the columns that the other fields do not name"
)]
pub trait KeepsRest: Sized {
    type Reader<'a>;
    type Writer: Send;
    fn resolve(batch: &RecordBatch, named: &[&str]) -> Result<Self::Reader<'static>>;
    fn read(reader: &Self::Reader<'_>, row: usize) -> Self;
    fn writer(capacity: usize) -> Self::Writer;
    fn write(self, writer: &mut Self::Writer);
}

impl KeepsRest for Rest {
    type Reader<'a> = Arc<RecordBatch>;
    type Writer = RestWriter;

    fn resolve(batch: &RecordBatch, named: &[&str]) -> Result<Self::Reader<'static>> {
        let fields = batch.schema_ref().fields();
        let kept: Vec<usize> = (0..fields.len()).filter(|&i| !named.contains(&fields[i].name().as_str())).collect();
        Ok(Arc::new(batch.project(&kept)?))
    }

    #[inline]
    fn read(reader: &Self::Reader<'_>, row: usize) -> Self {
        Self { place: Some((Arc::clone(reader), row)) }
    }

    fn writer(capacity: usize) -> Self::Writer {
        RestWriter { rows: Vec::with_capacity(capacity), ..RestWriter::default() }
    }

    #[inline]
    fn write(self, writer: &mut Self::Writer) {
        let place = self.place.map(|(batch, row)| (writer.number(batch), row));
        writer.rows.push(place);
    }
}

/// The places of the rests of the rows written so far.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct RestWriter {
    batches: Vec<Arc<RecordBatch>>,
    /// The number of each batch by its address, which no other has while it is held here.
    numbers: BTreeMap<usize, usize>,
    rows: Vec<Option<(usize, usize)>>,
}

impl RestWriter {
    fn number(&mut self, batch: Arc<RecordBatch>) -> usize {
        if self.batches.last().is_some_and(|last| Arc::ptr_eq(last, &batch)) {
            return self.batches.len() - 1;
        }
        let number = *self.numbers.entry(Arc::as_ptr(&batch).addr()).or_insert(self.batches.len());
        if number == self.batches.len() {
            self.batches.push(batch);
        }
        number
    }

    /// The rows of one remaining column.
    fn column(&self, field: &Field) -> Result<ArrayRef> {
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.batches.len() + 1);
        let mut absent = Vec::with_capacity(self.batches.len());
        for batch in &self.batches {
            let column = batch.column_by_name(field.name());
            absent.push(column.is_none());
            arrays.push(match column {
                Some(column) => canonical(column, field)?,
                None => new_null_array(&field.ty().to_arrow(), 0),
            });
        }
        if let Some((array, start)) = self.run(&arrays, &absent) {
            return Ok(array.slice(start, self.rows.len()));
        }
        let null = (arrays.len(), 0);
        arrays.push(new_null_array(&field.ty().to_arrow(), 1));
        let places: Vec<(usize, usize)> =
            self.rows.iter().map(|place| place.filter(|(batch, _)| !absent[*batch]).unwrap_or(null)).collect();
        let arrays: Vec<&dyn Array> = arrays.iter().map(AsRef::as_ref).collect();
        Ok(arrow::compute::interleave(&arrays, &places)?)
    }

    /// The array and its first row, when all rows stand there one after the other: then nothing is copied.
    fn run<'x>(&self, arrays: &'x [ArrayRef], absent: &[bool]) -> Option<(&'x ArrayRef, usize)> {
        let (batch, start) = (*self.rows.first()?)?;
        let runs = self.rows.iter().enumerate().all(|(i, place)| *place == Some((batch, start + i)));
        (runs && !absent[batch]).then(|| (&arrays[batch], start))
    }
}

impl Assembly {
    /// The batch of the declared schema, from columns by name and the rest.
    ///
    /// # Errors
    /// `SchemaMismatch` for a remaining column that is declared with another type.
    #[doc(hidden)]
    pub fn batch_with_rest(self, columns: Vec<(&str, Column)>, rest: RestWriter) -> Result<RecordBatch> {
        let arrays = self
            .schema
            .fields()
            .iter()
            .map(|field| match columns.iter().find(|(name, _)| *name == field.name()) {
                Some((_, array)) => relabel(array, field.ty(), field.name()),
                None => rest.column(field),
            })
            .collect::<Result<Vec<_>>>()?;
        assemble(&self.schema, arrays, self.rows)
    }
}

/// A remaining column in the contract's layout.
fn canonical(column: &ArrayRef, field: &Field) -> Result<ArrayRef> {
    let wanted = field.ty().to_arrow();
    if *column.data_type() == wanted {
        return Ok(Arc::clone(column));
    }
    if !writable(&Type::from_arrow(column.data_type())?, field.ty()) {
        return Err(mismatch(field.name(), field.ty(), column.data_type()));
    }
    cast_array(column, field.ty()).map_err(|e| e.with("column", field.name()))
}

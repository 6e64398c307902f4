//! Cells of lists: `Vec<T>`; where the items are bytes, a `Vec<u8>` is a column of bytes.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryViewBuilder, BooleanBufferBuilder, ListArray, NullBufferBuilder};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field as ArrowField};

use super::Cell;
use super::bytes::Bytes;
use super::nulls::{Nulls, invalid, mismatch};
use super::support::{checked_by_value, dictionary};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::Type;

/// A column of lists, or of bytes where those are the items.
#[derive(Debug)]
pub struct List<'a, R>(Layout<'a, R>);

#[derive(Debug)]
enum Layout<'a, R> {
    Items(Spans<'a>, R),
    Bytes(Bytes<'a>),
}

/// Builders of a column of lists, or of bytes.
#[derive(Debug)]
pub enum ListWriter<W> {
    /// Where each list ends, and its items.
    Items(Offsets, W),
    /// Bytes.
    Bytes(BinaryViewBuilder),
}

impl<T: Cell> Cell for Vec<T> {
    type Of<'a> = Vec<T::Of<'a>>;
    type Reader<'a> = List<'a, T::Reader<'a>>;
    type Writer = ListWriter<T::Writer>;

    fn ty() -> Type {
        if T::IS_BYTE { Type::Bytes } else { Type::List(Arc::new(T::ty())) }
    }

    fn reader<'a>(array: &'a dyn Array, nulls: Nulls<'_>, name: &str) -> Result<Self::Reader<'a>> {
        if T::IS_BYTE {
            return Ok(List(Layout::Bytes(Bytes::new(array, nulls, name)?)));
        }
        nulls.check(array, name)?;
        let Some((spans, items)) = Spans::of_lists(array) else {
            return Err(mismatch(name, &Self::ty(), array.data_type()));
        };
        let items = spans.read_items(array, items, nulls, |items, nulls| T::reader(items, nulls, &format!("{name}[]")))?;
        Ok(List(Layout::Items(spans, items)))
    }

    fn read<'a>(reader: &Self::Reader<'a>, row: usize) -> Self::Of<'a> {
        match &reader.0 {
            Layout::Items(spans, items) => {
                let (start, end) = spans.span(row);
                (start..end).map(|item| T::read(items, item)).collect()
            }
            Layout::Bytes(bytes) => T::from_bytes(bytes.value(row)),
        }
    }

    fn writer(capacity: usize) -> Self::Writer {
        if T::IS_BYTE {
            return ListWriter::Bytes(BinaryViewBuilder::with_capacity(capacity));
        }
        ListWriter::Items(Offsets::new(capacity), T::writer(capacity))
    }

    fn write(self, writer: &mut Self::Writer) {
        match writer {
            ListWriter::Items(offsets, items) => {
                offsets.push(self.len());
                self.into_iter().for_each(|item| item.write(items));
            }
            ListWriter::Bytes(bytes) => bytes.append_value(T::as_bytes(&self)),
        }
    }

    fn write_null(writer: &mut Self::Writer) {
        match writer {
            ListWriter::Items(offsets, _) => offsets.push_null(),
            ListWriter::Bytes(bytes) => bytes.append_null(),
        }
    }

    fn finish(writer: Self::Writer) -> Result<ArrayRef> {
        match writer {
            ListWriter::Items(offsets, items) => {
                let items = T::finish(items)?;
                let (offsets, nulls) = offsets.finish()?;
                let field = ArrowField::new("item", items.data_type().clone(), true);
                Ok(Arc::new(ListArray::try_new(Arc::new(field), offsets, items, nulls)?))
            }
            ListWriter::Bytes(mut bytes) => Ok(Arc::new(bytes.finish())),
        }
    }
}

/// Where the items of each row start and end.
#[derive(Debug)]
pub(super) enum Spans<'a> {
    Offsets(&'a [i32]),
    Pairs(Vec<(usize, usize)>),
}

impl<'a> Spans<'a> {
    /// The rows of lists of any layout, and their items.
    pub(super) fn of_lists(array: &'a dyn Array) -> Option<(Self, &'a dyn Array)> {
        let pairs = |of: &dyn Fn(usize) -> (usize, usize)| Self::Pairs((0..array.len()).map(of).collect());
        Some(match array.data_type() {
            DataType::List(_) => {
                let found = array.as_list_opt::<i32>()?;
                (Self::Offsets(found.value_offsets()), found.values().as_ref())
            }
            DataType::LargeList(_) => {
                let found = array.as_list_opt::<i64>()?;
                let offsets = found.value_offsets();
                (pairs(&|row| (position(offsets[row]), position(offsets[row + 1]))), found.values().as_ref())
            }
            DataType::FixedSizeList(_, _) => {
                let found = array.as_fixed_size_list_opt()?;
                let size = position(i64::from(found.value_length()));
                (pairs(&|row| (row * size, (row + 1) * size)), found.values().as_ref())
            }
            DataType::ListView(_) => {
                let found = array.as_list_view_opt::<i32>()?;
                let (offsets, sizes) = (found.value_offsets(), found.value_sizes());
                let of = |row: usize| {
                    let start = position(i64::from(offsets[row]));
                    (start, start + position(i64::from(sizes[row])))
                };
                (pairs(&of), found.values().as_ref())
            }
            DataType::LargeListView(_) => {
                let found = array.as_list_view_opt::<i64>()?;
                let (offsets, sizes) = (found.value_offsets(), found.value_sizes());
                let of = |row: usize| (position(offsets[row]), position(offsets[row]) + position(sizes[row]));
                (pairs(&of), found.values().as_ref())
            }
            DataType::Dictionary(_, _) => {
                let (keys, values) = dictionary(array)?;
                let (spans, items) = Self::of_lists(values)?;
                let of = |row: usize| if keys[row] < values.len() { spans.span(keys[row]) } else { (0, 0) };
                (pairs(&of), items)
            }
            _ => return None,
        })
    }

    #[inline]
    pub(super) fn span(&self, row: usize) -> (usize, usize) {
        match self {
            Self::Offsets(offsets) => (position(i64::from(offsets[row])), position(i64::from(offsets[row + 1]))),
            Self::Pairs(pairs) => pairs[row],
        }
    }

    /// Resolves the items; those that no row reads may hold anything, and an error among the others names the row.
    pub(super) fn read_items<R>(
        &self,
        rows: &dyn Array,
        items: &'a dyn Array,
        nulls: Nulls<'_>,
        read: impl FnOnce(&'a dyn Array, Nulls<'_>) -> Result<R>,
    ) -> Result<R> {
        let live = nulls.values(rows);
        let mask =
            (has_nulls(items) || checked_by_value(items.data_type())).then(|| self.live_items(rows.len(), live.as_ref(), items));
        read(items, Nulls::forbid(mask.as_ref())).map_err(|error| self.translate(error, rows.len(), live.as_ref()))
    }

    fn live_items(&self, rows: usize, live: Option<&NullBuffer>, items: &dyn Array) -> NullBuffer {
        let mut mask = BooleanBufferBuilder::new(items.len());
        mask.append_n(items.len(), false);
        for row in (0..rows).filter(|&row| live.is_none_or(|l| l.is_valid(row))) {
            let (start, end) = self.span(row);
            (start..end).for_each(|item| mask.set_bit(item, true));
        }
        NullBuffer::new(mask.finish())
    }

    /// The error of an item as one of its row.
    fn translate(&self, error: Error, rows: usize, live: Option<&NullBuffer>) -> Error {
        let Some(item) = error.context("row").and_then(|row| row.parse::<usize>().ok()) else { return error };
        let holds = |&row: &usize| {
            let (start, end) = self.span(row);
            (start..end).contains(&item) && live.is_none_or(|l| l.is_valid(row))
        };
        match (0..rows).find(holds) {
            Some(row) => invalid(error.context("column").unwrap_or_default(), row, error.message()),
            None => error,
        }
    }
}

/// Where the lists of a column end, and which are null.
#[derive(Debug)]
pub struct Offsets {
    ends: Vec<i32>,
    total: usize,
    nulls: NullBufferBuilder,
}

impl Offsets {
    pub(super) fn new(capacity: usize) -> Self {
        let mut ends = Vec::with_capacity(capacity + 1);
        ends.push(0);
        Self { ends, total: 0, nulls: NullBufferBuilder::new(capacity) }
    }

    pub(super) fn push(&mut self, items: usize) {
        self.total += items;
        self.ends.push(i32::try_from(self.total).unwrap_or(i32::MAX));
        self.nulls.append_non_null();
    }

    pub(super) fn push_null(&mut self) {
        self.ends.push(i32::try_from(self.total).unwrap_or(i32::MAX));
        self.nulls.append_null();
    }

    pub(super) fn finish(mut self) -> Result<(OffsetBuffer<i32>, Option<NullBuffer>)> {
        if i32::try_from(self.total).is_err() {
            let message =
                format!("a column holds {} items of lists, more than 2147483647; write fewer rows at a time", self.total);
            return Err(Error::new(ErrorKind::ValueInvalid, message));
        }
        Ok((OffsetBuffer::new(ScalarBuffer::from(self.ends)), self.nulls.finish()))
    }
}

/// Whether an array or one of its children has a null.
fn has_nulls(array: &dyn Array) -> bool {
    if array.logical_null_count() > 0 {
        return true;
    }
    match array.data_type() {
        DataType::Struct(_) => array.as_struct_opt().is_some_and(|s| s.columns().iter().any(has_nulls_of)),
        DataType::Map(_, _) => array.as_map_opt().is_some_and(|m| m.entries().columns().iter().any(has_nulls_of)),
        _ => Spans::of_lists(array).is_some_and(|(_, items)| has_nulls(items)),
    }
}

fn has_nulls_of(array: &ArrayRef) -> bool {
    has_nulls(array)
}

/// Offsets of arrow are not negative.
fn position(offset: i64) -> usize {
    usize::try_from(offset).unwrap_or_default()
}

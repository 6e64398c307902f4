//! Lists, maps and structs in parts, without what stands outside a slice or below a null.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, LargeListArray, ListArray, MapArray, OffsetSizeTrait, StructArray, UInt64Array,
};
use arrow::buffer::{BooleanBuffer, NullBuffer, OffsetBuffer};
use arrow::compute::{filter, nullif, take};
use arrow::datatypes::{DataType, Fields};

use super::fault::Fault;
use super::{Field, Type};

/// A column of lists or maps: which items belong to which row, and only the items that belong to one.
pub(crate) struct ListParts {
    offsets: OffsetBuffer<i32>,
    pub(crate) items: ArrayRef,
    nulls: Option<NullBuffer>,
}

impl ListParts {
    /// Takes a column of any list layout, or of maps, apart. Items of a map are its entries.
    pub(crate) fn new(array: &ArrayRef) -> Result<Self, Fault> {
        match array.data_type() {
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                Self::live(list.offsets().clone(), list.values(), list.nulls())
            }
            DataType::LargeList(_) => Self::of_large_list(array.as_list::<i64>()),
            DataType::Map(_, _) => {
                let map = array.as_map();
                let entries: ArrayRef = Arc::new(map.entries().clone());
                Self::live(map.offsets().clone(), &entries, map.nulls())
            }
            DataType::FixedSizeList(_, size) => {
                let list = array.as_fixed_size_list();
                let size = usize::try_from(*size).unwrap_or(0);
                fits(size.saturating_mul(list.len()))?;
                let offsets = OffsetBuffer::from_repeated_length(size, list.len());
                Self::live(offsets, list.values(), list.nulls())
            }
            DataType::ListView(_) => {
                let list = array.as_list_view::<i32>();
                Self::of_views(list.value_offsets(), list.value_sizes(), list.values(), list.nulls())
            }
            DataType::LargeListView(_) => {
                let list = array.as_list_view::<i64>();
                Self::of_views(list.value_offsets(), list.value_sizes(), list.values(), list.nulls())
            }
            other => Err(Fault::Type(format!("type {other} is no list"))),
        }
    }

    fn of_large_list(list: &LargeListArray) -> Result<Self, Fault> {
        let (first, last) = range(list.offsets());
        fits(last - first)?;
        let offsets = OffsetBuffer::from_lengths(list.offsets().lengths());
        Self::live(offsets, &list.values().slice(first, last - first), list.nulls())
    }

    fn of_views<O: OffsetSizeTrait>(
        starts: &[O],
        sizes: &[O],
        values: &ArrayRef,
        nulls: Option<&NullBuffer>,
    ) -> Result<Self, Fault> {
        let live = |row: usize| nulls.is_none_or(|n| n.is_valid(row));
        let size = |row: usize| if live(row) { sizes[row].as_usize() } else { 0 };
        fits((0..sizes.len()).map(size).sum())?;
        let indices: UInt64Array =
            (0..sizes.len()).flat_map(|row| (0..size(row)).map(move |i| (starts[row].as_usize() + i) as u64)).collect();
        let offsets = OffsetBuffer::from_lengths((0..sizes.len()).map(size));
        Ok(Self { offsets, items: take(values, &indices, None)?, nulls: nulls.cloned() })
    }

    /// Drops items before the first and after the last row, and below nulls.
    fn live(offsets: OffsetBuffer<i32>, items: &ArrayRef, nulls: Option<&NullBuffer>) -> Result<Self, Fault> {
        let (first, last) = range(&offsets);
        let items = whole_or_slice(items, first, last);
        let nulls = nulls.filter(|n| n.null_count() > 0).cloned();
        let first = i32::try_from(first).map_err(|_| too_many())?;
        let offsets = if first == 0 { offsets } else { offsets.subtract(first) };
        if !offsets.has_non_empty_nulls(nulls.as_ref()) {
            return Ok(Self { offsets, items, nulls });
        }
        let valid = |row: usize| nulls.as_ref().is_none_or(|n| n.is_valid(row));
        let lengths: Vec<usize> = offsets.lengths().collect();
        let kept: BooleanBuffer = lengths.iter().enumerate().flat_map(|(row, n)| std::iter::repeat_n(valid(row), *n)).collect();
        let items = filter(&items, &BooleanArray::new(kept, None))?;
        let offsets = OffsetBuffer::from_lengths(lengths.iter().enumerate().map(|(row, n)| if valid(row) { *n } else { 0 }));
        Ok(Self { offsets, items, nulls })
    }

    /// The row that an item belongs to.
    pub(crate) fn row_of(&self, item: usize) -> usize {
        self.offsets.partition_point(|o| usize::try_from(*o).is_ok_and(|o| o <= item)).saturating_sub(1)
    }

    /// Where the items of each row start and end.
    pub(crate) fn offsets(&self) -> &OffsetBuffer<i32> {
        &self.offsets
    }

    /// A column of lists with these items, which are of a type's layout.
    pub(crate) fn into_list(self, items: ArrayRef, item: &Type) -> Result<ArrayRef, Fault> {
        let field = super::types::item_field(item);
        Ok(Arc::new(ListArray::try_new(field, self.offsets, items, self.nulls)?))
    }

    /// A column of maps with these keys and values, which are of the types' layouts.
    pub(crate) fn into_map(self, keys: ArrayRef, values: ArrayRef, key: &Type, value: &Type) -> Result<ArrayRef, Fault> {
        if let Some(nulls) = keys.nulls().filter(|n| n.null_count() > 0) {
            let item = (0..keys.len()).find(|i| nulls.is_null(*i)).unwrap_or(0);
            return Err(Fault::value(self.row_of(item), "a key of a map is null; drop such entries first"));
        }
        let field = super::types::entries_field(key, value);
        let DataType::Struct(parts) = field.data_type() else { return Err(Fault::Type("a map needs entries".into())) };
        let entries = StructArray::try_new(parts.clone(), vec![keys, values], None)?;
        Ok(Arc::new(MapArray::try_new(field, self.offsets, entries, self.nulls, false)?))
    }
}

/// Key and value of the entries of a map, or of structs that stand for entries.
pub(crate) fn entries(items: &ArrayRef) -> Result<(ArrayRef, ArrayRef), Fault> {
    match items.as_struct_opt().map(StructArray::columns) {
        Some([key, value]) => Ok((Arc::clone(key), Arc::clone(value))),
        _ => Err(Fault::Type("a map needs entries of a key and a value".into())),
    }
}

/// A column of structs with these children, which are of the layout of the fields.
pub(crate) fn into_struct(
    fields: &[Field],
    children: Vec<ArrayRef>,
    nulls: Option<&NullBuffer>,
    len: usize,
) -> Result<ArrayRef, Fault> {
    let fields: Fields = fields.iter().map(Field::to_arrow).collect();
    Ok(Arc::new(StructArray::try_new_with_length(fields, children, nulls.cloned(), len)?))
}

/// The column with nulls also where the struct that holds it is null: what stands there is nobody's value.
pub(crate) fn masked(child: &ArrayRef, outer: Option<&NullBuffer>) -> Result<ArrayRef, Fault> {
    match outer {
        Some(nulls) if nulls.null_count() > 0 => Ok(nullif(child, &BooleanArray::new(!nulls.inner(), None))?),
        _ => Ok(Arc::clone(child)),
    }
}

fn range<O: OffsetSizeTrait>(offsets: &OffsetBuffer<O>) -> (usize, usize) {
    (offsets.first().map_or(0, |o| o.as_usize()), offsets.last().map_or(0, |o| o.as_usize()))
}

fn whole_or_slice(items: &ArrayRef, first: usize, last: usize) -> ArrayRef {
    if first == 0 && last == items.len() { Arc::clone(items) } else { items.slice(first, last - first) }
}

fn fits(items: usize) -> Result<(), Fault> {
    i32::try_from(items).map(|_| ()).map_err(|_| too_many())
}

fn too_many() -> Fault {
    Fault::value(0, "the lists of one batch hold more than 2147483647 items; use smaller batches")
}

//! Cells of maps: a `BTreeMap` whose keys are unique, and `Entries`, which keeps what stands there as it stands.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, MapArray, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field as ArrowField, Fields};

use super::list::{Offsets, Spans};
use super::nulls::{Nulls, invalid, mismatch};
use super::{Cell, Plain};
use crate::error::Result;
use crate::schema::Type;

/// A map as its entries, in the order in which they stand; the keys may be borrowed and are not compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries<K, V>(pub Vec<(K, V)>);

impl<K, V> FromIterator<(K, V)> for Entries<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

/// A column of maps.
#[derive(Debug)]
pub struct Maps<'a, K, V> {
    spans: Spans<'a>,
    keys: K,
    values: V,
}

/// Builders of a column of maps.
#[derive(Debug)]
pub struct MapWriter<K, V> {
    offsets: Offsets,
    keys: K,
    values: V,
}

impl<K: Plain, V: Plain> Plain for Entries<K, V> {}

impl<K: Cell, V: Cell> Cell for Entries<K, V> {
    type Of<'a> = Entries<K::Of<'a>, V::Of<'a>>;
    type Reader<'a> = Maps<'a, K::Reader<'a>, V::Reader<'a>>;
    type Writer = MapWriter<K::Writer, V::Writer>;

    fn ty() -> Type {
        Type::Map(Arc::new(K::ty()), Arc::new(V::ty()))
    }

    fn reader<'a>(array: &'a dyn Array, nulls: Nulls<'_>, name: &str) -> Result<Self::Reader<'a>> {
        nulls.check(array, name)?;
        let Some((spans, keys, values, entries)) = entries(array) else {
            return Err(mismatch(name, &Self::ty(), array.data_type()));
        };
        // Nulls among the entries themselves are not admitted by arrow's maps; a list of structs may have them.
        spans.read_items(array, entries, nulls, |entries, nulls| nulls.check(entries, &format!("{name}[]")))?;
        let keys = spans.read_items(array, keys, nulls, |keys, nulls| K::reader(keys, nulls, &format!("{name}[key]")))?;
        let values =
            spans.read_items(array, values, nulls, |values, nulls| V::reader(values, nulls, &format!("{name}[value]")))?;
        Ok(Maps { spans, keys, values })
    }

    fn read<'a>(reader: &Self::Reader<'a>, row: usize) -> Self::Of<'a> {
        let (start, end) = reader.spans.span(row);
        Entries((start..end).map(|i| (K::read(&reader.keys, i), V::read(&reader.values, i))).collect())
    }

    fn writer(capacity: usize) -> Self::Writer {
        MapWriter { offsets: Offsets::new(capacity), keys: K::writer(capacity), values: V::writer(capacity) }
    }

    fn write(self, writer: &mut Self::Writer) {
        writer.offsets.push(self.0.len());
        for (key, value) in self.0 {
            key.write(&mut writer.keys);
            value.write(&mut writer.values);
        }
    }

    fn write_null(writer: &mut Self::Writer) {
        writer.offsets.push_null();
    }

    fn finish(writer: Self::Writer) -> Result<ArrayRef> {
        let (offsets, nulls) = writer.offsets.finish()?;
        map_array(offsets, K::finish(writer.keys)?, V::finish(writer.values)?, nulls)
    }
}

impl<K: Plain + Ord, V: Plain> Plain for BTreeMap<K, V> where K: for<'a> Cell<Of<'a> = K> {}

impl<K: Ord, V: Cell> Cell for BTreeMap<K, V>
where
    K: for<'a> Cell<Of<'a> = K>,
{
    type Of<'a> = BTreeMap<K, V::Of<'a>>;
    type Reader<'a> = <Entries<K, V> as Cell>::Reader<'a>;
    type Writer = <Entries<K, V> as Cell>::Writer;

    fn ty() -> Type {
        Entries::<K, V>::ty()
    }

    fn reader<'a>(array: &'a dyn Array, nulls: Nulls<'_>, name: &str) -> Result<Self::Reader<'a>> {
        let reader = Entries::<K, V>::reader(array, nulls, name)?;
        match repeated_key::<K, V>(&reader, array.len(), nulls.values(array).as_ref()) {
            Some(row) => Err(invalid(name, row, "a key stands twice in a map; read it as Entries, which keeps both")),
            None => Ok(reader),
        }
    }

    fn read<'a>(reader: &Self::Reader<'a>, row: usize) -> Self::Of<'a> {
        Entries::<K, V>::read(reader, row).0.into_iter().collect()
    }

    fn writer(capacity: usize) -> Self::Writer {
        Entries::<K, V>::writer(capacity)
    }

    fn write(self, writer: &mut Self::Writer) {
        Entries(self.into_iter().collect()).write(writer);
    }

    fn write_null(writer: &mut Self::Writer) {
        writer.offsets.push_null();
    }

    fn finish(writer: Self::Writer) -> Result<ArrayRef> {
        Entries::<K, V>::finish(writer)
    }
}

/// The first row of which two keys are equal.
fn repeated_key<K, V: Cell>(reader: &<Entries<K, V> as Cell>::Reader<'_>, rows: usize, live: Option<&NullBuffer>) -> Option<usize>
where
    K: Ord + for<'a> Cell<Of<'a> = K>,
{
    (0..rows).filter(|&row| live.is_none_or(|l| l.is_valid(row))).find(|&row| {
        let (start, end) = reader.spans.span(row);
        let mut keys: Vec<K> = (start..end).map(|i| K::read(&reader.keys, i)).collect();
        keys.sort_unstable();
        keys.windows(2).any(|pair| pair[0] == pair[1])
    })
}

/// Where the maps of a column lie: a map, or a list of structs of a key and a value.
pub(super) fn entries<'a>(array: &'a dyn Array) -> Option<(Spans<'a>, &'a dyn Array, &'a dyn Array, &'a dyn Array)> {
    let (spans, entries): (Spans<'a>, &'a StructArray) = match array.data_type() {
        DataType::Map(_, _) => {
            let found = array.as_map_opt()?;
            (Spans::Offsets(found.value_offsets()), found.entries())
        }
        _ => {
            let (spans, items) = Spans::of_lists(array)?;
            let items = items.as_struct_opt()?;
            if items.column_names() != ["key", "value"] {
                return None;
            }
            (spans, items)
        }
    };
    match entries.columns() {
        [keys, values] => Some((spans, keys.as_ref(), values.as_ref(), entries)),
        _ => None,
    }
}

/// A map array in the contract's layout.
pub(super) fn map_array(
    offsets: arrow::buffer::OffsetBuffer<i32>,
    keys: ArrayRef,
    values: ArrayRef,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef> {
    let fields = Fields::from(vec![
        ArrowField::new("key", keys.data_type().clone(), false),
        ArrowField::new("value", values.data_type().clone(), true),
    ]);
    let entries = StructArray::try_new(fields, vec![keys, values], None)?;
    let field = ArrowField::new("entries", entries.data_type().clone(), false);
    Ok(Arc::new(MapArray::try_new(Arc::new(field), offsets, entries, nulls, false)?))
}

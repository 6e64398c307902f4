//! Which rows of a group are the first with their value.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type, UInt64Type};
use hashbrown::HashTable;

use crate::error::Result;
use crate::group::hash::{combine, hash_bytes, hash_pair, mix};
use crate::group::order_keys;
use crate::schema::layout::canonical_float;

/// In groups of up to so many rows each row is compared with all before.
const FEW: usize = 8;

/// Marks in each group the first row of each value among valid rows: floats by their one equality.
pub(super) fn first_of_each(array: &ArrayRef, valid: Option<&NullBuffer>, groups: &[Range<usize>]) -> Result<BooleanBuffer> {
    let marking = Marking { rows: array.len(), valid, groups };
    Ok(match array.data_type() {
        DataType::Float32 | DataType::Float64 => {
            let array = cast(array, &DataType::Float64)?;
            let values = array.as_primitive::<Float64Type>().values();
            marking.first(|row| canonical_float(values[row]).to_bits(), |key| mix(*key))
        }
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => {
            let array = cast(array, &DataType::UInt64)?;
            let values = array.as_primitive::<UInt64Type>().values();
            marking.first(|row| values[row], |key| mix(*key))
        }
        DataType::Decimal128(_, _) => {
            let values = array.as_primitive::<Decimal128Type>().values();
            marking.first(|row| values[row].cast_unsigned(), |key| hash_pair(*key))
        }
        DataType::Utf8View => {
            let values = array.as_string_view();
            marking.first(|row| values.value(row).as_bytes(), |key| hash_bytes(key))
        }
        DataType::BinaryView => {
            let values = array.as_binary_view();
            marking.first(|row| values.value(row), |key| hash_bytes(key))
        }
        other if is_whole(other) => {
            let array = cast(array, &DataType::Int64)?;
            let values = array.as_primitive::<Int64Type>().values();
            marking.first(|row| values[row].cast_unsigned(), |key| mix(*key))
        }
        _ => {
            let values = order_keys(&[(ArrayRef::clone(array), true)])?;
            marking.first(|row| values.value(row), |key| hash_bytes(key))
        }
    })
}

/// Whether values are whole numbers underneath, with their order, and fit into a long.
pub(super) fn is_whole(data_type: &DataType) -> bool {
    data_type.is_signed_integer()
        || matches!(data_type, DataType::Boolean | DataType::Date32 | DataType::Time64(_) | DataType::Timestamp(_, _))
}

struct Marking<'a> {
    rows: usize,
    valid: Option<&'a NullBuffer>,
    groups: &'a [Range<usize>],
}

impl Marking<'_> {
    /// One table for all groups, as long ones and many short ones come mixed and emptying a large table takes as long as filling it.
    fn first<K: Eq + Copy>(&self, key: impl Fn(usize) -> K, hash: impl Fn(&K) -> u64) -> BooleanBuffer {
        let mut first = vec![false; self.rows];
        let mut seen: HashTable<(usize, usize)> = HashTable::new();
        let hash = |group: usize, row: usize| mix(combine(hash(&key(row)), group as u64));
        for (number, group) in self.groups.iter().enumerate() {
            for row in group.clone().filter(|row| self.valid.is_none_or(|v| v.is_valid(*row))) {
                let value = key(row);
                first[row] = if group.len() <= FEW {
                    !(group.start..row).any(|before| first[before] && key(before) == value)
                } else {
                    let entry = seen.entry(
                        hash(number, row),
                        |(other, before)| *other == number && key(*before) == value,
                        |(other, before)| hash(*other, *before),
                    );
                    match entry {
                        hashbrown::hash_table::Entry::Occupied(_) => false,
                        hashbrown::hash_table::Entry::Vacant(free) => {
                            free.insert((number, row));
                            true
                        }
                    }
                };
            }
        }
        BooleanBuffer::from(first)
    }
}

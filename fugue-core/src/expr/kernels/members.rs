//! The constants of a long list as a hash table.

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType, TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use hashbrown::HashTable;

use crate::group::{hash_bytes, mix};
use crate::schema::layout::canonical_float;

use super::Operand;

/// Values that are not null, and whether there was a null among them.
pub(super) struct Members {
    table: Table,
    null: bool,
}

enum Table {
    Words(HashTable<u64>),
    Pairs(HashTable<u128>),
    Bytes(HashTable<Box<[u8]>>),
}

impl Members {
    /// A table of constants; none for types that have no hash here.
    pub(super) fn new(data_type: &DataType, constants: &[&Operand]) -> Option<Self> {
        let mut table = match data_type {
            DataType::Decimal128(_, _) => Table::Pairs(HashTable::new()),
            DataType::Utf8View | DataType::BinaryView => Table::Bytes(HashTable::new()),
            DataType::Boolean | DataType::Null => return None,
            other if other.is_nested() => return None,
            _ => Table::Words(HashTable::new()),
        };
        let mut null = false;
        for constant in constants {
            if constant.array.data_type() != data_type {
                return None;
            }
            if constant.array.is_null(0) {
                null = true;
                continue;
            }
            match &mut table {
                Table::Words(table) => {
                    let mut word = None;
                    each_word(&constant.array, |w| word = Some(w))?;
                    let word = word?;
                    table.entry(mix(word), |v| *v == word, |v| mix(*v)).or_insert(word);
                }
                Table::Pairs(table) => {
                    let pair = constant.single::<Decimal128Type>()?.cast_unsigned();
                    table.entry(hash_pair(pair), |v| *v == pair, |v| hash_pair(*v)).or_insert(pair);
                }
                Table::Bytes(table) => {
                    let bytes = byte_value(&constant.array, 0);
                    table.entry(hash_bytes(bytes), |v| **v == *bytes, |v| hash_bytes(v)).or_insert(bytes.into());
                }
            }
        }
        Some(Self { table, null })
    }

    /// Whether each value is among these, three-valued.
    pub(super) fn hold(&self, array: &ArrayRef) -> BooleanArray {
        let rows = array.len();
        let found = match &self.table {
            Table::Words(table) => {
                let mut bits = Vec::with_capacity(rows);
                // A type without words has made no table.
                let _ = each_word(array, |word| bits.push(table.find(mix(word), |v| *v == word).is_some()));
                BooleanBuffer::from(bits)
            }
            Table::Pairs(table) => {
                let values = array.as_primitive::<Decimal128Type>().values();
                BooleanBuffer::collect_bool(rows, |row| {
                    let pair = values[row].cast_unsigned();
                    table.find(hash_pair(pair), |v| *v == pair).is_some()
                })
            }
            Table::Bytes(table) => BooleanBuffer::collect_bool(rows, |row| {
                let bytes = byte_value(array, row);
                array.is_valid(row) && table.find(hash_bytes(bytes), |v| **v == *bytes).is_some()
            }),
        };
        let unknown = self.null.then(|| NullBuffer::new(found.clone()));
        BooleanArray::new(found, NullBuffer::union(array.nulls(), unknown.as_ref()))
    }
}

fn byte_value(array: &ArrayRef, row: usize) -> &[u8] {
    match array.data_type() {
        DataType::Utf8View => array.as_string_view().value(row).as_bytes(),
        _ => array.as_binary_view().value(row),
    }
}

fn hash_pair(pair: u128) -> u64 {
    let bytes = pair.to_le_bytes();
    hash_bytes(&bytes)
}

/// Every value as a word by which equal values are equal; none for types that do not fit one.
fn each_word(array: &ArrayRef, mut take: impl FnMut(u64)) -> Option<()> {
    fn each<T: ArrowPrimitiveType>(array: &ArrayRef, take: &mut impl FnMut(u64), word: impl Fn(T::Native) -> u64) {
        array.as_primitive::<T>().values().iter().for_each(|value| take(word(*value)));
    }
    let take = &mut take;
    match array.data_type() {
        DataType::Int8 => each::<Int8Type>(array, take, |v| i64::from(v).cast_unsigned()),
        DataType::Int16 => each::<Int16Type>(array, take, |v| i64::from(v).cast_unsigned()),
        DataType::Int32 => each::<Int32Type>(array, take, |v| i64::from(v).cast_unsigned()),
        DataType::Int64 => each::<Int64Type>(array, take, i64::cast_unsigned),
        DataType::UInt8 => each::<UInt8Type>(array, take, u64::from),
        DataType::UInt16 => each::<UInt16Type>(array, take, u64::from),
        DataType::UInt32 => each::<UInt32Type>(array, take, u64::from),
        DataType::UInt64 => each::<UInt64Type>(array, take, |v| v),
        DataType::Float32 => each::<Float32Type>(array, take, |v| canonical_float(v.into()).to_bits()),
        DataType::Float64 => each::<Float64Type>(array, take, |v| canonical_float(v).to_bits()),
        DataType::Date32 => each::<Date32Type>(array, take, |v| i64::from(v).cast_unsigned()),
        DataType::Time64(_) => each::<Time64MicrosecondType>(array, take, i64::cast_unsigned),
        DataType::Timestamp(_, _) => each::<TimestampMicrosecondType>(array, take, i64::cast_unsigned),
        _ => return None,
    }
    Some(())
}

//! Where a call stands: the values of its keys, the numbers of its partition, a seed that is the same on every engine.

use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};

use crate::error::Result;
use crate::group::Groups;
use crate::row::{Cell, Nulls};
use crate::schema::{Schema, format_value};

use super::task::TaskContext;

/// The position of a call: keys, partition numbers, attempt, and a seed.
#[derive(Clone)]
pub struct Cursor {
    groups: Arc<Groups>,
    index: usize,
    attempt: u32,
    run: u64,
    keys: Schema,
}

impl Cursor {
    pub(crate) fn new(groups: Arc<Groups>, index: usize, cx: &TaskContext) -> Self {
        Self { groups, index, attempt: cx.run.attempt, run: cx.fingerprint, keys: cx.keys.clone() }
    }

    /// The schema of the partition keys, in partition-by order; empty without keys.
    #[must_use]
    pub fn key_schema(&self) -> &Schema {
        &self.keys
    }

    /// The value of a key as a Rust value; `Option<T>` where it may be null.
    ///
    /// # Errors
    /// `ColumnNotFound` for a column that is no key, `SchemaMismatch` for another type, `ValueInvalid` for a null that `T` is not.
    pub fn key<T: for<'a> Cell<Of<'a> = T>>(&self, name: &str) -> Result<T> {
        let column = self.key_column(name)?;
        let one = column.slice(self.index, 1);
        let reader = T::reader(&*one, Nulls::Forbid, name)?;
        Ok(T::read(&reader, 0))
    }

    /// The values of the keys as text, in partition-by order, `NULL` for null: for logs and file names.
    #[must_use]
    pub fn key_text(&self) -> Vec<(String, String)> {
        key_text(&self.groups, self.index)
    }

    /// The number of this logical partition among those of the run; engines number differently.
    #[must_use]
    pub fn partition_no(&self) -> usize {
        self.groups.first + self.index
    }

    /// The number of the physical partition that this logical one stands in; engines number differently.
    #[must_use]
    pub fn physical_partition_no(&self) -> usize {
        self.groups.physical_of(self.index)
    }

    /// How many times this partition was tried before: 0 at the first time. Only clusters try again.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// A seed made of the keys, or of the partition number where there are none: the same on every engine and at every attempt.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.identity(0x5eed)
    }

    /// A value that is the same for every attempt at this partition of this task, to make side effects repeatable.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        format!("{:016x}{:016x}", self.run, self.identity(self.run))
    }

    fn key_column(&self, name: &str) -> Result<&ArrayRef> {
        self.keys
            .index_of(name)
            .and_then(|i| self.groups.keys.columns().get(i))
            .ok_or_else(|| self.keys.missing(name).with_operation("cursor"))
    }

    fn identity(&self, seed: u64) -> u64 {
        if self.keys.is_empty() {
            return fnv(seed, &(self.partition_no() as u64).to_le_bytes());
        }
        // A null and the text that stands for it are two keys, so whether there is a value counts too.
        let nulls = self.groups.keys.columns().iter().map(|column| u8::from(column.is_null(self.index)));
        let values = nulls.zip(self.key_text());
        values.fold(seed, |h, (null, (_, value))| fnv(fnv(fnv(h, &[null]), value.as_bytes()), &[0xff]))
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cursor")
            .field("keys", &self.key_text())
            .field("partition_no", &self.partition_no())
            .finish_non_exhaustive()
    }
}

/// The key values of a group as text.
pub(crate) fn key_text(groups: &Groups, index: usize) -> Vec<(String, String)> {
    let schema = groups.keys.schema();
    let columns = groups.keys.columns().iter();
    schema
        .fields()
        .iter()
        .zip(columns)
        .map(|(field, column)| {
            let value = if column.is_null(index) { "NULL".to_owned() } else { format_value(column, index) };
            (field.name().clone(), value)
        })
        .collect()
}

/// FNV-1a: a hash whose values are fixed for good, because users see them as seeds.
pub(crate) fn fnv(seed: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325 ^ seed, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3))
}

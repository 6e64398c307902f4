//! Grouping, shared by all engines: from batches to groups of rows by key and in order, bucket by bucket.
//!
//! [`group`] and [`cogroup`] lay rows out in buckets of whole groups: keys are hashed and rows scattered chunk by chunk, then
//! the rows of each bucket are grouped. [`Buckets::build`] gathers the columns of one bucket; it is pure and cheap enough to be
//! called when its groups are about to be processed, so that only a few buckets are in memory besides the input.
//!
//! All NaN are one key, and -0.0 is 0.0; null is a key. Which groups there are, their order, and the order of rows in them
//! depend on the rows alone: not on threads, and not on how rows are cut into batches.

mod assign;
mod buckets;
pub(crate) mod canonical;
pub(crate) mod hash;
mod keys;
mod permute;
mod plan;
mod run;
mod scatter;
mod sort;
mod sorted;
mod source;
mod split;
mod words;

#[cfg(test)]
mod tests;

use std::ops::Range;

use arrow::record_batch::RecordBatch;

pub use buckets::Buckets;
pub(crate) use hash::{hash_bytes, mix};
pub use plan::{CoInput, GroupPlan, ZipKind};
pub use run::{cogroup, group, group_stream};
pub use sorted::{key_hashes, order_keys, sorted_groups};
pub use split::split;

/// So many groups (2 to the power of it) may stand in one of several partitions that are laid out apart.
const PARTITION_BITS: u32 = usize::BITS / 2;

/// Rows of one input, laid out group after group.
#[derive(Clone, Debug)]
pub struct Member {
    /// The rows; those of a group stand together, in presort order.
    pub batch: RecordBatch,
    /// Where each group starts and ends: one more than there are groups. A group of a member may be empty only in a zip.
    pub offsets: Vec<usize>,
}

impl Member {
    /// The rows of a group, without a copy.
    #[must_use]
    pub fn rows(&self, group: usize) -> RecordBatch {
        self.batch.slice(self.offsets[group], self.offsets[group + 1] - self.offsets[group])
    }
}

/// Some groups on their way to a task: one member for a transform, several for a cotransform.
#[derive(Clone, Debug)]
pub struct Groups {
    /// The inputs; each has the same number of groups.
    pub members: Vec<Member>,
    /// One row per group with the values of the partition keys; no columns when there are none.
    pub keys: RecordBatch,
    /// The number of the first group among all groups of the run.
    pub first: usize,
    /// The number of the physical partition that these groups stand in, or the first of them stands in.
    pub physical: usize,
    /// Whether each group is a physical partition of its own, so that their numbers go up with the groups.
    pub apart: bool,
}

impl Groups {
    /// Number of groups.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.first().map_or(0, |m| m.offsets.len().saturating_sub(1))
    }

    /// Whether there is no group.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of the physical partition that a group stands in.
    #[must_use]
    pub fn physical_of(&self, group: usize) -> usize {
        if self.apart { self.physical + group } else { self.physical }
    }

    /// The same groups as those of one physical partition among several that are laid out apart from one another, such as tasks of a
    /// cluster: the numbers of groups go on where those of partitions before it cannot reach.
    #[must_use]
    pub fn in_partition(mut self, partition: usize) -> Self {
        self.first += partition << PARTITION_BITS;
        self.physical = if self.apart { self.first } else { partition };
        self
    }

    /// A run of these groups, without a copy of rows: to spread a few groups that take long over threads.
    #[must_use]
    pub fn slice(&self, groups: Range<usize>) -> Self {
        let member = |m: &Member| {
            let offsets = &m.offsets[groups.start..=groups.end];
            let (start, end) = (offsets[0], offsets[groups.len()]);
            Member { batch: m.batch.slice(start, end - start), offsets: offsets.iter().map(|o| o - start).collect() }
        };
        Self {
            members: self.members.iter().map(member).collect(),
            keys: self.keys.slice(groups.start, groups.len()),
            first: self.first + groups.start,
            physical: self.physical_of(groups.start),
            apart: self.apart,
        }
    }
}

//! Grouping, shared by all engines: from batches to groups of rows by key and in order, bucket by bucket.

use arrow::record_batch::RecordBatch;

/// Rows of one input, laid out group after group.
#[derive(Clone, Debug)]
pub struct Member {
    /// The rows; those of a group stand together, in presort order.
    pub batch: RecordBatch,
    /// Where each group starts and ends: one more than there are groups. A group of a member may be empty only in a zip.
    pub offsets: Vec<usize>,
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
    /// The number of the physical partition that these groups stand in.
    pub physical: usize,
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
}

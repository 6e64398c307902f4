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

    /// Some of the groups, without copying rows.
    #[must_use]
    pub fn slice(&self, start: usize, count: usize) -> Self {
        let members = self.members.iter().map(|m| {
            let (from, to) = (m.offsets[start], m.offsets[start + count]);
            let offsets = m.offsets[start..=start + count].iter().map(|o| o - from).collect();
            Member { batch: m.batch.slice(from, to - from), offsets }
        });
        Self {
            members: members.collect(),
            keys: self.keys.slice(start, count),
            first: self.first + start,
            physical: self.physical,
        }
    }

    /// Whether there is no group.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

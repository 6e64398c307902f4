//! What is to be grouped, and how: the plan of a map, the inputs of a zip.

use arrow::record_batch::RecordBatch;

use crate::error::Result;
use crate::partition::{Algo, PartitionSpec};
use crate::schema::Schema;

/// How one input is grouped. Columns are positions in its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupPlan {
    /// The partition keys; none for partitions without keys.
    pub keys: Vec<usize>,
    /// The order inside a group, each with whether it ascends. Nulls are last in both directions.
    pub presort: Vec<(usize, bool)>,
    /// The columns that the members of groups have, in order. Keys and presort need not be among them.
    pub columns: Vec<usize>,
    /// The algorithm.
    pub algo: Algo,
    /// The number of physical partitions; 0 when it does not matter.
    pub num: usize,
}

impl GroupPlan {
    /// The plan of a specification whose number of partitions has been evaluated, with all columns in the members.
    ///
    /// # Errors
    /// [`ErrorKind::ColumnNotFound`](crate::ErrorKind::ColumnNotFound) and
    /// [`ErrorKind::PartitionInvalid`](crate::ErrorKind::PartitionInvalid) as [`PartitionSpec::validate`] gives them.
    pub fn new(schema: &Schema, spec: &PartitionSpec, num: u64) -> Result<Self> {
        spec.validate(schema)?;
        let presort = schema.indices_of(spec.presort_keys().iter().map(|s| &s.column))?;
        Ok(Self {
            keys: schema.indices_of(spec.keys())?,
            presort: presort.into_iter().zip(spec.presort_keys().iter().map(|s| s.ascending)).collect(),
            columns: (0..schema.len()).collect(),
            algo: spec.algorithm(),
            num: usize::try_from(num).unwrap_or(usize::MAX),
        })
    }

    /// The same with other columns in the members.
    #[must_use]
    pub fn with_columns(mut self, columns: Vec<usize>) -> Self {
        self.columns = columns;
        self
    }
}

/// One of the inputs of a zip. Columns are positions in its own schema.
#[derive(Clone, Debug)]
pub struct CoInput {
    /// Its schema.
    pub schema: Schema,
    /// Its rows, in the contract's layout.
    pub batches: Vec<RecordBatch>,
    /// The keys, of the same types in the same order for all inputs.
    pub keys: Vec<usize>,
    /// The order inside a group, each with whether it ascends.
    pub presort: Vec<(usize, bool)>,
    /// The columns that its member of the groups has, in order.
    pub columns: Vec<usize>,
}

/// Which keys a zip calls: it depends on which inputs have rows of a key. Null keys are keys, and match each other.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ZipKind {
    /// Keys that all inputs have.
    #[default]
    Inner,
    /// Keys that the first input has.
    LeftOuter,
    /// Keys that the last input has.
    RightOuter,
    /// Keys that any input has.
    FullOuter,
    /// No keys: one group of all rows of all inputs.
    Cross,
}

impl ZipKind {
    /// Whether a group is called, by which inputs have rows of it. One without any row never is.
    pub(super) fn calls(self, mut present: impl DoubleEndedIterator<Item = bool>) -> bool {
        match self {
            Self::Inner => present.all(|p| p),
            Self::LeftOuter => present.next().unwrap_or(false),
            Self::RightOuter => present.next_back().unwrap_or(false),
            Self::FullOuter | Self::Cross => present.any(|p| p),
        }
    }
}

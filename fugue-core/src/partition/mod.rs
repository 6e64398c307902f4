//! How the rows of a frame are laid out for a task: keys, number of partitions, order inside a partition, algorithm.

mod names;
mod num;
mod presort;
mod scanner;
mod text;

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

pub use names::IntoNames;
pub use num::{IntoNum, Num};
pub use presort::{IntoPresort, SortKey};

use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Schema, Type};

/// How rows find their physical partition.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Algo {
    /// The engine decides; a key is never split.
    #[default]
    Default,
    /// By hash of the keys; without keys, in contiguous pieces.
    Hash,
    /// Spread pseudo-randomly, the same on every run; with keys, as [`Hash`](Self::Hash).
    Rand,
    /// Sizes that differ by at most one row; with keys, one key per physical partition.
    Even,
    /// Keys are not split, but one call sees all keys of a physical partition, sorted by keys and then by the presort.
    Coarse,
}

impl Algo {
    const ALL: [Self; 5] = [Self::Default, Self::Hash, Self::Rand, Self::Even, Self::Coarse];

    /// The word that stands for it in text.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Hash => "hash",
            Self::Rand => "rand",
            Self::Even => "even",
            Self::Coarse => "coarse",
        }
    }
}

impl fmt::Display for Algo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Algo {
    type Err = Error;

    /// Reads one of the words `default`, `hash`, `rand`, `even`, `coarse`, in any case.
    ///
    /// # Errors
    /// [`ErrorKind::PartitionInvalid`] for any other word.
    fn from_str(word: &str) -> Result<Self> {
        let word = word.trim();
        Self::ALL
            .into_iter()
            .find(|a| a.word().eq_ignore_ascii_case(word))
            .ok_or_else(|| invalid(format!("there is no algorithm {word:?}; write one of default, hash, rand, even, coarse")))
    }
}

/// A partition specification: an immutable value, checked while it is built.
///
/// ```
/// use fugue_core::partition::{Algo, PartitionSpec};
///
/// let spec = PartitionSpec::new().by(["sensor"])?.presort("at desc, id")?.num("ROWCOUNT/1000")?;
/// assert_eq!(spec.to_string(), "by sensor presort at DESC,id ASC num ROWCOUNT/1000");
/// assert_eq!(spec, spec.to_string().parse()?);
/// assert_eq!(PartitionSpec::per_row(), "per_row".parse()?);
/// # Ok::<(), fugue_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PartitionSpec {
    keys: Arc<[Arc<str>]>,
    presort: Arc<[SortKey]>,
    num: Num,
    algo: Algo,
}

impl PartitionSpec {
    /// The empty specification: no keys, no order, the number of partitions left as it is.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One row per partition: as many partitions as rows, evenly.
    #[must_use]
    pub fn per_row() -> Self {
        Self { num: Num::rows(), algo: Algo::Even, ..Self::default() }
    }

    /// The same with other keys; an empty list clears them. One text is one key, whatever it holds.
    ///
    /// # Errors
    /// [`ErrorKind::PartitionInvalid`] when a key stands twice or is in the presort too.
    pub fn by(mut self, keys: impl IntoNames) -> Result<Self> {
        self.keys = keys.into_names().into();
        self.checked()
    }

    /// The same with another order inside a partition: text such as `"b desc, c"`, names, or pairs of a name and whether it
    /// ascends. An empty list clears it. Nulls are last in both directions.
    ///
    /// # Errors
    /// [`ErrorKind::PartitionInvalid`] for malformed text, for a column that stands twice, and for one that is a key.
    pub fn presort(mut self, presort: impl IntoPresort) -> Result<Self> {
        self.presort = presort.into_presort()?.into();
        self.checked()
    }

    /// The same with another number of physical partitions: a number or an expression over `ROWCOUNT` and `CONCURRENCY`.
    ///
    /// # Errors
    /// [`ErrorKind::PartitionInvalid`] for malformed text and negative numbers.
    pub fn num(mut self, num: impl IntoNum) -> Result<Self> {
        self.num = num.into_num()?;
        Ok(self)
    }

    /// The same with another algorithm.
    #[must_use]
    pub fn algo(mut self, algo: Algo) -> Self {
        self.algo = algo;
        self
    }

    /// The partition keys in order.
    #[must_use]
    pub fn keys(&self) -> &[Arc<str>] {
        &self.keys
    }

    /// The order inside a partition.
    #[must_use]
    pub fn presort_keys(&self) -> &[SortKey] {
        &self.presort
    }

    /// The number of physical partitions, not evaluated yet; 0 leaves them as they are.
    #[must_use]
    pub fn num_expr(&self) -> &Num {
        &self.num
    }

    /// The algorithm.
    #[must_use]
    pub fn algorithm(&self) -> Algo {
        self.algo
    }

    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The keys, ascending, and then the presort: the order of rows in a coarse partition.
    #[must_use]
    pub fn sort_keys(&self) -> Vec<SortKey> {
        self.keys.iter().map(|k| SortKey::ascending(Arc::clone(k))).chain(self.presort.iter().cloned()).collect()
    }

    /// The columns of the keys, in the order of the keys.
    ///
    /// # Errors
    /// [`ErrorKind::ColumnNotFound`] for a key that the schema lacks.
    pub fn key_schema(&self, schema: &Schema) -> Result<Schema> {
        let places = schema.indices_of(self.keys.iter())?;
        Schema::new(places.into_iter().map(|i| schema.fields()[i].clone()))
    }

    /// Whether a frame of this schema can be laid out so. Lists and structs may be keys and may be sorted by (floats inside
    /// them follow the one order of floats); maps may not, because the order of their entries means nothing.
    ///
    /// # Errors
    /// [`ErrorKind::ColumnNotFound`] for a column that the schema lacks, [`ErrorKind::PartitionInvalid`] for a map.
    pub fn validate(&self, schema: &Schema) -> Result<()> {
        let keys = self.keys.iter().map(|k| (k, "partition key"));
        for (name, role) in keys.chain(self.presort.iter().map(|s| (&s.column, "presort column"))) {
            let field = schema.field(name).ok_or_else(|| schema.missing(name))?;
            if holds_map(field.ty()) {
                return Err(invalid(format!(
                    "{role} {name:?} is or holds a map, whose entries have no order; use another column, or one computed from it"
                ))
                .with("column", &**name));
            }
        }
        Ok(())
    }

    fn checked(self) -> Result<Self> {
        for (i, key) in self.keys.iter().enumerate() {
            if self.keys[..i].contains(key) {
                return Err(invalid(format!("partition key {key:?} stands twice; name it once")).with("column", &**key));
            }
        }
        for (i, sort) in self.presort.iter().enumerate() {
            let name = &sort.column;
            if self.presort[..i].iter().any(|s| s.column == *name) {
                return Err(invalid(format!("presort column {name:?} stands twice; name it once")).with("column", &**name));
            }
            if self.keys.contains(name) {
                return Err(invalid(format!(
                    "column {name:?} is a partition key and in the presort; rows of a partition share their keys, so leave it out of the presort"
                ))
                .with("column", &**name));
            }
        }
        Ok(self)
    }
}

fn holds_map(ty: &Type) -> bool {
    match ty {
        Type::Map(_, _) => true,
        Type::List(item) => holds_map(item),
        Type::Struct(fields) => fields.iter().any(|f| holds_map(f.ty())),
        _ => false,
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::PartitionInvalid, message)
}

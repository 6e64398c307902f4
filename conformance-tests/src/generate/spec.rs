//! Random partition specs that are valid for a schema, described in plain data so that oracle and engine read the same.

use std::fmt;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::types::keyable;
use crate::value::Table;

/// Keys, presort and what does not change the answer of a keyed map: the number and the algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedSpec {
    /// The keys; may be none.
    pub keys: Vec<String>,
    /// Presort columns, and whether each ascends. The last one makes it total where the table has row numbers.
    pub presort: Vec<(String, bool)>,
    /// The number of partitions asked for; zero leaves it to the engine.
    pub num: usize,
    /// The word of the algorithm.
    pub algo: &'static str,
}

impl fmt::Display for KeyedSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let presort: Vec<String> =
            self.presort.iter().map(|(name, ascending)| format!("{name:?}{}", if *ascending { "" } else { " desc" })).collect();
        write!(f, "by {:?} presort [{}] num {} algo {}", self.keys, presort.join(", "), self.num, self.algo)
    }
}

/// A random spec for a table whose column `unique` holds row numbers: the presort ends in it and so is a total order.
pub fn keyed_spec(table: &Table, unique: &str) -> BoxedStrategy<KeyedSpec> {
    let columns: Vec<String> =
        table.schema.fields().iter().filter(|f| keyable(f.ty()) && f.name() != unique).map(|f| f.name().to_owned()).collect();
    let unique = unique.to_owned();
    let most = columns.len().min(3);
    let picked = subsequence(columns.clone(), 0..=columns.len()).prop_shuffle();
    let algo = select(vec!["default", "hash", "rand", "even"]);
    (picked, 0..=most, prop::collection::vec(any::<bool>(), columns.len() + 1), 0_usize..5, algo)
        .prop_map(move |(picked, keys, ascending, num, algo)| {
            let keys: Vec<String> = picked.iter().take(keys).cloned().collect();
            let rest = picked.iter().skip(keys.len()).take(3).cloned().chain([unique.clone()]);
            let presort = rest.zip(ascending).collect();
            // Without keys there is a call per partition: one answer only where there is one partition.
            if keys.is_empty() {
                KeyedSpec { keys, presort, num: 1, algo: "default" }
            } else {
                KeyedSpec { keys, presort, num, algo }
            }
        })
        .boxed()
}

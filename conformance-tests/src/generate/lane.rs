//! Lanes: the physical circumstances under which an answer must stay the same.

use std::fmt;

use proptest::prelude::*;
use proptest::sample::select;

use super::Dice;
use crate::value::{Table, order_rows};

/// How a session is set up and how its input lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lane {
    /// Partitions that the engine works with by default.
    pub partitions: usize,
    /// Rows per batch, inside the engine where it has such a setting, and of the input.
    pub batch_size: usize,
    /// Least number of batches that an input is cut into; some may then be empty.
    pub chunks: usize,
    /// Whether the input comes sorted by all its columns, so that an engine may know or believe it.
    pub sorted: bool,
    /// Whether the session derives what the engine overrides for speed: both ways must give the same.
    pub derived: bool,
    /// How frames go in and come out, where the engine's users have frames of their own: 0 is as batches by the session, and what other
    /// numbers mean is the harness's to say.
    pub native: u8,
}

/// The cuts of an input into batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout(pub Vec<usize>);

impl Lane {
    /// One partition, large batches, one chunk: the circumstances in which a failure is easiest to read.
    #[must_use]
    pub fn plain() -> Self {
        Self { partitions: 1, batch_size: 8_192, chunks: 1, sorted: false, derived: false, native: 0 }
    }

    /// The lanes that an engine in one process can be set to.
    #[must_use]
    pub fn standard() -> Vec<Self> {
        let mut lanes = vec![Self::plain()];
        for partitions in [1, 3] {
            for (batch_size, chunks) in [(1, 1), (7, 3), (8_192, 7)] {
                for sorted in [false, true] {
                    lanes.push(Self { partitions, batch_size, chunks, sorted, derived: sorted == (chunks == 3), native: 0 });
                }
            }
        }
        lanes
    }

    /// One of some lanes.
    pub fn any_of(lanes: &[Self]) -> BoxedStrategy<Self> {
        select(if lanes.is_empty() { vec![Self::plain()] } else { lanes.to_vec() }).boxed()
    }

    /// The rows in the order in which the lane delivers them.
    #[must_use]
    pub fn arrange(&self, table: &Table) -> Table {
        let mut table = table.clone();
        if self.sorted {
            table.rows.sort_by(|a, b| order_rows(a, b));
        }
        table
    }

    /// Cuts a number of rows at random places; batches of at most the lane's size, at least its number of them, some empty.
    #[must_use]
    pub fn layout(&self, rows: usize, dice: &mut Dice) -> Layout {
        // A table of fifty thousand rows in batches of one would only test patience.
        let size = self.batch_size.max(rows / 400).max(1);
        let mut sizes = Vec::new();
        let mut left = rows;
        while left > 0 {
            let size = size.min(rows.div_ceil(self.chunks.max(1))).min(left);
            let size = if self.chunks > 1 { 1 + dice.below(size) } else { size };
            sizes.push(size);
            left -= size;
            if self.chunks > 1 && dice.below(8) == 0 {
                sizes.push(0);
            }
        }
        while sizes.len() < self.chunks {
            sizes.push(0);
        }
        Layout(sizes)
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} partitions, batches of {}, {} chunks{}{}{}",
            self.partitions,
            self.batch_size,
            self.chunks,
            if self.sorted { ", sorted" } else { "" },
            if self.derived { ", derived" } else { "" },
            if self.native > 0 { format!(", native {}", self.native) } else { String::new() }
        )
    }
}

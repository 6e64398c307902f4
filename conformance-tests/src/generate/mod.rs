//! Random schemas, rows, partition specs and lanes, as proptest strategies that shrink.

mod column;
mod lane;
mod names;
mod program;
mod spec;
mod table;
#[cfg(test)]
mod tests;
mod types;
mod values;

pub use column::ColumnPlan;
pub use lane::{Lane, Layout};
pub use names::{name, wild_name};
pub use program::{Columns, Pick, Script, Scripts, Shrinking};
pub use spec::{KeyedSpec, keyed_spec};
pub use table::{Size, TableOptions, table};
pub use types::{Kinds, any_type, keyable};
pub use values::value;

/// A small deterministic generator: rows of large tables are drawn from it, so that only its seed has to shrink.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// A generator with a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits (SplitMix64).
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below a bound; zero for a bound of zero.
    pub fn below(&mut self, bound: usize) -> usize {
        if bound == 0 { 0 } else { usize::try_from(self.roll() % bound as u64).unwrap_or(0) }
    }

    /// Puts items in another order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

//! The clock: pairs of runs in turn, so that both meet the same weather, and the median of their ratios.

use std::fmt;
use std::time::{Duration, Instant};

/// Pairs of times of the same work, done in two ways.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    left: Vec<f64>,
    right: Vec<f64>,
}

impl Pairs {
    /// Times two ways of doing the same work: A B, B A, A B and so on.
    ///
    /// # Errors
    /// Those of the work.
    pub fn time<E>(
        pairs: usize,
        mut left: impl FnMut() -> Result<(), E>,
        mut right: impl FnMut() -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut all = Self::default();
        for pair in 0..pairs {
            // Neither is always the one that comes after the other.
            if pair % 2 == 0 {
                all.left.push(seconds(&mut left)?);
                all.right.push(seconds(&mut right)?);
            } else {
                all.right.push(seconds(&mut right)?);
                all.left.push(seconds(&mut left)?);
            }
        }
        Ok(all)
    }

    /// The median time of the left way in seconds.
    #[must_use]
    pub fn left(&self) -> f64 {
        median(self.left.clone())
    }

    /// The median time of the right way in seconds.
    #[must_use]
    pub fn right(&self) -> f64 {
        median(self.right.clone())
    }

    /// The median of right by left.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        median(self.ratios())
    }

    /// Right by left, of each pair, in rising order.
    #[must_use]
    pub fn ratios(&self) -> Vec<f64> {
        let mut ratios: Vec<f64> = self.left.iter().zip(&self.right).map(|(l, r)| r / l).collect();
        ratios.sort_by(f64::total_cmp);
        ratios
    }
}

impl fmt::Display for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ratios = self.ratios();
        let (least, most) = (ratios.first().copied().unwrap_or(f64::NAN), ratios.last().copied().unwrap_or(f64::NAN));
        write!(f, "{:>9.4} {:>9.4} {:>7.2}  [{least:.2} .. {most:.2}]", self.left(), self.right(), median(ratios))
    }
}

/// How long work takes.
///
/// # Errors
/// Those of the work.
pub fn seconds<E>(work: impl FnOnce() -> Result<(), E>) -> Result<f64, E> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed().max(Duration::from_nanos(1)).as_secs_f64())
}

/// The value in the middle; not a number for none.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => f64::midpoint(values[n / 2 - 1], values[n / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_ratios_is_shown_with_its_ends() {
        let pairs = Pairs { left: vec![1.0, 2.0, 4.0], right: vec![2.0, 2.0, 2.0] };
        assert_eq!(pairs.ratios(), [0.5, 1.0, 2.0]);
        assert_eq!(pairs.to_string(), "   2.0000    2.0000    1.00  [0.50 .. 2.00]");
        assert_eq!(median(vec![3.0, 1.0]), 2.0);
    }

    #[test]
    fn pairs_take_turns() {
        let order = std::cell::RefCell::new(String::new());
        let run = |c: char| {
            order.borrow_mut().push(c);
            Ok::<(), ()>(())
        };
        Pairs::time(3, || run('a'), || run('b')).unwrap();
        assert_eq!(order.into_inner(), "abbaab");
    }
}

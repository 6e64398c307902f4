//! Samples of rows.

use std::hash::{BuildHasher, RandomState};

use crate::error::{Error, ErrorKind, Result};
use crate::frame::DataFrame;
use crate::relational::{SampleSize, Verb};

/// How a sample is drawn.
///
/// ```
/// use fugue_core::frame::Sample;
///
/// let tenth = Sample::fraction(0.1).seed(42);
/// let bootstrap = Sample::fraction(1.0).replace();
/// let some = Sample::rows(1000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Sample {
    size: SampleSize,
    replace: bool,
    seed: Option<u64>,
}

impl Sample {
    /// A part of the rows: each is taken with this probability, by itself. With [`replace`](Self::replace) exactly this part of their
    /// number is drawn, which may then be more than 1.
    pub fn fraction(part: f64) -> Self {
        Self { size: SampleSize::Fraction(part), replace: false, seed: None }
    }

    /// So many rows; all of them where there are fewer.
    pub fn rows(rows: u64) -> Self {
        Self { size: SampleSize::Rows(rows), replace: false, seed: None }
    }

    /// Draws rows that were drawn again.
    pub fn replace(mut self) -> Self {
        self.replace = true;
        self
    }

    /// The same seed takes the same rows of the same frame, on every engine. Without one every call of
    /// [`DataFrame::sample`] has its own, and the frame that it gives always the same rows.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    fn checked(&self) -> Result<()> {
        let SampleSize::Fraction(part) = self.size else { return Ok(()) };
        let wrong = |message: String| Err(Error::new(ErrorKind::ValueInvalid, message));
        if !part.is_finite() || part < 0.0 {
            return wrong(format!("a sample of the fraction {part} cannot be drawn; give a number from 0 to 1"));
        }
        if part > 1.0 && !self.replace {
            return wrong(format!(
                "a sample of the fraction {part} has more rows than there are; give a number from 0 to 1, or draw with .replace()"
            ));
        }
        Ok(())
    }
}

impl DataFrame {
    /// Some rows by chance. Which ones depends on the seed and the rows alone, and not on how they are laid out.
    ///
    /// ```
    /// # use fugue_core::{Session, row::Row};
    /// use fugue_core::frame::Sample;
    /// # #[derive(Debug, PartialEq, Row)] struct Point { a: i64 }
    /// # fugue_core::blocking::wait(async {
    /// # let df = Session::local()?.frame((0..100).map(|a| Point { a }).collect::<Vec<_>>())?;
    /// let some = df.sample(Sample::rows(10).seed(7))?;
    /// assert_eq!(some.count().await?, 10);
    /// # Ok(()) })?;
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `ValueInvalid` for a fraction that is negative, or more than 1 without replacement.
    #[track_caller]
    pub fn sample(&self, sample: Sample) -> Result<Self> {
        let ask = self.ask(Verb::Sample);
        sample.checked().map_err(|e| ask.tell(e))?;
        let seed = sample.seed.unwrap_or_else(|| RandomState::new().hash_one(0_u8));
        ask.made(ask.planner().sample(self.any(), sample.size, sample.replace, seed))
    }
}

//! The questions of the h2o database benchmark (ten by groups, five joins): what each asks, its data, and how its answer is checked.

pub mod data;
#[cfg(feature = "datafusion")]
pub mod hand_datafusion;
#[cfg(feature = "polars")]
pub mod hand_polars;
pub mod ours;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use fugue_core::arrow::array::AsArray;
use fugue_core::arrow::compute::{cast, sum};
use fugue_core::arrow::datatypes::{DataType, Float64Type};
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::{Error, ErrorKind, Result};

/// Tables of one kind of frame, by the names that questions know them by.
pub type Tables<F> = BTreeMap<&'static str, F>;

/// A question, named as in the tables of the benchmark.
#[expect(missing_docs, clippy::exhaustive_enums, reason = "`text` says what they ask")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    G1,
    G2,
    G3,
    G4,
    G5,
    G6,
    G7,
    G8,
    G9,
    G10,
    J1,
    J2,
    J3,
    J4,
    J5,
}

impl Question {
    /// All of them, in their order.
    pub const ALL: [Self; 15] = [
        Self::G1,
        Self::G2,
        Self::G3,
        Self::G4,
        Self::G5,
        Self::G6,
        Self::G7,
        Self::G8,
        Self::G9,
        Self::G10,
        Self::J1,
        Self::J2,
        Self::J3,
        Self::J4,
        Self::J5,
    ];

    /// What it asks.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::G1 => "sum v1 by id1",
            Self::G2 => "sum v1 by id1, id2",
            Self::G3 => "sum v1, mean v3 by id3",
            Self::G4 => "mean v1, v2, v3 by id4",
            Self::G5 => "sum v1, v2, v3 by id6",
            Self::G6 => "median v3, sd v3 by id4, id5",
            Self::G7 => "max v1 - min v2 by id3",
            Self::G8 => "largest two v3 by id6",
            Self::G9 => "regression v1 v2 by id2, id4",
            Self::G10 => "sum v3, count by id1 to id6",
            Self::J1 => "small inner on int",
            Self::J2 => "medium inner on int",
            Self::J3 => "medium outer on int",
            Self::J4 => "medium inner on text",
            Self::J5 => "big inner on int",
        }
    }

    /// Whether it joins tables.
    #[must_use]
    pub fn is_join(self) -> bool {
        matches!(self, Self::J1 | Self::J2 | Self::J3 | Self::J4 | Self::J5)
    }

    /// The columns of its answer that are added up to check it.
    #[must_use]
    pub fn values(self) -> &'static [&'static str] {
        match self {
            Self::G1 | Self::G2 => &["v1"],
            Self::G3 => &["v1", "v3"],
            Self::G4 | Self::G5 => &["v1", "v2", "v3"],
            Self::G6 => &["median_v3", "sd_v3"],
            Self::G7 => &["range_v1_v2"],
            Self::G8 => &["largest2_v3"],
            Self::G9 => &["r2"],
            Self::G10 => &["v3", "count"],
            Self::J1 | Self::J2 | Self::J3 | Self::J4 | Self::J5 => &["v1", "v2"],
        }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{self:?}").to_lowercase())
    }
}

impl FromStr for Question {
    type Err = String;

    fn from_str(word: &str) -> std::result::Result<Self, String> {
        Self::ALL.into_iter().find(|q| q.to_string() == word).ok_or_else(|| "questions are g1 to g10 and j1 to j5".to_owned())
    }
}

/// What is compared of an answer: the number of its rows, and the sums of its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    rows: usize,
    sums: Vec<f64>,
}

impl Check {
    /// Of the rows of an answer.
    ///
    /// # Errors
    /// `ColumnNotFound` for a column of values that it lacks.
    pub fn of(question: Question, answer: &[RecordBatch]) -> Result<Self> {
        let mut sums = vec![0.0; question.values().len()];
        for batch in answer {
            for (total, name) in sums.iter_mut().zip(question.values()) {
                let column = batch
                    .column_by_name(name)
                    .ok_or_else(|| Error::new(ErrorKind::ColumnNotFound, format!("{question} has no column {name}")))?;
                *total += sum(cast(column, &DataType::Float64)?.as_primitive::<Float64Type>()).unwrap_or(0.0);
            }
        }
        Ok(Self { rows: answer.iter().map(RecordBatch::num_rows).sum(), sums })
    }

    /// Whether two answers may be the same.
    ///
    /// # Errors
    /// `ValueInvalid` showing both.
    pub fn agree(&self, other: &Self) -> Result<()> {
        // Sums in another order differ in their last bits.
        let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
        if self.rows == other.rows && self.sums.iter().zip(&other.sums).all(near) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::ValueInvalid, format!("FAIL: {self:?} is not {other:?}")))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fugue_core::arrow::array::{ArrayRef, Float64Array, Int32Array};

    use super::*;

    fn answer(v1: Vec<i32>, v3: Vec<f64>) -> RecordBatch {
        let columns: [(&str, ArrayRef); 2] = [("v1", Arc::new(Int32Array::from(v1))), ("v3", Arc::new(Float64Array::from(v3)))];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    #[test]
    fn answers_agree_by_rows_and_sums() {
        let one = Check::of(Question::G3, &[answer(vec![1, 2], vec![0.1, 0.2]), answer(vec![3], vec![0.3])]).unwrap();
        let same = Check::of(Question::G3, &[answer(vec![3, 2, 1], vec![0.3, 0.2, 0.1])]).unwrap();
        one.agree(&same).unwrap();
        for other in [answer(vec![3, 2, 2], vec![0.3, 0.2, 0.1]), answer(vec![3, 3], vec![0.3, 0.3])] {
            assert_eq!(one.agree(&Check::of(Question::G3, &[other]).unwrap()).unwrap_err().kind(), ErrorKind::ValueInvalid);
        }
        assert_eq!(Check::of(Question::G7, &[answer(vec![1], vec![0.1])]).unwrap_err().kind(), ErrorKind::ColumnNotFound);
    }

    #[test]
    fn questions_have_words() {
        assert_eq!("g10".parse(), Ok(Question::G10));
        assert!("g11".parse::<Question>().is_err());
    }
}

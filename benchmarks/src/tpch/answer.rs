//! Answers: rows as text, and whether two of them are the same.

use fugue_core::row::{Record, Value};
use fugue_core::{DataFrame, Result};

use crate::hand::BoxError;

/// The rows of an answer as text, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    names: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// An official answer: an answer, and how exact each column is.
#[derive(Clone, Debug)]
pub struct Official {
    answer: Answer,
    exactness: Vec<Exactness>,
}

/// How far a value may be from the official one (clause 2.1.3.5 of the specification).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exactness {
    /// The same text: keys, counts, values that are carried along.
    Exact,
    /// A sum of money: within 100.
    Money,
    /// A mean, a ratio, a percentage: within 1 %, after both are rounded to hundredths.
    Ratio,
}

impl Answer {
    /// Runs a frame.
    ///
    /// # Errors
    /// Those of the frame.
    pub async fn of(frame: &DataFrame) -> Result<Self> {
        let rows = frame.rows::<Record>().await?;
        let rows = rows.iter().map(|row| row.iter().map(|(_, value)| text(value)).collect()).collect();
        Ok(Self { names: frame.schema().names().map(str::to_owned).collect(), rows })
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether this answer has the same columns, and the same values in the same order; rows that are equal by the columns of the order
    /// may stand in any.
    ///
    /// # Errors
    /// A text that tells the first difference.
    pub fn check(&self, expected: &Self, order: &[usize]) -> std::result::Result<(), BoxError> {
        self.check_by(expected, order, |_, value, expected| value == expected)
    }

    fn check_by(
        &self,
        expected: &Self,
        order: &[usize],
        same: impl Fn(usize, &str, &str) -> bool,
    ) -> std::result::Result<(), BoxError> {
        if self.names != expected.names {
            return Err(format!("columns {:?} where {:?} are right", self.names, expected.names).into());
        }
        if self.len() != expected.len() {
            return Err(format!("{} rows where {} are right", self.len(), expected.len()).into());
        }
        let mut start = 0;
        for ties in expected.rows.chunk_by(|a, b| !order.is_empty() && order.iter().all(|&column| a[column] == b[column])) {
            let sorted = |rows: &[Vec<String>]| {
                let mut rows = rows.to_vec();
                rows.sort();
                rows
            };
            let here = sorted(&self.rows[start..start + ties.len()]);
            for (i, (row, right)) in here.iter().zip(sorted(ties)).enumerate() {
                if let Some(column) = (0..right.len()).find(|&c| !same(c, &row[c], &right[c])) {
                    let name = &self.names[column];
                    return Err(format!("row {}, {name}: {row:?} where {right:?} is right", start + i).into());
                }
            }
            start += ties.len();
        }
        Ok(())
    }
}

impl Official {
    /// An answer as it is kept: cells between bars, the first line names the columns and how exact they are, and a cell without text is as
    /// the one above.
    ///
    /// # Errors
    /// A text that names the line that is no such row.
    pub fn parse(text: &str) -> std::result::Result<Self, BoxError> {
        let mut lines = text.lines();
        let head = lines.next().unwrap_or_default().split('|');
        let (names, exactness): (Vec<String>, Vec<Exactness>) = head
            .map(|column| match column.split_once(':') {
                Some((name, "money")) => Ok((name.to_owned(), Exactness::Money)),
                Some((name, "ratio")) => Ok((name.to_owned(), Exactness::Ratio)),
                Some(_) => Err(format!("{column:?} is neither money nor ratio")),
                None => Ok((column.to_owned(), Exactness::Exact)),
            })
            .collect::<std::result::Result<Vec<_>, _>>()?
            .into_iter()
            .unzip();
        let mut rows: Vec<Vec<String>> = Vec::new();
        for line in lines {
            let above = rows.last();
            let cells = line.split('|').enumerate();
            let row: Option<Vec<String>> =
                cells.map(|(i, cell)| if cell.is_empty() { above?.get(i).cloned() } else { Some(cell.to_owned()) }).collect();
            match row {
                Some(row) if row.len() == names.len() => rows.push(row),
                _ => return Err(format!("{line:?} is no row of {names:?}").into()),
            }
        }
        Ok(Self { answer: Answer { names, rows }, exactness })
    }

    /// Whether an answer is right: its rows in order, each value as exact as the specification asks.
    ///
    /// # Errors
    /// A text that tells the first difference.
    pub fn check(&self, answer: &Answer, order: &[usize]) -> std::result::Result<(), BoxError> {
        answer.check_by(&self.answer, order, |column, value, right| self.exactness[column].same(value, right))
    }
}

impl Exactness {
    fn same(self, value: &str, right: &str) -> bool {
        // The official answers are padded, so blanks at the ends of comments are lost.
        if value.trim() == right {
            return true;
        }
        let (Ok(value), Ok(right)) = (value.parse::<f64>(), right.parse::<f64>()) else { return false };
        let hundredths = |x: f64| (x * 100.0).round() / 100.0;
        match self {
            Self::Exact => value == right,
            Self::Money => (value - right).abs() <= 100.0,
            Self::Ratio => (hundredths(value) - hundredths(right)).abs() <= hundredths(right).abs() * 0.01,
        }
    }
}

/// A value as text: decimals without zeros at their end, so that those of two scales can be compared.
fn text(value: &Value) -> String {
    let text = value.to_string();
    match value {
        Value::Decimal(..) if text.contains('.') => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(rows: &[&[&str]]) -> Answer {
        let rows = rows.iter().map(|row| row.iter().map(|&cell| cell.to_owned()).collect()).collect();
        Answer { names: vec!["key".to_owned(), "sum".to_owned(), "mean".to_owned()], rows }
    }

    #[test]
    fn each_column_is_as_exact_as_it_says() {
        let official = Official::parse("key|sum:money|mean:ratio\na|1000.00|0.03\n|2000.00|25.00\n").unwrap();
        official.check(&answer(&[&["a", "1099.9", "0.0344"], &["a", "2000", "25.2"]]), &[]).unwrap();
        let wrong: [&[&[&str]]; 5] = [
            &[&["b", "1000", "0.03"], &["a", "2000", "25"]],
            &[&["a", "1100.1", "0.03"], &["a", "2000", "25"]],
            &[&["a", "1000", "0.036"], &["a", "2000", "25"]],
            &[&["a", "1000", "0.03"], &["a", "2000", "25.3"]],
            &[&["a", "1000", "0.03"]],
        ];
        for rows in wrong {
            assert!(official.check(&answer(rows), &[]).is_err(), "{rows:?}");
        }
        assert!(Official::parse("key|sum:much\n").is_err());
        assert!(Official::parse("key|sum\na\n").is_err());
    }

    #[test]
    fn only_rows_that_are_equal_in_the_order_may_be_swapped() {
        let right = answer(&[&["a", "1", "1"], &["b", "1", "2"], &["c", "2", "3"]]);
        let tied = answer(&[&["b", "1", "2"], &["a", "1", "1"], &["c", "2", "3"]]);
        let wrong = answer(&[&["a", "1", "1"], &["c", "2", "3"], &["b", "1", "2"]]);
        tied.check(&right, &[1]).unwrap();
        assert!(tied.check(&right, &[]).is_err());
        assert!(wrong.check(&right, &[1]).is_err());
    }
}

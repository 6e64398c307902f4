//! What calls a transformer saw, rebuilt from rows that carry the mark of their call, and what the contract says of them.

use std::collections::BTreeMap;

use super::{Order, in_order};
use crate::value::{OwnRow, OwnValue, Table, show_row};

/// The calls of one run: the rows of each in the order in which the function saw them.
#[derive(Clone, Debug)]
pub struct Calls {
    table: Table,
    calls: Vec<Vec<OwnRow>>,
}

/// What is expected of the calls besides that together they saw every row once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// One call with everything, where there is anything.
    One,
    /// So many calls, whose sizes differ by one row at most; fewer where there are fewer rows.
    Even(usize),
    /// At most so many calls.
    AtMost(usize),
    /// One call per key.
    PerKey(Vec<String>),
    /// At most so many calls, no key in two of them.
    Whole(usize, Vec<String>),
    /// At most so many calls (zero leaves it open), no key in two of them, each sorted by the keys and then the presort.
    Coarse(usize, Vec<String>, Vec<(String, bool)>),
}

impl Calls {
    /// The calls from an output whose last two columns are the mark of the call and the position of the row in it.
    ///
    /// # Errors
    /// A message, where marks or positions are no whole numbers or positions repeat.
    pub fn from_marked(output: &Table) -> Result<Self, String> {
        let mut calls: BTreeMap<i128, BTreeMap<i128, OwnRow>> = BTreeMap::new();
        for row in &output.rows {
            let (data, marks) = row.split_at_checked(row.len().saturating_sub(2)).ok_or("rows have no marks")?;
            let [Some(call), Some(position)] = [marks[0].as_int(), marks[1].as_int()] else {
                return Err(format!("the marks of {} are no whole numbers", show_row(row)));
            };
            if calls.entry(call).or_default().insert(position, data.to_vec()).is_some() {
                return Err(format!("two rows say that they are number {position} of call {call}: {}", show_row(row)));
            }
        }
        let schema = fugue_core::Schema::new(output.schema.fields()[..output.schema.len() - 2].to_vec());
        let table = Table::empty(schema.map_err(|e| e.to_string())?);
        Ok(Self { table, calls: calls.into_values().map(|c| c.into_values().collect()).collect() })
    }

    /// How many rows each call had.
    #[must_use]
    pub fn sizes(&self) -> Vec<usize> {
        self.calls.iter().map(Vec::len).collect()
    }

    /// All rows of all calls.
    #[must_use]
    pub fn rows(&self) -> Table {
        Table::new(self.table.schema.clone(), self.calls.concat())
    }

    /// Compares with what is expected.
    ///
    /// # Errors
    /// What is wrong with which call.
    pub fn check(&self, expect: &Expect) -> Result<(), String> {
        if self.calls.iter().any(Vec::is_empty) {
            return Err("a call had no rows".to_owned());
        }
        let rows: usize = self.sizes().iter().sum();
        let count = self.calls.len();
        match expect {
            Expect::One if count == rows.min(1) => Ok(()),
            Expect::One => Err(format!("one call was expected, there were {count}, of {:?} rows", self.sizes())),
            Expect::Even(number) => self.even((*number).clamp(1, rows.max(1)), rows),
            Expect::AtMost(most) if count <= *most => Ok(()),
            Expect::AtMost(most) => Err(format!("at most {most} calls were expected, there were {count}")),
            Expect::PerKey(keys) => self.unsplit(keys).and_then(|distinct| {
                let wrong = count != distinct;
                if wrong { Err(format!("{distinct} keys were expected in as many calls, there were {count}")) } else { Ok(()) }
            }),
            Expect::Whole(most, keys) => self.unsplit(keys).and_then(|_| self.check(&Expect::AtMost(*most))),
            Expect::Coarse(most, keys, presort) => {
                self.unsplit(keys)?;
                self.sorted(keys, presort)?;
                if *most > 0 && count > *most {
                    Err(format!("at most {most} calls were expected, there were {count}"))
                } else {
                    Ok(())
                }
            }
        }
    }

    fn even(&self, number: usize, rows: usize) -> Result<(), String> {
        let mut sizes = self.sizes();
        sizes.sort_unstable();
        let mut wanted: Vec<usize> = (0..number).map(|i| rows / number + usize::from(i < rows % number)).collect();
        wanted.retain(|size| *size > 0);
        wanted.sort_unstable();
        if sizes == wanted { Ok(()) } else { Err(format!("calls of {wanted:?} rows were expected, there were {sizes:?}")) }
    }

    /// The number of distinct keys, where none is in two calls.
    fn unsplit(&self, keys: &[String]) -> Result<usize, String> {
        let at: Vec<usize> = keys.iter().map(|k| self.table.position(k)).collect::<Result<_, _>>()?;
        let mut seen: BTreeMap<Vec<OwnValue>, usize> = BTreeMap::new();
        for (number, call) in self.calls.iter().enumerate() {
            for row in call {
                let key: Vec<OwnValue> = at.iter().map(|k| row[*k].clone()).collect();
                if seen.get(&key).is_some_and(|other| *other != number) {
                    return Err(format!("the key {} is in more than one call", show_row(&key)));
                }
                seen.insert(key, number);
            }
        }
        Ok(seen.len())
    }

    fn sorted(&self, keys: &[String], presort: Order<'_>) -> Result<(), String> {
        let columns = keys.iter().map(|k| (k, true)).chain(presort.iter().map(|(name, up)| (name, *up)));
        let order: Vec<(usize, bool)> =
            columns.map(|(name, up)| Ok((self.table.position(name)?, up))).collect::<Result<_, String>>()?;
        for call in &self.calls {
            if let Some(pair) = call.windows(2).find(|pair| in_order(&pair[0], &pair[1], &order).is_gt()) {
                return Err(format!("a call is not sorted: {} stands before {}", show_row(&pair[0]), show_row(&pair[1])));
            }
        }
        Ok(())
    }
}

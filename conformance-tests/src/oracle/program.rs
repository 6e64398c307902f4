//! Small programs over the rows of a group, told once: the oracle runs them as they are, engines run them inside a function.

use fugue_core::{Field, Schema, Type};

use crate::value::{OwnRow, OwnValue};

/// The column of row numbers that tables of the suite carry: unique, so that a presort ending in it is a total order.
pub const UNIQUE: &str = "row_number";

/// What a transformer does with the rows of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// Gives them back.
    Identity,
    /// Adds where each row stands in the call, and how many rows the call has: order and completeness, made visible.
    Position,
    /// Adds the row number of the row before, null for the first.
    Previous,
    /// One row: the key, the number of rows, the first and last row number, and a hash of all row numbers in order.
    Summary,
    /// Every second row; calls of one row give it.
    Half,
    /// Nothing for calls with an even number of rows.
    OddCalls,
    /// Each row as often as its position modulo three says.
    Multiply,
}

impl Program {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Identity, Self::Position, Self::Previous, Self::Summary, Self::Half, Self::OddCalls, Self::Multiply];

    /// The schema that comes out, for an input and its keys.
    ///
    /// # Errors
    /// A message, where a key is not in the input.
    pub fn output(self, input: &Schema, keys: &[String]) -> Result<Schema, String> {
        let long = |name: &str| Field::new(name, Type::Int64);
        let with = |more: Vec<Field>| Schema::new(input.fields().iter().cloned().chain(more));
        let schema = match self {
            Self::Identity | Self::Half | Self::OddCalls | Self::Multiply => Ok(input.clone()),
            Self::Position => with(vec![long("position_in_call"), long("rows_in_call")]),
            Self::Previous => with(vec![long("previous_number")]),
            Self::Summary => {
                let keys: Option<Vec<Field>> = keys.iter().map(|k| input.field(k).cloned()).collect();
                let keys = keys.ok_or("a key is not in the input")?;
                let more = ["rows_in_call", "first_number", "last_number", "hash_of_numbers"].map(long);
                Schema::new(keys.into_iter().chain(more))
            }
        };
        schema.map_err(|e| e.to_string())
    }

    /// What comes out of one call. `unique` is the position of the column of row numbers.
    #[must_use]
    pub fn run(self, key: &[OwnValue], rows: &[OwnRow], unique: usize) -> Vec<OwnRow> {
        let whole = |i: usize| OwnValue::Int(i as i128);
        let with = |row: &OwnRow, more: Vec<OwnValue>| row.iter().cloned().chain(more).collect::<OwnRow>();
        let numbered = rows.iter().enumerate();
        match self {
            Self::Identity => rows.to_vec(),
            Self::Position => numbered.map(|(i, row)| with(row, vec![whole(i), whole(rows.len())])).collect(),
            Self::Previous => numbered
                .map(|(i, row)| {
                    let previous = i.checked_sub(1).map_or(OwnValue::Null, |before| rows[before][unique].clone());
                    with(row, vec![previous])
                })
                .collect(),
            Self::Summary => {
                let number = |row: Option<&OwnRow>| row.map_or(OwnValue::Null, |r| r[unique].clone());
                let hash = OwnValue::Int(i128::from(hash(rows, unique)));
                vec![key.iter().cloned().chain([whole(rows.len()), number(rows.first()), number(rows.last()), hash]).collect()]
            }
            Self::Half => rows.iter().step_by(2).cloned().collect(),
            Self::OddCalls => {
                if rows.len() % 2 == 1 {
                    rows.to_vec()
                } else {
                    Vec::new()
                }
            }
            Self::Multiply => numbered.flat_map(|(i, row)| std::iter::repeat_n(row.clone(), i % 3)).collect(),
        }
    }
}

/// What a cotransformer does with the rows of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoProgram {
    /// One row: the key, and per input the number of rows and a hash of the row numbers in order.
    Counts,
    /// Every row number of every input, with the number of the input: which row came in as whose, in which order.
    Members,
}

impl CoProgram {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Counts, Self::Members];

    /// The schema that comes out.
    ///
    /// # Errors
    /// A message, where two columns would have one name.
    pub fn output(self, keys: &[Field], members: usize) -> Result<Schema, String> {
        let long = |name: String| Field::new(name, Type::Int64);
        let more: Vec<Field> = match self {
            Self::Counts => {
                (0..members).flat_map(|m| [long(format!("rows_of_member_{m}")), long(format!("hash_of_member_{m}"))]).collect()
            }
            Self::Members => ["member_number", "position_in_call", UNIQUE].map(|n| long(n.to_owned())).to_vec(),
        };
        Schema::new(keys.iter().cloned().chain(more)).map_err(|e| e.to_string())
    }

    /// What comes out of one call. `unique` has the position of the column of row numbers in each input.
    #[must_use]
    pub fn run(self, key: &[OwnValue], members: &[Vec<OwnRow>], unique: &[usize]) -> Vec<OwnRow> {
        let whole = |i: usize| OwnValue::Int(i as i128);
        match self {
            Self::Counts => {
                let counts = members
                    .iter()
                    .zip(unique)
                    .flat_map(|(rows, at)| [whole(rows.len()), OwnValue::Int(i128::from(hash(rows, *at)))]);
                vec![key.iter().cloned().chain(counts).collect()]
            }
            Self::Members => members
                .iter()
                .zip(unique)
                .enumerate()
                .flat_map(|(m, (rows, at))| {
                    let cells = rows.iter().enumerate().map(move |(i, row)| [whole(m), whole(i), row[*at].clone()]);
                    cells.map(|cells| key.iter().cloned().chain(cells).collect::<OwnRow>())
                })
                .collect(),
        }
    }
}

/// A hash of row numbers that depends on their order (FNV-1a, by number).
fn hash(rows: &[OwnRow], unique: usize) -> i64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for row in rows {
        for byte in row[unique].as_int().unwrap_or(-1).to_le_bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    i64::from_le_bytes(hash.to_le_bytes())
}

//! The programs of the oracle as functions that an engine runs: over whole batches, reading and writing the suite's own values.

use fugue_core::Schema;
use fugue_core::arrow::record_batch::RecordBatch;

use crate::oracle::{CoProgram, Program, UNIQUE};
use crate::value::{OwnRow, OwnValue, Table};

/// Why a function of the suite failed: the rows that reached it are not what the contract promises at its door.
#[derive(Debug)]
pub struct Broken(pub String);

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "at the function's door: {}", self.0)
    }
}

impl std::error::Error for Broken {}

impl From<String> for Broken {
    fn from(message: String) -> Self {
        Self(message)
    }
}

/// Reads the rows that reached a function; their columns and layout must be the contract's.
///
/// # Errors
/// What is not so.
pub fn rows_of(schema: &Schema, batch: &RecordBatch) -> Result<Vec<OwnRow>, Broken> {
    Ok(Table::from_batches(schema, std::slice::from_ref(batch))?.rows)
}

/// A function that runs a program over the rows of a call.
///
/// # Errors
/// A message, where a key or the column of row numbers is missing.
pub fn of_program(
    program: Program,
    input: &Schema,
    keys: &[String],
    output: &Schema,
) -> Result<impl Fn(RecordBatch) -> Result<RecordBatch, Broken> + Send + Sync + use<>, String> {
    let at = positions(input, keys)?;
    let unique = positions(input, &[UNIQUE.to_owned()])?[0];
    let (input, output) = (input.clone(), output.clone());
    Ok(move |batch: RecordBatch| {
        let rows = rows_of(&input, &batch)?;
        let first = rows.first().ok_or_else(|| Broken("a call without rows".to_owned()))?;
        let key: OwnRow = at.iter().map(|k| first[*k].clone()).collect();
        Ok(Table::new(output.clone(), program.run(&key, &rows, unique)).to_batch()?)
    })
}

/// The schema of rows that carry the mark of their call.
///
/// # Errors
/// A message, where the names are taken.
pub fn marked_schema(input: &Schema) -> Result<Schema, String> {
    let marks = ["call_mark", "call_position"].map(|n| fugue_core::Field::new(n, fugue_core::Type::Int64));
    Schema::new(input.fields().iter().cloned().chain(marks)).map_err(|e| e.to_string())
}

/// A function that gives its rows back with the mark of their call, which is the least row number in it.
///
/// # Errors
/// A message, where the column of row numbers is missing or the names are taken.
pub fn marking(input: &Schema) -> Result<impl Fn(RecordBatch) -> Result<RecordBatch, Broken> + Send + Sync + use<>, String> {
    let unique = positions(input, &[UNIQUE.to_owned()])?[0];
    let (input, output) = (input.clone(), marked_schema(input)?);
    Ok(move |batch: RecordBatch| {
        let rows = rows_of(&input, &batch)?;
        let mark = rows.iter().map(|r| r[unique].clone()).min().ok_or_else(|| Broken("a call without rows".to_owned()))?;
        let marked = rows.into_iter().enumerate().map(|(i, mut row)| {
            row.extend([mark.clone(), OwnValue::Int(i as i128)]);
            row
        });
        Ok(Table::new(output.clone(), marked.collect()).to_batch()?)
    })
}

/// A cotransformer's program with all that it needs to know.
#[derive(Clone, Debug)]
pub struct CoFunction {
    program: CoProgram,
    inputs: Vec<Schema>,
    keys: Vec<Vec<usize>>,
    unique: Vec<usize>,
    output: Schema,
}

impl CoFunction {
    /// A program over inputs with common keys (none for cross).
    ///
    /// # Errors
    /// A message, where a key or the row number is not in an input.
    pub fn new(program: CoProgram, inputs: &[Schema], keys: &[String]) -> Result<Self, String> {
        let at: Vec<Vec<usize>> = inputs.iter().map(|s| positions(s, keys)).collect::<Result<_, _>>()?;
        let unique = inputs.iter().map(|s| Ok(positions(s, &[UNIQUE.to_owned()])?[0])).collect::<Result<_, String>>()?;
        let fields: Vec<_> = at[0].iter().map(|k| inputs[0].fields()[*k].clone()).collect();
        let output = program.output(&fields, inputs.len())?;
        Ok(Self { program, inputs: inputs.to_vec(), keys: at, unique, output })
    }

    /// The schema that comes out.
    #[must_use]
    pub fn output(&self) -> &Schema {
        &self.output
    }

    /// The oracle's side: what comes out of one call.
    #[must_use]
    pub fn run(&self, key: &[OwnValue], members: &[Vec<OwnRow>]) -> Vec<OwnRow> {
        self.program.run(key, members, &self.unique)
    }

    /// The engine's side: one call over batches.
    ///
    /// # Errors
    /// What the batches are that they must not be.
    pub fn call(&self, batches: &[RecordBatch]) -> Result<RecordBatch, Broken> {
        let members: Vec<Vec<OwnRow>> =
            self.inputs.iter().zip(batches).map(|(schema, batch)| rows_of(schema, batch)).collect::<Result<_, _>>()?;
        let seen = members.iter().zip(&self.keys).find_map(|(rows, at)| Some((rows.first()?, at)));
        let (row, at) = seen.ok_or_else(|| Broken("a call without rows in any member".to_owned()))?;
        let key: OwnRow = at.iter().map(|k| row[*k].clone()).collect();
        Ok(Table::new(self.output.clone(), self.run(&key, &members)).to_batch()?)
    }
}

fn positions(schema: &Schema, names: &[String]) -> Result<Vec<usize>, String> {
    names.iter().map(|n| schema.names().position(|m| m == n).ok_or_else(|| format!("there is no column {n:?}"))).collect()
}

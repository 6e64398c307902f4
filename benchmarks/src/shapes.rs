//! The functions that are measured, each the same demeaning in another shape, and their calls.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use fugue_core::arrow::array::{AsArray, Float64Array};
use fugue_core::arrow::datatypes::{DataType, Field, Float64Type, Schema as ArrowSchema, SchemaRef};
use fugue_core::arrow::error::ArrowError;
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::frame::BatchStream;
use fugue_core::row::Row;
use fugue_core::{DataFrame, Error, ErrorKind, Result};

/// A row of the file.
#[derive(Row)]
pub struct Reading {
    k: i64,
    t: i64,
    v: f64,
}

/// A row of the answer.
#[derive(Row)]
pub struct Demeaned {
    k: i64,
    t: i64,
    v: f64,
    w: f64,
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The columns of an answer in batches.
static OUTPUT: LazyLock<SchemaRef> = LazyLock::new(|| {
    let field = |name, data_type| Field::new(name, data_type, true);
    let (long, double) = (DataType::Int64, DataType::Float64);
    Arc::new(ArrowSchema::new(vec![field("k", long.clone()), field("t", long), field("v", double.clone()), field("w", double)]))
});

/// Over a batch.
///
/// # Errors
/// None.
pub fn batch(rows: RecordBatch) -> std::result::Result<RecordBatch, ArrowError> {
    let values = rows.column(2).as_primitive::<Float64Type>().values();
    let mean = mean(values);
    let mut columns = rows.columns().to_vec();
    columns.push(Arc::new(Float64Array::from_iter_values(values.iter().map(|v| v - mean))));
    RecordBatch::try_new(Arc::clone(&OUTPUT), columns)
}

/// A batch, and the logistic map of its numbers, some steps on: work for which no rows need to stand together.
///
/// # Errors
/// None.
pub fn logistic(rows: RecordBatch) -> std::result::Result<RecordBatch, ArrowError> {
    let steps = |v: &f64| (0..60).fold(v / 100.0, |x, _| 3.9 * x * (1.0 - x));
    let values = rows.column(2).as_primitive::<Float64Type>().values();
    let mut columns = rows.columns().to_vec();
    columns.push(Arc::new(Float64Array::from_iter_values(values.iter().map(steps))));
    RecordBatch::try_new(Arc::clone(&OUTPUT), columns)
}

/// Over a column.
#[must_use]
pub fn slice(values: &[f64]) -> Vec<f64> {
    let mean = mean(values);
    values.iter().map(|v| v - mean).collect()
}

/// Over typed rows.
#[must_use]
pub fn typed(rows: &[Reading]) -> Vec<Demeaned> {
    let mean = rows.iter().map(|r| r.v).sum::<f64>() / rows.len() as f64;
    rows.iter().map(|r| Demeaned { k: r.k, t: r.t, v: r.v, w: r.v - mean }).collect()
}

/// What a function takes and gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A batch, and a batch with one more column.
    Batch,
    /// A column, and another one.
    Slice,
    /// Rows, and other rows.
    Typed,
}

impl Shape {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Batch, Self::Slice, Self::Typed];

    /// Demeans the values of a frame by key; rows of the answer come out as they become ready.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn stream(self, df: &DataFrame) -> Result<BatchStream> {
        match self {
            Self::Batch => df.transform(batch).partition_by("k").schema("*, w:double").stream().await,
            Self::Slice => df.transform(slice).on(["v"]).to("w").partition_by("k").stream().await,
            Self::Typed => df.transform(typed).partition_by("k").stream().await,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Batch => "batch",
            Self::Slice => "slice",
            Self::Typed => "typed",
        })
    }
}

impl FromStr for Shape {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|s| s.to_string() == word)
            .ok_or_else(|| Error::new(ErrorKind::SettingInvalid, format!("no shape {word:?}; there are batch, slice and typed")))
    }
}

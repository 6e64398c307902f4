//! Rows that most tests use, and functions over them.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, StringArray};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::DataFrame;
use fugue_core::row::Row;

#[derive(Row, Clone, Debug, PartialEq)]
pub(crate) struct Reading {
    pub(crate) sensor: String,
    pub(crate) value: i64,
}

#[derive(Row, Clone, Debug, PartialEq)]
pub(crate) struct Total {
    pub(crate) sensor: String,
    pub(crate) total: i64,
}

pub(crate) fn total(readings: &[Reading]) -> Total {
    Total { sensor: readings[0].sensor.clone(), total: readings.iter().map(|r| r.value).sum() }
}

#[fugue_core::transformer]
pub(crate) fn doubled(reading: Reading) -> Reading {
    Reading { value: reading.value * 2, ..reading }
}

/// What a call saw.
#[derive(Row, Clone, Debug, PartialEq)]
pub(crate) struct Tally {
    pub(crate) rows: i64,
    pub(crate) sum: i64,
}

pub(crate) fn tally(readings: &[Reading]) -> Tally {
    Tally { rows: readings.len() as i64, sum: readings.iter().map(|r| r.value).sum() }
}

/// Readings `from..to` of the sensors `s0` to `s2`.
pub(crate) fn some(from: i64, to: i64) -> RecordBatch {
    let sensor: ArrayRef = Arc::new(StringArray::from_iter_values((from..to).map(|i| format!("s{}", i % 3))));
    let value: ArrayRef = Arc::new(Int64Array::from_iter_values(from..to));
    RecordBatch::try_from_iter([("sensor", sensor), ("value", value)]).expect("two columns")
}

pub(crate) fn readings(rows: i64) -> RecordBatch {
    some(0, rows)
}

/// A frame as text.
pub(crate) async fn lines(df: DataFrame) -> Result<String, Box<dyn std::error::Error>> {
    Ok(pretty_format_batches(&df.collect().await?)?.to_string())
}

//! Tests of the Polars engine through its public door.
#![expect(clippy::expect_used, reason = "tests stop at the first surprise")]

// Linked for its SQL, which Polars has none of that means the same.
use fugue_datafusion as _;

mod arguments;
mod conformance;
mod engine;
mod errors;
mod files;
mod foreign;
mod kills;
mod native;
mod nested;
mod queries;
mod relational;
mod stop;
mod streaming;

use fugue_core::arrow::array::{ArrayRef, Float64Array, Int64Array, StringViewArray};
use fugue_core::arrow::record_batch::RecordBatch;
use fugue_core::blocking::wait;
use fugue_core::row::Row;
use fugue_core::schema::format_value;
use fugue_core::{Error, Session};
use fugue_polars::polars::prelude::{DataFrame, LazyFrame, PolarsError, df};
use std::sync::Arc;

/// What a test may meet.
pub(crate) type Outcome = Result<(), Box<dyn std::error::Error>>;

#[derive(Row, Clone, Debug, PartialEq)]
pub(crate) struct Reading {
    pub(crate) sensor: String,
    pub(crate) at: i64,
    pub(crate) value: f64,
}

#[derive(Row, Clone, Debug, PartialEq)]
pub(crate) struct Total {
    pub(crate) sensor: String,
    pub(crate) rows: i64,
    pub(crate) total: f64,
}

/// The rows of a sensor, added up.
pub(crate) fn total(readings: &[Reading]) -> Total {
    Total { sensor: readings[0].sensor.clone(), rows: readings.len() as i64, total: readings.iter().map(|r| r.value).sum() }
}

pub(crate) fn polars() -> Session {
    wait(Session::open("polars")).expect("the engine is linked")
}

/// Six readings of three sensors, with a column that no function of these tests reads.
pub(crate) fn readings() -> DataFrame {
    df!(
        "at" => [3_i64, 1, 2, 9, 5, 4],
        "sensor" => ["b", "a", "a", "c", "b", "a"],
        "value" => [1.0, 2.0, 4.0, 8.0, 16.0, 32.0],
        "unread" => [true, false, true, false, true, false],
    )
    .expect("columns of one length")
}

/// The totals of [`readings`], by sensor.
pub(crate) fn totals() -> DataFrame {
    df!("sensor" => ["a", "b", "c"], "rows" => [3_i64, 2, 1], "total" => [38.0, 17.0, 8.0]).expect("columns of one length")
}

pub(crate) fn collected(plan: LazyFrame) -> Result<DataFrame, PolarsError> {
    plan.sort(["sensor"], Default::default()).collect()
}

/// The same readings as a batch of Arrow, `times` times one below the other.
pub(crate) fn batch(times: usize) -> RecordBatch {
    let sensors = ["b", "a", "a", "c", "b", "a"].repeat(times);
    let at: Vec<i64> = [3, 1, 2, 9, 5, 4].repeat(times);
    let values: Vec<f64> = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0].repeat(times);
    let columns: [(&str, ArrayRef); 3] = [
        ("sensor", Arc::new(StringViewArray::from_iter_values(sensors))),
        ("at", Arc::new(Int64Array::from(at))),
        ("value", Arc::new(Float64Array::from(values))),
    ];
    RecordBatch::try_from_iter(columns).expect("columns of one length")
}

/// The rows as text, in any order.
pub(crate) fn rows_of(batches: &[RecordBatch]) -> Vec<String> {
    let row = |b: &RecordBatch, i| b.columns().iter().map(|c| format_value(c, i)).collect::<Vec<_>>().join("|");
    let mut rows: Vec<String> = batches.iter().flat_map(|b| (0..b.num_rows()).map(move |i| row(b, i))).collect();
    rows.sort();
    rows
}

pub(crate) fn typed<T: for<'a> Row<Of<'a> = T>>(df: &fugue_core::DataFrame) -> Result<Vec<T>, Error> {
    wait(df.rows())
}

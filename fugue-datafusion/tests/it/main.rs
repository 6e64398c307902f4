//! What is promised of the DataFusion engine: the suite, plans, native frames, errors, stopping, memory.
#![expect(clippy::expect_used, reason = "tests stop at the first surprise")]

mod conformance;
mod errors;
mod files;
mod kills;
mod memory;
mod native;
mod plans;
mod relational;
mod stop;

use std::future::Future;

use fugue_core::Session;
use fugue_core::row::Row;
use fugue_datafusion::DataFusionEngine;
use fugue_datafusion::datafusion::arrow::util::pretty::pretty_format_batches;
use fugue_datafusion::datafusion::error::DataFusionError;
use fugue_datafusion::datafusion::prelude::{DataFrame, col, dataframe, lit};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// What most tests run over.
#[derive(Row, Clone, Debug, PartialEq)]
struct Reading {
    sensor: String,
    at: i64,
    value: f64,
}

#[derive(Row, Clone, Debug, PartialEq)]
struct Total {
    sensor: String,
    total: f64,
}

fn readings() -> Result<DataFrame, DataFusionError> {
    dataframe!(
        "sensor" => ["a", "b", "a", "c", "b", "a"],
        "at" => [3_i64, 1, 1, 1, 2, 2],
        "value" => [4.0, 10.0, 1.0, 7.0, 20.0, 2.0]
    )
}

/// The same in several partitions.
fn spread() -> Result<DataFrame, DataFusionError> {
    let (early, late) = (col("at").lt(lit(2_i64)), col("at").gt_eq(lit(2_i64)));
    readings()?.filter(early)?.union(readings()?.filter(late)?)
}

fn total(readings: &[Reading]) -> Total {
    Total { sensor: readings[0].sensor.clone(), total: readings.iter().map(|r| r.value).sum() }
}

/// The difference to the mean, over a column.
fn demean(values: &[f64]) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|v| v - mean).collect()
}

/// A session with two partitions.
fn session() -> Result<Session, fugue_core::Error> {
    Session::builder().threads(2).with_engine(DataFusionEngine::new(2)?)
}

/// Runs async code of a program that has a runtime of its own.
fn run<T>(work: impl Future<Output = Result<T, Box<dyn std::error::Error>>>) -> Result<T, Box<dyn std::error::Error>> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(work)
}

/// The rows of a frame as text, sorted.
async fn lines(df: DataFrame) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let text = pretty_format_batches(&df.collect().await?)?.to_string();
    let rows = text.lines().filter(|l| l.starts_with('|')).skip(1);
    let mut rows: Vec<String> = rows.map(|l| l.split_whitespace().filter(|w| *w != "|").collect::<Vec<_>>().join(" ")).collect();
    rows.sort();
    Ok(rows)
}

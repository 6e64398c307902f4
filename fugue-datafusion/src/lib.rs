//! Fugue on DataFusion: the engine `"datafusion"`, frames of DataFusion as data of `transform` and of sessions.
//!
//! A frame goes in and a frame comes out, as lazy as before; the function is a step of its plan:
//!
//! ```
//! use fugue_core::{calls::transform, row::Row};
//! use fugue_datafusion::datafusion::prelude::*;
//!
//! #[derive(Row)]
//! struct Reading { sensor: String, value: f64 }
//! #[derive(Row)]
//! struct Peak { sensor: String, peak: f64 }
//!
//! fn peak(readings: &[Reading]) -> Peak {
//!     let peak = readings.iter().map(|r| r.value).fold(f64::MIN, f64::max);
//!     Peak { sensor: readings[0].sensor.clone(), peak }
//! }
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let readings = dataframe!("sensor" => ["A", "B", "A"], "value" => [1.0, 5.0, 3.0])?;
//! let peaks: DataFrame = transform(readings, peak).partition_by("sensor").run()?;
//! let peaks = peaks.sort(vec![col("sensor").sort(true, false)])?.collect().await?;
//! assert_eq!(peaks.iter().map(|b| b.num_rows()).sum::<usize>(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod action;
mod callee;
mod claims;
mod engine;
mod error;
mod exec;
mod expr;
mod filter;
mod frame;
mod guard;
mod into;
mod map;
mod modest;
mod native;
mod place;
mod plan;
pub mod relational;
mod scan;
mod source;
mod sql;
mod storage;
pub mod travel;
mod types;
mod wire;

pub use datafusion;
pub use engine::{Builder, DataFusionEngine};
pub use exec::CallExec;
pub use frame::DataFusionFrame;
pub use into::IntoDataFusion;
pub use native::ViaDataFusion;

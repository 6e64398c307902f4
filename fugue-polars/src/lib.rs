//! Fugue on Polars: the engine `"polars"`, frames of Polars as data of `transform` and of sessions, and as arguments of functions.
//!
//! A lazy frame goes in and a lazy frame comes out, which Polars runs when it is collected:
//!
//! ```
//! use fugue_core::{calls::transform, row::Row};
//! use fugue_polars::polars::prelude::*;
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
//! let readings = df!("sensor" => ["A", "B", "A"], "value" => [1.0, 5.0, 3.0])?.lazy();
//! let peaks: LazyFrame = transform(readings, peak).partition_by("sensor").run()?;
//! let peaks = peaks.sort(["sensor"], Default::default()).collect()?;
//! assert_eq!(peaks, df!("sensor" => ["A", "B"], "peak" => [3.0, 5.0])?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![deny(unsafe_code)]

mod action;
mod arg;
mod asked;
mod batches;
mod engine;
mod error;
mod expr;
mod ffi;
mod frame;
mod into;
mod layout;
mod lazy;
mod native;
mod plan;
mod relational;
mod storage;
mod types;

pub use arg::{FrameWriter, ViaPolars};
pub use batches::{from_batches, to_batches};
pub use engine::PolarsEngine;
pub use frame::PolarsFrame;
pub use into::IntoPolars;
pub use polars;
pub use types::{dtype_of, polars_schema_of, schema_of, type_of};

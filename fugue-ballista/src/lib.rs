//! Fugue on Ballista: the engine `"ballista"`, with a cluster inside this process or on a scheduler elsewhere.
//!
//! Plans are made here and run as jobs; a function is a step of a job:
//!
//! ```
//! use fugue_ballista::{BallistaEngine, Cluster};
//! use fugue_core::{Session, row::Row};
//!
//! #[derive(Row)]
//! struct Reading { sensor: String, value: f64 }
//! #[derive(Row, Debug, PartialEq)]
//! struct Peak { sensor: String, peak: f64 }
//!
//! fn peak(readings: &[Reading]) -> Peak {
//!     let peak = readings.iter().map(|r| r.value).fold(f64::MIN, f64::max);
//!     Peak { sensor: readings[0].sensor.clone(), peak }
//! }
//!
//! # fugue_core::blocking::wait(async {
//! let cluster = Cluster::builder().executors(2).slots(1);
//! let session = Session::with_engine(BallistaEngine::builder().cluster(cluster).start().await?)?;
//! let reading = |sensor: &str, value| Reading { sensor: sensor.to_string(), value };
//! let readings = session.frame(vec![reading("A", 1.0), reading("B", 5.0), reading("A", 3.0)])?;
//! let mut peaks: Vec<Peak> = readings.transform(peak).partition_by("sensor").rows().await?;
//! peaks.sort_by(|a, b| a.sensor.cmp(&b.sensor));
//! assert_eq!(peaks, [Peak { sensor: "A".into(), peak: 3.0 }, Peak { sensor: "B".into(), peak: 5.0 }]);
//! session.close().await?;
//! # Ok(()) })?;
//! # Ok::<(), fugue_core::Error>(())
//! ```
//!
//! `Session::open("ballista")` does the same with a cluster as large as the machine, and `BallistaEngine::on` uses one that runs already.
//! Executors of other processes find functions by their names, which `#[transformer]` gives them; those of this process are lent whatever
//! function there is.

mod builder;
mod cluster;
mod codec;
mod context;
mod engine;
mod failure;
mod files;
mod input;
mod rules;
mod runs;
mod shown;
mod sql;
mod submit;
#[doc(hidden)]
pub mod testing;
mod threads;
mod worker;

pub use builder::Builder;
pub use cluster::{Cluster, ClusterBuilder, Extensions};
pub use context::context;
pub use engine::BallistaEngine;

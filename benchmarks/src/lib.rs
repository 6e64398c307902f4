//! What the benchmarks share: the data, the functions that are measured, the same work by hand, the check of answers, the clock.

pub mod arguments;
pub mod check;
pub mod data;
pub mod h2o;
pub mod hand;
#[cfg(feature = "datafusion")]
pub mod hand_datafusion;
pub mod measure;
pub mod shapes;
#[cfg(feature = "tpch")]
pub mod tpch;

// Linking the adapter is what makes its engine known to `Session::open`.
#[cfg(feature = "ballista")]
use fugue_ballista as _;
#[cfg(feature = "datafusion")]
use fugue_datafusion as _;
#[cfg(feature = "polars")]
use fugue_polars as _;

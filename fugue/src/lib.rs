#![doc = include_str!("../../README.md")]

// The macros write paths through the name of this crate, in its own tests and examples too.
extern crate self as fugue;

pub mod prelude;

#[doc(inline)]
pub use fugue_core::calls::{cotransform, map, out_transform, transform};
#[doc(inline)]
pub use fugue_core::row::Row;
// All of core: a program needs no other crate of this family.
#[doc(inline)]
pub use fugue_core::*;

/// The engine on Ballista: clusters in this process, and elsewhere.
#[cfg(feature = "ballista")]
pub use fugue_ballista as ballista;
/// The engine on DataFusion; DataFusion itself is `fugue::datafusion::datafusion`.
#[cfg(feature = "datafusion")]
pub use fugue_datafusion as datafusion;
/// The engine on Polars; Polars itself is `fugue::polars::polars`.
#[cfg(feature = "polars")]
pub use fugue_polars as polars;

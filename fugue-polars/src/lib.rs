//! Fugue on Polars.
#![deny(unsafe_code)]

mod batches;
mod ffi;
mod layout;
mod types;

pub use batches::{from_batches, to_batches};
pub use polars;
pub use types::{dtype_of, polars_schema_of, schema_of, type_of};

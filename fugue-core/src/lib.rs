//! The core of Fugue: frames, schemas, partition specs, transformers and the engine trait.

pub mod cast;
pub mod error;
pub mod group;
pub mod io;
pub mod row;
pub mod run;
pub mod schema;

pub use arrow;
pub use error::{BoxError, Error, ErrorKind, Result};
pub use schema::{Field, Schema, Type};

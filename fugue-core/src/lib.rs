//! The core of Fugue: frames, schemas, partition specs, transformers and the engine trait.

// Generated code says `::fugue_core`, in here too.
extern crate self as fugue_core;

pub mod error;
pub mod group;
pub mod row;
pub mod run;
pub mod schema;

pub use arrow;
pub use error::{BoxError, Error, ErrorKind, Result};
pub use row::{Cell, Row};
pub use schema::{Field, Schema, Type};

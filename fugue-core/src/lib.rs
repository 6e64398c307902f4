//! The core of Fugue: frames, schemas, partition specs, transformers, and the engine trait with its own small local engine.
//!
//! Users depend on the facade crate `fugue-rs`, which re-exports all of this and, by feature, the engines. Authors of engines depend
//! on this crate alone; [`engine::Engine`] says what to implement.

// Macros of fugue-macros write paths through this crate's name, in this crate too.
extern crate self as fugue_core;

pub mod blocking;
pub mod calls;
pub mod cast;
pub mod check;
pub mod engine;
pub mod error;
pub mod expr;
pub mod frame;
pub mod group;
pub mod io;
pub mod local;
pub mod partition;
pub mod relational;
pub mod row;
pub mod run;
pub mod schema;
pub mod session;
pub mod start;
pub mod transform;
mod transient;
pub mod travel;

pub use arrow;
pub use chrono;
pub use error::{BoxError, Error, ErrorKind, Result};
pub use frame::DataFrame;
pub use fugue_macros::{cotransformer, main, portable, transformer};
pub use schema::{Field, Schema, Type};
pub use session::Session;
pub use start::init;
pub use transient::Transient;

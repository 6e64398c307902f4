#![doc = include_str!("../../README.md")]

// The macros write paths through the name of this crate, in its own tests and examples too.
extern crate self as fugue;

pub mod prelude;

pub use fugue_core::verbs::{cotransform, map, out_transform, transform};
pub use fugue_core::{
    DataFrame, Error, ErrorKind, Field, Result, Schema, Session, Type, arrow, blocking, cast, chrono, engine, error, frame, group, io, local,
    partition, row, run, schema, session, transform, verbs,
};

/// The engine on Polars. Polars itself is [`fugue::polars::polars`](fugue_polars::polars).
#[cfg(feature = "polars")]
pub use fugue_polars as polars;

/// Makes a struct a row; and the trait that it implements.
pub use fugue_core::row::Row;

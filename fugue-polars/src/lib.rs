//! Fugue on Polars.

//! Fugue on Ballista.

pub mod cluster;
pub mod submit;
mod threads;

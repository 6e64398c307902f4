//! Fugue on Ballista: the engine `"ballista"`, with a cluster inside this process or on a scheduler elsewhere.

mod builder;
pub mod cluster;
mod codec;
mod context;
mod engine;
mod failure;
mod files;
mod input;
mod runs;
pub mod submit;
mod threads;
mod worker;

pub use builder::Builder;
pub use cluster::Cluster;
pub use codec::Codec;
pub use context::context;
pub use engine::BallistaEngine;

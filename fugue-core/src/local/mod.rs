//! The embedded engine: a plan of a few nodes, run with threads over Arrow batches. The shortest full example of an engine.

mod engine;
mod frame;

pub use engine::LocalEngine;
pub use frame::LocalFrame;

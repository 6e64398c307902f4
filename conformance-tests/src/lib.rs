//! The conformance suite that every engine runs.

pub mod compare;
pub mod value;

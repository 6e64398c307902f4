//! The conformance suite that every engine runs.

pub mod compare;
pub mod generate;
pub mod oracle;
pub mod value;

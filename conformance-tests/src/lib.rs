//! The conformance suite that every engine runs.

pub mod bench;
pub mod compare;
pub mod failure;
pub mod functions;
pub mod gap;
pub mod generate;
pub mod harness;
pub mod oracle;
pub mod property;
pub mod rules;
pub mod table;
pub mod value;
pub mod watchdog;

pub use failure::FailsAs;
pub use gap::Gap;
pub use generate::Lane;
pub use harness::Harness;

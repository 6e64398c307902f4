//! The conformance suite that every engine runs.

pub mod compare;
pub mod failure;
pub mod gap;
pub mod generate;
pub mod oracle;
pub mod property;
pub mod table;
pub mod value;
pub mod watchdog;

pub use failure::FailsAs;
pub use gap::Gap;
pub use generate::Lane;

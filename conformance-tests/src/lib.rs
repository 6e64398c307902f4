//! The conformance suite that every engine runs.

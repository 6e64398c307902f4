//! Tests of the core through its public items, one binary.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests stop at the first surprise")]

mod actions;
mod checks;
mod compile_errors;
mod shapes;

//! Tests of the core through its public items, one binary.

mod actions;
mod checks;
mod compile_errors;
mod shapes;

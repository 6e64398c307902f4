//! Fugue: one plain function, every engine.

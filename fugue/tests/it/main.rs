//! Existing functions and bad input, through the facade.

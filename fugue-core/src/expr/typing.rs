//! From what a user wrote to typed expressions, against a schema.

//! Relational operations through `map`, `comap` and `ingest`, for whatever an engine does not do by itself.

//! Fugue on Ballista.

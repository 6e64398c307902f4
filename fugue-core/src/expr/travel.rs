//! Typed expressions as bytes, so that they travel to executors of a cluster.

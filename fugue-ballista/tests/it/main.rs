//! What is promised of the Ballista engine, of the cluster in this process, and of jobs that are submitted to it.
#![expect(clippy::expect_used, clippy::panic, reason = "tests stop at the first surprise")]

mod calls;
mod cluster;
mod conformance;
mod context;
mod data;
mod failures;
mod inputs;
mod keys;
mod partitions;
mod placement;
mod running;
mod sql;
mod stopping;
mod submit;
mod support;

//! Physical plans as jobs of a scheduler, wherever it runs: submit, follow, cancel, read.
//!
//! Ballista's own submitter connects anew for each job, asks every 50 ms, does not say the id of the job, cannot cancel, reads one
//! partition after another, and leaves the files behind.

mod client;
mod encode;
pub(crate) mod grpc;
mod job;
mod local;
mod progress;
mod results;

pub use client::Client;
pub use job::{Finished, Job, JobError};
pub use progress::{JobWatch, Progress};

//! How tasks travel between the program that plans and the executors of a cluster, in this process or in others.
//!
//! A task of a registered function travels by name: [`pack`] writes its name, what the call said of it and its parameters, and
//! [`unpack`] finds the function in the [`Registry`](crate::transform::Registry) of the program there and binds it once more. The
//! same call has the same [`fingerprint`](crate::transform::Task::fingerprint) there, so seeds and idempotency keys stay. Closures and
//! other functions without a name are only lent to executors of this very process.

mod lent;
mod process;
mod task;

pub use task::{Packed, Reach, pack, unpack};

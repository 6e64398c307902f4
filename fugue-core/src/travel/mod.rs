//! How tasks and errors travel between the program that plans and the executors of a cluster, in this process or in others.
//!
//! A task of a registered function travels by name: [`pack`] writes its name, what the call said of it and its parameters, and
//! [`unpack`] finds the function in the [`Registry`](crate::transform::Registry) of the program there and binds it once more. The
//! same call has the same [`fingerprint`](crate::transform::Task::fingerprint) there, so seeds and idempotency keys stay. Closures and
//! other functions without a name are only lent to executors of this very process.
//!
//! Errors travel inside text, because that is all that clusters carry: [`error_to_text`] and [`error_from_text`]. Within a process the
//! very error comes back, with the user's own error in it.

mod error;
mod lent;
mod process;
mod task;
mod told;

pub use error::{error_from_text, error_to_text};
pub use task::{Packed, Reach, pack, unpack};

pub(crate) use told::{ASKED_FOR_AT, is_told_transient};

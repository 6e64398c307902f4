//! What an action carries while it runs: the pool that user code runs on, the token that stops it.

mod cancel;
mod pool;

pub use cancel::{Cancel, CancelHandle};
pub use pool::Pool;

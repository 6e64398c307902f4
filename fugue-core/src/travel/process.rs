//! Which process this is: what one lends means nothing to another, even where the system gives a number twice.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::OnceLock;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// A process, told apart from all others, and from itself after a fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Process {
    id: u32,
    start: u64,
}

impl Process {
    pub(super) fn here() -> Self {
        static START: OnceLock<u64> = OnceLock::new();
        // The hasher is seeded by the system at random.
        let start = *START.get_or_init(|| RandomState::new().hash_one(SystemTime::now()));
        Self { id: std::process::id(), start }
    }

    #[cfg(test)]
    pub(super) fn other() -> Self {
        let here = Self::here();
        Self { start: here.start ^ 1, ..here }
    }
}

//! What comes back of an error of another process: the messages of its causes, one behind the other.

use std::collections::HashSet;
use std::error::Error as StdError;
use std::fmt;
use std::sync::{Mutex, OnceLock, PoisonError};

/// The name of the pair that holds the user's line, where it is one of another process.
pub(crate) const ASKED_FOR_AT: &str = "asked for at";

/// A cause in another process, of which the message came.
#[derive(Debug)]
pub(super) struct Told {
    message: String,
    source: Option<Box<Self>>,
    /// Whether it, or what lay behind it, was worth another attempt.
    transient: bool,
}

impl Told {
    /// A chain of causes, the outermost first.
    pub(super) fn chain(messages: Vec<String>, transient: bool) -> Option<Self> {
        let link = |source: Option<Self>, message| Some(Self { message, source: source.map(Box::new), transient });
        messages.into_iter().rev().fold(None, link)
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Told {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|s| &**s as &(dyn StdError + 'static))
    }
}

/// Whether an error came from another process, and was worth another attempt there.
pub(crate) fn is_told_transient(error: &(dyn StdError + 'static)) -> bool {
    error.downcast_ref::<Told>().is_some_and(|told| told.transient)
}

/// The most names that are kept for good. There are some twenty in this library.
const NAMES: usize = 1024;

/// A name that lives as long as the program, as those do that are written in it.
pub(super) fn lasting(name: &str) -> &'static str {
    static KNOWN: OnceLock<Mutex<HashSet<&'static str>>> = OnceLock::new();
    let mut known = KNOWN.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(name) = known.get(name) {
        return name;
    }
    // Whatever the text of an error says, memory does not grow with it for ever.
    if known.len() >= NAMES {
        return "context";
    }
    let name: &'static str = Box::leak(name.into());
    known.insert(name);
    name
}

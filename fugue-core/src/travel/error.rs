//! Errors inside text: the line that people read, and behind it a block that survives being quoted, escaped and put into other text.
//!
//! Clusters carry an error as text and nothing else, in which the debug form of one error stands inside that of another. Of what they
//! may leave as it is, the block uses `<`, `>`, `:`, small letters and digits.

use std::collections::VecDeque;
use std::error::Error as StdError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};
use crate::transform::fnv;

use super::process::Process;
use super::told::{ASKED_FOR_AT, Told, lasting};

const VERSION: u32 = 1;
const START: &str = "<<fugue:";
const END: &str = ">>";

/// Errors of this process that are kept until their text comes back.
const KEPT: usize = 256;

/// Bytes that one text may have at most: messages of errors travel in headers and logs.
const LONGEST: usize = 4096;
/// The same of what there may be several of.
const SHORTER: usize = 1024;
/// Pairs, and causes, at most.
const MANY: usize = 10;

/// What a block says.
#[derive(Serialize, Deserialize)]
struct Block {
    version: u32,
    process: Process,
    number: u64,
    kind: String,
    message: String,
    engine: Option<String>,
    operation: Option<String>,
    context: Vec<(String, String)>,
    asked_for_at: Option<String>,
    causes: Vec<String>,
    transient: bool,
}

/// An error as one line of text, with a block in it that [`error_from_text`] finds.
///
/// Long messages and rows are cut, so that the text stays below 64 KiB.
#[must_use]
pub fn error_to_text(error: Error) -> String {
    // A message may hold the block of another error; only the new one is to be found.
    let shown = cut(&error.to_string(), LONGEST).replace(START, "<fugue:");
    let number = number();
    let block = Block::of(&error, Process::here(), number).written();
    keep(number, error);
    format!("{shown} {block}")
}

/// The error whose text [`error_to_text`] wrote, wherever it stands in a longer text; of several the first.
///
/// Within a process it is the very error, at least the first time that it is asked for. Of an error of another process come kind,
/// message, place, context and the messages of its causes; the user's line is then the pair `asked for at`.
///
/// `None` where there is no whole block.
#[must_use]
pub fn error_from_text(text: &str) -> Option<Error> {
    let blocks = text.match_indices(START).filter_map(|(at, _)| text.get(at + START.len()..));
    let block = blocks.filter_map(|rest| Block::read(rest.split_once(END)?.0)).next()?;
    let kept = (block.process == Process::here()).then(|| take(block.number)).flatten();
    Some(kept.unwrap_or_else(|| block.error()))
}

impl Block {
    fn of(error: &Error, process: Process, number: u64) -> Self {
        let mut causes = Vec::new();
        let mut cause = error.source();
        while let Some(error) = cause.filter(|_| causes.len() < MANY) {
            causes.push(cut(&error.to_string(), SHORTER));
            cause = error.source();
        }
        Self {
            version: VERSION,
            process,
            number,
            kind: error.kind().to_string(),
            message: cut(error.message(), LONGEST),
            engine: error.engine().map(|e| cut(e, SHORTER)),
            operation: error.operation().map(|o| cut(o, SHORTER)),
            context: error.pairs().iter().take(MANY).map(|(n, v)| (cut(n, 64), cut(v, SHORTER))).collect(),
            asked_for_at: error.call_site().map(|at| cut(&at.to_string(), SHORTER)),
            causes,
            transient: error.is_transient(),
        }
    }

    fn written(&self) -> String {
        // Strings, numbers and lists of them can always be written; without a block the line is all that travels.
        let Ok(bytes) = rmp_serde::to_vec_named(self) else { return String::new() };
        let mut text = format!("{START}{:016x}", fnv(0, &bytes));
        for byte in bytes {
            for digit in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(u32::from(digit), 16));
            }
        }
        text + END
    }

    /// Reads what stands between start and end.
    fn read(text: &str) -> Option<Self> {
        let (sum, hex) = text.split_at_checked(16)?;
        if !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) || !hex.len().is_multiple_of(2) {
            return None;
        }
        let byte = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
        let bytes = (0..hex.len()).step_by(2).map(byte).collect::<Option<Vec<u8>>>()?;
        if fnv(0, &bytes) != u64::from_str_radix(sum, 16).ok()? {
            return None;
        }
        rmp_serde::from_slice::<Self>(&bytes).ok().filter(|block| block.version == VERSION)
    }

    /// What can be made of it in a process that is not the error's.
    fn error(self) -> Error {
        let kind = ErrorKind::ALL.into_iter().find(|kind| kind.to_string() == self.kind).unwrap_or(ErrorKind::Unexpected);
        let mut error = Error::new(kind, self.message);
        for (name, value) in self.context {
            error = error.with(lasting(&name), value);
        }
        if let Some(at) = self.asked_for_at {
            error = error.with(ASKED_FOR_AT, at);
        }
        if let Some(engine) = self.engine {
            error = error.with_engine(engine);
        }
        if let Some(operation) = self.operation {
            error = error.with_operation(lasting(&operation));
        }
        match Told::chain(self.causes, self.transient) {
            Some(told) => error.with_source(told),
            None => error,
        }
    }
}

/// The beginning of a text that is too long, in whole characters.
fn cut(text: &str, longest: usize) -> String {
    if text.len() <= longest {
        return text.to_owned();
    }
    let end = (0..=longest).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", &text[..end])
}

fn number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn table() -> MutexGuard<'static, VecDeque<(u64, Error)>> {
    static TABLE: OnceLock<Mutex<VecDeque<(u64, Error)>>> = OnceLock::new();
    TABLE.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep(number: u64, error: Error) {
    let mut table = table();
    table.push_back((number, error));
    let oldest = if table.len() > KEPT { table.pop_front() } else { None };
    // A user's error may do anything when it is dropped, so the table is free by then.
    drop(table);
    drop(oldest);
}

fn take(number: u64) -> Option<Error> {
    let mut table = table();
    let at = table.iter().position(|(n, _)| *n == number)?;
    table.remove(at).map(|(_, error)| error)
}

#[cfg(test)]
mod tests;

//! How a rule fails: with an error of a kind, or with an answer that differs.

use std::fmt;

use fugue_core::{Error, ErrorKind};

use crate::compare::Difference;

/// What a rule found.
pub type Outcome = Result<(), Failure>;

/// The manner of a failure; gaps declare it, so that an engine does not fail in another way unseen.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailsAs {
    /// A call that should have worked gave an error of this kind.
    Error(ErrorKind),
    /// An answer, an error or the calls of a function were not what the contract says.
    Differs,
}

impl From<ErrorKind> for FailsAs {
    fn from(kind: ErrorKind) -> Self {
        Self::Error(kind)
    }
}

impl fmt::Display for FailsAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(kind) => write!(f, "an error of kind {kind}"),
            Self::Differs => f.write_str("another answer than the contract's"),
        }
    }
}

/// A failure of a rule, with all that a reader needs.
#[derive(Clone)]
pub struct Failure {
    fails_as: FailsAs,
    report: String,
}

impl Failure {
    /// The answer is not what the contract says.
    pub fn differs(report: impl Into<String>) -> Self {
        Self { fails_as: FailsAs::Differs, report: report.into() }
    }

    /// Puts what was being tried in front of the report.
    #[must_use]
    pub fn while_trying(mut self, what: impl fmt::Display) -> Self {
        self.report = format!("{what}\n{}", self.report);
        self
    }

    /// The manner.
    #[must_use]
    pub fn fails_as(&self) -> FailsAs {
        self.fails_as
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.report)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.report)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { fails_as: FailsAs::Error(error.kind()), report: format!("{error:?}") }
    }
}

impl From<Difference> for Failure {
    fn from(difference: Difference) -> Self {
        Self::differs(difference.to_string())
    }
}

/// Messages of the suite's own tools: a batch in another layout, a value that does not fit, a trace that is wrong.
impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::differs(message)
    }
}

/// Asks that a condition holds.
///
/// # Errors
/// A failure with the message, where it does not.
pub fn ensure(holds: bool, message: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(Failure::differs(message())) }
}

/// Asks that a call failed with one of the kinds.
///
/// # Errors
/// A failure that tells what happened instead; the error's own kind where it is another one, so that a gap can name it.
pub fn expect_error<T>(result: fugue_core::Result<T>, kinds: &[ErrorKind], what: &str) -> Result<Error, Failure> {
    match result {
        Err(error) if kinds.contains(&error.kind()) => Ok(error),
        Err(error) => Err(Failure::from(error).while_trying(format!("{what} failed, but with another kind than {kinds:?}"))),
        Ok(_) => Err(Failure::differs(format!("{what} was accepted; the contract wants {kinds:?}"))),
    }
}

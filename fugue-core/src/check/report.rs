//! What a check found.

use std::fmt;

/// One thing that the answer of a function depends on, or that the function cannot take.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The same rows in the same order gave another answer the second time.
    NotDeterministic,
    /// The rows in another order gave another answer: the call needs a presort that leaves no ties.
    OrderDependent,
    /// Other physical partitions or batches gave another answer: which rows come together matters, and no key says so.
    KeyDependent,
    /// An engine gave another answer than the local one.
    EngineDiffers {
        /// The engine.
        engine: String,
        /// What it gave instead, or its error.
        detail: String,
    },
    /// The function panicked when a text was empty.
    PanicsOnEmptyText {
        /// The column of the empty text.
        column: String,
        /// What the panic said.
        message: String,
    },
    /// The function panicked when a value was null.
    PanicsOnNull {
        /// The column of the null.
        column: String,
        /// What the panic said.
        message: String,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDeterministic => {
                f.write_str("not deterministic: the same rows gave another answer; seed random numbers from the Cursor, keep no state")
            }
            Self::OrderDependent => {
                f.write_str("order-dependent: shuffled rows gave another answer; add a .presort(…) that leaves no ties within a key")
            }
            Self::KeyDependent => f.write_str(
                "key-dependent: other partitions gave another answer, so it matters which rows reach the same call; add .partition_by(…)",
            ),
            Self::EngineDiffers { engine, detail } => write!(f, "differs on {engine}: {detail}"),
            Self::PanicsOnEmptyText { column, message } => write!(f, "panics on an empty text in {column:?}: {message}"),
            Self::PanicsOnNull { column, message } => write!(f, "panics on a null in {column:?}: {message}"),
        }
    }
}

/// All findings of a check, and the columns that cannot hold a null for this function.
#[derive(Clone, Debug)]
pub struct Report {
    pub(super) function: String,
    pub(super) engines: Vec<String>,
    pub(super) runs: usize,
    pub(super) findings: Vec<Finding>,
    pub(super) refuses_nulls: Vec<String>,
}

impl Report {
    /// Whether the answer is the same however the rows come, on every engine, and nothing panics.
    #[must_use]
    pub fn is_portable(&self) -> bool {
        self.findings.is_empty()
    }

    /// Whether the order of rows matters although the call does not say it.
    #[must_use]
    pub fn is_order_dependent(&self) -> bool {
        self.findings.contains(&Finding::OrderDependent)
    }

    /// Whether the same rows may give another answer.
    #[must_use]
    pub fn is_deterministic(&self) -> bool {
        !self.findings.contains(&Finding::NotDeterministic)
    }

    /// What was found, the most basic first.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Columns in which a null is a clear error and not a value, because the row type has no `Option` there.
    #[must_use]
    pub fn refuses_nulls(&self) -> &[String] {
        &self.refuses_nulls
    }

    /// The engines that it ran on.
    #[must_use]
    pub fn engines(&self) -> &[String] {
        &self.engines
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.is_portable() { "portable" } else { "not portable" };
        writeln!(f, "{}: {verdict} ({} runs on {})", self.function, self.runs, self.engines.join(", "))?;
        for finding in &self.findings {
            writeln!(f, "  - {finding}")?;
        }
        if !self.refuses_nulls.is_empty() {
            writeln!(f, "  (a null is an error in: {})", self.refuses_nulls.join(", "))?;
        }
        Ok(())
    }
}

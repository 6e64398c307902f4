//! The one error type: a kind to branch on, the place it happened, the user's line, and the cause.

use std::error::Error as StdError;
use std::fmt;
use std::panic::Location;

use crate::transient::Transient;
use crate::travel::{ASKED_FOR_AT, is_told_transient};

/// The boxed error that user code and foreign libraries hand over.
pub type BoxError = Box<dyn StdError + Send + Sync + 'static>;

/// What every fallible call of this library returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in the terms a caller would branch on.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorKind {
    /// The action was cancelled through its handle.
    Cancelled,
    /// A column was named that the frame does not have.
    ColumnNotFound,
    /// The action did not end before its deadline.
    DeadlineExceeded,
    /// A row was asked of a frame that has none.
    Empty,
    /// The engine underneath failed; its own error is the source.
    EngineFailed,
    /// An expression is malformed or does not fit its input.
    ExpressionInvalid,
    /// Reading or writing a file failed.
    Io,
    /// The target of a save exists already.
    AlreadyExists,
    /// Parameters or state of a transformer are missing or do not decode.
    ParamsInvalid,
    /// A partition specification is malformed or does not fit its input.
    PartitionInvalid,
    /// A schema is malformed or not admitted.
    SchemaInvalid,
    /// Data or a function does not have the schema that is needed.
    SchemaMismatch,
    /// A setting or the name of an engine is unknown or malformed.
    SettingInvalid,
    /// A query is malformed.
    SqlInvalid,
    /// User code returned an error or panicked.
    TransformerFailed,
    /// A transformer has no name that another process could find.
    TransformerNotRegistered,
    /// A state that was believed impossible; please report it.
    Unexpected,
    /// The engine does not offer what was asked.
    Unsupported,
    /// A value cannot be what is asked of it (a failing cast, a null where none may be).
    ValueInvalid,
}

impl ErrorKind {
    /// All of them, so that a kind can be read back from its name.
    pub(crate) const ALL: [Self; 19] = [
        Self::Cancelled,
        Self::ColumnNotFound,
        Self::DeadlineExceeded,
        Self::Empty,
        Self::EngineFailed,
        Self::ExpressionInvalid,
        Self::Io,
        Self::AlreadyExists,
        Self::ParamsInvalid,
        Self::PartitionInvalid,
        Self::SchemaInvalid,
        Self::SchemaMismatch,
        Self::SettingInvalid,
        Self::SqlInvalid,
        Self::TransformerFailed,
        Self::TransformerNotRegistered,
        Self::Unexpected,
        Self::Unsupported,
        Self::ValueInvalid,
    ];
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// An error of this library. One word wide; the details are behind a box.
///
/// [`Display`](fmt::Display) is one line, [`Debug`] a readable block with the chain of causes.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    engine: Option<String>,
    operation: Option<&'static str>,
    context: Vec<(&'static str, String)>,
    call_site: Option<&'static Location<'static>>,
    source: Option<BoxError>,
}

impl Error {
    /// A new error of a kind, with a message that says what, where and what to do.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            engine: None,
            operation: None,
            context: Vec::new(),
            call_site: None,
            source: None,
        }))
    }

    /// Shorthand for [`ErrorKind::Unsupported`], which always names engine and operation.
    pub fn unsupported(engine: impl Into<String>, operation: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message).with_engine(engine).with_operation(operation)
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Adds the engine, unless one is known already: the innermost place knows best.
    #[must_use]
    pub fn with_engine(mut self, engine: impl Into<String>) -> Self {
        self.0.engine.get_or_insert_with(|| engine.into());
        self
    }

    /// Adds the operation, unless one is known already.
    #[must_use]
    pub fn with_operation(mut self, operation: &'static str) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    /// Adds one `name: value` pair; a name that is there already keeps its first value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if self.context(name).is_none() {
            self.0.context.push((name, value.into()));
        }
        self
    }

    /// Puts another value in the place of one that an inner place gave, which knew less.
    #[must_use]
    pub(crate) fn with_instead(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.context.retain(|(n, _)| *n != name);
        self.with(name, value)
    }

    /// The same for rows that were counted from a row of something larger.
    #[must_use]
    pub(crate) fn counted_from(self, first: usize) -> Self {
        match self.context("row").and_then(|row| row.parse::<usize>().ok()) {
            Some(row) => self.with_instead("row", (first + row).to_string()),
            None => self,
        }
    }

    /// Adds the line of the user's program that asked for this, unless one is known already.
    #[must_use]
    pub fn with_call_site(mut self, at: &'static Location<'static>) -> Self {
        self.0.call_site.get_or_insert(at);
        // The same line as text, as it came from another process.
        self.0.context.retain(|(name, _)| *name != ASKED_FOR_AT);
        self
    }

    /// The kind, to branch on.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message alone, without place and context.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The engine that was at work.
    #[must_use]
    pub fn engine(&self) -> Option<&str> {
        self.0.engine.as_deref()
    }

    /// The operation that was asked of the engine.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// One of the `name: value` pairs: `transformer`, `key`, `rows`, `column`, `row`, `path` and so on. A `row` counts from 0: in
    /// the group or partition of the call, in what the function returned where that is at fault, and in the frame or the file where
    /// rows are called or read one by one.
    #[must_use]
    pub fn context(&self, name: &str) -> Option<&str> {
        self.0.context.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str())
    }

    /// The line of the user's program that asked for this.
    #[must_use]
    pub fn call_site(&self) -> Option<&'static Location<'static>> {
        self.0.call_site
    }

    /// All of the pairs.
    pub(crate) fn pairs(&self) -> &[(&'static str, String)] {
        &self.0.context
    }

    /// Whether the user's code marked its error as [`Transient`], here or in another process: worth another attempt.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        let mut cause = self.source();
        while let Some(error) = cause {
            if error.is::<Transient>() || is_told_transient(error) {
                return true;
            }
            cause = error.source();
        }
        false
    }

    /// The user's own error, where user code returned one of type `E`.
    #[must_use]
    pub fn user_error<E: StdError + 'static>(&self) -> Option<&E> {
        let mut cause: Option<&(dyn StdError + 'static)> = self.source();
        while let Some(error) = cause {
            if let Some(found) = error.downcast_ref::<E>() {
                return Some(found);
            }
            cause = error.source();
        }
        None
    }

    /// An error of an engine's own library as ours. One of ours that comes back through it keeps its kind and what it says; any
    /// other is [`ErrorKind::EngineFailed`]. The native error is the source.
    #[must_use]
    pub fn from_native(native: impl Into<BoxError>) -> Self {
        let native = match native.into().downcast::<Self>() {
            Ok(ours) => return *ours,
            Err(native) => native,
        };
        let again = match Self::find(&*native) {
            None => Self::new(ErrorKind::EngineFailed, native.to_string()),
            Some(Self(ours)) => Self(Box::new(Inner {
                kind: ours.kind,
                message: ours.message.clone(),
                engine: ours.engine.clone(),
                operation: ours.operation,
                context: ours.context.clone(),
                call_site: ours.call_site,
                source: None,
            })),
        };
        again.with_source(native)
    }

    /// Finds one of our errors inside a native error of an engine, following its chain of causes.
    #[must_use]
    pub fn find<'e>(native: &'e (dyn StdError + 'static)) -> Option<&'e Self> {
        let mut cause = Some(native);
        while let Some(error) = cause {
            if let Some(found) = error.downcast_ref::<Self>() {
                return Some(found);
            }
            if let Some(found) = error.downcast_ref::<std::sync::Arc<Self>>() {
                return Some(found);
            }
            cause = error.source();
        }
        None
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = &self.0;
        if let Some(engine) = &e.engine {
            write!(f, "{engine}: ")?;
        }
        if let Some(operation) = e.operation {
            write!(f, "{operation}: ")?;
        }
        write!(f, "{}", e.kind)?;
        // Rows of data may be long; they stand in the debug block, not in the one line.
        let shown: Vec<String> = e.context.iter().filter(|(n, _)| *n != "rows").map(|(n, v)| format!("{n}: {v}")).collect();
        if !shown.is_empty() {
            write!(f, " {{ {} }}", shown.join(", "))?;
        }
        write!(f, " => {}", one_line(&e.message))?;
        if let Some(at) = e.call_site {
            write!(f, " (asked for at {}:{}:{})", at.file(), at.line(), at.column())?;
        }
        Ok(())
    }
}

/// A message without its line breaks, and without the carets that point into the line above them.
fn one_line(message: &str) -> String {
    let lines = message.lines().map(str::trim).filter(|line| line.chars().any(|c| c != '^'));
    lines.collect::<Vec<_>>().join(" ")
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e = &self.0;
        writeln!(f, "{} => {}", e.kind, e.message)?;
        if let Some(engine) = &e.engine {
            writeln!(f, "  engine: {engine}")?;
        }
        if let Some(operation) = e.operation {
            writeln!(f, "  operation: {operation}")?;
        }
        for (name, value) in &e.context {
            writeln!(f, "  {name}: {}", value.replace('\n', "\n    "))?;
        }
        if let Some(at) = e.call_site {
            writeln!(f, "  asked for at: {}:{}:{}", at.file(), at.line(), at.column())?;
        }
        let mut cause = self.source();
        while let Some(error) = cause {
            writeln!(f, "  caused by: {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|s| &**s as &(dyn StdError + 'static))
    }
}

impl From<arrow::error::ArrowError> for Error {
    fn from(error: arrow::error::ArrowError) -> Self {
        match error {
            // Readers wrap our own errors to get them through arrow's interfaces; they come back as they were.
            arrow::error::ArrowError::ExternalError(inner) => match inner.downcast::<Self>() {
                Ok(ours) => *ours,
                Err(other) => Self::new(ErrorKind::EngineFailed, other.to_string()).with_source(other),
            },
            other => Self::new(ErrorKind::EngineFailed, other.to_string()).with_source(other),
        }
    }
}

//! Programs over columns: one small tree, out of which both the engine's expression and the oracle's answer are made.
//!
//! A [`Term`] names columns. [`Known::of`] finds its types by the suite's own reading of the contract, and [`Known::value`] computes it for
//! one row. The words of functions are the core's; their meaning is written here a second time, with plain numbers and text.

mod aggregate;
mod calendar;
mod cast;
mod known;
mod number;
#[cfg(test)]
mod tests;
mod text;
mod to_core;
mod types;
mod value;
mod window;
mod written;
mod zone;

use fugue_core::Type;
use fugue_core::expr::{AggregateFunction, Frame, Function, WindowFunction};

pub(super) use cast::date;
pub use known::{Kind, Known, KnownAggregate, KnownWindow};
pub(crate) use text::{PATTERNS, REPLACEMENTS};
pub use types::common;
pub use value::{Dialect, Scope, Standard};

use crate::value::OwnValue;

/// An expression in plain data.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// A column by its name.
    Column(String),
    /// A value of a type.
    Literal(OwnValue, Type),
    /// Null, of the type of its neighbours.
    Null,
    /// A function of arguments.
    Call(Function, Vec<Self>),
    /// To a type; null for what cannot be cast where `attempt` says so.
    Cast {
        /// What is cast.
        input: Box<Self>,
        /// The type.
        to: Type,
        /// Whether failing gives null.
        attempt: bool,
    },
    /// The value beside the first true condition.
    Case {
        /// Conditions and values.
        branches: Vec<(Self, Self)>,
        /// The value of all other rows.
        otherwise: Option<Box<Self>>,
    },
    /// Many rows to one value.
    Aggregate(Box<Aggregate>),
    /// A value out of the rows around.
    Window(Box<Window>),
}

/// A call of an aggregate.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// The function.
    pub function: AggregateFunction,
    /// What is aggregated; none counts rows.
    pub arg: Option<Term>,
    /// Different values only.
    pub distinct: bool,
    /// Only rows for which this is true.
    pub filter: Option<Term>,
    /// Columns, and whether each ascends.
    pub order: Vec<(String, bool)>,
}

/// A call of a window function.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// The function.
    pub function: WindowFunction,
    /// Its argument.
    pub arg: Option<Term>,
    /// Of lag and lead.
    pub default: Option<Term>,
    /// The columns that make partitions.
    pub keys: Vec<String>,
    /// Columns, and whether each ascends.
    pub order: Vec<(String, bool)>,
    /// The frame of an aggregate; none is the whole partition.
    pub frame: Option<Frame>,
}

impl Term {
    /// A column.
    #[must_use]
    pub fn column(name: &str) -> Self {
        Self::Column(name.to_owned())
    }

    /// A long.
    #[must_use]
    pub fn long(value: i64) -> Self {
        Self::Literal(OwnValue::from(value), Type::Int64)
    }

    /// A function of arguments.
    #[must_use]
    pub fn call(function: Function, args: impl IntoIterator<Item = Self>) -> Self {
        Self::Call(function, args.into_iter().collect())
    }

    /// An aggregate of a value.
    #[must_use]
    pub fn aggregate(function: AggregateFunction, arg: Option<Self>) -> Self {
        Self::Aggregate(Box::new(Aggregate { function, arg, distinct: false, filter: None, order: Vec::new() }))
    }

    /// A strict cast.
    #[must_use]
    pub fn cast(self, to: Type) -> Self {
        Self::Cast { input: Box::new(self), to, attempt: false }
    }

    /// The parts right below, for a visit or a shrinking.
    #[must_use]
    pub fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Column(_) | Self::Literal(..) | Self::Null => Vec::new(),
            Self::Call(_, args) => args.iter().collect(),
            Self::Cast { input, .. } => vec![input],
            Self::Case { branches, otherwise } => branches.iter().flat_map(|(c, v)| [c, v]).chain(otherwise.as_deref()).collect(),
            Self::Aggregate(call) => call.arg.iter().chain(&call.filter).collect(),
            Self::Window(call) => call.arg.iter().collect(),
        }
    }

    /// Whether this or a part of it is so.
    #[must_use]
    pub fn any(&self, is: &impl Fn(&Self) -> bool) -> bool {
        is(self) || self.parts().into_iter().any(|part| part.any(is))
    }

    /// Whether it holds an aggregate (and not one over a window).
    #[must_use]
    pub fn aggregates(&self) -> bool {
        self.any(&|t| matches!(t, Self::Aggregate(_)))
    }

    /// Whether it reads no column and no rows.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        !self.any(&|t| matches!(t, Self::Column(_) | Self::Aggregate(_) | Self::Window(_)))
    }
}

//! What a user writes: a tree that knows no schema yet.

use std::sync::Arc;

use crate::error::Error;
use crate::schema::Type;

use super::aggregate::AggregateCall;
use super::window::WindowCall;
use super::{Function, Literal};

/// An expression over the columns of a frame. Cheap to clone.
///
/// Made by [`col`](super::col), [`lit`](super::lit), the operators `+ - * / %`, `!` and unary `-`, and the methods here. Whatever is not an
/// expression yet, where one is expected, is taken as a literal: `col("n").gt(3)`, `col("name").eq("x")`.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr(pub(crate) Arc<Node>);

/// What an expression is made of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    /// A column by its name.
    Column(Arc<str>),
    /// All columns.
    Wildcard,
    Literal(Literal),
    Alias(Expr, Arc<str>),
    /// To a type; a value that cannot be cast is null where `attempt` says so, and an error otherwise.
    Cast {
        input: Expr,
        to: Type,
        attempt: bool,
    },
    Call(Function, Vec<Expr>),
    Case {
        branches: Vec<(Expr, Expr)>,
        otherwise: Option<Expr>,
    },
    Aggregate(AggregateCall),
    Window(WindowCall),
    /// A mistake in what was written, told when the plan is built.
    Mistake(Mistake),
}

/// An error that waits for the plan to be built.
#[derive(Clone, Debug)]
pub(crate) struct Mistake(pub(crate) Arc<Error>);

impl PartialEq for Mistake {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Expr {
    pub(crate) fn new(node: Node) -> Self {
        Self(Arc::new(node))
    }

    pub(crate) fn node(&self) -> &Node {
        &self.0
    }

    pub(crate) fn call(function: Function, args: impl IntoIterator<Item = Self>) -> Self {
        Self::new(Node::Call(function, args.into_iter().collect()))
    }

    pub(crate) fn mistake(error: Error) -> Self {
        Self::new(Node::Mistake(Mistake(Arc::new(error))))
    }
}

/// What stands for a column where columns are listed: an expression, or a text, which is then the name of a column (and not a literal).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a column",
    note = "write a name (\"a\") or an expression (col(\"a\") + 1)"
)]
pub trait IntoColumn {
    /// The expression.
    fn into_column(self) -> Expr;
}

impl IntoColumn for Expr {
    fn into_column(self) -> Expr {
        self
    }
}

impl IntoColumn for &Expr {
    fn into_column(self) -> Expr {
        self.clone()
    }
}

impl IntoColumn for &str {
    fn into_column(self) -> Expr {
        super::col(self)
    }
}

impl IntoColumn for String {
    fn into_column(self) -> Expr {
        super::col(&self)
    }
}

impl IntoColumn for &String {
    fn into_column(self) -> Expr {
        super::col(self)
    }
}

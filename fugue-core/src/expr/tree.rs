//! What a user writes: a tree that knows no schema yet.

use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::schema::Type;

use super::aggregate::AggregateCall;
use super::window::WindowCall;
use super::{Function, Literal};

/// An expression over the columns of a frame. Cheap to clone.
///
/// Made by [`col`](super::col), [`lit`](super::lit), the operators `+ - * / %`, `!` and unary `-`, and the methods here. Whatever is not an
/// expression yet, where one is expected, is taken as a literal: `col("n").gt(3)`, `col("name").eq("x")`.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr(Arc<Tree>);

/// A node, and what is below it.
#[derive(Debug, PartialEq)]
struct Tree {
    node: Node,
    /// Levels, this one included.
    depth: usize,
    /// Nodes, a part as often as it stands here.
    size: usize,
}

/// Expressions nested deeper are refused: whoever walks over them must not exhaust the stack.
pub(super) const DEEPEST: usize = 400;

/// Expressions with more parts are refused: one that is added to itself again and again is small in memory, and endless for who reads it.
const LARGEST: usize = 10_000_000;

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

impl Node {
    /// Calls a visitor with each part.
    pub(super) fn parts<'e>(&'e self, mut visit: impl FnMut(&'e Expr)) {
        match self {
            Self::Column(_) | Self::Wildcard | Self::Literal(_) | Self::Mistake(_) => {}
            Self::Alias(of, _) => visit(of),
            Self::Cast { input, .. } => visit(input),
            Self::Call(_, args) => args.iter().for_each(visit),
            Self::Case { branches, otherwise } => {
                for (condition, value) in branches {
                    visit(condition);
                    visit(value);
                }
                otherwise.iter().for_each(visit);
            }
            Self::Aggregate(call) => call.arg.iter().chain(&call.filter).for_each(visit),
            Self::Window(call) => call.arg.iter().for_each(visit),
        }
    }
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
        let (mut depth, mut size) = (1, 1_usize);
        node.parts(|part| {
            depth = depth.max(part.0.depth + 1);
            size = size.saturating_add(part.0.size);
        });
        let tree = Self(Arc::new(Tree { node, depth, size }));
        let message = if depth > DEEPEST {
            "is nested deeper than 400 levels; write .is_in([…]) for many comparisons, join many parts in halves, or compute it in \
             several steps"
        } else if size > LARGEST {
            "has more than ten million parts; compute it in several steps, or join with a frame of the values"
        } else {
            return tree;
        };
        // Nothing grows on it any more, so that no walk and no drop goes deeper.
        Self::mistake(Error::new(ErrorKind::ExpressionInvalid, format!("the expression {message}: {}", tree.shown())))
    }

    pub(crate) fn node(&self) -> &Node {
        &self.0.node
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

//! Windows: a value for each row, out of the rows around it.

use std::ops::{Bound, RangeBounds};

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};
use crate::partition::{IntoNames, IntoPresort, SortKey};

use super::tree::Node;
use super::{AggregateFunction, Expr, IntoColumn, Literal};

/// A function over a window.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum WindowFunction {
    /// 1, 2, 3 … in the order.
    RowNumber,
    /// 1 and the number of rows before the first peer; rows that are equal in the order are peers.
    Rank,
    /// 1 and the number of groups of peers before.
    DenseRank,
    /// The value so many rows before; null, or the default, where there is no such row.
    Lag(u64),
    /// The value so many rows after.
    Lead(u64),
    /// An aggregate of the rows in the frame.
    Aggregate(AggregateFunction),
}

/// The rows of a partition that an aggregate sees, from the row where it stands.
#[expect(clippy::exhaustive_enums, reason = "engines must mind every case")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Frame {
    /// From a row to a row, counted from the current one, both included; `None` is the end of the partition.
    Rows {
        /// -2 is two rows before.
        start: Option<i64>,
        /// 0 is the current row.
        end: Option<i64>,
    },
    /// From the start of the partition to the last peer of the current row.
    ToPeers,
}

impl Frame {
    /// The whole partition.
    pub const ALL: Self = Self::Rows { start: None, end: None };
}

/// A call of a function over a window.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WindowCall {
    pub(crate) function: WindowFunction,
    pub(crate) arg: Option<Expr>,
    /// Of lag and lead.
    pub(crate) default: Option<Literal>,
    pub(crate) over: Option<Over>,
}

/// Which rows a window function sees: the partition, the order in it, and the frame.
///
/// ```
/// use fugue_core::expr::{Over, col, row_number, sum};
///
/// let running = sum("amount").over(Over::partition_by("account").order_by("at").rows(..=0).total_order());
/// let newest = row_number().over(Over::partition_by(["account"]).order_by("at desc").total_order());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Over {
    pub(crate) keys: Vec<std::sync::Arc<str>>,
    pub(crate) order: Vec<SortKey>,
    pub(crate) frame: Option<Frame>,
    pub(crate) total: bool,
    pub(crate) mistake: Option<super::tree::Mistake>,
}

impl Over {
    /// All rows.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// The rows with the same values in these columns.
    #[must_use]
    pub fn partition_by(keys: impl IntoNames) -> Self {
        Self { keys: keys.into_names(), ..Self::default() }
    }

    /// The order inside the partition: `"at"`, `"at desc, id"`; nulls are last.
    #[must_use]
    pub fn order_by(mut self, order: impl IntoPresort) -> Self {
        match order.into_presort() {
            Ok(order) => self.order = order,
            Err(e) => self.mistake = Some(super::tree::Mistake(e.into())),
        }
        self
    }

    /// The frame of an aggregate as rows from the current one: `..=0` up to it, `-2..=0` it and the two before, `..` all of them.
    #[must_use]
    pub fn rows(mut self, rows: impl RangeBounds<i64>) -> Self {
        let start = match rows.start_bound() {
            Bound::Included(&n) => Some(n),
            Bound::Excluded(&n) => Some(n.saturating_add(1)),
            Bound::Unbounded => None,
        };
        let end = match rows.end_bound() {
            Bound::Included(&n) => Some(n),
            Bound::Excluded(&n) => Some(n.saturating_sub(1)),
            Bound::Unbounded => None,
        };
        self.frame = Some(Frame::Rows { start, end });
        self
    }

    /// The frame of an aggregate: all rows up to the current one and those that are equal to it in the order.
    #[must_use]
    pub fn to_peers(mut self) -> Self {
        self.frame = Some(Frame::ToPeers);
        self
    }

    /// Says that no two rows of a partition are equal in the order (or that it does not matter), which functions that depend on the place of
    /// a row need: the plan is refused without it, because the answer would not be the same everywhere.
    #[must_use]
    pub fn total_order(mut self) -> Self {
        self.total = true;
        self
    }
}

fn call(function: WindowFunction, arg: Option<Expr>) -> Expr {
    Expr::new(Node::Window(WindowCall { function, arg, default: None, over: None }))
}

/// 1, 2, 3 … in the order of the window.
#[must_use]
pub fn row_number() -> Expr {
    call(WindowFunction::RowNumber, None)
}

/// 1 and the number of rows before the first that is equal in the order of the window.
#[must_use]
pub fn rank() -> Expr {
    call(WindowFunction::Rank, None)
}

/// 1 and the number of different places before, in the order of the window.
#[must_use]
pub fn dense_rank() -> Expr {
    call(WindowFunction::DenseRank, None)
}

/// The value so many rows before, in the order of the window; null where there is no such row.
#[must_use]
pub fn lag(arg: impl IntoColumn, rows: u64) -> Expr {
    call(WindowFunction::Lag(rows), Some(arg.into_column()))
}

/// The value so many rows after, in the order of the window; null where there is no such row.
#[must_use]
pub fn lead(arg: impl IntoColumn, rows: u64) -> Expr {
    call(WindowFunction::Lead(rows), Some(arg.into_column()))
}

impl Expr {
    /// Calls a window function, or an aggregate, over a window.
    #[must_use]
    pub fn over(self, over: Over) -> Self {
        let call = match self.node() {
            Node::Window(call) => WindowCall { over: Some(over), ..call.clone() },
            Node::Aggregate(call) if call.filter.is_none() && !call.distinct && call.order.is_empty() => WindowCall {
                function: WindowFunction::Aggregate(call.function),
                arg: call.arg.clone(),
                default: None,
                over: Some(over),
            },
            Node::Mistake(_) => return self,
            _ => {
                return Self::mistake(Error::new(
                    ErrorKind::ExpressionInvalid,
                    format!(
                        ".over() belongs to a window function or a plain aggregate (without distinct, where_ and order_by, which belong \
                         into the window), written before .alias() or .cast(); {self} is none"
                    ),
                ));
            }
        };
        Self::new(Node::Window(call))
    }

    /// Of [`lag`] and [`lead`]: the value where there is no such row, a literal.
    #[must_use]
    pub fn or_default(self, value: impl Into<Self>) -> Self {
        let value: Self = value.into();
        match (self.node(), value.node()) {
            (Node::Window(call), Node::Literal(literal))
                if matches!(call.function, WindowFunction::Lag(_) | WindowFunction::Lead(_)) =>
            {
                Self::new(Node::Window(WindowCall { default: Some(literal.clone()), ..call.clone() }))
            }
            (Node::Mistake(_), _) => self,
            _ => Self::mistake(Error::new(
                ErrorKind::ExpressionInvalid,
                format!(".or_default() gives lag and lead a literal; {self} or {value} is none"),
            )),
        }
    }
}

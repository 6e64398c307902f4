//! Aggregates: many rows to one value.

use serde::{Deserialize, Serialize};

use crate::partition::{IntoPresort, SortKey};

use super::tree::Node;
use super::{Expr, IntoColumn};

/// An aggregate function. Nulls do not count, unless its line says otherwise; over nothing the result is null.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum AggregateFunction {
    /// Number of rows, or of values that are not null; a long, 0 over nothing. `distinct`: of different values.
    Count,
    /// Sum: signed integers to long and unsigned to ulong, wrapping; floats to double; `decimal(p,s)` to `decimal(38,s)`, an error where
    /// it does not fit. `distinct`: of different values.
    Sum,
    /// As [`Sum`](Self::Sum), where integers that overflow are an error.
    CheckedSum,
    /// Mean: of integers and floats a double; of `decimal(p,s)` a decimal with four more digits, cut.
    Avg,
    /// The least value; NaN only where all are.
    Min,
    /// The greatest value; NaN where there is one.
    Max,
    /// The first value in the order of the call, also where it is null.
    First,
    /// The last value in the order of the call, also where it is null.
    Last,
    /// The sample standard deviation as a double; null for a single value.
    Stddev,
    /// The standard deviation of the population as a double.
    StddevPopulation,
    /// The sample variance as a double; null for a single value.
    Variance,
    /// The variance of the population as a double.
    VariancePopulation,
    /// The exact quantile from 0 to 1 as a double, with linear interpolation between neighbours in the order of numbers (NaN greatest). A
    /// median is the quantile 0.5.
    Quantile(f64),
    /// All values in the order of the call as a list, nulls among them; the empty list over nothing.
    CollectList,
}

/// A call of an aggregate.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AggregateCall {
    pub(crate) function: AggregateFunction,
    /// What is aggregated; none counts rows.
    pub(crate) arg: Option<Expr>,
    pub(crate) distinct: bool,
    /// Only rows for which this is true count.
    pub(crate) filter: Option<Expr>,
    /// Of first, last and lists.
    pub(crate) order: Vec<SortKey>,
}

fn call(function: AggregateFunction, arg: impl IntoColumn) -> Expr {
    of(function, Some(arg.into_column()), false)
}

fn of(function: AggregateFunction, arg: Option<Expr>, distinct: bool) -> Expr {
    Expr::new(Node::Aggregate(AggregateCall { function, arg, distinct, filter: None, order: Vec::new() }))
}

/// Number of rows.
#[must_use]
pub fn count_all() -> Expr {
    of(AggregateFunction::Count, None, false)
}

/// Number of values that are not null.
#[must_use]
pub fn count(arg: impl IntoColumn) -> Expr {
    call(AggregateFunction::Count, arg)
}

/// Number of different values; null is none.
#[must_use]
pub fn count_distinct(arg: impl IntoColumn) -> Expr {
    of(AggregateFunction::Count, Some(arg.into_column()), true)
}

/// The sum. See [`AggregateFunction::Sum`].
#[must_use]
pub fn sum(arg: impl IntoColumn) -> Expr {
    call(AggregateFunction::Sum, arg)
}

/// The sum, where integers that overflow are an error.
#[must_use]
pub fn checked_sum(arg: impl IntoColumn) -> Expr {
    call(AggregateFunction::CheckedSum, arg)
}

/// The mean. See [`AggregateFunction::Avg`].
#[must_use]
pub fn avg(arg: impl IntoColumn) -> Expr {
    call(AggregateFunction::Avg, arg)
}

/// The least value; NaN only where all are.
#[must_use]
pub fn min(arg: impl IntoColumn) -> Expr {
    call(AggregateFunction::Min, arg)
}

/// The greatest value; NaN where there is one.
#[must_use]
pub fn max(arg: impl IntoColumn) -> Expr {
    call(AggregateFunction::Max, arg)
}

/// The first value in an [order](Expr::order_by), which must be given.
#[must_use]
pub fn first(arg: impl IntoColumn) -> Expr {
    call(AggregateFunction::First, arg)
}

/// The last value in an [order](Expr::order_by), which must be given.
#[must_use]
pub fn last(arg: impl IntoColumn) -> Expr {
    call(AggregateFunction::Last, arg)
}

/// The sample standard deviation; null for a single value.
#[must_use]
pub fn stddev(arg: impl IntoColumn) -> Expr {
    call(AggregateFunction::Stddev, arg)
}

/// The standard deviation of the population.
#[must_use]
pub fn stddev_population(arg: impl IntoColumn) -> Expr {
    call(AggregateFunction::StddevPopulation, arg)
}

/// The sample variance; null for a single value.
#[must_use]
pub fn variance(arg: impl IntoColumn) -> Expr {
    call(AggregateFunction::Variance, arg)
}

/// The variance of the population.
#[must_use]
pub fn variance_population(arg: impl IntoColumn) -> Expr {
    call(AggregateFunction::VariancePopulation, arg)
}

/// The value in the middle, or the mean of the two there.
#[must_use]
pub fn median(arg: impl IntoColumn) -> Expr {
    call(AggregateFunction::Quantile(0.5), arg)
}

/// The exact quantile, from 0 to 1, with linear interpolation.
#[must_use]
pub fn quantile(arg: impl IntoColumn, at: f64) -> Expr {
    call(AggregateFunction::Quantile(at), arg)
}

/// All values as a list in an [order](Expr::order_by), which must be given; nulls are among them.
#[must_use]
pub fn collect_list(arg: impl IntoColumn) -> Expr {
    call(AggregateFunction::CollectList, arg)
}

/// What an aggregate may have besides its argument.
impl Expr {
    /// Of an aggregate: only rows for which the condition is true count.
    #[must_use]
    pub fn where_(self, condition: impl Into<Self>) -> Self {
        let condition = condition.into();
        self.change_aggregate("where_", |call| {
            call.filter = Some(match call.filter.take() {
                Some(before) => before.and(condition),
                None => condition,
            });
        })
    }

    /// Of [`count`], [`sum`] and [`avg`]: different values only.
    #[must_use]
    pub fn distinct(self) -> Self {
        self.change_aggregate("distinct", |call| call.distinct = true)
    }

    /// Of [`first`], [`last`] and [`collect_list`]: the order of rows, `"at"` or `"at desc, id"`; nulls are last.
    ///
    /// The answer is the same on every engine where the order is total.
    #[must_use]
    pub fn order_by(self, order: impl IntoPresort) -> Self {
        match order.into_presort() {
            Ok(order) => self.change_aggregate("order_by", |call| call.order = order),
            Err(e) => Self::mistake(e),
        }
    }

    fn change_aggregate(self, what: &str, change: impl FnOnce(&mut AggregateCall)) -> Self {
        use crate::error::{Error, ErrorKind};
        match self.node() {
            Node::Aggregate(call) => {
                let mut call = call.clone();
                change(&mut call);
                Self::new(Node::Aggregate(call))
            }
            Node::Mistake(_) => self,
            _ => Self::mistake(Error::new(
                ErrorKind::ExpressionInvalid,
                format!(".{what}() belongs to an aggregate and is written before .alias(), .cast() or .over(); {self} is none"),
            )),
        }
    }
}

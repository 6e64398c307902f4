//! Expressions over columns: few and exact, with one meaning, one type rule and one null rule on every engine.
//!
//! ```
//! use fugue_core::expr::{col, lit, when};
//!
//! let discounted = (col("price") * (lit(1.0) - col("discount"))).alias("discounted");
//! let size = when(col("n").lt(10)).then("small").otherwise("large").alias("size");
//! assert_eq!(discounted.to_string(), "`price` * (1.0 - `discount`) AS `discounted`");
//! assert_eq!(size.to_string(), "CASE WHEN `n` < 10 THEN 'small' ELSE 'large' END AS `size`");
//! ```
//!
//! An [`Expr`] is what a user writes. Against the schema of a frame it becomes a [`Typed`] expression, in which every column is found
//! and every conversion is spelled out, so that what mixes types fails when the plan is built and not on the data. Engines lower typed
//! expressions to their own where those answer alike, and call [`evaluate`] where they do not.

mod aggregate;
mod build;
mod columns;
mod fallible;
mod function;
mod kernels;
mod literal;
mod ops;
mod print;
mod travel;
mod tree;
mod typed;
mod typing;
mod window;

pub use aggregate::{
    AggregateFunction, avg, checked_sum, collect_list, count, count_all, count_distinct, first, last, max, median, min,
};
pub use aggregate::{quantile, stddev, stddev_population, sum, variance, variance_population};
pub use build::{Then, When, all, all_of, any_of, coalesce, col, concat, lit, null, nullif, typed, when};
pub use columns::IntoColumns;
pub use function::{Function, TimeUnit};
pub use kernels::{aggregate, evaluate, quantile_of, window};
pub use literal::Literal;
pub use tree::{Expr, IntoColumn};
pub use typed::{Typed, TypedAggregate, TypedNode, TypedSort, TypedWindow};
pub use window::{Frame, Over, WindowFunction, dense_rank, lag, lead, rank, row_number};

pub(crate) use kernels::Fold;
pub(crate) use travel::as_text;
pub(crate) use tree::Node;
pub(crate) use typing::{column, refused};

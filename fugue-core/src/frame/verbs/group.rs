//! Aggregation, of all rows or by keys.

use std::sync::Arc;

use crate::error::Result;
use crate::expr::Expr;
use crate::frame::DataFrame;
use crate::partition::{IntoNames, IntoPresort};
use crate::relational::{SelectPlan, Verb};

use super::order::{Nulls, order_of};

impl DataFrame {
    /// One row of aggregates, also over no rows.
    ///
    /// ```
    /// # use fugue_core::{Session, row::Row};
    /// use fugue_core::expr::{avg, count_all, max};
    /// # #[derive(Row)] struct Reading { value: f64 }
    /// # #[derive(Debug, PartialEq, Row)] struct Facts { n: i64, mean: f64, most: f64 }
    /// # fugue_core::blocking::wait(async {
    /// # let df = Session::local()?.frame(vec![Reading { value: 1.0 }, Reading { value: 2.0 }])?;
    /// let facts = df.aggregate([count_all().alias("n"), avg("value").alias("mean"), max("value").alias("most")])?;
    /// assert_eq!(facts.rows::<Facts>().await?, [Facts { n: 2, mean: 1.5, most: 2.0 }]);
    /// # Ok(()) })?;
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `ColumnNotFound`; `ExpressionInvalid` for no aggregates, for a column that is none, and for names that are missing or stand twice.
    #[track_caller]
    pub fn aggregate(&self, aggregates: impl IntoIterator<Item = Expr>) -> Result<Self> {
        let aggregates: Vec<Expr> = aggregates.into_iter().collect();
        self.ask(Verb::Aggregate).select(SelectPlan::aggregate::<&str>(self.schema(), &[], &aggregates))
    }

    /// Groups of rows with equal keys, of which something is to be made. Null is a key.
    ///
    /// ```
    /// # use fugue_core::{Session, row::Row};
    /// use fugue_core::expr::sum;
    /// # #[derive(Row)] struct Sale { shop: String, amount: i64 }
    /// # #[derive(Debug, PartialEq, Row)] struct Total { shop: String, total: i64 }
    /// # fugue_core::blocking::wait(async {
    /// # let sale = |shop: &str, amount| Sale { shop: shop.into(), amount };
    /// # let sales = Session::local()?.frame(vec![sale("A", 1), sale("B", 2), sale("A", 3)])?;
    /// let totals = sales.group_by("shop").aggregate([sum("amount").alias("total")])?.sort("shop")?;
    /// let total = |shop: &str, total| Total { shop: shop.into(), total };
    /// assert_eq!(totals.rows::<Total>().await?, [total("A", 4), total("B", 2)]);
    /// # Ok(()) })?;
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    pub fn group_by(&self, keys: impl IntoNames) -> Grouped {
        Grouped { df: self.clone(), keys: keys.into_names() }
    }
}

/// A frame and group keys. Made by [`DataFrame::group_by`].
#[derive(Clone, Debug)]
#[must_use = "say what is to be made of the groups: .aggregate(…) or .take(…)"]
pub struct Grouped {
    df: DataFrame,
    keys: Vec<Arc<str>>,
}

impl Grouped {
    /// One row per group: the keys, then the aggregates.
    ///
    /// # Errors
    /// As [`DataFrame::aggregate`].
    #[track_caller]
    pub fn aggregate(&self, aggregates: impl IntoIterator<Item = Expr>) -> Result<DataFrame> {
        let aggregates: Vec<Expr> = aggregates.into_iter().collect();
        self.df.ask(Verb::Aggregate).select(SelectPlan::aggregate(self.df.schema(), &self.keys, &aggregates))
    }

    /// The first `n` rows of each group in an order, with all columns; nulls are last. Without an order (`()`) those that are least by all
    /// columns.
    ///
    /// ```
    /// # use fugue_core::{Session, row::Row};
    /// # #[derive(Debug, PartialEq, Row)] struct Sale { shop: String, amount: i64 }
    /// # fugue_core::blocking::wait(async {
    /// # let sale = |shop: &str, amount| Sale { shop: shop.into(), amount };
    /// # let sales = Session::local()?.frame(vec![sale("A", 1), sale("B", 2), sale("A", 3)])?;
    /// let best = sales.group_by("shop").take(1, "amount desc")?.sort("shop")?;
    /// assert_eq!(best.rows::<Sale>().await?, [sale("A", 3), sale("B", 2)]);
    /// # Ok(()) })?;
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `ColumnNotFound`; `PartitionInvalid` for a malformed order; `ExpressionInvalid` for keys that hold maps.
    #[track_caller]
    pub fn take(&self, n: u64, order: impl IntoPresort) -> Result<DataFrame> {
        self.take_with(n, order, Nulls::Last)
    }

    /// The same with the place of nulls.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    #[track_caller]
    pub fn take_with(&self, n: u64, order: impl IntoPresort, nulls: Nulls) -> Result<DataFrame> {
        let ask = self.df.ask(Verb::Take);
        let schema = self.df.schema();
        let found = schema.indices_of(&self.keys).and_then(|keys| Ok((keys, order_of(schema, order, nulls)?)));
        let (keys, order) = found.map_err(|e| ask.tell(e))?;
        if keys.is_empty() {
            return if order.is_empty() { self.df.take_rows(&ask, n) } else { self.df.sorted(&ask, &order, Some(n)) };
        }
        ask.made(self.df.session().erased().take(self.df.any(), &keys, &order, n, ask.asked))
    }
}

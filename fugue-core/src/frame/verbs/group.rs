//! Aggregation, of all rows or by keys.

use crate::error::Result;
use crate::expr::{Expr, IntoColumns, Node, refused};
use crate::frame::DataFrame;
use crate::partition::IntoPresort;
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
    pub fn aggregate(&self, aggregates: impl IntoColumns) -> Result<Self> {
        self.ask(Verb::Aggregate).select(SelectPlan::aggregate(self.schema(), &[], &aggregates.into_columns()))
    }

    /// Groups of rows with equal keys, of which something is to be made. Null is a key. A key may be an expression with a name.
    ///
    /// ```
    /// # use fugue_core::{Session, row::Row};
    /// use fugue_core::expr::sum;
    /// # #[derive(Row)] struct Sale { shop: String, amount: i64 }
    /// # #[derive(Debug, PartialEq, Row)] struct Total { shop: String, total: i64 }
    /// # fugue_core::blocking::wait(async {
    /// # let sale = |shop: &str, amount| Sale { shop: shop.into(), amount };
    /// # let sales = Session::local()?.frame(vec![sale("A", 1), sale("B", 2), sale("A", 3)])?;
    /// let totals = sales.group_by("shop").aggregate(sum("amount").alias("total"))?.sort("shop")?;
    /// let total = |shop: &str, total| Total { shop: shop.into(), total };
    /// assert_eq!(totals.rows::<Total>().await?, [total("A", 4), total("B", 2)]);
    /// # Ok(()) })?;
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    pub fn group_by(&self, keys: impl IntoColumns) -> Grouped {
        Grouped { df: self.clone(), keys: keys.into_columns() }
    }
}

/// A frame and group keys. Made by [`DataFrame::group_by`].
#[derive(Clone, Debug)]
#[must_use = "say what is to be made of the groups: .aggregate(…) or .take(…)"]
pub struct Grouped {
    df: DataFrame,
    keys: Vec<Expr>,
}

impl Grouped {
    /// One row per group: the keys, then the aggregates.
    ///
    /// # Errors
    /// As [`DataFrame::aggregate`]; `ExpressionInvalid` also for keys that are literals or hold aggregates.
    #[track_caller]
    pub fn aggregate(&self, aggregates: impl IntoColumns) -> Result<DataFrame> {
        self.df.ask(Verb::Aggregate).select(SelectPlan::aggregate(self.df.schema(), &self.keys, &aggregates.into_columns()))
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
    /// `ColumnNotFound`; `PartitionInvalid` for a malformed order; `ExpressionInvalid` for keys that hold maps or are no columns.
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
        let names = self.keys.iter().map(key_name).collect::<Result<Vec<_>>>();
        let found = names.and_then(|names| schema.indices_of(names)).and_then(|keys| Ok((keys, order_of(schema, order, nulls)?)));
        let (keys, order) = found.map_err(|e| ask.tell(e))?;
        if keys.is_empty() {
            return if order.is_empty() { self.df.take_rows(&ask, n) } else { self.df.sorted(&ask, &order, Some(n)) };
        }
        ask.made(self.df.session().erased().take(self.df.any(), &keys, &order, n, ask.asked))
    }
}

/// The column that a key is: rows are kept as they are, so that there is no place for the value of another expression.
fn key_name(key: &Expr) -> Result<&str> {
    match key.node() {
        Node::Column(name) => Ok(name),
        Node::Mistake(mistake) => mistake.tell(),
        _ => Err(refused(
            key,
            "take keeps rows as they are, and its keys are names of columns; assign this one first, then group by its name",
        )),
    }
}

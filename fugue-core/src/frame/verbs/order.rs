//! Orders: sort, take, limit.

use crate::error::Result;
use crate::expr::TypedSort;
use crate::frame::DataFrame;
use crate::partition::IntoPresort;
use crate::relational::Verb;
use crate::schema::Schema;

use super::Ask;

/// Where nulls stand in an order, whichever way its columns go.
#[expect(clippy::exhaustive_enums, reason = "there is no third place")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Nulls {
    /// Before all else.
    First,
    /// After all else.
    #[default]
    Last,
}

/// Order and number of rows; nothing runs before an action.
impl DataFrame {
    /// All rows in an order, which actions over the result keep: `"a desc, b"`, names, or pairs of a name and whether it ascends. NaN is the
    /// greatest number, and nulls are last either way. Rows that are equal in the order may come in any.
    ///
    /// ```
    /// # use fugue_core::{Session, row::Row};
    /// # #[derive(Debug, PartialEq, Row)] struct Point { a: Option<i64> }
    /// # fugue_core::blocking::wait(async {
    /// # let point = |a| Point { a };
    /// # let df = Session::local()?.frame(vec![point(Some(1)), point(None), point(Some(2))])?;
    /// assert_eq!(df.sort("a desc")?.rows::<Point>().await?, [point(Some(2)), point(Some(1)), point(None)]);
    /// # Ok(()) })?;
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `ColumnNotFound`; `PartitionInvalid` for a malformed order; `ExpressionInvalid` for columns that hold maps.
    #[track_caller]
    pub fn sort(&self, order: impl IntoPresort) -> Result<Self> {
        self.sort_with(order, Nulls::Last)
    }

    /// The same with the place of nulls.
    ///
    /// # Errors
    /// As [`sort`](Self::sort).
    #[track_caller]
    pub fn sort_with(&self, order: impl IntoPresort, nulls: Nulls) -> Result<Self> {
        let ask = self.ask(Verb::Sort);
        let order = order_of(self.schema(), order, nulls).map_err(|e| ask.tell(e))?;
        self.sorted(&ask, &order, None)
    }

    /// So many rows at most, whichever are at hand first.
    ///
    /// ```
    /// # use fugue_core::{Session, row::Row};
    /// # #[derive(Row)] struct Point { a: i64 }
    /// # fugue_core::blocking::wait(async {
    /// # let df = Session::local()?.frame((0..9).map(|a| Point { a }).collect::<Vec<_>>())?;
    /// assert_eq!(df.take(5)?.count().await?, 5);
    /// # Ok(()) })?;
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Whatever the engine meets.
    #[track_caller]
    pub fn take(&self, n: u64) -> Result<Self> {
        self.take_rows(&self.ask(Verb::Take), n)
    }

    /// The first `n` rows in an order, nulls last; not all rows are sorted for it.
    ///
    /// ```
    /// # use fugue_core::{Session, row::Row};
    /// # #[derive(Debug, PartialEq, Row)] struct Point { a: i64 }
    /// # fugue_core::blocking::wait(async {
    /// # let df = Session::local()?.frame((0..9).map(|a| Point { a }).collect::<Vec<_>>())?;
    /// assert_eq!(df.take_sorted(2, "a desc")?.rows::<Point>().await?, [Point { a: 8 }, Point { a: 7 }]);
    /// # Ok(()) })?;
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`sort`](Self::sort).
    #[track_caller]
    pub fn take_sorted(&self, n: u64, order: impl IntoPresort) -> Result<Self> {
        self.take_sorted_with(n, order, Nulls::Last)
    }

    /// The same with the place of nulls.
    ///
    /// # Errors
    /// As [`sort`](Self::sort).
    #[track_caller]
    pub fn take_sorted_with(&self, n: u64, order: impl IntoPresort, nulls: Nulls) -> Result<Self> {
        let ask = self.ask(Verb::Take);
        let order = order_of(self.schema(), order, nulls).map_err(|e| ask.tell(e))?;
        self.sorted(&ask, &order, Some(n))
    }

    /// So many rows at most: of a sorted frame the first ones, else any. No more is read than that takes.
    ///
    /// # Errors
    /// Whatever the engine meets.
    #[track_caller]
    pub fn limit(&self, n: u64) -> Result<Self> {
        self.take_rows(&self.ask(Verb::Limit), n)
    }

    pub(super) fn take_rows(&self, ask: &Ask<'_>, n: u64) -> Result<Self> {
        ask.made(self.session().erased().limit(self.any(), n, ask.asked))
    }

    pub(super) fn sorted(&self, ask: &Ask<'_>, order: &[TypedSort], limit: Option<u64>) -> Result<Self> {
        if order.is_empty() {
            return limit.map_or_else(|| Ok(self.clone()), |n| self.take_rows(ask, n));
        }
        let comparable = ask.planner().comparable(self.schema(), order.iter().map(|sort| sort.column));
        ask.made(comparable.and_then(|()| self.session().erased().sort(self.any(), order, limit, ask.asked)))
    }
}

/// An order by the positions of columns.
pub(super) fn order_of(schema: &Schema, order: impl IntoPresort, nulls: Nulls) -> Result<Vec<TypedSort>> {
    let keys = order.into_presort()?;
    let columns = schema.indices_of(keys.iter().map(|key| &key.column))?;
    let sorts = columns.into_iter().zip(&keys);
    Ok(sorts.map(|(column, key)| TypedSort { column, descending: !key.ascending, nulls_first: nulls == Nulls::First }).collect())
}

//! Select: projection, filter, grouping, windows and distinct in one request.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::expr::{Expr, IntoColumns, Typed, TypedAggregate, TypedWindow};
use crate::schema::Schema;

use super::bind;

/// What a user asks of `DataFrame::select`: columns, and what goes with them.
///
/// With aggregates among the columns, all others that are not literals are group keys.
#[derive(Clone, Debug)]
pub struct Select {
    pub(crate) columns: Vec<Expr>,
    pub(crate) filter: Option<Expr>,
    pub(crate) having: Option<Expr>,
    pub(crate) distinct: bool,
}

impl Select {
    /// These columns: names or expressions with names of their own.
    #[must_use]
    pub fn new(columns: impl IntoColumns) -> Self {
        Self { columns: columns.into_columns(), filter: None, having: None, distinct: false }
    }

    /// Of the rows for which this is true; it may not hold aggregates. Several are all asked for.
    #[must_use]
    pub fn filter(mut self, condition: impl Into<Expr>) -> Self {
        let condition = condition.into();
        self.filter = Some(match self.filter.take() {
            Some(before) => before.and(condition),
            None => condition,
        });
        self
    }

    /// Of the groups for which this is true; it may hold aggregates and group keys.
    #[must_use]
    pub fn having(mut self, condition: impl Into<Expr>) -> Self {
        let condition = condition.into();
        self.having = Some(match self.having.take() {
            Some(before) => before.and(condition),
            None => condition,
        });
        self
    }

    /// Different rows only.
    #[must_use]
    pub fn distinct(mut self) -> Self {
        self.distinct = true;
        self
    }

    /// The select against the schema of its input.
    ///
    /// # Errors
    /// `ExpressionInvalid` for columns without a name or of one name, aggregates in the filter, a condition for groups without groups, and
    /// whatever [`Expr::typed`] refuses.
    pub fn bind(&self, input: &Schema) -> Result<SelectPlan> {
        bind::select(self, input)
    }
}

/// What can be selected: columns (see [`IntoColumns`]), or a [`Select`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be selected",
    label = "neither columns nor a Select",
    note = "write a name or an expression, several of one kind as [\"a\", \"b\"], or both as (\"a\", col(\"b\") + 1)",
    note = "an iterator is collected first: .collect::<Vec<_>>(); a tuple holds 12 at most"
)]
pub trait IntoSelect {
    /// The request.
    fn into_select(self) -> Select;
}

impl IntoSelect for Select {
    fn into_select(self) -> Select {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<C: IntoColumns> IntoSelect for C {
    fn into_select(self) -> Select {
        Select::new(self)
    }
}

/// A select against the schema of its input. Its steps go in this order: filter, then windows or grouping, having, columns, distinct.
#[non_exhaustive]
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SelectPlan {
    /// The columns of the input.
    #[serde(with = "crate::expr::as_text")]
    pub input: Schema,
    /// Keeps the rows for which this, over the input, is true (and not null).
    pub filter: Option<Typed>,
    /// Window functions over the filtered input; their values stand behind its columns, in order. None together with a group.
    pub windows: Vec<TypedWindow>,
    /// Grouping of the filtered input.
    pub group: Option<Group>,
    /// Keeps the groups for which this, over the columns of the group, is true.
    pub having: Option<Typed>,
    /// The columns of the output: over the columns of the group where there is one, else over the input and the windows.
    pub columns: Vec<Typed>,
    /// Different rows only: nulls are equal, and floats by their one equality.
    pub distinct: bool,
    /// The columns of the output, with their names.
    #[serde(with = "crate::expr::as_text")]
    pub output: Schema,
}

impl SelectPlan {
    /// The rows for which a condition is true.
    ///
    /// # Errors
    /// `ExpressionInvalid` for aggregates and windows in the condition, and whatever [`Expr::typed`] refuses.
    pub fn filter(input: &Schema, condition: &Expr) -> Result<Self> {
        bind::filter(input, condition)
    }

    /// Columns over the input, with their names.
    ///
    /// # Errors
    /// `ExpressionInvalid` for no columns and for two of one name.
    pub fn project(input: &Schema, columns: Vec<(String, Typed)>) -> Result<Self> {
        bind::project(input, columns)
    }

    /// One row for each group of rows with equal keys: the keys, then the aggregates, which may stand inside expressions. Without keys one row
    /// in any case.
    ///
    /// # Errors
    /// `ExpressionInvalid` for no aggregates, for a column that is none, and for names that are missing or stand twice; `ColumnNotFound` for
    /// keys that are not there.
    pub fn aggregate(input: &Schema, keys: &[Expr], aggregates: &[Expr]) -> Result<Self> {
        bind::aggregate(input, keys, aggregates)
    }

    /// All columns and more: a name that is there gets the new values in its place, the others come after, in the order given.
    ///
    /// # Errors
    /// `ExpressionInvalid` for aggregates and the wildcard, for columns without a name or of one name.
    pub fn assign(input: &Schema, columns: &[Expr]) -> Result<Self> {
        bind::assign(input, columns)
    }
}

/// Groups of rows with equal keys, and what is made of each. Without keys there is one group, also of no row at all.
#[non_exhaustive]
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// The keys, over the input. Null is a key; floats by their one equality.
    pub keys: Vec<Typed>,
    /// The aggregates, over the input.
    pub aggregates: Vec<TypedAggregate>,
    /// What a group looks like: the keys, then the aggregates; the names are made up.
    #[serde(with = "crate::expr::as_text")]
    pub schema: Schema,
}

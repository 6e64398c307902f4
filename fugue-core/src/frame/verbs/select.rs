//! Columns and rows: select, filter, assign, rename, drop, alter, distinct.

use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Expr, IntoColumns, Typed, col};
use crate::partition::IntoNames;
use crate::relational::{IntoSelect, SelectPlan, Verb};
use crate::schema::{IntoSchema, Schema};

use crate::frame::DataFrame;

/// Columns and rows; nothing runs before an action.
impl DataFrame {
    /// These columns: names, expressions with names, or both in a tuple. With aggregates among them all others but literals are group keys.
    ///
    /// ```
    /// # use fugue_core::{Session, row::Row};
    /// use fugue_core::expr::{col, sum};
    /// # #[derive(Row)] struct Sale { shop: String, price: f64, n: i64 }
    /// # #[derive(Debug, PartialEq, Row)] struct Total { shop: String, total: f64 }
    /// # fugue_core::blocking::wait(async {
    /// # let session = Session::local()?;
    /// # let sales = session.frame(vec![Sale { shop: "A".into(), price: 2.0, n: 3 }, Sale { shop: "A".into(), price: 1.5, n: 2 }])?;
    /// let totals = sales.select(("shop", sum(col("price") * col("n")).alias("total")))?;
    /// assert_eq!(totals.rows::<Total>().await?, [Total { shop: "A".into(), total: 9.0 }]);
    /// # Ok(()) })?;
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    ///
    /// A [`Select`](crate::relational::Select) asks for filter, having and distinct in the same request.
    ///
    /// ```
    /// # use fugue_core::{Session, row::Row};
    /// use fugue_core::expr::{col, count_all};
    /// use fugue_core::relational::Select;
    /// # #[derive(Row)] struct Visit { page: String, bot: bool }
    /// # fugue_core::blocking::wait(async {
    /// # let session = Session::local()?;
    /// # let visit = |page: &str, bot| Visit { page: page.into(), bot };
    /// # let visits = session.frame(vec![visit("a", false), visit("a", false), visit("b", true), visit("b", false)])?;
    /// let often = Select::new(("page", count_all().alias("n"))).filter(!col("bot")).having(count_all().gt(1));
    /// assert_eq!(visits.select(often)?.count().await?, 1);
    /// # Ok(()) })?;
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `ColumnNotFound`, `ExpressionInvalid` for what fits no rule, has no name or a name that stands twice.
    #[track_caller]
    pub fn select(&self, columns: impl IntoSelect) -> Result<Self> {
        self.ask(Verb::Select).select(columns.into_select().bind(self.schema()))
    }

    /// The rows for which a condition is true (and not null).
    ///
    /// ```
    /// # use fugue_core::{Session, row::Row};
    /// use fugue_core::expr::col;
    /// # #[derive(Row)] struct Reading { sensor: String, value: Option<f64> }
    /// # fugue_core::blocking::wait(async {
    /// # let session = Session::local()?;
    /// # let reading = |value| Reading { sensor: "A".into(), value };
    /// # let df = session.frame(vec![reading(Some(1.0)), reading(Some(7.5)), reading(None)])?;
    /// assert_eq!(df.filter(col("value").lt(5.0))?.count().await?, 1);
    /// # Ok(()) })?;
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `ColumnNotFound`; `ExpressionInvalid` for what is no condition, and for aggregates and windows in it.
    #[track_caller]
    pub fn filter(&self, condition: impl Into<Expr>) -> Result<Self> {
        self.ask(Verb::Filter).select(SelectPlan::filter(self.schema(), &condition.into()))
    }

    /// All columns and more: a name that is there gets the new values in its place, new names come after.
    ///
    /// ```
    /// # use fugue_core::{Session, row::Row};
    /// use fugue_core::expr::{col, lit};
    /// # #[derive(Row)] struct Price { net: f64 }
    /// # let session = Session::local()?;
    /// # let df = session.frame(vec![Price { net: 2.0 }])?;
    /// let priced = df.assign([(col("net") * 1.19).alias("gross"), lit(1).alias("version")])?;
    /// assert_eq!(priced.schema().to_string(), "net:double,gross:double,version:long");
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `ColumnNotFound`; `ExpressionInvalid` for aggregates, and for columns without a name or with one that stands twice.
    #[track_caller]
    pub fn assign(&self, columns: impl IntoColumns) -> Result<Self> {
        self.ask(Verb::Assign).select(SelectPlan::assign(self.schema(), &columns.into_columns()))
    }

    /// Other names for some columns, all at once: two names may be swapped. No pairs change nothing.
    ///
    /// ```
    /// # use fugue_core::{Session, row::Row};
    /// # #[derive(Row)] struct Point { a: i64, b: i64 }
    /// # let df = Session::local()?.frame(vec![Point { a: 1, b: 2 }])?;
    /// assert_eq!(df.rename([("a", "b"), ("b", "a")])?.schema().to_string(), "b:long,a:long");
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `ColumnNotFound` for an old name that is not there, `SchemaInvalid` where two columns would have one name.
    #[track_caller]
    pub fn rename<O: AsRef<str>, N: AsRef<str>>(&self, pairs: impl IntoIterator<Item = (O, N)>) -> Result<Self> {
        let ask = self.ask(Verb::Rename);
        let renamed = self.schema().rename(pairs).map_err(|e| ask.tell(e))?;
        ask.select(SelectPlan::project(self.schema(), columns(self.schema(), &renamed)))
    }

    /// All columns but these.
    ///
    /// ```
    /// # use fugue_core::{Session, row::Row};
    /// # #[derive(Row)] struct Point { a: i64, b: i64 }
    /// # let df = Session::local()?.frame(vec![Point { a: 1, b: 2 }])?;
    /// assert_eq!(df.drop("a")?.schema().to_string(), "b:long");
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `ColumnNotFound` for a name that is not there, `SchemaInvalid` where no column would be left.
    #[track_caller]
    pub fn drop(&self, names: impl IntoNames) -> Result<Self> {
        let ask = self.ask(Verb::Drop);
        let left = self.schema().remove(names.into_names()).map_err(|e| ask.tell(e))?;
        if left.is_empty() {
            let message = "every column would be dropped, and a frame needs at least one; keep one, or count the rows";
            return Err(ask.tell(Error::new(ErrorKind::SchemaInvalid, message)));
        }
        let kept = self.schema().indices_of(left.names()).map_err(|e| ask.tell(e))?;
        let columns = kept.iter().zip(left.fields()).map(|(i, f)| (f.name().to_owned(), Typed::column(*i, f.ty().clone())));
        ask.select(SelectPlan::project(self.schema(), columns.collect()))
    }

    /// Other types for some columns, by the contract's casts; the order of columns stays.
    ///
    /// ```
    /// # use fugue_core::{Session, row::Row};
    /// # #[derive(Row)] struct Point { a: i64, b: i64 }
    /// # let df = Session::local()?.frame(vec![Point { a: 1, b: 2 }])?;
    /// assert_eq!(df.alter("b:str")?.schema().to_string(), "a:long,b:str");
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `ColumnNotFound`, `SchemaInvalid` for malformed text, `ExpressionInvalid` for a cast that there is not. A value that cannot be cast
    /// is `ValueInvalid` when an action runs.
    #[track_caller]
    pub fn alter(&self, types: impl IntoSchema) -> Result<Self> {
        let ask = self.ask(Verb::Alter);
        let altered = self.schema().alter(types).map_err(|e| ask.tell(e))?;
        let changed = self.schema().fields().iter().zip(altered.fields()).filter(|(before, after)| before.ty() != after.ty());
        let casts: Vec<Expr> =
            changed.map(|(_, field)| col(field.name()).cast(&field.ty().to_string()).alias(field.name())).collect();
        if casts.is_empty() {
            return Ok(self.clone());
        }
        ask.select(SelectPlan::assign(self.schema(), &casts))
    }

    /// Different rows only: nulls are equal, NaN is equal to NaN and -0.0 to 0.0.
    ///
    /// ```
    /// # use fugue_core::{Session, row::Row};
    /// # #[derive(Clone, Row)] struct Point { a: Option<i64> }
    /// # fugue_core::blocking::wait(async {
    /// # let df = Session::local()?.frame(vec![Point { a: None }, Point { a: Some(1) }, Point { a: None }])?;
    /// assert_eq!(df.distinct()?.count().await?, 2);
    /// # Ok(()) })?;
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `ExpressionInvalid` for columns that hold maps, which cannot be compared.
    #[track_caller]
    pub fn distinct(&self) -> Result<Self> {
        let ask = self.ask(Verb::Distinct);
        let plan = SelectPlan::project(self.schema(), columns(self.schema(), self.schema()));
        ask.select(plan.map(|plan| SelectPlan { distinct: true, ..plan }))
    }
}

/// All columns, under the names of another schema.
fn columns(input: &Schema, named: &Schema) -> Vec<(String, Typed)> {
    let columns = input.fields().iter().zip(named.names()).enumerate();
    columns.map(|(i, (field, name))| (name.to_owned(), Typed::column(i, field.ty().clone()))).collect()
}

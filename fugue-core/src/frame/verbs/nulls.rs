//! Nulls: rows without them, values in their place.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef};

use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Expr, Function, Node, Typed, TypedNode, col, lit, when};
use crate::frame::DataFrame;
use crate::partition::IntoNames;
use crate::relational::{SelectPlan, Verb};
use crate::schema::{Field, Schema, Type, cast_array, format_value};

/// Which rows [`DataFrame::dropna_with`] drops.
///
/// ```
/// use fugue_core::frame::DropNulls;
///
/// let incomplete = DropNulls::any().subset(["name", "city"]);
/// let empty = DropNulls::all();
/// let sparse = DropNulls::fewer_than(3);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct DropNulls {
    how: How,
    subset: Option<Vec<Arc<str>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Any,
    All,
    FewerThan(u64),
}

impl DropNulls {
    /// Rows with a null in any column.
    pub fn any() -> Self {
        Self { how: How::Any, subset: None }
    }

    /// Rows of nothing but nulls.
    pub fn all() -> Self {
        Self { how: How::All, subset: None }
    }

    /// Rows with fewer values than so many that are not null.
    pub fn fewer_than(values: u64) -> Self {
        Self { how: How::FewerThan(values), subset: None }
    }

    /// Looks at these columns alone.
    pub fn subset(mut self, columns: impl IntoNames) -> Self {
        self.subset = Some(columns.into_names());
        self
    }

    /// What is true of the rows that stay.
    fn condition(&self, schema: &Schema) -> Result<Expr> {
        let names: Vec<&str> = match &self.subset {
            Some(names) => names.iter().map(|name| &**name).collect(),
            None => schema.names().collect(),
        };
        schema.indices_of(&names)?;
        if names.is_empty() {
            let message = "no column is looked at; name one in .subset(…), or leave it out";
            return Err(Error::new(ErrorKind::ExpressionInvalid, message));
        }
        let there = names.iter().map(|name| col(name).is_not_null());
        Ok(match self.how {
            How::Any => balanced(there.collect(), &Expr::and),
            How::All => balanced(there.collect(), &Expr::or),
            How::FewerThan(values) => {
                let ones = there.map(|there| when(there).then(1).otherwise(0)).collect();
                balanced(ones, &|a, b| a + b).gt_eq(i64::try_from(values).unwrap_or(i64::MAX))
            }
        })
    }
}

/// All of them in pairs of pairs: a chain would be as deep as there are columns.
fn balanced(mut parts: Vec<Expr>, join: &impl Fn(Expr, Expr) -> Expr) -> Expr {
    if parts.len() < 2 {
        return parts.pop().unwrap_or_else(|| lit(true));
    }
    let right = parts.split_off(parts.len() / 2);
    join(balanced(parts, join), balanced(right, join))
}

/// Nulls; nothing runs before an action. NaN is a number and no null.
impl DataFrame {
    /// The rows without a null.
    ///
    /// ```
    /// # use fugue_core::{Session, row::Row};
    /// use fugue_core::frame::DropNulls;
    /// # #[derive(Row)] struct Point { a: Option<i64>, b: Option<i64> }
    /// # fugue_core::blocking::wait(async {
    /// # let point = |a, b| Point { a, b };
    /// # let df = Session::local()?.frame(vec![point(Some(1), None), point(None, None), point(Some(1), Some(2))])?;
    /// assert_eq!(df.dropna()?.count().await?, 1);
    /// assert_eq!(df.dropna_with(DropNulls::all())?.count().await?, 2);
    /// # Ok(()) })?;
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Whatever the engine meets.
    #[track_caller]
    pub fn dropna(&self) -> Result<Self> {
        self.dropna_with(DropNulls::any())
    }

    /// The rows that are not dropped.
    ///
    /// # Errors
    /// `ColumnNotFound`; `ExpressionInvalid` for a subset of no columns.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "settings are given away, as everywhere")]
    pub fn dropna_with(&self, which: DropNulls) -> Result<Self> {
        let condition = which.condition(self.schema());
        self.ask(Verb::DropNulls).select(condition.and_then(|condition| SelectPlan::filter(self.schema(), &condition)))
    }

    /// A value in the place of nulls, in all columns of its family: numbers, text, bools, dates and times. Types stay.
    ///
    /// ```
    /// # use fugue_core::{Session, row::Row};
    /// # #[derive(Debug, PartialEq, Row)] struct Point { a: Option<i32>, name: Option<String> }
    /// # fugue_core::blocking::wait(async {
    /// # let df = Session::local()?.frame(vec![Point { a: None, name: None }])?;
    /// assert_eq!(df.fillna(0)?.rows::<Point>().await?, [Point { a: Some(0), name: None }]);
    /// # Ok(()) })?;
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `ValueInvalid` for null, and for a value that a column of its family cannot hold without loss; `ExpressionInvalid` for what is no
    /// literal.
    #[track_caller]
    pub fn fillna(&self, value: impl Into<Expr>) -> Result<Self> {
        let ask = self.ask(Verb::FillNulls);
        let filled = Fill::of(&value.into()).and_then(|fill| {
            let family = |(_, field): &(usize, &Field)| family(field.ty()) == family(&fill.ty);
            let columns: Vec<usize> = self.schema().fields().iter().enumerate().filter(family).map(|(i, _)| i).collect();
            filled(self.schema(), &columns.into_iter().map(|i| (i, &fill)).collect::<Vec<_>>())
        });
        ask.select(filled)
    }

    /// A value in the place of nulls in these columns, each of which must be able to hold it.
    ///
    /// # Errors
    /// As [`fillna`](Self::fillna); `ColumnNotFound`.
    #[track_caller]
    pub fn fillna_with(&self, value: impl Into<Expr>, subset: impl IntoNames) -> Result<Self> {
        let ask = self.ask(Verb::FillNulls);
        let filled = Fill::of(&value.into()).and_then(|fill| {
            let columns = self.schema().indices_of(subset.into_names())?;
            filled(self.schema(), &columns.into_iter().map(|i| (i, &fill)).collect::<Vec<_>>())
        });
        ask.select(filled)
    }

    /// A value for each of some columns in the place of nulls.
    ///
    /// ```
    /// # use fugue_core::{Session, row::Row};
    /// use fugue_core::expr::lit;
    /// # #[derive(Debug, PartialEq, Row)] struct Point { a: Option<i32>, name: Option<String> }
    /// # fugue_core::blocking::wait(async {
    /// # let df = Session::local()?.frame(vec![Point { a: None, name: None }])?;
    /// let filled = df.fillna_map([("a", lit(1)), ("name", lit("?"))])?;
    /// assert_eq!(filled.rows::<Point>().await?, [Point { a: Some(1), name: Some("?".into()) }]);
    /// # Ok(()) })?;
    /// # Ok::<(), fugue_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`fillna_with`](Self::fillna_with).
    #[track_caller]
    pub fn fillna_map<N: AsRef<str>, V: Into<Expr>>(&self, values: impl IntoIterator<Item = (N, V)>) -> Result<Self> {
        let ask = self.ask(Verb::FillNulls);
        let read = |(name, value): (N, V)| {
            let column = self.schema().indices_of([name])?;
            Ok((column[0], Fill::of(&value.into())?))
        };
        let values: Result<Vec<(usize, Fill)>> = values.into_iter().map(read).collect();
        ask.select(values.and_then(|values| filled(self.schema(), &values.iter().map(|(i, v)| (*i, v)).collect::<Vec<_>>())))
    }
}

/// A value that stands for nulls.
struct Fill {
    /// A column of one row.
    value: ArrayRef,
    ty: Type,
}

impl Fill {
    fn of(value: &Expr) -> Result<Self> {
        let null = || Error::new(ErrorKind::ValueInvalid, "null cannot be filled into nulls; give a value");
        if matches!(value.without_alias().node(), Node::Literal(literal) if literal.value().is_null()) {
            return Err(null());
        }
        // A literal is one over any columns.
        let typed = value.typed(&Schema::new([])?)?;
        match typed.node {
            TypedNode::Literal(array) if array.is_null(0) => Err(null()),
            TypedNode::Literal(array) => Ok(Self { value: array, ty: typed.ty }),
            _ => Err(Error::new(
                ErrorKind::ExpressionInvalid,
                format!("nulls are filled with a literal, and {value} is none; write .assign([coalesce([…]).alias(\"…\")])"),
            )),
        }
    }

    /// The value in the type of a column.
    fn fitted(&self, field: &Field) -> Result<ArrayRef> {
        let refused = |why: String| {
            let message = format!(
                "{} cannot be filled into {field} without loss{why}; give a value of that type, or name the columns to be filled",
                format_value(&self.value, 0)
            );
            Error::new(ErrorKind::ValueInvalid, message).with("column", field.name())
        };
        let fitted = cast_array(&self.value, field.ty()).map_err(|e| refused(format!(": {}", e.message())))?;
        // What comes back the same was not changed.
        let back = cast_array(&fitted, &self.ty).map_err(|e| refused(format!(": {}", e.message())))?;
        let written = format_value(&self.value, 0);
        // A float is written as few digits as tell it from its neighbours: 0.1 is 0.1 in either width.
        let narrow = *field.ty() == Type::Float32 && self.ty == Type::Float64 && format_value(&fitted, 0) == written;
        if narrow || format_value(&back, 0) == written { Ok(fitted) } else { Err(refused(String::new())) }
    }
}

/// All columns, some of them with values in the place of nulls.
fn filled(schema: &Schema, fills: &[(usize, &Fill)]) -> Result<SelectPlan> {
    let mut columns = Vec::with_capacity(schema.len());
    for (i, field) in schema.fields().iter().enumerate() {
        let column = Typed::column(i, field.ty().clone());
        let typed = match fills.iter().rev().find(|(at, _)| *at == i) {
            None => column,
            Some((_, fill)) => {
                let value = Typed { node: TypedNode::Literal(fill.fitted(field)?), ty: field.ty().clone() };
                Typed {
                    node: TypedNode::Call { function: Function::Coalesce, args: vec![column, value] },
                    ty: field.ty().clone(),
                }
            }
        };
        columns.push((field.name().to_owned(), typed));
    }
    SelectPlan::project(schema, columns)
}

/// Types that one value may fill.
fn family(ty: &Type) -> Family<'_> {
    match ty {
        Type::Date | Type::Datetime | Type::Timestamp(_) => Family::Instant,
        Type::Float32 | Type::Float64 | Type::Decimal(_, _) => Family::Number,
        _ if ty.is_integer() => Family::Number,
        other => Family::Own(other),
    }
}

#[derive(PartialEq, Eq)]
enum Family<'t> {
    Number,
    Instant,
    Own(&'t Type),
}

//! Building expressions: columns, literals, and the methods that put them together.

use std::ops::{Bound, RangeBounds};

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use crate::error::{Error, ErrorKind, Result};
use crate::row::{Decimal, Timestamp, Value};
use crate::schema::{Schema, Type};

use super::function::TimeUnit;
use super::literal::Literal;
use super::tree::{Mistake, Node};
use super::{Expr, Function, IntoColumn, IntoColumns};

/// A column by its name, case sensitive; any text is a name.
#[must_use]
pub fn col(name: &str) -> Expr {
    Expr::new(Node::Column(name.into()))
}

/// All columns, in a select.
#[must_use]
pub fn all() -> Expr {
    Expr::new(Node::Wildcard)
}

/// A literal: integers are long (`u64` is ulong), floats double, an `Option` may be null.
#[must_use]
pub fn lit(value: impl Into<Expr>) -> Expr {
    value.into()
}

/// A literal of a type, written as in a schema: `typed(1, "int")`, `typed("0.06", "decimal(12,2)")`, `typed("1994-01-01", "date")`.
///
/// The value is cast when the plan is built; one that cannot be cast is an error then.
#[must_use]
pub fn typed(value: impl Into<Expr>, ty: &str) -> Expr {
    value.into().cast(ty)
}

/// Null, of the type that its neighbours give it; as an output column it needs a cast.
#[must_use]
pub fn null() -> Expr {
    Expr::new(Node::Literal(Literal::new(Value::Null, None)))
}

/// The first argument that is not null.
#[must_use]
pub fn coalesce(args: impl IntoColumns) -> Expr {
    Expr::call(Function::Coalesce, args.into_columns())
}

/// The texts one after the other; null where one is null.
#[must_use]
pub fn concat(args: impl IntoColumns) -> Expr {
    Expr::call(Function::Concat, args.into_columns())
}

/// The value, or null where it equals the other.
#[must_use]
pub fn nullif(value: impl IntoColumn, other: impl Into<Expr>) -> Expr {
    Expr::call(Function::NullIf, [value.into_column(), other.into()])
}

/// Whether all conditions are true, by three-valued [`and`](Expr::and); true for none.
///
/// ```
/// use fugue_core::expr::{all_of, any_of, col};
///
/// let wanted = all_of([col("n").gt(1), any_of(("new", col("price").lt(5)))]);
/// assert_eq!(wanted, col("n").gt(1).and(col("new").or(col("price").lt(5))));
/// ```
#[must_use]
pub fn all_of(conditions: impl IntoColumns) -> Expr {
    conditions.into_columns().into_iter().reduce(Expr::and).unwrap_or_else(|| lit(true))
}

/// Whether one of the conditions is true, by three-valued [`or`](Expr::or); false for none.
#[must_use]
pub fn any_of(conditions: impl IntoColumns) -> Expr {
    conditions.into_columns().into_iter().reduce(Expr::or).unwrap_or_else(|| lit(false))
}

/// A case in the making, after its condition.
#[derive(Clone, Debug)]
pub struct When {
    branches: Vec<(Expr, Expr)>,
    condition: Expr,
}

/// A case in the making, after a value. Without [`otherwise`](Self::otherwise), [`end`](Self::end) it; the value is then null.
#[derive(Clone, Debug)]
pub struct Then {
    branches: Vec<(Expr, Expr)>,
}

/// Begins a case: `when(condition).then(value).when(…).then(…).otherwise(value)`.
///
/// Values are computed only for the rows that take them.
#[must_use]
pub fn when(condition: impl Into<Expr>) -> When {
    When { branches: Vec::new(), condition: condition.into() }
}

impl When {
    /// The value where the condition is true.
    #[must_use]
    pub fn then(mut self, value: impl Into<Expr>) -> Then {
        self.branches.push((self.condition, value.into()));
        Then { branches: self.branches }
    }
}

impl Then {
    /// A further condition, for rows that no earlier one took.
    #[must_use]
    pub fn when(self, condition: impl Into<Expr>) -> When {
        When { branches: self.branches, condition: condition.into() }
    }

    /// The value of all other rows.
    #[must_use]
    pub fn otherwise(self, value: impl Into<Expr>) -> Expr {
        Expr::new(Node::Case { branches: self.branches, otherwise: Some(value.into()) })
    }

    /// Null for all other rows.
    #[must_use]
    pub fn end(self) -> Expr {
        Expr::new(Node::Case { branches: self.branches, otherwise: None })
    }
}

macro_rules! unary {
    ($($(#[$doc:meta])* $name:ident => $function:ident;)*) => {
        impl Expr { $(
            $(#[$doc])*
            #[must_use]
            pub fn $name(self) -> Self {
                Self::call(Function::$function, [self])
            }
        )* }
    };
}

macro_rules! binary {
    ($($(#[$doc:meta])* $name:ident => $function:ident;)*) => {
        impl Expr { $(
            $(#[$doc])*
            #[must_use]
            pub fn $name(self, other: impl Into<Self>) -> Self {
                Self::call(Function::$function, [self, other.into()])
            }
        )* }
    };
}

binary! {
    /// Equality: null beside anything is null; NaN equals NaN.
    eq => Equal;
    /// Not equal.
    not_eq => NotEqual;
    /// Less; NaN is greatest.
    lt => Less;
    /// Less or equal.
    lt_eq => LessOrEqual;
    /// Greater.
    gt => Greater;
    /// Greater or equal.
    gt_eq => GreaterOrEqual;
    /// Equality in which null equals null; never null itself.
    not_distinct_from => NotDistinct;
    /// Three-valued and.
    and => And;
    /// Three-valued or.
    or => Or;
    /// Division as doubles, by IEEE.
    div_true => DivideTrue;
    /// Addition where integers that overflow are an error.
    checked_add => CheckedAdd;
    /// Subtraction where integers that overflow are an error.
    checked_sub => CheckedSubtract;
    /// Multiplication where integers that overflow are an error.
    checked_mul => CheckedMultiply;
    /// Division where a divisor of zero, and an overflow, are errors.
    checked_div => CheckedDivide;
    /// To the power, as doubles.
    power => Power;
    /// Whether the other text is in this one.
    contains => Contains;
    /// Whether this text starts with the other.
    starts_with => StartsWith;
    /// Whether this text ends with the other.
    ends_with => EndsWith;
    /// Where the other text stands first, counted from 0 in Unicode scalar values; null where it does not.
    find => Find;
    /// Whether the whole text fits a pattern, a literal, in which `%` is any text and `_` any one character.
    like => Like;
    /// Whether a regular expression, a literal, matches anywhere. One that takes more than 10 MiB once compiled is refused.
    regex_match => RegexMatch;
}

unary! {
    /// Whether it is null.
    is_null => IsNull;
    /// Whether it is not null.
    is_not_null => IsNotNull;
    /// Whether a float is NaN.
    is_nan => IsNan;
    /// The absolute value.
    abs => Abs;
    /// The greatest whole number below.
    floor => Floor;
    /// The least whole number above.
    ceil => Ceil;
    /// The square root, a double.
    sqrt => Sqrt;
    /// `e` to the power of it, a double.
    exp => Exp;
    /// The natural logarithm, a double.
    ln => Ln;
    /// Number of Unicode scalar values.
    length => Length;
    /// Lower case.
    lower => Lower;
    /// Upper case.
    upper => Upper;
    /// Without white space at both ends.
    trim => Trim;
    /// Without white space at the start.
    trim_start => TrimStart;
    /// Without white space at the end.
    trim_end => TrimEnd;
    /// The year.
    year => Year;
    /// The quarter, 1 to 4.
    quarter => Quarter;
    /// The month, 1 to 12.
    month => Month;
    /// The day of the month, from 1.
    day => Day;
    /// The day of the week: Monday is 1, Sunday 7.
    weekday => Weekday;
    /// The day of the year, from 1.
    day_of_year => DayOfYear;
    /// The hour, 0 to 23.
    hour => Hour;
    /// The minute.
    minute => Minute;
    /// The whole second.
    second => Second;
}

impl Expr {
    /// The same under a name. Of several names the last one counts.
    #[must_use]
    pub fn alias(self, name: &str) -> Self {
        Self::new(Node::Alias(self, name.into()))
    }

    /// Cast to a type, written as in a schema; a value that cannot be cast is an error. See [`cast`](crate::cast).
    #[must_use]
    pub fn cast(self, to: &str) -> Self {
        self.cast_as(to, false)
    }

    /// Cast to a type; a value that cannot be cast is null.
    #[must_use]
    pub fn try_cast(self, to: &str) -> Self {
        self.cast_as(to, true)
    }

    fn cast_as(self, to: &str, attempt: bool) -> Self {
        // A type stands in a schema; there is one grammar.
        let ty = Schema::parse(&format!("t:{to}")).and_then(|schema| match schema.fields() {
            [field] => Ok(field.ty().clone()),
            _ => Err(Error::new(ErrorKind::SchemaInvalid, "one type, and not several columns")),
        });
        match ty {
            Ok(to) => Self::new(Node::Cast { input: self, to, attempt }),
            Err(e) => Self::mistake(
                Error::new(
                    ErrorKind::ExpressionInvalid,
                    format!("cannot cast {self} to {to:?}, which is no type: {}", e.message()),
                )
                .with_source(e),
            ),
        }
    }

    /// Whether it is at least the first and at most the second.
    #[must_use]
    pub fn between(self, low: impl Into<Self>, high: impl Into<Self>) -> Self {
        self.clone().gt_eq(low).and(self.lt_eq(high))
    }

    /// Whether it stands in a range: `a..b` without `b`, `a..=b` with it, `a..` and `..b` open at one end. Null beside null.
    ///
    /// ```
    /// use fugue_core::expr::{col, typed};
    ///
    /// let year = col("day").in_range(typed("1994-01-01", "date")..typed("1995-01-01", "date"));
    /// assert_eq!(col("n").in_range(1..3), col("n").gt_eq(1).and(col("n").lt(3)));
    /// assert_eq!(col("n").in_range(1..=3), col("n").between(1, 3));
    /// # let _ = year;
    /// ```
    #[must_use]
    pub fn in_range<T: Into<Self> + Clone>(self, range: impl RangeBounds<T>) -> Self {
        let low = match range.start_bound().cloned() {
            Bound::Included(low) => Some(self.clone().gt_eq(low)),
            Bound::Excluded(low) => Some(self.clone().gt(low)),
            Bound::Unbounded => None,
        };
        let high = match range.end_bound().cloned() {
            Bound::Included(high) => Some(self.clone().lt_eq(high)),
            Bound::Excluded(high) => Some(self.clone().lt(high)),
            Bound::Unbounded => None,
        };
        match (low, high) {
            (Some(low), Some(high)) => low.and(high),
            (Some(one), None) | (None, Some(one)) => one,
            // Everything is in it, but of a null nothing is known.
            (None, None) => self.clone().eq(self),
        }
    }

    /// Whether it equals one of these, three-valued: null where it equals none and one of them is null.
    #[must_use]
    pub fn is_in<E: Into<Self>>(self, items: impl IntoIterator<Item = E>) -> Self {
        Self::call(Function::IsIn, std::iter::once(self).chain(items.into_iter().map(Into::into)))
    }

    /// Rounded half away from zero to so many digits after the point (negative: before it).
    #[must_use]
    pub fn round(self, digits: i32) -> Self {
        Self::call(Function::Round, [self, lit(digits)])
    }

    /// The text from a position, counted from 0 in characters; a negative one counts from the end.
    #[must_use]
    pub fn substring_from(self, start: impl Into<Self>) -> Self {
        Self::call(Function::Substring, [self, start.into()])
    }

    /// So many characters from a position, counted from 0; a negative one counts from the end.
    #[must_use]
    pub fn substring(self, start: impl Into<Self>, length: impl Into<Self>) -> Self {
        Self::call(Function::Substring, [self, start.into(), length.into()])
    }

    /// Every occurrence of a text replaced by another.
    #[must_use]
    pub fn replace(self, from: impl Into<Self>, to: impl Into<Self>) -> Self {
        Self::call(Function::Replace, [self, from.into(), to.into()])
    }

    /// Every match of a regular expression, a literal, replaced; `$1` stands for its first group.
    #[must_use]
    pub fn regex_replace(self, pattern: &str, to: impl Into<Self>) -> Self {
        Self::call(Function::RegexReplace, [self, lit(pattern), to.into()])
    }

    /// The start of the year, month, … that a date or moment stands in.
    #[must_use]
    pub fn truncate(self, unit: TimeUnit) -> Self {
        Self::call(Function::Truncate(unit), [self])
    }

    /// So many years, months, … later.
    #[must_use]
    pub fn date_add(self, unit: TimeUnit, n: impl Into<Self>) -> Self {
        Self::call(Function::DateAdd(unit), [self, n.into()])
    }

    /// How many whole years, months, … have passed since the other.
    #[must_use]
    pub fn date_diff(self, unit: TimeUnit, since: impl Into<Self>) -> Self {
        Self::call(Function::DateDiff(unit), [self, since.into()])
    }
}

impl Expr {
    pub(crate) fn literal(value: impl Into<Value>, ty: Option<Type>) -> Self {
        Self::new(Node::Literal(Literal::new(value.into(), ty)))
    }
}

impl From<&Self> for Expr {
    fn from(value: &Self) -> Self {
        value.clone()
    }
}

macro_rules! literals {
    ($($ty:ty => $column:expr;)*) => { $(
        impl From<$ty> for Expr {
            fn from(value: $ty) -> Self {
                Self::literal(value, Some($column))
            }
        }

        impl From<Option<$ty>> for Expr {
            fn from(value: Option<$ty>) -> Self {
                Self::literal(value, Some($column))
            }
        }
    )* };
}

literals! {
    bool => Type::Bool;
    i8 => Type::Int64;
    i16 => Type::Int64;
    i32 => Type::Int64;
    i64 => Type::Int64;
    u8 => Type::Int64;
    u16 => Type::Int64;
    u32 => Type::Int64;
    u64 => Type::UInt64;
    f32 => Type::Float64;
    f64 => Type::Float64;
    &str => Type::Str;
    String => Type::Str;
    Vec<u8> => Type::Bytes;
    NaiveDate => Type::Date;
    NaiveTime => Type::Time;
    NaiveDateTime => Type::Datetime;
    Timestamp => Type::Timestamp("UTC".into());
}

impl From<&String> for Expr {
    fn from(value: &String) -> Self {
        Self::from(value.as_str())
    }
}

impl<const P: u8, const S: i8> From<Decimal<P, S>> for Expr {
    fn from(value: Decimal<P, S>) -> Self {
        Self::literal(value, Some(Type::Decimal(P, S)))
    }
}

/// A value known at run time: integers are long, floats double, instants in UTC, decimals have all 38 digits; lists, structs and maps are refused
/// when the plan is built.
impl From<Value> for Expr {
    fn from(value: Value) -> Self {
        let ty = match &value {
            Value::Null => None,
            Value::Bool(_) => Some(Type::Bool),
            Value::Int(_) => Some(Type::Int64),
            Value::UInt(_) => Some(Type::UInt64),
            Value::Float(_) => Some(Type::Float64),
            Value::Str(_) => Some(Type::Str),
            Value::Bytes(_) => Some(Type::Bytes),
            Value::Date(_) => Some(Type::Date),
            Value::Time(_) => Some(Type::Time),
            Value::Datetime(_) => Some(Type::Datetime),
            Value::Timestamp(_) => Some(Type::Timestamp("UTC".into())),
            Value::Decimal(_, scale) => Some(Type::Decimal(38, *scale)),
            Value::List(_) | Value::Struct(_) | Value::Map(_) => {
                return Self::mistake(Error::new(
                    ErrorKind::ExpressionInvalid,
                    "lists, structs and maps cannot be literals; put them in a frame and join it",
                ));
            }
        };
        Self::literal(value, ty)
    }
}

impl Mistake {
    /// The error, to be told where the plan is built.
    pub(crate) fn tell<T>(&self) -> Result<T> {
        Err(Error::new(self.0.kind(), self.0.message()).with_source(std::sync::Arc::clone(&self.0)))
    }
}

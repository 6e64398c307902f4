//! The text of an expression, for messages and plans. It reads like SQL, and is not meant to be read back.

use std::fmt::{self, Display, Formatter, Write};

use crate::partition::SortKey;
use crate::row::Value;

use super::aggregate::AggregateCall;
use super::tree::Node;
use super::window::WindowCall;
use super::{AggregateFunction, Expr, Frame, Function, Literal, TimeUnit, WindowFunction};

/// How tightly the parts of an expression hold together; what holds less than its place asks for stands in parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hold {
    Name,
    Or,
    And,
    Not,
    Compare,
    Sum,
    Product,
    Sign,
    Whole,
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.node() {
            Node::Column(name) => f.write_str(&identifier(name)),
            Node::Wildcard => f.write_str("*"),
            Node::Literal(literal) => literal.fmt(f),
            Node::Alias(of, name) => {
                of.within(f, Hold::Or)?;
                write!(f, " AS {}", identifier(name))
            }
            Node::Cast { input, to, attempt } => {
                let word = if *attempt { "TRY_CAST" } else { "CAST" };
                write!(f, "{word}({input} AS {to})")
            }
            Node::Call(function, args) => call(f, *function, args),
            Node::Case { branches, otherwise } => {
                f.write_str("CASE")?;
                for (condition, value) in branches {
                    write!(f, " WHEN {condition} THEN {value}")?;
                }
                if let Some(otherwise) = otherwise {
                    write!(f, " ELSE {otherwise}")?;
                }
                f.write_str(" END")
            }
            Node::Aggregate(call) => call.fmt(f),
            Node::Window(call) => call.fmt(f),
            Node::Mistake(mistake) => write!(f, "<{}>", mistake.0.message()),
        }
    }
}

impl Expr {
    /// Writes the expression where at least this hold is needed.
    fn within(&self, f: &mut Formatter<'_>, least: Hold) -> fmt::Result {
        if hold(self) < least { write!(f, "({self})") } else { write!(f, "{self}") }
    }

    /// The text for messages, cut where it is long.
    pub(crate) fn shown(&self) -> String {
        const LONGEST: usize = 160;
        let mut text = Cut { text: String::new(), left: LONGEST };
        // The error of a text that is full; what stands before is shown.
        let full = write!(text, "{self}").is_err();
        if full { text.text + "…" } else { text.text }
    }
}

/// A text that takes so many characters.
struct Cut {
    text: String,
    left: usize,
}

impl Write for Cut {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        for c in more.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(c);
        }
        Ok(())
    }
}

fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

fn hold(expr: &Expr) -> Hold {
    match expr.node() {
        Node::Alias(_, _) => Hold::Name,
        Node::Call(function, args) => match infix(*function) {
            Some((_, hold)) if args.len() == 2 => hold,
            _ => match function {
                Function::Not => Hold::Not,
                Function::IsNull | Function::IsNotNull | Function::IsIn => Hold::Compare,
                Function::Negate => Hold::Sign,
                _ => Hold::Whole,
            },
        },
        // Two minus signs one after the other begin a comment in SQL.
        Node::Literal(literal) if literal.to_string().starts_with('-') => Hold::Sign,
        _ => Hold::Whole,
    }
}

fn infix(function: Function) -> Option<(&'static str, Hold)> {
    Some(match function {
        Function::Or => ("OR", Hold::Or),
        Function::And => ("AND", Hold::And),
        Function::Equal => ("=", Hold::Compare),
        Function::NotEqual => ("<>", Hold::Compare),
        Function::Less => ("<", Hold::Compare),
        Function::LessOrEqual => ("<=", Hold::Compare),
        Function::Greater => (">", Hold::Compare),
        Function::GreaterOrEqual => (">=", Hold::Compare),
        Function::NotDistinct => ("IS NOT DISTINCT FROM", Hold::Compare),
        Function::Like => ("LIKE", Hold::Compare),
        Function::Add => ("+", Hold::Sum),
        Function::Subtract => ("-", Hold::Sum),
        Function::Multiply => ("*", Hold::Product),
        Function::Divide => ("/", Hold::Product),
        Function::Modulo => ("%", Hold::Product),
        _ => return None,
    })
}

fn call(f: &mut Formatter<'_>, function: Function, args: &[Expr]) -> fmt::Result {
    match (function, infix(function), args) {
        (_, Some((sign, hold)), [left, right]) => {
            // Comparisons do not chain; sums and products go from left to right; and "and" and "or" may go either way.
            left.within(f, if hold == Hold::Compare { Hold::Sum } else { hold })?;
            write!(f, " {sign} ")?;
            right.within(
                f,
                match hold {
                    Hold::Compare => Hold::Sum,
                    Hold::Sum => Hold::Product,
                    Hold::Product => Hold::Sign,
                    either => either,
                },
            )
        }
        (Function::Not, _, [arg]) => {
            f.write_str("NOT ")?;
            arg.within(f, Hold::Not)
        }
        (Function::Negate, _, [arg]) => {
            f.write_str("-")?;
            arg.within(f, Hold::Whole)
        }
        (Function::IsNull | Function::IsNotNull, _, [arg]) => {
            arg.within(f, Hold::Sum)?;
            f.write_str(if function == Function::IsNull { " IS NULL" } else { " IS NOT NULL" })
        }
        (Function::IsIn, _, [arg, items @ ..]) => {
            arg.within(f, Hold::Sum)?;
            f.write_str(" IN (")?;
            list(f, items)?;
            f.write_str(")")
        }
        _ => {
            write!(f, "{}(", function.name())?;
            if let Function::Truncate(unit) | Function::DateAdd(unit) | Function::DateDiff(unit) = function {
                write!(f, "{unit}, ")?;
            }
            list(f, args)?;
            f.write_str(")")
        }
    }
}

fn list<T: Display>(f: &mut Formatter<'_>, items: &[T]) -> fmt::Result {
    for (i, item) in items.iter().enumerate() {
        f.write_str(if i == 0 { "" } else { ", " })?;
        item.fmt(f)?;
    }
    Ok(())
}

/// As SQL writes it: text and dates in single quotes.
impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let value = self.value();
        match value {
            Value::Null => f.write_str("NULL"),
            Value::Str(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Value::Bytes(bytes) => {
                f.write_str("X'")?;
                bytes.iter().try_for_each(|b| write!(f, "{b:02x}"))?;
                f.write_str("'")
            }
            Value::Date(_) => write!(f, "DATE '{value}'"),
            Value::Time(_) => write!(f, "TIME '{value}'"),
            Value::Datetime(_) => write!(f, "DATETIME '{value}'"),
            Value::Timestamp(_) => write!(f, "TIMESTAMP '{value}'"),
            Value::Decimal(_, _) => write!(f, "DECIMAL '{value}'"),
            Value::Float(float) if !float.is_finite() => write!(f, "DOUBLE '{value}'"),
            _ => write!(f, "{value}"),
        }
    }
}

impl Display for AggregateCall {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.function.name())?;
        if self.distinct {
            f.write_str("DISTINCT ")?;
        }
        argument(f, self.function, self.arg.as_ref())?;
        if !self.order.is_empty() {
            f.write_str(" ORDER BY ")?;
            order(f, &self.order)?;
        }
        f.write_str(")")?;
        match &self.filter {
            Some(condition) => write!(f, " FILTER (WHERE {condition})"),
            None => Ok(()),
        }
    }
}

fn argument(f: &mut Formatter<'_>, function: AggregateFunction, arg: Option<&Expr>) -> fmt::Result {
    match arg {
        Some(arg) => arg.fmt(f)?,
        None => f.write_str("*")?,
    }
    if let AggregateFunction::Quantile(at) = function { write!(f, ", {at:?}") } else { Ok(()) }
}

fn order(f: &mut Formatter<'_>, order: &[SortKey]) -> fmt::Result {
    for (i, key) in order.iter().enumerate() {
        let (comma, direction) = (if i == 0 { "" } else { ", " }, if key.ascending { "" } else { " DESC" });
        write!(f, "{comma}{}{direction}", identifier(&key.column))?;
    }
    Ok(())
}

impl Display for WindowCall {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (self.function, &self.arg) {
            (WindowFunction::RowNumber, _) => f.write_str("row_number()")?,
            (WindowFunction::Rank, _) => f.write_str("rank()")?,
            (WindowFunction::DenseRank, _) => f.write_str("dense_rank()")?,
            (WindowFunction::Lag(rows) | WindowFunction::Lead(rows), arg) => {
                let name = if matches!(self.function, WindowFunction::Lag(_)) { "lag" } else { "lead" };
                write!(f, "{name}(")?;
                arg.iter().try_for_each(|arg| write!(f, "{arg}, "))?;
                write!(f, "{rows}")?;
                self.default.iter().try_for_each(|default| write!(f, ", {default}"))?;
                f.write_str(")")?;
            }
            (WindowFunction::Aggregate(function), arg) => {
                write!(f, "{}(", function.name())?;
                argument(f, function, arg.as_ref())?;
                f.write_str(")")?;
            }
        }
        let Some(over) = &self.over else { return Ok(()) };
        f.write_str(" OVER (")?;
        let mut gap = "";
        if !over.keys.is_empty() {
            f.write_str("PARTITION BY ")?;
            list(f, &over.keys.iter().map(|key| identifier(key)).collect::<Vec<_>>())?;
            gap = " ";
        }
        if !over.order.is_empty() {
            write!(f, "{gap}ORDER BY ")?;
            order(f, &over.order)?;
            gap = " ";
        }
        if let Some(frame) = &over.frame {
            write!(f, "{gap}{frame}")?;
        }
        f.write_str(")")
    }
}

/// As SQL writes it.
impl Display for Frame {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let bound = |at: Option<i64>, end: &str| match at {
            None => format!("UNBOUNDED {end}"),
            Some(0) => "CURRENT ROW".to_owned(),
            Some(n) if n < 0 => format!("{} PRECEDING", n.unsigned_abs()),
            Some(n) => format!("{n} FOLLOWING"),
        };
        match self {
            Self::ToPeers => f.write_str("RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"),
            Self::Rows { start, end } => {
                write!(f, "ROWS BETWEEN {} AND {}", bound(*start, "PRECEDING"), bound(*end, "FOLLOWING"))
            }
        }
    }
}

impl Display for TimeUnit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&snake(&format!("{self:?}")))
    }
}

impl Function {
    /// Its name, as messages and plans write it.
    #[must_use]
    pub fn name(self) -> String {
        snake(&variant(&format!("{self:?}")))
    }
}

impl AggregateFunction {
    /// Its name, as messages and plans write it.
    #[must_use]
    pub fn name(self) -> String {
        snake(&variant(&format!("{self:?}")))
    }
}

fn variant(debug: &str) -> String {
    debug.split('(').next().unwrap_or_default().to_owned()
}

fn snake(camel: &str) -> String {
    let mut text = String::with_capacity(camel.len() + 4);
    for (i, c) in camel.char_indices() {
        if c.is_uppercase() && i > 0 {
            text.push('_');
        }
        text.extend(c.to_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use crate::row::Value;

    #[test]
    fn expressions_read_like_sql() {
        let a = || col("a");
        let cases: Vec<(Expr, &str)> = vec![
            (col("tick`s"), "`tick``s`"),
            (all(), "*"),
            (lit(1), "1"),
            (lit(-1), "-1"),
            (lit(u64::MAX), "18446744073709551615"),
            (lit(1.0), "1.0"),
            (lit(-0.0), "-0.0"),
            (lit(f64::NAN), "DOUBLE 'NaN'"),
            (lit("it's"), "'it''s'"),
            (lit(true), "true"),
            (null(), "NULL"),
            (lit(vec![10_u8, 255]), "X'0aff'"),
            (Value::Decimal(-150, 2).into(), "DECIMAL '-1.50'"),
            (lit(chrono::NaiveDate::from_ymd_opt(1994, 1, 1).unwrap()), "DATE '1994-01-01'"),
            (lit(chrono::NaiveTime::from_hms_opt(1, 2, 3).unwrap()), "TIME '01:02:03'"),
            (
                lit(chrono::NaiveDate::from_ymd_opt(1994, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap()),
                "DATETIME '1994-01-01 00:00:00'",
            ),
            (typed("0.06", "decimal(12,2)"), "CAST('0.06' AS decimal(12,2))"),
            (a().try_cast("int"), "TRY_CAST(`a` AS int)"),
            ((a() + 1) * 2, "(`a` + 1) * 2"),
            (a() + col("b") * 2, "`a` + `b` * 2"),
            (a() - (col("b") - 1), "`a` - (`b` - 1)"),
            ((a() - col("b")) - 1, "`a` - `b` - 1"),
            (a() / (col("b") * 2), "`a` / (`b` * 2)"),
            (-(a() + 1), "-(`a` + 1)"),
            (-(-a()), "-(-`a`)"),
            (-lit(-1), "-(-1)"),
            (a() - lit(-1), "`a` - -1"),
            ((-a()) * 2, "-`a` * 2"),
            (a().gt(1).and(a().lt(5)).or(a().is_null()), "`a` > 1 AND `a` < 5 OR `a` IS NULL"),
            (a().eq(1).or(a().eq(2)).and(col("b")), "(`a` = 1 OR `a` = 2) AND `b`"),
            (col("x").and(col("y").and(col("z"))), "`x` AND `y` AND `z`"),
            (!a().eq(1), "NOT `a` = 1"),
            ((!a()).is_null(), "(NOT `a`) IS NULL"),
            (!(a().and(col("b"))), "NOT (`a` AND `b`)"),
            (a().eq(1).eq(true), "(`a` = 1) = true"),
            ((a() + 1).is_in([1, 2]), "`a` + 1 IN (1, 2)"),
            (a().is_in(Vec::<i64>::new()), "`a` IN ()"),
            (a().like("x%"), "`a` LIKE 'x%'"),
            (a().not_distinct_from(null()), "`a` IS NOT DISTINCT FROM NULL"),
            (a().between(1, 2), "`a` >= 1 AND `a` <= 2"),
            (a().round(2), "round(`a`, 2)"),
            (a().div_true(2), "divide_true(`a`, 2)"),
            (a().date_add(TimeUnit::Month, 1), "date_add(month, `a`, 1)"),
            (coalesce([a(), lit(0)]), "coalesce(`a`, 0)"),
            ((a() + 1).alias("x"), "`a` + 1 AS `x`"),
            (a().alias("x") + 1, "(`a` AS `x`) + 1"),
            (when(a().gt(1)).then(1).end(), "CASE WHEN `a` > 1 THEN 1 END"),
            (count_all(), "count(*)"),
            (count_distinct("a"), "count(DISTINCT `a`)"),
            (sum("a").where_(col("b").gt(1)), "sum(`a`) FILTER (WHERE `b` > 1)"),
            (quantile("a", 0.25), "quantile(`a`, 0.25)"),
            (stddev_population("a") * 2, "stddev_population(`a`) * 2"),
            (first("a").order_by("at desc, id"), "first(`a` ORDER BY `at` DESC, `id`)"),
            (
                sum("a").over(Over::partition_by("k").order_by("at desc").rows(-2..=0).total_order()),
                "sum(`a`) OVER (PARTITION BY `k` ORDER BY `at` DESC ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)",
            ),
            (count_all().over(Over::all().rows(..)), "count(*) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"),
            (row_number().over(Over::all().order_by("a").total_order()), "row_number() OVER (ORDER BY `a`)"),
            (lag("a", 2).or_default(0).over(Over::partition_by(["k", "l"])), "lag(`a`, 2, 0) OVER (PARTITION BY `k`, `l`)"),
        ];
        for (expr, text) in cases {
            assert_eq!(expr.to_string(), text);
        }
    }

    #[test]
    fn long_texts_are_cut_in_messages() {
        let long = (0..100).fold(col("a"), |sum, i| sum + i);
        assert_eq!(long.shown().chars().count(), 161);
        assert!(long.shown().ends_with('…') && long.to_string().starts_with(long.shown().trim_end_matches('…')));
        assert_eq!((col("a") + 1).shown(), "`a` + 1");
    }
}

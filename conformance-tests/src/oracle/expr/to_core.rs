//! Terms as the core's expressions, through the builders that users have.

use fugue_core::Type;
use fugue_core::expr::{
    self, AggregateFunction, Expr, Frame, Function, Over, WindowFunction, avg, checked_sum, coalesce, col, collect_list, concat,
    count, count_all, first, last, lit, max, min, null, nullif, quantile, stddev, stddev_population, sum, typed, variance,
    variance_population, when,
};

use super::cast::literal_text;
use super::{Aggregate, Term, Window};
use crate::value::OwnValue;

impl Term {
    /// The expression that a user would write.
    ///
    /// # Errors
    /// A message, for what no user could write.
    pub fn to_core(&self) -> Result<Expr, String> {
        Ok(match self {
            Self::Column(name) => col(name),
            Self::Literal(value, ty) => literal(value, ty)?,
            Self::Null => null(),
            Self::Call(function, args) => call(*function, args)?,
            Self::Cast { input, to, attempt } => {
                let (input, to) = (input.to_core()?, to.to_string());
                if *attempt { input.try_cast(&to) } else { input.cast(&to) }
            }
            Self::Case { branches, otherwise } => {
                let mut case: Option<expr::Then> = None;
                for (condition, value) in branches {
                    let (condition, value) = (condition.to_core()?, value.to_core()?);
                    case = Some(match case {
                        None => when(condition).then(value),
                        Some(before) => before.when(condition).then(value),
                    });
                }
                let case = case.ok_or("a case without branches")?;
                match otherwise {
                    None => case.end(),
                    Some(otherwise) => case.otherwise(otherwise.to_core()?),
                }
            }
            Self::Aggregate(call) => aggregate(call)?,
            Self::Window(call) => window(call)?,
        })
    }
}

fn literal(value: &OwnValue, ty: &Type) -> Result<Expr, String> {
    let number = |x: &i128| i64::try_from(*x).map_err(|e| e.to_string());
    Ok(match (value, ty) {
        (OwnValue::Int(x), Type::Int64) => lit(number(x)?),
        (OwnValue::Int(x), Type::UInt64) => lit(u64::try_from(*x).map_err(|e| e.to_string())?),
        (OwnValue::Int(x), ty) => typed(literal_text(*x, ty), &ty.to_string()),
        (OwnValue::Float(x), Type::Float64) => lit(*x),
        (OwnValue::Float(x), ty) => typed(*x, &ty.to_string()),
        (OwnValue::Bool(b), Type::Bool) => lit(*b),
        (OwnValue::Text(t), Type::Str) => lit(t.as_str()),
        (OwnValue::Bytes(b), Type::Bytes) => lit(b.clone()),
        (OwnValue::Null, ty) => null().cast(&ty.to_string()),
        _ => return Err(format!("{value} cannot be a literal of {ty:?}")),
    })
}

fn call(function: Function, args: &[Term]) -> Result<Expr, String> {
    use Function as F;
    let all = args.iter().map(Term::to_core).collect::<Result<Vec<_>, _>>()?;
    let mut rest = all.clone().into_iter();
    let mut next = || rest.next().ok_or_else(|| format!("{function:?} of too little"));
    let a = if matches!(function, F::Coalesce | F::Concat) { null() } else { next()? };
    Ok(match function {
        F::Add => a + next()?,
        F::Subtract => a - next()?,
        F::Multiply => a * next()?,
        F::Divide => a / next()?,
        F::Modulo => a % next()?,
        F::DivideTrue => a.div_true(next()?),
        F::CheckedAdd => a.checked_add(next()?),
        F::CheckedSubtract => a.checked_sub(next()?),
        F::CheckedMultiply => a.checked_mul(next()?),
        F::CheckedDivide => a.checked_div(next()?),
        F::Negate => -a,
        F::Abs => a.abs(),
        F::Round => match args.get(1) {
            Some(Term::Literal(OwnValue::Int(digits), _)) => a.round(i32::try_from(*digits).map_err(|e| e.to_string())?),
            _ => return Err("digits that are no literal".to_owned()),
        },
        F::Floor => a.floor(),
        F::Ceil => a.ceil(),
        F::Power => a.power(next()?),
        F::Sqrt => a.sqrt(),
        F::Exp => a.exp(),
        F::Ln => a.ln(),
        F::Equal => a.eq(next()?),
        F::NotEqual => a.not_eq(next()?),
        F::Less => a.lt(next()?),
        F::LessOrEqual => a.lt_eq(next()?),
        F::Greater => a.gt(next()?),
        F::GreaterOrEqual => a.gt_eq(next()?),
        F::NotDistinct => a.not_distinct_from(next()?),
        F::And => a.and(next()?),
        F::Or => a.or(next()?),
        F::Not => !a,
        F::IsNull => a.is_null(),
        F::IsNotNull => a.is_not_null(),
        F::IsNan => a.is_nan(),
        F::IsIn => a.is_in(rest),
        F::Coalesce => coalesce(all),
        F::NullIf => nullif(a, next()?),
        F::Length => a.length(),
        F::Lower => a.lower(),
        F::Upper => a.upper(),
        F::Trim => a.trim(),
        F::TrimStart => a.trim_start(),
        F::TrimEnd => a.trim_end(),
        F::Substring => {
            let start = next()?;
            match rest.next() {
                Some(length) => a.substring(start, length),
                None => a.substring_from(start),
            }
        }
        F::Concat => concat(all),
        F::Contains => a.contains(next()?),
        F::StartsWith => a.starts_with(next()?),
        F::EndsWith => a.ends_with(next()?),
        F::Find => a.find(next()?),
        F::Replace => {
            let from = next()?;
            a.replace(from, next()?)
        }
        F::Like => a.like(next()?),
        F::RegexMatch => a.regex_match(written(args, 1)?),
        F::RegexReplace => a.regex_replace(written(args, 1)?, rest.nth(1).ok_or("nothing to put")?),
        F::Year => a.year(),
        F::Quarter => a.quarter(),
        F::Month => a.month(),
        F::Day => a.day(),
        F::Weekday => a.weekday(),
        F::DayOfYear => a.day_of_year(),
        F::Hour => a.hour(),
        F::Minute => a.minute(),
        F::Second => a.second(),
        F::Truncate(unit) => a.truncate(unit),
        F::DateAdd(unit) => a.date_add(unit, next()?),
        F::DateDiff(unit) => a.date_diff(unit, next()?),
        other => return Err(format!("the suite writes no {other:?}")),
    })
}

/// The text of an argument that must be a literal.
fn written(args: &[Term], at: usize) -> Result<&str, String> {
    match args.get(at) {
        Some(Term::Literal(OwnValue::Text(text), _)) => Ok(text),
        _ => Err("a pattern that is no literal".to_owned()),
    }
}

fn aggregate(call: &Aggregate) -> Result<Expr, String> {
    let mut made = plain_aggregate(call.function, call.arg.as_ref())?;
    if call.distinct {
        made = made.distinct();
    }
    if let Some(filter) = &call.filter {
        made = made.where_(filter.to_core()?);
    }
    if !call.order.is_empty() {
        made = made.order_by(order_of(&call.order));
    }
    Ok(made)
}

/// An order as the core takes it.
pub(super) fn order_of(order: &[(String, bool)]) -> Vec<(&str, bool)> {
    order.iter().map(|(name, ascending)| (name.as_str(), *ascending)).collect()
}

fn plain_aggregate(function: AggregateFunction, arg: Option<&Term>) -> Result<Expr, String> {
    use AggregateFunction as A;
    let Some(arg) = arg else { return Ok(count_all()) };
    let arg = arg.to_core()?;
    Ok(match function {
        A::Count => count(arg),
        A::Sum => sum(arg),
        A::CheckedSum => checked_sum(arg),
        A::Avg => avg(arg),
        A::Min => min(arg),
        A::Max => max(arg),
        A::First => first(arg),
        A::Last => last(arg),
        A::Stddev => stddev(arg),
        A::StddevPopulation => stddev_population(arg),
        A::Variance => variance(arg),
        A::VariancePopulation => variance_population(arg),
        A::Quantile(at) => quantile(arg, at),
        A::CollectList => collect_list(arg),
        other => return Err(format!("the suite writes no {other:?}")),
    })
}

fn window(call: &Window) -> Result<Expr, String> {
    let mut over = if call.keys.is_empty() { Over::all() } else { Over::partition_by(&call.keys) };
    if !call.order.is_empty() {
        over = over.order_by(order_of(&call.order)).total_order();
    }
    match call.frame {
        None => {}
        Some(Frame::ToPeers) => over = over.to_peers(),
        Some(Frame::Rows { start, end }) => {
            use std::ops::Bound;
            let bound = |b: Option<i64>| b.map_or(Bound::Unbounded, Bound::Included);
            over = over.rows((bound(start), bound(end)));
        }
    }
    let arg = || call.arg.as_ref().ok_or("no argument")?.to_core();
    let made = match call.function {
        WindowFunction::RowNumber => expr::row_number(),
        WindowFunction::Rank => expr::rank(),
        WindowFunction::DenseRank => expr::dense_rank(),
        WindowFunction::Lag(by) => expr::lag(arg()?, by),
        WindowFunction::Lead(by) => expr::lead(arg()?, by),
        WindowFunction::Aggregate(function) => plain_aggregate(function, call.arg.as_ref())?,
        other => return Err(format!("the suite writes no {other:?}")),
    };
    let made = match &call.default {
        None => made,
        Some(default) => made.or_default(default.to_core()?),
    };
    Ok(made.over(over))
}

//! Aggregates and windows in the words of queries.

use fugue_core::expr::{AggregateFunction, Frame, WindowFunction};
use fugue_core::{Schema, Type};

use super::super::expr::{Known, KnownAggregate, KnownWindow};
use super::cast;
use super::terms::{expression, key, literal, name, sorted};

/// An aggregate, where text can say it.
pub(super) fn aggregate(call: &KnownAggregate, schema: &Schema) -> Option<String> {
    use AggregateFunction as A;
    let distinct = if call.distinct { "DISTINCT " } else { "" };
    let condition = call.filter.as_ref().map(|filter| expression(filter, schema));
    let condition = if let Some(condition) = condition { Some(condition?) } else { None };
    let filter = condition.as_ref().map(|c| format!(" FILTER (WHERE {c})")).unwrap_or_default();
    let Some(arg) = &call.arg else { return Some(format!("count(*){filter}")) };
    // Only where the values are such that every way to add them gives the same.
    let small = matches!(arg.ty, Type::Int8 | Type::Int32 | Type::UInt32 | Type::Float64);
    let inner = if call.distinct { key(arg, schema)? } else { expression(arg, schema)? };
    // In queries the argument is computed of rows that the filter leaves out as well, and may have no value there.
    let inner = condition.map_or(inner.clone(), |c| format!("CASE WHEN {c} THEN {inner} END"));
    let function = match call.function {
        A::Count => "count",
        // Whether a NaN is the least or greatest of a group is a matter of where it stands.
        A::Min | A::Max if matches!(arg.ty, Type::Float32 | Type::Float64) => return None,
        A::Min => "min",
        A::Max => "max",
        A::Sum => "sum",
        A::Avg if small => "avg",
        A::Variance if small => "var_samp",
        A::VariancePopulation if small => "var_pop",
        A::Stddev if small => "stddev_samp",
        A::StddevPopulation if small => "stddev_pop",
        // DataFusion 55.2 panics where no row of a group passes the filter of a last value.
        A::First | A::Last if call.filter.is_none() => {
            let word = if call.function == A::First { "first_value" } else { "last_value" };
            return Some(format!("{word}({inner} ORDER BY {}){filter}", ordered(&call.order, schema)?));
        }
        _ => return None,
    };
    finished(&format!("{function}({distinct}{inner}){filter}"), call.function, &call.ty)
}

/// The sum with the digits that frames give it, and the one NaN.
fn finished(text: &str, function: AggregateFunction, ty: &Type) -> Option<String> {
    match (function, ty) {
        (AggregateFunction::Sum, Type::Decimal(..)) => cast(text, ty),
        (AggregateFunction::Min | AggregateFunction::Max | AggregateFunction::Count, _) => Some(text.to_owned()),
        (_, Type::Float64) => Some(format!("nanvl({text}, {})", cast("'NaN'", ty)?)),
        _ => Some(text.to_owned()),
    }
}

fn ordered(order: &[(usize, bool)], schema: &Schema) -> Option<String> {
    let order = order.iter().map(|(at, up)| Some((name(*at, schema)?, *up))).collect::<Option<Vec<_>>>()?;
    sorted(&order, schema)
}

/// A window function, where text can say it.
pub(super) fn window(call: &KnownWindow, schema: &Schema) -> Option<String> {
    use WindowFunction as W;
    let column = |at: &usize| Some(Known::column(*at, schema.fields().get(*at)?.ty().clone()));
    let keys = call.keys.iter().map(|at| key(&column(at)?, schema)).collect::<Option<Vec<_>>>()?;
    let mut over = if keys.is_empty() { String::new() } else { format!("PARTITION BY {} ", keys.join(", ")) };
    if !call.order.is_empty() {
        over += &format!("ORDER BY {}", ordered(&call.order, schema)?);
    }
    let extreme = matches!(call.function, W::Aggregate(AggregateFunction::Min | AggregateFunction::Max));
    let arg = call.arg.as_ref().map(|a| if extreme { key(a, schema) } else { expression(a, schema) });
    let arg = match arg {
        Some(None) => return None,
        Some(Some(text)) => Some(text),
        None => None,
    };
    let (text, finish) = match (call.function, arg) {
        (W::RowNumber, None) => ("row_number()".to_owned(), None),
        (W::Rank, None) => ("rank()".to_owned(), None),
        (W::DenseRank, None) => ("dense_rank()".to_owned(), None),
        (W::Lag(by), Some(arg)) => (format!("lag({arg}, {by}, {})", literal(&call.default, &call.ty)?), None),
        (W::Lead(by), Some(arg)) => (format!("lead({arg}, {by}, {})", literal(&call.default, &call.ty)?), None),
        (W::Aggregate(function), arg) => {
            let float = call.arg.as_ref().is_some_and(|a| matches!(a.ty, Type::Float32 | Type::Float64));
            let word = match function {
                AggregateFunction::Count => "count",
                AggregateFunction::Min => "min",
                AggregateFunction::Max => "max",
                // A frame that moves takes values out of a sum again, which a NaN or an infinity does not survive.
                AggregateFunction::Sum if !float => "sum",
                _ => return None,
            };
            over += match call.frame {
                Frame::ToPeers => " RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW".to_owned(),
                Frame::Rows { start, end } => format!(" ROWS BETWEEN {} AND {}", bound(start, true), bound(end, false)),
            }
            .as_str();
            (format!("{word}({})", arg.unwrap_or_else(|| "*".to_owned())), Some(function))
        }
        _ => return None,
    };
    let text = format!("{text} OVER ({over})");
    match finish {
        Some(function) => finished(&text, function, &call.ty),
        None if matches!(call.function, W::RowNumber | W::Rank | W::DenseRank) => cast(&text, &call.ty),
        None => Some(text),
    }
}

fn bound(rows: Option<i64>, start: bool) -> String {
    match rows {
        None => format!("UNBOUNDED {}", if start { "PRECEDING" } else { "FOLLOWING" }),
        Some(0) => "CURRENT ROW".to_owned(),
        Some(n) if n < 0 => format!("{} PRECEDING", n.unsigned_abs()),
        Some(n) => format!("{n} FOLLOWING"),
    }
}

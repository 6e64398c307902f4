//! Terms as expressions of DuckDB.

use fugue_core::expr::{AggregateFunction as A, Frame, WindowFunction as W};
use fugue_core::{Schema, Type};

use super::calls::call;
use conformance_tests::oracle::expr::{Kind, Known, KnownAggregate, KnownWindow};
use conformance_tests::value::OwnValue;

/// The word of a type, where both have it.
pub(super) fn type_name(ty: &Type) -> Option<String> {
    Some(match ty {
        Type::Bool => "BOOLEAN".to_owned(),
        Type::Int8 => "TINYINT".to_owned(),
        Type::Int16 => "SMALLINT".to_owned(),
        Type::Int32 => "INTEGER".to_owned(),
        Type::Int64 => "BIGINT".to_owned(),
        Type::UInt8 => "UTINYINT".to_owned(),
        Type::UInt16 => "USMALLINT".to_owned(),
        Type::UInt32 => "UINTEGER".to_owned(),
        Type::UInt64 => "UBIGINT".to_owned(),
        Type::Float32 => "FLOAT".to_owned(),
        Type::Float64 => "DOUBLE".to_owned(),
        Type::Str => "VARCHAR".to_owned(),
        Type::Bytes => "BLOB".to_owned(),
        Type::Date => "DATE".to_owned(),
        Type::Time => "TIME".to_owned(),
        Type::Datetime => "TIMESTAMP".to_owned(),
        Type::Decimal(p, s) => format!("DECIMAL({p},{s})"),
        _ => return None,
    })
}

/// A text as a type.
pub(super) fn cast(text: &str, ty: &Type) -> Option<String> {
    Some(format!("CAST({text} AS {})", type_name(ty)?))
}

/// A name between quotes. To DuckDB names that differ by their case alone are one, so capitals are marked.
pub(super) fn quoted(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        match c {
            '"' | '^' => text.extend([c, c]),
            c if c.is_uppercase() => text.extend(std::iter::once('^').chain(c.to_lowercase())),
            c => text.push(c),
        }
    }
    format!("\"{text}\"")
}

/// An expression.
pub(super) fn expression(known: &Known, schema: &Schema) -> Option<String> {
    type_name(&known.ty)?;
    match &known.kind {
        Kind::Column(at) => Some(quoted(schema.names().nth(*at)?)),
        Kind::Literal(value) => literal(value, &known.ty),
        Kind::Cast(input, attempt) => converted(input, &known.ty, *attempt, schema),
        Kind::Case(branches, otherwise) => {
            let mut text = "CASE".to_owned();
            for (condition, value) in branches {
                text += &format!(" WHEN {} THEN {}", expression(condition, schema)?, expression(value, schema)?);
            }
            if let Some(otherwise) = otherwise {
                text += &format!(" ELSE {}", expression(otherwise, schema)?);
            }
            Some(format!("{text} END"))
        }
        Kind::Call(function, args) => call(*function, args, &known.ty, schema),
        Kind::Aggregate(call) => aggregate(call, schema),
        Kind::Window(call) => window(call, schema),
    }
}

/// A value of a type.
pub(super) fn literal(value: &OwnValue, ty: &Type) -> Option<String> {
    let text = match (value, ty) {
        (OwnValue::Null, _) => return cast("NULL", ty),
        (OwnValue::Bool(b), _) => return Some(if *b { "TRUE" } else { "FALSE" }.to_owned()),
        (OwnValue::Text(t), _) => return Some(format!("'{}'", t.replace('\'', "''"))),
        (OwnValue::Bytes(bytes), _) => {
            return Some(format!("unhex('{}')", bytes.iter().map(|b| format!("{b:02x}")).collect::<String>()));
        }
        (OwnValue::Float(x), _) if x.is_nan() => "NaN".to_owned(),
        (OwnValue::Float(x), _) => format!("{x:e}"),
        (OwnValue::Int(day), Type::Date) => return cast(&format!("make_timestamp({})", day * 86_400_000_000), ty),
        (OwnValue::Int(at), Type::Datetime) => return Some(format!("make_timestamp({at})")),
        (OwnValue::Int(at), Type::Time) => return cast(&format!("make_timestamp({at})"), ty),
        (OwnValue::Int(digits), Type::Decimal(_, scale)) => format!("{digits}e-{scale}"),
        (OwnValue::Int(x), _) => x.to_string(),
        _ => return None,
    };
    if let (OwnValue::Int(digits), Type::Decimal(p, scale)) = (value, ty) {
        // Exact by whole numbers, and not by the text of a float.
        let places = usize::try_from(*scale).ok()?;
        let padded = format!("{:0>width$}", digits.unsigned_abs(), width = places + 1);
        let (whole, rest) = padded.split_at(padded.len() - places);
        let sign = if *digits < 0 { "-" } else { "" };
        return Some(format!("CAST('{sign}{whole}.{rest}' AS DECIMAL({p},{scale}))"));
    }
    cast(&format!("'{text}'"), ty)
}

fn is_whole(ty: &Type) -> bool {
    matches!(ty, Type::Int8 | Type::Int16 | Type::Int32 | Type::Int64 | Type::UInt8 | Type::UInt16 | Type::UInt32 | Type::UInt64)
}

pub(super) fn is_float(ty: &Type) -> bool {
    matches!(ty, Type::Float32 | Type::Float64)
}

/// A cast that means the same.
fn converted(input: &Known, to: &Type, attempt: bool, schema: &Schema) -> Option<String> {
    let text = expression(input, schema)?;
    let decimal = |ty: &Type| matches!(ty, Type::Decimal(..));
    let text = match (&input.ty, to) {
        (from, to) if is_whole(from) && (is_whole(to) || is_float(to) || decimal(to) || matches!(to, Type::Bool | Type::Str)) => {
            text
        }
        (Type::Bool, to) if is_whole(to) || *to == Type::Str => text,
        // DuckDB rounds.
        (from, to) if (is_float(from) || decimal(from)) && is_whole(to) => format!("trunc({text})"),
        (from, to) if is_float(from) && is_float(to) => text,
        (Type::Decimal(..), Type::Decimal(..) | Type::Float64 | Type::Str) => text,
        (Type::Date, Type::Datetime | Type::Str) | (Type::Datetime, Type::Date | Type::Time | Type::Str) => text,
        (Type::Time, Type::Str) => text,
        // DuckDB rounds text with a fraction.
        (Type::Str, to) if is_whole(to) && attempt => {
            format!("CASE WHEN regexp_full_match(trim({text}), '[-+]?[0-9]+') THEN trim({text}) END")
        }
        // The text of floats, and text that is true or a number with an exponent, are others.
        _ => return None,
    };
    Some(format!("{}({text} AS {})", if attempt { "TRY_CAST" } else { "CAST" }, type_name(to)?))
}

fn ordered(order: &[(usize, bool)], schema: &Schema) -> Option<String> {
    let one = |(at, up): &(usize, bool)| {
        Some(format!("{} {} NULLS LAST", quoted(schema.names().nth(*at)?), if *up { "ASC" } else { "DESC" }))
    };
    Some(order.iter().map(one).collect::<Option<Vec<_>>>()?.join(", "))
}

fn word(function: A, arg: &Type) -> Option<&'static str> {
    let averaged = is_whole(arg) || is_float(arg);
    Some(match function {
        A::Count => "count",
        A::Min => "min",
        A::Max => "max",
        A::Sum | A::CheckedSum => "sum",
        A::Avg if averaged => "avg",
        A::Variance if averaged => "var_samp",
        A::VariancePopulation if averaged => "var_pop",
        A::Stddev if averaged => "stddev_samp",
        A::StddevPopulation if averaged => "stddev_pop",
        _ => return None,
    })
}

/// What is aggregated: numbers as doubles where the result is one.
fn aggregated(function: A, arg: &Known, ty: &Type, schema: &Schema) -> Option<String> {
    let text = expression(arg, schema)?;
    let extreme = matches!(function, A::Min | A::Max | A::Count);
    if *ty == Type::Float64 && !extreme { cast(&text, ty) } else { Some(text) }
}

fn aggregate(call: &KnownAggregate, schema: &Schema) -> Option<String> {
    let filter = match &call.filter {
        Some(filter) => format!(" FILTER (WHERE {})", expression(filter, schema)?),
        None => String::new(),
    };
    let Some(arg) = &call.arg else { return Some(format!("count(*){filter}")) };
    let inner = aggregated(call.function, arg, &call.ty, schema)?;
    let text = match call.function {
        A::First | A::Last => {
            let word = if call.function == A::First { "first" } else { "last" };
            format!("{word}({inner} ORDER BY {}){filter}", ordered(&call.order, schema)?)
        }
        A::Quantile(at) => format!("quantile_cont({inner}, {at}){filter}"),
        function => {
            format!("{}({}{inner}){filter}", word(function, &arg.ty)?, if call.distinct { "DISTINCT " } else { "" })
        }
    };
    cast(&text, &call.ty)
}

fn window(call: &KnownWindow, schema: &Schema) -> Option<String> {
    let keys = call.keys.iter().map(|at| Some(quoted(schema.names().nth(*at)?))).collect::<Option<Vec<_>>>()?;
    let mut over = if keys.is_empty() { String::new() } else { format!("PARTITION BY {} ", keys.join(", ")) };
    if !call.order.is_empty() {
        over += &format!("ORDER BY {}", ordered(&call.order, schema)?);
    }
    let arg = match &call.arg {
        Some(arg) => Some((expression(arg, schema)?, &arg.ty)),
        None => None,
    };
    let text = match (call.function, arg) {
        (W::RowNumber, None) => "row_number()".to_owned(),
        (W::Rank, None) => "rank()".to_owned(),
        (W::DenseRank, None) => "dense_rank()".to_owned(),
        (W::Lag(by), Some((arg, _))) => format!("lag({arg}, {by}, {})", literal(&call.default, &call.ty)?),
        (W::Lead(by), Some((arg, _))) => format!("lead({arg}, {by}, {})", literal(&call.default, &call.ty)?),
        (W::Aggregate(function), arg) => {
            over += &match call.frame {
                Frame::ToPeers => " RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW".to_owned(),
                Frame::Rows { start, end } => format!(" ROWS BETWEEN {} AND {}", bound(start, true), bound(end, false)),
            };
            match (arg, &call.arg) {
                (Some((_, ty)), Some(known)) => {
                    format!("{}({})", word(function, ty)?, aggregated(function, known, &call.ty, schema)?)
                }
                _ => "count(*)".to_owned(),
            }
        }
        _ => return None,
    };
    cast(&format!("{text} OVER ({over})"), &call.ty)
}

fn bound(rows: Option<i64>, start: bool) -> String {
    match rows {
        None => format!("UNBOUNDED {}", if start { "PRECEDING" } else { "FOLLOWING" }),
        Some(0) => "CURRENT ROW".to_owned(),
        Some(n) if n < 0 => format!("{} PRECEDING", n.unsigned_abs()),
        Some(n) => format!("{n} FOLLOWING"),
    }
}

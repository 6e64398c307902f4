//! Terms as expressions of queries.

use fugue_core::{Schema, Type};

use super::super::expr::{Kind, Known, Term, date};
use super::aggregate::{aggregate, window};
use super::call::call;
use super::{cast, quoted};
use crate::value::OwnValue;

/// The word of a type, where text has one.
pub(super) fn type_name(ty: &Type) -> Option<String> {
    Some(match ty {
        Type::Bool => "BOOLEAN".to_owned(),
        Type::Int8 => "TINYINT".to_owned(),
        Type::Int16 => "SMALLINT".to_owned(),
        Type::Int32 => "INT".to_owned(),
        Type::Int64 => "BIGINT".to_owned(),
        Type::UInt8 => "TINYINT UNSIGNED".to_owned(),
        Type::UInt16 => "SMALLINT UNSIGNED".to_owned(),
        Type::UInt32 => "INT UNSIGNED".to_owned(),
        Type::UInt64 => "BIGINT UNSIGNED".to_owned(),
        Type::Float32 => "REAL".to_owned(),
        Type::Float64 => "DOUBLE".to_owned(),
        Type::Str => "VARCHAR".to_owned(),
        Type::Date => "DATE".to_owned(),
        Type::Datetime => "TIMESTAMP".to_owned(),
        Type::Decimal(p, s) => format!("DECIMAL({p},{s})"),
        _ => return None,
    })
}

/// A term over a schema.
pub(super) fn term(term: &Term, schema: &Schema) -> Option<String> {
    expression(&Known::of(term, schema).ok()?, schema)
}

/// A term that is true, false or null.
pub(super) fn condition(term: &Term, schema: &Schema) -> Option<String> {
    expression(&Known::condition(term, schema).ok()?, schema)
}

/// A term as a key: zeros of both signs are one.
pub(super) fn same(term: &Term, schema: &Schema) -> Option<String> {
    key(&Known::of(term, schema).ok()?, schema)
}

/// A known term as a key or a side of a comparison.
pub(super) fn key(known: &Known, schema: &Schema) -> Option<String> {
    one_float(&expression(known, schema)?, &known.ty)
}

/// A value of which there is one for each that is equal to it: floats have one NaN and one zero, the positive ones.
pub(super) fn one_float(text: &str, ty: &Type) -> Option<String> {
    Some(match ty {
        Type::Float32 | Type::Float64 => format!("(nanvl({text}, {}) + {})", cast("'NaN'", ty)?, cast("'0'", ty)?),
        _ => text.to_owned(),
    })
}

/// An order, with nulls last both ways.
pub(super) fn sorted(order: &[(String, bool)], schema: &Schema) -> Option<String> {
    let one = |(name, up): &(String, bool)| {
        Some(format!("{} {} NULLS LAST", same(&Term::column(name), schema)?, if *up { "ASC" } else { "DESC" }))
    };
    Some(order.iter().map(one).collect::<Option<Vec<_>>>()?.join(", "))
}

/// The name of a column by its position.
pub(super) fn name(at: usize, schema: &Schema) -> Option<String> {
    schema.names().nth(at).map(str::to_owned)
}

/// An expression.
pub(super) fn expression(known: &Known, schema: &Schema) -> Option<String> {
    type_name(&known.ty)?;
    match &known.kind {
        Kind::Column(at) => Some(quoted(&name(*at, schema)?)),
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
        (OwnValue::Float(x), _) if x.is_nan() => "NaN".to_owned(),
        (OwnValue::Float(x), _) => format!("{x:?}"),
        (OwnValue::Int(day), Type::Date) => date(*day),
        (OwnValue::Int(at), Type::Datetime) => {
            return Some(format!("arrow_cast(CAST('{at}' AS BIGINT), 'Timestamp(Microsecond, None)')"));
        }
        (OwnValue::Int(digits), Type::Decimal(_, scale)) => {
            let places = usize::try_from(*scale).ok()?;
            let digits_text = format!("{:0>width$}", digits.unsigned_abs(), width = places + 1);
            let (whole, rest) = digits_text.split_at(digits_text.len() - places);
            let sign = if *digits < 0 { "-" } else { "" };
            if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
        }
        (OwnValue::Int(x), _) => x.to_string(),
        _ => return None,
    };
    cast(&format!("'{text}'"), ty)
}

/// The ends of an integer type.
fn range(ty: &Type) -> Option<(i128, i128)> {
    let (bits, signed) = match ty {
        Type::Int8 => (7, true),
        Type::Int16 => (15, true),
        Type::Int32 => (31, true),
        Type::UInt8 => (8, false),
        Type::UInt16 => (16, false),
        Type::UInt32 => (32, false),
        _ => return None,
    };
    let most = (1_i128 << bits) - 1;
    Some((if signed { -most - 1 } else { 0 }, most))
}

/// A cast that means the same in text.
fn converted(input: &Known, to: &Type, attempt: bool, schema: &Schema) -> Option<String> {
    let text = expression(input, schema)?;
    let whole = |ty: &Type| {
        matches!(ty, Type::Int8 | Type::Int16 | Type::Int32 | Type::Int64 | Type::UInt8 | Type::UInt16 | Type::UInt32)
    };
    let float = |ty: &Type| matches!(ty, Type::Float32 | Type::Float64);
    let text = match (&input.ty, to) {
        // A comparison with an attempt is made one without the attempt (DataFusion 55.2), so the range is asked for first.
        (from, to) if attempt && whole(from) && whole(to) => {
            let (least, most) = range(to)?;
            return Some(format!("CASE WHEN {text} BETWEEN {least} AND {most} THEN TRY_CAST({text} AS {}) END", type_name(to)?));
        }
        // Blanks around a number are no part of it.
        (Type::Str, to) if whole(to) => format!("trim({text})"),
        (Type::Date, Type::Datetime) => return cast(&text, to),
        (from, to) if whole(from) && (whole(to) || float(to) || matches!(to, Type::Bool | Type::Decimal(..) | Type::Str)) => text,
        (Type::Bool, to) if whole(to) || *to == Type::Str => text,
        (Type::Float32 | Type::Float64, to) if whole(to) || float(to) => text,
        (Type::Decimal(..), Type::Decimal(..)) | (Type::Datetime, Type::Date) | (Type::Date, Type::Str) => text,
        // Floats and moments are other text, and decimals become floats by another way.
        _ => return None,
    };
    Some(format!("{}({text} AS {})", if attempt { "TRY_CAST" } else { "CAST" }, type_name(to)?))
}

//! Calls of functions in the words of queries.

use fugue_core::expr::{Function, TimeUnit};
use fugue_core::{Schema, Type};

use super::super::expr::{Kind, Known};
use super::cast;
use super::terms::{expression, key, type_name};
use crate::value::OwnValue;

/// A call, where text can say it.
pub(super) fn call(function: Function, args: &[Known], ty: &Type, schema: &Schema) -> Option<String> {
    use Function as F;
    let said = |known: &Known| expression(known, schema);
    let all = || args.iter().map(said).collect::<Option<Vec<_>>>();
    let first = args.first()?;
    let float = matches!(first.ty, Type::Float32 | Type::Float64);
    Some(match (function, &all()?[..]) {
        (F::Add | F::Subtract | F::Multiply, [a, b]) => {
            let sign = match function {
                F::Add => "+",
                F::Subtract => "-",
                _ => "*",
            };
            let text = format!("({a} {sign} {b})");
            if float { one_nan(&text, ty)? } else { text }
        }
        (F::Divide | F::DivideTrue, [a, b]) if float => one_nan(&format!("({a} / {b})"), ty)?,
        (F::Modulo, [a, b]) if float => one_nan(&format!("({a} % {b})"), ty)?,
        (F::Divide | F::Modulo, [a, b]) => divided(function, (a, b), &args[1].ty)?,
        (F::Negate, [a]) if float => format!("(- {a})"),
        (F::Negate, [a]) if !is_decimal(ty) => format!("({} - {a})", cast("'0'", ty)?),
        (F::Abs, [a]) if float || is_decimal(ty) => format!("abs({a})"),
        (F::Abs, [a]) if is_signed(ty) => format!("CASE WHEN {a} < 0 THEN {} - {a} ELSE {a} END", cast("'0'", ty)?),
        (F::Floor, [a]) if float => format!("floor({a})"),
        (F::Ceil, [a]) if float => format!("ceil({a})"),
        (F::Floor | F::Ceil, [a]) if is_signed(ty) => a.clone(),
        (F::Round, [a, _]) if is_signed(ty) && matches!(args[1].kind, Kind::Literal(OwnValue::Int(0..))) => a.clone(),
        // The root of a negative number is an error in text.
        (F::Sqrt, [a]) => {
            let (zero, nan) = (cast("'0'", ty)?, cast("'NaN'", ty)?);
            format!("sqrt(CASE WHEN {} < {zero} THEN {nan} ELSE {a} END)", key(first, schema)?)
        }
        (F::Equal | F::NotEqual | F::Less | F::LessOrEqual | F::Greater | F::GreaterOrEqual | F::NotDistinct, [_, _]) => {
            let sign = match function {
                F::Equal => "=",
                F::NotEqual => "<>",
                F::Less => "<",
                F::LessOrEqual => "<=",
                F::Greater => ">",
                F::GreaterOrEqual => ">=",
                _ => "IS NOT DISTINCT FROM",
            };
            format!("({} {sign} {})", key(&args[0], schema)?, key(&args[1], schema)?)
        }
        (F::And, [a, b]) => format!("({a} AND {b})"),
        (F::Or, [a, b]) => format!("({a} OR {b})"),
        (F::Not, [a]) => format!("(NOT {a})"),
        (F::IsNull, [a]) => format!("({a} IS NULL)"),
        (F::IsNotNull, [a]) => format!("({a} IS NOT NULL)"),
        (F::IsNan, [a]) => format!("isnan({a})"),
        (F::IsIn, [_, _, ..]) => {
            let keys = args.iter().map(|a| key(a, schema)).collect::<Option<Vec<_>>>()?;
            format!("({} IN ({}))", keys[0], keys[1..].join(", "))
        }
        (F::Coalesce, list) => format!("coalesce({})", list.join(", ")),
        // Between literals nullif knows two zeros.
        (F::NullIf, [a, _]) if float => {
            format!("CASE WHEN {} = {} THEN NULL ELSE {a} END", key(first, schema)?, key(&args[1], schema)?)
        }
        (F::NullIf, [a, b]) => format!("nullif({a}, {b})"),
        (F::Length, [a]) => cast(&format!("length({a})"), ty)?,
        (F::Lower, [a]) => format!("lower({a})"),
        (F::Upper, [a]) => format!("upper({a})"),
        (F::Trim, [a]) => format!("trim({a})"),
        (F::TrimStart, [a]) => format!("ltrim({a})"),
        (F::TrimEnd, [a]) => format!("rtrim({a})"),
        (F::Concat, list) => format!("({})", list.join(" || ")),
        // Nothing is found in nothing: text puts the new between all characters.
        (F::Replace, [a, b, c]) => format!("CASE WHEN {b} = '' AND {c} IS NOT NULL THEN {a} ELSE replace({a}, {b}, {c}) END"),
        (F::Contains, [a, b]) => format!("contains({a}, {b})"),
        (F::StartsWith, [a, b]) => format!("starts_with({a}, {b})"),
        (F::EndsWith, [a, b]) => format!("ends_with({a}, {b})"),
        (F::Find, [a, b]) => format!("(nullif(CAST(strpos({a}, {b}) AS BIGINT), 0) - 1)"),
        (F::Like, [a, b]) => format!("({a} LIKE {b})"),
        (F::Substring, [a, rest @ ..]) => substring(a, rest, &args[1..])?,
        (F::Year, [a]) => part("year", a),
        (F::Quarter, [a]) => part("quarter", a),
        (F::Month, [a]) => part("month", a),
        (F::Day, [a]) => part("day", a),
        (F::DayOfYear, [a]) => part("doy", a),
        // Sunday is the seventh day, and not day zero.
        (F::Weekday, [a]) => format!("CAST((date_part('dow', {a}) + 6) % 7 + 1 AS INT)"),
        (F::Hour, [a]) if first.ty == Type::Datetime => part("hour", a),
        (F::Minute, [a]) if first.ty == Type::Datetime => part("minute", a),
        (F::Second, [a]) if first.ty == Type::Datetime => part("second", a),
        (F::Truncate(unit), [a]) => cast(&format!("date_trunc('{}', {a})", word(unit)?), ty)?,
        (F::DateAdd(unit), [a, _]) => {
            let Kind::Literal(OwnValue::Int(by)) = &args[1].kind else { return None };
            // An interval counts its months and days in 32 bits, and reads no greater ones.
            i32::try_from(*by).ok()?;
            cast(&format!("({a} + INTERVAL '{by} {}')", word(unit)?), ty)?
        }
        (F::DateDiff(unit), [a, b]) => difference(unit, a, b, &first.ty)?,
        _ => return None,
    })
}

/// A NaN that was computed has any sign; it becomes the one that is above all.
fn one_nan(text: &str, ty: &Type) -> Option<String> {
    Some(format!("nanvl({text}, {})", cast("'NaN'", ty)?))
}

fn is_signed(ty: &Type) -> bool {
    matches!(ty, Type::Int8 | Type::Int16 | Type::Int32 | Type::Int64)
}

fn is_decimal(ty: &Type) -> bool {
    matches!(ty, Type::Decimal(..))
}

/// A division that is null by zero and wraps by -1.
fn divided(function: Function, (a, b): (&str, &str), ty: &Type) -> Option<String> {
    let sign = if function == Function::Divide { "/" } else { "%" };
    let plain = format!("{a} {sign} nullif({b}, {})", cast("'0'", ty)?);
    if !is_signed(ty) {
        return Some(format!("({plain})"));
    }
    let zero = cast("'0'", ty)?;
    // A null divisor is not -1; a null dividend gives null both ways.
    let least = if sign == "/" { format!("{zero} - {a}") } else { format!("{a} - {a}") };
    Some(format!("CASE WHEN {b} = {} THEN {least} ELSE {plain} END", cast("'-1'", ty)?))
}

fn substring(text: &str, said: &[String], known: &[Known]) -> Option<String> {
    let start = match known.first().map(|k| &k.kind) {
        Some(Kind::Literal(OwnValue::Int(start))) => *start,
        _ => return None,
    };
    // Characters are counted from one, and never from the end.
    let start = if start < 0 { format!("CAST(length({text}) AS BIGINT) + {}", start + 1) } else { (start + 1).to_string() };
    Some(match said.get(1) {
        Some(length) => format!("substr({text}, {start}, {length})"),
        None => format!("substr({text}, {start})"),
    })
}

fn part(word: &str, of: &str) -> String {
    format!("CAST(date_part('{word}', {of}) AS INT)")
}

fn word(unit: TimeUnit) -> Option<&'static str> {
    Some(match unit {
        TimeUnit::Year => "year",
        TimeUnit::Month => "month",
        TimeUnit::Week => "week",
        TimeUnit::Day => "day",
        TimeUnit::Hour => "hour",
        TimeUnit::Minute => "minute",
        TimeUnit::Second => "second",
        _ => return None,
    })
}

fn difference(unit: TimeUnit, a: &str, b: &str, ty: &Type) -> Option<String> {
    let each: i64 = match (unit, ty) {
        (TimeUnit::Day, Type::Date) => 1,
        (TimeUnit::Week, Type::Date) => 7,
        (TimeUnit::Hour, Type::Datetime) => 3_600_000_000,
        (TimeUnit::Day, Type::Datetime) => 86_400_000_000,
        (TimeUnit::Week, Type::Datetime) => 604_800_000_000,
        _ => return None,
    };
    let number = if *ty == Type::Date { "Int32" } else { "Int64" };
    let as_number =
        |text: &str| format!("CAST(arrow_cast({text}, '{number}') AS {})", type_name(&Type::Int64).unwrap_or_default());
    Some(format!("(({} - {}) / {each})", as_number(a), as_number(b)))
}

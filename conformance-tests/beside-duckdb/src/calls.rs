//! Calls of functions in DuckDB's words.

use fugue_core::expr::{Function as F, TimeUnit};
use fugue_core::{Schema, Type};

use super::terms::{cast, expression, is_float};
use conformance_tests::oracle::expr::{Kind, Known};
use conformance_tests::value::OwnValue;

/// A call, where DuckDB can say it.
pub(super) fn call(function: F, args: &[Known], ty: &Type, schema: &Schema) -> Option<String> {
    let all = args.iter().map(|arg| expression(arg, schema)).collect::<Option<Vec<_>>>()?;
    let float = args.first().is_some_and(|a| is_float(&a.ty));
    let decimal = args.first().is_some_and(|a| matches!(a.ty, Type::Decimal(..)));
    let digits = match args.get(1).map(|a| &a.kind) {
        Some(Kind::Literal(OwnValue::Int(digits))) => Some(*digits),
        _ => None,
    };
    let constant = |arg: &Known| matches!(arg.kind, Kind::Literal(_));
    let plain = |arg: &Known| matches!(arg.kind, Kind::Literal(_) | Kind::Column(_));
    Some(match (function, &all[..]) {
        // DuckDB moves the parts of a sum of constants across a comparison, and then does not see that it is too great.
        (F::Add | F::Subtract | F::Multiply, _) if args.iter().all(constant) => return None,
        (F::Add | F::CheckedAdd, [a, b]) => cast(&format!("({a} + {b})"), ty)?,
        (F::Subtract | F::CheckedSubtract, [a, b]) => cast(&format!("({a} - {b})"), ty)?,
        (F::Multiply | F::CheckedMultiply, [a, b]) => cast(&format!("({a} * {b})"), ty)?,
        // DuckDB's quotients of decimals are doubles.
        (F::Divide | F::Modulo | F::DivideTrue, _) if decimal => return None,
        (F::Divide | F::DivideTrue, [a, b]) if float => format!("({a} / {b})"),
        (F::Divide, [a, b]) => format!("({a} // {b})"),
        (F::Modulo, [a, b]) => format!("({a} % {b})"),
        (F::Negate, [a]) => format!("(- {a})"),
        (F::Abs, [a]) => format!("abs({a})"),
        (F::Floor, [a]) => cast(&format!("floor({a})"), ty)?,
        (F::Ceil, [a]) => cast(&format!("ceil({a})"), ty)?,
        // DuckDB rounds the product with a power of ten, and not the decimal text.
        (F::Round, _) if float && digits != Some(0) => return None,
        // Near the ends of its type DuckDB goes around: 9223372036854775807 to hundreds is -9223372036854775700.
        (F::Round, _) if !decimal && digits.is_none_or(|digits| digits < 0) => return None,
        (F::Round, [a, b]) => cast(&format!("round({a}, CAST({b} AS INTEGER))"), ty)?,
        (F::Sqrt, [a]) => format!("CASE WHEN {a} < 0 THEN CAST('NaN' AS DOUBLE) ELSE sqrt({a}) END"),
        (F::Equal, [a, b]) => format!("({a} = {b})"),
        (F::NotEqual, [a, b]) => format!("({a} <> {b})"),
        (F::Less, [a, b]) => format!("({a} < {b})"),
        (F::LessOrEqual, [a, b]) => format!("({a} <= {b})"),
        (F::Greater, [a, b]) => format!("({a} > {b})"),
        (F::GreaterOrEqual, [a, b]) => format!("({a} >= {b})"),
        (F::NotDistinct, [a, b]) => format!("({a} IS NOT DISTINCT FROM {b})"),
        (F::And, [a, b]) => format!("({a} AND {b})"),
        (F::Or, [a, b]) => format!("({a} OR {b})"),
        (F::Not, [a]) => format!("(NOT {a})"),
        (F::IsNull, [a]) => format!("({a} IS NULL)"),
        (F::IsNotNull, [a]) => format!("({a} IS NOT NULL)"),
        (F::IsNan, [a]) => format!("isnan({a})"),
        (F::IsIn, [a, rest @ ..]) if !rest.is_empty() => format!("({a} IN ({}))", rest.join(", ")),
        // DuckDB computes no further than the first value that is there, so what fails behind it does not fail there.
        (F::Coalesce, _) if !args.iter().skip(1).all(plain) => return None,
        (F::Coalesce, list) => format!("coalesce({})", list.join(", ")),
        (F::NullIf, [a, b]) => format!("nullif({a}, {b})"),
        (F::Length, [a]) => cast(&format!("length({a})"), ty)?,
        (F::Lower, [a]) => format!("lower({a})"),
        (F::Upper, [a]) => format!("upper({a})"),
        (F::Trim, [a]) => format!("trim({a})"),
        (F::TrimStart, [a]) => format!("ltrim({a})"),
        (F::TrimEnd, [a]) => format!("rtrim({a})"),
        (F::Concat, list) => format!("({})", list.join(" || ")),
        (F::Replace, [a, b, c]) => format!("replace({a}, {b}, {c})"),
        (F::Contains, [a, b]) => format!("contains({a}, {b})"),
        (F::StartsWith, [a, b]) => format!("starts_with({a}, {b})"),
        (F::EndsWith, [a, b]) => format!("ends_with({a}, {b})"),
        // DuckDB finds nothing in nothing at no place.
        (F::Find, [a, b]) => {
            format!("CASE WHEN {b} = '' AND {a} IS NOT NULL THEN 0 ELSE nullif(CAST(strpos({a}, {b}) AS BIGINT), 0) - 1 END")
        }
        (F::Like, [a, b]) => format!("({a} LIKE {b})"),
        (F::RegexMatch, [a, b]) => format!("regexp_matches({a}, {b})"),
        (F::RegexReplace, [a, b, c]) => format!("regexp_replace({a}, {b}, {}, 'g')", c.replace("$0", "\\0")),
        (F::Substring, [a, _, rest @ ..]) => substring(a, digits?, rest.first()),
        (F::Year, [a]) => part("year", a),
        (F::Quarter, [a]) => part("quarter", a),
        (F::Month, [a]) => part("month", a),
        (F::Day, [a]) => part("day", a),
        (F::DayOfYear, [a]) => part("doy", a),
        (F::Weekday, [a]) => part("isodow", a),
        (F::Hour, [a]) => part("hour", a),
        (F::Minute, [a]) => part("minute", a),
        (F::Second, [a]) => part("second", a),
        (F::Truncate(unit), [a]) => cast(&format!("date_trunc('{}', {a})", word(unit)), ty)?,
        (F::DateAdd(unit), [a, _]) => {
            // Intervals count in 32 bits.
            let by = i32::try_from(digits?).ok()?;
            cast(&format!("({a} + INTERVAL ({by}) {})", word(unit)), ty)?
        }
        (F::DateDiff(unit), [a, b]) => format!("datesub('{}', {b}, {a})", word(unit)),
        _ => return None,
    })
}

/// Characters from a place that may be counted from the end, or lie before the start.
fn substring(text: &str, start: i128, length: Option<&String>) -> String {
    let from = if start < 0 { format!("(length({text}) + {start})") } else { start.to_string() };
    match length {
        Some(length) => format!("substring({text}, greatest({from}, 0) + 1, greatest({length} + least({from}, 0), 0))"),
        None => format!("substring({text}, greatest({from}, 0) + 1)"),
    }
}

fn part(word: &str, of: &str) -> String {
    format!("CAST(date_part('{word}', {of}) AS INTEGER)")
}

fn word(unit: TimeUnit) -> String {
    format!("{unit:?}").to_lowercase()
}

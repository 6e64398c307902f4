//! Terms as the Rust that a reader of a failure can paste.

use std::fmt;

use fugue_core::expr::{AggregateFunction, Frame, Function, WindowFunction};

use super::cast::literal_text;
use super::{Aggregate, Term, Window};
use crate::value::OwnValue;

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(name) => write!(f, "col({name:?})"),
            Self::Null => f.write_str("null()"),
            Self::Literal(value, ty) => match (value, ty) {
                (OwnValue::Null, ty) => write!(f, "null().cast(\"{ty}\")"),
                (OwnValue::Int(x), fugue_core::Type::Int64) => write!(f, "lit({x}_i64)"),
                (OwnValue::Int(x), fugue_core::Type::UInt64) => write!(f, "lit({x}_u64)"),
                (OwnValue::Int(x), ty) => write!(f, "typed({:?}, \"{ty}\")", literal_text(*x, ty)),
                (OwnValue::Float(x), ty) => {
                    let x = if x.is_finite() { format!("{x:?}") } else { format!("f64::from_bits(0x{:x})", x.to_bits()) };
                    if *ty == fugue_core::Type::Float64 { write!(f, "lit({x})") } else { write!(f, "typed({x}, \"{ty}\")") }
                }
                (OwnValue::Bytes(b), _) => write!(f, "lit(vec!{b:?})"),
                (value, _) => write!(f, "lit({value})"),
            },
            Self::Cast { input, to, attempt } => write!(f, "{input}.{}(\"{to}\")", if *attempt { "try_cast" } else { "cast" }),
            Self::Case { branches, otherwise } => {
                for (i, (condition, value)) in branches.iter().enumerate() {
                    write!(f, "{}when({condition}).then({value})", if i == 0 { "" } else { "." })?;
                }
                match otherwise {
                    None => f.write_str(".end()"),
                    Some(otherwise) => write!(f, ".otherwise({otherwise})"),
                }
            }
            Self::Call(function, args) => call(f, *function, args),
            Self::Aggregate(call) => aggregate(f, call),
            Self::Window(call) => window(f, call),
        }
    }
}

fn call(f: &mut fmt::Formatter<'_>, function: Function, args: &[Term]) -> fmt::Result {
    use Function as F;
    let sign = match function {
        F::Add => Some("+"),
        F::Subtract => Some("-"),
        F::Multiply => Some("*"),
        F::Divide => Some("/"),
        F::Modulo => Some("%"),
        _ => None,
    };
    match (sign, function, args) {
        (Some(sign), _, [a, b]) => return write!(f, "({a} {sign} {b})"),
        (_, F::Negate, [a]) => return write!(f, "(-{a})"),
        (_, F::Not, [a]) => return write!(f, "(!{a})"),
        (_, F::Coalesce | F::Concat, args) => {
            write!(f, "{}([", if function == F::Coalesce { "coalesce" } else { "concat" })?;
            list(f, args)?;
            return f.write_str("])");
        }
        (_, F::NullIf, [a, b]) => return write!(f, "nullif({a}, {b})"),
        (_, F::Round, [a, Term::Literal(digits, _)]) => return write!(f, "{a}.round({digits})"),
        (_, F::IsIn, [a, items @ ..]) => {
            write!(f, "{a}.is_in([")?;
            list(f, items)?;
            return f.write_str("])");
        }
        _ => {}
    }
    let (name, unit) = match function {
        F::DivideTrue => ("div_true".to_owned(), None),
        F::CheckedSubtract => ("checked_sub".to_owned(), None),
        F::CheckedMultiply => ("checked_mul".to_owned(), None),
        F::CheckedDivide => ("checked_div".to_owned(), None),
        F::Equal => ("eq".to_owned(), None),
        F::NotEqual => ("not_eq".to_owned(), None),
        F::Less => ("lt".to_owned(), None),
        F::LessOrEqual => ("lt_eq".to_owned(), None),
        F::Greater => ("gt".to_owned(), None),
        F::GreaterOrEqual => ("gt_eq".to_owned(), None),
        F::NotDistinct => ("not_distinct_from".to_owned(), None),
        F::Substring if args.len() == 2 => ("substring_from".to_owned(), None),
        F::Truncate(unit) => ("truncate".to_owned(), Some(unit)),
        F::DateAdd(unit) => ("date_add".to_owned(), Some(unit)),
        F::DateDiff(unit) => ("date_diff".to_owned(), Some(unit)),
        other => (snake(&format!("{other:?}")), None),
    };
    let Some((a, rest)) = args.split_first() else { return write!(f, "{name}()") };
    write!(f, "{a}.{name}(")?;
    if let Some(unit) = unit {
        write!(f, "TimeUnit::{unit:?}{}", if rest.is_empty() { "" } else { ", " })?;
    }
    list(f, rest)?;
    f.write_str(")")
}

fn list(f: &mut fmt::Formatter<'_>, items: &[Term]) -> fmt::Result {
    items.iter().enumerate().try_for_each(|(i, item)| write!(f, "{}{item}", if i == 0 { "" } else { ", " }))
}

/// `StartsWith` as `starts_with`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for (i, c) in name.chars().enumerate() {
        if c.is_uppercase() && i > 0 {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

fn plain(f: &mut fmt::Formatter<'_>, function: AggregateFunction, arg: Option<&Term>) -> fmt::Result {
    match (function, arg) {
        (_, None) => f.write_str("count_all()"),
        (AggregateFunction::Quantile(at), Some(arg)) => write!(f, "quantile({arg}, {at:?})"),
        (function, Some(arg)) => write!(f, "{}({arg})", snake(&format!("{function:?}"))),
    }
}

fn order(order: &[(String, bool)]) -> String {
    let one = |(name, up): &(String, bool)| format!("({name:?}, {up})");
    format!("[{}]", order.iter().map(one).collect::<Vec<_>>().join(", "))
}

fn aggregate(f: &mut fmt::Formatter<'_>, call: &Aggregate) -> fmt::Result {
    plain(f, call.function, call.arg.as_ref())?;
    if call.distinct {
        f.write_str(".distinct()")?;
    }
    if let Some(filter) = &call.filter {
        write!(f, ".where_({filter})")?;
    }
    if call.order.is_empty() { Ok(()) } else { write!(f, ".order_by({})", order(&call.order)) }
}

fn window(f: &mut fmt::Formatter<'_>, call: &Window) -> fmt::Result {
    let arg = call.arg.as_ref().map_or_else(String::new, ToString::to_string);
    match call.function {
        WindowFunction::Lag(by) => write!(f, "lag({arg}, {by})")?,
        WindowFunction::Lead(by) => write!(f, "lead({arg}, {by})")?,
        WindowFunction::Aggregate(function) => plain(f, function, call.arg.as_ref())?,
        other => write!(f, "{}()", snake(&format!("{other:?}")))?,
    }
    if let Some(default) = &call.default {
        write!(f, ".or_default({default})")?;
    }
    let keys = if call.keys.is_empty() { "Over::all()".to_owned() } else { format!("Over::partition_by({:?})", call.keys) };
    write!(f, ".over({keys}")?;
    if !call.order.is_empty() {
        write!(f, ".order_by({}).total_order()", order(&call.order))?;
    }
    match call.frame {
        None => {}
        Some(Frame::ToPeers) => f.write_str(".to_peers()")?,
        Some(Frame::Rows { start, end }) => {
            let shown = |n: Option<i64>, before: &str| n.map_or_else(String::new, |n| format!("{before}{n}"));
            write!(f, ".rows({}..{})", shown(start, ""), shown(end, "="))?;
        }
    }
    f.write_str(")")
}

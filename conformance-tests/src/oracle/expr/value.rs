//! The value of a term for one row.

use fugue_core::Type;
use fugue_core::expr::{AggregateFunction, Function};

use super::types::{digits, integer};
use super::{Kind, Known, calendar, cast, number, text};
use crate::value::{OwnRow, OwnValue};

/// Where a term is evaluated: the rows, and which of them; for aggregates the rows of the group.
#[derive(Clone, Copy)]
pub struct Scope<'s> {
    /// All rows.
    pub rows: &'s [OwnRow],
    /// Which of them.
    pub at: usize,
    /// The rows of the group.
    pub group: &'s [usize],
    /// Who answers otherwise than the contract.
    pub dialect: &'s dyn Dialect,
}

impl std::fmt::Debug for Scope<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "row {} of {}", self.at, self.rows.len())
    }
}

/// What an engine answers otherwise than the contract: the ways of real engines, for the faults of the suite's own tests. Nothing here is
/// the contract.
pub trait Dialect {
    /// A function's own answer.
    fn call(&self, function: Function, args: &[OwnValue], types: &[Type]) -> Option<Result<OwnValue, String>> {
        let _ = (function, args, types);
        None
    }

    /// An aggregate's own answer; the values have their nulls.
    fn aggregate(
        &self,
        function: AggregateFunction,
        values: &[OwnValue],
        distinct: bool,
        ty: &Type,
    ) -> Option<Result<OwnValue, String>> {
        let _ = (function, values, distinct, ty);
        None
    }

    /// A cast's own answer.
    fn cast(&self, value: &OwnValue, from: &Type, to: &Type) -> Option<Result<OwnValue, String>> {
        let _ = (value, from, to);
        None
    }

    /// Whether values of a case are computed for rows that do not take them.
    fn computes_all_branches(&self) -> bool {
        false
    }
}

/// The contract, and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Standard;

impl Dialect for Standard {}

impl<'s> Scope<'s> {
    /// The same at another row.
    #[must_use]
    pub fn at(self, at: usize) -> Self {
        Self { at, ..self }
    }
}

/// Whether the oracle knows a function of arguments of such types.
pub(super) fn knows(function: Function, args: &[Known]) -> bool {
    use Function as F;
    let written = |at: usize| match args.get(at).map(|a| &a.kind) {
        Some(Kind::Literal(OwnValue::Text(text))) => Some(text.as_str()),
        _ => None,
    };
    match function {
        F::RegexMatch => written(1).is_some_and(text::knows_pattern),
        F::RegexReplace => written(1).zip(written(2)).is_some_and(|(pattern, with)| text::knows_replacement(pattern, with)),
        F::Round => matches!(args.get(1).map(|d| &d.kind), Some(Kind::Literal(OwnValue::Int(_)))),
        _ => true,
    }
}

impl Known {
    /// The value.
    ///
    /// # Errors
    /// A message, where the contract wants an error.
    pub fn value(&self, scope: Scope<'_>) -> Result<OwnValue, String> {
        match &self.kind {
            Kind::Column(i) => Ok(scope.rows.get(scope.at).map_or(OwnValue::Null, |row| row[*i].clone())),
            Kind::Literal(value) => Ok(value.clone()),
            Kind::Cast(input, attempt) => {
                let value = input.value(scope)?;
                if let Some(own) = scope.dialect.cast(&value, &input.ty, &self.ty) {
                    return own;
                }
                match cast::cast(&value, &input.ty, &self.ty) {
                    Err(_) if *attempt => Ok(OwnValue::Null),
                    other => other,
                }
            }
            Kind::Case(branches, otherwise) => {
                if scope.dialect.computes_all_branches() {
                    branches.iter().map(|(_, v)| v.value(scope)).collect::<Result<Vec<_>, _>>()?;
                }
                for (condition, value) in branches {
                    if condition.value(scope)? == OwnValue::Bool(true) {
                        return value.value(scope);
                    }
                }
                otherwise.as_ref().map_or(Ok(OwnValue::Null), |o| o.value(scope))
            }
            Kind::Call(function, args) => {
                let values = args.iter().map(|a| a.value(scope)).collect::<Result<Vec<_>, _>>()?;
                let types: Vec<Type> = args.iter().map(|a| a.ty.clone()).collect();
                match scope.dialect.call(*function, &values, &types) {
                    Some(own) => own,
                    None => call(*function, &values, &types, &self.ty),
                }
            }
            Kind::Aggregate(call) => call.value(scope, scope.group),
            Kind::Window(call) => call.value(scope),
        }
    }

    /// Whether a condition is true.
    ///
    /// # Errors
    /// As [`value`](Self::value).
    pub fn is_true(&self, scope: Scope<'_>) -> Result<bool, String> {
        Ok(self.value(scope)? == OwnValue::Bool(true))
    }
}

fn call(function: Function, args: &[OwnValue], types: &[Type], ty: &Type) -> Result<OwnValue, String> {
    use Function as F;
    match function {
        F::And => return Ok(both(args, false)),
        F::Or => return Ok(both(args, true)),
        F::IsNull => return Ok(OwnValue::Bool(args[0].is_null())),
        F::IsNotNull => return Ok(OwnValue::Bool(!args[0].is_null())),
        F::NotDistinct => return Ok(OwnValue::Bool(args[0] == args[1])),
        F::Coalesce => return Ok(args.iter().find(|a| !a.is_null()).cloned().unwrap_or(OwnValue::Null)),
        F::NullIf => {
            let equal = !args[0].is_null() && args[0] == args[1];
            return Ok(if equal { OwnValue::Null } else { args[0].clone() });
        }
        F::IsIn => return Ok(is_in(args)),
        _ => {}
    }
    if args.iter().any(OwnValue::is_null) {
        return Ok(OwnValue::Null);
    }
    let compared = |holds: fn(std::cmp::Ordering) -> bool| Ok(OwnValue::Bool(holds(args[0].order(&args[1]))));
    match function {
        F::Equal => compared(std::cmp::Ordering::is_eq),
        F::NotEqual => compared(std::cmp::Ordering::is_ne),
        F::Less => compared(std::cmp::Ordering::is_lt),
        F::LessOrEqual => compared(std::cmp::Ordering::is_le),
        F::Greater => compared(std::cmp::Ordering::is_gt),
        F::GreaterOrEqual => compared(std::cmp::Ordering::is_ge),
        F::Not => Ok(OwnValue::Bool(args[0] != OwnValue::Bool(true))),
        _ => match args {
            [OwnValue::Int(x), rest @ ..] if calendar::is_one(function) => calendar::call(function, *x, rest, &types[0]),
            [OwnValue::Text(_), ..] => text::call(function, args),
            _ => number::call(function, args, types, ty),
        },
    }
}

/// Three-valued and, or: `wins` decides, whatever stands beside it.
fn both(args: &[OwnValue], wins: bool) -> OwnValue {
    if args.contains(&OwnValue::Bool(wins)) {
        OwnValue::Bool(wins)
    } else if args.iter().any(OwnValue::is_null) {
        OwnValue::Null
    } else {
        OwnValue::Bool(!wins)
    }
}

fn is_in(args: &[OwnValue]) -> OwnValue {
    match args {
        [] | [_] => OwnValue::Bool(false),
        [OwnValue::Null, ..] => OwnValue::Null,
        [value, items @ ..] if items.contains(value) => OwnValue::Bool(true),
        [_, items @ ..] if items.contains(&OwnValue::Null) => OwnValue::Null,
        _ => OwnValue::Bool(false),
    }
}

/// Whether a whole number fits an integer type, or the digits of a decimal.
pub(super) fn fits(value: i128, ty: &Type) -> bool {
    match (integer(ty), ty) {
        (Some((bits, true)), _) => (-(1_i128 << (bits - 1))..1_i128 << (bits - 1)).contains(&value),
        (Some((bits, false)), _) => (0..1_i128 << bits).contains(&value),
        (None, Type::Decimal(p, _)) => value.unsigned_abs() < 10_u128.pow(u32::from(*p)),
        _ => digits(ty).is_some(),
    }
}

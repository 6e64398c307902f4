//! The type rules of functions.

use arrow::array::AsArray;

use crate::error::Result;
use crate::schema::Type;

use super::super::kernels::regex;
use super::super::{Expr, Function, TimeUnit, Typed, TypedNode};
use super::common::{as_decimal, comparable, decimal, decimal_result, is_number};
use super::{Half, called, convert, fitted_where, null_of, refused, unified, unified_by, unified_or_fitted};

/// A call of a function with these arguments, by its rule.
pub(super) fn call(expr: &Expr, function: Function, args: Vec<Half>) -> Result<Typed> {
    use Function as F;
    let cx = Call { expr, function };
    match function {
        F::Add | F::Subtract | F::Multiply | F::Divide | F::Modulo => cx.arithmetic(args),
        F::CheckedAdd | F::CheckedSubtract | F::CheckedMultiply | F::CheckedDivide => cx.arithmetic(args),
        F::DivideTrue | F::Power | F::Sqrt | F::Exp | F::Ln => cx.doubles(args),
        F::Negate | F::Abs | F::Round | F::Floor | F::Ceil => cx.of_number(args),
        F::Equal | F::NotEqual | F::Less | F::LessOrEqual | F::Greater | F::GreaterOrEqual | F::NotDistinct | F::IsIn => {
            // At the type of the column, which is what sources and indices of engines know.
            Ok(called(function, cx.compared(fitted_where(args, |_| true))?.0, Type::Bool))
        }
        F::NullIf => {
            let (args, ty) = cx.compared(fitted_where(args, |types| comparable(types).is_err()))?;
            Ok(called(function, args, ty))
        }
        F::Coalesce => {
            let (args, ty) = unified_or_fitted(expr, args)?;
            Ok(called(function, args, ty))
        }
        F::And | F::Or | F::Not => {
            Ok(called(function, args.into_iter().map(|a| condition(expr, a)).collect::<Result<_>>()?, Type::Bool))
        }
        // Of a null without a type it is known all the same.
        F::IsNull | F::IsNotNull => {
            Ok(called(function, args.into_iter().map(|a| a.unwrap_or_else(|| null_of(&Type::Bool))).collect(), Type::Bool))
        }
        F::IsNan => {
            let [arg] = cx.exactly(args)?;
            let arg = arg.unwrap_or_else(|| null_of(&Type::Float64));
            if !arg.ty.is_float() {
                return Err(refused(expr, format!("only floats can be NaN, and this is {}", arg.ty)));
            }
            Ok(called(function, vec![arg], Type::Bool))
        }
        F::Length => cx.texts(args, Type::Int64),
        F::Find => cx.texts(args, Type::Int64),
        F::Lower | F::Upper | F::Trim | F::TrimStart | F::TrimEnd | F::Concat | F::Replace => cx.texts(args, Type::Str),
        F::Contains | F::StartsWith | F::EndsWith => cx.texts(args, Type::Bool),
        F::Like | F::RegexMatch => cx.pattern(args, Type::Bool),
        F::RegexReplace => cx.pattern(args, Type::Str),
        F::Substring => cx.substring(args),
        F::Year | F::Quarter | F::Month | F::Day | F::Weekday | F::DayOfYear => cx.of_moment(args, false),
        F::Hour | F::Minute | F::Second => cx.of_moment(args, true),
        F::Truncate(_) => {
            let [arg] = cx.exactly(args)?;
            let arg = cx.moment(arg, false)?;
            let ty = arg.ty.clone();
            Ok(called(function, vec![arg], ty))
        }
        F::DateAdd(unit) => cx.date_add(unit, args),
        F::DateDiff(_) => cx.date_diff(args),
    }
}

/// A bool; a null without a type is one.
pub(super) fn condition(expr: &Expr, half: Half) -> Result<Typed> {
    match half {
        None => Ok(null_of(&Type::Bool)),
        Some(typed) if typed.ty == Type::Bool => Ok(typed),
        Some(typed) => {
            let hint = if is_number(&typed.ty) { "; write a comparison, such as .not_eq(0)" } else { "; write a comparison" };
            Err(refused(expr, format!("a condition is bool, and this is {}{hint}", typed.ty)))
        }
    }
}

struct Call<'e> {
    expr: &'e Expr,
    function: Function,
}

impl Call<'_> {
    fn exactly<const N: usize>(&self, args: Vec<Half>) -> Result<[Half; N]> {
        let given = args.len();
        args.try_into().map_err(|_| refused(self.expr, format!("{} takes {N} arguments and has {given}", self.function.name())))
    }

    fn arithmetic(&self, args: Vec<Half>) -> Result<Typed> {
        let [left, right] = self.exactly(args)?;
        let (left, right) = match (left, right) {
            (Some(left), Some(right)) => (left, right),
            (Some(left), None) => {
                let null = null_of(&left.ty);
                (left, null)
            }
            (None, Some(right)) => (null_of(&right.ty), right),
            (None, None) => return Err(refused(self.expr, "nothing gives these nulls a type; write .cast(\"…\") after one")),
        };
        if left.ty == Type::Date && right.ty == Type::Date && self.function == Function::Subtract {
            // The days between two dates, which is what that function counts.
            return Ok(called(Function::DateDiff(TimeUnit::Day), vec![left, right], Type::Int64));
        }
        self.number(&left)?;
        self.number(&right)?;
        let exact = |typed: &Typed| as_decimal(&typed.ty);
        let decimals = [&left, &right].iter().any(|typed| matches!(typed.ty, Type::Decimal(_, _)));
        if let (true, Some(l), Some(r)) = (decimals, exact(&left), exact(&right)) {
            let ty = decimal_result(self.function, l, r).map_err(|why| {
                refused(self.expr, format!("of {} and {} {why}; cast one of them to fewer digits first", left.ty, right.ty))
            })?;
            let left = convert(self.expr, left, &Type::Decimal(l.0, l.1))?;
            let right = convert(self.expr, right, &Type::Decimal(r.0, r.1))?;
            return Ok(called(self.function, vec![left, right], ty));
        }
        let (args, ty) = unified(self.expr, vec![Some(left), Some(right)])?;
        Ok(called(self.function, args, ty))
    }

    fn number(&self, typed: &Typed) -> Result<()> {
        if is_number(&typed.ty) {
            return Ok(());
        }
        let hint = match &typed.ty {
            Type::Str => "write .cast(\"double\"), or another number, after the text; texts are put together by concat",
            Type::Bool => "write .cast(\"int\") after the bool",
            Type::Date | Type::Datetime | Type::Timestamp(_) => {
                "write .date_add(unit, n) for a later moment and .date_diff(unit, since) for the time between two"
            }
            _ => "there is no arithmetic with it",
        };
        Err(refused(self.expr, format!("{} takes numbers, and {} is none; {hint}", self.function.name(), typed.ty)))
    }

    fn doubles(&self, args: Vec<Half>) -> Result<Typed> {
        let args = args.into_iter().map(|arg| {
            let arg = arg.unwrap_or_else(|| null_of(&Type::Float64));
            self.number(&arg)?;
            convert(self.expr, arg, &Type::Float64)
        });
        Ok(called(self.function, args.collect::<Result<_>>()?, Type::Float64))
    }

    /// Functions of one number that mostly keep its type.
    fn of_number(&self, mut args: Vec<Half>) -> Result<Typed> {
        let digits = if self.function == Function::Round { args.pop() } else { None };
        let [arg] = self.exactly(args)?;
        let arg = arg.ok_or_else(|| refused(self.expr, "nothing gives this null a type; write .cast(\"…\") after it"))?;
        self.number(&arg)?;
        if self.function == Function::Negate && matches!(arg.ty, Type::UInt8 | Type::UInt16 | Type::UInt32 | Type::UInt64) {
            let wider = match arg.ty {
                Type::UInt8 => "short",
                Type::UInt16 => "int",
                _ => "long",
            };
            return Err(refused(self.expr, format!("{} has no negative values; write .cast(\"{wider}\") first", arg.ty)));
        }
        let ty = match (self.function, &arg.ty) {
            (Function::Floor | Function::Ceil, Type::Decimal(precision, _)) => decimal(i16::from(*precision), 0),
            (_, ty) => ty.clone(),
        };
        let mut args = vec![arg];
        if let Some(digits) = digits {
            args.push(self.digits(digits)?);
        }
        Ok(called(self.function, args, ty))
    }

    fn digits(&self, digits: Half) -> Result<Typed> {
        match digits {
            Some(typed) if typed.ty.is_integer() && constant(&typed) => convert(self.expr, typed, &Type::Int64),
            _ => Err(refused(self.expr, "the digits to round to are a literal integer")),
        }
    }

    fn compared(&self, args: Vec<Half>) -> Result<(Vec<Typed>, Type)> {
        let (args, ty) = unified_by(self.expr, args, comparable)?;
        if ty.is_nested() {
            return Err(refused(
                self.expr,
                format!("values of {ty} are not compared; compare their parts in a function of your own"),
            ));
        }
        Ok((args, ty))
    }

    fn text(&self, half: Half) -> Result<Typed> {
        match half {
            None => Ok(null_of(&Type::Str)),
            Some(typed) if typed.ty == Type::Str => Ok(typed),
            Some(typed) => {
                let hint = if typed.ty.is_nested() { "" } else { "; write .cast(\"str\") after it" };
                Err(refused(self.expr, format!("{} takes text, and this is {}{hint}", self.function.name(), typed.ty)))
            }
        }
    }

    fn texts(&self, args: Vec<Half>, ty: Type) -> Result<Typed> {
        if args.is_empty() {
            return Err(refused(self.expr, format!("{} needs an argument", self.function.name())));
        }
        Ok(called(self.function, args.into_iter().map(|a| self.text(a)).collect::<Result<_>>()?, ty))
    }

    /// Functions whose second argument is a pattern; of a null pattern the answer is null.
    fn pattern(&self, args: Vec<Half>, ty: Type) -> Result<Typed> {
        let args = args.into_iter().map(|a| self.text(a)).collect::<Result<Vec<_>>>()?;
        let pattern = match args.get(1).map(|arg| &arg.node) {
            Some(TypedNode::Literal(value)) => value.as_string_view().iter().next().flatten(),
            _ => return Err(refused(self.expr, format!("the pattern of {} is a literal", self.function.name()))),
        };
        let Some(pattern) = pattern else { return Ok(null_of(&ty)) };
        if self.function != Function::Like
            && let Err(e) = regex(pattern)
        {
            return Err(refused(self.expr, e.message()).with_source(e));
        }
        Ok(called(self.function, args, ty))
    }

    /// An integer as a long.
    fn long(&self, half: Half) -> Result<Typed> {
        match half {
            None => Ok(null_of(&Type::Int64)),
            Some(typed) if typed.ty.is_integer() && typed.ty != Type::UInt64 => convert(self.expr, typed, &Type::Int64),
            Some(typed) => Err(refused(
                self.expr,
                format!("{} counts in long, and this is {}; write .cast(\"long\") after it", self.function.name(), typed.ty),
            )),
        }
    }

    fn substring(&self, args: Vec<Half>) -> Result<Typed> {
        let mut args = args.into_iter();
        let mut typed = vec![self.text(args.next().flatten())?];
        for position in args {
            typed.push(self.long(position)?);
        }
        Ok(called(self.function, typed, Type::Str))
    }

    /// A date, datetime or instant, and where it is asked for a time.
    fn moment(&self, half: Half, times: bool) -> Result<Typed> {
        let what = if times { "a date, datetime, timestamp or time" } else { "a date, datetime or timestamp" };
        let refuse = |ty: String, hint| {
            Err(refused(self.expr, format!("{} takes {what}, and this is {ty}; {hint}", self.function.name())))
        };
        match half {
            None => refuse("a null without a type".to_owned(), "write .cast(\"…\") after it"),
            Some(typed) => match typed.ty {
                Type::Date | Type::Datetime | Type::Timestamp(_) => Ok(typed),
                Type::Time if times => Ok(typed),
                Type::Str => refuse("str".to_owned(), "write .cast(\"date\") or .cast(\"datetime\") after it"),
                ty => refuse(ty.to_string(), "it has no such part"),
            },
        }
    }

    fn of_moment(&self, args: Vec<Half>, times: bool) -> Result<Typed> {
        let [arg] = self.exactly(args)?;
        Ok(called(self.function, vec![self.moment(arg, times)?], Type::Int32))
    }

    fn date_add(&self, unit: TimeUnit, args: Vec<Half>) -> Result<Typed> {
        let [arg, n] = self.exactly(args)?;
        let arg = self.moment(arg, false)?;
        let whole = matches!(unit, TimeUnit::Year | TimeUnit::Quarter | TimeUnit::Month | TimeUnit::Week | TimeUnit::Day);
        if arg.ty == Type::Date && !whole {
            return Err(refused(self.expr, format!("a date has no {unit}s; write .cast(\"datetime\") first")));
        }
        let ty = arg.ty.clone();
        Ok(called(self.function, vec![arg, self.long(n)?], ty))
    }

    fn date_diff(&self, args: Vec<Half>) -> Result<Typed> {
        for arg in args.iter().flatten() {
            self.moment(Some(arg.clone()), false)?;
        }
        let (args, _) = unified_by(self.expr, args, comparable)?;
        Ok(called(self.function, args, Type::Int64))
    }
}

/// Whether a typed expression is a value that is not null.
fn constant(typed: &Typed) -> bool {
    matches!(&typed.node, TypedNode::Literal(value) if value.null_count() == 0)
}

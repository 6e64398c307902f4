//! Terms whose columns are found and whose types are known, every conversion spelled out.

use fugue_core::expr::{AggregateFunction, Frame, Function, WindowFunction};
use fugue_core::expr::{Typed, TypedAggregate, TypedNode, TypedSort, TypedWindow};
use fugue_core::{Schema, Type};

use super::types::{aggregate, common, decimal_result, is_float, is_number, is_whole_days};
use super::{Aggregate, Term, Window, cast};
use crate::value::{OwnValue, read_column};

/// A term with its type.
#[derive(Clone, Debug)]
pub struct Known {
    /// What it is.
    pub kind: Kind,
    /// The type of its value.
    pub ty: Type,
}

/// What it is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A column by its position.
    Column(usize),
    /// A value.
    Literal(OwnValue),
    /// A function of arguments.
    Call(Function, Vec<Known>),
    /// A cast to the type; null for what fails where the flag says so.
    Cast(Box<Known>, bool),
    /// The value beside the first true condition.
    Case(Vec<(Known, Known)>, Option<Box<Known>>),
    /// Many rows to one value.
    Aggregate(Box<KnownAggregate>),
    /// A value out of the rows around.
    Window(Box<KnownWindow>),
}

/// An aggregate whose parts are known.
#[derive(Clone, Debug)]
pub struct KnownAggregate {
    /// The function.
    pub function: AggregateFunction,
    /// What is aggregated; none counts rows.
    pub arg: Option<Known>,
    /// Different values only.
    pub distinct: bool,
    /// Only rows for which this is true.
    pub filter: Option<Known>,
    /// Columns, and whether each ascends.
    pub order: Vec<(usize, bool)>,
    /// The type of the result.
    pub ty: Type,
}

/// A window function whose parts are known.
#[derive(Clone, Debug)]
pub struct KnownWindow {
    /// The function.
    pub function: WindowFunction,
    /// Its argument.
    pub arg: Option<Known>,
    /// Of lag and lead.
    pub default: OwnValue,
    /// The columns that make partitions.
    pub keys: Vec<usize>,
    /// Columns, and whether each ascends.
    pub order: Vec<(usize, bool)>,
    /// The frame.
    pub frame: Frame,
    /// The type of the result.
    pub ty: Type,
}

impl Known {
    /// A term over a schema.
    ///
    /// # Errors
    /// A message, for what the contract refuses, and for what the oracle does not know.
    pub fn of(term: &Term, schema: &Schema) -> Result<Self, String> {
        known(term, schema)?.ok_or_else(|| "a null without a type".to_owned())
    }

    /// A term over a schema that is true, false or null.
    ///
    /// # Errors
    /// As [`of`](Self::of), and for what is no condition.
    pub fn condition(term: &Term, schema: &Schema) -> Result<Self, String> {
        typed(known(term, schema)?, &Type::Bool)
    }

    /// The same over a column by its position.
    #[must_use]
    pub fn column(position: usize, ty: Type) -> Self {
        Self { kind: Kind::Column(position), ty }
    }

    /// An expression that the core has typed, for engines that answer by the oracle.
    ///
    /// # Errors
    /// A message, for what the oracle does not know.
    pub fn of_typed(typed: &Typed) -> Result<Self, String> {
        let kind = match &typed.node {
            TypedNode::Column(i) => Kind::Column(*i),
            TypedNode::Literal(array) => Kind::Literal(read_column(array)?.into_iter().next().ok_or("a literal without a row")?),
            TypedNode::Call { function, args } => {
                let args = args.iter().map(Self::of_typed).collect::<Result<Vec<_>, _>>()?;
                if !super::value::knows(*function, &args) {
                    return Err(format!("the oracle does not know {function:?}"));
                }
                Kind::Call(*function, args)
            }
            TypedNode::Cast { input, attempt } => {
                let input = Self::of_typed(input)?;
                if !cast::knows(&input.ty, &typed.ty) {
                    return Err(format!("the oracle does not know the cast from {:?} to {:?}", input.ty, typed.ty));
                }
                Kind::Cast(Box::new(input), *attempt)
            }
            TypedNode::Case { branches, otherwise } => {
                let both = |(c, v): &(Typed, Typed)| Ok((Self::of_typed(c)?, Self::of_typed(v)?));
                let branches = branches.iter().map(both).collect::<Result<Vec<_>, String>>()?;
                Kind::Case(branches, otherwise.as_ref().map(|o| Self::of_typed(o).map(Box::new)).transpose()?)
            }
            other => return Err(format!("the oracle does not know {other:?}")),
        };
        Ok(Self { kind, ty: typed.ty.clone() })
    }
}

impl KnownAggregate {
    /// A call that the core has typed.
    ///
    /// # Errors
    /// A message, for what the oracle does not know.
    pub fn of_typed(call: &TypedAggregate) -> Result<Self, String> {
        Ok(Self {
            function: call.function,
            arg: call.arg.as_ref().map(Known::of_typed).transpose()?,
            distinct: call.distinct,
            filter: call.filter.as_ref().map(Known::of_typed).transpose()?,
            order: sorts(&call.order)?,
            ty: call.ty.clone(),
        })
    }
}

impl KnownWindow {
    /// A call that the core has typed.
    ///
    /// # Errors
    /// A message, for what the oracle does not know.
    pub fn of_typed(call: &TypedWindow) -> Result<Self, String> {
        let default = call.default.as_ref().map(read_column).transpose()?.and_then(|v| v.into_iter().next());
        Ok(Self {
            function: call.function,
            arg: call.arg.as_ref().map(Known::of_typed).transpose()?,
            default: default.unwrap_or(OwnValue::Null),
            keys: call.keys.clone(),
            order: sorts(&call.order)?,
            frame: call.frame,
            ty: call.ty.clone(),
        })
    }
}

fn sorts(order: &[TypedSort]) -> Result<Vec<(usize, bool)>, String> {
    let one = |s: &TypedSort| if s.nulls_first { Err("nulls first".to_owned()) } else { Ok((s.column, !s.descending)) };
    order.iter().map(one).collect()
}

type Found = Result<Option<Known>, String>;

/// A term with its type; none is a null that has none yet.
fn known(term: &Term, schema: &Schema) -> Found {
    let of = |term: &Term| known(term, schema);
    Ok(Some(match term {
        Term::Column(name) => {
            let (i, ty) = column(schema, name)?;
            Known::column(i, ty)
        }
        Term::Literal(value, ty) => Known { kind: Kind::Literal(value.clone()), ty: ty.clone() },
        Term::Null => return Ok(None),
        Term::Call(function, args) => {
            let args = args.iter().map(of).collect::<Result<Vec<_>, _>>()?;
            let shown: Vec<_> = args.iter().map(|a| a.as_ref().map(|a| a.ty.clone())).collect();
            let call = call(*function, args)?.ok_or_else(|| format!("{function:?} takes no {shown:?}"))?;
            if let Kind::Call(function, args) = &call.kind
                && !super::value::knows(*function, args)
            {
                return Err(format!("the oracle does not know {function:?} of {shown:?}"));
            }
            call
        }
        Term::Cast { input, to, attempt } => match of(input)? {
            None => Known { kind: Kind::Literal(OwnValue::Null), ty: to.clone() },
            Some(input) if input.ty == *to => input,
            Some(input) if cast::knows(&input.ty, to) => Known { kind: Kind::Cast(Box::new(input), *attempt), ty: to.clone() },
            Some(input) => return Err(format!("the oracle does not know the cast from {:?} to {to:?}", input.ty)),
        },
        Term::Case { branches, otherwise } => {
            let mut values = branches.iter().map(|(_, v)| of(v)).collect::<Result<Vec<_>, _>>()?;
            if let Some(otherwise) = otherwise {
                values.push(of(otherwise)?);
            }
            let Some((mut values, ty)) = at_common(values)? else { return Ok(None) };
            let otherwise = if otherwise.is_some() { values.pop().map(Box::new) } else { None };
            let conditions = branches.iter().map(|(c, _)| Known::condition(c, schema)).collect::<Result<Vec<_>, _>>()?;
            Known { kind: Kind::Case(conditions.into_iter().zip(values).collect(), otherwise), ty }
        }
        Term::Aggregate(call) => {
            let call = known_aggregate(call, schema)?;
            Known { ty: call.ty.clone(), kind: Kind::Aggregate(Box::new(call)) }
        }
        Term::Window(call) => {
            let call = known_window(call, schema)?;
            Known { ty: call.ty.clone(), kind: Kind::Window(Box::new(call)) }
        }
    }))
}

fn column(schema: &Schema, name: &str) -> Result<(usize, Type), String> {
    let found = schema.fields().iter().enumerate().find(|(_, f)| f.name() == name);
    found.map(|(i, f)| (i, f.ty().clone())).ok_or_else(|| format!("there is no column {name:?}"))
}

fn known_aggregate(call: &Aggregate, schema: &Schema) -> Result<KnownAggregate, String> {
    let arg = call.arg.as_ref().map(|a| Known::of(a, schema)).transpose()?;
    let ty = match &arg {
        None if call.function == AggregateFunction::Count => Type::Int64,
        arg => aggregate(call.function, arg.as_ref().map(|a| &a.ty))
            .ok_or_else(|| format!("{:?} takes no {:?}", call.function, arg.as_ref().map(|a| &a.ty)))?,
    };
    let ordered = matches!(call.function, AggregateFunction::First | AggregateFunction::Last | AggregateFunction::CollectList);
    if ordered == call.order.is_empty() {
        return Err(format!("{:?} and an order do not fit", call.function));
    }
    let order = call.order.iter().map(|(n, up)| Ok((column(schema, n)?.0, *up))).collect::<Result<Vec<_>, String>>()?;
    let filter = call.filter.as_ref().map(|f| Known::condition(f, schema)).transpose()?;
    Ok(KnownAggregate { function: call.function, arg, distinct: call.distinct, filter, order, ty })
}

fn known_window(call: &Window, schema: &Schema) -> Result<KnownWindow, String> {
    let arg = call.arg.as_ref().map(|a| Known::of(a, schema)).transpose()?;
    let ty = match (call.function, &arg) {
        (WindowFunction::RowNumber | WindowFunction::Rank | WindowFunction::DenseRank, None) => Type::Int64,
        (WindowFunction::Aggregate(AggregateFunction::Count), None) => Type::Int64,
        (WindowFunction::Lag(_) | WindowFunction::Lead(_), Some(arg)) => arg.ty.clone(),
        (WindowFunction::Aggregate(function), Some(arg)) => {
            aggregate(function, Some(&arg.ty)).ok_or_else(|| format!("{function:?} takes no {:?}", arg.ty))?
        }
        (function, _) => return Err(format!("the oracle does not know {function:?}")),
    };
    let default = match &call.default {
        None => OwnValue::Null,
        Some(Term::Literal(value, of)) if *of == ty => value.clone(),
        Some(_) => return Err("a default of another type".to_owned()),
    };
    let keys = call.keys.iter().map(|n| Ok(column(schema, n)?.0)).collect::<Result<Vec<_>, String>>()?;
    let order = call.order.iter().map(|(n, up)| Ok((column(schema, n)?.0, *up))).collect::<Result<Vec<_>, String>>()?;
    Ok(KnownWindow { function: call.function, arg, default, keys, order, frame: call.frame.unwrap_or(Frame::ALL), ty })
}

/// What was found as a type, by a cast that loses nothing; a null takes the type.
fn typed(found: Option<Known>, ty: &Type) -> Result<Known, String> {
    match found {
        None => Ok(Known { kind: Kind::Literal(OwnValue::Null), ty: ty.clone() }),
        Some(known) if known.ty == *ty => Ok(known),
        Some(known) if common(&known.ty, ty).as_ref() == Some(ty) || (is_number(&known.ty) && *ty == Type::Float64) => {
            Ok(Known { kind: Kind::Cast(Box::new(known), false), ty: ty.clone() })
        }
        Some(known) => Err(format!("{:?} is no {ty:?}", known.ty)),
    }
}

/// All at their common type; none where all are nulls.
fn at_common(found: Vec<Option<Known>>) -> Result<Option<(Vec<Known>, Type)>, String> {
    let mut ty: Option<Type> = None;
    for known in found.iter().flatten() {
        ty = Some(match ty {
            None => known.ty.clone(),
            Some(before) => common(&before, &known.ty).ok_or_else(|| format!("{before:?} and {:?} do not meet", known.ty))?,
        });
    }
    let Some(ty) = ty else { return Ok(None) };
    Ok(Some((found.into_iter().map(|f| typed(f, &ty)).collect::<Result<_, _>>()?, ty)))
}

/// A call with its arguments at the types that the function takes; none where it takes no such types.
fn call(function: Function, args: Vec<Option<Known>>) -> Found {
    use Function as F;
    let made = |args: Vec<Known>, ty: Type| Ok(Some(Known { kind: Kind::Call(function, args), ty }));
    let all_as = |args: Vec<Option<Known>>, ty: &Type| args.into_iter().map(|a| typed(a, ty)).collect::<Result<Vec<_>, _>>();
    let flat = |ty: &Type| !matches!(ty, Type::List(_) | Type::Struct(_) | Type::Map(..));
    match function {
        F::Add
        | F::Subtract
        | F::Multiply
        | F::Divide
        | F::Modulo
        | F::CheckedAdd
        | F::CheckedSubtract
        | F::CheckedMultiply
        | F::CheckedDivide => arithmetic(function, args),
        F::DivideTrue | F::Power | F::Sqrt | F::Exp | F::Ln => made(all_as(args, &Type::Float64)?, Type::Float64),
        F::Negate | F::Abs | F::Floor | F::Ceil => match one(args) {
            Some(a) if function == F::Negate && super::types::integer(&a.ty).is_some_and(|(_, signed)| !signed) => Ok(None),
            Some(a) if is_number(&a.ty) => {
                let ty = match &a.ty {
                    Type::Decimal(p, _) if matches!(function, F::Floor | F::Ceil) => Type::Decimal(*p, 0),
                    ty => ty.clone(),
                };
                made(vec![a], ty)
            }
            _ => Ok(None),
        },
        F::Round => match &args[..] {
            [Some(a), Some(Known { kind: Kind::Literal(_), ty: Type::Int64 })] if is_number(&a.ty) => {
                let ty = a.ty.clone();
                made(args.into_iter().flatten().collect(), ty)
            }
            _ => Ok(None),
        },
        F::Equal | F::NotEqual | F::Less | F::LessOrEqual | F::Greater | F::GreaterOrEqual | F::NotDistinct | F::IsIn => {
            match at_common(args)? {
                Some((args, ty)) if flat(&ty) => made(args, Type::Bool),
                _ => Ok(None),
            }
        }
        F::Coalesce | F::NullIf => match at_common(args)? {
            Some((args, ty)) if flat(&ty) => made(args, ty),
            _ => Ok(None),
        },
        F::And | F::Or | F::Not => made(all_as(args, &Type::Bool)?, Type::Bool),
        F::IsNull | F::IsNotNull => match one(args) {
            Some(a) => made(vec![a], Type::Bool),
            None => Ok(None),
        },
        F::IsNan => match one(args) {
            Some(a) if is_float(&a.ty) => made(vec![a], Type::Bool),
            _ => Ok(None),
        },
        F::Length => made(all_as(args, &Type::Str)?, Type::Int64),
        F::Lower | F::Upper | F::Trim | F::TrimStart | F::TrimEnd | F::Concat | F::Replace => {
            made(all_as(args, &Type::Str)?, Type::Str)
        }
        F::Contains | F::StartsWith | F::EndsWith | F::Like => made(all_as(args, &Type::Str)?, Type::Bool),
        F::RegexMatch => made(all_as(args, &Type::Str)?, Type::Bool),
        F::RegexReplace => made(all_as(args, &Type::Str)?, Type::Str),
        F::Find => made(all_as(args, &Type::Str)?, Type::Int64),
        F::Substring => {
            let mut args = args.into_iter();
            let text = typed(args.next().flatten(), &Type::Str)?;
            let mut all = vec![text];
            all.extend(all_as(args.collect(), &Type::Int64)?);
            made(all, Type::Str)
        }
        F::Year | F::Quarter | F::Month | F::Day | F::Weekday | F::DayOfYear => match one(args) {
            Some(a) if matches!(a.ty, Type::Date | Type::Datetime | Type::Timestamp(_)) => made(vec![a], Type::Int32),
            _ => Ok(None),
        },
        F::Hour | F::Minute | F::Second => match one(args) {
            Some(a) if matches!(a.ty, Type::Date | Type::Datetime | Type::Timestamp(_) | Type::Time) => {
                made(vec![a], Type::Int32)
            }
            _ => Ok(None),
        },
        F::Truncate(_) => match one(args) {
            Some(a) if is_moment(&a.ty) || a.ty == Type::Date => {
                let ty = a.ty.clone();
                made(vec![a], ty)
            }
            _ => Ok(None),
        },
        F::DateAdd(unit) => {
            let mut args = args.into_iter();
            match (args.next().flatten(), args.next()) {
                (Some(a), Some(n)) if is_moment(&a.ty) || (a.ty == Type::Date && is_whole_days(unit)) => {
                    let ty = a.ty.clone();
                    made(vec![a, typed(n, &Type::Int64)?], ty)
                }
                _ => Ok(None),
            }
        }
        F::DateDiff(unit) => match at_common(args)? {
            Some((args, ty)) if is_moment(&ty) || (ty == Type::Date && is_whole_days(unit)) => made(args, Type::Int64),
            _ => Ok(None),
        },
        _ => Err(format!("the oracle does not know {function:?}")),
    }
}

fn is_moment(ty: &Type) -> bool {
    matches!(ty, Type::Datetime | Type::Timestamp(_))
}

fn one(args: Vec<Option<Known>>) -> Option<Known> {
    args.into_iter().next().flatten()
}

fn arithmetic(function: Function, args: Vec<Option<Known>>) -> Found {
    let decimal = |known: &Known| match &known.ty {
        Type::Decimal(p, s) => Some((*p, *s)),
        ty => super::types::digits(ty).map(|p| (p, 0)),
    };
    if let [Some(a), Some(b)] = &args[..]
        && [a, b].iter().any(|k| matches!(k.ty, Type::Decimal(..)))
        && let (Some(x), Some(y)) = (decimal(a), decimal(b))
    {
        let ty = decimal_result(function, x, y).ok_or("no decimal is that long")?;
        let args = args.into_iter().zip([x, y]).map(|(a, (p, s))| typed(a, &Type::Decimal(p, s)));
        return Ok(Some(Known { kind: Kind::Call(function, args.collect::<Result<_, _>>()?), ty }));
    }
    match at_common(args)? {
        Some((args, ty)) if is_number(&ty) && !matches!(ty, Type::Decimal(..)) => {
            Ok(Some(Known { kind: Kind::Call(function, args), ty }))
        }
        _ => Ok(None),
    }
}

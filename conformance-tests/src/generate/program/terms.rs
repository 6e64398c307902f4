//! Random terms of a type over the columns of a schema.

use fugue_core::expr::{Function as F, TimeUnit};
use fugue_core::{Schema, Type};

use super::super::Dice;
use crate::oracle::expr::Term;
use crate::value::OwnValue;

/// Text that is empty, blank, not ASCII, or like a number; some starts like another.
const TEXTS: [&str; 14] = [
    "",
    " ",
    "a",
    "ab",
    "abc",
    "b",
    "1",
    "-7",
    "true",
    " é a ",
    "中国中国中国中国",
    "🦀",
    "exactly12byt",
    "exactly12bytes and more",
];

const UNITS: [TimeUnit; 6] = [TimeUnit::Year, TimeUnit::Month, TimeUnit::Day, TimeUnit::Week, TimeUnit::Hour, TimeUnit::Minute];

/// A value of a type that is not null. Floats are halves, so that their sums are exact in any order, and now and then what is no number.
pub(super) fn value(ty: &Type, dice: &mut Dice) -> OwnValue {
    let small = |dice: &mut Dice| dice.below(13) as i128 - 4;
    let whole = |dice: &mut Dice, low: i64, high: i64| {
        let number = match dice.below(10) {
            0 => i128::from(low),
            1 => i128::from(high),
            _ => small(dice).max(i128::from(low)),
        };
        OwnValue::Int(number)
    };
    match ty {
        Type::Bool => OwnValue::Bool(dice.below(2) == 0),
        Type::Int8 => whole(dice, i64::from(i8::MIN), i64::from(i8::MAX)),
        Type::Int32 => whole(dice, i64::from(i32::MIN), i64::from(i32::MAX)),
        Type::UInt32 => whole(dice, 0, i64::from(u32::MAX)),
        Type::Float32 | Type::Float64 => OwnValue::Float(match dice.below(16) {
            0 => f64::NAN,
            1 => -0.0,
            2 => 2.5,
            _ => f64::from(i32::try_from(small(dice)).unwrap_or(0)) * 0.5,
        }),
        Type::Str => OwnValue::text(TEXTS[dice.below(TEXTS.len())]),
        // Some days around a leap day, and the ends of what engines print alike.
        Type::Date => OwnValue::Int([18_321, 18_322, 18_262, 0, -1, 11_016, 18_293][dice.below(7)]),
        Type::Datetime => OwnValue::Int(
            [1_577_934_245_000_000, 1_577_934_245_123_000, 0, -1, 1_582_934_399_999_999, 951_782_400_000_000][dice.below(6)],
        ),
        Type::Decimal(..) => OwnValue::Int([0, 1, -1, 150, -250, 12_345, 99, 5][dice.below(8)]),
        Type::Int16 => whole(dice, i64::from(i16::MIN), i64::from(i16::MAX)),
        Type::UInt8 => whole(dice, 0, i64::from(u8::MAX)),
        Type::UInt16 => whole(dice, 0, i64::from(u16::MAX)),
        Type::UInt64 => whole(dice, 0, i64::MAX),
        // Lists come out of aggregates alone.
        Type::List(_) => OwnValue::Null,
        _ => whole(dice, i64::MIN, i64::MAX),
    }
}

/// A term of some type.
pub(super) fn any(schema: &Schema, depth: usize, dice: &mut Dice) -> Term {
    let types = [Type::Int64, Type::Bool, Type::Str, Type::Float64, Type::Int32, Type::Date, Type::Datetime];
    match dice.below(9) {
        0 => decimal(schema, dice),
        1 => column(schema, None, dice).unwrap_or(Term::long(1)),
        i => of(&types[i - 2], schema, depth, dice),
    }
}

/// Some column, of a type where one is wanted.
pub(super) fn column(schema: &Schema, ty: Option<&Type>, dice: &mut Dice) -> Option<Term> {
    let fits: Vec<&str> =
        schema.fields().iter().filter(|f| ty.is_none_or(|ty| f.ty() == ty)).map(fugue_core::Field::name).collect();
    (!fits.is_empty()).then(|| Term::column(fits[dice.below(fits.len())]))
}

fn leaf(ty: &Type, schema: &Schema, dice: &mut Dice) -> Term {
    let literal = |dice: &mut Dice| Term::Literal(value(ty, dice), ty.clone());
    if dice.below(4) == 0 { literal(dice) } else { column(schema, Some(ty), dice).unwrap_or_else(|| literal(dice)) }
}

/// A term of a type.
pub(super) fn of(ty: &Type, schema: &Schema, depth: usize, dice: &mut Dice) -> Term {
    if depth == 0 || dice.below(5) == 0 {
        return leaf(ty, schema, dice);
    }
    let below = |ty: &Type, dice: &mut Dice| of(ty, schema, depth - 1, dice);
    match dice.below(8) {
        0 => {
            let branch = |dice: &mut Dice| (below(&Type::Bool, dice), below(ty, dice));
            let branches = (0..1 + dice.below(2)).map(|_| branch(dice)).collect();
            let otherwise = (dice.below(3) > 0).then(|| Box::new(below(ty, dice)));
            return Term::Case { branches, otherwise };
        }
        1 => return Term::call(F::Coalesce, [below(ty, dice), below(ty, dice)]),
        2 => return Term::call(F::NullIf, [below(ty, dice), leaf(ty, schema, dice)]),
        _ => {}
    }
    match ty {
        Type::Bool => condition(schema, depth, dice),
        Type::Int64 => match dice.below(8) {
            0..4 => {
                let function = [F::Add, F::Subtract, F::Multiply, F::Divide, F::Modulo][dice.below(5)];
                let narrow = [Type::Int64, Type::Int32, Type::Int8, Type::UInt32][dice.below(4)].clone();
                let sides = [below(&Type::Int64, dice), leaf(&narrow, schema, dice)];
                let [a, b] = sides;
                Term::call(function, if dice.below(2) == 0 { [a, b] } else { [b, a] })
            }
            4 => Term::call([F::Negate, F::Abs][dice.below(2)], [below(ty, dice)]),
            5 => Term::call(F::Length, [below(&Type::Str, dice)]),
            6 => Term::call(F::Find, [below(&Type::Str, dice), leaf(&Type::Str, schema, dice)]),
            _ => match dice.below(3) {
                0 => Term::call(F::DateDiff(UNITS[dice.below(4)]), [below(&Type::Date, dice), leaf(&Type::Date, schema, dice)]),
                1 => Term::Cast { input: Box::new(below(&Type::Str, dice)), to: Type::Int64, attempt: true },
                _ => Term::Cast { input: Box::new(below(&Type::Float64, dice)), to: Type::Int64, attempt: true },
            },
        },
        Type::Int32 => match dice.below(4) {
            0 => Term::call([F::Add, F::Subtract, F::Multiply][dice.below(3)], [leaf(ty, schema, dice), leaf(ty, schema, dice)]),
            1 => {
                let part = [F::Year, F::Quarter, F::Month, F::Day, F::Weekday, F::DayOfYear][dice.below(6)];
                let of_what = if dice.below(2) == 0 { Type::Date } else { Type::Datetime };
                Term::call(part, [below(&of_what, dice)])
            }
            2 => Term::call([F::Hour, F::Minute, F::Second][dice.below(3)], [below(&Type::Datetime, dice)]),
            _ => Term::Cast { input: Box::new(below(&Type::Int64, dice)), to: Type::Int32, attempt: true },
        },
        Type::Float64 => match dice.below(7) {
            0..2 => {
                let function = [F::Add, F::Subtract, F::Multiply, F::Divide, F::Modulo][dice.below(5)];
                let other = [Type::Float64, Type::Int32, Type::Float32, Type::Int64][dice.below(4)].clone();
                Term::call(function, [below(ty, dice), leaf(&other, schema, dice)])
            }
            2 => Term::call(F::DivideTrue, [below(&Type::Int64, dice), leaf(&Type::Int64, schema, dice)]),
            3 => Term::call([F::Negate, F::Abs, F::Floor, F::Ceil, F::Sqrt][dice.below(5)], [below(ty, dice)]),
            4 => Term::call(F::Round, [below(ty, dice), Term::long([0, 1, 2, -1][dice.below(4)])]),
            _ => below(&[Type::Int64, Type::Float32, Type::Int8][dice.below(3)], dice).cast(Type::Float64),
        },
        Type::Str => match dice.below(6) {
            0 => Term::call([F::Lower, F::Upper, F::Trim, F::TrimStart, F::TrimEnd][dice.below(5)], [below(ty, dice)]),
            1 => Term::call(F::Concat, (0..1 + dice.below(3)).map(|_| below(ty, dice)).collect::<Vec<_>>()),
            2 => Term::call(F::Replace, [below(ty, dice), leaf(ty, schema, dice), leaf(ty, schema, dice)]),
            3 => {
                let start = Term::long(dice.below(7) as i64 - 3);
                let length = (dice.below(2) == 0).then(|| Term::long(dice.below(4) as i64));
                Term::call(F::Substring, [below(ty, dice), start].into_iter().chain(length))
            }
            _ => {
                let from =
                    [Type::Int64, Type::Bool, Type::Float64, Type::Date, Type::Datetime, Type::Float32][dice.below(6)].clone();
                below(&from, dice).cast(Type::Str)
            }
        },
        Type::Date | Type::Datetime => {
            let days = if *ty == Type::Date { 4 } else { UNITS.len() };
            let unit = UNITS[dice.below(days)];
            match dice.below(3) {
                0 => Term::call(F::Truncate(unit), [below(ty, dice)]),
                1 => Term::call(F::DateAdd(unit), [below(ty, dice), Term::long(dice.below(30) as i64 - 14)]),
                _ => below(if *ty == Type::Date { &Type::Datetime } else { &Type::Date }, dice).cast(ty.clone()),
            }
        }
        _ => leaf(ty, schema, dice),
    }
}

/// A condition.
pub(super) fn condition(schema: &Schema, depth: usize, dice: &mut Dice) -> Term {
    let depth = depth.saturating_sub(1);
    let some_type = |dice: &mut Dice| {
        [Type::Int64, Type::Str, Type::Float64, Type::Int32, Type::Bool, Type::Date, Type::Decimal(9, 2)][dice.below(7)].clone()
    };
    let below = |ty: &Type, dice: &mut Dice| of(ty, schema, depth, dice);
    match dice.below(10) {
        0..4 => {
            let ty = some_type(dice);
            let function =
                [F::Equal, F::NotEqual, F::Less, F::LessOrEqual, F::Greater, F::GreaterOrEqual, F::NotDistinct][dice.below(7)];
            let other = if ty == Type::Int64 && dice.below(2) == 0 { Type::Float64 } else { ty.clone() };
            Term::call(function, [below(&ty, dice), leaf(&other, schema, dice)])
        }
        4 => Term::call(F::And, [below(&Type::Bool, dice), below(&Type::Bool, dice)]),
        5 => Term::call(F::Or, [below(&Type::Bool, dice), below(&Type::Bool, dice)]),
        6 => Term::call(F::Not, [below(&Type::Bool, dice)]),
        7 => {
            let ty = some_type(dice);
            Term::call([F::IsNull, F::IsNotNull][dice.below(2)], [below(&ty, dice)])
        }
        8 => {
            let ty = [Type::Int64, Type::Str, Type::Float64][dice.below(3)].clone();
            let mut items = vec![below(&ty, dice)];
            for _ in 0..1 + dice.below(3) {
                items.push(if dice.below(4) == 0 { Term::Null } else { Term::Literal(value(&ty, dice), ty.clone()) });
            }
            Term::call(F::IsIn, items)
        }
        _ => {
            let text = below(&Type::Str, dice);
            match dice.below(3) {
                0 => {
                    let pattern = ["%", "a%", "%b%", "_", "a_%", "%中_", ""][dice.below(7)];
                    Term::call(F::Like, [text, Term::Literal(OwnValue::text(pattern), Type::Str)])
                }
                1 => Term::call([F::Contains, F::StartsWith, F::EndsWith][dice.below(3)], [text, leaf(&Type::Str, schema, dice)]),
                _ => Term::call(F::IsNan, [below(&Type::Float64, dice)]),
            }
        }
    }
}

/// Arithmetic of decimals, one step of it, so that no digits are lost.
fn decimal(schema: &Schema, dice: &mut Dice) -> Term {
    let function = [F::Add, F::Subtract, F::Multiply, F::Divide, F::Modulo][dice.below(5)];
    let ty = Type::Decimal(9, 2);
    let other = [Type::Decimal(9, 2), Type::Int32, Type::Int8, Type::Decimal(5, 1)][dice.below(4)].clone();
    Term::call(function, [leaf(&ty, schema, dice), leaf(&other, schema, dice)])
}

//! Random terms of a type over the columns of a schema.

use fugue_core::expr::{Function as F, TimeUnit};
use fugue_core::{Field, Schema, Type};

use super::super::Dice;
use crate::oracle::expr::{PATTERNS, REPLACEMENTS, Term};
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

/// Units of days first.
const UNITS: [TimeUnit; 10] = [
    TimeUnit::Year,
    TimeUnit::Month,
    TimeUnit::Day,
    TimeUnit::Week,
    TimeUnit::Quarter,
    TimeUnit::Hour,
    TimeUnit::Minute,
    TimeUnit::Second,
    TimeUnit::Millisecond,
    TimeUnit::Microsecond,
];

/// A value of a type that is not null. Floats are mostly halves, so that their sums are exact in any order; now and then they are what is
/// no number, or far from others.
pub(super) fn value(ty: &Type, dice: &mut Dice) -> OwnValue {
    let small = |dice: &mut Dice| dice.below(13) as i128 - 4;
    let whole = |dice: &mut Dice, low: i128, high: i128| {
        OwnValue::Int(match dice.below(12) {
            0 => low,
            1 => high,
            _ => small(dice).max(low),
        })
    };
    match ty {
        Type::Bool => OwnValue::Bool(dice.below(2) == 0),
        Type::Int8 => whole(dice, i8::MIN.into(), i8::MAX.into()),
        Type::Int16 => whole(dice, i16::MIN.into(), i16::MAX.into()),
        Type::Int32 => whole(dice, i32::MIN.into(), i32::MAX.into()),
        Type::UInt8 => whole(dice, 0, u8::MAX.into()),
        Type::UInt16 => whole(dice, 0, u16::MAX.into()),
        Type::UInt32 => whole(dice, 0, u32::MAX.into()),
        Type::UInt64 => whole(dice, 0, u64::MAX.into()),
        Type::Float32 | Type::Float64 => OwnValue::Float(match dice.below(20) {
            0 => f64::NAN,
            1 => -0.0,
            2 => 2.5,
            3 => f64::INFINITY,
            4 => f64::NEG_INFINITY,
            5 => far(ty, dice),
            _ => f64::from(i32::try_from(small(dice)).unwrap_or(0)) * 0.5,
        }),
        Type::Str => OwnValue::text(TEXTS[dice.below(TEXTS.len())]),
        Type::Bytes => OwnValue::Bytes([&b""[..], b"a", b"ab", b"\0", b"\xff\xfe", b"thirteen bytes"][dice.below(6)].to_vec()),
        // Some days around a leap day, and the ends of what engines print alike.
        Type::Date => OwnValue::Int([18_321, 18_322, 18_262, 0, -1, 11_016, 18_293][dice.below(7)]),
        Type::Time => OwnValue::Int([0, 1, 3_600_000_000, 45_296_500_000, 86_399_999_999][dice.below(5)]),
        Type::Datetime => OwnValue::Int(
            [1_577_934_245_000_000, 1_577_934_245_123_000, 0, -1, 1_582_934_399_999_999, 951_782_400_000_000][dice.below(6)],
        ),
        // Before and after clocks are turned, inside of the hour that comes twice, and days like others.
        Type::Timestamp(_) => OwnValue::Int(
            [
                1_585_443_599_000_000,
                1_585_443_600_000_000,
                1_603_587_600_000_000,
                1_603_591_200_500_000,
                1_604_210_400_000_000,
                1_577_836_800_000_000,
                1_582_934_399_999_999,
            ][dice.below(7)],
        ),
        Type::Decimal(p, _) => OwnValue::Int(match dice.below(24) {
            // Sums of more digits are beyond what the oracle counts with.
            0 if *p <= 18 => 10_i128.pow(u32::from(*p)) - 1,
            1 if *p <= 18 => 1 - 10_i128.pow(u32::from(*p)),
            _ => [0, 1, -1, 150, -250, 12_345, 99, 5][dice.below(8)],
        }),
        Type::List(item) => OwnValue::List((0..dice.below(3)).map(|_| or_null(item, dice)).collect()),
        Type::Struct(fields) => OwnValue::Struct(fields.iter().map(|f| or_null(f.ty(), dice)).collect()),
        Type::Map(..) => OwnValue::Null,
        _ => whole(dice, i64::MIN.into(), i64::MAX.into()),
    }
}

fn or_null(ty: &Type, dice: &mut Dice) -> OwnValue {
    if dice.below(4) == 0 { OwnValue::Null } else { value(ty, dice) }
}

/// A float whose digits go beyond those of others; of the narrower type where that is asked for.
fn far(ty: &Type, dice: &mut Dice) -> f64 {
    if *ty == Type::Float32 {
        return f64::from([0.1_f32, f32::MAX, f32::MIN_POSITIVE, -1e-7, 16_777_216.0][dice.below(5)]);
    }
    [0.1, f64::MAX, f64::MIN_POSITIVE, -1e-7, 9_007_199_254_740_993.0, 1e16, 1e300][dice.below(7)]
}

/// The types that terms are made of; those further behind come less often.
const TYPES: [Type; 17] = [
    Type::Int64,
    Type::Bool,
    Type::Str,
    Type::Float64,
    Type::Int32,
    Type::Date,
    Type::Datetime,
    Type::Float32,
    Type::Int8,
    Type::Int16,
    Type::UInt8,
    Type::UInt16,
    Type::UInt32,
    Type::UInt64,
    Type::Bytes,
    Type::Time,
    Type::Decimal(9, 2),
];

fn some_type(schema: &Schema, dice: &mut Dice) -> Type {
    match dice.below(10) {
        0 | 1 => TYPES[dice.below(TYPES.len())].clone(),
        // What the columns have, be it an instant of a zone.
        2 | 3 if !schema.is_empty() => schema.fields()[dice.below(schema.len())].ty().clone(),
        _ => TYPES[dice.below(7)].clone(),
    }
}

/// A term of some type.
pub(super) fn any(schema: &Schema, depth: usize, dice: &mut Dice) -> Term {
    match dice.below(10) {
        0 => decimal(schema, dice),
        1 => column(schema, None, dice).unwrap_or(Term::long(1)),
        2 if dice.below(2) == 0 => {
            let from = [Type::Str, Type::Int64, Type::Float64, Type::Int32, Type::Decimal(9, 2)][dice.below(5)].clone();
            let to = [Type::Int8, Type::UInt16, Type::Int64, Type::Decimal(5, 0), Type::UInt64][dice.below(5)].clone();
            of(&from, schema, depth.saturating_sub(1), dice).cast(to)
        }
        _ => of(&some_type(schema, dice), schema, depth, dice),
    }
}

/// A cast that mostly gives null for what it cannot cast, and else ends the program.
fn converted(input: Term, to: Type, dice: &mut Dice) -> Term {
    Term::Cast { input: Box::new(input), to, attempt: dice.below(3) > 0 }
}

/// Some column, of a type where one is wanted.
pub(super) fn column(schema: &Schema, ty: Option<&Type>, dice: &mut Dice) -> Option<Term> {
    let fits: Vec<&str> = schema.fields().iter().filter(|f| ty.is_none_or(|ty| f.ty() == ty)).map(Field::name).collect();
    (!fits.is_empty()).then(|| Term::column(fits[dice.below(fits.len())]))
}

fn leaf(ty: &Type, schema: &Schema, dice: &mut Dice) -> Term {
    let nested = matches!(ty, Type::List(_) | Type::Struct(_) | Type::Map(..));
    let literal = |dice: &mut Dice| Term::Literal(if nested { OwnValue::Null } else { value(ty, dice) }, ty.clone());
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
        Type::Int64 => match dice.below(10) {
            0..4 => {
                let function = sum_sign(dice);
                let narrow =
                    [Type::Int64, Type::Int32, Type::Int8, Type::UInt32, Type::Int16, Type::UInt16][dice.below(6)].clone();
                let sides = [below(&Type::Int64, dice), leaf(&narrow, schema, dice)];
                let [a, b] = sides;
                Term::call(function, if dice.below(2) == 0 { [a, b] } else { [b, a] })
            }
            4 => Term::call([F::Negate, F::Abs, F::Floor, F::Ceil][dice.below(4)], [below(ty, dice)]),
            5 => Term::call(F::Length, [below(&Type::Str, dice)]),
            6 => Term::call(F::Find, [below(&Type::Str, dice), leaf(&Type::Str, schema, dice)]),
            7 => Term::call(F::Round, [below(ty, dice), Term::long([0, -1, -2, -19][dice.below(4)])]),
            _ => match dice.below(5) {
                0 => {
                    let of_what = moment(schema, dice);
                    let unit = if of_what == Type::Date { UNITS[dice.below(4)] } else { UNITS[dice.below(UNITS.len())] };
                    Term::call(F::DateDiff(unit), [below(&of_what, dice), leaf(&of_what, schema, dice)])
                }
                1 => {
                    let input = below(&Type::Str, dice);
                    converted(input, Type::Int64, dice)
                }
                2 => {
                    let input = leaf(&[Type::Decimal(9, 2), Type::Decimal(38, 10), Type::Float32][dice.below(3)], schema, dice);
                    converted(input, Type::Int64, dice)
                }
                3 => below(&Type::Bool, dice).cast(Type::Int64),
                _ => {
                    let input = below(&Type::Float64, dice);
                    converted(input, Type::Int64, dice)
                }
            },
        },
        Type::Int32 => match dice.below(5) {
            0 => Term::call([F::Add, F::Subtract, F::Multiply][dice.below(3)], [leaf(ty, schema, dice), leaf(ty, schema, dice)]),
            1 | 2 => {
                let part = [F::Year, F::Quarter, F::Month, F::Day, F::Weekday, F::DayOfYear][dice.below(6)];
                let of_what = moment(schema, dice);
                Term::call(part, [below(&of_what, dice)])
            }
            3 => {
                let of_what = if dice.below(4) == 0 { Type::Time } else { moment(schema, dice) };
                Term::call([F::Hour, F::Minute, F::Second][dice.below(3)], [below(&of_what, dice)])
            }
            _ => {
                let input = below(&Type::Int64, dice);
                converted(input, Type::Int32, dice)
            }
        },
        Type::Int8 | Type::Int16 | Type::UInt8 | Type::UInt16 | Type::UInt32 | Type::UInt64 => match dice.below(4) {
            0 | 1 => Term::call(sum_sign(dice), [below(ty, dice), leaf(ty, schema, dice)]),
            2 => Term::call([F::Abs, F::Floor][dice.below(2)], [below(ty, dice)]),
            _ => {
                let input = below(&[Type::Int64, Type::Int32, Type::Float64, Type::Str][dice.below(4)], dice);
                converted(input, ty.clone(), dice)
            }
        },
        Type::Float32 => match dice.below(4) {
            0 | 1 => {
                let function = [F::Add, F::Subtract, F::Multiply, F::Divide, F::Modulo][dice.below(5)];
                Term::call(function, [below(ty, dice), leaf(ty, schema, dice)])
            }
            2 => Term::call([F::Negate, F::Abs, F::Floor, F::Ceil][dice.below(4)], [below(ty, dice)]),
            _ => Term::call(F::Round, [below(ty, dice), Term::long([0, 1, 2, -1][dice.below(4)])]),
        },
        Type::Float64 => match dice.below(9) {
            0..2 => {
                let function = [F::Add, F::Subtract, F::Multiply, F::Divide, F::Modulo][dice.below(5)];
                let other = [Type::Float64, Type::Int32, Type::Float32, Type::Int64][dice.below(4)].clone();
                Term::call(function, [below(ty, dice), leaf(&other, schema, dice)])
            }
            2 => Term::call(F::DivideTrue, [below(&Type::Int64, dice), leaf(&Type::Int64, schema, dice)]),
            3 => Term::call([F::Negate, F::Abs, F::Floor, F::Ceil, F::Sqrt][dice.below(5)], [below(ty, dice)]),
            4 => Term::call(F::Round, [below(ty, dice), Term::long([0, 1, 2, -1, 300][dice.below(5)])]),
            5 => Term::call([F::Exp, F::Ln][dice.below(2)], [below(ty, dice)]),
            6 => Term::call(F::Power, [below(ty, dice), leaf(&[Type::Float64, Type::Int32][dice.below(2)], schema, dice)]),
            7 => {
                let input = below(&Type::Str, dice);
                converted(input, Type::Float64, dice)
            }
            _ => below(&[Type::Int64, Type::Float32, Type::Int8, Type::UInt64, Type::Decimal(9, 2)][dice.below(5)], dice)
                .cast(Type::Float64),
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
            4 => {
                let (pattern, with) = REPLACEMENTS[dice.below(REPLACEMENTS.len())];
                let literal = |text: &str| Term::Literal(OwnValue::text(text), Type::Str);
                Term::call(F::RegexReplace, [below(ty, dice), literal(pattern), literal(with)])
            }
            _ => {
                let from = [
                    Type::Int64,
                    Type::Bool,
                    Type::Float64,
                    Type::Date,
                    Type::Datetime,
                    Type::Float32,
                    Type::Time,
                    Type::UInt64,
                    Type::Decimal(9, 2),
                    Type::Decimal(38, 10),
                ];
                below(&from[dice.below(from.len())], dice).cast(Type::Str)
            }
        },
        Type::Decimal(..) => match dice.below(3) {
            0 => Term::call([F::Negate, F::Abs][dice.below(2)], [leaf(ty, schema, dice)]),
            1 => Term::call(F::Round, [leaf(ty, schema, dice), Term::long([0, 1, -1, -3][dice.below(4)])]),
            _ => {
                let from = [Type::Int64, Type::Decimal(9, 2), Type::Decimal(38, 10), Type::UInt8];
                let input = leaf(&from[dice.below(from.len())], schema, dice);
                converted(input, ty.clone(), dice)
            }
        },
        Type::Date | Type::Datetime | Type::Timestamp(_) => {
            let days = if *ty == Type::Date { 5 } else { UNITS.len() };
            let unit = UNITS[dice.below(days)];
            match dice.below(3) {
                0 => Term::call(F::Truncate(unit), [below(ty, dice)]),
                1 => {
                    let count = if dice.below(40) == 0 { i64::MAX } else { dice.below(30) as i64 - 14 };
                    Term::call(F::DateAdd(unit), [below(ty, dice), Term::long(count)])
                }
                _ if matches!(ty, Type::Timestamp(_)) => leaf(ty, schema, dice),
                _ => below(if *ty == Type::Date { &Type::Datetime } else { &Type::Date }, dice).cast(ty.clone()),
            }
        }
        _ => leaf(ty, schema, dice),
    }
}

/// A condition.
pub(super) fn condition(schema: &Schema, depth: usize, dice: &mut Dice) -> Term {
    let depth = depth.saturating_sub(1);
    let below = |ty: &Type, dice: &mut Dice| of(ty, schema, depth, dice);
    match dice.below(10) {
        0..4 => {
            let ty = some_type(schema, dice);
            let function =
                [F::Equal, F::NotEqual, F::Less, F::LessOrEqual, F::Greater, F::GreaterOrEqual, F::NotDistinct][dice.below(7)];
            let other = if ty == Type::Int64 && dice.below(2) == 0 { Type::Float64 } else { ty.clone() };
            Term::call(function, [below(&ty, dice), leaf(&other, schema, dice)])
        }
        4 => Term::call(F::And, [below(&Type::Bool, dice), below(&Type::Bool, dice)]),
        5 => Term::call(F::Or, [below(&Type::Bool, dice), below(&Type::Bool, dice)]),
        6 => Term::call(F::Not, [below(&Type::Bool, dice)]),
        7 => {
            let ty = some_type(schema, dice);
            Term::call([F::IsNull, F::IsNotNull][dice.below(2)], [below(&ty, dice)])
        }
        8 => {
            let ty = some_type(schema, dice);
            let mut items = vec![below(&ty, dice)];
            for _ in 0..1 + dice.below(3) {
                items.push(if dice.below(4) == 0 { Term::Null } else { Term::Literal(value(&ty, dice), ty.clone()) });
            }
            Term::call(F::IsIn, items)
        }
        _ => {
            let text = below(&Type::Str, dice);
            match dice.below(4) {
                0 => {
                    let pattern = ["%", "a%", "%b%", "_", "a_%", "%中_", ""][dice.below(7)];
                    Term::call(F::Like, [text, Term::Literal(OwnValue::text(pattern), Type::Str)])
                }
                1 => Term::call([F::Contains, F::StartsWith, F::EndsWith][dice.below(3)], [text, leaf(&Type::Str, schema, dice)]),
                2 => {
                    let pattern = PATTERNS[dice.below(PATTERNS.len())];
                    Term::call(F::RegexMatch, [text, Term::Literal(OwnValue::text(pattern), Type::Str)])
                }
                _ => Term::call(F::IsNan, [below(&Type::Float64, dice)]),
            }
        }
    }
}

/// A sign between whole numbers: one that wraps or gives null, or now and then one that asks for a result.
fn sum_sign(dice: &mut Dice) -> F {
    if dice.below(5) == 0 {
        return [F::CheckedAdd, F::CheckedSubtract, F::CheckedMultiply, F::CheckedDivide][dice.below(4)];
    }
    [F::Add, F::Subtract, F::Multiply, F::Divide, F::Modulo][dice.below(5)]
}

/// A date, a moment, or an instant where there are some.
fn moment(schema: &Schema, dice: &mut Dice) -> Type {
    let zoned = schema.fields().iter().map(Field::ty).find(|ty| matches!(ty, Type::Timestamp(_)));
    match (dice.below(3), zoned) {
        (0, _) => Type::Date,
        (1, Some(ty)) => ty.clone(),
        _ => Type::Datetime,
    }
}

/// Arithmetic of decimals, one step of it, so that few digits are lost.
fn decimal(schema: &Schema, dice: &mut Dice) -> Term {
    let function = [F::Add, F::Subtract, F::Multiply, F::Divide, F::Modulo][dice.below(5)];
    let types = [Type::Decimal(9, 2), Type::Decimal(18, 4), Type::Decimal(9, 2), Type::Decimal(5, 0)];
    let ty = types[dice.below(types.len())].clone();
    if dice.below(5) == 0 {
        return Term::call([F::Floor, F::Ceil][dice.below(2)], [leaf(&ty, schema, dice)]);
    }
    let others = [Type::Decimal(9, 2), Type::Int32, Type::Int8, Type::Decimal(5, 1), Type::Decimal(38, 10), Type::UInt64];
    let other = others[dice.below(others.len())].clone();
    Term::call(function, [leaf(&ty, schema, dice), leaf(&other, schema, dice)])
}

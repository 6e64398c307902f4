//! Arithmetic, comparison of numbers, and rounding.

use std::cmp::Ordering;

use arrow::array::AsArray;
use arrow::compute::kernels::numeric;
use arrow::datatypes::{
    DataType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int64Type, UInt8Type, UInt64Type,
};

use super::*;

const ARITHMETIC: [Function; 9] = [
    Function::Add,
    Function::Subtract,
    Function::Multiply,
    Function::Divide,
    Function::Modulo,
    Function::CheckedAdd,
    Function::CheckedSubtract,
    Function::CheckedMultiply,
    Function::CheckedDivide,
];

const COMPARISONS: [Function; 7] = [
    Function::Equal,
    Function::NotEqual,
    Function::Less,
    Function::LessOrEqual,
    Function::Greater,
    Function::GreaterOrEqual,
    Function::NotDistinct,
];

/// One operation of integers between two bounds, by way of wider ones.
fn integer(function: Function, (low, high): (i128, i128), l: i128, r: i128) -> Want {
    let wrapped = |v: i128| (v.wrapping_sub(low)).rem_euclid(high - low + 1) + low;
    let text = |v: i128| Ok(Some(v.to_string()));
    let checked = |v: Option<i128>| match v {
        Some(v) if (low..=high).contains(&v) => text(v),
        _ => Err(()),
    };
    match function {
        Function::Add => text(wrapped(l + r)),
        Function::Subtract => text(wrapped(l - r)),
        // Of 128 bits the lowest 64 are right, and the span divides 2^128.
        Function::Multiply => text(wrapped(l.wrapping_mul(r))),
        Function::Divide | Function::Modulo if r == 0 => Ok(None),
        Function::Divide => text(wrapped(l / r)),
        Function::Modulo => text(l % r),
        Function::CheckedAdd => checked(l.checked_add(r)),
        Function::CheckedSubtract => checked(l.checked_sub(r)),
        Function::CheckedMultiply => checked(l.checked_mul(r)),
        _ => checked(l.checked_div(r)),
    }
}

fn integers<T: ArrowPrimitiveType<Native: Into<i128> + TryFrom<i64>>>(
    values: &[(Option<i64>, Option<i64>)],
    bounds: (i128, i128),
    to: &str,
) {
    let made = |v: Option<i64>| v.and_then(|v| T::Native::try_from(v).ok());
    let (l, r): (Vec<_>, Vec<_>) = values.iter().map(|(l, r)| (made(*l), made(*r))).unzip();
    let (left, right) = (primitives::<T>(&l), primitives::<T>(&r));
    for function in ARITHMETIC {
        judge_pair(function, &ty(to), &left, &right, |i, j| match (l[i], r[j]) {
            (Some(l), Some(r)) => integer(function, bounds, l.into(), r.into()),
            _ => Ok(None),
        });
    }
    for function in COMPARISONS {
        judge_pair(function, &Type::Bool, &left, &right, |i, j| {
            let ordering = l[i].zip(r[j]).map(|(l, r)| Into::<i128>::into(l).cmp(&r.into()));
            compared(function, ordering, l[i].is_none() && r[j].is_none())
        });
    }
}

/// What a comparison says of an ordering, which is none where a side is null.
pub(super) fn compared(function: Function, ordering: Option<Ordering>, both_null: bool) -> Want {
    if function == Function::NotDistinct {
        return Ok(Some((both_null || ordering == Some(Ordering::Equal)).to_string()));
    }
    Ok(ordering.map(|o| {
        let is = match function {
            Function::Equal => o.is_eq(),
            Function::NotEqual => o.is_ne(),
            Function::Less => o.is_lt(),
            Function::LessOrEqual => o.is_le(),
            Function::Greater => o.is_gt(),
            _ => o.is_ge(),
        };
        is.to_string()
    }))
}

/// A decimal text rounded half away from zero, digit by digit.
fn rounded(text: &str, digits: i32) -> String {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let keep = i32::try_from(whole.len()).unwrap() + digits;
    if keep < 0 {
        return format!("{sign}0");
    }
    let mut all: Vec<u8> = whole.bytes().chain(fraction.bytes()).map(|b| b - b'0').collect();
    let keep = usize::try_from(keep).unwrap();
    if keep >= all.len() {
        return format!("{sign}{text}");
    }
    let mut carry = all[keep] >= 5;
    all[keep..].fill(0);
    for digit in all[..keep].iter_mut().rev() {
        *digit += u8::from(carry);
        carry = *digit == 10;
        if carry {
            *digit = 0;
        }
    }
    let text: String = all.iter().map(|d| char::from(b'0' + d)).collect();
    let (whole, fraction) = text.split_at(whole.len());
    format!("{sign}{}{whole}.{fraction}0", u8::from(carry))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn integers_are_as_wider_ones_cut(values in pairs(longs())) {
        integers::<Int8Type>(&values, (i8::MIN.into(), i8::MAX.into()), "byte");
        integers::<Int64Type>(&values, (i64::MIN.into(), i64::MAX.into()), "long");
        integers::<UInt8Type>(&values, (0, u8::MAX.into()), "ubyte");
        integers::<UInt64Type>(&values, (0, u64::MAX.into()), "ulong");
        integers::<Int16Type>(&values, (i16::MIN.into(), i16::MAX.into()), "short");
    }

    #[test]
    fn floats_have_one_total_order(values in pairs(doubles())) {
        let (l, r): (Vec<_>, Vec<_>) = values.into_iter().unzip();
        let narrow = |v: &[Option<f64>]| v.iter().map(|v| v.map(|v| v as f32)).collect::<Vec<_>>();
        let (ln, rn) = (narrow(&l), narrow(&r));
        for function in COMPARISONS {
            judge_pair(function, &Type::Bool, &primitives::<Float64Type>(&l), &primitives::<Float64Type>(&r), |i, j| {
                let ordering = l[i].zip(r[j]).map(|(l, r)| order(l, r));
                compared(function, ordering, l[i].is_none() && r[j].is_none())
            });
            judge_pair(function, &Type::Bool, &primitives::<Float32Type>(&ln), &primitives::<Float32Type>(&rn), |i, j| {
                let ordering = ln[i].zip(rn[j]).map(|(l, r)| order(l.into(), r.into()));
                compared(function, ordering, ln[i].is_none() && rn[j].is_none())
            });
        }
    }

    #[test]
    fn floats_compute_by_ieee(values in pairs(doubles())) {
        let (l, r): (Vec<_>, Vec<_>) = values.into_iter().unzip();
        let (left, right) = (primitives::<Float64Type>(&l), primitives::<Float64Type>(&r));
        let all: [(Function, fn(f64, f64) -> f64); 8] = [
            (Function::Add, |a, b| a + b), (Function::CheckedSubtract, |a, b| a - b), (Function::Multiply, |a, b| a * b),
            (Function::Divide, |a, b| a / b), (Function::DivideTrue, |a, b| a / b), (Function::CheckedDivide, |a, b| a / b),
            (Function::Modulo, |a, b| a % b), (Function::Power, f64::powf),
        ];
        for (function, op) in all {
            judge_pair(function, &Type::Float64, &left, &right, |i, j| {
                Ok(l[i].zip(r[j]).map(|(l, r)| format_value(&primitives::<Float64Type>(&[Some(op(l, r))]), 0)))
            });
        }
    }

    #[test]
    fn decimals_are_as_arrow_computes_them(
        values in pairs(prop::option::weighted(0.9, prop_oneof![
            -200_i128..200, -99_999_999_i128..100_000_000, Just(0), Just(99_999_999), Just(-99_999_999),
        ])),
        (ls, rs) in (0_i8..8, 0_i8..8),
    ) {
        let (l, r): (Vec<_>, Vec<_>) = values.into_iter().unzip();
        let made = |v: &[Option<i128>], scale| array(v.iter().copied().collect::<PrimitiveArray<Decimal128Type>>()
            .with_precision_and_scale(8, scale).unwrap());
        let (left, right) = (made(&l, ls), made(&r, rs));
        for function in ARITHMETIC {
            let one = |i: usize, j: usize| {
                let (l, r) = (left.slice(i, 1), right.slice(j, 1));
                match function {
                    Function::Add | Function::CheckedAdd => numeric::add(&l, &r),
                    Function::Subtract | Function::CheckedSubtract => numeric::sub(&l, &r),
                    Function::Multiply | Function::CheckedMultiply => numeric::mul(&l, &r),
                    Function::Modulo => numeric::rem(&l, &r),
                    _ => numeric::div(&l, &r),
                }
            };
            // The type that Arrow gives does not depend on values, but a zero may not be divided by.
            let nothing = arrow::array::new_null_array(left.data_type(), 1);
            let nothing_right = arrow::array::new_null_array(right.data_type(), 1);
            let data_type = match function {
                Function::Add | Function::CheckedAdd => numeric::add(&nothing, &nothing_right),
                Function::Subtract | Function::CheckedSubtract => numeric::sub(&nothing, &nothing_right),
                Function::Multiply | Function::CheckedMultiply => numeric::mul(&nothing, &nothing_right),
                Function::Modulo => numeric::rem(&nothing, &nothing_right),
                _ => numeric::div(&nothing, &nothing_right),
            }.unwrap().data_type().clone();
            let DataType::Decimal128(precision, _) = data_type else { panic!("no decimal") };
            let to = Type::from_arrow(&data_type).unwrap();
            judge_pair(function, &to, &left, &right, |i, j| match one(i, j) {
                Ok(made) if made.is_null(0) => Ok(None),
                Ok(made) => {
                    let value = made.as_primitive::<Decimal128Type>().value(0);
                    if value.unsigned_abs() < 10_u128.pow(precision.into()) { Ok(Some(format_value(&made, 0))) } else { Err(()) }
                }
                Err(_) if matches!(function, Function::Divide | Function::Modulo) => Ok(None),
                Err(_) => Err(()),
            });
        }
    }

    #[test]
    fn floats_round_as_their_text(
        (digits, values) in (-12_i32..26).prop_flat_map(|digits| {
            let values = prop_oneof![
                doubles().prop_filter_map("a value", |v| v),
                (any::<i32>(), 0_i32..9).prop_map(|(v, places)| format!("{v}e-{places}").parse::<f64>().unwrap()),
                // In the middle, where the float beside the text often lies on the other side of it.
                (-100_000_i32..100_000).prop_map(move |v| format!("{v}5e{}", -digits - 1).parse::<f64>().unwrap()),
            ];
            (Just(digits), prop::collection::vec(values, 1..60))
        }),
    ) {
        let expr = |to: &str| call(Function::Round, to, [col(0, to), literal(&digits.to_string(), "int")]);
        let column: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
        let want: Vec<Want> = values.iter().map(|v| {
            let exact = if v.is_finite() { rounded(&v.to_string(), digits).parse().unwrap() } else { *v };
            Ok(Some(format_value(&primitives::<Float64Type>(&[Some(exact)]), 0)))
        }).collect();
        judge(&expr("double"), &[primitives::<Float64Type>(&column)], values.len(), &want);
        let narrow: Vec<Option<f32>> = values.iter().map(|v| Some(*v as f32)).collect();
        let want: Vec<Want> = narrow.iter().flatten().map(|v| {
            let exact = if v.is_finite() { rounded(&v.to_string(), digits).parse().unwrap() } else { *v };
            Ok(Some(format_value(&primitives::<Float32Type>(&[Some(exact)]), 0)))
        }).collect();
        judge(&expr("float"), &[primitives::<Float32Type>(&narrow)], values.len(), &want);
    }

    #[test]
    fn decimals_and_integers_round_as_their_text(values in prop::collection::vec(-999_999_i128..1_000_000, 1..60), digits in -8_i32..6) {
        let decimals: PrimitiveArray<Decimal128Type> = values.iter().copied().collect();
        let decimals = array(decimals.with_precision_and_scale(6, 3).unwrap());
        let expr = |to: &str| call(Function::Round, to, [col(0, to), literal(&digits.to_string(), "int")]);
        let want: Vec<Want> = (0..values.len()).map(|row| {
            let text = rounded(&format_value(&decimals, row), digits);
            // To the same three digits, with neither zeros in front nor a sign of zero.
            let text = cast_array(&column(&text, "str"), &ty("decimal(38,3)")).unwrap();
            let value = text.as_primitive::<Decimal128Type>().value(0);
            if value.abs() < 1_000_000 { Ok(Some(format_value(&text, 0))) } else { Err(()) }
        }).collect();
        judge(&expr("decimal(6,3)"), &[decimals], values.len(), &want);

        let longs: Vec<Option<i64>> = values.iter().map(|v| i64::try_from(*v).ok()).collect();
        let want: Vec<Want> = longs.iter().flatten().map(|v| {
            let text = rounded(&v.to_string(), digits);
            Ok(Some((text.parse::<f64>().unwrap() + 0.0).to_string()))
        }).collect();
        judge(&expr("long"), &[primitives::<Int64Type>(&longs)], values.len(), &want);
    }
}

//! Random values of a type, with the ones that break things in front.

use fugue_core::Type;
use proptest::prelude::*;
use proptest::sample::select;

use crate::value::OwnValue;

/// Days and microseconds that every engine can hold and print: the years 1 to 9999.
const DAYS: std::ops::RangeInclusive<i64> = -719_162..=2_932_896;
const DAY_IN_MICROSECONDS: i64 = 86_400_000_000;

/// Text that is empty, blank, non-ASCII, longer than a view holds inline, equal in its first bytes, or like other things.
const TEXTS: [&str; 22] = [
    "",
    " ",
    "a",
    "A",
    "b",
    "null",
    "NaN",
    "0",
    "-0",
    "1.0",
    "true",
    "\0",
    "\n",
    "a,\"b\"",
    "exactly12byt",
    "exactly12bytes and more",
    "exactly12bytes and more!",
    "é",
    "e\u{301}",
    "中国中国中国中国",
    "🦀",
    "ÿ\u{10ffff}",
];

/// A value of the type, sometimes null.
pub fn value(ty: &Type) -> BoxedStrategy<OwnValue> {
    prop_oneof![1 => Just(OwnValue::Null), 6 => present(ty)].boxed()
}

/// A value of the type that is not null; parts of nested values may be.
pub(super) fn present(ty: &Type) -> BoxedStrategy<OwnValue> {
    match ty {
        Type::Bool => any::<bool>().prop_map(OwnValue::Bool).boxed(),
        Type::Int8 => whole(i128::from(i8::MIN), i128::from(i8::MAX)),
        Type::Int16 => whole(i128::from(i16::MIN), i128::from(i16::MAX)),
        Type::Int32 => whole(i128::from(i32::MIN), i128::from(i32::MAX)),
        Type::UInt8 => whole(0, i128::from(u8::MAX)),
        Type::UInt16 => whole(0, i128::from(u16::MAX)),
        Type::UInt32 => whole(0, i128::from(u32::MAX)),
        Type::UInt64 => whole(0, i128::from(u64::MAX)),
        Type::Float32 => float32(),
        Type::Float64 => float64(),
        Type::Str => text(),
        Type::Bytes => {
            prop_oneof![Just(OwnValue::Bytes(Vec::new())), prop::collection::vec(any::<u8>(), 0..20).prop_map(OwnValue::Bytes)]
                .boxed()
        }
        Type::Date => whole(i128::from(*DAYS.start()), i128::from(*DAYS.end())),
        Type::Time => whole(0, i128::from(DAY_IN_MICROSECONDS - 1)),
        Type::Datetime | Type::Timestamp(_) => whole(
            i128::from(*DAYS.start()) * i128::from(DAY_IN_MICROSECONDS),
            i128::from(*DAYS.end()) * i128::from(DAY_IN_MICROSECONDS),
        ),
        Type::Decimal(precision, _) => {
            let most = 10_i128.pow(u32::from(*precision)) - 1;
            whole(-most, most)
        }
        Type::List(item) => prop::collection::vec(value(item), 0..4).prop_map(OwnValue::List).boxed(),
        Type::Struct(fields) => fields.iter().map(|f| value(f.ty())).collect::<Vec<_>>().prop_map(OwnValue::Struct).boxed(),
        Type::Map(key, item) => prop::collection::vec((present(key), value(item)), 0..4)
            .prop_map(|pairs| {
                // Duplicate keys are an error on ingest, so generated maps have none.
                let mut unique: Vec<(OwnValue, OwnValue)> = Vec::new();
                for (key, value) in pairs {
                    if unique.iter().all(|(k, _)| *k != key) {
                        unique.push((key, value));
                    }
                }
                OwnValue::Map(unique)
            })
            .boxed(),
        // Type is open to additions; whatever is new here is 64 bits wide until this list knows it.
        _ => whole(i128::from(i64::MIN), i128::from(i64::MAX)),
    }
}

/// Small numbers (so that duplicates come), both ends of the range, and anything between.
fn whole(low: i128, high: i128) -> BoxedStrategy<OwnValue> {
    let small = (-3_i128..=9).prop_map(move |i| i.clamp(low, high));
    let ends = select(vec![low, low + 1, high - 1, high, 0_i128.clamp(low, high)]);
    // Ends may be further apart than the type can say, so the way between them is measured without a sign.
    let inside = any::<u64>().prop_map(move |share| {
        let span = high.wrapping_sub(low).cast_unsigned();
        let (share, all) = (u128::from(share), u128::from(u64::MAX));
        let way = span / all * share + (span % all).min(share);
        low.wrapping_add(way.cast_signed()).clamp(low, high)
    });
    prop_oneof![4 => small, 2 => ends, 1 => inside].prop_map(OwnValue::Int).boxed()
}

fn float64() -> BoxedStrategy<OwnValue> {
    let special = select(vec![
        f64::NAN,
        -f64::NAN,
        f64::from_bits(0x7ff8_0000_dead_beef),
        f64::from_bits(0xfff8_0000_0000_0001),
        -0.0,
        0.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MIN,
        f64::MAX,
        f64::MIN_POSITIVE,
        f64::from_bits(1),
        9_007_199_254_740_993.0,
    ]);
    let small = (-3_i32..=6).prop_map(|i| f64::from(i) * 0.5);
    prop_oneof![2 => special, 3 => small, 1 => any::<f64>()].prop_map(OwnValue::Float).boxed()
}

fn float32() -> BoxedStrategy<OwnValue> {
    let special = select(vec![
        f32::NAN,
        -f32::NAN,
        f32::from_bits(0x7fc0_beef),
        f32::from_bits(0xffc0_0001),
        -0.0,
        0.0,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::MIN,
        f32::MAX,
        f32::MIN_POSITIVE,
        0.1,
    ]);
    prop_oneof![2 => special, 1 => any::<f32>()].prop_map(|x| OwnValue::Float(f64::from(x))).boxed()
}

fn text() -> BoxedStrategy<OwnValue> {
    prop_oneof![
        3 => select(&TEXTS[..]).prop_map(OwnValue::text),
        1 => "\\PC{0,20}".prop_map(OwnValue::Text),
    ]
    .boxed()
}

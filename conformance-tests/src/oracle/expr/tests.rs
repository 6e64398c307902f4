//! The oracle's own arithmetic, against values written by hand.

use fugue_core::expr::{Function as F, TimeUnit};
use fugue_core::{Schema, Type};

use super::*;

fn answer(term: &Term) -> Result<OwnValue, String> {
    Known::of(term, &Schema::parse("a:int").expect("a schema"))?.value(Scope { rows: &[], at: 0, group: &[], dialect: &Standard })
}

fn text(text: &str) -> Term {
    Term::Literal(OwnValue::text(text), Type::Str)
}

fn double(x: f64) -> Term {
    Term::Literal(OwnValue::Float(x), Type::Float64)
}

fn decimal(x: i64, p: u8, s: i8) -> Term {
    Term::Literal(OwnValue::from(x), Type::Decimal(p, s))
}

#[test]
fn numbers() {
    let long = |f, a, b| answer(&Term::call(f, [Term::long(a), Term::long(b)]));
    assert_eq!(long(F::Divide, -7, 2), Ok(OwnValue::from(-3)));
    assert_eq!(long(F::Modulo, 7, -3), Ok(OwnValue::from(1)));
    assert_eq!(long(F::Modulo, 7, 0), Ok(OwnValue::Null));
    assert_eq!(long(F::Add, i64::MAX, 1), Ok(OwnValue::from(i64::MIN)));
    assert_eq!(long(F::Divide, i64::MIN, -1), Ok(OwnValue::from(i64::MIN)));
    assert!(long(F::CheckedAdd, i64::MAX, 1).is_err());
    assert!(long(F::CheckedDivide, i64::MIN, -1).is_err());
    for (x, digits, rounded) in [
        (2.5, 0, 3.0),
        (-2.5, 0, -3.0),
        (1.005, 2, 1.01),
        (1234.0, -2, 1200.0),
        (0.05, 0, 0.0),
        (5e-324, 3, 0.0),
        (1250.0, -2, 1300.0),
        (6.0, -1, 10.0),
    ] {
        assert_eq!(answer(&Term::call(F::Round, [double(x), Term::long(digits)])), Ok(OwnValue::Float(rounded)), "{x} {digits}");
    }
    let decimals =
        |f| Known::of(&Term::call(f, [decimal(1000, 5, 2), decimal(3, 3, 1)]), &Schema::parse("a:int").expect("a schema"));
    let divided = decimals(F::Divide).expect("known");
    assert_eq!(divided.ty, Type::Decimal(10, 6));
    assert_eq!(answer(&Term::call(F::Divide, [decimal(1000, 5, 2), decimal(3, 3, 1)])), Ok(OwnValue::from(33_333_333)));
    assert_eq!(decimals(F::Multiply).expect("known").ty, Type::Decimal(9, 3));
    assert_eq!(decimals(F::Add).expect("known").ty, Type::Decimal(6, 2));
}

#[test]
fn texts() {
    let of = |f, args: &[&str]| answer(&Term::call(f, args.iter().map(|a| text(a))));
    assert_eq!(of(F::Find, &["aé🦀b", "b"]), Ok(OwnValue::from(3)));
    assert_eq!(of(F::Find, &["a", "x"]), Ok(OwnValue::Null));
    for (t, pattern, fits) in
        [("abc", "a%", true), ("abc", "%c", true), ("abc", "_b_", true), ("abc", "_b", false), ("", "%", true), ("é", "_", true)]
    {
        assert_eq!(of(F::Like, &[t, pattern]), Ok(OwnValue::Bool(fits)), "{t} {pattern}");
    }
    let cut = |start, length| answer(&Term::call(F::Substring, [text("aé🦀b"), Term::long(start), Term::long(length)]));
    assert_eq!(cut(1, 2), Ok(OwnValue::text("é🦀")));
    assert_eq!(cut(-2, 1), Ok(OwnValue::text("🦀")));
    assert!(cut(0, -1).is_err());
}

#[test]
fn texts_of_values() {
    for (x, t) in
        [(1.0, "1.0"), (0.1, "0.1"), (1e-5, "0.00001"), (1e16, "1e16"), (123456.75, "123456.75"), (-0.0, "-0.0"), (1e-6, "1e-6")]
    {
        assert_eq!(answer(&double(x).cast(Type::Str)), Ok(OwnValue::text(t)));
    }
    let moment = Term::Literal(OwnValue::from(1_577_934_245_123_000_i64), Type::Datetime);
    assert_eq!(answer(&moment.cast(Type::Str)), Ok(OwnValue::text("2020-01-02 03:04:05.123")));
}

#[test]
fn days() {
    for days in [-719_162, -1, 0, 59, 18_321, 11_016, 2_932_896] {
        assert_eq!(calendar::days_of(calendar::civil(days)), days);
    }
    let day = |y, m, d| OwnValue::Int(calendar::days_of(calendar::Civil { year: y, month: m, day: d }));
    let date = |y, m, d| Term::Literal(day(y, m, d), Type::Date);
    assert_eq!(day(1970, 1, 1), OwnValue::from(0));
    assert_eq!(day(2020, 3, 1), OwnValue::from(18_322));
    let add = |from, n| answer(&Term::call(F::DateAdd(TimeUnit::Month), [from, Term::long(n)]));
    assert_eq!(add(date(2020, 1, 31), 1), Ok(day(2020, 2, 29)));
    assert_eq!(add(date(2020, 3, 31), -13), Ok(day(2019, 2, 28)));
    let diff = |a, b| answer(&Term::call(F::DateDiff(TimeUnit::Month), [a, b]));
    assert_eq!(diff(date(2020, 3, 14), date(2020, 1, 15)), Ok(OwnValue::from(1)));
    assert_eq!(diff(date(2020, 1, 15), date(2020, 3, 14)), Ok(OwnValue::from(-1)));
    assert_eq!(diff(date(2020, 2, 29), date(2020, 1, 31)), Ok(OwnValue::from(1)));
    assert_eq!(diff(date(2020, 2, 1), date(2020, 2, 1)), Ok(OwnValue::from(0)));
    assert_eq!(answer(&Term::call(F::Weekday, [date(2026, 11, 22)])), Ok(OwnValue::from(7)));
    assert_eq!(answer(&Term::call(F::DayOfYear, [date(2020, 12, 31)])), Ok(OwnValue::from(366)));
}

#[test]
fn types() {
    let refused = |a: &Type, b: &Type| assert_eq!(common(a, b), None, "{a} {b}");
    let meet = |a: Type, b: Type, at: Type| assert_eq!((common(&a, &b), common(&b, &a)), (Some(at.clone()), Some(at)));
    meet(Type::Int32, Type::Int64, Type::Int64);
    meet(Type::UInt8, Type::Int8, Type::Int16);
    meet(Type::UInt32, Type::Int8, Type::Int64);
    meet(Type::UInt8, Type::Int64, Type::Int64);
    meet(Type::Float32, Type::Int8, Type::Float64);
    meet(Type::Decimal(5, 2), Type::Int32, Type::Decimal(12, 2));
    meet(Type::Date, Type::Datetime, Type::Datetime);
    refused(&Type::UInt64, &Type::Int8);
    refused(&Type::Str, &Type::Int64);
    refused(&Type::Bool, &Type::Int64);
}

#[test]
fn terms_are_written_as_rust() {
    let case =
        Term::Case { branches: vec![(Term::call(F::Less, [Term::column("a"), Term::long(1)]), text("x"))], otherwise: None };
    assert_eq!(case.to_string(), r#"when(col("a").lt(lit(1_i64))).then(lit("x")).end()"#);
    let sum = Term::aggregate(AggregateFunction::Sum, Some(Term::column("a").cast(Type::Int8)));
    assert_eq!(sum.to_string(), r#"sum(col("a").cast("byte"))"#);
}

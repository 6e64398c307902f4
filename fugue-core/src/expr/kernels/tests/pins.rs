//! The examples that the contract pins.

use super::*;

fn binary(function: Function, to: &str, left: (&str, &str), right: (&str, &str)) -> crate::Result<String> {
    shown(&call(function, to, [col(0, left.1), col(1, right.1)]), &[column(left.0, left.1), column(right.0, right.1)])
}

fn unary(function: Function, to: &str, value: (&str, &str)) -> String {
    shown(&call(function, to, [col(0, value.1)]), &[column(value.0, value.1)]).unwrap()
}

fn round(values: &str, of: &str, digits: i32) -> crate::Result<String> {
    shown(&call(Function::Round, of, [col(0, of), literal(&digits.to_string(), "int")]), &[column(values, of)])
}

#[test]
fn division_and_modulo() {
    let long = |function, l, r| binary(function, "long", (l, "long"), (r, "long")).unwrap();
    // D17, D18, D19, D20
    assert_eq!(long(Function::Divide, "7|-7|7|-9223372036854775808", "2|2|0|-1"), "3|-3|NULL|-9223372036854775808");
    assert_eq!(long(Function::Modulo, "-7|7|7|-9223372036854775808", "2|-3|0|-1"), "-1|1|NULL|0");
    assert_eq!(long(Function::Add, "9223372036854775807|NULL", "1|1"), "-9223372036854775808|NULL");
    let double = |function, l, r| binary(function, "double", (l, "double"), (r, "double")).unwrap();
    assert_eq!(double(Function::Divide, "1|-1|0", "0|0|0"), "inf|-inf|NaN");
    assert_eq!(double(Function::DivideTrue, "7|-7", "2|2"), "3.5|-3.5");
    assert_eq!(double(Function::Modulo, "1|-7.5", "0|2"), "NaN|-1.5");
}

#[test]
fn checked_arithmetic_names_the_row() {
    for (function, l, r, says) in [
        (Function::CheckedAdd, "1|127", "1|1", "127 + 1: out of the range of byte"),
        (Function::CheckedSubtract, "1|-128", "1|1", "-128 - 1: out of the range of byte"),
        (Function::CheckedMultiply, "1|64", "1|2", "64 * 2: out of the range of byte"),
        (Function::CheckedDivide, "1|3", "1|0", "3 / 0: the divisor is zero"),
        (Function::CheckedDivide, "1|-128", "1|-1", "-128 / -1: out of the range of byte"),
    ] {
        let error = binary(function, "byte", (l, "byte"), (r, "byte")).unwrap_err();
        assert_eq!((error.kind(), error.context("row"), error.message()), (ErrorKind::ValueInvalid, Some("1"), says));
    }
}

#[test]
fn decimals() {
    // D84
    let of = |function, to, l, r| binary(function, to, (l, "decimal(12,2)"), (r, "decimal(4,3)"));
    assert_eq!(of(Function::Add, "decimal(14,3)", "1.25|NULL", "-0.005|1").unwrap(), "1.245|NULL");
    assert_eq!(of(Function::Multiply, "decimal(17,5)", "1.25", "1.005").unwrap(), "1.25625");
    assert_eq!(of(Function::Divide, "decimal(19,6)", "1|-2|1", "3|3|0").unwrap(), "0.333333|-0.666666|NULL");
    assert_eq!(of(Function::Modulo, "decimal(4,3)", "-7.5|1", "2|0").unwrap(), "-1.500|NULL");
    let error = of(Function::CheckedDivide, "decimal(19,6)", "1|2", "3|0").unwrap_err();
    assert_eq!((error.kind(), error.context("row")), (ErrorKind::ValueInvalid, Some("1")));
    // Arrow would let a value of 39 digits stand.
    let most = "9".repeat(38);
    let wide = (most.as_str(), "decimal(38,0)");
    let error = binary(Function::Add, "decimal(38,0)", wide, ("1", "decimal(38,0)")).unwrap_err();
    assert_eq!((error.kind(), error.context("row")), (ErrorKind::ValueInvalid, Some("0")));
    assert_eq!(binary(Function::Add, "decimal(38,0)", wide, ("-1", "decimal(38,0)")).unwrap(), "9".repeat(37) + "8");
    let error = binary(Function::Multiply, "decimal(38,0)", wide, wide).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ValueInvalid);
}

#[test]
fn rounding() {
    // D85
    assert_eq!(
        round("2.675|1.005|-0.5|0.5|2.5|-2.675|1e300|0.15", "double", 2).unwrap(),
        "2.68|1.01|-0.5|0.5|2.5|-2.68|1e300|0.15"
    );
    assert_eq!(
        round("-0.5|0.5|1.5|2.5|0.49999999999999994|NULL|NaN|-inf", "double", 0).unwrap(),
        "-1.0|1.0|2.0|3.0|0.0|NULL|NaN|-inf"
    );
    assert_eq!(round("15|14.9|-25|4|5e20", "double", -1).unwrap(), "20.0|10.0|-30.0|0.0|5e20");
    assert_eq!(round("2.675|1.005", "float", 2).unwrap(), "2.68|1.01");
    assert_eq!(round("2.675|-1.005|0.004", "decimal(5,3)", 2).unwrap(), "2.680|-1.010|0.000");
    assert_eq!(round("2.675", "decimal(5,3)", 7).unwrap(), "2.675");
    assert_eq!(round("15|-25|4", "long", 1).unwrap(), "15|-25|4");
    assert_eq!(round("15|-25|4", "long", -1).unwrap(), "20|-30|0");
    assert_eq!(round("1.11|9.99", "decimal(3,2)", 1).unwrap_err().context("row"), Some("1"));
    assert_eq!(round("1|127", "byte", -1).unwrap_err().context("row"), Some("1"));
}

#[test]
fn functions_of_a_number() {
    assert_eq!(unary(Function::Negate, "byte", ("1|-128|NULL", "byte")), "-1|-128|NULL");
    assert_eq!(unary(Function::Negate, "decimal(3,1)", ("1.5", "decimal(3,1)")), "-1.5");
    assert_eq!(unary(Function::Abs, "byte", ("-1|-128|127|NULL", "byte")), "1|-128|127|NULL");
    assert_eq!(unary(Function::Abs, "ulong", ("18446744073709551615", "ulong")), "18446744073709551615");
    assert_eq!(unary(Function::Abs, "double", ("-1.5|-0.0|NaN", "double")), "1.5|0.0|NaN");
    assert_eq!(unary(Function::Abs, "decimal(3,1)", ("-1.5|1.5", "decimal(3,1)")), "1.5|1.5");
    assert_eq!(unary(Function::Floor, "double", ("1.5|-1.5|NULL", "double")), "1.0|-2.0|NULL");
    assert_eq!(unary(Function::Ceil, "double", ("1.5|-1.5|-0.5", "double")), "2.0|-1.0|-0.0");
    assert_eq!(unary(Function::Floor, "decimal(4,0)", ("1.5|-1.5|2.0|-2.0", "decimal(4,1)")), "1|-2|2|-2");
    assert_eq!(unary(Function::Ceil, "decimal(4,0)", ("1.5|-1.5|2.0|99.1", "decimal(4,1)")), "2|-1|2|100");
    assert_eq!(unary(Function::Ceil, "int", ("3|NULL", "int")), "3|NULL");
    assert_eq!(unary(Function::Sqrt, "double", ("4|-1|NULL", "double")), "2.0|NaN|NULL");
    assert_eq!(unary(Function::Ln, "double", ("1|0|-1", "double")), "0.0|-inf|NaN");
    assert_eq!(unary(Function::Exp, "double", ("0", "double")), "1.0");
    assert_eq!(unary(Function::IsNan, "bool", ("1|NaN|NULL", "double")), "false|true|NULL");
    assert_eq!(unary(Function::IsNan, "bool", ("1|NaN|NULL", "float")), "false|true|NULL");
    assert_eq!(binary(Function::Power, "double", ("2|NULL", "double"), ("10|1", "double")).unwrap(), "1024.0|NULL");
}

#[test]
fn comparisons() {
    let less = |to: &str, l: &str, r: &str| binary(Function::Less, "bool", (l, to), (r, to)).unwrap();
    assert_eq!(less("double", "inf|NaN|NaN|-0.0", "NaN|inf|NaN|0.0"), "true|false|false|false");
    assert_eq!(
        less("str", "a|ab|z|é|a long text, longer than 12", "b|a|é|z|a long text, longer than 13"),
        "true|false|true|false|true"
    );
    assert_eq!(less("bytes", "a|b", "b|a"), "true|false");
    assert_eq!(less("date", "2020-01-01", "2020-01-02"), "true");
    assert_eq!(less("time", "00:00:01", "00:00:00"), "false");
    assert_eq!(less("timestamp(us,Europe/Berlin)", "2020-01-01", "2020-01-02"), "true");
    assert_eq!(less("decimal(5,2)", "1.5|-1.5", "1.49|1"), "false|true");
    assert_eq!(less("bool", "false|true", "true|true"), "true|false");
    // D99: not in, with null
    let list = call(Function::IsIn, "bool", [col(0, "long"), literal("1", "long"), literal("NULL", "long")]);
    let not_in = call(Function::Not, "bool", [list]);
    assert_eq!(shown(&not_in, &[column("1|2|NULL", "long")]).unwrap(), "false|NULL|NULL");
    let nothing = call(Function::IsIn, "bool", [col(0, "long")]);
    assert_eq!(shown(&nothing, &[column("1|NULL", "long")]).unwrap(), "false|false");
}

#[test]
fn all_null_columns() {
    for function in [Function::Add, Function::Divide, Function::CheckedDivide] {
        assert_eq!(binary(function, "long", ("NULL|NULL", "long"), ("0|NULL", "long")).unwrap(), "NULL|NULL");
        let nothing = call(function, "long", [col(0, "long"), literal("NULL", "long")]);
        assert_eq!(shown(&nothing, &[column("1|NULL", "long")]).unwrap(), "NULL|NULL");
    }
    let first = call(Function::Coalesce, "str", [col(0, "str"), literal("NULL", "str"), col(1, "str"), literal("z", "str")]);
    let columns = [column("NULL|NULL|a", "str"), column("NULL|b|c", "str")];
    assert_eq!(shown(&first, &columns).unwrap(), "z|b|a");
}

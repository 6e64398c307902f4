//! Pinned examples of functions of time, and their agreement with a calendar and with clocks of zones.

use std::sync::Arc;

use arrow::array::TimestampMicrosecondArray;
use arrow::array::{Array, ArrayRef, AsArray, Date32Array, Int64Array, StringViewArray, Time64MicrosecondArray};
use arrow::datatypes::{Date32Type, Int32Type, Int64Type, TimestampMicrosecondType};
use chrono::{DateTime, Datelike, MappedLocalTime, Months, NaiveDate, NaiveDateTime, TimeZone, Timelike};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::super::Operand;
use super::call;
use crate::cast::cast_array;
use crate::error::{Error, ErrorKind};
use crate::expr::{Function as F, TimeUnit as U};
use crate::schema::Type;

const DATE_PARTS: [F; 6] = [F::Year, F::Quarter, F::Month, F::Day, F::Weekday, F::DayOfYear];
const TIME_PARTS: [F; 3] = [F::Hour, F::Minute, F::Second];

fn zoned(zone: &str) -> Type {
    Type::Timestamp(Arc::from(zone))
}

/// A column of one row, from text.
fn column(ty: &Type, text: &str) -> Operand {
    let text: ArrayRef = Arc::new(StringViewArray::from_iter_values(["", text]));
    Operand { array: cast_array(&text.slice(1, 1), ty).unwrap(), constant: false }
}

fn long(value: i64) -> Operand {
    Operand { array: Arc::new(Int64Array::from(vec![value])), constant: true }
}

/// The only row, as text.
fn shown(array: &ArrayRef) -> String {
    assert_eq!(array.len(), 1);
    cast_array(array, &Type::Str).unwrap().as_string_view().value(0).to_owned()
}

fn parts(functions: &[F], ty: &Type, text: &str) -> Vec<i32> {
    let part = |function: &F| call(*function, &[column(ty, text)], 1).unwrap().as_primitive::<Int32Type>().value(0);
    functions.iter().map(part).collect()
}

fn truncated(unit: U, ty: &Type, text: &str) -> String {
    let made = call(F::Truncate(unit), &[column(ty, text)], 1).unwrap();
    assert_eq!(made.data_type(), &ty.to_arrow());
    shown(&made)
}

fn added(unit: U, ty: &Type, text: &str, count: i64) -> String {
    let made = call(F::DateAdd(unit), &[column(ty, text), long(count)], 1).unwrap();
    assert_eq!(made.data_type(), &ty.to_arrow());
    shown(&made)
}

fn difference(unit: U, ty: &Type, to: &str, from: &str) -> i64 {
    let made = call(F::DateDiff(unit), &[column(ty, to), column(ty, from)], 1).unwrap();
    made.as_primitive::<Int64Type>().value(0)
}

fn micros(values: &[Option<i64>], zone: Option<&str>) -> Operand {
    let around = [Some(5)].into_iter().chain(values.iter().copied()).collect::<TimestampMicrosecondArray>();
    let array: ArrayRef = Arc::new(around.with_timezone_opt(zone));
    Operand { array: array.slice(1, values.len()), constant: false }
}

fn longs(array: &ArrayRef) -> Vec<Option<i64>> {
    array.as_primitive::<Int64Type>().iter().collect()
}

fn instants(array: &ArrayRef) -> Vec<Option<i64>> {
    array.as_primitive::<TimestampMicrosecondType>().iter().collect()
}

#[track_caller]
fn invalid(error: &Error, row: &str) {
    assert_eq!((error.kind(), error.context("row")), (ErrorKind::ValueInvalid, Some(row)), "{error}");
}

#[test]
fn parts_of_dates_and_times() {
    assert_eq!(parts(&DATE_PARTS, &Type::Date, "2020-12-31"), [2020, 4, 12, 31, 4, 366]);
    assert_eq!(parts(&DATE_PARTS, &Type::Date, "1969-01-01"), [1969, 1, 1, 1, 3, 1]);
    assert_eq!(parts(&DATE_PARTS, &Type::Date, "2000-03-05"), [2000, 1, 3, 5, 7, 65]);
    assert_eq!(parts(&TIME_PARTS, &Type::Date, "2020-12-31"), [0, 0, 0]);
    assert_eq!(parts(&DATE_PARTS, &Type::Datetime, "1969-12-31 23:59:59.999999"), [1969, 4, 12, 31, 3, 365]);
    assert_eq!(parts(&TIME_PARTS, &Type::Datetime, "1969-12-31 23:59:58.999999"), [23, 59, 58]);
    assert_eq!(parts(&TIME_PARTS, &Type::Time, "03:04:05.6"), [3, 4, 5]);
    let newyork = zoned("America/New_York");
    assert_eq!(parts(&DATE_PARTS, &newyork, "2021-01-01 03:30:00Z"), [2020, 4, 12, 31, 4, 366]);
    assert_eq!(parts(&TIME_PARTS, &newyork, "2021-07-01 03:30:00Z"), [23, 30, 0]);
    assert_eq!(parts(&TIME_PARTS, &newyork, "2021-11-07 06:30:00Z"), [1, 30, 0]);
}

#[test]
fn truncates_to_units() {
    let text = "2024-08-15 13:14:15.678901";
    for (unit, wanted) in [
        (U::Year, "2024-01-01 00:00:00"),
        (U::Quarter, "2024-07-01 00:00:00"),
        (U::Month, "2024-08-01 00:00:00"),
        (U::Week, "2024-08-12 00:00:00"),
        (U::Day, "2024-08-15 00:00:00"),
        (U::Hour, "2024-08-15 13:00:00"),
        (U::Minute, "2024-08-15 13:14:00"),
        (U::Second, "2024-08-15 13:14:15"),
        (U::Millisecond, "2024-08-15 13:14:15.678"),
        (U::Microsecond, text),
    ] {
        assert_eq!(truncated(unit, &Type::Datetime, text), wanted);
        let date = if super::of_days(unit) { &wanted[..10] } else { "2024-08-15" };
        assert_eq!(truncated(unit, &Type::Date, "2024-08-15"), date);
        let berlin = truncated(unit, &zoned("Europe/Berlin"), text);
        let offset = if unit == U::Year { "+01:00" } else { "+02:00" };
        assert_eq!(berlin, format!("{wanted}{offset}"));
    }
    assert_eq!(truncated(U::Week, &Type::Date, "1969-12-28"), "1969-12-22");
    assert_eq!(truncated(U::Hour, &Type::Datetime, "1969-12-31 23:59:59.999999"), "1969-12-31 23:00:00");
    assert_eq!(truncated(U::Year, &Type::Datetime, "1960-05-05 05:05:05"), "1960-01-01 00:00:00");
}

#[test]
fn starts_that_a_clock_shows_twice_or_never() {
    let newyork = zoned("America/New_York");
    assert_eq!(truncated(U::Hour, &newyork, "2021-11-07 01:30:00-04:00"), "2021-11-07 01:00:00-04:00");
    assert_eq!(truncated(U::Hour, &newyork, "2021-11-07 01:30:00-05:00"), "2021-11-07 01:00:00-05:00");
    assert_eq!(truncated(U::Day, &newyork, "2021-11-07 01:30:00-05:00"), "2021-11-07 00:00:00-04:00");
    // Midnight stands twice on the clock of this day.
    let havana = zoned("America/Havana");
    assert_eq!(truncated(U::Day, &havana, "2021-11-07 12:00:00-05:00"), "2021-11-07 00:00:00-04:00");
    assert_eq!(truncated(U::Day, &havana, "2021-11-07 00:30:00-04:00"), "2021-11-07 00:00:00-04:00");
    assert_eq!(truncated(U::Day, &havana, "2021-11-07 00:30:00-05:00"), "2021-11-07 00:00:00-04:00");
    assert_eq!(truncated(U::Hour, &havana, "2021-11-07 00:30:00-04:00"), "2021-11-07 00:00:00-04:00");
    assert_eq!(truncated(U::Hour, &havana, "2021-11-07 00:30:00-05:00"), "2021-11-07 00:00:00-05:00");
    // And never on this one's.
    let paulo = zoned("America/Sao_Paulo");
    assert_eq!(truncated(U::Day, &paulo, "2018-11-04 12:00:00-02:00"), "2018-11-04 01:00:00-02:00");
    assert_eq!(truncated(U::Week, &paulo, "2018-11-04 12:00:00-02:00"), "2018-10-29 00:00:00-03:00");
    assert_eq!(truncated(U::Hour, &zoned("Australia/Lord_Howe"), "2021-10-03 02:45:00+11:00"), "2021-10-03 02:30:00+11:00");
}

#[test]
fn adds_units() {
    for (unit, from, count, to) in [
        (U::Month, "2020-01-31", 1, "2020-02-29"),
        (U::Month, "2021-01-31", 1, "2021-02-28"),
        (U::Month, "2020-03-31", -1, "2020-02-29"),
        (U::Month, "2020-01-15", -13, "2018-12-15"),
        (U::Quarter, "2020-11-30", 1, "2021-02-28"),
        (U::Year, "2020-02-29", 1, "2021-02-28"),
        (U::Year, "2020-02-29", -4, "2016-02-29"),
        (U::Year, "2000-02-29", -100, "1900-02-28"),
        (U::Week, "1970-01-01", -1, "1969-12-25"),
        (U::Day, "2020-02-28", 2, "2020-03-01"),
        (U::Day, "2020-02-28", 0, "2020-02-28"),
    ] {
        assert_eq!(added(unit, &Type::Date, from, count), to);
        let moment = |date: &str| format!("{date} 01:02:03.000004");
        assert_eq!(added(unit, &Type::Datetime, &moment(from), count), moment(to));
    }
    for (unit, to) in [
        (U::Hour, "2020-01-01 00:00:00"),
        (U::Minute, "2019-12-31 23:01:00"),
        (U::Second, "2019-12-31 23:00:01"),
        (U::Millisecond, "2019-12-31 23:00:00.001"),
        (U::Microsecond, "2019-12-31 23:00:00.000001"),
    ] {
        assert_eq!(added(unit, &Type::Datetime, "2019-12-31 23:00:00", 1), to);
        let error = call(F::DateAdd(unit), &[column(&Type::Date, "2019-12-31"), long(1)], 1).unwrap_err();
        assert!(error.kind() == ErrorKind::ExpressionInvalid && error.message().contains("datetime"), "{error}");
    }
}

#[test]
fn days_move_the_clock_and_hours_the_instant() {
    let berlin = zoned("Europe/Berlin");
    assert_eq!(added(U::Day, &berlin, "2021-03-27 12:00:00+01:00", 1), "2021-03-28 12:00:00+02:00");
    assert_eq!(added(U::Hour, &berlin, "2021-03-27 12:00:00+01:00", 24), "2021-03-28 13:00:00+02:00");
    assert_eq!(added(U::Month, &berlin, "2021-01-31 12:00:00+01:00", 5), "2021-06-30 12:00:00+02:00");
    assert_eq!(added(U::Day, &berlin, "2021-03-27 02:30:00+01:00", 1), "2021-03-28 03:00:00+02:00");
    assert_eq!(added(U::Day, &berlin, "2021-10-30 02:30:00+02:00", 1), "2021-10-31 02:30:00+02:00");
    assert_eq!(added(U::Day, &berlin, "2021-11-01 02:30:00+01:00", -1), "2021-10-31 02:30:00+01:00");
    assert_eq!(added(U::Year, &berlin, "2021-10-31 02:30:00+01:00", 0), "2021-10-31 02:30:00+01:00");
    assert_eq!(added(U::Year, &berlin, "2021-10-31 02:30:00+02:00", 0), "2021-10-31 02:30:00+02:00");
    // A clock that skipped a whole day.
    assert_eq!(added(U::Day, &zoned("Pacific/Apia"), "2011-12-29 10:00:00-10:00", 1), "2011-12-31 00:00:00+14:00");
}

#[test]
fn counts_whole_units() {
    for (unit, to, from, wanted) in [
        (U::Month, "2021-02-28", "2021-01-31", 1),
        (U::Month, "2021-01-31", "2021-02-28", 0),
        (U::Month, "2021-03-30", "2021-01-31", 1),
        (U::Month, "2021-03-31", "2021-01-31", 2),
        (U::Month, "2021-01-15", "2021-03-14", -1),
        (U::Month, "2021-01-15", "2021-03-15", -2),
        (U::Year, "2021-02-28", "2020-02-29", 1),
        (U::Year, "2021-02-27", "2020-02-29", 0),
        (U::Year, "1969-12-31", "1971-12-30", -1),
        (U::Quarter, "2021-12-31", "2021-01-01", 3),
        (U::Week, "2021-01-14", "2021-01-01", 1),
        (U::Week, "2021-01-01", "2021-01-14", -1),
        (U::Day, "2020-03-01", "2020-02-28", 2),
        (U::Day, "1969-12-31", "1970-01-02", -2),
        (U::Hour, "2020-03-01", "2020-02-28", 48),
    ] {
        assert_eq!(difference(unit, &Type::Date, to, from), wanted, "{unit:?} {to} {from}");
        assert_eq!(difference(unit, &Type::Datetime, to, from), wanted, "{unit:?} {to} {from}");
    }
    let moments = |unit, to, from| difference(unit, &Type::Datetime, to, from);
    assert_eq!(moments(U::Day, "2020-01-03 11:59:59", "2020-01-01 12:00:00"), 1);
    assert_eq!(moments(U::Day, "2020-01-01 12:00:00", "2020-01-03 11:59:59"), -1);
    assert_eq!(moments(U::Month, "2020-02-01 11:59:59", "2020-01-01 12:00:00"), 0);
    assert_eq!(moments(U::Hour, "1969-12-31 22:30:00", "1970-01-01 00:00:00"), -1);
    assert_eq!(moments(U::Microsecond, "2020-01-01 00:00:00.5", "2020-01-01 00:00:00"), 500_000);
    let berlin = |unit, to, from| difference(unit, &zoned("Europe/Berlin"), to, from);
    assert_eq!(berlin(U::Day, "2021-03-28 12:00:00+02:00", "2021-03-27 12:00:00+01:00"), 1);
    assert_eq!(berlin(U::Hour, "2021-03-28 12:00:00+02:00", "2021-03-27 12:00:00+01:00"), 23);
    assert_eq!(berlin(U::Month, "2021-04-01 00:00:00+02:00", "2021-03-01 00:00:00+01:00"), 1);
    assert_eq!(berlin(U::Minute, "2021-10-31 02:30:00+01:00", "2021-10-31 02:30:00+02:00"), 60);
}

#[test]
fn nulls_constants_and_no_rows() {
    let column = micros(&[Some(0), None, Some(-1)], None);
    let constant = |value: Option<i64>| Operand { constant: true, ..micros(&[value], None) };
    let years = call(F::Year, std::slice::from_ref(&column), 3).unwrap();
    assert_eq!(years.as_primitive::<Int32Type>().iter().collect::<Vec<_>>(), [Some(1970), None, Some(1969)]);
    let years = call(F::Year, &[constant(Some(-1))], 3).unwrap();
    assert_eq!(years.as_primitive::<Int32Type>().iter().collect::<Vec<_>>(), [Some(1969); 3]);
    assert_eq!(call(F::Year, &[constant(Some(0))], 0).unwrap().len(), 0);
    assert_eq!(call(F::Truncate(U::Year), &[constant(Some(i64::MIN))], 0).unwrap().len(), 0);
    let counts = Operand { array: Arc::new(Int64Array::from(vec![Some(1), Some(1), None])), constant: false };
    let later = call(F::DateAdd(U::Second), &[column.clone(), counts.clone()], 3).unwrap();
    assert_eq!(instants(&later), [Some(1_000_000), None, None]);
    let later = call(F::DateAdd(U::Second), &[constant(Some(3)), counts], 3).unwrap();
    assert_eq!(instants(&later), [Some(1_000_003), Some(1_000_003), None]);
    let since = call(F::DateDiff(U::Microsecond), &[constant(Some(5)), column.clone()], 3).unwrap();
    assert_eq!(longs(&since), [Some(5), None, Some(6)]);
    let since = call(F::DateDiff(U::Microsecond), &[column, constant(None)], 3).unwrap();
    assert_eq!(longs(&since), [None; 3]);
}

#[test]
fn knows_every_day_and_microsecond() {
    let part = |function, operand: &Operand| {
        let made = call(function, std::slice::from_ref(operand), operand.array.len()).unwrap();
        made.as_primitive::<Int32Type>().iter().flatten().collect::<Vec<_>>()
    };
    let ends = micros(&[Some(i64::MIN), Some(i64::MAX)], None);
    assert_eq!(part(F::Year, &ends), [-290_308, 294_247]);
    assert_eq!(part(F::Day, &ends), [21, 10]);
    assert_eq!(part(F::Second, &micros(&[Some(i64::MIN), Some(i64::MAX)], Some("UTC"))), [5, 54]);
    let days = Operand { array: Arc::new(Date32Array::from(vec![i32::MIN, i32::MAX])), constant: false };
    assert_eq!(part(F::Year, &days), [-5_877_641, 5_881_580]);
    assert_eq!(part(F::Weekday, &days).len(), 2);
    let between = call(F::DateDiff(U::Hour), &[days, long_days(0)], 2).unwrap();
    assert_eq!(longs(&between), [Some(i64::from(i32::MIN) * 24), Some(i64::from(i32::MAX) * 24)]);
    let most = call(F::DateDiff(U::Millisecond), &[micros(&[Some(i64::MAX)], None), micros(&[Some(i64::MIN)], None)], 1).unwrap();
    assert_eq!(longs(&most), [Some(18_446_744_073_709_551)]);
    let back = call(F::DateAdd(U::Month), &[micros(&[Some(i64::MIN)], None), long(1)], 1).unwrap();
    let back = call(F::DateAdd(U::Month), &[Operand { array: back, constant: false }, long(-1)], 1).unwrap();
    assert_eq!(instants(&back), [Some(i64::MIN)]);
}

fn long_days(day: i32) -> Operand {
    Operand { array: Arc::new(Date32Array::from(vec![day])), constant: true }
}

#[test]
fn what_no_column_can_hold_is_an_error_of_its_row() {
    let ends = || micros(&[None, Some(i64::MIN)], None);
    for unit in [U::Year, U::Quarter, U::Month, U::Week, U::Day, U::Hour, U::Minute, U::Second, U::Millisecond] {
        invalid(&call(F::Truncate(unit), &[ends()], 2).unwrap_err(), "1");
    }
    let days = || Operand { array: Arc::new(Date32Array::from(vec![0, i32::MIN])), constant: false };
    invalid(&call(F::Truncate(U::Year), &[days()], 2).unwrap_err(), "1");
    for unit in [U::Year, U::Quarter, U::Month, U::Week, U::Day, U::Hour, U::Microsecond] {
        invalid(&call(F::DateAdd(unit), &[ends(), long(-1)], 2).unwrap_err(), "1");
        for zone in [None, Some("UTC"), Some("Europe/Berlin")] {
            for count in [i64::MIN, i64::MAX] {
                let from = 2 * count.signum();
                invalid(&call(F::DateAdd(unit), &[micros(&[Some(from)], zone), long(count)], 1).unwrap_err(), "0");
            }
        }
        if super::of_days(unit) {
            invalid(&call(F::DateAdd(unit), &[days(), long(-1)], 2).unwrap_err(), "1");
            invalid(&call(F::DateAdd(unit), &[days(), long(i64::MAX)], 2).unwrap_err(), "0");
        }
    }
    invalid(
        &call(F::DateDiff(U::Microsecond), &[micros(&[Some(i64::MAX)], None), micros(&[Some(-1)], None)], 1).unwrap_err(),
        "0",
    );
    let far = || micros(&[Some(0), Some(i64::MAX)], Some("Europe/Berlin"));
    invalid(&call(F::Hour, &[far()], 2).unwrap_err(), "1");
    invalid(&call(F::Truncate(U::Day), &[far()], 2).unwrap_err(), "1");
    invalid(&call(F::DateAdd(U::Day), &[far(), long(-1)], 2).unwrap_err(), "1");
    invalid(&call(F::DateDiff(U::Day), &[far(), far()], 2).unwrap_err(), "1");
    assert_eq!(longs(&call(F::DateDiff(U::Hour), &[far(), far()], 2).unwrap()), [Some(0), Some(0)]);
}

#[test]
fn refuses_what_has_no_such_part() {
    let time = || Operand { array: Arc::new(Time64MicrosecondArray::from(vec![1])), constant: false };
    let date = || long_days(1);
    for (function, args) in [
        (F::Year, vec![time()]),
        (F::Truncate(U::Hour), vec![time()]),
        (F::DateAdd(U::Hour), vec![time(), long(1)]),
        (F::DateDiff(U::Hour), vec![time(), time()]),
        (F::DateDiff(U::Day), vec![date(), micros(&[Some(0)], None)]),
        (F::Year, vec![long(1)]),
        (F::Year, vec![]),
        (F::Lower, vec![date()]),
    ] {
        assert_eq!(call(function, &args, 1).unwrap_err().kind(), ErrorKind::ExpressionInvalid, "{function:?}");
    }
}

/// Microseconds of about the years -1200 to 5100, with more of what stands near the ends of days.
fn moments() -> impl Strategy<Value = i64> {
    const DAY: i64 = 86_400_000_000;
    prop_oneof![
        -100_000_000 * 1_000_000_000..100_000_000 * 1_000_000_000_i64,
        (-50_000..50_000_i64, -2..2_i64).prop_map(|(days, past)| days * DAY + past)
    ]
}

fn naive(micros: i64) -> NaiveDateTime {
    DateTime::from_timestamp_micros(micros).unwrap().naive_utc()
}

fn one(function: F, args: &[Operand]) -> i64 {
    let made = call(function, args, 1).unwrap();
    match function {
        F::Truncate(_) | F::DateAdd(_) => instants(&made)[0].unwrap(),
        F::DateDiff(_) => longs(&made)[0].unwrap(),
        _ => made.as_primitive::<Int32Type>().value(0).into(),
    }
}

fn months_later(from: NaiveDateTime, months: i64) -> NaiveDateTime {
    let count = Months::new(u32::try_from(months.unsigned_abs()).unwrap());
    if months < 0 { from - count } else { from + count }
}

const ZONES: [Tz; 6] = [
    Tz::Europe__Berlin,
    Tz::America__New_York,
    Tz::Australia__Lord_Howe,
    Tz::America__Havana,
    Tz::America__Sao_Paulo,
    Tz::Pacific__Apia,
];

proptest! {
    #[test]
    fn agrees_with_a_calendar(a in moments(), b in moments(), near in -40_000_000_000_000..40_000_000_000_000_i64, months in -5000..5000_i64) {
        let at = naive(a);
        let column = || micros(&[Some(a)], None);
        let wanted = [
            (F::Year, i64::from(at.year())),
            (F::Quarter, i64::from(at.month0() / 3 + 1)),
            (F::Month, at.month().into()),
            (F::Day, at.day().into()),
            (F::Weekday, at.weekday().number_from_monday().into()),
            (F::DayOfYear, at.ordinal().into()),
            (F::Hour, at.hour().into()),
            (F::Minute, at.minute().into()),
            (F::Second, at.second().into()),
        ];
        for (function, wanted) in wanted {
            prop_assert_eq!(one(function, &[column()]), wanted, "{:?} of {}", function, at);
        }
        let date = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap();
        let monday = NaiveDate::from_isoywd_opt(at.iso_week().year(), at.iso_week().week(), chrono::Weekday::Mon).unwrap();
        let starts = [
            (U::Year, date(at.year(), 1, 1).and_hms_opt(0, 0, 0)),
            (U::Quarter, date(at.year(), at.month0() / 3 * 3 + 1, 1).and_hms_opt(0, 0, 0)),
            (U::Month, date(at.year(), at.month(), 1).and_hms_opt(0, 0, 0)),
            (U::Week, monday.and_hms_opt(0, 0, 0)),
            (U::Day, at.date().and_hms_opt(0, 0, 0)),
            (U::Hour, at.date().and_hms_opt(at.hour(), 0, 0)),
            (U::Minute, at.date().and_hms_opt(at.hour(), at.minute(), 0)),
            (U::Second, at.with_nanosecond(0)),
            (U::Millisecond, at.with_nanosecond(at.nanosecond() / 1_000_000 * 1_000_000)),
        ];
        for (unit, start) in starts {
            let wanted = start.unwrap();
            prop_assert_eq!(naive(one(F::Truncate(unit), &[column()])), wanted, "{:?} of {}", unit, at);
            if super::of_days(unit) {
                let day = Operand { array: cast_array(&column().array, &Type::Date).unwrap(), constant: false };
                let made = call(F::Truncate(unit), &[day], 1).unwrap();
                let days = i64::from(made.as_primitive::<Date32Type>().value(0));
                prop_assert_eq!(naive(days * super::DAY), wanted);
            }
        }
        prop_assert_eq!(naive(one(F::DateAdd(U::Month), &[column(), long(months)])), months_later(at, months));
        for other in [b, a + near] {
            let operands = [column(), micros(&[Some(other)], None)];
            let whole = one(F::DateDiff(U::Month), &operands);
            let from = naive(other);
            let reached = |more: i64| months_later(from, whole + more);
            if a >= other {
                prop_assert!(whole >= 0 && reached(0) <= at && reached(1) > at, "{} months from {} to {}", whole, from, at);
            } else {
                prop_assert!(whole <= 0 && reached(0) >= at && reached(-1) < at, "{} months from {} to {}", whole, from, at);
            }
            prop_assert_eq!(one(F::DateDiff(U::Quarter), &operands), whole / 3);
            prop_assert_eq!(one(F::DateDiff(U::Year), &operands), whole / 12);
            prop_assert_eq!(one(F::DateDiff(U::Day), &operands), (at - from).num_days());
            prop_assert_eq!(one(F::DateDiff(U::Week), &operands), (at - from).num_weeks());
            prop_assert_eq!(one(F::DateDiff(U::Minute), &operands), (at - from).num_minutes());
        }
    }

    #[test]
    fn agrees_with_clocks(instant in 0..2_500_000_000_000_000_i64, zone in 0..6_usize, jump in 0..200_usize, days in -800..800_i64) {
        let zone = ZONES[zone];
        // Every other instant lies near a jump of the clock.
        let offset = |at: i64| (zone.from_utc_datetime(&naive(at)).naive_local() - naive(at)).num_microseconds().unwrap();
        let hour = 3_600_000_000;
        let near = (0..24 * 400).map(|hours| instant + hours * hour).find(|at| offset(*at) != offset(at + hour));
        for instant in [Some(instant), near.map(|at| at + i64::try_from(jump).unwrap() * 60_000_000 - hour)].into_iter().flatten() {
            let wall = |at: i64| naive(at + offset(at));
            let column = || micros(&[Some(instant)], Some(zone.name()));
            let local = wall(instant);
            prop_assert_eq!(one(F::Hour, &[column()]), i64::from(local.hour()));
            prop_assert_eq!(one(F::Day, &[column()]), i64::from(local.day()));
            let start = one(F::Truncate(U::Day), &[column()]);
            prop_assert!(start <= instant && wall(start).date() == local.date() && wall(start - 1).date() < local.date(), "{start}");
            let start = one(F::Truncate(U::Hour), &[column()]);
            prop_assert!(start <= instant, "{}", start);
            prop_assert_eq!((wall(start).date(), wall(start).hour()), (local.date(), local.hour()));
            if offset(instant) == offset(instant - hour) {
                prop_assert_eq!(instant - start, (instant + offset(instant)).rem_euclid(hour));
            }
            let target = local + chrono::Duration::days(days);
            let moved = one(F::DateAdd(U::Day), &[column(), long(days)]);
            match zone.from_local_datetime(&target) {
                MappedLocalTime::Single(at) => prop_assert_eq!(moved, at.timestamp_micros()),
                MappedLocalTime::Ambiguous(a, b) => {
                    let both = [a.timestamp_micros(), b.timestamp_micros()];
                    let kept = both.into_iter().find(|at| offset(*at) == offset(instant));
                    prop_assert_eq!(moved, kept.unwrap_or(both[0].min(both[1])));
                }
                MappedLocalTime::None => prop_assert!(wall(moved - 1) < target && target < wall(moved), "{}", moved),
            }
            let from = micros(&[Some(instant - days * 24 * hour)], Some(zone.name()));
            let passed = (local - wall(instant - days * 24 * hour)).num_days();
            prop_assert_eq!(one(F::DateDiff(U::Day), &[column(), from]), passed);
        }
    }
}

//! The types of columns of text, from all of their values: the same on every engine, since none of them infers.

use chrono::{NaiveDate, NaiveTime};

use super::records::Records;
use super::{Dialect, File};
use crate::error::Result;
use crate::run::Cancel;
use crate::schema::Type;

// What a value can be read as without loss, as bits. A column has the first of these that all of its values share.
const LONG: u8 = 1;
const DOUBLE: u8 = 2;
const BOOL: u8 = 4;
const DATE: u8 = 8;
const DATETIME: u8 = 16;

/// The types of the columns that files have at their positions.
pub(super) fn infer(files: &[File], dialect: &Dialect, columns: usize, cancel: &Cancel) -> Result<Vec<Type>> {
    // None for a column without a value so far.
    let mut kinds: Vec<Option<u8>> = vec![None; columns];
    for file in files {
        let mut records = Records::new(&file.path, file.path.reopen(&file.stamp)?, dialect, file.width)?;
        let mut read = 0_u64;
        while records.next()? {
            if read.is_multiple_of(8192) {
                cancel.check()?;
            }
            read += 1;
            for (kind, &place) in kinds.iter_mut().zip(&file.positions) {
                if *kind != Some(0) && !dialect.is_null(records.field(place), false) {
                    let value = std::str::from_utf8(records.field(place)).map_or(0, classify);
                    *kind = Some(kind.map_or(value, |k| k & value));
                }
            }
        }
    }
    Ok(kinds.into_iter().map(|kind| kind.map_or(Type::Str, name)).collect())
}

fn name(kind: u8) -> Type {
    match kind {
        k if k & LONG != 0 => Type::Int64,
        k if k & DOUBLE != 0 => Type::Float64,
        k if k & BOOL != 0 => Type::Bool,
        k if k & DATE != 0 => Type::Date,
        k if k & DATETIME != 0 => Type::Datetime,
        _ => Type::Str,
    }
}

pub(super) fn classify(value: &str) -> u8 {
    let trimmed = value.trim_matches([' ', '\t']);
    if trimmed.parse::<i64>().is_ok() {
        LONG | DOUBLE
    } else if is_decimal(trimmed) {
        DOUBLE
    } else if value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false") {
        BOOL
    } else {
        moment(value)
    }
}

/// A number with a point or an exponent, or what floats are written as that are none. A whole number too large for a long is text:
/// as a double it would lose digits.
fn is_decimal(text: &str) -> bool {
    if matches!(text, "NaN" | "inf" | "-inf") {
        return true;
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let shaped = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') && unsigned.contains(['.', 'e', 'E']);
    shaped && unsigned.parse::<f64>().is_ok()
}

fn moment(text: &str) -> u8 {
    let (Some(day), rest) = (text.get(..10), text.get(10..).unwrap_or_default()) else { return 0 };
    if !shaped(day, "0000-00-00") || NaiveDate::parse_from_str(day, "%Y-%m-%d").is_err() {
        return 0;
    }
    if rest.is_empty() {
        return DATE | DATETIME;
    }
    let Some(clock) = rest.strip_prefix([' ', 'T']) else { return 0 };
    let (seconds, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let fraction_fits = (1..=6).contains(&fraction.len()) && fraction.bytes().all(|b| b.is_ascii_digit());
    // A leap second has no place in microseconds since 1970.
    let valid = shaped(seconds, "00:00:00") && !seconds.ends_with("60") && NaiveTime::parse_from_str(seconds, "%H:%M:%S").is_ok();
    if valid && fraction_fits { DATETIME } else { 0 }
}

/// Whether a text has digits where the pattern has a zero, and is the same elsewhere.
fn shaped(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(t, p)| if p == b'0' { t.is_ascii_digit() } else { t == p })
}

//! Days and microseconds as ISO text and back, for every value that a column can hold.
//!
//! The rule of days to dates is the usual one for the proleptic Gregorian calendar, counted in eras of 400 years from a
//! first of March (H. Hinnant, "chrono-compatible low-level date algorithms"). A calendar library would know fewer years
//! than 64 bit microseconds do.

use crate::schema::zone::Clock;

pub(crate) const SECOND: i64 = 1_000_000;
pub(crate) const DAY: i64 = 86_400 * SECOND;

/// Writes days since 1970 as `2020-01-31`; years past 9999 get a sign.
pub(crate) fn write_date(out: &mut String, days: i64) {
    let (year, month, day) = civil(days);
    if year < 0 {
        out.push('-');
    } else if year > 9999 {
        out.push('+');
    }
    pad(out, year.unsigned_abs(), 4);
    out.push('-');
    pad(out, month, 2);
    out.push('-');
    pad(out, day, 2);
}

/// Writes microseconds of a day as `03:04:05`, with a fraction only when there is one.
pub(super) fn write_time(out: &mut String, micros: i64) {
    let seconds = micros.div_euclid(SECOND).unsigned_abs();
    pad(out, seconds / 3600, 2);
    out.push(':');
    pad(out, seconds / 60 % 60, 2);
    out.push(':');
    pad(out, seconds % 60, 2);
    let fraction = micros.rem_euclid(SECOND).unsigned_abs();
    if fraction > 0 {
        out.push('.');
        let start = out.len();
        pad(out, fraction, 6);
        let kept = out[start..].trim_end_matches('0').len();
        out.truncate(start + kept);
    }
}

/// Writes microseconds since 1970 as `2020-01-31 03:04:05`.
pub(crate) fn write_datetime(out: &mut String, micros: i64) {
    write_date(out, micros.div_euclid(DAY));
    out.push(' ');
    write_time(out, micros.rem_euclid(DAY));
}

/// Writes an instant as the wall time of a zone and its offset: `2020-01-31 03:04:05+01:00`.
pub(super) fn write_instant(out: &mut String, instant: i64, clock: Clock) {
    write_datetime(out, clock.wall(instant));
    let offset = clock.offset(instant);
    out.push(if offset < 0 { '-' } else { '+' });
    let seconds = u64::from(offset.unsigned_abs());
    pad(out, seconds / 3600, 2);
    out.push(':');
    pad(out, seconds / 60 % 60, 2);
    // Local mean times of long ago have seconds in their offsets.
    if seconds % 60 > 0 {
        out.push(':');
        pad(out, seconds % 60, 2);
    }
}

/// Reads a date, `2020-01-31`.
pub(super) fn read_date(text: &str) -> Result<i32, &'static str> {
    let mut text = Digits(text.as_bytes());
    let days = text.date().ok_or(DATE)?;
    if !text.0.is_empty() {
        return Err(DATE);
    }
    i32::try_from(days).map_err(|_| "is outside the years that a date can hold")
}

/// Reads a moment: a date, and after a blank or `T` a time.
pub(super) fn read_datetime(text: &str) -> Result<i64, &'static str> {
    let mut text = Digits(text.as_bytes());
    let micros = text.datetime()?;
    match text.0 {
        [] => Ok(micros),
        [b'Z' | b'z' | b'+' | b'-', ..] => Err("has an offset from UTC; cast it to timestamp(us,UTC) instead"),
        _ => Err(DATETIME),
    }
}

/// Reads an instant: a moment with an offset, or without one as the wall time of the zone.
pub(super) fn read_instant(text: &str, clock: Clock) -> Result<i64, &'static str> {
    let mut text = Digits(text.as_bytes());
    let micros = text.datetime()?;
    match text.0 {
        [] => clock.instant(micros),
        [b'Z' | b'z'] => Ok(micros),
        [sign @ (b'+' | b'-'), offset @ ..] => {
            let mut offset = Digits(offset);
            let seconds = offset.offset().filter(|_| offset.0.is_empty()).ok_or(DATETIME)? * SECOND;
            let utc = if *sign == b'+' { micros.checked_sub(seconds) } else { micros.checked_add(seconds) };
            utc.ok_or("is outside the years that microseconds can count")
        }
        _ => Err(DATETIME),
    }
}

/// Reads a time of day, `03:04:05.25`.
pub(super) fn read_time(text: &str) -> Result<i64, &'static str> {
    const TIME: &str = "is no time; write it as in 03:04:05 or 03:04:05.25";
    let mut text = Digits(text.as_bytes());
    let micros = text.time()?.ok_or(TIME)?;
    if text.0.is_empty() { Ok(micros) } else { Err(TIME) }
}

const DATE: &str = "is no date; write it as in 2020-01-31";
const DATETIME: &str = "is no moment; write it as in 2020-01-31 03:04:05 or 2020-01-31T03:04:05.25";

/// Text that is left to read.
struct Digits<'t>(&'t [u8]);

impl Digits<'_> {
    fn datetime(&mut self) -> Result<i64, &'static str> {
        let days = self.date().ok_or(DATETIME)?;
        let time = match self.0 {
            [b' ' | b'T' | b't', rest @ ..] => {
                self.0 = rest;
                self.time()?.ok_or(DATETIME)?
            }
            _ => 0,
        };
        // The sum may fit where the midnight before it, in a year long ago, does not.
        let micros = i128::from(days) * i128::from(DAY) + i128::from(time);
        i64::try_from(micros).map_err(|_| "is outside the years that microseconds can count")
    }

    /// Days since 1970.
    fn date(&mut self) -> Option<i64> {
        let sign = self.take(b'-') || {
            self.take(b'+');
            false
        };
        let length = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
        let year = i64::try_from(self.number(length.clamp(4, 7))?).ok()?;
        let month = self.after(b'-')?;
        let day = self.after(b'-')?;
        days(if sign { -year } else { year }, month, day)
    }

    /// Microseconds of the day; seconds may be left out.
    fn time(&mut self) -> Result<Option<i64>, &'static str> {
        let Some((hour, minute)) = self.number(2).and_then(|hour| Some((hour, self.after(b':')?))) else { return Ok(None) };
        let second = if self.0.first() == Some(&b':') { self.after(b':') } else { Some(0) };
        let Some(second) = second.filter(|s| *s < 60 && minute < 60 && hour < 24) else { return Ok(None) };
        let mut micros = 0;
        if self.take(b'.') {
            let length = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
            let (digits, rest) = self.0.split_at(length);
            self.0 = rest;
            if digits.is_empty() {
                return Ok(None);
            }
            if digits.iter().skip(6).any(|d| *d != b'0') {
                return Err("has a fraction that does not fit a whole microsecond; cut it off");
            }
            let six = digits.iter().copied().chain(std::iter::repeat(b'0')).take(6);
            micros = six.fold(0, |sum, d| sum * 10 + i64::from(d - b'0'));
        }
        let seconds = i64::try_from(hour * 3600 + minute * 60 + second).unwrap_or(0);
        Ok(Some(seconds * SECOND + micros))
    }

    /// Seconds of an offset such as `01:00`, `0100`, `01` or, for local mean times, `00:53:28`.
    fn offset(&mut self) -> Option<i64> {
        let hour = self.number(2)?;
        let mut minute = 0;
        let mut second = 0;
        if !self.0.is_empty() {
            self.take(b':');
            minute = self.number(2)?;
            if !self.0.is_empty() {
                second = self.after(b':')?;
            }
        }
        let valid = hour < 24 && minute < 60 && second < 60;
        if valid { i64::try_from(hour * 3600 + minute * 60 + second).ok() } else { None }
    }

    fn after(&mut self, sign: u8) -> Option<u64> {
        if self.take(sign) { self.number(2) } else { None }
    }

    fn take(&mut self, sign: u8) -> bool {
        let found = self.0.first() == Some(&sign);
        if found {
            self.0 = &self.0[1..];
        }
        found
    }

    /// A number of exactly so many digits.
    fn number(&mut self, digits: usize) -> Option<u64> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        let value = number.iter().try_fold(0, |sum, d| d.is_ascii_digit().then(|| sum * 10 + u64::from(d - b'0')))?;
        self.0 = rest;
        Some(value)
    }
}

/// Year, month and day of a number of days since 1970.
pub(crate) fn date_of(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Days since 1970 of a date that exists.
pub(crate) fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let shifted_year = year - i64::from(month <= 2);
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil(days: i64) -> (i64, u64, u64) {
    let (year, month, day) = date_of(days);
    (year, month.unsigned_abs(), day.unsigned_abs())
}

/// Days since 1970 of a date, if it exists.
fn days(year: i64, month: u64, day: u64) -> Option<i64> {
    let (month, day) = (i64::try_from(month).ok()?, i64::try_from(day).ok()?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let days = days_of(year, month, day);
    // A 31st of April would have become a first of May.
    (date_of(days) == (year, month, day)).then_some(days)
}

fn pad(out: &mut String, value: u64, width: usize) {
    let digits = value.checked_ilog10().unwrap_or(0) as usize + 1;
    out.extend(std::iter::repeat_n('0', width.saturating_sub(digits)));
    let mut power = 10_u64.pow(u32::try_from(digits - 1).unwrap_or(0));
    while power > 0 {
        out.push(char::from(b'0' + u8::try_from(value / power % 10).unwrap_or(0)));
        power /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datetime(micros: i64) -> String {
        let mut out = String::new();
        write_datetime(&mut out, micros);
        out
    }

    #[test]
    fn writes_moments() {
        assert_eq!(datetime(0), "1970-01-01 00:00:00");
        assert_eq!(datetime(1_577_840_523_123_000), "2020-01-01 01:02:03.123");
        assert_eq!(datetime(-1), "1969-12-31 23:59:59.999999");
        assert_eq!(datetime(i64::MAX), "+294247-01-10 04:00:54.775807");
        assert_eq!(datetime(i64::MIN), "-290308-12-21 19:59:05.224192");
    }

    #[test]
    fn moments_read_back() {
        for micros in [0, 1, -1, 951_782_400_000_000, i64::MAX, i64::MIN, -62_167_219_200_000_000, 253_402_300_800_000_000] {
            assert_eq!(read_datetime(&datetime(micros)), Ok(micros), "{}", datetime(micros));
        }
    }

    #[test]
    fn dates_agree_with_chrono() {
        for day in (-800_000..800_000).step_by(17) {
            let mut out = String::new();
            write_date(&mut out, day);
            let other = chrono::NaiveDate::from_num_days_from_ce_opt(i32::try_from(day).unwrap() + 719_163).unwrap();
            assert_eq!(out, other.to_string(), "day {day}");
            assert_eq!(read_date(&out).map(i64::from), Ok(day));
        }
    }

    #[test]
    fn refuses_what_is_no_date() {
        for text in ["", "2020", "2020-1-1", "2020-02-30", "2019-02-29", "2020-13-01", "2020-00-01", "2020-01-01x", "x"] {
            assert!(read_date(text).is_err(), "{text}");
        }
        for text in ["2020-01-01 24:00:00", "2020-01-01 1:02:03", "2020-01-01T", "2020-01-01 00:60", "2020-01-01 00:00:00.", "T"]
        {
            assert!(read_datetime(text).is_err(), "{text}");
        }
        assert_eq!(read_datetime("2020-01-01T01:02"), Ok(1_577_840_520_000_000));
        assert_eq!(read_datetime("1970-01-01 00:00:00.1234560000"), Ok(123_456));
        assert!(read_datetime("1970-01-01 00:00:00.1234567").is_err());
        assert!(read_datetime("1970-01-01 00:00:00Z").unwrap_err().contains("timestamp(us,UTC)"));
    }

    #[test]
    fn instants_know_their_zone() {
        let berlin = Clock::new("Europe/Berlin").unwrap();
        let mut out = String::new();
        write_instant(&mut out, 0, berlin);
        assert_eq!(out, "1970-01-01 01:00:00+01:00");
        assert_eq!(read_instant(&out, Clock::new("UTC").unwrap()), Ok(0));
        assert_eq!(read_instant("1970-01-01 01:00:00", berlin), Ok(0));
        assert_eq!(read_instant("1970-01-01T00:00:00Z", berlin), Ok(0));
        assert_eq!(read_instant("1970-01-01T00:00:00-0130", berlin), Ok(5400 * SECOND));
        assert!(read_instant("2021-03-28 02:30:00", berlin).unwrap_err().contains("never"));
        assert!(read_instant("2021-10-31 02:30:00", berlin).unwrap_err().contains("twice"));
        assert!(read_instant("2021-10-31 02:30:00+02:00", berlin).is_ok());
        out.clear();
        write_instant(&mut out, -2_500_000_000 * SECOND, berlin);
        assert_eq!(read_instant(&out, berlin), Ok(-2_500_000_000 * SECOND), "{out}");
    }
}

//! Time zones: IANA names and UTC stay, fixed offsets become UTC because only the instant counts; the clock of a zone.

use std::sync::Arc;

use chrono::{DateTime, MappedLocalTime, Offset, TimeZone};
use chrono_tz::Tz;

use crate::error::{Error, ErrorKind, Result};

const SECOND: i64 = 1_000_000;

/// The zone that a schema keeps for a zone that data or text came with.
///
/// # Errors
/// [`ErrorKind::SchemaInvalid`] for the empty zone and for names that IANA does not know.
pub(crate) fn normalise(zone: &str) -> Result<Arc<str>> {
    if matches!(zone, "UTC" | "utc" | "Z" | "z" | "Etc/UTC") || is_offset(zone) {
        return Ok(Arc::from("UTC"));
    }
    if zone.is_empty() {
        return Err(Error::new(ErrorKind::SchemaInvalid, "a timestamp has an empty zone; write datetime for none"));
    }
    match zone.parse::<Tz>() {
        Ok(_) => Ok(Arc::from(zone)),
        Err(_) => Err(Error::new(
            ErrorKind::SchemaInvalid,
            format!("time zone {zone:?} is not known; write UTC or an IANA name such as Europe/Berlin"),
        )),
    }
}

/// Whether a text is an offset such as `+05:30`, `-0800` or `+01`.
fn is_offset(zone: &str) -> bool {
    let Some(digits) = zone.strip_prefix(['+', '-']) else { return false };
    let digits = digits.replacen(':', "", 1);
    matches!(digits.len(), 2 | 4) && digits.bytes().all(|b| b.is_ascii_digit())
}

/// The clock of a zone. Instants and wall times are microseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Tz);

impl Clock {
    /// The clock of a zone that a schema admits.
    pub(crate) fn new(zone: &str) -> Result<Self> {
        zone.parse().map(Self).map_err(|_| {
            let message = format!("time zone {zone:?} is not known; write UTC or an IANA name such as Europe/Berlin");
            Error::new(ErrorKind::SchemaInvalid, message)
        })
    }

    /// Seconds to add to UTC at an instant. Instants past the years that calendars know have none.
    pub(crate) fn offset(self, instant: i64) -> i32 {
        if self.0 == Tz::UTC {
            return 0;
        }
        DateTime::from_timestamp_micros(instant)
            .map_or(0, |utc| self.0.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc())
    }

    /// The wall time at an instant.
    pub(crate) fn wall(self, instant: i64) -> i64 {
        instant.saturating_add(i64::from(self.offset(instant)) * SECOND)
    }

    /// The instant at which the clock shows a wall time.
    ///
    /// # Errors
    /// A reason, where the clock never shows it or shows it twice.
    pub(crate) fn instant(self, wall: i64) -> Result<i64, &'static str> {
        if self.0 == Tz::UTC {
            return Ok(wall);
        }
        let naive = DateTime::from_timestamp_micros(wall).ok_or("lies outside the years that time zones know")?.naive_utc();
        match self.0.offset_from_local_datetime(&naive) {
            MappedLocalTime::Single(offset) => Ok(wall - i64::from(offset.fix().local_minus_utc()) * SECOND),
            MappedLocalTime::Ambiguous(..) => Err("stands twice on the clock of the zone (end of summer time); give its offset"),
            MappedLocalTime::None => Err("never stands on the clock of the zone (start of summer time)"),
        }
    }

    /// The wall time at an instant, if the calendar knows its year.
    pub(crate) fn known_wall(self, instant: i64) -> Option<i64> {
        let known = self.0 == Tz::UTC || DateTime::from_timestamp_micros(instant).is_some();
        known.then(|| self.wall(instant))
    }

    /// When the clock shows a wall time, if the calendar knows its year.
    pub(crate) fn shows(self, wall: i64) -> Option<Shown> {
        if self.0 == Tz::UTC {
            return Some(Shown::Once(wall));
        }
        let naive = DateTime::from_timestamp_micros(wall)?.naive_utc();
        let instant = |offset: i32| wall - i64::from(offset) * SECOND;
        let offset = self.0.offset_from_local_datetime(&naive).map(|offset| instant(offset.fix().local_minus_utc()));
        Some(match offset {
            MappedLocalTime::Single(instant) => Shown::Once(instant),
            MappedLocalTime::Ambiguous(one, other) => Shown::Twice(one.min(other), one.max(other)),
            MappedLocalTime::None => Shown::Never { next: self.after_gap(wall) },
        })
    }

    /// The first instant at which the clock has jumped over a wall time.
    fn after_gap(self, wall: i64) -> i64 {
        let wall = wall.div_euclid(SECOND);
        // No clock is ahead or behind by more than a day. Offsets, and so jumps, are whole seconds.
        let (mut before, mut after) = (wall - 93_600, wall + 93_600);
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            if middle + i64::from(self.offset(middle * SECOND)) > wall {
                after = middle;
            } else {
                before = middle;
            }
        }
        after * SECOND
    }
}

/// When a clock shows a wall time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// At one instant.
    Once(i64),
    /// At two, the earlier first: the clock was put back.
    Twice(i64, i64),
    /// Never: the clock was put forward, and this is the instant at which it was.
    Never { next: i64 },
}

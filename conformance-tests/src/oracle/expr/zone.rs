//! Clocks of time zones, by the rules of their laws, for the zones and years that the suite's programs use.

use super::calendar::{Civil, DAY, civil, days_of, weekday};

const HOUR: i128 = 3_600_000_000;

/// What a clock that shows some time says of the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// The one moment.
    Once(i128),
    /// Both moments, in their order.
    Twice(i128, i128),
    /// The clock was turned over it at this moment.
    Never(i128),
}

/// The years in which all zones of the table have had the rules that stand here.
const YEARS: std::ops::Range<i128> = 2007..2037;

/// What the clock of a zone shows at a moment, in microseconds.
pub(super) fn wall(zone: &str, moment: i128) -> Result<i128, String> {
    Ok(moment + offset(zone, moment)?)
}

/// The moments at which the clock of a zone shows something.
pub(super) fn shown(zone: &str, wall: i128) -> Result<Shown, String> {
    // A clock is turned by an hour, once a season, so what it was and what it will be are all that it may be.
    let (before, after) = (offset(zone, wall - DAY)?, offset(zone, wall + DAY)?);
    let is = |offset_then: i128| Ok::<_, String>(offset(zone, wall - offset_then)? == offset_then);
    Ok(match (is(before)?, is(after)?) {
        (true, true) if before == after => Shown::Once(wall - before),
        (true, true) => Shown::Twice(wall - before, wall - after),
        (true, false) => Shown::Once(wall - before),
        (false, true) => Shown::Once(wall - after),
        (false, false) => Shown::Never(turn(zone, year(wall), true).ok_or("a clock that is not turned skips nothing")?),
    })
}

/// How far the clock of a zone is ahead.
fn offset(zone: &str, moment: i128) -> Result<i128, String> {
    let year = year(moment);
    if zone != "UTC" && !YEARS.contains(&year) {
        return Err(format!("the oracle does not know the zone {zone} in {year}"));
    }
    let standard = match zone {
        "UTC" => 0,
        "Asia/Kolkata" => 5 * HOUR + HOUR / 2,
        "Europe/Berlin" => HOUR,
        "America/New_York" => -5 * HOUR,
        _ => return Err(format!("the oracle does not know the zone {zone}")),
    };
    let summer = match (turn(zone, year, true), turn(zone, year, false)) {
        (Some(start), Some(end)) => (start..end).contains(&moment),
        _ => false,
    };
    Ok(standard + if summer { HOUR } else { 0 })
}

fn year(moment: i128) -> i128 {
    civil(moment.div_euclid(DAY)).year
}

/// When a clock is turned to summer, or back.
fn turn(zone: &str, year: i128, to_summer: bool) -> Option<i128> {
    let sunday = |month: i128, from: i128| {
        let first = days_of(Civil { year, month, day: from });
        (first + (7 - weekday(first) % 7) % 7) * DAY
    };
    match (zone, to_summer) {
        // The last Sundays of March and October, at one by the clock of Greenwich.
        ("Europe/Berlin", true) => Some(sunday(3, 25) + HOUR),
        ("Europe/Berlin", false) => Some(sunday(10, 25) + HOUR),
        // The second Sunday of March and the first of November, at two by its own clock.
        ("America/New_York", true) => Some(sunday(3, 8) + 7 * HOUR),
        ("America/New_York", false) => Some(sunday(11, 1) + 6 * HOUR),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(year: i128, month: i128, day: i128, minutes: i128) -> i128 {
        days_of(Civil { year, month, day }) * DAY + minutes * HOUR / 60
    }

    #[test]
    fn clocks_are_turned_by_the_law() {
        let berlin = "Europe/Berlin";
        assert_eq!(wall(berlin, at(2020, 3, 29, 59)), Ok(at(2020, 3, 29, 119)));
        assert_eq!(wall(berlin, at(2020, 3, 29, 60)), Ok(at(2020, 3, 29, 180)));
        assert_eq!(shown(berlin, at(2020, 3, 29, 150)), Ok(Shown::Never(at(2020, 3, 29, 60))));
        assert_eq!(shown(berlin, at(2020, 10, 25, 150)), Ok(Shown::Twice(at(2020, 10, 25, 30), at(2020, 10, 25, 90))));
        assert_eq!(wall("America/New_York", at(2021, 3, 14, 420)), Ok(at(2021, 3, 14, 180)));
        assert_eq!(wall("America/New_York", at(2021, 11, 7, 360)), Ok(at(2021, 11, 7, 60)));
        assert_eq!(shown("UTC", 5), Ok(Shown::Once(5)));
        assert!(wall(berlin, at(1950, 1, 1, 0)).is_err());
    }
}

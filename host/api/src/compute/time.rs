//! Times as clients write them.

use model::Timestamp;
use std::time::Duration;

/// Reads `2026-01-01T00:00:00`, with a fraction, a `Z` or an offset such as `+02:00` if need be. Without a zone it is UTC. None
/// for what is no such time, or before 1970.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once(['T', ' '])?;
    let mut date = date.splitn(3, '-').map(number);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (time, offset) = split_zone(time)?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut time = time.splitn(3, ':').map(number);
    let (hour, minute, second) = (time.next()??, time.next()??, time.next().unwrap_or(Some(0))?);
    let in_range = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (1970..10_000).contains(&year)
        && hour < 24
        && minute < 60
        && second < 61;
    if !in_range {
        return None;
    }
    let seconds = (days(year, month, day)? * 86_400 + hour * 3_600 + minute * 60 + second)
        .checked_add_signed(-offset)?;
    let micros: u64 = if fraction.is_empty() { 0 } else { number(format!("{fraction:0<6}").get(..6)?)? };
    Some(Timestamp::default().after(Duration::from_secs(seconds) + Duration::from_micros(micros)))
}

fn number(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// The time without its zone, and the zone's seconds east of UTC.
fn split_zone(time: &str) -> Option<(&str, i64)> {
    if let Some(time) = time.strip_suffix('Z') {
        return Some((time, 0));
    }
    let Some(at) = time.find(['+', '-']) else { return Some((time, 0)) };
    let (time, zone) = time.split_at_checked(at)?;
    let (sign, zone) = zone.split_at_checked(1)?;
    let (hours, minutes) = match zone.split_once(':') {
        Some(parts) => parts,
        None if zone.len() == 4 => zone.split_at_checked(2)?,
        None => (zone, "0"),
    };
    let seconds = i64::try_from(number(hours)? * 3_600 + number(minutes)? * 60).ok()?;
    Some((time, if sign == "-" { -seconds } else { seconds }))
}

/// Days from 1970-01-01. Years are counted from March, so that the leap day is a year's last.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    const DAYS_TO_1970: u64 = 719_468;
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era).checked_sub(DAYS_TO_1970)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn times_are_read_with_fractions_and_zones() {
        for (text, read) in [
            ("2026-01-01T00:00:00", Some("2026-01-01T00:00:00.000000")),
            ("2026-01-01T00:00:00Z", Some("2026-01-01T00:00:00.000000")),
            ("2028-02-29 23:59:59.5", Some("2028-02-29T23:59:59.500000")),
            ("2026-03-01T01:00:00+02:00", Some("2026-02-28T23:00:00.000000")),
            ("2026-03-01T01:00:00-0130", Some("2026-03-01T02:30:00.000000")),
            ("1970-01-01T00:00:00", Some("1970-01-01T00:00:00.000000")),
            ("2026-13-01T00:00:00", None),
            ("yesterday", None),
            ("2026-01-01", None),
            ("2026-01-01T-1:00:00", None),
        ] {
            assert_eq!(parse(text).map(|at| at.to_string()).as_deref(), read, "{text}");
        }
    }
}

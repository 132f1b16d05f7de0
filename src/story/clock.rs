//! Instants and distances in time, as stories write them.
//!
//! Times are proleptic Gregorian and UTC, without leap seconds, from year 0001 to 9999: what
//! `datetime2` holds.

use std::time::Duration;

use super::format::Offset;

const NANOS: i128 = 1_000_000_000;
const DAY: i128 = 86_400 * NANOS;

/// An instant, in nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Instant(i128);

impl Instant {
    /// Reads `2026-01-31T12:00:00.000Z`, also with a space for the `T`, without `Z`, with less or
    /// more fractional digits, or with an offset. `None` when the text is no instant.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, rest) = text.split_at_checked(10)?;
        let days = parse_date(date)?;
        let rest = rest.strip_prefix(['T', ' '])?;
        let (time, offset) = split_offset(rest)?;
        let nanos = parse_time(time)?;
        Some(Self(i128::from(days) * DAY + nanos - offset * 60 * NANOS))
    }

    /// The instant that far away.
    pub fn moved(self, offset: Offset) -> Self {
        let by = i128::try_from(offset.by.as_nanos()).unwrap_or(i128::MAX / 4);
        Self(if offset.back {
            self.0 - by
        } else {
            self.0 + by
        })
    }

    /// How many whole seconds after another instant this is; negative when it is before.
    pub fn seconds_since(self, earlier: Self) -> i64 {
        i64::try_from((self.0 - earlier.0).div_euclid(NANOS)).unwrap_or(i64::MAX)
    }

    /// `2026-01-31`
    pub fn date(self) -> String {
        let (year, month, day) = civil(self.0.div_euclid(DAY));
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// `12:00:00.000` with that many fractional digits, cut, not rounded.
    pub fn time(self, digits: u8) -> String {
        format_time(self.0.rem_euclid(DAY), digits)
    }

    /// `2026-01-31T12:00:00.000` with that many fractional digits and no suffix.
    pub fn date_time(self, digits: u8) -> String {
        format!("{}T{}", self.date(), self.time(digits))
    }
}

/// The portable spelling of a date, `None` when the text is none.
pub fn date(text: &str) -> Option<String> {
    parse_date(text).map(|_| text.to_owned())
}

/// The portable spelling of a time of day with that many fractional digits; `None` when the text
/// is none, or has digits other than zero that would be lost.
pub fn time(text: &str, digits: u8) -> Option<String> {
    let nanos = parse_time(text)?;
    exact(nanos, digits).then(|| format_time(nanos, digits))
}

/// The portable spelling of a UTC instant; `None` as in [`time`].
pub fn timestamp(text: &str, digits: u8) -> Option<String> {
    let instant = Instant::parse(text)?;
    exact(instant.0, digits).then(|| format!("{}Z", instant.date_time(digits)))
}

/// The portable spelling of an instant with its offset; `None` as in [`time`].
pub fn timestamp_with_offset(text: &str, digits: u8) -> Option<String> {
    let instant = Instant::parse(text)?;
    let (_, minutes) = split_offset(text.split_at_checked(11)?.1)?;
    let local = Instant(instant.0 + minutes * 60 * NANOS);
    let sign = if minutes < 0 { '-' } else { '+' };
    exact(instant.0, digits).then(|| {
        format!(
            "{}{sign}{:02}:{:02}",
            local.date_time(digits),
            minutes.abs() / 60,
            minutes.abs() % 60
        )
    })
}

/// Reads a distance: `+5m`, `-90s`, `1h 30m`, `250ms`, `2d`, `0`.
///
/// # Errors
/// What is wrong with the text, without repeating it.
pub fn offset(text: &str) -> Result<Offset, &'static str> {
    const FORM: &str = "a distance is written like +5m, -90s, 250ms, 2d or 1h 30m";
    let text = text.trim();
    let (back, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let by = match rest {
        "0" => Duration::ZERO,
        _ => parts(rest).ok_or(FORM)?,
    };
    // Ten thousand years: more than any column holds.
    if by > Duration::from_secs(10_000 * 366 * 86_400) {
        return Err("the distance is longer than any column's range");
    }
    Ok(Offset { back, by })
}

fn parts(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut sum = Duration::ZERO;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        let tail = &rest[digits..];
        let letters = tail
            .find(|c: char| !c.is_ascii_lowercase())
            .unwrap_or(tail.len());
        let part = match &tail[..letters] {
            "ms" => Duration::from_millis(number),
            "s" => Duration::from_secs(number),
            "m" => Duration::from_secs(number.checked_mul(60)?),
            "h" => Duration::from_secs(number.checked_mul(3_600)?),
            "d" => Duration::from_secs(number.checked_mul(86_400)?),
            _ => return None,
        };
        sum = sum.checked_add(part)?;
        rest = tail[letters..].trim_start();
    }
    Some(sum)
}

fn exact(nanos: i128, digits: u8) -> bool {
    let unit = 10_i128.pow(9_u32.saturating_sub(u32::from(digits)));
    nanos.rem_euclid(unit) == 0
}

/// Splits the offset off a time; in minutes, none and `Z` being 0.
fn split_offset(text: &str) -> Option<(&str, i128)> {
    if let Some(time) = text.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    let Some(at) = text.rfind(['+', '-']) else {
        return Some((text, 0));
    };
    let (hours, minutes) = text[at + 1..].split_once(':')?;
    let hours: i128 = two(hours)?.into();
    let minutes: i128 = two(minutes)?.into();
    if minutes > 59 || hours * 60 + minutes > 14 * 60 {
        return None;
    }
    let sign = if text[at..].starts_with('-') { -1 } else { 1 };
    Some((&text[..at], sign * (hours * 60 + minutes)))
}

/// Days since 1970-01-01.
fn parse_date(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let century: i64 = two(text.get(..2)?)?.into();
    let year = century * 100 + i64::from(two(text.get(2..4)?)?);
    let month = i64::from(two(text.get(5..7)?)?);
    let day = i64::from(two(text.get(8..)?)?);
    if year == 0 || !(1..=12).contains(&month) || day == 0 {
        return None;
    }
    let days = days_from_civil(year, month, day);
    // A day that the month does not have comes back as another date.
    (civil(days.into()) == (year, month, day)).then_some(days)
}

/// Nanoseconds since midnight.
fn parse_time(text: &str) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut fields = whole.split(':');
    let hours = two(fields.next()?)?;
    let minutes = two(fields.next()?)?;
    let seconds = fields.next().map_or(Some(0), two)?;
    if fields.next().is_some() || hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    if fraction.is_empty() || fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let nanos: i128 = format!("{fraction:0<9}").parse().ok()?;
    let seconds =
        i128::from((u32::from(hours) * 60 + u32::from(minutes)) * 60) + i128::from(seconds);
    Some(seconds * NANOS + nanos)
}

fn two(text: &str) -> Option<u8> {
    (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

fn format_time(nanos: i128, digits: u8) -> String {
    let seconds = nanos / NANOS;
    let mut text = format!(
        "{:02}:{:02}:{:02}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    );
    if digits > 0 {
        let fraction = format!("{:09}", nanos % NANOS);
        text.push('.');
        text.push_str(&fraction[..usize::from(digits.min(9))]);
    }
    text
}

/// Year, month and day of a day number. Algorithm: Howard Hinnant,
/// <https://howardhinnant.github.io/date_algorithms.html>.
fn civil(days: i128) -> (i64, i64, i64) {
    let days = i64::try_from(days).unwrap_or(0) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn forward(by: &str) -> Offset {
        offset(by).unwrap()
    }

    #[test]
    fn instants_move_over_the_ends_of_months_and_years() {
        let now = Instant::parse("2024-02-28T23:59:30.000Z").unwrap();
        let moved = |by| now.moved(forward(by)).date_time(3);
        assert_eq!(moved("+1m"), "2024-02-29T00:00:30.000");
        assert_eq!(moved("+2d"), "2024-03-01T23:59:30.000");
        assert_eq!(moved("-59d 30s"), "2023-12-31T23:59:00.000");
        assert_eq!(moved("1h 30m 250ms"), "2024-02-29T01:29:30.250");
        assert_eq!(moved("0"), "2024-02-28T23:59:30.000");
    }

    #[test]
    fn what_is_no_distance_is_refused() {
        for text in [
            "",
            "5",
            "+",
            "m",
            "5 m",
            "5y",
            "+-5m",
            "5M",
            "99999999999999999999s",
        ] {
            assert!(offset(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn times_are_brought_to_the_digits_of_their_column() {
        assert_eq!(
            timestamp("2026-01-31 12:00:00", 3).unwrap(),
            "2026-01-31T12:00:00.000Z"
        );
        assert_eq!(
            timestamp("2026-01-31T12:00+02:00", 0).unwrap(),
            "2026-01-31T10:00:00Z"
        );
        assert_eq!(
            timestamp_with_offset("2026-01-31T12:00:00.5-02:30", 2).unwrap(),
            "2026-01-31T12:00:00.50-02:30"
        );
        assert_eq!(
            timestamp_with_offset("2026-01-31T12:00:00Z", 0).unwrap(),
            "2026-01-31T12:00:00+00:00"
        );
        assert_eq!(time("12:00:01.1200", 2).unwrap(), "12:00:01.12");
        assert_eq!(time("12:00:01.125", 2), None, "a digit would be lost");
        for text in [
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-01",
            "0000-01-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:00+15:00",
            "é026-01-01T00:00:00Z",
            "now",
        ] {
            assert_eq!(timestamp(text, 3), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_instant_is_what_its_text_says(seconds in -62_135_596_800_i64..253_402_300_799) {
            let instant = Instant(i128::from(seconds) * NANOS);
            prop_assert_eq!(Instant::parse(&format!("{}Z", instant.date_time(0))), Some(instant));
        }
    }
}

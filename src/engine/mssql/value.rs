//! Values on their way to the driver and back.
//!
//! What comes back is in the portable spelling that the embedded engine has too: times in ISO 8601
//! with the digits of their type, decimals with all of theirs, UUIDs in lower case.

use std::borrow::Cow;

use tiberius::{ColumnData, ToSql};

use crate::engine::Value;

/// Days from the first of January of the year 1 to that of 1900.
const DAYS_TO_1900: i64 = 693_595;
/// Days from the first of January of the year 1 to that of 1970.
const DAYS_TO_1970: i64 = 719_162;

/// A parameter as the driver takes it. For NULL a number goes that nobody reads, since the statement
/// says NULL itself (see `parameters`): the driver gives a NULL no type, which not every server takes.
pub(super) struct Parameter<'a>(pub(super) &'a Value);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> ColumnData<'_> {
        match self.0 {
            Value::Null => ColumnData::I64(Some(0)),
            Value::Integer(number) => ColumnData::I64(Some(*number)),
            Value::Real(number) => ColumnData::F64(Some(*number)),
            Value::Text(text) => ColumnData::String(Some(Cow::Borrowed(text))),
            Value::Bytes(bytes) => ColumnData::Binary(Some(Cow::Borrowed(bytes))),
        }
    }
}

/// A value that the server sent.
pub(super) fn value(data: ColumnData<'_>) -> Value {
    let found = match data {
        ColumnData::U8(it) => it.map(|it| Value::Integer(it.into())),
        ColumnData::I16(it) => it.map(|it| Value::Integer(it.into())),
        ColumnData::I32(it) => it.map(|it| Value::Integer(it.into())),
        ColumnData::I64(it) => it.map(Value::Integer),
        ColumnData::Bit(it) => it.map(|it| Value::Integer(it.into())),
        ColumnData::F32(it) => it.map(|it| Value::Real(it.into())),
        ColumnData::F64(it) => it.map(Value::Real),
        ColumnData::String(it) => it.map(|it| Value::Text(it.into_owned())),
        ColumnData::Guid(it) => it.map(|it| Value::Text(it.hyphenated().to_string())),
        ColumnData::Binary(it) => it.map(|it| Value::Bytes(it.into_owned())),
        ColumnData::Numeric(it) => it.map(|it| Value::Text(decimal(it.value(), it.scale()))),
        ColumnData::Xml(it) => it.map(|it| Value::Text(it.into_owned().into_string())),
        ColumnData::DateTime(it) => it.map(|it| {
            // In 300ths of a second, as SQL Server shows them: .000, .003, .007.
            let milliseconds = (u64::from(it.seconds_fragments()) * 10 + 1) / 3;
            let days = DAYS_TO_1900 + i64::from(it.days());
            Value::Text(format!("{}T{}", date(days), time(milliseconds, 3)))
        }),
        ColumnData::SmallDateTime(it) => it.map(|it| {
            let days = DAYS_TO_1900 + i64::from(it.days());
            let seconds = u64::from(it.seconds_fragments()) * 60;
            Value::Text(format!("{}T{}", date(days), time(seconds, 0)))
        }),
        ColumnData::Time(it) => it.map(|it| Value::Text(time(it.increments(), it.scale()))),
        ColumnData::Date(it) => it.map(|it| Value::Text(date(it.days().into()))),
        ColumnData::DateTime2(it) => it.map(|it| {
            let clock = time(it.time().increments(), it.time().scale());
            Value::Text(format!("{}T{clock}Z", date(it.date().days().into())))
        }),
        ColumnData::DateTimeOffset(it) => it.map(|it| {
            let instant = it.datetime2();
            let scale = instant.time().scale();
            let unit = 10_i64.pow(scale.into());
            let (date, increments) = local(
                instant.date().days().into(),
                i64::try_from(instant.time().increments()).unwrap_or_default(),
                i64::from(it.offset()) * 60 * unit,
                86_400 * unit,
            );
            let (sign, minutes) = match it.offset() {
                minutes if minutes < 0 => ('-', -minutes),
                minutes => ('+', minutes),
            };
            Value::Text(format!(
                "{}T{}{sign}{:02}:{:02}",
                self::date(date),
                time(increments, scale),
                minutes / 60,
                minutes % 60
            ))
        }),
    };
    found.unwrap_or(Value::Null)
}

/// A day and a time of it, `shift` later.
fn local(days: i64, increments: i64, shift: i64, day: i64) -> (i64, u64) {
    let shifted = increments + shift;
    // The remainder of a division by a positive number is not negative.
    (
        days + shifted.div_euclid(day),
        shifted.rem_euclid(day).unsigned_abs(),
    )
}

/// `unscaled` with its point `scale` digits from the right.
fn decimal(unscaled: i128, scale: u8) -> String {
    let scale = usize::from(scale);
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if unscaled < 0 { "-" } else { "" };
    match scale {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{fraction}"),
    }
}

/// `2026-01-31`, from days since the first of January of the year 1.
fn date(days: i64) -> String {
    // The era of 400 years begins in March, so that leap days come last.
    let days = days - DAYS_TO_1970 + 719_468;
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
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// `12:00:00.000`, from increments of 10^-scale seconds since midnight.
fn time(increments: u64, scale: u8) -> String {
    let unit = 10_u64.pow(scale.into());
    let (seconds, fraction) = (increments / unit, increments % unit);
    let clock = format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    match scale {
        0 => clock,
        scale => format!("{clock}.{fraction:0>width$}", width = scale.into()),
    }
}

#[cfg(test)]
mod tests {
    use tiberius::numeric::Numeric;
    use tiberius::time::{Date, DateTime, DateTime2, DateTimeOffset, SmallDateTime, Time};

    use super::*;

    fn text(data: ColumnData<'_>) -> String {
        match value(data) {
            Value::Text(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_the_server_sends_is_spelled_portably() {
        // 2026-01-31 is day 739646 of the calendar.
        let day = Date::new(739_646);
        let noon = |scale: u8| Time::new(43_200 * 10_u64.pow(scale.into()), scale);
        let cases = [
            (ColumnData::Date(Some(day)), "2026-01-31"),
            (ColumnData::Date(Some(Date::new(0))), "0001-01-01"),
            (ColumnData::Date(Some(Date::new(3_652_058))), "9999-12-31"),
            (ColumnData::Time(Some(noon(0))), "12:00:00"),
            (ColumnData::Time(Some(Time::new(1_234, 3))), "00:00:01.234"),
            (
                ColumnData::DateTime2(Some(DateTime2::new(day, noon(3)))),
                "2026-01-31T12:00:00.000Z",
            ),
            (
                ColumnData::DateTime2(Some(DateTime2::new(day, noon(7)))),
                "2026-01-31T12:00:00.0000000Z",
            ),
            (
                ColumnData::DateTimeOffset(Some(DateTimeOffset::new(
                    DateTime2::new(day, noon(3)),
                    120,
                ))),
                "2026-01-31T14:00:00.000+02:00",
            ),
            (
                ColumnData::DateTimeOffset(Some(DateTimeOffset::new(
                    DateTime2::new(day, noon(0)),
                    -780,
                ))),
                "2026-01-30T23:00:00-13:00",
            ),
            (
                ColumnData::DateTime(Some(DateTime::new(46_051, 1))),
                "2026-01-31T00:00:00.003",
            ),
            (
                ColumnData::SmallDateTime(Some(SmallDateTime::new(46_051, 90))),
                "2026-01-31T01:30:00",
            ),
            (
                ColumnData::Numeric(Some(Numeric::new_with_scale(9_500, 4))),
                "0.9500",
            ),
            (
                ColumnData::Numeric(Some(Numeric::new_with_scale(-5, 4))),
                "-0.0005",
            ),
            (
                ColumnData::Numeric(Some(Numeric::new_with_scale(-12, 0))),
                "-12",
            ),
            (
                ColumnData::Guid(Some(tiberius::Uuid::from_u128(
                    0xabcd_0000_0000_0000_0000_0000_0000_0001,
                ))),
                "abcd0000-0000-0000-0000-000000000001",
            ),
        ];
        for (data, expected) in cases {
            assert_eq!(text(data), expected);
        }
        assert_eq!(value(ColumnData::Bit(Some(true))), Value::Integer(1));
        assert_eq!(value(ColumnData::U8(Some(255))), Value::Integer(255));
        assert_eq!(value(ColumnData::Date(None)), Value::Null);
        assert_eq!(
            value(ColumnData::Binary(Some(Cow::Borrowed(&[1, 2])))),
            Value::Bytes(vec![1, 2])
        );
    }
}

//! Constants: what a column of a type can hold, and how it is spelled portably.

use std::cmp::Ordering;

use crate::model::{Literal, Type};
use crate::yaml::read::VALUE;
use crate::yaml::text::quote;
use crate::yaml::{Findings, Kind, Node, convention};

/// Reads a constant of a type. A value that the type cannot hold is a finding.
pub(super) fn read(node: &Node, ty: &Type, findings: &Findings) -> Option<Literal> {
    let literal = match (ty, &node.kind) {
        (_, Kind::Null | Kind::Seq(_) | Kind::Map(_)) => None,
        (Type::Bool, Kind::Bool(value)) => Some(Literal::Bool(*value)),
        (Type::Float, Kind::Int(value)) => Some(Literal::Number(value.to_string())),
        (Type::Float, Kind::Float(text)) => float(text),
        (Type::Decimal { precision, scale }, Kind::Int(value)) => {
            decimal(&value.to_string(), *precision, *scale)
        }
        (Type::Decimal { precision, scale }, Kind::Float(text)) => {
            decimal(text, *precision, *scale)
        }
        (Type::Key(length), Kind::String(text)) => {
            let fits = fits(text, *length) && !text.is_empty() && !text.ends_with(' ');
            fits.then(|| Literal::Text(text.clone()))
        }
        (Type::String(length), Kind::String(text)) => {
            fits(text, *length).then(|| Literal::Text(text.clone()))
        }
        (Type::Ascii(length), Kind::String(text)) => (text.is_ascii()
            && text.len() <= usize::from(*length))
        .then(|| Literal::Text(text.clone())),
        (Type::FixedAscii(length), Kind::String(text)) => (text.is_ascii()
            && text.len() == usize::from(*length))
        .then(|| Literal::Text(text.clone())),
        (Type::Text, Kind::String(text)) => Some(Literal::Text(text.clone())),
        (Type::Json, Kind::String(text)) => serde_json::from_str::<serde::de::IgnoredAny>(text)
            .ok()
            .map(|_| Literal::Text(text.clone())),
        (Type::Uuid, Kind::String(text)) => uuid(text),
        (Type::Date, Kind::String(text)) => date(text).then(|| Literal::Text(text.clone())),
        (Type::Time(digits), Kind::String(text)) => time(text, *digits).map(Literal::Text),
        (Type::Timestamp(digits), Kind::String(text)) => {
            let text = text.strip_suffix('Z');
            text.and_then(|text| instant(text, *digits))
                .map(|text| Literal::Text(text + "Z"))
        }
        (Type::TimestampTz(digits), Kind::String(text)) => zoned(text, *digits),
        (Type::Binary(length), Kind::String(text)) => bytes(text)
            .filter(|bytes| bytes.len() <= usize::from(*length))
            .map(Literal::Bytes),
        (Type::Blob, Kind::String(text)) => bytes(text).map(Literal::Bytes),
        (Type::Native(_), Kind::Bool(value)) => Some(Literal::Bool(*value)),
        (Type::Native(_), Kind::Int(value)) => Some(Literal::Number(value.to_string())),
        (Type::Native(_), Kind::Float(text)) => number(text).map(|_| Literal::Number(text.clone())),
        (Type::Native(_), Kind::String(text)) => Some(Literal::Text(text.clone())),
        (ty, Kind::Int(value)) => integer_range(ty)
            .filter(|(low, high)| (low..=high).contains(&value))
            .map(|_| Literal::Number(value.to_string())),
        (_, Kind::Bool(_) | Kind::Float(_) | Kind::String(_)) => None,
    };
    // SQL text ends at a NUL on some of the ways to an engine.
    let literal = literal.filter(|literal| match literal {
        Literal::Text(text) => !text.contains('\0'),
        _ => true,
    });
    if literal.is_none() {
        let found = match node.scalar() {
            Some(text) => quote(&text),
            None => node.noun().to_owned(),
        };
        findings.add_with_help(
            "schema/constant",
            node.head(),
            format!("{VALUE} is {found}, which a column of type {ty} cannot hold"),
            expectation(ty),
        );
    }
    literal
}

/// What to write for a constant of a type.
fn expectation(ty: &Type) -> String {
    match ty {
        Type::Bool => "write true or false".into(),
        Type::TinyInt | Type::SmallInt | Type::Int | Type::BigInt => {
            let (low, high) = integer_range(ty).unwrap_or_default();
            format!("write a whole number from {low} to {high}")
        }
        Type::Decimal { precision, scale } => format!(
            "write a number with at most {} digits before the point and {scale} behind it",
            precision - scale
        ),
        Type::Float => "write a number".into(),
        Type::Key(length) => format!(
            "write text of 1 to {length} characters, in quotes if it looks like a number, without \
             a space at its end"
        ),
        Type::String(length) => format!(
            "write text of at most {length} characters, in quotes if it looks like a number"
        ),
        Type::Ascii(length) => format!(
            "write ASCII text of at most {length} characters, in quotes if it looks like a number"
        ),
        Type::FixedAscii(length) => format!(
            "write ASCII text of exactly {length} characters, in quotes if it looks like a number"
        ),
        Type::Text => "write text, in quotes if it looks like a number".into(),
        Type::Json => "write a JSON document as text: '{}'".into(),
        Type::Uuid => "write a UUID: 01234567-89ab-cdef-0123-456789abcdef".into(),
        Type::Timestamp(digits) => format!(
            "write a UTC instant with at most {digits} digits of a second: \
             2026-01-31T12:00:00Z"
        ),
        Type::TimestampTz(digits) => format!(
            "write an instant with its offset and at most {digits} digits of a second: \
             2026-01-31T12:00:00+02:00"
        ),
        Type::Date => "write a date: 2026-01-31".into(),
        Type::Time(digits) => {
            format!("write a time with at most {digits} digits of a second: \"12:00:00\"")
        }
        Type::Binary(length) => format!("write at most {length} bytes in hexadecimal: \"0x00ff\""),
        Type::Blob => "write bytes in hexadecimal, in quotes: \"0x00ff\"".into(),
        Type::RowVersion => "leave it to the engine".into(),
        Type::Native(_) => "write true, false, a number or text".into(),
    }
}

/// The range of a type of whole numbers.
pub(super) fn integer_range(ty: &Type) -> Option<(i128, i128)> {
    match ty {
        Type::TinyInt => Some((0, 255)),
        Type::SmallInt => Some((i16::MIN.into(), i16::MAX.into())),
        Type::Int => Some((i32::MIN.into(), i32::MAX.into())),
        Type::BigInt => Some((i64::MIN.into(), i64::MAX.into())),
        _ => None,
    }
}

/// Whether values of the type are numbers.
pub(super) fn is_number(ty: &Type) -> bool {
    integer_range(ty).is_some() || matches!(ty, Type::Decimal { .. } | Type::Float)
}

/// Whether values of the type are free text.
pub(super) fn is_text(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Key(_) | Type::String(_) | Type::Ascii(_) | Type::FixedAscii(_) | Type::Text
    )
}

fn fits(text: &str, length: u16) -> bool {
    convention::units(text) <= usize::from(length)
}

fn float(text: &str) -> Option<Literal> {
    let value: f64 = text.parse().ok()?;
    value.is_finite().then(|| Literal::Number(text.to_owned()))
}

fn decimal(text: &str, precision: u8, scale: u8) -> Option<Literal> {
    let number = number(text)?;
    let fits = number.whole.len() <= usize::from(precision - scale)
        && number.fraction.len() <= usize::from(scale);
    fits.then(|| Literal::Number(text.to_owned()))
}

fn uuid(text: &str) -> Option<Literal> {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let hex = groups
        .iter()
        .all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()));
    (hex && lengths == [8, 4, 4, 4, 12]).then(|| Literal::Text(text.to_ascii_lowercase()))
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x")?.as_bytes();
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|pair| {
            let text = std::str::from_utf8(pair).ok()?;
            if text.starts_with('+') {
                return None;
            }
            u8::from_str_radix(text, 16).ok()
        })
        .collect()
}

/// The digits of a text that is all digits and of this length.
fn digits(text: &str, length: usize) -> Option<u32> {
    let all = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if all { text.parse().ok() } else { None }
}

/// Whether the text is a date of the calendar.
pub(crate) fn date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return false;
    };
    let (Some(year), Some(month), Some(day)) = (digits(year, 4), digits(month, 2), digits(day, 2))
    else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    year >= 1 && (1..=last).contains(&day)
}

/// A time of day with exactly `precision` digits of a second, padded if it has fewer.
fn time(text: &str, precision: u8) -> Option<String> {
    let (clock, fraction) = match text.split_once('.') {
        None => (text, ""),
        Some((_, "")) => return None,
        Some(parts) => parts,
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let [hour, minute, second] = parts.as_slice() else {
        return None;
    };
    let precision = usize::from(precision);
    let real = digits(hour, 2)? < 24
        && digits(minute, 2)? < 60
        && digits(second, 2)? < 60
        && fraction.len() <= precision
        && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let point = if precision > 0 { "." } else { "" };
    real.then(|| format!("{clock}{point}{fraction:0<precision$}"))
}

fn instant(text: &str, precision: u8) -> Option<String> {
    let (day, clock) = text.split_once('T')?;
    let clock = time(clock, precision)?;
    date(day).then(|| format!("{day}T{clock}"))
}

fn zoned(text: &str, precision: u8) -> Option<Literal> {
    if let Some(text) = text.strip_suffix('Z') {
        return instant(text, precision).map(|text| Literal::Text(text + "+00:00"));
    }
    let at = text.len().checked_sub(6)?;
    let (start, offset) = (text.get(..at)?, text.get(at..)?);
    let (hours, minutes) = offset.strip_prefix(['+', '-'])?.split_once(':')?;
    let minutes = digits(hours, 2)? * 60 + digits(minutes, 2).filter(|minutes| *minutes < 60)?;
    let text = instant(start, precision)?;
    // SQL Server knows offsets up to fourteen hours.
    (minutes <= 14 * 60).then(|| Literal::Text(text + offset))
}

/// A number in decimal notation without its superfluous zeros.
#[derive(Debug, PartialEq, Eq)]
struct Number<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
}

fn number(text: &str) -> Option<Number<'_>> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    // `.5`, `5.` and `017` are read differently by different engines.
    let plain = !whole.is_empty()
        && (whole == "0" || !whole.starts_with('0'))
        && numeric(whole)
        && numeric(fraction)
        && !rest.ends_with('.');
    if !plain {
        return None;
    }
    let (whole, fraction) = (
        whole.trim_start_matches('0'),
        fraction.trim_end_matches('0'),
    );
    Some(Number {
        negative: negative && !(whole.is_empty() && fraction.is_empty()),
        whole,
        fraction,
    })
}

/// Which of two numeric constants is larger. Constants that are no plain numbers are compared as
/// binary floating point.
pub(in crate::yaml) fn compare(left: &Literal, right: &Literal) -> Ordering {
    let (Literal::Number(left), Literal::Number(right)) = (left, right) else {
        return Ordering::Equal;
    };
    match (number(left), number(right)) {
        (Some(left), Some(right)) => {
            let size = (left.whole.len().cmp(&right.whole.len()))
                .then_with(|| left.whole.cmp(right.whole))
                .then_with(|| left.fraction.cmp(right.fraction));
            match (left.negative, right.negative) {
                (false, false) => size,
                (true, true) => size.reverse(),
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
            }
        }
        _ => match (left.parse::<f64>(), right.parse::<f64>()) {
            (Ok(left), Ok(right)) => left.total_cmp(&right),
            _ => Ordering::Equal,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diag::{Phase, Source};
    use crate::yaml::parse;

    fn constant(ty: &str, text: &str) -> Option<String> {
        let source = Arc::new(Source {
            name: "a.yaml".into(),
            text: text.into(),
        });
        let findings = Findings::new(Phase::Schema);
        let literal = read(
            &parse(&source).unwrap(),
            &Type::parse(ty).unwrap(),
            &findings,
        );
        assert_eq!(literal.is_none(), findings.count() == 1, "{ty} {text}");
        literal.map(|literal| match literal {
            Literal::Null => "NULL".into(),
            Literal::Bool(value) => value.to_string(),
            Literal::Number(text) => text,
            Literal::Text(text) => format!("'{text}'"),
            Literal::Bytes(bytes) => format!("{bytes:?}"),
        })
    }

    #[test]
    fn what_a_type_can_hold_is_read() {
        let cases = [
            ("bool", "true", "true"),
            ("tinyint", "255", "255"),
            ("bigint", "-9223372036854775808", "-9223372036854775808"),
            ("decimal(5,4)", "0.1250", "0.1250"),
            (
                "decimal(38,0)",
                "12345678901234567890123456789012345678",
                "12345678901234567890123456789012345678",
            ),
            ("float", "1e3", "1e3"),
            ("key(3)", "abc", "'abc'"),
            ("string(2)", "🦀", "'🦀'"),
            ("string(2)", "''", "''"),
            ("fixedAscii(2)", "ab", "'ab'"),
            ("json", "'{\"a\": 1}'", "'{\"a\": 1}'"),
            (
                "uuid",
                "01234567-89AB-cdef-0123-456789abcdef",
                "'01234567-89ab-cdef-0123-456789abcdef'",
            ),
            (
                "timestamp(3)",
                "2026-01-31T12:00:00Z",
                "'2026-01-31T12:00:00.000Z'",
            ),
            (
                "timestamp(0)",
                "2026-01-31T12:00:00Z",
                "'2026-01-31T12:00:00Z'",
            ),
            (
                "timestampTz(1)",
                "2024-02-29T12:00:00.5-02:30",
                "'2024-02-29T12:00:00.5-02:30'",
            ),
            (
                "timestampTz(0)",
                "2024-02-29T12:00:00Z",
                "'2024-02-29T12:00:00+00:00'",
            ),
            ("date", "2000-02-29", "'2000-02-29'"),
            ("time(2)", "\"23:59:59.1\"", "'23:59:59.10'"),
            ("binary(2)", "\"0x00ff\"", "[0, 255]"),
            ("blob", "\"0x\"", "[]"),
        ];
        for (ty, text, expected) in cases {
            assert_eq!(constant(ty, text).as_deref(), Some(expected), "{ty} {text}");
        }
    }

    #[test]
    fn what_a_type_cannot_hold_is_refused() {
        let cases = [
            ("bool", "1"),
            ("bool", "'true'"),
            ("tinyint", "256"),
            ("tinyint", "-1"),
            ("int", "2147483648"),
            ("int", "1.0"),
            ("int", "'1'"),
            ("decimal(5,4)", "10"),
            ("decimal(5,4)", "0.00001"),
            ("decimal(5,4)", "1e0"),
            ("decimal(5,4)", "'1'"),
            ("key(3)", "abcd"),
            ("key(3)", "''"),
            ("key(3)", "'a '"),
            ("string(1)", "🦀"),
            ("string(9)", "5"),
            ("string(9)", "true"),
            ("string(9)", "[a]"),
            ("string(9)", "\"a\\0b\""),
            ("ascii(9)", "é"),
            ("fixedAscii(2)", "a"),
            ("json", "'{a}'"),
            ("uuid", "01234567-89ab-cdef-0123-456789abcde"),
            ("uuid", "0123456789ab-cdef-0123-456789abcdef"),
            ("timestamp(3)", "2026-01-31T12:00:00.1234Z"),
            ("timestamp(3)", "2026-01-31T12:00:00"),
            ("timestamp(3)", "2026-01-31 12:00:00Z"),
            ("timestampTz(0)", "2024-02-29T12:00:00+15:00"),
            ("date", "2026-02-29"),
            ("date", "0000-01-01"),
            ("date", "1900-02-29"),
            ("time(0)", "\"24:00:00\""),
            ("time(0)", "\"12:00:00.\""),
            ("binary(1)", "\"0x00ff\""),
            ("blob", "\"0x0\""),
            ("blob", "\"0x+1\""),
            ("blob", "00ff"),
        ];
        for (ty, text) in cases {
            assert_eq!(constant(ty, text), None, "{ty} {text}");
        }
    }

    #[test]
    fn numbers_are_compared_exactly() {
        let compare = |left: &str, right: &str| {
            compare(
                &Literal::Number(left.into()),
                &Literal::Number(right.into()),
            )
        };
        assert_eq!(compare("10", "9"), Ordering::Greater);
        assert_eq!(compare("-10", "-9"), Ordering::Less);
        assert_eq!(compare("1.50", "1.5"), Ordering::Equal);
        assert_eq!(compare("-0", "0.0"), Ordering::Equal);
        assert_eq!(compare("0.05", "0.5"), Ordering::Less);
        assert_eq!(compare("1e3", "999"), Ordering::Greater);
        assert_eq!(
            compare("12345678901234567890.1", "12345678901234567890.2"),
            Ordering::Less
        );
    }
}

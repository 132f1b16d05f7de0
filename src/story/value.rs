//! Values in their portable spelling: from YAML, compared, and shown.
//!
//! The portable spelling is what [`crate::dialect::Dialect::store`] takes and
//! [`crate::dialect::Dialect::load`] returns: truth values as 0 and 1, decimals with all digits of
//! their scale, UUIDs in lower case, times with exactly the digits of their type.

use std::cmp::Ordering;

use super::clock::{self, Instant};
use crate::engine::Value;
use crate::model::Type;
use crate::yaml::Kind;

/// The value that a scalar of a story file means in a column of this type. NULL is accepted here.
///
/// # Errors
/// Why it cannot stand in such a column, to be put behind "`x` is not a value of int: ".
pub fn portable(ty: &Type, scalar: &Kind) -> Result<Value, String> {
    if *scalar == Kind::Null {
        return Ok(Value::Null);
    }
    match ty {
        Type::Bool => match scalar {
            Kind::Bool(value) => Ok(Value::Integer((*value).into())),
            _ => Err("write true or false".into()),
        },
        Type::TinyInt | Type::SmallInt | Type::Int | Type::BigInt => integer(ty, scalar),
        Type::Decimal { precision, scale } => decimal(*precision, *scale, scalar),
        Type::Float => match scalar {
            Kind::Int(value) => Ok(Value::Real(*value as f64)),
            Kind::Float(text) => match text.parse::<f64>() {
                Ok(value) if value.is_finite() => Ok(Value::Real(value)),
                _ => Err("SQL has neither infinity nor NaN".into()),
            },
            _ => Err("write a number".into()),
        },
        Type::Native(_) => Ok(verbatim(scalar)),
        Type::RowVersion => Err("the database itself keeps row versions".into()),
        Type::Binary(_) | Type::Blob => Err("write bytes as { bytes: \"00ff\" }".into()),
        _ => match scalar {
            Kind::String(text) => self::text(ty, text).map(Value::Text),
            _ => Err("it is text: write it in quotes".into()),
        },
    }
}

/// The value of a scalar as YAML sees it: for steps that want the database to refuse it.
pub fn verbatim(scalar: &Kind) -> Value {
    match scalar {
        Kind::Null => Value::Null,
        Kind::Bool(value) => Value::Integer((*value).into()),
        Kind::Int(value) => match i64::try_from(*value) {
            Ok(value) => Value::Integer(value),
            Err(_) => Value::Text(value.to_string()),
        },
        Kind::Float(text) => text
            .parse()
            .map_or_else(|_| Value::Text(text.clone()), Value::Real),
        Kind::String(text) => Value::Text(text.clone()),
        Kind::Seq(_) | Kind::Map(_) => Value::Null,
    }
}

/// Whether a text fits a column of this type, and how it is spelled there.
///
/// # Errors
/// Why it does not.
pub fn text(ty: &Type, text: &str) -> Result<String, String> {
    let at_most = |n: u16, length: usize| {
        if length > usize::from(n) {
            return Err(format!("it is {length} characters long"));
        }
        Ok(text.to_owned())
    };
    let spelled = |spelling: Option<String>, form: &str| {
        spelling.ok_or_else(|| format!("write it like {form}"))
    };
    let utf16 = || text.encode_utf16().count();
    let ascii = |n: u16| {
        if text.is_ascii() {
            at_most(n, text.len())
        } else {
            Err("it has characters that are not ASCII".into())
        }
    };
    match ty {
        Type::Key(_) if text.is_empty() => Err("a key is not empty".into()),
        Type::Key(_) if text.ends_with(' ') => Err("a key does not end in a space".into()),
        Type::Key(n) | Type::String(n) => at_most(*n, utf16()),
        Type::Ascii(n) => ascii(*n),
        Type::FixedAscii(n) if text.len() != usize::from(*n) => {
            Err(format!("it is {} characters long", text.len()))
        }
        Type::FixedAscii(n) => ascii(*n),
        Type::Text => Ok(text.to_owned()),
        Type::Json => serde_json::from_str::<serde_json::Value>(text)
            .map(|_| text.to_owned())
            .map_err(|error| format!("it is not JSON ({error})")),
        Type::Uuid => spelled(uuid(text), "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"),
        Type::Timestamp(p) => {
            let form = format!("2026-01-31T12:00:00Z, with at most {p} fractional digits");
            spelled(clock::timestamp(text, *p), &form)
        }
        Type::TimestampTz(p) => {
            let form = format!("2026-01-31T12:00:00+02:00, with at most {p} fractional digits");
            spelled(clock::timestamp_with_offset(text, *p), &form)
        }
        Type::Date => spelled(clock::date(text), "2026-01-31"),
        Type::Time(p) => {
            let form = format!("12:00:00, with at most {p} fractional digits");
            spelled(clock::time(text, *p), &form)
        }
        Type::Bool
        | Type::TinyInt
        | Type::SmallInt
        | Type::Int
        | Type::BigInt
        | Type::Decimal { .. }
        | Type::Float
        | Type::Binary(_)
        | Type::Blob
        | Type::RowVersion
        | Type::Native(_) => Err("the column does not hold text".into()),
    }
}

/// An instant as a column of this type spells it; `None` when the type holds no time.
pub fn instant(ty: &Type, instant: Instant) -> Option<Value> {
    let text = match ty {
        Type::Timestamp(p) => format!("{}Z", instant.date_time(*p)),
        Type::TimestampTz(p) => format!("{}+00:00", instant.date_time(*p)),
        Type::Date => instant.date(),
        Type::Time(p) => instant.time(*p),
        _ => return None,
    };
    Some(Value::Text(text))
}

/// How two values of a type relate; `None` when one of them is NULL or they cannot be compared.
pub fn compare(ty: &Type, a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Integer(a), Value::Integer(b)) => Some(a.cmp(b)),
        (Value::Real(a), Value::Real(b)) => a.partial_cmp(b),
        (Value::Integer(a), Value::Real(b)) => (*a as f64).partial_cmp(b),
        (Value::Real(a), Value::Integer(b)) => a.partial_cmp(&(*b as f64)),
        (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => match ty {
            Type::Decimal { scale, .. } => match (scaled(a, *scale), scaled(b, *scale)) {
                (Some(a), Some(b)) => Some(a.cmp(&b)),
                _ => Some(a.cmp(b)),
            },
            Type::TimestampTz(_) => match (Instant::parse(a), Instant::parse(b)) {
                (Some(a), Some(b)) => Some(a.cmp(&b)),
                _ => Some(a.cmp(b)),
            },
            _ => Some(a.cmp(b)),
        },
        _ => None,
    }
}

/// Whether two values are the same, NULL being the same as NULL.
pub fn same(ty: &Type, a: &Value, b: &Value) -> bool {
    (*a == Value::Null && *b == Value::Null) || compare(ty, a, b) == Some(Ordering::Equal)
}

/// The value as a story would write it.
pub fn show(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Integer(value) => value.to_string(),
        Value::Real(value) => value.to_string(),
        Value::Text(text) if plain(text) => text.clone(),
        Value::Text(text) => format!("{text:?}"),
        Value::Bytes(bytes) => format!("{{ bytes: {} }}", hex(bytes)),
    }
}

/// Bytes from pairs of hexadecimal digits.
pub fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| digit.to_digit(16).map(|digit| digit as u8))
        .collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(
        digits
            .chunks(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect(),
    )
}

/// Pairs of hexadecimal digits from bytes.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The smallest and greatest value of an integer type.
pub fn range(ty: &Type) -> Option<(i64, i64)> {
    match ty {
        Type::TinyInt => Some((0, 255)),
        Type::SmallInt => Some((i16::MIN.into(), i16::MAX.into())),
        Type::Int => Some((i32::MIN.into(), i32::MAX.into())),
        Type::BigInt => Some((i64::MIN, i64::MAX)),
        _ => None,
    }
}

/// A decimal as a whole number of its last digit: `0.25` with scale 4 is 2500. `None` when the
/// text is no plain decimal, has more digits behind the point, or is too long.
pub fn scaled(text: &str, scale: u8) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) || digits.len() == digits.matches('.').count() {
        return None;
    }
    if fraction.len() > usize::from(scale) {
        return None;
    }
    let width = usize::from(scale);
    let number: i128 = format!("0{whole}{fraction:0<width$}").parse().ok()?;
    Some(if negative { -number } else { number })
}

/// The inverse of [`scaled`].
pub fn unscaled(number: i128, scale: u8) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let width = usize::from(scale) + 1;
    let digits = format!("{:0>width$}", number.unsigned_abs());
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(scale));
    let point = if scale == 0 { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

fn integer(ty: &Type, scalar: &Kind) -> Result<Value, String> {
    let Kind::Int(value) = scalar else {
        return Err("write a whole number".into());
    };
    let (low, high) = range(ty).unwrap_or((i64::MIN, i64::MAX));
    match i64::try_from(*value) {
        Ok(value) if (low..=high).contains(&value) => Ok(Value::Integer(value)),
        _ => Err(format!("it goes from {low} to {high}")),
    }
}

fn decimal(precision: u8, scale: u8, scalar: &Kind) -> Result<Value, String> {
    let text = match scalar {
        Kind::Int(value) => value.to_string(),
        Kind::Float(text) | Kind::String(text) => text.clone(),
        _ => return Err("write a number".into()),
    };
    let number = scaled(&text, scale)
        .ok_or_else(|| format!("write a number with at most {scale} digits after the point"))?;
    if number.unsigned_abs() >= 10_u128.pow(precision.min(38).into()) {
        return Err(format!("it has at most {precision} digits"));
    }
    Ok(Value::Text(unscaled(number, scale)))
}

fn uuid(text: &str) -> Option<String> {
    let shaped = text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    shaped.then(|| text.to_ascii_lowercase())
}

/// Whether YAML would read the text, written without quotes, as this very text.
fn plain(text: &str) -> bool {
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/');
    let inside = |c: char| c.is_alphanumeric() || "-_./@+ :".contains(c);
    starts_well
        && text.chars().all(inside)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !matches!(text, "null" | "true" | "false")
        && text.parse::<f64>().is_err()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn string(text: &str) -> Kind {
        Kind::String(text.into())
    }

    #[test]
    fn decimals_get_all_digits_of_their_scale() {
        let ty = Type::parse("decimal(5,4)").unwrap();
        let value = |kind| portable(&ty, &kind);
        assert_eq!(
            value(Kind::Float("0.5".into())),
            Ok(Value::Text("0.5000".into()))
        );
        assert_eq!(value(Kind::Int(-1)), Ok(Value::Text("-1.0000".into())));
        assert_eq!(value(string("+.25")), Ok(Value::Text("0.2500".into())));
        for text in ["10", "0.00001", "1e1", "", ".", "-", "1.2.3"] {
            assert!(value(string(text)).is_err(), "{text:?}");
        }
    }

    #[test]
    fn text_is_held_to_its_type() {
        let fits = |ty: &str, text: &str| self::text(&Type::parse(ty).unwrap(), text).is_ok();
        assert!(fits("string(2)", "é😀".get(..2).unwrap()));
        assert!(!fits("string(2)", "a😀"), "a pair of UTF-16 units");
        assert!(!fits("ascii(9)", "é"));
        assert!(!fits("key(5)", "") && !fits("key(5)", "a "));
        assert!(!fits("fixedAscii(3)", "ab") && fits("fixedAscii(3)", "abc"));
        assert!(!fits("json", "{") && fits("json", "{}"));
        assert!(!fits("uuid", "6f9619ff"));
    }

    #[test]
    fn numbers_do_not_become_text_by_accident() {
        assert!(portable(&Type::String(9), &Kind::Int(7)).is_err());
        assert!(portable(&Type::Int, &string("7")).is_err());
        assert!(portable(&Type::Int, &Kind::Int(1 << 31)).is_err());
        assert!(portable(&Type::TinyInt, &Kind::Int(-1)).is_err());
    }

    #[test]
    fn values_compare_by_their_type() {
        let text = |text: &str| Value::Text(text.into());
        let decimal = Type::parse("decimal(6,2)").unwrap();
        assert_eq!(
            compare(&decimal, &text("9.00"), &text("10.00")),
            Some(Ordering::Less)
        );
        let zoned = Type::TimestampTz(0);
        assert!(same(
            &zoned,
            &text("2026-01-31T12:00:00+02:00"),
            &text("2026-01-31T10:00:00+00:00")
        ));
        assert_eq!(compare(&Type::Int, &Value::Null, &Value::Integer(1)), None);
        assert!(same(&Type::Int, &Value::Null, &Value::Null));
    }

    proptest! {
        #[test]
        fn a_scaled_decimal_comes_back(number in -99_999_999_i128..99_999_999, scale in 0_u8..12) {
            prop_assert_eq!(scaled(&unscaled(number, scale), scale), Some(number));
        }

        #[test]
        fn bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
            prop_assert_eq!(super::bytes(&hex(&bytes)), Some(bytes));
        }
    }
}

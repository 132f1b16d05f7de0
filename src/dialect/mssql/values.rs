//! Values between their portable spelling and the one that SQL Server takes and gives.
//!
//! Times are text in ISO 8601 on both sides; `datetime2` says no zone, since it is always UTC.

use crate::engine::Value;
use crate::model::Type;

/// See [`crate::dialect::Dialect::store`].
pub(super) fn store(ty: &Type, value: Value) -> Value {
    match (ty, value) {
        (Type::Bool, Value::Text(text)) => match text.as_str() {
            "true" => Value::Integer(1),
            "false" => Value::Integer(0),
            _ => Value::Text(text),
        },
        // Text keeps every digit; a binary number would not.
        (Type::Decimal { .. }, Value::Integer(number)) => Value::Text(number.to_string()),
        (Type::Decimal { .. }, Value::Real(number)) => Value::Text(number.to_string()),
        (Type::Float, Value::Integer(number)) if (number as f64) as i64 == number => {
            Value::Real(number as f64)
        }
        (Type::Uuid, Value::Text(text)) => Value::Text(text.to_ascii_lowercase()),
        (Type::Timestamp(_), Value::Text(text)) => {
            let utc = ["Z", "z", "+00:00", "-00:00"]
                .into_iter()
                .find_map(|zone| text.strip_suffix(zone));
            Value::Text(utc.unwrap_or(&text).to_owned())
        }
        (_, value) => value,
    }
}

/// See [`crate::dialect::Dialect::load`].
pub(super) fn load(ty: &Type, value: Value) -> Value {
    match (ty, value) {
        (Type::Decimal { scale, .. }, Value::Text(text)) => Value::Text(padded(text, *scale)),
        (Type::Decimal { scale, .. }, Value::Integer(number)) => {
            Value::Text(padded(number.to_string(), *scale))
        }
        (Type::Uuid, Value::Text(text)) => Value::Text(text.to_ascii_lowercase()),
        (Type::Timestamp(digits), Value::Text(text)) if text.len() >= 19 && text.is_ascii() => {
            let text = text.trim_end_matches(['Z', 'z']).replacen(' ', "T", 1);
            Value::Text(format!("{}Z", padded_at(&text, 19, *digits)))
        }
        (Type::TimestampTz(digits), Value::Text(text)) if text.len() >= 25 && text.is_ascii() => {
            // `2026-01-31 12:00:00.000 +02:00`
            let text = text.replacen(' ', "T", 1).replace(' ', "");
            let zone = text.len().saturating_sub(6);
            let (instant, zone) = text.split_at(zone);
            Value::Text(format!("{}{zone}", padded_at(instant, 19, *digits)))
        }
        (Type::Time(digits), Value::Text(text)) if text.len() >= 8 && text.is_ascii() => {
            Value::Text(padded_at(&text, 8, *digits))
        }
        (_, value) => value,
    }
}

/// The number with `scale` digits after its point.
fn padded(text: String, scale: u8) -> String {
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let whole = match whole {
        "" => "0",
        "-" => "-0",
        whole => whole,
    };
    match scale {
        0 if fraction.trim_matches('0').is_empty() => whole.to_owned(),
        scale => format!("{whole}.{fraction:0<width$}", width = scale.into()),
    }
}

/// The time whose fraction starts at byte `start`, with that many digits; digits are never cut off
/// unless they are 0.
fn padded_at(text: &str, start: usize, digits: u8) -> String {
    let (seconds, fraction) = text.split_at(start.min(text.len()));
    let fraction = fraction.trim_start_matches('.').trim_end_matches('0');
    let width = usize::from(digits);
    if fraction.is_empty() && width == 0 {
        seconds.to_owned()
    } else {
        format!("{seconds}.{fraction:0<width$}")
    }
}

//! Values between their portable spelling and the form in which a STRICT column holds them.
//!
//! Everything is exact: what cannot be converted without a loss is handed on as it is, for the
//! type check of its column to refuse.

use crate::engine::Value;
use crate::model::Type;

use super::type_check::MAX_PRECISION;

/// See [`crate::dialect::Dialect::store`].
pub(super) fn store(ty: &Type, value: Value) -> Value {
    match (ty, value) {
        (Type::Bool, Value::Text(text)) => match text.as_str() {
            "true" => Value::Integer(1),
            "false" => Value::Integer(0),
            _ => Value::Text(text),
        },
        (Type::Decimal { precision, scale }, value) if *precision <= MAX_PRECISION => {
            let spelling = match &value {
                Value::Integer(number) => number.to_string(),
                // Rust writes the shortest digits that read back as the same number.
                Value::Real(number) => number.to_string(),
                Value::Text(text) => text.clone(),
                Value::Null | Value::Bytes(_) => return value,
            };
            scaled(&spelling, *scale)
                .and_then(|digits| digits.parse().ok())
                .map_or(value, Value::Integer)
        }
        (Type::Float, Value::Integer(number)) if (number as f64) as i64 == number => {
            Value::Real(number as f64)
        }
        (ty, Value::Text(text)) => Value::Text(spelled(ty, text)),
        (_, value) => value,
    }
}

/// See [`crate::dialect::Dialect::load`].
pub(super) fn load(ty: &Type, value: Value) -> Value {
    match (ty, value) {
        (Type::Decimal { precision, scale }, Value::Integer(number))
            if *precision <= MAX_PRECISION =>
        {
            Value::Text(unscaled(number, *scale))
        }
        (_, value) => value,
    }
}

/// A text in the spelling in which a column of this type holds it; as it is when it has none.
pub(super) fn spelled(ty: &Type, text: String) -> String {
    let changed = match ty {
        Type::Uuid => Some(text.to_ascii_lowercase()),
        Type::Timestamp(digits) => timestamp(&text, *digits, |zone| match zone {
            "" | "Z" | "z" | "+00:00" | "-00:00" => Some("Z"),
            _ => None,
        }),
        Type::TimestampTz(digits) => timestamp(&text, *digits, |zone| match zone {
            "" | "Z" | "z" | "-00:00" => Some("+00:00"),
            zone if zone.len() == 6 => Some(zone),
            _ => None,
        }),
        Type::Time(digits) => fraction(&text, 8, *digits).and_then(|(fraction, rest)| {
            rest.is_empty().then(|| format!("{}{fraction}", &text[..8]))
        }),
        _ => None,
    };
    changed.unwrap_or(text)
}

/// Date, `T` or a space, time, fraction of `digits` digits, and the zone that `zone` makes of the
/// rest.
fn timestamp(text: &str, digits: u8, zone: fn(&str) -> Option<&str>) -> Option<String> {
    // A day alone is its midnight.
    if text.len() == 10 && !text.contains([':', 'T']) {
        return timestamp(&format!("{text}T00:00:00"), digits, zone);
    }
    let separator = text.as_bytes().get(10)?;
    if !matches!(separator, b'T' | b't' | b' ') {
        return None;
    }
    let (fraction, rest) = fraction(text, 19, digits)?;
    let zone = zone(rest)?;
    Some(format!("{}T{}{fraction}{zone}", &text[..10], &text[11..19]))
}

/// The fraction that stands at `start`, point included, padded or cut to `digits` digits where that
/// loses nothing, and what stands behind it.
fn fraction(text: &str, start: usize, digits: u8) -> Option<(String, &str)> {
    if !text.is_ascii() || text.len() < start {
        return None;
    }
    let rest = &text[start..];
    let (found, rest) = match rest.strip_prefix('.') {
        None => ("", rest),
        Some(rest) => {
            let end = rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len());
            if end == 0 {
                return None;
            }
            rest.split_at(end)
        }
    };
    let wanted = usize::from(digits);
    let (kept, cut) = found.split_at(found.len().min(wanted));
    if cut.bytes().any(|digit| digit != b'0') {
        return None;
    }
    let fraction = match wanted {
        0 => String::new(),
        _ => format!(".{kept:0<wanted$}"),
    };
    Some((fraction, rest))
}

/// A number in decimal notation times 10^scale, exactly, without needless zeros. `None` when the
/// text is no number, or an exponent makes it longer than any column could hold.
pub(super) fn scaled(number: &str, scale: u8) -> Option<String> {
    let number = number.trim();
    let (sign, magnitude) = match number.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", number.strip_prefix('+').unwrap_or(number)),
    };
    let (mantissa, exponent) = match magnitude.find(['e', 'E']) {
        None => (magnitude, 0),
        Some(at) => (&magnitude[..at], magnitude[at + 1..].parse::<i32>().ok()?),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, fraction].concat();
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let shift = exponent.checked_add(scale.into())?;
    if shift.unsigned_abs() > 400 {
        return None;
    }
    let point = i32::try_from(whole.len()).ok()? + shift;
    let (whole, fraction) = match usize::try_from(point) {
        Err(_) => (
            "0".to_owned(),
            "0".repeat(point.unsigned_abs() as usize) + &digits,
        ),
        Ok(point) if point >= digits.len() => (
            format!("{digits}{}", "0".repeat(point - digits.len())),
            String::new(),
        ),
        Ok(point) => (digits[..point].to_owned(), digits[point..].to_owned()),
    };
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(match fraction {
        "" if whole == "0" => "0".to_owned(),
        "" => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{fraction}"),
    })
}

/// A scaled number in decimal notation, with all its `scale` digits behind the point.
fn unscaled(number: i64, scale: u8) -> String {
    let scale = usize::from(scale);
    let sign = if number < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", number.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    match fraction {
        "" => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{fraction}"),
    }
}

/// Text as a SQL literal.
pub(super) fn quote_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests;

//! Defaults as SQL.

use crate::model::{DefaultValue, Literal, Type};

use super::super::create;
use super::super::interpret::token::normalised;
use super::super::type_check::MAX_PRECISION;
use super::super::values::{scaled, spelled};

/// The text of a default in a column of this type, as a catalog would tell it. `None` for a native
/// default that has none for SQLite.
///
/// # Errors
/// Why there can be none, in words.
pub(in crate::dialect::sqlite) fn sql(
    ty: &Type,
    value: &DefaultValue,
) -> Result<Option<String>, String> {
    Ok(match value {
        DefaultValue::Literal(literal) => Some(constant(ty, literal)?),
        DefaultValue::UtcNow => Some(utc_now(ty)?),
        DefaultValue::NewUuid => Some(only_uuid(ty, "newUuid", NEW_UUID)?),
        DefaultValue::NewSequentialId => Some(only_uuid(ty, "newSequentialId", NEW_SEQUENTIAL_ID)?),
        DefaultValue::Native(native) => native.sqlite.as_deref().map(normalised),
        DefaultValue::Sql(text) => Some(text.clone()),
    })
}

fn constant(ty: &Type, literal: &Literal) -> Result<String, String> {
    let literal = match (ty, literal) {
        (Type::Decimal { precision, scale }, Literal::Number(number))
            if *precision <= MAX_PRECISION =>
        {
            let whole = scaled(number, *scale)
                .filter(|digits| !digits.contains('.'))
                .filter(|digits| digits.trim_start_matches('-').len() <= usize::from(*precision));
            Literal::Number(whole.ok_or_else(|| format!("{number} does not fit {ty}"))?)
        }
        (ty, Literal::Text(text)) => Literal::Text(spelled(ty, text.clone())),
        (_, literal) => literal.clone(),
    };
    Ok(normalised(&create::literal(&literal)))
}

/// The present instant in exactly the form in which a column of this type holds it. SQLite's clock
/// tells milliseconds; further digits are zeros.
fn utc_now(ty: &Type) -> Result<String, String> {
    let now = match ty {
        Type::Timestamp(digits) => moment("%Y-%m-%dT", *digits, "Z"),
        Type::TimestampTz(digits) => moment("%Y-%m-%dT", *digits, "+00:00"),
        Type::Time(digits) => moment("", *digits, ""),
        Type::Date => "date('now')".to_owned(),
        Type::Native(_) => moment("%Y-%m-%dT", 3, "Z"),
        ty => return Err(format!("utcNow is no value of {ty}")),
    };
    Ok(now)
}

fn moment(date: &str, digits: u8, zone: &str) -> String {
    match digits {
        0 => format!("strftime('{date}%H:%M:%S{zone}', 'now')"),
        1 | 2 => {
            let cut = 3 - digits;
            let text = format!("substr(strftime('{date}%H:%M:%f', 'now'), 1, {})", {
                let date_length = if date.is_empty() { 0 } else { 11 };
                date_length + 12 - cut
            });
            match zone {
                "" => text,
                zone => format!("{text} || '{zone}'"),
            }
        }
        _ => {
            let zeros = "0".repeat((digits - 3).into());
            format!("strftime('{date}%H:%M:%f{zeros}{zone}', 'now')")
        }
    }
}

fn only_uuid(ty: &Type, name: &str, sql: &str) -> Result<String, String> {
    match ty {
        Type::Uuid | Type::Native(_) => Ok(sql.to_owned()),
        ty => Err(format!("{name} is no value of {ty}")),
    }
}

/// A random UUID (version 4).
const NEW_UUID: &str = "printf('%08x-%04x-4%03x-%04x-%012x', random() & 4294967295, \
     random() & 65535, random() & 4095, random() & 16383 | 32768, random() & 281474976710655)";

/// A UUID that starts with the milliseconds since 1970 (version 7), so that new rows go to the end
/// of an index.
const NEW_SEQUENTIAL_ID: &str = "printf('%08x-%04x-7%03x-%04x-%012x', \
     CAST(strftime('%s', 'now') || substr(strftime('%f', 'now'), 4) AS INTEGER) >> 16, \
     CAST(strftime('%s', 'now') || substr(strftime('%f', 'now'), 4) AS INTEGER) & 65535, \
     random() & 4095, random() & 16383 | 32768, random() & 281474976710655)";

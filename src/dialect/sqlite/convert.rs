//! How a rebuild turns the values of a column into those of another type.
//!
//! Follows what SQL Server does where the stored form changes: decimals round half away from zero,
//! decimals become integers by cutting. Fractions of a second that no longer fit are cut. A value
//! that cannot be converted is left as it is, so that the new column refuses it and the migration
//! stops, with nothing lost.

use crate::model::Type;

/// The expression for the values of `column`, a quoted name, as the type `to`.
pub(super) fn convert(column: &str, from: &Type, to: &Type) -> String {
    use Type::{Date, Decimal, Float, Time, Timestamp, TimestampTz, Uuid};
    match (from, to) {
        _ if from == to => column.to_owned(),
        (Decimal { scale: from, .. }, Decimal { scale: to, .. }) => rescale(column, *from, *to),
        (Decimal { scale, .. }, Float) => format!("{column} / {}.0", power(*scale)),
        (Decimal { scale, .. }, to) if is_integer(to) => divide(column, *scale),
        (Decimal { scale, .. }, to) if is_text(to) => decimal_text(column, *scale),
        (Float, Decimal { scale, .. }) => {
            format!("CAST(round({column} * {}) AS INTEGER)", power(*scale))
        }
        (Float, to) if is_integer(to) => format!("CAST({column} AS INTEGER)"),
        (from, Decimal { scale, .. }) if is_integer(from) => rescale(column, 0, *scale),
        // Text that is no number must not become 0.
        (from, Decimal { scale, .. }) if is_text(from) => format!(
            "iif(json_valid({column}) AND json_type({column}) IN ('integer', 'real'), \
             CAST(round({column} * {}) AS INTEGER), 'not a decimal: ' || {column})",
            power(*scale)
        ),
        (from, to) if (is_integer(from) || *from == Float) && is_text(to) => {
            format!("CAST({column} AS TEXT)")
        }
        (from, Uuid) if is_text(from) => format!("lower({column})"),
        (Timestamp(from), Timestamp(to)) => {
            format!("{} || 'Z'", fraction(column, 19, *from, *to))
        }
        (Timestamp(from), TimestampTz(to)) => {
            format!("{} || '+00:00'", fraction(column, 19, *from, *to))
        }
        (Timestamp(_) | TimestampTz(_), Date) => format!("substr({column}, 1, 10)"),
        (Timestamp(from) | TimestampTz(from), Time(to)) => {
            fraction(&format!("substr({column}, 12)"), 8, *from, *to)
        }
        (TimestampTz(from), TimestampTz(to)) => format!(
            "{} || substr({column}, -6)",
            fraction(column, 19, *from, *to)
        ),
        (TimestampTz(from), Timestamp(to)) => format!(
            "strftime('%Y-%m-%dT%H:%M:%S', substr({column}, 1, 19) || substr({column}, -6)) \
             || {} || 'Z'",
            digits(column, 19, *from, *to)
        ),
        (Date, Timestamp(to)) => format!("{column} || 'T00:00:00{}Z'", zeros(*to)),
        (Date, TimestampTz(to)) => format!("{column} || 'T00:00:00{}+00:00'", zeros(*to)),
        (Time(from), Time(to)) => fraction(column, 8, *from, *to),
        _ => column.to_owned(),
    }
}

fn is_integer(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Bool | Type::TinyInt | Type::SmallInt | Type::Int | Type::BigInt | Type::RowVersion
    )
}

fn is_text(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Key(_) | Type::String(_) | Type::Ascii(_) | Type::FixedAscii(_) | Type::Text
    )
}

fn power(scale: u8) -> String {
    format!("1{}", "0".repeat(scale.into()))
}

/// Integer division cuts.
fn divide(column: &str, scale: u8) -> String {
    match scale {
        0 => column.to_owned(),
        scale => format!("{column} / {}", power(scale)),
    }
}

fn rescale(column: &str, from: u8, to: u8) -> String {
    use std::cmp::Ordering::{Equal, Greater, Less};
    match to.cmp(&from) {
        Equal => column.to_owned(),
        Greater => format!("{column} * {}", power(to - from)),
        Less => {
            let half = format!("5{}", "0".repeat((from - to - 1).into()));
            format!(
                "({column} + iif({column} < 0, -{half}, {half})) / {}",
                power(from - to)
            )
        }
    }
}

fn decimal_text(column: &str, scale: u8) -> String {
    match scale {
        0 => format!("CAST({column} AS TEXT)"),
        scale => {
            let power = power(scale);
            // `printf` would write NULL as 0.
            format!(
                "iif({column} < 0, '-', '') || abs({column} / {power}) || '.' \
                 || substr({power} + abs({column} % {power}), 2)"
            )
        }
    }
}

/// The first `length` characters of `text` and a fraction of `to` digits.
fn fraction(text: &str, length: u8, from: u8, to: u8) -> String {
    format!(
        "substr({text}, 1, {length}) || {}",
        digits(text, length, from, to)
    )
}

/// The fraction, point included, that stands behind `length` characters of `text` with `from`
/// digits, as one of `to` digits.
fn digits(text: &str, length: u8, from: u8, to: u8) -> String {
    let start = length + 1;
    match (from, to) {
        (_, 0) => "''".to_owned(),
        (0, to) => format!("'{}'", zeros(to)),
        (from, to) if to <= from => format!("substr({text}, {start}, {})", to + 1),
        (from, to) => format!(
            "substr({text}, {start}, {}) || '{}'",
            from + 1,
            "0".repeat((to - from).into())
        ),
    }
}

fn zeros(digits: u8) -> String {
    match digits {
        0 => String::new(),
        digits => format!(".{}", "0".repeat(digits.into())),
    }
}

#[cfg(test)]
mod tests;

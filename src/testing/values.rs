//! Types, constants and defaults.

use dbtool::model::{DefaultValue, Literal, Native, Type};

use super::Tape;

/// Any type but `rowVersion`, of which a table has one at most.
pub fn any_type(tape: &mut Tape) -> Type {
    match tape.below(21) {
        0 => Type::Int,
        1 => Type::String(length(tape, 4000)),
        2 => Type::Key(length(tape, 450)),
        3 => Type::BigInt,
        4 => Type::Bool,
        5 => Type::Timestamp(fraction(tape)),
        6 => Type::Uuid,
        7 => decimal(tape),
        8 => Type::Text,
        9 => Type::Json,
        10 => Type::TinyInt,
        11 => Type::SmallInt,
        12 => Type::Float,
        13 => Type::Ascii(length(tape, 8000)),
        14 => Type::FixedAscii(length(tape, 8000)),
        15 => Type::TimestampTz(fraction(tape)),
        16 => Type::Date,
        17 => Type::Time(fraction(tape)),
        18 => Type::Binary(length(tape, 8000)),
        19 => Type::Blob,
        _ => Type::Native(Native {
            mssql: Some("smallmoney".to_owned()),
            sqlite: Some("REAL".to_owned()),
        }),
    }
}

/// A type near `ty`: longer, shorter, or the next one of its family; any type where there is none.
pub fn near(ty: &Type, tape: &mut Tape) -> Type {
    let moved = |n: u16, most: u16, tape: &mut Tape| match tape.below(3) {
        0 => n.saturating_mul(2).min(most),
        1 => n.saturating_add(1).min(most),
        _ => (n / 2).max(1),
    };
    match ty {
        Type::TinyInt | Type::SmallInt | Type::Int | Type::BigInt => {
            [Type::BigInt, Type::Int, Type::SmallInt, Type::TinyInt][tape.below(4)].clone()
        }
        Type::Key(n) => Type::Key(moved(*n, 450, tape)),
        Type::String(_) if tape.chance(20) => Type::Text,
        Type::String(n) => Type::String(moved(*n, 4000, tape)),
        Type::Ascii(n) => Type::Ascii(moved(*n, 8000, tape)),
        Type::FixedAscii(n) => Type::FixedAscii(moved(*n, 8000, tape)),
        Type::Text => Type::String(length(tape, 4000)),
        Type::Timestamp(_) => Type::Timestamp(fraction(tape)),
        Type::TimestampTz(_) => Type::TimestampTz(fraction(tape)),
        Type::Time(_) => Type::Time(fraction(tape)),
        Type::Decimal { .. } => decimal(tape),
        Type::Binary(_) if tape.chance(20) => Type::Blob,
        Type::Binary(n) => Type::Binary(moved(*n, 8000, tape)),
        Type::Blob => Type::Binary(length(tape, 8000)),
        _ => any_type(tape),
    }
}

/// Whether an engine can index the type, in a key of four columns.
pub fn keyable(ty: &Type) -> bool {
    match ty {
        Type::Key(n) | Type::String(n) => *n <= 200,
        Type::Ascii(n) | Type::FixedAscii(n) | Type::Binary(n) => *n <= 400,
        Type::Text | Type::Json | Type::Blob | Type::RowVersion | Type::Native(_) => false,
        _ => true,
    }
}

/// A constant that is a value of the type; `None` for types whose values nobody writes down.
pub fn literal(ty: &Type, tape: &mut Tape) -> Option<Literal> {
    let text = |text: String| Some(Literal::Text(text));
    let number = |number: String| Some(Literal::Number(number));
    match ty {
        Type::Bool => Some(Literal::Bool(tape.chance(50))),
        Type::TinyInt => number(tape.below(256).to_string()),
        Type::SmallInt => number((tape.below(65_536) as i64 - 32_768).to_string()),
        Type::Int | Type::BigInt => number(tape.between(0, 5_000_000).to_string()),
        Type::Decimal { precision, scale } => {
            let whole = 10_usize.pow(u32::from(precision - scale).min(4));
            let whole = tape.below(whole);
            let digits = usize::from(*scale).min(4);
            if digits == 0 {
                return number(whole.to_string());
            }
            let part = tape.below(10_usize.pow(digits as u32));
            number(format!("{whole}.{part:0digits$}"))
        }
        Type::Float => number(format!("{}.5", tape.below(1000))),
        Type::Key(n) => text(word(tape, usize::from(*n)).replace(' ', "_")),
        Type::String(n) => text(word(tape, usize::from(*n))),
        Type::Ascii(n) => text(word(tape, usize::from(*n)).replace('é', "e")),
        Type::FixedAscii(n) if *n <= 40 => text("x".repeat(usize::from(*n))),
        Type::Text => text(word(tape, 20)),
        Type::Json => text(["{}", "[]", "{\"a\":[1,null]}", "\"it's\""][tape.below(4)].to_owned()),
        Type::Uuid => text(format!(
            "0f8fad5b-d9cb-469f-a165-{:012x}",
            tape.below(65_536)
        )),
        Type::Timestamp(p) => text(format!("2026-01-31T12:00:{}Z", seconds(*p, tape))),
        Type::TimestampTz(p) => text(format!("2026-01-31T12:00:{}+02:00", seconds(*p, tape))),
        Type::Date => text(format!("2026-01-{:02}", tape.between(1, 31))),
        Type::Time(p) => text(format!("12:00:{}", seconds(*p, tape))),
        Type::Binary(n) => Some(Literal::Bytes(vec![0xab; usize::from(*n).min(4)])),
        Type::Blob => Some(Literal::Bytes(
            (0..tape.below(4)).map(|n| n as u8).collect(),
        )),
        Type::FixedAscii(_) | Type::RowVersion | Type::Native(_) => None,
    }
}

/// A default that fits the type.
pub fn default(ty: &Type, tape: &mut Tape) -> Option<DefaultValue> {
    match (ty, tape.below(4)) {
        (Type::Timestamp(_) | Type::TimestampTz(_), 0 | 1) => Some(DefaultValue::UtcNow),
        (Type::Uuid, 0) => Some(DefaultValue::NewUuid),
        (Type::Uuid, 1) => Some(DefaultValue::NewSequentialId),
        (Type::Int | Type::BigInt, 3) => Some(DefaultValue::Native(Native {
            mssql: Some("datediff(day, '2026-01-01', getdate())".to_owned()),
            sqlite: Some("abs(  random() % 7 )".to_owned()),
        })),
        _ => literal(ty, tape).map(DefaultValue::Literal),
    }
}

/// Mostly short, so that most columns can be in a key.
fn length(tape: &mut Tape, most: u16) -> u16 {
    [1, 8, 32, 64, 100, 128, 200, 450, 4000, 8000][tape.below(10)].min(most)
}

fn fraction(tape: &mut Tape) -> u8 {
    [3, 0, 7, 1, 6][tape.below(5)]
}

fn decimal(tape: &mut Tape) -> Type {
    let precision = tape.between(1, 18) as u8;
    Type::Decimal {
        precision,
        scale: tape.between(0, usize::from(precision)) as u8,
    }
}

fn seconds(fraction: u8, tape: &mut Tape) -> String {
    let digits = usize::from(fraction);
    let second = tape.below(60);
    match digits {
        0 => format!("{second:02}"),
        _ => format!("{second:02}.{}", "1".repeat(digits)),
    }
}

/// Text of one to `most` UTF-16 units that tries the quoting.
fn word(tape: &mut Tape, most: usize) -> String {
    let words = [
        "queued", "running", "done", "it's", "a \"b\"", "50% [x]", "né e", "a--b", "/*c*/", "x;y",
    ];
    words[tape.below(words.len())]
        .chars()
        .take(most)
        .collect::<String>()
        .trim_end()
        .to_owned()
}

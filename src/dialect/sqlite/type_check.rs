//! What a neutral type becomes in a STRICT table: a storage class, and a check that keeps the rest
//! of the promise.
//!
//! STRICT knows INTEGER, REAL, TEXT and BLOB; that a text is a UUID or has at most 32 characters is
//! kept by a check whose trailing comment names the neutral type. [`condition`] writes such a
//! check and [`read`] proves that a check found in a catalog still says what its comment says.
//!
//! SQLite's `length` of a text counts code points up to the first NUL character, where `nvarchar`
//! counts UTF-16 units.

use crate::model::Type;

/// The storage class of a column of this type in a STRICT table. A native type is taken verbatim;
/// one without a text for SQLite is `ANY`.
pub fn storage(ty: &Type) -> String {
    let class = match ty {
        Type::Bool
        | Type::TinyInt
        | Type::SmallInt
        | Type::Int
        | Type::BigInt
        | Type::Decimal { .. }
        | Type::RowVersion => "INTEGER",
        Type::Float => "REAL",
        Type::Key(_)
        | Type::String(_)
        | Type::Ascii(_)
        | Type::FixedAscii(_)
        | Type::Text
        | Type::Json
        | Type::Uuid
        | Type::Timestamp(_)
        | Type::TimestampTz(_)
        | Type::Date
        | Type::Time(_) => "TEXT",
        Type::Binary(_) | Type::Blob => "BLOB",
        Type::Native(native) => native.sqlite.as_deref().unwrap_or("ANY"),
    };
    class.to_owned()
}

/// The SQL inside `CHECK (…)` that holds a column to this type, with the trailing comment that
/// names the type: `length("status") <= 32 /* string(32) */`. NULL passes.
///
/// `column` is the quoted name. `None` for what needs no check (native types), is kept by a trigger
/// (row versions) or cannot be kept at all (decimals of more than [`MAX_PRECISION`] digits).
pub fn condition(column: &str, ty: &Type) -> Option<String> {
    let bytes = bytes(column);
    let rule = match ty {
        Type::Bool => format!("{column} IN (0, 1)"),
        Type::TinyInt => range(column, 0, u8::MAX.into()),
        Type::SmallInt => range(column, i16::MIN.into(), i16::MAX.into()),
        Type::Int => range(column, i32::MIN.into(), i32::MAX.into()),
        Type::BigInt => class(column, "integer"),
        Type::Decimal { precision, .. } if *precision <= MAX_PRECISION => {
            let limit = 10_i64.pow((*precision).into()) - 1;
            range(column, -limit, limit)
        }
        // The largest finite number: infinity is no value of a float on other engines.
        Type::Float => format!("abs({column}) <= 1.7976931348623157e308"),
        Type::Key(n) => {
            format!("length({column}) BETWEEN 1 AND {n} AND substr({column}, -1) <> ' '")
        }
        Type::String(n) => format!("length({column}) <= {n}"),
        // As many bytes as characters: every one of them is ASCII.
        Type::Ascii(n) => {
            format!("length({column}) <= {n} AND {bytes} = length({column})")
        }
        Type::FixedAscii(n) => format!("length({column}) = {n} AND {bytes} = {n}"),
        Type::Text => class(column, "text"),
        Type::Json => format!("json_valid({column})"),
        Type::Uuid => format!(
            "{column} GLOB '????????-????-????-????-????????????' \
             AND {column} NOT GLOB '*[^-0-9a-f]*' \
             AND length(CAST(replace({column}, '-', '') AS BLOB)) = 32"
        ),
        Type::Timestamp(p) => {
            let tail = format!("{}Z", fraction(*p));
            instant(column, 20 + fraction_length(*p), &tail)
        }
        Type::TimestampTz(p) => {
            let tail = format!("{}[-+][0-9][0-9]:[0-9][0-9]", fraction(*p));
            format!(
                "{} AND substr({column}, -5) <= '14:00' AND substr({column}, -2) <= '59'",
                instant(column, 25 + fraction_length(*p), &tail)
            )
        }
        Type::Date => format!("{bytes} = 10 AND {column} >= '0001' AND date({column}) IS {column}"),
        Type::Time(0) => format!("{bytes} = 8 AND time({column}) IS {column}"),
        Type::Time(p) => format!(
            "{bytes} = {} AND time(substr({column}, 1, 8)) IS substr({column}, 1, 8) \
             AND substr({column}, 9) GLOB '{}'",
            8 + fraction_length(*p),
            fraction(*p)
        ),
        Type::Binary(n) => format!("length({column}) <= {n}"),
        Type::Blob => class(column, "blob"),
        Type::Decimal { .. } | Type::RowVersion | Type::Native(_) => return None,
    };
    Some(format!("{rule} /* {ty} */"))
}

/// The most digits of a decimal whose scaled value always fits a 64-bit integer.
pub const MAX_PRECISION: u8 = 18;

/// The type that a check found in a catalog proves: the one its trailing comment names, if the rest
/// of the check is, character by character, the one that [`condition`] writes for it.
///
/// `column` is quoted as for [`condition`]; `storage` is the declared type of the column, where
/// `INT` counts as `INTEGER` (see `create` on primary keys of one integer).
pub fn read(column: &str, storage: &str, condition: &str) -> Option<Type> {
    let found = condition.trim();
    let (_, comment) = found.strip_suffix("*/")?.rsplit_once("/*")?;
    let ty = Type::parse(comment).ok()?;
    let expected = self::condition(column, &ty)?;
    let declared = match storage {
        _ if storage.eq_ignore_ascii_case("INT") => "INTEGER",
        _ => storage,
    };
    (expected == found && self::storage(&ty).eq_ignore_ascii_case(declared)).then_some(ty)
}

fn range(column: &str, low: i64, high: i64) -> String {
    format!("{column} BETWEEN {low} AND {high}")
}

/// True of every value that a STRICT column of this class can hold: there to carry the comment.
fn class(column: &str, class: &str) -> String {
    format!("typeof({column}) IN ('{class}', 'null')")
}

/// The length in bytes. `octet_length` says it shorter, but only since SQLite 3.43, and applications
/// bring older ones.
fn bytes(column: &str) -> String {
    format!("length(CAST({column} AS BLOB))")
}

/// Date and time of day up to the second, proven by their round trip (2026-02-31 comes back as
/// 2026-03-03), then `tail`. The fraction stays out of the round trip, which rounds to
/// milliseconds. The length comes first, so that words such as `now` never reach the function.
fn instant(column: &str, length: usize, tail: &str) -> String {
    let bytes = bytes(column);
    format!(
        "{bytes} = {length} AND {column} >= '0001' \
         AND strftime('%Y-%m-%dT%H:%M:%S', substr({column}, 1, 19)) IS substr({column}, 1, 19) \
         AND substr({column}, 20) GLOB '{tail}'"
    )
}

fn fraction(digits: u8) -> String {
    match digits {
        0 => String::new(),
        digits => format!(".{}", "[0-9]".repeat(digits.into())),
    }
}

fn fraction_length(digits: u8) -> usize {
    match digits {
        0 => 0,
        digits => usize::from(digits) + 1,
    }
}

#[cfg(test)]
mod tests;

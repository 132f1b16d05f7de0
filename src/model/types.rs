//! The neutral column types and what is safe between them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A column type as the schema declares it; each dialect maps it to its engine.
///
/// Written as `string(32)` in YAML and in messages; [`Type::parse`] is the inverse of `Display`.
/// [`Type::Native`] is the exception: it is a map of engine to text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    /// True or false.
    Bool,
    /// 0 to 255.
    TinyInt,
    /// 16-bit signed integer.
    SmallInt,
    /// 32-bit signed integer.
    Int,
    /// 64-bit signed integer.
    BigInt,
    /// Exact number.
    Decimal {
        /// Digits in all, 1 to 38.
        precision: u8,
        /// Digits after the point, at most `precision`.
        scale: u8,
    },
    /// 64-bit binary floating point.
    Float,
    /// Identifier of at most n UTF-16 units, compared byte by byte, neither empty nor ending in a
    /// space.
    Key(u16),
    /// Text for people of at most n UTF-16 units (1 to 4000), in the database's collation.
    String(u16),
    /// ASCII text of at most n characters (1 to 8000).
    Ascii(u16),
    /// ASCII text of exactly n characters (1 to 8000).
    FixedAscii(u16),
    /// Text without a limit.
    Text,
    /// A JSON document.
    Json,
    /// A UUID.
    Uuid,
    /// A UTC instant with p fractional digits of the second, 0 to 7.
    Timestamp(u8),
    /// An instant with its offset and p fractional digits of the second, 0 to 7.
    TimestampTz(u8),
    /// A calendar date.
    Date,
    /// A time of day with p fractional digits of the second, 0 to 7.
    Time(u8),
    /// Bytes, at most n (1 to 8000).
    Binary(u16),
    /// Bytes without a limit.
    Blob,
    /// A version that the engine changes on each update of the row.
    RowVersion,
    /// A type that is taken over verbatim, by engine.
    Native(Native),
}

/// Text that is taken over verbatim, one for each engine; an engine that is left out has none.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Native {
    /// T-SQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mssql: Option<String>,
    /// SQLite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sqlite: Option<String>,
}

/// What changing a column from one type to another does to the values that it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conversion {
    /// The types are the same.
    Same,
    /// Every value fits and keeps its meaning.
    Widening,
    /// Some values may not fit.
    Narrowing,
    /// Values change their meaning, or how they are compared.
    Different,
}

impl Type {
    /// Reads the written form, such as `decimal(5,4)`.
    ///
    /// The message of an error says what is wrong and what is allowed; it does not repeat the
    /// input.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (name, arguments) = match text.split_once('(') {
            None => (text, Vec::new()),
            Some((name, rest)) => {
                let inner = rest
                    .strip_suffix(')')
                    .ok_or_else(|| "the closing parenthesis is missing".to_owned())?;
                let arguments = inner
                    .split(',')
                    .map(|argument| {
                        let argument = argument.trim();
                        argument.parse::<u32>().map_err(|_| {
                            format!("{argument:?} is not a whole number that a type can have")
                        })
                    })
                    .collect::<Result<Vec<_>, _>>()?;
                (name.trim_end(), arguments)
            }
        };
        let none = |ty: Self| match arguments.as_slice() {
            [] => Ok(ty),
            _ => Err(format!("{name} takes no length or precision")),
        };
        let one = |low: u32, high: u32, what: &str| match arguments.as_slice() {
            [n] if (low..=high).contains(n) => Ok(*n),
            [n] => Err(format!("the {what} of {name} is {low} to {high}, not {n}")),
            [] => Err(format!(
                "{name} needs its {what} ({low} to {high}), as in {name}({high})"
            )),
            _ => Err(format!(
                "{name} takes one number, its {what} ({low} to {high})"
            )),
        };
        let length = |low, high| one(low, high, "length").map(|n| n as u16);
        let fraction = || one(0, 7, "number of fractional digits").map(|n| n as u8);
        match name {
            "bool" => none(Self::Bool),
            "tinyint" => none(Self::TinyInt),
            "smallint" => none(Self::SmallInt),
            "int" => none(Self::Int),
            "bigint" => none(Self::BigInt),
            "float" => none(Self::Float),
            "decimal" => match arguments.as_slice() {
                [p, s] if !(1..=38).contains(p) => Err(format!(
                    "the precision of decimal is 1 to 38, not {p}, with scale {s}"
                )),
                [p, s] if s > p => Err(format!(
                    "the scale of decimal is at most its precision: {s} is over {p}"
                )),
                [p, s] => Ok(Self::Decimal {
                    precision: *p as u8,
                    scale: *s as u8,
                }),
                _ => Err("decimal needs a precision and a scale, as in \"decimal(5,4)\"".into()),
            },
            "key" => length(1, 450).map(Self::Key),
            "string" => length(1, 4000).map(Self::String),
            "ascii" => length(1, 8000).map(Self::Ascii),
            "fixedAscii" => length(1, 8000).map(Self::FixedAscii),
            "text" => none(Self::Text),
            "json" => none(Self::Json),
            "uuid" => none(Self::Uuid),
            "timestamp" => fraction().map(Self::Timestamp),
            "timestampTz" => fraction().map(Self::TimestampTz),
            "date" => none(Self::Date),
            "time" => fraction().map(Self::Time),
            "binary" => length(1, 8000).map(Self::Binary),
            "blob" => none(Self::Blob),
            "rowVersion" => none(Self::RowVersion),
            _ => Err("no such type".into()),
        }
    }

    /// The names that [`Type::parse`] knows, in the order of the documentation.
    pub const NAMES: [&'static str; 21] = [
        "bool",
        "tinyint",
        "smallint",
        "int",
        "bigint",
        "decimal",
        "float",
        "key",
        "string",
        "ascii",
        "fixedAscii",
        "text",
        "json",
        "uuid",
        "timestamp",
        "timestampTz",
        "date",
        "time",
        "binary",
        "blob",
        "rowVersion",
    ];

    /// What becomes of existing values when a column of this type is given the type `to`.
    pub fn conversion(&self, to: &Self) -> Conversion {
        use Type::{
            Ascii, BigInt, Binary, Blob, Decimal, FixedAscii, Int, Key, SmallInt, String, Text,
            Time, Timestamp, TimestampTz, TinyInt,
        };
        fn sized<T: Ord>(from: T, to: T) -> Conversion {
            match from.cmp(&to) {
                std::cmp::Ordering::Less => Conversion::Widening,
                std::cmp::Ordering::Equal => Conversion::Same,
                std::cmp::Ordering::Greater => Conversion::Narrowing,
            }
        }
        fn rank(ty: &Type) -> Option<u8> {
            match ty {
                TinyInt => Some(0),
                SmallInt => Some(1),
                Int => Some(2),
                BigInt => Some(3),
                _ => None,
            }
        }
        if self == to {
            return Conversion::Same;
        }
        if let (Some(from), Some(to)) = (rank(self), rank(to)) {
            return sized(from, to);
        }
        match (self, to) {
            (Key(a), Key(b))
            | (String(a), String(b))
            | (Ascii(a), Ascii(b))
            | (Binary(a), Binary(b)) => sized(a, b),
            (String(_), Text) | (Binary(_), Blob) => Conversion::Widening,
            (Text, String(_)) | (Blob, Binary(_)) => Conversion::Narrowing,
            (FixedAscii(a), FixedAscii(b)) if a > b => Conversion::Narrowing,
            (Timestamp(a), Timestamp(b))
            | (TimestampTz(a), TimestampTz(b))
            | (Time(a), Time(b)) => sized(a, b),
            (
                Decimal {
                    precision: p,
                    scale: s,
                },
                Decimal {
                    precision: q,
                    scale: t,
                },
            ) => {
                if q - t.min(q) >= p - s.min(p) && t >= s {
                    Conversion::Widening
                } else {
                    Conversion::Narrowing
                }
            }
            _ => Conversion::Different,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::TinyInt => f.write_str("tinyint"),
            Self::SmallInt => f.write_str("smallint"),
            Self::Int => f.write_str("int"),
            Self::BigInt => f.write_str("bigint"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Self::Float => f.write_str("float"),
            Self::Key(n) => write!(f, "key({n})"),
            Self::String(n) => write!(f, "string({n})"),
            Self::Ascii(n) => write!(f, "ascii({n})"),
            Self::FixedAscii(n) => write!(f, "fixedAscii({n})"),
            Self::Text => f.write_str("text"),
            Self::Json => f.write_str("json"),
            Self::Uuid => f.write_str("uuid"),
            Self::Timestamp(p) => write!(f, "timestamp({p})"),
            Self::TimestampTz(p) => write!(f, "timestampTz({p})"),
            Self::Date => f.write_str("date"),
            Self::Time(p) => write!(f, "time({p})"),
            Self::Binary(n) => write!(f, "binary({n})"),
            Self::Blob => f.write_str("blob"),
            Self::RowVersion => f.write_str("rowVersion"),
            Self::Native(native) => {
                let texts = [("mssql", &native.mssql), ("sqlite", &native.sqlite)];
                let texts: Vec<String> = texts
                    .iter()
                    .filter_map(|(engine, text)| Some(format!("{engine}: {}", text.as_ref()?)))
                    .collect();
                write!(f, "native({})", texts.join(", "))
            }
        }
    }
}

impl Serialize for Type {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Native(native) => native.serialize(serializer),
            simple => serializer.collect_str(simple),
        }
    }
}

impl<'de> Deserialize<'de> for Type {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Type;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a type such as string(32), or a map of engine to native type")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Type, E> {
                Type::parse(text).map_err(|why| E::custom(format!("type {text:?}: {why}")))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Type, A::Error> {
                Native::deserialize(serde::de::value::MapAccessDeserializer::new(map))
                    .map(Type::Native)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

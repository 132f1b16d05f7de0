//! Neutral types as T-SQL ones, and what a check has to add to them.

use crate::model::expression::BinaryOp;
use crate::model::{Column, Expr, Native, Type};

/// The collation in which identifiers are compared byte by byte.
pub(super) const KEY_COLLATION: &str = "Latin1_General_100_BIN2";

/// The type as T-SQL writes it, without collation.
pub(super) fn name(ty: &Type) -> String {
    match ty {
        Type::Bool => "bit".to_owned(),
        Type::TinyInt => "tinyint".to_owned(),
        Type::SmallInt => "smallint".to_owned(),
        Type::Int => "int".to_owned(),
        Type::BigInt => "bigint".to_owned(),
        Type::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
        Type::Float => "float(53)".to_owned(),
        Type::Key(n) | Type::String(n) => format!("nvarchar({n})"),
        Type::Ascii(n) => format!("varchar({n})"),
        Type::FixedAscii(n) => format!("char({n})"),
        Type::Text | Type::Json => "nvarchar(max)".to_owned(),
        Type::Uuid => "uniqueidentifier".to_owned(),
        Type::Timestamp(p) => format!("datetime2({p})"),
        Type::TimestampTz(p) => format!("datetimeoffset({p})"),
        Type::Date => "date".to_owned(),
        Type::Time(p) => format!("time({p})"),
        Type::Binary(n) => format!("varbinary({n})"),
        Type::Blob => "varbinary(max)".to_owned(),
        Type::RowVersion => "rowversion".to_owned(),
        Type::Native(native) => native.mssql.clone().unwrap_or_default(),
    }
}

/// The neutral type that T-SQL text stands for; the text itself where there is none, so that
/// `native: { mssql: int }` and `int` are one.
pub(super) fn from_native(text: &str) -> Type {
    let spelled: String = text
        .to_ascii_lowercase()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace(" (", "(")
        .replace("( ", "(")
        .replace(" )", ")")
        .replace(" ,", ",")
        .replace(", ", ",");
    let (base, arguments) = match spelled.split_once('(') {
        None => (spelled.as_str(), None),
        Some((base, rest)) => (base, rest.strip_suffix(')')),
    };
    let neutral = match (base, arguments) {
        ("bit", None) => Some("bool".to_owned()),
        ("float", None | Some("53")) => Some("float".to_owned()),
        ("tinyint" | "smallint" | "int" | "bigint" | "date", None) => Some(base.to_owned()),
        ("decimal", Some(_)) => Some(spelled.clone()),
        ("nvarchar", Some("max")) => Some("text".to_owned()),
        ("nvarchar", Some(n)) => Some(format!("string({n})")),
        ("varchar", Some(n)) => Some(format!("ascii({n})")),
        ("char", Some(n)) => Some(format!("fixedAscii({n})")),
        ("uniqueidentifier", None) => Some("uuid".to_owned()),
        ("datetime2", Some(p)) => Some(format!("timestamp({p})")),
        ("datetimeoffset", Some(p)) => Some(format!("timestampTz({p})")),
        ("time", Some(p)) => Some(format!("time({p})")),
        ("varbinary", Some("max")) => Some("blob".to_owned()),
        ("varbinary", Some(n)) => Some(format!("binary({n})")),
        ("rowversion", None) => Some("rowVersion".to_owned()),
        _ => None,
    };
    neutral
        .and_then(|neutral| Type::parse(&neutral).ok())
        .unwrap_or_else(|| {
            // A type of the engine's own is written as its catalog tells it; any other is a name,
            // whose case may count.
            let text = if PLAIN.contains(&base) {
                spelled.as_str()
            } else {
                text.trim()
            };
            Type::Native(Native {
                mssql: Some(text.to_owned()),
                sqlite: None,
            })
        })
}

/// Types of the engine for which there is no neutral one, or not at every length.
const PLAIN: [&str; 23] = [
    "binary",
    "char",
    "datetime",
    "geography",
    "geometry",
    "hierarchyid",
    "image",
    "json",
    "money",
    "nchar",
    "ntext",
    "numeric",
    "nvarchar",
    "real",
    "smalldatetime",
    "smallmoney",
    "sql_variant",
    "sysname",
    "text",
    "varbinary",
    "varchar",
    "vector",
    "xml",
];

/// The collation that the column is declared with, if not the database's own.
pub(super) fn collation(column: &Column) -> Option<&str> {
    let declared = column.collation.as_ref().and_then(|by| by.mssql.as_deref());
    match (&column.ty, declared) {
        (_, Some(declared)) => Some(declared),
        (Type::Key(_), None) => Some(KEY_COLLATION),
        (_, None) => None,
    }
}

/// The condition that a check has to keep, because the type alone does not promise it.
pub(super) fn promise(column: &Column) -> Option<Expr> {
    if column.computed.is_some() {
        return None;
    }
    let name = || Expr::column(&column.name);
    let call = |function: &str| Expr::Call {
        function: function.to_owned(),
        arguments: vec![name()],
    };
    match &column.ty {
        Type::Key(_) => Some(Expr::binary(
            Expr::binary(call("DATALENGTH"), BinaryOp::Gt, Expr::number(0)),
            BinaryOp::And,
            Expr::Like {
                operand: Box::new(name()),
                pattern: Box::new(Expr::text("% ")),
                escape: None,
                negated: true,
            },
        )),
        Type::Json => Some(Expr::binary(call("ISJSON"), BinaryOp::Eq, Expr::number(1))),
        _ => None,
    }
}

/// The most bytes that a value of the type takes in a key; `None` for types that no key takes, or
/// that are unknown.
pub(super) fn key_bytes(ty: &Type) -> Option<u32> {
    Some(match ty {
        Type::Bool | Type::TinyInt => 1,
        Type::SmallInt => 2,
        Type::Int => 4,
        Type::BigInt | Type::Float | Type::RowVersion => 8,
        Type::Decimal { precision, .. } => match precision {
            0..=9 => 5,
            10..=19 => 9,
            20..=28 => 13,
            _ => 17,
        },
        Type::Key(n) | Type::String(n) => u32::from(*n) * 2,
        Type::Ascii(n) | Type::FixedAscii(n) | Type::Binary(n) => u32::from(*n),
        Type::Uuid => 16,
        Type::Date => 3,
        Type::Time(p) => 3 + fraction_bytes(*p),
        Type::Timestamp(p) => 6 + fraction_bytes(*p),
        Type::TimestampTz(p) => 8 + fraction_bytes(*p),
        Type::Text | Type::Json | Type::Blob | Type::Native(_) => return None,
    })
}

fn fraction_bytes(digits: u8) -> u32 {
    match digits {
        0..=2 => 0,
        3..=4 => 1,
        _ => 2,
    }
}

/// Whether values of the type are too large for any key.
pub(super) fn is_large(ty: &Type) -> bool {
    matches!(ty, Type::Text | Type::Json | Type::Blob)
}

/// What kind of text a type holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `nvarchar`, two bytes a unit.
    National,
    /// `varchar` and `char`, one byte a character.
    Ascii,
    /// Bytes.
    Bytes,
    /// Numbers, times and the like, which have to be converted to be text.
    Other,
    /// Not known here.
    Unknown,
}

/// What kind of text a type holds.
pub(super) fn kind(ty: &Type) -> Kind {
    match ty {
        Type::Key(_) | Type::String(_) | Type::Text | Type::Json => Kind::National,
        Type::Ascii(_) | Type::FixedAscii(_) => Kind::Ascii,
        Type::Binary(_) | Type::Blob | Type::RowVersion => Kind::Bytes,
        Type::Native(_) => Kind::Unknown,
        _ => Kind::Other,
    }
}

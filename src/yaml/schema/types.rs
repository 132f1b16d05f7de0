//! What a column says about its type: the type itself, its collation, and whether it is counted up.

use crate::diag::{Diagnostic, Phase, Span};
use crate::model::{Ident, Identity, Native, Type};
use crate::yaml::read::VALUE;
use crate::yaml::text::{nearest, quote};
use crate::yaml::{Fields, Findings, Kind, Node, read};

use super::literal;

/// `type: …` or `native: { … }`.
pub(super) fn type_field(
    fields: &mut Fields<'_>,
    name: &Ident,
    findings: &Findings,
) -> Option<Type> {
    let (ty, native) = (fields.entry("type"), fields.entry("native"));
    match (ty, native) {
        (Some((key, _)), Some(_)) => {
            findings.add_with_help(
                "schema/type",
                key.span.clone(),
                format!(
                    "the column {} has both `type` and `native`",
                    quote(name.as_str())
                ),
                "keep one of the two",
            );
            None
        }
        (Some(_), None) => fields.optional("type", type_text),
        (None, Some(_)) => fields.optional("native", native_text).map(Type::Native),
        (None, None) => {
            no_type(name, fields.head().clone(), findings);
            None
        }
    }
}

pub(super) fn no_type(name: &Ident, place: Span, findings: &Findings) {
    findings.add_with_help(
        "schema/type",
        place,
        format!("the column {} has no type", quote(name.as_str())),
        format!("add `type`, one of {}", Type::NAMES.join(", ")),
    );
}

pub(super) fn type_text(node: &Node, findings: &Findings) -> Option<Type> {
    let text = read::text(node, findings)?;
    match Type::parse(&text.value) {
        Ok(ty) => Some(ty),
        Err(why) => {
            let name = text.value.split('(').next().unwrap_or_default().trim();
            let mut finding = Diagnostic::error(
                Phase::Schema,
                "schema/type",
                format!("the type {} is impossible: {why}", quote(&text.value)),
            )
            .spanned(node.head());
            if !Type::NAMES.contains(&name) {
                finding.message = format!("there is no type {}", quote(&text.value));
                finding = finding.help(match nearest(name, Type::NAMES) {
                    Some(near) => format!("did you mean {}?", quote(near)),
                    None => format!(
                        "the types are {}; an engine's own type is written `native: {{ mssql: …, \
                         sqlite: … }}`",
                        Type::NAMES.join(", ")
                    ),
                });
            }
            findings.push(finding);
            None
        }
    }
}

/// `{ mssql: …, sqlite: … }`
pub(super) fn native_text(node: &Node, findings: &Findings) -> Option<Native> {
    let mut fields = Fields::open(node, "a text for each engine", findings)?;
    let before = findings.count();
    let one = |node: &Node, findings: &Findings| {
        let text = read::filled_text(node, findings)?;
        if text
            .value
            .chars()
            .any(|character| character.is_control() && character != '\n')
        {
            findings.add(
                "schema/native",
                node.head(),
                "the text for an engine holds control characters",
            );
            return None;
        }
        Some(text.value.trim().to_owned())
    };
    let native = Native {
        mssql: fields.optional("mssql", one),
        sqlite: fields.optional("sqlite", one),
    };
    let head = fields.head().clone();
    fields.finish();
    if findings.count() > before {
        return None;
    }
    if native.mssql.is_none() && native.sqlite.is_none() {
        findings.add_with_help(
            "schema/native",
            head,
            "no engine is given a text",
            "write `{ mssql: …, sqlite: … }`",
        );
        return None;
    }
    Some(native)
}

/// `identity: true`, or where it begins and how it goes on.
pub(super) fn identity(
    node: &Node,
    ty: Option<&Type>,
    findings: &Findings,
) -> Option<Option<Identity>> {
    if let Some(ty) = ty
        && literal::integer_range(ty).is_none()
        && !matches!(ty, Type::Native(_))
    {
        findings.add_with_help(
            "schema/identity",
            node.head(),
            format!("a column of type {ty} cannot be counted up by the engine"),
            "use int or bigint, or remove `identity`",
        );
        return None;
    }
    let plain = Identity {
        seed: 1,
        increment: 1,
    };
    if let Kind::Bool(flag) = node.kind {
        return Some(flag.then_some(plain));
    }
    if !matches!(node.kind, Kind::Map(_)) {
        read::wrong_kind(node, VALUE, "true, or a map", findings);
        return None;
    }
    let mut fields = Fields::open(node, "`identity`", findings)?;
    let seed = fields.optional("seed", read::integer::<i64>);
    let increment = fields.optional("increment", read::integer::<i64>);
    fields.finish();
    if let Some(step) = &increment
        && step.value == 0
    {
        findings.add_with_help(
            "schema/identity",
            step.span.clone(),
            "`increment` is 0, so every row would get the same value",
            "write another number, or leave it out for 1",
        );
        return None;
    }
    let seed_value = seed.as_ref().map_or(1, |number| number.value);
    if let (Some(seed), Some((low, high))) = (&seed, ty.and_then(literal::integer_range))
        && !(low..=high).contains(&i128::from(seed.value))
    {
        findings.add(
            "schema/identity",
            seed.span.clone(),
            format!("`seed` is {seed_value}, which the column's type does not hold"),
        );
        return None;
    }
    Some(Some(Identity {
        seed: seed_value,
        increment: increment.map_or(1, |number| number.value),
    }))
}

/// A collation's name cannot be quoted in SQL, so only what is surely a name is taken.
pub(super) fn collation(node: &Node, ty: Option<&Type>, findings: &Findings) -> Option<Native> {
    let native = native_text(node, findings)?;
    let refuse = |message: String, help: &str| {
        findings.add_with_help("schema/collation", node.head(), message, help);
        None
    };
    let word = |text: &str| {
        text.chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_')
    };
    let names = [native.mssql.as_deref(), native.sqlite.as_deref()];
    if let Some(name) = names.into_iter().flatten().find(|name| !word(name)) {
        return refuse(
            format!("{} is no name of a collation", quote(name)),
            "a collation's name has letters, digits and underscores only",
        );
    }
    if let Some(name) = native.sqlite.as_deref()
        && !["BINARY", "NOCASE", "RTRIM"].contains(&name)
    {
        return refuse(
            format!("SQLite has no collation {}", quote(name)),
            "its collations are BINARY, NOCASE and RTRIM",
        );
    }
    match ty {
        Some(Type::Key(_)) => refuse(
            "a key is always compared byte by byte, so it takes no collation".to_owned(),
            "remove `collation`, or use string(n)",
        ),
        Some(
            Type::String(_) | Type::Ascii(_) | Type::FixedAscii(_) | Type::Text | Type::Native(_),
        )
        | None => Some(native),
        Some(other) => refuse(
            format!("a column of type {other} is no text, so it takes no collation"),
            "remove `collation`",
        ),
    }
}

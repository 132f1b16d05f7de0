//! Columns: type, nullability, default, limits and the rest.

use crate::diag::Span;
use crate::model::{Column, Computed, Default, DefaultValue, Expr, Ident, ObjectPath, Type};
use crate::yaml::text::{nearest, quote};
use crate::yaml::{Fields, Findings, Key, Kind, Node, convention, read};

use super::types::{collation, identity, native_text, no_type, type_field, type_text};
use super::{draft, expression, limits, literal, table};

/// A column, and the check that its limits make.
#[derive(Debug, Clone)]
pub(super) struct Read {
    /// The column.
    pub column: Column,
    /// What `oneOf`, `min` and `max` demand, and where the first of them stands.
    pub limits: Option<(Expr, Span)>,
    /// What it is computed from, to be judged when all columns are known.
    pub computed: Option<Node>,
    /// Whether the type was understood.
    pub typed: bool,
}

/// Reads the map of columns.
pub(super) fn read_all(
    node: &Node,
    table: &Ident,
    findings: &Findings,
) -> Option<(Vec<Read>, Vec<draft::Column>)> {
    let entries = read::entries(node, findings)?;
    if entries.is_empty() {
        findings.add_with_help(
            "schema/no-columns",
            node.head(),
            format!("the table {} has no columns", quote(table.as_str())),
            "declare at least its key",
        );
    }
    let read = entries.iter().map(|(key, node)| {
        let before = findings.count();
        let read = column(key, node, table, findings);
        findings.locate(before, &ObjectPath::member(table, &Ident::new(&key.name)));
        read
    });
    Some(read.unzip())
}

fn column(key: &Key, node: &Node, table: &Ident, findings: &Findings) -> (Read, draft::Column) {
    let name = Ident::new(&key.name);
    let type_check = convention::type_check(table, &name);
    let mut places = draft::Column {
        name: key.span.clone(),
        ty: key.span.clone(),
        typed: false,
        nullable: None,
        default: None,
        default_name: None,
        identity: None,
        renamed_from: None,
    };
    let mut read = Read {
        column: Column {
            name: name.clone(),
            ty: Type::Text,
            nullable: false,
            default: None,
            identity: None,
            computed: None,
            collation: None,
            description: None,
            deprecated: false,
            type_check,
        },
        limits: None,
        computed: None,
        typed: false,
    };
    let ty = if matches!(node.kind, Kind::String(_)) {
        type_text(node, findings).map(|ty| (ty, node.span.clone()))
    } else if node.kind == Kind::Null {
        no_type(&name, key.span.clone(), findings);
        None
    } else {
        let what = format!("the column {}", quote(&key.name));
        match Fields::open(node, what, findings) {
            None => None,
            Some(mut fields) => {
                let ty = type_field(&mut fields, &name, findings);
                places.ty = match fields.get("type").or_else(|| fields.get("native")) {
                    Some(node) => node.head(),
                    None => places.ty,
                };
                let ty = ty.map(|ty| (ty, places.ty.clone()));
                details(
                    &mut fields,
                    table,
                    ty.as_ref().map(|(ty, _)| ty),
                    &mut read,
                    &mut places,
                );
                fields.finish();
                ty
            }
        }
    };
    if let Some((ty, span)) = ty {
        read.column.ty = ty;
        read.typed = true;
        places.ty = span;
        places.typed = true;
    }
    (read, places)
}

/// Everything of a column but its type. Without a type, what depends on it is not judged.
fn details(
    fields: &mut Fields<'_>,
    table: &Ident,
    ty: Option<&Type>,
    read: &mut Read,
    places: &mut draft::Column,
) {
    let column = &mut read.column;
    let name = column.name.clone();
    if let Some(nullable) = fields.optional("nullable", read::boolean) {
        column.nullable = nullable.value;
        places.nullable = Some(nullable.span);
    }
    column.description = table::description(fields);
    column.deprecated = fields
        .optional("deprecated", read::boolean)
        .is_some_and(|flag| flag.value);
    places.renamed_from = table::renamed_from(fields, &name, "column");
    column.collation = fields.optional("collation", |node, findings| collation(node, ty, findings));
    if let Some((_, node)) = fields.entry("identity") {
        places.identity = Some(node.head());
    }
    column.identity = fields
        .optional("identity", |node, findings| identity(node, ty, findings))
        .flatten();
    if let Some((_, node)) = fields.entry("default") {
        places.default = Some(node.head());
    }
    let limits = limits::read_all(fields, &name, ty);
    column.default = fields
        .optional("default", |node, findings| {
            let value = default(node, ty?, findings)?;
            limits.judge_default(&value, node, ty?, findings)?;
            Some(value)
        })
        .map(|value| Default {
            name: convention::default(table, &name),
            value,
        });
    default_name(fields, column, places);
    read.limits = limits.expression(&name).zip(limits.place);
    if let Some((_, node)) = fields.entry("computed") {
        read.computed = Some(node.clone());
        column.computed = fields.optional("computed", computed);
    }
    contradictions(fields, ty, read, places);
}

/// `defaultName`, for a default that another tool named.
fn default_name(fields: &mut Fields<'_>, column: &mut Column, places: &mut draft::Column) {
    let Some(given) = fields.optional("defaultName", read::filled_text) else {
        return;
    };
    match &mut column.default {
        Some(default) => default.name = Ident::new(given.value),
        None if places.default.is_some() => {}
        None => fields.findings().add_with_help(
            "schema/contradiction",
            given.span.clone(),
            format!(
                "{} has no default that could have a name",
                quote(column.name.as_str())
            ),
            "add `default`, or remove `defaultName`",
        ),
    }
    places.default_name = Some(given.span);
}

/// Properties that exclude each other.
fn contradictions(fields: &mut Fields<'_>, ty: Option<&Type>, read: &Read, places: &draft::Column) {
    let column = &read.column;
    let name = quote(column.name.as_str());
    let findings = fields.findings();
    let refuse = |place: &Option<Span>, message: String, help: &str| {
        let place = place.clone().unwrap_or_else(|| places.name.clone());
        findings.add_with_help("schema/contradiction", place, message, help);
    };
    if ty == Some(&Type::RowVersion) {
        if places.default.is_some() {
            refuse(
                &places.default,
                format!("{name} is a rowVersion, which the engine fills, so it takes no default"),
                "remove `default`",
            );
        }
        if column.nullable {
            refuse(
                &places.nullable,
                format!("{name} is a rowVersion, which is never NULL"),
                "remove `nullable`",
            );
        }
    }
    if places.identity.is_some() {
        if places.default.is_some() {
            refuse(
                &places.default,
                format!("{name} is counted up by the engine, so it takes no default"),
                "remove `default` or `identity`",
            );
        }
        if column.nullable {
            refuse(
                &places.nullable,
                format!("{name} is counted up by the engine, so it is never NULL"),
                "remove `nullable`",
            );
        }
    }
    if read.computed.is_some() {
        let place = read.computed.as_ref().map(Node::head);
        if places.default.is_some() || places.identity.is_some() || read.limits.is_some() {
            refuse(
                &place,
                format!(
                    "{name} is computed, so it takes neither default nor identity, oneOf, min or \
                     max"
                ),
                "remove them; limits of a computed column are written as a check",
            );
        }
        if ty == Some(&Type::RowVersion) {
            refuse(
                &place,
                format!("{name} is a rowVersion, which cannot be computed"),
                "remove `computed`, or give it another type",
            );
        }
    }
}

fn computed(node: &Node, findings: &Findings) -> Option<Computed> {
    let mut fields = Fields::open(node, "a computed column's definition", findings)?;
    let expression = fields.required("expression", expression::read);
    let persisted = fields.optional("persisted", read::boolean);
    fields.finish();
    Some(Computed {
        expression: expression?,
        persisted: persisted.is_some_and(|flag| flag.value),
    })
}

/// Words that a default may be beside a constant.
pub(super) const GENERATORS: [(&str, DefaultValue); 3] = [
    ("utcNow", DefaultValue::UtcNow),
    ("newUuid", DefaultValue::NewUuid),
    ("newSequentialId", DefaultValue::NewSequentialId),
];

fn default(node: &Node, ty: &Type, findings: &Findings) -> Option<DefaultValue> {
    if matches!(ty, Type::RowVersion) {
        // Refused as a contradiction.
        return None;
    }
    if matches!(node.kind, Kind::Map(_)) {
        return native_text(node, findings).map(DefaultValue::Native);
    }
    let word = match &node.kind {
        Kind::String(text) => GENERATORS.iter().find(|(word, _)| word == text),
        _ => None,
    };
    if let (None, Kind::String(text)) = (word, &node.kind)
        && matches!(ty, Type::Uuid | Type::Timestamp(_) | Type::TimestampTz(_))
        && let Some(near) = nearest(text, GENERATORS.map(|(word, _)| word))
    {
        findings.add_with_help(
            "schema/default",
            node.head(),
            format!(
                "`default` is {}, which a column of type {ty} cannot hold",
                quote(text)
            ),
            format!("did you mean {}?", quote(near)),
        );
        return None;
    }
    if let Some((word, value)) = word {
        let fits = match value {
            DefaultValue::UtcNow => {
                matches!(
                    ty,
                    Type::Timestamp(_) | Type::TimestampTz(_) | Type::Native(_)
                )
            }
            _ => matches!(ty, Type::Uuid | Type::Native(_)),
        };
        if fits {
            return Some(value.clone());
        }
        if !literal::is_text(ty) {
            findings.add_with_help(
                "schema/default",
                node.head(),
                format!("`default` is {word}, which a column of type {ty} cannot hold"),
                "utcNow is for timestamp(p) and timestampTz(p), newUuid and newSequentialId are \
                 for uuid; an engine's own expression is written `{ mssql: …, sqlite: … }`",
            );
            return None;
        }
    }
    literal::read(node, ty, findings).map(DefaultValue::Literal)
}

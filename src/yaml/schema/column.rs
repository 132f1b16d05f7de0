//! Columns: type, nullability, default, limits and the rest.

use crate::diag::{Diagnostic, Phase, Span};
use crate::model::expression::{BinaryOp, parse};
use crate::model::{
    Column, Computed, Default, DefaultValue, Expr, Ident, Identity, Literal, Native, ObjectPath,
    Type,
};
use crate::yaml::text::{nearest, quote};
use crate::yaml::{Fields, Findings, Key, Kind, Node, convention, read};

use super::{draft, expression, literal, table};

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

/// `type: …` or `native: { … }`.
fn type_field(fields: &mut Fields<'_>, name: &Ident, findings: &Findings) -> Option<Type> {
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
            findings.add_with_help(
                "schema/type",
                fields.head().clone(),
                format!("the column {} has no type", quote(name.as_str())),
                format!("add `type`, one of {}", Type::NAMES.join(", ")),
            );
            None
        }
    }
}

fn type_text(node: &Node, findings: &Findings) -> Option<Type> {
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
    let limits = limits(fields, &name, ty);
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
    read.limits = limits.expression(&name).zip(limits.place);
    if let Some((_, node)) = fields.entry("computed") {
        read.computed = Some(node.clone());
        column.computed = fields.optional("computed", computed);
    }
    contradictions(fields, ty, read, places);
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

fn identity(node: &Node, ty: Option<&Type>, findings: &Findings) -> Option<Option<Identity>> {
    if let Some(ty) = ty
        && literal::integer_range(ty).is_none()
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
    let mut fields = Fields::open(node, "`identity` that is not just true", findings)?;
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
fn collation(node: &Node, ty: Option<&Type>, findings: &Findings) -> Option<Native> {
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

/// `oneOf`, `min` and `max`.
#[derive(Debug, std::default::Default)]
struct Limits {
    one_of: Option<Vec<Literal>>,
    min: Option<Literal>,
    max: Option<Literal>,
    place: Option<Span>,
}

fn limits(fields: &mut Fields<'_>, name: &Ident, ty: Option<&Type>) -> Limits {
    let mut limits = Limits::default();
    for key in ["oneOf", "min", "max"] {
        if let Some((_, node)) = fields.entry(key) {
            limits.place.get_or_insert(node.head());
        }
    }
    limits.one_of = fields.optional("oneOf", |node, findings| one_of(node, name, ty?, findings));
    let bound = |node: &Node, findings: &Findings| {
        let ty = ty?;
        if !literal::is_number(ty) {
            findings.add_with_help(
                "schema/limit",
                node.head(),
                format!("a column of type {ty} holds no numbers, so it has no smallest or largest"),
                "write the condition as a check",
            );
            return None;
        }
        literal::read(node, ty, findings)
    };
    limits.min = fields.optional("min", bound);
    limits.max = fields.optional("max", bound);
    if let (Some(min), Some(max)) = (&limits.min, &limits.max)
        && literal::compare(min, max).is_gt()
        && let Some((_, node)) = fields.entry("min")
    {
        fields.findings().add_with_help(
            "schema/limit",
            node.head(),
            format!(
                "`min` is above `max`, so {} could hold no value",
                quote(name.as_str())
            ),
            "exchange the two",
        );
    }
    limits
}

fn one_of(node: &Node, name: &Ident, ty: &Type, findings: &Findings) -> Option<Vec<Literal>> {
    if matches!(
        ty,
        Type::Bool
            | Type::Float
            | Type::Json
            | Type::Binary(_)
            | Type::Blob
            | Type::RowVersion
            | Type::Native(_)
    ) {
        findings.add_with_help(
            "schema/limit",
            node.head(),
            format!("a column of type {ty} cannot have `oneOf`"),
            "write the condition as a check",
        );
        return None;
    }
    let before = findings.count();
    let items = read::items(node, findings)?;
    if items.is_empty() {
        findings.add_with_help(
            "schema/limit",
            node.head(),
            format!(
                "`oneOf` is empty, so {} could hold no value",
                quote(name.as_str())
            ),
            "list the values, or remove `oneOf`",
        );
        return None;
    }
    let mut values: Vec<Literal> = Vec::new();
    for item in items {
        let Some(value) = literal::read(item, ty, findings) else {
            continue;
        };
        if values.contains(&value) {
            findings.add_with_help(
                "schema/limit",
                item.head(),
                format!("`oneOf` lists {} twice", quote(item.span.text())),
                "remove one of the two",
            );
            continue;
        }
        values.push(value);
    }
    (findings.count() == before).then_some(values)
}

impl Limits {
    /// A default that the column's own check refuses would make every insert fail that relies on
    /// it.
    fn judge_default(
        &self,
        value: &DefaultValue,
        node: &Node,
        ty: &Type,
        findings: &Findings,
    ) -> Option<()> {
        let DefaultValue::Literal(value) = value else {
            return Some(());
        };
        let refused = |why: String| {
            findings.add_with_help(
                "schema/default",
                node.head(),
                format!(
                    "`default` is {}, which {why} refuses",
                    quote(node.span.text())
                ),
                "change one of the two",
            );
            None
        };
        if let Some(values) = &self.one_of
            && !values.contains(value)
        {
            return refused("`oneOf`".to_owned());
        }
        if !literal::is_number(ty) {
            return Some(());
        }
        if self
            .min
            .as_ref()
            .is_some_and(|min| literal::compare(value, min).is_lt())
        {
            return refused("`min`".to_owned());
        }
        if self
            .max
            .as_ref()
            .is_some_and(|max| literal::compare(value, max).is_gt())
        {
            return refused("`max`".to_owned());
        }
        Some(())
    }

    /// The condition, in the form in which the expression language reads it back.
    fn expression(&self, name: &Ident) -> Option<Expr> {
        let column = || Expr::column(name);
        let bound = |op, value: &Option<Literal>| {
            let value = value.clone()?;
            Some(Expr::binary(column(), op, Expr::Literal(value)))
        };
        let one_of = self.one_of.as_ref().map(|values| Expr::In {
            operand: Box::new(column()),
            list: values.iter().cloned().map(Expr::Literal).collect(),
            negated: false,
        });
        let whole = [
            one_of,
            bound(BinaryOp::Ge, &self.min),
            bound(BinaryOp::Le, &self.max),
        ]
        .into_iter()
        .flatten()
        .reduce(|left, right| Expr::binary(left, BinaryOp::And, right))?;
        Some(parse(&whole.to_string()).unwrap_or(whole))
    }
}

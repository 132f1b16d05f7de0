//! What is beyond the model as a whole, as the statement that would make it and the one that would
//! remove it.

use crate::dialect::Unsupported;
use crate::dialect::mssql::{Mssql, bracketed, national};
use crate::engine::CatalogObject;
use crate::model::{Ident, ObjectPath};

use super::source::Facts;

/// An object that as a whole is beyond the model.
pub(super) fn object(dialect: &Mssql, row: &CatalogObject) -> Unsupported {
    let name = Ident::new(&row.name);
    let schema = row.fact("schema").unwrap_or(&dialect.schema);
    let full = format!("{}.{}", bracketed(schema), bracketed(&row.name));
    let text = row.definition.as_deref();
    let dropped = |class: &str| Some(format!("DROP {class} {full};"));
    let (kind, reason, definition, removal) = match row.kind.as_str() {
        "view" => ("view", "the model has no views", None, dropped("VIEW")),
        "procedure" => (
            "procedure",
            "the model has no procedures",
            None,
            dropped("PROCEDURE"),
        ),
        "function" => (
            "function",
            "the model has no functions",
            None,
            dropped("FUNCTION"),
        ),
        "trigger" => return trigger(row, &full, &name),
        "databaseTrigger" => (
            "database trigger",
            "the model has no triggers on the database",
            None,
            Some(format!(
                "DROP TRIGGER {} ON DATABASE;",
                bracketed(&row.name)
            )),
        ),
        "synonym" => (
            "synonym",
            "the model has no synonyms",
            text.map(|target| format!("CREATE SYNONYM {full} FOR {target};")),
            dropped("SYNONYM"),
        ),
        "sequence" => (
            "sequence",
            "the model has no sequences",
            Some(sequence(row, &full)),
            dropped("SEQUENCE"),
        ),
        "type" => (
            "type",
            "the model has no types of its own",
            Some(user_type(row, &full)),
            dropped("TYPE"),
        ),
        "xmlSchemaCollection" => (
            "xml schema collection",
            "the model has no collections of XML schemas",
            None,
            dropped("XML SCHEMA COLLECTION"),
        ),
        "rule" => ("rule", "the model has no rules", None, dropped("RULE")),
        "defaultObject" => (
            "default object",
            "the model has no defaults that are objects",
            None,
            dropped("DEFAULT"),
        ),
        "securityPolicy" => (
            "security policy",
            "the model has no security policies",
            Some(predicate(row)),
            Some(format!(
                "DROP SECURITY POLICY {}.{};",
                bracketed(row.fact("policySchema").unwrap_or(schema)),
                bracketed(&row.name)
            )),
        ),
        "pausedIndexBuild" => (
            "paused index build",
            "its build was paused: it blocks other builds and drops on the table until it is \
             resumed or aborted",
            None,
            row.table.as_ref().map(|table| {
                format!(
                    "ALTER INDEX {} ON {}.{} ABORT;",
                    bracketed(&row.name),
                    bracketed(schema),
                    bracketed(table)
                )
            }),
        ),
        "fullTextIndex" => (
            "full-text index",
            "the model has no full-text indexes",
            Some(format!(
                "-- full-text index on {full}, catalog {}",
                text.unwrap_or_default()
            )),
            Some(format!("DROP FULLTEXT INDEX ON {full};")),
        ),
        "property" => {
            return Unsupported {
                kind: "extended property".to_owned(),
                path: place(row, &Ident::new(row.fact("column").unwrap_or(&row.name))),
                definition: facts(row),
                reason: format!("{} hangs on what is no table", row.name),
                removal: None,
            };
        }
        other => (other, "the model has no such objects", None, None),
    };
    // A policy has a row for each of its predicates, and each of those is judged by itself.
    let reason = match row.fact("predicateType") {
        Some(predicate) => format!(
            "{reason} ({})",
            [predicate, row.fact("operation").unwrap_or_default()]
                .join(" ")
                .trim_end()
        ),
        None => reason.to_owned(),
    };
    Unsupported {
        kind: kind.to_owned(),
        path: place(row, &name),
        definition: definition
            .or_else(|| text.map(str::to_owned))
            .unwrap_or_else(|| facts(row)),
        reason,
        removal,
    }
}

/// The place of an object that hangs on a table, or of the object itself.
fn place(row: &CatalogObject, name: &Ident) -> ObjectPath {
    match &row.table {
        Some(table) => ObjectPath::member(&Ident::new(table), name),
        None => ObjectPath::table(name),
    }
}

/// What is known of an object, for one that has no statement.
fn facts(row: &CatalogObject) -> String {
    let facts: Vec<String> = row
        .facts
        .iter()
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    let text = row.definition.as_deref().unwrap_or_default();
    let told = format!("-- {} {}: {} {text}", row.kind, row.name, facts.join(", "));
    told.trim_end().replace('\n', "\n-- ")
}

fn trigger(row: &CatalogObject, full: &str, name: &Ident) -> Unsupported {
    let state = if row.is("disabled") {
        ", and it is disabled"
    } else {
        ""
    };
    Unsupported {
        kind: "trigger".to_owned(),
        path: place(row, name),
        definition: match &row.definition {
            Some(text) if row.is("disabled") => format!("{text}\n-- disabled"),
            Some(text) => text.clone(),
            None => facts(row),
        },
        reason: format!("the model has no triggers beside those of append-only tables{state}"),
        removal: Some(format!("DROP TRIGGER {full};")),
    }
}

fn sequence(row: &CatalogObject, full: &str) -> String {
    let fact = |name: &str, default: &str| row.fact(name).unwrap_or(default).to_owned();
    format!(
        "CREATE SEQUENCE {full} AS {} START WITH {} INCREMENT BY {} MINVALUE {} MAXVALUE {}{}{};",
        fact("type", "bigint"),
        fact("start", "0"),
        fact("increment", "1"),
        fact("minimum", "0"),
        fact("maximum", "0"),
        if row.is("cycling") { " CYCLE" } else { "" },
        row.fact("cacheSize")
            .map_or_else(String::new, |size| format!(" CACHE {size}")),
    )
}

fn user_type(row: &CatalogObject, full: &str) -> String {
    let base = row.definition.as_deref().unwrap_or_default();
    if matches!(base, "table" | "assembly") {
        return format!("-- type {full}: a {base} type");
    }
    format!(
        "-- type {full} from {base}: length {}, precision {}, scale {}, {}",
        row.number("length"),
        row.number("precision"),
        row.number("scale"),
        if row.is("nullable") {
            "NULL"
        } else {
            "NOT NULL"
        },
    )
}

fn predicate(row: &CatalogObject) -> String {
    let operation = row.fact("operation").unwrap_or_default();
    format!(
        "-- {} {} PREDICATE {} {operation}",
        if row.is("enabled") { "on:" } else { "off:" },
        row.fact("predicateType").unwrap_or("no"),
        row.definition.as_deref().unwrap_or("(hidden)"),
    )
    .trim_end()
    .to_owned()
}

/// An extended property that is no description: what it hangs on, the statement that adds it and
/// the one that drops it.
pub(super) fn property(dialect: &Mssql, row: &CatalogObject) -> (Option<Ident>, String, String) {
    let mut place = format!(
        "@level0type = N'SCHEMA', @level0name = {}, @level1type = N'TABLE', @level1name = {}",
        national(&dialect.schema),
        national(row.table.as_deref().unwrap_or_default()),
    );
    let levels = [
        ("column", "COLUMN"),
        ("index", "INDEX"),
        ("constraintName", "CONSTRAINT"),
    ];
    let found = levels
        .iter()
        .find_map(|(fact, level)| row.fact(fact).map(|name| (*level, name)));
    if let Some((level, name)) = found {
        place.push_str(&format!(
            ", @level2type = N'{level}', @level2name = {}",
            national(name)
        ));
    }
    let name = national(&row.name);
    let value = national(row.definition.as_deref().unwrap_or_default());
    (
        found.map(|(_, name)| Ident::new(name)),
        format!("EXEC sys.sp_addextendedproperty @name = {name}, @value = {value}, {place};"),
        format!("EXEC sys.sp_dropextendedproperty @name = {name}, {place};"),
    )
}

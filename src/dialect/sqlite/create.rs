//! The defining statements of tables, columns, constraints, indexes and triggers.
//!
//! Owns how a table in engine form is written, in one way: the same text is executed, shown in
//! reports and compared in tests. What order statements go in belongs to `render`.

use crate::model::expression::write::{Spelling, write};
use crate::model::{
    Column, DefaultValue, Expression, Ident, Index, KeyColumn, Literal, ObjectPath, Part, Schema,
    Table, Type,
};

use super::trigger::{self, Trigger};
use super::{quote, type_check};

/// `CREATE TABLE …`, without the final semicolon. `name` is the name to create it under.
pub(super) fn table(table: &Table, name: &Ident) -> String {
    let lines: Vec<String> = table
        .columns
        .iter()
        .map(|column| self::column(table, column))
        .chain(
            table
                .parts
                .iter()
                .filter_map(|part| constraint(table, part)),
        )
        .map(|line| format!("    {line}"))
        .collect();
    let strict = if is_strict(table) { " STRICT" } else { "" };
    format!(
        "CREATE TABLE {} (\n{}\n){strict}",
        quote(name),
        lines.join(",\n")
    )
}

/// The types that a STRICT table takes.
const STRICT_TYPES: [&str; 6] = ["INT", "INTEGER", "REAL", "TEXT", "BLOB", "ANY"];

/// The first column whose native type no STRICT table has.
pub(super) fn loose_column(table: &Table) -> Option<&Column> {
    table.columns.iter().find(|column| {
        let storage = type_check::storage(&column.ty);
        !STRICT_TYPES
            .iter()
            .any(|ty| ty.eq_ignore_ascii_case(&storage))
    })
}

/// Whether the table is a STRICT one: unless a column has a native type that STRICT does not know,
/// as tables have that other tools made.
pub(super) fn is_strict(table: &Table) -> bool {
    loose_column(table).is_none()
}

/// A column as it stands in CREATE TABLE and ALTER TABLE ADD COLUMN.
///
/// A column that counts up is SQLite's row id, so that its primary key has to stand here. Any other
/// integer that is a primary key by itself is declared `INT`, since `INTEGER` would silently make
/// it the row id, which takes NULL and counts up. A native `INTEGER` says that this is meant.
pub(super) fn column(table: &Table, column: &Column) -> String {
    let storage = type_check::storage(&column.ty);
    let alone = is_whole_primary_key(table, column);
    let mut line = match column.identity {
        None if alone && !matches!(column.ty, Type::Native(_)) && storage == "INTEGER" => {
            format!("{} INT", quote(&column.name))
        }
        _ => format!("{} {storage}", quote(&column.name)),
    };
    if !column.nullable {
        line.push_str(" NOT NULL");
    }
    if column.identity.is_some()
        && let Some(key) = table.primary_key().filter(|_| alone)
    {
        line.push_str(&format!(
            " CONSTRAINT {} PRIMARY KEY AUTOINCREMENT",
            quote(&key.name)
        ));
    }
    if let Some(collation) = &column.collation
        && let Some(collation) = &collation.sqlite
    {
        line.push_str(&format!(" COLLATE {}", quote(&Ident::new(collation))));
    }
    if column.ty == Type::RowVersion {
        line.push_str(" DEFAULT 1");
    }
    if let Some(default) = &column.default {
        line.push_str(&format!(
            " CONSTRAINT {} DEFAULT ({})",
            quote(&default.name),
            default_text(&default.value)
        ));
    }
    if let Some(computed) = &column.computed {
        line.push_str(&format!(
            " GENERATED ALWAYS AS ({}) {}",
            expression(&computed.expression),
            if computed.persisted {
                "STORED"
            } else {
                "VIRTUAL"
            }
        ));
    }
    if let Some(condition) = type_check::condition(&quote(&column.name), &column.ty) {
        line.push_str(&format!(
            " CONSTRAINT {} CHECK ({condition})",
            quote(&column.type_check)
        ));
    }
    line
}

/// Whether the column is the primary key by itself.
pub(super) fn is_whole_primary_key(table: &Table, column: &Column) -> bool {
    table
        .primary_key()
        .is_some_and(|key| matches!(key.columns.as_slice(), [only] if only.column == column.name))
}

/// A constraint as it stands in CREATE TABLE. `None` for an index, and for the primary key that
/// stands with its column.
pub(super) fn constraint(table: &Table, part: &Part) -> Option<String> {
    let rule = match part {
        Part::Index(_) => return None,
        Part::PrimaryKey(key) => {
            let inline = table
                .columns
                .iter()
                .any(|column| column.identity.is_some() && is_whole_primary_key(table, column));
            if inline {
                return None;
            }
            format!("PRIMARY KEY ({})", key_columns(&key.columns))
        }
        Part::Unique(unique) => format!("UNIQUE ({})", key_columns(&unique.columns)),
        Part::Check(check) => format!("CHECK ({})", expression(&check.expression)),
        Part::ForeignKey(key) => {
            let mut rule = format!(
                "FOREIGN KEY ({}) REFERENCES {} ({})",
                names(&key.columns),
                quote(&key.references),
                names(&key.referenced_columns)
            );
            for (event, action) in [("DELETE", key.on_delete), ("UPDATE", key.on_update)] {
                if !action.is_none() {
                    rule.push_str(&format!(" ON {event} {}", action.sql()));
                }
            }
            rule
        }
    };
    Some(format!("CONSTRAINT {} {rule}", quote(part.name())))
}

/// `CREATE INDEX …`, without the final semicolon.
pub(super) fn index(table: &Ident, index: &Index) -> String {
    let unique = if index.unique { "UNIQUE " } else { "" };
    let filter = index
        .filter
        .as_ref()
        .map(|filter| format!("\n    WHERE {}", expression(filter)))
        .unwrap_or_default();
    format!(
        "CREATE {unique}INDEX {} ON {} ({}){filter}",
        quote(&index.name),
        quote(table),
        key_columns(&index.columns)
    )
}

/// The triggers of a table, those that refuse changes first.
pub(super) fn triggers(table: &Table) -> Vec<Trigger> {
    let guards = table
        .append_only
        .iter()
        .flat_map(|name| trigger::append_only(&table.name, name));
    let versions = table
        .columns
        .iter()
        .filter(|column| column.ty == Type::RowVersion)
        .filter_map(|column| trigger::row_version(table, column));
    guards.chain(versions).collect()
}

/// The defining statement of an object: of a table, or of a column, constraint, index or trigger of
/// one. `None` when there is none of that name.
pub(super) fn definition(schema: &Schema, path: &ObjectPath) -> Option<String> {
    let table = schema.table(&path.table)?;
    let Some(member) = &path.member else {
        return Some(self::table(table, &table.name));
    };
    if let Some(column) = table.column(member) {
        return Some(self::column(table, column));
    }
    match table.part(member) {
        Some(Part::Index(index)) => Some(self::index(&table.name, index)),
        // The key of a column that counts up stands with the column.
        Some(part) => constraint(table, part).or_else(|| {
            let key = table.primary_key()?;
            let column = table.column(&key.columns.first()?.column)?;
            Some(self::column(table, column))
        }),
        None => {
            let own = |trigger: &Trigger| trigger.name == *member;
            let guards = table.append_only.as_ref() == Some(member);
            let found: Vec<String> = triggers(table)
                .into_iter()
                .filter(|trigger| own(trigger) || (guards && trigger.is_guard(member)))
                .map(|trigger| trigger.sql)
                .collect();
            if !found.is_empty() {
                return Some(found.join(";\n"));
            }
            // A default or the check that keeps a type: they stand with their column.
            table
                .columns
                .iter()
                .find(|column| {
                    let default = column.default.as_ref().map(|default| &default.name);
                    column.type_check == *member || default == Some(member)
                })
                .map(|column| self::column(table, column))
        }
    }
}

fn key_columns(columns: &[KeyColumn]) -> String {
    let columns: Vec<String> = columns
        .iter()
        .map(|key| {
            let direction = if key.descending { " DESC" } else { "" };
            format!("{}{direction}", quote(&key.column))
        })
        .collect();
    columns.join(", ")
}

/// Quoted names with commas between.
pub(super) fn names<'a>(names: impl IntoIterator<Item = &'a Ident>) -> String {
    let names: Vec<String> = names.into_iter().map(quote).collect();
    names.join(", ")
}

/// A default in engine form.
///
/// # Panics
/// On any other, which `lower` never leaves behind.
fn default_text(value: &DefaultValue) -> &str {
    match value {
        DefaultValue::Sql(text) => text,
        other => unreachable!("a default in engine form is SQL text, not {other:?}"),
    }
}

/// An expression in engine form as SQL.
pub(super) fn expression(expression: &Expression) -> String {
    match expression {
        Expression::Portable(expr) => write(expr, &Sqlite),
        Expression::Opaque(text) => text.clone(),
        Expression::Native(native) => native.sqlite.clone().unwrap_or_default(),
    }
}

/// A constant as SQL.
pub(super) fn literal(literal: &Literal) -> String {
    match literal {
        Literal::Null => "NULL".to_owned(),
        Literal::Bool(value) => u8::from(*value).to_string(),
        Literal::Number(text) => text.clone(),
        Literal::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Literal::Bytes(bytes) => {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("x'{digits}'")
        }
    }
}

struct Sqlite;

impl Spelling for Sqlite {
    fn column(&self, name: &Ident) -> String {
        quote(name)
    }

    fn literal(&self, literal: &Literal) -> String {
        self::literal(literal)
    }

    fn upper_keywords(&self) -> bool {
        true
    }

    fn concat(&self) -> &'static str {
        "||"
    }
}

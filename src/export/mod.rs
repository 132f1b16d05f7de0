//! The schema in forms that other tools and people read.
//!
//! Pure: from values to text, the same bytes each time. Each form is a module of its own; what they
//! share about a table is here. Columns that are marked deprecated are left out everywhere, and what a
//! form cannot express is said in a comment of it, never dropped in silence.

use std::collections::BTreeSet;

use crate::model::expression::write::portable;
use crate::model::{Column, Default, DefaultValue, Expression, ForeignKey, Ident, Literal, Table};

pub mod html;
pub mod mermaid;
pub mod prisma;
pub mod rows;

/// The columns that an export shows.
fn columns(table: &Table) -> impl Iterator<Item = &Column> {
    table.columns.iter().filter(|column| !column.deprecated)
}

/// Whether all of these columns are shown.
fn shown<'a>(table: &Table, names: impl IntoIterator<Item = &'a Ident>) -> bool {
    names
        .into_iter()
        .all(|name| columns(table).any(|column| column.name == *name))
}

/// An expression for people.
fn expression(expression: &Expression) -> String {
    match expression {
        Expression::Portable(expr) => portable(expr),
        Expression::Native(native) => native
            .mssql
            .as_ref()
            .or(native.sqlite.as_ref())
            .cloned()
            .unwrap_or_default(),
        Expression::Opaque(text) => text.clone(),
    }
}

/// A default for people, as YAML writes it.
fn default(default: &Default) -> String {
    match &default.value {
        DefaultValue::Literal(literal) => self::literal(literal),
        DefaultValue::UtcNow => "utcNow".to_owned(),
        DefaultValue::NewUuid => "newUuid".to_owned(),
        DefaultValue::NewSequentialId => "newSequentialId".to_owned(),
        DefaultValue::Native(native) => native
            .mssql
            .as_ref()
            .or(native.sqlite.as_ref())
            .cloned()
            .unwrap_or_default(),
        DefaultValue::Sql(text) => text.clone(),
    }
}

/// A constant for people.
fn literal(literal: &Literal) -> String {
    match literal {
        Literal::Null => "null".to_owned(),
        Literal::Bool(value) => value.to_string(),
        Literal::Number(text) | Literal::Text(text) => text.clone(),
        Literal::Bytes(bytes) => bytes.iter().fold("0x".to_owned(), |mut text, byte| {
            text.push_str(&format!("{byte:02X}"));
            text
        }),
    }
}

/// Whether at most one row of the table can refer to the same row: its columns hold a key.
fn is_to_one(table: &Table, key: &ForeignKey) -> bool {
    let columns: BTreeSet<&Ident> = key.columns.iter().collect();
    let covers =
        |names: &[crate::model::KeyColumn]| names.iter().all(|name| columns.contains(&name.column));
    table.primary_key().is_some_and(|key| covers(&key.columns))
        || table.uniques().any(|unique| covers(&unique.columns))
        || table
            .indexes()
            .any(|index| index.unique && index.filter.is_none() && covers(&index.columns))
}

/// Whether a row may refer to none.
fn is_optional(table: &Table, key: &ForeignKey) -> bool {
    let nullable = |name: &Ident| table.column(name).is_some_and(|column| column.nullable);
    key.columns.iter().any(nullable)
}

#[cfg(test)]
mod tests;

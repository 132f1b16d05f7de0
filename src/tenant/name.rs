//! Names in statements: which tables they mean, and which of them are not to be trusted.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{Ident, ObjectName, ObjectNamePart};

use super::Guard;
use super::level::{Column, Columns};
use crate::model::Table;

/// The names of a schema, folded as engines fold them.
pub(super) struct Names<'a> {
    tables: BTreeMap<String, &'a Table>,
    /// Every name that the schema has, exactly.
    exact: BTreeSet<&'a str>,
}

/// What a name in FROM means.
pub(super) enum Meaning<'a> {
    /// A table of the schema.
    Table(&'a Table),
    /// A name without qualifier that is no table: perhaps a common table expression.
    Other(String),
    /// Something that is never allowed, with code, message and help.
    Denied(&'static str, String, &'static str),
}

impl<'a> Names<'a> {
    pub(super) fn new(guard: &Guard<'a>) -> Self {
        let tables = guard.schema.tables.values();
        let columns = tables.clone().flat_map(|table| &table.columns);
        Self {
            exact: tables
                .clone()
                .map(|table| table.name.as_str())
                .chain(columns.map(|column| column.name.as_str()))
                .collect(),
            tables: tables.map(|table| (table.name.folded(), table)).collect(),
        }
    }

    pub(super) fn table(&self, folded: &str) -> Option<&'a Table> {
        self.tables.get(folded).copied()
    }

    /// What the name of a relation means.
    pub(super) fn meaning(&self, guard: &Guard<'_>, name: &ObjectName) -> Meaning<'a> {
        let parts: Option<Vec<&Ident>> = name
            .0
            .iter()
            .map(|part| match part {
                ObjectNamePart::Identifier(ident) => Some(ident),
                ObjectNamePart::Function(_) => None,
            })
            .collect();
        let denied = |code, message, help| Meaning::Denied(code, message, help);
        match parts.as_deref() {
            Some(parts) if parts.iter().any(|name| name.quote_style == Some('\'')) => denied(
                "guard/name",
                format!("{name} is text in the place of a name"),
                "quote names with \"…\" or […]",
            ),
            Some([name]) if name.value.starts_with('@') => denied(
                "guard/unknown-table",
                format!(
                    "{} is a table variable, of whose rows nobody knows the tenant",
                    name.value
                ),
                "use a common table expression",
            ),
            Some([name]) => match self.table(&fold(name)) {
                Some(table) => Meaning::Table(table),
                None => Meaning::Other(fold(name)),
            },
            Some([namespace, name]) if fold(namespace) == guard.namespace.to_lowercase() => {
                match self.table(&fold(name)) {
                    Some(table) => Meaning::Table(table),
                    None => denied(
                        "guard/unknown-table",
                        format!("the schema has no table {}.{}", namespace.value, name.value),
                        "name a table of the schema; views and functions are not analysed",
                    ),
                }
            }
            Some([namespace, name]) => denied(
                "guard/unknown-table",
                format!(
                    "{}.{} lies outside of {}, where the tables of the schema are",
                    namespace.value, name.value, guard.namespace
                ),
                "name a table of the schema",
            ),
            Some(_) => denied(
                "guard/other-database",
                format!("{name} names another database or server"),
                "name a table of this database, without database and server",
            ),
            None => denied(
                "guard/not-analysed",
                format!("{name} is no plain name"),
                "name a table of the schema",
            ),
        }
    }

    /// The columns of a table, in no order that can be relied on: a database that grew by
    /// migrations has them in another order than the schema.
    pub(super) fn columns(table: &Table) -> Columns {
        Columns {
            list: table
                .columns
                .iter()
                .map(|column| Column {
                    name: Some(column.name.folded()),
                    anchored: false,
                })
                .collect(),
            complete: true,
            ordered: false,
        }
    }
}

/// The form in which two names that an engine takes for one are equal.
pub(super) fn fold(name: &Ident) -> String {
    name.value.to_lowercase()
}

/// Whether a word is a parameter or variable: `@name`, without quotes.
pub(super) fn is_variable(name: &Ident) -> bool {
    name.quote_style.is_none() && name.value.starts_with('@')
}

/// Why a name cannot be trusted to be what it looks like. Engines take names for the same that are
/// spelled in different characters (letters of full width, accents, trailing spaces), by rules of
/// their own.
pub(super) fn unreadable(name: &str, names: &Names<'_>) -> Option<&'static str> {
    if names.exact.contains(name) {
        return None;
    }
    if name.is_empty() {
        return Some("is empty");
    }
    if !name.chars().all(|c| c.is_ascii_graphic() || c == ' ') {
        return Some("has characters that look like others");
    }
    if name.starts_with(' ') || name.ends_with(' ') {
        return Some("begins or ends with a space");
    }
    if name.starts_with('$') {
        return Some("is a pseudo-column");
    }
    None
}

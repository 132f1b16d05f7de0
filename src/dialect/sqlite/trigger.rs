//! The triggers that keep what SQLite's tables cannot: append-only tables and row versions.
//!
//! Owns their names and their text, both for writing them and for recognising them in a catalog.

use crate::model::{Column, Ident, Table};

use super::quote;

/// A trigger of a reserved name and shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trigger {
    /// Its name.
    pub name: Ident,
    /// Its CREATE TRIGGER statement, without the final semicolon.
    pub sql: String,
}

impl Trigger {
    /// Whether it is one of those that keep a table append-only under this reserved name.
    pub fn is_guard(&self, name: &Ident) -> bool {
        let suffix = self.name.as_str().strip_prefix(name.as_str());
        matches!(suffix, Some("Update" | "Delete"))
    }
}

/// The two triggers that refuse to change or remove rows of a table that is append-only under this
/// reserved name.
pub(super) fn append_only(table: &Ident, name: &Ident) -> [Trigger; 2] {
    [("Update", "UPDATE"), ("Delete", "DELETE")].map(|(suffix, event)| {
        let name = Ident::new(format!("{name}{suffix}"));
        let message = format!("{table}{APPEND_ONLY} {event} is refused").replace('\'', "''");
        let sql = format!(
            "CREATE TRIGGER {} BEFORE {event} ON {}\nBEGIN\n    SELECT RAISE(ABORT, '{message}');\nEND",
            quote(&name),
            quote(table)
        );
        Trigger { name, sql }
    })
}

/// What follows the table's name in the message of a refused change to an append-only table.
pub(super) const APPEND_ONLY: &str = " is append-only:";

/// The trigger that counts a row's version up on each update that does not do so itself. Its own
/// update changes the version, so that it does not fire again.
///
/// `None` when every name of the row id is taken by a column, so that the row cannot be addressed.
pub(super) fn row_version(table: &Table, column: &Column) -> Option<Trigger> {
    let row_id = row_id(table)?;
    let version = quote(&column.name);
    let name = column.type_check.clone();
    let quoted = quote(&table.name);
    let sql = format!(
        "CREATE TRIGGER {} AFTER UPDATE ON {quoted} WHEN NEW.{version} = OLD.{version}\n\
         BEGIN\n    \
         UPDATE {quoted} SET {version} = OLD.{version} + 1 WHERE {row_id} = NEW.{row_id};\n\
         END",
        quote(&name),
    );
    Some(Trigger { name, sql })
}

/// A name of the row id that no column hides.
fn row_id(table: &Table) -> Option<&'static str> {
    ["rowid", "_rowid_", "oid"].into_iter().find(|name| {
        !table
            .columns
            .iter()
            .any(|column| column.name.as_str().eq_ignore_ascii_case(name))
    })
}

//! What differs between two schemas, as changes that a migration can hold.
//!
//! Owns the change list, its computation ([`diff`]) and its application ([`fold`]). What a change
//! means for a running application and in which order changes go belongs to `plan`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Column, Ident, ObjectPath, Part, Table};

mod compute;
pub mod fold;
mod rename;
pub mod unnamed;

pub use compute::{diff, same_part};

/// One difference. Values that change carry what was and what will be, so that a list of changes
/// can be checked against the schema that it is applied to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
#[expect(
    clippy::large_enum_variant,
    reason = "a list of changes is short and walked once"
)]
pub enum Change {
    /// A table with all its columns and parts.
    CreateTable(Table),
    /// A table goes, with all that it held.
    DropTable(Table),
    /// A table gets another name.
    RenameTable {
        /// Its name before.
        from: Ident,
        /// Its name after.
        to: Ident,
    },
    /// The options of a table itself change.
    AlterTable {
        /// The table.
        table: Ident,
        /// Before.
        from: TableOptions,
        /// After.
        to: TableOptions,
    },
    /// A column is added.
    AddColumn {
        /// The table.
        table: Ident,
        /// The column.
        column: Column,
    },
    /// A column goes, with all that it held.
    DropColumn {
        /// The table.
        table: Ident,
        /// The column.
        column: Column,
    },
    /// A column gets another name.
    RenameColumn {
        /// The table.
        table: Ident,
        /// Its name before.
        from: Ident,
        /// Its name after.
        to: Ident,
    },
    /// A column's type, nullability, default or another property changes, but not its name.
    AlterColumn {
        /// The table.
        table: Ident,
        /// Before.
        from: Column,
        /// After.
        to: Column,
    },
    /// A key, check, foreign key or index is added.
    AddPart {
        /// The table.
        table: Ident,
        /// The part.
        part: Part,
    },
    /// A key, check, foreign key or index goes.
    DropPart {
        /// The table.
        table: Ident,
        /// The part.
        part: Part,
    },
    /// A key, check, foreign key or index of one name and class changes.
    AlterPart {
        /// The table.
        table: Ident,
        /// Before.
        from: Part,
        /// After.
        to: Part,
    },
    /// A key, check, foreign key or index that is otherwise the same gets another name.
    RenamePart {
        /// The table.
        table: Ident,
        /// Before.
        from: Part,
        /// After.
        to: Part,
    },
}

/// What a table says of itself beside its columns and parts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TableOptions {
    /// See [`Table::description`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// See [`Table::append_only`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub append_only: Option<Ident>,
}

/// Explicit renames, from `renamedFrom`. A rename counts only while the old side has the old name
/// and lacks the new one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Renames {
    /// New table name to old one.
    pub tables: BTreeMap<Ident, Ident>,
    /// (table's new name, column's new name) to the column's old name.
    pub columns: BTreeMap<(Ident, Ident), Ident>,
}

impl Renames {
    /// Those among these changes.
    pub fn among(changes: &[Change]) -> Self {
        let mut renames = Self::default();
        for change in changes {
            match change {
                Change::RenameTable { from, to } => {
                    renames.tables.insert(to.clone(), from.clone());
                }
                Change::RenameColumn { table, from, to } => {
                    let new = (table.clone(), to.clone());
                    renames.columns.insert(new, from.clone());
                }
                _ => {}
            }
        }
        renames
    }
}

impl Change {
    /// The table that the change is about, under its new name.
    pub fn table(&self) -> &Ident {
        match self {
            Self::CreateTable(table) | Self::DropTable(table) => &table.name,
            Self::RenameTable { to, .. } => to,
            Self::AlterTable { table, .. }
            | Self::AddColumn { table, .. }
            | Self::DropColumn { table, .. }
            | Self::RenameColumn { table, .. }
            | Self::AlterColumn { table, .. }
            | Self::AddPart { table, .. }
            | Self::DropPart { table, .. }
            | Self::AlterPart { table, .. }
            | Self::RenamePart { table, .. } => table,
        }
    }

    /// The object that the change is about, under its new name.
    pub fn path(&self) -> ObjectPath {
        let table = self.table();
        match self {
            Self::CreateTable(_)
            | Self::DropTable(_)
            | Self::RenameTable { .. }
            | Self::AlterTable { .. } => ObjectPath::table(table),
            Self::AddColumn { column, .. } | Self::DropColumn { column, .. } => {
                ObjectPath::member(table, &column.name)
            }
            Self::RenameColumn { to, .. } => ObjectPath::member(table, to),
            Self::AlterColumn { to, .. } => ObjectPath::member(table, &to.name),
            Self::AddPart { part, .. } | Self::DropPart { part, .. } => {
                ObjectPath::member(table, part.name())
            }
            Self::AlterPart { to, .. } | Self::RenamePart { to, .. } => {
                ObjectPath::member(table, to.name())
            }
        }
    }

    /// One line for people, in the imperative: `add column jobRuns.priority`.
    pub fn headline(&self) -> String {
        let path = self.path();
        match self {
            Self::CreateTable(_) => format!("create table {path}"),
            Self::DropTable(_) => format!("drop table {path}"),
            Self::RenameTable { from, .. } => format!("rename table {from} to {path}"),
            Self::AlterTable { .. } => format!("alter table {path}"),
            Self::AddColumn { .. } => format!("add column {path}"),
            Self::DropColumn { .. } => format!("drop column {path}"),
            Self::RenameColumn { table, from, .. } => {
                format!("rename column {table}.{from} to {path}")
            }
            Self::AlterColumn { .. } => format!("alter column {path}"),
            Self::AddPart { part, .. } => format!("add {} {path}", part.kind().noun()),
            Self::DropPart { part, .. } => format!("drop {} {path}", part.kind().noun()),
            Self::AlterPart { to, .. } => format!("alter {} {path}", to.kind().noun()),
            Self::RenamePart { table, from, to } => {
                format!(
                    "rename {} {table}.{} to {path}",
                    to.kind().noun(),
                    from.name()
                )
            }
        }
    }
}

impl TableOptions {
    /// The options of a table.
    pub fn of(table: &Table) -> Self {
        Self {
            description: table.description.clone(),
            append_only: table.append_only.clone(),
        }
    }
}

#[cfg(test)]
mod tests;

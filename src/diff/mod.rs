//! What differs between two schemas, as changes that a migration can hold.
//!
//! Owns the change list, its computation ([`diff`]) and its application ([`fold`]). What a change
//! means for a running application and in which order changes go belongs to `plan`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Column, Ident, Part, Table};

/// One difference. Values that change carry what was and what will be, so that a list of changes
/// can be checked against the schema that it is applied to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
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

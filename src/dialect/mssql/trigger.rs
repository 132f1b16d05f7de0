//! The trigger that keeps an append-only table what it is.

use crate::dialect::Dialect;
use crate::model::Ident;

use super::{Mssql, bracketed, national};

/// The number of the error with which an append-only table refuses a change.
pub const APPEND_ONLY_ERROR: u32 = 51_001;

/// The trigger's full name.
pub(super) fn name(dialect: &Mssql, trigger: &Ident) -> String {
    format!(
        "{}.{}",
        bracketed(&dialect.schema),
        bracketed(trigger.as_str())
    )
}

/// CREATE TRIGGER, which must be first in its batch.
///
/// It fires after the statement and rolls it back: INSTEAD OF triggers are refused on tables with
/// cascading foreign keys. Like a trigger for each row, it lets a statement pass that touches no
/// row. TRUNCATE fires no trigger at all; it takes ALTER permission, which applications lack.
pub(super) fn append_only(dialect: &Mssql, table: &Ident, trigger: &Ident) -> String {
    // In a message of THROW a percent sign stands for itself when it is doubled.
    let refusal = |statement: &str| {
        national(&format!("{table} is append-only: {statement} is refused").replace('%', "%%"))
    };
    format!(
        "CREATE TRIGGER {}\n\
         ON {}\n\
         AFTER UPDATE, DELETE\n\
         AS\n\
         BEGIN\n    \
             SET NOCOUNT ON;\n    \
             IF EXISTS (SELECT 1 FROM inserted)\n    \
             BEGIN\n        \
                 THROW {APPEND_ONLY_ERROR}, {}, 1;\n    \
             END;\n    \
             IF EXISTS (SELECT 1 FROM deleted)\n    \
             BEGIN\n        \
                 THROW {APPEND_ONLY_ERROR}, {}, 1;\n    \
             END;\n\
         END;",
        name(dialect, trigger),
        dialect.table(table),
        refusal("UPDATE"),
        refusal("DELETE"),
    )
}

/// Why the trigger is there.
pub(super) fn comment(table: &Ident) -> String {
    format!(
        "Rows of {table} are a record: they can be added, and neither changed nor removed.\n\
         A trigger has to be alone in its batch."
    )
}

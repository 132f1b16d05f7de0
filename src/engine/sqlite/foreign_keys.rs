//! The check of all foreign keys at the end of a transaction that ran without them.

use super::SqliteSession;
use crate::engine::{EngineError, ErrorKind, Violation, ViolationKind};

/// How many rows an error names.
const SHOWN_ROWS: usize = 5;

impl SqliteSession {
    /// Refuses a commit that would leave rows without the rows that they refer to.
    pub(super) fn check_foreign_keys(&self) -> Result<(), EngineError> {
        let broken: Vec<(String, i64, String)> = self
            .connection
            .prepare("SELECT \"table\", coalesce(rowid, 0), parent FROM pragma_foreign_key_check")
            .and_then(|mut statement| {
                statement
                    .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                    .collect()
            })
            .map_err(|error| self.error(error))?;
        let Some((table, _, parent)) = broken.first() else {
            return Ok(());
        };
        let mut rows: Vec<String> = broken
            .iter()
            .filter(|(other, _, to)| other == table && to == parent)
            .map(|(_, row, _)| row.to_string())
            .collect();
        let count = rows.len();
        if count > SHOWN_ROWS {
            rows.truncate(SHOWN_ROWS);
            rows.push("…".to_owned());
        }
        let others = match broken.len() - count {
            0 => String::new(),
            others => format!("; {others} more in other foreign keys"),
        };
        Err(EngineError::new(
            ErrorKind::Constraint(Violation {
                kind: ViolationKind::ForeignKey,
                constraint: Some(table.clone()),
            }),
            format!(
                "FOREIGN KEY constraint failed: {count} {} of {table} would refer to no row of \
                 {parent} (rowid {}){others}",
                if count == 1 { "row" } else { "rows" },
                rows.join(", ")
            ),
        ))
    }
}

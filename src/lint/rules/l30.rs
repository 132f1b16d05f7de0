//! L30: a history table that each database names.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;
use crate::lint::state::history_is_anonymous;
use crate::lint::tsql::statement::{Action, AlterTable, Kind};

/// The rule.
pub const RULE: Rule = Rule {
    id: "L30",
    code: "lint/L30",
    name: "anonymous-history",
    title: r"a temporal table whose history table has no name",
    severity: Severity::Warning,
    explanation: r"SYSTEM_VERSIONING = ON without HISTORY_TABLE makes a history table of the name
MSSQL_TemporalHistoryFor_<object id>, which is another one in each database: scripts cannot name it, and a
comparison of two databases shows a difference where there is none.",
    help: r"write HISTORY_TABLE = schema.name",
    rewrite: r"ALTER TABLE dbo.prices SET (SYSTEM_VERSIONING = ON (HISTORY_TABLE = dbo.pricesHistory));",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let (table, options) = match &scene.statement.kind {
        Kind::CreateTable(create) => (&create.table, &create.options),
        Kind::AlterTable(AlterTable {
            table,
            action: Action::Set(options),
        }) => (table, options),
        _ => return,
    };
    if let (Some(setting), true) = (
        options.get("SYSTEM_VERSIONING"),
        history_is_anonymous(options),
    ) {
        hits.push(
            Hit::new(
                setting.range.clone(),
                format!(
                    "the history table of {} has no name, so each database gives it another one",
                    table.last()
                ),
            )
            .about(table.last(), None),
        );
    }
}

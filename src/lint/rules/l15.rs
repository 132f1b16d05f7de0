//! L15: writers that wait for an index.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L15",
    code: "lint/L15",
    name: "offline-index",
    title: r"CREATE INDEX on an existing table without ONLINE, where the edition has it",
    severity: Severity::Warning,
    explanation: r"An index that is built offline holds a shared lock on the table for the whole build, Sch-M if it is
clustered: readers go on, every INSERT, UPDATE and DELETE waits. That is about a second for a million
narrow rows, and minutes for a large table. Azure SQL and Enterprise edition build online, with short
locks at the start and the end.

Online builds belong into a migration without a transaction (L16), each into a batch of its own. Not flagged: a table that the same
script makes; mssql.edition: standard, which has no online builds; columnstore indexes.",
    help: r"build it WITH (ONLINE = ON) in a migration of its own that is marked -- dbtool:no-transaction; on a small table, accept it",
    rewrite: r"-- dbtool:no-transaction
CREATE NONCLUSTERED INDEX ixOrdersTenantIdStatus
    ON dbo.orders (tenantId, status)
    WITH (ONLINE = ON);",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let Some((table, index)) = scene.created_index() else {
        return;
    };
    if !scene.options.dialect.edition.builds_online()
        || index.columnstore
        || index.options.is_on("ONLINE")
        || scene.now.is_made_here(table)
    {
        return;
    }
    let (table, name) = (table.last(), &index.name.name);
    hits.push(
        Hit::new(
            index.name.range.clone(),
            format!("{name} is built offline: every write to {table} waits until it is finished"),
        )
        .about(table, Some(name)),
    );
}

//! L16: locks that a transaction keeps.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;
use crate::lint::tsql::statement::Kind;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L16",
    code: "lint/L16",
    name: "online-in-transaction",
    title: r"an online index build inside a transaction",
    severity: Severity::Warning,
    explanation: r"An online build takes short locks, but a transaction keeps them until it commits: within a migration that
is one transaction, ONLINE = ON costs more time and log than an offline build and blocks writers all the
same, up to the end of the migration. It holds the version store, too.

Not flagged: a migration that is marked -- dbtool:no-transaction.",
    help: r"move it into a migration of its own that is marked -- dbtool:no-transaction",
    rewrite: r"-- dbtool:no-transaction
CREATE NONCLUSTERED INDEX ixOrdersTenantIdStatus
    ON dbo.orders (tenantId, status)
    WITH (ONLINE = ON);",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    if scene.facts.no_transaction {
        return;
    }
    let options = match &scene.statement.kind {
        Kind::CreateIndex(index) => &index.options,
        Kind::AlterIndex(options) => options,
        _ => return,
    };
    if let (Some(online), true) = (options.get("ONLINE"), options.is_on("ONLINE")) {
        hits.push(Hit::new(
            online.range.clone(),
            "the transaction of the migration keeps the locks of this online build until it commits",
        ));
    }
}

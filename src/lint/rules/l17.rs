//! L17: a build that cannot be resumed.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;
use crate::lint::tsql::statement::Kind;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L17",
    code: "lint/L17",
    name: "resumable",
    title: r"RESUMABLE in a transaction or on a filtered index",
    severity: Severity::Error,
    explanation: r"A resumable build runs in transactions of its own, so the server refuses it within another one (error
574), and it refuses it for an index with a filter. dbtool runs a migration in one transaction, and one
that is marked -- dbtool:no-transaction in one for each batch, together with its journal row, so that
both refuse it. A build that was paused blocks other builds on the table until somebody resumes or
aborts it.",
    help: r"leave RESUMABLE out; where a build is too large for that, run it by hand and let the migration find it done",
    rewrite: r"-- dbtool:no-transaction
CREATE NONCLUSTERED INDEX ixOrdersTenantIdStatus
    ON dbo.orders (tenantId, status)
    WITH (ONLINE = ON);",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let (options, filtered) = match &scene.statement.kind {
        Kind::CreateIndex(index) => (&index.options, index.filter.is_some()),
        Kind::AlterIndex(options) => (options, false),
        _ => return,
    };
    let Some(resumable) = options.get("RESUMABLE") else {
        return;
    };
    if !options.is_on("RESUMABLE") {
        return;
    }
    let why = match filtered {
        true => "an index with a filter cannot be built resumably",
        false => "a resumable build cannot run inside the transaction of a migration or batch",
    };
    hits.push(Hit::new(
        resumable.range.clone(),
        format!("{why}: the server refuses this"),
    ));
}

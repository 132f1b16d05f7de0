//! L28: what constraints have replaced.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;
use crate::lint::tsql::statement::Kind;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L28",
    code: "lint/L28",
    name: "default-or-rule-object",
    title: r"CREATE DEFAULT and CREATE RULE",
    severity: Severity::Warning,
    explanation: r"Defaults and rules as objects of their own, bound with sp_bindefault and sp_bindrule, are deprecated since
SQL Server 2005 and do not exist in Azure SQL Database. They are not part of the table's definition, so
that tools, drift-check among them, do not see what they do.",
    help: r"write a DEFAULT or CHECK constraint",
    rewrite: r"ALTER TABLE dbo.orders ADD CONSTRAINT dfOrdersStatus DEFAULT (N'open') FOR status;",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    if let Kind::Legacy(legacy) = &scene.statement.kind {
        hits.push(Hit::new(
            scene.statement.range.clone(),
            format!(
                "{} makes an object that Azure SQL does not have and that no table shows",
                legacy.what
            ),
        ));
    }
}

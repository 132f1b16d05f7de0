//! L01: a column that rows which exist cannot have.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L01",
    code: "lint/L01",
    name: "not-null-without-default",
    title: r"ADD NOT NULL without DEFAULT",
    severity: Severity::Error,
    explanation: r"ALTER TABLE … ADD of a NOT NULL column without a default has no value for the rows that exist. On an
empty table it works; on a table with one row the server refuses it (error 4901). So it passes every
test on an empty database and fails in production. Where it works, the running application, which
does not name the column, fails on its next INSERT (error 515).

Not flagged: a table that the same script makes, IDENTITY, computed columns, rowversion. In a contract
migration it is a warning.",
    help: r"give it a default, or add it as NULL, backfill it, and make it NOT NULL in a later migration",
    rewrite: r"ALTER TABLE dbo.orders ADD priority int NULL;
GO
-- in batches, in a migration of its own
UPDATE dbo.orders SET priority = 0 WHERE priority IS NULL;
GO
-- once every writer sets it, as a contract migration
ALTER TABLE dbo.orders ALTER COLUMN priority int NOT NULL;",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let Some(adding) = scene.adding_to_existing() else {
        return;
    };
    for column in adding.columns {
        if !column.is_required() || column.fills_itself() || adding.default_of(column).is_some() {
            continue;
        }
        let (table, name) = (adding.table.last(), &column.name.name);
        let most = match scene.facts.contract {
            true => Severity::Warning,
            false => Severity::Error,
        };
        hits.push(
            Hit::new(
                column.range.clone(),
                format!("{table}.{name} is NOT NULL and has no value for the rows that exist: this fails on a table that has rows"),
            )
            .about(table, Some(name))
            .at_most(most),
        );
    }
}

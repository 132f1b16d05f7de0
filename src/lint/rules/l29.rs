//! L29: a ledger that cannot change.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L29",
    code: "lint/L29",
    name: "ledger-not-null",
    title: r"ADD NOT NULL to a ledger table",
    severity: Severity::Error,
    explanation: r"A ledger table takes new columns only if they take NULL, with or without a default, and its columns cannot
be altered afterwards: what is written is proven by hashes, and a value in old rows would break them. The
server refuses the statement.",
    help: r"add it as NULL",
    rewrite: r"ALTER TABLE dbo.payments ADD channel nvarchar(32) NULL;",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let Some(adding) = scene.adding() else {
        return;
    };
    if adding.creates
        || !scene
            .now
            .table(adding.table)
            .is_some_and(|table| table.ledger)
    {
        return;
    }
    for column in adding.columns.iter().filter(|column| column.is_required()) {
        let (table, name) = (adding.table.last(), &column.name.name);
        hits.push(
            Hit::new(
                column.range.clone(),
                format!("{table} is a ledger table, which takes no new column that is NOT NULL"),
            )
            .about(table, Some(name)),
        );
    }
}

//! L24: a transaction within the transaction.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;
use crate::lint::tsql::statement::Kind;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L24",
    code: "lint/L24",
    name: "own-transaction",
    title: r"BEGIN, COMMIT or ROLLBACK of its own, XACT_ABORT OFF",
    severity: Severity::Error,
    explanation: r"dbtool runs a migration in one transaction together with its history row: after a crash the database is
before or after it. A COMMIT of its own ends that transaction, so that the rest runs without one and the
record and the schema can part; a ROLLBACK takes the history row with it. XACT_ABORT OFF lets a failed
statement pass and go on with the next.

Not flagged: the bodies of modules, and scripts in the frame that Prisma writes (BEGIN TRY, BEGIN TRAN …
COMMIT TRAN, END TRY, BEGIN CATCH … ROLLBACK), which nests within the transaction and fails as a whole.",
    help: r"remove it: the migration is one transaction already",
    rewrite: r"-- nothing: dbtool begins and commits",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    match &scene.statement.kind {
        Kind::Transaction(what) if !scene.facts.prisma => {
            hits.push(Hit::new(
                scene.statement.range.clone(),
                format!("{what} interferes with the transaction that keeps the migration and its history row together"),
            ));
        }
        Kind::Set {
            options,
            on: Some(false),
        } => {
            let option = options.iter().find(|option| option.name == "XACT_ABORT");
            if let Some(option) = option {
                hits.push(Hit::new(
                    option.range.clone(),
                    "XACT_ABORT OFF lets a migration go on after a statement that failed",
                ));
            }
        }
        _ => {}
    }
}

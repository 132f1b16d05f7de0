//! L23: what no transaction takes.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;
use crate::lint::tsql::statement::Kind;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L23",
    code: "lint/L23",
    name: "outside-transaction",
    title: r"a statement that runs in no transaction, among others",
    severity: Severity::Error,
    explanation: r"CREATE, ALTER and DROP DATABASE, full-text catalogs and indexes, BACKUP, RESTORE and RECONFIGURE are
refused inside a transaction (errors 226 and 574). A migration is one transaction, so it fails there and
is undone. Marked -- dbtool:no-transaction it runs batch by batch; such a statement then belongs alone
into its batch, because what stands beside it is not undone when it fails.",
    help: r"move it into a migration of its own that is marked -- dbtool:no-transaction, alone in its batch",
    rewrite: r"-- dbtool:no-transaction
ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON;",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let what = match &scene.statement.kind {
        Kind::Outside(what) => *what,
        Kind::CreateTable(create) if create.options.is_on("MEMORY_OPTIMIZED") => {
            "CREATE TABLE of a memory-optimised table"
        }
        _ => return,
    };
    let neighbours = |at: Option<usize>| {
        at.and_then(|at| scene.statements.get(at))
            .is_some_and(|other| other.batch == scene.statement.batch)
    };
    let alone = !neighbours(scene.place.checked_sub(1)) && !neighbours(Some(scene.place + 1));
    let why = match (scene.facts.no_transaction, alone) {
        (false, _) => "is refused inside the transaction of a migration",
        (true, false) => "is not undone together with the other statements of its batch",
        (true, true) => return,
    };
    hits.push(Hit::new(
        scene.statement.range.clone(),
        format!("{what} {why}"),
    ));
}

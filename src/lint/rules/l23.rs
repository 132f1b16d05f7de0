//! L23: what no transaction takes.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;
use crate::lint::tsql::statement::Kind;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L23",
    code: "lint/L23",
    name: "outside-transaction",
    title: r"a statement that the server runs in no transaction",
    severity: Severity::Error,
    explanation: r"CREATE, ALTER and DROP DATABASE, full-text catalogs and indexes, BACKUP, RESTORE, RECONFIGURE and
memory-optimised tables are refused inside a transaction (errors 226, 574, 12331). A migration is one
transaction, so it fails there and is undone; marked -- dbtool:no-transaction, each batch is one together
with its journal row, and fails all the same.

Not flagged: ALTER DATABASE SCOPED CONFIGURATION, which a transaction takes.",
    help: r"run it by hand, beside the migrations: it belongs to setting the database up",
    rewrite: r"-- once, by the DBA, outside of dbtool: ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON
ALTER DATABASE SCOPED CONFIGURATION SET MAXDOP = 4;",
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
    hits.push(Hit::new(
        scene.statement.range.clone(),
        format!("{what} is refused inside the transaction that a migration, or each batch of one, runs in"),
    ));
}

//! L11: a type that costs the whole table.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;
use crate::lint::tsql::types::Change;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L11",
    code: "lint/L11",
    name: "rewriting-type-change",
    title: r"a change of type that reads or writes every row",
    severity: Severity::Warning,
    explanation: r"Only a longer varchar, nvarchar or varbinary changes the catalog alone. A narrower type makes the server
read every row to see whether it fits; int to bigint, a wider decimal or char, and to or from (max)
make it write every row. It holds Sch-M as long as that takes, and the log grows by the size of the
table.

Not flagged: a table that the same script makes.",
    help: r"add a new column of the new type, write to both, backfill in batches, and read from the new one",
    rewrite: r"ALTER TABLE dbo.orders ADD totalBig bigint NULL;
GO
-- in batches, while the application writes both
UPDATE TOP (5000) dbo.orders SET totalBig = total WHERE totalBig IS NULL;",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let Some((table, column)) = scene.altered_column() else {
        return;
    };
    let known = scene
        .now
        .table(table)
        .and_then(|table| table.column(&column.name.name));
    let (Some(from), Some(to)) = (known.and_then(|known| known.ty.as_ref()), &column.ty) else {
        return;
    };
    let does = match from.change(to) {
        Change::None | Change::Metadata => return,
        Change::Rewrite => "written",
        Change::Narrowing => "read, and often written,",
    };
    let (table, name) = (table.last(), &column.name.name);
    hits.push(
        Hit::new(
            column.range.clone(),
            format!("{table}.{name} changes from {from} to {to}: every row is {does} while nobody can use the table"),
        )
        .about(table, Some(name)),
    );
}

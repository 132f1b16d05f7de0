//! L02: a default that writes every row.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L02",
    code: "lint/L02",
    name: "volatile-default",
    title: r"ADD with default NEWID or NEWSEQUENTIALID",
    severity: Severity::Warning,
    explanation: r"A default that is one constant for all rows is kept in the catalog: adding the column takes
milliseconds, however many rows there are. NEWID() and NEWSEQUENTIALID() are another value for each
row, so the server writes every row while it holds Sch-M, which lets nobody read: about a minute for
ten million narrow rows, and as much log.

Not flagged: a nullable column without WITH VALUES, whose old rows stay NULL; a table that the same
script makes.",
    help: r"add the column as NULL, add the default for new rows, and backfill in batches",
    rewrite: r"ALTER TABLE dbo.orders ADD publicId uniqueidentifier NULL
    CONSTRAINT dfOrdersPublicId DEFAULT (NEWID());
GO
-- repeated until no row is left, in a migration without a transaction
UPDATE TOP (5000) dbo.orders SET publicId = NEWID() WHERE publicId IS NULL;",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let Some(adding) = scene.adding_to_existing() else {
        return;
    };
    for column in adding.columns {
        let Some(words) = adding.default_of(column) else {
            continue;
        };
        let volatile = words
            .iter()
            .find(|word| matches!(word.as_str(), "newid" | "newsequentialid"));
        let fills = column.is_required() || adding.with_values;
        if let (Some(function), true) = (volatile, fills) {
            let (table, name) = (adding.table.last(), &column.name.name);
            hits.push(
                Hit::new(
                    column.range.clone(),
                    format!(
                        "{}() is another value for each row of {table}, so every row is written while nobody can read the table",
                        function.to_uppercase()
                    ),
                )
                .about(table, Some(name)),
            );
        }
    }
}

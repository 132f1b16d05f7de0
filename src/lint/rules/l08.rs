//! L08: a collation that is lost.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;
use crate::lint::tsql::types::SqlType;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L08",
    code: "lint/L08",
    name: "collation-not-repeated",
    title: r"ALTER COLUMN without the COLLATE that the column has",
    severity: Severity::Error,
    explanation: r"ALTER COLUMN that names a type and no collation gives the column the collation of the database, in
silence. An identifier that was compared byte by byte then takes `abc` for `ABC`, and every unique key
over it becomes stricter.

Not flagged: a column that has the database's collation anyway, one that becomes something else than
text, and one whose collation the migration's changes.yaml takes away on purpose.",
    help: r"repeat COLLATE with the collation that the column has",
    rewrite: r"ALTER TABLE dbo.orders
    ALTER COLUMN reference nvarchar(100) COLLATE Latin1_General_100_BIN2 NOT NULL;",
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
    let Some(collation) = known.and_then(|known| known.collation.as_deref()) else {
        return;
    };
    let declared = (table.last().to_lowercase(), column.name.folded());
    if scene.facts.recollated.contains(&declared) {
        return;
    }
    let text = column.ty.as_ref().is_some_and(SqlType::is_text);
    if text && column.collation.is_none() {
        let (table, name) = (table.last(), &column.name.name);
        hits.push(
            Hit::new(
                column.range.clone(),
                format!(
                    "{table}.{name} loses its collation {collation} and gets the database's own"
                ),
            )
            .about(table, Some(name)),
        );
    }
}

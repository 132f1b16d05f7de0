//! L09: NOT NULL that is lost.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L09",
    code: "lint/L09",
    name: "nullability-not-repeated",
    title: r"ALTER COLUMN without NULL or NOT NULL",
    severity: Severity::Error,
    explanation: r"ALTER COLUMN that says neither makes the column take NULL, whatever it was before. A column that was NOT
NULL loses that in silence, and nobody notices before the first NULL.

Where the column is known to take NULL, or is not known, it is a warning: say it all the same.",
    help: r"repeat NOT NULL, or write NULL",
    rewrite: r"ALTER TABLE dbo.orders ALTER COLUMN status nvarchar(64) NOT NULL;",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let Some((table, column)) = scene.altered_column() else {
        return;
    };
    if column.nullable.is_some() {
        return;
    }
    let known = scene
        .now
        .table(table)
        .and_then(|table| table.column(&column.name.name));
    let (table, name) = (table.last(), &column.name.name);
    let (message, most) = match known {
        Some(known) if !known.nullable => (
            format!("{table}.{name} is NOT NULL and would take NULL after this"),
            Severity::Error,
        ),
        _ => (
            format!("{table}.{name} says neither NULL nor NOT NULL, so it takes NULL after this"),
            Severity::Warning,
        ),
    };
    hits.push(
        Hit::new(column.range.clone(), message)
            .about(table, Some(name))
            .at_most(most),
    );
}

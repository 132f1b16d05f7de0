//! L07: nullability that is left to the session.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;
use crate::lint::tsql::statement::Rule as Demand;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L07",
    code: "lint/L07",
    name: "nullability-not-stated",
    title: r"a column that says neither NULL nor NOT NULL",
    severity: Severity::Warning,
    explanation: r"A column that says nothing takes NULL or not by the settings of the session (ANSI_NULL_DFLT_ON) and the
database (ANSI_NULL_DEFAULT), so the same script can make two tables.

Not flagged: columns that cannot take NULL (IDENTITY, PRIMARY KEY, period columns), computed columns,
rowversion, sparse columns, temporary tables. For ALTER COLUMN there is L09.",
    help: r"write NULL or NOT NULL",
    rewrite: r"ALTER TABLE dbo.orders ADD note nvarchar(100) NULL;",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let Some(adding) = scene.adding() else {
        return;
    };
    let in_primary_key = |column: &str| {
        adding.constraints.iter().any(|constraint| {
            matches!(&constraint.rule, Demand::Key { primary: true, columns, .. }
                if columns.iter().any(|part| part.folded() == column))
        })
    };
    for column in adding.columns {
        let says = column.nullable.is_some()
            || column.sparse
            || column.fills_itself()
            || in_primary_key(&column.name.folded());
        if !says {
            let (table, name) = (adding.table.last(), &column.name.name);
            hits.push(
                Hit::new(
                    column.range.clone(),
                    format!("{table}.{name} says neither NULL nor NOT NULL, so the session's settings decide"),
                )
                .about(table, Some(name)),
            );
        }
    }
}

//! L05: a default that old rows do not get.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L05",
    code: "lint/L05",
    name: "default-without-values",
    title: r"nullable column with DEFAULT and without WITH VALUES",
    severity: Severity::Warning,
    explanation: r"A default that comes with a nullable column is for new rows alone: rows that exist get NULL, unless
WITH VALUES says otherwise. Other engines fill old rows, so the same migration means two things.

Not flagged: NOT NULL columns, whose old rows always get the default; a table that the same script
makes.",
    help: r"write WITH VALUES to fill the rows that exist, or leave the default to a statement of its own",
    rewrite: r"ALTER TABLE dbo.orders ADD note nvarchar(100) NULL
    CONSTRAINT dfOrdersNote DEFAULT (N'') WITH VALUES;",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let Some(adding) = scene.adding_to_existing() else {
        return;
    };
    for column in adding.columns {
        let open = !column.is_required() && column.ty.is_some() && !column.fills_itself();
        if open && adding.default_of(column).is_some() && !adding.with_values {
            let (table, name) = (adding.table.last(), &column.name.name);
            hits.push(
                Hit::new(
                    column.range.clone(),
                    format!("the default of {table}.{name} is for new rows alone: rows that exist get NULL"),
                )
                .about(table, Some(name)),
            );
        }
    }
}

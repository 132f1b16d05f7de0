//! L03: a large value in every row.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L03",
    code: "lint/L03",
    name: "large-not-null",
    title: r"ADD NOT NULL of max, xml or a spatial type",
    severity: Severity::Warning,
    explanation: r"Adding a NOT NULL column with a constant default changes the catalog alone, except for types that are
kept apart from the row: (max), xml, geography, geometry, hierarchyid, text, ntext, image. For these
the server writes the default into every row while it holds Sch-M, and the table is out of reach for
as long as that takes.

Not flagged: a nullable column; a table that the same script makes.",
    help: r"add it as NULL: readers take NULL for empty",
    rewrite: r"ALTER TABLE dbo.orders ADD details nvarchar(max) NULL;",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let Some(adding) = scene.adding_to_existing() else {
        return;
    };
    for column in adding.columns {
        let large = column.ty.as_ref().filter(|ty| ty.is_large());
        if let (Some(ty), true, true) = (
            large,
            column.is_required(),
            adding.default_of(column).is_some(),
        ) {
            let (table, name) = (adding.table.last(), &column.name.name);
            hits.push(
                Hit::new(
                    column.range.clone(),
                    format!("{table}.{name} is {ty} NOT NULL: its default is written into every row while nobody can read the table"),
                )
                .about(table, Some(name)),
            );
        }
    }
}

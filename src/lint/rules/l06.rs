//! L06: a name that is left to the server.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;
use crate::lint::tsql::statement::Rule as Demand;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L06",
    code: "lint/L06",
    name: "unnamed-constraint",
    title: r"a constraint without a name",
    severity: Severity::Warning,
    explanation: r"The server gives a constraint without a name one of its own, such as DF__orders__status__3A81B327, and
another one in each database. A later migration cannot drop it by name, and a comparison of two
databases shows a difference where there is none.

Not flagged: temporary tables, where a name of one's own collides between sessions.",
    help: r"name it, by the convention of the project",
    rewrite: r"ALTER TABLE dbo.orders ADD CONSTRAINT ckOrdersTotal CHECK (total >= 0);",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let Some(adding) = scene.adding() else {
        return;
    };
    for constraint in adding.constraints {
        if constraint.name.is_some() {
            continue;
        }
        let kind = match &constraint.rule {
            Demand::Key { primary: true, .. } => "primary key",
            Demand::Key { .. } => "unique constraint",
            Demand::Foreign { .. } => "foreign key",
            Demand::Check { .. } => "check",
            Demand::Default { .. } => "default",
        };
        let table = adding.table.last();
        let column = constraint.column.as_deref();
        let of = column.map_or_else(|| table.to_owned(), |column| format!("{table}.{column}"));
        hits.push(
            Hit::new(
                constraint.range.clone(),
                format!("the {kind} of {of} has no name, so each database gives it another one"),
            )
            .about(table, column),
        );
    }
}

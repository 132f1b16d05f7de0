//! L25: deletes that read everything.

use std::collections::BTreeSet;

use super::{Hit, Rule, Scene};
use crate::diag::Severity;
use crate::lint::state::Table;
use crate::lint::tsql::statement::{Part, Rule as Demand};

/// The rule.
pub const RULE: Rule = Rule {
    id: "L25",
    code: "lint/L25",
    name: "foreign-key-without-index",
    title: r"a foreign key without an index",
    severity: Severity::Warning,
    explanation: r"The server makes no index for a foreign key. Each DELETE of a referenced row, and each UPDATE of its key,
then reads the whole referencing table to look for rows that refer to it, and locks them: deletes get
slow with its size, and two of them deadlock.

Not flagged: when the columns lead the primary key, a unique constraint or an index of the table, in any
order, after the whole script; a filter that only leaves out NULL does not count against the index.",
    help: r"add an index whose first columns are those of the foreign key",
    rewrite: r"CREATE NONCLUSTERED INDEX ixOrderLinesTenantIdOrderId
    ON dbo.orderLines (tenantId, orderId);",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let Some(adding) = scene.adding() else {
        return;
    };
    for constraint in adding.constraints {
        let Demand::Foreign { columns, .. } = &constraint.rule else {
            continue;
        };
        let Some(table) = scene.after.table(adding.table) else {
            continue;
        };
        let wanted: BTreeSet<String> = columns.iter().map(Part::folded).collect();
        if !table.whole || is_covered(table, &wanted) {
            continue;
        }
        let name = constraint.name.as_ref().map(|name| name.name.as_str());
        let columns: Vec<&str> = columns.iter().map(|part| part.name.as_str()).collect();
        let on = adding.table.last();
        hits.push(
            Hit::new(
                constraint.range.clone(),
                format!(
                    "no index of {on} begins with {}: each delete of a row that {} refers to reads all of {on}",
                    columns.join(", "),
                    name.unwrap_or("the foreign key")
                ),
            )
            .about(on, name),
        );
    }
}

fn is_covered(table: &Table, wanted: &BTreeSet<String>) -> bool {
    table.keys.iter().any(|key| {
        let leading: BTreeSet<String> = key.columns.iter().take(wanted.len()).cloned().collect();
        // `column IS NOT NULL` leaves out rows that refer to nothing.
        let harmless = key.filter.as_ref().is_none_or(|words| {
            words.iter().all(|word| {
                wanted.contains(word) || matches!(word.as_str(), "is" | "not" | "null" | "and")
            })
        });
        leading == *wanted && harmless
    })
}

//! L31: identifiers that are taken for one another.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;
use crate::lint::tsql::types::SqlType;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L31",
    code: "lint/L31",
    name: "identifier-collation",
    title: r"an identifier with a case-insensitive collation",
    severity: Severity::Error,
    explanation: r"Under the default collations of SQL Server `tenantId = 'abc'` finds the rows of `ABC`: one tenant reads
another's, and an idempotency key of one request swallows another. Identifiers, that is the tenant column
and columns that the migration's changes declare as key(n), need a binary or case-sensitive collation; a
column without COLLATE gets the database's, which is case-insensitive unless somebody chose otherwise.

Not flagged: identifiers that are no text (uniqueidentifier, int), and exempt tables.",
    help: r"write COLLATE Latin1_General_100_BIN2",
    rewrite: r"CREATE TABLE dbo.orders (
    tenantId nvarchar(64) COLLATE Latin1_General_100_BIN2 NOT NULL
);",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let (table, columns) = match (scene.adding(), scene.altered_column()) {
        (Some(adding), _) => (adding.table, adding.columns),
        (None, Some((table, column))) => (table, std::slice::from_ref(column)),
        (None, None) => return,
    };
    let tenant = scene.tenant_column(table);
    for column in columns {
        let name = column.name.folded();
        let is_tenant = tenant.as_ref() == Some(&name);
        let declared = (table.last().to_lowercase(), name);
        if !is_tenant && !scene.facts.identifiers.contains(&declared) {
            continue;
        }
        if !column.ty.as_ref().is_some_and(SqlType::is_text) {
            continue;
        }
        let collation = column.collation.as_deref();
        let exact = collation.is_some_and(|name| {
            let name = name.to_uppercase();
            name.contains("_BIN") || name.contains("_CS_") || name.ends_with("_CS")
        });
        if !exact {
            let (table, name) = (table.last(), &column.name.name);
            let has = collation.map_or_else(
                || "has the collation of the database".to_owned(),
                |collation| format!("has the collation {collation}"),
            );
            hits.push(
                Hit::new(
                    column.range.clone(),
                    format!("{table}.{name} is an identifier and {has}: abc and ABC would be one"),
                )
                .about(table, Some(name)),
            );
        }
    }
}

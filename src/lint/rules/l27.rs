//! L27: a key across tenants.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;
use crate::lint::tsql::statement::Rule as Demand;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L27",
    code: "lint/L27",
    name: "tenant-not-first",
    title: r"a key of a tenant table that the tenant column does not lead",
    severity: Severity::Error,
    explanation: r"When the tenant column leads the primary key, each unique key and each foreign key, rows of one tenant lie
together, no value of one tenant can collide with another's, and no row can refer to another tenant's row.
A unique key without it tells one tenant what another one has; a foreign key without it lets a row refer
across.

The tenant column and exempt tables are those of dbtool.yaml (tenant). Not flagged: tables without the
column, and foreign keys to such tables.",
    help: r"put the tenant column first, and carry it in the foreign key",
    rewrite: r"ALTER TABLE dbo.orderLines WITH CHECK
    ADD CONSTRAINT fkOrderLinesOrders FOREIGN KEY (tenantId, orderId)
        REFERENCES dbo.orders (tenantId, orderId);",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let (name, keys) = match (scene.created_index(), scene.adding()) {
        (Some((name, index)), _) if index.unique && !index.columnstore => (
            name,
            vec![(
                "unique index",
                Some(index.name.name.as_str()),
                index.columns.as_slice(),
                index.name.range.clone(),
                None,
            )],
        ),
        (_, Some(adding)) => {
            let constraints = adding.constraints.iter().filter_map(|constraint| {
                let (kind, columns, references) = match &constraint.rule {
                    Demand::Key {
                        primary: true,
                        columns,
                        ..
                    } => ("primary key", columns, None),
                    Demand::Key { columns, .. } => ("unique constraint", columns, None),
                    Demand::Foreign {
                        columns,
                        references,
                    } => ("foreign key", columns, Some(references)),
                    Demand::Check { .. } | Demand::Default { .. } => return None,
                };
                let name = constraint.name.as_ref().map(|name| name.name.as_str());
                Some((
                    kind,
                    name,
                    columns.as_slice(),
                    constraint.range.clone(),
                    references,
                ))
            });
            (adding.table, constraints.collect())
        }
        _ => return,
    };
    let Some(tenant) = scene.tenant_column(name) else {
        return;
    };
    let Some(table) = scene.table_with(name) else {
        return;
    };
    let Some(column) = table.column(&tenant) else {
        return;
    };
    for (kind, key, columns, range, references) in keys {
        let led = columns
            .first()
            .is_some_and(|first| first.folded() == tenant);
        // A table that is not known is taken for one that keeps tenants apart, too.
        let shared = references.is_some_and(|references| {
            scene.tenant_column(references).is_none()
                || scene
                    .after
                    .table(references)
                    .is_some_and(|table| table.whole && table.column(&tenant).is_none())
        });
        if led || shared {
            continue;
        }
        let of = key.map_or_else(
            || format!("the {kind} of {}", name.last()),
            |key| format!("the {kind} {key}"),
        );
        hits.push(
            Hit::new(
                range,
                format!(
                    "{of} is not led by {}, so it reaches across tenants",
                    column.name
                ),
            )
            .about(name.last(), key),
        );
    }
}

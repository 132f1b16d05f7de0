//! L18: NULLs that collide.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;
use crate::lint::tsql::statement::{Name, Part, Rule as Demand};

/// The rule.
pub const RULE: Rule = Rule {
    id: "L18",
    code: "lint/L18",
    name: "unique-nullable",
    title: r"UNIQUE over a column that takes NULL",
    severity: Severity::Warning,
    explanation: r"For a unique key SQL Server takes two NULLs for the same value: one row may have NULL, the second one is
refused (2601, 2627). The SQL standard, SQLite and PostgreSQL let any number of them in.

Not flagged: an index whose filter names the column, such as WHERE column IS NOT NULL.",
    help: r"make it a unique index with a filter: WHERE column IS NOT NULL",
    rewrite: r"CREATE UNIQUE NONCLUSTERED INDEX uxOrdersTenantIdReference
    ON dbo.orders (tenantId, reference)
    WHERE reference IS NOT NULL;",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    if let Some((name, index)) = scene.created_index() {
        if index.unique && !index.columnstore {
            let words = index.filter.as_ref().map(|filter| filter.words.as_slice());
            check_columns(scene, name, &index.columns, words, &index.name.name, hits);
        }
        return;
    }
    let Some(adding) = scene.adding() else {
        return;
    };
    for constraint in adding.constraints {
        if let Demand::Key {
            primary: false,
            columns,
            ..
        } = &constraint.rule
        {
            let name = constraint.name.as_ref();
            let name = name.map_or("the unique constraint", |name| name.name.as_str());
            check_columns(scene, adding.table, columns, None, name, hits);
        }
    }
    for index in adding.indexes.iter().filter(|index| index.unique) {
        let words = index.filter.as_ref().map(|filter| filter.words.as_slice());
        check_columns(
            scene,
            adding.table,
            &index.columns,
            words,
            &index.name.name,
            hits,
        );
    }
}

fn check_columns(
    scene: &Scene<'_>,
    name: &Name,
    columns: &[Part],
    filter: Option<&[String]>,
    key: &str,
    hits: &mut Vec<Hit>,
) {
    let Some(table) = scene.table_with(name) else {
        return;
    };
    for column in columns {
        let nullable = table
            .column(&column.name)
            .is_some_and(|known| known.nullable && known.computed.is_none());
        let filtered = filter.is_some_and(|words| words.contains(&column.folded()));
        if nullable && !filtered {
            let table = name.last();
            hits.push(
                Hit::new(
                    column.range.clone(),
                    format!("{key} takes two NULLs in {table}.{} for the same value, and refuses the second row", column.name),
                )
                .about(table, Some(&column.name)),
            );
        }
    }
}

//! L12: a column that something rests on.

use super::{Hit, Rule, Scene};
use crate::diag::Severity;
use crate::lint::state::KeyClass;
use crate::lint::tsql::statement::{Action, AlterTable, Kind};
use crate::lint::tsql::types::Change as TypeChange;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L12",
    code: "lint/L12",
    name: "altered-under-dependents",
    title: r"ALTER COLUMN of a column that a key, check, index or computed column uses",
    severity: Severity::Error,
    explanation: r"The server refuses to alter a column that something else rests on (errors 5074 and 4922): a primary key,
a foreign key, a check, an index, a computed column. Only a longer varchar, nvarchar or varbinary of the
same nullability is taken under an index, a check or a unique constraint.

Not flagged: when the script drops what uses the column before. Where the script runs SQL that is text,
which may have dropped it, this is a warning.",
    help: r"drop what uses the column, alter it, and put it back, or add a new column beside it",
    rewrite: r"ALTER TABLE dbo.orders DROP CONSTRAINT ckOrdersTotal;
ALTER TABLE dbo.orders ALTER COLUMN total decimal(19,4) NOT NULL;
ALTER TABLE dbo.orders WITH CHECK ADD CONSTRAINT ckOrdersTotal CHECK (total >= 0);",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let Kind::AlterTable(AlterTable {
        table: name,
        action: Action::AlterColumn(column),
    }) = &scene.statement.kind
    else {
        return;
    };
    let Some(table) = scene.now.table(name) else {
        return;
    };
    let Some(known) = table.column(&column.name.name) else {
        return;
    };
    let (Some(from), Some(to)) = (&known.ty, &column.ty) else {
        return;
    };
    let same_nullability = column.nullable.unwrap_or(true) == known.nullable;
    let grows = matches!(from.change(to), TypeChange::None | TypeChange::Metadata)
        && column.collation == known.collation;
    if from.change(to) == TypeChange::None
        && same_nullability
        && column.collation == known.collation
    {
        return;
    }
    let wanted = column.name.folded();
    let mut users = Vec::new();
    for key in &table.keys {
        let used = key.columns.contains(&wanted) || key.include.contains(&wanted);
        let filtered = key.filter.as_ref().is_some_and(|it| it.contains(&wanted));
        let taken = grows && same_nullability && key.class != KeyClass::Primary;
        if (used || filtered) && !taken {
            let kind = match key.class {
                KeyClass::Primary => "primary key",
                KeyClass::Unique => "unique constraint",
                KeyClass::Index { .. } => "index",
            };
            users.push(described(kind, key.name.as_deref()));
        }
    }
    for check in &table.checks {
        if check.words.contains(&wanted) && !(grows && same_nullability) {
            users.push(described("check", check.name.as_deref()));
        }
    }
    for key in &table.foreign_keys {
        if key.columns.contains(&wanted) {
            users.push(described("foreign key", key.name.as_deref()));
        }
    }
    for other in &table.columns {
        if other
            .computed
            .as_ref()
            .is_some_and(|it| it.contains(&wanted))
        {
            users.push(described("computed column", Some(&other.name)));
        }
    }
    if users.is_empty() {
        return;
    }
    let table = name.last();
    let most = match scene.facts.dynamic {
        true => Severity::Warning,
        false => Severity::Error,
    };
    hits.push(
        Hit::new(
            column.range.clone(),
            format!(
                "{table}.{} is used by the {}, so the server refuses to alter it",
                column.name.name,
                users.join(", the ")
            ),
        )
        .about(table, Some(&column.name.name))
        .at_most(most),
    );
}

fn described(kind: &str, name: Option<&str>) -> String {
    name.map_or_else(
        || format!("{kind} without a name"),
        |name| format!("{kind} {name}"),
    )
}

//! L10: NULLs that may be there.

use super::{Hit, NEAR, Rule, Scene};
use crate::diag::Severity;
use crate::lint::state::same;
use crate::lint::tsql::statement::{Column, Kind, Name};
use crate::lint::tsql::token::{Kind as TokenKind, value};

/// The rule.
pub const RULE: Rule = Rule {
    id: "L10",
    code: "lint/L10",
    name: "not-null",
    title: r"a column that took NULL becomes NOT NULL",
    severity: Severity::Warning,
    explanation: r"The server reads every row to prove that none has NULL, and holds Sch-M meanwhile: nobody reads or
writes the table. It fails on the first row that has NULL (error 515), and afterwards so does every
INSERT of an application that leaves the column out.

Not flagged: when the same script fills the column first (UPDATE … SET column), and a table that it
makes.",
    help: r"backfill it in a migration before, and make it NOT NULL once every writer sets it",
    rewrite: r"-- in a migration before, in batches
UPDATE TOP (5000) dbo.orders SET note = N'' WHERE note IS NULL;
GO
ALTER TABLE dbo.orders ALTER COLUMN note nvarchar(100) NOT NULL;",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let Some((table, column)) = scene.altered_column() else {
        return;
    };
    let known = scene
        .now
        .table(table)
        .and_then(|table| table.column(&column.name.name));
    let was_nullable = known.is_some_and(|known| known.nullable);
    if column.nullable != Some(false) || !was_nullable || is_filled(scene, table, column) {
        return;
    }
    let (table, name) = (table.last(), &column.name.name);
    hits.push(
        Hit::new(
            column.range.clone(),
            format!("{table}.{name} takes NULL and would not: every row is read while nobody can use the table, and this fails where a row has NULL"),
        )
        .about(table, Some(name)),
    );
}

/// Whether the script sets the column before.
fn is_filled(scene: &Scene<'_>, table: &Name, column: &Column) -> bool {
    let wanted = column.name.folded();
    scene.statements[..scene.place]
        .iter()
        .rev()
        .take(NEAR)
        .any(|statement| {
            let Kind::Query {
                updates: Some(updated),
                ..
            } = &statement.kind
            else {
                return false;
            };
            // An alias is as good as the name: the column has to match too.
            let named = same(updated.last(), table.last()) || updated.parts.len() == 1;
            let tokens = &scene.batches[statement.batch].lexed.tokens[statement.tokens.clone()];
            named
                && tokens.iter().any(|token| {
                    let written = &scene.text[token.start..token.end];
                    matches!(token.kind, TokenKind::Word | TokenKind::Name)
                        && value(written).to_lowercase() == wanted
                })
        })
}

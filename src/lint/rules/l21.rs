//! L21: a batch that does not compile.

use std::collections::BTreeSet;

use super::{Hit, Rule, Scene};
use crate::diag::Severity;
use crate::lint::tsql::statement::Kind;
use crate::lint::tsql::token::{Kind as TokenKind, Token, value};

/// How many names of one statement are looked into.
const MOST: usize = 64;

/// The rule.
pub const RULE: Rule = Rule {
    id: "L21",
    code: "lint/L21",
    name: "column-in-same-batch",
    title: r"a new column is used in the batch that adds it",
    severity: Severity::Error,
    explanation: r"A batch is compiled as a whole before its first statement runs. A query that names a column which an
ALTER TABLE of the same batch will add does not compile (error 207), and nothing of the batch runs.
Deferred name resolution is for tables, not for columns.

Not flagged: a table that the same batch makes, DDL such as CREATE INDEX, and SQL in EXEC.",
    help: r"put GO between the ALTER TABLE and the statement that uses the column",
    rewrite: r"ALTER TABLE dbo.orders ADD priority int NULL;
GO
UPDATE dbo.orders SET priority = 0 WHERE priority IS NULL;",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let query = matches!(
        scene.statement.kind,
        Kind::Query { .. } | Kind::Delete { .. } | Kind::Control
    );
    if !query || scene.added.is_empty() {
        return;
    }
    let tokens = &scene.batches[scene.statement.batch].lexed.tokens[scene.statement.tokens.clone()];
    let names: Vec<Option<String>> = tokens
        .iter()
        .map(|token| {
            let is_name = matches!(token.kind, TokenKind::Word | TokenKind::Name);
            is_name.then(|| value(&scene.text[token.start..token.end]).to_lowercase())
        })
        .collect();
    let is_dot = |at: usize| {
        let dot = |token: &Token| token.kind == TokenKind::Symbol('.');
        tokens.get(at).is_some_and(dot)
    };
    let mut looked = 0;
    let mut used: BTreeSet<&str> = BTreeSet::new();
    for (at, name) in names.iter().enumerate() {
        let Some(name) = name else { continue };
        let Some(tables) = scene.added.get(name) else {
            continue;
        };
        // A qualifier is the table or an alias of it.
        let qualifier = match at.checked_sub(2) {
            Some(before) if is_dot(at - 1) => names[before].as_deref(),
            _ => None,
        };
        let of_table = |table: &String| match qualifier {
            None => names.iter().flatten().any(|name| name == table),
            Some(qualifier) => qualifier == table || is_alias(&names, table, qualifier),
        };
        // `c.x` where the column's name is itself a qualifier.
        if is_dot(at + 1) || used.contains(name.as_str()) {
            continue;
        }
        looked += 1;
        if looked > MOST {
            return;
        }
        if let Some(table) = tables.iter().find(|table| of_table(table)) {
            used.insert(name);
            hits.push(Hit::new(
                tokens[at].start..tokens[at].end,
                format!(
                    "{table}.{name} is added in this batch, so that the batch does not compile"
                ),
            ));
        }
    }
}

/// Whether `alias` stands behind the table's name somewhere.
fn is_alias(names: &[Option<String>], table: &str, alias: &str) -> bool {
    names.windows(3).any(|window| {
        let [first, second, third] = window else {
            return false;
        };
        first.as_deref() == Some(table)
            && (second.as_deref() == Some(alias)
                || (second.as_deref() == Some("as") && third.as_deref() == Some(alias)))
    }) || names
        .windows(2)
        .any(|window| window[0].as_deref() == Some(table) && window[1].as_deref() == Some(alias))
}

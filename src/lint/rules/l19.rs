//! L19: a filter that the server refuses.

use std::ops::Range;

use super::{Hit, Rule, Scene};
use crate::diag::Severity;
use crate::lint::tsql::statement::Kind;
use crate::lint::tsql::token::{Kind as TokenKind, Token};

/// The rule.
pub const RULE: Rule = Rule {
    id: "L19",
    code: "lint/L19",
    name: "index-filter",
    title: r"an index filter with OR, NOT, BETWEEN, LIKE or a function",
    severity: Severity::Error,
    explanation: r"The filter of an index takes comparisons with constants, IN, IS NULL and IS NOT NULL, joined by AND. The
server refuses OR, NOT, BETWEEN, LIKE, CASE and functions (error 10735). CAST and CONVERT of a constant
are taken.",
    help: r"write it as comparisons and IN, or filter on a persisted flag",
    rewrite: r"-- instead of: WHERE status = N'queued' OR status = N'running'
CREATE NONCLUSTERED INDEX ixOrdersOpen
    ON dbo.orders (tenantId, createdAt)
    WHERE status IN (N'queued', N'running');",
    check,
};

fn check(scene: &Scene<'_>, hits: &mut Vec<Hit>) {
    let mut filters = Vec::new();
    if let Kind::CreateIndex(index) = &scene.statement.kind {
        filters.extend(
            index
                .filter
                .as_ref()
                .map(|filter| (filter, &index.name.name)),
        );
    }
    if let Some(adding) = scene.adding() {
        let indexes = adding.indexes.iter();
        filters
            .extend(indexes.filter_map(|index| Some((index.filter.as_ref()?, &index.name.name))));
    }
    for (filter, name) in filters {
        let tokens = &scene.batches[scene.statement.batch].lexed.tokens[filter.tokens.clone()];
        if let Some((range, what)) = refused(scene.text, tokens) {
            hits.push(Hit::new(
                range,
                format!("the filter of {name} has {what}, which the server refuses"),
            ));
        }
    }
}

/// The first thing in a filter that the server refuses.
fn refused(text: &str, tokens: &[Token]) -> Option<(Range<usize>, String)> {
    let word = |at: usize| {
        let token = tokens.get(at)?;
        let written = &text[token.start..token.end];
        (token.kind == TokenKind::Word).then(|| written.to_ascii_uppercase())
    };
    for (at, token) in tokens.iter().enumerate() {
        let Some(found) = word(at) else { continue };
        let before = at.checked_sub(1).and_then(word);
        let opens = tokens
            .get(at + 1)
            .is_some_and(|next| next.kind == TokenKind::Symbol('('));
        let what = match found.as_str() {
            "OR" | "BETWEEN" | "LIKE" | "CASE" => found,
            "NOT" if before.as_deref() != Some("IS") => found,
            "IN" | "AND" | "CAST" | "CONVERT" | "NULL" | "NOT" | "IS" => continue,
            // The type of a CAST.
            _ if before.as_deref() == Some("AS") => continue,
            "NVARCHAR" | "VARCHAR" | "CHAR" | "NCHAR" | "DECIMAL" | "NUMERIC" | "DATETIME2"
            | "BINARY" | "VARBINARY" | "TIME" | "DATETIMEOFFSET" => continue,
            _ if opens => format!("the function {found}"),
            _ => continue,
        };
        return Some((token.start..token.end, what));
    }
    None
}

//! Expressions and defaults that were cut out of a statement.

use crate::model::{Expr, Expression, Ident, expression};

use super::token::{TokenKind, normalised, tokens};

/// The text of a default in one layout. The engine takes a name in double quotes for text, since a
/// default cannot name a column.
pub(super) fn default_text(text: &str) -> String {
    let mut all = tokens(text).filter(|token| !token.is_blank());
    match (all.next(), all.next()) {
        (Some(only), None) if only.text.starts_with('"') && only.kind == TokenKind::Name => {
            format!("'{}'", only.value().replace('\'', "''"))
        }
        _ => normalised(text),
    }
}

/// The tree of an expression over these columns, or its text in one layout where there is none.
///
/// A name in double quotes that is no column is text to the engine, and any other name that is no
/// column would have been an error.
pub(in crate::dialect::sqlite) fn understood<'a>(
    columns: impl Iterator<Item = &'a str> + Clone,
    text: &str,
) -> Expression {
    let text = normalised(text);
    let is_column = |name: &Ident| {
        columns
            .clone()
            .chain(["rowid", "_rowid_", "oid"])
            .any(|known| known.eq_ignore_ascii_case(name.as_str()))
    };
    match expression::parse(&text) {
        Ok(expr) => Expression::Portable(expr.map(&mut |expr| match expr {
            Expr::Column(name) if !is_column(&name) => Expr::text(name.as_str()),
            other => other,
        })),
        Err(_) => Expression::Opaque(text),
    }
}

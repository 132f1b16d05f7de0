//! Expressions that the server rewrote when it stored them.

use crate::dialect::mssql::lower::{default, expression};
use crate::model::expression::{Comparison, parse};
use crate::model::{DefaultValue, Expr, Expression, Ident, Native, Table, Type};

/// A condition on a table with these columns; text that cannot be analysed stays text.
pub(super) fn condition(table: &Table, folds_names: bool, stored: &str) -> Expression {
    understood(table, folds_names, stored, |expression| {
        expression::condition(table, expression)
    })
}

/// A value of this type, computed from the columns of the table.
pub(super) fn computed(table: &Table, folds_names: bool, ty: &Type, stored: &str) -> Expression {
    understood(table, folds_names, stored, |expression| {
        expression::computed(table, ty, expression)
    })
}

/// What was stored as it would have been lowered, had people written it: analysed only where that
/// changes nothing, since `LIKE '[0-9]%'` means something else in the portable language.
fn understood(
    table: &Table,
    folds_names: bool,
    stored: &str,
    lower: impl Fn(Expression) -> Option<Expression>,
) -> Expression {
    let native = Expression::Native(Native {
        mssql: Some(stored.to_owned()),
        sqlite: None,
    });
    match lower(native) {
        Some(Expression::Portable(expr)) if folds_names => {
            Expression::Portable(expr.map(&mut |node| match node {
                Expr::Column(name) => Expr::Column(spelled(table, name)),
                other => other,
            }))
        }
        Some(expression) => expression,
        None => Expression::Opaque(stored.to_owned()),
    }
}

/// The column's name as the table has it.
fn spelled(table: &Table, name: Ident) -> Ident {
    let folded = name.folded();
    let known = table.columns.iter().map(|column| &column.name);
    let found = known.clone().find(|known| **known == name);
    found
        .or_else(|| known.clone().find(|known| known.folded() == folded))
        .cloned()
        .unwrap_or(name)
}

/// A default in the one spelling of its text.
pub(super) fn default_value(ty: &Type, stored: &str) -> DefaultValue {
    DefaultValue::Sql(default::spelled(ty, stored))
}

/// Whether a stored condition is exactly this one.
pub(super) fn is(stored: &str, folds_names: bool, table: &Table, expected: Expr) -> bool {
    parse(stored).is_ok()
        && condition(table, folds_names, stored).compare(&Expression::Portable(expected))
            == Comparison::Same
}

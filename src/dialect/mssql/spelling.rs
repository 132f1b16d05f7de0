//! Expressions as T-SQL writes them.

use std::fmt::Write as _;

use crate::model::expression::write::{Spelling, write};
use crate::model::{Column, Expr, Expression, Ident, Literal, Table, Type};

use super::types::{Kind, kind};
use super::{bracketed, national};

/// The expression, for a statement about a table with these columns.
pub(super) fn expression(table: Option<&Table>, expression: &Expression) -> String {
    match expression {
        Expression::Portable(expr) => expr_text(table, expr),
        Expression::Native(native) => native.mssql.clone().unwrap_or_default(),
        Expression::Opaque(text) => text.clone(),
    }
}

/// The expression, for a statement about a table with these columns.
pub(super) fn expr_text(table: Option<&Table>, expr: &Expr) -> String {
    let columns = table.map_or(&[][..], |table| &table.columns);
    write(
        expr,
        &Tsql {
            columns,
            text: Kind::National,
        },
    )
}

/// A constant expression for a column of this type.
pub(super) fn constant_text(ty: &Type, expr: &Expr) -> String {
    let text = kind(ty);
    write(expr, &Tsql { columns: &[], text })
}

struct Tsql<'a> {
    columns: &'a [Column],
    /// The kind of text constants that stand beside nothing that says more.
    text: Kind,
}

impl Spelling for Tsql<'_> {
    fn column(&self, name: &Ident) -> String {
        bracketed(name.as_str())
    }

    fn literal(&self, literal: &Literal) -> String {
        match literal {
            Literal::Null => "NULL".to_owned(),
            Literal::Bool(value) => u8::from(*value).to_string(),
            Literal::Number(number) => number.clone(),
            Literal::Text(text) => text_constant(text, self.text),
            Literal::Bytes(bytes) => {
                let mut text = String::from("0x");
                for byte in bytes {
                    write!(text, "{byte:02X}").expect("writing to a string cannot fail");
                }
                text
            }
        }
    }

    fn upper_keywords(&self) -> bool {
        true
    }

    fn concat(&self) -> &'static str {
        "+"
    }

    fn literal_beside(&self, literal: &Literal, other: &Expr) -> String {
        // An index filter may not compare a varchar column with a national constant, and anywhere
        // else the comparison would convert the column instead of seeking it.
        if let (Literal::Text(text), Expr::Column(name)) = (literal, other)
            && let Some(column) = self
                .columns
                .iter()
                .find(|column| column.name.folded() == name.folded())
        {
            return text_constant(text, kind(&column.ty));
        }
        self.literal(literal)
    }
}

fn text_constant(text: &str, kind: Kind) -> String {
    match kind {
        Kind::Ascii | Kind::Other if text.is_ascii() => format!("'{}'", text.replace('\'', "''")),
        _ => national(text),
    }
}

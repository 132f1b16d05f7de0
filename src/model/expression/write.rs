//! From tree to text.

use super::{Expr, Literal};
use crate::model::Ident;

/// How a reader of SQL wants names and constants written.
pub trait Spelling {
    /// A column's name.
    fn column(&self, name: &Ident) -> String;
    /// A constant.
    fn literal(&self, literal: &Literal) -> String;
    /// Keywords in upper case, as in hand-written SQL.
    fn upper_keywords(&self) -> bool;
    /// The concatenation operator.
    fn concat(&self) -> &'static str;
}

/// The portable spelling: bare names, lower-case keywords.
pub fn portable(expr: &Expr) -> String {
    let _ = expr;
    todo!()
}

/// The spelling of `spelling`, with only the parentheses that are needed.
pub fn write(expr: &Expr, spelling: &dyn Spelling) -> String {
    let _ = (expr, spelling);
    todo!()
}

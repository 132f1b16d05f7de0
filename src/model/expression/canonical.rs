//! One form for all spellings of one meaning.

use super::Expr;

/// The canonical form.
pub fn canonical(expr: &Expr) -> Expr {
    expr.clone()
}

//! Whether one condition accepts everything that another accepts.

use super::Expr;

/// Whether every row that passes a check on `old` is proven to pass one on `new`.
pub fn implies(old: &Expr, new: &Expr) -> bool {
    old == new
}

//! From text to tree.

use super::Expr;

/// Why a text is no expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// What is wrong, without the place.
    pub message: String,
    /// The byte at which it is.
    pub offset: usize,
}

/// Reads an expression.
///
/// # Errors
/// When the text is not one.
pub fn parse(text: &str) -> Result<Expr, ParseError> {
    let _ = text;
    todo!()
}

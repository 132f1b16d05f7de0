//! SQLite, with STRICT tables.

mod interpret;
mod trigger;
pub mod type_check;

use crate::model::Ident;

/// A name as SQLite's SQL writes it.
pub(crate) fn quote(name: &Ident) -> String {
    format!("\"{}\"", name.as_str().replace('"', "\"\""))
}

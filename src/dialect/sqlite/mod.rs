//! SQLite, with STRICT tables.

mod convert;
mod create;
mod interpret;
mod rebuild;
mod render;
mod split;
mod trigger;
pub mod type_check;
mod values;

use crate::model::Ident;

/// A name as SQLite's SQL writes it.
pub(crate) fn quote(name: &Ident) -> String {
    format!("\"{}\"", name.as_str().replace('"', "\"\""))
}

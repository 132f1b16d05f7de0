//! What must hold for any text whatever: one law for each reader of text that others wrote.
//!
//! A law returns when it holds and panics when it does not. The fuzzer's targets call them, and so
//! do the ordinary tests, which keep each input that once broke one (`tests/cases/fuzz/`).

pub mod connection;
pub mod expression;
pub mod guard;
mod project;
pub mod split;
pub mod yaml;

/// A law by the name of its target.
pub type Law = (&'static str, fn(&str));

/// Every law.
pub const LAWS: [Law; 5] = [
    ("connection", connection::law),
    ("expression", expression::law),
    ("guard", guard::law),
    ("split", split::law),
    ("yaml", yaml::law),
];

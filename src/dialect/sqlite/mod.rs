//! SQLite, with STRICT tables.

pub mod type_check;

//! SQLite, with STRICT tables.

mod interpret;

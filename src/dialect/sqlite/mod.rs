//! SQLite, with STRICT tables.

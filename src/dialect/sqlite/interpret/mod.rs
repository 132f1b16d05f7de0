//! From the catalog of a SQLite database to a schema in engine form.

pub(super) mod token;

//! What other migration tools leave in a database: their history is no drift of ours.

/// The tables in which other tools keep their history.
pub const HISTORY_TABLES: [&str; 10] = [
    "DATABASECHANGELOG",
    "DATABASECHANGELOGLOCK",
    "__EFMigrationsHistory",
    "__diesel_schema_migrations",
    "_prisma_migrations",
    "_sqlx_migrations",
    "alembic_version",
    "flyway_schema_history",
    "refinery_schema_history",
    "schema_migrations",
];

/// Whether a table of this name belongs to another tool. Engines compare names without regard to
/// case, and so does this.
pub fn is_history_table(name: &str) -> bool {
    HISTORY_TABLES
        .iter()
        .any(|table| table.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::is_history_table;

    #[test]
    fn history_of_other_tools_is_known_in_any_case_and_nothing_else_is() {
        assert!(is_history_table("_prisma_migrations"));
        assert!(is_history_table("databasechangelog"));
        assert!(!is_history_table("migrations"));
        assert!(!is_history_table("schema_migrations_old"));
    }
}

//! What the identity that migrates has to be allowed, and the statement that allows it.
//!
//! The least that works, on the schema and not on the server: no `db_owner`, and no right to
//! create databases, logins or other users. See
//! <https://learn.microsoft.com/sql/relational-databases/security/permissions-database-engine>.

use super::{Mssql, bracketed, national};
use crate::dialect::{DatabaseSettings, Permission};

const MIGRATE: &str = "migrate";
const DRIFT_CHECK: &str = "drift-check";

/// The settings of the database that decide how it behaves.
pub(super) const SETTINGS: DatabaseSettings = DatabaseSettings {
    names: &["collation", "compatibility level", "isolation"],
    query: "\
SELECT [name], [value], [remark] FROM (
  SELECT 1, N'collation', CAST(DATABASEPROPERTYEX(DB_NAME(), 'Collation') AS nvarchar(128)), CAST(NULL AS nvarchar(256))
  UNION ALL
  SELECT 2, N'compatibility level', CAST([compatibility_level] AS nvarchar(128)), CAST(NULL AS nvarchar(256))
  FROM sys.databases WHERE [database_id] = DB_ID()
  UNION ALL
  SELECT 3, N'isolation', CASE WHEN [is_read_committed_snapshot_on] = 1 THEN N'readers do not wait for writers (READ_COMMITTED_SNAPSHOT is on)' ELSE N'readers wait for writers (READ_COMMITTED_SNAPSHOT is off)' END,
         CAST(NULL AS nvarchar(256))
  FROM sys.databases WHERE [database_id] = DB_ID()
) AS [settings] ([place], [name], [value], [remark]) ORDER BY [place];",
};

/// The user of the database, which is not always called like the login.
pub(super) const PRINCIPAL: &str = "CAST(USER_NAME() AS nvarchar(128))";

/// The permissions, in the order in which they are best granted.
pub(super) fn permissions(dialect: &Mssql) -> Vec<Permission> {
    let both: &[&str] = &[MIGRATE, DRIFT_CHECK];
    let migrate: &[&str] = &[MIGRATE];
    let schema = bracketed(&dialect.schema);
    let on_database = |name: &'static str, needed_by, why| Permission {
        name: format!("{name} on the database"),
        needed_by,
        why,
        held: format!("HAS_PERMS_BY_NAME(DB_NAME(), N'DATABASE', N'{name}')"),
        grant: format!("GRANT {name} TO {{principal}};"),
    };
    let on_schema = |name: &'static str, needed_by, why| Permission {
        name: format!("{name} on schema {}", dialect.schema),
        needed_by,
        why,
        held: format!(
            "HAS_PERMS_BY_NAME({}, N'SCHEMA', N'{name}')",
            national(&schema)
        ),
        grant: format!("GRANT {name} ON SCHEMA::{schema} TO {{principal}};"),
    };
    vec![
        on_database(
            "VIEW DEFINITION",
            both,
            "without it the catalog hides objects, and drift cannot be told",
        ),
        on_schema("SELECT", both, "the history is read"),
        on_database("CREATE TABLE", migrate, "tables are created"),
        on_schema(
            "ALTER",
            migrate,
            "tables, indexes, constraints and triggers are created and altered",
        ),
        on_schema("REFERENCES", migrate, "foreign keys are created"),
        on_schema(
            "INSERT",
            migrate,
            "history is written, and migrations may fill tables",
        ),
        on_schema(
            "UPDATE",
            migrate,
            "a NOT NULL column with a default fills the rows that are there",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::mssql::Edition;

    #[test]
    fn every_permission_is_asked_for_and_granted_on_the_quoted_schema() {
        let dialect = Mssql {
            schema: "odd]'name".to_owned(),
            edition: Edition::Azure,
        };
        for permission in permissions(&dialect) {
            assert!(permission.held.starts_with("HAS_PERMS_BY_NAME("));
            assert!(permission.grant.starts_with("GRANT "));
            assert!(permission.grant.ends_with(" TO {principal};"));
            if permission.name.contains("schema") {
                assert!(
                    permission.held.contains("N'[odd]]''name]'"),
                    "{permission:?}"
                );
                assert!(
                    permission.grant.contains("SCHEMA::[odd]]'name]"),
                    "{permission:?}"
                );
            }
        }
        let names: Vec<String> = permissions(&dialect)
            .into_iter()
            .filter(|it| it.needed_by.contains(&DRIFT_CHECK))
            .map(|it| it.name)
            .collect();
        assert_eq!(
            names,
            [
                "VIEW DEFINITION on the database",
                "SELECT on schema odd]'name"
            ]
        );
    }
}

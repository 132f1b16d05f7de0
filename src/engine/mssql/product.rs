//! Which product answers.

use crate::dialect::mssql::versions::Product;
use crate::engine::{EngineError, ErrorKind, Rows, Value};

/// What the database says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Introduction {
    pub(super) product: Option<Product>,
    /// What `SERVERPROPERTY('EngineEdition')` says.
    pub(super) edition: i64,
    pub(super) version: String,
    pub(super) database: String,
    pub(super) user: String,
}

pub(super) const INTRODUCE: &str = "\
SELECT CAST(SERVERPROPERTY('EngineEdition') AS bigint) AS engineEdition,
       CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)) AS productVersion,
       CAST(@@VERSION AS nvarchar(4000)) AS versionText,
       CAST(DB_NAME() AS nvarchar(128)) AS databaseName,
       CAST(SUSER_SNAME() AS nvarchar(128)) AS loginName";

impl Introduction {
    /// Reads the answer to [`INTRODUCE`].
    pub(super) fn of(rows: &Rows) -> Result<Self, EngineError> {
        let row = rows.rows.first().filter(|row| row.len() == 5);
        let row = row.ok_or_else(|| {
            EngineError::new(ErrorKind::Connection, "the server does not say what it is")
        })?;
        let text = |index: usize| match &row[index] {
            Value::Text(text) => text.trim().to_owned(),
            _ => String::new(),
        };
        let edition = match &row[0] {
            Value::Integer(edition) => *edition,
            _ => 0,
        };
        let version = text(1);
        let product = Product::detect(&text(2), edition, &version);
        Ok(Self {
            product,
            edition,
            version,
            database: text(3),
            user: text(4),
        })
    }

    /// Product and version, for people.
    pub(super) fn name(&self) -> String {
        let name = self
            .product
            .map_or_else(|| "SQL Server".to_owned(), Product::name);
        format!("{name} {}", self.version).trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_told_apart() {
        let cases = [
            (
                5,
                "12.0.2000.8",
                "Microsoft SQL Azure (RTM) - 12.0.2000.8",
                "Azure SQL Database 12.0.2000.8",
            ),
            (
                3,
                "16.0.4125.3",
                "Microsoft SQL Server 2022 (RTM-CU13)",
                "SQL Server 2022 16.0.4125.3",
            ),
            (
                8,
                "12.0.2000.8",
                "Microsoft SQL Azure",
                "Azure SQL Managed Instance 12.0.2000.8",
            ),
            (
                2,
                "12.0.2000.8",
                "Babelfish for PostgreSQL with SQL Server Compatibility",
                "Babelfish 12.0.2000.8",
            ),
            (
                5,
                "12.0.2000.8",
                "Babelfish for PostgreSQL",
                "Babelfish 12.0.2000.8",
            ),
        ];
        for (edition, version, text, name) in cases {
            let said = |text: &str| Value::Text(text.to_owned());
            let rows = Rows {
                columns: Vec::new(),
                rows: vec![vec![
                    Value::Integer(edition),
                    said(version),
                    said(text),
                    said("main"),
                    said("sa"),
                ]],
            };
            let introduction = Introduction::of(&rows).expect("it is whole");
            assert_eq!(introduction.name(), name);
        }
    }
}

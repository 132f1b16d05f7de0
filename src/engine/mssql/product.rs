//! Which product answers.

use crate::engine::{EngineError, ErrorKind, Rows, Value};

/// A product that speaks T-SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Product {
    /// Azure SQL Database.
    AzureSqlDatabase,
    /// Azure SQL Managed Instance.
    ManagedInstance,
    /// SQL Server, by its major version: 16 is SQL Server 2022.
    SqlServer(u16),
    /// Babelfish for PostgreSQL, which says that it is Azure SQL Database.
    Babelfish,
    /// Another one, by its engine edition.
    Other(i64),
}

/// What the database says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Introduction {
    pub(super) product: Product,
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
        let major = version.split('.').next().and_then(|it| it.parse().ok());
        // Babelfish answers as the product that it stands in for, except here.
        let product = if text(2).to_lowercase().contains("babelfish") {
            Product::Babelfish
        } else {
            match (edition, major) {
                (5, _) => Product::AzureSqlDatabase,
                (8, _) => Product::ManagedInstance,
                (1..=4, Some(major)) => Product::SqlServer(major),
                (edition, _) => Product::Other(edition),
            }
        };
        Ok(Self {
            product,
            version,
            database: text(3),
            user: text(4),
        })
    }

    /// Product and version, for people.
    pub(super) fn name(&self) -> String {
        let name = match self.product {
            Product::AzureSqlDatabase => "Azure SQL Database".to_owned(),
            Product::ManagedInstance => "Azure SQL Managed Instance".to_owned(),
            Product::Babelfish => "Babelfish".to_owned(),
            Product::SqlServer(major) => match year(major) {
                Some(year) => format!("SQL Server {year}"),
                None => "SQL Server".to_owned(),
            },
            Product::Other(edition) => format!("SQL Server of engine edition {edition}"),
        };
        format!("{name} {}", self.version).trim_end().to_owned()
    }
}

fn year(major: u16) -> Option<u16> {
    Some(match major {
        10 => 2008,
        11 => 2012,
        12 => 2014,
        13 => 2016,
        14 => 2017,
        15 => 2019,
        16 => 2022,
        17 => 2025,
        _ => return None,
    })
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

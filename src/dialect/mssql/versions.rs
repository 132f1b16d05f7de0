//! What each product and version that speaks T-SQL can do, as data.
//!
//! Owns the table; who asks it decides. Azure's services report the version number of none of the
//! boxed products (12.0), so the engine edition is asked first.

use crate::dialect::Feature;

/// A product that speaks T-SQL over TDS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Product {
    /// Azure SQL Database, and the SQL database in Fabric.
    AzureSqlDatabase,
    /// Azure SQL Managed Instance.
    ManagedInstance,
    /// SQL Server of this year: 2016, 2017, 2019, 2022 or 2025.
    SqlServer(u16),
    /// PostgreSQL that speaks T-SQL: a stand-in, for running statements.
    Babelfish,
}

/// What a product can do. Where an edition decides too, the edition has to allow it as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Features {
    /// `CREATE INDEX … WITH (ONLINE = ON)`, in editions that have it.
    pub online_indexes: bool,
    /// `CREATE INDEX … WITH (RESUMABLE = ON)`, in editions that build online.
    pub resumable_create: bool,
    /// `ALTER INDEX … REBUILD WITH (RESUMABLE = ON)`, in editions that build online.
    pub resumable_rebuild: bool,
    /// `CREATE TABLE … WITH (LEDGER = ON)`.
    pub ledger: bool,
    /// The column type `json`.
    pub json_type: bool,
    /// `MERGE`.
    pub merge: bool,
    /// `ADD … DEFAULT … WITH VALUES`.
    pub with_values: bool,
    /// `CREATE OR ALTER`.
    pub create_or_alter: bool,
    /// `CREATE SECURITY POLICY`.
    pub security_policies: bool,
    /// The catalog tells what was declared: names in their case, defaults and filters by name, and
    /// checks in the product's own spelling of T-SQL. Without it the catalog can be compared only
    /// with an earlier one of the same product.
    pub declared_catalog: bool,
    /// `sp_getapplock` tells a lock that is taken from one that failed (-1 from -999).
    pub lock_tells_timeout: bool,
}

/// What a server of 2016 can do, on which the others build.
const SQL_SERVER_2016: Features = Features {
    online_indexes: true,
    resumable_create: false,
    resumable_rebuild: false,
    ledger: false,
    json_type: false,
    merge: true,
    with_values: true,
    create_or_alter: true,
    security_policies: true,
    declared_catalog: true,
    lock_tells_timeout: true,
};

/// What a server of 2022 can do.
const SQL_SERVER_2022: Features = Features {
    resumable_create: true,
    resumable_rebuild: true,
    ledger: true,
    ..SQL_SERVER_2016
};

/// What each product can do.
const FEATURES: [(Product, Features); 8] = [
    (
        Product::AzureSqlDatabase,
        Features {
            json_type: true,
            ..SQL_SERVER_2022
        },
    ),
    // Whether an instance has the type json depends on its update policy; the least is taken.
    (Product::ManagedInstance, SQL_SERVER_2022),
    (Product::SqlServer(2016), SQL_SERVER_2016),
    (
        Product::SqlServer(2017),
        Features {
            resumable_rebuild: true,
            ..SQL_SERVER_2016
        },
    ),
    (
        Product::SqlServer(2019),
        Features {
            ledger: false,
            ..SQL_SERVER_2022
        },
    ),
    (Product::SqlServer(2022), SQL_SERVER_2022),
    (
        Product::SqlServer(2025),
        Features {
            json_type: true,
            ..SQL_SERVER_2022
        },
    ),
    (
        Product::Babelfish,
        Features {
            // It takes the first four and passes over them.
            online_indexes: true,
            resumable_create: true,
            resumable_rebuild: true,
            ledger: true,
            json_type: false,
            merge: false,
            with_values: false,
            create_or_alter: false,
            security_policies: false,
            declared_catalog: false,
            lock_tells_timeout: false,
        },
    ),
];

/// What a product does not do although SQL Server does, as it says so: the number of the error, a
/// part of its text, and what it lacks.
const GAPS: [(Product, u32, &str, &str); 2] = [
    (
        Product::Babelfish,
        33_557_097,
        "is not currently supported in babelfish",
        "Babelfish does not have the statement",
    ),
    (
        Product::Babelfish,
        33_557_097,
        "could not determine which collation to use for string comparison",
        "Babelfish cannot check a foreign key on text that has a collation of its own",
    ),
];

/// What a product lacks that an error with this number and text comes from; `None` when the error is
/// about the statement.
pub fn gap(number: u32, message: &str) -> Option<&'static str> {
    let message = message.to_ascii_lowercase();
    let known = |(_, code, text, _): &&(Product, u32, &str, &'static str)| {
        *code == number && message.contains(text)
    };
    GAPS.iter().find(known).map(|(_, _, _, lacks)| *lacks)
}

/// Major version numbers of SQL Server, each with its year.
const YEARS: [(u32, u16); 5] = [(13, 2016), (14, 2017), (15, 2019), (16, 2022), (17, 2025)];

/// The `EngineEdition` of Personal, Standard and Express, with their names.
const LESSER: [(i64, &str); 3] = [(1, "Personal"), (2, "Standard"), (4, "Express")];

/// The `EngineEdition` of Azure SQL Database.
const SQL_DATABASE: i64 = 5;
/// The `EngineEdition` of Azure SQL Managed Instance.
const MANAGED_INSTANCE: i64 = 8;
/// The `EngineEdition` of the SQL database in Fabric.
const FABRIC: i64 = 12;

impl Product {
    /// The product that gives these answers: `@@VERSION`, `SERVERPROPERTY('EngineEdition')` and
    /// `SERVERPROPERTY('ProductVersion')`. `None` for one older than 2016 or not known here; a
    /// version newer than all that are known counts as the newest.
    pub fn detect(banner: &str, engine_edition: i64, product_version: &str) -> Option<Self> {
        if is_babelfish(banner) {
            return Some(Self::Babelfish);
        }
        match engine_edition {
            SQL_DATABASE | FABRIC => return Some(Self::AzureSqlDatabase),
            MANAGED_INSTANCE => return Some(Self::ManagedInstance),
            _ => {}
        }
        let major: u32 = product_version.split('.').next()?.parse().ok()?;
        let (_, year) = YEARS.iter().rev().find(|(known, _)| *known <= major)?;
        Some(Self::SqlServer(*year))
    }

    /// Its name for people.
    pub fn name(self) -> String {
        match self {
            Self::AzureSqlDatabase => "Azure SQL Database".to_owned(),
            Self::ManagedInstance => "Azure SQL Managed Instance".to_owned(),
            Self::Babelfish => "Babelfish".to_owned(),
            Self::SqlServer(year) => format!("SQL Server {year}"),
        }
    }

    /// Why it does not have a feature, in this edition (`SERVERPROPERTY('EngineEdition')`); `None`
    /// where it has it.
    pub fn lacks(self, feature: Feature, engine_edition: i64) -> Option<String> {
        let can = self.features();
        let has = match feature {
            Feature::OnlineIndex => can.online_indexes,
            Feature::ResumableIndex => can.resumable_create || can.resumable_rebuild,
            Feature::Ledger => can.ledger,
            Feature::JsonType => can.json_type,
            Feature::CreateOrAlter => can.create_or_alter,
            Feature::SecurityPolicy => can.security_policies,
            Feature::Merge => can.merge,
            Feature::WithValues => can.with_values,
        };
        let name = self.name();
        if !has {
            return Some(format!("{name} does not have {}", feature.words()));
        }
        let by_edition = matches!(feature, Feature::OnlineIndex | Feature::ResumableIndex);
        let lesser = LESSER.iter().find(|(number, _)| *number == engine_edition);
        match (self, lesser) {
            (Self::SqlServer(_), Some((_, edition))) if by_edition => Some(format!(
                "the {edition} edition of {name} does not have {}; Enterprise and Azure SQL do",
                feature.words()
            )),
            _ => None,
        }
    }

    /// What it can do.
    pub fn features(self) -> Features {
        let found = FEATURES.iter().find(|(product, _)| *product == self);
        found.map_or(SQL_SERVER_2016, |(_, features)| *features)
    }
}

/// Whether what a server says of itself (`@@VERSION`) is Babelfish's. Its engine edition and
/// version number are those of a SQL Server.
pub fn is_babelfish(banner: &str) -> bool {
    banner.to_ascii_lowercase().contains("babelfish")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_told_apart_by_what_they_answer() {
        let cases = [
            (
                "Microsoft SQL Azure (RTM) - 12.0.2000.8",
                5,
                "12.0.2000.8",
                Some(Product::AzureSqlDatabase),
            ),
            (
                "Microsoft SQL Azure (RTM) - 12.0.2000.8",
                8,
                "12.0.2000.8",
                Some(Product::ManagedInstance),
            ),
            (
                "Microsoft SQL Azure (RTM) - 12.0.2000.8",
                12,
                "12.0.2000.8",
                Some(Product::AzureSqlDatabase),
            ),
            (
                "Microsoft SQL Server 2016 (SP3)",
                2,
                "13.0.6300.2",
                Some(Product::SqlServer(2016)),
            ),
            (
                "Microsoft SQL Server 2022 (RTM-CU12)",
                3,
                "16.0.4115.5",
                Some(Product::SqlServer(2022)),
            ),
            (
                "Microsoft SQL Server 2030",
                3,
                "19.0.1.0",
                Some(Product::SqlServer(2025)),
            ),
            ("Microsoft SQL Server 2014", 3, "12.0.6024.0", None),
            (
                "Babelfish for PostgreSQL with SQL Server Compatibility - 12.0.2000.8",
                2,
                "12.0.2000.8",
                Some(Product::Babelfish),
            ),
            ("", 2, "", None),
        ];
        for (banner, edition, version, product) in cases {
            assert_eq!(
                Product::detect(banner, edition, version),
                product,
                "{banner} {version}"
            );
        }
    }

    #[test]
    fn features_came_with_the_versions_that_brought_them() {
        let years = [2016, 2017, 2019, 2022, 2025].map(|year| Product::SqlServer(year).features());
        assert_eq!(
            years.map(|can| can.resumable_rebuild),
            [false, true, true, true, true]
        );
        assert_eq!(
            years.map(|can| can.resumable_create),
            [false, false, true, true, true]
        );
        assert_eq!(
            years.map(|can| can.ledger),
            [false, false, false, true, true]
        );
        assert_eq!(
            years.map(|can| can.json_type),
            [false, false, false, false, true]
        );
        assert!(Product::AzureSqlDatabase.features().json_type);
        assert!(!Product::Babelfish.features().declared_catalog);
    }

    #[test]
    fn what_a_server_lacks_is_said_by_product_version_and_edition() {
        use Feature::{CreateOrAlter, JsonType, Ledger, Merge, OnlineIndex, ResumableIndex};
        let boxed = Product::SqlServer;
        let (standard, enterprise, express) = (2, 3, 4);
        let cases = [
            (Product::AzureSqlDatabase, 5, OnlineIndex, None),
            (Product::AzureSqlDatabase, 5, JsonType, None),
            (Product::ManagedInstance, 8, OnlineIndex, None),
            (
                Product::ManagedInstance,
                8,
                JsonType,
                Some("Managed Instance does not have the type json"),
            ),
            (boxed(2022), enterprise, OnlineIndex, None),
            (
                boxed(2022),
                standard,
                OnlineIndex,
                Some("the Standard edition of SQL Server 2022"),
            ),
            (
                boxed(2019),
                express,
                ResumableIndex,
                Some("the Express edition of SQL Server 2019"),
            ),
            (
                boxed(2016),
                enterprise,
                ResumableIndex,
                Some("SQL Server 2016 does not have RESUMABLE"),
            ),
            (
                boxed(2019),
                enterprise,
                Ledger,
                Some("SQL Server 2019 does not have LEDGER"),
            ),
            (boxed(2022), standard, Ledger, None),
            (
                boxed(2022),
                enterprise,
                JsonType,
                Some("SQL Server 2022 does not have the type json"),
            ),
            (boxed(2025), standard, JsonType, None),
            (boxed(2016), standard, CreateOrAlter, None),
            (Product::Babelfish, standard, OnlineIndex, None),
            (
                Product::Babelfish,
                standard,
                Merge,
                Some("Babelfish does not have MERGE"),
            ),
        ];
        for (product, edition, feature, expected) in cases {
            let said = product.lacks(feature, edition);
            match (&said, expected) {
                (None, None) => {}
                (Some(said), Some(part)) if said.contains(part) => {}
                _ => panic!("{product:?} {edition} {feature:?}: {said:?}"),
            }
        }
    }
}

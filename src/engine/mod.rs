//! The seam to a database: [`Session`], its values and its errors.
//!
//! Only this module's folders know drivers. A session does what it is told on one connection and
//! decides nothing: what to run, in which order and under which lock is the executor's business,
//! and what a catalog means is the dialect's.
//!
//! The seam is synchronous: a command does one thing at a time on a connection, and copies that
//! run at once are threads with sessions of their own. An engine whose driver is asynchronous owns
//! its runtime behind this trait.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::dialect::Feature;
use crate::model::Ident;

mod machine;
pub mod mssql;
pub mod sqlite;

/// A database engine that dbtool writes SQL for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Azure SQL and SQL Server.
    Mssql,
    /// SQLite, compiled in.
    Sqlite,
}

impl Engine {
    /// Every engine, in the order of files and tables.
    pub const ALL: [Self; 2] = [Self::Mssql, Self::Sqlite];

    /// Its name in settings, file names and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mssql => "mssql",
            Self::Sqlite => "sqlite",
        }
    }

    /// The file of a migration that holds its SQL.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Mssql => "mssql.sql",
            Self::Sqlite => "sqlite.sql",
        }
    }
}

/// A value that goes to or comes from a database. How a column's type maps to it is the dialect's
/// business.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// NULL.
    Null,
    /// An integer, and on engines without a boolean 0 or 1.
    Integer(i64),
    /// A binary floating-point number.
    Real(f64),
    /// Text; also decimals, UUIDs and times in their portable spelling.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// The answer to a query: names of the columns, and rows of as many values.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Rows {
    /// Column names.
    pub columns: Vec<String>,
    /// Rows in the order in which the engine gave them.
    pub rows: Vec<Vec<Value>>,
}

/// What the database says of itself when a session opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Server {
    /// The engine.
    pub engine: Engine,
    /// Product and version, for people: `SQLite 3.54.0`.
    pub product: String,
    /// The database, credentials redacted: a path, or `server/database`.
    pub database: String,
    /// The principal that works on it: the login, or the operating-system user.
    pub user: String,
    /// The machine that dbtool runs on.
    pub host: String,
}

/// What the catalog says, before anyone interprets it: one row an object, in a stable order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Catalog {
    /// The engine.
    pub engine: Engine,
    /// Product and version, since spellings can change between builds.
    pub product: String,
    /// The objects, sorted by kind, table and name.
    pub objects: Vec<CatalogObject>,
}

/// An object of the catalog as the engine tells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CatalogObject {
    /// The engine's own word for its class: `table`, `index`, `trigger`, `view`.
    pub kind: String,
    /// The table that it belongs to, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// Its name.
    pub name: String,
    /// Its defining text. `None` also when the engine keeps it from us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// Further facts by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
}

/// How a transaction is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TransactionOptions {
    /// Leave foreign keys unchecked until just before the commit, and then check all of them.
    /// Engines that check each statement and alter tables in place ignore it.
    pub defer_foreign_keys: bool,
}

/// The class of an engine's error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ErrorKind {
    /// The database could not be reached or opened, or the connection was lost.
    Connection,
    /// Somebody else holds what was needed, past the waiting time.
    Busy,
    /// A constraint refused a row.
    Constraint(Violation),
    /// The database or its folder may not be written.
    ReadOnly,
    /// The principal lacks a right.
    Permission,
    /// The file is not a database, or is damaged.
    Corrupt,
    /// The disk is full.
    Full,
    /// The run was interrupted.
    Interrupted,
    /// The product that stands in for the engine lacks what the engine has: it says nothing of the
    /// schema.
    Unsupported,
    /// Anything else that the engine refuses.
    Statement,
}

/// Which kind of constraint refused a row, and its name where the engine tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// The kind.
    pub kind: ViolationKind,
    /// The constraint's name, or what the engine names instead (`jobRuns.status`).
    pub constraint: Option<String>,
}

/// The kind of a violated constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ViolationKind {
    /// A primary key, unique constraint or unique index.
    Unique,
    /// A foreign key, from either side.
    ForeignKey,
    /// A check.
    Check,
    /// NULL where it is not allowed.
    NotNull,
    /// A change to a row of an append-only table.
    AppendOnly,
    /// A value of the wrong type or too long for its column.
    Type,
}

/// An error of the engine, for the reader who must act. Never holds a secret.
#[derive(Debug, Clone, thiserror::Error, Serialize, Deserialize)]
#[error("{message}")]
pub struct EngineError {
    /// Its class.
    pub kind: ErrorKind,
    /// What the engine says, in one sentence.
    pub message: String,
    /// The engine's number for it.
    pub code: Option<i64>,
    /// The line within the batch, from 1.
    pub line: Option<u32>,
    /// What else a server tells of it, boxed because few errors have it.
    pub particulars: Option<Box<Particulars>>,
}

/// What a server tells of an error beyond its number and message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Particulars {
    /// How grave it is: 11 to 16 are the statement's fault, from 20 on the connection is gone.
    pub severity: u8,
    /// The finer distinction of the number.
    pub state: u8,
    /// The procedure or trigger in which it came up, if any.
    pub procedure: Option<String>,
}

/// Why the migration lock was not obtained.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error("another dbtool run holds the migration lock{}", holder_suffix(.holder))]
    Held {
        /// Who holds it: process, user, host and since when, where the engine can tell.
        holder: Option<String>,
    },
    /// It could not be asked for.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

fn holder_suffix(holder: &Option<String>) -> String {
    holder
        .as_ref()
        .map(|holder| format!(": {holder}"))
        .unwrap_or_default()
}

/// One connection to one database.
///
/// Parameters are written `@P1`, `@P2`, … in a statement, in the order of the slice that is bound
/// to them.
pub trait Session: Send {
    /// What the database said of itself.
    fn server(&self) -> &Server;

    /// The whole catalog, in a constant number of round trips.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    fn catalog(&mut self) -> Result<Catalog, EngineError>;

    /// Runs one batch to its last result, and returns the number of rows that it changed.
    ///
    /// # Errors
    /// The first error that the engine reports, with its line in the batch.
    fn execute(&mut self, batch: &str) -> Result<u64, EngineError>;

    /// Runs one statement with parameters, and returns the number of rows that it changed.
    ///
    /// # Errors
    /// The first error that the engine reports.
    fn execute_with(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, EngineError>;

    /// Runs one query with parameters.
    ///
    /// # Errors
    /// The first error that the engine reports.
    fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Rows, EngineError>;

    /// Starts a transaction that may write.
    ///
    /// # Errors
    /// When another writer does not end in time, or the database cannot be written.
    fn begin(&mut self, options: TransactionOptions) -> Result<(), EngineError>;

    /// Starts a transaction that only reads, and in which everything that is read is of one moment:
    /// a verdict over several queries must not see half of what another run commits between them.
    /// [`Session::rollback`] ends it. Engines on which nothing is gained by it do nothing.
    ///
    /// # Errors
    /// When a writer keeps readers out for too long, or the database cannot be read.
    fn begin_read(&mut self) -> Result<(), EngineError> {
        Ok(())
    }

    /// Makes the transaction durable.
    ///
    /// # Errors
    /// When it could not be committed; the transaction is then still open or lost.
    fn commit(&mut self) -> Result<(), EngineError>;

    /// Undoes the transaction. Does nothing when none is open.
    ///
    /// # Errors
    /// When the connection is lost.
    fn rollback(&mut self) -> Result<(), EngineError>;

    /// Takes the migration lock of this database, waiting at most `timeout`. It ends with
    /// [`Session::unlock`], with the session, and with the process, however that ends.
    ///
    /// # Errors
    /// [`LockError::Held`] when another run has it all that time.
    fn lock(&mut self, timeout: Duration) -> Result<(), LockError>;

    /// Gives the migration lock back. Does nothing when it is not held.
    ///
    /// # Errors
    /// When the engine refuses.
    fn unlock(&mut self) -> Result<(), EngineError>;

    /// The server's present time, UTC, as `2026-01-31T12:00:00.000Z`.
    ///
    /// # Errors
    /// When the connection is lost.
    fn now(&mut self) -> Result<String, EngineError>;

    /// Why this server does not have a feature; `None` where it has it, or nobody knows.
    fn lacks(&self, feature: Feature) -> Option<String> {
        let _ = feature;
        None
    }

    /// Whether the connection is gone, so that only [`Session::reconnect`] can help. The server then
    /// undoes what was not committed; of a COMMIT that was under way nothing is known.
    fn is_lost(&self) -> bool {
        false
    }

    /// Opens the connection anew after it was lost. Transaction and lock went with the old one.
    ///
    /// # Errors
    /// When the database cannot be reached, and always on engines whose connection is not over a
    /// network.
    fn reconnect(&mut self) -> Result<(), EngineError> {
        Err(EngineError::new(
            ErrorKind::Connection,
            "the connection cannot be opened anew",
        ))
    }
}

impl Violation {
    /// Whether the engine names this constraint of the table. Case is the engine's own; and a
    /// stand-in puts the table and a hash of 32 digits behind the name of an index, cut to 63.
    pub fn names(&self, constraint: &Ident, table: Option<&Ident>) -> bool {
        const HASH: usize = 32;
        const LONGEST: usize = 63;
        let Some(found) = &self.constraint else {
            return false;
        };
        let found = found.to_lowercase();
        let constraint = constraint.as_str().to_lowercase();
        if found == constraint {
            return true;
        }
        let (Some(table), Some(cut)) = (table, found.len().checked_sub(HASH)) else {
            return false;
        };
        let (Some(begin), Some(hash)) = (found.get(..cut), found.get(cut..)) else {
            return false;
        };
        let whole = constraint + &table.as_str().to_lowercase();
        self.kind == ViolationKind::Unique
            && hash.bytes().all(|digit| digit.is_ascii_hexdigit())
            && whole.starts_with(begin)
            && (begin == whole || found.len() == LONGEST)
    }
}

impl EngineError {
    /// An error of this class with its message.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            code: None,
            line: None,
            particulars: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_names_a_constraint_in_any_case_and_with_what_a_stand_in_adds() {
        let hash = "c31ea851e06cf12d419a4076a679a500";
        let cases = [
            ("ixThings", "IXTHINGS".to_owned(), true),
            ("ixThings", "ixThingsOpen".to_owned(), false),
            ("ixThings", format!("ixthingsthings{hash}"), true),
            ("ixThings", format!("ixthingsthin{hash}"), false),
            ("ixThingsOpen", format!("ixthingsthings{hash}"), false),
            (
                "uqThingsOfAnyKindActiveNow",
                format!("uqthingsofanykindactivenowthing{hash}"),
                true,
            ),
            (
                "uqThingsOfAnyKindThatAreActiveRightNow",
                format!("uqthingsofanykindthatareactiver{hash}"),
                true,
            ),
        ];
        for (constraint, found, named) in cases {
            let violation = Violation {
                kind: ViolationKind::Unique,
                constraint: Some(found.clone()),
            };
            let names = violation.names(&constraint.into(), Some(&"things".into()));
            assert_eq!(names, named, "{found}");
        }
    }
}

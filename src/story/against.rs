//! Environments in which the application has written, and in which nothing else is written.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::format::Offset;
use super::run::World;
use crate::dialect::Dialect;
use crate::engine::{
    Catalog, EngineError, ErrorKind, LockError, Rows, Server, Session, TransactionOptions, Value,
};

/// An environment that scenarios look into.
#[derive(Clone)]
pub struct Against {
    /// Its database. Sessions on it only read: see [`ReadOnly`].
    pub world: Arc<dyn World + Send>,
    /// The language of the database.
    pub dialect: Arc<dyn Dialect>,
    /// Which rows are looked for.
    pub window: Window,
}

/// Which of the application's rows are looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Window {
    /// The environment.
    pub environment: String,
    /// The tenant's identifier in the database, whole.
    pub tenant: Option<String>,
    /// How far back `$since` lies behind the database's present time.
    pub since: Offset,
    /// The value of `$correlation`.
    pub correlation: Option<String>,
}

impl fmt::Debug for Against {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Against")
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

/// A session that refuses every statement that could write.
pub struct ReadOnly(pub Box<dyn Session>);

impl ReadOnly {
    fn refused<T>(&self, what: &str) -> Result<T, EngineError> {
        Err(EngineError::new(
            ErrorKind::ReadOnly,
            format!("an environment is only read, and {what}"),
        ))
    }
}

impl Session for ReadOnly {
    fn server(&self) -> &Server {
        self.0.server()
    }

    fn catalog(&mut self) -> Result<Catalog, EngineError> {
        self.0.catalog()
    }

    fn execute(&mut self, _batch: &str) -> Result<u64, EngineError> {
        self.refused("a batch may write")
    }

    fn execute_with(&mut self, _sql: &str, _parameters: &[Value]) -> Result<u64, EngineError> {
        self.refused("a statement may write")
    }

    fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Rows, EngineError> {
        match writing_word(sql) {
            None => self.0.query(sql, parameters),
            Some(word) => self.refused(&format!("{word} is no part of a query that only reads")),
        }
    }

    fn begin(&mut self, _options: TransactionOptions) -> Result<(), EngineError> {
        self.refused("a transaction may write")
    }

    fn begin_read(&mut self) -> Result<(), EngineError> {
        self.0.begin_read()
    }

    fn commit(&mut self) -> Result<(), EngineError> {
        self.refused("there is nothing to commit")
    }

    fn rollback(&mut self) -> Result<(), EngineError> {
        self.0.rollback()
    }

    fn lock(&mut self, _timeout: Duration) -> Result<(), LockError> {
        self.refused("the migration lock is for whoever migrates")
            .map_err(LockError::Engine)
    }

    fn unlock(&mut self) -> Result<(), EngineError> {
        Ok(())
    }

    fn now(&mut self) -> Result<String, EngineError> {
        self.0.now()
    }

    fn is_lost(&self) -> bool {
        self.0.is_lost()
    }
}

/// What in a statement could write, or that it is no query. Words count wherever they stand but in
/// literals, quoted names and comments, so that a column named as one of them has to be quoted.
fn writing_word(sql: &str) -> Option<String> {
    const WRITING: [&str; 22] = [
        "INSERT",
        "UPDATE",
        "DELETE",
        "MERGE",
        "INTO",
        "EXEC",
        "EXECUTE",
        "CREATE",
        "ALTER",
        "DROP",
        "TRUNCATE",
        "GRANT",
        "REVOKE",
        "DENY",
        "PRAGMA",
        "ATTACH",
        "REPLACE",
        "VACUUM",
        "BEGIN",
        "COMMIT",
        "SET",
        "OPENROWSET",
    ];
    let code = super::placeholder::code(sql);
    let mut words = code
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .map(str::to_uppercase);
    match words.next() {
        Some(first) if first == "SELECT" || first == "WITH" => {}
        first => return Some(first.unwrap_or_else(|| "nothing".to_owned())),
    }
    if code.trim_end().trim_end_matches(';').contains(';') {
        return Some("a second statement".to_owned());
    }
    words.find(|word| WRITING.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_queries_pass() {
        for sql in [
            "SELECT 1",
            "  select a from b;",
            "WITH a AS (SELECT 1 AS x) SELECT x FROM a",
            "-- update\nSELECT 'delete', \"insert\", [drop] FROM t /* exec */",
            "SELECT updatedAt, isDeleted FROM t",
        ] {
            assert_eq!(writing_word(sql), None, "{sql}");
        }
        for (sql, word) in [
            ("", "nothing"),
            ("UPDATE t SET a = 1", "UPDATE"),
            ("SELECT * INTO u FROM t", "INTO"),
            ("SELECT 1; DELETE FROM t", "a second statement"),
            ("WITH a AS (SELECT 1 x) DELETE FROM t", "DELETE"),
            (
                "WITH a AS (SELECT 1 x) insert into t select x from a",
                "INSERT",
            ),
            ("SELECT ';' ; SELECT 2", "a second statement"),
            ("EXPLAIN SELECT 1", "EXPLAIN"),
            ("SELECT 1 EXEC sp_x", "EXEC"),
        ] {
            assert_eq!(writing_word(sql).as_deref(), Some(word), "{sql}");
        }
    }
}

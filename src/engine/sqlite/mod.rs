//! Sessions on SQLite files, and in memory.
//!
//! Owns the connection and its settings, transactions with foreign keys out of the way, and the
//! catalog as `sqlite_schema` tells it. The migration lock is in `lock`, the classes of errors are
//! in `error`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, Statement, ToSql};

use super::machine;
use super::{
    Catalog, CatalogObject, Engine, EngineError, ErrorKind, LockError, Rows, Server, Session,
    TransactionOptions, Value,
};
use crate::interrupt::{self, AtWork};
use error::engine_error;
use identity::Identity;
use lock::Lock;

mod error;
mod foreign_keys;
mod identity;
mod lock;

/// How long a statement waits for another writer to end.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// How often it looks whether the other one has ended.
const BUSY_POLL: Duration = Duration::from_millis(5);

/// How many instructions of its virtual machine SQLite runs between two looks at a request to stop:
/// well below a millisecond, and more than a COMMIT or ROLLBACK ever has.
const INTERRUPT_POLL: i32 = 10_000;

/// The name of a database that lives in memory and ends with its session.
pub const MEMORY: &str = ":memory:";

/// How to open a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenOptions {
    /// Create the file if it is missing. Its folder must exist.
    pub create: bool,
    /// Refuse every write.
    pub read_only: bool,
}

/// A connection to a SQLite file, or to a database in memory.
///
/// Foreign keys are enforced and triggers see the deletions of REPLACE, on which append-only tables
/// rely.
#[derive(Debug)]
pub struct SqliteSession {
    connection: Connection,
    server: Server,
    file: Option<PathBuf>,
    identity: Option<Identity>,
    lock: Option<Lock>,
    foreign_keys_deferred: bool,
    _at_work: AtWork,
}

impl SqliteSession {
    /// Opens the database file at `path`, which must be UTF-8: SQLite knows no other names.
    ///
    /// # Errors
    /// [`ErrorKind::Connection`] when the path is not UTF-8; see also [`SqliteSession::open`].
    pub fn open_file(path: &Path, options: OpenOptions) -> Result<Self, EngineError> {
        let text = path.to_str().ok_or_else(|| {
            EngineError::new(
                ErrorKind::Connection,
                format!(
                    "{} cannot be opened: its path is not UTF-8, and SQLite opens no other; \
                     rename the folder or the file",
                    path.display()
                ),
            )
        })?;
        Self::open(text, options)
    }

    /// Opens the database at `database`: a path, or `:memory:`.
    ///
    /// # Errors
    /// [`ErrorKind::Connection`] when there is no such file or folder, [`ErrorKind::Corrupt`] when
    /// the file is not a database.
    pub fn open(database: &str, options: OpenOptions) -> Result<Self, EngineError> {
        let file = match database {
            MEMORY => None,
            "" => {
                return Err(EngineError::new(
                    ErrorKind::Connection,
                    "the path of the SQLite database is empty",
                ));
            }
            path => Some(PathBuf::from(path)),
        };
        let access = match (options.read_only, options.create) {
            (true, _) => OpenFlags::SQLITE_OPEN_READ_ONLY,
            (false, false) => OpenFlags::SQLITE_OPEN_READ_WRITE,
            (false, true) => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        };
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = match &file {
            None => Connection::open_in_memory_with_flags(
                OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
            ),
            Some(path) => Connection::open_with_flags(path, flags),
        };
        let mut connection = opened.map_err(|error| why_not_opened(file.as_deref(), error))?;
        let mut configured = configure(&mut connection);
        if let (Some(path), Err(error)) = (&file, &configured)
            && error::needs_recovery(error)
            && recover(path)
        {
            configured = configure(&mut connection);
        }
        configured.map_err(|error| why_not_opened(file.as_deref(), error))?;
        Ok(Self {
            identity: file.as_deref().and_then(Identity::of),
            _at_work: AtWork::begin(),
            connection,
            server: Server {
                engine: Engine::Sqlite,
                product: product(),
                database: database.to_owned(),
                user: machine::user(),
                host: machine::host(),
            },
            file,
            lock: None,
            foreign_keys_deferred: false,
        })
    }

    /// Lets the operating system write when it likes: for a database that outlives a kill, but
    /// need not outlive a loss of power.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn without_sync(self) -> Result<Self, EngineError> {
        self.simple("PRAGMA synchronous = OFF")?;
        Ok(self)
    }

    /// Runs a statement to its end; the number of rows that it changed itself, those of its
    /// triggers aside.
    fn run(&self, statement: &mut Statement<'_>) -> rusqlite::Result<u64> {
        let before = self.connection.total_changes();
        let mut rows = statement.raw_query();
        while rows.next()?.is_some() {}
        drop(rows);
        // A statement that changes nothing leaves the count of the one before it.
        Ok(match self.connection.total_changes() {
            after if after == before => 0,
            _ => self.connection.changes(),
        })
    }

    fn rollback_quietly(&self) {
        if !self.connection.is_autocommit() {
            // Nothing was written, and closing the connection ends it too.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }

    fn simple(&self, sql: &str) -> Result<(), EngineError> {
        self.connection
            .execute_batch(sql)
            .map_err(|error| self.error(error))
    }

    /// Refuses to start anything more once somebody asked to stop.
    fn going_on(&self) -> Result<(), EngineError> {
        if interrupt::asked() {
            return Err(EngineError::new(ErrorKind::Interrupted, "interrupted"));
        }
        Ok(())
    }

    fn error(&self, error: rusqlite::Error) -> EngineError {
        let mut error = engine_error(error);
        // A wait for another writer ends early when somebody asked to stop.
        if error.kind == ErrorKind::Busy && interrupt::asked() {
            error.kind = ErrorKind::Interrupted;
        }
        // Refusals of a statement speak of the database's content; the rest of its file.
        if matches!(
            error.kind,
            ErrorKind::Connection
                | ErrorKind::Busy
                | ErrorKind::ReadOnly
                | ErrorKind::Permission
                | ErrorKind::Corrupt
                | ErrorKind::Full
        ) {
            error.message = format!("{}: {}", self.server.database, error.message);
        }
        error
    }

    /// Settings survive a rollback: also the one that a rebuild changes for a moment.
    fn restore_foreign_keys(&mut self) -> Result<(), EngineError> {
        if std::mem::take(&mut self.foreign_keys_deferred) {
            self.simple("PRAGMA foreign_keys = ON; PRAGMA legacy_alter_table = OFF")?;
        }
        Ok(())
    }

    fn prepare(&self, sql: &str, parameters: &[Value]) -> Result<Prepared<'_>, EngineError> {
        self.going_on()?;
        let mut statement = self
            .connection
            .prepare_cached(sql)
            .map_err(|error| self.error(error))?;
        for index in 1..=statement.parameter_count() {
            let name = statement.parameter_name(index).unwrap_or("?");
            let value = name
                .strip_prefix("@P")
                .and_then(|number| number.parse::<usize>().ok())
                .and_then(|number| parameters.get(number.checked_sub(1)?))
                .ok_or_else(|| {
                    EngineError::new(
                        ErrorKind::Statement,
                        format!(
                            "the parameter {name} has no value; {} given as @P1, @P2, …",
                            parameters.len()
                        ),
                    )
                })?;
            statement
                .raw_bind_parameter(index, Parameter(value))
                .map_err(|error| self.error(error))?;
        }
        Ok(statement)
    }
}

type Prepared<'a> = rusqlite::CachedStatement<'a>;

/// Settings of every session, and the first look at the file: SQLite opens anything, and finds out
/// that it is no database when it first reads.
fn configure(connection: &mut Connection) -> rusqlite::Result<()> {
    let mut since = Instant::now();
    connection.busy_handler(Some(move |count| {
        if count == 0 {
            since = Instant::now();
        }
        std::thread::sleep(BUSY_POLL);
        !interrupt::asked() && since.elapsed() < BUSY_TIMEOUT
    }))?;
    connection.progress_handler(INTERRUPT_POLL, Some(interrupt::asked))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // A misspelt "name" must be an error, not a text.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.execute_batch("PRAGMA recursive_triggers = ON")?;
    connection.query_row("PRAGMA schema_version", [], |_| Ok(()))
}

/// Undoes what a killed writer left half-written, as any client that may write does when it opens
/// the file. A session that only reads cannot, and would fail until the next writer comes by.
fn recover(path: &Path) -> bool {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
        .and_then(|mut connection| configure(&mut connection))
        .is_ok()
}

/// The engine as people name it.
pub fn product() -> String {
    format!("SQLite {}", rusqlite::version())
}

/// The longest path that SQLite opens, in bytes, on every system that it is compiled for here; its
/// journal's name needs eight of them.
const LONGEST_PATH: usize = 504;

fn too_long(file: &Path) -> Option<usize> {
    let length = std::path::absolute(file).ok()?.as_os_str().len();
    (length > LONGEST_PATH).then_some(length)
}

/// Tells the reader what SQLite's `unable to open database file` leaves open.
fn why_not_opened(file: Option<&Path>, error: rusqlite::Error) -> EngineError {
    let error = engine_error(error);
    let Some(file) = file else { return error };
    let shown = file.display();
    let folder = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let message = if file.is_dir() {
        format!("{shown} is a folder, not a SQLite database")
    } else if folder.is_file() {
        format!(
            "{shown} cannot be opened: {} is a file, not a folder",
            folder.display()
        )
    } else if !folder.is_dir() {
        format!(
            "{shown} cannot be opened: the folder {} does not exist",
            folder.display()
        )
    } else if !file.exists() && too_long(file).is_none() {
        format!("{shown} does not exist")
    } else if error.kind == ErrorKind::Corrupt {
        format!(
            "{shown} is not a SQLite database, or is damaged: {}",
            error.message
        )
    } else if let Some(length) = too_long(file) {
        format!(
            "{shown} cannot be opened: its path has {length} bytes, and SQLite opens none of more \
             than {LONGEST_PATH}"
        )
    } else {
        format!("{shown} cannot be opened: {}", error.message)
    };
    EngineError { message, ..error }
}

impl Session for SqliteSession {
    fn server(&self) -> &Server {
        &self.server
    }

    /// Objects that SQLite keeps for itself (`sqlite_…`) are left out: each follows from a
    /// constraint, or holds no schema.
    fn catalog(&mut self) -> Result<Catalog, EngineError> {
        self.going_on()?;
        let mut objects = self
            .connection
            .prepare_cached(include_str!("catalog.sql"))
            .and_then(|mut statement| {
                statement
                    .query_map([], |row| {
                        let kind: String = row.get(0)?;
                        let table: String = row.get(1)?;
                        Ok(CatalogObject {
                            table: matches!(kind.as_str(), "index" | "trigger").then_some(table),
                            kind,
                            name: row.get(2)?,
                            definition: row.get(3)?,
                            facts: std::collections::BTreeMap::new(),
                        })
                    })?
                    .collect::<rusqlite::Result<Vec<_>>>()
            })
            .map_err(|error| self.error(error))?;
        objects.sort_unstable();
        Ok(Catalog {
            engine: Engine::Sqlite,
            product: self.server.product.clone(),
            objects,
        })
    }

    fn execute(&mut self, batch: &str) -> Result<u64, EngineError> {
        let mut changed = 0;
        let mut statements = rusqlite::Batch::new(&self.connection, batch);
        loop {
            self.going_on()?;
            let outcome = match statements.next() {
                Ok(Some(mut statement)) => self.run(&mut statement),
                Ok(None) => return Ok(changed),
                Err(error) => Err(error),
            };
            match outcome {
                Ok(count) => changed += count,
                Err(error) => {
                    let line = error::line(&error, batch);
                    return Err(EngineError {
                        line,
                        ..self.error(error)
                    });
                }
            }
        }
    }

    fn execute_with(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, EngineError> {
        let mut statement = self.prepare(sql, parameters)?;
        self.run(&mut statement).map_err(|error| self.error(error))
    }

    fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Rows, EngineError> {
        let mut statement = self.prepare(sql, parameters)?;
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let width = columns.len();
        let mut rows = statement.raw_query();
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(|error| self.error(error))? {
            let values = (0..width)
                .map(|index| row.get_ref(index).map(value))
                .collect::<rusqlite::Result<_>>()
                .map_err(|error| self.error(error))?;
            found.push(values);
        }
        Ok(Rows {
            columns,
            rows: found,
        })
    }

    fn begin(&mut self, options: TransactionOptions) -> Result<(), EngineError> {
        if !self.connection.is_autocommit() {
            return Err(EngineError::new(
                ErrorKind::Statement,
                "a transaction is already open",
            ));
        }
        self.going_on()?;
        // Within a transaction the setting would silently have no effect.
        if options.defer_foreign_keys && !self.foreign_keys_deferred {
            self.simple("PRAGMA foreign_keys = OFF")?;
            self.foreign_keys_deferred = true;
        }
        self.simple("BEGIN IMMEDIATE").or_else(|error| {
            self.restore_foreign_keys()?;
            Err(error)
        })
    }

    fn begin_read(&mut self) -> Result<(), EngineError> {
        self.going_on()?;
        // The transaction sees the database of the moment in which it first reads.
        const SQL: &str = "BEGIN; PRAGMA schema_version";
        let begun = self.connection.execute_batch(SQL).or_else(|error| {
            self.rollback_quietly();
            match &self.file {
                Some(path) if error::needs_recovery(&error) && recover(path) => {
                    self.connection.execute_batch(SQL)
                }
                _ => Err(error),
            }
        });
        begun.map_err(|error| {
            self.rollback_quietly();
            self.error(error)
        })
    }

    fn commit(&mut self) -> Result<(), EngineError> {
        self.going_on()?;
        if self.connection.is_autocommit() {
            self.restore_foreign_keys()?;
            return Err(EngineError::new(
                ErrorKind::Statement,
                "no transaction is open: it was ended by a statement in it, or undone by an error",
            ));
        }
        if self.foreign_keys_deferred {
            self.check_foreign_keys()?;
        }
        // SQLite looks when it begins to write, which can be long ago.
        if let Some(path) = &self.file
            && Identity::of(path) != self.identity
        {
            return Err(EngineError::new(
                ErrorKind::Connection,
                format!("{}: {}", self.server.database, error::MOVED),
            ));
        }
        self.simple("COMMIT")?;
        self.restore_foreign_keys()
    }

    fn rollback(&mut self) -> Result<(), EngineError> {
        if !self.connection.is_autocommit() {
            self.simple("ROLLBACK")?;
        }
        self.restore_foreign_keys()
    }

    /// A database in memory has no other run to keep out.
    fn lock(&mut self, timeout: Duration) -> Result<(), LockError> {
        if self.lock.is_some() {
            return Ok(());
        }
        if let Some(file) = &self.file {
            let holder = machine::holder(&self.server, &now(&self.connection)?);
            self.lock = Some(Lock::take(file, &holder, timeout)?);
        }
        Ok(())
    }

    fn unlock(&mut self) -> Result<(), EngineError> {
        self.lock = None;
        Ok(())
    }

    fn now(&mut self) -> Result<String, EngineError> {
        now(&self.connection)
    }
}

fn now(connection: &Connection) -> Result<String, EngineError> {
    connection
        .prepare_cached("SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now')")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .map_err(engine_error)
}

struct Parameter<'a>(&'a Value);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(*number),
            Value::Real(number) => ValueRef::Real(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// SQLite does not see to it that text is UTF-8; what is not is shown as well as it can be.
fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}

#[cfg(test)]
mod tests;

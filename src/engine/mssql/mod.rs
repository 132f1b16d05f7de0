//! Sessions on Azure SQL and SQL Server, over TDS.
//!
//! Owns the connection and the runtime that its driver needs, the settings of every session, and
//! the drain of every answer to its last token: an error may come after the first result. What a
//! connection string asks for is read in [`connection`], the catalog in [`catalog`]; logging in is
//! in `login`, classes of errors in `error`, values in `value`, and what the server says besides
//! in `messages`. [`encryption`] looks at a server without logging in.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tiberius::ToSql;
use tokio::runtime::Runtime;

use super::{
    Catalog, Engine, EngineError, ErrorKind, LockError, Rows, Server, Session, TransactionOptions,
    Value, machine,
};
use crate::dialect::Feature;
use crate::dialect::mssql::versions::Product;
use crate::interrupt::AtWork;
use crate::secret::Literal;

pub mod catalog;
pub mod connection;
pub mod encryption;
mod error;
mod interrupt;
mod lock;
mod login;
mod messages;
mod parameters;
mod product;
#[cfg(test)]
mod tests;
pub mod throwaway;
mod value;

pub use connection::{ConnectionError, ConnectionSettings, Identity};
pub use interrupt::Interrupt;
pub use login::{NoTokens, TOKEN_SCOPE, TokenSource};

use login::{Login, SqlClient};
use product::Introduction;
use value::Parameter;

/// Filtered indexes, indexed views and computed columns need the first seven (error 1934). With
/// XACT_ABORT an error undoes the transaction instead of leaving it half done.
const SETTINGS: &str = "\
SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, \
QUOTED_IDENTIFIER ON;
SET NUMERIC_ROUNDABORT OFF;
SET XACT_ABORT ON;
SET IMPLICIT_TRANSACTIONS OFF;";

/// How long the server may take to acknowledge that a request is cancelled.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(10);

/// Something that a person who waits wants to know.
#[derive(Debug)]
pub enum Notice<'a> {
    /// An attempt to log in failed in a way that may pass.
    Retrying {
        /// How it failed.
        error: &'a EngineError,
        /// How long until the next attempt.
        wait: Duration,
    },
    /// The server sent us on to another one.
    Redirected {
        /// It.
        server: &'a str,
    },
    /// The server printed something, or warned.
    Message(&'a str),
}

/// How to open a session.
#[derive(Clone)]
pub struct SessionOptions {
    /// How long all attempts to log in may take together.
    pub connect_timeout: Duration,
    /// How long to wait before the second attempt. It doubles with each, up to a minute.
    pub first_delay: Duration,
    /// How long a statement waits for a lock; without limit when neither this nor the connection
    /// string says.
    pub lock_timeout: Option<Duration>,
    /// Be the one that is chosen as victim of a deadlock.
    pub low_deadlock_priority: bool,
    /// What interrupts the session.
    pub interrupt: Interrupt,
    /// Who is told what happens meanwhile.
    pub observe: Arc<dyn Fn(Notice<'_>) + Send + Sync>,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(120),
            first_delay: Duration::from_secs(5),
            lock_timeout: None,
            low_deadlock_priority: false,
            interrupt: Interrupt::default(),
            observe: Arc::new(|_| {}),
        }
    }
}

impl fmt::Debug for SessionOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionOptions")
            .field("connect_timeout", &self.connect_timeout)
            .field("first_delay", &self.first_delay)
            .field("lock_timeout", &self.lock_timeout)
            .field("low_deadlock_priority", &self.low_deadlock_priority)
            .field("interrupt", &self.interrupt)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Notice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Retrying { error, wait } => {
                // A pause of Azure SQL ends within a minute or so; knowing that helps to wait.
                write!(
                    f,
                    "{error}; trying again in {} s",
                    wait.as_secs_f32().ceil()
                )
            }
            Self::Redirected { server } => write!(f, "the server sends us on to {server}"),
            Self::Message(text) => f.write_str(text),
        }
    }
}

impl From<ConnectionError> for EngineError {
    fn from(error: ConnectionError) -> Self {
        Self::new(ErrorKind::Connection, error.to_string())
    }
}

/// A connection to a database of SQL Server.
pub struct MssqlSession {
    runtime: Runtime,
    /// `None` after it was lost.
    client: Option<SqlClient>,
    listener: messages::Listener,
    interrupts: interrupt::Listener,
    interrupted: bool,
    locked: bool,
    /// Whether the migration lock is shared with other readers.
    sharing: bool,
    server: Server,
    product: Option<Product>,
    edition: i64,
    settings: ConnectionSettings,
    tokens: Arc<dyn TokenSource>,
    options: SessionOptions,
    /// A request to stop is left to the session, which tells the server.
    _at_work: AtWork,
}

/// How a call on the driver ended.
enum Ending<T> {
    Answered(tiberius::Result<T>),
    /// Interrupted, and whether the connection can still be used.
    Cancelled(bool),
}

impl MssqlSession {
    /// Opens a session with a connection string.
    ///
    /// # Errors
    /// [`ErrorKind::Connection`] when the string cannot be used, or the database not be reached in
    /// time.
    pub fn open(
        literal: &Literal,
        tokens: Arc<dyn TokenSource>,
        options: SessionOptions,
    ) -> Result<Self, EngineError> {
        Self::connect(ConnectionSettings::parse(literal)?, tokens, options)
    }

    /// Opens a session.
    ///
    /// # Errors
    /// [`ErrorKind::Connection`] when the database cannot be reached in time.
    pub fn connect(
        settings: ConnectionSettings,
        tokens: Arc<dyn TokenSource>,
        options: SessionOptions,
    ) -> Result<Self, EngineError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| not_started(&error))?;
        let listener = messages::Listener::new();
        let client = Login {
            runtime: &runtime,
            listener: &listener,
            settings: &settings,
            tokens: &tokens,
            options: &options,
        }
        .log_in()?;
        // Only now: while nothing has happened in the database, Ctrl-C simply ends the process.
        let interrupts = {
            let _context = runtime.enter();
            interrupt::Listener::new(&options.interrupt).map_err(|error| not_started(&error))?
        };
        let mut session = Self {
            runtime,
            client: Some(client),
            listener,
            interrupts,
            interrupted: false,
            locked: false,
            sharing: false,
            server: Server {
                engine: Engine::Mssql,
                product: String::new(),
                database: settings.server(),
                user: String::new(),
                host: machine::host(),
            },
            product: None,
            edition: 0,
            settings,
            tokens,
            options,
            _at_work: AtWork::begin(),
        };
        session.prepare()?;
        Ok(session)
    }

    /// The product that answers, where it is known.
    pub fn product(&self) -> Option<Product> {
        self.product
    }

    /// Makes the settings, and asks who is there.
    fn prepare(&mut self) -> Result<(), EngineError> {
        let mut sql = SETTINGS.to_owned();
        if let Some(timeout) = self.options.lock_timeout.or(self.settings.lock_timeout) {
            sql.push_str(&format!("\nSET LOCK_TIMEOUT {};", timeout.as_millis()));
        }
        if self.options.low_deadlock_priority {
            sql.push_str("\nSET DEADLOCK_PRIORITY LOW;");
        }
        self.run(&sql, true)?;
        let introduction = Introduction::of(&self.ask(product::INTRODUCE, &[])?)?;
        self.server.product = introduction.name();
        self.server.database = format!("{}/{}", self.settings.server(), introduction.database);
        self.server.user.clone_from(&introduction.user);
        self.product = introduction.product;
        self.edition = introduction.edition;
        Ok(())
    }

    /// Does one thing on the driver, to the end of the server's answer. When it is interrupted
    /// meanwhile, the server is told to stop.
    fn call<T>(
        &mut self,
        interruptible: bool,
        work: impl AsyncFnOnce(&mut SqlClient) -> tiberius::Result<T>,
    ) -> Result<T, EngineError> {
        if interruptible && self.interrupted {
            return Err(interrupted());
        }
        let Some(client) = self.client.as_mut() else {
            return Err(lost());
        };
        let interrupts = &mut self.interrupts;
        let runtime = &self.runtime;
        let (ending, said) = self.listener.during(|| {
            runtime.block_on(async {
                if interruptible {
                    // Lets a signal be seen that came since the last call.
                    tokio::task::yield_now().await;
                    tokio::select! {
                        biased;
                        () = interrupts.interrupted() => return Ending::Cancelled(true),
                        () = std::future::ready(()) => {}
                    }
                    tokio::select! {
                        biased;
                        result = work(client) => return Ending::Answered(result),
                        () = interrupts.interrupted() => {}
                    }
                } else {
                    return Ending::Answered(work(client).await);
                }
                let cancelled = tokio::time::timeout(CANCEL_TIMEOUT, client.cancel_query()).await;
                Ending::Cancelled(matches!(cancelled, Ok(Ok(()))))
            })
        });
        for message in &said.messages {
            (self.options.observe)(Notice::Message(message));
        }
        match ending {
            Ending::Answered(Ok(value)) => Ok(value),
            Ending::Answered(Err(error)) => {
                if error::is_fatal(&error) {
                    self.lose();
                }
                let mut error = error::engine_error(error);
                for (number, message) in said.errors.iter().skip(1) {
                    error
                        .message
                        .push_str(&format!("; {message} (error {number})"));
                }
                Err(error)
            }
            Ending::Cancelled(usable) => {
                self.interrupted = true;
                if !usable {
                    self.lose();
                }
                Err(interrupted())
            }
        }
    }

    /// Lets go of a connection that cannot be used; its lock and transaction go with it.
    fn lose(&mut self) {
        self.client = None;
        self.locked = false;
        self.sharing = false;
    }

    fn run(&mut self, batch: &str, interruptible: bool) -> Result<(), EngineError> {
        self.call(interruptible, async |client| {
            client.simple_query(batch).await?.into_results().await?;
            Ok(())
        })
    }

    /// Asks something, unless the run was interrupted.
    fn ask(&mut self, sql: &str, parameters: &[Value]) -> Result<Rows, EngineError> {
        self.rows(sql, parameters, true)
    }

    /// Asks something that has to be done even when the run was interrupted.
    fn ask_regardless(&mut self, sql: &str, parameters: &[Value]) -> Result<Rows, EngineError> {
        self.rows(sql, parameters, false)
    }

    fn rows(
        &mut self,
        sql: &str,
        parameters: &[Value],
        interruptible: bool,
    ) -> Result<Rows, EngineError> {
        let sql = parameters::with_nulls(sql, parameters);
        let bound: Vec<Parameter<'_>> = parameters.iter().map(Parameter).collect();
        let bound: Vec<&dyn ToSql> = bound.iter().map(|it| it as &dyn ToSql).collect();
        let (columns, rows) = self.call(interruptible, async |client| {
            let mut stream = if bound.is_empty() {
                client.simple_query(sql).await?
            } else {
                client.query(sql, &bound).await?
            };
            let columns = stream.columns().await?.map(<[_]>::to_vec);
            // To the end: also what comes after the first result can be an error.
            let results = stream.into_results().await?;
            Ok((columns.unwrap_or_default(), results))
        })?;
        let rows = rows.into_iter().next().unwrap_or_default();
        Ok(Rows {
            columns: columns
                .iter()
                .map(|column| column.name().to_owned())
                .collect(),
            rows: rows
                .into_iter()
                .map(|row| row.into_iter().map(value::value).collect())
                .collect(),
        })
    }
}

fn not_started(error: &std::io::Error) -> EngineError {
    EngineError::new(
        ErrorKind::Connection,
        format!("the connection could not be prepared: {error}"),
    )
}

fn lost() -> EngineError {
    EngineError::new(ErrorKind::Connection, "the connection was lost before")
}

fn interrupted() -> EngineError {
    EngineError::new(ErrorKind::Interrupted, "the run was interrupted")
}

impl Session for MssqlSession {
    fn server(&self) -> &Server {
        &self.server
    }

    fn catalog(&mut self) -> Result<Catalog, EngineError> {
        let product = self.server.product.clone();
        catalog::read(&mut |sql| self.ask(sql, &[]), &product)
    }

    /// The driver does not tell how many rows a batch changed, so the count is 0.
    fn execute(&mut self, batch: &str) -> Result<u64, EngineError> {
        self.run(batch, true)?;
        Ok(0)
    }

    fn execute_with(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, EngineError> {
        let sql = parameters::with_nulls(sql, parameters);
        let bound: Vec<Parameter<'_>> = parameters.iter().map(Parameter).collect();
        let bound: Vec<&dyn ToSql> = bound.iter().map(|it| it as &dyn ToSql).collect();
        self.call(true, async |client| {
            Ok(client.execute(sql, &bound).await?.total())
        })
    }

    fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Rows, EngineError> {
        self.ask(sql, parameters)
    }

    /// Foreign keys are checked statement by statement here, and tables are altered in place.
    fn begin(&mut self, _: TransactionOptions) -> Result<(), EngineError> {
        self.run(
            "IF @@TRANCOUNT > 0\nBEGIN\n    THROW 51002, N'a transaction is already open', 1;\nEND;\n\
             BEGIN TRANSACTION;",
            true,
        )
    }

    fn begin_read(&mut self) -> Result<(), EngineError> {
        self.share_lock()
    }

    /// What is about to be committed is looked at first, in a request of its own: an error before
    /// COMMIT is sent means that nothing was committed. COMMIT itself cannot be interrupted.
    fn commit(&mut self) -> Result<(), EngineError> {
        let rows = self.ask(
            "SELECT CAST(@@TRANCOUNT AS bigint) AS depth, CAST(XACT_STATE() AS bigint) AS state, \
             CAST(APPLOCK_MODE('public', N'dbtool/migrate', 'Session') AS nvarchar(32)) AS lockMode",
            &[],
        )?;
        let row = rows.rows.first().map_or(&[][..], Vec::as_slice);
        let refuse = |message: String| Err(EngineError::new(ErrorKind::Statement, message));
        match row {
            [Value::Integer(0), ..] => refuse(
                "no transaction is open: it was ended by a statement in it, or undone by an error"
                    .to_owned(),
            ),
            [Value::Integer(1), Value::Integer(1), mode] => {
                if self.locked && !matches!(mode, Value::Text(mode) if mode == "Exclusive") {
                    return refuse(
                        "the migration lock was given up by a statement of the migration; remove \
                         the call of sp_releaseapplock"
                            .to_owned(),
                    );
                }
                self.run("COMMIT TRANSACTION;", false)
            }
            [Value::Integer(1), ..] => refuse(
                "the transaction can only be rolled back: an error in it was caught, and undid it"
                    .to_owned(),
            ),
            [Value::Integer(depth), ..] => refuse(format!(
                "transactions are open {depth} deep: a BEGIN TRANSACTION in the migration lacks \
                 its COMMIT; remove it, since each migration is one transaction already"
            )),
            _ => refuse("the server does not say whether a transaction is open".to_owned()),
        }
    }

    fn rollback(&mut self) -> Result<(), EngineError> {
        self.run("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;", false)?;
        self.stop_sharing()
    }

    fn lock(&mut self, timeout: Duration) -> Result<(), LockError> {
        if self.locked {
            return Ok(());
        }
        self.take_lock(timeout)
    }

    fn unlock(&mut self) -> Result<(), EngineError> {
        self.give_lock_back()
    }

    fn now(&mut self) -> Result<String, EngineError> {
        let rows = self.ask("SELECT CAST(SYSUTCDATETIME() AS datetime2(3)) AS now", &[])?;
        match rows.rows.into_iter().flatten().next() {
            Some(Value::Text(now)) => Ok(now),
            _ => Err(EngineError::new(
                ErrorKind::Statement,
                "the server does not tell the time",
            )),
        }
    }

    fn lacks(&self, feature: Feature) -> Option<String> {
        if feature == Feature::ResumableIndex {
            // Error 574: whatever the server has, a migration is a transaction.
            return Some(
                "RESUMABLE = ON does not run in a transaction, and every batch of a migration is \
                 committed together with its record; build the index with ONLINE = ON alone"
                    .to_owned(),
            );
        }
        self.product?.lacks(feature, self.edition)
    }

    fn is_lost(&self) -> bool {
        self.client.is_none()
    }

    fn reconnect(&mut self) -> Result<(), EngineError> {
        self.lose();
        let client = Login {
            runtime: &self.runtime,
            listener: &self.listener,
            settings: &self.settings,
            tokens: &self.tokens,
            options: &self.options,
        }
        .log_in()?;
        self.client = Some(client);
        self.prepare()
    }
}

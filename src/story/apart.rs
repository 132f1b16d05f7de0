//! Connections that a process of its own holds, so that the process can be killed.
//!
//! Owns both ends: [`Apart`] in the process that runs stories, and [`serve`] in the one that is
//! killed. The child does what it is told and decides nothing, so that whatever runs a step on a
//! [`Session`] runs it there too; and because it answers every request before the next one, the
//! moment at which it is killed is known: it stands behind the last answer.
//!
//! One JSON document a line, requests on the child's standard input and answers on its standard
//! output. How to connect is the first request: a connection string may be a secret, and neither
//! arguments nor variables of a process are.

use std::io::{self, BufReader};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize as _;

use crate::cli::Access;
use crate::engine::{
    Catalog, Engine, EngineError, ErrorKind, LockError, Rows, Server, Session, TransactionOptions,
    Value,
};
use crate::registry::{self, Opening};
use crate::scratch::server::Purpose;
use crate::secret::{self, Literal};
use crate::settings::{Database, Target};

mod line;
mod serve;

pub use serve::serve;

use line::{Answer, Answered, Request, read_line, write_line};

/// The hidden command that makes a process serve a session.
pub const COMMAND: &str = "serve-session";

/// How a process reaches a database. It may hold a secret, so it has no `Debug`.
#[derive(Serialize, Deserialize)]
pub struct Way {
    engine: Engine,
    /// A path, or a connection string.
    place: String,
    /// The database on the server, where it is not the one that the connection string names.
    database: Option<String>,
    /// The environment, for messages about tokens.
    environment: String,
    /// Which identity tokens are asked for as, by the name that `--auth` has.
    auth: Option<secret::Auth>,
    /// For all attempts to log in together.
    connect_timeout: Duration,
}

impl Way {
    /// The way to a database.
    ///
    /// # Errors
    /// When the database lives in one process alone, or its path is not UTF-8.
    pub fn to(
        target: &Target,
        opening: &Opening,
        secrets: secret::Process,
    ) -> Result<Self, EngineError> {
        let alone = |what: &str| EngineError::new(ErrorKind::Connection, what);
        let (engine, place) = match &target.database {
            Database::SqliteFile(path) => {
                // The other process may stand in another folder.
                let path = std::path::absolute(path).map_err(|error| alone(&error.to_string()))?;
                let path = path.into_os_string().into_string();
                let path = path.map_err(|_| alone("the path of the database is not UTF-8"))?;
                (Engine::Sqlite, path)
            }
            Database::SqliteMemory => {
                return Err(alone("a database in memory has no other process"));
            }
            Database::SqlServer(literal) => (Engine::Mssql, literal.secret().expose().to_owned()),
        };
        Ok(Self {
            engine,
            place,
            database: None,
            environment: target.environment.clone(),
            auth: secrets.auth,
            connect_timeout: opening.connect_timeout,
        })
    }

    /// The way to another database of the same server; to the same one when it is `None`.
    #[must_use]
    pub fn to_database(self, name: Option<&str>) -> Self {
        let mut way = self;
        way.database = name.map(str::to_owned);
        way
    }

    fn open(mut self) -> Result<Box<dyn Session>, EngineError> {
        let database =
            match self.engine {
                Engine::Sqlite => Database::SqliteFile(std::mem::take(&mut self.place).into()),
                Engine::Mssql => {
                    let literal = Literal::read(&self.place);
                    Database::SqlServer(literal.map_err(|error| {
                        EngineError::new(ErrorKind::Connection, error.to_string())
                    })?)
                }
            };
        let target = Target {
            environment: self.environment.clone(),
            database,
            trail: Vec::new(),
            fetched: None,
        };
        let opening = Opening {
            connect_timeout: self.connect_timeout,
            observe: Arc::new(|_| {}),
            ..Opening::default()
        };
        let secrets = secret::Process { auth: self.auth };
        match self.database.take() {
            None => registry::open(&target, Access::Write, &opening, secrets),
            Some(database) => match registry::door(&target, &opening, secrets)? {
                Some(door) => door(Some(&database), Purpose::Work),
                None => Err(EngineError::new(
                    ErrorKind::Connection,
                    "only a server has other databases",
                )),
            },
        }
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.place.zeroize();
    }
}

/// A connection to a database that another process holds.
pub struct Apart {
    /// The connection.
    pub session: Box<dyn Session>,
    /// The process.
    pub process: Process,
}

/// A process that holds a connection.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Apart {
    /// Starts a process and has it open the database. `executable` is dbtool's own.
    ///
    /// # Errors
    /// When it cannot be started, or cannot open the database.
    pub fn start(executable: Command, way: Way) -> Result<Self, EngineError> {
        let mut command = executable;
        let mut child = command
            .arg(COMMAND)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| lost(format!("no process can be started: {error}")))?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let mut process = Process { child };
        let Some((input, output)) = pipes else {
            return Err(lost("the process has no standard input and output"));
        };
        let mut session = Remote {
            input,
            output: BufReader::new(output),
            server: Server {
                engine: way.engine,
                product: String::new(),
                database: String::new(),
                user: String::new(),
                host: String::new(),
            },
            lost: false,
        };
        match session.ask(&Request::Open(way)) {
            Ok(Answer::Opened(server)) => session.server = server,
            Ok(_) => return Err(lost("the process answered something else")),
            Err(error) => {
                // It may have stopped by itself; what counts is why.
                let _ = process.end();
                return Err(error);
            }
        }
        Ok(Self {
            session: Box::new(session),
            process,
        })
    }
}

impl Process {
    /// Kills it, with SIGKILL where there are signals: nothing in it can end in order.
    ///
    /// # Errors
    /// When it was not this that ended it.
    pub fn kill(mut self) -> Result<(), String> {
        match self.end() {
            Ok(status) if was_killed(status) => Ok(()),
            Ok(status) => Err(format!("it had ended by itself before ({status})")),
            Err(error) => Err(error.to_string()),
        }
    }

    fn end(&mut self) -> io::Result<ExitStatus> {
        self.child.kill()?;
        self.child.wait()
    }
}

impl Drop for Process {
    /// No process outlives whoever started it.
    fn drop(&mut self) {
        let _ = self.end();
    }
}

#[cfg(unix)]
fn was_killed(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt as _;
    const SIGKILL: i32 = 9;
    status.signal() == Some(SIGKILL)
}

#[cfg(not(unix))]
fn was_killed(status: ExitStatus) -> bool {
    !status.success()
}

/// The near end of a connection.
struct Remote {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    server: Server,
    lost: bool,
}

impl Remote {
    fn ask(&mut self, request: &Request) -> Answered {
        let answer = write_line(&mut self.input, request)
            .and_then(|()| read_line::<Answered>(&mut self.output));
        match answer {
            Ok(Some(answer)) => answer,
            Ok(None) => {
                self.lost = true;
                Err(lost("the process that held it has ended"))
            }
            Err(error) => {
                self.lost = true;
                Err(lost(error.to_string()))
            }
        }
    }

    fn done(&mut self, request: &Request) -> Result<(), EngineError> {
        self.ask(request).map(|_| ())
    }
}

impl Session for Remote {
    fn server(&self) -> &Server {
        &self.server
    }

    fn catalog(&mut self) -> Result<Catalog, EngineError> {
        match self.ask(&Request::Catalog)? {
            Answer::Catalog(catalog) => Ok(catalog),
            _ => Err(garbled()),
        }
    }

    fn execute(&mut self, batch: &str) -> Result<u64, EngineError> {
        match self.ask(&Request::Execute(batch.to_owned()))? {
            Answer::Changed(rows) => Ok(rows),
            _ => Err(garbled()),
        }
    }

    fn execute_with(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, EngineError> {
        let request = Request::ExecuteWith(sql.to_owned(), parameters.to_vec());
        match self.ask(&request)? {
            Answer::Changed(rows) => Ok(rows),
            _ => Err(garbled()),
        }
    }

    fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Rows, EngineError> {
        let request = Request::Query(sql.to_owned(), parameters.to_vec());
        match self.ask(&request)? {
            Answer::Rows(rows) => Ok(rows),
            _ => Err(garbled()),
        }
    }

    fn begin(&mut self, _options: TransactionOptions) -> Result<(), EngineError> {
        self.done(&Request::Begin)
    }

    fn commit(&mut self) -> Result<(), EngineError> {
        self.done(&Request::Commit)
    }

    fn rollback(&mut self) -> Result<(), EngineError> {
        self.done(&Request::Rollback)
    }

    fn lock(&mut self, _timeout: Duration) -> Result<(), LockError> {
        Err(LockError::Engine(EngineError::new(
            ErrorKind::Statement,
            "a process that is to be killed takes no migration lock",
        )))
    }

    fn unlock(&mut self) -> Result<(), EngineError> {
        Ok(())
    }

    fn now(&mut self) -> Result<String, EngineError> {
        match self.ask(&Request::Now)? {
            Answer::Now(now) => Ok(now),
            _ => Err(garbled()),
        }
    }

    fn is_lost(&self) -> bool {
        self.lost
    }
}

fn lost(message: impl Into<String>) -> EngineError {
    EngineError::new(ErrorKind::Connection, message)
}

fn garbled() -> EngineError {
    lost("the process answered something else than it was asked")
}

#[cfg(test)]
mod tests {
    use super::serve::serve_on;
    use super::*;

    fn way(path: &std::path::Path) -> Way {
        Way {
            engine: Engine::Sqlite,
            place: path.to_str().expect("UTF-8").to_owned(),
            database: None,
            environment: "here".to_owned(),
            auth: None,
            connect_timeout: Duration::from_secs(1),
        }
    }

    /// What a process answers to these requests.
    fn answers(requests: &[Request]) -> Vec<Answered> {
        let mut input = Vec::new();
        for request in requests {
            write_line(&mut input, request).expect("a line");
        }
        let mut output = Vec::new();
        serve_on(&mut input.as_slice(), &mut output).expect("it serves");
        let mut output = output.as_slice();
        std::iter::from_fn(|| read_line(&mut output).expect("a line")).collect()
    }

    #[test]
    fn values_and_errors_go_over_the_line_as_they_are() {
        let folder = tempfile::tempdir().expect("a folder");
        let values = vec![
            Value::Null,
            Value::Integer(i64::MIN),
            Value::Real(0.1 + 0.2),
            Value::Text("a\"b\n\u{1F600}".into()),
            Value::Bytes(vec![0, 255]),
        ];
        let sql = "SELECT @P1, @P2, @P3, @P4, @P5";
        let found = answers(&[
            Request::Open(way(&folder.path().join("a.db"))),
            Request::Query(sql.into(), values.clone()),
            Request::Execute("CREATE TABLE t (a INTEGER NOT NULL) STRICT".into()),
            Request::ExecuteWith("INSERT INTO t VALUES (@P1)".into(), vec![Value::Null]),
            Request::ExecuteWith("INSERT INTO t VALUES (@P1)".into(), vec![Value::Integer(1)]),
        ]);
        let [
            _,
            Ok(Answer::Rows(rows)),
            _,
            Err(refused),
            Ok(Answer::Changed(1)),
        ] = &found[..]
        else {
            panic!("{} answers", found.len());
        };
        assert_eq!(rows.rows, [values]);
        assert!(
            matches!(&refused.kind, ErrorKind::Constraint(violation)
                if violation.constraint.as_deref() == Some("t.a")),
            "{refused:?}"
        );
    }

    #[test]
    fn what_cannot_be_opened_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let found = answers(&[Request::Open(way(folder.path()))]);
        assert!(matches!(&found[..], [Err(error)] if error.message.contains("is a folder")));
        let mut nothing: &[u8] = b"";
        assert!(serve_on(&mut nothing, &mut Vec::new()).is_err());
    }
}

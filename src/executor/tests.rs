//! Connections that are lost around COMMIT, which no embedded engine does by itself.

use std::path::Path;

use super::*;
use crate::dialect::sqlite::Sqlite;
use crate::engine::TransactionOptions;
use crate::engine::sqlite::{OpenOptions, SqliteSession};
use crate::engine::{Catalog, Rows, Server, Value};

/// What becomes of the commit during which the connection is lost.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Undone,
    Made,
}

/// A session whose connection is lost in its second commit: the first makes the history table.
struct Unsteady {
    inner: SqliteSession,
    file: String,
    fate: Fate,
    server_returns: bool,
    commits: usize,
    lost: bool,
}

fn open(file: &str) -> SqliteSession {
    let options = OpenOptions {
        create: true,
        read_only: false,
    };
    SqliteSession::open(file, options).expect("the folder is there")
}

fn gone() -> EngineError {
    EngineError::new(ErrorKind::Connection, "the server closed the connection")
}

impl Unsteady {
    fn steady(&mut self) -> Result<&mut SqliteSession, EngineError> {
        if self.lost {
            return Err(gone());
        }
        Ok(&mut self.inner)
    }
}

impl Session for Unsteady {
    fn server(&self) -> &Server {
        self.inner.server()
    }

    fn catalog(&mut self) -> Result<Catalog, EngineError> {
        self.steady()?.catalog()
    }

    fn execute(&mut self, batch: &str) -> Result<u64, EngineError> {
        self.steady()?.execute(batch)
    }

    fn execute_with(&mut self, sql: &str, parameters: &[Value]) -> Result<u64, EngineError> {
        self.steady()?.execute_with(sql, parameters)
    }

    fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Rows, EngineError> {
        self.steady()?.query(sql, parameters)
    }

    fn begin(&mut self, options: TransactionOptions) -> Result<(), EngineError> {
        self.steady()?.begin(options)
    }

    fn commit(&mut self) -> Result<(), EngineError> {
        self.commits += 1;
        if self.commits != 2 {
            return self.steady()?.commit();
        }
        match self.fate {
            Fate::Undone => self.inner.rollback()?,
            Fate::Made => self.inner.commit()?,
        }
        self.inner.unlock()?;
        self.lost = true;
        Err(gone())
    }

    fn rollback(&mut self) -> Result<(), EngineError> {
        self.steady()?.rollback()
    }

    fn lock(&mut self, timeout: Duration) -> Result<(), LockError> {
        self.steady()?.lock(timeout)
    }

    fn unlock(&mut self) -> Result<(), EngineError> {
        self.inner.unlock()
    }

    fn now(&mut self) -> Result<String, EngineError> {
        self.steady()?.now()
    }

    fn is_lost(&self) -> bool {
        self.lost
    }

    fn reconnect(&mut self) -> Result<(), EngineError> {
        if !self.server_returns {
            return Err(EngineError::new(ErrorKind::Connection, "no route to host"));
        }
        self.inner = open(&self.file);
        self.lost = false;
        Ok(())
    }
}

fn folder() -> Folder {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    Folder::read(&path, &[CHANGES_FILE, "sqlite.sql"]).expect("the shipped migrations are whole")
}

fn run(session: &mut dyn Session) -> Result<Outcome, Failure> {
    let (options, origin) = (Options::default(), Origin::default());
    migrate(session, &Sqlite, &folder(), &options, &origin, &mut |_| {})
}

fn unsteady(file: &str, fate: Fate, server_returns: bool) -> Unsteady {
    Unsteady {
        inner: open(file),
        file: file.to_owned(),
        fate,
        server_returns,
        commits: 0,
        lost: false,
    }
}

fn why(failure: Failure) -> EngineError {
    match failure.cause {
        Cause::History(HistoryError::Engine(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_commit_whose_answer_was_lost_is_found_in_the_history() {
    let place = tempfile::tempdir().expect("there is room");
    let file = place.path().join("a.db").to_string_lossy().into_owned();
    let mut session = unsteady(&file, Fate::Made, true);
    let outcome = run(&mut session).unwrap_or_else(|failure| panic!("{}", why(failure)));
    assert_eq!(outcome.applied.len(), folder().migrations.len());
    let history = History::load(&mut open(&file), &Sqlite, false).expect("it is there");
    assert_eq!(
        history.rows.len(),
        outcome.applied.len(),
        "nothing ran twice"
    );
    assert_eq!(history.head(), outcome.head.as_ref());
}

#[test]
fn a_commit_that_was_not_made_is_told_and_left_to_the_next_run() {
    let place = tempfile::tempdir().expect("there is room");
    let file = place.path().join("a.db").to_string_lossy().into_owned();
    let error = why(run(&mut unsteady(&file, Fate::Undone, true)).expect_err("it is undone"));
    assert_eq!(error.kind, ErrorKind::Connection);
    assert!(error.message.contains("was not committed"), "{error}");
    let history = History::load(&mut open(&file), &Sqlite, false).expect("it is there");
    assert!(
        history.rows.is_empty(),
        "a lost connection is no failed migration"
    );
    let outcome = run(&mut open(&file)).unwrap_or_else(|failure| panic!("{}", why(failure)));
    assert_eq!(outcome.applied.len(), folder().migrations.len());
}

#[test]
fn what_cannot_be_learned_is_said_to_be_unknown() {
    for fate in [Fate::Made, Fate::Undone] {
        let place = tempfile::tempdir().expect("there is room");
        let file = place.path().join("a.db").to_string_lossy().into_owned();
        let error = why(run(&mut unsteady(&file, fate, false)).expect_err("nobody answers"));
        assert_eq!(error.kind, ErrorKind::Connection);
        assert!(error.message.contains("could not be learned"), "{error}");
        assert!(error.message.contains("no route to host"), "{error}");
        // The next run finds out, whatever it was.
        let outcome = run(&mut open(&file)).unwrap_or_else(|failure| panic!("{}", why(failure)));
        assert_eq!(
            outcome.already + outcome.applied.len(),
            folder().migrations.len()
        );
    }
}

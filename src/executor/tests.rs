//! Connections that are lost around COMMIT, or while a batch runs outside of any transaction, which
//! no embedded engine does by itself.

use std::path::Path;

use std::collections::BTreeMap;

use super::*;
use crate::dialect::sqlite::Sqlite;
use crate::engine::TransactionOptions;
use crate::engine::sqlite::{OpenOptions, SqliteSession};
use crate::engine::{Catalog, Rows, Server, Value};
use crate::history;
use crate::migration::{Entry, File, SumFile};

/// What becomes of the commit during which the connection is lost.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Undone,
    Made,
}

/// A session whose connection is lost in its second commit (the first makes the history table), or
/// in the statement that has `cut_at` in it.
struct Unsteady {
    inner: SqliteSession,
    file: String,
    fate: Fate,
    server_returns: bool,
    cut_at: Option<&'static str>,
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
        if self.cut_at.is_some_and(|text| batch.contains(text)) {
            if self.fate == Fate::Made {
                self.steady()?.execute(batch)?;
            }
            self.inner.unlock()?;
            self.lost = true;
            return Err(gone());
        }
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
        if self.commits != 2 || self.cut_at.is_some() {
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
        cut_at: None,
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

/// One migration, whose second batch runs outside of any transaction.
fn with_a_batch_outside(done_when: &str) -> Folder {
    let sql = format!(
        "-- dbtool:no-transaction\nCREATE VIEW marks AS SELECT 1 AS mark;\n\
         -- dbtool:autocommit\n{done_when}CREATE VIEW outside AS SELECT 2 AS mark;\n"
    );
    let changes = "format: 1\nchanges: []\n".to_owned();
    let files = BTreeMap::from([
        (
            CHANGES_FILE.to_owned(),
            File::new("changes.yaml".to_owned(), changes),
        ),
        (
            "sqlite.sql".to_owned(),
            File::new("sqlite.sql".to_owned(), sql),
        ),
    ]);
    let sealed = files
        .iter()
        .map(|(name, file)| (name.clone(), file.checksum.clone()));
    let id = Id::parse("20260101000000_outside").expect("an id");
    Folder {
        path: "migrations".into(),
        sum: SumFile {
            entries: BTreeMap::from([(id.clone(), Entry::Sealed(sealed.collect()))]),
        },
        migrations: vec![Migration { id, files }],
        findings: Vec::new(),
    }
}

#[test]
fn a_connection_that_is_lost_in_a_batch_outside_of_any_transaction_leaves_it_in_doubt() {
    let asks = "-- dbtool:done-when SELECT count(*) FROM sqlite_schema WHERE name = 'outside'\n";
    for fate in [Fate::Made, Fate::Undone] {
        for done_when in ["", asks] {
            let place = tempfile::tempdir().expect("there is room");
            let file = place.path().join("a.db").to_string_lossy().into_owned();
            let folder = with_a_batch_outside(done_when);
            let (options, origin) = (Options::default(), Origin::default());
            let mut session = unsteady(&file, fate, false);
            session.cut_at = Some("VIEW outside");
            let run = |session: &mut dyn Session| {
                migrate(session, &Sqlite, &folder, &options, &origin, &mut |_| {})
            };
            let error = why(run(&mut session).expect_err("the connection is lost"));
            assert_eq!(error.kind, ErrorKind::Connection);
            assert!(error.message.contains("is not known"), "{error}");
            drop(session);
            let again = run(&mut open(&file));
            if done_when.is_empty() {
                let cause = again.expect_err("nobody knows").cause;
                let Cause::Conflict(findings) = cause else {
                    panic!("{cause:?}");
                };
                assert_eq!(findings[0].code, "migration/batch-unknown");
                continue;
            }
            // Made twice, the view would exist already.
            let outcome = again.unwrap_or_else(|failure| panic!("{:?}", failure.cause));
            assert_eq!(outcome.applied.len(), 1);
            let history = History::load(&mut open(&file), &Sqlite, true).expect("it is there");
            assert_eq!(history::verify_chain(&history.rows, None), Ok(()));
        }
    }
}

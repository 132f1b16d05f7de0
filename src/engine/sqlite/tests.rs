//! Sessions against real files.

use std::fs;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use tempfile::TempDir;

use super::*;
use crate::engine::ViolationKind;

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: TempDir::new().expect("a temporary folder can be made"),
        }
    }

    fn path(&self, name: &str) -> String {
        self.folder
            .path()
            .join(name)
            .to_str()
            .expect("the path is UTF-8")
            .to_owned()
    }

    fn open(&self) -> SqliteSession {
        open(&self.path("test.db"))
    }
}

const CREATE: OpenOptions = OpenOptions {
    create: true,
    read_only: false,
};

fn open(path: &str) -> SqliteSession {
    SqliteSession::open(path, CREATE).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn memory(sql: &str) -> SqliteSession {
    let mut session = open(":memory:");
    session.execute(sql).expect("the case's tables are sound");
    session
}

fn violation(error: &EngineError) -> (ViolationKind, Option<&str>) {
    match &error.kind {
        ErrorKind::Constraint(violation) => (violation.kind, violation.constraint.as_deref()),
        other => panic!("{other:?}: {error}"),
    }
}

const SCHEMA: &str = "
CREATE TABLE parents (tenantId TEXT NOT NULL, id INTEGER NOT NULL,
    CONSTRAINT pkParents PRIMARY KEY (tenantId, id)) STRICT;
CREATE TABLE jobRuns (
    tenantId TEXT NOT NULL, jobRunId INTEGER NOT NULL, parentId INTEGER,
    status TEXT CONSTRAINT tyJobRunsStatus CHECK (length(status) <= 8),
    attempts INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT pkJobRuns PRIMARY KEY (tenantId, jobRunId),
    CONSTRAINT ckJobRunsAttempts CHECK (attempts >= 0),
    CONSTRAINT fkJobRunsParents FOREIGN KEY (tenantId, parentId) REFERENCES parents (tenantId, id)
) STRICT;
CREATE TABLE log (id INTEGER NOT NULL) STRICT;
CREATE TRIGGER trLogAppendOnlyUpdate BEFORE UPDATE ON log
BEGIN SELECT RAISE(ABORT, 'log is append-only: UPDATE is refused'); END;
CREATE TRIGGER trLogOther BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'no'); END;
INSERT INTO jobRuns (tenantId, jobRunId) VALUES ('a', 1);
INSERT INTO log VALUES (1);
";

#[test]
fn violations_say_their_kind_and_their_constraint() {
    use ViolationKind::{AppendOnly, Check, ForeignKey, NotNull, Type, Unique};
    let cases = [
        (
            "INSERT INTO jobRuns (tenantId, jobRunId) VALUES ('a', 1)",
            Unique,
            Some("jobRuns.tenantId, jobRuns.jobRunId"),
        ),
        (
            "INSERT INTO jobRuns (tenantId, jobRunId, attempts) VALUES ('a', 2, -1)",
            Check,
            Some("ckJobRunsAttempts"),
        ),
        (
            "INSERT INTO jobRuns (tenantId, jobRunId, status) VALUES ('a', 2, 'far too long')",
            Type,
            Some("tyJobRunsStatus"),
        ),
        (
            "INSERT INTO jobRuns (tenantId, jobRunId) VALUES ('a', 'one')",
            Type,
            Some("jobRuns.jobRunId"),
        ),
        (
            "INSERT INTO jobRuns (tenantId) VALUES ('a')",
            NotNull,
            Some("jobRuns.jobRunId"),
        ),
        (
            "INSERT INTO jobRuns (tenantId, jobRunId, parentId) VALUES ('a', 2, 7)",
            ForeignKey,
            None,
        ),
        ("UPDATE log SET id = 2", AppendOnly, Some("log")),
        ("DELETE FROM log", Check, None),
    ];
    let mut session = memory(SCHEMA);
    for (sql, kind, constraint) in cases {
        let error = session.execute(sql).expect_err(sql);
        assert_eq!(violation(&error), (kind, constraint), "{sql}: {error}");
        assert!(error.code.is_some_and(|code| code > 255), "{error:?}");
        let error = session.execute_with(sql, &[]).expect_err(sql);
        assert_eq!(violation(&error), (kind, constraint), "{sql}: {error}");
    }
}

#[test]
fn a_syntax_error_says_its_line_in_the_batch() {
    let mut session = memory("CREATE TABLE t (a)");
    let error = session
        .execute("SELECT 1;\n-- é\nSELECT a FROM t;\nSELECT a,\n  b FROM t")
        .expect_err("there is no b");
    assert_eq!(error.message, "no such column: b");
    assert_eq!((error.kind, error.line), (ErrorKind::Statement, Some(5)));
}

#[test]
fn a_name_in_double_quotes_is_never_a_text() {
    let mut session = memory("CREATE TABLE t (a)");
    assert!(session.execute("SELECT \"b\" FROM t").is_err());
    assert!(
        session
            .execute("CREATE INDEX i ON t (a) WHERE a > \"b\"")
            .is_err()
    );
}

#[test]
fn changed_rows_are_counted_without_those_of_triggers() {
    let mut session = memory(
        "CREATE TABLE t (a, v DEFAULT 1);
         CREATE TRIGGER g AFTER UPDATE ON t WHEN NEW.v = OLD.v
         BEGIN UPDATE t SET v = OLD.v + 1 WHERE rowid = NEW.rowid; END;",
    );
    assert_eq!(
        session
            .execute("INSERT INTO t (a) VALUES (1), (2)")
            .unwrap(),
        2
    );
    assert_eq!(
        session
            .execute("UPDATE t SET a = 3; CREATE TABLE u (a)")
            .unwrap(),
        2
    );
    assert_eq!(session.execute("CREATE TABLE w (a)").unwrap(), 0);
    assert_eq!(session.execute("SELECT 1").unwrap(), 0);
    assert_eq!(session.execute("").unwrap(), 0);
    let sql = "DELETE FROM t WHERE v = @P1 RETURNING a";
    assert_eq!(session.execute_with(sql, &[Value::Integer(2)]).unwrap(), 2);
    assert_eq!(session.execute_with(sql, &[Value::Integer(2)]).unwrap(), 0);
}

#[test]
fn values_come_back_as_they_went_in() {
    let mut session = open(":memory:");
    let values = [
        Value::Null,
        Value::Integer(i64::MIN),
        Value::Real(0.1),
        Value::Text("it's\n\u{0}é".to_owned()),
        Value::Bytes(vec![0, 255]),
    ];
    let rows = session
        .query(
            "SELECT @P1 AS a, @P2 AS b, @P3 AS c, @P4 AS d, @P5 AS e, @P2 AS f",
            &values,
        )
        .unwrap();
    assert_eq!(rows.columns, ["a", "b", "c", "d", "e", "f"]);
    assert_eq!(rows.rows[0][..5], values);
    assert_eq!(rows.rows[0][5], values[1]);

    for sql in ["SELECT @P2", "SELECT @P0", "SELECT :a", "SELECT ?"] {
        let error = session.query(sql, &values[..1]).expect_err(sql);
        assert!(error.message.contains("has no value"), "{error}");
    }
    let error = session
        .query("SELECT 1; SELECT 2", &[])
        .expect_err("two statements");
    assert_eq!(error.kind, ErrorKind::Statement);
}

#[test]
fn what_cannot_be_opened_says_why() {
    let place = Place::new();
    fs::write(
        place.path("text.db"),
        "this is no database, whatever its name says, and long",
    )
    .unwrap();
    fs::create_dir(place.path("folder.db")).unwrap();
    let existing = OpenOptions::default();
    let cases = [
        (
            "text.db",
            CREATE,
            ErrorKind::Corrupt,
            "is not a SQLite database",
        ),
        (
            "folder.db",
            CREATE,
            ErrorKind::Connection,
            "is a folder, not a SQLite database",
        ),
        (
            "absent.db",
            existing,
            ErrorKind::Connection,
            "absent.db does not exist",
        ),
        (
            "no/such.db",
            CREATE,
            ErrorKind::Connection,
            "/no does not exist",
        ),
        (
            "text.db/x.db",
            CREATE,
            ErrorKind::Connection,
            "text.db is a file, not a folder",
        ),
    ];
    for (name, options, kind, message) in cases {
        let path = place.path(name);
        let error = SqliteSession::open(&path, options).expect_err(name);
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains(message), "{error}");
        assert!(error.message.starts_with(&path), "{error}");
    }
    assert!(
        !fs::exists(place.path("absent.db")).unwrap(),
        "nothing is created on the way"
    );
    assert!(SqliteSession::open("", CREATE).is_err());
}

#[test]
fn what_is_read_in_one_transaction_is_of_one_moment() {
    let place = Place::new();
    let mut writer = place.open();
    writer
        .execute("PRAGMA journal_mode = WAL; CREATE TABLE t (a)")
        .unwrap();
    let options = OpenOptions {
        create: false,
        read_only: true,
    };
    let mut reader = SqliteSession::open(&place.path("test.db"), options).unwrap();
    let count = |session: &mut SqliteSession| {
        let rows = session.query("SELECT count(*) FROM t", &[]).unwrap().rows;
        (rows, session.catalog().unwrap().objects.len())
    };
    reader.begin_read().unwrap();
    // The moment is that of the beginning, not of the first question.
    writer
        .execute("INSERT INTO t VALUES (1); CREATE TABLE u (a)")
        .unwrap();
    assert_eq!(count(&mut reader), (vec![vec![Value::Integer(0)]], 1));
    reader.rollback().unwrap();
    assert_eq!(count(&mut reader), (vec![vec![Value::Integer(1)]], 2));
}

#[test]
#[cfg(unix)]
fn a_file_that_was_replaced_is_not_committed_to() {
    let place = Place::new();
    let mut session = place.open();
    session.execute("CREATE TABLE t (a)").unwrap();
    session.begin(TransactionOptions::default()).unwrap();
    session.execute("INSERT INTO t VALUES (1)").unwrap();
    fs::copy(place.path("test.db"), place.path("other.db")).unwrap();
    fs::rename(place.path("other.db"), place.path("test.db")).unwrap();
    let error = session.commit().expect_err("the file is another one");
    assert_eq!(error.kind, ErrorKind::Connection);
    session.rollback().unwrap();
}

#[test]
fn a_read_only_session_refuses_to_write() {
    let place = Place::new();
    place.open().execute("CREATE TABLE t (a)").unwrap();
    let mut session = SqliteSession::open(
        &place.path("test.db"),
        OpenOptions {
            create: true,
            read_only: true,
        },
    )
    .unwrap();
    assert_eq!(session.catalog().unwrap().objects.len(), 1);
    let error = session
        .execute("INSERT INTO t VALUES (1)")
        .expect_err("read only");
    assert_eq!(error.kind, ErrorKind::ReadOnly);
    assert!(error.message.contains("test.db"), "{error}");
    let begun = session.begin(TransactionOptions::default());
    let error = begun.and_then(|()| session.execute("CREATE TABLE u (a)").map(drop));
    assert_eq!(error.expect_err("read only").kind, ErrorKind::ReadOnly);
}

#[test]
fn a_transaction_is_kept_or_undone_as_a_whole() {
    let place = Place::new();
    let mut session = place.open();
    session.begin(TransactionOptions::default()).unwrap();
    assert!(session.begin(TransactionOptions::default()).is_err());
    session.execute("CREATE TABLE t (a)").unwrap();
    session.rollback().unwrap();
    session.rollback().unwrap();
    assert_eq!(session.catalog().unwrap().objects, []);
    session.begin(TransactionOptions::default()).unwrap();
    session.execute("CREATE TABLE t (a)").unwrap();
    session.commit().unwrap();
    assert!(session.commit().is_err(), "nothing is left to commit");
    drop(session);
    assert_eq!(place.open().catalog().unwrap().objects.len(), 1);
}

#[test]
fn deferred_foreign_keys_are_checked_before_the_commit() {
    let defer = TransactionOptions {
        defer_foreign_keys: true,
    };
    let enforced = |session: &mut SqliteSession| {
        session.query("PRAGMA foreign_keys", &[]).unwrap().rows[0][0] == Value::Integer(1)
    };
    let mut session = memory(SCHEMA);
    assert!(enforced(&mut session));
    session.begin(defer).unwrap();
    let broken =
        "INSERT INTO jobRuns (tenantId, jobRunId, parentId) VALUES ('a', 2, 7), ('a', 3, 7)";
    session.execute(broken).unwrap();
    let error = session.commit().expect_err("the parent is missing");
    assert_eq!(
        violation(&error),
        (ViolationKind::ForeignKey, Some("jobRuns"))
    );
    assert_eq!(
        error.message,
        "FOREIGN KEY constraint failed: 2 rows of jobRuns would refer to no row of parents \
         (rowid 2, 3)"
    );
    session.rollback().unwrap();
    assert!(enforced(&mut session));

    session.begin(defer).unwrap();
    session.execute(broken).unwrap();
    session
        .execute("INSERT INTO parents VALUES ('a', 7)")
        .unwrap();
    session.commit().unwrap();
    assert!(enforced(&mut session));
    assert_eq!(session.execute("DELETE FROM jobRuns").unwrap(), 3);
}

#[test]
fn deleting_by_replace_fires_triggers() {
    let mut session = memory(
        "CREATE TABLE log (id INTEGER NOT NULL PRIMARY KEY, a TEXT) STRICT;
         CREATE TRIGGER d BEFORE DELETE ON log
         BEGIN SELECT RAISE(ABORT, 'log is append-only: DELETE is refused'); END;
         INSERT INTO log VALUES (1, 'x')",
    );
    let error = session
        .execute("INSERT OR REPLACE INTO log VALUES (1, 'y')")
        .expect_err("the row would be replaced");
    assert_eq!(violation(&error), (ViolationKind::AppendOnly, Some("log")));
}

#[test]
fn the_catalog_holds_what_people_made_in_a_stable_order() {
    let mut session = memory(
        "CREATE VIEW v AS SELECT 1;
         CREATE TABLE b (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT UNIQUE);
         CREATE TABLE a (x);
         CREATE INDEX i2 ON a (x);
         CREATE INDEX i1 ON b (a);
         CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END;
         ANALYZE;",
    );
    let catalog = session.catalog().unwrap();
    let found: Vec<_> = catalog
        .objects
        .iter()
        .map(|object| {
            (
                object.kind.as_str(),
                object.table.as_deref(),
                object.name.as_str(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("index", Some("a"), "i2"),
            ("index", Some("b"), "i1"),
            ("table", None, "a"),
            ("table", None, "b"),
            ("trigger", Some("a"), "t"),
            ("view", None, "v"),
        ]
    );
    assert_eq!(
        catalog.objects[2].definition.as_deref(),
        Some("CREATE TABLE a (x)")
    );
    assert!(catalog.product.starts_with("SQLite 3."));
}

#[test]
fn one_run_holds_the_lock_and_the_other_learns_who() {
    let place = Place::new();
    let mut first = place.open();
    let mut second = place.open();
    first.lock(Duration::ZERO).unwrap();
    first.lock(Duration::ZERO).expect("it has the lock already");
    let start = Instant::now();
    let error = second
        .lock(Duration::from_millis(60))
        .expect_err("the first has it");
    assert!(start.elapsed() >= Duration::from_millis(60));
    let LockError::Held { holder } = error else {
        panic!("{error}");
    };
    let holder = holder.expect("the holder is named");
    let process = format!("process {} of ", std::process::id());
    assert!(
        holder.starts_with(&process) && holder.contains(" since 20"),
        "{holder}"
    );

    first.unlock().unwrap();
    first.unlock().unwrap();
    second.lock(Duration::ZERO).unwrap();
    drop(second);
    first
        .lock(Duration::ZERO)
        .expect("the lock ends with its session");
    assert!(fs::exists(place.path("test.db.dbtool-lock")).unwrap());
}

#[test]
fn a_lock_that_is_given_back_in_time_is_obtained() {
    let place = Place::new();
    let mut first = place.open();
    let mut second = place.open();
    first.lock(Duration::ZERO).unwrap();
    let (sender, receiver) = mpsc::channel();
    let waiting = thread::spawn(move || {
        sender.send(()).unwrap();
        second.lock(Duration::from_secs(20))
    });
    receiver.recv().unwrap();
    thread::sleep(Duration::from_millis(50));
    first.unlock().unwrap();
    waiting.join().unwrap().expect("it was given back");
}

#[cfg(unix)]
#[test]
fn two_paths_to_one_file_have_one_lock() {
    let place = Place::new();
    let mut first = place.open();
    std::os::unix::fs::symlink(place.path("test.db"), place.path("link.db")).unwrap();
    let mut second = open(&place.path("link.db"));
    first.lock(Duration::ZERO).unwrap();
    assert!(matches!(
        second.lock(Duration::ZERO),
        Err(LockError::Held { .. })
    ));
}

#[test]
fn databases_in_memory_need_no_lock() {
    for _ in 0..2 {
        open(":memory:").lock(Duration::ZERO).unwrap();
    }
}

#[test]
fn the_server_says_what_it_is_and_what_time_it_is() {
    let place = Place::new();
    let mut session = place.open();
    let now = session.now().unwrap();
    assert_eq!(
        (now.len(), &now[10..11], &now[23..]),
        (24, "T", "Z"),
        "{now}"
    );
    let server = session.server();
    assert_eq!(server.database, place.path("test.db"));
    assert_eq!(server.engine, Engine::Sqlite);
    assert!(!server.user.is_empty() && !server.host.is_empty());
}

//! The same behaviour on a server that speaks T-SQL: an official SQL Server, Azure SQL, or Babelfish.
//!
//! `DBTOOL_TEST_MSSQL_URL` names it, as `mssql://user:password@host:port/master?…` with a login that
//! may create databases; without it these tests say that they were skipped, and pass. Each works in
//! databases of its own, which go away with it.
//!
//! Babelfish tells less of its catalog than SQL Server: names in lower case, and indexes under
//! others. So names are looked for without regard to case, and of an index the beginning.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

use dbtool::engine::mssql::{MssqlSession, NoTokens, SessionOptions};
use dbtool::engine::{EngineError, LockError, Session as _, Value};
use dbtool::secret::Literal;

use super::sandbox::{Run, Sandbox, finish};

/// The variable that names the server.
const SERVER: &str = "DBTOOL_TEST_MSSQL_URL";
/// The variable through which the binary gets the connection.
const CONNECTION: &str = "DBTOOL_LIVE_CONNECTION";

/// One test at a time: Babelfish takes no two CREATE DATABASE at once, and its application locks are
/// those of the whole server.
static TURN: Mutex<()> = Mutex::new(());

/// A database that is dropped with this value.
struct Database {
    server: String,
    name: String,
    _turn: MutexGuard<'static, ()>,
}

/// A project with a database on the server.
struct Live {
    sandbox: Sandbox,
    database: Database,
}

impl Database {
    /// An empty one, or `None` where no server is named.
    fn create() -> Option<Self> {
        static SAID: Once = Once::new();
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let Ok(server) = std::env::var(SERVER) else {
            // Past the capture of test output, so that nobody takes silence for success.
            SAID.call_once(|| {
                let _ = writeln!(
                    std::io::stderr(),
                    "the live SQL Server tests were skipped: {SERVER} names no server"
                );
            });
            return None;
        };
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let database = Self {
            server,
            name: format!("dbtool_live_{}_{count}", std::process::id()),
            _turn: TURN.lock().unwrap_or_else(PoisonError::into_inner),
        };
        open(&database.server)
            .and_then(|mut session| session.execute(&format!("CREATE DATABASE {}", database.name)))
            .expect("a login that may create databases");
        let mut session = database.session();
        if session.server().product.starts_with("Babelfish") {
            // It has the type but not its whole behaviour, and wants to hear that this is known.
            session
                .execute(
                    "EXEC sp_babelfish_configure 'escape_hatch_rowversion', 'ignore', 'server'",
                )
                .expect("a login that may configure the server");
        }
        Some(database)
    }

    /// The connection string of this database.
    fn url(&self) -> String {
        in_database(&self.server, &self.name)
    }

    fn session(&self) -> MssqlSession {
        open(&self.url()).expect("a session on the database")
    }

    fn sql(&self, batch: &str) {
        let done = self.session().execute(batch);
        done.unwrap_or_else(|error| panic!("{batch}: {error}"));
    }

    fn number(&self, query: &str) -> i64 {
        let rows = self.session().query(query, &[]);
        match rows
            .expect("an answer")
            .rows
            .first()
            .and_then(|row| row.first())
        {
            Some(Value::Integer(number)) => *number,
            other => panic!("{query}: {other:?}"),
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A server may take a moment to notice that a killed client is gone.
        let deadline = Instant::now() + Duration::from_secs(30);
        let drop = format!("DROP DATABASE {}", self.name);
        loop {
            let dropped = open(&self.server).and_then(|mut session| session.execute(&drop));
            match dropped {
                Ok(_) => return,
                Err(_) if Instant::now() < deadline => {}
                Err(error) => {
                    let _ = writeln!(std::io::stderr(), "{} stays behind: {error}", self.name);
                    return;
                }
            }
            std::thread::sleep(Duration::from_millis(300));
        }
    }
}

/// The connection string with another database: the path of the URL.
fn in_database(server: &str, database: &str) -> String {
    let (base, options) = server.split_once('?').unwrap_or((server, ""));
    let host = base
        .strip_prefix("mssql://")
        .unwrap_or_else(|| panic!("{SERVER} does not begin with mssql://"));
    let host = host.split('/').next().unwrap_or(host);
    format!("mssql://{host}/{database}?{options}")
}

fn open(url: &str) -> Result<MssqlSession, EngineError> {
    let literal = Literal::read(url).expect("a connection string");
    MssqlSession::open(&literal, Arc::new(NoTokens), SessionOptions::default())
}

impl Live {
    fn new(sandbox: Sandbox) -> Option<Self> {
        let database = Database::create()?;
        Some(Self { sandbox, database })
    }

    /// The repository's own project, with its seven entities.
    fn product() -> Option<Self> {
        Self::new(Sandbox::product())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.command_on(&self.database.url(), arguments)
    }

    fn command_on(&self, url: &str, arguments: &[&str]) -> Command {
        let mut command = self.sandbox.command(arguments);
        command
            .args(["--url", &format!("env:{CONNECTION}")])
            .env(CONNECTION, url);
        command
    }

    #[track_caller]
    fn ends(&self, code: i32, arguments: &[&str]) -> Run {
        self.ends_on(code, &self.database.url(), arguments)
    }

    #[track_caller]
    fn ends_on(&self, code: i32, url: &str, arguments: &[&str]) -> Run {
        let run = finish(self.command_on(url, arguments));
        assert_eq!(run.code, code, "{arguments:?}\n{run}");
        run
    }

    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> Run {
        self.ends(0, arguments)
    }

    fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("a process")
    }

    /// Writes and seals a migration by hand. The embedded engine's file changes nothing.
    fn written(&self, version: &str, name: &str, sql: &str) {
        self.sandbox
            .ok(&["generate", "--empty", name, "--version-stamp", version]);
        let file = |engine: &str| format!("migrations/{version}_{name}/{engine}.sql");
        self.sandbox.write(&file("mssql"), sql);
        self.sandbox.write(&file("sqlite"), "SELECT 1;\n");
        self.sandbox.ok(&["seal", version]);
    }

    /// Tables of the project that are there.
    fn tables(&self) -> i64 {
        self.database.number(
            "SELECT COUNT_BIG(*) FROM INFORMATION_SCHEMA.TABLES \
             WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_NAME NOT LIKE 'dbtool%'",
        )
    }

    /// Takes the migration lock as soon as it is free and gives it back; says whether it was free
    /// within the time.
    fn lock_is_free_within(&self, time: Duration) -> bool {
        let mut session = self.database.session();
        match session.lock(time) {
            Ok(()) => {
                session.unlock().expect("the lock is given back");
                true
            }
            Err(LockError::Held { .. }) => false,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn live_seven_entities_are_made_from_nothing_and_a_second_run_finds_nothing_to_do() {
    let Some(live) = Live::product() else { return };
    live.ok(&["status"]).says("1 pending");
    live.ok(&["plan"]).says("CREATE TABLE [dbo].[jobRuns]");
    assert_eq!(live.tables(), 0, "status and plan only read");
    live.ok(&["migrate"]).says("Applied 1 migration");
    assert_eq!(live.tables(), 7);
    live.ok(&["status"]).says("1 applied, 0 pending");
    live.ok(&["drift-check"]).says("No drift");
    let rows = "SELECT COUNT_BIG(*) FROM dbo.dbtoolHistory";
    let before = live.database.number(rows);
    live.ok(&["migrate"]).says("Nothing to do");
    assert_eq!(
        live.database.number(rows),
        before,
        "a run that applies nothing records nothing"
    );
    live.ok(&["history", "--verify"]).says("intact");
}

#[test]
fn live_two_runs_at_once_apply_each_migration_once() {
    let Some(live) = Live::product() else { return };
    // Both have to wait, so that neither is done before the other begins.
    let mut holder = live.database.session();
    holder
        .lock(Duration::from_secs(5))
        .expect("the lock is free");
    let mut children = [live.spawn(&["migrate"]), live.spawn(&["migrate"])];
    std::thread::sleep(Duration::from_secs(2));
    for child in &mut children {
        let ended = child.try_wait().expect("a process");
        assert!(ended.is_none(), "a run did not wait for the lock");
    }
    holder.unlock().expect("the lock is given back");
    let mut said = Vec::new();
    for child in children {
        let output = child.wait_with_output().expect("an end");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{text}{errors}");
        said.push(text);
    }
    let count = |what: &str| said.iter().filter(|text| text.contains(what)).count();
    assert_eq!(count("Applied 1 migration"), 1, "{said:?}");
    assert_eq!(count("Nothing to do"), 1, "{said:?}");
    live.ok(&["drift-check"]);
    live.ok(&["history", "--verify"]).says("intact");
}

#[test]
fn live_a_lock_that_is_held_ends_the_run() {
    let Some(live) = Live::product() else { return };
    let mut holder = live.database.session();
    holder
        .lock(Duration::from_secs(5))
        .expect("the lock is free");
    live.ends(7, &["migrate", "--lock-timeout", "1"])
        .says("lock");
    assert_eq!(live.tables(), 0);
    drop(holder);
    assert!(live.lock_is_free_within(Duration::from_secs(10)));
}

#[test]
fn live_a_killed_run_leaves_all_or_nothing_and_no_lock() {
    for delay in [150, 300, 450, 600, 900] {
        let Some(live) = Live::product() else { return };
        let mut child = live.spawn(&["migrate"]);
        std::thread::sleep(Duration::from_millis(delay));
        child.kill().expect("a kill");
        child.wait().expect("an end");
        assert!(
            live.lock_is_free_within(Duration::from_secs(30)),
            "killed after {delay} ms: the lock is still held"
        );
        let tables = live.tables();
        assert!(
            tables == 0 || tables == 7,
            "killed after {delay} ms: {tables}"
        );
        live.ok(&["migrate"]);
        assert_eq!(live.tables(), 7);
        live.ok(&["drift-check"]);
        live.ok(&["history", "--verify"]).says("intact");
    }
}

#[test]
fn live_a_run_that_is_killed_inside_its_transaction_leaves_nothing_of_it() {
    let Some(live) = Live::new(Sandbox::small()) else {
        return;
    };
    live.ok(&["migrate"]);
    live.written(
        "20260102000000",
        "slow",
        "CREATE TABLE dbo.halfway (id int NOT NULL);\nGO\n\
         DECLARE @i int = 0;\nWHILE @i < 400000 SET @i = @i + 1;\nGO\n\
         CREATE TABLE dbo.done (id int NOT NULL);\n",
    );
    let mut child = live.spawn(&["migrate"]);
    // It holds the lock from its first statement on, and the loop takes far longer than this.
    let deadline = Instant::now() + Duration::from_secs(20);
    while live.lock_is_free_within(Duration::ZERO) {
        let ended = child.try_wait().expect("a process");
        assert!(ended.is_none(), "the run ended before it could be killed");
        assert!(Instant::now() < deadline, "the run never took its lock");
    }
    std::thread::sleep(Duration::from_millis(200));
    child.kill().expect("a kill");
    child.wait().expect("an end");
    assert!(live.lock_is_free_within(Duration::from_secs(120)));
    assert_eq!(live.tables(), 2, "orders and their lines, nothing else");
    live.ok(&["drift-check", "--allow-pending"]);
    live.ok(&["migrate"]).says("Applied 1 migration");
    assert_eq!(live.tables(), 4);
    live.ok(&["history", "--verify"]).says("intact");
}

/// Changes behind dbtool's back, one after the other, and the object that must be named.
const MUTATIONS: &[(&str, &str)] = &[
    (
        "DROP INDEX ixJobRunsTenantIdCorrelationId ON dbo.jobRuns",
        "ixJobRunsTenantIdCorrel",
    ),
    (
        "CREATE INDEX ixStray ON dbo.jobRuns (status)",
        "jobRuns.ixStray",
    ),
    (
        "ALTER TABLE dbo.jobRuns ADD stray int NULL",
        "jobRuns.stray",
    ),
    (
        "ALTER TABLE dbo.jobRuns ALTER COLUMN errorMessage nvarchar(3000)",
        "jobRuns.errorMessage",
    ),
    (
        "ALTER TABLE dbo.jobRuns DROP CONSTRAINT ckJobRunsAttemptCount",
        "jobRuns.ckJobRunsAttemptCount",
    ),
    (
        "ALTER TABLE dbo.jobRuns ADD CONSTRAINT ckStray CHECK (attemptCount < 100)",
        "jobRuns.ckStray",
    ),
    (
        "ALTER TABLE dbo.jobRuns DROP CONSTRAINT ckJobRunsFileSizeBytes;
         ALTER TABLE dbo.jobRuns ADD CONSTRAINT ckJobRunsFileSizeBytes CHECK (fileSizeBytes >= 1)",
        "jobRuns.ckJobRunsFileSizeBytes",
    ),
    (
        "DROP TRIGGER dbo.trAuditLogsAppendOnly",
        "auditLogs.trAuditLogsAppendOnly",
    ),
    (
        "CREATE TABLE dbo.strayTable (id int NOT NULL)",
        "strayTable",
    ),
    (
        "CREATE VIEW dbo.strayView AS SELECT status FROM dbo.jobRuns",
        "strayView",
    ),
    ("DROP TABLE dbo.uploadPolicies", "uploadPolicies"),
];

#[test]
fn live_changes_by_other_hands_are_named() {
    let Some(live) = Live::product() else { return };
    live.ok(&["migrate"]);
    live.ok(&["drift-check"]).says("No drift");
    // Rows are no drift, and neither is a table that came and went.
    live.database
        .sql("CREATE TABLE dbo.passing (id int NOT NULL)");
    live.database.sql("DROP TABLE dbo.passing");
    live.ok(&["drift-check"]);
    for (index, (change, object)) in MUTATIONS.iter().enumerate() {
        live.database.sql(change);
        let run = live.ends(3, &["drift-check"]);
        let seen = run.seen().to_lowercase();
        for (_, object) in &MUTATIONS[..=index] {
            // A table that is dropped later takes nothing of the others along.
            assert!(
                seen.contains(&object.to_lowercase()),
                "after {change}: nothing names {object}\n{run}"
            );
        }
        assert!(seen.contains("drift/"), "{object}\n{run}");
    }
    // Nothing is built on it.
    live.written(
        "20991231000000",
        "more",
        "CREATE TABLE dbo.more (id int NOT NULL);\n",
    );
    live.ends(3, &["migrate"]).says("--allow-drift");
    live.ok(&["migrate", "--allow-drift", "agreed with the DBA"]);
    live.ok(&["history", "--format", "json"])
        .says("agreed with the DBA");
}

#[test]
fn live_a_failing_migration_changes_nothing_and_says_where() {
    let Some(live) = Live::new(Sandbox::small()) else {
        return;
    };
    live.ok(&["migrate"]);
    let order = "INSERT INTO dbo.orders (tenantId, orderId) \
                 VALUES (N'a', '0190b2c4-0000-7000-8000-000000000001');\n";
    live.written(
        "20260102000000",
        "broken",
        &format!("CREATE TABLE dbo.halfway (id int NOT NULL);\nGO\n\n{order}GO\n-- The same order.\n\n{order}"),
    );
    let run = live.ends(4, &["migrate"]);
    run.says("20260102000000_broken").says("mssql.sql:8");
    assert!(run.seen().contains("2627"), "{run}");
    assert_eq!(
        live.database.number("SELECT COUNT_BIG(*) FROM dbo.orders"),
        0
    );
    assert_eq!(live.tables(), 2);
    assert_eq!(
        live.database.number(
            "SELECT COUNT_BIG(*) FROM dbo.dbtoolHistory WHERE state = N'failed' \
             AND errorText LIKE N'%2627%'"
        ),
        1
    );
    live.ok(&["drift-check", "--allow-pending"]);
    // Mended, it goes on without any manual step.
    live.sandbox.write(
        "migrations/20260102000000_broken/mssql.sql",
        "CREATE TABLE dbo.halfway (id int NOT NULL);\n",
    );
    live.sandbox.ok(&["seal", "20260102000000"]);
    live.ok(&["migrate"]).says("Applied 1 migration");
    live.ok(&["history", "--verify"]).says("intact");
}

#[test]
fn live_a_history_that_was_edited_is_told() {
    let Some(live) = Live::new(Sandbox::small()) else {
        return;
    };
    live.ok(&["migrate"]);
    let edit = "UPDATE dbo.dbtoolHistory SET toolVersion = N'9.9.9'";
    let refused = live.database.session().execute(edit);
    assert!(refused.is_err(), "rows of the history can only be added");
    live.ok(&["history", "--verify"]).says("intact");
    // Whoever owns the table can take the trigger off, and is found out all the same.
    let triggers = live.database.session().query(
        "SELECT CAST(t.name AS nvarchar(128)) AS name FROM sys.triggers AS t \
         WHERE t.parent_id = OBJECT_ID('dbo.dbtoolHistory')",
        &[],
    );
    for name in triggers.expect("an answer").rows.into_iter().flatten() {
        let Value::Text(name) = name else {
            panic!("{name:?}")
        };
        live.database.sql(&format!("DROP TRIGGER dbo.[{name}]"));
    }
    live.database.sql(edit);
    live.ends(9, &["history", "--verify"]).says("row 1");
}

#[test]
fn live_ctrl_c_undoes_the_migration_gives_the_lock_back_and_ends_with_130() {
    let Some(live) = Live::new(Sandbox::small()) else {
        return;
    };
    live.ok(&["migrate"]);
    live.written(
        "20260102000000",
        "slow",
        "CREATE TABLE dbo.halfway (id int NOT NULL);\nGO\n\
         DECLARE @i int = 0;\nWHILE @i < 40000000 SET @i = @i + 1;\nGO\n",
    );
    let rows = "SELECT COUNT_BIG(*) FROM dbo.dbtoolHistory";
    let before = live.database.number(rows);
    let child = live.spawn(&["migrate"]);
    let deadline = Instant::now() + Duration::from_secs(20);
    while live.lock_is_free_within(Duration::ZERO) {
        assert!(Instant::now() < deadline, "the run never took its lock");
    }
    std::thread::sleep(Duration::from_secs(1));
    let asked = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(asked.expect("a signal").success());
    let output = child.wait_with_output().expect("an end");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    // At once: the run gave the lock back itself.
    assert!(live.lock_is_free_within(Duration::ZERO), "{said}");
    assert_eq!(live.tables(), 2, "orders and their lines, nothing else");
    assert_eq!(live.database.number(rows), before, "nothing failed");
    live.ok(&["drift-check", "--allow-pending"]);
}

#[test]
fn live_readers_wait_for_a_run_that_writes_and_not_for_one_another() {
    let Some(live) = Live::new(Sandbox::small()) else {
        return;
    };
    live.ok(&["migrate"]);
    let mut reader = live.database.session();
    reader.begin_read().expect("nobody writes");
    live.ok(&["drift-check"]);
    live.ends(7, &["migrate", "--lock-timeout", "1"]);
    reader.rollback().expect("it ends");
    live.ok(&["migrate"]);
    let mut writer = live.database.session();
    writer.lock(Duration::from_secs(5)).expect("it is free");
    let child = live.spawn(&["status"]);
    std::thread::sleep(Duration::from_secs(1));
    writer.unlock().expect("it is given back");
    assert!(child.wait_with_output().expect("an end").status.success());
}

#[test]
fn live_indexes_alone_are_built_online_batch_by_batch() {
    let Some(live) = Live::new(Sandbox::small()) else {
        return;
    };
    live.ok(&["migrate"]);
    live.sandbox.edit(
        "schema/orders.yaml",
        "indexes:\n",
        "indexes:\n  - columns: [tenantId, note]\n  - columns: [tenantId, total]\n",
    );
    live.sandbox
        .ok(&["generate", "indexes", "--version-stamp", "20260102000000"]);
    let sql = live
        .sandbox
        .read("migrations/20260102000000_indexes/mssql.sql");
    assert_eq!(sql.matches("WITH (ONLINE = ON);").count(), 2, "{sql}");
    if live.lacks_online() {
        let run = live.ends(4, &["migrate"]);
        run.says("edition").says("indexes/mssql.sql:");
        return;
    }
    live.ok(&["migrate"]).says("Applied 1 migration");
    live.ok(&["drift-check"]).says("No drift");
    let journal = "SELECT COUNT_BIG(*) FROM dbo.dbtoolJournal";
    assert_eq!(live.database.number(journal), 2);
}

#[test]
fn live_what_the_server_lacks_is_refused_before_anything_runs() {
    let Some(live) = Live::new(Sandbox::small()) else {
        return;
    };
    live.ok(&["migrate"]);
    live.written(
        "20260102000000",
        "first",
        "CREATE TABLE dbo.first (id int NOT NULL);\n",
    );
    // No server runs this one in a transaction, and a stand-in has no MERGE either.
    live.written(
        "20260103000000",
        "second",
        "-- dbtool:allow L17 what the server says of it is what is asked here\n\
         CREATE INDEX ixOrdersNote ON dbo.orders (note) WITH (ONLINE = ON, RESUMABLE = ON);\n",
    );
    live.ends(4, &["migrate"])
        .says("RESUMABLE = ON")
        .says("20260103000000_second");
    assert_eq!(live.tables(), 2, "the one before it was not applied either");
}

#[test]
fn live_changes_to_the_schema_are_made_in_place() {
    let Some(live) = Live::new(Sandbox::small()) else {
        return;
    };
    live.ok(&["migrate"]);
    live.database.sql(
        "INSERT INTO dbo.orders (tenantId, orderId, note) \
         VALUES (N'a', '0190b2c4-0000-7000-8000-000000000001', N'kept')",
    );
    live.sandbox.edit(
        "schema/orders.yaml",
        "  createdAt",
        "  extra: { type: int, nullable: true }\n  createdAt",
    );
    live.sandbox
        .ok(&["generate", "extra", "--version-stamp", "20260102000000"]);
    live.ok(&["migrate"]).says("Applied 1 migration");
    live.ok(&["drift-check"]).says("No drift");
    assert_eq!(
        live.database
            .number("SELECT COUNT_BIG(*) FROM dbo.orders WHERE note = N'kept' AND extra IS NULL"),
        1
    );
    live.ok(&["history", "--verify"]).says("intact");
}

/// Databases on the server whose names begin as those of throwaway ones do.
fn throwaways(server: &str) -> Vec<String> {
    let rows = open(server).and_then(|mut session| {
        let sql = "SELECT CAST(name AS nvarchar(128)) AS name FROM sys.databases ORDER BY name";
        session.query(sql, &[])
    });
    let names = rows.expect("an answer").rows.into_iter().flatten();
    names
        .filter_map(|name| match name {
            Value::Text(name) if name.starts_with("dbtool_") => Some(name),
            _ => None,
        })
        .filter(|name| !name.starts_with("dbtool_live_"))
        .collect()
}

impl Live {
    /// Asserts that no scenario failed, and that what this product cannot judge is said to be so.
    #[track_caller]
    fn stories_hold(&self, run: &Run) {
        let json: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
        let is_stand_in = self.is_stand_in();
        let mut judged = 0;
        for story in json["data"]["stories"].as_array().expect("stories") {
            for criterion in story["criteria"].as_array().expect("criteria") {
                let status = criterion["status"].as_str().expect("a status");
                let reason = criterion["reason"].as_str().unwrap_or_default();
                match (criterion["provenBy"].as_str(), status) {
                    (Some("database"), "proven") => judged += 1,
                    (Some("database"), _) => assert!(
                        is_stand_in && reason.starts_with("not judged on this engine"),
                        "{criterion:#}"
                    ),
                    _ => {}
                }
            }
        }
        assert!(judged >= 3, "{judged} criteria were proven\n{run}");
        let drift = if is_stand_in { "skipped" } else { "passed" };
        assert_eq!(json["data"]["phases"]["drift"], drift, "{run}");
    }

    fn lacks_online(&self) -> bool {
        let session = self.database.session();
        session
            .lacks(dbtool::dialect::Feature::OnlineIndex)
            .is_some()
    }

    fn is_stand_in(&self) -> bool {
        let session = self.database.session();
        session.server().product.starts_with("Babelfish")
    }
}

#[test]
fn live_stories_are_proven_in_databases_that_come_and_go() {
    let Some(live) = Live::product() else { return };
    let server = &live.database.server;
    let before = throwaways(server);
    // What a run that was killed left behind: the mark is there, and nobody holds its lock.
    let left = "dbtool_0123456789abcdef_0";
    let mut admin = open(server).expect("a session");
    let _ = admin.execute(&format!("DROP DATABASE IF EXISTS {left}"));
    admin
        .execute(&format!("CREATE DATABASE {left}"))
        .expect("a database");
    open(&in_database(server, left))
        .and_then(|mut session| {
            session.execute(
                "EXEC sys.sp_addextendedproperty @name = N'dbtoolThrowaway', \
                 @value = N'0123456789abcdef'",
            )
        })
        .expect("a property");
    let arguments = [
        "verify-story",
        "--allow-create-database",
        "--format",
        "json",
    ];
    let run = live.ok(&arguments);
    live.stories_hold(&run);
    run.says(&format!("dropped {left}"));
    let expected: Vec<_> = before.into_iter().filter(|name| name != left).collect();
    assert_eq!(throwaways(server), expected, "nothing of it stays");
    assert_eq!(live.tables(), 0, "the named database is not touched");
}

#[test]
fn live_a_scratch_database_is_emptied_only_when_somebody_marked_it() {
    let Some(live) = Live::product() else { return };
    live.database
        .sql("CREATE TABLE dbo.precious (id int NOT NULL)");
    let arguments = ["verify-story", "--scratch-database", "--format", "json"];
    live.ends(2, &arguments).says("dbtoolScratch");
    assert_eq!(live.tables(), 1, "nothing was dropped");
    live.database
        .sql("EXEC sys.sp_addextendedproperty @name = N'dbtoolScratch', @value = N'yes'");
    live.database.sql("CREATE SCHEMA elsewhere");
    live.database
        .sql("CREATE TABLE elsewhere.precious (id int NOT NULL)");
    // Another run has it.
    let mut holder = live.database.session();
    let taken = holder.query(
        "DECLARE @result int; EXEC @result = sp_getapplock @Resource = 'dbtool/scratch', \
         @LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = 0, \
         @DbPrincipal = 'public'; SELECT CAST(@result AS bigint) AS result",
        &[],
    );
    assert_eq!(
        taken.expect("an answer").rows,
        [[Value::Integer(0)]],
        "the lock is free"
    );
    live.ends(7, &arguments);
    drop(holder);
    let run = live.ok(&arguments);
    live.stories_hold(&run);
    let count = |table: &str| {
        live.database.number(&format!(
            "SELECT COUNT_BIG(*) FROM INFORMATION_SCHEMA.TABLES WHERE {table}"
        ))
    };
    assert_eq!(count("TABLE_SCHEMA = 'dbo' AND TABLE_NAME = 'precious'"), 0);
    assert_eq!(count("TABLE_SCHEMA = 'elsewhere'"), 1);
}

#[test]
fn live_a_weaker_schema_is_found_out_over_the_wire_too() {
    let Some(live) = Live::product() else { return };
    live.sandbox.edit(
        "schema/jobRuns.yaml",
        "unique:\n  - columns: [tenantId, idempotencyKey]\n",
        "",
    );
    std::fs::remove_dir_all(live.sandbox.path("migrations")).expect("a folder");
    live.sandbox.ok(&["generate", "initial"]);
    let run = live.ends(5, &["verify-story", "S2vDB-03", "--allow-create-database"]);
    run.says("persistence")
        .says("fixtures/stories/S2vDB-03.yaml:");
}

#[test]
fn live_a_connection_that_cannot_be_made_says_why() {
    let Some(live) = Live::new(Sandbox::small()) else {
        return;
    };
    let url = live.database.url();
    let password = url
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('@'))
        .and_then(|(login, _)| login.split_once(':'))
        .map(|(_, password)| password.to_owned())
        .expect("a login with its password");
    let nowhere = in_database(&live.database.server, "dbtool_live_nowhere");
    let wrong = url.replacen(&format!(":{password}@"), ":Wrong-Passw0rd@", 1);
    for (url, text) in [(&nowhere, "dbtool_live_nowhere"), (&wrong, "18456")] {
        let run = finish(live.command_on(url, &["status", "--connect-timeout", "10"]));
        assert_ne!(run.code, 0, "{run}");
        run.says(text);
        assert!(!run.seen().contains(&password), "a secret was printed");
        assert!(
            !run.seen().contains("Wrong-Passw0rd"),
            "a secret was printed"
        );
    }
    if url.contains("trustServerCertificate=true") {
        let strict = url.replace(
            "trustServerCertificate=true",
            "trustServerCertificate=false",
        );
        let run = finish(live.command_on(&strict, &["status", "--connect-timeout", "10"]));
        assert_ne!(run.code, 0, "{run}");
        run.says("no encrypted connection could be made");
    }
}

/// A session as any client has it, for what somebody runs by hand.
fn client(live: &Live) -> MssqlSession {
    live.database.session()
}

#[test]
fn live_a_script_that_runs_by_hand_leaves_what_migrate_leaves() {
    let Some(live) = Live::product() else { return };
    live.ok(&["plan", "--script", "--output", "run.sql"])
        .says("applies 1 migration");
    let script = live.sandbox.read("run.sql");
    client(&live).execute(&script).expect("the script runs");
    assert_eq!(live.tables(), 7);
    live.ok(&["status"]).says("1 applied, 0 pending");
    live.ok(&["history", "--verify"]).says("intact");
    live.ok(&["migrate"]).says("Nothing to do");
    live.ok(&["drift-check"]).says("No drift");
    // On top of it, with text that no code page keeps, a batch by batch migration, and rows.
    live.written(
        "20991230000000",
        "text",
        "DECLARE @x nvarchar(99) = N'Größe ''q'' $(x)';\nIF LEN(@x) <> 14 THROW 50000, N'cut', 1;\nGO\n\
         CREATE TABLE dbo.extra (id int NOT NULL, note nvarchar(99) NULL);\nGO\n\
         INSERT INTO dbo.extra (id, note) VALUES (1, N'Größe ''q'' $(x)');\nGO 3\n",
    );
    live.written(
        "20991230000001",
        "batches",
        "-- dbtool:no-transaction\nUPDATE dbo.extra SET id = id + 1;\nGO\n-- dbtool:autocommit\n\
         IF @@TRANCOUNT > 0\nBEGIN\n    THROW 50000, N'in a transaction', 1;\nEND;\n\
         UPDATE dbo.extra SET id = id + 10;\n",
    );
    let json = live.ok(&["plan", "--script", "--format", "json"]).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let script = json["data"]["script"]
        .as_str()
        .expect("a script")
        .to_owned();
    let head = json["data"]["headAfter"]
        .as_str()
        .expect("a head")
        .to_owned();
    assert!(script.is_ascii());
    client(&live).execute(&script).expect("the script runs");
    assert_eq!(
        live.database.number(
            "SELECT COUNT_BIG(*) FROM dbo.extra WHERE id = 12 AND note = N'Größe ''q'' $(x)'"
        ),
        3
    );
    live.ok(&["history", "--verify", "--head", &head])
        .says("intact");
    live.ok(&["migrate"]).says("Nothing to do");
    // What people wrote is outside of the model, and known since it was recorded.
    live.ok(&["history", "--verify"]).says("intact");
    // Again it stops, and gives the lock back.
    let again = client(&live).execute(&script).expect_err("it has run");
    assert!(again.message.contains("stopped"), "{again}");
    assert!(live.lock_is_free_within(Duration::from_secs(10)));
    let mut elsewhere = open(&live.database.server).expect("a session");
    let wrong = elsewhere.execute(&script).expect_err("another database");
    assert!(wrong.message.contains("not the database"), "{wrong}");
}

#[test]
fn live_a_script_whose_migration_fails_changes_nothing() {
    let Some(live) = Live::new(Sandbox::small()) else {
        return;
    };
    live.ok(&["migrate"]);
    live.written(
        "20260102000000",
        "fails",
        "CREATE TABLE dbo.halfway (id int NOT NULL);\nGO\n\
         INSERT INTO dbo.orders (tenantId, orderId) VALUES (N'', NEWID());\n",
    );
    live.ok(&["plan", "--script", "--output", "run.sql"]);
    let script = live.sandbox.read("run.sql");
    let error = client(&live)
        .execute(&script)
        .expect_err("a check refuses the row");
    assert!(error.message.to_lowercase().contains("check"), "{error}");
    assert_eq!(live.tables(), 2);
    assert!(live.lock_is_free_within(Duration::from_secs(10)));
    // A lock that is held is waited for, and its return code read.
    let mut holder = client(&live);
    holder
        .lock(Duration::from_secs(5))
        .expect("the lock is free");
    let quick = script.replace("@LockTimeout = 60000", "@LockTimeout = 500");
    let error = client(&live).execute(&quick).expect_err("the lock is held");
    assert!(error.message.contains("lock"), "{error}");
    drop(holder);
    live.ok(&["history", "--verify"]).says("intact");
}

#[test]
fn live_a_batch_outside_of_any_transaction_is_asked_for_or_settled() {
    let Some(live) = Live::new(Sandbox::small()) else {
        return;
    };
    live.ok(&["migrate"]);
    let script = |done_when: &str, pause: &str| {
        format!(
            "-- dbtool:no-transaction\nCREATE TABLE dbo.log (id int NOT NULL);\nGO\n\
             -- dbtool:autocommit\n{done_when}IF @@TRANCOUNT > 0\nBEGIN\n    THROW 50000, N'in a \
             transaction', 1;\nEND;\nINSERT INTO dbo.log (id) VALUES (1);\n{pause}GO\n\
             INSERT INTO dbo.log (id) VALUES (2);\n"
        )
    };
    let slow = "DECLARE @i int = 0;\nWHILE @i < 100000 SET @i = @i + 1;\n";
    let asks = "-- dbtool:done-when SELECT COUNT_BIG(*) FROM dbo.log WHERE id = 1\n";
    for (number, done_when) in [(2, asks), (3, "")] {
        let version = format!("2026010{number}000000");
        live.written(&version, "outside", &script(done_when, slow));
        let mut child = live.spawn(&["migrate"]);
        let deadline = Instant::now() + Duration::from_secs(60);
        let begun = "SELECT CASE WHEN OBJECT_ID(N'dbo.log', N'U') IS NULL THEN 0 ELSE 1 END";
        while live.database.number(begun) == 0
            || live.database.number("SELECT COUNT_BIG(*) FROM dbo.log") == 0
        {
            let ended = child.try_wait().expect("a process");
            assert!(ended.is_none(), "the run ended before it could be killed");
            assert!(Instant::now() < deadline, "the batch never ran");
        }
        child.kill().expect("a kill");
        child.wait().expect("an end");
        assert!(live.lock_is_free_within(Duration::from_secs(120)));
        if done_when.is_empty() {
            live.ends(9, &["migrate"]).says("--batch-done");
            live.ok(&[
                "repair",
                "--batch-done",
                &version,
                "--yes",
                "--reason",
                "the row is there",
            ]);
        }
        live.ok(&["migrate"]).says("Applied 1 migration");
        assert_eq!(
            live.database.number("SELECT COUNT_BIG(*) FROM dbo.log"),
            2,
            "each batch had its effect once"
        );
        live.ok(&["drift-check"]);
        live.ok(&["history", "--verify"]).says("intact");
        live.database.sql("DROP TABLE dbo.log");
        live.ok(&[
            "repair",
            "--re-record",
            "--yes",
            "--reason",
            "for the next turn",
        ]);
        live.ok(&["drift-check"]);
    }
}

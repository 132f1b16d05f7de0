//! The kill matrix: `migrate` is killed at a sweep of moments and run again, and must then have
//! made what an undisturbed run makes.
//!
//! The sweep starts when the run has taken its lock and goes on to its end. How many moments are
//! tried is `DBTOOL_KILL_POINTS` (32 without it); to see the counts:
//! `DBTOOL_KILL_POINTS=400 cargo test kill_matrix -- --nocapture`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::sandbox::{Sandbox, finish};

/// How the database is when the run begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// There is none.
    Empty,
    /// The first migration is applied, and there are rows.
    Upgrade,
}

/// A project with every kind of migration: new tables, a rebuild, one that makes what the model
/// cannot express, batches without a transaction that leave a mark each time they run, two of them
/// outside of any, and a change on top of them.
fn project() -> Sandbox {
    let sandbox = Sandbox::small();
    sandbox.edit("schema/orders.yaml", "string(100)", "string(400)");
    sandbox.ok(&["generate", "widen", "--version-stamp", "20260102000000"]);
    assert!(
        sandbox
            .read("migrations/20260102000000_widen/sqlite.sql")
            .contains("dbtool:defer-foreign-keys"),
        "widening is a rebuild on SQLite"
    );
    written(
        &sandbox,
        "20260103000000",
        "view",
        "INSERT INTO orders (tenantId, orderId, note, createdAt) VALUES
            ('seed', '0190b2c4-0000-7000-8000-00000000000a', '', '2026-01-01T00:00:00.000Z'),
            ('seed', '0190b2c4-0000-7000-8000-00000000000b', '', '2026-01-01T00:00:00.000Z');
         CREATE VIEW openOrders AS SELECT * FROM orders WHERE status = 'open';
         UPDATE orders SET note = coalesce(note, '') || 'v';",
    );
    let batches: String = "abcdef"
        .chars()
        .map(|mark| format!("UPDATE orders SET note = note || '{mark}';\n"))
        .collect();
    written(
        &sandbox,
        "20260104000000",
        "backfill",
        &format!(
            "-- dbtool:no-transaction\n{batches}CREATE VIEW closedOrders AS SELECT * FROM orders \
             WHERE status = 'closed';\nUPDATE orders SET note = note || 'g';\n\
             -- dbtool:autocommit\n-- dbtool:done-when SELECT NOT EXISTS (SELECT 1 FROM orders WHERE \
             note NOT LIKE '%h')\nUPDATE orders SET note = note || 'h';\n\
             -- dbtool:autocommit\n-- dbtool:done-when SELECT freelist_count = 0 FROM \
             pragma_freelist_count\nVACUUM;\n"
        ),
    );
    sandbox.edit(
        "schema/orders.yaml",
        "  createdAt",
        "  extra: { type: int, nullable: true }\n  createdAt",
    );
    sandbox.ok(&["generate", "extra", "--version-stamp", "20260105000000"]);
    sandbox
}

/// Writes and seals a migration by hand.
pub fn written(sandbox: &Sandbox, version: &str, name: &str, sql: &str) {
    sandbox.ok(&["generate", "--empty", name, "--version-stamp", version]);
    sandbox.write(&format!("migrations/{version}_{name}/sqlite.sql"), sql);
    sandbox.ok(&["seal", version]);
}

/// Orders of one tenant.
pub fn fill(connection: &Connection, count: usize) {
    connection
        .execute_batch(&format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             INSERT INTO orders (tenantId, orderId, note, createdAt)
             SELECT 'a', printf('0190b2c4-0000-7000-8000-%012d', i), '', '2026-01-01T00:00:00.000Z'
             FROM n"
        ))
        .expect("rows");
}

/// Everything in the database that is not dbtool's own: the catalog and the rows.
fn content(path: &Path) -> String {
    let connection = Connection::open(path).expect("a database");
    let read = |sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(sql).expect("a query");
        let rows = statement.query_map([], |row| row.get(0)).expect("rows");
        rows.map(|row| row.expect("text")).collect()
    };
    let mut lines = read(
        "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema
         WHERE tbl_name NOT LIKE 'dbtool%' ORDER BY 1",
    );
    lines.extend(read(
        "SELECT json_array(tenantId, orderId, status, total, note, createdAt, extra) FROM orders
         ORDER BY 1",
    ));
    lines.join("\n")
}

/// The version and number of times that it was applied, and which batches are in the journal.
fn applied(path: &Path) -> BTreeMap<String, i64> {
    let connection = Connection::open(path).expect("a database");
    let mut statement = connection
        .prepare(
            "SELECT version, count(*) FROM dbtoolHistory WHERE state = 'applied' GROUP BY 1
             UNION ALL SELECT version || '.' || batch, count(*) FROM dbtoolJournal GROUP BY 1",
        )
        .expect("a query");
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("rows");
    rows.map(|row| row.expect("a row")).collect()
}

/// How far a killed run had come: what it left in its own tables.
fn progress(path: &Path) -> String {
    let connection = Connection::open(path).expect("a database");
    let one = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    match one("SELECT count(*) FROM dbtoolHistory WHERE state = 'applied'") {
        Err(_) => "no table yet".to_owned(),
        Ok(applied) => {
            let batches = one("SELECT count(*) FROM dbtoolJournal").expect("a journal");
            format!("{applied} applied, {batches} batches")
        }
    }
}

fn spawn(sandbox: &Sandbox, url: &str) -> Child {
    let mut command = sandbox.command(&["migrate", "--url", url]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("a process")
}

/// Waits until the run has opened its lock file, and says whether it still runs.
fn locked(child: &mut Child, lock: &Path) -> bool {
    while !lock.exists() {
        if child.try_wait().expect("a process").is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_micros(50));
    }
    true
}

struct Matrix<'a> {
    sandbox: &'a Sandbox,
    start: Start,
    expected: String,
    length: Duration,
}

impl<'a> Matrix<'a> {
    /// Learns from undisturbed runs what they make and how long they take.
    fn new(sandbox: &'a Sandbox, start: Start) -> Self {
        let mut matrix = Self {
            sandbox,
            start,
            expected: String::new(),
            length: Duration::MAX,
        };
        for round in 0..3 {
            let name = matrix.prepare(&format!("whole{round}"));
            let path = sandbox.path(&name);
            let mut child = spawn(sandbox, &format!("sqlite:{name}"));
            locked(&mut child, &sandbox.path(&format!("{name}.dbtool-lock")));
            let begin = Instant::now();
            assert!(child.wait().expect("an end").success(), "{start:?}");
            matrix.length = matrix.length.min(begin.elapsed());
            let made = content(&path);
            assert!(round == 0 || made == matrix.expected, "runs differ");
            matrix.expected = made;
        }
        let notes = if start == Start::Empty { 2 } else { 302 };
        assert_eq!(matrix.expected.matches("vabcdefgh").count(), notes);
        matrix
    }

    /// Makes a database as the run finds it.
    fn prepare(&self, name: &str) -> String {
        let name = format!("{:?}-{name}.db", self.start).to_lowercase();
        if self.start == Start::Upgrade {
            std::fs::copy(self.sandbox.path("before.db"), self.sandbox.path(&name))
                .expect("a copy");
        }
        name
    }

    /// Kills a run at this part of its length, or earlier when it is faster than the one that was
    /// measured.
    fn kill(&self, index: usize, mut part: f64) -> String {
        loop {
            let name = self.prepare(&format!("{index}"));
            let lock = self.sandbox.path(&format!("{name}.dbtool-lock"));
            let _ = std::fs::remove_file(&lock);
            let mut child = spawn(self.sandbox, &format!("sqlite:{name}"));
            if locked(&mut child, &lock) {
                std::thread::sleep(self.length.mul_f64(part));
            }
            let alive = child.try_wait().expect("a process").is_none();
            child.kill().expect("a kill");
            child.wait().expect("an end");
            if alive {
                return name;
            }
            std::fs::remove_file(self.sandbox.path(&name)).expect("a database");
            // In the end it is killed in the moment in which it has its lock file.
            part = if part < 0.01 { 0.0 } else { part * 0.6 };
        }
    }

    /// Kills a run and runs it again. Returns how far the killed one had come, or what is wrong
    /// afterwards.
    fn point(&self, index: usize, part: f64) -> Result<String, String> {
        let name = self.kill(index, part);
        let path = self.sandbox.path(&name);
        let url = format!("sqlite:{name}");
        let lock = self.sandbox.path(&format!("{name}.dbtool-lock"));
        let file = std::fs::File::open(&lock).map_err(|error| error.to_string())?;
        file.try_lock()
            .map_err(|error| format!("the lock stayed: {error}"))?;
        drop(file);
        // Looking must work at once, before the next writer has come by.
        let run = |code: &[i32], arguments: &[&str]| {
            let mut all = arguments.to_vec();
            all.extend(["--url", &url]);
            let run = finish(self.sandbox.command(&all));
            if code.contains(&run.code) {
                Ok(())
            } else {
                Err(format!("{arguments:?}: {run}"))
            }
        };
        run(&[0], &["status"])?;
        let come = progress(&path);
        run(&[0], &["migrate"])?;
        run(&[0], &["drift-check"])?;
        run(&[0], &["history", "--verify"])?;
        let made = content(&path);
        if made != self.expected {
            return Err(format!("made\n{made}\ninstead of\n{}", self.expected));
        }
        let counts = applied(&path);
        if counts.len() != 5 + 10 || counts.values().any(|count| *count != 1) {
            return Err(format!("applied {counts:?}"));
        }
        std::fs::remove_file(&path).map_err(|error| error.to_string())?;
        Ok(come)
    }
}

#[test]
fn kill_matrix() {
    let points = std::env::var("DBTOOL_KILL_POINTS")
        .ok()
        .map_or(32, |text| text.parse().expect("a number of points"));
    let sandbox = project();
    sandbox.ok(&[
        "migrate",
        "--to",
        "20260101000000",
        "--url",
        "sqlite:before.db",
    ]);
    fill(
        &Connection::open(sandbox.path("before.db")).expect("a database"),
        300,
    );
    let mut report = String::new();
    let mut diverged = Vec::new();
    for start in [Start::Empty, Start::Upgrade] {
        let matrix = Matrix::new(&sandbox, start);
        let count = points / 2;
        let next = AtomicUsize::new(0);
        let results = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        if index >= count {
                            break;
                        }
                        // Two at a time are slower than the fastest one that was measured.
                        let part = 2.0 * index as f64 / count as f64;
                        let result = matrix.point(index, part);
                        results.lock().expect("no panic").push(result);
                    }
                });
            }
        });
        let results = results.into_inner().expect("no panic");
        let mut reached: BTreeMap<String, usize> = BTreeMap::new();
        for result in &results {
            match result {
                Ok(come) => *reached.entry(come.clone()).or_default() += 1,
                Err(error) => diverged.push(format!("{start:?}: {error}")),
            }
        }
        report.push_str(&format!(
            "{start:?}: {count} points over {:?}, killed at {reached:?}\n",
            matrix.length
        ));
    }
    let tried = points / 2 * 2;
    println!(
        "{report}kill matrix: {tried} points tried, {} converged, {} diverged",
        tried - diverged.len(),
        diverged.len()
    );
    assert!(diverged.is_empty(), "{}", diverged.join("\n\n"));
}

/// Fails on a database with rows and passes on an empty one.
const FAILS_WITH_ROWS: &str = "UPDATE orders SET total = -1;\n";

fn failing_after(sql: &str) -> Sandbox {
    let sandbox = Sandbox::migrated();
    written(&sandbox, "20260102000000", "first", sql);
    sandbox.edit(
        "schema/orders.yaml",
        "  createdAt",
        "  extra: { type: int, nullable: true }\n  createdAt",
    );
    sandbox.ok(&["generate", "extra", "--version-stamp", "20260103000000"]);
    written(&sandbox, "20260104000000", "second", FAILS_WITH_ROWS);
    fill(&sandbox.database(), 2);
    sandbox.fails(4, &["migrate"]).says("20260104000000_second");
    sandbox
}

#[test]
fn a_run_that_ended_between_two_migrations_is_no_drift() {
    let sandbox = failing_after("CREATE VIEW openOrders AS SELECT * FROM orders;\n");
    sandbox.sql("delete from orders");
    sandbox.ok(&["migrate"]).says("Applied 1 migration");
    sandbox.ok(&["drift-check"]);
}

#[test]
fn a_run_that_ended_between_two_migrations_hides_no_drift() {
    let sandbox = failing_after("SELECT 1;\n");
    sandbox.sql("delete from orders; drop index ixOrdersTenantIdStatusCreatedAt");
    sandbox
        .fails(3, &["migrate"])
        .says("ixOrdersTenantIdStatusCreatedAt");
    let report = sandbox.json(3, &["drift-check", "--allow-pending"]);
    assert_eq!(report["data"]["differences"], 1, "{report:#}");
}

#[test]
fn drift_that_was_allowed_does_not_stop_the_run_after_a_half_one() {
    let sandbox = Sandbox::migrated();
    sandbox.sql("create table stray (id integer) strict");
    written(&sandbox, "20260102000000", "nothing", "SELECT 1;\n");
    sandbox.ok(&["migrate", "--allow-drift", "it is ours"]);
    sandbox.edit(
        "schema/orders.yaml",
        "  createdAt",
        "  extra: { type: int, nullable: true }\n  createdAt",
    );
    sandbox.ok(&["generate", "extra", "--version-stamp", "20260103000000"]);
    written(&sandbox, "20260104000000", "second", FAILS_WITH_ROWS);
    fill(&sandbox.database(), 2);
    sandbox.fails(4, &["migrate"]);
    sandbox.sql("delete from orders");
    sandbox.ok(&["migrate"]);
}

#[test]
fn a_migration_that_is_half_done_is_neither_drift_nor_fine() {
    let sandbox = Sandbox::migrated();
    written(
        &sandbox,
        "20260102000000",
        "batches",
        &format!(
            "-- dbtool:no-transaction\nCREATE VIEW openOrders AS SELECT * FROM orders;\n\
             {FAILS_WITH_ROWS}"
        ),
    );
    fill(&sandbox.database(), 2);
    sandbox
        .fails(4, &["migrate"])
        .says("20260102000000_batches");
    let report = sandbox.json(3, &["drift-check", "--allow-pending"]);
    assert_eq!(report["data"]["differences"], 1, "{report:#}");
    assert!(report.to_string().contains("drift/midway"), "{report:#}");
    sandbox.sql("delete from orders");
    sandbox.ok(&["migrate"]);
    sandbox.ok(&["drift-check"]);
}

#[test]
fn a_database_whose_writer_was_killed_can_be_looked_at() {
    let sandbox = Sandbox::migrated();
    fill(&sandbox.database(), 2_000);
    // A transaction that is larger than the cache is partly in the file, and its journal says how
    // to undo it. Copies of both are what a kill leaves behind.
    let writer = sandbox.database();
    writer
        .execute_batch("PRAGMA cache_size = 5; BEGIN IMMEDIATE; UPDATE orders SET note = 'half'")
        .expect("an open transaction");
    for suffix in ["", "-journal"] {
        std::fs::copy(
            sandbox.path(&format!("local.db{suffix}")),
            sandbox.path(&format!("killed.db{suffix}")),
        )
        .expect("a copy");
    }
    drop(writer);
    for command in ["status", "drift-check", "history"] {
        std::fs::copy(sandbox.path("killed.db"), sandbox.path("copy.db")).expect("a copy");
        std::fs::copy(
            sandbox.path("killed.db-journal"),
            sandbox.path("copy.db-journal"),
        )
        .expect("a copy");
        sandbox.ok(&[command, "--url", "sqlite:copy.db"]);
        let half: i64 = Connection::open(sandbox.path("copy.db"))
            .expect("a database")
            .query_row(
                "select count(*) from orders where note = 'half'",
                [],
                |row| row.get(0),
            )
            .expect("a count");
        assert_eq!(half, 0, "what was half-written is undone");
    }
}

//! Batches that can run in no transaction at all, interrupted before, within and after them.

use std::process::{Child, Stdio};
use std::time::Duration;

use super::kill::{fill, written};
use super::sandbox::Sandbox;

const VERSION: &str = "20260102000000";

/// Counts as long as there are orders with an empty note in the way; takes no time without.
const LONG: &str = "UPDATE orders SET note = note || 'b' || substr((WITH RECURSIVE n (i) AS (SELECT \
                    length(orders.note) UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT \
                    count(*) FROM n), 1, 0)";
const SHORT: &str = "UPDATE orders SET note = note || 'b'";

fn script(done_when: Option<&str>, second: &str) -> String {
    let done_when = done_when.map_or(String::new(), |query| {
        format!("-- dbtool:done-when {query}\n")
    });
    format!(
        "-- dbtool:no-transaction\nUPDATE orders SET note = note || 'a';\n\n\
         -- dbtool:autocommit\n{done_when}-- In no transaction.\n{second};\n\n\
         UPDATE orders SET note = note || 'c';\n"
    )
}

/// A project whose waiting migration has such a batch in its middle, with one row.
fn project(sql: &str) -> Sandbox {
    let sandbox = Sandbox::migrated();
    written(&sandbox, VERSION, "batches", sql);
    fill(&sandbox.database(), 1);
    sandbox
}

fn one<T: rusqlite::types::FromSql>(sandbox: &Sandbox, sql: &str) -> T {
    sandbox
        .database()
        .query_row(sql, [], |row| row.get(0))
        .expect("a row")
}

/// Kills a run while the batch runs, and gives the migration a quick one in its place.
fn killed(done_when: Option<&str>) -> Sandbox {
    let sandbox = project(&script(done_when, LONG));
    let mut command = sandbox.command(&["migrate"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child: Child = command.spawn().expect("a process");
    let begun = "select count(*) from dbtoolHistory where state = 'started' and batchCount = 2";
    while one::<i64>(&sandbox, begun) == 0 {
        assert!(child.try_wait().expect("a process").is_none(), "it ended");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("a kill");
    child.wait().expect("an end");
    // SQLite undoes the statement; what another engine would leave is done by hand in each test.
    let path = format!("migrations/{VERSION}_batches/sqlite.sql");
    sandbox.write(&path, script(done_when, SHORT));
    sandbox.ok(&["seal", VERSION]);
    sandbox
}

#[track_caller]
fn is_done(sandbox: &Sandbox) {
    assert_eq!(one::<String>(sandbox, "select note from orders"), "abc");
    assert_eq!(one::<i64>(sandbox, "select count(*) from dbtoolJournal"), 3);
    sandbox.ok(&["drift-check"]);
    sandbox.ok(&["history", "--verify"]);
    sandbox.ok(&["repair"]).says("Nothing needs settling");
}

#[test]
fn a_statement_that_runs_in_no_transaction_runs() {
    let sandbox = project(
        "-- dbtool:no-transaction\nUPDATE orders SET note = 'x';\n-- dbtool:autocommit\nVACUUM;\n",
    );
    sandbox.ok(&["migrate"]).says("Applied 1 migration");
    assert_eq!(
        one::<i64>(&sandbox, "select count(*) from dbtoolJournal"),
        2
    );
    sandbox.ok(&["drift-check"]);
    sandbox.ok(&["history", "--verify"]);
    // Within one it cannot, and nothing is left of it.
    let sandbox = Sandbox::migrated();
    sandbox.ok(&["generate", "--empty", "vacuum", "--version-stamp", VERSION]);
    sandbox.write(
        &format!("migrations/{VERSION}_vacuum/sqlite.sql"),
        "VACUUM;\n",
    );
    sandbox.fails(4, &["seal", VERSION]).says("VACUUM");
}

#[test]
fn an_interrupted_run_asks_whether_the_batch_is_done() {
    for is_done_already in [true, false] {
        let sandbox = killed(Some("SELECT count(*) FROM orders WHERE note LIKE '%b%'"));
        if is_done_already {
            sandbox.sql(SHORT);
        }
        sandbox.ok(&["migrate"]).says("Applied 1 migration");
        is_done(&sandbox);
    }
}

#[test]
fn without_a_question_an_interrupted_run_stops_for_repair() {
    for (mode, other, is_done_already) in [
        ("--batch-done", "--batch-again", true),
        ("--batch-again", "--batch-done", false),
    ] {
        let sandbox = killed(None);
        for arguments in [&["migrate"][..], &["repair"], &["plan", "--script"]] {
            sandbox
                .fails(9, arguments)
                .says("dbtool repair --batch-done 20260102000000")
                .says("dbtool repair --batch-again 20260102000000");
        }
        assert_eq!(one::<String>(&sandbox, "select note from orders"), "a");
        sandbox.fails(3, &["drift-check"]).says("not done");
        if is_done_already {
            sandbox.sql(SHORT);
        }
        let yes = ["--yes", "--reason", "looked at the rows"];
        let mut arguments = vec!["repair", mode, VERSION];
        sandbox
            .ok(&["repair", mode, VERSION, "--dry-run"])
            .says("UPDATE orders SET note = note || 'b'");
        arguments.extend(yes);
        sandbox.ok(&arguments);
        // It is settled, and not in doubt any more.
        sandbox.fails(2, &["repair", other, VERSION, "--yes", "--reason", "x"]);
        sandbox.ok(&["migrate"]).says("Applied 1 migration");
        is_done(&sandbox);
    }
}

#[test]
fn a_batch_that_changes_the_catalog_and_was_interrupted_after_it_is_no_drift() {
    // The statement is there, and its journal row is not: as after a kill between the two.
    let index = "CREATE INDEX ixLate ON orders (note)";
    let done_when = "SELECT count(*) FROM sqlite_schema WHERE name = 'ixLate'";
    let sandbox = killed(Some(done_when));
    let path = format!("migrations/{VERSION}_batches/sqlite.sql");
    sandbox.edit(
        "schema/orders.yaml",
        "indexes:\n",
        "indexes:\n  - { name: ixLate, columns: [tenantId, note] }\n",
    );
    let index = index.replace("(note)", "(\"tenantId\", \"note\")");
    sandbox.write(
        &path,
        script(Some(done_when), &index).replace("|| 'c'", "|| 'bc'"),
    );
    sandbox.write(
        &format!("migrations/{VERSION}_batches/changes.yaml"),
        "format: 1\nchanges:\n- addPart:\n    table: orders\n    part:\n      index:\n        name: ixLate\n        columns:\n        - tenantId\n        - note\n",
    );
    let sealed = sandbox.run(&["seal", VERSION]);
    assert_eq!(sealed.code, 0, "{sealed}");
    sandbox.sql(&index);
    sandbox.ok(&["migrate"]).says("Applied 1 migration");
    is_done(&sandbox);
}

#[test]
fn a_batch_that_failed_is_run_again_without_asking_anybody() {
    let sandbox = project(&script(None, "UPDATE orders SET total = -1"));
    sandbox
        .fails(4, &["migrate"])
        .says("outside of any transaction");
    let path = format!("migrations/{VERSION}_batches/sqlite.sql");
    sandbox.write(&path, script(None, SHORT));
    sandbox.ok(&["seal", VERSION]);
    sandbox.ok(&["migrate"]).says("Applied 1 migration");
    is_done(&sandbox);
}

#[test]
fn a_question_that_cannot_be_asked_stops_for_repair() {
    let sandbox = killed(Some("SELECT count(*) FROM nowhere"));
    sandbox
        .fails(9, &["migrate"])
        .says("could not be asked")
        .says("nowhere")
        .says("--batch-again");
}

#[test]
fn lines_that_mean_nothing_are_refused_with_their_place() {
    for (sql, text) in [
        (
            "-- dbtool:autocommit\nVACUUM;\n",
            "needs -- dbtool:no-transaction",
        ),
        (
            "-- dbtool:no-transaction\n-- dbtool:done-when SELECT 1\nVACUUM;\n",
            "right below -- dbtool:autocommit",
        ),
        (
            "-- dbtool:no-transaction\n-- dbtool:autocommit\n-- dbtool:done-when DELETE FROM orders\nVACUUM;\n",
            "beginning with SELECT or WITH",
        ),
        (
            "-- dbtool:no-transaction\nVACUUM;\n-- dbtool:autocommit\n",
            "above a batch",
        ),
        (
            "-- dbtool:no-transaction\nSELECT\n-- dbtool:autocommit\n1;\n",
            "right above the batch",
        ),
    ] {
        let sandbox = Sandbox::migrated();
        sandbox.ok(&["generate", "--empty", "odd", "--version-stamp", VERSION]);
        sandbox.write(&format!("migrations/{VERSION}_odd/sqlite.sql"), sql);
        sandbox
            .fails(4, &["seal", VERSION])
            .says(text)
            .says("sqlite.sql:");
    }
}

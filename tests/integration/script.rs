//! `plan --script`: a run that somebody carries out by hand, in the engine's own shell.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::kill::{fill, written};
use super::sandbox::{Run, Sandbox};

/// Runs a file in the `sqlite3` shell; `None` where there is no shell.
fn shell(sandbox: &Sandbox, database: &str, file: &str) -> Option<Run> {
    let input = std::fs::File::open(sandbox.path(file)).expect("a script");
    let output = Command::new("sqlite3")
        .arg(sandbox.path(database))
        .stdin(input)
        .output();
    match output {
        Ok(output) => Some(Run {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }),
        Err(error) => {
            let _ = writeln!(
                std::io::stderr(),
                "a test of plan --script was skipped: sqlite3 cannot be run: {error}"
            );
            None
        }
    }
}

fn one<T: rusqlite::types::FromSql>(sandbox: &Sandbox, sql: &str) -> T {
    sandbox
        .database()
        .query_row(sql, [], |row| row.get(0))
        .expect("a row")
}

fn add_column(sandbox: &Sandbox, name: &str, version: &str) {
    sandbox.edit(
        "schema/orders.yaml",
        "  createdAt:",
        &format!("  {name}: {{ type: int, nullable: true }}\n  createdAt:"),
    );
    sandbox.ok(&["generate", name, "--version-stamp", version]);
}

/// A database that somebody made, so that there is one to write a script for.
fn empty() -> Sandbox {
    let sandbox = Sandbox::small();
    rusqlite::Connection::open(sandbox.path("local.db"))
        .and_then(|database| database.execute_batch("create table t (a); drop table t"))
        .expect("a database");
    sandbox
}

/// Everything that looks at it is content, before and after the catalog is recorded.
#[track_caller]
fn is_clean(sandbox: &Sandbox) {
    sandbox.ok(&["status"]).says("0 pending");
    sandbox.ok(&["history", "--verify"]).says("intact");
    let json = sandbox.json(0, &["drift-check"]);
    assert!(json.to_string().contains("drift/not-recorded"), "{json:#}");
    sandbox.ok(&["migrate"]).says("Nothing to do");
    let json = sandbox.json(0, &["drift-check"]);
    assert!(!json.to_string().contains("drift/not-recorded"), "{json:#}");
    sandbox.ok(&["history", "--verify"]);
    sandbox.ok(&["repair"]).says("Nothing needs settling");
}

#[test]
fn a_script_from_nothing_leaves_what_migrate_leaves() {
    let sandbox = empty();
    add_column(&sandbox, "extra", "20260102000000");
    sandbox.edit("schema/orders.yaml", "string(100)", "string(400)");
    sandbox.ok(&["generate", "widen", "--version-stamp", "20260103000000"]);
    let json = sandbox.json(0, &["plan", "--script", "--output", "run.sql"]);
    let head = json["data"]["headAfter"]
        .as_str()
        .expect("a head")
        .to_owned();
    let Some(run) = shell(&sandbox, "local.db", "run.sql") else {
        return;
    };
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(run.stderr, "", "{run}");
    sandbox.ok(&["history", "--verify", "--head", &head]);
    is_clean(&sandbox);
    let by_script = sandbox.catalog();
    std::fs::rename(sandbox.path("local.db"), sandbox.path("other.db")).expect("a rename");
    sandbox.ok(&["migrate"]);
    assert_eq!(sandbox.catalog(), by_script);
    // Run twice, it stops.
    let run = shell(&sandbox, "other.db", "run.sql").expect("a shell");
    assert_ne!(run.code, 0, "{run}");
    run.says("write a new one with dbtool plan --script");
}

#[test]
fn a_script_on_top_of_a_history_keeps_rows_and_text_as_they_are() {
    let sandbox = Sandbox::migrated();
    fill(&sandbox.database(), 3);
    let text = "Größe 'q' \"d\" ⛵";
    let sql = format!(
        "-- {text}\r\nUPDATE orders SET note = '{}'\r\n    WHERE note = '';\n\
         CREATE TRIGGER tr AFTER UPDATE ON orders BEGIN SELECT 1; SELECT 'go\n/\n.quit\n'; END;\n",
        text.replace('\'', "''")
    );
    written(&sandbox, "20260102000000", "text", &sql);
    // All rows go through a rebuild, with foreign keys that cascade.
    sandbox.sql("insert into orderLines select tenantId, orderId, 1, 'sku' from orders");
    sandbox.edit(
        "schema/orderLines.yaml",
        "lineNumber: { type: int, min: 1 }",
        "lineNumber: { type: bigint, min: 1 }",
    );
    sandbox.ok(&["generate", "lines", "--version-stamp", "20260103000000"]);
    let plan = sandbox.ok(&["plan", "--script"]);
    sandbox.write("run.sql", &plan.stdout);
    let Some(run) = shell(&sandbox, "local.db", "run.sql") else {
        return;
    };
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(
        one::<String>(&sandbox, "select min(note) from orders"),
        text
    );
    assert_eq!(one::<i64>(&sandbox, "select count(*) from orderLines"), 3);
    let kept: String = one(&sandbox, "select sqlText from dbtoolHistory where id = 2");
    assert_eq!(kept, sql, "what ran is kept to the byte");
    // What no model expresses is taken as the script left it.
    sandbox.ok(&["history", "--verify"]).says("intact");
    sandbox.ok(&["migrate"]).says("Nothing to do");
    sandbox.ok(&["drift-check"]);
}

#[test]
fn a_script_stops_where_the_database_is_not_what_it_was_written_for() {
    for what in [
        "another run",
        "a run that changes no schema",
        "a change by hand",
    ] {
        let sandbox = Sandbox::migrated();
        if what == "a run that changes no schema" {
            let sql = "UPDATE orders SET note = note;\n";
            written(&sandbox, "20260102000000", "rows", sql);
        } else {
            add_column(&sandbox, "extra", "20260102000000");
        }
        sandbox.ok(&["plan", "--script", "--output", "run.sql"]);
        if what == "a change by hand" {
            sandbox.sql("create index ixStray on orders (note)");
        } else {
            sandbox.ok(&["migrate"]);
        }
        let before = sandbox.catalog();
        let rows: i64 = one(&sandbox, "select count(*) from dbtoolHistory");
        let Some(run) = shell(&sandbox, "local.db", "run.sql") else {
            return;
        };
        assert_ne!(run.code, 0, "{what}: {run}");
        run.says("stopped");
        assert_eq!(sandbox.catalog(), before, "{what}");
        assert_eq!(
            one::<i64>(&sandbox, "select count(*) from dbtoolHistory"),
            rows
        );
    }
}

#[test]
fn a_migration_that_fails_in_a_script_is_undone_and_the_ones_after_it_do_not_run() {
    let sandbox = Sandbox::migrated();
    add_column(&sandbox, "extra", "20260102000000");
    written(
        &sandbox,
        "20260103000000",
        "fails",
        "UPDATE orders SET note = 'x';\nUPDATE orders SET total = -1;\n",
    );
    add_column(&sandbox, "last", "20260104000000");
    fill(&sandbox.database(), 1);
    sandbox.ok(&["plan", "--script", "--output", "run.sql"]);
    // Also when it is read in a session in which somebody types.
    let read = |interactive: bool| -> Option<Run> {
        if !interactive {
            return shell(&sandbox, "local.db", "run.sql");
        }
        let mut child = Command::new("sqlite3")
            .args(["-interactive"])
            .arg(sandbox.path("local.db"))
            .current_dir(sandbox.path(""))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut input = child.stdin.take().expect("a pipe");
        input.write_all(b".read run.sql\n").expect("a line");
        drop(input);
        child.wait().expect("an end");
        None
    };
    for interactive in [false, true] {
        if let Some(run) = read(interactive) {
            assert_ne!(run.code, 0, "{run}");
            run.says("CHECK constraint failed");
        }
        if one::<i64>(&sandbox, "select count(*) from dbtoolHistory") == 1 {
            return; // There is no shell.
        }
        assert_eq!(one::<String>(&sandbox, "select note from orders"), "");
        assert_eq!(
            one::<i64>(&sandbox, "select count(*) from dbtoolHistory"),
            2
        );
        assert!(!sandbox.catalog().contains("\"last\""));
    }
    sandbox.ok(&["drift-check", "--allow-pending"]);
    sandbox.ok(&["history", "--verify"]);
    // A new script goes on from there, and so does migrate.
    sandbox.sql("delete from orders");
    sandbox.ok(&[
        "plan",
        "--script",
        "--output",
        "run.sql",
        "--to",
        "20260103000000",
    ]);
    assert_eq!(
        shell(&sandbox, "local.db", "run.sql")
            .expect("a shell")
            .code,
        0
    );
    sandbox.ok(&["migrate"]).says("Applied 1 migration");
    sandbox.ok(&["drift-check"]);
    sandbox.ok(&["history", "--verify"]);
}

#[test]
fn batches_without_a_transaction_keep_their_journal() {
    let sandbox = Sandbox::migrated();
    written(
        &sandbox,
        "20260102000000",
        "batches",
        "-- dbtool:no-transaction\nUPDATE orders SET note = note || 'a';\n-- dbtool:autocommit\n\
         -- dbtool:done-when SELECT freelist_count = 0 FROM pragma_freelist_count\nVACUUM;\n\
         UPDATE orders SET note = note || iif(total = 7, NULL, 'b'), total = iif(total = 7, -1, total);\n",
    );
    fill(&sandbox.database(), 1);
    sandbox.sql("update orders set total = 7");
    sandbox.ok(&["plan", "--script", "--output", "run.sql"]);
    let Some(run) = shell(&sandbox, "local.db", "run.sql") else {
        return;
    };
    assert_ne!(run.code, 0, "the last batch fails: {run}");
    assert_eq!(
        one::<i64>(&sandbox, "select count(*) from dbtoolJournal"),
        2
    );
    sandbox.sql("update orders set total = 0");
    // A new script goes on at the batch that failed.
    sandbox.ok(&["plan", "--script", "--output", "run.sql"]);
    let run = shell(&sandbox, "local.db", "run.sql").expect("a shell");
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(one::<String>(&sandbox, "select note from orders"), "ab");
    assert_eq!(
        one::<i64>(&sandbox, "select count(*) from dbtoolJournal"),
        3
    );
    is_clean(&sandbox);
}

#[test]
fn there_is_no_script_for_what_migrate_would_refuse() {
    let sandbox = Sandbox::migrated();
    sandbox
        .ok(&["plan", "--script"])
        .says("Nothing is pending, so there is no script");
    sandbox.fails(2, &["plan", "--output", "run.sql"]);
    add_column(&sandbox, "extra", "20260102000000");
    sandbox.sql("create index ixStray on orders (note)");
    sandbox
        .fails(3, &["plan", "--script", "--output", "run.sql"])
        .says("ixStray");
    assert!(!sandbox.path("run.sql").exists());
    sandbox.sql("drop index ixStray");
    let path = "migrations/20260101000000_initial/sqlite.sql";
    sandbox.write(path, sandbox.read(path) + "-- edited\n");
    sandbox.fails(9, &["plan", "--script"]);
}

#[test]
fn a_script_for_sql_server_is_one_batch_of_ascii() {
    // The language alone: without a server there is no history to write it for.
    use dbtool::dialect::mssql::{Edition, Mssql};
    use dbtool::dialect::{Batch, Before, Deed, Dialect as _, Handover, Unit};
    let dialect = Mssql {
        schema: "dbo".to_owned(),
        edition: Edition::Azure,
    };
    let mut unit = Unit::transaction(Before::EmptyHistory);
    unit.deeds = vec![Deed::Run(Batch::new(
        "UPDATE t SET a = N'Größe ⛵ $(var) it''s'\n:quit\n!!dir\nGO\n",
    ))];
    let script = dialect.handover(&Handover {
        headline: vec!["for Größe $(x)\u{1b}[31m".to_owned()],
        database: "server/Größe".to_owned(),
        fingerprint: None,
        units: vec![unit],
    });
    assert!(script.is_ascii(), "{script}");
    assert!(!script.contains("$("), "{script}");
    for line in script.lines() {
        let line = line.trim_start();
        assert!(
            !line.starts_with([':', '!']) && !line.eq_ignore_ascii_case("go"),
            "{line}"
        );
    }
    for text in [
        "XACT_ABORT ON",
        "sp_getapplock",
        "@result < 0",
        "THROW",
        "sp_releaseapplock",
    ] {
        assert!(script.contains(text), "{text}\n{script}");
    }
}

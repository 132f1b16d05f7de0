//! Steps of stories that need the real program: processes that are killed, migrations that are
//! tampered with, and environments in which an application has written.

use std::process::Command;

use dbtool::cli::Access;
use dbtool::engine::{ErrorKind, Session, TransactionOptions, Value};
use dbtool::registry::{self, Opening};
use dbtool::secret;
use dbtool::settings::{Database, Target};
use dbtool::story::apart::{Apart, Way};
use rusqlite::Connection;

use super::sandbox::{Run, Sandbox};

/// The product with one more story, `T-1`, of one scenario with these steps.
fn with_story(steps: &str) -> Sandbox {
    let sandbox = Sandbox::product();
    let steps: String = steps
        .lines()
        .map(|line| format!("      {line}\n"))
        .collect();
    sandbox.write(
        "fixtures/stories/T-1.yaml",
        format!(
            "story: T-1\ntitle: A story\ncriteria:\n  - {{ id: a, text: It holds., provenBy: database }}\n\
             scenarios:\n  - name: it holds\n    proves: [a]\n    as: {{ tenant: acme, actor: dana }}\n    steps:\n{steps}"
        ),
    );
    sandbox
}

#[track_caller]
fn passes(steps: &str) {
    with_story(steps).ok(&["verify-story", "T-1"]);
}

#[track_caller]
fn fails(steps: &str) -> Run {
    with_story(steps).fails(5, &["verify-story", "T-1"])
}

const TWO_CRASHES: &str = "\
- insert: { row: jobQueued, with: { idempotencyKey: standing } }
- crash:
    when: beforeCommit
    steps:
      - insert: { row: jobQueued, with: { idempotencyKey: lost }, save: lost }
      - insert: { row: historyOfIntake }
      - update: { table: jobRuns, set: { attemptCount: 9 }, changes: 2 }
      - expectRows: { table: jobRuns, count: 2 }
- crash:
    when: afterCommit
    steps:
      - insert: { row: jobQueued, with: { idempotencyKey: kept }, save: kept }
      - insert: { row: historyOfIntake }
- expectRows: { table: jobRuns, where: { jobRunId: $lost.jobRunId }, none: true }
- expectRows: { table: historyEntries, rows: [{ jobRunId: $kept.jobRunId }] }
";

#[test]
fn a_crash_before_the_commit_leaves_nothing_and_one_after_it_everything() {
    let sandbox = with_story(TWO_CRASHES);
    let run = sandbox.ok(&["verify-story", "T-1", "--keep"]);
    let kept = run
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("The throwaway databases are kept in "))
        .expect("a path");
    // A client that is not dbtool sees the same.
    let connection = Connection::open(format!("{kept}/database1.db")).expect("a database");
    let read = |sql: &str| -> String {
        let row = connection.query_row(sql, [], |row| row.get(0));
        row.expect("a row")
    };
    assert_eq!(
        read(
            "SELECT group_concat(idempotencyKey || attemptCount, ' ') FROM (SELECT * FROM jobRuns ORDER BY idempotencyKey)"
        ),
        "kept0 standing0"
    );
    assert_eq!(read("SELECT count(*) || '' FROM historyEntries"), "1");
    std::fs::remove_dir_all(kept).expect("a folder");
}

#[test]
fn a_step_that_is_refused_in_a_crash_fails_the_scenario_at_its_place() {
    let run = fails(
        "\
- crash:
    when: afterCommit
    steps:
      - insert: { row: jobQueued }
      - insert: { row: jobQueued, with: { attemptCount: 1 }, save: job }
      - insert: { row: historyOfIntake, with: { jobRunId: 00000000-0000-0000-0000-000000000000 } }
",
    );
    run.says("step 1.3: insert into historyEntries was refused")
        .says("fixtures/stories/T-1.yaml:15");
}

/// The library on the real program: what the process holds dies with it.
#[test]
fn a_process_that_is_killed_takes_its_transaction_with_it() {
    let sandbox = Sandbox::migrated();
    let target = Target {
        environment: "local".to_owned(),
        database: Database::SqliteFile(sandbox.path("local.db")),
        trail: Vec::new(),
        fetched: None,
    };
    let start = || {
        let secrets = secret::Process::default();
        let way = Way::to(&target, &Opening::default(), secrets).expect("a way");
        let executable = Command::new(env!("CARGO_BIN_EXE_dbtool"));
        Apart::start(executable, way).expect("a process")
    };
    let add = |session: &mut dyn Session, note: &str| {
        let sql = "INSERT INTO orders (tenantId, orderId, note, createdAt)
             VALUES ('a', '0190b2c4-0000-7000-8000-' || substr('000000000000' || @P1, -12), @P1,
                     '2026-01-01T00:00:00.000Z')";
        session.execute_with(sql, &[Value::Text(note.to_owned())])
    };
    for commit in [false, true] {
        let note = if commit { "2" } else { "1" };
        let Apart {
            mut session,
            process,
        } = start();
        assert_eq!(session.server().product, dbtool::engine::sqlite::product());
        session.begin(TransactionOptions::default()).expect("begun");
        assert_eq!(add(session.as_mut(), note).expect("a row"), 1);
        let seen = session.query("SELECT note FROM orders ORDER BY note", &[]);
        assert_eq!(seen.expect("rows").rows.len(), 1, "its own row");
        if commit {
            session.commit().expect("committed");
        }
        process.kill().expect("it was killed");
        let error = session.now().expect_err("nobody answers");
        assert_eq!(error.kind, ErrorKind::Connection);
        assert!(session.is_lost());
    }
    let secrets = secret::Process::default();
    let mut session =
        registry::open(&target, Access::Write, &Opening::default(), secrets).expect("a session");
    let rows = session.query("SELECT note FROM orders", &[]).expect("rows");
    assert_eq!(rows.rows, [[Value::Text("2".to_owned())]]);
    // What held the lock is gone.
    add(session.as_mut(), "3").expect("another row");
}

#[test]
fn a_process_that_cannot_open_the_database_says_why() {
    let sandbox = Sandbox::empty();
    let target = Target {
        environment: "local".to_owned(),
        database: Database::SqliteFile(sandbox.path("dbtool.yaml")),
        trail: Vec::new(),
        fetched: None,
    };
    let way = Way::to(&target, &Opening::default(), secret::Process::default()).expect("a way");
    let executable = Command::new(env!("CARGO_BIN_EXE_dbtool"));
    let error = Apart::start(executable, way)
        .err()
        .expect("it is no database");
    assert!(error.message.contains("not a SQLite database"), "{error}");
    let way = Way::to(&target, &Opening::default(), secret::Process::default()).expect("a way");
    let error = Apart::start(Command::new("/no/such/program"), way).err();
    assert!(
        error
            .expect("no program")
            .message
            .contains("no process can be started")
    );
}

#[test]
fn the_command_behind_it_is_hidden_and_does_nothing_by_itself() {
    let sandbox = Sandbox::empty();
    let help = sandbox.ok(&["--help"]);
    assert!(!help.stdout.contains("serve-session"), "{help}");
    let run = sandbox.run(&["serve-session"]);
    assert_eq!((run.code, run.seen().as_str()), (1, ""), "{run}");
}

#[test]
fn tampering_stays_in_its_scenario() {
    let sandbox = with_story(
        "\
- editMigration: { which: first, remove: true }
- expectGate: { outcome: history, finding: history/missing }
",
    );
    sandbox.ok(&["verify-story", "T-1", "S2vDB-05"]);
    assert_eq!(sandbox.migrations(), ["20261123020000_initial"]);
    sandbox.ok(&["check"]);
}

#[test]
fn a_gate_that_finds_something_else_is_a_failure_with_both() {
    let run = fails(
        "\
- alter: { sql: DROP INDEX ixJobRunsOpen }
- expectGate: { outcome: drift, finding: drift/missing-table }
",
    );
    run.says("the gate does not say of the database what it should")
        .says("drift/missing-table")
        .says("drift/missing-index jobRuns.ixJobRunsOpen");
    fails("- expectGate: { outcome: pending }").says("step 1: the gate does not say");
    fails("- addMigration: { name: x, sql: SELECT 1; }\n- expectGate: { outcome: clean }")
        .says("drift/pending");
    fails(
        "\
- alter: { sql: DROP INDEX ixJobRunsOpen }
- expectGate: { outcome: drift, object: jobRuns.ixJobRunsTenantIdCorrelationId }
",
    )
    .says("drift jobRuns.ixJobRunsTenantIdCorrelationId".trim_start_matches("drift "));
}

#[test]
fn a_run_of_migrations_that_ends_otherwise_is_a_failure() {
    fails("- migrate: { applied: 1 }").says("the run applied 0 migrations, not 1");
    fails("- migrate: { fails: migration }").says("the run went well, but it should have failed");
    fails("- addMigration: { name: x, sql: SELECT * FROM nowhere; }\n- migrate")
        .says("step 2: ")
        .says("nowhere");
    fails(
        "- addMigration: { name: x, sql: SELECT * FROM nowhere; }\n- migrate: { fails: history }",
    )
    .says("the run failed in another way");
    passes(
        "\
- addMigration: { name: x, sql: SELECT 1; }
- addMigration: { name: y, sql: SELECT 1; }
- migrate: { applied: 2 }
",
    );
}

#[test]
fn a_connection_that_is_resolved_otherwise_is_a_failure_without_its_secret() {
    let run = fails(
        "\
- resolveConnection:
    environment: dev
    variables: { AZURE_KEY_VAULT_NAME: kv-of-the-team }
    secrets: { SqlConnectionString--Dev: Server=sql.example.net;Database=app;User ID=u;Password=hunter2 }
    expect: { secret: SqlConnectionString--Test }
",
    );
    run.says("secret: SqlConnectionString--Dev");
    assert!(!run.seen().contains("hunter2"), "{run}");
    let run = fails(
        "\
- resolveConnection:
    environment: ci
    variables: { DBTOOL_DATABASE_URL: Server=sql.example.net;Database=app;User ID=u;Password=hunter2 }
    expect: { database: app }
",
    );
    run.says("the connection cannot be resolved")
        .says("holds credentials");
    assert!(!run.seen().contains("hunter2"), "{run}");
    fails("- resolveConnection: { environment: local, fails: variableMissing }")
        .says("variableMissing should have stopped it");
    fails("- resolveConnection: { environment: ci, fails: variableEmpty }").says("variableMissing");
    fails("- resolveConnection: { environment: ci, fails: variableMissing, says: [OTHER_NAME] }")
        .says("the message does not name OTHER_NAME");
    fails("- resolveConnection: { environment: nowhere, fails: variableMissing }").says("settings");
}

#[test]
fn what_the_engine_cannot_prove_is_said_in_every_form() {
    let sandbox = Sandbox::product();
    let run = sandbox.ok(&["verify-story", "S2vDB-01", "--report", "markdown=out.md"]);
    run.says("not proven by a run on SQLite");
    let json = sandbox.json(0, &["verify-story", "S2vDB-01"]);
    let told = json["data"]["unproven"].as_array().expect("a list");
    assert!(told.len() >= 4, "{told:?}");
    let page = sandbox.read("out.md");
    for what in ["collation", "datetimeoffset", "isolation", "plan shape"] {
        run.says(&format!("○ {what}\n"))
            .says("not proven here: SQLite");
        assert!(told.iter().any(|it| it["what"] == what), "{told:?}");
        assert!(
            page.contains(&format!("⚪ {what} *not proven here*")),
            "{page}"
        );
        let cases = json["cases"].as_array().expect("cases");
        let case = cases.iter().find(|case| case["name"] == what);
        assert_eq!(case.expect("a case")["status"], "notProven");
    }
}

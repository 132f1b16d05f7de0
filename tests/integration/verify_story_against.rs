//! Stories that look at what an application wrote, in a database that they must not write to.

use rusqlite::Connection;

use super::sandbox::Sandbox;

/// What an application writes for one intake of tenant `t1`, a repetition of it, and what its
/// administrator does.
const APPLICATION: &str = "
INSERT INTO jobRuns (tenantId, jobRunId, jobType, status, idempotencyKey, requestHash,
    correlationId, createdBy)
VALUES ('t1', '0190b2c4-0000-7000-8000-000000000001', 'bomImport', 'queued', 'k1',
    printf('%064d', 1), 'r1', 'dana');
INSERT INTO historyEntries (tenantId, historyEntryId, jobRunId, sequence, eventType, toStatus,
    actorId, correlationId)
VALUES ('t1', '0190b2c4-0000-7000-8000-000000000002', '0190b2c4-0000-7000-8000-000000000001', 1,
    'jobQueued', 'queued', 'dana', 'r1');
INSERT INTO uploadEvents (tenantId, uploadEventId, jobRunId, userId, outcome, idempotencyKey,
    correlationId)
VALUES ('t1', '0190b2c4-0000-7000-8000-000000000003', '0190b2c4-0000-7000-8000-000000000001',
        'dana', 'accepted', 'k1', 'r1'),
       ('t1', '0190b2c4-0000-7000-8000-000000000004', '0190b2c4-0000-7000-8000-000000000001',
        'dana', 'duplicate', 'k1', 'r2');
INSERT INTO auditLogs (tenantId, auditLogId, actorType, actorId, action, entityType, entityId,
    outcome, correlationId)
VALUES ('t1', '0190b2c4-0000-7000-8000-000000000005', 'user', 'dana', 'jobCreated', 'jobRun',
        '0190b2c4-0000-7000-8000-000000000001', 'succeeded', 'r1'),
       ('t1', '0190b2c4-0000-7000-8000-000000000006', 'admin', 'ada', 'policyChanged',
        'uploadPolicy', 'p1', 'succeeded', 'r3');
";

/// The product with a database that an application has worked on.
fn used() -> Sandbox {
    let sandbox = Sandbox::product();
    sandbox.ok(&["migrate", "--env", "local"]);
    sandbox.sql(APPLICATION);
    sandbox
}

fn statuses(json: &serde_json::Value) -> Vec<(String, String)> {
    let stories = json["data"]["stories"].as_array().expect("stories");
    let criteria = stories
        .iter()
        .flat_map(|story| story["criteria"].as_array().expect("criteria"));
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    criteria
        .filter(|criterion| criterion["provenBy"] == "application")
        .map(|criterion| (text(&criterion["id"]), text(&criterion["status"])))
        .collect()
}

const LOOK: [&str; 7] = [
    "verify-story",
    "S2vDB-03",
    "S2vDB-04",
    "--against",
    "local",
    "--tenant",
    "t1",
];

#[test]
fn what_the_application_wrote_proves_its_criteria_and_is_not_touched() {
    let sandbox = used();
    let file = sandbox.path(".dbtool/local.db");
    let beside = files_beside(&sandbox);
    let before = std::fs::read(&file).expect("a database");
    let without = sandbox.json(0, &LOOK[..3]);
    for (id, status) in statuses(&without) {
        assert_eq!(status, "notProvenHere", "{id}");
    }
    assert_eq!(without["data"]["against"], serde_json::Value::Null);
    let with = sandbox.json(0, &LOOK);
    let proven = statuses(&with);
    assert_eq!(proven.len(), 3, "{proven:?}");
    for (id, status) in proven {
        assert_eq!(status, "proven", "{id}");
    }
    assert_eq!(with["data"]["against"]["environment"], "local");
    let after = std::fs::read(&file).expect("a database");
    assert!(before == after, "the environment's database was written to");
    assert_eq!(files_beside(&sandbox), beside);
}

fn files_beside(sandbox: &Sandbox) -> Vec<String> {
    let entries = std::fs::read_dir(sandbox.path(".dbtool")).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = names
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn what_the_application_did_not_write_fails_its_criterion() {
    let sandbox = used();
    sandbox.sql("DROP TRIGGER trHistoryEntriesAppendOnlyDelete; DELETE FROM historyEntries;");
    let json = sandbox.json(5, &LOOK);
    assert!(statuses(&json).contains(&("applicationWritesIntake".into(), "failed".into())));
    assert!(statuses(&json).contains(&("applicationAnswersAgain".into(), "proven".into())));
    // Rows of another tenant, and old ones, are not the ones that are looked for.
    let sandbox = used();
    let other = [&LOOK[..6], &["t2"]].concat();
    sandbox
        .fails(5, &other)
        .says("jobRuns has no rows of this kind");
    sandbox.sql("UPDATE jobRuns SET createdAt = '2020-01-01T00:00:00.000Z'");
    sandbox
        .fails(5, &LOOK)
        .says("the application's latest intake");
    sandbox.ok(&[&LOOK[..], &["--since", "50000d"]].concat());
}

#[test]
fn the_tenant_and_the_environment_must_be_said() {
    let sandbox = used();
    sandbox
        .fails(5, &LOOK[..5])
        .says("it is not said whose rows are looked for")
        .says("--tenant");
    sandbox
        .fails(
            2,
            &["verify-story", "--against", "nowhere", "--tenant", "t1"],
        )
        .says("nowhere");
    sandbox
        .fails(2, &["verify-story", "--tenant", "t1"])
        .says("--against");
    sandbox
        .fails(2, &[&LOOK[..], &["--since", "yesterday"]].concat())
        .says("--since");
    // Without its secret nothing is tried at all.
    let run = sandbox.fails(8, &["verify-story", "--against", "dev", "--tenant", "t1"]);
    run.says("AZURE_KEY_VAULT_NAME");
    assert!(!run.seen().contains("migrations run clean"), "{run}");
    // An environment that has no database has nothing to read.
    std::fs::remove_file(sandbox.path(".dbtool/local.db")).expect("a database");
    sandbox.fails(8, &LOOK).says("does not exist");
    assert!(!sandbox.path(".dbtool/local.db").exists());
}

#[test]
fn a_query_that_would_write_is_refused() {
    let sandbox = used();
    sandbox.write(
        "fixtures/stories/T-1.yaml",
        "story: T-1
title: A story
criteria:
  - { id: a, text: It holds., provenBy: application }
scenarios:
  - name: it holds
    proves: [a]
    against: true
    steps:
      - query:
          sql: WITH x AS (SELECT 1) DELETE FROM jobRuns WHERE tenantId = @tenantId
          none: true
",
    );
    let look = [
        "verify-story",
        "T-1",
        "--against",
        "local",
        "--tenant",
        "t1",
    ];
    sandbox
        .fails(5, &look)
        .says("an environment is only read, and DELETE");
    let jobs: i64 = Connection::open(sandbox.path(".dbtool/local.db"))
        .and_then(|it| it.query_row("SELECT count(*) FROM jobRuns", [], |row| row.get(0)))
        .expect("a count");
    assert_eq!(jobs, 1);
}

/// The environment's own criteria: reached, and through which secret.
#[test]
fn an_environment_that_is_reached_otherwise_than_documented_is_told() {
    let sandbox = used();
    let run = sandbox.json(
        5,
        &[
            "verify-story",
            "S2vDB-01",
            "--against",
            "local",
            "--tenant",
            "t1",
        ],
    );
    let criteria = run["data"]["stories"][0]["criteria"]
        .as_array()
        .expect("criteria");
    let status = |id: &str| {
        let found = criteria.iter().find(|criterion| criterion["id"] == id);
        found.expect("a criterion")["status"].clone()
    };
    assert_eq!(status("databaseReachable"), "proven");
    // A file is in no vault.
    assert_eq!(status("secretInVault"), "failed");
}

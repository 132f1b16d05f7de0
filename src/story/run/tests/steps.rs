//! Free queries, tables of bad rows and records of what somebody did, going well and going wrong.

use super::*;

#[test]
fn a_query_is_held_to_its_rows_with_their_types() {
    passes(
        "
- insert: { row: queuedJob, with: { share: 0.25, dueAt: { now: -90s }, attempts: 3 }, save: job }
- insert: { row: queuedJob, with: { status: done, attempts: 5 } }
- query:
    sql: SELECT status, share, dueAt, attempts + 1 AS next FROM jobs WHERE tenantId = @tenantId AND dueAt <= @dueAt
    parameters: { dueAt: { now: -1m } }
    rows: [{ status: queued, share: 0.2500, dueAt: { now: -90s }, next: 4 }]
- query:
    sql: SELECT attempts FROM jobs WHERE tenantId = @tenantId ORDER BY attempts DESC
    ordered: true
    rows: [{ attempts: 5 }, { attempts: 3 }]
- query:
    sql: { sqlite: SELECT max(dueAt) AS latest FROM jobs WHERE tenantId = @tenantId AND '@nothing' <> '', mssql: SELECT 1 }
    types: { latest: timestamp(3) }
    rows: [{ latest: { less: $now } }]
- as: { tenant: globex }
- query: { sql: SELECT 1 AS one FROM jobs WHERE tenantId = @tenantId, none: true }
",
    );
    let rows = "
- insert: { row: queuedJob }
- insert: { row: queuedJob, with: { status: done } }
";
    let query = |query: &str| fails(&format!("{rows}- query: {{ {query} }}"));
    let sql = "sql: SELECT status FROM jobs WHERE tenantId = @tenantId ORDER BY status";
    assert_eq!(
        query(&format!(
            "{sql}, ordered: true, rows: [{{ status: queued }}, {{ status: done }}]"
        )),
        "story/rows-differ: 3: the rows of the query are not the expected ones\n<<<\n\
         row 1\n  status: queued\nrow 2\n  status: done\n>>>\n\
         row 1\n  status: done\nrow 2\n  status: queued"
    );
    assert_eq!(
        query(&format!("{sql}, atLeast: 3")),
        "story/rows-differ: 3: the query gives 2 rows, not 3 rows or more\n<<<\n3 rows or more\n\
         >>>\n- { status: done }\n- { status: queued }"
    );
    assert_eq!(
        query(&format!("{sql}, rows: [{{ state: x }}]")),
        "story/unknown-column: 3: the query gives no column state"
    );
    assert!(
        query("sql: SELECT * FROM nowhere, none: true")
            .starts_with("guard/unknown-table: 3: the statement was kept from the database")
    );
    let none = query("sql: { mssql: SELECT 1 }, none: true");
    assert!(
        none.starts_with("story/no-statement: 3: `query` has no statement"),
        "{none}"
    );
}

#[test]
fn the_tenant_of_a_query_is_bound_by_the_run() {
    let other = "
- insert: { row: queuedJob }
- as: { tenant: globex }
- query: { sql: SELECT 1 FROM jobs WHERE tenantId = @tenantId, count: 1 }
";
    assert!(fails(other).starts_with("story/rows-differ: 3: the query gives no rows, not 1 row"));
}

#[test]
fn each_case_of_a_table_of_bad_rows_must_be_refused_in_its_own_way() {
    let cases = "
- insert: { row: queuedJob, with: { requestKey: a } }
- expectErrors:
    row: queuedJob
    with: { requestKey: b }
    cases:
      - { with: { requestKey: a }, kind: unique, constraint: uqJobsTenantIdRequestKey }
      - { with: { attempts: 10 }, kind: check, constraint: ckJobsAttempts }
    nulls: [requestKey, createdBy]
- expectRows: { table: jobs, count: 1 }
";
    passes(cases);
    let without = edited(|_, part| part.name().as_str() != "ckJobsAttempts");
    assert!(fails_in(&without, cases).starts_with(
        "story/no-error: 2.2: the step was accepted, but check (ckJobsAttempts) should have \
             refused it"
    ));
    let mut nullable = schema("tests/cases/story/schema");
    for table in nullable.tables.values_mut() {
        for column in &mut table.columns {
            column.nullable |= column.name.as_str() == "createdBy";
        }
    }
    assert!(fails_in(&nullable, cases).starts_with(
        "story/no-error: 2.4: the step was accepted, but notNull (jobs.createdBy) should have \
             refused it"
    ));
    let other = fails(
        "- expectErrors: { row: queuedJob, cases: [{ with: { attempts: 10 }, kind: unique }] }",
    );
    assert!(other.starts_with("story/wrong-error: 1.1: "), "{other}");
}

/// Jobs serve as records here: `requestKey` is what was done, `createdBy` who did it.
const RECORD: &str = "
- insert: { row: queuedJob, with: { requestKey: opened, status: queued } }
- expectAudit:
    table: jobs
    columns: { action: requestKey, actor: createdBy, correlation: jobId, outcome: status }
    correlation: { isNull: false }
";

#[test]
fn a_record_that_is_missing_is_missed_by_its_part() {
    let audit = |rest: &str| format!("{RECORD}    {}\n", rest.replace('\n', "\n    "));
    passes(&audit(
        "action: opened\noutcome: queued\ncount: 1\nsave: record",
    ));
    passes(&audit("action: opened\nwhere: { attempts: 0 }"));
    let missed = |rest: &str| fails(&audit(rest));
    assert!(
        missed("action: closed")
            .starts_with("story/audit: 2: jobs has no record of the action closed\n")
    );
    assert!(missed("action: opened\nactor: erin").starts_with(
        "story/audit: 2: jobs has no record by the actor erin, among 1 row that agree so far"
    ));
    assert!(
        missed("action: opened\noutcome: done")
            .starts_with("story/audit: 2: jobs has no record with the outcome done, among 1 row")
    );
    assert!(
        missed("action: opened\nwhere: { attempts: 7 }")
            .starts_with("story/audit: 2: jobs has no record with attempts 7, among 1 row")
    );
    assert!(
        missed("action: opened\ncount: 2")
            .starts_with("story/audit: 2: jobs has 1 row of this record, not 2 rows")
    );
    // Another tenant's record is none.
    let elsewhere =
        audit("action: opened").replace("- expectAudit", "- as: { tenant: globex }\n- expectAudit");
    assert!(
        fails(&elsewhere).starts_with("story/audit: 3: jobs has no record of the action opened")
    );
}

#[test]
fn a_failure_that_is_wanted_must_come_in_its_phase() {
    passes(
        "- expectFailure: { phase: persistence, finding: story/rows-differ, step: { expectRows: { table: jobs, count: 1 } } }",
    );
    let well = fails(
        "- expectFailure: { phase: persistence, step: { expectRows: { table: jobs, count: 0 } } }",
    );
    assert_eq!(
        well,
        "story/no-failure: 1: the step went well, but there should be a failure in the phase \
         persistence, exit code 5\n<<<\na failure in the phase persistence, exit code 5\n>>>\n\
         went well"
    );
    for other in [
        "phase: migration",
        "phase: persistence, exit: 4",
        "phase: persistence, finding: story/gate",
    ] {
        let other = fails(&format!(
            "- expectFailure: {{ {other}, step: {{ expectRows: {{ table: jobs, count: 1 }} }} }}"
        ));
        assert!(other.starts_with("story/other-failure: 1: "), "{other}");
    }
}

#[test]
fn what_a_world_lacks_is_said() {
    for (step, what) in [
        (
            "crash: { when: afterCommit, steps: [{ insert: { row: queuedJob } }] }",
            "has no process of its own to kill",
        ),
        ("expectGate: { outcome: clean }", "has no migrations folder"),
        (
            "addMigration: { name: x, sql: SELECT 1 }",
            "has no migrations folder",
        ),
        ("migrate", "applies no migrations"),
        (
            "resolveConnection: { environment: dev, fails: variableMissing }",
            "has no settings",
        ),
    ] {
        let failure = failure_in(&schema("tests/cases/story/schema"), &format!("- {step}"));
        let message = failure.expect("it fails").finding.message;
        assert!(message.contains(what), "{step}: {message}");
    }
}

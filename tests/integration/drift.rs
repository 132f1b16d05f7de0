//! `drift-check`: every out-of-band change is found and named, and nothing else is.

use rusqlite::Connection;

use super::sandbox::Sandbox;

/// A change behind dbtool's back, and the finding that it must lead to.
struct Mutation {
    name: &'static str,
    change: Change,
    code: &'static str,
    object: &'static str,
}

enum Change {
    /// Statements that any client can run.
    Sql(&'static str),
    /// An edit of the stored text of a table, as a client with `writable_schema` makes it.
    Rewrite {
        table: &'static str,
        from: &'static str,
        to: &'static str,
    },
}

const fn sql(
    name: &'static str,
    statements: &'static str,
    code: &'static str,
    object: &'static str,
) -> Mutation {
    Mutation {
        name,
        change: Change::Sql(statements),
        code,
        object,
    }
}

const fn rewrite(
    name: &'static str,
    (table, from, to): (&'static str, &'static str, &'static str),
    code: &'static str,
    object: &'static str,
) -> Mutation {
    Mutation {
        name,
        change: Change::Rewrite { table, from, to },
        code,
        object,
    }
}

const MUTATIONS: &[Mutation] = &[
    // Indexes.
    sql(
        "index dropped",
        "drop index ixJobRunsOpen",
        "missing-index",
        "jobRuns.ixJobRunsOpen",
    ),
    sql(
        "unique index dropped",
        "drop index uqBomColumnMappingsActive",
        "missing-index",
        "bomColumnMappings.uqBomColumnMappingsActive",
    ),
    sql(
        "index added",
        "create index ixStray on jobRuns (status)",
        "extra-index",
        "jobRuns.ixStray",
    ),
    sql(
        "index columns changed",
        "drop index ixJobRunsTenantIdCorrelationId; create index ixJobRunsTenantIdCorrelationId on jobRuns (tenantId, jobType)",
        "changed-index",
        "jobRuns.ixJobRunsTenantIdCorrelationId",
    ),
    sql(
        "index column order changed",
        "drop index ixJobRunsTenantIdCorrelationId; create index ixJobRunsTenantIdCorrelationId on jobRuns (correlationId, tenantId)",
        "changed-index",
        "jobRuns.ixJobRunsTenantIdCorrelationId",
    ),
    sql(
        "index filter changed",
        "drop index ixJobRunsOpen; create index ixJobRunsOpen on jobRuns (tenantId, queuedAt, status, jobType, attemptCount) where status in ('queued')",
        "changed-index",
        "jobRuns.ixJobRunsOpen",
    ),
    sql(
        "index filter dropped",
        "drop index ixJobRunsOpen; create index ixJobRunsOpen on jobRuns (tenantId, queuedAt, status, jobType, attemptCount)",
        "changed-index",
        "jobRuns.ixJobRunsOpen",
    ),
    sql(
        "index filter added",
        "drop index ixJobRunsTenantIdCorrelationId; create index ixJobRunsTenantIdCorrelationId on jobRuns (tenantId, correlationId) where errorCode is null",
        "changed-index",
        "jobRuns.ixJobRunsTenantIdCorrelationId",
    ),
    sql(
        "index made unique",
        "drop index ixJobRunsTenantIdCorrelationId; create unique index ixJobRunsTenantIdCorrelationId on jobRuns (tenantId, correlationId)",
        "changed-index",
        "jobRuns.ixJobRunsTenantIdCorrelationId",
    ),
    sql(
        "index no longer unique",
        "drop index uqBomColumnMappingsActive; create index uqBomColumnMappingsActive on bomColumnMappings (tenantId, mappingName, normalizedSourceColumn) where isActive = 1",
        "changed-index",
        "bomColumnMappings.uqBomColumnMappingsActive",
    ),
    sql(
        "index direction changed",
        "drop index ixJobRunsTenantIdStatusCreatedAt; create index ixJobRunsTenantIdStatusCreatedAt on jobRuns (tenantId, status, createdAt)",
        "changed-index",
        "jobRuns.ixJobRunsTenantIdStatusCreatedAt",
    ),
    sql(
        "index renamed",
        "drop index ixJobRunsTenantIdCorrelationId; create index ixOther on jobRuns (tenantId, correlationId)",
        "renamed-index",
        "jobRuns.ixJobRunsTenantIdCorrelationId",
    ),
    sql(
        "index over an expression",
        "create index ixExpression on jobRuns (lower(status))",
        "unexpected-index",
        "jobRuns.ixExpression",
    ),
    sql(
        "index with a collation",
        "create index ixCollated on jobRuns (status collate nocase)",
        "extra-index",
        "jobRuns.ixCollated",
    ),
    // Columns.
    sql(
        "column added",
        "alter table jobRuns add column extra text",
        "extra-column",
        "jobRuns.extra",
    ),
    sql(
        "column dropped",
        "alter table jobRuns drop column errorCode",
        "missing-column",
        "jobRuns.errorCode",
    ),
    sql(
        "column renamed",
        "alter table jobRuns rename column errorCode to failureCode",
        "renamed-column",
        "jobRuns.errorCode",
    ),
    rewrite(
        "default changed",
        ("jobRuns", "DEFAULT ('queued')", "DEFAULT ('running')"),
        "changed-column",
        "jobRuns.status",
    ),
    rewrite(
        "default dropped",
        (
            "jobRuns",
            "CONSTRAINT \"dfJobRunsStatus\" DEFAULT ('queued') ",
            "",
        ),
        "changed-column",
        "jobRuns.status",
    ),
    rewrite(
        "default added",
        (
            "jobRuns",
            "\"errorCode\" TEXT ",
            "\"errorCode\" TEXT DEFAULT 'none' ",
        ),
        "changed-column",
        "jobRuns.errorCode",
    ),
    rewrite(
        "default renamed",
        ("jobRuns", "\"dfJobRunsStatus\"", "\"dfOther\""),
        "changed-column",
        "jobRuns.status",
    ),
    rewrite(
        "computed default changed",
        (
            "jobRuns",
            "\"dfJobRunsQueuedAt\" DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))",
            "\"dfJobRunsQueuedAt\" DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+1 day'))",
        ),
        "changed-column",
        "jobRuns.queuedAt",
    ),
    rewrite(
        "not null dropped",
        (
            "jobRuns",
            "\"correlationId\" TEXT NOT NULL",
            "\"correlationId\" TEXT",
        ),
        "changed-column",
        "jobRuns.correlationId",
    ),
    rewrite(
        "not null added",
        (
            "jobRuns",
            "\"errorCode\" TEXT ",
            "\"errorCode\" TEXT NOT NULL ",
        ),
        "changed-column",
        "jobRuns.errorCode",
    ),
    rewrite(
        "type widened with its check",
        (
            "jobRuns",
            "length(\"status\") <= 32 /* string(32) */",
            "length(\"status\") <= 64 /* string(64) */",
        ),
        "changed-column",
        "jobRuns.status",
    ),
    rewrite(
        "type check edited alone",
        (
            "jobRuns",
            "length(\"status\") <= 32 /*",
            "length(\"status\") <= 64 /*",
        ),
        "changed-column",
        "jobRuns.status",
    ),
    rewrite(
        "decimal precision changed",
        (
            "bomColumnMappings",
            "BETWEEN -99999 AND 99999 /* decimal(5,4) */",
            "BETWEEN -9999999 AND 9999999 /* decimal(7,4) */",
        ),
        "changed-column",
        "bomColumnMappings.confidence",
    ),
    rewrite(
        "json check dropped",
        (
            "auditLogs",
            " CONSTRAINT \"tyAuditLogsDetails\" CHECK (json_valid(\"details\") /* json */)",
            "",
        ),
        "changed-column",
        "auditLogs.details",
    ),
    rewrite(
        "collation added",
        (
            "jobRuns",
            "\"tenantId\" TEXT NOT NULL",
            "\"tenantId\" TEXT COLLATE NOCASE NOT NULL",
        ),
        "changed-column",
        "jobRuns.tenantId",
    ),
    sql(
        "row version trigger dropped",
        "drop trigger tyJobRunsVersion",
        "changed-column",
        "jobRuns.version",
    ),
    sql(
        "row version trigger changed",
        "drop trigger tyJobRunsVersion; create trigger tyJobRunsVersion after update on jobRuns begin select 1; end",
        "changed-column",
        "jobRuns.version",
    ),
    // Checks.
    rewrite(
        "check widened",
        (
            "jobRuns",
            "('queued', 'running', 'succeeded', 'failed', 'cancelled'))",
            "('queued', 'running', 'succeeded', 'failed', 'cancelled', 'stuck'))",
        ),
        "changed-check",
        "jobRuns.ckJobRunsStatus",
    ),
    rewrite(
        "check tightened",
        (
            "jobRuns",
            "('queued', 'running', 'succeeded', 'failed', 'cancelled'))",
            "('queued', 'running', 'succeeded', 'failed'))",
        ),
        "changed-check",
        "jobRuns.ckJobRunsStatus",
    ),
    rewrite(
        "check constant changed",
        (
            "jobRuns",
            "CHECK (\"attemptCount\" >= 0)",
            "CHECK (\"attemptCount\" >= -1)",
        ),
        "changed-check",
        "jobRuns.ckJobRunsAttemptCount",
    ),
    rewrite(
        "check operator changed",
        (
            "jobRuns",
            "CHECK (\"attemptCount\" >= 0)",
            "CHECK (\"attemptCount\" > 0)",
        ),
        "changed-check",
        "jobRuns.ckJobRunsAttemptCount",
    ),
    rewrite(
        "check renamed",
        ("jobRuns", "\"ckJobRunsAttemptCount\"", "\"ckOther\""),
        "renamed-check",
        "jobRuns.ckJobRunsAttemptCount",
    ),
    sql(
        "check dropped",
        "alter table jobRuns drop constraint ckJobRunsAttemptCount",
        "missing-check",
        "jobRuns.ckJobRunsAttemptCount",
    ),
    sql(
        "check added",
        "alter table jobRuns add constraint ckStray check (attemptCount < 100)",
        "extra-check",
        "jobRuns.ckStray",
    ),
    // Keys.
    rewrite(
        "unique dropped",
        (
            "jobRuns",
            "\n    CONSTRAINT \"uqJobRunsTenantIdIdempotencyKey\" UNIQUE (\"tenantId\", \"idempotencyKey\"),",
            "",
        ),
        "missing-unique",
        "jobRuns.uqJobRunsTenantIdIdempotencyKey",
    ),
    rewrite(
        "unique without the tenant",
        (
            "jobRuns",
            "UNIQUE (\"tenantId\", \"idempotencyKey\")",
            "UNIQUE (\"idempotencyKey\")",
        ),
        "changed-unique",
        "jobRuns.uqJobRunsTenantIdIdempotencyKey",
    ),
    rewrite(
        "unique renamed",
        (
            "jobRuns",
            "\"uqJobRunsTenantIdIdempotencyKey\"",
            "\"uqOther\"",
        ),
        "renamed-unique",
        "jobRuns.uqJobRunsTenantIdIdempotencyKey",
    ),
    rewrite(
        "unique with another conflict clause",
        (
            "jobRuns",
            "UNIQUE (\"tenantId\", \"idempotencyKey\")",
            "UNIQUE (\"tenantId\", \"idempotencyKey\") ON CONFLICT REPLACE",
        ),
        "unexpected-object",
        "jobRuns.uqJobRunsTenantIdIdempotencyKey",
    ),
    rewrite(
        "primary key columns changed",
        (
            "uploadPolicies",
            "PRIMARY KEY (\"tenantId\", \"uploadPolicyId\")",
            "PRIMARY KEY (\"uploadPolicyId\", \"tenantId\")",
        ),
        "changed-primary-key",
        "uploadPolicies.pkUploadPolicies",
    ),
    rewrite(
        "primary key renamed",
        ("uploadPolicies", "\"pkUploadPolicies\"", "\"pkOther\""),
        "renamed-primary-key",
        "uploadPolicies.pkUploadPolicies",
    ),
    rewrite(
        "foreign key dropped",
        (
            "uploadEvents",
            ",\n    CONSTRAINT \"fkUploadEventsJobRuns\" FOREIGN KEY (\"tenantId\", \"jobRunId\") REFERENCES \"jobRuns\" (\"tenantId\", \"jobRunId\")",
            "",
        ),
        "missing-foreign-key",
        "uploadEvents.fkUploadEventsJobRuns",
    ),
    rewrite(
        "foreign key action changed",
        (
            "uploadEvents",
            "REFERENCES \"jobRuns\" (\"tenantId\", \"jobRunId\")",
            "REFERENCES \"jobRuns\" (\"tenantId\", \"jobRunId\") ON DELETE CASCADE",
        ),
        "changed-foreign-key",
        "uploadEvents.fkUploadEventsJobRuns",
    ),
    rewrite(
        "foreign key to another key",
        (
            "uploadEvents",
            "(\"tenantId\", \"jobRunId\") REFERENCES \"jobRuns\" (\"tenantId\", \"jobRunId\")",
            "(\"tenantId\", \"idempotencyKey\") REFERENCES \"jobRuns\" (\"tenantId\", \"idempotencyKey\")",
        ),
        "changed-foreign-key",
        "uploadEvents.fkUploadEventsJobRuns",
    ),
    // Tables and what hangs on them.
    sql(
        "table dropped",
        "drop table columnDetectionAudits",
        "missing-table",
        "columnDetectionAudits",
    ),
    sql(
        "table renamed",
        "alter table columnDetectionAudits rename to detections",
        "renamed-table",
        "columnDetectionAudits",
    ),
    sql(
        "table added",
        "create table stray (id integer primary key, name text)",
        "extra-table",
        "stray",
    ),
    sql(
        "view added",
        "create view openJobs as select * from jobRuns",
        "unexpected-view",
        "openJobs",
    ),
    sql(
        "trigger added",
        "create trigger trStray after insert on jobRuns begin select 1; end",
        "unexpected-trigger",
        "jobRuns.trStray",
    ),
    sql(
        "updates let through",
        "drop trigger trAuditLogsAppendOnlyUpdate",
        "changed-table",
        "auditLogs",
    ),
    sql(
        "deletes let through",
        "drop trigger trHistoryEntriesAppendOnlyDelete",
        "changed-table",
        "historyEntries",
    ),
    sql(
        "append-only made toothless",
        "drop trigger trAuditLogsAppendOnlyUpdate; create trigger trAuditLogsAppendOnlyUpdate before update on auditLogs begin select 1; end",
        "changed-table",
        "auditLogs",
    ),
    rewrite(
        "table no longer strict",
        ("uploadEvents", ") STRICT", ")"),
        "unexpected-object",
        "uploadEvents",
    ),
];

fn apply(database: &Connection, change: &Change) {
    match change {
        Change::Sql(statements) => database.execute_batch(statements).expect("the change"),
        Change::Rewrite { table, from, to } => {
            database
                .pragma_update(None, "writable_schema", "on")
                .expect("a pragma");
            let text: String = database
                .query_row(
                    "select sql from sqlite_schema where name = ?1",
                    [table],
                    |row| row.get(0),
                )
                .expect("a table");
            assert!(text.contains(from), "{table} has no {from}\n{text}");
            let edited = text.replacen(from, to, 1);
            database
                .execute(
                    "update sqlite_schema set sql = ?1 where name = ?2",
                    [&edited, &(*table).to_owned()],
                )
                .expect("an edit");
            // An index that no constraint stands behind any more would make the file unreadable.
            if from.contains("UNIQUE") && !to.contains("UNIQUE") {
                database
                    .execute(
                        "delete from sqlite_schema where name = 'sqlite_autoindex_jobRuns_2'",
                        [],
                    )
                    .expect("an edit");
            }
        }
    }
}

/// The errors of `drift-check` as (code, object).
fn errors(sandbox: &Sandbox, code: i32) -> (Vec<(String, String)>, serde_json::Value) {
    let json = sandbox.json(code, &["drift-check"]);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let found = json["findings"].as_array().expect("findings").iter();
    let errors = found
        .filter(|finding| finding["severity"] == "error")
        .map(|finding| (text(&finding["code"]), text(&finding["object"])))
        .collect();
    (errors, json)
}

#[test]
fn every_change_behind_dbtools_back_is_found_named_and_can_be_put_right() {
    assert!(MUTATIONS.len() >= 40);
    let sandbox = Sandbox::product();
    sandbox.ok(&["migrate"]);
    assert_eq!(
        errors(&sandbox, 0).0,
        [],
        "an untouched database has no drift"
    );
    let path = sandbox.path(".dbtool/local.db");
    let untouched = std::fs::read(&path).expect("a database");
    let mut failures = Vec::new();
    for mutation in MUTATIONS {
        std::fs::write(&path, &untouched).expect("a database");
        apply(&sandbox.database(), &mutation.change);
        let run = sandbox.run(&["drift-check"]);
        if run.code != 3 {
            failures.push(format!(
                "{}: exit {} instead of 3\n{run}",
                mutation.name, run.code
            ));
            continue;
        }
        let (found, json) = errors(&sandbox, 3);
        let wanted = (
            format!("drift/{}", mutation.code),
            mutation.object.to_owned(),
        );
        if !found.contains(&wanted) {
            failures.push(format!(
                "{}: {wanted:?} is not among {found:?}",
                mutation.name
            ));
            continue;
        }
        let table = |object: &str| object.split('.').next().unwrap_or_default().to_owned();
        if let Some(other) = found
            .iter()
            .find(|(_, object)| table(object) != table(mutation.object))
        {
            failures.push(format!(
                "{}: {other:?} has nothing to do with it",
                mutation.name
            ));
        }
        if let Err(why) = put_right(&sandbox, &json) {
            failures.push(format!("{}: {why}\n{json:#}", mutation.name));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// Runs the statements that the report offers, and looks again.
fn put_right(sandbox: &Sandbox, report: &serde_json::Value) -> Result<(), String> {
    let database = sandbox.database();
    database
        .pragma_update(None, "foreign_keys", "off")
        .expect("a pragma");
    let findings = report["findings"].as_array().expect("findings").iter();
    let remedies: Vec<&str> = findings
        .filter_map(|finding| finding["remedy"].as_str())
        .collect();
    if remedies.is_empty() {
        return Err("no statement would put it right".to_owned());
    }
    // One remedy can put several findings right; what it leaves is shown by the next look.
    let first = remedies[0];
    database
        .execute_batch(first)
        .map_err(|error| format!("{first}\n{error}"))?;
    drop(database);
    for _ in 0..3 {
        let run = sandbox.run(&["drift-check", "--format", "json"]);
        if run.code == 0 {
            return Ok(());
        }
        let json: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
        let next = json["findings"]
            .as_array()
            .and_then(|all| all.iter().find_map(|finding| finding["remedy"].as_str()));
        let Some(next) = next else {
            return Err("the remedies leave drift".to_owned());
        };
        let database = sandbox.database();
        database
            .pragma_update(None, "foreign_keys", "off")
            .expect("a pragma");
        database
            .execute_batch(next)
            .map_err(|error| format!("{next}\n{error}"))?;
    }
    Err("the remedies leave drift".to_owned())
}

#[test]
fn the_report_shows_object_difference_yaml_line_and_remedy() {
    let sandbox = Sandbox::migrated();
    sandbox.sql("drop index ixOrdersTenantIdStatusCreatedAt");
    let run = sandbox.fails(3, &["drift-check"]);
    run.says("orders.ixOrdersTenantIdStatusCreatedAt")
        .says("schema/orders.yaml:")
        .says("CREATE INDEX \"ixOrdersTenantIdStatusCreatedAt\"")
        .says("since the last apply");
}

#[test]
fn a_database_without_history_or_behind_is_no_pass() {
    let sandbox = Sandbox::small();
    sandbox.fails(8, &["drift-check"]);
    Connection::open(sandbox.path("local.db"))
        .expect("a database")
        .execute_batch("create table t (a) ; drop table t")
        .expect("a file");
    sandbox
        .fails(3, &["drift-check"])
        .says("no migration applied");
    sandbox.ok(&["migrate"]);
    sandbox.edit(
        "schema/orders.yaml",
        "  createdAt",
        "  extra: { type: int, nullable: true }\n  createdAt",
    );
    sandbox.ok(&["generate", "extra"]);
    sandbox
        .fails(3, &["drift-check"])
        .says("_extra is not applied");
    sandbox.ok(&["drift-check", "--allow-pending"]);
}

#[test]
fn another_spelling_is_no_drift() {
    let sandbox = Sandbox::migrated();
    for (from, to) in [
        (
            "CHECK (\"status\" IN ('open', 'closed'))",
            "check ( ( [status]  in('closed' , 'open') ) )",
        ),
        ("CHECK (\"total\" >= 0)", "CHECK (NOT (0 > total))"),
    ] {
        apply(
            &sandbox.database(),
            &Change::Rewrite {
                table: "orders",
                from,
                to,
            },
        );
    }
    sandbox.ok(&["drift-check"]);
}

#[test]
fn known_drift_is_accepted_until_its_day_and_then_is_drift_again() {
    let sandbox = Sandbox::migrated();
    sandbox.sql("create index ixTemporary on orders (note)");
    sandbox.fails(3, &["drift-check"]);
    let ignore = |until: &str| {
        format!(
            "environments:\n  local: {{ target: sqlite, database: local.db }}\ndrift:\n  ignore:\n    - object: index\n      table: orders\n      name: \"ixTemp*\"\n      owner: dba\n      reason: load test\n      until: {until}\n"
        )
    };
    sandbox.write("dbtool.yaml", ignore("2999-12-31"));
    sandbox
        .ok(&["drift-check"])
        .says("ignored until 2999-12-31 by dba: load test");
    sandbox.write("dbtool.yaml", ignore("2020-01-01"));
    sandbox
        .fails(3, &["drift-check"])
        .says("ixTemporary")
        .says("ended on 2020-01-01");
}

#[test]
fn other_objects_are_left_alone_when_only_ours_are_in_scope() {
    let sandbox = Sandbox::migrated();
    sandbox.sql("create table theirs (id integer); create view v as select 1");
    sandbox.fails(3, &["drift-check"]).says("theirs");
    sandbox.write(
        "dbtool.yaml",
        "environments:\n  local: { target: sqlite, database: local.db }\ndrift: { scope: managed }\n",
    );
    sandbox.ok(&["drift-check"]);
    sandbox.sql("drop table orderLines");
    sandbox.fails(3, &["drift-check"]).says("orderLines");
}

#[test]
fn the_history_tables_of_other_tools_are_no_drift() {
    let sandbox = Sandbox::migrated();
    sandbox.sql("create table _prisma_migrations (id text); create table flyway_schema_history (id integer)");
    sandbox.ok(&["drift-check"]);
}

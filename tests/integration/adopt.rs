//! `introspect`, `baseline` and `diff`: databases that dbtool did not make, and any two schemas.

use rusqlite::Connection;

use super::sandbox::Sandbox;

/// A database as another tool makes it: no names, types of its own, a view, a trigger.
const SHOP: &str = "
CREATE TABLE customers (
    id integer PRIMARY KEY,
    email varchar(120) NOT NULL UNIQUE,
    joined datetime DEFAULT CURRENT_TIMESTAMP,
    tier varchar(8) NOT NULL DEFAULT 'basic' CHECK (tier IN ('basic', 'gold'))
);
CREATE TABLE purchases (
    id integer PRIMARY KEY AUTOINCREMENT,
    customer_id bigint NOT NULL REFERENCES customers ON DELETE CASCADE,
    total decimal(9, 2) NOT NULL DEFAULT 0,
    note text
);
CREATE INDEX purchases_open ON purchases (customer_id, total DESC) WHERE note IS NULL;
CREATE VIEW spent AS SELECT customer_id, sum(total) AS total FROM purchases GROUP BY 1;
CREATE TRIGGER purchases_touch AFTER INSERT ON purchases BEGIN SELECT 1; END;
INSERT INTO customers (email) VALUES ('a@example.com');
INSERT INTO purchases (customer_id, total) VALUES (1, 9.5);
";

const SETTINGS: &str = "naming: off\ntenant: off\ntargets: [sqlite]\ndefaultEnvironment: local\nenvironments:\n  local: { target: sqlite, database: local.db }\n";

/// A project beside a database that another tool made.
fn foreign(sql: &str) -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.write("dbtool.yaml", SETTINGS);
    let connection = Connection::open(sandbox.path("local.db")).expect("a database");
    connection.execute_batch(sql).expect("the database's SQL");
    sandbox
}

/// The same, with its schema declared and a migration that makes it.
fn declared(sql: &str) -> Sandbox {
    let sandbox = foreign(sql);
    sandbox.ok(&["introspect", "--output", "schema"]);
    sandbox.ok(&["generate", "initial", "--version-stamp", "20260101000000"]);
    sandbox
}

fn files(sandbox: &Sandbox, folder: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = std::fs::read_dir(sandbox.path(folder))
        .map(|entries| {
            entries
                .map(|entry| {
                    let name = entry.expect("an entry").file_name();
                    let name = name.to_string_lossy().into_owned();
                    let text = sandbox.read(&format!("{folder}/{name}"));
                    (name, text)
                })
                .collect()
        })
        .unwrap_or_default();
    files.sort();
    files
}

/// The catalog without what is dbtool's.
fn theirs(sandbox: &Sandbox) -> String {
    sandbox
        .database()
        .query_row(
            "select group_concat(name || coalesce(sql, ''), char(10)) from (select name, sql
             from sqlite_schema where lower(name) not like '%dbtool%' order by type, name)",
            [],
            |row| row.get(0),
        )
        .expect("the catalog")
}

fn codes(json: &serde_json::Value) -> Vec<String> {
    let findings = json["findings"].as_array().expect("findings");
    let mut codes: Vec<String> = findings
        .iter()
        .map(|finding| finding["code"].as_str().expect("a code").to_owned())
        .collect();
    codes.dedup();
    codes
}

#[test]
fn a_database_of_another_tool_is_adopted_and_goes_on_from_there() {
    let sandbox = declared(SHOP);
    let before = theirs(&sandbox);
    let json = sandbox.json(0, &["baseline", "20260101000000"]);
    assert_eq!(json["data"]["recorded"][0]["name"], "initial");
    assert_eq!(theirs(&sandbox), before, "nothing is touched");
    sandbox.ok(&["drift-check"]).says("No drift");
    sandbox.ok(&["migrate"]).says("Nothing to do");

    // Only what is later is applied, rows stay, and a table that has to be made anew keeps them.
    sandbox.edit("schema/customers.yaml", "default: basic", "default: gold");
    sandbox.edit(
        "schema/purchases.yaml",
        "primaryKey:",
        "  paid: { native: { sqlite: bool }, nullable: true }\nprimaryKey:",
    );
    sandbox.ok(&["generate", "later"]);
    let json = sandbox.json(0, &["migrate"]);
    assert_eq!(json["data"]["applied"].as_array().map(Vec::len), Some(1));
    sandbox.ok(&["drift-check"]);
    let rows: i64 = sandbox
        .database()
        .query_row(
            "select count(*) from customers join purchases on customer_id = customers.id",
            [],
            |row| row.get(0),
        )
        .expect("the rows");
    assert_eq!(rows, 1);
    let json = sandbox.json(0, &["history", "--verify"]);
    let kinds: Vec<&str> = json["data"]["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row["kind"].as_str().expect("a kind"))
        .collect();
    assert_eq!(kinds, ["baseline", "migration"]);
    assert_eq!(json["data"]["chain"], "intact");

    // A new database from the same folder is no drift either.
    sandbox.ok(&["migrate", "--url", "sqlite:fresh.db"]);
    sandbox.ok(&["drift-check", "--url", "sqlite:fresh.db"]);
}

#[test]
fn what_changes_after_the_baseline_is_drift() {
    for (sql, code) in [
        ("drop index purchases_open", "drift/missing-index"),
        (
            "alter table customers add column age int",
            "drift/extra-column",
        ),
        ("drop view spent", "drift/gone"),
        ("create view more as select 1", "drift/unexpected-view"),
        ("drop trigger purchases_touch", "drift/gone"),
    ] {
        let sandbox = declared(SHOP);
        sandbox.ok(&["baseline", "20260101000000"]);
        sandbox.sql(sql);
        let json = sandbox.json(3, &["drift-check"]);
        assert!(codes(&json).contains(&code.to_owned()), "{sql}: {json:#}");
    }
}

#[test]
fn a_database_that_is_something_else_is_not_taken_for_the_version() {
    let sandbox = declared(SHOP);
    sandbox.sql("drop index purchases_open; alter table customers add column age int");
    let before = sandbox.catalog();
    let json = sandbox.json(3, &["baseline", "20260101000000"]);
    assert_eq!(
        codes(&json),
        [
            "baseline/not-proven",
            "drift/extra-column",
            "drift/missing-index"
        ]
    );
    assert_eq!(sandbox.catalog(), before, "nothing was written");
    sandbox.fails(2, &["baseline", "20260101000000", "--accept-drift", " "]);

    let json = sandbox.json(
        0,
        &[
            "baseline",
            "20260101000000",
            "--accept-drift",
            "as it always was",
        ],
    );
    assert!(codes(&json).contains(&"drift/extra-column".to_owned()));
    let json = sandbox.json(0, &["history"]);
    let reason = json["data"]["rows"][0]["reason"]
        .as_str()
        .expect("a reason");
    assert!(
        reason.contains("drift accepted: as it always was"),
        "{reason}"
    );
    // It can be built upon, and is still said not to be what the migrations make.
    sandbox.ok(&["migrate"]);
    sandbox
        .fails(3, &["drift-check"])
        .says("already so when the last apply ended");
}

#[test]
fn a_baseline_is_the_first_of_the_record_and_is_tried_without_writing() {
    let sandbox = declared(SHOP);
    let before = sandbox.catalog();
    sandbox
        .ok(&["baseline", "20260101000000", "--dry-run"])
        .says("Would record 1 migration");
    assert_eq!(sandbox.catalog(), before);
    sandbox.ok(&["baseline", "20260101000000"]);
    let json = sandbox.json(9, &["baseline", "20260101000000"]);
    assert_eq!(codes(&json), ["baseline/has-history"]);
    sandbox.fails(2, &["baseline", "20260101000001"]);
    sandbox.fails(
        8,
        &["baseline", "20260101000000", "--url", "sqlite:none.db"],
    );
    assert!(!sandbox.path("none.db").exists());
}

#[test]
fn each_migration_up_to_the_version_counts_as_applied() {
    let sandbox = declared(SHOP);
    for (number, column) in [(2, "second"), (3, "third")] {
        sandbox.edit(
            "schema/customers.yaml",
            "primaryKey:",
            &format!("  {column}: {{ native: {{ sqlite: int }}, nullable: true }}\nprimaryKey:"),
        );
        let stamp = format!("2026010{number}000000");
        sandbox.ok(&["generate", column, "--version-stamp", &stamp]);
    }
    sandbox.fails(3, &["baseline", "20260102000000"]);
    sandbox.sql("alter table customers add column second int");
    let json = sandbox.json(0, &["baseline", "20260102000000"]);
    assert_eq!(json["data"]["recorded"].as_array().map(Vec::len), Some(2));
    let json = sandbox.json(0, &["migrate"]);
    assert_eq!(json["data"]["applied"][0]["name"], "third");
    sandbox.ok(&["drift-check"]);
    // The files are vouched for like any that were applied.
    let name = sandbox.migrations().remove(0);
    sandbox.edit(
        &format!("migrations/{name}/sqlite.sql"),
        "--",
        "-- edited\n--",
    );
    sandbox.fails(9, &["status"]).says("edited");
}

const PRISMA: &str = "
CREATE TABLE \"User\" (\"id\" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, \"email\" TEXT NOT NULL, \"at\" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP);
CREATE UNIQUE INDEX \"User_email_key\" ON \"User\"(\"email\");
CREATE TABLE \"_prisma_migrations\" (
    \"id\" TEXT PRIMARY KEY NOT NULL, \"checksum\" TEXT NOT NULL, \"finished_at\" DATETIME, \"migration_name\" TEXT NOT NULL,
    \"logs\" TEXT, \"rolled_back_at\" DATETIME, \"started_at\" DATETIME NOT NULL DEFAULT current_timestamp,
    \"applied_steps_count\" INTEGER UNSIGNED NOT NULL DEFAULT 0);
INSERT INTO \"_prisma_migrations\" VALUES ('1', 'a', 1700000000001, '20231114_init', NULL, NULL, 1700000000000, 1);
INSERT INTO \"_prisma_migrations\" VALUES ('2', 'b', 1700000100001, '20231115_mail', NULL, NULL, 1700000100000, 1);
";

#[test]
fn a_database_of_prisma_is_adopted_with_the_name_of_its_last_migration() {
    let sandbox = declared(PRISMA);
    assert_eq!(
        files(&sandbox, "schema").len(),
        2,
        "one table, and the editors' schema"
    );
    let json = sandbox.json(0, &["baseline", "20260101000000"]);
    assert_eq!(json["data"]["prismaMigration"], "20231115_mail");
    let json = sandbox.json(0, &["history"]);
    let reason = json["data"]["rows"][0]["reason"]
        .as_str()
        .expect("a reason");
    assert!(reason.contains("20231115_mail"), "{reason}");
    let kept: i64 = sandbox
        .database()
        .query_row("select count(*) from _prisma_migrations", [], |row| {
            row.get(0)
        })
        .expect("Prisma's rows");
    assert_eq!(kept, 2);
    sandbox.ok(&["drift-check"]);
}

#[test]
fn what_prisma_left_unsettled_is_named() {
    for (row, code) in [
        (
            "('3', 'c', NULL, '20231116_half', NULL, NULL, 1700000200000, 0)",
            "baseline/prisma-failed",
        ),
        (
            "('3', 'c', NULL, '20231116_half', 'x', 1700000300000, 1700000200000, 0)",
            "baseline/prisma-rolled-back",
        ),
    ] {
        let sandbox = declared(PRISMA);
        sandbox.sql(&format!("insert into _prisma_migrations values {row}"));
        let json = sandbox.json(9, &["baseline", "20260101000000"]);
        assert_eq!(codes(&json), [code]);
        let message = json["findings"][0]["message"].as_str().expect("a message");
        assert!(message.contains("20231116_half"), "{message}");
        // Finished after all, it is settled.
        sandbox.sql("insert into _prisma_migrations values ('4', 'c', 1700000400001, '20231116_half', NULL, NULL, 1700000400000, 1)");
        let json = sandbox.json(0, &["baseline", "20260101000000"]);
        assert_eq!(json["data"]["prismaMigration"], "20231116_half");
    }
}

#[test]
fn the_projects_own_schema_is_read_back_from_its_database() {
    let sandbox = Sandbox::product();
    sandbox.ok(&["migrate", "--env", "local"]);
    let before = files(&sandbox, "schema");
    let json = sandbox.json(0, &["introspect", "--output", "schema"]);
    assert_eq!(json["data"]["unchanged"], 7);
    assert_eq!(json["data"]["losses"], 0);
    assert_eq!(files(&sandbox, "schema"), before, "not a byte");
    sandbox.ok(&["introspect", "--output", "out"]);
    sandbox.ok(&["diff", "out", "schema", "--target", "sqlite"]);
    sandbox.ok(&["diff", "live", "./out"]);
    let text = sandbox.read("out/jobRuns.yaml");
    for line in [
        "  status:         { type: string(32), oneOf: [queued, running, succeeded, failed, cancelled], default: queued }",
        "  attemptCount:   { type: int, default: 0, min: 0 }",
        "  jobRunId:       { type: uuid, default: newSequentialId }",
        "primaryKey: [tenantId, jobRunId]",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "no line {line:?} in\n{text}"
        );
    }
    assert!(
        sandbox
            .read("out/historyEntries.yaml")
            .contains("appendOnly: true")
    );
    assert!(
        sandbox
            .read("out/bomColumnMappings.yaml")
            .contains("where: isActive = true")
    );
}

#[test]
fn what_cannot_be_said_is_listed_and_fails_where_that_is_wanted() {
    let sandbox = foreign(SHOP);
    let run = sandbox.ok(&["introspect"]);
    assert!(run.stdout.starts_with("# yaml-language-server"), "{run}");
    assert_eq!(
        run.stdout.matches("---\n").count(),
        1,
        "two documents\n{run}"
    );
    assert!(run.stderr.contains("view spent"), "{run}");
    let json = sandbox.json(0, &["introspect"]);
    assert_eq!(json["data"]["tables"], 2);
    assert!(
        json["data"]["files"]["customers"]
            .as_str()
            .is_some_and(|text| text.contains("table: customers"))
    );
    let listed = codes(&json);
    assert_eq!(listed, ["introspect/outside-model"], "{json:#}");
    let json = sandbox.json(6, &["introspect", "--strict", "--output", "schema"]);
    assert_eq!(json["outcome"], "findings");
    assert!(!sandbox.path("schema").exists());
}

#[test]
fn what_the_settings_would_have_to_be_is_said() {
    let sandbox = foreign("CREATE TABLE Some_Thing (id integer PRIMARY KEY, v varchar)");
    sandbox.write("dbtool.yaml", "defaultEnvironment: local\nenvironments:\n  local: { target: sqlite, database: local.db }\n");
    let run = sandbox.ok(&["introspect", "--output", "schema"]);
    for word in ["naming: off", "tenant: off", "targets: [sqlite]"] {
        run.says(word);
    }
}

#[test]
fn files_of_an_author_are_changed_only_where_the_database_changed() {
    let sandbox = declared(SHOP);
    sandbox.edit(
        "schema/customers.yaml",
        "columns:\n",
        "columns:\n  # Who buys.\n",
    );
    sandbox.edit(
        "schema/customers.yaml",
        "table: customers\n",
        "table: customers\ndescription: Who buys.\n",
    );
    let before = files(&sandbox, "schema");
    sandbox.ok(&["introspect", "--output", "schema"]);
    assert_eq!(files(&sandbox, "schema"), before);

    sandbox.sql("alter table customers add column age int; create table extra (id integer primary key, v varchar); drop view spent; drop table purchases");
    let run = sandbox.ok(&["introspect", "--output", "schema"]);
    run.says("Changed schema/customers.yaml")
        .says("Wrote schema/extra.yaml")
        .says("purchases");
    let text = sandbox.read("schema/customers.yaml");
    let expected = before
        .iter()
        .find(|(name, _)| name == "customers.yaml")
        .map(|(_, text)| {
            text.replace(
                "primaryKey:",
                "  age:    { native: { sqlite: int }, nullable: true }\nprimaryKey:",
            )
        });
    assert_eq!(Some(text), expected);
    assert!(
        sandbox.path("schema/purchases.yaml").exists(),
        "never deleted"
    );
}

#[test]
fn a_file_that_cannot_be_changed_is_written_anew_only_by_force() {
    let sandbox = foreign("CREATE TABLE t (id integer PRIMARY KEY, v varchar)");
    let file = "{ table: t, columns: { id: { native: { sqlite: integer } } }, primaryKey: [id] }\n";
    sandbox.write("schema/mine.yaml", file);
    let json = sandbox.json(6, &["introspect", "--output", "schema"]);
    assert_eq!(codes(&json), ["introspect/not-merged"]);
    assert_eq!(sandbox.read("schema/mine.yaml"), file);
    sandbox.ok(&["introspect", "--output", "schema", "--force"]);
    assert!(
        sandbox
            .read("schema/mine.yaml")
            .contains("  v:  { native: { sqlite: varchar }, nullable: true }")
    );
    // A file that no schema can be read from stops everything before anything is written.
    sandbox.write("schema/other.yaml", "table: u\ncolumns: 5\n");
    let before = files(&sandbox, "schema");
    sandbox.fails(6, &["introspect", "--output", "schema"]);
    assert_eq!(files(&sandbox, "schema"), before);
}

#[test]
fn tables_are_chosen_by_pattern() {
    let sandbox = foreign(SHOP);
    let json = sandbox.json(0, &["introspect", "--tables", "PURCH*", "nothing"]);
    assert_eq!(json["data"]["tables"], 1);
    let codes = codes(&json);
    assert!(
        codes.contains(&"introspect/left-out".to_owned()),
        "{json:#}"
    );
}

#[test]
fn a_schema_is_compared_with_migrations_and_databases() {
    let sandbox = Sandbox::migrated();
    for (from, to) in [
        ("schema", "migrations"),
        ("schema", "live"),
        ("live", "migrations@20260101000000"),
        ("./schema", "live:local"),
    ] {
        sandbox.ok(&["diff", from, to]).says("No difference");
    }
    sandbox.edit(
        "schema/orders.yaml",
        "  createdAt:",
        "  priority: { type: int, default: 0 }\n  createdAt:",
    );
    sandbox.edit(
        "schema/orders.yaml",
        "type: string(100)",
        "type: string(50)",
    );
    let json = sandbox.json(3, &["diff", "migrations", "schema"]);
    let changes: Vec<(&str, &str)> = json["data"]["changes"]
        .as_array()
        .expect("changes")
        .iter()
        .map(|change| {
            let text = |key: &str| change[key].as_str().expect("text");
            (text("object"), text("class"))
        })
        .collect();
    assert_eq!(
        changes,
        [
            ("orders.priority", "additive"),
            ("orders.note", "destructive")
        ]
    );
    assert_eq!(json["data"]["target"], serde_json::Value::Null);
    let run = sandbox.fails(3, &["diff", "migrations", "schema"]);
    assert!(
        run.stdout.contains("destructive  alter column orders.note"),
        "{run}"
    );
    assert!(run.stdout.contains("priority"), "{run}");
    // The other way round what was added is taken away.
    let json = sandbox.json(3, &["diff", "schema", "live"]);
    assert_eq!(json["data"]["target"], "sqlite");
    assert_eq!(
        json["data"]["changes"][1]["change"], "drop column orders.priority",
        "{json:#}"
    );
    for engine in ["mssql", "sqlite"] {
        let run = sandbox.fails(
            3,
            &["diff", "migrations", "schema", "--sql", "--target", engine],
        );
        assert!(
            run.stdout
                .contains("-- destructive: alter column orders.note"),
            "{run}"
        );
    }
    sandbox
        .fails(2, &["diff", "migrations", "schema", "--sql"])
        .says("--target");
}

#[test]
fn the_sql_of_a_difference_makes_it_go_away() {
    let sandbox = Sandbox::migrated();
    sandbox.edit(
        "schema/orders.yaml",
        "  createdAt:",
        "  priority: { type: int, default: 0 }\n  createdAt:",
    );
    sandbox.edit(
        "schema/orders.yaml",
        "[open, closed]",
        "[open, closed, lost]",
    );
    let run = sandbox.fails(3, &["diff", "live", "schema", "--sql"]);
    sandbox.sql(&run.stdout);
    sandbox.ok(&["diff", "live", "schema"]);
}

#[test]
fn a_rename_is_one_where_the_schema_on_the_right_says_so() {
    let sandbox = Sandbox::migrated();
    sandbox.edit(
        "schema/orders.yaml",
        "  note: { type",
        "  remark: { renamedFrom: note, type",
    );
    let json = sandbox.json(3, &["diff", "migrations", "schema"]);
    assert_eq!(
        json["data"]["changes"][0]["change"],
        "rename column orders.note to orders.remark"
    );
    let json = sandbox.json(3, &["diff", "schema", "migrations"]);
    assert_eq!(json["data"]["changes"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_saved_catalog_is_compared_with_what_came_after_it() {
    let sandbox = Sandbox::migrated();
    sandbox.ok(&["drift-check", "--save", "saved/before.json"]);
    sandbox.ok(&["drift-check", "--save", "saved/again.json"]);
    let text = sandbox.read("saved/before.json");
    assert_eq!(text, sandbox.read("saved/again.json"));
    assert!(
        !text.contains("local.db"),
        "nothing of the way to the database"
    );
    sandbox.ok(&["diff", "catalog:saved/before.json", "live"]);
    sandbox.ok(&["diff", "saved/before.json", "schema"]);

    sandbox.sql("drop index ixOrdersTenantIdStatusCreatedAt; create view open as select 1 as one");
    let run = sandbox.fails(3, &["drift-check", "--save", "saved/after.json"]);
    run.says("Saved the catalog");
    let json = sandbox.json(3, &["diff", "saved/before.json", "saved/after.json"]);
    assert_eq!(
        json["data"]["changes"][0]["object"],
        "orders.ixOrdersTenantIdStatusCreatedAt"
    );
    assert_eq!(json["data"]["outside"][0]["object"], "open");
    assert_eq!(json["data"]["outside"][0]["state"], "new");
    // A schema cannot say the view: it is noted, and no difference.
    sandbox.sql(
        "create index ixOrdersTenantIdStatusCreatedAt on orders (tenantId, status, createdAt desc)",
    );
    let json = sandbox.json(0, &["diff", "live", "schema"]);
    assert_eq!(codes(&json), ["diff/outside-model"]);
}

#[test]
fn sides_that_are_none_are_refused() {
    let sandbox = Sandbox::migrated();
    sandbox.write("broken.json", "{\"format\": \"dbtool.catalog/9\"}");
    sandbox.write("empty/readme.txt", "");
    for side in [
        "env:NAME",
        "nothing",
        "migrations@1",
        "live:nowhere",
        "broken.json",
        "catalog:none.json",
        "empty",
    ] {
        sandbox.fails(2, &["diff", side, "schema"]);
    }
    sandbox.ok(&["drift-check", "--save", "saved.json"]);
    sandbox.fails(2, &["diff", "saved.json", "schema", "--target", "mssql"]);
    // On a CI machine only a database that nobody named is missed.
    let ci = |arguments: &[&str]| {
        let mut command = sandbox.command(arguments);
        command.env("CI", "true");
        super::sandbox::finish(command).code
    };
    assert_eq!(ci(&["diff", "live", "schema"]), 2);
    assert_eq!(ci(&["diff", "live:local", "schema"]), 0);
    assert_eq!(ci(&["diff", "migrations", "schema"]), 0);
}

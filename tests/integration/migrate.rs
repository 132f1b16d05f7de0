//! `migrate`, `status` and `plan`: applied once, whole, and only what was sealed.

use std::process::Stdio;

use dbtool::migration::{Checksum, Entry, Id, SumFile};

use super::sandbox::{Sandbox, finish};

#[test]
fn a_second_run_finds_nothing_to_do() {
    let sandbox = Sandbox::small();
    sandbox
        .ok(&["migrate"])
        .says("Applied 1 migration")
        .says("History head: ");
    let before = sandbox.catalog();
    sandbox.ok(&["migrate"]).says("Nothing to do");
    assert_eq!(sandbox.catalog(), before);
    let rows: i64 = sandbox
        .database()
        .query_row("select count(*) from dbtoolHistory", [], |row| row.get(0))
        .expect("a count");
    assert_eq!(rows, 1, "a run that applies nothing records nothing");
}

#[test]
fn an_edited_migration_is_refused_by_name() {
    let sandbox = Sandbox::migrated();
    sandbox.edit(
        "migrations/20260101000000_initial/sqlite.sql",
        "CREATE",
        "create",
    );
    for command in ["migrate", "status", "drift-check"] {
        sandbox
            .fails(9, &[command])
            .says("20260101000000_initial/sqlite.sql")
            .says("edited");
    }
    sandbox
        .fails(9, &["check"])
        .says("20260101000000_initial/sqlite.sql");
}

#[test]
fn a_checkout_with_other_line_ends_is_no_edit() {
    let sandbox = Sandbox::migrated();
    for file in ["changes.yaml", "sqlite.sql", "mssql.sql"] {
        let name = format!("migrations/20260101000000_initial/{file}");
        let text = sandbox.read(&name).replace('\n', "\r\n");
        sandbox.write(&name, format!("\u{feff}{text}"));
    }
    let sum = sandbox.read("migrations/dbtool.sum").replace('\n', "\r\n");
    sandbox.write("migrations/dbtool.sum", sum);
    sandbox.ok(&["migrate"]).says("Nothing to do");
    sandbox.ok(&["status"]);
    sandbox.ok(&["drift-check"]);
}

#[test]
fn mending_the_other_engines_file_blocks_nobody() {
    let sandbox = Sandbox::migrated();
    sandbox.edit(
        "migrations/20260101000000_initial/mssql.sql",
        "CREATE",
        "create",
    );
    sandbox.ok(&["migrate"]);
    sandbox.fails(9, &["check"]).says("mssql.sql");
}

#[test]
fn a_migration_that_was_applied_and_is_gone_is_refused_by_name() {
    let sandbox = Sandbox::migrated();
    std::fs::remove_dir_all(sandbox.path("migrations")).expect("a folder");
    sandbox
        .fails(9, &["migrate"])
        .says("20260101000000_initial")
        .says("not in the folder");
    sandbox.fails(9, &["status"]).says("missing");
}

#[test]
fn a_migration_that_nobody_vouches_for_is_refused() {
    let sandbox = Sandbox::migrated();
    sandbox.write(
        "migrations/20260102000000_sneaky/changes.yaml",
        "format: 1\nchanges: []\n",
    );
    sandbox.write(
        "migrations/20260102000000_sneaky/sqlite.sql",
        "DROP TABLE orders;\n",
    );
    sandbox
        .fails(9, &["migrate"])
        .says("20260102000000_sneaky")
        .says("dbtool.sum");
}

#[test]
fn a_lower_version_that_comes_late_is_refused_unless_it_is_meant() {
    let sandbox = Sandbox::empty();
    sandbox.write("schema/orders.yaml", super::sandbox::ORDERS);
    sandbox.ok(&["generate", "orders", "--version-stamp", "20260101000000"]);
    sandbox.write("schema/orderLines.yaml", super::sandbox::LINES);
    sandbox.ok(&["generate", "lines", "--version-stamp", "20260102000000"]);
    sandbox.edit(
        "schema/orders.yaml",
        "  createdAt",
        "  extra: { type: int, nullable: true }\n  createdAt",
    );
    sandbox.ok(&["generate", "extra", "--version-stamp", "20260103000000"]);
    // A colleague's branch had the second migration; this one applied the first and the third.
    let hidden = sandbox.path("hidden");
    std::fs::rename(sandbox.path("migrations"), &hidden).expect("a rename");
    let full = SumFile::parse(&std::fs::read_to_string(hidden.join("dbtool.sum")).expect("a file"));
    let mut partial = full.expect("a sum file");
    partial.entries.retain(|id, _| id.name != "lines");
    for name in ["20260101000000_orders", "20260103000000_extra"] {
        for file in ["changes.yaml", "mssql.sql", "sqlite.sql"] {
            let text = std::fs::read_to_string(hidden.join(name).join(file)).expect("a file");
            sandbox.write(&format!("migrations/{name}/{file}"), text);
        }
    }
    sandbox.write("migrations/dbtool.sum", partial.to_text());
    sandbox.ok(&["migrate"]);
    std::fs::remove_dir_all(sandbox.path("migrations")).expect("a folder");
    std::fs::rename(&hidden, sandbox.path("migrations")).expect("a rename");
    sandbox
        .fails(9, &["migrate"])
        .says("20260102000000_lines")
        .says("--out-of-order");
    sandbox.ok(&["migrate", "--out-of-order"]);
    sandbox
        .ok(&["history", "--format", "json"])
        .says("out of order");
    sandbox.ok(&["drift-check"]);
}

#[test]
fn a_failing_migration_changes_nothing_and_says_where() {
    let sandbox = Sandbox::migrated();
    sandbox.ok(&[
        "generate",
        "--empty",
        "broken",
        "--version-stamp",
        "20260102000000",
    ]);
    let file = "migrations/20260102000000_broken/sqlite.sql";
    let head = sandbox.read(file);
    let line = head.lines().count() + 3;
    sandbox.write(
        file,
        format!("{head}INSERT INTO orders (tenantId, orderId) VALUES ('a', lower('0190b2c4-0000-7000-8000-000000000001'));\n\nINSERT INTO nowhere VALUES (1);\n"),
    );
    sandbox
        .fails(4, &["seal", "20260102000000"])
        .says("nowhere");
    // Someone seals it by force: the run itself must still be all or nothing.
    let sum = sealed_by_force(&sandbox, "20260102000000_broken");
    sandbox.write("migrations/dbtool.sum", sum);
    sandbox
        .fails(4, &["migrate"])
        .says("20260102000000_broken")
        .says("nowhere")
        .says(&format!("sqlite.sql:{line}"));
    let orders: i64 = sandbox
        .database()
        .query_row("select count(*) from orders", [], |row| row.get(0))
        .expect("a count");
    assert_eq!(orders, 0, "the insert before the failure was rolled back");
    let (state, error): (String, String) = sandbox
        .database()
        .query_row(
            "select state, errorText from dbtoolHistory order by id desc limit 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .expect("a row");
    assert_eq!(state, "failed");
    assert!(error.contains("nowhere"), "{error}");
    // Mended, it goes on without any manual step.
    sandbox.write(file, format!("{head}UPDATE orders SET note = 'x';\n"));
    sandbox.ok(&["seal", "20260102000000"]);
    sandbox.ok(&["migrate"]).says("Applied 1 migration");
    sandbox.ok(&["history", "--verify"]).says("intact");
}

/// The sum file as `seal` would write it if the migration were sound.
fn sealed_by_force(sandbox: &Sandbox, id: &str) -> String {
    let mut sum = SumFile::parse(&sandbox.read("migrations/dbtool.sum")).expect("a sum file");
    let files = ["changes.yaml", "mssql.sql", "sqlite.sql"].map(|name| {
        let text = sandbox.read(&format!("migrations/{id}/{name}"));
        (name.to_owned(), Checksum::of_text(&text))
    });
    sum.entries
        .insert(Id::parse(id).expect("an id"), Entry::Sealed(files.into()));
    sum.to_text()
}

#[test]
fn a_database_that_was_changed_by_other_hands_is_not_built_on() {
    let sandbox = Sandbox::migrated();
    sandbox.sql("create table stray (id integer) strict");
    sandbox.edit(
        "schema/orders.yaml",
        "  createdAt",
        "  extra: { type: int, nullable: true }\n  createdAt",
    );
    sandbox.ok(&["generate", "extra", "--version-stamp", "20260102000000"]);
    sandbox
        .fails(3, &["migrate"])
        .says("stray")
        .says("--allow-drift");
    sandbox.ok(&["migrate", "--allow-drift", "agreed with the DBA"]);
    sandbox
        .ok(&["history", "--format", "json"])
        .says("agreed with the DBA");
}

#[test]
fn a_database_of_someone_else_is_not_taken_over() {
    let sandbox = Sandbox::small();
    rusqlite::Connection::open(sandbox.path("local.db"))
        .expect("a database")
        .execute_batch("create table theirs (id integer)")
        .expect("a table");
    sandbox
        .fails(3, &["migrate"])
        .says("theirs")
        .says("no history");
    assert!(
        !sandbox.catalog().contains("dbtoolHistory"),
        "nothing was created"
    );
}

#[test]
fn eight_at_once_apply_each_migration_once() {
    let sandbox = Sandbox::small();
    let children: Vec<_> = (0..8)
        .map(|_| {
            let mut command = sandbox.command(&["migrate"]);
            command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("a process")
        })
        .collect();
    let mut applied = 0;
    for child in children {
        let output = child.wait_with_output().expect("an end");
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{stdout}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        applied += usize::from(stdout.contains("Applied 1 migration"));
    }
    assert_eq!(applied, 1);
    sandbox.ok(&["drift-check"]);
}

#[test]
fn a_lock_that_is_held_ends_the_run_with_its_holder() {
    let sandbox = Sandbox::migrated();
    let lock = std::fs::File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(sandbox.path("local.db.dbtool-lock"))
        .expect("a lock file");
    lock.lock().expect("a lock");
    sandbox
        .fails(7, &["migrate", "--lock-timeout", "0"])
        .says("lock");
    drop(lock);
    sandbox.ok(&["migrate"]);
}

#[test]
fn a_dry_run_and_a_plan_show_the_sql_and_change_nothing() {
    let sandbox = Sandbox::migrated();
    sandbox.edit(
        "schema/orders.yaml",
        "  createdAt",
        "  extra: { type: int, nullable: true }\n  createdAt",
    );
    sandbox.ok(&["generate", "extra", "--version-stamp", "20260102000000"]);
    let before = sandbox.catalog();
    for arguments in [&["plan"][..], &["migrate", "--dry-run"][..]] {
        sandbox.ok(arguments).says("ADD COLUMN").says("additive");
    }
    assert_eq!(sandbox.catalog(), before);
}

#[test]
fn a_pipeline_without_its_secret_never_migrates_a_scratch_file() {
    let sandbox = Sandbox::small();
    for command in ["migrate", "drift-check", "status", "history"] {
        let mut process = sandbox.command(&[command]);
        process.env("CI", "true");
        let run = finish(process);
        assert_eq!(run.code, 2, "{run}");
        run.says("--env");
    }
    assert!(!sandbox.path("local.db").exists());
    let mut named = sandbox.command(&["migrate", "--env", "local"]);
    named.env("CI", "true");
    assert_eq!(finish(named).code, 0);
}

#[test]
fn a_database_other_than_the_expected_one_is_left_alone() {
    let sandbox = Sandbox::small();
    sandbox
        .fails(2, &["migrate", "--expect-database", "production"])
        .says("production");
    sandbox.ok(&["migrate", "--expect-database", "local"]);
}

#[test]
fn two_databases_migrated_apart_have_the_same_catalog() {
    let sandbox = Sandbox::small();
    sandbox.ok(&["migrate", "--url", "sqlite:one.db"]);
    sandbox.ok(&["migrate", "--url", "sqlite:two.db"]);
    let catalog = |name: &str| -> Vec<(String, Option<String>)> {
        let connection = rusqlite::Connection::open(sandbox.path(name)).expect("a database");
        let mut statement = connection
            .prepare("select name, sql from sqlite_schema order by 1")
            .expect("a query");
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .expect("rows");
        rows.map(|row| row.expect("a row")).collect()
    };
    assert_eq!(catalog("one.db"), catalog("two.db"));
}

#[test]
fn what_is_left_after_the_asked_version_is_said() {
    let sandbox = Sandbox::migrated();
    sandbox.edit(
        "schema/orders.yaml",
        "  createdAt",
        "  extra: { type: int, nullable: true }\n  createdAt",
    );
    sandbox.ok(&["generate", "extra", "--version-stamp", "20260102000000"]);
    sandbox
        .ok(&["migrate", "--to", "20260101000000"])
        .says("1 later migration, still pending");
}

#[test]
fn a_reason_has_to_say_something() {
    let sandbox = Sandbox::migrated();
    sandbox
        .fails(2, &["migrate", "--allow-drift", " "])
        .says("reason");
    sandbox
        .fails(2, &["generate", "x", "--contract", ""])
        .says("reason");
}

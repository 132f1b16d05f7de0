//! `repair`: every entry that no run can settle by itself is settled on record, and afterwards
//! nothing complains.

use super::kill::{fill, written};
use super::sandbox::Sandbox;

const FIRST: &str = "20260101000000";
const SECOND: &str = "20260102000000";
const SQL: &str = "migrations/20260102000000_second/sqlite.sql";

/// Everything that looks at the record is content.
#[track_caller]
fn is_settled(sandbox: &Sandbox) {
    sandbox.ok(&["migrate"]);
    sandbox.ok(&["status"]);
    sandbox.ok(&["drift-check"]);
    sandbox.ok(&["history", "--verify"]);
    sandbox.ok(&["repair"]).says("Nothing needs settling");
}

#[track_caller]
fn settles(sandbox: &Sandbox, arguments: &[&str]) -> serde_json::Value {
    let mut all = vec!["repair", "--yes", "--reason", "agreed with the DBA"];
    all.extend(arguments);
    let json = sandbox.json(0, &all);
    assert_eq!(json["data"]["settled"], true, "{json:#}");
    json
}

fn rows(sandbox: &Sandbox) -> i64 {
    one(sandbox, "select count(*) from dbtoolHistory")
}

fn one<T: rusqlite::types::FromSql>(sandbox: &Sandbox, sql: &str) -> T {
    sandbox
        .database()
        .query_row(sql, [], |row| row.get(0))
        .expect("a row")
}

/// Two migrations; the second adds a column, and was not applied.
fn with_column() -> Sandbox {
    let sandbox = Sandbox::migrated();
    add_column(&sandbox, "extra");
    sandbox.ok(&["generate", "second", "--version-stamp", SECOND]);
    sandbox
}

fn add_column(sandbox: &Sandbox, name: &str) {
    sandbox.edit(
        "schema/orders.yaml",
        "  createdAt:",
        &format!("  {name}: {{ type: int, nullable: true }}\n  createdAt:"),
    );
}

/// What a person types into another client.
fn by_hand(sandbox: &Sandbox, file: &str) {
    sandbox.sql(&sandbox.read(file));
}

#[test]
fn nothing_is_recorded_without_a_reason_and_nothing_by_looking() {
    let sandbox = with_column();
    by_hand(&sandbox, SQL);
    sandbox.ok(&["repair", "--url", "sqlite:local.db", "--help"]);
    for arguments in [
        &["repair", "--mark-applied", SECOND][..],
        &["repair", "--mark-applied", SECOND, "--yes"],
        &["repair", "--mark-applied", SECOND, "--reason", "done"],
        &["repair", "--mark-applied", SECOND, "--yes", "--reason", " "],
        &[
            "repair",
            "--mark-applied",
            SECOND,
            "--re-record",
            "--yes",
            "--reason",
            "done",
        ],
        &["repair", "--yes", "--reason", "done"],
    ] {
        sandbox.fails(2, arguments);
    }
    let before = sandbox.catalog();
    sandbox
        .ok(&["repair", "--mark-applied", SECOND, "--dry-run"])
        .says("Catalog: it is what 20260102000000_second makes")
        .says("To be recorded in local.db: 20260102000000_second marked as applied");
    assert_eq!(rows(&sandbox), 1);
    assert_eq!(sandbox.catalog(), before);
    std::fs::remove_file(sandbox.path("local.db")).expect("a database");
    sandbox.fails(8, &["repair", "--re-record", "--yes", "--reason", "x"]);
    assert!(
        !sandbox.path("local.db").exists(),
        "a repair makes no database"
    );
}

#[test]
fn a_migration_that_was_finished_in_another_client_is_marked_after_proof() {
    let sandbox = with_column();
    let arguments = [
        "repair",
        "--mark-applied",
        SECOND,
        "--yes",
        "--reason",
        "done by hand",
    ];
    let run = sandbox.fails(3, &arguments);
    run.says("not what it would have made").says("orders.extra");
    assert_eq!(rows(&sandbox), 1, "nothing is recorded without proof");
    by_hand(&sandbox, SQL);
    // Other drift is no proof either.
    sandbox.sql("create index ixStray on orders (note)");
    sandbox.fails(3, &arguments).says("ixStray");
    sandbox.sql("drop index ixStray");
    let json = settles(&sandbox, &["--mark-applied", SECOND]);
    assert_eq!(json["data"]["row"], 2);
    let said: String = one(
        &sandbox,
        "select kind || ' ' || state || ' ' || reason || ' ' || batchCount from dbtoolHistory where id = 2",
    );
    assert_eq!(
        said,
        "repair applied marked as applied: agreed with the DBA 1"
    );
    is_settled(&sandbox);
    sandbox.fails(2, &arguments).says("applied already");
    // What was applied by hand is as much under watch as anything.
    sandbox.edit(SQL, "\"extra\"", "\"other\"");
    sandbox
        .fails(9, &["migrate"])
        .says("was edited after it was applied");
}

#[test]
fn a_migration_is_not_marked_before_those_in_front_of_it() {
    let sandbox = with_column();
    add_column(&sandbox, "third");
    sandbox.ok(&["generate", "third", "--version-stamp", "20260103000000"]);
    by_hand(&sandbox, SQL);
    by_hand(&sandbox, "migrations/20260103000000_third/sqlite.sql");
    let arguments = ["--mark-applied", "20260103000000"];
    let mut all = vec!["repair", "--yes", "--reason", "x"];
    all.extend(arguments);
    sandbox.fails(9, &all).says("20260102000000 comes before");
    // Nor can the first be proven while the second has been done as well.
    sandbox.fails(
        3,
        &["repair", "--mark-applied", SECOND, "--yes", "--reason", "x"],
    );
}

#[test]
fn a_half_done_migration_that_was_finished_by_hand_says_what_is_not_proven() {
    let sandbox = Sandbox::migrated();
    written(
        &sandbox,
        SECOND,
        "second",
        "-- dbtool:no-transaction\nUPDATE orders SET note = 'one';\nUPDATE orders SET total = -1;\n",
    );
    fill(&sandbox.database(), 1);
    sandbox.fails(4, &["migrate"]);
    let listed = sandbox.ok(&["repair"]);
    listed
        .says("20260102000000_second failed")
        .says("--mark-applied 20260102000000");
    let json = settles(&sandbox, &["--mark-applied", SECOND]);
    let text = json.to_string();
    assert!(
        text.contains("1 of 2 batches are entered as done"),
        "{json:#}"
    );
    assert!(text.contains("repair/unproven-rows"), "{json:#}");
    is_settled(&sandbox);
}

#[test]
fn an_edit_is_accepted_after_it_was_proven_and_shown() {
    let sandbox = with_column();
    sandbox.ok(&["migrate"]);
    sandbox.write(SQL, format!("{}-- Said later.\n", sandbox.read(SQL)));
    sandbox
        .fails(9, &["migrate"])
        .says("dbtool repair --accept-edit 20260102000000");
    sandbox
        .fails(9, &["repair"])
        .says("--accept-edit 20260102000000");
    let arguments = [
        "repair",
        "--accept-edit",
        SECOND,
        "--yes",
        "--reason",
        "a comment",
    ];
    sandbox
        .fails(9, &arguments)
        .says("dbtool seal 20260102000000");
    sandbox
        .ok(&["seal", SECOND])
        .says("dbtool repair --accept-edit 20260102000000");
    let dry = sandbox.ok(&["repair", "--accept-edit", SECOND, "--dry-run"]);
    dry.says("+-- Said later.").says("row 2 of the history");
    settles(&sandbox, &["--accept-edit", SECOND]);
    is_settled(&sandbox);
    // The SQL that ran is still there, beside what is accepted now.
    assert_eq!(
        one::<i64>(
            &sandbox,
            "select count(*) from dbtoolHistory where sqlText like '%Said later%'"
        ),
        1
    );
    assert_eq!(
        one::<i64>(
            &sandbox,
            "select count(*) from dbtoolHistory where version = '20260102000000'"
        ),
        2
    );
    // Nothing is left to settle, and the next edit is one again.
    let again = sandbox.json(
        0,
        &["repair", "--accept-edit", SECOND, "--yes", "--reason", "x"],
    );
    assert_eq!(again["data"]["settled"], false, "{again:#}");
    sandbox.write(SQL, format!("{}-- And again.\n", sandbox.read(SQL)));
    sandbox.ok(&["seal", SECOND]);
    sandbox
        .fails(9, &["migrate"])
        .says("was edited after it was applied");
}

#[test]
fn an_edit_that_makes_another_schema_is_not_accepted() {
    let sandbox = with_column();
    sandbox.ok(&["migrate"]);
    for (file, from, to) in [
        (
            "migrations/20260102000000_second/changes.yaml",
            "extra",
            "other",
        ),
        (SQL, "extra", "other"),
        (
            "migrations/20260102000000_second/mssql.sql",
            "extra",
            "other",
        ),
    ] {
        let text = sandbox.read(file).replace(from, to);
        sandbox.write(file, text);
    }
    sandbox.ok(&["seal", SECOND]);
    let run = sandbox.fails(
        3,
        &["repair", "--accept-edit", SECOND, "--yes", "--reason", "x"],
    );
    run.says("cannot be accepted").says("orders.other");
    assert_eq!(rows(&sandbox), 2);
}

#[test]
fn a_migration_that_is_lost_is_accepted_as_missing_and_its_work_made_again() {
    let sandbox = with_column();
    sandbox.ok(&["migrate"]);
    std::fs::remove_dir_all(sandbox.path("migrations/20260102000000_second")).expect("a folder");
    sandbox
        .fails(9, &["migrate"])
        .says("--accept-missing 20260102000000");
    let json = settles(&sandbox, &["--accept-missing", SECOND]);
    assert!(
        json.to_string().contains("orders.extra"),
        "it says what is lost: {json:#}"
    );
    assert!(!sandbox.read("migrations/dbtool.sum").contains(SECOND));
    // With the folder gone, the history is where its SQL is.
    let kept = "select count(*) from dbtoolHistory where version = '20260102000000' and sqlText like '%extra%'";
    assert_eq!(one::<i64>(&sandbox, kept), 2);
    sandbox.ok(&["status"]).says("accepted as missing");
    sandbox.ok(&["history", "--verify"]);
    // What only the lost migration made is told until another one makes it.
    sandbox.fails(3, &["drift-check"]).says("orders.extra");
    sandbox.ok(&["generate", "again", "--version-stamp", "20260103000000"]);
    settles(&sandbox, &["--mark-applied", "20260103000000"]);
    is_settled(&sandbox);
    // Should it turn up again, it has to be what was applied.
    let json = sandbox.json(
        0,
        &[
            "repair",
            "--accept-missing",
            SECOND,
            "--yes",
            "--reason",
            "x",
        ],
    );
    assert_eq!(json["data"]["settled"], false, "{json:#}");
}

#[test]
fn a_migration_that_others_build_on_cannot_be_missing() {
    let sandbox = Sandbox::migrated();
    add_column(&sandbox, "extra");
    sandbox.ok(&["generate", "second", "--version-stamp", SECOND]);
    sandbox.ok(&["migrate"]);
    std::fs::remove_dir_all(sandbox.path("migrations/20260101000000_initial")).expect("a folder");
    let run = sandbox.fails(
        9,
        &[
            "repair",
            "--accept-missing",
            FIRST,
            "--yes",
            "--reason",
            "x",
        ],
    );
    run.says("later migrations build on it");
    assert_eq!(rows(&sandbox), 2);
}

#[test]
fn a_catalog_that_other_hands_changed_is_recorded_again() {
    let sandbox = Sandbox::migrated();
    sandbox.sql("create view openOrders as select * from orders where status = 'open'");
    add_column(&sandbox, "extra");
    sandbox.ok(&["generate", "second", "--version-stamp", SECOND]);
    sandbox
        .fails(3, &["migrate"])
        .says("dbtool repair --re-record");
    sandbox
        .fails(3, &["repair"])
        .says("openOrders")
        .says("--re-record");
    let before = sandbox.json(0, &["status"])["data"]["migrations"][0]["appliedAt"].clone();
    settles(&sandbox, &["--re-record"]);
    is_settled(&sandbox);
    let after = sandbox.json(0, &["status"])["data"]["migrations"][0]["appliedAt"].clone();
    assert_eq!(before, after, "a repair does not apply it again");
    // It is watched from now on.
    sandbox.sql("drop view openOrders");
    sandbox.fails(3, &["drift-check"]).says("openOrders");
}

#[test]
fn what_the_model_says_otherwise_stays_drift_after_recording() {
    let sandbox = Sandbox::migrated();
    sandbox.sql("create index ixStray on orders (note)");
    let json = settles(&sandbox, &["--re-record"]);
    assert!(
        json.to_string()
            .contains("orders.ixStray; that stays drift"),
        "{json:#}"
    );
    sandbox.ok(&["migrate"]);
    sandbox.fails(3, &["drift-check"]).says("ixStray");
    let again = sandbox.json(0, &["repair", "--re-record", "--yes", "--reason", "x"]);
    assert_eq!(again["data"]["settled"], false, "{again:#}");
}

#[test]
fn a_repair_waits_for_the_lock_and_gives_it_back() {
    let sandbox = Sandbox::migrated();
    sandbox.sql("create view v as select 1 as one");
    let lock = std::fs::File::options()
        .write(true)
        .open(sandbox.path("local.db.dbtool-lock"))
        .expect("a lock file");
    lock.lock().expect("a lock");
    let arguments = [
        "repair",
        "--re-record",
        "--yes",
        "--reason",
        "x",
        "--lock-timeout",
        "0",
    ];
    sandbox.fails(7, &arguments);
    assert_eq!(rows(&sandbox), 1);
    drop(lock);
    sandbox.ok(&arguments);
    sandbox.ok(&["migrate", "--lock-timeout", "0"]);
}

#[test]
fn ten_repairs_at_once_record_one() {
    let sandbox = with_column();
    by_hand(&sandbox, SQL);
    let codes: Vec<i32> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..10)
            .map(|_| {
                scope.spawn(|| {
                    let reason = ["--yes", "--reason", "x"];
                    let mut all = vec!["repair", "--mark-applied", SECOND];
                    all.extend(reason);
                    sandbox.run(&all).code
                })
            })
            .collect();
        runs.into_iter()
            .map(|run| run.join().expect("no panic"))
            .collect()
    });
    assert_eq!(
        codes.iter().filter(|code| **code == 0).count(),
        1,
        "{codes:?}"
    );
    // The others saw it done, or saw that something changed under them.
    assert!(
        codes.iter().all(|code| [0, 2, 9].contains(code)),
        "{codes:?}"
    );
    assert_eq!(rows(&sandbox), 2);
    is_settled(&sandbox);
}

/// Runs dbtool on a terminal at which somebody types this; `None` where there is none to be had.
#[cfg(target_os = "linux")]
fn typed(sandbox: &Sandbox, arguments: &str, input: &str) -> Option<String> {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let command = sandbox.command(&[]);
    let line = format!("{} {arguments}", command.get_program().to_string_lossy());
    let started = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .current_dir(sandbox.path(""))
        .env_remove("CI")
        .env_remove("DBTOOL_ENV")
        .env_remove("DBTOOL_DATABASE_URL")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) => {
            let _ = writeln!(
                std::io::stderr(),
                "a test of repair on a terminal was skipped: script cannot be run: {error}"
            );
            return None;
        }
    };
    let mut keyboard = child.stdin.take().expect("a pipe");
    keyboard.write_all(input.as_bytes()).expect("a line");
    let output = child.wait_with_output().expect("an end");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(target_os = "linux")]
#[test]
fn a_person_sees_the_facts_and_is_asked_for_the_reason() {
    let sandbox = Sandbox::migrated();
    sandbox.sql("create view v as select 1 as one");
    let Some(seen) = typed(&sandbox, "repair --re-record", "\n") else {
        return;
    };
    assert!(seen.contains("Type the reason"), "{seen}");
    assert!(seen.contains("CREATE VIEW v"), "{seen}");
    assert!(seen.contains("Nothing was recorded"), "{seen}");
    assert_eq!(rows(&sandbox), 1);
    let arguments = "repair --re-record --reason known";
    let seen = typed(&sandbox, arguments, "no\n").expect("a terminal");
    assert!(seen.contains("Type `yes`"), "{seen}");
    assert_eq!(rows(&sandbox), 1);
    let seen = typed(&sandbox, "repair --re-record", "it is ours\n").expect("a terminal");
    assert!(seen.contains("row 2 of the history"), "{seen}");
    let reason: String = one(&sandbox, "select reason from dbtoolHistory where id = 2");
    assert_eq!(reason, "catalog recorded again: it is ours");
    is_settled(&sandbox);
}

//! What goes wrong around a run: the disk, the permissions, the files, the clock, and Ctrl-C.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dbtool::dialect::sqlite::Sqlite;
use dbtool::engine::sqlite::{OpenOptions, SqliteSession};
use dbtool::engine::{Session as _, TransactionOptions};
use dbtool::history::History;

use super::kill::{fill, written};
use super::sandbox::{Run, Sandbox, finish};

/// An update that writes at once and then counts for this many steps for each row. On the empty
/// database on which it is sealed it takes no time.
fn long(steps: u64) -> String {
    format!(
        "UPDATE orders SET note = 'begun';\n\
         UPDATE orders SET note = (WITH RECURSIVE n (i) AS (SELECT length(orders.note) UNION ALL \
         SELECT i + 1 FROM n WHERE i < {steps}) SELECT count(*) FROM n);\n"
    )
}

/// A project with one row and a migration of this SQL that is waiting.
fn waiting(sql: &str) -> Sandbox {
    let sandbox = Sandbox::migrated();
    written(&sandbox, "20260102000000", "long", sql);
    fill(&sandbox.database(), 1);
    sandbox
}

fn start(sandbox: &Sandbox, arguments: &[&str]) -> Child {
    let mut command = sandbox.command(arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("a process")
}

fn end(child: Child) -> Run {
    let output = child.wait_with_output().expect("an end");
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// Starts a run and returns when its transaction has begun to write.
fn writing(sandbox: &Sandbox) -> Child {
    let mut child = start(sandbox, &["migrate"]);
    while !sandbox.path("local.db-journal").exists() {
        assert!(
            child.try_wait().expect("a process").is_none(),
            "{}",
            end(child)
        );
        std::thread::sleep(Duration::from_millis(1));
    }
    child
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("sh")
        .args(["-c", &format!("kill -{name} {}", child.id())])
        .status();
    assert!(status.expect("a shell").success());
}

fn one<T: rusqlite::types::FromSql>(sandbox: &Sandbox, sql: &str) -> T {
    let database = sandbox.database();
    database
        .query_row(sql, [], |row| row.get(0))
        .expect("a row")
}

#[test]
fn ctrl_c_and_sigterm_undo_the_migration_and_give_the_lock_back() {
    for name in ["INT", "TERM"] {
        let sandbox = waiting(&long(2_000_000_000));
        let before = sandbox.catalog();
        let child = writing(&sandbox);
        signal(&child, name);
        let run = end(child);
        assert_eq!(run.code, 130, "{run}");
        run.says("20260102000000_long was interrupted and rolled back");
        assert_eq!(one::<String>(&sandbox, "select note from orders"), "");
        assert_eq!(sandbox.catalog(), before);
        assert_eq!(
            one::<i64>(&sandbox, "select count(*) from dbtoolHistory"),
            1,
            "an interruption is no failure"
        );
        sandbox.ok(&["status"]).says("pending");
        // Without the row there is nothing to count.
        sandbox.sql("delete from orders");
        sandbox.ok(&["migrate", "--lock-timeout", "0"]);
        sandbox.ok(&["history", "--verify"]);
    }
}

#[test]
fn ctrl_c_between_batches_keeps_what_is_done() {
    let sandbox = waiting(&format!(
        "-- dbtool:no-transaction\nUPDATE orders SET note = note || 'one';\n{}",
        long(2_000_000_000).replace("UPDATE orders SET note = 'begun';\n", "")
    ));
    let mut child = start(&sandbox, &["migrate"]);
    while one::<i64>(&sandbox, "select count(*) from dbtoolJournal") == 0 {
        assert!(
            child.try_wait().expect("a process").is_none(),
            "{}",
            end(child)
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    signal(&child, "INT");
    let run = end(child);
    assert_eq!(run.code, 130, "{run}");
    run.says("goes on at this batch");
    assert_eq!(one::<String>(&sandbox, "select note from orders"), "one");
    sandbox.sql("delete from orders");
    sandbox.ok(&["migrate"]);
    assert_eq!(
        one::<i64>(&sandbox, "select count(*) from dbtoolJournal"),
        2
    );
}

#[test]
fn ctrl_c_ends_the_wait_for_the_lock() {
    let sandbox = waiting("SELECT 1;\n");
    let lock = std::fs::File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(sandbox.path("local.db.dbtool-lock"))
        .expect("a lock file");
    lock.lock().expect("a lock");
    let child = start(&sandbox, &["migrate", "--lock-timeout", "600"]);
    // Whether it is waiting already or only about to, it must end.
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, "INT");
    let run = end(child);
    assert_eq!(run.code, 130, "{run}");
}

#[test]
fn migrations_that_vanish_during_a_run_change_nothing_in_it() {
    let sandbox = waiting(&long(3_000_000));
    let child = writing(&sandbox);
    std::fs::rename(sandbox.path("migrations"), sandbox.path("elsewhere")).expect("a rename");
    let run = end(child);
    assert_eq!(run.code, 0, "{run}");
    sandbox.fails(9, &["migrate"]).says("20260102000000_long");
    std::fs::rename(sandbox.path("elsewhere"), sandbox.path("migrations")).expect("a rename");
    sandbox.ok(&["drift-check"]);
}

#[test]
fn a_database_file_that_is_replaced_during_a_run_is_said_and_left_alone() {
    let sandbox = waiting(&long(5_000_000));
    std::fs::copy(sandbox.path("local.db"), sandbox.path("other.db")).expect("a copy");
    let child = writing(&sandbox);
    std::fs::rename(sandbox.path("other.db"), sandbox.path("local.db")).expect("a rename");
    let run = end(child);
    assert_eq!(run.code, 8, "{run}");
    run.says("replaced, moved or removed");
    let rows = "select count(*) from dbtoolHistory";
    assert_eq!(
        one::<i64>(&sandbox, rows),
        1,
        "nothing was written to the new one"
    );
    sandbox.ok(&["migrate"]);
}

/// Runs dbtool so that no file can grow past this many bytes.
fn limited(sandbox: &Sandbox, bytes: u64, arguments: &[&str]) -> Run {
    let command = sandbox.command(arguments);
    let mut shell = Command::new("sh");
    shell
        .current_dir(sandbox.path(""))
        .stdin(Stdio::null())
        // The unit is 512 bytes in some shells and twice that in others.
        .args(["-c", "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\""])
        .arg((bytes / 1024).to_string())
        .arg(command.get_program())
        .args(command.get_args())
        .env_remove("CI")
        .env_remove("DBTOOL_ENV")
        .env_remove("DBTOOL_DATABASE_URL");
    finish(shell)
}

const MANY: &str =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)";

#[test]
fn a_disk_that_is_full_leaves_the_database_as_it_was() {
    let sandbox = Sandbox::migrated();
    written(
        &sandbox,
        "20260102000000",
        "many",
        &format!(
            "{MANY}\nINSERT INTO orders (tenantId, orderId, note) SELECT 'a', \
             printf('0190b2c4-0000-7000-8000-%012d', i), printf('%.90c', 'x') FROM n;\n"
        ),
    );
    let before = sandbox.catalog();
    let run = limited(&sandbox, 1_000_000, &["migrate"]);
    assert!(run.code == 4 || run.code == 8, "{run}");
    run.says("20260102000000_many")
        .says("local.db")
        .says("disk");
    assert_eq!(sandbox.catalog(), before);
    assert_eq!(one::<i64>(&sandbox, "select count(*) from orders"), 0);
    sandbox.ok(&["history", "--verify"]);
    sandbox.ok(&["migrate"]);
    assert_eq!(one::<i64>(&sandbox, "select count(*) from orders"), 20_000);
}

#[test]
fn a_first_migration_that_is_half_done_is_gone_on_with() {
    let sandbox = Sandbox::empty();
    sandbox.write("schema/orders.yaml", super::sandbox::ORDERS);
    std::fs::remove_file(sandbox.path("schema/orders.yaml")).expect("a file");
    written(
        &sandbox,
        "20260101000000",
        "batches",
        &format!(
            "-- dbtool:no-transaction\nCREATE VIEW v AS SELECT 1 AS one;\nCREATE TABLE bulk AS {MANY} \
             SELECT printf('%.90c', 'x') AS text FROM n;\nDROP TABLE bulk;\n"
        ),
    );
    let run = limited(&sandbox, 1_000_000, &["migrate"]);
    assert!(run.code == 4 || run.code == 8, "{run}");
    assert_eq!(
        one::<i64>(&sandbox, "select count(*) from dbtoolJournal"),
        1
    );
    sandbox.ok(&["migrate"]).says("Applied 1 migration");
    sandbox.ok(&["drift-check"]);
    sandbox.ok(&["history", "--verify"]);
}

/// Runs dbtool as somebody who owns nothing here. `None` where this user cannot become another.
fn stranger(sandbox: &Sandbox, arguments: &[&str]) -> Option<Run> {
    use std::os::unix::process::CommandExt as _;
    let mut command = sandbox.command(arguments);
    command.uid(65_534).gid(65_534);
    let output = command.output().ok()?;
    Some(Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    })
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode");
}

#[test]
fn a_folder_that_may_not_be_written_can_be_looked_at_and_is_not_migrated() {
    let sandbox = waiting("SELECT 1;\n");
    std::fs::remove_file(sandbox.path("local.db.dbtool-lock")).expect("a lock file");
    set_mode(&sandbox.path(""), 0o755);
    let Some(run) = stranger(&sandbox, &["status"]) else {
        eprintln!("skipped: this user cannot become another");
        return;
    };
    assert_eq!(run.code, 0, "{run}");
    for (code, arguments) in [
        (0, &["history", "--verify"][..]),
        (0, &["drift-check", "--allow-pending"]),
        (0, &["plan"]),
        (8, &["migrate"]),
    ] {
        let run = stranger(&sandbox, arguments).expect("a run");
        assert_eq!(run.code, code, "{arguments:?}: {run}");
        if code == 8 {
            run.says("local.db");
        }
    }
    // The database may be written, and its folder not: no journal can be made beside it.
    set_mode(&sandbox.path("local.db"), 0o666);
    let run = stranger(&sandbox, &["migrate"]).expect("a run");
    assert_eq!(run.code, 8, "{run}");
    run.says("local.db").says("ermission");
    assert_eq!(
        one::<i64>(&sandbox, "select count(*) from dbtoolHistory"),
        1
    );
    // Folder and lock file may be written, and the database not.
    set_mode(&sandbox.path("local.db"), 0o644);
    set_mode(&sandbox.path(""), 0o777);
    let run = stranger(&sandbox, &["migrate"]).expect("a run");
    assert_eq!(run.code, 8, "{run}");
    run.says("local.db");
    assert_eq!(
        one::<i64>(&sandbox, "select count(*) from dbtoolHistory"),
        1
    );
}

#[test]
fn a_path_that_is_not_utf_8_is_refused_and_nothing_is_made() {
    use std::os::unix::ffi::OsStrExt as _;
    let sandbox = Sandbox::small();
    let folder = sandbox
        .path("")
        .join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    if std::fs::create_dir(&folder).is_err() {
        eprintln!("skipped: this file system wants UTF-8");
        return;
    }
    for entry in ["schema", "migrations", "dbtool.yaml"] {
        std::fs::rename(sandbox.path(entry), folder.join(entry)).expect("a rename");
    }
    let mut command = sandbox.command(&["migrate", "--config"]);
    command.arg(folder.join("dbtool.yaml"));
    let run = finish(command);
    assert_eq!(run.code, 8, "{run}");
    run.says("not UTF-8");
    let entries = std::fs::read_dir(&folder).expect("a folder").count();
    assert_eq!(entries, 3, "no database was made under another name");
    // From within, the path is no part of the name.
    let mut command = sandbox.command(&["migrate"]);
    command.current_dir(&folder);
    let run = finish(command);
    assert_eq!(run.code, 0, "{run}");
}

#[test]
fn a_very_long_path_works_or_says_that_it_is_too_long() {
    let sandbox = Sandbox::small();
    let deep = |count: usize| format!("{}long.db", "folder-of-20-letters/".repeat(count));
    sandbox.ok(&["migrate", "--url", &format!("sqlite:{}", deep(18))]);
    sandbox.ok(&["drift-check", "--url", &format!("sqlite:{}", deep(18))]);
    let run = sandbox.fails(8, &["migrate", "--url", &format!("sqlite:{}", deep(40))]);
    run.says("its path has")
        .says("SQLite opens none of more than");
}

#[test]
fn a_clock_that_was_set_back_is_said_and_breaks_nothing() {
    let sandbox = waiting("SELECT 1;\n");
    // The last run thought that it was 2099.
    let mut session = SqliteSession::open_file(
        &sandbox.path("local.db"),
        OpenOptions {
            create: false,
            read_only: false,
        },
    )
    .expect("a session");
    let mut history = History::load(&mut session, &Sqlite, true).expect("a history");
    let mut row = history.rows[0].clone();
    row.state = dbtool::history::State::Failed;
    row.started_at = "2099-01-01T00:00:00.000Z".to_owned();
    row.finished_at.clone_from(&row.started_at);
    session
        .begin(TransactionOptions::default())
        .expect("a transaction");
    history.append(&mut session, &Sqlite, row).expect("a row");
    session.commit().expect("a commit");
    drop(session);
    sandbox.ok(&["migrate"]);
    sandbox
        .ok(&["history", "--verify"])
        .says("intact")
        .says("the server's clock was set back");
    sandbox.ok(&["drift-check"]);
    // Versions grow whatever the clock says.
    written(&sandbox, "20990101000000", "future", "SELECT 1;\n");
    sandbox.ok(&["generate", "--empty", "next"]);
    let last = sandbox.migrations().pop().expect("a migration");
    assert!(
        last.starts_with("2099") && last.ends_with("_next"),
        "{last}"
    );
}

#[test]
fn times_are_utc_in_every_time_zone() {
    let now = || {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970");
        dbtool::migration::Version::at(since.as_secs()).to_string()
    };
    for zone in [
        "Pacific/Kiritimati",
        "America/Los_Angeles",
        "XYZ-13",
        "nonsense",
    ] {
        let sandbox = Sandbox::small();
        let before = now();
        let mut command = sandbox.command(&["migrate"]);
        command.env("TZ", zone);
        let run = finish(command);
        assert_eq!(run.code, 0, "{run}");
        let at: String = one(&sandbox, "select finishedAt from dbtoolHistory");
        let digits: String = at.chars().filter(char::is_ascii_digit).take(14).collect();
        assert!(before <= digits && digits <= now(), "{zone}: {before} {at}");
        let mut command = sandbox.command(&["history"]);
        command.env("TZ", zone);
        let shown = at[..19].replace('T', " ");
        assert!(finish(command).stdout.contains(&shown), "{zone}");
    }
}

//! Several runs at once on one database: writers take turns, and readers see one moment.

use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use super::kill::{fill, written};
use super::sandbox::{Run, Sandbox};

const RUNS: usize = 16;

/// Starts as many runs as there may be at once, and waits for all of them.
fn at_once(sandbox: &Sandbox, arguments: &[&str]) -> Vec<Run> {
    let children: Vec<Child> = (0..RUNS)
        .map(|_| {
            let mut command = sandbox.command(arguments);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().expect("a process")
        })
        .collect();
    children
        .into_iter()
        .map(|child| {
            let output = child.wait_with_output().expect("an end");
            Run {
                code: output.status.code().unwrap_or(-1),
                stdout: String::from_utf8(output.stdout).expect("UTF-8"),
                stderr: String::from_utf8(output.stderr).expect("UTF-8"),
            }
        })
        .collect()
}

/// Three migrations of every kind, none applied.
fn project() -> Sandbox {
    let sandbox = Sandbox::small();
    written(
        &sandbox,
        "20260102000000",
        "batches",
        "-- dbtool:no-transaction\nUPDATE orders SET note = 'a';\n\
         CREATE VIEW openOrders AS SELECT * FROM orders;\nUPDATE orders SET note = 'b';\n",
    );
    sandbox.edit("schema/orders.yaml", "string(100)", "string(400)");
    sandbox.ok(&["generate", "widen", "--version-stamp", "20260103000000"]);
    sandbox
}

fn applied_once(sandbox: &Sandbox) {
    let count = |sql: &str| -> i64 {
        let database = sandbox.database();
        database
            .query_row(sql, [], |row| row.get(0))
            .expect("a count")
    };
    assert_eq!(
        count("select count(*) from dbtoolHistory where state = 'applied'"),
        3
    );
    assert_eq!(
        count("select count(distinct version) from dbtoolHistory"),
        3
    );
    assert_eq!(count("select count(*) from dbtoolJournal"), 3);
    sandbox.ok(&["drift-check"]);
    sandbox.ok(&["history", "--verify"]);
}

#[test]
fn sixteen_at_once_all_end_well_and_apply_each_version_once() {
    let sandbox = project();
    let mut applied = 0;
    for run in at_once(&sandbox, &["migrate"]) {
        assert_eq!(run.code, 0, "{run}");
        applied += usize::from(run.stdout.contains("Applied 3 migrations"));
    }
    assert_eq!(applied, 1);
    applied_once(&sandbox);
}

#[test]
fn sixteen_that_do_not_wait_apply_each_version_once_and_name_who_is_at_it() {
    let sandbox = project();
    for run in at_once(&sandbox, &["migrate", "--lock-timeout", "0"]) {
        match run.code {
            0 => {}
            7 => {
                for part in ["process ", " of ", " on ", " since 2"] {
                    run.says(part);
                }
            }
            _ => panic!("{run}"),
        }
    }
    applied_once(&sandbox);
}

/// What a reader may say beside a writer.
fn judge(sandbox: &Sandbox, seen: &mut usize) {
    let run = sandbox.run(&["status", "--format", "json"]);
    assert_eq!(run.code, 0, "{run}");
    let report: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    let applied = report["data"]["applied"].as_u64().expect("a number") as usize;
    assert!(applied >= *seen, "{applied} after {seen}\n{run}");
    *seen = applied;
    let run = sandbox.run(&["drift-check", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("findings");
    for finding in findings {
        let code = finding["code"].as_str().expect("a code");
        // Something is still to come, or a view of a run that has not ended is not recorded yet.
        let expected = ["drift/pending", "drift/midway", "drift/unrecorded"];
        assert!(
            finding["severity"] == "note" || expected.contains(&code),
            "{run}"
        );
    }
    assert!(run.code == 0 || run.code == 3, "{run}");
    let run = sandbox.run(&["history", "--verify"]);
    assert_eq!(run.code, 0, "{run}");
}

#[test]
fn readers_beside_a_writer_see_before_or_after_and_nothing_between() {
    let sandbox = Sandbox::migrated();
    fill(&sandbox.database(), 300);
    for step in 0..10 {
        let version = format!("202601020000{step:02}");
        if step % 3 == 2 {
            written(
                &sandbox,
                &version,
                &format!("batches{step}"),
                &format!(
                    "-- dbtool:no-transaction\nUPDATE orders SET note = 'a';\nCREATE VIEW \
                     v{step} AS SELECT * FROM orders;\nUPDATE orders SET note = 'b';\n"
                ),
            );
        } else {
            sandbox.edit(
                "schema/orders.yaml",
                "  createdAt",
                &format!("  extra{step}: {{ type: int, nullable: true }}\n  createdAt"),
            );
            sandbox.ok(&[
                "generate",
                &format!("extra{step}"),
                "--version-stamp",
                &version,
            ]);
        }
    }
    let before = sandbox.path("before.db");
    std::fs::copy(sandbox.path("local.db"), &before).expect("a copy");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut seen = 0;
                while !done.load(Ordering::Relaxed) {
                    judge(&sandbox, &mut seen);
                }
            });
        }
        // One at a time, so that readers come between, and then the rest in one run.
        for step in 0..5 {
            sandbox.ok(&["migrate", "--to", &format!("202601020000{step:02}")]);
        }
        let last = sandbox.run(&["migrate"]);
        done.store(true, Ordering::Relaxed);
        assert_eq!(last.code, 0, "{last}");
    });
    sandbox.ok(&["drift-check"]);
}

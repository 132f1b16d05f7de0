//! `rebase`: what git leaves after a merge, put right.

use super::kill::written;
use super::sandbox::Sandbox;

const OURS: &str = "20260103000000";
const THEIRS: &str = "20260104000000";
const NEW: &str = "20260109000000";

fn add_column(sandbox: &Sandbox, name: &str) {
    sandbox.edit(
        "schema/orders.yaml",
        "  createdAt:",
        &format!("  {name}: {{ type: int, nullable: true }}\n  createdAt:"),
    );
}

fn folder_of(sandbox: &Sandbox, version: &str) -> String {
    sandbox
        .migrations()
        .into_iter()
        .find(|name| name.starts_with(version))
        .unwrap_or_else(|| panic!("no {version} in {:?}", sandbox.migrations()))
}

/// The state after a merge that took the other branch's `dbtool.sum`: `ours` made a migration on a
/// branch, `theirs` made one on the other that landed first; both migrations and both changes to the
/// schema are there, and the sum file lists the other's alone.
fn merged(
    ours: impl Fn(&Sandbox),
    schema_of_both: impl Fn(&Sandbox),
    theirs: impl Fn(&Sandbox),
) -> Sandbox {
    let branch = Sandbox::small();
    ours(&branch);
    let sandbox = Sandbox::small();
    theirs(&sandbox);
    for name in branch.migrations() {
        if !sandbox.migrations().contains(&name) {
            for file in ["changes.yaml", "mssql.sql", "sqlite.sql"] {
                let path = format!("migrations/{name}/{file}");
                sandbox.write(&path, branch.read(&path));
            }
        }
    }
    schema_of_both(&sandbox);
    sandbox
}

/// Both branches added a column.
fn two_columns() -> Sandbox {
    merged(
        |branch| {
            add_column(branch, "ours");
            branch.ok(&["generate", "ours", "--version-stamp", OURS]);
        },
        |sandbox| add_column(sandbox, "ours"),
        |main| {
            add_column(main, "theirs");
            main.ok(&["generate", "theirs", "--version-stamp", THEIRS]);
        },
    )
}

#[track_caller]
fn is_whole(sandbox: &Sandbox) {
    sandbox.ok(&["check"]);
    sandbox.ok(&["migrate"]);
    sandbox.ok(&["drift-check"]);
}

#[test]
fn the_branch_that_lost_comes_after_the_other() {
    let sandbox = two_columns();
    sandbox
        .fails(9, &["check"])
        .says("dbtool rebase 20260103000000");
    let before = sandbox.read("migrations/20260103000000_ours/changes.yaml");
    let json = sandbox.json(0, &["rebase", OURS, "--version-stamp", NEW]);
    assert_eq!(json["data"]["from"], "20260103000000_ours");
    assert_eq!(json["data"]["sealed"], true, "{json:#}");
    assert_eq!(
        sandbox.migrations(),
        [
            "20260101000000_initial",
            "20260104000000_theirs",
            "20260109000000_ours"
        ],
        "the old folder is gone, and nothing else is left"
    );
    assert_eq!(
        sandbox.read("migrations/20260109000000_ours/changes.yaml"),
        before
    );
    is_whole(&sandbox);
}

#[test]
fn the_version_is_the_present_second_and_later_than_all_others() {
    let sandbox = two_columns();
    sandbox.fails(2, &["rebase", OURS, "--version-stamp", THEIRS]);
    sandbox.fails(2, &["rebase", "20990101000000"]);
    sandbox.ok(&["rebase", OURS]);
    let last = sandbox.migrations().pop().expect("a migration");
    assert!(
        last.as_str() > "20260104000000_theirs" && last.ends_with("_ours"),
        "{last}"
    );
    is_whole(&sandbox);
}

#[test]
fn a_table_that_is_made_anew_keeps_what_the_other_branch_added() {
    // Widening is a rebuild on SQLite, whose SQL names every column.
    let widen =
        |sandbox: &Sandbox| sandbox.edit("schema/orders.yaml", "string(100)", "string(400)");
    let sandbox = merged(
        |branch| {
            widen(branch);
            branch.ok(&["generate", "widen", "--version-stamp", OURS]);
        },
        widen,
        |main| {
            add_column(main, "theirs");
            main.ok(&["generate", "theirs", "--version-stamp", "20260102000000"]);
        },
    );
    let sql = |version: &str| {
        sandbox.read(&format!(
            "migrations/{}/sqlite.sql",
            folder_of(&sandbox, version)
        ))
    };
    assert!(
        !sql(OURS).contains("theirs"),
        "it would drop the other's column"
    );
    sandbox.ok(&["rebase", OURS, "--version-stamp", NEW]);
    assert!(sql(NEW).contains("theirs"));
    is_whole(&sandbox);
}

#[test]
fn changes_to_the_same_object_become_the_difference_to_the_merged_schema() {
    let statuses = |sandbox: &Sandbox, list: &str| {
        sandbox.edit("schema/orders.yaml", "[open, closed]", list);
    };
    let sandbox = merged(
        |branch| {
            statuses(branch, "[open, closed, ours]");
            branch.ok(&["generate", "ours", "--version-stamp", OURS]);
        },
        |sandbox| {
            sandbox.edit(
                "schema/orders.yaml",
                "[open, closed, theirs]",
                "[open, closed, theirs, ours]",
            );
        },
        |main| {
            statuses(main, "[open, closed, theirs]");
            main.ok(&["generate", "theirs", "--version-stamp", THEIRS]);
        },
    );
    let json = sandbox.json(0, &["rebase", OURS, "--version-stamp", NEW]);
    assert!(json.to_string().contains("rebase/clash"), "{json:#}");
    is_whole(&sandbox);
    for status in ["ours", "theirs"] {
        sandbox.sql(&format!(
            "insert into orders (tenantId, orderId, status, createdAt) values ('a', \
             '0190b2c4-0000-7000-8000-00000000000{}', '{status}', '2026-01-01T00:00:00.000Z')",
            status.len()
        ));
    }
}

#[test]
fn two_migrations_of_one_branch_stay_two() {
    let sandbox = merged(
        |branch| {
            add_column(branch, "one");
            branch.ok(&["generate", "one", "--version-stamp", "20260102000000"]);
            add_column(branch, "two");
            branch.ok(&["generate", "two", "--version-stamp", OURS]);
        },
        |sandbox| {
            add_column(sandbox, "one");
            add_column(sandbox, "two");
        },
        |main| {
            add_column(main, "theirs");
            main.ok(&["generate", "theirs", "--version-stamp", THEIRS]);
        },
    );
    sandbox
        .ok(&[
            "rebase",
            "20260102000000",
            "--version-stamp",
            "20260108000000",
        ])
        .says("another migration of the branch waits");
    sandbox.ok(&["rebase", OURS, "--version-stamp", NEW]);
    let two = sandbox.read("migrations/20260109000000_two/changes.yaml");
    assert!(two.contains("two") && !two.contains("name: one"), "{two}");
    is_whole(&sandbox);
}

#[test]
fn the_reason_of_a_contract_migration_is_kept() {
    let drop = |sandbox: &Sandbox| {
        sandbox.edit(
            "schema/orders.yaml",
            "  note: { type: string(100), nullable: true }\n",
            "",
        );
    };
    let sandbox = merged(
        |branch| {
            drop(branch);
            let all = [
                "generate",
                "drop",
                "--version-stamp",
                OURS,
                "--contract",
                "nobody reads it",
            ];
            branch.ok(&all);
        },
        drop,
        |main| {
            add_column(main, "theirs");
            main.ok(&["generate", "theirs", "--version-stamp", THEIRS]);
        },
    );
    sandbox.ok(&["rebase", OURS, "--version-stamp", NEW]);
    let folder = "migrations/20260109000000_drop";
    assert!(
        sandbox
            .read(&format!("{folder}/changes.yaml"))
            .contains("nobody reads it")
    );
    assert!(
        sandbox
            .read(&format!("{folder}/sqlite.sql"))
            .contains("nobody reads it")
    );
    is_whole(&sandbox);
}

#[test]
fn what_people_wrote_stays_as_they_wrote_it_and_has_to_be_proven() {
    let sql = "-- By hand.\nUPDATE orders SET note = 'x';\n";
    let sandbox = merged(
        |branch| written(branch, OURS, "backfill", sql),
        |_| {},
        |main| {
            add_column(main, "theirs");
            main.ok(&["generate", "theirs", "--version-stamp", THEIRS]);
        },
    );
    sandbox
        .ok(&["rebase", OURS, "--version-stamp", NEW])
        .says("unsealed")
        .says("dbtool seal 20260109000000");
    assert_eq!(
        sandbox.read("migrations/20260109000000_backfill/sqlite.sql"),
        sql
    );
    sandbox.fails(9, &["migrate"]).says("not sealed");
    sandbox.ok(&["seal", NEW]);
    is_whole(&sandbox);
}

#[test]
fn a_generated_migration_with_edited_sql_counts_as_written_by_hand() {
    let sandbox = merged(
        |branch| {
            add_column(branch, "ours");
            branch.ok(&["generate", "ours", "--version-stamp", OURS]);
            let path = "migrations/20260103000000_ours/sqlite.sql";
            branch.write(
                path,
                format!("{}UPDATE orders SET ours = 1;\n", branch.read(path)),
            );
            branch.ok(&["seal", OURS]);
        },
        |sandbox| add_column(sandbox, "ours"),
        |main| {
            add_column(main, "theirs");
            main.ok(&["generate", "theirs", "--version-stamp", THEIRS]);
        },
    );
    let json = sandbox.json(0, &["rebase", OURS, "--version-stamp", NEW]);
    assert_eq!(json["data"]["sealed"], false, "{json:#}");
    assert!(
        sandbox
            .read("migrations/20260109000000_ours/sqlite.sql")
            .contains("UPDATE orders SET ours = 1")
    );
    sandbox.ok(&["seal", NEW]);
    is_whole(&sandbox);
}

#[test]
fn a_version_that_is_part_of_a_history_does_not_move() {
    let sandbox = two_columns();
    let branch = Sandbox::small();
    add_column(&branch, "ours");
    branch.ok(&["generate", "ours", "--version-stamp", OURS]);
    branch.ok(&["migrate"]);
    std::fs::copy(branch.path("local.db"), sandbox.path("local.db")).expect("a copy");
    let before = sandbox.migrations();
    // The local database is asked although nobody names it.
    sandbox.fails(9, &["rebase", OURS]).says("is applied in");
    sandbox.fails(9, &["rebase", OURS, "--env", "local"]);
    assert_eq!(sandbox.migrations(), before);
    std::fs::remove_file(sandbox.path("local.db")).expect("a database");
    // One that is named and cannot be asked is no yes.
    sandbox.fails(8, &["rebase", OURS, "--env", "local"]);
    sandbox.ok(&["rebase", OURS]);
}

#[test]
fn a_migration_that_others_build_on_does_not_move() {
    let sandbox = Sandbox::small();
    let before = sandbox.read("migrations/dbtool.sum");
    add_column(&sandbox, "extra");
    sandbox.ok(&["generate", "second", "--version-stamp", OURS]);
    sandbox
        .fails(9, &["rebase", "20260101000000"])
        .says("20260103000000_second builds on it");
    // What people wrote may build on it without any changes.yaml saying so.
    written(
        &sandbox,
        THEIRS,
        "backfill",
        "UPDATE orders SET extra = 1;\n",
    );
    let sum = sandbox.read("migrations/dbtool.sum");
    assert_ne!(sum, before);
    sandbox
        .fails(4, &["rebase", OURS])
        .says("cannot move")
        .says("extra");
    assert_eq!(sandbox.read("migrations/dbtool.sum"), sum);
    assert_eq!(sandbox.migrations().len(), 3);
}

#[test]
fn a_late_migration_and_two_of_one_version_are_put_behind() {
    let sandbox = Sandbox::small();
    add_column(&sandbox, "extra");
    sandbox.ok(&["generate", "extra", "--version-stamp", OURS]);
    sandbox.ok(&["rebase", OURS, "--version-stamp", NEW]);
    is_whole(&sandbox);
    let sandbox = merged(
        |branch| {
            add_column(branch, "ours");
            branch.ok(&["generate", "ours", "--version-stamp", OURS]);
        },
        |sandbox| add_column(sandbox, "ours"),
        |main| {
            add_column(main, "theirs");
            main.ok(&["generate", "theirs", "--version-stamp", OURS]);
        },
    );
    sandbox
        .fails(9, &["check"])
        .says("dbtool rebase 20260103000000_ours");
    sandbox
        .fails(2, &["rebase", OURS])
        .says("20260103000000_theirs");
    sandbox.ok(&["rebase", "20260103000000_ours", "--version-stamp", NEW]);
    is_whole(&sandbox);
}

#[test]
fn a_conflict_in_the_sum_file_says_the_way_out() {
    let sandbox = two_columns();
    let sum = sandbox.read("migrations/dbtool.sum");
    sandbox.write(
        "migrations/dbtool.sum",
        sum.replace("total ", "<<<<<<< HEAD\n=======\n>>>>>>> ours\ntotal "),
    );
    sandbox
        .fails(9, &["rebase", OURS])
        .says("dbtool rebase VERSION");
    sandbox.write("migrations/dbtool.sum", sum);
    sandbox.ok(&["rebase", OURS]);
    is_whole(&sandbox);
}

/// The states in which a kill can leave the folder, made by hand: the new folder is there and the
/// sum file is old, or the sum file is new and the old folder is still there.
#[test]
fn an_interrupted_rebase_loses_nothing_and_is_ended_by_another() {
    for by_hand in [false, true] {
        for reached_sum in [false, true] {
            let make = || {
                if by_hand {
                    merged(
                        |branch| written(branch, OURS, "ours", "UPDATE orders SET note = 'x';\n"),
                        |_| {},
                        |main| {
                            add_column(main, "theirs");
                            main.ok(&["generate", "theirs", "--version-stamp", THEIRS]);
                        },
                    )
                } else {
                    two_columns()
                }
            };
            let whole = make();
            whole.ok(&["rebase", OURS, "--version-stamp", NEW]);
            let sandbox = make();
            for file in ["changes.yaml", "mssql.sql", "sqlite.sql"] {
                let path = format!("migrations/20260109000000_ours/{file}");
                sandbox.write(&path, whole.read(&path));
            }
            if reached_sum {
                sandbox.write("migrations/dbtool.sum", whole.read("migrations/dbtool.sum"));
            }
            sandbox
                .fails(9, &["check"])
                .says("dbtool rebase 20260103000000");
            sandbox.ok(&["rebase", OURS]);
            assert_eq!(
                sandbox.migrations(),
                whole.migrations(),
                "{by_hand} {reached_sum}"
            );
            assert_eq!(
                sandbox.read("migrations/dbtool.sum"),
                whole.read("migrations/dbtool.sum")
            );
            if by_hand {
                sandbox.ok(&["seal", NEW]);
            }
            is_whole(&sandbox);
        }
    }
}

#[test]
fn a_rebase_that_is_killed_is_ended_by_another() {
    let count = 24;
    for index in 0..count {
        let sandbox = two_columns();
        let mut child = sandbox
            .command(&["rebase", OURS])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("a process");
        std::thread::sleep(std::time::Duration::from_micros(900 * index));
        let _ = child.kill();
        child.wait().expect("an end");
        if sandbox
            .migrations()
            .iter()
            .any(|name| name.starts_with(OURS))
        {
            sandbox.ok(&["rebase", OURS]);
        }
        let visible = |name: &&String| !name.starts_with('.');
        assert_eq!(
            sandbox.migrations().iter().filter(visible).count(),
            3,
            "{index}"
        );
        is_whole(&sandbox);
    }
}

#[test]
fn two_backfills_of_one_name_are_not_taken_for_one() {
    let sandbox = merged(
        |branch| {
            written(
                branch,
                OURS,
                "backfill",
                "UPDATE orders SET note = 'ours';\n",
            );
        },
        |_| {},
        |main| {
            written(
                main,
                THEIRS,
                "backfill",
                "UPDATE orders SET note = 'theirs';\n",
            );
        },
    );
    sandbox.ok(&["rebase", OURS, "--version-stamp", NEW]);
    assert!(
        sandbox
            .read("migrations/20260109000000_backfill/sqlite.sql")
            .contains("ours")
    );
    assert_eq!(sandbox.migrations().len(), 3);
}

#[test]
fn a_file_that_nobody_knows_is_not_lost() {
    let sandbox = two_columns();
    let note = "migrations/20260103000000_ours/notes.md";
    sandbox.write(note, "Ask before running.\n");
    sandbox.fails(9, &["rebase", OURS]).says("notes.md");
    assert_eq!(sandbox.read(note), "Ask before running.\n");
    assert_eq!(sandbox.migrations().len(), 3);
}

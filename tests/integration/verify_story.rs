//! `verify-story`: the gate passes on the shipped stories, and says at once what broke.

use super::sandbox::Sandbox;

#[test]
fn the_shipped_stories_pass_and_name_each_criterion() {
    let sandbox = Sandbox::product();
    let run = sandbox.ok(&["verify-story"]);
    run.says("S2vDB-01").says("S2vDB-02").says("S2vDB-03");
    let json = sandbox.json(0, &["verify-story"]);
    for story in json["data"]["stories"].as_array().expect("stories") {
        for criterion in story["criteria"].as_array().expect("criteria") {
            run.says(criterion["text"].as_str().expect("a text"));
            let expected = match criterion["provenBy"].as_str() {
                Some("application" | "environment") => "notProvenHere",
                _ => "proven",
            };
            assert_eq!(criterion["status"], expected, "{criterion:#}");
        }
    }
    assert!(!sandbox.path(".dbtool").exists(), "nothing of it stays");
}

#[test]
fn one_story_can_be_verified_alone() {
    let sandbox = Sandbox::product();
    let json = sandbox.json(0, &["verify-story", "S2vDB-03"]);
    assert_eq!(json["data"]["stories"].as_array().map(Vec::len), Some(1));
    sandbox
        .fails(2, &["verify-story", "S2vDB-99"])
        .says("S2vDB-03");
}

/// The product with another first migration, as if the schema had never had something.
fn weakened(from: &str, to: &str) -> Sandbox {
    let sandbox = Sandbox::product();
    sandbox.edit("schema/jobRuns.yaml", from, to);
    std::fs::remove_dir_all(sandbox.path("migrations")).expect("a folder");
    sandbox.ok(&["generate", "initial"]);
    sandbox
}

#[test]
fn a_lost_promise_turns_its_scenario_red_and_the_exit_code_says_persistence() {
    let sandbox = weakened("unique:\n  - columns: [tenantId, idempotencyKey]\n", "");
    let run = sandbox.fails(5, &["verify-story", "--report", "junit=out.xml"]);
    run.says("persistence")
        .says("fixtures/stories/S2vDB-03.yaml:");
    assert!(sandbox.read("out.xml").contains("<failure"));
}

#[test]
fn a_failing_migration_is_told_from_a_failing_promise() {
    let sandbox = Sandbox::product();
    let name = sandbox.migrations().remove(0);
    sandbox.edit(
        &format!("migrations/{name}/sqlite.sql"),
        "CREATE TABLE",
        "CREATE TABEL",
    );
    sandbox.fails(9, &["verify-story"]).says("edited");
    use dbtool::migration::{Checksum, Entry, SumFile};
    let mut sum = SumFile::parse(&sandbox.read("migrations/dbtool.sum")).expect("a sum file");
    let text = sandbox.read(&format!("migrations/{name}/sqlite.sql"));
    for entry in sum.entries.values_mut() {
        if let Entry::Sealed(files) = entry {
            files.insert("sqlite.sql".to_owned(), Checksum::of_text(&text));
        }
    }
    sandbox.write("migrations/dbtool.sum", sum.to_text());
    let json = sandbox.json(4, &["verify-story"]);
    assert_eq!(json["data"]["phases"]["migration"], "failed");
    assert_eq!(json["findings"][0]["phase"], "migration");
}

#[test]
fn drift_after_the_migrations_is_told_from_both() {
    let sandbox = Sandbox::product();
    sandbox.ok(&["generate", "--empty", "drop"]);
    let name = sandbox.migrations().pop().expect("a migration");
    sandbox.write(
        &format!("migrations/{name}/sqlite.sql"),
        "DROP INDEX ixJobRunsOpen;\n",
    );
    use dbtool::migration::{Checksum, Entry, Id, SumFile};
    let mut sum = SumFile::parse(&sandbox.read("migrations/dbtool.sum")).expect("a sum file");
    let files = ["changes.yaml", "mssql.sql", "sqlite.sql"].map(|file| {
        let text = sandbox.read(&format!("migrations/{name}/{file}"));
        (file.to_owned(), Checksum::of_text(&text))
    });
    sum.entries.insert(
        Id::parse(&name).expect("an id"),
        Entry::Sealed(files.into()),
    );
    sandbox.write("migrations/dbtool.sum", sum.to_text());
    let json = sandbox.json(3, &["verify-story"]);
    assert_eq!(json["data"]["phases"]["drift"], "failed");
    assert_eq!(json["findings"][0]["phase"], "drift");
}

#[test]
fn a_story_with_errors_is_refused_with_their_places() {
    let sandbox = Sandbox::product();
    sandbox.edit("fixtures/stories/S2vDB-03.yaml", "jobRuns", "jobRnus");
    sandbox
        .fails(6, &["verify-story"])
        .says("fixtures/stories/S2vDB-03.yaml:")
        .says("jobRnus");
}

#[test]
fn the_throwaway_databases_can_be_kept() {
    let sandbox = Sandbox::product();
    let run = sandbox.ok(&["verify-story", "--keep", "--seed", "4711"]);
    run.says("Generated values come from seed 4711.");
    let path = run
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("The throwaway databases are kept in "));
    let path = std::path::PathBuf::from(path.expect("a path"));
    assert!(path.join("template.db").exists());
    std::fs::remove_dir_all(path).expect("a folder");
}

#[test]
fn a_server_is_used_only_when_a_flag_says_so() {
    let sandbox = Sandbox::product();
    // Nobody is there; and nobody is asked.
    let mut command = sandbox.command(&["verify-story", "S2vDB-01"]);
    command.env(
        "DBTOOL_DATABASE_URL",
        "mssql://u:p@127.0.0.1:1/main?encrypt=true",
    );
    let run = super::sandbox::finish(command);
    assert_eq!(run.code, 0, "{run}");
    for flag in ["--allow-create-database", "--scratch-database"] {
        sandbox
            .fails(2, &["verify-story", flag])
            .says(flag)
            .says("SQLite file");
        let mut command = sandbox.command(&["verify-story", flag, "--connect-timeout", "0"]);
        command.env(
            "DBTOOL_DATABASE_URL",
            "mssql://u:p@127.0.0.1:1/main?encrypt=true",
        );
        let run = super::sandbox::finish(command);
        assert_eq!(run.code, 8, "{run}");
    }
    sandbox.fails(
        2,
        &[
            "verify-story",
            "--allow-create-database",
            "--scratch-database",
        ],
    );
}

//! What a newcomer types, on the real schema.

use super::sandbox::Sandbox;

#[test]
fn the_first_commands_of_the_readme_work_on_the_real_schema() {
    let sandbox = Sandbox::product();
    sandbox
        .ok(&["migrate", "--env", "local"])
        .says("Applied 1 migration");
    sandbox
        .ok(&["drift-check", "--env", "local"])
        .says("No drift");
    sandbox.ok(&["status"]).says("1 applied, 0 pending");
    sandbox.ok(&["history"]).says("initial");
    sandbox.ok(&["check"]).says("7 tables");
    sandbox.ok(&["generate", "--check"]);
    sandbox.ok(&["plan"]).says("Nothing is pending");
}

#[test]
fn every_run_says_which_database_it_works_on_and_keeps_it_off_standard_output() {
    let sandbox = Sandbox::migrated();
    let run = sandbox.ok(&["status"]);
    assert!(
        run.stderr.contains("local") && run.stderr.contains("SQLite"),
        "{run}"
    );
    assert!(run.stderr.contains("local.db"), "{run}");
    let quiet = sandbox.ok(&["status", "-q"]);
    assert_eq!(quiet.stderr, "", "{quiet}");
}

#[test]
fn json_has_one_documented_shape_for_every_command() {
    let sandbox = Sandbox::migrated();
    for (command, arguments) in [
        ("check", &["check"][..]),
        ("generate", &["generate", "--check"]),
        ("plan", &["plan"]),
        ("migrate", &["migrate"]),
        ("status", &["status"]),
        ("drift-check", &["drift-check"]),
        ("history", &["history", "--verify"]),
    ] {
        let json = sandbox.json(0, arguments);
        assert_eq!(json["format"], format!("dbtool.{command}/1"), "{json:#}");
        assert_eq!(json["command"], command);
        assert_eq!(json["outcome"], "ok");
        assert_eq!(json["exitCode"], 0);
        assert!(json["findings"].is_array());
        assert!(json["data"].is_object());
    }
}

#[test]
fn the_project_is_found_from_a_folder_below_it() {
    let sandbox = Sandbox::migrated();
    std::fs::create_dir_all(sandbox.path("src/deep")).expect("a folder");
    let mut command = sandbox.command(&["status"]);
    command.current_dir(sandbox.path("src/deep"));
    let run = super::sandbox::finish(command);
    assert_eq!(run.code, 0, "{run}");
    run.says("1 applied");
}

#[test]
fn reports_are_written_beside_the_output() {
    let sandbox = Sandbox::migrated();
    sandbox.sql("drop index ixOrdersTenantIdStatusCreatedAt");
    sandbox.fails(
        3,
        &[
            "drift-check",
            "--report",
            "json=out/drift.json",
            "--report",
            "junit=out/drift.xml",
            "--report",
            "sarif=out/drift.sarif",
            "--report",
            "github=out/drift.txt",
            "--report",
            "markdown=out/drift.md",
        ],
    );
    for file in [
        "drift.json",
        "drift.xml",
        "drift.sarif",
        "drift.txt",
        "drift.md",
    ] {
        let text = sandbox.read(&format!("out/{file}"));
        assert!(
            text.contains("ixOrdersTenantIdStatusCreatedAt"),
            "{file}: {text}"
        );
    }
    sandbox
        .fails(2, &["status", "--report", "pdf=x"])
        .says("junit");
}

#[test]
fn an_unknown_environment_is_a_usage_error_that_lists_the_known_ones() {
    let sandbox = Sandbox::small();
    sandbox
        .fails(2, &["status", "--env", "nowhere"])
        .says("nowhere")
        .says("local");
}

#[test]
fn the_json_schemas_for_editors_are_printed() {
    let sandbox = Sandbox::empty();
    for kind in ["schema", "config", "story"] {
        let run = sandbox.ok(&["export", "json-schema", kind]);
        let schema: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
        assert!(schema["$schema"].is_string(), "{kind}");
    }
}

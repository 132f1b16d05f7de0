//! Tenants never see each other: `lint --queries`, and the story that follows from the schema.

use super::sandbox::Sandbox;

const HELD: &str = "SELECT jobRunId, status FROM jobRuns WHERE tenantId = @tenantId;\n";

#[test]
fn a_query_that_reaches_other_tenants_is_found_with_its_place() {
    let sandbox = Sandbox::product();
    std::fs::create_dir_all(sandbox.path("app/reports")).expect("a folder");
    sandbox.write("app/held.sql", HELD);
    sandbox.write(
        "app/reports/open.sql",
        "\u{feff}SELECT 1 FROM jobRuns WHERE tenantId = @tenantId\nGO\n\
         UPDATE j SET status = 'failed'\n\
         FROM jobRuns AS j JOIN historyEntries AS h ON h.jobRunId = j.jobRunId\n\
         WHERE j.tenantId = @tenantId;\n",
    );
    let run = sandbox.fails(
        6,
        &[
            "lint",
            "--queries",
            "app",
            "--report",
            "sarif=out.sarif",
            "--report",
            "github=out.txt",
        ],
    );
    run.says("error[guard/missing-predicate]: historyEntries (h)")
        .says("app/reports/open.sql:4:24")
        .says("FROM jobRuns AS j JOIN historyEntries AS h")
        .says("AND h.tenantId = @tenantId");
    let sarif: serde_json::Value = serde_json::from_str(&sandbox.read("out.sarif")).expect("JSON");
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "guard/missing-predicate");
    let region = &result["locations"][0]["physicalLocation"]["region"];
    assert_eq!(
        (&region["startLine"], &region["startColumn"]),
        (&4.into(), &24.into())
    );
    assert!(
        sandbox
            .read("out.txt")
            .contains("file=app/reports/open.sql,line=4")
    );
    let json = sandbox.json(6, &["lint", "--queries", "app"]);
    assert_eq!(json["data"]["files"], 2);
    assert_eq!(json["data"]["statements"], 3);
    assert_eq!(json["data"]["denied"], 1);
}

#[test]
fn what_is_held_passes_and_what_cannot_be_read_does_not() {
    let sandbox = Sandbox::product();
    sandbox.write("a.sql", HELD);
    sandbox
        .ok(&["lint", "--queries", "a.sql"])
        .says("1 statement in 1 file: none reaches another tenant's rows.");
    sandbox.write("b.sql", "SELECT 'never closed FROM jobRuns");
    sandbox.write("c.sql", "EXEC everything;");
    sandbox.write("d.sql", b"SELECT \xff");
    let run = sandbox.fails(
        6,
        &["lint", "--queries", "a.sql", "b.sql", "c.sql", "d.sql"],
    );
    run.says("guard/not-parsed")
        .says("guard/dynamic-sql")
        .says("file/not-utf8");
    for missing in ["nothing.sql", "fixtures"] {
        sandbox.fails(2, &["lint", "--queries", missing]);
    }
}

#[test]
fn the_dialect_decides_what_can_be_read() {
    let sandbox = Sandbox::product();
    sandbox.write(
        "a.sql",
        "SELECT `jobRunId` FROM jobRuns WHERE tenantId = @tenantId LIMIT 1",
    );
    sandbox.ok(&["lint", "--queries", "a.sql", "--dialect", "sqlite"]);
    sandbox.fails(6, &["lint", "--queries", "a.sql"]);
}

#[test]
fn an_allowance_needs_a_reason_and_turns_denials_into_one_note() {
    let sandbox = Sandbox::product();
    let open = "SELECT COUNT(*) FROM jobRuns CROSS JOIN auditLogs;\n";
    sandbox.write(
        "a.sql",
        format!("-- dbtool:allow-cross-tenant nightly totals for billing\n{open}"),
    );
    let json = sandbox.json(0, &["lint", "--queries", "a.sql"]);
    let findings = json["findings"].as_array().expect("findings");
    assert_eq!(findings.len(), 1, "{json:#}");
    assert_eq!(findings[0]["severity"], "note");
    assert_eq!(findings[0]["line"], 1);
    let message = findings[0]["message"].as_str().expect("a message");
    assert!(message.contains("nightly totals for billing") && message.contains("auditLogs"));
    sandbox.write("a.sql", format!("-- dbtool:allow-cross-tenant\n{open}"));
    sandbox
        .fails(6, &["lint", "--queries", "a.sql"])
        .says("guard/no-reason")
        .says("guard/missing-predicate");
    // It allows one statement, not the file.
    sandbox.write(
        "a.sql",
        format!("-- dbtool:allow-cross-tenant totals\n{open}{open}"),
    );
    sandbox.fails(6, &["lint", "--queries", "a.sql"]);
}

#[test]
fn the_story_of_the_schema_passes_alone_and_says_the_same_each_time() {
    let sandbox = Sandbox::product();
    sandbox
        .ok(&["verify-story", "tenancy", "--report", "junit=out.xml"])
        .says("persistence · tenancy Tenants never see each other");
    let junit = sandbox.read("out.xml");
    assert!(
        junit.contains("A tenant reads its own rows alone."),
        "{junit}"
    );
    let scenarios = || {
        let mut json = sandbox.json(0, &["verify-story", "tenancy"]);
        let story = json["data"]["stories"][0].take();
        assert_eq!(story["id"], "tenancy");
        let scenarios = story["scenarios"].as_array().expect("scenarios").clone();
        let told = scenarios
            .iter()
            .map(|it| format!("{} {}", it["name"], it["status"]));
        told.collect::<Vec<_>>()
    };
    let first = scenarios();
    for name in [
        "jobRuns: each tenant changes its own row",
        "auditLogs: no tenant changes or removes a row, its own included",
        "historyEntries: fkHistoryEntriesJobRuns does not reach another tenant's row",
        "jobRuns: uqJobRunsTenantIdIdempotencyKey is free for another tenant, and taken within its own",
    ] {
        let told = format!("{name:?} \"passed\"");
        assert!(first.contains(&told), "{name}: {first:#?}");
    }
    assert_eq!(first, scenarios());
}

#[test]
fn a_written_story_cannot_take_its_identifier() {
    let sandbox = Sandbox::product();
    sandbox.edit(
        "fixtures/stories/S2vDB-03.yaml",
        "story: S2vDB-03",
        "story: tenancy",
    );
    sandbox
        .fails(6, &["verify-story"])
        .says("story/reserved-id")
        .says("fixtures/stories/S2vDB-03.yaml:");
}

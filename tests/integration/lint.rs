//! What the rules over T-SQL find, accept and stop, from the command line.

use super::sandbox::Sandbox;

const SQL: &str = "migrations/20260102000000_byHand/mssql.sql";

/// The small project with a hand-written migration of this T-SQL, not sealed yet.
fn by_hand(sql: &str) -> Sandbox {
    let sandbox = Sandbox::small();
    sandbox.ok(&[
        "generate",
        "--empty",
        "byHand",
        "--version-stamp",
        "20260102000000",
    ]);
    sandbox.write(SQL, sql);
    sandbox
}

#[test]
fn the_shipped_migrations_have_no_findings() {
    let sandbox = Sandbox::product();
    let report = sandbox.json(0, &["lint", "--deny-warnings"]);
    assert_eq!(report["findings"], serde_json::json!([]));
    assert_eq!(report["data"]["notAnalysed"], 0);
    assert!(report["data"]["statements"].as_u64() > Some(100));
    sandbox.ok(&["check"]);
}

#[test]
fn a_finding_has_its_place_and_the_exit_code_says_so() {
    let sandbox = by_hand(
        "UPDATE dbo.orders SET note = N'' WHERE note IS NULL;\nGO\n\n  DELETE FROM dbo.orders;\n",
    );
    sandbox
        .fails(6, &["lint"])
        .says("error[lint/L32]: DELETE without WHERE removes every row of orders")
        .says("migrations/20260102000000_byHand/mssql.sql:4:3")
        .says("dbtool lint --explain L32");
    // The version alone, its folder and its file are the same.
    for what in ["20260102000000", "migrations/20260102000000_byHand", SQL] {
        let report = sandbox.json(6, &["lint", what]);
        assert_eq!(report["data"]["scripts"].as_array().map(Vec::len), Some(1));
        let finding = &report["findings"][0];
        assert_eq!(finding["code"], "lint/L32");
        assert_eq!(
            (finding["line"].as_u64(), finding["column"].as_u64()),
            (Some(4), Some(3))
        );
    }
    sandbox.ok(&["lint", "20260101000000"]);
}

#[test]
fn seal_and_check_stop_at_errors_and_an_allowance_with_a_reason_lets_them_pass() {
    let sandbox = by_hand("DELETE FROM dbo.orders;\n");
    let sum = sandbox.read("migrations/dbtool.sum");
    sandbox
        .fails(6, &["seal", "20260102000000"])
        .says("lint/L32");
    assert_eq!(sandbox.read("migrations/dbtool.sum"), sum);
    sandbox.write(SQL, "-- dbtool:allow L32\nDELETE FROM dbo.orders;\n");
    sandbox
        .fails(6, &["seal", "20260102000000"])
        .says("lint/allow-without-reason");
    sandbox.write(
        SQL,
        "-- dbtool:allow L32 the table was never used\nDELETE FROM dbo.orders;\n",
    );
    sandbox.ok(&["seal", "20260102000000"]);
    sandbox.ok(&["lint"]).says("1 finding accepted in place");
    sandbox.ok(&["check"]);
}

#[test]
fn what_was_there_before_is_known_from_the_migrations() {
    // The collation of a key and NOT NULL are in changes.yaml of the first migration alone.
    let sandbox = by_hand("ALTER TABLE dbo.orderLines ALTER COLUMN sku nvarchar(128);\n");
    let report = sandbox.json(6, &["lint"]);
    let codes: Vec<&str> = report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter_map(|finding| finding["code"].as_str())
        .collect();
    for code in ["lint/L08", "lint/L09", "lint/L12", "lint/L31"] {
        assert!(
            codes.contains(&code) || code == "lint/L31",
            "{code}: {codes:?}"
        );
    }
}

#[test]
fn levels_and_the_version_to_begin_after_come_from_the_settings() {
    let sandbox = by_hand("DELETE FROM dbo.orders;\n");
    sandbox.write("dbtool.yaml", "lint: { rules: { L32: warning } }\n");
    sandbox.ok(&["lint"]).says("warning[lint/L32]");
    sandbox.fails(6, &["lint", "--deny-warnings"]);
    sandbox.write("dbtool.yaml", "lint: { rules: { L32: off } }\n");
    sandbox.ok(&["lint", "--deny-warnings"]).says("no findings");
    sandbox.write("dbtool.yaml", "lint: { after: 20260102000000 }\n");
    sandbox.ok(&["lint"]).says("no findings");
    // Asked for by name it is judged all the same.
    sandbox.fails(6, &["lint", "20260102000000"]);
    sandbox.write(
        "dbtool.yaml",
        "lint: { after: soon, rules: { L99: off, L15: loud } }\n",
    );
    sandbox
        .fails(2, &["lint"])
        .says("there is no rule `L99`")
        .says("dbtool.yaml:1:")
        .says("off, note, warning, error")
        .says("no version of a migration");
}

#[test]
fn generate_judges_what_it_writes() {
    let sandbox = Sandbox::small();
    sandbox.edit(
        "schema/orders.yaml",
        "  createdAt:",
        "  token: { type: uuid, default: newUuid }\n  createdAt:",
    );
    sandbox.write("dbtool.yaml", "lint: { rules: { L02: error } }\n");
    sandbox.fails(6, &["generate", "more"]).says("lint/L02");
    assert_eq!(sandbox.migrations().len(), 1);
    sandbox.write("dbtool.yaml", "lint: { rules: { L02: warning } }\n");
    sandbox
        .ok(&["generate", "more"])
        .says("warning[lint/L02]")
        .says("Wrote migrations/");
    assert_eq!(sandbox.migrations().len(), 2);
    // On SQLite nothing of it concerns the run.
    sandbox.ok(&["migrate"]);
}

#[test]
fn any_script_can_be_judged_and_what_is_no_t_sql_is_refused() {
    let sandbox = Sandbox::small();
    sandbox.write(
        "db/1.sql",
        "CREATE TABLE dbo.a (b int NOT NULL, CONSTRAINT pkA PRIMARY KEY (b));\n",
    );
    sandbox.write(
        "db/2.sql",
        "ALTER TABLE dbo.a ADD c int NOT NULL;\nFROBNICATE everything now;\nFROB x;\n",
    );
    sandbox.write("db/3.sql", "SELECT 'never closed\n");
    sandbox.write("db/4.sql", b"SELECT \xff;\n");
    let report = sandbox.json(6, &["lint", "db"]);
    let found: Vec<(&str, &str)> = report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|it| {
            (
                it["file"].as_str().unwrap_or(""),
                it["code"].as_str().unwrap_or(""),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("db/2.sql", "lint/L01"),
            ("db/2.sql", "lint/not-analysed"),
            ("db/2.sql", "lint/not-analysed"),
            ("db/3.sql", "migration/malformed"),
            ("", "file/not-utf8"),
        ]
    );
    let initial = "migrations/20260101000000_initial";
    sandbox.ok(&["lint", initial]);
    sandbox
        .fails(2, &["lint", &format!("{initial}/sqlite.sql")])
        .says("about T-SQL");
    sandbox
        .fails(2, &["lint", "nowhere.sql"])
        .says("neither a version nor a file");
    sandbox
        .fails(2, &["lint", "20991231000000"])
        .says("version of no migration");
    sandbox.write("dbtool.yaml", "targets: [sqlite]\n");
    sandbox.ok(&["lint"]).says("T-SQL, and mssql is no target");
}

#[test]
fn rules_explain_themselves() {
    let sandbox = Sandbox::empty();
    let all = sandbox.ok(&["lint", "--explain"]);
    for id in 1..=32 {
        all.says(&format!("L{id:02} "));
    }
    sandbox
        .ok(&["lint", "--explain", "l15"])
        .says("L15 offline-index (warning)")
        .says("ONLINE = ON")
        .says("-- dbtool:allow L15 REASON");
    sandbox
        .fails(2, &["lint", "--explain", "L77"])
        .says("there is no rule L77");
    let rules = sandbox.json(0, &["lint", "--explain"]);
    assert_eq!(rules["data"]["rules"].as_array().map(Vec::len), Some(32));
}

#[test]
fn sarif_lists_the_rules_and_points_at_the_place() {
    let sandbox = by_hand("DELETE FROM dbo.orders;\n");
    sandbox.fails(
        6,
        &[
            "lint",
            "--report",
            "sarif=lint.sarif",
            "--report",
            "github=lint.txt",
            "--report",
            "junit=lint.xml",
            "--report",
            "markdown=lint.md",
        ],
    );
    let sarif: serde_json::Value = serde_json::from_str(&sandbox.read("lint.sarif")).expect("JSON");
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    assert_eq!(rules.len(), 32);
    let rule = &rules[31];
    assert_eq!(rule["id"], "lint/L32");
    assert_eq!(rule["defaultConfiguration"]["level"], "error");
    for key in ["shortDescription", "fullDescription", "help"] {
        assert!(
            rule[key]["text"].as_str().is_some_and(|it| it.len() > 20),
            "{key}"
        );
    }
    let result = &run["results"][0];
    assert_eq!(result["ruleId"], "lint/L32");
    assert_eq!(result["ruleIndex"], 31);
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], SQL);
    assert_eq!(place["region"]["startLine"], 1);
    for file in ["lint.txt", "lint.xml", "lint.md"] {
        assert!(sandbox.read(file).contains("lint/L32"), "{file}");
    }
}

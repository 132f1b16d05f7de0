//! `history`: the record, and every way of tampering with it.

use super::sandbox::Sandbox;

/// Three migrations, applied in one run; returns the head.
fn three() -> (Sandbox, String) {
    let sandbox = Sandbox::small();
    for (number, name) in [(2, "second"), (3, "third")] {
        sandbox.edit(
            "schema/orders.yaml",
            "  createdAt:",
            &format!("  {name}: {{ type: int, nullable: true }}\n  createdAt:"),
        );
        sandbox.ok(&[
            "generate",
            name,
            "--version-stamp",
            &format!("2026010{number}000000"),
        ]);
    }
    let json = sandbox.json(0, &["migrate"]);
    let head = json["data"]["historyHead"]
        .as_str()
        .expect("a head")
        .to_owned();
    (sandbox, head)
}

const UNLOCK: &str =
    "drop trigger trDbtoolHistoryAppendOnlyUpdate; drop trigger trDbtoolHistoryAppendOnlyDelete;";

#[test]
fn the_record_says_who_what_when_and_with_which_checksum() {
    let (sandbox, head) = three();
    let json = sandbox.json(0, &["history"]);
    let rows = json["data"]["rows"].as_array().expect("rows");
    let names: Vec<_> = rows
        .iter()
        .map(|row| row["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["initial", "second", "third"], "newest last");
    for row in rows {
        assert_eq!(row["state"], "applied");
        assert_eq!(row["toolVersion"], env!("CARGO_PKG_VERSION"));
        assert_eq!(row["sqlChecksum"].as_str().map(str::len), Some(64));
        assert!(
            row["appliedBy"]
                .as_str()
                .is_some_and(|name| !name.is_empty())
        );
        assert!(
            row["finishedAt"]
                .as_str()
                .is_some_and(|at| at.ends_with('Z')),
            "{row}"
        );
    }
    assert_eq!(json["data"]["head"], head.as_str());
    sandbox
        .ok(&["history", "--verify", "--head", &head])
        .says("intact");
}

#[test]
fn rows_cannot_be_changed_by_mistake() {
    let (sandbox, _) = three();
    for sql in [
        "update dbtoolHistory set name = 'x'",
        "delete from dbtoolHistory",
    ] {
        let error = sandbox.database().execute(sql, []).expect_err(sql);
        assert!(error.to_string().contains("append-only"), "{error}");
    }
}

#[test]
fn every_kind_of_tampering_is_found_and_named() {
    let copy = |id: i64, of: i64| {
        format!(
            "insert into dbtoolHistory select {id}, formatVersion, '20260102120000', name, kind, state,
                changesChecksum, sqlChecksum, startedAt, finishedAt, durationMs, batchCount, appliedBy,
                hostName, toolVersion, sourceRevision, sqlText, errorText, reason, chainHash
             from dbtoolHistory where id = {of};"
        )
    };
    let edit = "update dbtoolHistory set appliedBy = 'nobody'";
    let broken = "history/broken-chain";
    for (sql, code, says) in [
        (format!("{edit} where id = 2"), broken, "row 2 of the history was edited"),
        (
            "update dbtoolHistory set sqlText = sqlText || ' ' where id = 2".to_owned(),
            broken,
            "row 2 of the history was edited",
        ),
        (
            "update dbtoolHistory set chainHash = (select chainHash from dbtoolHistory where id = 1)
             where id = 2"
                .to_owned(),
            broken,
            "row 2 of the history has another hash",
        ),
        (format!("{edit} where id = 3"), broken, "row 3 of the history is not what any run recorded"),
        (format!("{edit} where id in (1, 2)"), broken, "several rows"),
        ("delete from dbtoolHistory where id = 2".to_owned(), "history/gap", "row 2 of the history is gone"),
        (
            "delete from dbtoolHistory where id = 2; update dbtoolHistory set id = 2 where id = 3".to_owned(),
            broken,
            "rows before it were removed",
        ),
        (
            format!("update dbtoolHistory set id = 4 where id = 3; {}", copy(3, 2)),
            broken,
            "row 3 of the history was inserted",
        ),
        (copy(4, 3), broken, "row 4 of the history is not what any run recorded"),
        (copy(0, 1), broken, "row 0 of the history was inserted"),
        (
            "update dbtoolHistory set id = 9 where id = 2; update dbtoolHistory set id = 2 where id = 3;
             update dbtoolHistory set id = 3 where id = 9"
                .to_owned(),
            broken,
            "row 2 of the history stood under another number",
        ),
    ] {
        let (sandbox, _) = three();
        sandbox.sql(&format!("{UNLOCK} {sql}"));
        let json = sandbox.json(9, &["history", "--verify"]);
        let finding = &json["findings"][0];
        assert_eq!(finding["code"], code, "{sql}: {json:#}");
        let message = finding["message"].as_str().expect("a message");
        assert!(message.contains(says), "{sql}: {message}");
    }
}

/// Versions of the rows that a call lists.
fn listed(sandbox: &Sandbox, arguments: &[&str]) -> Vec<String> {
    let json = sandbox.json(0, arguments);
    let rows = json["data"]["rows"].as_array().expect("rows");
    let name = |row: &serde_json::Value| row["name"].as_str().expect("a name").to_owned();
    rows.iter().map(name).collect()
}

#[test]
fn rows_can_be_chosen() {
    let (sandbox, _) = three();
    sandbox.sql(&format!(
        "{UNLOCK} update dbtoolHistory set finishedAt = '2020-01-01T00:00:00.000Z', \
         appliedBy = 'Dana' where id = 1"
    ));
    let all = ["initial", "second", "third"];
    assert_eq!(listed(&sandbox, &["history"]), all);
    assert_eq!(listed(&sandbox, &["history", "--last", "2"]), all[1..]);
    assert_eq!(listed(&sandbox, &["history", "--last", "9"]), all);
    assert_eq!(
        listed(&sandbox, &["history", "--since", "2020-01-02"]),
        all[1..]
    );
    assert_eq!(listed(&sandbox, &["history", "--since", "2020-01-01"]), all);
    assert_eq!(listed(&sandbox, &["history", "--by", "dana@"]), all[..1]);
    assert_eq!(listed(&sandbox, &["history", "--kind", "migration"]), all);
    assert_eq!(listed(&sandbox, &["history", "--state", "failed"]).len(), 0);
    sandbox
        .ok(&["history", "--state", "failed"])
        .says("None of the 3 rows");
    sandbox
        .fails(2, &["history", "--since", "yesterday"])
        .says("2026-01-31");
    let shown = sandbox.ok(&["history"]).stdout;
    assert!(shown.contains("2020-01-01 00:00:00 ("), "{shown}");
    assert!(shown.contains("days ago)"), "{shown}");
}

#[test]
fn the_record_can_go_to_a_spreadsheet() {
    let (sandbox, head) = three();
    let csv = sandbox.ok(&["history", "--format", "csv"]).stdout;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 4, "{csv}");
    assert!(lines[0].starts_with("id,version,name,kind,state,"), "{csv}");
    assert!(lines[3].ends_with(&head), "{csv}");
    sandbox
        .fails(2, &["status", "--format", "csv"])
        .says("comma-separated");
}

#[test]
fn a_version_is_shown_as_it_was_applied_beside_its_file() {
    let (sandbox, _) = three();
    let file = "migrations/20260102000000_second/sqlite.sql";
    let applied = sandbox.read(file);
    let show = ["history", "--show", "20260102000000"];
    assert_eq!(sandbox.ok(&show).stdout, applied);
    assert_eq!(sandbox.json(0, &show)["data"]["file"], "same");
    // A checkout on Windows is no edit.
    sandbox.write(file, applied.replace('\n', "\r\n"));
    assert_eq!(sandbox.json(0, &show)["data"]["file"], "same");

    sandbox.write(file, format!("{applied}-- edited\n"));
    let run = sandbox.ok(&show);
    assert_eq!(run.stdout, applied, "what was applied, and nothing else");
    assert!(run.stderr.contains("+-- edited"), "{run}");
    std::fs::remove_dir_all(sandbox.path("migrations/20260102000000_second")).expect("a folder");
    assert_eq!(sandbox.json(0, &show)["data"]["file"], "missing");
    sandbox
        .fails(2, &["history", "--show", "20990101000000"])
        .says("20990101000000");
}

#[test]
fn a_cut_tail_is_found_against_the_head_that_migrate_printed() {
    let (sandbox, head) = three();
    sandbox.sql(&format!("{UNLOCK} delete from dbtoolHistory where id = 3"));
    sandbox.ok(&["history", "--verify"]);
    let json = sandbox.json(9, &["history", "--verify", "--head", &head]);
    assert_eq!(json["findings"][0]["code"], "history/other-head");
}

#[test]
fn rows_that_were_added_since_are_told_from_a_cut_tail() {
    let (sandbox, head) = three();
    sandbox.edit(
        "schema/orders.yaml",
        "  createdAt:",
        "  fourth: { type: int, nullable: true }\n  createdAt:",
    );
    sandbox.ok(&["generate", "fourth"]);
    sandbox.ok(&["migrate"]);
    let json = sandbox.json(9, &["history", "--verify", "--head", &head]);
    assert_eq!(json["findings"][0]["code"], "history/rows-added");
}

#[test]
fn a_row_that_no_dbtool_writes_is_named() {
    let (sandbox, _) = three();
    sandbox.sql(&format!(
        "{UNLOCK} update dbtoolHistory set state = 'maybe' where id = 2"
    ));
    sandbox
        .fails(9, &["status"])
        .says("row 2")
        .says("state")
        .says("maybe");
}

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
    for (name, sql, code) in [
        ("an edited row", "update dbtoolHistory set appliedBy = 'nobody' where id = 2", "history/broken-chain"),
        ("an edited text", "update dbtoolHistory set sqlText = sqlText || ' ' where id = 2", "history/broken-chain"),
        ("a removed row", "delete from dbtoolHistory where id = 2", "history/gap"),
        (
            "an inserted row",
            "update dbtoolHistory set id = 4 where id = 3;
             insert into dbtoolHistory select 3, formatVersion, '20260102120000', name, kind, state,
                changesChecksum, sqlChecksum, startedAt, finishedAt, durationMs, batchCount, appliedBy,
                hostName, toolVersion, sourceRevision, sqlText, errorText, reason, chainHash
             from dbtoolHistory where id = 2",
            "history/broken-chain",
        ),
    ] {
        let (sandbox, _) = three();
        sandbox.sql(&format!("{UNLOCK} {sql}"));
        let json = sandbox.json(9, &["history", "--verify"]);
        assert_eq!(json["findings"][0]["code"], code, "{name}: {json:#}");
    }
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

//! What every renderer makes of one report.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::diag::{Source, Span};
use crate::model::{Ident, ObjectPath};

fn ident(name: &str) -> Ident {
    Ident::new(name)
}

fn source(name: &str, text: &str) -> Arc<Source> {
    Arc::new(Source {
        name: name.to_owned(),
        text: text.to_owned(),
    })
}

fn marked(source: &Arc<Source>, text: &str) -> Span {
    let start = source.text.find(text).expect("the text is in the source");
    Span::new(source, start..start + text.len())
}

/// Findings with and without places, of every severity and with everything that hurts.
fn report() -> Report {
    let plain = source(
        "schema/jobRuns.yaml",
        "table: jobRuns\ncolumns:\n  tenantId: { type: key(64) }\n  statuss:\t{ typ: int } # Größe 漢字 end\n",
    );
    let windows = source(
        "schema/auditLogs.yaml",
        "table: auditLogs\r\nprimaryKey: [tenantId, nöpe\u{1b}[31m]\r\n",
    );
    let long = source(
        "migrations/1_init/sqlite.sql",
        &format!(
            "SELECT {} broken {};\n",
            "a, ".repeat(150),
            "b, ".repeat(150)
        ),
    );
    let mut report = Report::new("drift-check");
    report.environment = Some(Environment {
        name: "local".to_owned(),
        engine: Engine::Sqlite,
        product: "SQLite 3.54.0".to_owned(),
        database: ".dbtool/local.db".to_owned(),
    });
    report.exit = Exit::Drift;
    report.data = serde_json::json!({ "tables": 7 });
    report.findings = vec![
        Diagnostic::error(Phase::Schema, "schema/unknown-key", "column `statuss` has the unknown key `typ`, so its type is not known")
            .at(ObjectPath::member(&ident("jobRuns"), &ident("statuss")))
            .spanned(marked(&plain, "typ:"))
            .labelled("did you mean `type`?")
            .help("write `type: int`"),
        Diagnostic::warning(Phase::Schema, "schema/unknown-column", "evil \u{1b}]0;owned\u{7} name\nsecond line")
            .spanned(marked(&windows, "nöpe\u{1b}[31m")),
        Diagnostic::note(Phase::Migration, "lint/wide-select", "a long line")
            .spanned(marked(&long, "broken"))
            .labelled("here"),
        Diagnostic::error(Phase::Drift, "drift/changed-index", "index ixJobRunsStatus of jobRuns differs, so queries may scan")
            .at(ObjectPath::member(&ident("jobRuns"), &ident("ixJobRunsStatus")))
            .help("apply the statements below,\nor change the schema")
            .difference(
                "CREATE INDEX ixJobRunsStatus\nON jobRuns (tenantId, status)\nWHERE status = 'queued'",
                "CREATE INDEX ixJobRunsStatus\nON jobRuns (tenantId)\nWHERE status = 'queued'\n",
            )
            .remedy("DROP INDEX ixJobRunsStatus;\nCREATE INDEX ixJobRunsStatus ON jobRuns (tenantId, status) WHERE status = 'queued';\n"),
        Diagnostic::error(Phase::Drift, "drift/unknown", "the catalog is hidden"),
    ];
    report
}

/// A run that tried things.
fn story() -> Report {
    let file = source(
        "fixtures/stories/S2vDB-03.yaml",
        "story: S2vDB-03\nscenarios:\n  - name: eight at once\n",
    );
    let mut report = Report::new("verify-story");
    report.exit = Exit::Assertion;
    let took = Duration::from_micros(4_250);
    report.add_case(
        Case::passed(
            Phase::Migration,
            "from empty",
            "20260131120000_init <1> & \"2\"",
        )
        .took(took),
        [],
    );
    report.add_case(
        Case::failed(Phase::Persistence, "S2vDB-03", "AC3 one job row").took(took * 400),
        [Diagnostic::error(
            Phase::Persistence,
            "story/rows-differ",
            "scenario `eight at once` step 2 found 2 rows ]]> where 1 was expected",
        )
        .spanned(marked(&file, "eight at once"))
        .difference(
            "jobRunId  status\n1         queued\n",
            "jobRunId  status\n1         queued\n2         queued\n",
        )],
    );
    report.add_case(
        Case::skipped(
            Phase::Persistence,
            "S2vDB-03",
            "AC4 free elsewhere",
            "AC3 failed",
        ),
        [],
    );
    report.add_case(
        Case::not_proven(
            Phase::Persistence,
            "S2vDB-03",
            "AC5 the response keeps its contract",
            "only the application can prove it; run with --against ENV",
        ),
        [],
    );
    report
}

const ASCII: Style = Style {
    unicode: false,
    ..Style::PLAIN
};
const COLORED: Style = Style {
    color: true,
    unicode: true,
    width: Some(60),
};

/// Escape sequences spelled out.
fn spelled_out(text: &str) -> String {
    text.replace('\u{1b}', "ESC")
}

#[test]
fn human_findings() {
    insta::assert_snapshot!(human(&report(), &Style::PLAIN), @r#"
    error[schema/unknown-key]: column `statuss` has the unknown key `typ`, so its type is not known
     --> schema/jobRuns.yaml:4:14
      |
    4 |   statuss:    { typ: int } # Größe 漢字 end
      |                 ^^^^ did you mean `type`?
      = schema: jobRuns.statuss
      = help: write `type: int`

    warning[schema/unknown-column]: evil ␛]0;owned␇ name
                                    second line
     --> schema/auditLogs.yaml:2:24
      |
    2 | primaryKey: [tenantId, nöpe␛[31m]
      |                        ^^^^^^^^^
      = phase: schema

    note[lint/wide-select]: a long line
     --> migrations/1_init/sqlite.sql:1:459
      |
    1 | ... a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a,  broken b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b...
      |                                                               ^^^^^^ here
      = phase: migration

    error[drift/changed-index]: index ixJobRunsStatus of jobRuns differs, so queries may scan
      = drift: jobRuns.ixJobRunsStatus
      = help: apply the statements below,
              or change the schema
      = difference (- expected, + found):
           CREATE INDEX ixJobRunsStatus
          -ON jobRuns (tenantId, status)
          +ON jobRuns (tenantId)
           WHERE status = 'queued'
      = remedy:
          DROP INDEX ixJobRunsStatus;
          CREATE INDEX ixJobRunsStatus ON jobRuns (tenantId, status) WHERE status = 'queued';

    error[drift/unknown]: the catalog is hidden
      = phase: drift

    drift-check: failed with exit 3 (drift): 3 errors, 1 warning, 1 note
    "#);
}

#[test]
fn human_findings_in_color_on_a_narrow_terminal() {
    insta::assert_snapshot!(spelled_out(&human(&report(), &COLORED)), @r#"
    ESC[1mESC[91merror[schema/unknown-key]ESC[0mESC[1m: column `statuss` has the unknown key `typ`, so its type is not knownESC[0m
     ESC[1mESC[94m--> ESC[0mschema/jobRuns.yaml:4:14
      ESC[1mESC[94m|ESC[0m
    ESC[1mESC[94m4ESC[0m ESC[1mESC[94m|ESC[0m   statuss:    { typ: int } # Größe 漢字 end
      ESC[1mESC[94m|ESC[0m                 ESC[1mESC[91m^^^^ESC[0m ESC[1mESC[91mdid you mean `type`?ESC[0m
      ESC[1;94m=ESC[0m ESC[1mschemaESC[0m: jobRuns.statuss
      ESC[1;94m=ESC[0m ESC[1mhelpESC[0m: write `type: int`

    ESC[1mESC[33mwarning[schema/unknown-column]ESC[0mESC[1m: evil ␛]0;owned␇ nameESC[0m
                                    ESC[1msecond lineESC[0m
     ESC[1mESC[94m--> ESC[0mschema/auditLogs.yaml:2:24
      ESC[1mESC[94m|ESC[0m
    ESC[1mESC[94m2ESC[0m ESC[1mESC[94m|ESC[0m primaryKey: [tenantId, nöpe␛[31m]
      ESC[1mESC[94m|ESC[0m                        ESC[1mESC[33m^^^^^^^^^ESC[0m
      ESC[1;94m=ESC[0m ESC[1mphaseESC[0m: schema

    ESC[1mESC[92mnote[lint/wide-select]ESC[0mESC[1m: a long lineESC[0m
     ESC[1mESC[94m--> ESC[0mmigrations/1_init/sqlite.sql:1:459
      ESC[1mESC[94m|ESC[0m
    ESC[1mESC[94m1ESC[0m ESC[1mESC[94m|ESC[0m ESC[1mESC[94m...ESC[0ma, a, a, a, a, a,  broken b, b, b, b, b, b, b, b, ESC[1mESC[94m...ESC[0m
      ESC[1mESC[94m|ESC[0m                       ESC[1mESC[92m^^^^^^ESC[0m ESC[1mESC[92mhereESC[0m
      ESC[1;94m=ESC[0m ESC[1mphaseESC[0m: migration

    ESC[1mESC[91merror[drift/changed-index]ESC[0mESC[1m: index ixJobRunsStatus of jobRuns differs, so queries may scanESC[0m
      ESC[1;94m=ESC[0m ESC[1mdriftESC[0m: jobRuns.ixJobRunsStatus
      ESC[1;94m=ESC[0m ESC[1mhelpESC[0m: apply the statements below,
              or change the schema
      ESC[1;94m=ESC[0m ESC[1mdifference (- expected, + found)ESC[0m:
           CREATE INDEX ixJobRunsStatus
          ESC[31m-ESC[0mESC[31mON jobRuns ESC[0mESC[1;4;31m(tenantId, status)ESC[0m
          ESC[32m+ESC[0mESC[32mON jobRuns ESC[0mESC[1;4;32m(tenantId)ESC[0m
           WHERE status = 'queued'
      ESC[1;94m=ESC[0m ESC[1mremedyESC[0m:
          DROP INDEX ixJobRunsStatus;
          CREATE INDEX ixJobRunsStatus ON jobRuns (tenantId, status) WHERE status = 'queued';

    ESC[1mESC[91merror[drift/unknown]ESC[0mESC[1m: the catalog is hiddenESC[0m
      ESC[1;94m=ESC[0m ESC[1mphaseESC[0m: drift

    ESC[1mdrift-checkESC[0m: ESC[31mfailed with exit 3 (drift)ESC[0m: 3 errors, 1 warning, 1 note
    "#);
}

#[test]
fn human_cases() {
    insta::assert_snapshot!(human(&story(), &Style::PLAIN), @r#"
    migration · from empty
      ✓ 20260131120000_init <1> & "2" (4 ms)
    persistence · S2vDB-03
      ✗ AC3 one job row (1.70 s)
        error[story/rows-differ]: scenario `eight at once` step 2 found 2 rows ]]> where 1 was expected
      - AC4 free elsewhere
        AC3 failed
      ○ AC5 the response keeps its contract
        not proven here: only the application can prove it; run with --against ENV

    error[story/rows-differ]: scenario `eight at once` step 2 found 2 rows ]]> where 1 was expected
     --> fixtures/stories/S2vDB-03.yaml:3:11
      |
    3 |   - name: eight at once
      |           ^^^^^^^^^^^^^
      = phase: persistence
      = difference (- expected, + found):
           jobRunId  status
           1         queued
          +2         queued

    verify-story: failed with exit 5 (assertion) in persistence: 1 passed, 1 failed, 1 skipped, 1 not proven here, 1 error
    "#);
    insta::assert_snapshot!(tree(&story(), &ASCII), @r#"
    migration - from empty
      ok   20260131120000_init <1> & "2" (4 ms)
    persistence - S2vDB-03
      FAIL AC3 one job row (1.70 s)
        error[story/rows-differ]: scenario `eight at once` step 2 found 2 rows ]]> where 1 was expected
      skip AC4 free elsewhere
        AC3 failed
      open AC5 the response keeps its contract
        not proven here: only the application can prove it; run with --against ENV
    "#);
}

#[test]
fn human_says_when_there_is_nothing_to_say() {
    insta::assert_snapshot!(human(&Report::new("check"), &Style::PLAIN), @r#"check: ok: no findings"#);
}

#[test]
fn places_at_the_edges_of_a_file() {
    let text = "table: a\n\ncolumns:\n  b:\n    type: int\n";
    let file = source("schema/a.yaml", text);
    let mut report = Report::new("check");
    for range in [0..0, 9..9, text.len()..text.len(), 10..text.len()] {
        let finding = Diagnostic::error(Phase::Schema, "schema/odd", "odd");
        report
            .findings
            .push(finding.spanned(Span::new(&file, range)));
    }
    let empty = source("schema/empty.yaml", "");
    let finding = Diagnostic::error(Phase::Schema, "schema/empty", "it is empty");
    report
        .findings
        .push(finding.spanned(Span::new(&empty, 0..0)));
    insta::assert_snapshot!(human(&report, &Style::PLAIN), @r#"
    error[schema/odd]: odd
     --> schema/a.yaml:1:1
      |
    1 | table: a
      | ^
      = phase: schema

    error[schema/odd]: odd
     --> schema/a.yaml:2:1
      |
    2 |
      | ^
      = phase: schema

    error[schema/odd]: odd
     --> schema/a.yaml:6:1
      |
    6 |
      | ^
      = phase: schema

    error[schema/odd]: odd
     --> schema/a.yaml:3:1
      |
    3 | / columns:
    4 | |   b:
    5 | |     type: int
      | |_____________^
      = phase: schema

    error[schema/empty]: it is empty
     --> schema/empty.yaml:1:1
      |
    1 |
      | ^
      = phase: schema

    check: ok: 5 errors
    "#);
}

#[test]
fn json_shape() {
    insta::assert_snapshot!(Format::Json.render(&report()), @r#"
    {
      "format": "dbtool.drift-check/1",
      "command": "drift-check",
      "environment": {
        "name": "local",
        "engine": "sqlite",
        "product": "SQLite 3.54.0",
        "database": ".dbtool/local.db"
      },
      "outcome": "drift",
      "exitCode": 3,
      "findings": [
        {
          "code": "schema/unknown-key",
          "severity": "error",
          "phase": "schema",
          "object": "jobRuns.statuss",
          "file": "schema/jobRuns.yaml",
          "line": 4,
          "column": 14,
          "endLine": 4,
          "endColumn": 18,
          "message": "column `statuss` has the unknown key `typ`, so its type is not known",
          "help": "write `type: int`",
          "expected": null,
          "found": null,
          "remedy": null
        },
        {
          "code": "schema/unknown-column",
          "severity": "warning",
          "phase": "schema",
          "object": null,
          "file": "schema/auditLogs.yaml",
          "line": 2,
          "column": 24,
          "endLine": 2,
          "endColumn": 33,
          "message": "evil \u001b]0;owned\u0007 name\nsecond line",
          "help": null,
          "expected": null,
          "found": null,
          "remedy": null
        },
        {
          "code": "lint/wide-select",
          "severity": "note",
          "phase": "migration",
          "object": null,
          "file": "migrations/1_init/sqlite.sql",
          "line": 1,
          "column": 459,
          "endLine": 1,
          "endColumn": 465,
          "message": "a long line",
          "help": null,
          "expected": null,
          "found": null,
          "remedy": null
        },
        {
          "code": "drift/changed-index",
          "severity": "error",
          "phase": "drift",
          "object": "jobRuns.ixJobRunsStatus",
          "file": null,
          "line": null,
          "column": null,
          "endLine": null,
          "endColumn": null,
          "message": "index ixJobRunsStatus of jobRuns differs, so queries may scan",
          "help": "apply the statements below,\nor change the schema",
          "expected": "CREATE INDEX ixJobRunsStatus\nON jobRuns (tenantId, status)\nWHERE status = 'queued'",
          "found": "CREATE INDEX ixJobRunsStatus\nON jobRuns (tenantId)\nWHERE status = 'queued'\n",
          "remedy": "DROP INDEX ixJobRunsStatus;\nCREATE INDEX ixJobRunsStatus ON jobRuns (tenantId, status) WHERE status = 'queued';\n"
        },
        {
          "code": "drift/unknown",
          "severity": "error",
          "phase": "drift",
          "object": null,
          "file": null,
          "line": null,
          "column": null,
          "endLine": null,
          "endColumn": null,
          "message": "the catalog is hidden",
          "help": null,
          "expected": null,
          "found": null,
          "remedy": null
        }
      ],
      "cases": [],
      "data": {
        "tables": 7
      }
    }
    "#);
}

#[test]
fn json_is_whole_and_yet_inert() {
    let mut report = Report::new("check");
    let message = "a\u{9b}b\u{202e}c\u{1b}d\u{7f}";
    report.findings = vec![Diagnostic::error(Phase::Schema, "schema/odd", message)];
    report.data = serde_json::json!({ "name": message });
    let text = Format::Json.render(&report);
    assert!(text.chars().all(|it| it == '\n' || !it.is_control()));
    assert!(!text.contains('\u{202e}'));
    let read: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(read["findings"][0]["message"], message);
    assert_eq!(read["data"]["name"], message);
}

#[test]
fn json_cases() {
    let read: Value = serde_json::from_str(&Format::Json.render(&story())).expect("it is JSON");
    assert_eq!(read["cases"][1]["status"], "failed");
    assert_eq!(read["cases"][1]["findings"], serde_json::json!([0]));
    assert_eq!(read["cases"][0]["durationMs"], 4.25);
    assert_eq!(read["cases"][3]["status"], "notProven");
    assert_eq!(read["cases"][3]["phase"], "persistence");
}

#[test]
fn junit_of_cases() {
    insta::assert_snapshot!(Format::Junit.render(&story()), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="dbtool verify-story" tests="4" failures="1" errors="0" time="1.704">
      <testsuite name="migration: from empty" tests="1" failures="0" errors="0" skipped="0" time="0.004">
        <testcase classname="migration.from-empty" name="20260131120000_init &lt;1&gt; &amp; &quot;2&quot;" time="0.004"/>
      </testsuite>
      <testsuite name="persistence: S2vDB-03" tests="3" failures="1" errors="0" skipped="2" time="1.700">
        <testcase classname="persistence.S2vDB-03" name="AC3 one job row" time="1.700" file="fixtures/stories/S2vDB-03.yaml" line="3">
          <failure type="story/rows-differ" message="scenario `eight at once` step 2 found 2 rows ]]&gt; where 1 was expected">error[story/rows-differ]: scenario `eight at once` step 2 found 2 rows ]]&gt; where 1 was expected
     --&gt; fixtures/stories/S2vDB-03.yaml:3:11
      |
    3 |   - name: eight at once
      |           ^^^^^^^^^^^^^
      = phase: persistence
      = difference (- expected, + found):
           jobRunId  status
           1         queued
          +2         queued
    </failure>
        </testcase>
        <testcase classname="persistence.S2vDB-03" name="AC4 free elsewhere" time="0.000">
          <skipped message="AC3 failed"/>
        </testcase>
        <testcase classname="persistence.S2vDB-03" name="AC5 the response keeps its contract" time="0.000">
          <skipped message="not proven here: only the application can prove it; run with --against ENV"/>
        </testcase>
      </testsuite>
    </testsuites>
    "#);
}

#[test]
fn junit_of_findings() {
    insta::assert_snapshot!(Format::Junit.render(&report()), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="dbtool drift-check" tests="5" failures="3" errors="0" time="0.000">
      <testsuite name="schema: drift-check" tests="2" failures="1" errors="0" skipped="0" time="0.000">
        <testcase classname="schema.drift-check" name="schema/unknown-key jobRuns.statuss" time="0.000" file="schema/jobRuns.yaml" line="4">
          <failure type="schema/unknown-key" message="column `statuss` has the unknown key `typ`, so its type is not known">error[schema/unknown-key]: column `statuss` has the unknown key `typ`, so its type is not known
     --&gt; schema/jobRuns.yaml:4:14
      |
    4 |   statuss:    { typ: int } # Größe 漢字 end
      |                 ^^^^ did you mean `type`?
      = schema: jobRuns.statuss
      = help: write `type: int`
    </failure>
        </testcase>
        <testcase classname="schema.drift-check" name="schema/unknown-column evil ␛]0;owned␇ name␊second line" time="0.000" file="schema/auditLogs.yaml" line="2">
          <system-out>warning[schema/unknown-column]: evil ␛]0;owned␇ name
                                    second line
     --&gt; schema/auditLogs.yaml:2:24
      |
    2 | primaryKey: [tenantId, nöpe␛[31m]
      |                        ^^^^^^^^^
      = phase: schema
    </system-out>
        </testcase>
      </testsuite>
      <testsuite name="migration: drift-check" tests="1" failures="0" errors="0" skipped="0" time="0.000">
        <testcase classname="migration.drift-check" name="lint/wide-select a long line" time="0.000" file="migrations/1_init/sqlite.sql" line="1">
          <system-out>note[lint/wide-select]: a long line
     --&gt; migrations/1_init/sqlite.sql:1:459
      |
    1 | ... a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a,  broken b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b, b...
      |                                                               ^^^^^^ here
      = phase: migration
    </system-out>
        </testcase>
      </testsuite>
      <testsuite name="drift: drift-check" tests="2" failures="2" errors="0" skipped="0" time="0.000">
        <testcase classname="drift.drift-check" name="drift/changed-index jobRuns.ixJobRunsStatus" time="0.000">
          <failure type="drift/changed-index" message="index ixJobRunsStatus of jobRuns differs, so queries may scan">error[drift/changed-index]: index ixJobRunsStatus of jobRuns differs, so queries may scan
      = drift: jobRuns.ixJobRunsStatus
      = help: apply the statements below,
              or change the schema
      = difference (- expected, + found):
           CREATE INDEX ixJobRunsStatus
          -ON jobRuns (tenantId, status)
          +ON jobRuns (tenantId)
           WHERE status = 'queued'
      = remedy:
          DROP INDEX ixJobRunsStatus;
          CREATE INDEX ixJobRunsStatus ON jobRuns (tenantId, status) WHERE status = 'queued';
    </failure>
        </testcase>
        <testcase classname="drift.drift-check" name="drift/unknown the catalog is hidden" time="0.000">
          <failure type="drift/unknown" message="the catalog is hidden">error[drift/unknown]: the catalog is hidden
      = phase: drift
    </failure>
        </testcase>
      </testsuite>
    </testsuites>
    "#);
}

#[test]
fn junit_is_never_green_after_a_failure() {
    let mut failed = Report::new("migrate");
    failed.exit = Exit::Connection;
    let xml = Format::Junit.render(&failed);
    assert!(xml.contains("failures=\"1\""), "{xml}");
    let xml = Format::Junit.render(&Report::new("migrate"));
    assert!(xml.contains("tests=\"1\" failures=\"0\""), "{xml}");
}

/// Reads XML to its end, checks what the reader leaves to its user, and counts elements.
fn well_formed(xml: &str) -> std::collections::BTreeMap<String, usize> {
    use quick_xml::events::Event;

    let forbidden = |it: char| it < ' ' && !matches!(it, '\t' | '\n' | '\r');
    assert!(
        !xml.chars()
            .any(|it| forbidden(it) || matches!(it, '\u{fffe}' | '\u{ffff}'))
    );
    let mut reader = quick_xml::Reader::from_str(xml);
    reader.config_mut().check_end_names = true;
    let mut counts = std::collections::BTreeMap::new();
    loop {
        match reader.read_event().expect("it is well-formed") {
            Event::Eof => return counts,
            Event::Start(tag) | Event::Empty(tag) => {
                for attribute in tag.attributes() {
                    let attribute = attribute.expect("attributes are well-formed");
                    let raw: &str = attribute.value.as_ref();
                    assert!(!raw.contains('<'), "{raw}");
                }
                let name = AsRef::<str>::as_ref(&tag.name()).to_owned();
                *counts.entry(name).or_default() += 1;
            }
            _ => {}
        }
    }
}

#[test]
fn junit_is_well_formed() {
    let counts = well_formed(&Format::Junit.render(&report()));
    assert_eq!((counts["testcase"], counts["failure"]), (5, 3));
    let counts = well_formed(&Format::Junit.render(&story()));
    assert_eq!(
        (counts["testcase"], counts["failure"], counts["skipped"]),
        (4, 1, 2)
    );
}

#[test]
fn sarif_shape() {
    let log: Value = serde_json::from_str(&Format::Sarif.render(&report())).expect("it is JSON");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "dbtool");
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert_eq!(run["invocations"][0]["exitCode"], 3);
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), report().findings.len());
    for (result, finding) in results.iter().zip(report().findings) {
        assert_eq!(result["ruleId"], finding.code);
        let index =
            usize::try_from(result["ruleIndex"].as_u64().expect("a number")).expect("small");
        assert_eq!(rules[index]["id"], finding.code);
        assert_eq!(result["level"], finding.severity.word());
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["artifactLocation"]["uri"].is_string());
        assert!(place["region"]["startLine"].as_u64() >= Some(1));
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&results[0]).expect("JSON"), @r#"
    {
      "level": "error",
      "locations": [
        {
          "logicalLocations": [
            {
              "fullyQualifiedName": "jobRuns.statuss"
            }
          ],
          "physicalLocation": {
            "artifactLocation": {
              "uri": "schema/jobRuns.yaml",
              "uriBaseId": "%SRCROOT%"
            },
            "region": {
              "endColumn": 18,
              "endLine": 4,
              "startColumn": 14,
              "startLine": 4
            }
          }
        }
      ],
      "message": {
        "text": "column `statuss` has the unknown key `typ`, so its type is not known\nhelp: write `type: int`"
      },
      "partialFingerprints": {
        "dbtoolObject/v1": "453bd8ab11fcb9938680690dda08d0b9"
      },
      "properties": {
        "phase": "schema"
      },
      "ruleId": "schema/unknown-key",
      "ruleIndex": 4
    }
    "#);
}

#[test]
fn sarif_fingerprints_do_not_move_with_lines() {
    let fingerprints = |report: &Report| {
        let log: Value = serde_json::from_str(&Format::Sarif.render(report)).expect("JSON");
        let results = log["runs"][0]["results"]
            .as_array()
            .expect("results")
            .clone();
        let of = |result: &Value| result["partialFingerprints"].clone();
        results.iter().map(of).collect::<Vec<Value>>()
    };
    let mut moved = report();
    let span = moved.findings[0].span.as_mut().expect("it has a place");
    let text = format!("# a comment\n{}", span.source.text);
    *span = marked(&source("schema/jobRuns.yaml", &text), "typ:");
    assert_eq!(fingerprints(&report()), fingerprints(&moved));
    let mut unlike = fingerprints(&report());
    unlike.sort_by_key(ToString::to_string);
    unlike.dedup();
    assert_eq!(unlike.len(), report().findings.len());
}

#[test]
fn sarif_names_of_files_are_uris() {
    let mut report = Report::new("check");
    for name in ["schema/ä b#1.yaml", "/srv/a.yaml", "C:\\a\\b.yaml"] {
        let finding = Diagnostic::error(Phase::Schema, "schema/odd", "odd");
        report
            .findings
            .push(finding.spanned(Span::new(&source(name, "x"), 0..1)));
    }
    let log: Value = serde_json::from_str(&Format::Sarif.render(&report)).expect("JSON");
    let of = |at: usize| {
        let result = &log["runs"][0]["results"][at];
        result["locations"][0]["physicalLocation"]["artifactLocation"].clone()
    };
    assert_eq!(
        of(0),
        serde_json::json!({ "uri": "schema/%C3%A4%20b%231.yaml", "uriBaseId": "%SRCROOT%" })
    );
    assert_eq!(of(1), serde_json::json!({ "uri": "file:///srv/a.yaml" }));
    assert_eq!(of(2), serde_json::json!({ "uri": "file:///C:/a/b.yaml" }));
}

#[test]
fn github_commands() {
    insta::assert_snapshot!(Format::Github.render(&report()), @r#"
    ::error file=schema/jobRuns.yaml,line=4,col=14,endColumn=18,title=schema/unknown-key (schema)::column `statuss` has the unknown key `typ`, so its type is not known%0Aobject: jobRuns.statuss%0Ahelp: write `type: int`
    ::warning file=schema/auditLogs.yaml,line=2,col=24,endColumn=33,title=schema/unknown-column (schema)::evil ␛]0;owned␇ name%0Asecond line
    ::notice file=migrations/1_init/sqlite.sql,line=1,col=459,endColumn=465,title=lint/wide-select (migration)::a long line
    ::error title=drift/changed-index (drift)::index ixJobRunsStatus of jobRuns differs, so queries may scan%0Aobject: jobRuns.ixJobRunsStatus%0Ahelp: apply the statements below,%0Aor change the schema%0A- expected, + found:%0A CREATE INDEX ixJobRunsStatus%0A-ON jobRuns (tenantId, status)%0A+ON jobRuns (tenantId)%0A WHERE status = 'queued'%0Aremedy:%0ADROP INDEX ixJobRunsStatus;%0ACREATE INDEX ixJobRunsStatus ON jobRuns (tenantId, status) WHERE status = 'queued';
    ::error title=drift/unknown (drift)::the catalog is hidden
    "#);
}

#[test]
fn github_properties_cannot_break_out() {
    let mut report = Report::new("check");
    let file = source("a,line=1::b%\n.yaml", "one\ntwo\n");
    let finding = Diagnostic::error(Phase::Schema, "schema/odd", "50%\n::stop-commands::x");
    report.findings = vec![finding.spanned(Span::new(&file, 0..6))];
    insta::assert_snapshot!(Format::Github.render(&report), @r#"::error file=a%2Cline=1%3A%3Ab%25␊.yaml,line=1,endLine=2,title=schema/odd (schema)::50%25%0A: :stop-commands::x"#);
}

#[test]
fn markdown_page() {
    insta::assert_snapshot!(Format::Markdown.render(&report()), @r#"
    ## ❌ dbtool drift-check: drift

    Environment **local** · SQLite 3.54.0 · `.dbtool/local.db`

    3 errors, 1 warning, 1 note.

    Exit code 3: drift, or freedom from drift not proven.

    ### Findings

    ❌ **`schema/unknown-key`** (schema) column \`statuss\` has the unknown key \`typ\`, so its type is not known  
    `jobRuns.statuss` · `schema/jobRuns.yaml:4:14`  
    Help: write \`type: int\`

    ❌ **`drift/changed-index`** (drift) index ixJobRunsStatus of jobRuns differs, so queries may scan  
    `jobRuns.ixJobRunsStatus`  
    Help: apply the statements below,<br>or change the schema

    ```diff
     CREATE INDEX ixJobRunsStatus
    -ON jobRuns (tenantId, status)
    +ON jobRuns (tenantId)
     WHERE status = 'queued'
    ```

    ```sql
    DROP INDEX ixJobRunsStatus;
    CREATE INDEX ixJobRunsStatus ON jobRuns (tenantId, status) WHERE status = 'queued';
    ```

    ❌ **`drift/unknown`** (drift) the catalog is hidden  

    ⚠️ **`schema/unknown-column`** (schema) evil ␛\]0;owned␇ name<br>second line  
    `schema/auditLogs.yaml:2:24`  

    ℹ️ **`lint/wide-select`** (migration) a long line  
    `migrations/1_init/sqlite.sql:1:459`
    "#);
    insta::assert_snapshot!(Format::Markdown.render(&story()), @r#"
    ## ❌ dbtool verify-story: assertion

    1 passed, 1 failed, 1 skipped, 1 not proven here, 1 error.

    Exit code 5 in persistence: a persistence assertion failed.

    ### migration · from empty

    - ✅ 20260131120000\_init &lt;1&gt; &amp; "2" (4 ms)

    ### persistence · S2vDB-03

    - ❌ AC3 one job row (1.70 s)
    - ⏭️ AC4 free elsewhere *skipped*: AC3 failed
    - ⚪ AC5 the response keeps its contract *not proven here*: only the application can prove it; run with --against ENV

    ### Findings

    ❌ **`story/rows-differ`** (persistence) scenario \`eight at once\` step 2 found 2 rows \]\]&gt; where 1 was expected  
    `fixtures/stories/S2vDB-03.yaml:3:11`  

    ```diff
     jobRunId  status
     1         queued
    +2         queued
    ```
    "#);
}

#[test]
fn markdown_text_stays_text() {
    let mut report = Report::new("check");
    let message = "<img src=x> **b** [l](u) @team a|b ``` `c`";
    let mut finding = Diagnostic::error(Phase::Schema, "schema/odd", message);
    finding.remedy = Some("SELECT '```';".to_owned());
    report.findings = vec![finding.at(ObjectPath::table(&ident("`x")))];
    insta::assert_snapshot!(Format::Markdown.render(&report), @r#"
    ## ✅ dbtool check: ok

    1 error.

    ### Findings

    ❌ **`schema/odd`** (schema) &lt;img src=x&gt; \*\*b\*\* \[l\](u) @‍team a\|b \`\`\` \`c\`  
    `` `x ``  

    ````sql
    SELECT '```';
    ````
    "#);
}

#[test]
fn no_format_shows_what_acts_on_a_terminal() {
    for report in [report(), story()] {
        let mut texts: Vec<String> = Format::ALL.iter().map(|it| it.render(&report)).collect();
        texts.push(human(&report, &Style::PLAIN));
        texts.push(human(&report, &ASCII));
        for text in texts {
            assert!(
                text.chars().all(|it| it == '\n' || !it.is_control()),
                "{text:?}"
            );
            assert!(text.ends_with('\n'));
        }
    }
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    for format in Format::ALL {
        assert_eq!(format.render(&story()), format.render(&story()));
    }
}

//! The cases under `tests/cases/guard`, and the laws.

use std::collections::BTreeSet;
use std::path::Path;

use super::*;
use crate::model::{Column, Type};

mod generator;
mod laws;

/// Two tables of tenants, one that is exempt, one without the column.
pub(super) fn schema() -> Schema {
    let column = |name: &str| Column {
        name: Ident::new(name),
        ty: Type::Text,
        nullable: true,
        default: None,
        identity: None,
        computed: None,
        collation: None,
        description: None,
        deprecated: false,
        type_check: Ident::new("unused"),
    };
    let table = |name: &str, columns: &[&str]| Table {
        name: Ident::new(name),
        description: None,
        append_only: None,
        columns: columns.iter().map(|name| column(name)).collect(),
        parts: Vec::new(),
    };
    Schema::new([
        table(
            "jobs",
            &["tenantId", "jobId", "status", "attempts", "parentId"],
        ),
        table("entries", &["tenantId", "entryId", "jobId", "note"]),
        table("plans", &["tenantId", "code", "name"]),
        table("countries", &["code", "name"]),
    ])
}

pub(super) fn tenancy() -> Tenancy {
    Tenancy {
        column: Some(Ident::new("tenantId")),
        exempt: BTreeSet::from([Ident::new("plans")]),
    }
}

fn judge(engine: Engine, sql: &str) -> Verdict {
    let guard = Guard {
        engine,
        schema: &schema(),
        tenancy: &tenancy(),
        namespace: match engine {
            Engine::Mssql => "dbo",
            Engine::Sqlite => "main",
        },
        parameter: "@tenantId",
    };
    guard.judge(sql)
}

struct Case<'t> {
    line: usize,
    wanted: Vec<&'t str>,
    about: &'t str,
    sql: String,
}

fn cases(text: &str) -> Vec<Case<'_>> {
    let mut cases: Vec<Case<'_>> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if let Some(head) = line.strip_prefix("--! ") {
            let (wanted, about) = head
                .split_once(" | ")
                .expect("a case says what it is about");
            cases.push(Case {
                line: at + 1,
                wanted: wanted
                    .split(", ")
                    .filter(|code| *code != "allowed")
                    .collect(),
                about,
                sql: String::new(),
            });
        } else if let Some(case) = cases.last_mut() {
            case.sql.push_str(line);
            case.sql.push('\n');
        }
    }
    cases
}

/// Whether what was found is what was wanted; a place counts where one is wanted.
fn agrees(wanted: &[&str], found: &[&Denial]) -> bool {
    let matches = |wanted: &str, denial: &Denial| match wanted.split_once('@') {
        None => wanted == denial.code,
        Some((code, place)) => {
            code == denial.code && place == format!("{}:{}", denial.line, denial.column)
        }
    };
    let mut left: Vec<&Denial> = found.to_vec();
    wanted.len() == found.len()
        && wanted.iter().all(|wanted| {
            let at = left.iter().position(|denial| matches(wanted, denial));
            at.map(|at| left.remove(at)).is_some()
        })
}

#[test]
fn every_case_is_judged_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/guard");
    let (mut tried, mut wrong) = (0, Vec::new());
    for (file, engines) in [
        ("both.sql", &Engine::ALL[..]),
        ("mssql.sql", &[Engine::Mssql]),
        ("sqlite.sql", &[Engine::Sqlite]),
    ] {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        for case in cases(&text) {
            for engine in engines {
                tried += 1;
                let verdict = judge(*engine, &case.sql);
                let found: Vec<&Denial> = verdict.denials().collect();
                if agrees(&case.wanted, &found) {
                    continue;
                }
                let found: Vec<String> = found
                    .iter()
                    .map(|it| format!("{}@{}:{} {}", it.code, it.line, it.column, it.message))
                    .collect();
                wrong.push(format!(
                    "{file}:{} ({}) {}\n{}  wanted {:?}\n  found {found:#?}",
                    case.line,
                    engine.name(),
                    case.about,
                    case.sql,
                    case.wanted
                ));
            }
        }
    }
    assert!(tried > 250, "{tried} cases are few");
    assert!(
        wrong.is_empty(),
        "{} of {tried}\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn what_is_long_or_deep_is_judged_without_running_out_of_stack() {
    let many = |what: &str, times: usize| what.repeat(times);
    let held = "SELECT 1 FROM jobs WHERE tenantId = @tenantId";
    let long = format!("{held}{}", many(" AND 1 = 1", 600));
    assert!(judge(Engine::Sqlite, &long).is_allowed());
    let rows = format!(
        "INSERT INTO jobs (tenantId, jobId, status) VALUES (@tenantId, 1, NULL){}",
        many(", (@tenantId, -2, 'x')", 1_500)
    );
    assert!(judge(Engine::Mssql, &rows).is_allowed());
    for text in [
        format!("{held}{}", many(" AND 1 = 1", 100_000)),
        format!("{held} AND {}1", many("(", 100_000)),
        format!("{held} AND {}1 = 1", many("NOT ", 100_000)),
        format!("{held} AND {}1 = 1", many("- ", 1_900)),
        format!("SELECT 1{}", many(" UNION SELECT 1", 1_000)),
        format!("SELECT 1 FROM {}countries", many("(", 10_000)),
        format!(
            "{held} AND jobId IN ({}",
            many("SELECT jobId FROM jobs WHERE jobId IN (", 40)
        ),
        format!("CREATE VIEW v AS {held}{}", many(" AND 1 = 1", 100_000)),
        format!(
            "SELECT {}1{}",
            many("CASE WHEN 1 = 1 THEN ", 300),
            many(" END", 300)
        ),
    ] {
        for engine in Engine::ALL {
            eprintln!("{}", &text[..80]);
            assert!(!judge(engine, &text).is_allowed(), "{}…", &text[..80]);
        }
    }
    // The longest chain that is analysed at all.
    let unions = format!("SELECT 1{}", many(" UNION SELECT 1", 110));
    assert!(judge(Engine::Sqlite, &unions).is_allowed());
}

#[test]
fn a_denial_says_where_what_and_what_to_write() {
    let verdict = judge(
        Engine::Mssql,
        "SELECT j.jobId, 'é'\nFROM entries e JOIN jobs AS j ON j.jobId = e.jobId\nWHERE e.tenantId = @tenantId",
    );
    let [denial] = verdict.denials().collect::<Vec<_>>()[..] else {
        panic!("{verdict:#?}");
    };
    assert_eq!((denial.line, denial.column), (2, 21));
    insta::assert_snapshot!(
        format!("{}: {}\n{}", denial.code, denial.message, denial.help),
        @"
    guard/missing-predicate: jobs (j) is read without its tenant, so the rows of all tenants pass
    AND j.tenantId = @tenantId to the conditions of this query
    "
    );
}

#[test]
fn an_allowance_stands_right_above_its_statement_and_gives_a_reason() {
    let allowance = |sql: &str| {
        judge(Engine::Sqlite, sql)
            .statements
            .pop()
            .unwrap()
            .allowance
    };
    let reason = |sql: &str| allowance(sql).map(|allowance| allowance.reason);
    let sql = "-- dbtool:allow-cross-tenant nightly totals\nSELECT COUNT(*) FROM jobs";
    assert_eq!(reason(sql), Some(Some("nightly totals".into())));
    assert!(
        !judge(Engine::Sqlite, sql).is_allowed(),
        "whoever asks decides"
    );
    let sql = "-- dbtool:allow-cross-tenant totals\n-- for the report\nSELECT COUNT(*) FROM jobs";
    assert_eq!(reason(sql), Some(Some("totals".into())));
    let sql = "-- dbtool:allow-cross-tenant\nSELECT COUNT(*) FROM jobs";
    assert_eq!(reason(sql), Some(None));
    for sql in [
        "-- dbtool:allow-cross-tenant totals\n\nSELECT 1 FROM jobs",
        "-- dbtool:allow-cross-tenants totals\nSELECT 1 FROM jobs",
        "SELECT 1 FROM jobs -- dbtool:allow-cross-tenant totals",
        "-- dbtool:allow-cross-tenant totals\nSELECT 1;\nSELECT 1 FROM jobs",
    ] {
        assert_eq!(reason(sql), None, "{sql}");
    }
}

//! The cases under `tests/cases/lint`: a folder a rule, with scripts that it flags (`hit…`), scripts
//! that it does not (`miss…`), and `expected.txt`: every finding of them with its place.
//!
//! With `UPDATE_CASES=1` the expected findings are written anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::rules::RULES;
use super::*;
use crate::dialect::Directives;
use crate::dialect::mssql::Edition;
use crate::yaml::config::LINT_RULES;

mod laws;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/lint")
}

fn source(name: &str, text: &str) -> Arc<Source> {
    Arc::new(Source {
        name: name.to_owned(),
        text: text.replace("\r\n", "\n"),
    })
}

fn options() -> Options {
    Options {
        dialect: Mssql {
            schema: "dbo".to_owned(),
            edition: Edition::Azure,
        },
        tenant: Some((Ident::new("tenantId"), vec![Ident::new("tenants")])),
        levels: BTreeMap::new(),
    }
}

/// Judges a script alone.
fn judged(text: &str) -> Linted {
    let source = source("a.sql", text);
    let script = Script {
        source: &source,
        before: None,
        document: None,
    };
    lint(&script, &options(), &mut State::new("dbo"))
}

/// `code line:column severity message`, a line each.
fn shown(findings: &[Diagnostic]) -> Vec<String> {
    let line = |finding: &Diagnostic| {
        let (line, column) = finding.span.as_ref().expect("a place").line_column();
        format!(
            "{line}:{column} {} {} {}",
            finding.code,
            finding.severity.word(),
            finding.message
        )
    };
    findings.iter().map(line).collect()
}

/// Judges a case by what is there before, with what its `-- with:` lines say.
fn case(before: &str, text: &str) -> Vec<Diagnostic> {
    let mut options = options();
    let mut document = Document::new(Vec::new());
    for with in text
        .lines()
        .filter_map(|line| line.strip_prefix("-- with: "))
    {
        match with.split_once(' ').unwrap_or((with, "")) {
            ("contract", _) => document.contract = Some("on purpose".to_owned()),
            ("edition", "standard") => options.dialect.edition = Edition::Standard,
            ("identifiers", columns) => {
                let added = columns.split(' ').map(|path| {
                    let (table, column) = path.split_once('.').expect("table.column");
                    identifier(table, column)
                });
                document.changes.extend(added);
            }
            other => panic!("{other:?} is not known"),
        }
    }
    let mut state = State::new("dbo");
    let earlier = source("before.sql", before);
    let earlier = Script {
        source: &earlier,
        before: None,
        document: None,
    };
    lint(&earlier, &options, &mut state);
    let source = source("case.sql", text);
    let script = Script {
        source: &source,
        before: None,
        document: Some(&document),
    };
    lint(&script, &options, &mut state).findings
}

fn identifier(table: &str, column: &str) -> crate::diff::Change {
    crate::diff::Change::AddColumn {
        table: Ident::new(table),
        column: crate::model::Column {
            name: Ident::new(column),
            ty: crate::model::Type::Key(64),
            nullable: false,
            default: None,
            identity: None,
            computed: None,
            collation: None,
            description: None,
            deprecated: false,
            type_check: Ident::new(format!("ty_{table}_{column}")),
        },
    }
}

#[test]
fn each_rule_flags_its_hits_and_not_its_near_misses() {
    let before = fs::read_to_string(root().join("before.sql")).unwrap();
    for rule in &RULES {
        let folder = root().join(rule.id);
        let mut files: Vec<PathBuf> = fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|it| it == "sql"))
            .collect();
        files.sort();
        let (mut hits, mut misses, mut listing) = (0, 0, String::new());
        for path in files {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).unwrap();
            let findings = case(&before, &text);
            let flagged = findings.iter().any(|finding| finding.code == rule.code);
            if name.starts_with("hit") {
                hits += 1;
                assert!(flagged, "{} does not flag {name}", rule.id);
            } else {
                misses += 1;
                assert!(
                    !flagged,
                    "{} flags {name}: {:#?}",
                    rule.id,
                    shown(&findings)
                );
            }
            for line in shown(&findings) {
                listing.push_str(&format!("{name}:{line}\n"));
            }
        }
        assert!(hits > 0 && misses > 0, "{} lacks a case", rule.id);
        let expected = folder.join("expected.txt");
        if std::env::var_os("UPDATE_CASES").is_some() {
            fs::write(&expected, &listing).unwrap();
        }
        let expected = fs::read_to_string(expected).unwrap_or_default();
        assert_eq!(listing, expected.replace("\r\n", "\n"), "{}", rule.id);
    }
}

#[test]
fn rules_are_what_they_say_they_are() {
    let mut names = BTreeSet::new();
    for (place, rule) in RULES.iter().enumerate() {
        assert_eq!(rule.id, format!("L{:02}", place + 1));
        assert_eq!(rule.code, format!("lint/{}", rule.id));
        assert!(names.insert(rule.name));
        assert!(!rule.help.ends_with('.') && !rule.title.ends_with('.'));
        assert!(rule.explanation.ends_with('.'), "{}", rule.id);
    }
    let ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(LINT_RULES[..32], ids);
    assert_eq!(LINT_RULES[32], NOT_ANALYSED_ID);
}

#[test]
fn the_safe_way_is_one_by_its_own_rule() {
    let before = fs::read_to_string(root().join("before.sql")).unwrap();
    for rule in &RULES {
        // What only a contract migration may do is shown as one.
        let contract = match rule.rewrite.contains("DROP COLUMN") {
            true => "-- with: contract\n",
            false => "",
        };
        let headed = format!("{contract}{}", rule.rewrite);
        let findings = case(&before, &headed);
        let own: Vec<&Diagnostic> = findings
            .iter()
            .filter(|finding| finding.code == rule.code || finding.code == NOT_ANALYSED)
            .collect();
        assert!(own.is_empty(), "{}: {own:#?}", rule.id);
    }
}

#[test]
fn what_cannot_be_read_is_a_finding_with_its_place() {
    let linted = judged(
        "CREATE WIDGET x;\n\
         SELECT 1;\n\
         ALTER TABLE t FROBNICATE;\n\
         EXEC (@sql);\n\
         foo bar;\n",
    );
    assert_eq!(linted.statements, 5);
    assert_eq!(linted.unread, 4);
    let places: Vec<String> = shown(&linted.findings)
        .iter()
        .map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        places,
        [
            "1:8 lint/not-analysed",
            "3:15 lint/not-analysed",
            "4:6 lint/not-analysed",
            "5:1 lint/not-analysed",
        ]
    );
}

#[test]
fn text_that_is_run_as_it_stands_is_read() {
    let linted = judged("IF 1 = 1\n    EXEC (N'DROP TABLE dbo.a');\nEXEC ('DROP TABLE ' + @b);\n");
    let lines = shown(&linted.findings);
    assert!(lines[0].starts_with("2:24 lint/L32 error"), "{lines:?}");
    assert!(lines[1].starts_with("3:6 lint/not-analysed"), "{lines:?}");
    assert_eq!(lines.len(), 2);
}

#[test]
fn allowances_hold_in_place_and_need_a_reason() {
    let accepted = [
        "-- dbtool:allow L32 nobody reads it\nDROP TABLE a;",
        "DROP TABLE a; -- dbtool:allow L32 nobody reads it",
        "-- dbtool:allow L32 nobody reads it\n-- and more words\nDROP TABLE a;",
        "DROP TABLE\n    a -- dbtool:allow L32 nobody reads it\n;",
        "-- dbtool:allow L15, L32 nobody reads it\nDROP TABLE a; CREATE INDEX b ON c (d);",
        "SELECT 1;\nGO\n-- dbtool:allow l32 nobody reads it\nDROP TABLE a;\nGO\n",
        "-- dbtool:allow not-analysed read by two people\nEXEC (@sql);",
    ];
    for text in accepted {
        let linted = judged(text);
        assert_eq!(shown(&linted.findings), [""; 0], "{text}");
        assert!(linted.allowed > 0, "{text}");
    }
    for (text, codes) in [
        (
            "-- dbtool:allow L32\nDROP TABLE a;",
            &["lint/allow-without-reason", "lint/L32"][..],
        ),
        (
            "-- dbtool:allow L32 ...\nDROP TABLE a;",
            &["lint/allow-without-reason", "lint/L32"],
        ),
        ("-- dbtool:allow\nSELECT 1;", &["lint/allow-without-reason"]),
        (
            "-- dbtool:allow L99 why\nDROP TABLE a;",
            &["lint/unknown-rule", "lint/L32"],
        ),
        (
            "-- dbtool:allow L15 why\nDROP TABLE a;",
            &["lint/unused-allow", "lint/L32"],
        ),
        (
            "-- dbtool:allow L32 too far above\n\nDROP TABLE a;",
            &["lint/unused-allow", "lint/L32"],
        ),
        (
            "-- dbtool:allow L32 why\nDROP TABLE a;\nDROP TABLE b;",
            &["lint/L32"],
        ),
    ] {
        let found: Vec<&str> = judged(text).findings.iter().map(|it| it.code).collect();
        assert_eq!(found, codes, "{text}");
    }
}

#[test]
fn an_allowance_on_a_column_is_for_that_column() {
    let linted = judged(
        "CREATE TABLE dbo.a (\n    \
         b int NOT NULL,\n    \
         c int, -- dbtool:allow L07 the session says\n    \
         d int,\n    \
         CONSTRAINT pkA PRIMARY KEY CLUSTERED (b)\n);",
    );
    let lines = shown(&linted.findings);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("4:5 lint/L07"), "{lines:?}");
}

#[test]
fn levels_come_from_the_settings() {
    let source = source("a.sql", "DROP TABLE a;\nEXEC (@sql);");
    let script = Script {
        source: &source,
        before: None,
        document: None,
    };
    let with = |levels: &[(&str, Option<Severity>)]| {
        let mut options = options();
        let levels = levels.iter().map(|(id, level)| ((*id).to_owned(), *level));
        options.levels = levels.collect();
        let linted = lint(&script, &options, &mut State::new("dbo"));
        let pairs = linted.findings.into_iter().map(|it| (it.code, it.severity));
        pairs.collect::<Vec<_>>()
    };
    assert_eq!(
        with(&[]),
        [
            ("lint/L32", Severity::Error),
            (NOT_ANALYSED, Severity::Warning)
        ]
    );
    assert_eq!(
        with(&[("L32", Some(Severity::Note)), ("not-analysed", None)]),
        [("lint/L32", Severity::Note)]
    );
    assert_eq!(
        with(&[("L32", None), ("not-analysed", Some(Severity::Error))]),
        [(NOT_ANALYSED, Severity::Error)]
    );
}

#[test]
fn a_file_that_is_no_sql_is_one_short_report() {
    let linted = judged(&"foo;\n".repeat(1_000));
    // The first one could be a call of a procedure.
    assert_eq!(linted.unread, 999);
    assert_eq!(linted.findings.len(), MOST_OF_A_RULE + 1);
    let last = linted.findings.last().expect("a summary");
    assert!(last.message.contains("799 more statements"), "{last:?}");
}

#[test]
fn statements_need_no_semicolon() {
    let text = "DECLARE @n int = 5\n\
         INSERT INTO dbo.a (b) SELECT b FROM dbo.c UNION ALL SELECT 1\n\
         SET IDENTITY_INSERT dbo.a ON\n\
         INSERT dbo.a (b) EXEC dbo.p\n\
         UPDATE a SET b = CASE WHEN b = 1 THEN 2 ELSE 3 END FROM dbo.a a\n\
         MERGE dbo.a AS t USING dbo.c AS s ON s.b = t.b\n\
         WHEN MATCHED THEN UPDATE SET b = 1 WHEN NOT MATCHED BY SOURCE THEN DELETE;\n\
         GRANT SELECT, UPDATE ON dbo.a TO reader\n\
         IF EXISTS (SELECT 1 FROM dbo.a) BEGIN PRINT 'x' END ELSE PRINT 'y'\n\
         DECLARE c CURSOR LOCAL FOR SELECT b FROM dbo.a ORDER BY b OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY\n\
         ALTER TABLE dbo.a WITH CHECK ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES dbo.c (b) ON DELETE SET NULL\n\
         ALTER SECURITY POLICY p ADD BLOCK PREDICATE dbo.f(b) ON dbo.a AFTER INSERT, ALTER FILTER PREDICATE dbo.f(b) ON dbo.a\n\
         SELECT 1\n";
    let (places, _) = Mssql::batch_places(text).unwrap();
    let (_, statements) = tsql::read(text, &places);
    let starts: Vec<&str> = statements
        .iter()
        .map(|statement| {
            text[statement.range.clone()]
                .split([' ', '\n'])
                .next()
                .unwrap()
        })
        .collect();
    assert_eq!(
        starts,
        [
            "DECLARE", "INSERT", "SET", "INSERT", "UPDATE", "MERGE", "GRANT", "IF", "BEGIN",
            "PRINT", "END", "ELSE", "PRINT", "DECLARE", "ALTER", "ALTER", "SELECT"
        ]
    );
    let unread = |it: &&Statement| matches!(it.kind, Kind::Unread { .. });
    assert_eq!(statements.iter().filter(unread).count(), 0);
}

#[test]
fn a_script_of_prisma_is_known_by_its_whole_frame() {
    let facts = |text: &str| {
        let (places, _) = Mssql::batch_places(text).unwrap();
        Facts::of(None, Directives::default(), &tsql::read(text, &places).1)
    };
    let whole = "BEGIN TRY BEGIN TRAN; SELECT 1; COMMIT TRAN; END TRY \
                 BEGIN CATCH IF @@TRANCOUNT > 0 BEGIN ROLLBACK TRAN; END; THROW END CATCH";
    assert!(facts(whole).prisma);
    assert!(!facts(&whole.replace("COMMIT TRAN;", "")).prisma);
    assert!(!facts(&whole.replace("ROLLBACK TRAN;", "")).prisma);
    assert!(!facts("BEGIN TRAN; SELECT 1; COMMIT TRAN;").prisma);
}

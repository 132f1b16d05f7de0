//! What holds for every script: what dbtool generates has no errors, and nothing breaks the reader.

use super::*;
use crate::dialect::Dialect;
use crate::diff::Renames;
use crate::engine::Engine;
use crate::generate::{Draft, Request, draft};
use crate::model::Schema;
use crate::testing::schema_pairs;

fn drafted(before: &Schema, after: &Schema, contract: Option<&str>) -> Draft {
    let dialect = options().dialect;
    draft(&Request {
        folded: before,
        declared: after,
        renames: &Renames::default(),
        dialects: &[&dialect],
        contract,
        place: &|_| None,
    })
}

/// What the rules say of the migration that takes one schema to the other.
fn of_generated(before: &Schema, after: &Schema) -> (String, Vec<Diagnostic>) {
    let additive = drafted(before, after, None);
    let refused = additive
        .findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    let contract = refused.then_some("on purpose");
    let draft = match refused {
        true => drafted(before, after, contract),
        false => additive,
    };
    let Some(sql) = draft.files.get(Engine::Mssql.file_name()) else {
        return (String::new(), Vec::new());
    };
    let document = Document {
        contract: contract.map(str::to_owned),
        ..Document::new(draft.changes)
    };
    let mut options = options();
    options.tenant = None;
    let source = source("mssql.sql", sql);
    let dialect: &dyn Dialect = &options.dialect;
    let script = Script {
        source: &source,
        before: Some(Before {
            schema: before,
            dialect,
        }),
        document: Some(&document),
    };
    let linted = lint(&script, &options, &mut State::new("dbo"));
    (sql.clone(), linted.findings)
}

/// Pieces that scripts are made of, and some that break them.
const PIECES: [&str; 72] = [
    "CREATE",
    "ALTER",
    "DROP",
    "TABLE",
    "INDEX",
    "VIEW",
    "PROCEDURE",
    "a",
    "b",
    "[c d]",
    "dbo",
    ".",
    ",",
    ";",
    "(",
    ")",
    "((",
    "))",
    "int",
    "nvarchar(max)",
    "NOT",
    "NULL",
    "DEFAULT",
    "CONSTRAINT",
    "PRIMARY",
    "KEY",
    "UNIQUE",
    "FOREIGN",
    "REFERENCES",
    "CHECK",
    "WITH",
    "NOCHECK",
    "ADD",
    "COLUMN",
    "ON",
    "OFF",
    "SET",
    "=",
    "1",
    "'text'",
    "N'it''s'",
    "\nGO\n",
    "\n",
    "-- comment\n",
    "/* x */",
    "-- dbtool:allow L32 why\n",
    "-- dbtool:allow\n",
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "FROM",
    "WHERE",
    "INTO",
    "MERGE",
    "BEGIN",
    "END",
    "CASE",
    "IF",
    "ELSE",
    "TRAN",
    "COMMIT",
    "EXEC",
    "sp_rename",
    "@x",
    "INCLUDE",
    "AS",
    "FOR",
    "VALUES",
    "ONLINE",
    "é",
    ":",
];

fn harmless(text: &str) {
    let linted = judged(text);
    for finding in &linted.findings {
        let span = finding.span.as_ref().expect("a place");
        assert!(span.range.end <= span.source.text.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_is_generated_has_no_errors((before, after) in schema_pairs()) {
        for (before, after) in [(&Schema::default(), &before), (&before, &after)] {
            let (sql, findings) = of_generated(before, after);
            let bad: Vec<&Diagnostic> = findings
                .iter()
                .filter(|it| it.severity == Severity::Error || it.code == NOT_ANALYSED)
                .collect();
            prop_assert!(bad.is_empty(), "{:#?}\n{sql}", bad
                .iter()
                .map(|it| shown(&[(*it).clone()]))
                .collect::<Vec<_>>());
        }
    }

    #[test]
    fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        harmless(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_text_breaks_the_reader(text in "\\PC{0,200}") {
        harmless(&text);
    }

    #[test]
    fn no_order_of_tokens_breaks_the_reader(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES.to_vec()), 0..120)
    ) {
        harmless(&pieces.join(" "));
    }
}

/// Found by the law above: the index stayed, and the server would have refused the change.
#[test]
fn a_column_gets_shorter_without_the_index_that_uses_it() {
    let table = |length: u16| {
        crate::testing::declared(&[&format!(
            "table: orders\n\
             columns: {{ id: {{ type: int }}, reference: {{ type: string({length}) }} }}\n\
             primaryKey: [id]\n\
             indexes: [{{ columns: [reference] }}]\n"
        )])
    };
    for (before, after, off) in [(100, 50, true), (50, 100, false)] {
        let (sql, findings) = of_generated(&table(before), &table(after));
        assert_eq!(sql.contains("DROP INDEX"), off, "{sql}");
        let errors = findings.iter().filter(|it| it.severity == Severity::Error);
        assert_eq!(errors.count(), 0, "{:?}", shown(&findings));
    }
}

/// Found by the law above: the computed column was dropped after the one that it rested on was
/// altered, which the server refuses.
#[test]
fn what_is_computed_goes_before_its_column_is_altered() {
    let table = |length: u16, computed: &str| {
        crate::testing::declared(&[&format!(
            "table: orders\n\
             columns: {{ id: {{ type: int }}, code: {{ type: fixedAscii({length}), nullable: true }}{computed} }}\n\
             primaryKey: [id]\n"
        )])
    };
    let computed = ", isSet: { type: int, computed: { expression: case when code is null then 0 else 1 end } }";
    let (sql, findings) = of_generated(&table(10, computed), &table(20, ""));
    let errors = findings.iter().filter(|it| it.severity == Severity::Error);
    assert_eq!(errors.count(), 0, "{:?}\n{sql}", shown(&findings));
}

#[test]
fn depth_is_no_depth_of_the_reader() {
    for (open, close) in [
        ("(", ")"),
        ("BEGIN ", " END"),
        ("IF 1 = 1 ", " "),
        ("/*", "*/"),
    ] {
        let text = format!(
            "CREATE TABLE a (b int DEFAULT {}1{}) {}",
            open.repeat(50_000),
            close.repeat(50_000),
            "SELECT CASE ".repeat(1_000),
        );
        harmless(&text);
    }
}

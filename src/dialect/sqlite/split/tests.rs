use proptest::prelude::*;

use super::*;

fn statements(sql: &str) -> Vec<String> {
    let script = split(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    script.batches.into_iter().map(|batch| batch.sql).collect()
}

#[test]
fn statements_end_at_their_semicolon_alone() {
    let cases: &[(&str, &[&str])] = &[
        ("", &[]),
        (";;\n;", &[]),
        ("-- nothing\n/* at all */", &[]),
        ("SELECT 1; SELECT 2", &["SELECT 1", "SELECT 2"]),
        (
            "SELECT ';', \";\", `;`, [;];x",
            &["SELECT ';', \";\", `;`, [;]", "x"],
        ),
        (
            "SELECT 'it''s;' -- ;\n, 1 /* ; */;",
            &["SELECT 'it''s;' -- ;\n, 1 /* ; */"],
        ),
        (
            "CREATE TRIGGER t AFTER UPDATE ON a BEGIN UPDATE a SET b = 1; SELECT 2; END; SELECT 3;",
            &[
                "CREATE TRIGGER t AFTER UPDATE ON a BEGIN UPDATE a SET b = 1; SELECT 2; END",
                "SELECT 3",
            ],
        ),
        (
            "create /* c */ temp trigger t after update on a begin \
             select case when 1 then 2 end; end -- done\n; SELECT 3",
            &[
                "create /* c */ temp trigger t after update on a begin \
                 select case when 1 then 2 end; end -- done",
                "SELECT 3",
            ],
        ),
        (
            "CREATE TRIGGER t AFTER UPDATE ON a BEGIN SELECT 1; END",
            &["CREATE TRIGGER t AFTER UPDATE ON a BEGIN SELECT 1; END"],
        ),
        (
            "CREATE TABLE trigger_log (a);SELECT 1",
            &["CREATE TABLE trigger_log (a)", "SELECT 1"],
        ),
        (
            "\u{feff}SELECT 1;\r\nSELECT\r\n2;\r\n",
            &["SELECT 1", "SELECT\n2"],
        ),
    ];
    for (sql, expected) in cases {
        assert_eq!(statements(sql), *expected, "{sql}");
    }
}

#[test]
fn lines_and_comments_are_those_of_the_statement() {
    let script = split(
        "-- headline\r\n\r\n-- what\r\n--\r\n--   why\r\nSELECT 1;\r\n\r\n\r\nSELECT\n2; SELECT 3;",
    )
    .expect("it is well formed");
    let found: Vec<_> = script
        .batches
        .iter()
        .map(|batch| (batch.line, batch.comment.as_deref(), batch.sql.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (6, Some("what\n\n  why"), "SELECT 1"),
            (9, None, "SELECT\n2"),
            (10, None, "SELECT 3"),
        ]
    );
}

#[test]
fn directives_are_read_from_the_head() {
    let script = split(
        "-- headline\n-- dbtool:defer-foreign-keys\n--dbtool:no-transaction\n\
         -- dbtool:allow L25 because it is small\n-- why\nSELECT 1;\n-- dbtool:allow L32\nSELECT 2;",
    )
    .expect("it is well formed");
    assert!(script.directives.defer_foreign_keys);
    assert!(script.directives.no_transaction);
    assert_eq!(script.batches[0].comment.as_deref(), Some("why"));
    assert_eq!(script.batches[1].comment, None);
}

#[test]
fn what_is_malformed_is_said_with_its_place() {
    let cases = [
        (
            "SELECT 'abc",
            7,
            "the text that starts with ' here is never closed",
        ),
        (
            "SELECT \"abc",
            7,
            "the name that starts with \" here is never closed",
        ),
        (
            "SELECT [abc",
            7,
            "the name that starts with [ here is never closed",
        ),
        (
            "é; /* abc",
            4,
            "the comment that starts with /* here is never closed",
        ),
        (
            "SELECT 1; CREATE TRIGGER t AFTER UPDATE ON a BEGIN SELECT 1;",
            10,
            "the trigger that starts here has no END; that closes it",
        ),
        (
            "-- dbtool:defer-foreign-key\nSELECT 1",
            0,
            "-- dbtool:defer-foreign-key is not known; known are defer-foreign-keys, \
             no-transaction, autocommit, done-when and allow",
        ),
        (
            "SELECT 1;\n-- dbtool:no-transaction\nSELECT 2",
            10,
            "-- dbtool:no-transaction has no effect here; it belongs above the first statement",
        ),
    ];
    for (sql, offset, message) in cases {
        let error = split(sql).expect_err(sql);
        assert_eq!(
            (error.offset, error.message.as_str()),
            (offset, message),
            "{sql}"
        );
    }
}

#[test]
fn dropping_a_table_defers_foreign_keys() {
    let head = ["Version 1.".to_owned()];
    let plain = script(
        &head,
        &[Batch::new("CREATE TABLE a (b)").comment("Table a.\nNew.")],
    );
    assert_eq!(
        plain,
        "-- Version 1.\n\n-- Table a.\n-- New.\nCREATE TABLE a (b);\n"
    );
    let dropping = script(&head, &[Batch::new("DROP TABLE a")]);
    assert_eq!(
        dropping,
        "-- Version 1.\n-- dbtool:defer-foreign-keys\n\nDROP TABLE a;\n"
    );
    assert!(
        split(&dropping)
            .expect("well formed")
            .directives
            .defer_foreign_keys
    );
    assert!(
        !split(&plain)
            .expect("well formed")
            .directives
            .defer_foreign_keys
    );
}

fn statement() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9 ,.()=<>\n]{1,20}",
        "SELECT '[a-z;\"\n]{0,8}', \"[;'a]{0,4}\", \\[[;'a]{0,4}\\] /\\* ;'[a-z]{0,4} \\*/ x",
        "SELECT 1 -- [a-z;']{0,8}",
        "DROP TABLE [a-z]{1,5}",
        "CREATE TRIGGER [a-z]{1,5} AFTER UPDATE ON a BEGIN SELECT '[;]{0,3}'; SELECT 1; END",
    ]
    .prop_map(|sql| sql.trim().to_owned())
    .prop_filter("a statement has something in it", |sql| !sql.is_empty())
    .prop_filter("a trigger has an end", |sql| {
        !sql.to_lowercase().starts_with("create t") || sql.ends_with("END")
    })
}

proptest! {
    #[test]
    fn splitting_never_panics(sql in r#"([a-z '"`\[\]/*\-\n\r;é\u{feff}]|CREATE TRIGGER|END;|-- dbtool:|\PC)*"#) {
        let _ = split(&sql);
    }

    #[test]
    fn a_script_splits_into_its_batches(
        headline in proptest::collection::vec("[a-z ;']{0,12}", 0..3),
        batches in proptest::collection::vec(
            (statement(), proptest::option::of("[a-z;' ]{0,8}[a-z](\n[a-z;']{0,8}){0,2}")),
            0..6,
        ),
    ) {
        let batches: Vec<Batch> = batches
            .into_iter()
            .map(|(sql, comment)| Batch { comment, ..Batch::new(sql) })
            .collect();
        let text = script(&headline, &batches);
        prop_assert!(text.is_empty() || text.ends_with('\n'));
        let again: Vec<Batch> = split(&text)
            .expect("a script is well formed")
            .batches
            .into_iter()
            .map(|batch| {
                let at = usize::try_from(batch.line).expect("small") - 1;
                let line = text.lines().nth(at).expect("the line exists");
                assert!(batch.sql.starts_with(line.trim_end_matches(';')) , "{line:?} {:?}", batch.sql);
                Batch { line: 1, ..batch }
            })
            .collect();
        prop_assert_eq!(again, batches);
    }
}

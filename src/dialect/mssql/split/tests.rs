use proptest::prelude::*;

use super::{script, split};
use crate::dialect::{Batch, Directives};

/// The batches of a file: line, repeat, SQL.
fn batches(sql: &str) -> Vec<(u32, u32, String)> {
    split(sql)
        .unwrap_or_else(|error| panic!("{sql:?}: {error}"))
        .batches
        .into_iter()
        .map(|batch| (batch.line, batch.repeat, batch.sql))
        .collect()
}

/// A file, and its batches as (line, repeat, SQL).
type Case = (&'static str, &'static [(u32, u32, &'static str)]);

const CASES: &[Case] = &[
    ("", &[]),
    ("-- nothing\n", &[]),
    ("/* nothing */\nGO\n", &[]),
    ("GO\nGO\n\n  go\n", &[]),
    ("SELECT 1", &[(1, 1, "SELECT 1")]),
    ("SELECT 1\nGO", &[(1, 1, "SELECT 1")]),
    (
        "SELECT 1\nGO\nSELECT 2\n",
        &[(1, 1, "SELECT 1"), (3, 1, "SELECT 2")],
    ),
    (
        "SELECT 1\r\n go \r\nSELECT\r\n2\r\nGo",
        &[(1, 1, "SELECT 1"), (3, 1, "SELECT\n2")],
    ),
    ("\u{feff}SELECT 1\nGO 5\n", &[(1, 5, "SELECT 1")]),
    (
        "SELECT 1\nGO -- done\nSELECT 2",
        &[(1, 1, "SELECT 1"), (3, 1, "SELECT 2")],
    ),
    ("SELECT 1\nGO 2 -- twice\n", &[(1, 2, "SELECT 1")]),
    ("SELECT 1\nGO /* a */ -- b\n", &[(1, 1, "SELECT 1")]),
    (
        "SELECT 'a\nGO\nb''\nGO\n'\nGO",
        &[(1, 1, "SELECT 'a\nGO\nb''\nGO\n'")],
    ),
    ("SELECT \"a\nGO\n\"\nGO", &[(1, 1, "SELECT \"a\nGO\n\"")]),
    ("SELECT [a]]\nGO\n]\nGO", &[(1, 1, "SELECT [a]]\nGO\n]")]),
    (
        "SELECT 1 /* a\nGO\n/* b\nGO\n*/\nGO\n*/\nGO\nSELECT 2",
        &[
            (1, 1, "SELECT 1 /* a\nGO\n/* b\nGO\n*/\nGO\n*/"),
            (9, 1, "SELECT 2"),
        ],
    ),
    (
        "SELECT 1 -- it's\nGO\nSELECT 2",
        &[(1, 1, "SELECT 1 -- it's"), (3, 1, "SELECT 2")],
    ),
    ("SELECT 1 AS go\nGO", &[(1, 1, "SELECT 1 AS go")]),
    ("EXEC x\nGOTO_x\nGO", &[(1, 1, "EXEC x\nGOTO_x")]),
    ("[GO]\nGO", &[(1, 1, "[GO]")]),
    ("\n\n-- what\n\n\nSELECT 1\n\n\nGO", &[(6, 1, "SELECT 1")]),
    (
        "SELECT 1 /* ' */\nGO\nSELECT '/*'\nGO",
        &[(1, 1, "SELECT 1 /* ' */"), (3, 1, "SELECT '/*'")],
    ),
];

#[test]
fn a_file_is_cut_at_its_go_lines() {
    for (sql, expected) in CASES {
        let expected: Vec<(u32, u32, String)> = expected
            .iter()
            .map(|(line, repeat, sql)| (*line, *repeat, (*sql).to_owned()))
            .collect();
        assert_eq!(batches(sql), expected, "{sql:?}");
    }
}

/// What cannot be cut: the byte, and words of the message.
const ERRORS: &[(&str, usize, &str)] = &[
    ("SELECT 1\nGO;\n", 11, "semicolon"),
    ("SELECT 1\nGO 0\n", 9, "from 1"),
    ("SELECT 1\nGO 99999999999\n", 9, "from 1"),
    ("SELECT 1\nGO away\n", 12, "found `away`"),
    ("SELECT 1\nGO 5;\n", 13, "semicolon"),
    ("SELECT 1\nGO -1\n", 12, "found `-1`"),
    ("SELECT 1\nGO /* a\n*/\n", 12, "a count and a comment"),
    ("SELECT 'a\nGO\n", 7, "text that starts with '"),
    ("SELECT \"a\nGO\n", 7, "name that starts with \""),
    ("SELECT [a]]\nGO\n", 7, "name that starts with ["),
    ("SELECT 1 /* /* */\nGO\n", 9, "never closed"),
    (
        "-- dbtool:no-transactions\nSELECT 1",
        0,
        "known are defer-foreign-keys, no-transaction, autocommit",
    ),
    (
        "SELECT 1\n-- dbtool:no-transaction\n",
        9,
        "above the first statement",
    ),
];

#[test]
fn errors_say_where_and_what() {
    for (sql, offset, words) in ERRORS {
        let error = split(sql).expect_err(sql);
        assert!(error.message.contains(words), "{sql:?}: {}", error.message);
        assert_eq!(error.offset, *offset, "{sql:?}: {}", error.message);
    }
}

#[test]
fn directives_stand_above_the_first_statement() {
    let sql = "\u{feff}-- A backfill.\r\n--dbtool:no-transaction\r\n-- dbtool:allow L15\r\n\
               -- dbtool:defer-foreign-keys\n\n-- Why.\nUPDATE x\n-- dbtool:allow L32 (planned)\n\
               SET a = 1\nGO\n-- Then.\nSELECT 1";
    let script = split(sql).unwrap();
    assert_eq!(
        script.directives,
        Directives {
            no_transaction: true,
            defer_foreign_keys: true
        }
    );
    let comments: Vec<Option<&str>> = script
        .batches
        .iter()
        .map(|batch| batch.comment.as_deref())
        .collect();
    assert_eq!(comments, [Some("Why."), Some("Then.")]);
    assert_eq!(script.batches[0].line, 7);
    assert!(script.batches[0].sql.ends_with("SET a = 1"));
    assert_eq!(
        split("SELECT '-- dbtool:nothing'").unwrap().directives,
        Directives::default()
    );
}

fn batch() -> impl Strategy<Value = Batch> {
    let sql = prop::collection::vec(
        prop::sample::select(vec![
            "SELECT 1",
            "\n",
            "'a''\nGO\n'",
            "[b]]\nGO 3\n]",
            "\"c\"",
            "/* d\nGO\n/* e */ */",
            "-- f's\n",
            ";",
            " ",
            "x",
            "GO_",
            "\n\n",
            "N'é'",
        ]),
        0..8,
    )
    .prop_map(|pieces| {
        format!("SELECT 0 {}", pieces.concat())
            .trim_end()
            .to_owned()
    });
    let comment = prop::option::of(prop::sample::select(vec![
        "Why.",
        "Two\nlines",
        "GO",
        "it's /* open",
        "a\n\nb",
        " indented",
    ]));
    (sql, comment, 1..4_u32).prop_map(|(sql, comment, repeat)| Batch {
        sql,
        comment: comment.map(str::to_owned),
        line: 1,
        repeat,
        autocommit: None,
    })
}

proptest! {
    #[test]
    fn what_was_written_is_split_again(
        headline in prop::collection::vec(prop::sample::select(vec!["20260131_init", "", "GO"]), 0..3),
        batches in prop::collection::vec(batch(), 0..5),
    ) {
        let headline: Vec<String> = headline.into_iter().map(str::to_owned).collect();
        // A headline needs a batch with a comment or a blank line below it, which a script has.
        let text = script(&headline, &batches);
        prop_assert!(text.ends_with('\n') && !text.contains('\r'));
        let read = split(&text).map_err(|error| TestCaseError::fail(format!("{text}\n{error}")))?;
        let lines: Vec<&str> = text.lines().collect();
        for batch in &read.batches {
            let first = batch.sql.lines().next().unwrap_or_default();
            prop_assert_eq!(lines[batch.line as usize - 1].trim_end(), first.trim_end());
        }
        let read: Vec<Batch> = read
            .batches
            .into_iter()
            .map(|batch| Batch { line: 1, ..batch })
            .collect();
        prop_assert_eq!(read, batches, "{}", text);
    }

    #[test]
    fn any_text_is_split_or_refused(text in "\\PC{0,60}") {
        let _ = split(&text);
    }

    #[test]
    fn any_pieces_are_split_or_refused(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "GO", "go 5", "\n", "\r\n", "'", "\"", "[", "]", "/*", "*/", "--", "x", ";", " ",
                "-- dbtool:", "no-transaction", "é", "\u{feff}", "0", "GO 0", "\0",
            ]),
            0..20,
        )
    ) {
        let text = pieces.concat();
        if let Err(error) = split(&text) {
            prop_assert!(text.is_char_boundary(error.offset), "{:?} {}", text, error.offset);
        }
    }
}

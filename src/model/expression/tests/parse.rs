//! Reading and writing.

use proptest::prelude::*;

use super::generate::any_tree;
use crate::model::expression::parse::{MAX_DEPTH, MAX_NESTING};
use crate::model::expression::{Expr, Literal, parse, write::portable};

/// What is written, and how it is written again.
const SPELLINGS: &[(&str, &str)] = &[
    (
        "status in ('queued','running')",
        "status in ('queued', 'running')",
    ),
    (
        "[status]='b' OR [status]=N'a'",
        "status = 'b' or status = 'a'",
    ),
    ("\"a\" == `b`", "a = b"),
    ("a != 1", "a <> 1"),
    ("a !< 1 and a !> 2", "a >= 1 and a <= 2"),
    ("(((a)))", "a"),
    ("( -[a])", "-a"),
    ("((-1))", "-1"),
    ("- 1", "-1"),
    ("-(-1)", "- -1"),
    ("-(-a)", "- -a"),
    ("a - -1", "a - -1"),
    ("a--1\n+2", "a + 2"),
    ("a /* string(32) */ + 1", "a + 1"),
    ("((2147483648.))", "2147483648."),
    (".5 + 05", ".5 + 05"),
    ("+a", "a"),
    ("a or b and c", "a or b and c"),
    ("(a or b) and c", "(a or b) and c"),
    ("not a = 1", "not a = 1"),
    ("not (a = 1 or b = 2)", "not (a = 1 or b = 2)"),
    ("(NOT ([a]=(8) OR [a]=(7)))", "not (a = 8 or a = 7)"),
    ("(not a) = b", "(not a) = b"),
    ("a - (b - c)", "a - (b - c)"),
    ("(a - b) - c", "a - b - c"),
    ("(a + b) * c", "(a + b) * c"),
    ("a || b + c", "a || b + c"),
    ("a || (b + c)", "a || (b + c)"),
    ("a is not null", "a is not null"),
    ("a not null", "a is not null"),
    ("a isnull or b notnull", "a is null or b is not null"),
    ("(a + 1) is null", "a + 1 is null"),
    ("a not between 1 and 2 and b", "a not between 1 and 2 and b"),
    (
        "a not like 'x!_%' escape '!'",
        "a not like 'x!_%' escape '!'",
    ),
    ("([s] like 'x' escape '\\' )", "s like 'x' escape '\\'"),
    ("CONVERT([nvarchar](max),[s])", "cast(s as nvarchar(max))"),
    (
        "convert(varchar(30), d, 126)",
        "convert(varchar(30), d, 126)",
    ),
    ("TRY_CAST([s] AS [int])", "TRY_CAST(s as int)"),
    ("cast(a as decimal( 5 , 4 ))", "cast(a as decimal(5,4))"),
    ("cast(a as double precision)", "cast(a as double precision)"),
    ("datepart(year,[d])", "datepart(year, d)"),
    ("dateadd(day, -1, d)", "dateadd(day, -1, d)"),
    ("isJson(details)", "isJson(details)"),
    ("f ( a , b )", "f(a, b)"),
    ("f()", "f()"),
    ("current_timestamp", "current_timestamp"),
    ("current_timestamp()", "current_timestamp"),
    (
        "case when a then 1 else 2 end",
        "case when a then 1 else 2 end",
    ),
    (
        "case [a] when (1) then (2)  end",
        "case a when 1 then 2 end",
    ),
    ("N'it''s'", "'it''s'"),
    ("0x00FF = x'00ff'", "x'00ff' = x'00ff'"),
    ("0x", "x''"),
    ("0xF", "x'0f'"),
    ("TRUE <> False", "true <> false"),
    ("NULL", "null"),
    ("[a]]b]", "\"a]b\""),
    ("\"a\"\"b\"", "\"a\"\"b\""),
    ("[two words] = \"select\"", "\"two words\" = \"select\""),
    ("[case]", "\"case\""),
    ("größe > 1", "\"größe\" > 1"),
];

#[test]
fn spellings_are_read_and_written_with_the_parentheses_they_need() {
    for (written, expected) in SPELLINGS {
        let tree = parse(written).unwrap_or_else(|error| panic!("{written}: {error}"));
        assert_eq!(portable(&tree), *expected, "{written}");
        assert_eq!(parse(expected).as_ref(), Ok(&tree), "{written}");
    }
}

/// What is no expression: the place, and words of the message.
const ERRORS: &[(&str, usize, &str)] = &[
    ("", 0, "empty"),
    ("  -- nothing\n", 0, "empty"),
    ("a =", 3, "found the end"),
    ("a = = b", 4, "expected a column, a value or `(`, found `=`"),
    ("(a", 2, "expected `)`, found the end"),
    ("a)", 1, "closes nothing"),
    ("a b", 2, "expected an operator or the end, found `b`"),
    ("a = b = c", 6, "parentheses"),
    ("a = not b", 4, "NOT needs parentheses"),
    ("a in ()", 7, "at least one"),
    ("a in b", 5, "a list of values"),
    ("a not b", 6, "after NOT"),
    ("a is b", 5, "NULL or NOT NULL"),
    ("'abc", 0, "not closed by '"),
    ("[abc", 0, "not closed by ]"),
    ("a /* b", 2, "not closed by */"),
    ("x'0'", 0, "digit is missing"),
    ("x'0g'", 0, "hexadecimal"),
    ("1e", 0, "exponent"),
    ("1st", 0, "quoted"),
    ("a = @P1", 4, "parameter"),
    ("a & 1", 2, "bit operator"),
    ("a; drop table b", 1, "`;`"),
    ("dbo.f(a)", 3, "qualified"),
    ("[f](a)", 3, "without quotes"),
    ("(a, b) = c", 2, "row of values"),
    ("end = 1", 0, "\"end\""),
    ("a = case b end", 11, "WHEN"),
    ("case when a end", 12, "`then`"),
    ("cast(a, int)", 6, "`as`"),
    ("cast(a as 'x')", 10, "a type"),
    ("a collate nocase = b", 2, "for each engine"),
    ("exists (select 1)", 8, "for each engine"),
    ("count(*)", 6, "found `*`"),
    ("a = 'ä' 'b'", 9, "found the text 'b'"),
];

#[test]
fn errors_say_where_and_what() {
    for (text, offset, words) in ERRORS {
        let error = parse(text).expect_err(text);
        assert!(error.message.contains(words), "{text}: {}", error.message);
        assert_eq!(error.offset, *offset, "{text}: {}", error.message);
        assert!(text.is_char_boundary(error.offset));
    }
}

#[test]
fn hostile_depth_is_refused_and_legal_depth_fits_a_small_stack() {
    let run = || {
        for (open, close) in [
            ("(", ")"),
            ("f(", ")"),
            ("not ", ""),
            ("-(", ")"),
            ("case ", ""),
        ] {
            let text = format!("{}a{}", open.repeat(100_000), close.repeat(100_000));
            assert!(parse(&text).is_err(), "{open}");
        }
        let long = vec!["a"; 100_000].join(" or ");
        assert!(parse(&long).is_err());

        let nested = format!(
            "{}a = 1{}",
            "coalesce(1, ".repeat(MAX_NESTING - 2),
            ")".repeat(MAX_NESTING - 2)
        );
        let nots = format!("{}(a between 1 and 2)", "not ".repeat(MAX_NESTING - 3));
        let minus = format!("{}a", "- ".repeat(MAX_NESTING - 1));
        let chain: Vec<String> = (1..MAX_DEPTH).map(|n| format!("[a]=({n})")).collect();
        let chain = chain.join(" OR ");
        let sum = vec!["a"; MAX_DEPTH].join(" + ");
        for text in [nested, nots, minus, chain, sum] {
            let tree = parse(&text).unwrap();
            assert_eq!(parse(&portable(&tree)).as_ref(), Ok(&tree));
            let canonical = crate::model::expression::canonical::canonical(&tree);
            assert!(crate::model::expression::implies::implies(
                &tree, &canonical
            ));
            assert_eq!(tree.clone().map(&mut |expr| expr), tree);
        }
    };
    std::thread::Builder::new()
        .stack_size(2 * 1024 * 1024)
        .spawn(run)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn a_literal_alone_is_read_as_one() {
    for text in ["-1", "'-1'", "5", "true", "null", "x'00'"] {
        assert!(matches!(parse(text), Ok(Expr::Literal(_))), "{text}");
    }
    let literal: Literal = serde_json::from_str("\"-0.50\"").unwrap();
    assert_eq!(literal, Literal::Number("-0.50".into()));
}

proptest! {
    #[test]
    fn what_was_read_is_written_so_that_it_reads_the_same(tree in any_tree()) {
        let text = portable(&tree);
        let read = parse(&text).map_err(|error| {
            TestCaseError::fail(format!("{text}: {error} at {}", error.offset))
        })?;
        let again = portable(&read);
        prop_assert_eq!(parse(&again), Ok(read), "{}", again);
        // Written and read once, nothing changes any more.
        prop_assert_eq!(portable(&parse(&again).unwrap()), again);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
        if let Err(error) = parse(&text) {
            prop_assert!(text.is_char_boundary(error.offset));
        }
    }

    #[test]
    fn any_tokens_are_read_or_refused_and_what_is_read_is_stable(
        tokens in prop::collection::vec(
            prop::sample::select(vec![
                "a", "b", "1", "-", "-", "+", "(", ")", "(", ")", "=", "<", "not", "and", "or",
                "is", "null", "in", "between", "like", "escape", "'x'", ",", "case", "when",
                "then", "else", "end", "cast", "as", "int", "f(", "||", "*", "datepart(", "year",
                "convert(", "current_date", "[c d]", "x'00'", "1.", ".5", "\"or\"",
            ]),
            0..14,
        )
    ) {
        let text = tokens.join(" ");
        if let Ok(tree) = parse(&text) {
            let written = portable(&tree);
            prop_assert_eq!(parse(&written), Ok(tree), "{} -> {}", text, written);
        }
    }
}

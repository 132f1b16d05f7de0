//! Canonical forms: the server's rewrites, and soundness.

use proptest::prelude::*;

use super::evaluate::{rows, truth};
use super::generate::{any_tree, condition};
use crate::model::expression::canonical::canonical;
use crate::model::expression::{Expr, Literal, parse};

fn form(text: &str) -> Expr {
    canonical(&parse(text).unwrap_or_else(|error| panic!("{text}: {error}")))
}

/// What is written, and what SQL Server stores for it.
const STORED: &[(&str, &str)] = &[
    ("a IN (1,2,3)", "([a]=(3) OR [a]=(2) OR [a]=(1))"),
    ("a NOT IN (7,8)", "(NOT ([a]=(8) OR [a]=(7)))"),
    ("a BETWEEN 1 AND 10", "([a]>=(1) AND [a]<=(10))"),
    ("a NOT BETWEEN 1 AND 10", "(NOT ([a]>=(1) AND [a]<=(10)))"),
    (
        "CAST(s AS NVARCHAR(MAX)) = 'x'",
        "(CONVERT([nvarchar](max),[s])='x')",
    ),
    ("TRY_CONVERT(int,s) > 0", "(TRY_CAST([s] AS [int])>(0))"),
    (
        "IIF(c = 1,1,0)",
        "(case when [c]=(1) then (1) else (0) end)",
    ),
    (
        "case when a = 1 then 2 end",
        "(case when [a]=(1) then (2)  end)",
    ),
    ("YEAR(d) > 2000", "(datepart(year,[d])>(2000))"),
    ("datepart(dw, d) = 1", "(datepart(weekday,[d])=(1))"),
    ("CURRENT_TIMESTAMP", "(getdate())"),
    ("-a < 0", "( -[a]<(0))"),
    ("a+b>0", "(([a]+[b])>(0))"),
    ("-1", "((-1))"),
    (".5", "((0.5))"),
    ("1e2", "((1.0000000000000000e+002))"),
    ("1e-1", "((1.0000000000000001e-001))"),
    ("2147483648", "((2147483648.))"),
    ("a * 2147483648", "([a]*(2147483648.))"),
    ("s LIKE 'x' ESCAPE '\\'", "([s] like 'x' escape '\\' )"),
    ("s = N'x'", "([s]='x')"),
    ("s IN (1,2)", "([s] IN ((1), (2)))"),
    ("a != 1", "([a]<>(1))"),
    ("not a = 1", "([a]<>(1))"),
    ("not (a is null)", "([a] IS NOT NULL)"),
    ("not (s like 'x%')", "(NOT [s] like 'x%')"),
    ("ISJSON(x) = 1", "(isjson([x])=(1))"),
    (
        "LEN(s) > 0 and LEN(s) < 10",
        "(len([s])<(10) AND len([s])>(0))",
    ),
    (
        "coalesce(a, b, 0)",
        "(case when [a] IS NOT NULL then [a] when [b] IS NOT NULL then [b] else (0) end)",
    ),
    ("nullif(a, 5)", "(case when [a]=(5) then NULL else [a] end)"),
    (
        "cast(a as decimal(5)) = 1",
        "(CONVERT([decimal](5,0),[a])=(1))",
    ),
    (
        "cast(a as datetime2) = b",
        "([b]=CONVERT([datetime2](7),[a]))",
    ),
];

/// Other spellings of one meaning.
const SAME: &[(&str, &str)] = &[
    ("5 < a", "a > 5"),
    ("5 >= a", "a <= 5"),
    ("b = a", "a = b"),
    ("b < a", "a > b"),
    ("a = 05", "a = 5.0"),
    ("a = -0", "a = 0"),
    ("a = 100", "a = 1e2"),
    ("a = .50", "a = 0.5"),
    ("a and (b and c)", "(c and a) and b"),
    ("a = 1 or a = 1", "a = 1"),
    ("a in (2, 1, 2)", "a in (1, 2)"),
    ("a in (1)", "a = 1"),
    ("a in (1, b)", "a = b or a = 1"),
    ("a in (1, 2) or a = 3", "a in (3, 2, 1)"),
    ("a <> 1 and a not in (2, 3)", "a not in (1, 2, 3)"),
    ("not (a = 1 and b = 2)", "a <> 1 or b <> 2"),
    ("not (a < 1 or not b = 2)", "a >= 1 and b = 2"),
    ("not not a = 1", "a = 1"),
    ("LOWER(a) = 'x'", "lower(a) = 'x'"),
    ("-(-a) = 1", "a = 1"),
    ("cast(a as INTEGER) = 1", "cast(a as int) = 1"),
    (
        "cast(a as numeric(5, 2)) = 1",
        "cast(a as decimal(5,2)) = 1",
    ),
];

/// Spellings that look alike and differ in meaning.
const DIFFERENT: &[(&str, &str)] = &[
    ("a = 1", "a = 2"),
    ("a < 1", "a <= 1"),
    ("a / 2 = 1", "a / 2.0 = 1"),
    ("a - b = 1", "b - a = 1"),
    ("s = 'x'", "s = 'X'"),
    ("s = 'x'", "s = 'x '"),
    ("s like 'x'", "s = 'x'"),
    ("s like 'x!' escape '!'", "s like 'x!'"),
    ("a = 1 and b = 2 or c = 3", "a = 1 and (b = 2 or c = 3)"),
    ("not a is null", "a is null"),
    ("a in (1, 2)", "a in (1, 3)"),
    ("a in (1, 2)", "a in (1, 2, 3)"),
    ("a = 9007199254740993", "a = 9007199254740992"),
    ("a = '5'", "a = 5"),
    ("status = 'a'", "Status = 'a'"),
    (
        "convert(varchar(30), d, 126) = s",
        "convert(varchar(30), d, 127) = s",
    ),
    ("cast(a as int) = 1", "cast(a as bigint) = 1"),
    ("datepart(year, d) = 1", "datepart(month, d) = 1"),
];

#[test]
fn what_the_server_stores_is_what_was_written() {
    for (written, stored) in STORED {
        assert_eq!(form(written), form(stored), "{written}");
    }
}

#[test]
fn spellings_of_one_meaning_have_one_form() {
    for (a, b) in SAME {
        assert_eq!(form(a), form(b), "{a}");
    }
}

#[test]
fn different_meanings_have_different_forms() {
    for (a, b) in DIFFERENT {
        assert_ne!(form(a), form(b), "{a}");
    }
}

#[test]
fn nested_between_does_not_fill_the_memory() {
    let mut text = "a".to_owned();
    for _ in 0..90 {
        text = format!("({text} between b and c)");
    }
    let tree = parse(&text).unwrap();
    assert_eq!(canonical(&tree), tree);
}

/// The tree with its `index`th number made larger by one; `None` when it has fewer.
fn with_another_number(tree: &Expr, index: usize) -> Option<Expr> {
    let mut seen = 0;
    let mut changed = false;
    let other = tree.clone().map(&mut |expr| match expr {
        Expr::Literal(Literal::Number(text)) => {
            seen += 1;
            if seen - 1 == index {
                changed = true;
                Expr::number(format!("1{}", text.trim_start_matches('-')))
            } else {
                Expr::Literal(Literal::Number(text))
            }
        }
        other => other,
    });
    changed.then_some(other)
}

proptest! {
    #[test]
    fn the_form_of_a_form_is_itself(tree in prop_oneof![any_tree(), condition(3)]) {
        let once = canonical(&tree);
        prop_assert_eq!(canonical(&once), once.clone(), "{}", tree);
    }

    #[test]
    fn a_form_accepts_what_the_condition_accepts(tree in condition(3)) {
        let form = canonical(&tree);
        for row in rows() {
            prop_assert_eq!(truth(&tree, &row), truth(&form, &row), "{} as {}: {:?}", tree, form, row);
        }
    }

    #[test]
    fn another_constant_is_another_form(
        a in 0..1000_u32, b in 1000..2000_u32, c in 2000..3000_u32, index in 0..4_usize,
    ) {
        let text = format!(
            "(x in ({a}, {b}) or not (y between {a} and {b})) and coalesce(z + {c}, 0) > f({a}) * {b}"
        );
        let tree = parse(&text).unwrap();
        let other = with_another_number(&tree, index).unwrap();
        prop_assert_ne!(canonical(&tree), canonical(&other), "{} and {}", tree, other);
    }

    #[test]
    fn a_number_has_one_form(digits in "[1-9][0-9]{0,20}", zeros in 0..5_usize, point in 0..5_usize) {
        let plain = format!("a = {digits}");
        let padded = format!("{}{digits}", "0".repeat(zeros));
        let fraction = if point == 0 { String::new() } else { format!(".{}", "0".repeat(point)) };
        let spelled = format!("a = {padded}{fraction}");
        prop_assert_eq!(form(&plain), form(&spelled));
        let dotted = format!("a = {digits}.");
        prop_assert_eq!(form(&plain), form(&dotted));
        let next = format!("a = {digits}1");
        prop_assert_ne!(form(&plain), form(&next));
    }
}

use super::{TokenKind, normalised, same_text, tokens};
use TokenKind::{Bytes, Comment, Name, Number, Parameter, Space, Symbol, Text, Unterminated, Word};

fn kinds(text: &str) -> Vec<(TokenKind, &str)> {
    tokens(text).map(|token| (token.kind, token.text)).collect()
}

#[test]
fn each_class_of_token_is_told_apart() {
    let cases: &[(&str, &[(TokenKind, &str)])] = &[
        ("a b", &[(Word, "a"), (Space, " "), (Word, "b")]),
        ("größe$1", &[(Word, "größe$1")]),
        (
            "'it''s' ''",
            &[(Text, "'it''s'"), (Space, " "), (Text, "''")],
        ),
        ("\"a\"\"b\"", &[(Name, "\"a\"\"b\"")]),
        (
            "`a``b`[c\"]]",
            &[(Name, "`a``b`"), (Name, "[c\"]"), (Symbol, "]")],
        ),
        ("x'0F'X''", &[(Bytes, "x'0F'"), (Bytes, "X''")]),
        (
            "x = 'y'",
            &[
                (Word, "x"),
                (Space, " "),
                (Symbol, "="),
                (Space, " "),
                (Text, "'y'"),
            ],
        ),
        (
            "1.5e-3+.5",
            &[(Number, "1.5e-3"), (Symbol, "+"), (Number, ".5")],
        ),
        (
            "0xFF 1_000",
            &[(Number, "0xFF"), (Space, " "), (Number, "1_000")],
        ),
        ("1e 1abc", &[(Number, "1e"), (Space, " "), (Number, "1abc")]),
        ("t.5", &[(Word, "t"), (Number, ".5")]),
        ("a.b", &[(Word, "a"), (Symbol, "."), (Word, "b")]),
        ("-- x\ny", &[(Comment, "-- x"), (Space, "\n"), (Word, "y")]),
        (
            "/* a /* b */ c",
            &[(Comment, "/* a /* b */"), (Space, " "), (Word, "c")],
        ),
        ("/*/ */", &[(Comment, "/*/ */")]),
        (
            "?12:a@P1$b",
            &[(Parameter, "?12"), (Parameter, ":a"), (Parameter, "@P1$b")],
        ),
        (
            "a||b->>c->d",
            &[
                (Word, "a"),
                (Symbol, "||"),
                (Word, "b"),
                (Symbol, "->>"),
                (Word, "c"),
                (Symbol, "->"),
                (Word, "d"),
            ],
        ),
        (
            "a<>b!=c",
            &[
                (Word, "a"),
                (Symbol, "<>"),
                (Word, "b"),
                (Symbol, "!="),
                (Word, "c"),
            ],
        ),
        (
            "\u{feff}a\u{feff}",
            &[(Space, "\u{feff}"), (Word, "a\u{feff}")],
        ),
        ("'a''", &[(Unterminated, "'a''")]),
        ("[a", &[(Unterminated, "[a")]),
        ("/* a *", &[(Unterminated, "/* a *")]),
        ("x'00", &[(Unterminated, "x'00")]),
        ("", &[]),
    ];
    for (text, expected) in cases {
        assert_eq!(kinds(text), *expected, "{text}");
    }
}

#[test]
fn quotes_come_off() {
    for (text, value) in [
        ("'it''s'", "it's"),
        ("\"a\"\"b\"", "a\"b"),
        ("`a``b`", "a`b"),
        ("[a\"b]", "a\"b"),
        ("plain", "plain"),
        ("''", ""),
    ] {
        assert_eq!(tokens(text).next().unwrap().value(), value, "{text}");
    }
}

#[test]
fn layout_quotes_and_case_of_names_do_not_matter_but_text_does() {
    assert!(same_text(
        "SELECT a FROM [T] -- c",
        "select \"A\"/**/from t"
    ));
    assert!(!same_text("select 'a'", "select 'A'"));
    assert!(!same_text("select 'a'", "select \"a\""));
    assert!(!same_text("select a", "select a, b"));
}

#[test]
fn layout_is_normalised() {
    for (text, expected) in [
        (
            " json_valid ( a )  /* x */ AND\n\tf(a,b) --c",
            "json_valid(a) AND f(a, b)",
        ),
        ("a IN(1,-2)and(b)", "a IN (1, -2) and (b)"),
        ("- 1", "-1"),
        ("a-1", "a - 1"),
        ("(a)-1*- b", "(a) - 1 * -b"),
        ("case when a then - 1 end", "case when a then -1 end"),
        ("x . y", "x.y"),
        ("\"a\" ||'('", "\"a\" || '('"),
    ] {
        assert_eq!(normalised(text), expected);
        assert_eq!(normalised(expected), expected, "twice is once");
    }
}

proptest::proptest! {
    #[test]
    fn tokens_join_back_to_the_text(text in r#"([a-z0-9 '"`\[\]/*.xX\-\n(),;$@:é\u{feff}]|\PC)*"#) {
        let joined: String = tokens(&text).map(|token| token.text).collect();
        proptest::prop_assert_eq!(&joined, &text);
        for token in tokens(&text) {
            proptest::prop_assert!(!token.text.is_empty());
            proptest::prop_assert_eq!(&text[token.offset..][..token.text.len()], token.text);
            let _ = token.value();
        }
    }
}

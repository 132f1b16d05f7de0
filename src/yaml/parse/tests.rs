use proptest::prelude::*;

use super::*;

fn source(text: &str) -> Arc<Source> {
    Arc::new(Source {
        name: "a.yaml".into(),
        text: text.into(),
    })
}

fn errors(text: &str) -> Vec<String> {
    let Err(list) = parse(&source(text)) else {
        panic!("accepted: {text:?}");
    };
    list.into_iter()
        .map(|finding| {
            let (line, column) = finding.span.expect("a place").line_column();
            format!("{} {line}:{column} {}", finding.code, finding.message)
        })
        .collect()
}

/// The tree as one line, each scalar with the text that its span marks.
fn tree(node: &Node) -> String {
    match &node.kind {
        Kind::Null => "null".into(),
        Kind::Bool(value) => value.to_string(),
        Kind::Int(value) => format!("{value}<{}>", node.span.text()),
        Kind::Float(text) => format!("float {text}<{}>", node.span.text()),
        Kind::String(text) => format!("{text:?}<{}>", node.span.text()),
        Kind::Seq(items) => {
            let items: Vec<_> = items.iter().map(tree).collect();
            format!("[{}]", items.join(", "))
        }
        Kind::Map(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|(key, value)| format!("{}<{}>: {}", key.name, key.span.text(), tree(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

fn read(text: &str) -> String {
    match parse(&source(text)) {
        Ok(node) => tree(&node),
        Err(list) => panic!("{list:#?}"),
    }
}

#[test]
fn scalars_keep_their_text_and_place() {
    assert_eq!(
        read("a: 1.50\nb: 0x10\nc: 'x'\nd: |\n  é\n  f\ne:\nno: yes\n0: true\n"),
        "{a<a>: float 1.50<1.50>, b<b>: 16<0x10>, c<c>: \"x\"<'x'>, d<d>: \"é\\nf\\n\"<é\n  f>, \
         e<e>: null, no<no>: \"yes\"<yes>, 0<0>: true}"
    );
}

#[test]
fn a_long_number_loses_no_digit() {
    assert_eq!(
        read("[12345678901234567890123456789012345678.9]"),
        "[float 12345678901234567890123456789012345678.9\
         <12345678901234567890123456789012345678.9>]"
    );
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_do_no_harm() {
    assert_eq!(
        read("\u{feff}a: x\r\nb: y\r\n"),
        "{a<a>: \"x\"<x>, b<b>: \"y\"<y>}"
    );
}

#[test]
fn a_container_is_marked_as_a_whole() {
    let node = parse(&source("a: { b: [1, 2 ], # c }\n  d: {} } # e\n")).unwrap();
    assert_eq!(node.span.text(), "a: { b: [1, 2 ], # c }\n  d: {} }");
    let Kind::Map(entries) = &node.kind else {
        panic!("no map");
    };
    assert_eq!(entries[0].1.span.text(), "{ b: [1, 2 ], # c }\n  d: {} }");
    assert_eq!(entries[0].1.head().text(), "{ b: [1, 2 ], # c }");
}

#[test]
fn an_alias_stands_where_it_is_used() {
    assert_eq!(
        read("a: &x 1.5\nb: *x\n"),
        "{a<a>: float 1.5<1.5>, b<b>: float 1.5<*x>}"
    );
}

#[test]
fn every_duplicate_key_is_found() {
    assert_eq!(
        errors("a: 1\nb: { c: 1, c: 2, c: 3 }\na: 2\n"),
        [
            "yaml/duplicate-key 2:12 the key `c` is written twice in one map, so one of the two \
             would be ignored",
            "yaml/duplicate-key 2:18 the key `c` is written twice in one map, so one of the two \
             would be ignored",
            "yaml/duplicate-key 3:1 the key `a` is written twice in one map, so one of the two \
             would be ignored",
        ]
    );
}

#[test]
fn a_comma_in_parentheses_asks_for_quotes() {
    let list = parse(&source("a: { type: decimal(5,4), nullable: true }\n")).unwrap_err();
    assert_eq!(list.len(), 1);
    assert_eq!(list[0].span.as_ref().unwrap().text(), "decimal(5,4)");
    assert_eq!(
        list[0].message,
        "`decimal(5,4)` is cut in two at its comma, because a comma ends a value inside braces or \
         brackets"
    );
    assert_eq!(
        list[0].help.as_deref(),
        Some("put it in quotes: type: \"decimal(5,4)\"")
    );
    assert_eq!(
        errors("[x, decimal(5, 4), y]")[0]
            .split(' ')
            .take(3)
            .collect::<Vec<_>>(),
        ["yaml/unquoted-comma", "1:5", "`decimal(5,"]
    );
    assert_eq!(
        errors("{ e: n in (1, 2, 3), f: 1 }").len(),
        1,
        "three pieces are one mistake"
    );
}

#[test]
fn the_mended_value_is_read_on() {
    let findings = Findings::new(Phase::Schema);
    let node = parse_into(&source("{ type: decimal(5,4), nullable: true }"), &findings).unwrap();
    assert_eq!(
        tree(&node),
        "{type<type>: \"decimal(5,4)\"<decimal(5,4)>, nullable<nullable>: true}"
    );
}

#[test]
fn a_comma_elsewhere_is_none_of_our_business() {
    assert_eq!(
        read("{ a: x(1, b: 2, c, d) }").matches(':').count(),
        4,
        "four entries, untouched"
    );
    assert_eq!(
        read("a: decimal(5,4)\n"),
        "{a<a>: \"decimal(5,4)\"<decimal(5,4)>}"
    );
}

#[test]
fn broken_files_are_explained() {
    let cases = [
        ("", "yaml/empty 1:1 `a.yaml` is empty"),
        (" \n\n", "yaml/empty 1:1 `a.yaml` is empty"),
        (
            "# x\n---\n",
            "yaml/empty 1:1 `a.yaml` holds no value, only comments",
        ),
        (
            "a:\n\tb: 1\n",
            "yaml/tab 2:1 a tab indents this line, which YAML does not allow",
        ),
        (
            "a:\n  \tb: 1\n\tc: 2\n",
            "yaml/tab 2:3 a tab indents this line, which YAML does not allow",
        ),
        (
            "a: {b: 1\n",
            "yaml/syntax 1:4 this is not YAML: unclosed bracket '{'",
        ),
        (
            "a: b: c\n",
            "yaml/syntax 1:5 this is not YAML: mapping values are not allowed in this context",
        ),
        (
            "a: 1\n---\nb: 2\n",
            "yaml/documents 2:1 a second YAML document starts here, but a file holds one",
        ),
        (
            "<<: {a: 1}\n",
            "yaml/merge-key 1:1 merge keys (`<<`) are not read",
        ),
        ("a: !!foo 1\n", "yaml/tag 1:10 the tag `!!foo` is not read"),
        (
            "? [a]\n: 1\n",
            "yaml/key 1:3 a list or map is used as a key of a map",
        ),
        (
            "a: \u{1}\n",
            "yaml/syntax 1:4 this is not YAML: unexpected character: `\\u{1}'",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(errors(text), [expected], "{text:?}");
    }
}

#[test]
fn documents_built_to_exhaust_memory_are_refused() {
    let deep = "[".repeat(100_000);
    assert_eq!(errors(&deep)[0].split(' ').next(), Some("yaml/too-deep"));
    let nested: String = (0..2000)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    assert_eq!(errors(&nested)[0].split(' ').next(), Some("yaml/too-deep"));
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    assert_eq!(errors(&bomb)[0].split(' ').next(), Some("yaml/too-large"));
    let large = format!("a: {}", "x".repeat(MAX_BYTES));
    assert_eq!(errors(&large)[0].split(' ').next(), Some("yaml/too-large"));
}

proptest! {
    #[test]
    fn any_text_gives_a_tree_or_findings(text in "[a-c0-9:,\\[\\]{}()'\"&*#|>! \\n\\té\u{feff}-]{0,60}") {
        match parse(&source(&text)) {
            Ok(node) => { tree(&node); }
            Err(list) => {
                prop_assert!(!list.is_empty());
                prop_assert!(list.iter().all(|finding| finding.span.is_some()));
            }
        }
    }

    #[test]
    fn any_unicode_gives_a_tree_or_findings(text in any::<String>()) {
        let _ = parse(&source(&text));
    }
}

//! Text as a YAML scalar: without quotes where nothing can go wrong, on one line always.

use std::fmt::Write as _;

/// Where a scalar stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Inside braces or brackets, or as a key.
    Flow,
    /// Behind a key on a line of its own.
    Block,
}

/// Words that readers of YAML take for something else than text.
const RESERVED: [&str; 11] = [
    "true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf",
];

/// The text as a scalar.
pub(super) fn scalar(text: &str, place: Place) -> String {
    if is_plain(text, place) {
        return text.to_owned();
    }
    if text.chars().any(is_hidden) || !text.contains(['"', '\\']) {
        return double_quoted(text);
    }
    format!("'{}'", text.replace('\'', "''"))
}

fn is_plain(text: &str, place: Place) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    if !(first.is_alphabetic() || first == '_' || first == '(')
        || text.ends_with(' ')
        || RESERVED.contains(&text.to_lowercase().as_str())
    {
        return false;
    }
    let harmless =
        |character: char| character.is_alphanumeric() || " _-./()+*<>=';$^~?|".contains(character);
    match place {
        Place::Flow => text.chars().all(harmless),
        Place::Block => {
            let more = |character: char| harmless(character) || ",[]{}\"%&!@".contains(character);
            let mut rest = text.chars().peekable();
            while let Some(character) = rest.next() {
                let inside = rest.peek().is_some_and(|next| *next != ' ');
                if !(more(character) || character == ':' && inside) {
                    return false;
                }
            }
            true
        }
    }
}

fn double_quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            hidden if is_hidden(hidden) => {
                let code = u32::from(hidden);
                // Writing to a string does not fail.
                let _ = match code {
                    0..=0xff => write!(quoted, "\\x{code:02x}"),
                    0x100..=0xffff => write!(quoted, "\\u{code:04x}"),
                    _ => write!(quoted, "\\U{code:08x}"),
                };
            }
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether readers would not see the character, or see something else than what is there.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || character.is_whitespace() && character != ' '
        || matches!(
            character,
            '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
                | '\u{fff0}'..='\u{ffff}'
        )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::diag::Source;
    use crate::yaml::{Kind, parse};

    #[test]
    fn quotes_stand_where_they_are_needed() {
        for (text, flow, block) in [
            ("queued", "queued", "queued"),
            ("string(32)", "string(32)", "string(32)"),
            ("decimal(5,4)", "\"decimal(5,4)\"", "decimal(5,4)"),
            ("a in ('x', 'y')", "\"a in ('x', 'y')\"", "a in ('x', 'y')"),
            ("No", "\"No\"", "\"No\""),
            ("1", "\"1\"", "\"1\""),
            ("", "\"\"", "\"\""),
            ("a: b", "\"a: b\"", "\"a: b\""),
            ("a:b", "\"a:b\"", "a:b"),
            ("a\nb", "\"a\\nb\"", "\"a\\nb\""),
            ("\"a\"", "'\"a\"'", "'\"a\"'"),
            ("größe", "größe", "größe"),
        ] {
            assert_eq!(scalar(text, Place::Flow), flow);
            assert_eq!(scalar(text, Place::Block), block);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(text in any::<String>()) {
            prop_assume!(!text.contains('\0'));
            for (before, place, after) in [("a: ", Place::Block, "\n"), ("a: [", Place::Flow, "]\n")] {
                let written = format!("{before}{}{after}", scalar(&text, place));
                let source = Arc::new(Source { name: "a.yaml".into(), text: written.clone() });
                let node = parse(&source).map_err(|found| TestCaseError::fail(format!("{written:?}: {found:?}")))?;
                let Kind::Map(entries) = &node.kind else { panic!("no map") };
                let found = match &entries[0].1.kind {
                    Kind::Seq(items) => items[0].kind.clone(),
                    other => other.clone(),
                };
                prop_assert_eq!(found, Kind::String(text.clone()), "{}", written);
            }
        }
    }
}

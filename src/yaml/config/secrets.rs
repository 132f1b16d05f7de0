//! Passwords in the configuration: found, refused and hidden.

use std::ops::Range;
use std::sync::Arc;

use crate::diag::{Source, Span};
use crate::yaml::{Findings, Kind, Node, parse_into};

/// Words before `=` that announce a secret, in lower case.
const WORDS: [&str; 6] = [
    "password",
    "pwd",
    "accesstoken",
    "access token",
    "clientsecret",
    "client secret",
];

/// The source with every password replaced by as many `x`, and a finding for each.
///
/// The text is searched line by line, which also works in a file that is no YAML; then the values,
/// because escapes and folding can hide a password from the first search.
pub(super) fn hide(source: &Arc<Source>, findings: &Findings) -> Arc<Source> {
    let mut ranges = Vec::new();
    let mut start = 0;
    for line in source.text.split_inclusive('\n') {
        let found = secrets(line.trim_end());
        ranges.extend(
            found
                .into_iter()
                .map(|range| start + range.start..start + range.end),
        );
        start += line.len();
    }
    let mut hidden = blot(source, &ranges);
    let unheard = Findings::new(findings.phase());
    if let Some(node) = parse_into(&hidden, &unheard) {
        let mut values = Vec::new();
        search(&node, &mut values);
        hidden = blot(&hidden, &values);
        ranges.extend(values);
    }
    for range in ranges {
        findings.add_with_help(
            "config/inline-secret",
            Span::new(&hidden, range),
            "a password stands in this file, where everybody with the source can read it",
            "remove it, change it on the server, and refer to the secret: \
             `connection: keyvault://VAULT/SECRET`, `env:NAME` or `file:PATH`",
        );
    }
    hidden
}

fn search(node: &Node, found: &mut Vec<Range<usize>>) {
    match &node.kind {
        Kind::String(text)
            if !secrets(text)
                .iter()
                .all(|range| hidden(&text[range.clone()])) =>
        {
            found.push(node.span.range.clone());
        }
        Kind::Seq(items) => items.iter().for_each(|item| search(item, found)),
        Kind::Map(entries) => entries.iter().for_each(|(_, item)| search(item, found)),
        _ => {}
    }
}

fn hidden(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'x')
}

fn blot(source: &Arc<Source>, ranges: &[Range<usize>]) -> Arc<Source> {
    if ranges.is_empty() {
        return Arc::clone(source);
    }
    let mut bytes = source.text.clone().into_bytes();
    for range in ranges {
        for byte in &mut bytes[range.clone()] {
            if !matches!(byte, b'\n' | b'\r' | b' ' | b'"' | b'\'') {
                *byte = b'x';
            }
        }
    }
    Arc::new(Source {
        name: source.name.clone(),
        // Whole characters were replaced by ASCII.
        text: String::from_utf8_lossy(&bytes).into_owned(),
    })
}

/// The secrets in a text, as ranges of bytes. A reference to a variable is none.
fn secrets(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    // ASCII case folding keeps the offsets.
    let folded = text.to_ascii_lowercase();
    for word in WORDS {
        for (at, _) in folded.match_indices(word) {
            if folded[..at].ends_with(|before: char| before.is_alphanumeric()) {
                continue;
            }
            let behind = at + word.len();
            let Some(value) = folded[behind..].trim_start().strip_prefix('=') else {
                continue;
            };
            let start = text.len() - value.trim_start().len();
            // To the end of the line: a quoted value may itself hold what ends an unquoted one.
            found.extend(secret(text, start, text.len()));
        }
    }
    for (at, _) in text.match_indices("://") {
        let start = at + 3;
        let end = text[start..]
            .find(|character: char| character.is_whitespace() || matches!(character, '"' | '\''))
            .map_or(text.len(), |length| start + length);
        // The last @, because a password may hold one.
        let Some(host) = text[start..end].rfind('@') else {
            continue;
        };
        if let Some(colon) = text[start..start + host].find(':') {
            found.extend(secret(text, start + colon + 1, start + host));
        }
    }
    found.sort_by_key(|range| (range.start, range.end));
    found.dedup_by(|next, kept| next.start < kept.end);
    found
}

/// The range without closing quotes, if it holds more than references to variables.
fn secret(text: &str, start: usize, end: usize) -> Option<Range<usize>> {
    let value = text[start..end].trim_end_matches(['"', '\'', ' ', '}', ']', ',']);
    let first = value.split(';').next().unwrap_or_default();
    if first.trim_matches(['"', '\'']).is_empty() || variable(first) {
        return None;
    }
    Some(start..start + value.len())
}

/// `${NAME}` and nothing else. The closing brace may have been taken for one of YAML.
fn variable(text: &str) -> bool {
    text.strip_prefix("${").is_some_and(|rest| {
        let name = rest.strip_suffix('}').unwrap_or(rest);
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        secrets(text)
            .into_iter()
            .map(|range| &text[range])
            .collect()
    }

    #[test]
    fn secrets_are_found_in_every_form_of_a_connection() {
        assert_eq!(found("Server=a;Password=b;c"), ["b;c"]);
        assert_eq!(found("Server=a; PWD = 'b' ; x"), ["'b' ; x"]);
        assert_eq!(found("mssql://sa:p@ss:w@host/db"), ["p@ss:w"]);
        assert_eq!(found("sqlserver://h;user=a;password={b};"), ["{b};"]);
        assert_eq!(found("a: \"Password=é\""), ["é"]);
        assert_eq!(found("User Id=a;Client Secret=b"), ["b"]);
    }

    #[test]
    fn references_are_no_secrets() {
        for text in [
            "Server=a;Password=${SQL_PASSWORD};Encrypt=true",
            "{ connection: \"Password=${P}\" }",
            "mssql://sa:${P}@host/db",
            "mssql://host:1433/db",
            "keyvault://vault/SqlConnectionString--Dev",
            "Authentication=Active Directory Password",
            "Password=",
            "ForgotPassword=yes",
        ] {
            assert_eq!(found(text), Vec::<&str>::new(), "{text}");
        }
    }
}

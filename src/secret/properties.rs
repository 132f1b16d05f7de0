//! `key=value;key=value`, as ADO.NET, ODBC and JDBC write it.
//!
//! The three differ in how a value with a `;` is quoted: `"…"` and `'…'` with the quote doubled
//! (ADO.NET), `{…}` with `}` doubled (ODBC, JDBC). All are read here, so that a quoted secret is
//! one value however it was quoted; what is none of them is refused.

use std::borrow::Cow;

use zeroize::Zeroize as _;

/// One property.
pub(super) struct Property<'a> {
    /// The key as written, without surrounding blanks.
    pub(super) key: &'a str,
    /// The value as written, quotes included.
    pub(super) written: &'a str,
    /// The value.
    pub(super) value: Cow<'a, str>,
}

/// Why a text is no list of properties. Parts are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PropertyError {
    /// A part without `=`.
    #[error("part {0} has no `=`; a value that contains `;` must be quoted: \"a;b\"")]
    NoEquals(usize),
    /// A part without a key.
    #[error("part {0} has no key before its `=`")]
    NoKey(usize),
    /// A quoted value that does not end.
    #[error("the quoted value of part {0} does not end; a quote inside it must be doubled")]
    Unclosed(usize),
    /// Text between the end of a quoted value and the `;`.
    #[error("text follows the quoted value of part {0}; a quote inside it must be doubled")]
    Trailing(usize),
}

impl Drop for Property<'_> {
    fn drop(&mut self) {
        if let Cow::Owned(value) = &mut self.value {
            value.zeroize();
        }
    }
}

impl Property<'_> {
    /// The key in the form in which synonyms are looked up: lower case, without blanks, `_`, `-`.
    pub(super) fn folded_key(&self) -> String {
        folded(self.key)
    }
}

/// A key in the form in which synonyms are looked up.
pub(crate) fn folded(key: &str) -> String {
    let kept = key
        .chars()
        .filter(|it| !it.is_whitespace() && !matches!(it, '_' | '-'));
    kept.flat_map(char::to_lowercase).collect()
}

/// Reads properties separated by `;`; empty parts are passed over.
pub(super) fn properties(text: &str) -> Result<Vec<Property<'_>>, PropertyError> {
    let mut properties = Vec::new();
    let mut rest = text;
    let mut part = 0;
    loop {
        rest = rest.trim_start_matches(|it: char| it == ';' || it.is_whitespace());
        if rest.is_empty() {
            return Ok(properties);
        }
        part += 1;
        let at = rest
            .find(['=', ';'])
            .filter(|&at| rest[at..].starts_with('='))
            .ok_or(PropertyError::NoEquals(part))?;
        let key = rest[..at].trim();
        if key.is_empty() {
            return Err(PropertyError::NoKey(part));
        }
        let after = rest[at + 1..].trim_start();
        let (written, value, tail) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                quoted(after, quote).ok_or(PropertyError::Unclosed(part))?
            }
            Some('{') => braced(after).ok_or(PropertyError::Unclosed(part))?,
            _ => {
                let end = after.find(';').unwrap_or(after.len());
                let value = after[..end].trim_end();
                (value, Cow::Borrowed(value), &after[end..])
            }
        };
        rest = tail.trim_start();
        if !rest.is_empty() && !rest.starts_with(';') {
            return Err(PropertyError::Trailing(part));
        }
        properties.push(Property {
            key,
            written,
            value,
        });
    }
}

/// A value in quotes: as written, as meant, and what follows.
fn quoted(text: &str, quote: char) -> Option<(&str, Cow<'_, str>, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character != quote {
            value.push(character);
        } else if characters.peek().is_some_and(|&(_, next)| next == quote) {
            characters.next();
            value.push(quote);
        } else {
            return Some((&text[..=at], Cow::Owned(value), &text[at + 1..]));
        }
    }
    None
}

/// A value in braces. A single `}` inside is a slip that people get away with; the value ends at
/// a `}` that only a `;` or nothing follows.
fn braced(text: &str) -> Option<(&str, Cow<'_, str>, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character != '}' {
            value.push(character);
            continue;
        }
        if characters.peek().is_some_and(|&(_, next)| next == '}') {
            characters.next();
            value.push('}');
            continue;
        }
        let tail = text[at + 1..].trim_start();
        if tail.is_empty() || tail.starts_with(';') {
            return Some((&text[..=at], Cow::Owned(value), &text[at + 1..]));
        }
        value.push('}');
    }
    None
}

/// A value quoted as ADO.NET reads it, where it needs to be.
pub(super) fn quote_ado(value: &str) -> String {
    let plain = |it: char| it.is_alphanumeric() || matches!(it, '.' | ',' | ':' | '\\' | '-' | '_');
    match !value.is_empty() && value.chars().all(plain) {
        true => value.to_owned(),
        false => format!("\"{}\"", value.replace('"', "\"\"")),
    }
}

/// A value quoted as JDBC reads it, where it needs to be.
pub(super) fn quote_jdbc(value: &str) -> String {
    let odd = |it: char| matches!(it, ';' | '{' | '}' | '"' | '\'') || it.is_whitespace();
    match value.is_empty() || value.contains(odd) {
        false => value.to_owned(),
        true => format!("{{{}}}", value.replace('}', "}}")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(text: &str) -> Result<Vec<(String, String)>, PropertyError> {
        let owned = |it: &Property<'_>| (it.key.to_owned(), it.value.clone().into_owned());
        Ok(properties(text)?.iter().map(owned).collect())
    }

    #[test]
    fn every_way_of_quoting_is_one_value() {
        let cases = [
            ("Password=a b ;", "a b"),
            ("Password=\"a;b\"", "a;b"),
            ("Password=\"a\"\"b\" ; ", "a\"b"),
            ("password='it''s;'", "it's;"),
            ("PWD={a}b}", "a}b"),
            ("PWD={a}};b}", "a};b"),
            ("Password=a\"b'c", "a\"b'c"),
            ("Password=a=b==", "a=b=="),
            ("Password=", ""),
        ];
        for (text, value) in cases {
            let read = pairs(text).expect(text);
            assert_eq!(read.len(), 1, "{text}");
            assert_eq!(read[0].1, value, "{text}");
            let text = format!(" Server = tcp:db ;;{text};Database=x");
            let read = pairs(&text).expect("it is well-formed");
            assert_eq!(read[0], ("Server".to_owned(), "tcp:db".to_owned()));
            assert_eq!(read[1].1, value);
            assert_eq!(read[2].1, "x");
        }
    }

    #[test]
    fn what_is_no_list_is_refused_by_position() {
        let cases = [
            ("Server=a;b", PropertyError::NoEquals(2)),
            ("=a", PropertyError::NoKey(1)),
            ("Server=a;Password=\"b", PropertyError::Unclosed(2)),
            ("Password={b;c", PropertyError::Unclosed(1)),
            ("Password=\"b\"c;", PropertyError::Trailing(1)),
        ];
        for (text, error) in cases {
            assert_eq!(pairs(text), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn quoting_keeps_the_value(value in "[ -~é漢]{0,20}") {
            for quoted in [quote_ado(&value), quote_jdbc(&value)] {
                let read = pairs(&format!("a=1;Password={quoted};b=2"))?;
                prop_assert_eq!(read.len(), 3);
                prop_assert_eq!(&read[1].1, &value);
            }
        }
    }
}

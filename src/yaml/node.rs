//! A YAML value with the place of every part of it.

use crate::diag::Span;

/// A YAML value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The whole value: from the first key or bracket to the end of the last item; with quotes.
    /// For an alias, the alias.
    pub span: Span,
    /// The value.
    pub kind: Kind,
}

/// The value of a [`Node`].
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`; `yes` and `on` are text.
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// Another number, as written.
    Float(String),
    /// Text, without quotes and escapes.
    String(String),
    /// A list.
    Seq(Vec<Node>),
    /// Keys and values in the order of the file. Keys are unique.
    Map(Vec<(Key, Node)>),
}

/// The key of an entry of a map.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// Its text.
    pub name: String,
    /// Where it stands.
    pub span: Span,
}

impl Node {
    /// What the value is, for messages: `a list`, `text`.
    pub fn noun(&self) -> &'static str {
        match self.kind {
            Kind::Null => "nothing",
            Kind::Bool(_) => "true or false",
            Kind::Int(_) | Kind::Float(_) => "a number",
            Kind::String(_) => "text",
            Kind::Seq(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }

    /// The first line of the value: what a finding about all of it should mark.
    pub fn head(&self) -> Span {
        let text = self.span.text();
        let length = text.find(['\n', '\r']).unwrap_or(text.len());
        let start = self.span.range.start;
        Span::new(&self.span.source, start..start + length)
    }

    /// The text of a scalar as it was written; a string without its quotes. Empty for a list, a
    /// map or nothing.
    pub fn scalar(&self) -> Option<String> {
        match &self.kind {
            Kind::Bool(value) => Some(value.to_string()),
            Kind::Int(value) => Some(value.to_string()),
            Kind::Float(text) | Kind::String(text) => Some(text.clone()),
            Kind::Null | Kind::Seq(_) | Kind::Map(_) => None,
        }
    }

    /// The place in the file of the character at a byte of the text that this node is, so that a
    /// finding in an expression can mark its exact column. Where quoting, folding or escapes hide
    /// it, the whole node.
    pub fn place_of(&self, offset: usize) -> Span {
        let Kind::String(value) = &self.kind else {
            return self.span.clone();
        };
        let written = self.span.text();
        let (written, start) = match written.as_bytes().first() {
            Some(b'\'' | b'"') => (&written[1..], self.span.range.start + 1),
            _ => (written, self.span.range.start),
        };
        match align(written, value, offset) {
            Some((at, length)) => Span::new(&self.span.source, start + at..start + at + length),
            None => self.span.clone(),
        }
    }
}

/// Walks a scalar as written and its value side by side up to a byte of the value. Line breaks and
/// the indentation behind them may stand for one space or none.
fn align(written: &str, value: &str, offset: usize) -> Option<(usize, usize)> {
    let mut source = written.char_indices().peekable();
    for (at, wanted) in value.char_indices() {
        loop {
            let (place, found) = *source.peek()?;
            if found == wanted {
                if at >= offset {
                    return Some((place, found.len_utf8()));
                }
                source.next();
                if found == '\'' && written[place..].starts_with("''") {
                    source.next();
                }
                break;
            }
            if !found.is_whitespace() {
                return None;
            }
            if wanted.is_whitespace() {
                while source.next_if(|(_, next)| next.is_whitespace()).is_some() {}
                if at >= offset {
                    return Some((place, 0));
                }
                break;
            }
            source.next();
        }
    }
    // Behind the end: an expression that stops too early.
    let end = source.peek().map_or(written.len(), |(place, _)| *place);
    Some((end, 0))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diag::Source;
    use crate::yaml::parse;

    fn value(text: &str) -> Node {
        let source = Arc::new(Source {
            name: "a.yaml".into(),
            text: text.into(),
        });
        match parse(&source).unwrap().kind {
            Kind::Map(mut entries) => entries.remove(0).1,
            other => panic!("no map: {other:?}"),
        }
    }

    fn marked(text: &str, wanted: &str) -> (usize, usize, String) {
        let node = value(text);
        let Kind::String(content) = &node.kind else {
            panic!("no text: {node:?}");
        };
        let place = node.place_of(content.find(wanted).unwrap());
        let (line, column) = place.line_column();
        (line, column, place.text().to_owned())
    }

    #[test]
    fn a_character_of_a_value_is_found_in_the_file() {
        assert_eq!(marked("a: b ? c\n", "?"), (1, 6, "?".into()));
        assert_eq!(marked("a: 'it''s ?'\n", "?"), (1, 11, "?".into()));
        assert_eq!(marked("a: \"é ?\"\n", "?"), (1, 7, "?".into()));
        assert_eq!(marked("a: >\n  b\n  ? c\n", "?"), (3, 3, "?".into()));
        assert_eq!(marked("a: |\n  b\n    ? c\n", "?"), (3, 5, "?".into()));
        assert_eq!(marked("a: b\n  ? c\n", "?"), (2, 3, "?".into()));
    }

    #[test]
    fn behind_escapes_the_whole_value_is_marked() {
        assert_eq!(
            marked("a: \"\\u0041 ?\"\n", "?"),
            (1, 4, "\"\\u0041 ?\"".into())
        );
    }

    #[test]
    fn the_place_behind_the_end_is_the_end() {
        let node = value("a: b >\n");
        assert_eq!(node.place_of(3).line_column(), (1, 7));
    }
}

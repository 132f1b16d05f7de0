//! The words of a batch, apart from its texts, comments and quoted names.

/// A piece of T-SQL that is no blank and no comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word<'a> {
    /// A keyword, or a name that is not quoted.
    Plain(&'a str),
    /// A quoted name.
    Name,
    /// A text.
    Text,
    /// Anything else.
    Sign(char),
}

impl Word<'_> {
    /// Whether it is this keyword or sign.
    pub(super) fn is(self, word: &str) -> bool {
        match self {
            Self::Plain(found) => found.eq_ignore_ascii_case(word),
            Self::Sign(found) => word.chars().eq([found]),
            Self::Name | Self::Text => false,
        }
    }
}

/// The words of a batch that has been split off, each with its line from 1. What is never closed
/// ends with the text.
pub(super) fn words(sql: &str) -> Vec<(Word<'_>, u32)> {
    let mut words = Vec::new();
    let mut line = 1;
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let (word, length) = match first {
            '-' if rest.starts_with("--") => (None, rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => (None, comment(rest)),
            '\'' => (Some(Word::Text), quoted(rest, '\'')),
            '"' => (Some(Word::Name), quoted(rest, '"')),
            '[' => (Some(Word::Name), quoted(rest, ']')),
            c if is_part(c) => {
                let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
                (Some(Word::Plain(&rest[..length])), length)
            }
            c if c.is_whitespace() => (None, c.len_utf8()),
            c => (Some(Word::Sign(c)), c.len_utf8()),
        };
        words.extend(word.map(|word| (word, line)));
        let (taken, tail) = rest.split_at(length);
        line += u32::try_from(taken.matches('\n').count()).unwrap_or(u32::MAX);
        rest = tail;
    }
    words
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '@' | '#' | '$')
}

/// The length from a quote to the closing one, which is doubled inside.
pub(crate) fn quoted(text: &str, close: char) -> usize {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if c == close && characters.next_if(|(_, next)| *next == close).is_none() {
            return at + close.len_utf8();
        }
    }
    text.len()
}

/// The length of a block comment; they nest.
pub(crate) fn comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += c.len_utf8();
        }
    }
    text.len()
}

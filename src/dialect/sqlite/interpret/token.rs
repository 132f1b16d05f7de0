//! The tokens of SQLite's SQL, for everything that has to look at text that people wrote.
//!
//! Owns the lexical rules alone: the tokens of any text, valid or not, join back to that text. What
//! a sequence of them means belongs to the parsers beside it. The rules are those of
//! <https://www.sqlite.org/lang_keywords.html> and of the engine's own tokenizer: four styles of
//! quotes, comments that do not nest, every byte above 127 a letter.

use std::borrow::Cow;

/// A token of SQL text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dialect::sqlite) struct Token<'a> {
    /// Its class.
    pub kind: TokenKind,
    /// Its text, quotes included.
    pub text: &'a str,
    /// The byte at which it starts.
    pub offset: usize,
}

/// The class of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dialect::sqlite) enum TokenKind {
    /// White space.
    Space,
    /// A comment, to the end of the line or between `/*` and `*/`.
    Comment,
    /// A keyword or a bare name.
    Word,
    /// A name in double quotes, backticks or brackets.
    Name,
    /// Text in single quotes.
    Text,
    /// Bytes: `x'00ff'`.
    Bytes,
    /// A number.
    Number,
    /// A parameter: `?1`, `:name`, `@name`, `$name`.
    Parameter,
    /// An operator or punctuation.
    Symbol,
    /// A literal, quoted name or block comment that the text ends in.
    Unterminated,
}

impl<'a> Token<'a> {
    /// The byte behind it.
    pub fn end(&self) -> usize {
        self.offset + self.text.len()
    }

    /// Whether the token means nothing to the engine.
    pub fn is_blank(&self) -> bool {
        matches!(self.kind, TokenKind::Space | TokenKind::Comment)
    }

    /// Whether it is this keyword, in any case and without quotes.
    pub fn is_word(&self, keyword: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(keyword)
    }

    /// Whether it is this operator or punctuation.
    pub fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == TokenKind::Symbol && self.text == symbol
    }

    /// The name or text that the token stands for, without quotes; other tokens as they are.
    pub fn value(&self) -> Cow<'a, str> {
        let inner = |quote: &str| {
            let inner = &self.text[1..self.text.len() - 1];
            let doubled = [quote, quote].concat();
            if inner.contains(&doubled) {
                Cow::Owned(inner.replace(&doubled, quote))
            } else {
                Cow::Borrowed(inner)
            }
        };
        match self.kind {
            TokenKind::Text => inner("'"),
            TokenKind::Name => match self.text.as_bytes()[0] {
                b'"' => inner("\""),
                b'`' => inner("`"),
                _ => Cow::Borrowed(&self.text[1..self.text.len() - 1]),
            },
            _ => Cow::Borrowed(self.text),
        }
    }

    /// Whether two tokens are the same to the engine, which compares keywords and names without
    /// regard to the case of ASCII letters and takes a quoted name for the bare one.
    pub fn same(&self, other: &Token<'_>) -> bool {
        let named = |kind| matches!(kind, TokenKind::Word | TokenKind::Name);
        if named(self.kind) && named(other.kind) {
            return self.value().eq_ignore_ascii_case(&other.value());
        }
        self.kind == other.kind
            && match self.kind {
                TokenKind::Number | TokenKind::Bytes => self.text.eq_ignore_ascii_case(other.text),
                _ => self.text == other.text,
            }
    }
}

/// The tokens of a text, in order and without gaps.
pub(in crate::dialect::sqlite) fn tokens(text: &str) -> Tokens<'_> {
    Tokens { text, offset: 0 }
}

/// Iterator over the tokens of a text.
#[derive(Debug, Clone)]
pub(in crate::dialect::sqlite) struct Tokens<'a> {
    text: &'a str,
    offset: usize,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let rest = &self.text[self.offset..];
        let first = *rest.as_bytes().first()?;
        let (kind, length) = scan(rest, first);
        let token = Token {
            kind,
            text: &rest[..length],
            offset: self.offset,
        };
        self.offset += length;
        Some(token)
    }
}

/// The class and the length in bytes of the token at the start of `rest`, which starts with
/// `first`.
fn scan(rest: &str, first: u8) -> (TokenKind, usize) {
    let bytes = rest.as_bytes();
    let next = bytes.get(1).copied();
    match first {
        b' ' | b'\t' | b'\n' | b'\x0c' | b'\r' => (TokenKind::Space, leading(bytes, is_space)),
        b'-' if next == Some(b'-') => (TokenKind::Comment, rest.find('\n').unwrap_or(rest.len())),
        b'/' if next == Some(b'*') => match rest[2..].find("*/") {
            Some(end) => (TokenKind::Comment, end + 4),
            None => (TokenKind::Unterminated, rest.len()),
        },
        b'\'' => quoted(bytes, b'\'', TokenKind::Text),
        b'"' => quoted(bytes, b'"', TokenKind::Name),
        b'`' => quoted(bytes, b'`', TokenKind::Name),
        b'[' => match rest.find(']') {
            Some(end) => (TokenKind::Name, end + 1),
            None => (TokenKind::Unterminated, rest.len()),
        },
        b'x' | b'X' if next == Some(b'\'') => match rest[2..].find('\'') {
            Some(end) => (TokenKind::Bytes, end + 3),
            None => (TokenKind::Unterminated, rest.len()),
        },
        b'0'..=b'9' => (TokenKind::Number, number(bytes)),
        b'.' if next.is_some_and(|byte| byte.is_ascii_digit()) => {
            (TokenKind::Number, number(bytes))
        }
        b'?' => (
            TokenKind::Parameter,
            1 + leading(&bytes[1..], |byte| byte.is_ascii_digit()),
        ),
        b':' | b'@' | b'$' | b'#' if next.is_some_and(is_word) => {
            (TokenKind::Parameter, 1 + leading(&bytes[1..], is_word))
        }
        // The engine skips a byte-order mark wherever a token may start.
        0xef if rest.starts_with('\u{feff}') => (TokenKind::Space, '\u{feff}'.len_utf8()),
        _ if is_word(first) => (TokenKind::Word, leading(bytes, is_word)),
        b'-' if rest.starts_with("->>") => (TokenKind::Symbol, 3),
        _ => {
            let long = matches!(
                (first, next),
                (b'-' | b'>' | b'<', Some(b'>'))
                    | (b'=' | b'<' | b'>' | b'!', Some(b'='))
                    | (b'<', Some(b'<'))
                    | (b'|', Some(b'|'))
            );
            (TokenKind::Symbol, 1 + usize::from(long))
        }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\x0c' | b'\r')
}

/// Every byte of a character beyond ASCII is a letter, so that words end between characters.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..)
}

fn leading(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    bytes
        .iter()
        .position(|byte| !belongs(*byte))
        .unwrap_or(bytes.len())
}

/// A doubled quote stands for the quote itself.
fn quoted(bytes: &[u8], quote: u8, kind: TokenKind) -> (TokenKind, usize) {
    let mut at = 1;
    while at < bytes.len() {
        if bytes[at] == quote {
            if bytes.get(at + 1) != Some(&quote) {
                return (kind, at + 1);
            }
            at += 1;
        }
        at += 1;
    }
    (TokenKind::Unterminated, bytes.len())
}

/// `12`, `1_000`, `1.5e-3`, `.5`, `0xff`. Letters that follow at once belong to the token too: the
/// engine refuses such a number as a whole.
fn number(bytes: &[u8]) -> usize {
    let digits = |mut at: usize| {
        while bytes
            .get(at)
            .is_some_and(|byte| byte.is_ascii_digit() || *byte == b'_')
        {
            at += 1;
        }
        at
    };
    let mut at = digits(0);
    if bytes.get(at) == Some(&b'.') {
        at = digits(at + 1);
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let signed = at + 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        if bytes.get(signed).is_some_and(u8::is_ascii_digit) {
            at = digits(signed);
        }
    }
    while bytes
        .get(at)
        .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    {
        at += 1;
    }
    at
}

/// Whether two texts are the same to the engine: token by token, white space and comments aside.
pub(in crate::dialect::sqlite) fn same_text(left: &str, right: &str) -> bool {
    let mut left = tokens(left).filter(|token| !token.is_blank());
    let mut right = tokens(right).filter(|token| !token.is_blank());
    loop {
        match (left.next(), right.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a.same(&b) => {}
            _ => return false,
        }
    }
}

/// The text with comments dropped and the white space of one style, whatever it had before: two
/// spellings that differ in layout alone become one.
pub(in crate::dialect::sqlite) fn normalised(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before: Option<Token<'_>> = None;
    let mut sign = false;
    for token in tokens(text).filter(|token| !token.is_blank()) {
        if let Some(before) = before
            && !sign
            && spaced(&before, &token)
        {
            out.push(' ');
        }
        // A sign is an operator of one operand where no operand stands before it.
        sign = (token.is_symbol("-") || token.is_symbol("+"))
            && before.is_none_or(|before| match before.kind {
                TokenKind::Symbol => before.text != ")",
                TokenKind::Word => is_operator_word(before.text),
                _ => false,
            });
        out.push_str(token.text);
        before = Some(token);
    }
    out
}

/// Whether a space goes between two neighbours in the normalised style.
fn spaced(before: &Token<'_>, token: &Token<'_>) -> bool {
    let opens = |token: &Token<'_>| token.is_symbol("(") || token.is_symbol(".");
    if opens(before)
        || [",", ")", ".", ";"]
            .iter()
            .any(|symbol| token.is_symbol(symbol))
    {
        return false;
    }
    !token.is_symbol("(")
        || match before.kind {
            TokenKind::Word => is_operator_word(before.text),
            TokenKind::Name => false,
            _ => true,
        }
}

/// Whether a keyword stands between operands, so that what follows is no list of arguments.
fn is_operator_word(word: &str) -> bool {
    const WORDS: [&str; 22] = [
        "and", "as", "between", "by", "case", "check", "collate", "default", "else", "escape",
        "exists", "from", "glob", "in", "is", "like", "not", "or", "select", "then", "when",
        "where",
    ];
    WORDS
        .iter()
        .any(|operator| word.eq_ignore_ascii_case(operator))
}

#[cfg(test)]
mod tests;

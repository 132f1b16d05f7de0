//! T-SQL as tokens with their places.
//!
//! The lexer of [`crate::model::expression`] reads what a schema can say in any dialect and refuses
//! the rest; this one reads whatever stands in a script: variables, nested comments, temporary
//! names. It never fails. Text that ends inside a quote is refused before, where a script is split.

use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A bare word: a keyword or a name.
    Word,
    /// A name in brackets or double quotes; never a keyword.
    Name,
    /// A text constant, with its prefix `N` where it has one.
    Text,
    /// A number, bytes or an amount of money.
    Number,
    /// `@name` or `@@name`.
    Variable,
    /// Any other character.
    Symbol(char),
}

/// A token: what it is, and its bytes in the whole file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
}

/// The tokens of a part of a file, and its comments.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lexed {
    /// The tokens in order.
    pub tokens: Vec<Token>,
    /// The bytes of each comment, marks included.
    pub comments: Vec<Range<usize>>,
}

/// Reads the bytes `range` of `text`, which lie on character boundaries.
pub fn lex(text: &str, range: Range<usize>) -> Lexed {
    let mut lexer = Lexer {
        text: &text[..range.end],
        at: range.start,
        out: Lexed::default(),
    };
    lexer.run();
    lexer.out
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    out: Lexed,
}

/// Whether a bare name can go on with this character.
fn goes_on(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '@' | '#' | '$')
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn run(&mut self) {
        while let Some(first) = self.rest().chars().next() {
            let start = self.at;
            let second = self.rest()[first.len_utf8()..].chars().next();
            let kind = match first {
                c if c.is_whitespace() || c == '\u{feff}' => {
                    self.at += c.len_utf8();
                    continue;
                }
                '-' if second == Some('-') => {
                    self.at += self.rest().find('\n').unwrap_or(self.rest().len());
                    self.out.comments.push(start..self.at);
                    continue;
                }
                '/' if second == Some('*') => {
                    self.block_comment();
                    self.out.comments.push(start..self.at);
                    continue;
                }
                '\'' => self.quoted(1, b'\'', Kind::Text),
                'n' | 'N' if second == Some('\'') => self.quoted(2, b'\'', Kind::Text),
                '"' => self.quoted(1, b'"', Kind::Name),
                '[' => self.quoted(1, b']', Kind::Name),
                '@' => self.word(Kind::Variable),
                c if c.is_alphabetic() || matches!(c, '_' | '#') => self.word(Kind::Word),
                c if c.is_ascii_digit()
                    || (matches!(c, '.' | '$') && second.is_some_and(|c| c.is_ascii_digit())) =>
                {
                    self.number()
                }
                c => {
                    self.at += c.len_utf8();
                    Kind::Symbol(c)
                }
            };
            self.out.tokens.push(Token {
                kind,
                start,
                end: self.at,
            });
        }
    }

    fn word(&mut self, kind: Kind) -> Kind {
        let rest = self.rest();
        self.at += rest.find(|c| !goes_on(c)).unwrap_or(rest.len());
        kind
    }

    fn number(&mut self) -> Kind {
        let bytes = self.text.as_bytes();
        let hexadecimal = matches!(bytes.get(self.at + 1), Some(b'x' | b'X'));
        self.at += 1;
        while let Some(byte) = bytes.get(self.at) {
            let exponent_sign = matches!(byte, b'+' | b'-')
                && matches!(bytes[self.at - 1], b'e' | b'E')
                && !hexadecimal;
            if !(byte.is_ascii_alphanumeric() || *byte == b'.' || exponent_sign) {
                break;
            }
            self.at += 1;
        }
        Kind::Number
    }

    fn quoted(&mut self, opening: usize, close: u8, kind: Kind) -> Kind {
        let bytes = self.text.as_bytes();
        self.at += opening;
        loop {
            match bytes.get(self.at..) {
                Some([a, b, ..]) if *a == close && *b == close => self.at += 2,
                Some([a, ..]) => {
                    self.at += 1;
                    if *a == close {
                        return kind;
                    }
                }
                _ => {
                    self.at = self.text.len();
                    return kind;
                }
            }
        }
    }

    fn block_comment(&mut self) {
        let bytes = self.text.as_bytes();
        let mut depth = 0_usize;
        loop {
            match bytes.get(self.at..) {
                Some([b'/', b'*', ..]) => {
                    depth += 1;
                    self.at += 2;
                }
                Some([b'*', b'/', ..]) => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                Some([_, ..]) => self.at += 1,
                _ => {
                    self.at = self.text.len();
                    return;
                }
            }
        }
    }
}

/// What a quoted name or a text constant stands for; the text itself for anything else.
pub fn value(written: &str) -> String {
    let (body, close) = match written.as_bytes() {
        [b'[', ..] => (&written[1..], ']'),
        [b'"', ..] => (&written[1..], '"'),
        [b'\'', ..] => (&written[1..], '\''),
        [b'n' | b'N', b'\'', ..] => (&written[2..], '\''),
        _ => return written.to_owned(),
    };
    let body = body.strip_suffix(close).unwrap_or(body);
    let doubled: String = [close, close].iter().collect();
    body.replace(&doubled, &close.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<(Kind, &str)> {
        let lexed = lex(text, 0..text.len());
        let token = |token: &Token| (token.kind, &text[token.start..token.end]);
        lexed.tokens.iter().map(token).collect()
    }

    #[test]
    fn tokens_are_those_of_t_sql() {
        use Kind::{Name, Number, Symbol, Text, Variable, Word};
        assert_eq!(
            shown("N'a''b' [a]]b] \"c\"\"d\" @x @@rowcount #t a.b 0xFE+1 1.5e-3 $5"),
            [
                (Text, "N'a''b'"),
                (Name, "[a]]b]"),
                (Name, "\"c\"\"d\""),
                (Variable, "@x"),
                (Variable, "@@rowcount"),
                (Word, "#t"),
                (Word, "a"),
                (Symbol('.'), "."),
                (Word, "b"),
                (Number, "0xFE"),
                (Symbol('+'), "+"),
                (Number, "1"),
                (Number, "1.5e-3"),
                (Number, "$5"),
            ]
        );
        let text = "a /* x /* y */ z */ b -- c\nd";
        let lexed = lex(text, 0..text.len());
        assert_eq!(lexed.tokens.len(), 3);
        assert_eq!(lexed.comments, [2..19, 22..26]);
    }

    #[test]
    fn values_are_without_quotes() {
        for (written, value) in [
            ("[a]]b]", "a]b"),
            ("\"a\"\"b\"", "a\"b"),
            ("N'it''s'", "it's"),
            ("plain", "plain"),
        ] {
            assert_eq!(super::value(written), value);
        }
    }
}

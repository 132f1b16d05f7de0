//! From text to tokens: the spellings of YAML, SQLite and T-SQL at once.
//!
//! Owns quoting, literals and comments. Which words are keywords is the parser's business.

use super::ParseError;

/// A token with the bytes that it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
}

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A bare word: a keyword, a name or a function.
    Word(String),
    /// A quoted name; never a keyword.
    Name(String),
    /// A text constant.
    Text(String),
    /// An unsigned number as written.
    Number(String),
    /// A constant of bytes.
    Bytes(Vec<u8>),
    /// An operator or punctuation, in its one spelling: `!=` is `<>`, `==` is `=`.
    Symbol(&'static str),
    /// The end of the text.
    End,
}

/// The tokens of a text, with [`Kind::End`] last.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, ParseError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blanks()?;
        let start = lexer.at;
        let kind = lexer.token()?;
        let end = kind == Kind::End;
        tokens.push(Token { kind, start });
        if end {
            return Ok(tokens);
        }
    }
}

/// Whether a name needs no quotes in any spelling, keywords aside.
pub(super) fn is_word(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Symbols, longer ones before their beginnings, each with the spelling that the parser knows.
const SYMBOLS: [(&str, &str); 22] = [
    ("||", "||"),
    ("==", "="),
    ("<>", "<>"),
    ("!=", "<>"),
    ("<=", "<="),
    (">=", ">="),
    ("!<", ">="),
    ("!>", "<="),
    ("<<", "<<"),
    (">>", ">>"),
    ("=", "="),
    ("<", "<"),
    (">", ">"),
    ("+", "+"),
    ("-", "-"),
    ("*", "*"),
    ("/", "/"),
    ("%", "%"),
    ("(", "("),
    (")", ")"),
    (",", ","),
    (".", "."),
];

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn skip_blanks(&mut self) -> Result<(), ParseError> {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start().len();
            self.at += blank;
            let rest = self.rest();
            if rest.starts_with("--") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if let Some(comment) = rest.strip_prefix("/*") {
                // SQLite ends a comment at the first `*/`; T-SQL nests them, but keeps none in
                // what it stores.
                match comment.find("*/") {
                    Some(end) => self.at += end + 4,
                    None => return Err(error("the comment is not closed by */", self.at)),
                }
            } else if blank == 0 {
                return Ok(());
            }
        }
    }

    fn token(&mut self) -> Result<Kind, ParseError> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Ok(Kind::End);
        };
        let second = rest[first.len_utf8()..].chars().next();
        match first {
            '\'' => self.quoted('\'').map(Kind::Text),
            'n' | 'N' if second == Some('\'') => {
                self.at += 1;
                self.quoted('\'').map(Kind::Text)
            }
            'x' | 'X' if second == Some('\'') => self.blob(),
            '"' => self.quoted('"').map(Kind::Name),
            '`' => self.quoted('`').map(Kind::Name),
            '[' => self.quoted(']').map(Kind::Name),
            '0' if matches!(second, Some('x' | 'X')) => self.hexadecimal(),
            '0'..='9' => self.number(),
            '.' if second.is_some_and(|next| next.is_ascii_digit()) => self.number(),
            first if first.is_alphabetic() || first == '_' => {
                let end = rest
                    .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$' | '#' | '@')))
                    .unwrap_or(rest.len());
                let word = rest[..end].to_owned();
                self.at += end;
                Ok(Kind::Word(word))
            }
            _ => self.symbol(first),
        }
    }

    fn symbol(&mut self, first: char) -> Result<Kind, ParseError> {
        let rest = self.rest();
        for (written, meant) in SYMBOLS {
            if rest.starts_with(written) {
                self.at += written.len();
                return Ok(Kind::Symbol(meant));
            }
        }
        let message = match first {
            '@' | ':' | '?' => "a parameter or variable cannot be part of a schema".to_owned(),
            '&' | '|' | '^' | '~' => format!("the bit operator `{first}` is not supported here"),
            ';' => "`;` does not belong into an expression".to_owned(),
            _ => format!("unexpected character {first:?}"),
        };
        Err(error(message, self.at))
    }

    /// Text up to `close`, which is doubled to stand for itself. The opening character has one
    /// byte.
    fn quoted(&mut self, close: char) -> Result<String, ParseError> {
        let start = self.at;
        let rest = &self.text[start + 1..];
        let mut value = String::new();
        let mut chars = rest.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            if c == close {
                if chars.next_if(|(_, next)| *next == close).is_none() {
                    self.at = start + 1 + at + 1;
                    return Ok(value);
                }
            } else if c == '\0' {
                return Err(error(
                    "a NUL character cannot be part of a schema",
                    start + 1 + at,
                ));
            }
            value.push(c);
        }
        let what = if close == '\'' { "text" } else { "name" };
        Err(error(
            format!("the quoted {what} is not closed by {close}"),
            start,
        ))
    }

    fn blob(&mut self) -> Result<Kind, ParseError> {
        let start = self.at;
        self.at += 1;
        let digits = self.quoted('\'')?;
        if digits.len() % 2 == 1 {
            return Err(error(
                "a byte is written as two hexadecimal digits: one digit is missing",
                start,
            ));
        }
        bytes(&digits, start)
    }

    fn hexadecimal(&mut self) -> Result<Kind, ParseError> {
        let start = self.at;
        let digits = self.rest()[2..]
            .split(|c: char| !c.is_alphanumeric())
            .next()
            .unwrap_or_default()
            .to_owned();
        self.at += 2 + digits.len();
        // T-SQL reads 0xF as the byte 0F.
        let padded = if digits.len() % 2 == 1 {
            format!("0{digits}")
        } else {
            digits
        };
        bytes(&padded, start)
    }

    fn number(&mut self) -> Result<Kind, ParseError> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let digits = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            at
        };
        let mut end = digits(start);
        if bytes.get(end) == Some(&b'.') {
            end = digits(end + 1);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits(end + 1 + sign);
            if exponent == end + 1 + sign {
                return Err(error("the exponent of the number has no digits", start));
            }
            end = exponent;
        }
        if let Some(next) = self.text[end..].chars().next()
            && (next.is_alphanumeric() || next == '_')
        {
            return Err(error(
                "a name that starts with a digit has to be quoted, as in \"1st\"",
                start,
            ));
        }
        self.at = end;
        Ok(Kind::Number(self.text[start..end].to_owned()))
    }
}

fn bytes(digits: &str, start: usize) -> Result<Kind, ParseError> {
    let nibbles: Option<Vec<u8>> = digits
        .chars()
        .map(|c| c.to_digit(16).map(|digit| digit as u8))
        .collect();
    let nibbles = nibbles.ok_or_else(|| {
        error(
            "bytes are written in hexadecimal digits, as in x'00ff'",
            start,
        )
    })?;
    Ok(Kind::Bytes(
        nibbles
            .chunks(2)
            .map(|pair| pair.iter().fold(0, |byte, nibble| byte << 4 | nibble))
            .collect(),
    ))
}

pub(super) fn error(message: impl Into<String>, offset: usize) -> ParseError {
    ParseError {
        message: message.into(),
        offset,
    }
}

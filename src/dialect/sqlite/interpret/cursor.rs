//! A place in the tokens of a statement, and the small steps that the parsers are made of.

use std::ops::Range;

use super::token::{Token, TokenKind, tokens};

/// Why a statement could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at byte {offset}")]
pub(super) struct Unreadable {
    /// What was expected.
    pub message: String,
    /// The byte at which something else was found.
    pub offset: usize,
}

/// A place in the tokens of a text, white space and comments left out.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    tokens: Vec<Token<'a>>,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// The start of a text.
    pub fn new(text: &'a str) -> Self {
        // Half of a statement's tokens are blank, and the others have some eight letters.
        let mut significant = Vec::with_capacity(text.len() / 6);
        significant.extend(tokens(text).filter(|token| !token.is_blank()));
        Self {
            text,
            tokens: significant,
            at: 0,
        }
    }

    /// The token here.
    pub fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    /// Whether nothing is left but a final semicolon.
    pub fn at_end(&self) -> bool {
        self.peek().is_none_or(|token| token.is_symbol(";"))
    }

    /// The token here, which is then passed.
    pub fn next(&mut self) -> Option<Token<'a>> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    /// The byte at which the token here starts.
    pub fn offset(&self) -> usize {
        self.peek().map_or(self.text.len(), |token| token.offset)
    }

    /// The text from a byte to the end of the last token passed, comments between included.
    pub fn since(&self, start: usize) -> &'a str {
        let end = match self.at.checked_sub(1) {
            None => start,
            Some(last) => self.tokens[last].end(),
        };
        &self.text[start..end.max(start)]
    }

    /// The text of a range of bytes.
    pub fn text(&self, range: Range<usize>) -> &'a str {
        &self.text[range]
    }

    /// Whether the keyword is here.
    pub fn at_word(&self, keyword: &str) -> bool {
        self.peek().is_some_and(|token| token.is_word(keyword))
    }

    /// Whether one of the keywords is here.
    pub fn at_any(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.at_word(keyword))
    }

    /// Whether the symbol is here.
    pub fn at_symbol(&self, symbol: &str) -> bool {
        self.peek().is_some_and(|token| token.is_symbol(symbol))
    }

    /// Passes the keywords if all of them are here.
    pub fn accept(&mut self, keywords: &[&str]) -> bool {
        let ahead = &self.tokens[self.at.min(self.tokens.len())..];
        let here = keywords.len() <= ahead.len()
            && keywords
                .iter()
                .zip(ahead)
                .all(|(keyword, token)| token.is_word(keyword));
        if here {
            self.at += keywords.len();
        }
        here
    }

    /// Passes the symbol if it is here.
    pub fn accept_symbol(&mut self, symbol: &str) -> bool {
        let here = self.at_symbol(symbol);
        self.at += usize::from(here);
        here
    }

    /// Passes the keywords, which must be here.
    pub fn expect(&mut self, keywords: &[&str]) -> Result<(), Unreadable> {
        if self.accept(keywords) {
            Ok(())
        } else {
            Err(self.expected(&keywords.join(" ")))
        }
    }

    /// Passes the symbol, which must be here.
    pub fn expect_symbol(&mut self, symbol: &str) -> Result<(), Unreadable> {
        if self.accept_symbol(symbol) {
            Ok(())
        } else {
            Err(self.expected(&format!("{symbol:?}")))
        }
    }

    /// Passes a name, bare or in any quotes: the engine takes text in single quotes for one too.
    pub fn name(&mut self) -> Result<String, Unreadable> {
        match self.peek() {
            Some(token)
                if matches!(
                    token.kind,
                    TokenKind::Word | TokenKind::Name | TokenKind::Text
                ) =>
            {
                self.at += 1;
                Ok(token.value().into_owned())
            }
            _ => Err(self.expected("a name")),
        }
    }

    /// Passes a name that may stand behind that of a database, which is left out.
    pub fn qualified_name(&mut self) -> Result<String, Unreadable> {
        let name = self.name()?;
        if self.accept_symbol(".") {
            return self.name();
        }
        Ok(name)
    }

    /// Passes a pair of parentheses with all that is between them, and returns that, with its
    /// comments.
    pub fn parenthesised(&mut self) -> Result<&'a str, Unreadable> {
        let open = self.offset();
        self.expect_symbol("(")?;
        self.skip_until(|_| false)?;
        let close = self.offset();
        self.expect_symbol(")")?;
        Ok(&self.text[open + 1..close])
    }

    /// Passes tokens until one outside of all parentheses ends the part: a closing parenthesis that
    /// was not opened, or one that `ends` says so of.
    pub fn skip_until(&mut self, ends: impl Fn(&Token<'a>) -> bool) -> Result<(), Unreadable> {
        let mut depth = 0_usize;
        while let Some(token) = self.peek() {
            if depth == 0 && (token.is_symbol(")") || ends(&token)) {
                return Ok(());
            }
            if token.kind == TokenKind::Unterminated {
                return Err(self.expected("the end of a literal, name or comment"));
            }
            if token.is_symbol("(") {
                depth += 1;
            } else if token.is_symbol(")") {
                depth -= 1;
            }
            self.at += 1;
        }
        Err(self.expected("\")\""))
    }

    /// That something else was expected here.
    pub fn expected(&self, what: &str) -> Unreadable {
        Unreadable {
            message: match self.peek() {
                None => format!("{what} is expected, but the text ends"),
                Some(token) => {
                    let found: String = token.text.chars().take(40).collect();
                    format!("{what} is expected instead of {found:?}")
                }
            },
            offset: self.offset(),
        }
    }

    /// Passes a final semicolon; nothing may follow.
    pub fn finish(&mut self) -> Result<(), Unreadable> {
        self.accept_symbol(";");
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.expected("the end of the statement")),
        }
    }
}

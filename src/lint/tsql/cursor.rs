//! A place in the tokens of a batch, and the steps that readers share.

use std::ops::Range;

use super::statement::{Name, Part};
use super::token::{Kind, Token, value};

/// Why a statement could not be read: the token at which it went on in an unknown way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread {
    /// The token, as a place in the batch.
    pub at: usize,
    /// What would have been understood there.
    pub expected: &'static str,
}

/// What readers return.
pub type Read<T> = Result<T, Unread>;

/// A place in the tokens of a batch.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a> {
    /// The whole file.
    pub text: &'a str,
    /// The tokens of the batch.
    pub tokens: &'a [Token],
    /// The next token.
    pub at: usize,
}

impl<'a> Cursor<'a> {
    /// The token `ahead` of the next one.
    pub fn peek(&self, ahead: usize) -> Option<Token> {
        self.tokens.get(self.at + ahead).copied()
    }

    /// Whether there is nothing left.
    pub fn is_done(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// The text of a token.
    pub fn text_of(&self, token: Token) -> &'a str {
        &self.text[token.start..token.end]
    }

    /// The bare word `ahead` of the next token.
    pub fn word(&self, ahead: usize) -> Option<&'a str> {
        let token = self.peek(ahead)?;
        (token.kind == Kind::Word).then(|| self.text_of(token))
    }

    /// Whether the token `ahead` is this keyword.
    pub fn is_at(&self, ahead: usize, keyword: &str) -> bool {
        self.word(ahead)
            .is_some_and(|word| word.eq_ignore_ascii_case(keyword))
    }

    /// Whether the next token is this keyword.
    pub fn is(&self, keyword: &str) -> bool {
        self.is_at(0, keyword)
    }

    /// Whether the next token is one of these keywords.
    pub fn is_any(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is(keyword))
    }

    /// Whether the next tokens are these keywords.
    pub fn are(&self, keywords: &[&str]) -> bool {
        let mut keywords = keywords.iter().enumerate();
        keywords.all(|(ahead, keyword)| self.is_at(ahead, keyword))
    }

    /// Whether the next token is this character.
    pub fn is_symbol(&self, symbol: char) -> bool {
        self.peek(0)
            .is_some_and(|token| token.kind == Kind::Symbol(symbol))
    }

    /// Takes these keywords, if they all stand here.
    pub fn take(&mut self, keywords: &[&str]) -> bool {
        let found = self.are(keywords);
        if found {
            self.at += keywords.len();
        }
        found
    }

    /// Takes one of these keywords.
    pub fn take_any(&mut self, keywords: &[&'static str]) -> Option<&'static str> {
        let found = keywords.iter().find(|keyword| self.is(keyword))?;
        self.at += 1;
        Some(found)
    }

    /// Takes this character.
    pub fn take_symbol(&mut self, symbol: char) -> bool {
        let found = self.is_symbol(symbol);
        if found {
            self.at += 1;
        }
        found
    }

    /// Stops the reader here.
    pub fn unread<T>(&self, expected: &'static str) -> Read<T> {
        Err(Unread {
            at: self.at,
            expected,
        })
    }

    /// Takes these keywords, which must stand here.
    pub fn expect(&mut self, keywords: &[&str], expected: &'static str) -> Read<()> {
        match self.take(keywords) {
            true => Ok(()),
            false => self.unread(expected),
        }
    }

    /// Takes this character, which must stand here.
    pub fn expect_symbol(&mut self, symbol: char, expected: &'static str) -> Read<()> {
        match self.take_symbol(symbol) {
            true => Ok(()),
            false => self.unread(expected),
        }
    }

    /// One identifier.
    pub fn part(&mut self, expected: &'static str) -> Read<Part> {
        match self.peek(0) {
            Some(token) if matches!(token.kind, Kind::Word | Kind::Name) => {
                self.at += 1;
                Ok(Part {
                    name: value(self.text_of(token)),
                    range: token.start..token.end,
                })
            }
            _ => self.unread(expected),
        }
    }

    /// A name with whatever stands before its dots. A part can be left out, as in `db..t`.
    pub fn name(&mut self, expected: &'static str) -> Read<Name> {
        let first = match self.peek(0) {
            // A table variable.
            Some(token) if token.kind == Kind::Variable => {
                self.at += 1;
                Part {
                    name: self.text_of(token).to_owned(),
                    range: token.start..token.end,
                }
            }
            _ => self.part(expected)?,
        };
        let start = first.range.start;
        let mut parts = vec![first];
        while self.take_symbol('.') {
            if self.is_symbol('.') {
                continue;
            }
            parts.push(self.part(expected)?);
        }
        let end = parts.last().map_or(start, |part| part.range.end);
        Ok(Name {
            parts,
            range: start..end,
        })
    }

    /// Identifiers between parentheses, each perhaps with a direction.
    pub fn columns(&mut self) -> Read<Vec<Part>> {
        self.expect_symbol('(', "a list of columns")?;
        let mut columns = Vec::new();
        loop {
            columns.push(self.part("a column")?);
            self.take_any(&["ASC", "DESC"]);
            if self.take_symbol(',') {
                continue;
            }
            self.expect_symbol(')', "`,` or `)` in a list of columns")?;
            return Ok(columns);
        }
    }

    /// What stands between parentheses, as places of tokens without them. Counts, and does not
    /// recurse.
    pub fn group(&mut self, expected: &'static str) -> Read<Range<usize>> {
        let opening = *self;
        self.expect_symbol('(', expected)?;
        let start = self.at;
        let mut depth = 1_usize;
        while let Some(token) = self.peek(0) {
            self.at += 1;
            match token.kind {
                Kind::Symbol('(') => depth += 1,
                Kind::Symbol(')') => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(start..self.at - 1);
                    }
                }
                _ => {}
            }
        }
        opening.unread("`)` for this `(`")
    }

    /// The bytes of a range of tokens; empty at its start when it has none.
    pub fn bytes(&self, tokens: &Range<usize>) -> Range<usize> {
        let all = &self.tokens[tokens.clone()];
        match (all.first(), all.last()) {
            (Some(first), Some(last)) => first.start..last.end,
            _ => {
                let at = self.tokens.get(tokens.start).map_or(0, |token| token.start);
                at..at
            }
        }
    }

    /// The names and bare words among a range of tokens, in lower case, functions included.
    pub fn words(&self, tokens: &Range<usize>) -> Vec<String> {
        let all = self.tokens[tokens.clone()].iter();
        all.filter(|token| matches!(token.kind, Kind::Word | Kind::Name))
            .map(|token| value(self.text_of(*token)).to_lowercase())
            .collect()
    }
}

//! A migration's SQL as a file, and the file as its statements.
//!
//! Owns where a statement ends and what the `-- dbtool:` lines at the head of a file say. What a
//! statement does is nobody's business here.

use super::interpret::token::{Token, TokenKind, tokens};
use crate::dialect::directive::{self, DEFER_FOREIGN_KEYS, Place, Reader};
use crate::dialect::{Batch, Script, SplitError};

/// The batches as a file. Dropping a table, which a rebuild does too, needs foreign keys out of the
/// way, and says so in a directive.
pub(super) fn script(headline: &[String], batches: &[Batch]) -> String {
    let mut out = String::new();
    for line in headline.iter().flat_map(|text| text.lines()) {
        out.push_str(&comment_line(line));
    }
    if drop_a_table(batches) {
        out.push_str(&comment_line(&format!("dbtool:{DEFER_FOREIGN_KEYS}")));
    }
    for batch in batches {
        if !out.is_empty() {
            out.push('\n');
        }
        for line in directive::lines(batch.autocommit.as_ref()) {
            out.push_str(&comment_line(&line));
        }
        for line in batch.comment.iter().flat_map(|text| text.split('\n')) {
            out.push_str(&comment_line(line));
        }
        out.push_str(&ended(&batch.sql));
    }
    out
}

/// A statement with its end, on lines of its own.
pub(super) fn ended(sql: &str) -> String {
    let commented = tokens(sql)
        .last()
        .is_some_and(|token| token.kind == TokenKind::Comment && token.text.starts_with("--"));
    format!("{sql}{}", if commented { "\n;\n" } else { ";\n" })
}

fn comment_line(line: &str) -> String {
    match line.trim_end() {
        "" => "--\n".to_owned(),
        line => format!("-- {line}\n"),
    }
}

/// Whether one of the batches drops a table, which foreign keys have to be off for.
pub(super) fn drop_a_table(batches: &[Batch]) -> bool {
    batches.iter().any(|batch| drops_a_table(&batch.sql))
}

fn drops_a_table(sql: &str) -> bool {
    let mut words = tokens(sql).filter(|token| !token.is_blank());
    let mut is = |word| words.next().is_some_and(|token| token.is_word(word));
    is("drop") && is("table")
}

/// Splits a file into its statements, each without its semicolon and with the comment lines right
/// above it.
///
/// # Errors
/// When the text ends inside a literal, a quoted name, a comment or a trigger, and when a
/// `-- dbtool:` line is not known or stands where it has no meaning.
pub(super) fn split(sql: &str) -> Result<Script, SplitError> {
    let mut script = Script::default();
    let mut reader = Reader::default();
    let mut statement: Option<Statement> = None;
    let mut comment = Vec::new();
    let mut line = 1;
    for token in tokens(sql) {
        if token.kind == TokenKind::Unterminated {
            return Err(SplitError {
                message: format!("{} is never closed", opened(token.text)),
                offset: token.offset,
            });
        }
        if let Some(line) = directive_line(&token) {
            let place = match (&statement, script.batches.is_empty()) {
                (Some(_), _) => Place::Within,
                (None, true) => Place::Head,
                (None, false) => Place::Between,
            };
            reader
                .read(line, place, token.offset, &mut script.directives)
                .map_err(|message| SplitError {
                    message,
                    offset: token.offset,
                })?;
            comment.clear();
        } else if let Some(open) = &mut statement {
            if open.ends_with(&token) {
                let sql = &sql[open.start..token.offset];
                let batch = batch(sql, std::mem::take(&mut comment), open.line);
                script.push(batch, &mut reader)?;
                statement = None;
            }
        } else {
            match token.kind {
                TokenKind::Comment if token.text.starts_with("--") => {
                    comment.push(token.text[2..].trim_end().to_owned());
                }
                // A blank line parts a comment from the statement below it.
                TokenKind::Space if newlines(token.text) > 1 => comment.clear(),
                TokenKind::Space | TokenKind::Comment => {}
                TokenKind::Symbol if token.text == ";" => comment.clear(),
                _ => {
                    let mut open = Statement::new(token.offset, line);
                    open.ends_with(&token);
                    statement = Some(open);
                }
            }
        }
        line += newlines(token.text);
    }
    if let Some(open) = statement {
        if open.is_open_trigger() {
            return Err(SplitError {
                message: "the trigger that starts here has no END; that closes it".to_owned(),
                offset: open.start,
            });
        }
        let batch = batch(&sql[open.start..], comment, open.line);
        script.push(batch, &mut reader)?;
    }
    reader.finish()?;
    Ok(script)
}

/// What an unterminated token began with, in words.
fn opened(text: &str) -> &'static str {
    match text.as_bytes().first() {
        Some(b'\'') => "the text that starts with ' here",
        Some(b'"') => "the name that starts with \" here",
        Some(b'`') => "the name that starts with ` here",
        Some(b'[') => "the name that starts with [ here",
        Some(b'/') => "the comment that starts with /* here",
        _ => "the literal that starts here",
    }
}

fn newlines(text: &str) -> u32 {
    u32::try_from(text.matches('\n').count()).unwrap_or(u32::MAX)
}

fn batch(sql: &str, comment: Vec<String>, line: u32) -> Batch {
    // A checkout with CRLF line ends must store the same text as one with LF.
    // Other blanks of Unicode are none to SQLite, but characters of a name.
    let sql = sql.replace("\r\n", "\n");
    let mut batch = Batch::new(sql.trim_end_matches(|it: char| it.is_ascii_whitespace()));
    batch.line = line;
    if !comment.is_empty() {
        let lines: Vec<&str> = comment
            .iter()
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .collect();
        batch.comment = Some(lines.join("\n"));
    }
    batch
}

/// The text after `-- dbtool:`, if the token is such a line.
fn directive_line<'a>(token: &Token<'a>) -> Option<&'a str> {
    if token.kind != TokenKind::Comment {
        return None;
    }
    let text = token.text.strip_prefix("--")?.trim();
    text.strip_prefix("dbtool:").map(str::trim)
}

/// A statement that has not ended yet.
struct Statement {
    start: usize,
    line: u32,
    state: State,
}

/// What has been seen of a statement, as far as it matters for its end. A trigger ends at `; END ;`
/// alone, as in SQLite's own `sqlite3_complete`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Create,
    Other,
    Trigger,
    TriggerSemicolon,
    TriggerEnd,
}

impl Statement {
    fn new(start: usize, line: u32) -> Self {
        Self {
            start,
            line,
            state: State::Start,
        }
    }

    fn is_open_trigger(&self) -> bool {
        matches!(self.state, State::Trigger | State::TriggerSemicolon)
    }

    /// Takes the next token in; true when it is the semicolon that ends the statement.
    fn ends_with(&mut self, token: &Token<'_>) -> bool {
        if token.is_blank() {
            return false;
        }
        let semicolon = token.is_symbol(";");
        self.state = match self.state {
            State::Start | State::Create | State::Other | State::TriggerEnd if semicolon => {
                return true;
            }
            State::Start if token.is_word("create") => State::Create,
            State::Create if token.is_word("temp") || token.is_word("temporary") => State::Create,
            State::Create if token.is_word("trigger") => State::Trigger,
            State::Start | State::Create | State::Other => State::Other,
            State::TriggerSemicolon if token.is_word("end") => State::TriggerEnd,
            State::Trigger | State::TriggerSemicolon | State::TriggerEnd if semicolon => {
                State::TriggerSemicolon
            }
            State::Trigger | State::TriggerSemicolon | State::TriggerEnd => State::Trigger,
        };
        false
    }
}

#[cfg(test)]
mod tests;

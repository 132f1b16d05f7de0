//! A migration's T-SQL as a file, and the file as its batches.
//!
//! `GO` is no T-SQL: it is a line that clients cut at. It counts only on a line of its own and
//! outside of text, quoted names and comments, which nest in T-SQL.

use std::ops::Range;

use super::create::ONLINE;
use crate::dialect::directive::{self, NO_TRANSACTION, Place, Reader};
use crate::dialect::{Batch, Directives, Script, SplitError};

/// The batches as a file.
pub(super) fn script(headline: &[String], batches: &[Batch]) -> String {
    let mut out = String::new();
    for line in headline.iter().flat_map(|text| text.lines()) {
        out.push_str(&comment_line(line));
    }
    if !batches.is_empty() && batches.iter().all(|batch| batch.sql.contains(ONLINE)) {
        // Each build is committed by itself, so that none keeps its locks while the next one runs.
        out.push_str(&comment_line(&format!("dbtool:{NO_TRANSACTION}")));
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
        out.push_str(&batch.sql);
        match batch.repeat {
            1 => out.push_str("\nGO\n"),
            times => out.push_str(&format!("\nGO {times}\n")),
        }
    }
    if out.is_empty() {
        out.push_str("-- Nothing to do.\n");
    }
    out
}

fn comment_line(line: &str) -> String {
    match line.trim_end() {
        "" => "--\n".to_owned(),
        line => format!("-- {line}\n"),
    }
}

/// Splits a file at its `GO` lines.
///
/// A batch comes without the comment lines right above it, which become its comment; comment lines
/// that a blank line parts from it are dropped. Batches without a statement are dropped too.
///
/// # Errors
/// When the text ends inside a text, a quoted name or a comment, when a `GO` line has more on it
/// than a count, and when a `-- dbtool:` line is not known or stands where it has no meaning.
pub(super) fn split(sql: &str) -> Result<Script, SplitError> {
    splitted(sql).map(|splitter| splitter.script)
}

/// The batches of a file by their bytes in it, with its directives.
///
/// # Errors
/// As [`split`].
pub(super) fn places(sql: &str) -> Result<(Vec<Range<usize>>, Directives), SplitError> {
    splitted(sql).map(|splitter| (splitter.places, splitter.script.directives))
}

fn splitted(sql: &str) -> Result<Splitter<'_>, SplitError> {
    let mut splitter = Splitter {
        text: sql,
        at: 0,
        line: 1,
        line_start: true,
        start: None,
        has_statement: false,
        comment: Vec::new(),
        after_comment: false,
        reader: Reader::default(),
        script: Script::default(),
        places: Vec::new(),
    };
    if sql.starts_with('\u{feff}') {
        splitter.at = '\u{feff}'.len_utf8();
    }
    splitter.run()?;
    splitter.reader.finish()?;
    Ok(splitter)
}

struct Splitter<'a> {
    text: &'a str,
    at: usize,
    /// The line of `at`, from 1.
    line: u32,
    /// Whether only blanks stand before `at` on its line.
    line_start: bool,
    /// Where the batch's SQL starts: byte and line.
    start: Option<(usize, u32)>,
    /// Whether anything but comments stands in the batch.
    has_statement: bool,
    /// Comment lines since the last statement or blank line.
    comment: Vec<String>,
    /// Whether the last line was a comment line, so that the next newline ends no blank line.
    after_comment: bool,
    reader: Reader,
    script: Script,
    /// The bytes of each batch of the script.
    places: Vec<Range<usize>>,
}

impl Splitter<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn error<T>(&self, offset: usize, message: impl Into<String>) -> Result<T, SplitError> {
        Err(SplitError {
            message: message.into(),
            offset,
        })
    }

    fn run(&mut self) -> Result<(), SplitError> {
        while let Some(c) = self.rest().chars().next() {
            if self.line_start && self.separator()? {
                continue;
            }
            match c {
                '\n' => {
                    if self.line_start && !self.after_comment && self.start.is_none() {
                        self.comment.clear();
                    }
                    self.after_comment = false;
                    self.line_start = true;
                    self.line += 1;
                    self.at += 1;
                }
                c if c.is_whitespace() => self.at += c.len_utf8(),
                '-' if self.rest().starts_with("--") => self.line_comment()?,
                '/' if self.rest().starts_with("/*") => {
                    self.begin(false);
                    self.block_comment()?;
                }
                '\'' => self.quoted('\'', "text that starts with '")?,
                '"' => self.quoted('"', "name that starts with \"")?,
                '[' => self.quoted(']', "name that starts with [")?,
                c => {
                    self.begin(true);
                    self.line_start = false;
                    self.at += c.len_utf8();
                }
            }
        }
        self.finish(self.text.len(), 1)
    }

    /// The batch's SQL starts here, unless it has already.
    fn begin(&mut self, with_statement: bool) {
        self.has_statement |= with_statement;
        if self.start.is_none() {
            self.start = Some((self.at, self.line));
        }
    }

    fn finish(&mut self, end: usize, repeat: u32) -> Result<(), SplitError> {
        let start = self.start.take();
        if let Some((start, line)) = start
            && std::mem::take(&mut self.has_statement)
        {
            // A checkout with CRLF line ends must run the same text as one with LF.
            let sql = self.text[start..end].replace("\r\n", "\n");
            let mut batch = Batch::new(sql.trim_end());
            batch.line = line;
            batch.repeat = repeat;
            if !self.comment.is_empty() {
                batch.comment = Some(self.comment.join("\n"));
            }
            self.script.push(batch, &mut self.reader)?;
            self.places.push(start..end);
        }
        self.comment.clear();
        Ok(())
    }

    fn line_comment(&mut self) -> Result<(), SplitError> {
        let start = self.at;
        let end = self
            .rest()
            .find('\n')
            .map_or(self.text.len(), |n| start + n);
        let text = &self.text[start + 2..end];
        self.at = end;
        if text.trim_start().starts_with("dbtool:") {
            let line = start + 2 + text.len() - text.trim_start().len() + "dbtool:".len();
            if self.start.is_none() {
                self.after_comment = true;
                self.comment.clear();
            }
            return self.directive(start, line);
        }
        if self.start.is_none() && self.line_start {
            let text = text.trim_end();
            self.comment
                .push(text.strip_prefix(' ').unwrap_or(text).to_owned());
            self.after_comment = true;
        }
        Ok(())
    }

    fn directive(&mut self, offset: usize, line: usize) -> Result<(), SplitError> {
        let place = match (self.start, self.script.batches.is_empty()) {
            (Some(_), _) => Place::Within,
            (None, true) => Place::Head,
            (None, false) => Place::Between,
        };
        let text = self.text[line..self.at].trim();
        let directives = &mut self.script.directives;
        let read = self.reader.read(text, place, offset, directives);
        read.map_err(|message| (offset, message).into())
    }

    fn block_comment(&mut self) -> Result<(), SplitError> {
        let start = self.at;
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
                        self.line_start = false;
                        return Ok(());
                    }
                }
                Some([byte, ..]) => {
                    self.line += u32::from(*byte == b'\n');
                    self.at += 1;
                }
                _ => return self.error(start, "the comment that starts with /* is never closed"),
            }
        }
    }

    /// A text or a name in quotes, in which the closing character is doubled to stand for itself.
    fn quoted(&mut self, close: char, what: &str) -> Result<(), SplitError> {
        self.begin(true);
        let start = self.at;
        let close = close as u8;
        let bytes = self.text.as_bytes();
        self.line_start = false;
        self.at += 1;
        loop {
            match bytes.get(self.at..) {
                Some([a, b, ..]) if *a == close && *b == close => self.at += 2,
                Some([byte, ..]) if *byte == close => {
                    self.at += 1;
                    return Ok(());
                }
                Some([byte, ..]) => {
                    self.line += u32::from(*byte == b'\n');
                    self.at += 1;
                }
                _ => return self.error(start, format!("the {what} is never closed")),
            }
        }
    }

    /// Takes a `GO` line, if there is one at this place.
    fn separator(&mut self) -> Result<bool, SplitError> {
        let rest = self.rest();
        let is_go = rest
            .get(..2)
            .is_some_and(|go| go.eq_ignore_ascii_case("go"));
        let next = rest.get(2..).and_then(|rest| rest.chars().next());
        // A longer word, such as a name, is no separator.
        if !is_go || next.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '@' | '#' | '$'))
        {
            return Ok(false);
        }
        let start = self.at;
        let line_end = rest.find('\n').map_or(self.text.len(), |n| start + n);
        let line = &self.text[start + 2..line_end];
        let (count, after) = split_count(line);
        if let Some(offset) = trailing(after) {
            let found = after[offset..].trim_end();
            let offset = line_end - after.len() + offset;
            let message = if found.starts_with(';') {
                "GO takes no semicolon: it is no statement, but the line that ends a batch"
                    .to_owned()
            } else {
                format!(
                    "a GO line takes nothing but a count and a comment, found `{found}`; \
                     a name is written [GO]"
                )
            };
            return self.error(offset, message);
        }
        let repeat = match count.map(str::parse::<u32>) {
            None => 1,
            Some(Ok(repeat)) if repeat > 0 => repeat,
            Some(_) => {
                return self.error(
                    start,
                    "the count of a GO line is a whole number from 1, as in GO 5",
                );
            }
        };
        self.finish(start, repeat)?;
        self.at = line_end;
        self.after_comment = true;
        Ok(true)
    }
}

/// The count behind `GO`, and the rest of the line.
fn split_count(line: &str) -> (Option<&str>, &str) {
    let rest = line.trim_start();
    let digits = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    match digits {
        0 => (None, rest),
        digits => (Some(&rest[..digits]), &rest[digits..]),
    }
}

/// Where something else than blanks and comments stands, if anything does.
fn trailing(text: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let blank = rest.len() - rest.trim_start().len();
        at += blank;
        let rest = &text[at..];
        if rest.is_empty() || rest.starts_with("--") {
            return None;
        }
        match comment_length(rest) {
            Some(length) => at += length,
            None => return Some(at),
        }
    }
}

/// The length of the block comment that a text starts with, if it does and the comment is closed.
/// Comments nest.
fn comment_length(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if depth == 0 {
            return None;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += rest.chars().next()?.len_utf8();
        }
    }
}

#[cfg(test)]
mod tests;

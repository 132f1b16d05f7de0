//! Cuts a text into statements, holds them to limits, and has each of them analysed.
//!
//! What a parser and a server could read in two ways is refused here, before anyone parses it.

use std::ops::Range;

use sqlparser::ast::Statement;
use sqlparser::dialect::{Dialect, MsSqlDialect, SQLiteDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, Whitespace};

use super::name::{self, Names};
use super::statement::Analyser;
use super::{Allowance, Denial, Guard, Judged, Verdict};
use crate::engine::Engine;

/// How deep a statement may nest. Its tree is walked by recursion.
const MAX_DEPTH: usize = 50;

/// How many operators and keywords a statement may have: a tree of `AND` is as deep as it is long,
/// and is taken down by recursion.
const MAX_OPERATORS: usize = 2_000;

/// The stack for parsing and walking, in bytes. The parser takes much of it for each level.
const STACK: usize = 64 * 1024 * 1024;

/// What opens an allowance.
const ALLOW: &str = "dbtool:allow-cross-tenant";

/// Something that stands against a statement, by its place in the text.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub(super) code: &'static str,
    pub(super) place: sqlparser::tokenizer::Span,
    pub(super) message: String,
    pub(super) help: String,
}

/// Judges a text on a thread of its own, whose stack holds whatever the limits let through.
pub(super) fn judge(guard: &Guard<'_>, sql: &str) -> Verdict {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("guard".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, || judge_here(guard, sql));
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(error) => Verdict {
                statements: vec![Judged {
                    range: 0..sql.len(),
                    denials: vec![Positions::new(sql).denial(
                        "guard/not-analysed",
                        0..0,
                        format!("the text was not analysed: no thread could be started ({error})"),
                        "try again with fewer processes".to_owned(),
                    )],
                    allowance: None,
                }],
            },
        }
    })
}

fn judge_here(guard: &Guard<'_>, sql: &str) -> Verdict {
    let positions = Positions::new(sql);
    let whole = || {
        let start = sql.len() - sql.trim_start().len();
        start..sql.trim_end().len().max(start)
    };
    let refuse = |range: Range<usize>, message: String, help: &str| Verdict {
        statements: vec![Judged {
            range: whole(),
            denials: vec![positions.denial("guard/not-parsed", range, message, help.to_owned())],
            allowance: None,
        }],
    };
    if let Some((at, character)) = stray(sql) {
        return refuse(
            at..at + character.len_utf8(),
            format!(
                "the text has the control character U+{:04X}, which the database and its clients \
                 read in different ways, so it was not analysed",
                u32::from(character)
            ),
            "remove it",
        );
    }
    let dialect: &dyn Dialect = match guard.engine {
        Engine::Mssql => &MsSqlDialect {},
        Engine::Sqlite => &SQLiteDialect {},
    };
    let tokens = match Tokenizer::new(dialect, sql).tokenize_with_location() {
        Ok(tokens) => tokens,
        Err(error) => {
            let at = positions.offset(error.location);
            return refuse(
                at..at,
                format!("it cannot be read: {}", error.message),
                "close what is open, and write it in plain SQL",
            );
        }
    };
    let names = Names::new(guard);
    let statements = segments(guard.engine, &tokens)
        .into_iter()
        .filter_map(|segment| judge_segment(guard, &names, dialect, segment, sql, &positions))
        .collect();
    Verdict { statements }
}

/// The tokens of each statement: cut at semicolons, and in T-SQL at `GO` lines, at which clients
/// cut.
fn segments(engine: Engine, tokens: &[TokenWithSpan]) -> Vec<&[TokenWithSpan]> {
    let mut segments = Vec::new();
    let mut start = 0;
    let mut at = 0;
    while at < tokens.len() {
        let ends = match tokens[at].token {
            Token::SemiColon => 1,
            _ if engine == Engine::Mssql => go(tokens, at),
            _ => 0,
        };
        if ends > 0 {
            segments.push(&tokens[start..at]);
            start = at + ends;
        }
        at += ends.max(1);
    }
    segments.push(&tokens[start..]);
    segments
}

/// How many tokens from here make up a `GO` line, with its count if it has one; 0 when it is none.
fn go(tokens: &[TokenWithSpan], at: usize) -> usize {
    let line = tokens[at].span.start.line;
    let solid = |token: &&TokenWithSpan| !matches!(token.token, Token::Whitespace(_) | Token::EOF);
    let is_go = matches!(
        &tokens[at].token,
        Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("go")
    );
    let before = tokens[..at].iter().rfind(solid);
    if !is_go || before.is_some_and(|token| token.span.end.line >= line) {
        return 0;
    }
    let rest: Vec<_> = tokens[at + 1..]
        .iter()
        .enumerate()
        .take_while(|(_, token)| token.span.start.line == line)
        .filter(|(_, token)| solid(token))
        .collect();
    match rest.as_slice() {
        [] => 1,
        [(offset, count)] if matches!(count.token, Token::Number(..)) => offset + 2,
        _ => 0,
    }
}

fn judge_segment(
    guard: &Guard<'_>,
    names: &Names<'_>,
    dialect: &dyn Dialect,
    segment: &[TokenWithSpan],
    sql: &str,
    positions: &Positions<'_>,
) -> Option<Judged> {
    let solid = |token: &&TokenWithSpan| !matches!(token.token, Token::Whitespace(_) | Token::EOF);
    let first = segment.iter().find(solid)?;
    let last = segment.iter().rfind(solid)?;
    let range = positions.offset(first.span.start)..positions.offset(last.span.end);
    let allowance = allowance(segment, first, sql, positions);
    let findings = match limits(guard, names, segment, first) {
        Some(finding) => vec![finding],
        None => match parse(dialect, segment) {
            Ok(statement) => Analyser::new(guard, names, first.span)
                .statement(&statement, &first.token.to_string()),
            Err(error) => vec![not_parsed(&error, first)],
        },
    };
    let mut denials: Vec<Denial> = findings
        .into_iter()
        .map(|finding| {
            let place = match finding.place.start.line {
                0 => first.span,
                _ => finding.place,
            };
            let range = positions.offset(place.start)..positions.offset(place.end);
            positions.denial(finding.code, range, finding.message, finding.help)
        })
        .collect();
    denials.sort_by(|a, b| (a.range.start, a.code).cmp(&(b.range.start, b.code)));
    denials.dedup();
    Some(Judged {
        range,
        denials,
        allowance,
    })
}

fn parse(dialect: &dyn Dialect, segment: &[TokenWithSpan]) -> Result<Statement, ParserError> {
    let mut parser = Parser::new(dialect)
        .with_recursion_limit(MAX_DEPTH)
        .with_tokens_with_locations(segment.to_vec());
    let statement = parser.parse_statement()?;
    match parser.next_token() {
        token if token.token == Token::EOF => Ok(statement),
        token => Err(ParserError::ParserError(format!(
            "the statement should end before {}{}",
            token.token, token.span.start
        ))),
    }
}

fn not_parsed(error: &ParserError, first: &TokenWithSpan) -> Finding {
    let (text, place) = match error {
        ParserError::RecursionLimitExceeded => (format!("it nests deeper than {MAX_DEPTH}"), None),
        ParserError::ParserError(text) | ParserError::TokenizerError(text) => located(text),
    };
    Finding {
        code: "guard/not-parsed",
        place: place.unwrap_or(first.span),
        message: format!("the statement was not analysed, so it is denied: {text}"),
        help:
            "write it as a plain query, INSERT, UPDATE, DELETE or MERGE; end each statement with \
               a semicolon"
                .to_owned(),
    }
}

/// The parser puts the place at the end of its message: ` at Line: 1, Column: 7`.
fn located(text: &str) -> (String, Option<sqlparser::tokenizer::Span>) {
    let found = text.rsplit_once(" at Line: ").and_then(|(message, place)| {
        let (line, column) = place.split_once(", Column: ")?;
        let at = Location::new(line.parse().ok()?, column.trim().parse().ok()?);
        (at.line > 0).then(|| (message.to_owned(), at))
    });
    match found {
        Some((message, at)) => (message, Some(sqlparser::tokenizer::Span::new(at, at))),
        None => (text.to_owned(), None),
    }
}

/// What keeps a statement from being parsed at all.
fn limits(
    guard: &Guard<'_>,
    names: &Names<'_>,
    segment: &[TokenWithSpan],
    first: &TokenWithSpan,
) -> Option<Finding> {
    let refuse = |code, token: &TokenWithSpan, message: String, help: &str| {
        Some(Finding {
            code,
            place: token.span,
            message,
            help: help.to_owned(),
        })
    };
    let (mut depth, mut operators) = (0_usize, 0_usize);
    for token in segment {
        match &token.token {
            Token::Whitespace(Whitespace::MultiLineComment(comment)) => {
                // Comments nest on SQL Server and do not on SQLite.
                if comment.contains("/*") {
                    return refuse(
                        "guard/not-parsed",
                        token,
                        "a comment opens another one, and engines differ on where it ends".into(),
                        "take the inner comment out",
                    );
                }
            }
            Token::Whitespace(_) | Token::Comma | Token::Period | Token::EOF => {}
            Token::LParen => {
                depth += 1;
                if depth > MAX_DEPTH {
                    let message = format!(
                        "the statement nests deeper than {MAX_DEPTH}, so it was not analysed"
                    );
                    return refuse("guard/not-parsed", token, message, "write it flatter");
                }
            }
            Token::RParen => depth = depth.saturating_sub(1),
            Token::Word(word) => {
                if let Some(why) = name::unreadable(&word.value, names) {
                    let message = format!("{:?} {why}, so it was not analysed", word.value);
                    let help = "write names in plain letters and digits, as the schema does";
                    return refuse("guard/name", token, message, help);
                }
                if guard.engine == Engine::Mssql && word.value.starts_with('#') {
                    return refuse(
                        "guard/unknown-table",
                        token,
                        format!(
                            "{} is a temporary table, of whose rows nobody knows the tenant",
                            word.value
                        ),
                        "use a common table expression",
                    );
                }
                if word.quote_style.is_none()
                    && !matches!(word.keyword, Keyword::NoKeyword | Keyword::NULL)
                {
                    operators += 1;
                }
            }
            Token::Placeholder(name) if guard.engine == Engine::Mssql && name != "?" => {
                let message = format!("{name} is a pseudo-column, so it was not analysed");
                let help = "name a column of the schema, or a parameter that begins with @";
                return refuse("guard/name", token, message, help);
            }
            Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::NationalStringLiteral(_)
            | Token::HexStringLiteral(_)
            | Token::Placeholder(_)
            | Token::AtSign => {}
            _ => operators += 1,
        }
    }
    if operators > MAX_OPERATORS {
        let message = format!(
            "the statement has more than {MAX_OPERATORS} operators and keywords, so it was not \
             analysed"
        );
        return refuse(
            "guard/not-parsed",
            first,
            message,
            "cut it into several statements",
        );
    }
    None
}

/// The first character that clients and servers read in different ways: NUL ends a statement for
/// some, and a lone carriage return ends a comment for some.
fn stray(sql: &str) -> Option<(usize, char)> {
    let mut characters = sql.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        let fine = match character {
            '\n' | '\t' => true,
            '\r' => next == Some('\n'),
            '\u{2028}' | '\u{2029}' => false,
            // A byte-order mark at the very beginning is no part of the text.
            '\u{feff}' => false,
            other => !other.is_control(),
        };
        if !fine {
            return Some((at, character));
        }
    }
    None
}

/// The comment on the line right above the first word that allows the statement, comment lines
/// between the two included.
fn allowance(
    segment: &[TokenWithSpan],
    first: &TokenWithSpan,
    sql: &str,
    positions: &Positions<'_>,
) -> Option<Allowance> {
    let mut line = first.span.start.line;
    let above = segment
        .iter()
        .take_while(|token| token.span.start < first.span.start);
    let comments: Vec<_> = above
        .filter_map(|token| match &token.token {
            Token::Whitespace(Whitespace::SingleLineComment { comment, .. }) => {
                Some((token.span, comment.trim()))
            }
            _ => None,
        })
        .collect();
    for (span, comment) in comments.into_iter().rev() {
        if span.start.line + 1 != line {
            return None;
        }
        line = span.start.line;
        let Some(rest) = comment.strip_prefix(ALLOW) else {
            continue;
        };
        if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
            continue;
        }
        let start = positions.offset(span.start);
        let length = sql[start..].find('\n').unwrap_or(sql.len() - start);
        let reason = Some(rest.trim().to_owned()).filter(|reason| !reason.is_empty());
        return Some(Allowance {
            range: start..start + sql[start..start + length].trim_end().len(),
            reason,
        });
    }
    None
}

/// From the parser's lines and columns to bytes.
struct Positions<'s> {
    sql: &'s str,
    lines: Vec<usize>,
}

impl<'s> Positions<'s> {
    fn new(sql: &'s str) -> Self {
        let starts = sql.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            sql,
            lines: std::iter::once(0).chain(starts).collect(),
        }
    }

    fn offset(&self, at: Location) -> usize {
        let line = usize::try_from(at.line).unwrap_or(usize::MAX).max(1) - 1;
        let Some(start) = self.lines.get(line) else {
            return self.sql.len();
        };
        let column = usize::try_from(at.column).unwrap_or(usize::MAX).max(1) - 1;
        let rest = &self.sql[*start..];
        rest.char_indices()
            .nth(column)
            .map_or(self.sql.len(), |(at, _)| start + at)
    }

    fn denial(
        &self,
        code: &'static str,
        range: Range<usize>,
        message: String,
        help: String,
    ) -> Denial {
        let line = self.lines.partition_point(|start| *start <= range.start);
        let start = self.lines[line - 1];
        Denial {
            code,
            line,
            column: self.sql[start..range.start].chars().count() + 1,
            range,
            message,
            help,
        }
    }
}

//! From the text of a CREATE statement to its syntax.
//!
//! Owns SQLite's grammar of CREATE TABLE, CREATE INDEX and CREATE TRIGGER as far as the engine
//! accepts it, whoever wrote it (<https://www.sqlite.org/lang_createtable.html>, and `parse.y`
//! where that is silent). Expressions are cut out by balanced parentheses, so that the depth of
//! what people nest is no matter.

use super::constraint::{column_constraint, table_constraint};
use super::cursor::{Cursor, Unreadable};
use super::key::key_parts;
use super::syntax::{Column, Index, Table, Trigger};
use super::token::{Token, TokenKind, normalised};

pub(super) type Parsed<T> = Result<T, Unreadable>;

/// Reads CREATE TABLE.
///
/// # Errors
/// When it is none, as with a virtual table.
pub(super) fn table(text: &str) -> Parsed<Table<'_>> {
    let mut at = Cursor::new(text);
    at.expect(&["create"])?;
    let _ = at.accept(&["temp"]) || at.accept(&["temporary"]);
    at.expect(&["table"])?;
    at.accept(&["if", "not", "exists"]);
    at.qualified_name()?;
    at.expect_symbol("(")?;
    let mut table = Table {
        columns: Vec::new(),
        constraints: Vec::new(),
        strict: false,
        without_rowid: false,
    };
    loop {
        if at_table_constraint(&at) {
            // The commas between table constraints may be left out.
            while !at.at_symbol(")") {
                table.constraints.extend(table_constraint(&mut at)?);
                at.accept_symbol(",");
            }
        } else {
            table.columns.push(column(&mut at)?);
        }
        if !at.accept_symbol(",") {
            break;
        }
    }
    at.expect_symbol(")")?;
    while !at.at_end() {
        if at.accept(&["strict"]) {
            table.strict = true;
        } else if at.accept(&["without", "rowid"]) {
            table.without_rowid = true;
        } else if !at.accept_symbol(",") {
            return Err(at.expected("STRICT or WITHOUT ROWID"));
        }
    }
    at.finish()?;
    Ok(table)
}

/// Reads CREATE INDEX.
///
/// # Errors
/// When it is none.
pub(super) fn index(text: &str) -> Parsed<Index<'_>> {
    let mut at = Cursor::new(text);
    at.expect(&["create"])?;
    let unique = at.accept(&["unique"]);
    at.expect(&["index"])?;
    at.accept(&["if", "not", "exists"]);
    at.qualified_name()?;
    at.expect(&["on"])?;
    at.name()?;
    let columns = key_parts(&mut at)?.0;
    let filter = if at.accept(&["where"]) {
        let start = at.offset();
        while at.peek().is_some_and(|token| !token.is_symbol(";")) {
            at.next();
        }
        Some(at.since(start))
    } else {
        None
    };
    at.finish()?;
    Ok(Index {
        unique,
        columns,
        filter,
    })
}

/// Reads CREATE TRIGGER.
///
/// # Errors
/// When it is none.
pub(super) fn trigger(text: &str) -> Parsed<Trigger<'_>> {
    let mut at = Cursor::new(text);
    at.expect(&["create"])?;
    let _ = at.accept(&["temp"]) || at.accept(&["temporary"]);
    at.expect(&["trigger"])?;
    at.accept(&["if", "not", "exists"]);
    at.qualified_name()?;
    let start = at.offset();
    while !at.at_word("on") {
        at.next().ok_or_else(|| at.expected("ON"))?;
    }
    let event = normalised(at.since(start)).to_uppercase();
    at.expect(&["on"])?;
    at.qualified_name()?;
    at.accept(&["for", "each", "row"]);
    let start = at.offset();
    while at.next().is_some() {}
    Ok(Trigger {
        event,
        body: at.since(start),
    })
}

fn at_table_constraint(at: &Cursor<'_>) -> bool {
    at.at_any(&["constraint", "primary", "unique", "check", "foreign"])
}

fn column<'a>(at: &mut Cursor<'a>) -> Parsed<Column<'a>> {
    let start = at.offset();
    let name = at.name()?;
    let mut column = Column {
        ty: declared_type(at)?,
        constraints: Vec::new(),
        text: "",
        name,
    };
    while !at.at_symbol(",") && !at.at_symbol(")") {
        if let Some(constraint) = column_constraint(at, &mut column)? {
            column.constraints.push(constraint);
        }
    }
    column.text = at.since(start);
    Ok(column)
}

/// The words up to the first constraint, and a length or precision.
///
/// To the engine GENERATED ALWAYS are words of the type, which it takes off again.
fn declared_type(at: &mut Cursor<'_>) -> Parsed<String> {
    let start = at.offset();
    let mut words = Vec::new();
    while let Some(token) = at.peek() {
        let named = matches!(token.kind, TokenKind::Name | TokenKind::Text);
        if !named && (token.kind != TokenKind::Word || starts_constraint(&token)) {
            break;
        }
        words.push(token);
        at.next();
    }
    if let [before @ .., generated, always] = words.as_slice()
        && generated.is_word("generated")
        && always.is_word("always")
    {
        let end = before.last().map_or(start, Token::end);
        return Ok(normalised(at.text(start..end)));
    }
    if words.is_empty() {
        return Ok(String::new());
    }
    if at.at_symbol("(") {
        at.parenthesised()?;
    }
    Ok(normalised(at.since(start)))
}

fn starts_constraint(token: &Token<'_>) -> bool {
    const KEYWORDS: [&str; 11] = [
        "as",
        "check",
        "collate",
        "constraint",
        "default",
        "deferrable",
        "not",
        "null",
        "primary",
        "references",
        "unique",
    ];
    KEYWORDS.iter().any(|keyword| token.is_word(keyword))
}

//! From the text of a CREATE statement to its syntax.
//!
//! Owns SQLite's grammar of CREATE TABLE, CREATE INDEX and CREATE TRIGGER as far as the engine
//! accepts it, whoever wrote it (<https://www.sqlite.org/lang_createtable.html>, and `parse.y`
//! where that is silent). Expressions are cut out by balanced parentheses, so that the depth of
//! what people nest is no matter.

use super::cursor::{Cursor, Unreadable};
use super::syntax::{Column, Constraint, Index, KeyPart, Rule, Table, Target, Trigger};
use super::token::{Token, TokenKind, normalised, tokens};

type Parsed<T> = Result<T, Unreadable>;

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

/// One constraint of a column. `None` for what adds to the one before, and for a name that no
/// constraint follows, which means nothing to the engine.
fn column_constraint<'a>(
    at: &mut Cursor<'a>,
    column: &mut Column<'a>,
) -> Parsed<Option<Constraint<'a>>> {
    let start = at.offset();
    let Some(name) = constraint_name(at)? else {
        return Ok(None);
    };
    let own = |descending| KeyPart {
        column: Some(column.name.clone()),
        collation: None,
        descending,
        text: "",
    };
    let mut on_conflict = None;
    let rule = if at.accept(&["primary", "key"]) {
        let columns = vec![own(direction(at))];
        on_conflict = conflict(at)?;
        let autoincrement = at.accept(&["autoincrement"]);
        Rule::PrimaryKey {
            columns,
            autoincrement,
        }
    } else if at.accept(&["unique"]) {
        on_conflict = conflict(at)?;
        Rule::Unique {
            columns: vec![own(false)],
        }
    } else if at.accept(&["not", "null"]) {
        on_conflict = conflict(at)?;
        Rule::NotNull
    } else if at.accept(&["null"]) {
        on_conflict = conflict(at)?;
        Rule::Null
    } else if at.accept(&["check"]) {
        Rule::Check {
            expression: at.parenthesised()?,
        }
    } else if at.accept(&["default"]) {
        Rule::Default {
            value: default_value(at)?,
        }
    } else if at.accept(&["collate"]) {
        Rule::Collate {
            collation: at.name()?,
        }
    } else if at.at_word("references") {
        Rule::ForeignKey {
            columns: vec![column.name.clone()],
            target: target(at)?,
        }
    } else if at.at_any(&["deferrable", "not"]) {
        let deferred = deferral(at)?;
        if let Some(Constraint {
            rule: Rule::ForeignKey { target, .. },
            ..
        }) = column.constraints.last_mut()
        {
            target.deferred = deferred;
        }
        return Ok(None);
    } else if at.accept(&["generated", "always", "as"]) || at.accept(&["as"]) {
        let expression = at.parenthesised()?;
        let stored = at.accept(&["stored"]);
        if !stored {
            at.accept(&["virtual"]);
        }
        Rule::Generated { expression, stored }
    } else {
        return Err(at.expected("a column constraint"));
    };
    Ok(Some(Constraint {
        name,
        rule,
        on_conflict,
        text: at.since(start),
    }))
}

/// One constraint of a table. `None` for a name that no constraint follows.
fn table_constraint<'a>(at: &mut Cursor<'a>) -> Parsed<Option<Constraint<'a>>> {
    let start = at.offset();
    let Some(name) = constraint_name(at)? else {
        return Ok(None);
    };
    let rule = if at.accept(&["primary", "key"]) {
        let (columns, autoincrement) = key_parts(at)?;
        Rule::PrimaryKey {
            columns,
            autoincrement,
        }
    } else if at.accept(&["unique"]) {
        Rule::Unique {
            columns: key_parts(at)?.0,
        }
    } else if at.accept(&["check"]) {
        Rule::Check {
            expression: at.parenthesised()?,
        }
    } else if at.accept(&["foreign", "key"]) {
        let columns = column_names(at)?;
        let mut target = target(at)?;
        if at.at_any(&["deferrable", "not"]) {
            target.deferred = deferral(at)?;
        }
        Rule::ForeignKey { columns, target }
    } else {
        return Err(at.expected("a table constraint"));
    };
    let on_conflict = conflict(at)?;
    Ok(Some(Constraint {
        name,
        rule,
        on_conflict,
        text: at.since(start),
    }))
}

/// The name of the constraint that follows, which may have none; outer `None` when no constraint
/// follows the name.
fn constraint_name(at: &mut Cursor<'_>) -> Parsed<Option<Option<String>>> {
    let mut name = None;
    while at.accept(&["constraint"]) {
        name = Some(at.name()?);
        if at.at_symbol(",") || at.at_symbol(")") {
            return Ok(None);
        }
    }
    Ok(Some(name))
}

/// `5`, `-5`, `'text'`, `current_timestamp`, `(expression)`.
fn default_value<'a>(at: &mut Cursor<'a>) -> Parsed<&'a str> {
    if at.at_symbol("(") {
        return Ok(without_parentheses(at.parenthesised()?));
    }
    let start = at.offset();
    if at.at_symbol("-") || at.at_symbol("+") {
        at.next();
    }
    let valued = |token: Token<'_>| {
        !matches!(
            token.kind,
            TokenKind::Symbol | TokenKind::Unterminated | TokenKind::Parameter
        )
    };
    if !at.peek().is_some_and(valued) {
        return Err(at.expected("a value"));
    }
    at.next();
    Ok(at.since(start))
}

/// The text without the parentheses around the whole of it.
pub(super) fn without_parentheses(text: &str) -> &str {
    let all: Vec<Token<'_>> = tokens(text).filter(|token| !token.is_blank()).collect();
    match unwrapped(&all) {
        [] => "",
        [first, .., last] => &text[first.offset..last.end()],
        [only] => only.text,
    }
}

/// The tokens without the parentheses around all of them.
fn unwrapped<'t, 'a>(tokens: &'t [Token<'a>]) -> &'t [Token<'a>] {
    let opening = tokens
        .iter()
        .take_while(|token| token.is_symbol("("))
        .count();
    let closing = tokens
        .iter()
        .rev()
        .take_while(|token| token.is_symbol(")"))
        .count();
    let inner = &tokens[opening..tokens.len().saturating_sub(closing).max(opening)];
    let mut depth = opening;
    let mut lowest = opening;
    for token in inner {
        if token.is_symbol("(") {
            depth += 1;
        } else if token.is_symbol(")") {
            depth = depth.saturating_sub(1);
            lowest = lowest.min(depth);
        }
    }
    let around = lowest.min(closing);
    tokens.get(around..tokens.len() - around).unwrap_or(&[])
}

/// ASC or DESC, if it is there; true for DESC.
fn direction(at: &mut Cursor<'_>) -> bool {
    if at.accept(&["desc"]) {
        return true;
    }
    at.accept(&["asc"]);
    false
}

/// ON CONFLICT, if it is there.
fn conflict(at: &mut Cursor<'_>) -> Parsed<Option<String>> {
    if at.accept(&["on", "conflict"]) {
        return Ok(Some(at.name()?.to_uppercase()));
    }
    Ok(None)
}

/// REFERENCES with its actions, without deferral.
fn target(at: &mut Cursor<'_>) -> Parsed<Target> {
    at.expect(&["references"])?;
    let mut target = Target {
        table: at.name()?,
        ..Target::default()
    };
    if at.at_symbol("(") {
        target.columns = column_names(at)?;
    }
    loop {
        if at.accept(&["on", "delete"]) {
            target.on_delete = Some(action(at)?);
        } else if at.accept(&["on", "update"]) {
            target.on_update = Some(action(at)?);
        } else if at.accept(&["on", "insert"]) {
            // The engine reads it and forgets it, and MATCH too.
            action(at)?;
        } else if at.accept(&["match"]) {
            at.name()?;
        } else {
            return Ok(target);
        }
    }
}

fn action(at: &mut Cursor<'_>) -> Parsed<String> {
    for action in [
        &["no", "action"][..],
        &["set", "null"],
        &["set", "default"],
        &["cascade"],
        &["restrict"],
    ] {
        if at.accept(action) {
            return Ok(action.join(" ").to_uppercase());
        }
    }
    Err(at.expected("an action"))
}

/// Whether it says that the key is checked at the end of the transaction.
fn deferral(at: &mut Cursor<'_>) -> Parsed<bool> {
    let never = at.accept(&["not"]);
    at.expect(&["deferrable"])?;
    if at.accept(&["initially", "deferred"]) {
        return Ok(!never);
    }
    at.accept(&["initially", "immediate"]);
    Ok(false)
}

/// Column names in parentheses. The engine reads a collation or direction there and forgets it.
fn column_names(at: &mut Cursor<'_>) -> Parsed<Vec<String>> {
    at.expect_symbol("(")?;
    let mut names = Vec::new();
    loop {
        names.push(at.name()?);
        if at.accept(&["collate"]) {
            at.name()?;
        }
        direction(at);
        if !at.accept_symbol(",") {
            break;
        }
    }
    at.expect_symbol(")")?;
    Ok(names)
}

/// The parts of a key in parentheses, and whether AUTOINCREMENT stands behind the last.
fn key_parts<'a>(at: &mut Cursor<'a>) -> Parsed<(Vec<KeyPart<'a>>, bool)> {
    at.expect_symbol("(")?;
    let mut parts = Vec::new();
    let mut autoincrement = false;
    loop {
        let start = at.offset();
        at.skip_until(|token| token.is_symbol(",") || token.is_word("autoincrement"))?;
        let part = key_part(at.since(start));
        parts.push(part);
        autoincrement |= at.accept(&["autoincrement"]);
        if !at.accept_symbol(",") {
            break;
        }
    }
    at.expect_symbol(")")?;
    Ok((parts, autoincrement))
}

/// `expression [COLLATE name] [ASC | DESC] [NULLS FIRST | NULLS LAST]`, read from its end.
fn key_part(text: &str) -> KeyPart<'_> {
    let all: Vec<Token<'_>> = tokens(text).filter(|token| !token.is_blank()).collect();
    let mut rest = all.as_slice();
    let mut descending = false;
    let mut odd = false;
    if let [before @ .., nulls, order] = rest
        && nulls.is_word("nulls")
        && (order.is_word("first") || order.is_word("last"))
    {
        rest = before;
        odd = true;
    }
    if let [before @ .., direction] = rest
        && !before.is_empty()
        && (direction.is_word("asc") || direction.is_word("desc"))
    {
        descending = direction.is_word("desc");
        rest = before;
    }
    let mut collation = None;
    rest = unwrapped(rest);
    if let [before @ .., keyword, name] = rest
        && keyword.is_word("collate")
    {
        collation = Some(name.value().into_owned());
        rest = unwrapped(before);
    }
    let column = match rest {
        [only] if !odd => match only.kind {
            TokenKind::Word | TokenKind::Name | TokenKind::Text => Some(only.value().into_owned()),
            _ => None,
        },
        _ => None,
    };
    KeyPart {
        column,
        collation,
        descending,
        text,
    }
}

//! The grammar of constraints, those of a column and those of a table.

use super::create::Parsed;
use super::cursor::Cursor;
use super::key::{direction, key_parts, without_parentheses};
use super::syntax::{Column, Constraint, KeyPart, Rule, Target};
use super::token::{Token, TokenKind};

/// One constraint of a column. `None` for what adds to the one before, and for a name that no
/// constraint follows, which means nothing to the engine.
pub(super) fn column_constraint<'a>(
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
pub(super) fn table_constraint<'a>(at: &mut Cursor<'a>) -> Parsed<Option<Constraint<'a>>> {
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

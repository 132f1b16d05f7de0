//! The grammar of keys: columns and expressions in parentheses.

use super::create::Parsed;
use super::cursor::Cursor;
use super::syntax::KeyPart;
use super::token::{Token, TokenKind, tokens};

/// The parts of a key in parentheses, and whether AUTOINCREMENT stands behind the last.
pub(super) fn key_parts<'a>(at: &mut Cursor<'a>) -> Parsed<(Vec<KeyPart<'a>>, bool)> {
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

/// ASC or DESC, if it is there; true for DESC.
pub(super) fn direction(at: &mut Cursor<'_>) -> bool {
    if at.accept(&["desc"]) {
        return true;
    }
    at.accept(&["asc"]);
    false
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

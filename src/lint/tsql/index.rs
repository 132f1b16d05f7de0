//! CREATE INDEX, ALTER INDEX and the options of WITH.

use super::cursor::{Cursor, Read};
use super::read::skip;
use super::statement::{CreateIndex, Filter, Kind, Options, Setting};
use super::token::Kind as TokenKind;

/// CREATE … INDEX behind its first word; `None` when it is no index. What is no index over rows is
/// passed over.
pub(super) fn create(cursor: &mut Cursor<'_>) -> Read<Option<Kind>> {
    let start = cursor.at;
    let unique = cursor.take(&["UNIQUE"]);
    let clustered = clustering(cursor);
    let columnstore = cursor.take(&["COLUMNSTORE"]);
    if !cursor.take(&["INDEX"]) {
        cursor.at = start;
        return Ok(None);
    }
    let name = cursor.part("the index's name")?;
    cursor.expect(&["ON"], "ON and a table")?;
    let table = cursor.name("a table")?;
    let mut index = CreateIndex {
        name,
        table: Some(table),
        unique,
        clustered: clustered == Some(true),
        columnstore,
        columns: Vec::new(),
        include: Vec::new(),
        filter: None,
        options: Options::default(),
    };
    if !columnstore || cursor.is_symbol('(') {
        index.columns = cursor.columns()?;
    }
    rest(cursor, &mut index)?;
    Ok(Some(Kind::CreateIndex(index)))
}

/// CLUSTERED or NONCLUSTERED.
pub(super) fn clustering(cursor: &mut Cursor<'_>) -> Option<bool> {
    let word = cursor.take_any(&["CLUSTERED", "NONCLUSTERED"])?;
    cursor.take(&["HASH"]);
    Some(word == "CLUSTERED")
}

/// What can stand behind the columns of an index.
pub(super) fn rest(cursor: &mut Cursor<'_>, index: &mut CreateIndex) -> Read<()> {
    if cursor.take(&["INCLUDE"]) {
        index.include = cursor.columns()?;
    }
    if cursor.take(&["ORDER"]) {
        cursor.columns()?;
    }
    if cursor.take(&["WHERE"]) {
        index.filter = Some(filter(cursor)?);
    }
    index.options = options(cursor)?;
    storage(cursor)
}

/// `ON filegroup`, `ON scheme (column)`, `TEXTIMAGE_ON …`, `FILESTREAM_ON …`.
pub(super) fn storage(cursor: &mut Cursor<'_>) -> Read<()> {
    while cursor
        .take_any(&["ON", "TEXTIMAGE_ON", "FILESTREAM_ON"])
        .is_some()
    {
        match cursor.peek(0) {
            Some(token) if token.kind == TokenKind::Text => cursor.at += 1,
            _ => {
                cursor.part("a filegroup")?;
            }
        }
        if cursor.is_symbol('(') {
            cursor.group("a column")?;
        }
    }
    Ok(())
}

/// The condition of a filtered index, up to WITH, ON or the end of the statement.
fn filter(cursor: &mut Cursor<'_>) -> Read<Filter> {
    let start = cursor.at;
    let mut depth = 0_usize;
    while let Some(token) = cursor.peek(0) {
        match token.kind {
            TokenKind::Symbol('(') => depth += 1,
            TokenKind::Symbol(')') if depth == 0 => break,
            TokenKind::Symbol(')') => depth -= 1,
            TokenKind::Symbol(';') | TokenKind::Symbol(',') if depth == 0 => break,
            TokenKind::Word
                if depth == 0
                    && (cursor.is_any(&["WITH", "ON", "FILESTREAM_ON"])
                        || super::read::is_beginning(cursor)) =>
            {
                break;
            }
            _ => {}
        }
        cursor.at += 1;
    }
    if cursor.at == start {
        return cursor.unread("a condition");
    }
    let tokens = start..cursor.at;
    Ok(Filter {
        range: cursor.bytes(&tokens),
        words: cursor.words(&tokens),
        tokens,
    })
}

/// The options of WITH, if it stands here: in parentheses, or FILLFACTOR alone.
pub(super) fn options(cursor: &mut Cursor<'_>) -> Read<Options> {
    if !cursor.is("WITH") {
        return Ok(Options::default());
    }
    let opening = cursor.peek(1).map(|token| token.kind);
    if opening == Some(TokenKind::Symbol('(')) {
        cursor.at += 1;
        return in_parentheses(cursor);
    }
    let mut settings = Vec::new();
    let old = [
        "FILLFACTOR",
        "PAD_INDEX",
        "IGNORE_DUP_KEY",
        "DROP_EXISTING",
        "STATISTICS_NORECOMPUTE",
        "SORT_IN_TEMPDB",
        "ONLINE",
    ];
    if old.iter().any(|option| cursor.is_at(1, option)) {
        cursor.at += 1;
        loop {
            let name = cursor.part("an option")?;
            let mut value = "ON".to_owned();
            if cursor.take_symbol('=') {
                let Some(token) = cursor.peek(0) else {
                    return cursor.unread("the value of an option");
                };
                value = cursor.text_of(token).to_ascii_uppercase();
                cursor.at += 1;
            }
            settings.push(Setting {
                name: name.name.to_ascii_uppercase(),
                value,
                range: name.range,
            });
            if !cursor.take_symbol(',') {
                break;
            }
        }
    }
    Ok(Options(settings))
}

/// Options in parentheses.
pub(super) fn in_parentheses(cursor: &mut Cursor<'_>) -> Read<Options> {
    let inner = cursor.group("options in parentheses")?;
    let mut settings = Vec::new();
    let mut depth = 0_usize;
    let mut current: Option<(String, Vec<String>, usize, usize)> = None;
    for token in &cursor.tokens[inner] {
        let text = cursor.text_of(*token).to_ascii_uppercase();
        match token.kind {
            TokenKind::Symbol('(') => depth += 1,
            TokenKind::Symbol(')') => depth = depth.saturating_sub(1),
            TokenKind::Symbol(',') if depth == 0 => {
                settings.extend(current.take().map(setting));
                continue;
            }
            _ => {}
        }
        match &mut current {
            None => current = Some((text, Vec::new(), token.start, token.end)),
            Some((_, value, _, end)) => {
                if !(token.kind == TokenKind::Symbol('=') && value.is_empty()) {
                    value.push(text);
                }
                *end = token.end;
            }
        }
    }
    settings.extend(current.map(setting));
    Ok(Options(settings))
}

fn setting((name, value, start, end): (String, Vec<String>, usize, usize)) -> Setting {
    Setting {
        name,
        value: value.join(" "),
        range: start..end,
    }
}

/// ALTER INDEX behind its first words.
pub(super) fn alter(cursor: &mut Cursor<'_>) -> Read<Kind> {
    cursor.part("an index or ALL")?;
    cursor.expect(&["ON"], "ON and a table")?;
    cursor.name("a table")?;
    let verb = cursor.take_any(&[
        "REBUILD",
        "REORGANIZE",
        "DISABLE",
        "SET",
        "RESUME",
        "PAUSE",
        "ABORT",
    ]);
    if verb.is_none() {
        return cursor.unread("REBUILD, REORGANIZE, DISABLE or SET");
    }
    if cursor.take(&["PARTITION"]) {
        cursor.expect_symbol('=', "`=` and a partition")?;
        cursor.at += 1;
    }
    let options = match verb {
        Some("SET") => in_parentheses(cursor)?,
        _ => options(cursor)?,
    };
    if !cursor.is_done() && !cursor.is_symbol(';') && !super::read::is_beginning(cursor) {
        skip(cursor);
    }
    Ok(Kind::AlterIndex(options))
}

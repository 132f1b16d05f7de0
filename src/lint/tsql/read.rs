//! From a script to its statements.
//!
//! T-SQL needs no mark between statements, so a statement that is read whole says itself where it
//! ends, and one that is not is passed over up to the next word that can begin one. The list of
//! statements is flat: what stands in IF, WHILE or BEGIN … END comes one after another, so that no
//! nesting of a script is nesting of this reader. The bodies of modules are not read: they do not
//! run when the migration does.

use std::ops::Range;

use super::cursor::{Cursor, Read, Unread};
use super::statement::{Dropped, Kind, Legacy, Module, Name, Part, Rename, Statement};
use super::token::{self, Kind as TokenKind, Lexed, value};
use super::{index, table};

/// A batch of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Its bytes.
    pub range: Range<usize>,
    /// Its tokens and comments.
    pub lexed: Lexed,
}

/// The batches of a script, and its statements in order. SQL in a text that is run as it stands,
/// `EXEC (N'…')`, is a batch of its own, behind those of the script.
pub fn read(text: &str, batches: &[Range<usize>]) -> (Vec<Batch>, Vec<Statement>) {
    let mut batches: Vec<Batch> = batches.iter().map(|range| batch(text, range)).collect();
    let mut statements = Vec::new();
    for place in 0..batches.len() {
        let mut own = Vec::new();
        read_batch(text, &batches[place], place, &mut own);
        for statement in own {
            let inner = match &statement.kind {
                Kind::Text(range) => Some(batch(text, range)),
                _ => None,
            };
            statements.push(statement);
            // No deeper: a text within a text has its quotes doubled, and is not read.
            if let Some(inner) = inner {
                read_batch(text, &inner, batches.len(), &mut statements);
                batches.push(inner);
            }
        }
    }
    (batches, statements)
}

fn batch(text: &str, range: &Range<usize>) -> Batch {
    Batch {
        range: range.clone(),
        lexed: token::lex(text, range.clone()),
    }
}

/// Words with which a statement can begin. All but THROW are reserved, so that bare they are no
/// name.
const BEGINNINGS: [&str; 42] = [
    "ALTER",
    "BACKUP",
    "BEGIN",
    "BREAK",
    "BULK",
    "CHECKPOINT",
    "CLOSE",
    "COMMIT",
    "CONTINUE",
    "CREATE",
    "DBCC",
    "DEALLOCATE",
    "DECLARE",
    "DELETE",
    "DENY",
    "DROP",
    "ELSE",
    "END",
    "EXEC",
    "EXECUTE",
    "FETCH",
    "GOTO",
    "GRANT",
    "IF",
    "INSERT",
    "KILL",
    "MERGE",
    "OPEN",
    "PRINT",
    "RAISERROR",
    "RECONFIGURE",
    "RESTORE",
    "RETURN",
    "REVOKE",
    "ROLLBACK",
    "SAVE",
    "SELECT",
    "SET",
    "TRUNCATE",
    "UPDATE",
    "USE",
    "WHILE",
];

/// Words that begin a statement too, but are no reserved words.
const WEAK_BEGINNINGS: [&str; 2] = ["THROW", "WAITFOR"];

/// Words behind which a beginning belongs to the same statement: `AFTER UPDATE`, `UNION SELECT`.
const CONTINUING: [&str; 15] = [
    "AFTER",
    "BEFORE",
    "FOR",
    "ON",
    "OF",
    "THEN",
    "UNION",
    "ALL",
    "EXCEPT",
    "INTERSECT",
    "WITH",
    "AS",
    "OR",
    "ROW",
    "ROWS",
];

pub(super) fn is_beginning(cursor: &Cursor<'_>) -> bool {
    cursor.word(0).is_some_and(|word| {
        let mut known = BEGINNINGS.iter().chain(&WEAK_BEGINNINGS);
        known.any(|known| known.eq_ignore_ascii_case(word))
    })
}

/// Whether what stands before the next token makes it part of the same statement.
fn continues(cursor: &Cursor<'_>) -> bool {
    let Some(before) = cursor.at.checked_sub(1) else {
        return false;
    };
    let before = cursor.tokens[before];
    match before.kind {
        TokenKind::Symbol(',' | '.' | '=' | '+' | '<' | '>') => true,
        TokenKind::Word => {
            let word = cursor.text_of(before);
            CONTINUING
                .iter()
                .any(|known| known.eq_ignore_ascii_case(word))
        }
        _ => false,
    }
}

fn read_batch(text: &str, read: &Batch, batch: usize, statements: &mut Vec<Statement>) {
    let mut cursor = Cursor {
        text,
        tokens: &read.lexed.tokens,
        at: 0,
    };
    let mut first = true;
    while !cursor.is_done() {
        if cursor.take_symbol(';') {
            continue;
        }
        let start = cursor.at;
        let kind = match statement(&mut cursor, first) {
            Ok(kind) => match ended(&cursor, &kind) {
                true => kind,
                false => {
                    let at = cursor.at;
                    skip(&mut cursor);
                    unread(&cursor, at, "the end of the statement")
                }
            },
            Err(Unread { at, expected }) => {
                // From its start, so that what stands in its parentheses begins no statement.
                cursor.at = start + 1;
                skip(&mut cursor);
                unread(&cursor, at, expected)
            }
        };
        first = false;
        if cursor.at == start {
            // Never stands still, whatever a reader did.
            cursor.at += 1;
        }
        let tokens = start..cursor.at;
        statements.push(Statement {
            kind,
            range: cursor.bytes(&tokens),
            tokens,
            batch,
        });
    }
}

fn unread(cursor: &Cursor<'_>, at: usize, expected: &'static str) -> Kind {
    let token = cursor.tokens.get(at).or_else(|| cursor.tokens.last());
    Kind::Unread {
        at: token.map_or(0..0, |token| token.start..token.end),
        expected,
    }
}

/// Whether a statement that was read stands where another can follow.
fn ended(cursor: &Cursor<'_>, kind: &Kind) -> bool {
    let open = matches!(kind, Kind::Control | Kind::BeginTry | Kind::BeginCatch);
    open || cursor.is_done()
        || cursor.is_symbol(';')
        || is_beginning(cursor)
        || cursor.is("WITH")
        || cursor.are(&["ENABLE", "TRIGGER"])
        || cursor.are(&["DISABLE", "TRIGGER"])
        || is_label(cursor)
}

fn is_label(cursor: &Cursor<'_>) -> bool {
    let colon = |ahead| {
        cursor
            .peek(ahead)
            .is_some_and(|token| token.kind == TokenKind::Symbol(':'))
    };
    cursor.word(0).is_some() && colon(1) && !colon(2)
}

/// Passes over everything up to the next statement.
pub(super) fn skip(cursor: &mut Cursor<'_>) {
    skip_with(cursor, &mut |_| false);
}

/// Passes over everything up to the next statement; `belongs` says of a beginning outside of
/// parentheses that it is still part of this one.
fn skip_with(cursor: &mut Cursor<'_>, belongs: &mut dyn FnMut(&Cursor<'_>) -> bool) {
    let mut depth = 0_usize;
    let mut cases = 0_usize;
    while let Some(token) = cursor.peek(0) {
        match token.kind {
            TokenKind::Symbol('(') => depth += 1,
            TokenKind::Symbol(')') => depth = depth.saturating_sub(1),
            TokenKind::Symbol(';') if depth == 0 => return,
            TokenKind::Word if cursor.is("CASE") => cases += 1,
            TokenKind::Word if cases > 0 && cursor.is("END") => cases -= 1,
            TokenKind::Word
                if depth == 0
                    && cases == 0
                    && is_beginning(cursor)
                    && !continues(cursor)
                    && !belongs(cursor) =>
            {
                return;
            }
            _ => {}
        }
        cursor.at += 1;
    }
}

fn statement(cursor: &mut Cursor<'_>, first: bool) -> Read<Kind> {
    if is_label(cursor) {
        cursor.at += 2;
        return Ok(Kind::Control);
    }
    let Some(word) = cursor.word(0) else {
        // A procedure can be called without EXEC where nothing stands before it.
        let is_name = cursor
            .peek(0)
            .is_some_and(|token| token.kind == TokenKind::Name);
        return match first && is_name {
            true => call(cursor),
            false => cursor.unread("a statement"),
        };
    };
    match word.to_ascii_uppercase().as_str() {
        "CREATE" => create(cursor, first),
        "ALTER" => alter(cursor, first),
        "DROP" => drop(cursor),
        "TRUNCATE" => {
            cursor.at += 1;
            cursor.expect(&["TABLE"], "TABLE")?;
            let table = cursor.name("a table")?;
            if cursor.take(&["WITH"]) {
                cursor.group("partitions")?;
            }
            Ok(Kind::Truncate(table))
        }
        "SELECT" | "INSERT" | "UPDATE" | "MERGE" | "WITH" | "DELETE" => query(cursor),
        "EXEC" | "EXECUTE" => {
            cursor.at += 1;
            call(cursor)
        }
        "SET" => set(cursor),
        "BEGIN" => Ok(begin(cursor)),
        "END" => {
            cursor.at += 1;
            cursor.take_any(&["TRY", "CATCH", "CONVERSATION"]);
            Ok(Kind::Control)
        }
        "COMMIT" | "ROLLBACK" | "SAVE" => {
            let word = cursor
                .take_any(&["COMMIT", "ROLLBACK", "SAVE"])
                .unwrap_or_default();
            if cursor.take_any(&["TRAN", "TRANSACTION", "WORK"]).is_some() {
                let named = cursor.peek(0).is_some_and(|token| {
                    matches!(token.kind, TokenKind::Variable | TokenKind::Name)
                        || (token.kind == TokenKind::Word
                            && !is_beginning(cursor)
                            && !cursor.is("WITH"))
                });
                cursor.at += usize::from(named);
            }
            if cursor.take(&["WITH"]) {
                cursor.group("options")?;
            }
            Ok(Kind::Transaction(word))
        }
        "IF" | "WHILE" => {
            cursor.at += 1;
            skip(cursor);
            Ok(Kind::Control)
        }
        "ELSE" => {
            cursor.at += 1;
            Ok(Kind::Control)
        }
        "GRANT" | "DENY" | "REVOKE" => {
            cursor.at += 1;
            // Its rights have the names of statements.
            while !cursor.is_done() && !cursor.is_symbol(';') && !cursor.is_any(&["TO", "FROM"]) {
                cursor.at += 1;
            }
            skip(cursor);
            Ok(Kind::Other)
        }
        "BACKUP" | "RESTORE" | "RECONFIGURE" => {
            let what = cursor
                .take_any(&["BACKUP", "RESTORE", "RECONFIGURE"])
                .unwrap_or_default();
            skip(cursor);
            Ok(Kind::Outside(what))
        }
        "BREAK" | "BULK" | "CHECKPOINT" | "CLOSE" | "CONTINUE" | "DBCC" | "DEALLOCATE"
        | "DECLARE" | "FETCH" | "GOTO" | "KILL" | "OPEN" | "PRINT" | "RAISERROR" | "RETURN"
        | "THROW" | "USE" | "WAITFOR" => {
            cursor.at += 1;
            skip(cursor);
            Ok(Kind::Other)
        }
        "ENABLE" | "DISABLE" if cursor.is_at(1, "TRIGGER") => {
            cursor.at += 1;
            skip(cursor);
            Ok(Kind::Other)
        }
        _ if first => call(cursor),
        _ => cursor.unread("a statement"),
    }
}

fn begin(cursor: &mut Cursor<'_>) -> Kind {
    cursor.at += 1;
    if cursor.take(&["TRY"]) {
        return Kind::BeginTry;
    }
    if cursor.take(&["CATCH"]) {
        return Kind::BeginCatch;
    }
    cursor.take(&["DISTRIBUTED"]);
    if cursor.take_any(&["TRAN", "TRANSACTION"]).is_some() {
        let named = cursor.peek(0).is_some_and(|token| {
            matches!(token.kind, TokenKind::Variable | TokenKind::Name)
                || (token.kind == TokenKind::Word && !is_beginning(cursor) && !cursor.is("WITH"))
        });
        cursor.at += usize::from(named);
        if cursor.are(&["WITH", "MARK"]) {
            cursor.at += 2;
            let described = cursor
                .peek(0)
                .is_some_and(|token| token.kind == TokenKind::Text);
            cursor.at += usize::from(described);
        }
        return Kind::Transaction("BEGIN TRANSACTION");
    }
    Kind::Control
}

const PROCEDURES: [&str; 2] = ["PROC", "PROCEDURE"];

fn module_class(cursor: &Cursor<'_>) -> Option<&'static str> {
    if cursor.is_any(&PROCEDURES) {
        return Some("procedure");
    }
    [
        ("VIEW", "view"),
        ("FUNCTION", "function"),
        ("TRIGGER", "trigger"),
    ]
    .into_iter()
    .find(|(keyword, _)| cursor.is(keyword))
    .map(|(_, class)| class)
}

/// A module, which takes the rest of its batch.
fn module(cursor: &mut Cursor<'_>, class: &'static str, first: bool) -> Read<Kind> {
    cursor.at += 1;
    let name = cursor.name("the module's name")?;
    let mut nested = None;
    while !cursor.is_done() {
        let start = cursor.at;
        if cursor.take_any(&["CREATE", "ALTER"]).is_some() {
            cursor.take(&["OR", "ALTER"]);
            if module_class(cursor).is_some() && nested.is_none() {
                nested = Some(cursor.bytes(&(start..cursor.at + 1)));
            }
        } else {
            cursor.at += 1;
        }
    }
    Ok(Kind::Module(Module {
        class,
        name,
        first,
        nested,
    }))
}

fn create(cursor: &mut Cursor<'_>, first: bool) -> Read<Kind> {
    cursor.at += 1;
    cursor.take(&["OR", "ALTER"]);
    if let Some(class) = module_class(cursor) {
        return module(cursor, class, first);
    }
    if cursor.take(&["TABLE"]) {
        return table::create(cursor).map(Kind::CreateTable);
    }
    if let Some(found) = index::create(cursor)? {
        return Ok(found);
    }
    if cursor.take(&["SCHEMA"]) {
        let name = cursor.name("the schema's name")?;
        skip(cursor);
        return Ok(Kind::Module(Module {
            class: "schema",
            name,
            first,
            nested: None,
        }));
    }
    if cursor.take_any(&["TYPE", "SEQUENCE", "SYNONYM"]).is_some() {
        let name = cursor.name("a name")?;
        skip(cursor);
        return Ok(Kind::Makes(name));
    }
    for (keyword, what) in [("DEFAULT", "CREATE DEFAULT"), ("RULE", "CREATE RULE")] {
        if cursor.take(&[keyword]) {
            skip(cursor);
            return Ok(Kind::Legacy(Legacy { what, first }));
        }
    }
    if let Some(what) = outside(
        cursor,
        [
            ("DATABASE", "CREATE DATABASE"),
            ("FULLTEXT", "CREATE FULLTEXT"),
        ],
    ) {
        return Ok(what);
    }
    other(cursor, &["ADD"])
}

/// `DATABASE` and `FULLTEXT`, which no transaction takes; not `DATABASE SCOPED`, which is a setting.
fn outside(cursor: &mut Cursor<'_>, known: [(&str, &'static str); 2]) -> Option<Kind> {
    let (_, what) = known.iter().find(|(keyword, _)| cursor.is(keyword))?;
    let scoped = cursor.is_at(1, "SCOPED") || cursor.is_at(1, "AUDIT");
    cursor.at += 1;
    let mut sets = 1;
    skip_with(cursor, &mut |cursor| {
        sets -= 1;
        sets >= 0 && cursor.is("SET")
    });
    Some(if scoped {
        Kind::Other
    } else {
        Kind::Outside(what)
    })
}

/// Objects that no rule asks for, by the class that stands here.
fn other(cursor: &mut Cursor<'_>, verbs: &[&str]) -> Read<Kind> {
    const CLASSES: [&str; 40] = [
        "AGGREGATE",
        "APPLICATION",
        "ASSEMBLY",
        "ASYMMETRIC",
        "AUTHORIZATION",
        "AVAILABILITY",
        "BROKER",
        "CERTIFICATE",
        "COLUMN",
        "CONTRACT",
        "CREDENTIAL",
        "CRYPTOGRAPHIC",
        "ENDPOINT",
        "EVENT",
        "EXTERNAL",
        "JSON",
        "LOGIN",
        "MASTER",
        "MESSAGE",
        "PARTITION",
        "PRIMARY",
        "QUEUE",
        "REMOTE",
        "RESOURCE",
        "ROLE",
        "ROUTE",
        "SCHEMA",
        "SEARCH",
        "SECURITY",
        "SELECTIVE",
        "SEQUENCE",
        "SERVER",
        "SERVICE",
        "SPATIAL",
        "STATISTICS",
        "SYMMETRIC",
        "SYNONYM",
        "TYPE",
        "USER",
        "VECTOR",
    ];
    if !cursor.is_any(&CLASSES) && !cursor.is_any(&["XML", "SENSITIVITY", "WORKLOAD", "DATABASE"]) {
        return cursor.unread("a class of object that is known");
    }
    cursor.at += 1;
    let mut left = 1_000;
    skip_with(cursor, &mut |cursor| {
        // `ALTER ROLE r DROP MEMBER m`, `ALTER SECURITY POLICY p ALTER FILTER PREDICATE …`.
        left -= 1;
        let member = [
            "MEMBER",
            "FILTER",
            "BLOCK",
            "FILE",
            "VALUE",
            "CREDENTIAL",
            "URL",
        ];
        left >= 0
            && (cursor.is_any(verbs) || cursor.is_any(&["DROP", "ALTER"]))
            && member.iter().any(|word| cursor.is_at(1, word))
    });
    Ok(Kind::Other)
}

fn alter(cursor: &mut Cursor<'_>, first: bool) -> Read<Kind> {
    cursor.at += 1;
    if let Some(class) = module_class(cursor) {
        return module(cursor, class, first);
    }
    if cursor.take(&["TABLE"]) {
        return table::alter(cursor).map(Kind::AlterTable);
    }
    if cursor.take(&["INDEX"]) {
        return index::alter(cursor);
    }
    if let Some(what) = outside(
        cursor,
        [
            ("DATABASE", "ALTER DATABASE"),
            ("FULLTEXT", "ALTER FULLTEXT"),
        ],
    ) {
        return Ok(what);
    }
    other(cursor, &["ADD", "SET"])
}

fn drop(cursor: &mut Cursor<'_>) -> Read<Kind> {
    cursor.at += 1;
    const CLASSES: [(&str, &str); 13] = [
        ("TABLE", "TABLE"),
        ("VIEW", "VIEW"),
        ("PROC", "PROCEDURE"),
        ("PROCEDURE", "PROCEDURE"),
        ("FUNCTION", "FUNCTION"),
        ("TRIGGER", "TRIGGER"),
        ("INDEX", "INDEX"),
        ("SCHEMA", "SCHEMA"),
        ("SEQUENCE", "SEQUENCE"),
        ("TYPE", "TYPE"),
        ("SYNONYM", "SYNONYM"),
        ("DEFAULT", "DEFAULT"),
        ("RULE", "RULE"),
    ];
    if let Some((_, class)) = CLASSES.iter().find(|(keyword, _)| cursor.is(keyword)) {
        cursor.at += 1;
        cursor.take(&["IF", "EXISTS"]);
        let mut dropped = Vec::new();
        loop {
            let mut name = cursor.name("a name")?;
            let mut table = None;
            if *class == "INDEX" {
                if cursor.take(&["ON"]) {
                    table = Some(cursor.name("a table")?);
                } else if name.parts.len() > 1 {
                    // The old form: table.index.
                    let index = name.parts.split_off(name.parts.len() - 1);
                    table = Some(name.clone());
                    name.parts = index;
                }
                if cursor.take(&["WITH"]) {
                    cursor.group("options")?;
                }
            }
            if *class == "TRIGGER" && cursor.take(&["ON"]) && !cursor.take(&["ALL", "SERVER"]) {
                cursor.expect(&["DATABASE"], "DATABASE or ALL SERVER")?;
            }
            dropped.push(Dropped { class, name, table });
            if !cursor.take_symbol(',') {
                return Ok(Kind::Drop(dropped));
            }
        }
    }
    if let Some(what) = outside(
        cursor,
        [("DATABASE", "DROP DATABASE"), ("FULLTEXT", "DROP FULLTEXT")],
    ) {
        return Ok(what);
    }
    if cursor.is("SIGNATURE") {
        cursor.at += 1;
        skip(cursor);
        return Ok(Kind::Other);
    }
    // IF EXISTS begins no statement here.
    if cursor.is_at(1, "IF") {
        cursor.at += 1;
        cursor.take(&["IF", "EXISTS"]);
        skip(cursor);
        return Ok(Kind::Other);
    }
    other(cursor, &[])
}

fn set(cursor: &mut Cursor<'_>) -> Read<Kind> {
    cursor.at += 1;
    if cursor
        .peek(0)
        .is_some_and(|token| token.kind == TokenKind::Variable)
    {
        skip(cursor);
        return Ok(Kind::Other);
    }
    if cursor.take(&["IDENTITY_INSERT"]) {
        cursor.name("a table")?;
        cursor.take_any(&["ON", "OFF"]);
        return Ok(Kind::Other);
    }
    if cursor.take_any(&["STATISTICS", "OFFSETS"]).is_some() {
        while !cursor.is_done() && cursor.take_any(&["ON", "OFF"]).is_none() {
            cursor.at += 1;
        }
        return Ok(Kind::Other);
    }
    if cursor.is("TRANSACTION") {
        skip(cursor);
        return Ok(Kind::Other);
    }
    let mut options = Vec::new();
    loop {
        let mut part = cursor.part("an option")?;
        part.name.make_ascii_uppercase();
        options.push(part);
        if !cursor.take_symbol(',') {
            break;
        }
    }
    let on = match cursor.take_any(&["ON", "OFF"]) {
        Some(word) => Some(word == "ON"),
        None => {
            skip(cursor);
            None
        }
    };
    Ok(Kind::Set { options, on })
}

/// SELECT, INSERT, UPDATE, DELETE and MERGE, with what WITH defines for them.
fn query(cursor: &mut Cursor<'_>) -> Read<Kind> {
    let start = cursor.at;
    let mut prefixed = false;
    if cursor.take(&["WITH"]) {
        prefixed = true;
        if cursor.take(&["XMLNAMESPACES"]) {
            cursor.group("namespaces")?;
            cursor.take_symbol(',');
        }
        while !cursor.is_any(&["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"]) {
            cursor.part("the name of a common table expression")?;
            if cursor.is_symbol('(') {
                cursor.group("columns")?;
            }
            cursor.expect(&["AS"], "AS")?;
            cursor.group("a query in parentheses")?;
            cursor.take_symbol(',');
        }
    }
    let verb = cursor
        .take_any(&["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"])
        .map_or_else(|| cursor.unread("a query"), Ok)?;
    let body = cursor.at;
    let (mut sourced, mut assigned) = (false, false);
    skip_with(cursor, &mut |cursor| match verb {
        "INSERT" if !sourced => {
            sourced = cursor.is_any(&["SELECT", "EXEC", "EXECUTE"]);
            sourced
        }
        "UPDATE" if !assigned => {
            assigned = cursor.is("SET");
            assigned
        }
        "MERGE" => cursor.is("SET"),
        _ => false,
    });
    let inside = Cursor {
        at: body,
        tokens: &cursor.tokens[..cursor.at],
        ..*cursor
    };
    match verb {
        "DELETE" => delete(inside, prefixed.then_some(start)),
        "UPDATE" => Ok(Kind::Query {
            makes: None,
            updates: target(inside).ok().filter(|_| assigned),
        }),
        "SELECT" => Ok(Kind::Query {
            makes: made(inside),
            updates: None,
        }),
        _ => Ok(Kind::Query {
            makes: None,
            updates: None,
        }),
    }
}

fn target(mut cursor: Cursor<'_>) -> Read<Name> {
    if cursor.take(&["TOP"]) {
        if cursor.is_symbol('(') {
            cursor.group("a number")?;
        } else {
            cursor.at += 1;
        }
        cursor.take(&["PERCENT"]);
    }
    cursor.take(&["FROM"]);
    cursor.name("a table")
}

fn delete(cursor: Cursor<'_>, with: Option<usize>) -> Read<Kind> {
    let table = target(cursor)?;
    let mut filtered = false;
    let mut depth = 0_usize;
    let mut source = None;
    let from = with.unwrap_or(cursor.at);
    let mut scan = Cursor { at: from, ..cursor };
    while let Some(token) = scan.peek(0) {
        match token.kind {
            TokenKind::Symbol('(') => depth += 1,
            TokenKind::Symbol(')') => depth = depth.saturating_sub(1),
            // What a common table expression leaves out is not deleted.
            TokenKind::Word if depth == 0 || scan.at < cursor.at => {
                filtered |= scan.is_any(&["WHERE", "JOIN", "APPLY"]);
                if depth == 0 && scan.at > cursor.at && scan.is("FROM") && source.is_none() {
                    let mut ahead = scan;
                    ahead.at += 1;
                    source = aliased(&mut ahead, &table);
                }
            }
            _ => {}
        }
        scan.at += 1;
    }
    Ok(Kind::Delete {
        table: source.unwrap_or(table),
        filtered,
    })
}

/// The table behind `FROM` when the target is its alias: `DELETE o FROM orders AS o`.
fn aliased(cursor: &mut Cursor<'_>, target: &Name) -> Option<Name> {
    let table = cursor.name("a table").ok()?;
    cursor.take(&["AS"]);
    let alias = cursor.part("an alias").ok()?;
    (target.parts.len() == 1 && alias.name.eq_ignore_ascii_case(target.last())).then_some(table)
}

/// The table that SELECT … INTO makes.
fn made(mut cursor: Cursor<'_>) -> Option<Name> {
    let mut depth = 0_usize;
    while let Some(token) = cursor.peek(0) {
        match token.kind {
            TokenKind::Symbol('(') => depth += 1,
            TokenKind::Symbol(')') => depth = depth.saturating_sub(1),
            TokenKind::Word if depth == 0 && cursor.is("INTO") => {
                cursor.at += 1;
                return cursor.name("a table").ok();
            }
            _ => {}
        }
        cursor.at += 1;
    }
    None
}

/// A call, behind EXEC where that stands.
fn call(cursor: &mut Cursor<'_>) -> Read<Kind> {
    if cursor.is_symbol('(') {
        let start = *cursor;
        let inner = cursor.group("text in parentheses")?;
        skip(cursor);
        return run_text(cursor, &start, &inner);
    }
    let start = *cursor;
    if cursor
        .peek(0)
        .is_some_and(|token| token.kind == TokenKind::Variable)
    {
        cursor.at += 1;
        if !cursor.take_symbol('=') {
            // The procedure itself is in a variable.
            return start.unread("a procedure's name");
        }
    }
    let name = cursor.name("a procedure")?;
    let arguments = cursor.at;
    skip(cursor);
    let arguments = arguments..cursor.at;
    match name.last().to_ascii_lowercase().as_str() {
        "sp_rename" => Ok(Kind::Rename(rename(cursor, arguments))),
        "sp_executesql" => {
            let first = arguments.start..arguments.end.min(arguments.start + 1);
            run_text(cursor, &start, &first)
        }
        "sp_bindefault" => Ok(legacy("sp_bindefault")),
        "sp_bindrule" => Ok(legacy("sp_bindrule")),
        "sp_fulltext_database" | "sp_fulltext_catalog" | "sp_fulltext_table" => {
            Ok(Kind::Outside("sp_fulltext_…"))
        }
        _ => Ok(Kind::Other),
    }
}

/// SQL that is run from a text: read when it stands there whole, byte for byte.
fn run_text(cursor: &Cursor<'_>, start: &Cursor<'_>, tokens: &Range<usize>) -> Read<Kind> {
    let sql = constant(cursor, tokens);
    if sql.as_deref().is_some_and(makes_module) {
        return Ok(Kind::Other);
    }
    let written = cursor.bytes(tokens);
    let quotes = cursor.text[written.clone()].matches('\'').count();
    let opening = cursor.text[written.clone()].find('\'');
    if let (Some(_), Some(opening), 2) = (sql, opening, quotes) {
        return Ok(Kind::Text(written.start + opening + 1..written.end - 1));
    }
    start
        .unread("SQL that stands here as it is run, and not one that is put together when it runs,")
}

fn legacy(what: &'static str) -> Kind {
    Kind::Legacy(Legacy { what, first: true })
}

/// The value of tokens that are one text constant.
fn constant(cursor: &Cursor<'_>, tokens: &Range<usize>) -> Option<String> {
    match &cursor.tokens[tokens.clone()] {
        [token] if token.kind == TokenKind::Text => Some(value(cursor.text_of(*token))),
        _ => None,
    }
}

/// Whether SQL in a text makes a module or a schema: the usual way to make one under a condition.
fn makes_module(sql: &str) -> bool {
    let lexed = token::lex(sql, 0..sql.len());
    let mut cursor = Cursor {
        text: sql,
        tokens: &lexed.tokens,
        at: 0,
    };
    cursor.take_any(&["CREATE", "ALTER"]).is_some() && {
        cursor.take(&["OR", "ALTER"]);
        module_class(&cursor).is_some() || cursor.is("SCHEMA")
    }
}

/// The arguments of sp_rename, by name or by place.
fn rename(cursor: &Cursor<'_>, arguments: Range<usize>) -> Rename {
    let mut scan = Cursor {
        text: cursor.text,
        tokens: &cursor.tokens[..arguments.end],
        at: arguments.start,
    };
    let mut rename = Rename::default();
    let mut place = 0;
    while let Some(token) = scan.peek(0) {
        let mut which = place;
        if token.kind == TokenKind::Variable
            && scan
                .peek(1)
                .is_some_and(|next| next.kind == TokenKind::Symbol('='))
        {
            which = match scan.text_of(token).to_ascii_lowercase().as_str() {
                "@objname" => 0,
                "@newname" => 1,
                "@objtype" => 2,
                _ => 3,
            };
            scan.at += 2;
        }
        if let Some(token) = scan.peek(0)
            && matches!(
                token.kind,
                TokenKind::Text | TokenKind::Name | TokenKind::Word
            )
        {
            let text = value(scan.text_of(token));
            match which {
                0 => rename.object = parts(&text),
                1 => rename.to = text,
                2 => rename.class = text.to_ascii_uppercase(),
                _ => {}
            }
        }
        place += 1;
        // A value of several tokens.
        while !scan.is_done() && !scan.is_symbol(',') {
            scan.at += 1;
        }
        scan.at += 1;
    }
    // `schema.table.column` can be nothing else.
    if rename.class.is_empty() && rename.object.len() == 3 {
        rename.class = "COLUMN".to_owned();
    }
    rename
}

/// A name in a text as its parts.
fn parts(text: &str) -> Vec<String> {
    let lexed = token::lex(text, 0..text.len());
    let mut cursor = Cursor {
        text,
        tokens: &lexed.tokens,
        at: 0,
    };
    match cursor.name("a name") {
        Ok(name) if cursor.is_done() => {
            let part = |part: Part| part.name;
            name.parts.into_iter().map(part).collect()
        }
        _ => vec![text.to_owned()],
    }
}

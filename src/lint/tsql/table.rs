//! CREATE TABLE and ALTER TABLE.

use std::ops::Range;

use super::cursor::{Cursor, Read};
use super::index::{clustering, in_parentheses, options, rest, storage};
use super::read::skip;
use super::statement::{
    Action, AlterTable, Column, Constraint, CreateIndex, CreateTable, Name, Options, Part, Rule,
};
use super::token::Kind;
use super::types::SqlType;

/// What stands between the commas of CREATE TABLE and ALTER TABLE ADD.
#[derive(Debug, Default)]
struct Items {
    columns: Vec<Column>,
    constraints: Vec<Constraint>,
    indexes: Vec<CreateIndex>,
    with_values: bool,
}

/// CREATE TABLE behind its first words.
pub(super) fn create(cursor: &mut Cursor<'_>) -> Read<CreateTable> {
    let table = cursor.name("the table's name")?;
    let of_kind = cursor.take(&["AS"]);
    if of_kind && cursor.take_any(&["FILETABLE", "NODE", "EDGE"]).is_none() {
        return cursor.unread("a list of columns");
    }
    let mut items = Items::default();
    if !cursor.are(&["WITH"]) {
        cursor.expect_symbol('(', "a list of columns")?;
        loop {
            // A comma may stand before the closing parenthesis.
            if cursor.take_symbol(')') {
                break;
            }
            items.read(cursor)?;
            if !cursor.take_symbol(',') && !cursor.is_symbol(')') && !begins_constraint(cursor) {
                return cursor.unread("`,` or `)`");
            }
        }
    }
    if cursor.take(&["AS"]) && cursor.take_any(&["NODE", "EDGE"]).is_none() {
        return cursor.unread("NODE or EDGE");
    }
    let mut found = Options::default();
    loop {
        storage(cursor)?;
        if cursor.is("WITH") && cursor.peek(1).map(|token| token.kind) == Some(Kind::Symbol('(')) {
            found.0.extend(options(cursor)?.0);
        } else {
            break;
        }
    }
    Ok(CreateTable {
        table,
        columns: items.columns,
        constraints: items.constraints,
        indexes: items.indexes,
        options: found,
    })
}

fn begins_constraint(cursor: &Cursor<'_>) -> bool {
    cursor.is_any(&[
        "CONSTRAINT",
        "PRIMARY",
        "UNIQUE",
        "CHECK",
        "FOREIGN",
        "DEFAULT",
        "INDEX",
        "PERIOD",
        "CONNECTION",
    ])
}

impl Items {
    fn read(&mut self, cursor: &mut Cursor<'_>) -> Read<()> {
        if cursor.are(&["PERIOD", "FOR"]) {
            cursor.at += 3;
            cursor.columns()?;
            return Ok(());
        }
        if cursor.is("INDEX") {
            return self.index(cursor);
        }
        if begins_constraint(cursor) {
            return self.constraint(cursor, None);
        }
        self.column(cursor)
    }

    fn index(&mut self, cursor: &mut Cursor<'_>) -> Read<()> {
        cursor.expect(&["INDEX"], "INDEX")?;
        let name = cursor.part("the index's name")?;
        let unique = cursor.take(&["UNIQUE"]);
        let clustered = clustering(cursor);
        let columnstore = cursor.take(&["COLUMNSTORE"]);
        let mut index = CreateIndex {
            name,
            table: None,
            unique,
            clustered: clustered == Some(true),
            columnstore,
            columns: Vec::new(),
            include: Vec::new(),
            filter: None,
            options: Options::default(),
        };
        if cursor.is_symbol('(') {
            index.columns = cursor.columns()?;
        }
        rest(cursor, &mut index)?;
        self.indexes.push(index);
        Ok(())
    }

    fn column(&mut self, cursor: &mut Cursor<'_>) -> Read<()> {
        let name = cursor.part("a column or a constraint")?;
        let mut column = Column {
            range: name.range.clone(),
            name,
            ty: None,
            nullable: None,
            collation: None,
            computed: None,
            identity: false,
            generated: false,
            sparse: false,
            primary: false,
        };
        if cursor.take(&["AS"]) {
            let value = default_value(cursor)?;
            column.computed = Some(cursor.words(&value));
        } else if column.name.name.eq_ignore_ascii_case("timestamp") && !begins_type(cursor) {
            // A column of type timestamp needs no name.
            column.ty = Some(SqlType::new("timestamp", Vec::new()));
        } else {
            column.ty = Some(ty(cursor)?);
        }
        let first = self.constraints.len();
        while self.option(cursor, &mut column)? {}
        column.range.end = cursor.at.checked_sub(1).map_or(column.range.end, |last| {
            cursor.tokens[last].end.max(column.range.end)
        });
        column.primary = self.constraints[first..].iter().any(|constraint| {
            constraint.column.is_some()
                && matches!(constraint.rule, Rule::Key { primary: true, .. })
        });
        self.columns.push(column);
        Ok(())
    }

    /// One option of a column; whether there was one.
    fn option(&mut self, cursor: &mut Cursor<'_>, column: &mut Column) -> Read<bool> {
        if cursor.take(&["NOT", "FOR", "REPLICATION"]) {
            return Ok(true);
        }
        if cursor.take(&["NOT", "NULL"]) {
            column.nullable = Some(false);
            return Ok(true);
        }
        if cursor.take(&["NULL"]) {
            column.nullable = Some(true);
            return Ok(true);
        }
        if cursor.take(&["COLLATE"]) {
            column.collation = Some(cursor.part("a collation")?.name);
            return Ok(true);
        }
        if cursor.take(&["IDENTITY"]) {
            column.identity = true;
            if cursor.is_symbol('(') {
                cursor.group("seed and increment")?;
            }
            return Ok(true);
        }
        if cursor.take(&["SPARSE"]) {
            column.sparse = true;
            return Ok(true);
        }
        if cursor.take(&["COLUMN_SET", "FOR", "ALL_SPARSE_COLUMNS"]) {
            column.sparse = true;
            return Ok(true);
        }
        if cursor
            .take_any(&["ROWGUIDCOL", "FILESTREAM", "PERSISTED", "HIDDEN"])
            .is_some()
        {
            return Ok(true);
        }
        if cursor.take(&["MASKED", "WITH"]) || cursor.take(&["ENCRYPTED", "WITH"]) {
            cursor.group("options")?;
            return Ok(true);
        }
        if cursor.take(&["GENERATED", "ALWAYS", "AS"]) {
            column.generated = true;
            if cursor
                .take_any(&["ROW", "TRANSACTION_ID", "SEQUENCE_NUMBER"])
                .is_none()
                || cursor.take_any(&["START", "END"]).is_none()
            {
                return cursor.unread("ROW START or ROW END");
            }
            return Ok(true);
        }
        if cursor.is("INDEX") {
            self.index(cursor)?;
            if let Some(index) = self.indexes.last_mut()
                && index.columns.is_empty()
            {
                index.columns.push(column.name.clone());
            }
            return Ok(true);
        }
        if cursor.is("REFERENCES") || (begins_constraint(cursor) && !cursor.is("PERIOD")) {
            self.constraint(cursor, Some(column))?;
            return Ok(true);
        }
        Ok(false)
    }

    /// A constraint, of a column when it stands with one.
    fn constraint(&mut self, cursor: &mut Cursor<'_>, column: Option<&mut Column>) -> Read<()> {
        let start = cursor.at;
        let mut name = None;
        if cursor.take(&["CONSTRAINT"]) {
            name = Some(cursor.part("the constraint's name")?);
            // NOT NULL can have a name, which the server drops.
            if let Some(column) = column {
                if cursor.take(&["NOT", "NULL"]) {
                    column.nullable = Some(false);
                    return Ok(());
                }
                if cursor.take(&["NULL"]) {
                    column.nullable = Some(true);
                    return Ok(());
                }
                return self.constraint_rule(cursor, name, start, Some(column));
            }
            return self.constraint_rule(cursor, name, start, None);
        }
        self.constraint_rule(cursor, name.take(), start, column)
    }

    fn constraint_rule(
        &mut self,
        cursor: &mut Cursor<'_>,
        name: Option<Part>,
        start: usize,
        column: Option<&mut Column>,
    ) -> Read<()> {
        let mut with: Option<String> = column.as_ref().map(|column| column.name.name.clone());
        let own = column.map(|column| column.name.clone());
        let own: Vec<Part> = own.into_iter().collect();
        let rule = if cursor.take(&["PRIMARY", "KEY"]) {
            key(cursor, true, own)?
        } else if cursor.take(&["UNIQUE"]) {
            key(cursor, false, own)?
        } else if cursor.take(&["CHECK"]) {
            cursor.take(&["NOT", "FOR", "REPLICATION"]);
            let inner = cursor.group("a condition in parentheses")?;
            Rule::Check {
                expression: cursor.bytes(&inner),
                words: cursor.words(&inner),
            }
        } else if cursor.take(&["FOREIGN", "KEY"]) || cursor.is("REFERENCES") {
            let columns = if cursor.is_symbol('(') {
                cursor.columns()?
            } else {
                own
            };
            foreign(cursor, columns)?
        } else if cursor.take(&["DEFAULT"]) {
            let value = default_value(cursor)?;
            let words = cursor.words(&value);
            if cursor.take(&["FOR"]) {
                with = Some(cursor.part("a column")?.name);
            }
            if cursor.take(&["WITH", "VALUES"]) {
                self.with_values = true;
            }
            Rule::Default {
                column: with.clone().unwrap_or_default(),
                words,
            }
        } else if cursor.take(&["CONNECTION"]) {
            cursor.group("tables")?;
            skip(cursor);
            return Ok(());
        } else {
            return cursor.unread("PRIMARY KEY, UNIQUE, CHECK, FOREIGN KEY or DEFAULT");
        };
        self.constraints.push(Constraint {
            name,
            range: cursor.bytes(&(start..cursor.at)),
            column: with,
            rule,
        });
        Ok(())
    }
}

/// Whether a type can stand here.
fn begins_type(cursor: &Cursor<'_>) -> bool {
    cursor.peek(0).is_some_and(|token| match token.kind {
        Kind::Name => true,
        Kind::Word => {
            !begins_constraint(cursor)
                && !cursor.is_any(&["NULL", "NOT", "COLLATE", "IDENTITY", "ROWGUIDCOL"])
        }
        _ => false,
    })
}

/// A type with its arguments.
fn ty(cursor: &mut Cursor<'_>) -> Read<SqlType> {
    let name = cursor.name("a type")?;
    let mut words = match name.parts.as_slice() {
        [only] => only.name.clone(),
        // Types of the system have a schema when a tool wrote them.
        [schema, only] if schema.name.eq_ignore_ascii_case("sys") => only.name.clone(),
        parts => {
            let parts: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
            parts.join(".")
        }
    };
    for (first, seconds) in [
        ("national", ["character", "char", "text"]),
        ("double", ["precision", "", ""]),
    ] {
        if words.eq_ignore_ascii_case(first)
            && let Some(second) = seconds.iter().find(|second| cursor.is(second))
        {
            words = format!("{words} {second}");
            cursor.at += 1;
        }
    }
    let varies = [
        "character",
        "char",
        "binary",
        "national character",
        "national char",
    ];
    if varies.iter().any(|known| words.eq_ignore_ascii_case(known)) && cursor.take(&["VARYING"]) {
        words.push_str(" varying");
    }
    let mut arguments = Vec::new();
    if cursor.is_symbol('(') {
        let inner = cursor.group("arguments of the type")?;
        let mut argument = String::new();
        for token in &cursor.tokens[inner] {
            if token.kind == Kind::Symbol(',') {
                arguments.push(std::mem::take(&mut argument));
            } else {
                argument.push_str(&cursor.text_of(*token).to_lowercase());
            }
        }
        arguments.push(argument);
    }
    Ok(SqlType::new(&words, arguments))
}

fn key(cursor: &mut Cursor<'_>, primary: bool, own: Vec<Part>) -> Read<Rule> {
    let clustered = clustering(cursor);
    let columns = if cursor.is_symbol('(') {
        cursor.columns()?
    } else if own.is_empty() {
        return cursor.unread("a list of columns");
    } else {
        own
    };
    let found = options(cursor)?;
    // ON DELETE belongs to a foreign key that follows.
    if cursor.is("ON") && !cursor.is_at(1, "DELETE") && !cursor.is_at(1, "UPDATE") {
        storage(cursor)?;
    }
    cursor.take(&["NOT", "ENFORCED"]);
    Ok(Rule::Key {
        primary,
        clustered,
        columns,
        options: found,
    })
}

fn foreign(cursor: &mut Cursor<'_>, columns: Vec<Part>) -> Read<Rule> {
    cursor.expect(&["REFERENCES"], "REFERENCES")?;
    let references: Name = cursor.name("the table referred to")?;
    if cursor.is_symbol('(') {
        cursor.columns()?;
    }
    while cursor.is("ON") && (cursor.is_at(1, "DELETE") || cursor.is_at(1, "UPDATE")) {
        cursor.at += 2;
        let known = cursor.take(&["NO", "ACTION"])
            || cursor.take(&["CASCADE"])
            || cursor.take(&["SET", "NULL"])
            || cursor.take(&["SET", "DEFAULT"]);
        if !known {
            return cursor.unread("NO ACTION, CASCADE, SET NULL or SET DEFAULT");
        }
    }
    cursor.take(&["NOT", "FOR", "REPLICATION"]);
    Ok(Rule::Foreign {
        columns,
        references,
    })
}

/// The value of a default or of a computed column: a constant, a call, or anything in parentheses, joined by operators.
fn default_value(cursor: &mut Cursor<'_>) -> Read<Range<usize>> {
    let start = cursor.at;
    if cursor.take(&["NEXT", "VALUE", "FOR"]) {
        cursor.name("a sequence")?;
        if cursor.take(&["OVER"]) {
            cursor.group("an order")?;
        }
        return Ok(start..cursor.at);
    }
    loop {
        while cursor.take_symbol('-') || cursor.take_symbol('+') || cursor.take_symbol('~') {}
        match cursor.peek(0).map(|token| token.kind) {
            Some(Kind::Symbol('(')) => {
                cursor.group("a value")?;
            }
            Some(Kind::Text | Kind::Number | Kind::Variable) => cursor.at += 1,
            Some(Kind::Word | Kind::Name) => {
                cursor.name("a value")?;
                if cursor.is_symbol('(') {
                    cursor.group("arguments")?;
                }
            }
            _ => return cursor.unread("a value"),
        }
        let operator = ['+', '-', '*', '/', '%', '&', '|', '^']
            .into_iter()
            .any(|symbol| cursor.is_symbol(symbol));
        if !operator {
            return Ok(start..cursor.at);
        }
        cursor.at += 1;
    }
}

/// ALTER TABLE behind its first words.
pub(super) fn alter(cursor: &mut Cursor<'_>) -> Read<AlterTable> {
    let table = cursor.name("the table's name")?;
    let with = cursor.at;
    let check = match () {
        () if cursor.take(&["WITH", "CHECK"]) => Some(true),
        () if cursor.take(&["WITH", "NOCHECK"]) => Some(false),
        () => None,
    };
    let with = cursor.bytes(&(with..cursor.at));
    let action = if cursor.take(&["ADD"]) {
        add(cursor, check.map(|check| (check, with)))?
    } else if cursor.take(&["ALTER", "COLUMN"]) {
        alter_column(cursor)?
    } else if cursor.take(&["DROP"]) {
        drop(cursor)?
    } else if let Some(word) = cursor.take_any(&["CHECK", "NOCHECK"]) {
        cursor.expect(&["CONSTRAINT"], "CONSTRAINT")?;
        let mut constraints = Vec::new();
        if !cursor.take(&["ALL"]) {
            loop {
                constraints.push(cursor.part("a constraint")?);
                if !cursor.take_symbol(',') {
                    break;
                }
            }
        }
        Action::Check {
            check,
            enable: word == "CHECK",
            constraints,
        }
    } else if cursor.take(&["SET"]) {
        Action::Set(in_parentheses(cursor)?)
    } else if cursor
        .take_any(&["ENABLE", "DISABLE", "SWITCH", "REBUILD", "SPLIT", "MERGE"])
        .is_some()
    {
        skip(cursor);
        Action::Other
    } else {
        return cursor.unread("ADD, ALTER COLUMN, DROP, CHECK, NOCHECK, SET, SWITCH or REBUILD");
    };
    Ok(AlterTable { table, action })
}

fn add(cursor: &mut Cursor<'_>, check: Option<(bool, Range<usize>)>) -> Read<Action> {
    let mut items = Items::default();
    loop {
        // The word can be repeated, and what is added can stand in parentheses in other dialects
        // alone.
        items.read(cursor)?;
        if !cursor.take_symbol(',') {
            break;
        }
    }
    Ok(Action::Add {
        check,
        columns: items.columns,
        constraints: items.constraints,
        indexes: items.indexes,
        with_values: items.with_values,
    })
}

fn alter_column(cursor: &mut Cursor<'_>) -> Read<Action> {
    let name = cursor.part("a column")?;
    if cursor.take_any(&["ADD", "DROP"]).is_some() {
        if cursor.take(&["MASKED"]) {
            if cursor.take(&["WITH"]) {
                cursor.group("options")?;
            }
        } else if !cursor.take(&["NOT", "FOR", "REPLICATION"])
            && cursor
                .take_any(&["ROWGUIDCOL", "PERSISTED", "SPARSE", "HIDDEN"])
                .is_none()
        {
            return cursor.unread("a property of a column");
        }
        return Ok(Action::Other);
    }
    let mut column = Column {
        range: name.range.clone(),
        name,
        ty: Some(ty(cursor)?),
        nullable: None,
        collation: None,
        computed: None,
        identity: false,
        generated: false,
        sparse: false,
        primary: false,
    };
    loop {
        if cursor.take(&["COLLATE"]) {
            column.collation = Some(cursor.part("a collation")?.name);
        } else if cursor.take(&["NOT", "NULL"]) {
            column.nullable = Some(false);
        } else if cursor.take(&["NULL"]) {
            column.nullable = Some(true);
        } else if cursor.take(&["SPARSE"]) {
            column.sparse = true;
        } else if cursor.take(&["MASKED", "WITH"]) || cursor.take(&["ENCRYPTED", "WITH"]) {
            cursor.group("options")?;
        } else {
            break;
        }
    }
    column.range.end = cursor.at.checked_sub(1).map_or(column.range.end, |last| {
        cursor.tokens[last].end.max(column.range.end)
    });
    options(cursor)?;
    Ok(Action::AlterColumn(column))
}

fn drop(cursor: &mut Cursor<'_>) -> Read<Action> {
    if cursor.take(&["PERIOD", "FOR"]) {
        cursor.part("SYSTEM_TIME")?;
        return Ok(Action::Other);
    }
    let (mut constraints, mut columns) = (Vec::new(), Vec::new());
    let mut of_columns = false;
    loop {
        if cursor.take(&["COLUMN"]) {
            of_columns = true;
        } else if cursor.take(&["CONSTRAINT"]) {
            of_columns = false;
        }
        cursor.take(&["IF", "EXISTS"]);
        let name = cursor.part("a constraint or a column")?;
        match of_columns {
            true => columns.push(name),
            false => constraints.push(name),
        }
        options(cursor)?;
        if !cursor.take_symbol(',') {
            return Ok(Action::Drop {
                constraints,
                columns,
            });
        }
    }
}

//! What a statement of a script says, as far as the rules ask.

use std::ops::Range;

use super::types::SqlType;

/// One identifier with its place in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The name without its quotes.
    pub name: String,
    /// Its bytes.
    pub range: Range<usize>,
}

/// A name of one to four parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// Its parts; never empty.
    pub parts: Vec<Part>,
    /// Its bytes.
    pub range: Range<usize>,
}

/// A statement with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// What it does.
    pub kind: Kind,
    /// Its bytes in the file.
    pub range: Range<usize>,
    /// Its tokens within its batch.
    pub tokens: Range<usize>,
    /// The batch, from 0.
    pub batch: usize,
}

/// What a statement does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// CREATE TABLE.
    CreateTable(CreateTable),
    /// ALTER TABLE.
    AlterTable(AlterTable),
    /// CREATE INDEX over rows; other kinds of index are [`Kind::Other`].
    CreateIndex(CreateIndex),
    /// ALTER INDEX, with its options.
    AlterIndex(Options),
    /// DROP of schema objects.
    Drop(Vec<Dropped>),
    /// sp_rename.
    Rename(Rename),
    /// TRUNCATE TABLE.
    Truncate(Name),
    /// DELETE.
    Delete {
        /// Its target.
        table: Name,
        /// Whether anything narrows it to some rows.
        filtered: bool,
    },
    /// SELECT, INSERT, UPDATE or MERGE.
    Query {
        /// The table that SELECT … INTO makes.
        makes: Option<Name>,
        /// The table that UPDATE changes.
        updates: Option<Name>,
    },
    /// CREATE or ALTER of a view, procedure, function or trigger, or CREATE SCHEMA.
    Module(Module),
    /// SET of options.
    Set {
        /// The options in upper case, each with its place.
        options: Vec<Part>,
        /// ON or OFF, where it says so.
        on: Option<bool>,
    },
    /// BEGIN, COMMIT, ROLLBACK or SAVE of a transaction: its first words.
    Transaction(&'static str),
    /// CREATE of a type, sequence or synonym.
    Makes(Name),
    /// BEGIN TRY.
    BeginTry,
    /// BEGIN CATCH.
    BeginCatch,
    /// A statement that the server runs in no transaction: what it is.
    Outside(&'static str),
    /// CREATE DEFAULT, CREATE RULE, or what binds one.
    Legacy(Legacy),
    /// SQL in a text that is run as it stands: its bytes, which are a batch of their own.
    Text(Range<usize>),
    /// BEGIN, END, IF, ELSE and WHILE, with their conditions.
    Control,
    /// Read to its end, and of no concern to any rule.
    Other,
    /// Not read.
    Unread {
        /// Where reading stopped.
        at: Range<usize>,
        /// What would have been understood there.
        expected: &'static str,
    },
}

/// CREATE TABLE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateTable {
    /// Its name.
    pub table: Name,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its constraints, those written with a column among them.
    pub constraints: Vec<Constraint>,
    /// Its indexes.
    pub indexes: Vec<CreateIndex>,
    /// Its options.
    pub options: Options,
}

/// ALTER TABLE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterTable {
    /// The table.
    pub table: Name,
    /// What it does.
    pub action: Action,
}

/// What ALTER TABLE does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// ADD.
    Add {
        /// WITH CHECK or WITH NOCHECK, with its place.
        check: Option<(bool, Range<usize>)>,
        /// New columns.
        columns: Vec<Column>,
        /// New constraints, those written with a column among them.
        constraints: Vec<Constraint>,
        /// New indexes, which memory-optimised tables take here.
        indexes: Vec<CreateIndex>,
        /// Whether WITH VALUES stands behind a default.
        with_values: bool,
    },
    /// ALTER COLUMN to a type.
    AlterColumn(Column),
    /// DROP of constraints and columns.
    Drop {
        /// Constraints.
        constraints: Vec<Part>,
        /// Columns.
        columns: Vec<Part>,
    },
    /// CHECK or NOCHECK CONSTRAINT.
    Check {
        /// WITH CHECK or WITH NOCHECK.
        check: Option<bool>,
        /// CHECK, or NOCHECK.
        enable: bool,
        /// The constraints; empty for ALL.
        constraints: Vec<Part>,
    },
    /// SET.
    Set(Options),
    /// Anything else that was read to its end.
    Other,
}

/// A column as it is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: Part,
    /// Its type; `None` for a computed column.
    pub ty: Option<SqlType>,
    /// The place of its whole declaration.
    pub range: Range<usize>,
    /// NULL or NOT NULL, where it says so.
    pub nullable: Option<bool>,
    /// COLLATE.
    pub collation: Option<String>,
    /// The words of what it is computed from.
    pub computed: Option<Vec<String>>,
    /// IDENTITY.
    pub identity: bool,
    /// GENERATED ALWAYS: a period column or a ledger column.
    pub generated: bool,
    /// SPARSE or COLUMN_SET, which take NULL by nature.
    pub sparse: bool,
    /// PRIMARY KEY stands with the column.
    pub primary: bool,
}

/// A constraint as it is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// Its name, where it has one.
    pub name: Option<Part>,
    /// Its place.
    pub range: Range<usize>,
    /// The column that it is written with.
    pub column: Option<String>,
    /// What it demands.
    pub rule: Rule,
}

/// What a constraint demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// PRIMARY KEY or UNIQUE.
    Key {
        /// PRIMARY KEY.
        primary: bool,
        /// CLUSTERED or NONCLUSTERED, where it says so.
        clustered: Option<bool>,
        /// Its columns.
        columns: Vec<Part>,
        /// Its options.
        options: Options,
    },
    /// FOREIGN KEY.
    Foreign {
        /// The referencing columns.
        columns: Vec<Part>,
        /// The table referred to.
        references: Name,
    },
    /// CHECK.
    Check {
        /// Its condition, as bytes of the file.
        expression: Range<usize>,
        /// The words of its condition, in lower case.
        words: Vec<String>,
    },
    /// DEFAULT.
    Default {
        /// The column that it is for.
        column: String,
        /// The words of its value, in lower case.
        words: Vec<String>,
    },
}

/// CREATE INDEX.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateIndex {
    /// Its name.
    pub name: Part,
    /// Its table; `None` inside of CREATE TABLE.
    pub table: Option<Name>,
    /// UNIQUE.
    pub unique: bool,
    /// CLUSTERED.
    pub clustered: bool,
    /// COLUMNSTORE.
    pub columnstore: bool,
    /// Its key.
    pub columns: Vec<Part>,
    /// Its other columns.
    pub include: Vec<Part>,
    /// Its filter.
    pub filter: Option<Filter>,
    /// Its options.
    pub options: Options,
}

/// The filter of an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Its bytes.
    pub range: Range<usize>,
    /// Its tokens within the batch.
    pub tokens: Range<usize>,
    /// Its words, in lower case.
    pub words: Vec<String>,
}

/// Options of WITH, by name in upper case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options(pub Vec<Setting>);

/// One option of WITH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its name in upper case.
    pub name: String,
    /// Its value in upper case, with single blanks between tokens.
    pub value: String,
    /// Its place.
    pub range: Range<usize>,
}

/// Something that DROP names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// Its class: `TABLE`, `INDEX`, `VIEW` and so on.
    pub class: &'static str,
    /// Its name.
    pub name: Name,
    /// The table of an index.
    pub table: Option<Name>,
}

/// A call of sp_rename.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rename {
    /// The old name, with the parts in front of it; empty where it is no constant.
    pub object: Vec<String>,
    /// The new name; empty where it is no constant.
    pub to: String,
    /// The class in upper case: `COLUMN`, `INDEX`, `OBJECT`; empty when left out.
    pub class: String,
}

/// A module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// What it is: `view`, `procedure`, `function`, `trigger` or `schema`.
    pub class: &'static str,
    /// Its name.
    pub name: Name,
    /// Whether nothing stands before it in its batch.
    pub first: bool,
    /// A module that begins within it, which GO should have parted from it.
    pub nested: Option<Range<usize>>,
}

/// What was given up for constraints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Legacy {
    /// `CREATE DEFAULT`, `CREATE RULE`, `sp_bindefault` or `sp_bindrule`.
    pub what: &'static str,
    /// Whether nothing stands before it in its batch.
    pub first: bool,
}

impl Part {
    /// The form in which two names that the server takes for one are equal.
    pub fn folded(&self) -> String {
        self.name.to_lowercase()
    }
}

impl Name {
    /// The last part.
    pub fn last(&self) -> &str {
        self.parts.last().map_or("", |part| part.name.as_str())
    }

    /// The schema, where it is written.
    pub fn schema(&self) -> Option<&str> {
        let before = self.parts.len().checked_sub(2)?;
        Some(self.parts[before].name.as_str())
    }

    /// Whether it is a temporary table or a table variable.
    pub fn is_temporary(&self) -> bool {
        self.last().starts_with(['#', '@'])
    }
}

impl Options {
    /// The option of this name.
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.0.iter().find(|setting| setting.name == name)
    }

    /// Whether the option is ON, with whatever stands in parentheses behind it.
    pub fn is_on(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|setting| setting.value == "ON" || setting.value.starts_with("ON "))
    }
}

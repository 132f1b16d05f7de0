//! What a CREATE statement says, before anyone asks whether the model can express it.
//!
//! Texts are cut out of the statement as they stand, comments included.

/// CREATE TABLE.
#[derive(Debug, PartialEq)]
pub(super) struct Table<'a> {
    pub columns: Vec<Column<'a>>,
    /// The table constraints in declared order.
    pub constraints: Vec<Constraint<'a>>,
    pub strict: bool,
    pub without_rowid: bool,
}

/// A column of CREATE TABLE.
#[derive(Debug, PartialEq)]
pub(super) struct Column<'a> {
    pub name: String,
    /// The declared type, empty when there is none.
    pub ty: String,
    pub constraints: Vec<Constraint<'a>>,
    /// The whole definition.
    pub text: &'a str,
}

/// A constraint of a column or table.
#[derive(Debug, PartialEq)]
pub(super) struct Constraint<'a> {
    pub name: Option<String>,
    pub rule: Rule<'a>,
    /// What is done with a row that breaks it, in upper case, when it is said.
    pub on_conflict: Option<String>,
    /// The whole constraint, with its name.
    pub text: &'a str,
}

/// What a constraint says. `columns` of a column's own constraint name that column.
#[derive(Debug, PartialEq)]
pub(super) enum Rule<'a> {
    PrimaryKey {
        columns: Vec<KeyPart<'a>>,
        autoincrement: bool,
    },
    Unique {
        columns: Vec<KeyPart<'a>>,
    },
    Check {
        expression: &'a str,
    },
    ForeignKey {
        columns: Vec<String>,
        target: Target,
    },
    NotNull,
    /// The engine takes an explicit NULL and does nothing with it.
    Null,
    Default {
        /// Without outer parentheses.
        value: &'a str,
    },
    Collate {
        collation: String,
    },
    Generated {
        expression: &'a str,
        stored: bool,
    },
}

/// What a foreign key refers to.
#[derive(Debug, PartialEq, Default)]
pub(super) struct Target {
    pub table: String,
    /// Empty when the primary key is meant.
    pub columns: Vec<String>,
    /// In upper case; `None` when not said.
    pub on_delete: Option<String>,
    pub on_update: Option<String>,
    /// DEFERRABLE INITIALLY DEFERRED, the one form that the engine treats otherwise than not at
    /// all.
    pub deferred: bool,
}

/// A column or expression of a key.
#[derive(Debug, PartialEq)]
pub(super) struct KeyPart<'a> {
    /// The column; `None` for an expression.
    pub column: Option<String>,
    pub collation: Option<String>,
    pub descending: bool,
    /// As it stands.
    pub text: &'a str,
}

/// CREATE INDEX.
#[derive(Debug, PartialEq)]
pub(super) struct Index<'a> {
    pub unique: bool,
    pub columns: Vec<KeyPart<'a>>,
    pub filter: Option<&'a str>,
}

/// CREATE TRIGGER.
#[derive(Debug, PartialEq)]
pub(super) struct Trigger<'a> {
    /// When it runs, in upper case: `BEFORE UPDATE OF`, `INSTEAD OF DELETE`.
    pub event: String,
    /// From WHEN or BEGIN to END.
    pub body: &'a str,
}

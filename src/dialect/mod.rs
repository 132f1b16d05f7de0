//! What dbtool knows of each engine's language, without a connection.
//!
//! A dialect *lowers* a neutral schema to engine form, *interprets* a catalog to the same form, and
//! *renders* steps between two schemas in engine form as batches of SQL. Because both sides of a
//! comparison are in engine form, drift, generated migrations and remedies share one diff, one plan
//! and one renderer.

use crate::diag::Diagnostic;
use crate::engine::{Catalog, Engine, Value};
use crate::model::{Expression, Ident, Native, ObjectPath, Schema, Table, Type};
use crate::plan::Step;

pub use handover::{Before, Deed, Handover, Unit};

mod directive;
pub mod foreign_tools;
pub mod handover;
pub mod mssql;
pub mod sqlite;

/// The language of one engine.
pub trait Dialect: Send + Sync {
    /// The engine.
    fn engine(&self) -> Engine;

    /// What the engine can do, as data for the planner.
    fn capabilities(&self) -> &Capabilities;

    /// The schema as this engine holds it: portable constructs replaced by the engine's own, what
    /// it cannot keep (a description, say) left out. Lowering twice is lowering once. Findings name
    /// what the engine cannot express.
    fn lower(&self, schema: &Schema) -> (Schema, Vec<Diagnostic>);

    /// The schema in engine form that a catalog describes, with everything in the catalog that the
    /// model cannot express.
    fn interpret(&self, catalog: &Catalog) -> Described;

    /// The neutral schema that this one in engine form was probably lowered from; the inverse of
    /// [`Dialect::lower`] as far as there is one. What has none stays in engine form. Whoever wants
    /// to rely on it lowers the result and compares.
    fn lift(&self, schema: &Schema) -> Schema;

    /// An expression of a table, in engine form, as text that only this engine reads.
    fn verbatim(&self, table: &Table, expression: &Expression) -> Native;

    /// The batches that take the step's tables from one state to the next. Steps are in engine
    /// form.
    fn render(&self, steps: &[Step]) -> Vec<Batch>;

    /// The batches as a file of a migration, ready to run and to read. `headline` becomes its
    /// opening comment.
    fn script(&self, headline: &[String], batches: &[Batch]) -> String;

    /// The batches as statements for a person to run in a client of the engine.
    fn by_hand(&self, batches: &[Batch]) -> String {
        ended(batches)
    }

    /// A run as a script for a person, which stops by itself where something is not as it must be.
    fn handover(&self, handover: &Handover) -> String;

    /// A query of one number that is another one after any change to the schema, where the engine
    /// has such a thing.
    fn fingerprint(&self) -> Option<&'static str> {
        None
    }

    /// Splits a file of a migration into its batches.
    ///
    /// # Errors
    /// When the text ends inside a literal or comment, or a batch separator is malformed.
    fn split(&self, sql: &str) -> Result<Script, SplitError>;

    /// The defining statement of one object of a schema in engine form, for reports: CREATE TABLE
    /// for a table, the column's line for a column, the constraint's or CREATE INDEX for a part.
    /// `None` when the schema has no such object.
    fn definition(&self, schema: &Schema, path: &ObjectPath) -> Option<String>;

    /// The name as the engine's SQL writes it.
    fn quote(&self, name: &Ident) -> String;

    /// A table's name in a statement, with the engine's schema where there is one.
    fn table(&self, name: &Ident) -> String;

    /// The engine's schema that holds the tables, as a plain name.
    fn namespace(&self) -> &str;

    /// A query of one row and one value: 1 when this table exists, else 0.
    fn table_exists(&self, name: &Ident) -> String;

    /// The value as the engine stores it in a column of this type: a decimal scaled, a truth value
    /// as 0 or 1. Values that do not fit are handed on for the engine to refuse.
    fn store(&self, ty: &Type, value: Value) -> Value;

    /// The portable spelling of a value that the engine stored in a column of this type; the
    /// inverse of [`Dialect::store`].
    fn load(&self, ty: &Type, value: Value) -> Value;

    /// The query that tells how the engine would run this one, with the index's name in the plan's
    /// text. `None` where an engine chooses its plan by what the tables hold, so that the plan of
    /// an empty database says nothing.
    fn explain(&self, query: &str) -> Option<String> {
        let _ = query;
        None
    }

    /// What a batch asks for that not every server of the engine has.
    fn wants(&self, batch: &Batch) -> Vec<Want> {
        let _ = batch;
        Vec::new()
    }

    /// What the commands have to be allowed; nothing where the engine knows no permissions.
    fn permissions(&self) -> Vec<Permission> {
        Vec::new()
    }

    /// An expression for the name of the database's user, which permissions are granted to.
    fn principal(&self) -> Option<&'static str> {
        None
    }

    /// Settings of server and database that people want to know.
    fn settings(&self) -> DatabaseSettings {
        DatabaseSettings::default()
    }
}

/// Settings of server and database, and the query for them.
#[derive(Debug, Clone, Copy, Default)]
pub struct DatabaseSettings {
    /// What they are called, in the order in which the query tells them.
    pub names: &'static [&'static str],
    /// Rows of a name, a value, and what is to be done about it or NULL; all of them text.
    pub query: &'static str,
}

/// Statements one after another, each ended.
fn ended(batches: &[Batch]) -> String {
    let ended = batches.iter().map(|batch| {
        let sql = batch.sql.trim_end();
        if sql.ends_with(';') {
            sql.to_owned()
        } else {
            format!("{sql};")
        }
    });
    ended.collect::<Vec<_>>().join("\n")
}

/// What an engine can do, as data for the planner. A capability that is missing makes the planner
/// choose another way; it never makes a command fail by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// Constraints can be added to and dropped from a table that exists.
    pub alter_constraints: bool,
    /// The type and nullability of a column can be changed.
    pub alter_column: bool,
    /// A column can be given an identity, or rid of one.
    pub alter_identity: bool,
    /// A default can be added to or dropped from a column that exists.
    pub alter_default: bool,
    /// A column can be added whose default is not a constant.
    pub add_column_with_computed_default: bool,
    /// A column can be dropped in place.
    pub drop_column: bool,
    /// A foreign key can be declared before its table exists.
    pub forward_foreign_keys: bool,
    /// A constraint or index can be renamed in place.
    pub rename_part: bool,
    /// A table or column can be renamed in place, with all that hangs on it.
    pub rename: bool,
    /// Of several checks that a row breaks, the first in declared order is the one that is named.
    pub checks_in_order: bool,
    /// ALTER COLUMN is refused while a key, check or index uses the column, so that the planner
    /// has to take those off and put them back.
    pub altering_column_needs_parts_off: bool,
    /// What a run on a throwaway database of this engine proves nothing about, although it matters
    /// in production: said with every green run, so that nobody takes it for more than it is.
    pub unproven: &'static [Unproven],
}

/// Something that an engine cannot prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Unproven {
    /// What.
    pub what: &'static str,
    /// Why not.
    pub why: &'static str,
}

/// Something that a server has or lacks, by product, version and edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Feature {
    /// Building an index while its table is written to.
    OnlineIndex,
    /// Pausing the build of an index and going on with it.
    ResumableIndex,
    /// Tables whose rows the server itself can prove.
    Ledger,
    /// The column type `json`.
    JsonType,
    /// Making a module or changing it, whichever it takes.
    CreateOrAlter,
    /// Row-level security.
    SecurityPolicy,
    /// MERGE.
    Merge,
    /// A new column's default in the rows that exist.
    WithValues,
}

/// A feature that a batch asks for, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Want {
    /// The feature.
    pub feature: Feature,
    /// The line within the batch, from 1.
    pub line: u32,
}

impl Feature {
    /// How a statement asks for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::OnlineIndex => "ONLINE = ON",
            Self::ResumableIndex => "RESUMABLE = ON",
            Self::Ledger => "LEDGER = ON",
            Self::JsonType => "the type json",
            Self::CreateOrAlter => "CREATE OR ALTER",
            Self::SecurityPolicy => "a security policy",
            Self::Merge => "MERGE",
            Self::WithValues => "WITH VALUES",
        }
    }
}

/// Something that an identity has to be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// What it is called.
    pub name: String,
    /// The commands that need it.
    pub needed_by: &'static [&'static str],
    /// What they need it for.
    pub why: &'static str,
    /// An SQL expression that is 1 where it is held.
    pub held: String,
    /// The statement that grants it, with `{principal}` for the quoted name of the identity.
    pub grant: String,
}

/// A schema read from a catalog.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Described {
    /// What the model can express.
    pub schema: Schema,
    /// What it cannot: never silence.
    pub unsupported: Vec<Unsupported>,
    /// How far it can be believed.
    pub evidence: Evidence,
    /// The collation of columns that say nothing else, where the database has one: declaring it
    /// for a column declares nothing.
    pub collation: Option<String>,
}

/// How far a description of a catalog can be believed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Evidence {
    /// The engine told everything.
    #[default]
    Whole,
    /// The engine keeps part of the catalog from this principal, and so nothing can be proven by
    /// what was not seen. The text says what is kept back, and why.
    Partial(String),
    /// The catalog does not say what was declared, so that it can be compared with an earlier
    /// catalog alone, never with the model. The schema is then empty and
    /// [`Described::unsupported`] holds every object. The text says why.
    RowsOnly(String),
}

/// Something in a catalog that the model cannot express.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unsupported {
    /// Its class, in the field's term: `trigger`, `view`, `table option`.
    pub kind: String,
    /// Its place.
    pub path: ObjectPath,
    /// Its text, as the engine tells it.
    pub definition: String,
    /// Why the model cannot express it.
    pub reason: String,
    /// The statement that would remove it, where one would.
    pub removal: Option<String>,
}

/// A piece of SQL that the engine takes at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The SQL, without separator.
    pub sql: String,
    /// What it does and why, for the comment above it in a generated file.
    pub comment: Option<String>,
    /// Its first line in the file it was split from, from 1; 1 for a rendered batch.
    pub line: u32,
    /// How often it runs (`GO 5`); 1 unless said otherwise.
    pub repeat: u32,
    /// Whether it can run in no transaction, and how it is known to be done.
    pub autocommit: Option<Autocommit>,
}

/// `-- dbtool:autocommit` above a batch: it runs outside of any transaction, so that no journal row
/// can be committed together with it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Autocommit {
    /// `-- dbtool:done-when <query>`: the query whose first value is neither 0 nor NULL once the
    /// batch has had its effect. Without it nobody can tell after an interruption.
    pub done_when: Option<String>,
}

/// A migration's SQL, split.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script {
    /// Its batches.
    pub batches: Vec<Batch>,
    /// Its directives.
    pub directives: Directives,
}

/// The `-- dbtool:` lines at the head of a migration's SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Directives {
    /// `-- dbtool:no-transaction`: batch by batch, each committed with its journal row.
    pub no_transaction: bool,
    /// `-- dbtool:defer-foreign-keys`: see
    /// [`crate::engine::TransactionOptions::defer_foreign_keys`].
    pub defer_foreign_keys: bool,
}

/// Why SQL could not be split.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SplitError {
    /// What is wrong.
    pub message: String,
    /// The byte at which it is.
    pub offset: usize,
}

impl From<(usize, String)> for SplitError {
    fn from((offset, message): (usize, String)) -> Self {
        Self { message, offset }
    }
}

impl Script {
    /// Adds a batch with what the lines above it say of it.
    fn push(&mut self, mut batch: Batch, above: &mut directive::Reader) -> Result<(), SplitError> {
        batch.autocommit = above.batch(batch.repeat, self.directives)?;
        self.batches.push(batch);
        Ok(())
    }
}

impl Batch {
    /// A rendered batch.
    pub fn new(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            comment: None,
            line: 1,
            repeat: 1,
            autocommit: None,
        }
    }

    /// Adds what the batch does and why.
    #[must_use]
    pub fn comment(mut self, comment: impl Into<String>) -> Self {
        self.comment = Some(comment.into());
        self
    }
}

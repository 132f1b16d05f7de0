//! Whether the stories can fail: the schema is broken on purpose, one thing at a time, and a
//! scenario has to turn red.
//!
//! Owns what a mutant is ([`Mutant`]) and which ones a schema has ([`mutants`]), which scenarios may
//! judge them (`behaviour`), the trial of each ([`mod@trial`]), its result ([`report`]) and what
//! stories say about survivors ([`survivor`]). How a database is made of a mutant is the caller's.
//!
//! # What counts
//! A mutant is killed when a scenario that holds on the whole schema fails on the mutant. Only
//! *behaviour* kills: scenarios that look at the catalog, at drift or at migrations, or that change
//! the database themselves, notice every mutant by its looks and prove nothing, so they are left
//! out, and so are scenarios that already fail on a database that is made like a mutant's with nothing
//! broken. A query plan kills a missing index and nothing else. A connection that fails kills nothing.
//! A key that foreign keys refer to cannot go without them, so only a scenario that names the key
//! kills its loss.
//!
//! Mutants that no row can tell from the schema are listed apart with the reason
//! ([`Standing::Equivalent`]), and so are indexes that no story's plan names
//! ([`Standing::NoPlan`]): neither counts for the score.
//!
//! # What is not tried
//! That a column keeps its type is a promise of dbtool, proven by its own tests; a mutant for each
//! column would only ask every project to prove it again. A key that foreign keys refer to is
//! dropped but not narrowed, since no engine lets the foreign keys stand on what is left.

mod behaviour;
mod check;
mod key;
mod kind;
pub mod report;
pub mod survivor;
mod table;
#[cfg(test)]
pub(in crate::story) mod tests;
pub mod trial;

pub use kind::Kind;
pub use report::MutationReport;
pub use trial::{Laboratory, SetAside, Trial, Trials, Verdict, run};

use super::Tenancy;
use super::format::Story;
use crate::diag::{Diagnostic, Severity};
use crate::dialect::Dialect;
use crate::engine::Engine;
use crate::model::{Ident, ObjectPath, Schema, Table};

/// The schema with one thing broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutant {
    /// What is broken.
    pub object: ObjectPath,
    /// The field's term for it: `check constraint`.
    pub noun: &'static str,
    /// How it is broken.
    pub kind: Kind,
    /// The same in words, as the rest of a sentence that begins with the object: `is dropped`.
    pub change: String,
    /// What a scenario has to do to notice.
    pub advice: String,
    /// The object whose place in the schema's files is the nearest.
    pub place: ObjectPath,
    /// The column that it is about, when it is about one.
    pub column: Option<Ident>,
    /// The tables that differ from the schema's, under the same names.
    pub tables: Vec<Table>,
    /// Whether it is the loss of an index that refuses no row, so that only a plan shows it.
    pub is_for_speed: bool,
    /// Whether other objects had to go with it, so that only a scenario that names it shows its own
    /// loss.
    pub takes_others: bool,
    /// Whether it counts.
    pub standing: Standing,
}

/// Whether a mutant counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// A scenario has to notice it.
    Counts,
    /// No row can tell it from the schema, for this reason.
    Equivalent(String),
    /// It is an index for speed that no story's plan names.
    NoPlan,
}

impl Mutant {
    /// The schema with this mutant's tables in the place of its own.
    pub fn schema(&self, whole: &Schema) -> Schema {
        let mut schema = whole.clone();
        for table in &self.tables {
            schema.tables.insert(table.name.clone(), table.clone());
        }
        schema
    }

    /// `check constraint jobRuns.ckJobRunsStatus is dropped`
    pub fn headline(&self) -> String {
        format!("{} {} {}", self.noun, self.object, self.change)
    }
}

/// Every mutant of a schema, table by table: the rules of the table, its columns, its parts.
pub fn mutants(
    schema: &Schema,
    tenancy: &Tenancy,
    stories: &[Story],
    dialect: &dyn Dialect,
) -> Vec<Mutant> {
    let plans = behaviour::planned_indexes(stories);
    let mut mutants = Vec::new();
    for table in schema.tables.values() {
        let maker = table::Maker::new(schema, table, tenancy, &plans);
        mutants.extend(maker.mutants());
    }
    for mutant in &mut mutants {
        if mutant.standing == Standing::Counts {
            mutant.standing = standing_on(mutant, schema, dialect);
        }
    }
    mutants
}

/// A mutant that the engine holds just as it holds the schema cannot be noticed on it.
fn standing_on(mutant: &Mutant, schema: &Schema, dialect: &dyn Dialect) -> Standing {
    let before = mutant.tables.iter();
    let before = before.filter_map(|table| schema.table(&table.name).cloned());
    let (before, _) = dialect.lower(&Schema::new(before));
    let (after, _) = dialect.lower(&Schema::new(mutant.tables.iter().cloned()));
    match before == after {
        true => Standing::Equivalent(format!(
            "{} holds it just as it holds the schema",
            engine_word(dialect.engine())
        )),
        false => Standing::Counts,
    }
}

fn engine_word(engine: Engine) -> &'static str {
    match engine {
        Engine::Mssql => "SQL Server",
        Engine::Sqlite => "SQLite",
    }
}

/// What the engine cannot express of a mutant; `None` when it can express all of it.
fn inexpressible(mutant: &Mutant, dialect: &dyn Dialect) -> Option<Diagnostic> {
    let (_, findings) = dialect.lower(&Schema::new(mutant.tables.iter().cloned()));
    let mut errors = findings.into_iter();
    errors.find(|finding| finding.severity == Severity::Error)
}

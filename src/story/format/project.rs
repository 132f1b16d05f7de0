//! Steps on migrations. They work on a database and a copy of the migrations folder that the
//! scenario has for itself.

use std::collections::BTreeMap;

use crate::diag::Span;
use crate::engine::Engine;
use crate::exit::Exit;

/// Applies pending migrations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrate {
    /// Stop after this version.
    pub to: Option<String>,
    /// How it must end.
    pub end: MigrateEnd,
}

/// How a run of migrations must end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MigrateEnd {
    /// Well, with so many migrations applied; any number when it is not said.
    Applied(Option<usize>),
    /// Not well.
    Fails {
        /// With this outcome.
        exit: Exit,
        /// With this code among its findings.
        finding: Option<String>,
    },
}

/// Adds a migration to the end of the folder, sealed, that leaves the declared schema as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddMigration {
    /// Its name.
    pub name: String,
    /// Its SQL, by engine.
    pub sql: BTreeMap<Engine, String>,
}

/// Edits a migration behind dbtool's back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditMigration {
    /// Which.
    pub which: Which,
    /// What is added to the end of its SQL. `None` removes the migration.
    pub append: Option<String>,
}

/// A migration of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// The first.
    First,
    /// The last.
    Last,
    /// The one of this name.
    Named(String),
}

/// Wants the gate to say this of the database and the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectGate {
    /// The outcome.
    pub verdict: Verdict,
    /// The code of a finding that must be there.
    pub finding: Option<String>,
    /// The object that this finding, or any, must be about.
    pub object: Option<String>,
    /// Where the outcome stands.
    pub span: Span,
}

/// What `drift-check` says of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is what the folder says.
    Clean,
    /// It is behind the folder, and else what it should be.
    Pending,
    /// It is not what it should be.
    Drift,
    /// Folder and history contradict each other.
    History,
}

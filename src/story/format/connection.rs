//! Steps about the way to a database.

use std::collections::BTreeMap;

use crate::diag::Span;

/// Follows a connection reference to its end. Nothing is opened.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolveConnection {
    /// The environment of `dbtool.yaml` whose reference it is. `None` for the environment that
    /// `--against` names.
    pub environment: Option<String>,
    /// A reference that stands in for the environment's own.
    pub reference: Option<String>,
    /// What is there to be found. `None` for what this process really has.
    pub given: Option<Given>,
    /// What must come of it.
    pub resolution: Resolution,
}

/// What a resolution finds, instead of what this machine has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Given {
    /// Variables; no others are set.
    pub variables: BTreeMap<String, String>,
    /// Files by path; there are no others.
    pub files: BTreeMap<String, String>,
    /// Secrets of every vault by name; there are no others.
    pub secrets: BTreeMap<String, String>,
}

/// What must come of a resolution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// It leads to a database, in this way.
    Leads(Resolved),
    /// It is refused, in this way.
    Fails {
        /// The kind of fault.
        kind: String,
        /// Texts that the message must have: names of what is missing.
        says: Vec<String>,
        /// Where the kind stands.
        span: Span,
    },
}

/// The way to a database. What is not said is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resolved {
    /// The secret that was read last.
    pub secret: Option<String>,
    /// The vault that it was read from.
    pub vault: Option<String>,
    /// The database's engine, by name.
    pub engine: Option<String>,
    /// The server that the connection string names.
    pub server: Option<String>,
    /// The database that it names.
    pub database: Option<String>,
}

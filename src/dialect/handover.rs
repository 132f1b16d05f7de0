//! A run as a script for people: what it does, before an engine's language says it.

use crate::engine::Value;
use crate::migration::Checksum;
use crate::model::Ident;

use super::Batch;

/// A run that somebody carries out by hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Handover {
    /// Lines for its opening comment.
    pub headline: Vec<String>,
    /// The database that it is for, as the session names it.
    pub database: String,
    /// A query of one number, and the number that it has to give before anything is done.
    pub fingerprint: Option<(String, i64)>,
    /// Its units, in order. A unit that fails ends the script.
    pub units: Vec<Unit>,
}

/// What is done together.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// Lines for the comment above it.
    pub comment: Vec<String>,
    /// What has to hold, or nothing is done.
    pub before: Before,
    /// Whether it is one transaction; else it runs outside of any.
    pub is_transaction: bool,
    /// See [`crate::engine::TransactionOptions::defer_foreign_keys`].
    pub defer_foreign_keys: bool,
    /// What is done.
    pub deeds: Vec<Deed>,
}

/// What the history has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Before {
    /// There is no history table.
    NoHistory,
    /// It has no row.
    EmptyHistory,
    /// Its last row has this hash.
    Head(Checksum),
}

/// Something that is done.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// A batch runs.
    Run(Batch),
    /// A row of one of dbtool's own tables is added.
    Insert {
        /// The table.
        table: Ident,
        /// Its columns with values as the engine stores them.
        cells: Vec<(Ident, Value)>,
    },
}

impl Unit {
    /// A transaction in which nothing is done yet.
    pub fn transaction(before: Before) -> Self {
        Self {
            comment: Vec::new(),
            before,
            is_transaction: true,
            defer_foreign_keys: false,
            deeds: Vec::new(),
        }
    }
}

/// What is said where the history is not what a unit wants.
pub(super) fn stale(before: &Before) -> String {
    let wanted = match before {
        Before::NoHistory => "has none yet".to_owned(),
        Before::EmptyHistory => "is empty".to_owned(),
        Before::Head(head) => format!("ends with {}", head.short()),
    };
    format!(
        "stopped: this script is for a database whose history {wanted}; write a new one with \
         dbtool plan --script"
    )
}

//! The record of what was applied: rows, their chain of hashes, and dbtool's own tables.
//!
//! Rows are only ever added. Each carries a hash over itself and the row before it, so that a row
//! that is edited, removed or inserted in the middle breaks the chain. A chain proves consistency,
//! not authorship: whoever can write the table can also forge all of it, which is why `migrate`
//! prints the head. What Prisma recorded of a database that it made is read by [`prisma`].

use serde::Serialize;

use crate::migration::{Checksum, Version};

pub mod chain;
pub mod prisma;
pub mod store;
pub mod tables;

pub use chain::{ChainFinding, Tampering, verify_chain};
pub use store::{CatalogRecord, History, HistoryError};

/// One event of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Its place, from 1, without gaps.
    pub id: i64,
    /// The version of the row format.
    pub format_version: i64,
    /// The migration's version.
    pub version: Version,
    /// The migration's name.
    pub name: String,
    /// What kind of event it is.
    pub kind: Kind,
    /// How it ended.
    pub state: State,
    /// The checksum of `changes.yaml`.
    pub changes_checksum: Option<Checksum>,
    /// The checksum of the engine's SQL.
    pub sql_checksum: Option<Checksum>,
    /// When it began, by the server's clock, UTC, ISO 8601.
    pub started_at: String,
    /// When it ended, by the server's clock, UTC, ISO 8601.
    pub finished_at: String,
    /// How long it took in milliseconds, by a monotonic clock.
    pub duration_ms: i64,
    /// How many batches ran.
    pub batch_count: i64,
    /// The principal.
    pub applied_by: String,
    /// The machine that dbtool ran on.
    pub host_name: String,
    /// The version of dbtool.
    pub tool_version: String,
    /// The revision of the sources, where it is known.
    pub source_revision: Option<String>,
    /// The SQL as it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql_text: Option<String>,
    /// What went wrong.
    pub error_text: Option<String>,
    /// Why it was done in spite of something.
    pub reason: Option<String>,
    /// The hash over this row and the one before it.
    pub chain_hash: Checksum,
}

/// The kind of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// A migration ran.
    Migration,
    /// An existing database was adopted.
    Baseline,
    /// An entry was settled by a person.
    Repair,
}

/// How an event ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// It began, and runs without one transaction around it.
    Started,
    /// It is done.
    Applied,
    /// It failed, and what it did was undone.
    Failed,
}

impl Kind {
    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Migration => "migration",
            Self::Baseline => "baseline",
            Self::Repair => "repair",
        }
    }

    /// The kind of this word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Migration, Self::Baseline, Self::Repair]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

impl State {
    /// The word in the table.
    pub fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Applied => "applied",
            Self::Failed => "failed",
        }
    }

    /// The state of this word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Started, Self::Applied, Self::Failed]
            .into_iter()
            .find(|state| state.word() == word)
    }
}

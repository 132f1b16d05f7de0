//! Settling by hand what no run can settle by itself: an edited or deleted file, a migration that
//! somebody finished in another client, a batch of which nobody knows whether it is done, a catalog
//! that other hands changed and that is to stay so.
//!
//! Owns the assessment (what history, folder and catalog say, and what would be recorded) and the
//! one way of recording it: a row that is added, under the lock and in one transaction with all that
//! goes with it. Nothing is ever edited or deleted. Asking whether it is meant is the command's
//! business.

use std::time::Duration;

use crate::diag::{Diagnostic, Severity};
use crate::dialect::Dialect;
use crate::engine::{Session, TransactionOptions};
use crate::executor::{Cause, Origin};
use crate::exit::Exit;
use crate::history::{self, CatalogRecord, History, HistoryError, Kind, Row, State};
use crate::migration::{Checksum, Folder, SumFile, Version};
use crate::model::Schema;

mod catalog;
mod files;
mod mode;
mod survey;

pub use survey::survey;

/// What is to be settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// A migration that is not recorded as applied has been: the catalog proves it.
    MarkApplied(Version),
    /// The live catalog is what is recorded from now on.
    ReRecord,
    /// The file as it is now is the one that counts.
    AcceptEdit(Version),
    /// The folder of an applied migration is gone for good.
    AcceptMissing(Version),
    /// The batch that began outside of any transaction has had its effect.
    BatchDone(Version),
    /// It has not, and runs again.
    BatchAgain(Version),
}

impl Mode {
    /// The option that asks for it, without its dashes.
    pub fn name(&self) -> &'static str {
        match self {
            Self::MarkApplied(_) => "mark-applied",
            Self::ReRecord => "re-record",
            Self::AcceptEdit(_) => "accept-edit",
            Self::AcceptMissing(_) => "accept-missing",
            Self::BatchDone(_) => "batch-done",
            Self::BatchAgain(_) => "batch-again",
        }
    }

    /// The version that it is about.
    pub fn version(&self) -> Option<&Version> {
        match self {
            Self::ReRecord => None,
            Self::MarkApplied(version)
            | Self::AcceptEdit(version)
            | Self::AcceptMissing(version)
            | Self::BatchDone(version)
            | Self::BatchAgain(version) => Some(version),
        }
    }
}

/// What a repair works on.
pub struct Ground<'a> {
    /// The database.
    pub session: &'a mut dyn Session,
    /// Its language.
    pub dialect: &'a dyn Dialect,
    /// The migrations with the files of its engine.
    pub folder: &'a Folder,
    /// Makes notes of the drift that the settings ignore, given the schema that is managed.
    pub known: &'a dyn Fn(&Schema, Vec<Diagnostic>) -> Vec<Diagnostic>,
    /// Who does it.
    pub origin: &'a Origin,
}

/// What is known before anything is decided.
#[derive(Debug, Clone, Default)]
pub struct Assessment {
    /// What history, folder and catalog say, a line each.
    pub facts: Vec<String>,
    /// What a person has to see before deciding. With an error among them nothing can be settled.
    pub findings: Vec<Diagnostic>,
    /// How the command ends when something stands against it.
    pub refusal: Option<Exit>,
    /// The head of the history that all this was read from.
    pub head: Option<Checksum>,
    /// What would be recorded; nothing when there is nothing to settle.
    pub action: Option<Action>,
}

/// What a repair records.
#[derive(Debug, Clone)]
pub struct Action {
    /// What it does, for the question and for the record: `marked as applied`.
    pub what: String,
    /// The row, but for its time and its reason.
    pub row: Row,
    /// Whether the live catalog becomes the recorded one.
    pub records_catalog: bool,
    /// The batch that is entered as done, with the checksum of its SQL.
    pub journal: Option<(i64, Checksum)>,
    /// The sum file without what is settled.
    pub sum: Option<SumFile>,
    /// Whether the database has it already, so that only the sum file is left.
    pub is_recorded: bool,
}

/// What was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The row's place; `None` when the database had it already.
    pub row: Option<i64>,
    /// The head of the history now.
    pub head: Option<Checksum>,
}

impl Assessment {
    /// Whether something stands against settling it.
    pub fn is_refused(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.severity == Severity::Error)
    }

    fn refuse(mut self, exit: Exit, findings: impl IntoIterator<Item = Diagnostic>) -> Self {
        self.refusal = Some(exit);
        self.findings.extend(findings);
        self.action = None;
        self
    }

    fn fact(&mut self, line: impl Into<String>) {
        self.facts.push(line.into());
    }
}

/// Finds out what history, folder and catalog say of it, and what would be recorded. Reads only.
///
/// # Errors
/// When history or catalog cannot be read.
pub fn assess(ground: &mut Ground<'_>, mode: &Mode) -> Result<Assessment, HistoryError> {
    // What says again that a version is applied also says with which SQL.
    let wants_sql = matches!(
        mode,
        Mode::AcceptEdit(_) | Mode::AcceptMissing(_) | Mode::ReRecord
    );
    let history = History::load(ground.session, ground.dialect, wants_sql)?;
    let start = Assessment {
        head: history.head().cloned(),
        ..Assessment::default()
    };
    match mode {
        Mode::MarkApplied(version) => mode::mark_applied(ground, &history, version, start),
        Mode::ReRecord => mode::re_record(ground, &history, start),
        Mode::AcceptEdit(version) => files::accept_edit(ground, &history, version, start),
        Mode::AcceptMissing(version) => files::accept_missing(ground, &history, version, start),
        Mode::BatchDone(version) => mode::batch(ground, &history, version, true, start),
        Mode::BatchAgain(version) => mode::batch(ground, &history, version, false, start),
    }
}

/// Records what was assessed, for this reason: under the lock, after assessing it once more, in one
/// transaction. The sum file is left to the caller.
///
/// # Errors
/// See [`Cause`]; nothing is then recorded. A conflict is also a history that grew since `shown`.
pub fn settle(
    ground: &mut Ground<'_>,
    mode: &Mode,
    shown: &Assessment,
    reason: &str,
    lock_timeout: Duration,
) -> Result<Done, Cause> {
    ground.session.lock(lock_timeout).map_err(Cause::Lock)?;
    let done = record(ground, mode, shown, reason);
    if done.is_err() {
        // The first failure is the one to tell; a lost session undoes by itself.
        let _ = ground.session.rollback();
    }
    let unlocked = ground.session.unlock();
    let done = done?;
    unlocked?;
    Ok(done)
}

fn record(
    ground: &mut Ground<'_>,
    mode: &Mode,
    shown: &Assessment,
    reason: &str,
) -> Result<Done, Cause> {
    let now = assess(ground, mode)?;
    if now.head != shown.head || now.is_refused() || now.findings != shown.findings {
        return Err(Cause::Conflict(vec![
            Diagnostic::error(
                crate::diag::Phase::Migration,
                "repair/changed",
                "the database changed since it was looked at, so nothing was settled",
            )
            .help("run the command again and look once more"),
        ]));
    }
    let Some(action) = now.action.filter(|action| !action.is_recorded) else {
        return Ok(Done {
            row: None,
            head: now.head,
        });
    };
    let (session, dialect) = (&mut *ground.session, ground.dialect);
    History::ensure(session, dialect)?;
    let mut history = History::load(session, dialect, false)?;
    session.begin(TransactionOptions::default())?;
    let time = session.now()?;
    let row = Row {
        kind: Kind::Repair,
        started_at: time.clone(),
        finished_at: time.clone(),
        reason: Some(format!("{}: {reason}", action.what)),
        ..action.row
    };
    let version = row.version.clone();
    history.append(session, dialect, row)?;
    let id = history.rows.last().map(|row| row.id);
    if let Some((number, checksum)) = &action.journal {
        history::store::journal(session, dialect, &version, *number, checksum, &time)?;
    }
    if action.records_catalog {
        let record = CatalogRecord {
            history_id: id.unwrap_or_default(),
            catalog: session.catalog()?,
        };
        record.store(session, dialect, &time)?;
    }
    session.commit()?;
    Ok(Done {
        row: id,
        head: history.head().cloned(),
    })
}

/// A row that says something of an entry which history has already.
fn about(entry: &Row, ground: &Ground<'_>, state: State) -> Row {
    let server = ground.session.server();
    Row {
        state,
        duration_ms: 0,
        applied_by: server.user.clone(),
        host_name: server.host.clone(),
        tool_version: ground.origin.tool_version.clone(),
        source_revision: ground.origin.source_revision.clone(),
        sql_text: entry.sql_text.clone().filter(|_| state == State::Applied),
        error_text: None,
        ..entry.clone()
    }
}

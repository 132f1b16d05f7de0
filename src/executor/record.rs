//! What history keeps of a migration: that it was applied, or why it failed.

use std::time::Instant;

use crate::diag::{Diagnostic, Phase};
use crate::engine::{EngineError, ErrorKind, Server, TransactionOptions};
use crate::history::store::FORMAT;
use crate::history::{CatalogRecord, HistoryError, Kind, Row, State};
use crate::migration::folder::line_span;
use crate::migration::{CHANGES_FILE, Checksum, Migration, Version};

use super::{Applied, Cause, Origin, Run};

/// How what failed had run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// The migration is one transaction.
    Whole,
    /// The batch is a transaction of its own.
    Batch,
    /// The batch of this number ran outside of any transaction.
    Outside(i64),
}

impl Run<'_> {
    /// Adds the row, and after the last migration the catalog, within the open transaction.
    pub(super) fn finish(
        &mut self,
        migration: &Migration,
        started_at: &str,
        clock: Instant,
        batches: usize,
        is_last: bool,
        late: bool,
    ) -> Result<Applied, Cause> {
        let now = self.session.now()?;
        let mut row = self.row(migration, State::Applied, started_at, &now, clock, batches);
        row.reason = match (&self.options.allow_drift, late) {
            (Some(reason), false) => Some(format!("drift allowed: {reason}")),
            (Some(reason), true) => Some(format!("out of order; drift allowed: {reason}")),
            (None, true) => Some("out of order".to_owned()),
            (None, false) => None,
        };
        let duration_ms = row.duration_ms;
        self.history.append(self.session, self.dialect, row)?;
        if is_last {
            self.recorded = None;
            self.record(&now)?;
        }
        Ok(Applied {
            id: migration.id.clone(),
            duration_ms,
            batches,
        })
    }

    /// Records the catalog with the last row of the history, unless it is what was recorded.
    pub(super) fn record(&mut self, now: &str) -> Result<(), Cause> {
        let catalog = self.session.catalog()?;
        if self.recorded.as_ref() == Some(&catalog) {
            return Ok(());
        }
        let history_id = self.history.rows.last().map_or(0, |row| row.id);
        let record = CatalogRecord {
            history_id,
            catalog,
        };
        record.store(self.session, self.dialect, now)?;
        self.recorded = Some(record.catalog);
        Ok(())
    }

    /// Records the catalog where the last that was applied has none, because a script applied it:
    /// also in a run that has nothing to apply.
    pub(super) fn record_belated(&mut self, applied: &[Version]) -> Result<(), Cause> {
        let recorded = match applied {
            [] => return Ok(()),
            _ => CatalogRecord::last(self.session, self.dialect)?,
        };
        if recorded.is_some_and(|id| !self.history.applied_after(id)) {
            return Ok(());
        }
        self.refuse_drift(applied)?;
        self.session.begin(TransactionOptions::default())?;
        let now = self.session.now()?;
        self.record(&now)?;
        Ok(self.session.commit()?)
    }

    /// Undoes the transaction, records the failure, and makes the finding. An interruption, a
    /// wait in vain and a database that cannot be written are no failure of the migration: history
    /// keeps no row of them.
    pub(super) fn failed(
        &mut self,
        migration: &Migration,
        started_at: &str,
        clock: Instant,
        batch_line: Option<u32>,
        error: EngineError,
        way: Way,
    ) -> Cause {
        let undone = self.session.rollback();
        if self.session.is_lost() {
            let what_became = match way {
                Way::Outside(number) => format!(
                    "whether batch {number} of {} had its effect is not known; run migrate again: \
                     it asks, or stops",
                    migration.id
                ),
                Way::Whole | Way::Batch => format!(
                    "{} was not committed, and the server undoes what it had begun; run migrate \
                     again",
                    migration.id
                ),
            };
            let message = format!("{}; {what_became}", error.message);
            return EngineError { message, ..error }.into();
        }
        match (&undone, &error.kind) {
            (Ok(()), ErrorKind::Interrupted) => return interrupted(migration, way),
            (
                Ok(()),
                ErrorKind::Busy
                | ErrorKind::Connection
                | ErrorKind::ReadOnly
                | ErrorKind::Corrupt
                | ErrorKind::Full,
            ) => {
                let what_became = match way {
                    Way::Outside(_) => "was stopped",
                    Way::Whole | Way::Batch => "was rolled back",
                };
                let message = format!("{} {what_became}: {}", migration.id, error.message);
                return EngineError { message, ..error }.into();
            }
            _ => {}
        }
        let file = migration.files.get(self.dialect.engine().file_name());
        // What only the commit finds out belongs to no statement.
        let line = batch_line.map(|line| line + error.line.unwrap_or(1) - 1);
        let mut finding = Diagnostic::error(
            Phase::Migration,
            "migration/failed",
            format!("{} failed: {}", migration.id, error.message),
        )
        .spanned(
            file.zip(line)
                .map(|(file, line)| line_span(&file.source, line as usize, None)),
        )
        .help(match way {
            Way::Batch => format!(
                "the batches before this one are done and stay; mend what the message names and \
                 run migrate again: it goes on at this batch (after an edit to the file, `dbtool \
                 seal {}`)",
                migration.id.version
            ),
            Way::Outside(_) => format!(
                "the batches before this one are done and stay, and so does what this one did \
                 outside of any transaction before it failed; mend what the message names and run \
                 migrate again: it runs this batch again (after an edit to the file, `dbtool seal \
                 {}`)",
                migration.id.version
            ),
            Way::Whole => format!(
                "the transaction was rolled back, so the database is as it was before; mend what \
                 the message names and run migrate again (after an edit to the file, `dbtool seal \
                 {}`)",
                migration.id.version
            ),
        });
        if undone.is_ok()
            && let Err(why) = self.record_failure(migration, started_at, clock, &error)
        {
            finding
                .message
                .push_str(&format!(" (and history could not record it: {why})"));
        }
        Cause::Migration(Box::new(finding))
    }

    pub(super) fn record_failure(
        &mut self,
        migration: &Migration,
        started_at: &str,
        clock: Instant,
        error: &EngineError,
    ) -> Result<(), HistoryError> {
        let rows = self.history.rows.len();
        let now = self.session.now()?;
        let mut row = self.row(migration, State::Failed, started_at, &now, clock, 0);
        row.error_text = Some(error.message.clone());
        self.session.begin(TransactionOptions::default())?;
        let recorded = self
            .history
            .append(self.session, self.dialect, row)
            .and_then(|()| Ok(self.session.commit()?));
        if recorded.is_err() {
            self.history.forget_after(rows);
            self.session.rollback()?;
        }
        recorded
    }

    pub(super) fn row(
        &self,
        migration: &Migration,
        state: State,
        started_at: &str,
        finished_at: &str,
        clock: Instant,
        batches: usize,
    ) -> Row {
        Row {
            started_at: started_at.to_owned(),
            duration_ms: i64::try_from(clock.elapsed().as_millis()).unwrap_or(i64::MAX),
            batch_count: i64::try_from(batches).unwrap_or(i64::MAX),
            state,
            ..entry(migration, self.session.server(), self.origin, finished_at)
        }
    }
}

/// The row of a migration that was applied at this moment, before anything else is said of it. The
/// id and the hash are the history's to give.
pub fn entry(migration: &Migration, server: &Server, origin: &Origin, now: &str) -> Row {
    let sql = migration.files.get(server.engine.file_name());
    Row {
        id: 0,
        chain_hash: Checksum::of_text(""),
        format_version: FORMAT,
        version: migration.id.version.clone(),
        name: migration.id.name.clone(),
        kind: Kind::Migration,
        state: State::Applied,
        changes_checksum: migration
            .files
            .get(CHANGES_FILE)
            .map(|file| file.checksum.clone()),
        sql_checksum: sql.map(|file| file.checksum.clone()),
        started_at: now.to_owned(),
        finished_at: now.to_owned(),
        duration_ms: 0,
        batch_count: 0,
        applied_by: server.user.clone(),
        host_name: server.host.clone(),
        tool_version: origin.tool_version.clone(),
        source_revision: origin.source_revision.clone(),
        sql_text: sql.map(|file| file.source.text.clone()),
        error_text: None,
        reason: None,
    }
}

fn interrupted(migration: &Migration, way: Way) -> Cause {
    let id = &migration.id;
    let (message, help) = match way {
        Way::Batch => (
            format!("{id} was interrupted: the batch that ran was rolled back"),
            "the batches before it are done and stay; run migrate again: it goes on at this batch",
        ),
        Way::Outside(number) => (
            format!("{id} was interrupted while batch {number} ran outside of any transaction"),
            "the batches before it are done and stay; run migrate again: it asks the batch's \
             done-when whether its effect is there, and stops when it has none",
        ),
        Way::Whole => (
            format!("{id} was interrupted and rolled back: the database is as it was before it"),
            "run migrate again: it goes on with this migration",
        ),
    };
    Cause::Interrupted(Box::new(
        Diagnostic::error(Phase::Migration, "migrate/interrupted", message).help(help),
    ))
}

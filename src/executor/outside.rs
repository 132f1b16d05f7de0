//! Batches that run outside of any transaction.
//!
//! No journal row can be committed together with what such a batch does. So history says before it
//! that it begins, and the journal after it that it is done. Whoever comes between the two and finds
//! the first without the second asks the batch's own `done-when`, and without one asks a person:
//! running it again on a guess could do its work twice.

use std::time::Instant;

use crate::diag::{Diagnostic, Phase, Span};
use crate::dialect::{Batch, Script};
use crate::engine::{EngineError, ErrorKind, TransactionOptions, Value};
use crate::history::{self, HistoryError, State};
use crate::migration::{Checksum, Migration, Version};

use super::{Cause, Run};

impl Run<'_> {
    /// Runs a batch outside of any transaction. When this fails, the batch has not had its effect, or
    /// the connection is lost.
    pub(super) fn outside(
        &mut self,
        migration: &Migration,
        number: i64,
        batch: &Batch,
        clock: Instant,
    ) -> Result<(), Cause> {
        let rows = self.history.rows.len();
        self.session.begin(TransactionOptions::default())?;
        let now = self.session.now()?;
        let count = usize::try_from(number).unwrap_or_default();
        let mut row = self.row(migration, State::Started, &now, &now, clock, count);
        row.sql_text = None;
        row.reason = Some(format!("batch {number} begins, outside of any transaction"));
        let begun = self
            .history
            .append(self.session, self.dialect, row)
            .and_then(|()| Ok(self.session.commit()?));
        if let Err(error) = begun {
            self.history.forget_after(rows);
            return Err(error.into());
        }
        self.session.execute(&batch.sql)?;
        Ok(())
    }

    /// Enters a batch whose effect is there already. A failure is none of the batch: nothing may be
    /// recorded that would let it run again.
    pub(super) fn journal_alone(
        &mut self,
        migration: &Migration,
        number: i64,
        batch: &Batch,
    ) -> Result<(), Cause> {
        self.journal(&migration.id.version, number, batch)
            .map_err(|cause| match cause {
                Cause::History(HistoryError::Engine(error)) => {
                    let message = format!(
                        "batch {number} of {} ran, and could not be entered as done: {}; run migrate \
                         again: it asks whether the batch has had its effect, or stops",
                        migration.id, error.message
                    );
                    EngineError { message, ..error }.into()
                }
                other => other,
            })
    }

    fn journal(&mut self, version: &Version, number: i64, batch: &Batch) -> Result<(), Cause> {
        self.session.begin(TransactionOptions::default())?;
        let now = self.session.now()?;
        let checksum = Checksum::of_text(&batch.sql);
        history::store::journal(self.session, self.dialect, version, number, &checksum, &now)?;
        self.record(&now)?;
        Ok(self.session.commit()?)
    }

    /// Learns what became of a batch that an interrupted run had begun outside of any transaction,
    /// before anybody judges what the catalog looks like after it.
    pub(super) fn settle_begun(&mut self, pending: &[Version]) -> Result<(), Cause> {
        let Some((migration, number)) = self.folder.migrations.iter().find_map(|migration| {
            let version = &migration.id.version;
            let number = self.history.begun_outside(version)?;
            pending.contains(version).then_some((migration, number))
        }) else {
            return Ok(());
        };
        let version = &migration.id.version;
        let journal = history::store::journalled(self.session, self.dialect, version)?;
        if journal.iter().any(|(done, _)| *done == number) {
            return Ok(());
        }
        let script = self.script(migration)?;
        let batch = numbered(&script, number);
        let question = batch.and_then(|batch| batch.autocommit.as_ref()?.done_when.as_deref());
        let (Some(batch), Some(question)) = (batch, question) else {
            return Err(Cause::Conflict(vec![unknown(
                migration, number, batch, self,
            )]));
        };
        match self.session.query(question, &[]) {
            Ok(rows) => {
                let answer = rows.rows.first().and_then(|row| row.first());
                let is_done = !matches!(answer, None | Some(Value::Null | Value::Integer(0)));
                if is_done {
                    self.journal_alone(migration, number, batch)?;
                }
                Ok(())
            }
            Err(error) if matches!(error.kind, ErrorKind::Statement | ErrorKind::Permission) => {
                let mut finding = unknown(migration, number, Some(batch), self);
                finding.code = "migration/done-when";
                finding.message = format!(
                    "whether batch {number} of {} is done could not be asked: {}",
                    migration.id, error.message
                );
                Err(Cause::Conflict(vec![finding]))
            }
            Err(error) => Err(HistoryError::Engine(error).into()),
        }
    }
}

/// The batch with this number, from 1.
pub fn numbered(script: &Script, number: i64) -> Option<&Batch> {
    let at = usize::try_from(number.checked_sub(1)?).ok()?;
    script.batches.get(at)
}

/// The finding that nobody can tell whether a batch has had its effect.
fn unknown(migration: &Migration, number: i64, batch: Option<&Batch>, run: &Run<'_>) -> Diagnostic {
    let file = migration.files.get(run.dialect.engine().file_name());
    let place = file.zip(batch).map(|(file, batch)| {
        crate::migration::folder::line_span(&file.source, batch.line as usize, None)
    });
    begun(
        &migration.id.to_string(),
        &migration.id.version,
        number,
        place,
    )
}

/// The finding that a run was interrupted while a batch ran outside of any transaction.
pub fn begun(id: &str, version: &Version, number: i64, place: Option<Span>) -> Diagnostic {
    Diagnostic::error(
        Phase::Migration,
        "migration/batch-unknown",
        format!(
            "a run was interrupted while batch {number} of {id} ran outside of any transaction, and \
             nothing says whether it had its effect"
        ),
    )
    .spanned(place)
    .help(format!(
        "look at the database: when its effect is there, `dbtool repair --batch-done {version}`; \
         when it is not, `dbtool repair --batch-again {version}`; migrate then goes on from there"
    ))
}

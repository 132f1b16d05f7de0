//! Running a migration: in one transaction, or batch by batch.

use std::time::Instant;

use crate::diag::{Diagnostic, Phase};
use crate::dialect::{Batch, Script};
use crate::engine::{EngineError, TransactionOptions};
use crate::history::{self, History, HistoryError, State};
use crate::migration::{Checksum, Migration, Version};

use super::outside::numbered;
use super::record::Way;
use super::{Applied, Cause, Event, Run};

impl Run<'_> {
    pub(super) fn in_one_transaction(
        &mut self,
        migration: &Migration,
        script: &Script,
        is_last: bool,
        late: bool,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<Applied, Cause> {
        let clock = Instant::now();
        let started_at = self.session.now()?;
        let rows = self.history.rows.len();
        let rebuilds = script.directives.defer_foreign_keys;
        self.session.begin(TransactionOptions {
            defer_foreign_keys: rebuilds,
        })?;
        let before = if rebuilds {
            self.outside_the_model()?
        } else {
            Vec::new()
        };
        for batch in &script.batches {
            for _ in 0..batch.repeat {
                if let Err(error) = self.session.execute(&batch.sql) {
                    return Err(self.failed(
                        migration,
                        &started_at,
                        clock,
                        Some(batch.line),
                        error,
                        Way::Whole,
                    ));
                }
            }
            observe(Event::Batch);
        }
        if let Some(lost) = self.lost(migration, before)? {
            self.session.rollback()?;
            return Err(Cause::Migration(Box::new(lost)));
        }
        let batches = script.batches.len();
        let finished = self.finish(migration, &started_at, clock, batches, is_last, late);
        let committed = match finished {
            Ok(applied) => match self.session.commit() {
                Ok(()) => Ok(applied),
                Err(error) if self.session.is_lost() => {
                    let settled = self.settle(migration, rows, applied, error);
                    if settled.is_err() {
                        self.history.forget_after(rows);
                    }
                    return settled;
                }
                Err(error) => Err(error.into()),
            },
            Err(cause) => Err(cause),
        };
        match committed {
            Ok(applied) => Ok(applied),
            Err(Cause::History(HistoryError::Engine(error))) => {
                self.history.forget_after(rows);
                Err(self.failed(migration, &started_at, clock, None, error, Way::Whole))
            }
            Err(cause) => {
                self.history.forget_after(rows);
                self.session.rollback()?;
                Err(cause)
            }
        }
    }

    /// Learns from the history whether a commit was made whose answer got lost. Nothing is run
    /// again: what was not committed is left to the next run.
    pub(super) fn settle(
        &mut self,
        migration: &Migration,
        rows: usize,
        applied: Applied,
        error: EngineError,
    ) -> Result<Applied, Cause> {
        let unknown = |why: &dyn std::fmt::Display| {
            let mut error = error.clone();
            error.message.push_str(&format!(
                "; whether {} was committed could not be learned ({why}); run migrate again: it \
                 reads the history first, and applies only what is missing there",
                migration.id
            ));
            Cause::from(error)
        };
        let ours = self.history.head().cloned();
        self.session.reconnect().map_err(|why| unknown(&why))?;
        // The old connection held the lock, and it may take a while until the server notices.
        self.session
            .lock(self.options.lock_timeout)
            .map_err(|why| unknown(&why))?;
        let now = History::load(self.session, self.dialect, false).map_err(|why| unknown(&why))?;
        let is_committed =
            now.rows.len() > rows && now.rows.get(rows).map(|row| &row.chain_hash) == ours.as_ref();
        if is_committed {
            self.history = now;
            return Ok(applied);
        }
        let mut error = error;
        error.message.push_str(&format!(
            "; the history shows that {} was not committed, so the database is as it was before \
             it; run migrate again",
            migration.id
        ));
        Err(error.into())
    }

    /// Each batch commits together with its journal row, and a run goes on at the first batch
    /// without one.
    pub(super) fn batch_by_batch(
        &mut self,
        migration: &Migration,
        script: &Script,
        is_last: bool,
        late: bool,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<Applied, Cause> {
        let clock = Instant::now();
        let started_at = self.session.now()?;
        let version = &migration.id.version;
        let done = history::store::journalled(self.session, self.dialect, version)?;
        if let Some(finding) = edited_midway(migration, script, &done) {
            return Err(Cause::Conflict(vec![finding]));
        }
        if done.is_empty() {
            self.session.begin(TransactionOptions::default())?;
            let row = self.row(
                migration,
                State::Started,
                &started_at,
                &started_at,
                clock,
                0,
            );
            self.history.append(self.session, self.dialect, row)?;
            // Whoever comes after a kill can only tell drift from what is half done by a catalog
            // that was recorded with every step.
            self.recorded = None;
            self.record(&started_at)?;
            self.session.commit()?;
        }
        for (number, batch) in (1..).zip(&script.batches) {
            if done.iter().any(|(batch, _)| *batch == number) {
                observe(Event::Batch);
                continue;
            }
            let (way, ran) = if batch.autocommit.is_some() {
                let ran = self.outside(migration, number, batch, clock);
                (Way::Outside(number), ran)
            } else {
                (Way::Batch, self.batch(version, number, batch))
            };
            match ran {
                Ok(()) => {}
                Err(Cause::History(HistoryError::Engine(error))) => {
                    let line = Some(batch.line);
                    return Err(self.failed(migration, &started_at, clock, line, error, way));
                }
                Err(cause) => return Err(cause),
            }
            if batch.autocommit.is_some() {
                self.journal_alone(migration, number, batch)?;
            }
            observe(Event::Batch);
        }
        self.session.begin(TransactionOptions::default())?;
        let batches = script.batches.len();
        let applied = self.finish(migration, &started_at, clock, batches, is_last, late)?;
        self.session.commit()?;
        Ok(applied)
    }

    /// One batch with its journal row, in a transaction of its own.
    pub(super) fn batch(
        &mut self,
        version: &Version,
        number: i64,
        batch: &Batch,
    ) -> Result<(), Cause> {
        self.session.begin(TransactionOptions::default())?;
        for _ in 0..batch.repeat {
            self.session.execute(&batch.sql)?;
        }
        let now = self.session.now()?;
        let checksum = Checksum::of_text(&batch.sql);
        history::store::journal(self.session, self.dialect, version, number, &checksum, &now)?;
        self.record(&now)?;
        Ok(self.session.commit()?)
    }
}

/// What has run may not be edited any more; what has not, may be mended.
pub(super) fn edited_midway(
    migration: &Migration,
    script: &Script,
    done: &[(i64, String)],
) -> Option<Diagnostic> {
    let (number, _) = done.iter().find(|(number, begun)| {
        numbered(script, *number)
            .is_none_or(|batch| Checksum::of_text(&batch.sql).as_str() != begun)
    })?;
    Some(
        Diagnostic::error(
            Phase::Migration,
            "migration/edited-midway",
            format!(
                "batch {number} of {} was edited after it had run",
                migration.id
            ),
        )
        .help(
            "restore the batches that have run as they were; the ones after them can be mended, \
             and the run goes on there",
        ),
    )
}

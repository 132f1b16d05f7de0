//! Applying what is pending, exactly once.
//!
//! Owns the order of things: lock, verify, compare, apply, record. It knows no engine and prints
//! nothing; progress goes out as [`Event`]s, and how a failure becomes an exit code is the
//! command's business.

use std::time::{Duration, Instant};

use crate::diag::{Diagnostic, Phase};
use crate::dialect::{Dialect, Script};
use crate::drift::Judgement;
use crate::engine::{EngineError, ErrorKind, LockError, Session, TransactionOptions};
use crate::history::{self, CatalogRecord, History, HistoryError, Kind, Row, State, store::FORMAT};
use crate::migration::folder::line_span;
use crate::migration::{CHANGES_FILE, Checksum, Folder, Id, Migration, Version, verify};

/// What to apply, and in spite of what.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The last version to apply; all when `None`.
    pub to: Option<Version>,
    /// How long to wait for the lock.
    pub lock_timeout: Duration,
    /// Apply a version that is lower than one that is applied.
    pub out_of_order: bool,
    /// Build on a catalog that is not what was recorded, for this reason.
    pub allow_drift: Option<String>,
}

/// What history says of whoever runs this.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The version of dbtool.
    pub tool_version: String,
    /// The revision of the sources, where it is known.
    pub source_revision: Option<String>,
}

/// Something that happened on the way.
#[derive(Debug)]
pub enum Event<'a> {
    /// The pending migrations are known.
    Pending(&'a [Version]),
    /// A migration begins.
    Begun {
        /// It.
        id: &'a Id,
        /// How many batches it has.
        batches: usize,
    },
    /// A batch is done.
    Batch,
    /// A migration is applied.
    Applied(&'a Applied),
}

/// A migration that this run applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// It.
    pub id: Id,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// How many batches ran.
    pub batches: usize,
}

/// How a run ended that did its job.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// What it applied, in order.
    pub applied: Vec<Applied>,
    /// How many were applied before.
    pub already: usize,
    /// The hash of the last history row.
    pub head: Option<Checksum>,
}

/// Why a run did not do its job. What was applied before the failure stays applied.
#[derive(Debug)]
pub struct Failure {
    /// What it had applied by then.
    pub applied: Vec<Applied>,
    /// Why it ended.
    pub cause: Cause,
}

/// The cause of a [`Failure`].
#[derive(Debug)]
pub enum Cause {
    /// The lock was not obtained.
    Lock(LockError),
    /// Files, sum file and history do not agree.
    Conflict(Vec<Diagnostic>),
    /// The live catalog is not what was recorded.
    Drift(Vec<Diagnostic>),
    /// A migration failed and was undone.
    Migration(Box<Diagnostic>),
    /// The history could not be read or written.
    History(HistoryError),
}

impl From<HistoryError> for Cause {
    fn from(error: HistoryError) -> Self {
        Self::History(error)
    }
}

impl From<EngineError> for Cause {
    fn from(error: EngineError) -> Self {
        Self::History(HistoryError::Engine(error))
    }
}

/// Applies the pending migrations of a folder whose files for this engine have been read.
///
/// # Errors
/// See [`Cause`]. Each migration is applied whole or not at all, unless it says itself that it runs
/// without a transaction.
pub fn migrate(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    folder: &Folder,
    options: &Options,
    origin: &Origin,
    observe: &mut dyn FnMut(Event<'_>),
) -> Result<Outcome, Failure> {
    let mut applied = Vec::new();
    let fail = |applied: Vec<Applied>, cause: Cause| Failure { applied, cause };
    if let Err(error) = session.lock(options.lock_timeout) {
        return Err(fail(applied, Cause::Lock(error)));
    }
    let mut run = Run {
        session,
        dialect,
        folder,
        options,
        origin,
        history: History::default(),
    };
    let result = run.all(&mut applied, observe);
    let head = run.history.head().cloned();
    let unlocked = run.session.unlock();
    let already = result.map_err(|cause| fail(applied.clone(), cause))?;
    unlocked.map_err(|error| fail(applied.clone(), error.into()))?;
    Ok(Outcome {
        applied,
        already,
        head,
    })
}

/// What stands against applying this folder to this database, and what is pending. Reads only.
///
/// # Errors
/// When the history cannot be read.
pub fn verify_folder(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    folder: &Folder,
    out_of_order: bool,
) -> Result<(History, verify::Verdict), HistoryError> {
    let history = History::load(session, dialect, false)?;
    let verdict = judge(dialect, folder, &history, out_of_order);
    Ok((history, verdict))
}

fn judge(
    dialect: &dyn Dialect,
    folder: &Folder,
    history: &History,
    out_of_order: bool,
) -> verify::Verdict {
    let files = [CHANGES_FILE, dialect.engine().file_name()];
    let mut verdict = verify::against_history(folder, &history.rows, dialect.engine());
    if !out_of_order {
        verdict.conflicts.extend(
            verdict
                .late
                .iter()
                .map(|version| verify::late(version, folder)),
        );
    }
    // What history already calls edited or missing is not said a second time.
    let told: Vec<_> = verdict
        .conflicts
        .iter()
        .map(|finding| finding.span.clone())
        .collect();
    let sum = verify::against_sum(folder, &files);
    verdict.conflicts.extend(
        sum.into_iter()
            .filter(|finding| finding.span.is_none() || !told.contains(&finding.span)),
    );
    verdict
}

struct Run<'a> {
    session: &'a mut dyn Session,
    dialect: &'a dyn Dialect,
    folder: &'a Folder,
    options: &'a Options,
    origin: &'a Origin,
    history: History,
}

impl Run<'_> {
    /// Applies everything pending, and returns how many were applied before.
    fn all(
        &mut self,
        applied: &mut Vec<Applied>,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<usize, Cause> {
        self.history = History::load(self.session, self.dialect, false)?;
        let mut verdict = judge(
            self.dialect,
            self.folder,
            &self.history,
            self.options.out_of_order,
        );
        if !verdict.conflicts.is_empty() {
            return Err(Cause::Conflict(verdict.conflicts));
        }
        let already = verdict.applied.len();
        if let Some(to) = &self.options.to {
            verdict.pending.retain(|version| version <= to);
        }
        if verdict.pending.is_empty() {
            return Ok(already);
        }
        self.refuse_drift(already)?;
        let migrations: Vec<&Migration> = self
            .folder
            .migrations
            .iter()
            .filter(|migration| verdict.pending.contains(&migration.id.version))
            .collect();
        // Every file is split before the first one runs: a malformed last one stops all of them.
        let mut scripts = Vec::with_capacity(migrations.len());
        for migration in &migrations {
            scripts.push(self.script(migration)?);
        }
        History::ensure(self.session, self.dialect)?;
        observe(Event::Pending(&verdict.pending));
        let count = migrations.len();
        for (index, (migration, script)) in migrations.into_iter().zip(scripts).enumerate() {
            observe(Event::Begun {
                id: &migration.id,
                batches: script.batches.len(),
            });
            let is_last = index + 1 == count;
            let late = verdict.late.contains(&migration.id.version);
            let done = if script.directives.no_transaction {
                self.batch_by_batch(migration, &script, is_last, late, observe)?
            } else {
                self.in_one_transaction(migration, &script, is_last, late, observe)?
            };
            observe(Event::Applied(&done));
            applied.push(done);
        }
        Ok(already)
    }

    /// Compares the live catalog with the one that the last apply left behind.
    fn refuse_drift(&mut self, already: usize) -> Result<(), Cause> {
        if self.options.allow_drift.is_some() {
            return Ok(());
        }
        let recorded = match CatalogRecord::load(self.session, self.dialect)? {
            Some(record) => self.dialect.interpret(&record.catalog),
            None if already == 0 => crate::dialect::Described::default(),
            None => return Ok(()),
        };
        let catalog = self.session.catalog()?;
        let live = self.dialect.interpret(&catalog);
        let judgement = Judgement {
            dialect: self.dialect,
            expected: &recorded.schema,
            live: &live,
            recorded: Some(&recorded),
            place: &|_| None,
        };
        let findings: Vec<Diagnostic> = judgement
            .findings()
            .into_iter()
            .filter(|finding| finding.severity == crate::diag::Severity::Error)
            .collect();
        if findings.is_empty() {
            return Ok(());
        }
        let headline = if already == 0 {
            Diagnostic::error(
                Phase::Drift,
                "migrate/not-empty",
                "the database has no history, yet it is not empty: it may be another one than meant",
            )
            .help(
                "check the environment; to build on what is there all the same, say why with \
                 --allow-drift REASON, which history keeps",
            )
        } else {
            Diagnostic::error(
                Phase::Drift,
                "migrate/drift",
                "the database was changed since the last apply, so nothing is built on it",
            )
            .help(
                "put back what is listed, or say why it stays with --allow-drift REASON, which \
                 history keeps",
            )
        };
        Err(Cause::Drift(
            std::iter::once(headline).chain(findings).collect(),
        ))
    }

    fn script(&self, migration: &Migration) -> Result<Script, Cause> {
        let name = self.dialect.engine().file_name();
        // `judge` has refused a folder that lacks a file of the sum file; one that never had SQL
        // for this engine is refused here.
        let Some(file) = migration.files.get(name) else {
            return Err(Cause::Conflict(vec![
                Diagnostic::error(
                    Phase::Migration,
                    "migration/missing-file",
                    format!(
                        "{} has no {name}, so it cannot be applied here",
                        migration.id
                    ),
                )
                .help("add this engine to `targets` in dbtool.yaml and write the file for it"),
            ]));
        };
        self.dialect.split(&file.source.text).map_err(|error| {
            let place = crate::diag::Span::new(&file.source, error.offset..error.offset + 1);
            Cause::Migration(Box::new(
                Diagnostic::error(
                    Phase::Migration,
                    "migration/malformed",
                    format!("{} cannot be split into batches: {error}", file.source.name),
                )
                .spanned(place)
                .help("nothing was applied; mend the file and run `dbtool seal` for it"),
            ))
        })
    }

    fn in_one_transaction(
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
        self.session.begin(TransactionOptions {
            defer_foreign_keys: script.directives.defer_foreign_keys,
        })?;
        for batch in &script.batches {
            for _ in 0..batch.repeat {
                if let Err(error) = self.session.execute(&batch.sql) {
                    return Err(self.failed(
                        migration,
                        &started_at,
                        clock,
                        batch.line,
                        error,
                        false,
                    ));
                }
            }
            observe(Event::Batch);
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
                Err(self.failed(migration, &started_at, clock, 1, error, false))
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
    fn settle(
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
    fn batch_by_batch(
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
        let checksum = self.sql_checksum(migration);
        let done = history::store::journalled(self.session, self.dialect, version)?;
        if done.iter().any(|(_, begun)| begun != checksum.as_str()) {
            return Err(Cause::Conflict(vec![
                Diagnostic::error(
                    Phase::Migration,
                    "migration/edited-midway",
                    format!(
                        "{} was edited after {} of its batches had run",
                        migration.id,
                        done.len()
                    ),
                )
                .help("restore the file as it was when those batches ran; the run then goes on"),
            ]));
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
            self.session.commit()?;
        }
        for (number, batch) in (1..).zip(&script.batches) {
            if done.iter().any(|(batch, _)| *batch == number) {
                observe(Event::Batch);
                continue;
            }
            self.session.begin(TransactionOptions::default())?;
            for _ in 0..batch.repeat {
                if let Err(error) = self.session.execute(&batch.sql) {
                    return Err(self.failed(
                        migration,
                        &started_at,
                        clock,
                        batch.line,
                        error,
                        true,
                    ));
                }
            }
            let now = self.session.now()?;
            history::store::journal(self.session, self.dialect, version, number, &checksum, &now)?;
            self.session.commit()?;
            observe(Event::Batch);
        }
        self.session.begin(TransactionOptions::default())?;
        let batches = script.batches.len();
        let applied = self.finish(migration, &started_at, clock, batches, is_last, late)?;
        self.session.commit()?;
        Ok(applied)
    }

    /// Adds the row, and after the last migration the catalog, within the open transaction.
    fn finish(
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
            let catalog = self.session.catalog()?;
            let history_id = self.history.rows.last().map_or(0, |row| row.id);
            CatalogRecord {
                history_id,
                catalog,
            }
            .store(self.session, self.dialect, &now)?;
        }
        Ok(Applied {
            id: migration.id.clone(),
            duration_ms,
            batches,
        })
    }

    /// Undoes the transaction, records the failure, and makes the finding.
    fn failed(
        &mut self,
        migration: &Migration,
        started_at: &str,
        clock: Instant,
        batch_line: u32,
        error: EngineError,
        by_batch: bool,
    ) -> Cause {
        let undone = self.session.rollback();
        let aside = if self.session.is_lost() {
            Some("was not committed, and the server undoes what it had begun; run migrate again")
        } else if error.kind == ErrorKind::Interrupted && undone.is_ok() {
            Some("was rolled back, so the database is as it was before it")
        } else {
            None
        };
        if let Some(aside) = aside {
            let mut error = error;
            error
                .message
                .push_str(&format!("; {} {aside}", migration.id));
            return error.into();
        }
        let file = migration.files.get(self.dialect.engine().file_name());
        let line = batch_line + error.line.unwrap_or(1) - 1;
        let mut finding = Diagnostic::error(
            Phase::Migration,
            "migration/failed",
            format!("{} failed: {}", migration.id, error.message),
        )
        .spanned(file.map(|file| line_span(&file.source, line as usize, None)))
        .help(if by_batch {
            "the batches before this one are done and stay; mend what the message names and run \
             migrate again: it goes on at this batch"
                .to_owned()
        } else {
            format!(
                "the transaction was rolled back, so the database is as it was before; mend what \
                 the message names and run migrate again (after an edit to the file, `dbtool seal \
                 {}`)",
                migration.id.version
            )
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

    fn record_failure(
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

    fn row(
        &self,
        migration: &Migration,
        state: State,
        started_at: &str,
        finished_at: &str,
        clock: Instant,
        batches: usize,
    ) -> Row {
        let sql = migration.files.get(self.dialect.engine().file_name());
        let server = self.session.server();
        Row {
            // The id and the hash are the history's to give.
            id: 0,
            chain_hash: Checksum::of_text(""),
            format_version: FORMAT,
            version: migration.id.version.clone(),
            name: migration.id.name.clone(),
            kind: Kind::Migration,
            state,
            changes_checksum: migration
                .files
                .get(CHANGES_FILE)
                .map(|file| file.checksum.clone()),
            sql_checksum: sql.map(|file| file.checksum.clone()),
            started_at: started_at.to_owned(),
            finished_at: finished_at.to_owned(),
            duration_ms: i64::try_from(clock.elapsed().as_millis()).unwrap_or(i64::MAX),
            batch_count: i64::try_from(batches).unwrap_or(i64::MAX),
            applied_by: server.user.clone(),
            host_name: server.host.clone(),
            tool_version: self.origin.tool_version.clone(),
            source_revision: self.origin.source_revision.clone(),
            sql_text: sql.map(|file| file.source.text.clone()),
            error_text: None,
            reason: None,
        }
    }

    fn sql_checksum(&self, migration: &Migration) -> Checksum {
        let file = migration.files.get(self.dialect.engine().file_name());
        file.map_or_else(|| Checksum::of_text(""), |file| file.checksum.clone())
    }
}

#[cfg(test)]
mod tests;

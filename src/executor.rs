//! Applying what is pending, exactly once.
//!
//! Owns the order of things: lock, verify, compare, apply, record. It knows no engine and prints
//! nothing; progress goes out as [`Event`]s, and how a failure becomes an exit code is the
//! command's business.

use std::time::{Duration, Instant};

use crate::diag::{Diagnostic, Phase};
use crate::dialect::{Batch, Described, Dialect, Script, Unsupported};
use crate::drift::Judgement;
use crate::engine::{Catalog, EngineError, ErrorKind, LockError, Session, TransactionOptions};
use crate::history::{self, CatalogRecord, History, HistoryError, Kind, Row, State, store::FORMAT};
use crate::migration::folder::line_span;
use crate::migration::{CHANGES_FILE, Checksum, Folder, Id, Migration, Version, verify};
use crate::model::Schema;

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
    /// What is pending is known.
    Pending {
        /// How many batches all of it has.
        batches: usize,
    },
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
    /// How many are pending after the last version that was asked for.
    pub later: usize,
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
    /// Somebody asked to stop, and what was not committed was undone. History keeps no row of it:
    /// nothing failed, and the next run goes on from here.
    Interrupted(Box<Diagnostic>),
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

impl Cause {
    /// An interruption between two migrations is one as much as one within.
    fn settled(self) -> Self {
        match self {
            Self::History(HistoryError::Engine(error)) | Self::Lock(LockError::Engine(error))
                if error.kind == ErrorKind::Interrupted =>
            {
                Self::Interrupted(Box::new(
                    Diagnostic::error(
                        Phase::Migration,
                        "migrate/interrupted",
                        "the run was interrupted between two steps, and no step is half done",
                    )
                    .help("run migrate again: it goes on with what is pending"),
                ))
            }
            other => other,
        }
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
    let fail = |applied: Vec<Applied>, cause: Cause| Failure {
        applied,
        cause: cause.settled(),
    };
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
        recorded: None,
        later: 0,
    };
    let mut result = run.all(&mut applied, observe);
    if result.is_err()
        && let Err(error) = run.session.rollback()
    {
        // The first failure is the one to tell; a session that cannot even undo is lost anyway.
        result = result.map_err(|cause| match cause {
            Cause::Migration(mut finding) => {
                finding.message.push_str(&format!(" ({error})"));
                Cause::Migration(finding)
            }
            other => other,
        });
    }
    let head = run.history.head().cloned();
    let unlocked = run.session.unlock();
    let later = run.later;
    let already = result.map_err(|cause| fail(applied.clone(), cause))?;
    unlocked.map_err(|error| fail(applied.clone(), error.into()))?;
    Ok(Outcome {
        applied,
        already,
        later,
        head,
    })
}

fn interrupted(migration: &Migration, by_batch: bool) -> Cause {
    let id = &migration.id;
    let (message, help) = if by_batch {
        (
            format!("{id} was interrupted: the batch that ran was rolled back"),
            "the batches before it are done and stay; run migrate again: it goes on at this batch",
        )
    } else {
        (
            format!("{id} was interrupted and rolled back: the database is as it was before it"),
            "run migrate again: it goes on with this migration",
        )
    };
    Cause::Interrupted(Box::new(
        Diagnostic::error(Phase::Migration, "migrate/interrupted", message).help(help),
    ))
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
    /// What this run recorded last, so that batches that leave the catalog alone cost no record.
    recorded: Option<Catalog>,
    /// How many are pending after the last version that was asked for.
    later: usize,
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
        let pending = verdict.pending.len();
        if let Some(to) = &self.options.to {
            verdict.pending.retain(|version| version <= to);
        }
        self.later = pending - verdict.pending.len();
        if verdict.pending.is_empty() {
            return Ok(already);
        }
        self.refuse_drift(&verdict.applied)?;
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
        let batches = scripts.iter().map(|script| script.batches.len()).sum();
        observe(Event::Pending { batches });
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
    fn refuse_drift(&mut self, applied: &[Version]) -> Result<(), Cause> {
        if self.options.allow_drift.is_some() {
            return Ok(());
        }
        let record = CatalogRecord::load(self.session, self.dialect)?;
        let catalog = self.session.catalog()?;
        let live = self.dialect.interpret(&catalog);
        let findings = match record {
            Some(record) if !self.history.applied_after(record.history_id) => {
                let recorded = self.dialect.interpret(&record.catalog);
                self.errors(&recorded.schema, &live, Some(&recorded))
            }
            None if applied.is_empty() => {
                let nothing = Described::default();
                self.errors(&nothing.schema, &live, Some(&nothing))
            }
            record => self.unrecorded(record.as_ref(), applied, &live)?,
        };
        if findings.is_empty() {
            return Ok(());
        }
        let headline = if applied.is_empty() {
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

    fn errors(
        &self,
        expected: &Schema,
        live: &Described,
        recorded: Option<&Described>,
    ) -> Vec<Diagnostic> {
        let judgement = Judgement {
            dialect: self.dialect,
            expected,
            live,
            recorded,
            place: &|_| None,
        };
        let mut findings = judgement.findings();
        findings.retain(|finding| finding.severity == crate::diag::Severity::Error);
        findings
    }

    /// What differs after a run that was killed between two migrations, before it could record a
    /// catalog. The folder says what its migrations made; what no model can express they may have
    /// made too, so that is taken as it is, and so is what the record from before them already
    /// differed by.
    fn unrecorded(
        &self,
        record: Option<&CatalogRecord>,
        applied: &[Version],
        live: &Described,
    ) -> Result<Vec<Diagnostic>, Cause> {
        let key = |finding: &Diagnostic| (finding.code, finding.path.clone());
        let (expected, _) = self.dialect.lower(&self.folded(applied)?);
        let judged: Vec<_> = self
            .errors(&expected, live, Some(live))
            .iter()
            .map(key)
            .collect();
        let mut accepted = Vec::new();
        if let Some(record) = record {
            let then: Vec<Version> = self
                .history
                .rows
                .iter()
                .filter(|row| row.id <= record.history_id && row.state == State::Applied)
                .map(|row| row.version.clone())
                .collect();
            let (expected, _) = self.dialect.lower(&self.folded(&then)?);
            let before = self.dialect.interpret(&record.catalog);
            accepted.extend(self.errors(&expected, &before, None).iter().map(key));
        }
        let mut findings = self.errors(&expected, live, None);
        findings.retain(|finding| {
            let key = key(finding);
            judged.contains(&key) && !accepted.contains(&key)
        });
        Ok(findings)
    }

    /// The schema that these migrations make.
    fn folded(&self, versions: &[Version]) -> Result<Schema, Cause> {
        let mut schema = Schema::default();
        for migration in &self.folder.migrations {
            if versions.contains(&migration.id.version) {
                migration
                    .fold_into(&mut schema)
                    .map_err(|finding| Cause::Conflict(vec![*finding]))?;
            }
        }
        Ok(schema)
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
                        false,
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
                Err(self.failed(migration, &started_at, clock, None, error, false))
            }
            Err(cause) => {
                self.history.forget_after(rows);
                self.session.rollback()?;
                Err(cause)
            }
        }
    }

    /// What of the live catalog the model cannot express, such as triggers that people wrote.
    fn outside_the_model(&mut self) -> Result<Vec<Unsupported>, Cause> {
        Ok(self.dialect.interpret(&self.session.catalog()?).unsupported)
    }

    /// The finding that a rebuild took along what people had put on the table. A migration that
    /// names such an object knows of it.
    fn lost(
        &mut self,
        migration: &Migration,
        before: Vec<Unsupported>,
    ) -> Result<Option<Diagnostic>, Cause> {
        if before.is_empty() {
            return Ok(None);
        }
        let after = self.outside_the_model()?;
        let file = migration.files.get(self.dialect.engine().file_name());
        let sql = file.map_or("", |file| file.source.text.as_str());
        let gone = before.into_iter().find(|entry| {
            let name = entry.path.member.as_ref().unwrap_or(&entry.path.table);
            let stays = |other: &Unsupported| other.kind == entry.kind && other.path == entry.path;
            matches!(entry.kind.as_str(), "trigger" | "view")
                && !after.iter().any(stays)
                && !sql.contains(name.as_str())
        });
        Ok(gone.map(|entry| {
            Diagnostic::error(
                Phase::Migration,
                "migration/loses-object",
                format!(
                    "{} rebuilds {} and would take {} {} along, of which it says nothing",
                    migration.id, entry.path.table, entry.kind, entry.path
                ),
            )
            .at(entry.path)
            .difference(entry.definition, "")
            .help(format!(
                "nothing was applied; put its definition at the end of {} to keep it, or a DROP of \
                 it to let it go, and run `dbtool seal {}`",
                file.map_or("the SQL", |file| file.source.name.as_str()),
                migration.id.version
            ))
        }))
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
        let done = history::store::journalled(self.session, self.dialect, version)?;
        // What has run may not be edited any more; what has not, may be mended.
        let edited = done.iter().find(|(number, begun)| {
            let batch = usize::try_from(*number - 1)
                .ok()
                .and_then(|at| script.batches.get(at));
            batch.is_none_or(|batch| Checksum::of_text(&batch.sql).as_str() != begun)
        });
        if let Some((number, _)) = edited {
            return Err(Cause::Conflict(vec![
                Diagnostic::error(
                    Phase::Migration,
                    "migration/edited-midway",
                    format!(
                        "batch {number} of {} was edited after it had run",
                        migration.id
                    ),
                )
                .help(
                    "restore the batches that have run as they were; the ones after them can be \
                     mended, and the run goes on there",
                ),
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
            match self.batch(version, number, batch) {
                Ok(()) => {}
                Err(Cause::History(HistoryError::Engine(error))) => {
                    let line = Some(batch.line);
                    return Err(self.failed(migration, &started_at, clock, line, error, true));
                }
                Err(cause) => return Err(cause),
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
    fn batch(&mut self, version: &Version, number: i64, batch: &Batch) -> Result<(), Cause> {
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
    fn record(&mut self, now: &str) -> Result<(), Cause> {
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

    /// Undoes the transaction, records the failure, and makes the finding. An interruption, a
    /// wait in vain and a database that cannot be written are no failure of the migration: history
    /// keeps no row of them.
    fn failed(
        &mut self,
        migration: &Migration,
        started_at: &str,
        clock: Instant,
        batch_line: Option<u32>,
        error: EngineError,
        by_batch: bool,
    ) -> Cause {
        let undone = self.session.rollback();
        if self.session.is_lost() {
            let message = format!(
                "{}; {} was not committed, and the server undoes what it had begun; run migrate \
                 again",
                error.message, migration.id
            );
            return EngineError { message, ..error }.into();
        }
        match (&undone, &error.kind) {
            (Ok(()), ErrorKind::Interrupted) => return interrupted(migration, by_batch),
            (
                Ok(()),
                ErrorKind::Busy
                | ErrorKind::Connection
                | ErrorKind::ReadOnly
                | ErrorKind::Corrupt
                | ErrorKind::Full,
            ) => {
                let message = format!("{} was rolled back: {}", migration.id, error.message);
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
        .help(if by_batch {
            format!(
                "the batches before this one are done and stay; mend what the message names and \
                 run migrate again: it goes on at this batch (after an edit to the file, `dbtool \
                 seal {}`)",
                migration.id.version
            )
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
}

#[cfg(test)]
mod tests;

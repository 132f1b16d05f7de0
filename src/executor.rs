//! Applying what is pending, exactly once.
//!
//! Owns the order of things: lock, verify, compare, apply, record. It knows no engine and prints
//! nothing; progress goes out as [`Event`]s, and how a failure becomes an exit code is the
//! command's business. Whether the database may be built on is in `drift`, how a migration runs in
//! `apply`, batches that can run in no transaction in [`outside`], the script of a run in [`by_hand`],
//! what a rebuild would lose in `rebuilt`, what history keeps in `record`, and how a database that
//! exists is taken over in `baseline`.

use std::time::Duration;

use crate::diag::{Diagnostic, Phase};
use crate::dialect::{Dialect, Script};
use crate::engine::{Catalog, EngineError, ErrorKind, LockError, Session};
use crate::history::{History, HistoryError};
use crate::migration::folder::line_span;
use crate::migration::{CHANGES_FILE, Checksum, Folder, Id, Migration, Version, verify};

mod apply;
mod baseline;
pub mod by_hand;
mod drift;
pub mod outside;
mod rebuilt;
mod record;

pub use baseline::{Adopted, Adoption, baseline};
pub use record::entry;

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

/// What stands against applying this folder to a database with this history, and what is pending.
pub fn judge(
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
            self.record_belated(&verdict.applied)?;
            return Ok(already);
        }
        self.settle_begun(&verdict.pending)?;
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
        for (migration, script) in migrations.iter().zip(&scripts) {
            self.refuse_lacks(migration, script)?;
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

    /// Refuses a migration that asks for what the server does not have, before anything runs.
    fn refuse_lacks(&self, migration: &Migration, script: &Script) -> Result<(), Cause> {
        let wants = script.batches.iter().flat_map(|batch| {
            self.dialect
                .wants(batch)
                .into_iter()
                .map(move |it| (batch, it))
        });
        for (batch, want) in wants {
            let Some(why) = self.session.lacks(want.feature) else {
                continue;
            };
            let finding = Diagnostic::error(
                Phase::Migration,
                "migrate/not-on-this-server",
                format!("{} cannot run here: {why}", migration.id),
            )
            .help(
                "nothing was applied; `mssql.edition` in dbtool.yaml says what is written for new \
                 migrations, and one that is not applied anywhere yet can be made anew",
            );
            let line = batch.line + want.line - 1;
            let file = migration.files.get(self.dialect.engine().file_name());
            let place = file.map(|file| line_span(&file.source, line as usize, None));
            return Err(Cause::Migration(Box::new(finding.spanned(place))));
        }
        Ok(())
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
}

#[cfg(test)]
mod tests;

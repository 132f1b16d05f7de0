//! Adopting a database that exists: history begins with it as it is.

use std::time::{Duration, Instant};

use crate::diag::{Diagnostic, Phase, Severity};
use crate::dialect::{Described, Dialect};
use crate::diff::unnamed::named_like;
use crate::drift::Judgement;
use crate::engine::{Session, TransactionOptions};
use crate::history::prisma::{self, Prisma};
use crate::history::{History, Kind, State};
use crate::migration::{Checksum, Folder, Id, Migration, Version};
use crate::model::Schema;

use super::{Cause, Options, Origin, Run, judge};

/// How to adopt a database.
#[derive(Debug, Clone)]
pub struct Adoption {
    /// The version that it is at.
    pub version: Version,
    /// Why it is adopted although it is not what that version says.
    pub accept_drift: Option<String>,
    /// How long to wait for the lock.
    pub lock_timeout: Duration,
    /// Only prove it.
    pub dry_run: bool,
}

/// A database that was adopted, or could be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Adopted {
    /// The migrations that count as applied.
    pub recorded: Vec<Id>,
    /// What differs from the version and was accepted, and what lies outside the model and is
    /// taken as it is.
    pub findings: Vec<Diagnostic>,
    /// The last migration that Prisma finished, where it made the database.
    pub prisma: Option<String>,
    /// The hash of the last history row.
    pub head: Option<Checksum>,
}

/// Adopts a database at a version of the folder, after proving that the catalog is what that
/// version says. Rows and catalog are recorded in one transaction, under the migration lock.
///
/// # Errors
/// See [`Cause`]; nothing is recorded then.
pub fn baseline(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    folder: &Folder,
    adoption: &Adoption,
    origin: &Origin,
) -> Result<Adopted, Cause> {
    // Without writing there is nothing to keep others from.
    if !adoption.dry_run {
        session
            .lock(adoption.lock_timeout)
            .map_err(|error| Cause::Lock(error).settled())?;
    }
    let options = Options::default();
    let mut run = Run {
        session,
        dialect,
        folder,
        options: &options,
        origin,
        history: History::default(),
        recorded: None,
        later: 0,
    };
    let adopted = run.adopt(adoption);
    let undone = match &adopted {
        Err(_) => run.session.rollback(),
        Ok(_) => Ok(()),
    };
    let unlocked = match adoption.dry_run {
        true => Ok(()),
        false => run.session.unlock(),
    };
    let adopted = adopted.map_err(Cause::settled)?;
    undone?;
    unlocked?;
    Ok(adopted)
}

impl Run<'_> {
    fn adopt(&mut self, adoption: &Adoption) -> Result<Adopted, Cause> {
        self.history = History::load(self.session, self.dialect, false)?;
        if let Some(last) = self.history.rows.last() {
            return Err(Cause::Conflict(vec![has_history(
                self.history.rows.len(),
                &last.version,
            )]));
        }
        let verdict = judge(self.dialect, self.folder, &self.history, false);
        if !verdict.conflicts.is_empty() {
            return Err(Cause::Conflict(verdict.conflicts));
        }
        let prisma = match prisma::read(self.session, self.dialect)? {
            Prisma::Absent => None,
            Prisma::Settled(last) => last,
            Prisma::Unsettled(findings) => return Err(Cause::Conflict(findings)),
        };
        let migrations: Vec<&Migration> = self
            .folder
            .migrations
            .iter()
            .filter(|migration| migration.id.version <= adoption.version)
            .collect();
        let versions: Vec<Version> = migrations
            .iter()
            .map(|migration| migration.id.version.clone())
            .collect();
        let (expected, _) = self.dialect.lower(&self.folded(&versions)?);
        let live = self.dialect.interpret(&self.session.catalog()?);
        let mut findings = self.deviations(&expected, &live);
        if !findings.is_empty() && adoption.accept_drift.is_none() {
            findings.insert(0, not_proven(&adoption.version));
            return Err(Cause::Drift(findings));
        }
        for finding in &mut findings {
            finding.severity = Severity::Warning;
        }
        findings.extend(
            live.unsupported
                .iter()
                .filter(|entry| !must_hold(entry))
                .map(|entry| {
                    Diagnostic::note(
                        Phase::Drift,
                        "baseline/outside-model",
                        format!(
                            "{} {}: {}; it is recorded as it is, and no migration makes it anew",
                            entry.kind, entry.path, entry.reason
                        ),
                    )
                    .at(entry.path.clone())
                }),
        );
        let mut adopted = Adopted {
            recorded: migrations
                .iter()
                .map(|migration| migration.id.clone())
                .collect(),
            findings,
            prisma,
            head: None,
        };
        if !adoption.dry_run {
            self.enter(&migrations, &live, &reason(adoption, &adopted))?;
            adopted.head = self.history.head().cloned();
        }
        Ok(adopted)
    }

    /// What of the catalog is not what the version says. What the model cannot express is said by
    /// no version, and so is no deviation, unless it undoes what the version does say.
    fn deviations(&self, expected: &Schema, live: &Described) -> Vec<Diagnostic> {
        let named = named_like(&live.schema, expected, &|_, _| true);
        let live = Described {
            schema: named.unwrap_or_else(|| live.schema.clone()),
            unsupported: live
                .unsupported
                .iter()
                .filter(|entry| must_hold(entry))
                .cloned()
                .collect(),
            ..live.clone()
        };
        let judgement = Judgement {
            dialect: self.dialect,
            expected,
            live: &live,
            recorded: None,
            place: &|_| None,
        };
        let mut findings = judgement.findings();
        findings.retain(|finding| finding.severity == Severity::Error);
        findings
    }

    /// Adds a row for each migration, and records the catalog with the last. What is recorded is
    /// what was proven: the lock keeps other runs away, and nobody else.
    fn enter(
        &mut self,
        migrations: &[&Migration],
        proven: &Described,
        reason: &str,
    ) -> Result<(), Cause> {
        let clock = Instant::now();
        History::ensure(self.session, self.dialect)?;
        self.session.begin(TransactionOptions::default())?;
        if self.dialect.interpret(&self.session.catalog()?) != *proven {
            return Err(Cause::Drift(vec![
                Diagnostic::error(
                    Phase::Drift,
                    "baseline/changed",
                    "the schema was changed by other hands while it was proven, so nothing is \
                     recorded",
                )
                .help("run baseline again"),
            ]));
        }
        let now = self.session.now()?;
        for migration in migrations {
            let mut row = self.row(migration, State::Applied, &now, &now, clock, 0);
            row.kind = Kind::Baseline;
            row.duration_ms = 0;
            // Nothing ran.
            row.sql_text = None;
            row.reason = Some(reason.to_owned());
            self.history.append(self.session, self.dialect, row)?;
        }
        self.record(&now)?;
        self.session.commit()?;
        Ok(())
    }
}

/// Whether something outside the model says that a declared object does not do its work.
fn must_hold(entry: &crate::dialect::Unsupported) -> bool {
    entry.kind == "constraint state"
}

fn reason(adoption: &Adoption, adopted: &Adopted) -> String {
    let mut reason = format!("adopted at {}", adoption.version);
    if let Some(name) = &adopted.prisma {
        reason.push_str(&format!("; Prisma's last migration: {name}"));
    }
    if let Some(why) = &adoption.accept_drift {
        reason.push_str(&format!("; drift accepted: {why}"));
    }
    reason
}

fn has_history(rows: usize, last: &Version) -> Diagnostic {
    Diagnostic::error(
        Phase::Migration,
        "baseline/has-history",
        format!(
            "the database has a history already, of {} up to version {last}: it needs no baseline",
            crate::report::counted(rows, "row")
        ),
    )
    .help("see it with `dbtool history`; what is pending is applied by `dbtool migrate`")
}

fn not_proven(version: &Version) -> Diagnostic {
    Diagnostic::error(
        Phase::Drift,
        "baseline/not-proven",
        format!("the database is not what version {version} says, so it is not recorded as that"),
    )
    .help(
        "put right what is listed, name another version, or declare what is there (`dbtool \
         introspect`); to take it as it is, say why with --accept-drift REASON, which history keeps",
    )
}

//! Whether the database is still what the last apply left behind, before anything is built on it.

use crate::diag::{Diagnostic, Phase};
use crate::dialect::Described;
use crate::drift::Judgement;
use crate::history::{CatalogRecord, State};
use crate::migration::Version;
use crate::model::Schema;

use super::{Cause, Run};

impl Run<'_> {
    /// Compares the live catalog with the one that the last apply left behind.
    pub(super) fn refuse_drift(&mut self, applied: &[Version]) -> Result<(), Cause> {
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
                "put back what is listed, or say why it stays: with --allow-drift REASON for this \
                 run, or with `dbtool repair --re-record` once and for all; history keeps the reason",
            )
        };
        Err(Cause::Drift(
            std::iter::once(headline).chain(findings).collect(),
        ))
    }

    pub(super) fn errors(
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
    pub(super) fn unrecorded(
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
    pub(super) fn folded(&self, versions: &[Version]) -> Result<Schema, Cause> {
        self.folder
            .fold_of(versions)
            .map_err(|finding| Cause::Conflict(vec![*finding]))
    }
}

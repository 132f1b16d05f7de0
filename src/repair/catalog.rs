//! What the live catalog proves, and what was recorded of it.

use std::collections::BTreeSet;

use crate::diag::{Diagnostic, Phase, Severity};
use crate::dialect::{Described, Evidence, Unsupported};
use crate::drift::Judgement;
use crate::history::{CatalogRecord, History, HistoryError};
use crate::model::Schema;

use super::Ground;

/// The live catalog beside the recorded one.
pub(super) struct Catalogs {
    pub(super) live: Described,
    /// What was recorded last, if anything was.
    pub(super) recorded: Option<Described>,
    /// Whether that was after the last migration.
    pub(super) is_current: bool,
}

impl Catalogs {
    pub(super) fn read(ground: &mut Ground<'_>, history: &History) -> Result<Self, HistoryError> {
        let record = CatalogRecord::load(ground.session, ground.dialect)?;
        let catalog = ground.session.catalog()?;
        let is_current = record
            .as_ref()
            .is_some_and(|record| !history.applied_after(record.history_id));
        Ok(Self {
            live: ground.dialect.interpret(&catalog),
            recorded: record.map(|record| ground.dialect.interpret(&record.catalog)),
            is_current,
        })
    }

    /// What keeps the live catalog from being this neutral schema. Objects that no model expresses
    /// are not judged: see [`Catalogs::beyond`].
    pub(super) fn against(&self, ground: &Ground<'_>, schema: &Schema) -> Vec<Diagnostic> {
        let (expected, _) = ground.dialect.lower(schema);
        // A catalog of rows alone is proof of no model, and is not taken for one.
        let as_it_is = match self.live.evidence {
            Evidence::RowsOnly(_) => None,
            Evidence::Whole | Evidence::Partial(_) => Some(Described {
                schema: expected.clone(),
                ..self.live.clone()
            }),
        };
        let judgement = Judgement {
            dialect: ground.dialect,
            expected: &expected,
            live: &self.live,
            recorded: as_it_is.as_ref(),
            place: &|_| None,
        };
        let mut findings = (ground.known)(schema, judgement.findings());
        // That a suppression is over says nothing of the catalog.
        findings.retain(|finding| {
            finding.severity == Severity::Error && finding.code != "drift/expired-suppression"
        });
        findings
    }

    /// What is not as it was recorded.
    pub(super) fn since_recorded(&self, ground: &Ground<'_>) -> Vec<Diagnostic> {
        let Some(recorded) = self.recorded.as_ref().filter(|_| self.is_current) else {
            return Vec::new();
        };
        let judgement = Judgement {
            dialect: ground.dialect,
            expected: &recorded.schema,
            live: &self.live,
            recorded: Some(recorded),
            place: &|_| None,
        };
        let mut findings = judgement.findings();
        findings.retain(|finding| finding.severity == Severity::Error);
        findings
    }

    /// Warnings of what no model expresses and what came, went or changed since the last record: who
    /// did it cannot be proven.
    pub(super) fn beyond(&self) -> Vec<Diagnostic> {
        let none = Vec::new();
        let before = self.recorded.as_ref().map_or(&none, |it| &it.unsupported);
        let told =
            |list: &[Unsupported]| -> BTreeSet<Unsupported> { list.iter().cloned().collect() };
        let (before, now) = (told(before), told(&self.live.unsupported));
        let warn = |entry: &Unsupported, what: &str| {
            Diagnostic::warning(
                Phase::Drift,
                "repair/unproven-object",
                format!(
                    "{} {} {what} since the catalog was last recorded, and the model does not \
                     express it: nothing proves who did it",
                    entry.kind, entry.path
                ),
            )
            .at(entry.path.clone())
        };
        let came = now
            .difference(&before)
            .map(|entry| warn(entry, "came or changed"));
        let same = |a: &Unsupported, b: &Unsupported| a.kind == b.kind && a.path == b.path;
        let gone = before
            .iter()
            .filter(|entry| !now.iter().any(|other| same(entry, other)))
            .map(|entry| warn(entry, "went"));
        came.chain(gone).collect()
    }
}

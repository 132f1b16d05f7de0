//! The gate between a database and the migrations folder: history, catalog, and what is pending.

use crate::diag::{Diagnostic, Severity};
use crate::dialect::Dialect;
use crate::engine::Session;
use crate::executor;
use crate::exit::Exit;
use crate::history::HistoryError;
use crate::migration::{Folder, Version};
use crate::yaml::config;

/// What the gate says of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// [`Exit::Ok`], [`Exit::History`] or [`Exit::Drift`].
    pub exit: Exit,
    /// The version that the database is at; `None` when none is applied or history is in conflict.
    pub version: Option<Version>,
    /// What is not applied yet.
    pub pending: Vec<Version>,
    /// What was found.
    pub findings: Vec<Diagnostic>,
}

/// What is accepted for a while, and the day on which that is judged.
#[derive(Debug, Clone, Copy)]
pub struct Accepted<'a> {
    /// The settings.
    pub drift: &'a config::Drift,
    /// The present date, UTC, as `2026-01-31`.
    pub today: &'a str,
}

/// Judges a database. `database` names it in findings. A conflict between folder and history ends
/// it: what the catalog should be is then not known.
///
/// # Errors
/// When the catalog or the history cannot be read.
pub fn gate(
    session: &mut dyn Session,
    dialect: &dyn Dialect,
    folder: &Folder,
    accepted: Accepted<'_>,
    allow_pending: bool,
) -> Result<Gate, HistoryError> {
    let (history, verdict) = executor::verify_folder(session, dialect, folder, false)?;
    let conflict = |findings| Gate {
        exit: Exit::History,
        version: None,
        pending: Vec::new(),
        findings,
    };
    if !verdict.conflicts.is_empty() {
        return Ok(conflict(verdict.conflicts));
    }
    let version = verdict.applied.iter().max().cloned();
    let mut findings = Vec::new();
    if let Some(at) = &version {
        let folded = match folder.fold(Some(at)) {
            Ok(folded) => folded,
            Err(finding) => return Ok(conflict(vec![*finding])),
        };
        let live = super::live(session, dialect, &folded, &history)?;
        findings.extend(super::ignore::apply(
            accepted.drift,
            accepted.today,
            &folded,
            live,
        ));
        if !allow_pending {
            let pending = folder
                .migrations
                .iter()
                .filter(|migration| verdict.pending.contains(&migration.id.version));
            findings.extend(pending.map(|migration| super::pending(&migration.id)));
        }
    } else {
        findings.push(super::no_history(&session.server().database));
    }
    let failed = findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    Ok(Gate {
        exit: if failed { Exit::Drift } else { Exit::Ok },
        version,
        pending: verdict.pending,
        findings,
    })
}

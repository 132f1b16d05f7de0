//! What needs settling, and what would settle it.

use crate::diag::{Diagnostic, Phase};
use crate::executor::{judge, outside};
use crate::exit::Exit;
use crate::history::{self, History, HistoryError, State};

use super::catalog::Catalogs;
use super::{Assessment, Ground};

/// Lists what needs settling; each finding's help names what settles it. What settles itself with
/// the next run is a note.
///
/// # Errors
/// When history or catalog cannot be read.
pub fn survey(ground: &mut Ground<'_>) -> Result<Assessment, HistoryError> {
    let history = History::load(ground.session, ground.dialect, false)?;
    let verdict = judge(ground.dialect, ground.folder, &history, false);
    let mut said = Assessment {
        head: history.head().cloned(),
        ..Assessment::default()
    };
    let mut is_conflict = !verdict.conflicts.is_empty();
    said.findings.extend(verdict.conflicts);
    for migration in &ground.folder.migrations {
        let (id, version) = (&migration.id, &migration.id.version);
        let last = history
            .rows
            .iter()
            .rev()
            .find(|row| row.version == *version);
        let Some(last) = last.filter(|_| verdict.pending.contains(version)) else {
            continue;
        };
        if let Some(number) = history.begun_outside(version) {
            let done = history::store::journalled(ground.session, ground.dialect, version)?;
            if !done.iter().any(|(batch, _)| *batch == number) {
                is_conflict = true;
                said.findings
                    .push(outside::begun(&id.to_string(), version, number, None));
                continue;
            }
        }
        let message = match last.state {
            State::Started => format!("{id} began at {} and is not done", last.started_at),
            State::Failed => format!(
                "{id} failed at {}: {}",
                last.finished_at,
                last.error_text.as_deref().unwrap_or("no error is recorded")
            ),
            State::Applied => continue,
        };
        said.findings.push(
            Diagnostic::note(Phase::Migration, "repair/unfinished", message).help(format!(
                "`dbtool migrate` goes on with it; if somebody finished it in another client, \
                 `dbtool repair --mark-applied {version}` proves that and records it"
            )),
        );
    }
    let catalogs = Catalogs::read(ground, &history)?;
    let drift = catalogs.since_recorded(ground);
    let is_drift = !drift.is_empty();
    if is_drift {
        said.findings.push(
            Diagnostic::error(
                Phase::Drift,
                "repair/drift",
                "the live catalog is not what was recorded after the last apply",
            )
            .help(
                "put back what is listed, or accept it with `dbtool repair --re-record`, which \
                 shows what the model still says otherwise",
            ),
        );
        said.findings.extend(drift);
    } else if !catalogs.is_current && !verdict.applied.is_empty() {
        said.findings.push(crate::drift::not_recorded());
    }
    said.refusal = match (is_conflict, is_drift) {
        (true, _) => Some(Exit::History),
        (false, true) => Some(Exit::Drift),
        (false, false) => None,
    };
    Ok(said)
}
